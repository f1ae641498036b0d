"""What goes wrong with ledgers: one fault at a time, and what the program must make of it."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import timedelta

from schemas.tables import catalogue
from tests.long.grids import plain_grids, write
from tests.long.hand import EPOCH, WIDE, date_forms
from tests.long.ledgers import PERSON, PHONE

# A mark that stands in strange cells and must never be printed among the problems.
MARK = "ZQX"
_CONTROL = "".join(map(chr, (1, 7, 11, 27)))


@dataclass
class Wanted:
    """What must come of a folder.

    Attributes
    ----------
    answers
        `done` and `refused`: what the run may answer.
    facts
        The facts that a run that went through must have scored; None for facts that nobody can tell.
    place
        File and row that problems must name when the run was refused, or was done with something passed over.
    named
        Whether a run that went through must name something.
    unknown
        Whether the file may say anything now: only a crash would be a fault.
    text
        What scores.csv must say, byte for byte.
    """

    answers: tuple = ("done",)
    facts: dict | None = None
    place: tuple | None = None
    named: bool = False
    unknown: bool = False
    text: str | None = None


class Bench:
    """A world's facts as grids in plain files, one of which is to go wrong."""

    def __init__(self, chance, world, folder):
        self.chance, self.world, self.folder = chance, world, folder
        self.facts = copy.deepcopy(world.facts)
        kind = chance.choice(["xlsx", "xlsx", "csv", "parquet"])
        self.grids = plain_grids(world, self.facts, kind)

    def grid(self, *tables, kinds=("xlsx", "csv", "parquet")):
        """Return some table's grid as one of these kinds of file."""
        grid = self.chance.choice([grid for grid in self.grids if not tables or grid.table in tables])
        if grid.kind not in kinds:
            grid.kind = self.chance.choice(kinds)
        return grid

    def path(self, grid):
        return self.folder / f"{grid.name}.{grid.kind}"

    def place(self, grid, row):
        return (f"{grid.name}.{grid.kind}", grid.number(row))

    def write(self):
        write(self.folder, self.grids)

    def same(self, **more):
        return Wanted(("done",), self.facts, **more)

    def refused(self, place=None):
        return Wanted(("refused",), None, place)

    def known(self, grid, *types):
        """Return a row and a column of such a type that has a value, or None."""
        columns = catalogue().tables[grid.table].columns
        filled = [
            (line, place)
            for place, name in enumerate(grid.columns)
            if columns[name].type in types
            for line, row in enumerate(grid.rows)
            if row[place] is not None
        ]
        return self.chance.choice(filled) if filled else None


# --- cells: what a text means, or that it means nothing certain

