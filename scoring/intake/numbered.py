"""Which number was made for which row that came without one, so that the officer can copy it into the ledger."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import polars as pl

from schemas.tables import catalogue
from scoring.intake.frames import Intake
from scoring.intake.rows import MADE
from scoring.messages import say

FILE: Final = "numbered.xlsx"
# A sheet ends at row 1,048,576.
_MOST: Final = 1_000_000
_WIDTHS: Final = (14, 30, 18, 8, 24)


def write_numbered(intake: Intake, folder: Path, lang: str) -> bool:
    """Write `numbered.xlsx` where rows were given numbers: table, file, sheet, row, number; tell whether it was.

    Nothing else of the ledgers is in it: a list to copy from, never a ledger to go on with.
    """
    made = [
        (table.zh if lang == "zh" else name, *row)
        for name, table in catalogue().tables.items()
        if table.key is not None
        for row in getattr(intake.tables, name)
        .filter(pl.col(table.key).str.contains(MADE))
        .sort("source_file", "source_sheet", "source_row")
        .select("source_file", "source_sheet", "source_row", table.key)
        .head(_MOST)
        .iter_rows()
    ]
    if not made:
        return False
    import xlsxwriter

    font = {"font_name": say("book-font", lang), "font_size": 10}
    options = {"strings_to_formulas": False, "strings_to_urls": False, "default_format_properties": font}
    with xlsxwriter.Workbook(folder / FILE, options) as book:
        # A fixed date: equal facts give equal bytes.
        book.set_properties({"created": datetime(2000, 1, 1, tzinfo=UTC)})
        sheet = book.add_worksheet(say("numbered-sheet", lang))
        head, text = book.add_format({"bold": True, "bottom": 1}), book.add_format({"num_format": "@"})
        names = ("table", "file", "sheet-name", "row", "number")
        for place, (name, width) in enumerate(zip(names, _WIDTHS, strict=True)):
            sheet.set_column(place, place, width)
            sheet.write_string(0, place, say(f"numbered-{name}", lang), head)
        for line, row in enumerate(made[:_MOST], start=1):
            for place, value in enumerate(row):
                if isinstance(value, int):
                    sheet.write_number(line, place, value)
                else:
                    sheet.write_string(line, place, value or "", text)
        sheet.freeze_panes(1, 0)
        sheet.fit_to_pages(1, 0)
        sheet.autofilter(0, 0, len(made), len(_WIDTHS) - 1)
    return True
