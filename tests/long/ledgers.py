"""Two bureaus' facts, what the reference says of them, and the many ways in which people write the same facts down."""

from __future__ import annotations

import copy
import csv
import io
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import chinese_calendar
import polars as pl
import xlsxwriter

from schemas.tables import catalogue
from scoring.example.year import simulate
from scoring.scheme import load_scheme
from tests import reference

ROOT = Path(__file__).parents[2]
PERIOD = reference.Period("2025Q1", date(2025, 1, 1), date(2025, 3, 31))
# Shapes of persons' numbers that no person has.
PERSON = "99" + "0000199001011234"
PHONE = "199" + "00001111"
SCHEME = """\
id: small
title: 小细则
document: 示例
effective: {from: 2025-01-01}
decimals: 3
measures: [{id: visit_rate, label: 入户率}]
severities:
  - {id: 一般, working_days: 10}
  - {id: 较重, working_days: 7}
  - {id: 严重, working_days: 5}
repeats: {key: [indicator], window_days: 60, multipliers: [1, 3/2]}
rectification:
  states: {on_time: {share: 1/2}, late: {share: 1/4}, sent_back: {extra: 1/5}, overdue: {extra: 1}}
dimensions:
  - id: work
    label: 工作
    points: 100
    indicators:
      - id: files
        label: 档案资料齐全
        points: 50
        clause: 一（一）
        aliases: [档案]
        rule:
          kind: deduct
          per: case
          prices:
            - {when: {severity: 一般, amount: {ge: 1000}}, price: 1}
            - {when: {severity: 一般}, price: 1/3}
            - {when: {severity: [较重, 严重]}, price: 3}
      - id: visits
        label: 入户调查
        points: 30
        clause: 一（二）
        rule:
          kind: deduct
          exposure: {checked: sampled, minimum: 5}
          prices: [{when: {channel: 热线}, price: 1/5}, {price: 1/10}]
      - id: rate
        label: 及时入户
        points: 10
        clause: 二（一）
        no_data: full
        rule: {kind: rate, measure: visit_rate, per_point: {target: 98, price: 1/2}}
      - id: effect
        label: 群众满意
        points: 10
        clause: 二（二）
        no_data: full
        rule: {kind: judged}
bonuses: {ceiling: 3, prices: [{when: {level: 市}, points: 1}]}
demerits: {ceiling: 5, prices: [{points: 2}]}
grades:
  by: bands
  grades: [{id: good, label: 好, at_least: 80}, {id: rest, label: 一般}]
"""


def d(month, day):
    """Return a day of 2025."""
    return date(2025, month, day)


@dataclass(frozen=True, eq=False)
class World:
    """A bureau: where its scheme lies, its facts (table to rows by column id, words in Chinese), and the day."""

    weights: Path
    facts: dict
    as_of: date