BAD_DATES = (
    "25-3-1", "2025-02-30", "2025-13-01", "3/1/2025", "01.03.2025", "1e5", "=TODAY()", "２０２５年",
    "2025Q1", "nan", "inf", "#N/A", "2025-03", "昨天", "2025-3-1-2", "٢٠٢٥-٠٣-٠١", "二五年三月一日", "2025年",
    "2025-00-10", "1899-12-31", "9999-12-31", "0", "-1", "999999999", "45000.5.1", "2025--03-01",
    "2025/03-01", "20250230", "2025年3月", "3月1日", "2025-03-01~03-05", "45717abc",
    "2025-03-01 25:61x", "二〇二五年十三月一日", "二〇二五年三月三十二日", "十十十十年一月一日",
    f"{MARK}", "𝟐𝟎𝟐𝟓-𝟎𝟑-𝟎𝟏",
    "2025²-03-01", "2025-03-01、2025-03-02", "false", "NULL", "١", "2025年3月1日3日", "20250301.5.2",
    "1e400", "0x7E9", _CONTROL, "2025-03-01\x07",
)  # fmt: skip
BAD_COUNTS = (
    "-1", "1.5", "1e0", "1E3", "nan", "NaN", "inf", "-inf", "1e400", "9" * 30, "9" * 400, "0x2",
    "两", "²", "①", "½", "Ⅳ", "1,2", "1,00", "2 户 3", "约2", "2-3", "2+1", "=1+1", "@2", "true", "一",
    "１．５", "1..5", ".", "+", "--2", "#DIV/0!", "−3", "2户人", f"{MARK}2", _CONTROL, "1000000000001",
    "0.1", "1_000", "٣", "𝟑", "null", "2\x07",
)  # fmt: skip
BAD_AMOUNTS = (
    "-0.01", "1.005", "1e3", "nan", "12,34.5", "￥12", "12.5.1", "1/3", f"{MARK}元", "99999999999999",
    "0.001", "十二", "1.25万",
)  # fmt: skip
BAD_TOWNS = (
    "沁圆街道", "沁园街", "T1", "t01", "T01 T02", "沁园街道、克井镇", "😀", f"{MARK}镇", "镇" * 300, "=T01", PERSON,
    PHONE, "T０１ｘ", "沁园街道\x07", "\u202e道街园沁", "沁園街道", "T01\ufffd",
)  # fmt: skip
BAD_WORDS = (
    "一船", "严重的", f"{MARK}", "😀", "严", "一般、严重", "nan", "0", "=一般", "一般\x07", PERSON, "一 般 般",
)  # fmt: skip
BAD_IDS = (
    "W" * 300, PERSON, PHONE, "A\x07B", "A\ufffd", "９９００００１９９００１０１１２３４",
)  # fmt: skip
TEXTS = (
    "=cmd|' /C calc'!A0", "@SUM(A1)", "+1", "-1", "\t=1", "nan", "NULL", "😀👨‍👩‍👧",
    "\u202eabc\u202c", "<script>alert(1)</script>", "{{ 7*7 }}", "x" * 300, "𬭚㛃䶮",
    "\u0000".join("ab"), _CONTROL + "x", "' OR 1=1", "a\r\nb", "\u2028\u2029", "e\u0301", "\ufeff",
    "\\", '"""', "''", "合计数不符", "file:///etc/passwd", "http://example.invalid/x", "%s%n{0}", "Ａ１",
    "；；", "一" * 5000, f"号{PERSON}电{PHONE}",
)  # fmt: skip


def bad_cell(bench):
    """A cell that means nothing certain: the row is refused."""
    kinds = {
        "date": ("date", BAD_DATES),
        "count": ("count", BAD_COUNTS),
        "integer": ("integer", BAD_COUNTS),
        "amount": ("amount", BAD_AMOUNTS),
        "decimal": ("decimal", ("-1", "1e0", "nan", "1.2345678", "inf", "1/2", f"{MARK}", "9" * 20)),
        "town": ("town", BAD_TOWNS),
        "word": ("word", BAD_WORDS),
        "choice": ("choice", BAD_WORDS),
        "id": ("id", BAD_IDS),
        "indicator": ("indicator", BAD_WORDS),
        "measure": ("measure", BAD_WORDS),
        "period": ("period", ("2025Q5", "25Q1", "2025Q", "一季度", f"{MARK}", "2025-13", "nan", "Q1", "2025Q1Q2")),
    }
    kind = bench.chance.choice(list(kinds))
    grid = bench.grid(*tables_with(bench, kind))
    line, place = bench.known(grid, kind)
    column = catalogue().tables[grid.table].columns[grid.columns[place]]
    text = bench.chance.choice(kinds[kind][1])
    if column.restricted or (column.type == "word" and not column.words):
        return None
    if grid.kind == "xlsx":
        text = "".join(c for c in text if ord(c) >= 32)  # a workbook cannot hold others, and xlsxwriter does not ask
        if not text or text in {"W", "AB", "一般", "2", "2025-03-01", "沁园街道"}:
            return None
    grid.rows[line][place] = text
    bench.write()
    whole = grid.table == "towns" or (grid.kind == "csv" and not text.isprintable())
    return bench.refused(None if whole else bench.place(grid, line))


def tables_with(bench, kind):
    """Return the tables that have a filled column of this type."""
    found = []
    for grid in bench.grids:
        columns = catalogue().tables[grid.table].columns
        if any(
            columns[name].type == kind and any(row[place] is not None for row in grid.rows)
            for place, name in enumerate(grid.columns)
        ):
            found.append(grid.table)
    return found


