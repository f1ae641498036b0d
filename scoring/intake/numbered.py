"""A copy of ledgers that came without numbers, with the numbers that were made for them, to keep the ledger on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from schemas.tables import Column, catalogue
from scoring.intake.frames import Intake
from scoring.messages import say

if TYPE_CHECKING:
    import xlsxwriter

FILE: Final = "numbered.xlsx"
# A sheet ends at row 1,048,576.
_MOST: Final = 1_000_000
_TABLES: Final = ("findings", "rectifications")


def write_numbered(intake: Intake, folder: Path, lang: str) -> bool:
    """Write `numbered.xlsx` where findings were given numbers; tell whether it was.

    It holds the findings and their reports as they were read, without restricted columns, which stay in the ledger
    that they came from. A reading of the copy gives the same facts under the same numbers.
    """
    made = intake.problems.filter(pl.col("code") == "id-made")
    if made.is_empty() or intake.tables.findings.is_empty():
        return False
    import xlsxwriter

    font = {"font_name": say("book-font", lang), "font_size": 10}
    options = {"strings_to_formulas": False, "strings_to_urls": False, "default_format_properties": font}
    with xlsxwriter.Workbook(folder / FILE, options) as book:
        # A fixed date: equal facts give equal bytes.
        book.set_properties({"created": datetime(2000, 1, 1, tzinfo=UTC)})
        for name in _TABLES:
            _write_sheet(book, name, getattr(intake.tables, name).head(_MOST), lang)
    return True


def _write_sheet(book: xlsxwriter.Workbook, name: str, frame: pl.DataFrame, lang: str) -> None:
    table = catalogue().tables[name]
    columns = [
        column
        for column in table.columns.values()
        if not column.restricted and (column.required or column.id == table.key or frame[column.id].count())
    ]
    sheet = book.add_worksheet(table.zh if lang == "zh" else name)
    head = book.add_format({"bold": True, "bottom": 1, "valign": "vcenter"})
    text = book.add_format({"num_format": "@"})
    for place, column in enumerate(columns):
        sheet.set_column(place, place, column.width, text)
        sheet.write_string(0, place, column.zh if lang == "zh" else column.id, head)
    for line, row in enumerate(frame.select([column.id for column in columns]).iter_rows(), start=1):
        for place, (column, value) in enumerate(zip(columns, row, strict=True)):
            if value is not None and (said := _said(column, value)):
                sheet.write_string(line, place, said, text)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, frame.height, len(columns) - 1)


def _said(column: Column, value: Any) -> str:
    """Write a cell as a ledger would hold it; words of a closed list in Chinese, which both languages read."""
    if isinstance(value, list):
        return ";".join(value)
    if isinstance(value, date):
        return value.isoformat()
    choices: Mapping[str, tuple[str, ...]] = column.choices or {}
    return choices[value][0] if value in choices else str(value)