def small_world(folder):
    """Three towns and a few rows of every table that scores."""
    path = folder / "small.yaml"
    path.write_text(SCHEME, "utf-8")

    def finding(number, town, found, indicator, severity, cases, **more):
        usual = {
            "amount": None,
            "channel": "月度抽查",
            "description": f"缺少材料{number}",
            "due_on": None,
            "tags": None,
        }
        row = {"finding_id": f"W-{number:03}", "town": town, "found_on": found, "indicator": indicator}
        return {**row, "severity": severity, "cases": cases, **usual, "case_ref": PERSON, **more}

    def report(number, submitted, verdict, verified):
        done = {"completed_on": submitted, "outcome": "已完成", "verified_on": verified, "verdict": verdict}
        return {"finding_id": f"W-{number:03}", "submitted_on": submitted, **done, "note": f"电话{PHONE}"}

    names = ("沁园街道", "克井镇", "济水街道")
    facts = {
        "towns": [
            {"town_code": f"T0{place}", "name": name, "group": group, "order": place, "aliases": aliases}
            for place, (name, group, aliases) in enumerate(
                zip(names, ("甲组", "乙组", "甲组"), ("沁园；沁园办事处", "克井", "济水"), strict=True), start=1
            )
        ],
        "findings": [
            finding(1, names[0], d(1, 6), "档案资料齐全", "一般", 2, amount=Decimal("1250.50"), tags="线索;重点"),
            finding(2, names[0], d(2, 10), "档案资料齐全", "严重", 1, description=f"身份证{PERSON}不清，=SUM(A1)"),
            finding(3, names[0], d(2, 17), "入户调查", "一般", 1, channel="热线"),
            finding(4, names[1], d(1, 20), "入户调查", "较重", 3, due_on=d(2, 28)),
            finding(5, names[1], d(3, 3), "档案资料齐全", "较重", 1, amount=Decimal(999)),
            finding(6, names[1], d(3, 10), "档案资料齐全", "一般", 12, description='引号"与,逗号；\n换行'),
            finding(7, names[2], d(3, 17), "入户调查", "一般", 1),
            finding(8, names[2], d(4, 7), "入户调查", "一般", 1),
        ],
        "rectifications": [
            report(1, d(1, 15), "通过销号", d(1, 20)),
            report(2, d(3, 3), "通过销号", d(3, 7)),
            report(4, d(2, 6), "退回重改", d(2, 10)),
            report(6, d(3, 14), "待复核", None),
        ],
        "checks": [
            {"check_id": f"H-{n}", "town": town, "checked_on": d(n % 3 + 1, 5), "sampled": 10 + n, "visited": n}
            for n, town in enumerate([*names, names[0]], start=1)
        ],
        "measures": [
            {"town": town, "period": "2025Q1", "measure": "入户率", "numerator": top, "denominator": 50, "sample": 50}
            for town, top in zip(names, (50, 47, 45), strict=True)
        ],
        "judgements": [
            {"town": town, "period": "2025Q1", "indicator": "群众满意", "points": points}
            for town, points in zip(names, (Decimal("9.5"), 8, 10), strict=True)
        ],
        "adjustments": [
            adjustment("J-1", names[1], "加分", "市", "示例简报", None, d(3, 28)),
            adjustment("J-2", names[2], "减分", "本级", "示例通报", Decimal("1.5"), d(3, 28)),
            adjustment("J-3", names[2], "加分", "市", "示例信息", None, None),
        ],
        "appeals": [
            appeal(1, "问题", "W-005", "变更", "一般", d(3, 12)),
            appeal(2, "问题", "W-007", "维持", None, d(3, 25)),
        ],
    }
    return World(path, facts, PERIOD.end)


def adjustment(number, town, kind, level, evidence, points, decided):
    """Return a bonus or a demerit."""
    row = {"adjustment_id": number, "town": town, "dated_on": d(2, 20), "kind": kind, "item": "示例", "level": level}
    return {**row, "quantity": 1, "evidence": evidence, "decided_points": points, "decided_on": decided}


def appeal(number, target, about, decision, value, decided):
    """Return an appeal on a finding."""
    row = {"appeal_id": f"S-{number}", "target": target, "target_id": about, "filed_on": decided - timedelta(3)}
    return {**row, "ground": "不属实", "decided_on": decided, "decision": decision, "new_value": value}


def example_world():
    """The example bureau's first quarter under the scheme that ships."""
    year = simulate(20250101)
    facts = {name: copy.deepcopy(rows) for name, rows in year.tables.items() if name not in {"letters", "year_end"}}
    kept = year.of(1)
    facts["findings"] = [dict(finding.row) for finding in kept]
    facts["rectifications"] = [dict(report) for finding in kept for report in finding.reports]
    ids = {row["finding_id"] for row in facts["findings"]}
    labels = {
        text: measure.label
        for measure in load_scheme(ROOT / "weights" / "jiyuan-quarterly.yaml").scheme.measures
        for text in (measure.id, measure.label)
    }
    for row in facts["measures"]:
        row["measure"] = labels[row["measure"]]
    facts["appeals"] = [row for row in facts["appeals"] if row["target"] != "问题" or row["target_id"] in ids]
    facts["appeals"] = [row for row in facts["appeals"] if row["target"] == "问题"]
    facts["measures"] = [row for row in facts["measures"] if row["period"] == "2025Q1"]
    facts["judgements"] = [row for row in facts["judgements"] if row["period"] == "2025Q1"]
    facts["checks"] = [row for row in facts["checks"] if row["checked_on"] <= PERIOD.end]
    return World(ROOT / "weights" / "jiyuan-quarterly.yaml", facts, d(4, 15))