def repaired_cell(bench):
    """A cell in an odd form means what it meant, and the repair is named."""
    kind = bench.chance.choice(["date", "count", "town", "indicator", "choice", "word", "id"])
    grid = bench.grid(*tables_with(bench, kind))
    line, place = bench.known(grid, kind)
    value, column = grid.rows[line][place], catalogue().tables[grid.table].columns[grid.columns[place]]
    if kind == "date":
        forms = [
            f"{value} 13:45",
            f"{value}".translate(WIDE),
            f"{value}\u200b",
            f"\u3000{value}",
            str((value - EPOCH).days),
            f"{value}\u00a0",
        ]
    elif kind == "count":
        forms = [
            f"{value}户",
            f"{value} 人次",
            f"{value}".translate(WIDE),
            f"\u3000{value}",
            f"{value}\ufeff",
            f"{value}.0000000001",
        ]
    elif kind == "id":
        forms = [
            value.translate(WIDE),
            value[:1] + " " + value[1:],
            value[:1] + "\u3000" + value[1:],
            f"{value}\u200b",
            f"\ufeff{value}",
        ]
        forms += [value.replace("-", dash) for dash in "－—–−" if "-" in value]
        if grid.columns[place] == "town_code":
            forms = forms[:1]
    else:
        forms = [
            f"{value}\u200b",
            f"\u3000{value}",
            f"{value[:1]}\u00a0{value[1:]}",
            f"\u202d{value}\u202c",
            f"{value[:1]}\u3000{value[1:]}",
        ]
    grid.rows[line][place] = bench.chance.choice(forms)
    if grid.rows[line][place] == value or (column.type == "word" and not column.words):
        return None
    bench.write()
    return bench.same(named=True, place=bench.place(grid, line))


def other_date(bench):
    """Another day, in any form: it is scored as that day, or refused for the order of its dates."""
    grid = bench.grid("findings", "rectifications", "checks", "appeals", "adjustments")
    line, place = bench.known(grid, "date")
    day = grid.rows[line][place] + timedelta(bench.chance.choice([-400, -30, -7, -1, 1, 3, 14, 60, 4000]))
    grid.rows[line][place] = bench.chance.choice([day, *date_forms(day)])
    bench.facts[grid.table][line][grid.columns[place]] = day
    bench.write()
    return Wanted(("done", "refused"), bench.facts, None)


def other_count(bench):
    """Another count: scored as that."""
    grid = bench.grid("findings", "checks")
    line, place = bench.known(grid, "count")
    number = bench.chance.choice([0, 1, 2, 7, 1234, 100000])
    grid.rows[line][place] = bench.chance.choice(
        [number, str(number), f"{number:,}", f"{number}户", f"+{number}", f"{number}.0000000000001"]
    )
    bench.facts[grid.table][line][grid.columns[place]] = number
    bench.write()
    return Wanted(("done", "refused") if number == 0 else ("done",), bench.facts)


def odd_text(bench):
    """Free text may be anything; it changes no score, and what cannot be kept is refused."""
    grid = bench.grid("findings", "rectifications", "appeals", "adjustments")
    columns = catalogue().tables[grid.table].columns
    places = [place for place, name in enumerate(grid.columns) if columns[name].type in {"text", "list"}
              and name not in {"new_value", "level", "evidence", "item", "problem_type", "village"}]  # fmt: skip
    if not places:
        return None
    place = bench.chance.choice(places)
    text = bench.chance.choice(TEXTS)
    if grid.kind == "xlsx":
        text = text.replace("\x00", "")
    for line in range(len(grid.rows)) if bench.chance.random() < 0.2 else [bench.chance.randrange(len(grid.rows))]:
        grid.rows[line][place] = text
    bench.write()
    controls = any(ord(c) < 32 and c not in "\t\r\n" for c in text)
    return Wanted(("done", "refused") if controls else ("done",), bench.facts)


def blank_cell(bench):
    """A blank where a value is needed is refused; elsewhere it is a fact of its own."""
    grid = bench.grid()
    line = bench.chance.randrange(len(grid.rows))
    place = bench.chance.choice([place for place, cell in enumerate(grid.rows[line]) if cell is not None])
    name = grid.columns[place]
    column = catalogue().tables[grid.table].columns[name]
    grid.rows[line][place] = bench.chance.choice([None, "", " ", "—", "-", "/", "无", "\u200b", "　"])
    bench.write()
    if column.required:
        return bench.refused(None if grid.table == "towns" else bench.place(grid, line))
    bench.facts[grid.table][line][name] = None
    loose = (column.type == "id" and not column.restricted) or undated(grid, name)
    return Wanted(("done", "refused"), None if loose else bench.facts)


