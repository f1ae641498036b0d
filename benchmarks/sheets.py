"""Workbooks in and out beside what their libraries take: `python benchmarks/sheets.py`.

In: a folder with 100,000 findings of 24 columns in one workbook, read with every check of intake (the guard, the
reading child, layout, typed columns, cross-checks, Pandera), beside fastexcel's read of the sheet as text. Once with a
sheet of cells alone, and once as bureaus keep it: a merged title, bordered empty cells, formulas and percentages.
Ours counts from a process that has read nothing yet: the child and Pandera are loaded within it.

Out: a score book of 100,000 ledger rows (124,000 findings, 100 towns), beside xlsxwriter's own writing of the same
cells with the same methods in constant memory.

python benchmarks/sheets.py                    both
python benchmarks/sheets.py in --work DIR      one of them; DIR keeps the data
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import apart  # noqa: E402 - found by the line above
import polars as pl  # noqa: E402
import xlsxwriter  # noqa: E402

from schemas.tables import catalogue  # noqa: E402
from scoring.example.volume import Volume, complete  # noqa: E402
from scoring.scheme import load_scheme, vocabulary  # noqa: E402

SCHEME = HERE.parent / "weights" / "jiyuan-quarterly.yaml"
ROWS, FINDINGS = 100_000, 124_000
EVERY = 1000
_METHODS = ("write_string", "write_number", "write_blank", "write_datetime")
_PLAIN_TEXT = {"constant_memory": True} | dict.fromkeys(
    ("strings_to_urls", "strings_to_formulas", "strings_to_numbers"), False
)


def write_sheets(folder: Path, *, kept: bool) -> None:
    """Write the towns and the findings as workbooks; `kept` as bureaus keep them."""
    volume = Volume(towns=2000, findings=ROWS, rectifications=0, seed=1)
    for name, table in (("towns", volume.towns_table()), ("findings", volume.findings_table(0, ROWS))):
        told = catalogue().tables[name]
        rows = table.with_columns(pl.col(pl.List(pl.String)).list.join(";"))
        dirty = kept and name == "findings"
        # Shared strings, as Excel writes them, not in constant memory.
        options = {"strings_to_urls": False, "default_date_format": "yyyy-mm-dd"}
        with xlsxwriter.Workbook(folder / f"{told.zh}.xlsx", options) as book:
            _fill(book, book.add_worksheet(told.zh), [told.columns[one].zh for one in rows.columns], rows, dirty=dirty)


def _fill(book: Any, sheet: Any, headings: list[str], rows: pl.DataFrame, *, dirty: bool) -> None:
    border, percent = book.add_format({"border": 1}), book.add_format({"num_format": "0%"})
    if dirty:
        sheet.merge_range(0, 0, 0, len(headings) - 1, sheet.get_name(), border)
    for place, heading in enumerate(headings):
        sheet.write_string(dirty, place, heading)
    amount, stage = (rows.columns.index(name) if name in rows.columns else -1 for name in ("amount", "stage"))
    for line, row in enumerate(rows.iter_rows(), 1 + dirty):
        for place, value in enumerate(row):
            if value not in (None, ""):
                sheet.write(line, place, value)
            elif dirty and line % EVERY == 2 and place == amount:
                sheet.write_formula(line, place, "=10+2.5", None, 12.5)
            elif dirty and line % EVERY == 3 and place == stage:
                sheet.write_number(line, place, 0.5, percent)
            elif dirty:
                sheet.write_blank(line, place, None, border)


def _bare_read(kind: str) -> apart.Case:
    def case(folder: Path) -> Callable[[], dict[str, object]]:
        import fastexcel

        path = folder / kind / f"{catalogue().tables['findings'].zh}.xlsx"

        def measured() -> dict[str, object]:
            sheet = fastexcel.read_excel(path).load_sheet(0, header_row=None, dtypes="string")
            return {"rows": sheet.to_polars().height}

        return measured

    return case


def _our_read(kind: str) -> apart.Case:
    def case(folder: Path) -> Callable[[], dict[str, object]]:
        from scoring.intake import read_folder

        words = vocabulary(load_scheme(SCHEME).scheme)

        def measured() -> dict[str, object]:
            read = read_folder(folder / kind, words)
            assert read.tables.findings.height == ROWS
            assert not read.refused
            return {"rows": read.tables.findings.height}

        return measured

    return case


def write_assessment(folder: Path) -> None:
    """Score generated findings and keep the assessment, with 100,000 rows of its ledger."""
    from scoring.assessing import assess
    from scoring.intake import Tables
    from scoring.periods import Period

    volume = Volume(towns=100, findings=FINDINGS, rectifications=FINDINGS * 4 // 5, seed=1)
    made = {
        "towns": volume.towns_table(),
        "findings": volume.findings_table(0, FINDINGS),
        "rectifications": volume.rectifications_table(0, FINDINGS * 4 // 5),
        "checks": volume.checks_table(),
        "measures": volume.measures_table(),
        "judgements": volume.judgements_table(),
    }
    frames = {name: pl.DataFrame(schema=table.polars_schema()) for name, table in catalogue().tables.items()}
    frames |= {name: complete(frame, name) for name, frame in made.items()}
    quarter = Period("2025Q4", "quarter", date(2025, 10, 1), date(2025, 12, 31))
    tables = Tables(**frames, present=frozenset(made))
    whole = assess(tables, load_scheme(SCHEME).scheme, quarter, date(2026, 1, 10))
    assert whole.ledger.height >= ROWS
    folder.mkdir()
    replace(whole, ledger=whole.ledger.head(ROWS)).save(folder)


def _our_book(folder: Path) -> Callable[[], dict[str, object]]:
    from scoring.assessment import Assessment
    from scoring.reports.scorebook import write_scorebook
    from scoring.reports.settings import Settings

    assessment, out = Assessment.load(folder / "assessment"), folder / "ours.xlsx"

    def measured() -> dict[str, object]:
        write_scorebook(assessment, Settings(), out)
        return {"bytes": out.stat().st_size}

    return measured


def _bare_book(folder: Path) -> Callable[[], dict[str, object]]:
    """Note every cell that the score book writes; then write them once more with xlsxwriter alone."""
    cells, out = _noted(folder), folder / "bare.xlsx"

    def measured() -> dict[str, object]:
        with xlsxwriter.Workbook(out, _PLAIN_TEXT) as book:
            looks: dict[object, Any] = {}
            shown = {"write_number": "0.00", "write_datetime": "yyyy-mm-dd"}
            for sheet, told in ((book.add_worksheet(), told) for told in cells.values()):
                for method, row, column, value, look in told:
                    if look not in looks:
                        looks[look] = book.add_format({"border": 1, "num_format": shown.get(method, "General")})
                    getattr(sheet, method)(row, column, value, looks[look])
        return {"cells": sum(map(len, cells.values()))}

    return measured


def _noted(folder: Path) -> dict[str, list[tuple[str, int, int, object, object]]]:
    """Return the calls by which the score book writes its cells, by sheet."""
    from xlsxwriter.worksheet import Worksheet

    cells: dict[str, list[tuple[str, int, int, object, object]]] = {}
    own = {method: getattr(Worksheet, method) for method in _METHODS}
    for method, write in own.items():

        def noting(sheet: Any, row: int, column: int, value: Any, look: Any, method=method, write=write) -> object:
            cells.setdefault(sheet.get_name(), []).append((method, row, column, value, id(look)))
            return write(sheet, row, column, value, look)

        setattr(Worksheet, method, noting)
    _our_book(folder)()
    for method, write in own.items():
        setattr(Worksheet, method, write)
    return cells


CASES: dict[str, apart.Case] = {
    "in-bare": _bare_read("cells"),
    "in-ours": _our_read("cells"),
    "kept-bare": _bare_read("kept"),
    "kept-ours": _our_read("kept"),
    "out-bare": _bare_book,
    "out-ours": _our_book,
}
NAMES = {
    "in-bare": "in, cells alone: fastexcel, as text",
    "in-ours": "in, cells alone: all of intake",
    "kept-bare": "in, as bureaus keep it: fastexcel, as text",
    "kept-ours": "in, as bureaus keep it: all of intake",
    "out-bare": "out: xlsxwriter, the same cells (and their list)",
    "out-ours": "out: the score book",
}
AGAINST = {
    "in-ours": apart.Held("in-bare", "fastexcel alone", 3.0),
    "kept-ours": apart.Held("kept-bare", "fastexcel alone", 3.0),
    "out-ours": apart.Held("out-bare", "xlsxwriter alone", 1.3),
}
GROUPS = {"in": ("in-bare", "in-ours", "kept-bare", "kept-ours"), "out": ("out-bare", "out-ours")}


def main() -> int:
    """Measure, print the table and a line of JSON, fail above a target."""
    parser = apart.arguments(__doc__)
    parser.add_argument("which", nargs="*", choices=[*GROUPS, []], help="in, out; both when left out")
    asked = parser.parse_args()
    if asked.child:
        apart.carry_out(CASES[asked.child[0]], Path(asked.child[1]))
        return 0
    which = asked.which or list(GROUPS)
    with tempfile.TemporaryDirectory(prefix="townscore-sheets-") as scratch:
        work = asked.work or Path(scratch)
        for kind in ("cells", "kept") if "in" in which else ():
            if not (work / kind).exists():
                (work / kind).mkdir(parents=True)
                write_sheets(work / kind, kept=kind == "kept")
        if "out" in which and not (work / "assessment").exists():
            work.mkdir(parents=True, exist_ok=True)
            write_assessment(work / "assessment")
        best = apart.compare(__file__, [case for group in which for case in GROUPS[group]], work, asked.rounds)
    against = {case: held for case, held in AGAINST.items() if case in best}
    return 0 if apart.table(best, NAMES, against) else 1


if __name__ == "__main__":
    sys.exit(main())