# --- what the reference says


@cache
def _scheme(path):
    return load_scheme(path).scheme


def expected(world, facts):
    """Town code → (score, rank, group rank, grade) by the reference; None where it refuses."""
    scheme = _scheme(world.weights)
    if any(row.get("value") is None and row.get("numerator") is None for row in facts.get("measures", [])):
        return None  # nothing measured: missing is not zero
    try:
        rows = {name: [_plain(scheme, name, row, facts) for row in own] for name, own in facts.items()}
        done = reference.assess(scheme, rows, PERIOD, world.as_of, chinese_calendar.is_workday)
    except reference.RefusedError:
        return None
    return {code: (town.score, town.rank, town.group_rank, town.grade) for code, town in done.towns.items()}


def _plain(scheme, table, row, facts):
    """Return a row in the reference's words: codes for names, ids for labels."""
    codes = {town["name"]: town["town_code"] for town in facts["towns"]}
    indicators = {name: one.id for _, one in scheme.indicators() for name in (one.label, one.id, *one.aliases)}
    measures = {measure.label: measure.id for measure in scheme.measures}
    plain = {}
    for name, value in row.items():
        column = catalogue().tables[table].columns[name]
        told = value
        if value is None:
            told = None
        elif column.type == "town":
            told = codes[value]
        elif column.type == "indicator":
            told = indicators.get(value, value)
        elif column.type == "measure":
            told = measures.get(value, value)
        elif column.type == "choice":
            told = next(key for key, words in column.choices.items() if value in words)
        elif column.type == "list":
            told = [part.strip() for part in str(value).replace("；", ";").split(";") if part.strip()]
        plain[name] = told
    return plain


# --- the same facts, written down


@dataclass
class Grid:
    """A sheet to be: column ids, headings, cells, and what surrounds them."""

    table: str
    name: str
    kind: str
    columns: list
    head: list
    rows: list
    sheet: str = "Sheet1"
    above: list = field(default_factory=list)
    below: list = field(default_factory=list)
    merges: list = field(default_factory=list)
    encoding: str = "utf-8"
    sep: str = ","
    end: str = "\n"
    hidden: bool = False

    def number(self, place):
        """Return the row, as Excel counts, of a row of data; a CSV's records may span lines."""
        if self.kind == "csv":
            texts = [*self.above, self.head, *self.rows[:place]]
            return 1 + sum(1 + sum(str(cell).count("\n") for cell in row) for row in texts)
        return len(self.above) + 2 + place

    def lines(self):
        """Return all rows, from the first title to the last signature."""
        return [*self.above, self.head, *self.rows, *self.below]


def plain_grids(world, facts, kind="xlsx"):
    """Return every table neatly, a file each, under its Chinese headings."""
    return [_grid(table, rows, kind) for table, rows in facts.items() if rows]


def _grid(table, rows, kind):
    known = catalogue().tables[table]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    head = [known.columns[name].zh for name in columns]
    return Grid(table, known.zh, kind, columns, head, [[row.get(name) for name in columns] for row in rows])