def workbook_cells(bench):
    """Error values, formulas without a result, numbers of eighteen digits, true and false."""
    grid = bench.grid("findings", "checks", kinds=("xlsx",))
    line, place = bench.known(grid, *bench.chance.choice([("date",), ("count",), ("town",)]))
    grid.rows[line][place] = bench.chance.choice(
        [True, 1e300, -5, 0.1, 123456789012345678, float("inf"), float("nan"), 1e-7]
    )
    bench.write()
    return bench.refused(bench.place(grid, line))


def undated(grid, name):
    """Tell whether a judgement lost its period: it then counts whenever scores are made, with a notice."""
    return grid.table == "judgements" and name in {"period", "judged_on"}


# --- headings


def heading_slip(bench):
    """A heading with one letter too many, too few or changed is never guessed."""
    grid = bench.grid()
    columns = catalogue().tables[grid.table].columns
    places = [place for place, label in enumerate(grid.head) if len(label) >= 4]
    if not places:
        return None
    place = bench.chance.choice(places)
    label, at = grid.head[place], bench.chance.randrange(len(grid.head[place]))
    grid.head[place] = bench.chance.choice(
        [label[:at] + "曰" + label[at:], label[:at] + label[at + 1 :], label[:at] + "囗" + label[at + 1 :]]
    )
    known = {text for column in columns.values() for text in column.headings}
    if grid.table == "findings":
        known |= {text for column in catalogue().tables["rectifications"].columns.values() for text in column.headings}
    if grid.head[place] in known or len(set(grid.head)) < len(grid.head):
        return None
    bench.write()
    name = grid.columns[place]
    if columns[name].required or len(grid.head[place]) >= 4:
        return bench.refused()
    for row in bench.facts[grid.table]:
        row[name] = None
    return Wanted(("done", "refused"), None, named=True)


def heading_gone(bench):
    """A column without heading is passed over and named; one that every row needs is missed."""
    grid = bench.grid()
    place = bench.chance.randrange(len(grid.head))
    name = grid.columns[place]
    grid.head[place] = bench.chance.choice(["", " ", "某某", "x", "备忘", PERSON])
    bench.write()
    if catalogue().tables[grid.table].columns[name].required:
        return bench.refused()
    for row in bench.facts[grid.table]:
        row[name] = None
    loose = catalogue().tables[grid.table].columns[name].type == "id" or undated(grid, name)
    return Wanted(("done", "refused"), None if loose else bench.facts, named=True)


def headings_swapped(bench):
    """Two headings of different kinds of columns changed places: nothing fits any more."""
    grid = bench.grid("findings", "rectifications", "checks", "measures")
    columns = catalogue().tables[grid.table].columns
    kinds = [columns[name].type for name in grid.columns]
    strict = [place for place, kind in enumerate(kinds) if kind in {"date", "town", "count", "choice", "indicator"}
              and columns[grid.columns[place]].required]  # fmt: skip
    one = bench.chance.choice(strict)
    other = bench.chance.choice([place for place in range(len(kinds)) if kinds[place] != kinds[one]])
    grid.head[one], grid.head[other] = grid.head[other], grid.head[one]
    bench.write()
    return bench.refused()


def heading_twice(bench):
    """A second column of one heading: nothing when it is empty or equal, refused when it differs."""
    grid = bench.grid(kinds=("xlsx", "csv"))
    place = bench.chance.randrange(len(grid.head))
    how = bench.chance.choice(["equal", "empty", "other"])
    cells = {"equal": [row[place] for row in grid.rows], "empty": [None] * len(grid.rows)}
    cells["other"] = [*cells["equal"][:-1], "别的"]
    grid.head.append(grid.head[place])
    grid.columns.append(grid.columns[place])
    for row, cell in zip(grid.rows, cells[how], strict=True):
        row.append(cell)
    bench.write()
    return bench.refused() if how == "other" else bench.same(named=True)


