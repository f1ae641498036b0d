"""The many ways in which people write the same facts down."""

from __future__ import annotations

from collections import Counter
from datetime import date

from schemas.tables import catalogue
from tests.long.grids import Grid
from tests.long.ledgers import scheme_of

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
        scheme = scheme_of(world.weights)
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