def write(folder, grids):
    """Write grids into a folder; those of one name and kind are sheets of one workbook."""
    books = defaultdict(list)
    for grid in grids:
        if grid.kind == "xlsx":
            books[grid.name].append(grid)
        elif grid.kind == "csv":
            (folder / f"{grid.name}.csv").write_bytes(csv_bytes(grid))
        else:
            parquet_frame(grid).write_parquet(folder / f"{grid.name}.parquet")
    for name, sheets in books.items():
        options = {"strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(folder / f"{name}.xlsx", {**options, "nan_inf_to_errors": True}) as book:
            day = book.add_format({"num_format": "yyyy-mm-dd"})
            for grid in sheets:
                _write_sheet(book, grid, day)


def _write_sheet(book, grid, day):
    sheet = book.add_worksheet(grid.sheet)
    if grid.hidden:
        sheet.hide()
    for line, row in enumerate(grid.lines()):
        for place, cell in enumerate(row):
            if isinstance(cell, date):
                sheet.write_datetime(line, place, datetime(cell.year, cell.month, cell.day), day)  # noqa: DTZ001
            elif isinstance(cell, str):
                sheet.write_string(line, place, cell)
            elif cell is not None:
                sheet.write(line, place, cell)
    top = len(grid.above) + 1
    for first, column, last, right, text in grid.merges:
        sheet.merge_range(top + first, column, top + last, right, text if not isinstance(text, date) else str(text))


def csv_bytes(grid):
    """Return the bytes of a CSV."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=grid.sep, lineterminator=grid.end)
    writer.writerows([["" if cell is None else str(cell) for cell in row] for row in grid.lines()])
    return text.getvalue().encode(grid.encoding)


def parquet_frame(grid):
    """Return a frame with the dtype that each column's cells have; cells of several types become text."""
    series = []
    for place, name in enumerate(grid.head):
        cells = [row[place] for row in grid.rows]
        kinds = {type(cell) for cell in cells if cell is not None}
        if len(kinds) == 1 and kinds <= {int, date}:
            series.append(pl.Series(name, cells))
        else:
            texts = [None if cell is None else str(cell) for cell in cells]
            series.append(pl.Series(name, texts, dtype=pl.String))
    return pl.DataFrame(series)


# --- layouts of the same facts

ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "utf-16")
WIDE = {ord(str(digit)): chr(0xFF10 + digit) for digit in range(10)}
HAN = "〇一二三四五六七八九"
EPOCH = date(1899, 12, 30)


def date_forms(day):
    """Return a day in every form that means this day and no other."""
    han = "".join(HAN[int(digit)] for digit in str(day.year))
    return [
        day.isoformat(),
        f"{day.year}-{day.month}-{day.day}",
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}.{day.month:02}.{day.day:02}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day.year}年{day.month:02}月{day.day:02}号",
        f" {day.isoformat()} ",
        f"{day:%Y%m%d}",
        str((day - EPOCH).days),
        f"{day.isoformat()} 00:00:00",
        f"{day.isoformat()} 13:45",
        f"{day.isoformat()}T08:00:00",
        day.isoformat().translate(WIDE),
        f"{day.year}\u3000年{day.month}月\u200b{day.day}日",
        f"{han}年{_han(day.month)}月{_han(day.day)}日",
    ]


def _han(number):
    tens, ones = divmod(number, 10)
    return (("" if tens == 1 else HAN[tens]) + "十" if tens else "") + (HAN[ones] if ones else "")


def count_forms(number):
    """Return a count in every form that means it."""
    return [
        number,
        str(number),
        f" {number} ",
        str(number).translate(WIDE),
        f"{number}户",
        f"{number}.0",
        f"{number:,}",
    ]


def decimal_forms(number):
    """Return an exact decimal in every form that means it."""
    return [
        str(number),
        f"{number:,}",
        f" {number}",
        str(number).translate(WIDE),
        f"{number}0" if "." in str(number) else f"{number}.0",
    ]