def heading_unit(bench):
    """A unit that multiplies is refused, any other is left out."""
    grid = bench.grid("findings")
    place = grid.columns.index(bench.chance.choice(["amount", "cases"]))
    scaled = bench.chance.random() < 0.5
    unit = bench.chance.choice(["万元", "千元", "亿", "万户"] if scaled else ["元", "户", "个", "按户计"])
    grid.head[place] += bench.chance.choice([f"（{unit}）", f"({unit})", f" （{unit}） "])
    bench.write()
    return bench.refused() if scaled else bench.same()


# --- rows


def row_again(bench):
    """A row twice counts once; with one cell changed it is a conflict, where rows have an id."""
    grid = bench.grid()
    line = bench.chance.randrange(len(grid.rows))
    copied, changed = list(grid.rows[line]), bench.chance.random() < 0.5
    texts = [
        p
        for p, name in enumerate(grid.columns)
        if name in {"description", "cases", "sampled", "visited", "evidence", "ground"}
    ]
    if changed and not texts:
        return None
    if changed:
        copied[texts[0]] = "99"
    grid.rows.insert(bench.chance.randrange(len(grid.rows) + 1), copied)
    bench.write()
    return bench.refused() if changed else bench.same(named=True)


def row_gone(bench):
    """A row is deleted: scored without it, or refused because others speak of it."""
    grid = bench.grid("findings", "rectifications", "checks", "measures", "judgements", "adjustments", "appeals")
    line = bench.chance.randrange(len(grid.rows))
    del grid.rows[line], bench.facts[grid.table][line]
    bench.write()
    about = {row["finding_id"] for row in bench.facts["findings"]}
    orphan = any(row["finding_id"] not in about for row in bench.facts["rectifications"])
    orphan |= any(row["target"] == "问题" and row["target_id"] not in about for row in bench.facts["appeals"])
    return bench.refused() if orphan else Wanted(("done", "refused"), bench.facts)


def rows_moved(bench):
    """Rows in another order are the same rows."""
    for grid in bench.grids:
        bench.chance.shuffle(grid.rows)
    bench.write()
    return bench.same()


def rows_between(bench):
    """Totals, signatures, blank rows and headings between the rows are no rows."""
    grid = bench.grid(kinds=("xlsx", "csv"))
    width = len(grid.head)
    word = bench.chance.choice(
        ["合计", "小计", "总计：", "合计（户）", "填报单位：示例", "审核人：", "注：以上为示例", "平均"]
    )
    extra = bench.chance.choice([[word], [None, word], [word, None, None, 12], [], list(grid.head), [""] * width])
    grid.rows.insert(bench.chance.randrange(1, len(grid.rows) + 1), [*extra[:width], *[None] * (width - len(extra))])
    bench.write()
    return bench.same(named=any(extra))


def row_longer(bench):
    """A CSV row with one delimiter too many has moved its cells."""
    grid = bench.grid("findings", "rectifications", kinds=("csv",))
    line = bench.chance.randrange(len(grid.rows))
    grid.rows[line].insert(bench.chance.randrange(len(grid.head)), "多出")
    bench.write()
    return bench.refused()


# --- merged cells


def merged(bench):
    """Merged towns are towns of each row; merged numbers, or cells merged across columns, are refused."""
    grid = bench.grid("findings", kinds=("xlsx",))
    how = bench.chance.choice(["town", "number", "across"])
    if how == "across":
        text = grid.rows[1][0]
        grid.merges.append((1, 0, 1, 1, text))
    else:
        place = grid.columns.index("town" if how == "town" else "cases")
        pairs = [
            line
            for line in range(len(grid.rows) - 1)
            if how == "number" or grid.rows[line][place] == grid.rows[line + 1][place]
        ]
        line = bench.chance.choice(pairs or [0])
        text = grid.rows[line][place]
        if text is None or not pairs:
            return None
        grid.rows[line + 1][place] = None
        grid.merges.append((line, place, line + 1, place, text))
    bench.write()
    return bench.same() if how == "town" else bench.refused()


CELLS = (
    *[bad_cell] * 6, *[repaired_cell] * 3, *[other_date] * 2, other_count, odd_text, odd_text, blank_cell, blank_cell,
    workbook_cells, heading_slip, heading_gone, headings_swapped, heading_twice, heading_unit, row_again, row_gone,
    rows_moved, rows_between, row_longer, merged,
)  # fmt: skip