class Hand:
    """The one who writes the facts down, by chance."""

    def __init__(self, chance, world, facts):
        self.chance, self.facts = chance, facts
        self.towns = {
            row["name"]: [
                row["name"],
                row["town_code"],
                *str(row.get("aliases") or row["name"]).replace("；", ";").split(";"),
            ]
            for row in facts["towns"]
        }
        scheme = _scheme(world.weights)
        self.indicators = {i.label: [i.label, i.id, *i.aliases] for _, i in scheme.indicators()}
        self.measures = {m.label: [m.label, m.id] for m in scheme.measures}
        self.tidy = chance.random() < 0.3

    def cell(self, table, name, value):
        """Return a fact in one of its forms."""
        chance, column = self.chance, catalogue().tables[table].columns[name]
        if value is None:
            return chance.choice(["—", "-", "无", "/", " ", "　"]) if not self.tidy and chance.random() < 0.05 else None
        if self.tidy or chance.random() < 0.4:
            return value
        match column.type:
            case "date":
                return chance.choice([value, *date_forms(value)])
            case "count" | "integer":
                return chance.choice(count_forms(value))
            case "amount" | "decimal" | "signed":
                return chance.choice(decimal_forms(value))
            case "town":
                return chance.choice(self.towns[value])
            case "indicator":
                return chance.choice(self.indicators.get(value, [value]))
            case "measure":
                return chance.choice(self.measures.get(value, [value]))
            case "choice":
                return chance.choice(next(words for words in column.choices.values() if value in words))
            case "word":
                return chance.choice([value, *(column.words or {}).get(value, ()), f" {value}", f"{value}\u200b"])
            case "id" if name != "town_code":
                return chance.choice([value, f" {value}", value.translate(WIDE), value.replace("-", "－")])
            case "period":
                return chance.choice(
                    [value, "2025年第一季度", "2025年1季度", "2025-Q1", "２０２５Q1"] if value == "2025Q1" else [value]
                )
        return value

    def heading(self, table, name):
        """Return one of a column's headings."""
        chance, column = self.chance, catalogue().tables[table].columns[name]
        told = chance.choice(column.headings) if chance.random() < 0.3 else column.zh
        if chance.random() < 0.1:
            told = f"*{told}"
        if column.type == "count" and chance.random() < 0.2:
            told = f"{told}（户）"
        return f" {told} " if chance.random() < 0.1 else told

    def grids(self):
        """Return every table in some layout."""
        facts = dict(self.facts)
        made = []
        reports = Counter(row["finding_id"] for row in facts.get("rectifications", []))
        if self.chance.random() < 0.25 and max(reports.values(), default=0) <= 1:
            made += self.combined(facts.pop("findings"), facts.pop("rectifications"))
        for table, rows in facts.items():
            made += self.table(table, rows)
        return made

    def combined(self, findings, reports):
        """Write findings and reports in one row each."""
        by_id = {row["finding_id"]: row for row in reports}
        columns = [("findings", name) for name in findings[0]]
        columns += [("rectifications", name) for name in reports[0] if name != "finding_id"]
        if not self.facts.get("appeals") and self.chance.random() < 0.5:
            columns.remove(("findings", "finding_id"))
        rows = [
            [
                self.cell(table, name, (row if table == "findings" else by_id.get(row["finding_id"], {})).get(name))
                for table, name in columns
            ]
            for row in findings
        ]
        # A heading that both tables know is the finding's.
        head = [catalogue().tables[table].columns[name].zh for table, name in columns]
        made = Grid(
            "combined", self.chance.choice(["问题整改台账", "问题整改清单", "combined"]), "xlsx", columns, head, rows
        )
        made.kind = self.chance.choice(["xlsx", "xlsx", "csv"])
        return [self.surrounded(made)]

    def table(self, table, rows):
        """Write one table, in one piece or in several."""
        chance, known = self.chance, catalogue().tables[table]
        if table == "judgements" and chance.random() < 0.4 and (grid := self.matrix(rows)):
            return [self.surrounded(grid)]
        rows = list(rows)
        if table != "towns" and chance.random() < 0.5:
            chance.shuffle(rows)
        columns = list(dict.fromkeys(name for row in rows for name in row))
        if chance.random() < 0.5:
            chance.shuffle(columns)
        names = [known.zh, known.zh, known.id, *known.aliases]
        name = chance.choice(names) + chance.choice(["", "", "", "_2025Q1", " 一季度", "（终稿）", "-v2"])
        kind = chance.choice(["xlsx", "xlsx", "xlsx", "csv", "csv", "parquet"])
        how = chance.choice(["whole", "whole", "towns", "halves"]) if table in {"findings", "checks"} else "whole"
        base = {"table": table, "name": name, "kind": kind}
        if how == "towns":
            columns.remove("town")
            return [self.surrounded(grid) for grid in self.by_town(base, columns, rows)]
        pieces = [rows[::2], rows[1::2]] if how == "halves" and len(rows) > 1 else [rows]
        return [
            self.surrounded(
                self.piece({**base, "name": f"{name} {place}" if len(pieces) > 1 else name}, columns, piece)
            )
            for place, piece in enumerate(pieces)
        ]

    def piece(self, base, columns, rows, sheet="Sheet1"):
        """Write some rows of a table under headings drawn for them."""
        head = [self.heading(base["table"], name) for name in columns]
        cells = [[self.cell(base["table"], name, row.get(name)) for name in columns] for row in rows]
        return Grid(**base, columns=columns, head=head, rows=cells, sheet=sheet)

    def by_town(self, base, columns, rows):
        """Write a sheet a town, or a file a town."""
        files = base["kind"] != "xlsx" or self.chance.random() < 0.5
        for town in dict.fromkeys(row["town"] for row in rows):
            called = self.chance.choice([town, *self.towns[town][2:]])
            own = [row for row in rows if row["town"] == town]
            if files:
                plain = catalogue().tables[base["table"]].zh
                yield self.piece({**base, "name": f"{plain}_{called}"}, columns, own)
            else:
                yield self.piece(base, columns, own, sheet=called)

    def matrix(self, rows):
        """Write judged points as a town × item matrix, where every town has one row an item."""
        if any(row.get("points") is None or set(row) - {"town", "period", "indicator", "points"} for row in rows):
            return None
        items = list(dict.fromkeys(row["indicator"] for row in rows))
        given = {(row["town"], row["indicator"]): row["points"] for row in rows}
        head = ["镇街", *[self.chance.choice([item, f"{item}（10分）"]) for item in items]]
        cells = [
            [self.cell("judgements", "town", town), *(given.get((town, item)) for item in items)]
            for town in dict.fromkeys(row["town"] for row in rows)
        ]
        return Grid("matrix", "评分表_2025Q1", "xlsx", ["town", *items], head, cells)

    def surrounded(self, grid):
        """Put titles, a serial, unknown columns, totals and signatures around a table; choose how a CSV is written."""
        chance = self.chance
        if chance.random() < 0.2:
            _insert(grid, 0, "序号", list(range(1, len(grid.rows) + 1)))
        if chance.random() < 0.15:
            _insert(grid, chance.randrange(len(grid.head) + 1), "科室批注", ["略"] * len(grid.rows))
        if chance.random() < 0.1:
            _insert(grid, len(grid.head), "户主姓名", ["某某"] * len(grid.rows))
        if grid.kind == "parquet":
            return grid
        width = len(grid.head)
        if chance.random() < 0.35:
            grid.above = [["2025年第一季度" + catalogue().tables["findings"].zh] + [None] * (width - 1)]
            grid.above += [[None] * width] * chance.randrange(2)
        if chance.random() < 0.3:
            grid.below += [["合计"] + [None] * (width - 1)]
        if chance.random() < 0.3:
            grid.below += [["填报单位：示例", *[None] * (width - 1)], ["审核人：", *[None] * (width - 1)]]
        if chance.random() < 0.15:
            grid.rows.insert(chance.randrange(len(grid.rows) + 1), [None] * width)
        if grid.kind == "csv":
            grid.encoding, grid.sep = chance.choice(ENCODINGS), chance.choice([",", ",", "\t", ";"])
            grid.end = chance.choice(["\n", "\r\n"])
        elif chance.random() < 0.3 and "town" in grid.columns:
            _merge_towns(grid)
        return grid


def _insert(grid, place, heading, cells):
    grid.columns = [*grid.columns[:place], None, *grid.columns[place:]]
    grid.head = [*grid.head[:place], heading, *grid.head[place:]]
    grid.rows = [[*row[:place], cell, *row[place:]] for row, cell in zip(grid.rows, cells, strict=True)]


def _merge_towns(grid):
    """Merge neighbouring cells of one town, as people do."""
    place, start = grid.columns.index("town"), 0
    for line in range(1, len(grid.rows) + 1):
        if line == len(grid.rows) or grid.rows[line][place] != grid.rows[start][place]:
            text = grid.rows[start][place]
            if line - start > 1 and text:
                grid.merges.append((start, place, line - 1, place, text))
                for row in grid.rows[start + 1 : line]:
                    row[place] = None
            start = line
