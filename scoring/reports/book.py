"""A workbook in which text stays text: the one place where cells are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from scoring.messages import say
from scoring.reports.office_text import printable

Kind = Literal["text", "long", "code", "count", "points", "parts", "number", "date"]
"""How a column is written: `long` text wraps, `code` is text in the middle, `number` has no fixed decimals, `parts` of
points show two decimals more where they are there."""

_CELL: Final = 32_767  # characters that Excel keeps in a cell
_ROWS: Final = 1_048_575  # rows that a sheet holds under its heading
_A4: Final = 9


Cell = str | int | float | date | tuple[str, float] | None
"""`None` is an empty cell, a pair a formula of ours and what it comes to."""


@dataclass(frozen=True)
class Column:
    """Heading, width in characters, and kind."""

    heading: str
    width: float
    kind: Kind = "text"


class Book:
    """A workbook being written, row by row from the top: its memory does not grow with its rows.

    Parameters
    ----------
    path
        Where the file is to lie.
    title
        Stands above every printed page.
    run_line
        Stands under every printed page.
    made
        Stands as the day on which the file was made: equal rows are equal bytes.
    decimals
        Of points.
    """

    def __init__(self, path: Path, *, title: str, run_line: str, made: date, decimals: int, lang: str) -> None:
        self.lang = lang
        self._title, self._run_line = title, run_line
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "default_format_properties": {"font_name": say("book-font", lang), "font_size": 10},
        }
        self._book = xlsxwriter.Workbook(str(path), options)
        self._book.set_properties({"title": printable(title), "created": datetime(made.year, made.month, made.day)})  # noqa: DTZ001  written as UTC
        points = "0." + "0" * decimals if decimals else "0"
        shown: dict[Kind, dict[str, Any]] = {
            "text": {"align": "left", "indent": 1},
            "long": {"align": "left", "indent": 1, "text_wrap": True},
            "code": {"align": "center"},
            "count": {"align": "right", "num_format": "0"},
            "points": {"align": "right", "num_format": points},
            "parts": {"align": "right", "num_format": f"{points}##" if decimals else "0.##"},
            "number": {"align": "right"},
            "date": {"align": "center", "num_format": "yyyy-mm-dd"},
        }
        line = {"border": 1, "border_color": "#C9D1D9", "valign": "vcenter"}
        self._formats = {kind: self._book.add_format({**line, **look}) for kind, look in shown.items()}
        self.total = self._book.add_format({**line, **shown["points"], "bold": True})
        head = {
            **line,
            "bold": True,
            "text_wrap": True,
            "align": "center",
            "bg_color": "#E3EAF1",
            "font_color": "#1F2D3D",
        }
        self._head = self._book.add_format(head)
        self.below = self._book.add_format({"bg_color": "#FBEFD9"})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._book.close()

    def table(
        self,
        name: str,
        columns: Sequence[Column],
        rows: Iterable[Sequence[Cell]],
        *,
        fixed: int = 0,
        bands: Sequence[tuple[str, int]] = (),
        finish: Callable[[Worksheet, int, int], None] | None = None,
        pages: int = 1,
        portrait: bool = False,
    ) -> None:
        """Write one table, on as many sheets as it needs.

        Parameters
        ----------
        name
            Of the sheet; a second one gets ` (2)`.
        rows
            Cells in the order of the columns; text in a number's column is written as text.
        fixed
            How many columns stay in sight.
        bands
            A row above the headings: label and number of columns.
        finish
            Called with each sheet, the first and the last row of its data.
        pages
            How many printed pages the table is wide; the fixed columns stand on each.
        """
        waiting = iter(rows)
        number = 1
        while True:
            sheet = self._book.add_worksheet(name if number == 1 else f"{name} ({number})")
            first = self._heading(sheet, columns, bands)
            writers = [(column.kind, self._formats[column.kind]) for column in columns]
            wrapped = [(place, column.width) for place, column in enumerate(columns) if column.kind == "long"]
            last = first - 1
            for last, row in enumerate(islice(waiting, _ROWS - first), first):
                self._height(sheet, last, row, wrapped)
                for place, (value, look) in enumerate(zip(row, writers, strict=True)):
                    self._cell(sheet, last, place, value, look)
            self._print(sheet, first, pages=pages, portrait=portrait)
            if pages > 1 and fixed:
                sheet.repeat_columns(0, fixed - 1)
            sheet.freeze_panes(first, fixed)
            if last >= first:
                sheet.autofilter(first - 1, 0, last, len(columns) - 1)
                if finish is not None:
                    finish(sheet, first, last)
            following = next(waiting, None)
            if following is None:
                return
            waiting = chain([following], waiting)
            number += 1

    def _heading(self, sheet: Worksheet, columns: Sequence[Column], bands: Sequence[tuple[str, int]]) -> int:
        """Write the heading rows and return the first row of data."""
        for place, column in enumerate(columns):
            sheet.set_column(place, place, column.width)
        first, place = 0, 0
        for label, count in bands:
            if count > 1:
                sheet.merge_range(first, place, first, place + count - 1, "", self._head)
            sheet.write_string(first, place, cell_text(label, self.lang), self._head)
            place += count
        first += bool(bands)
        lines = max(_lines(column.heading, column.width) for column in columns)
        sheet.set_row(first, 15 * max(1.6, min(lines, 7) + 0.4))
        for place, column in enumerate(columns):
            sheet.write_string(first, place, cell_text(column.heading, self.lang), self._head)
        return first + 1

    def _cell(self, sheet: Worksheet, row: int, place: int, value: Cell, column: tuple[Kind, Format]) -> None:
        kind, look = column
        if value is None or value == "":
            sheet.write_blank(row, place, None, look)
        elif isinstance(value, tuple):
            formula, result = value
            sheet.write_formula(row, place, formula, self.total, result)
        elif isinstance(value, str):
            sheet.write_string(
                row, place, cell_text(value, self.lang), look if kind in {"text", "long"} else self._formats["code"]
            )
        elif isinstance(value, date):
            sheet.write_datetime(row, place, value, look)
        else:
            sheet.write_number(row, place, value, look)

    @staticmethod
    def _height(sheet: Worksheet, row: int, cells: Sequence[Cell], wrapped: Sequence[tuple[int, float]]) -> None:
        """Make a row as high as its wrapped text, which not every program does by itself."""
        lines = max((_lines(str(cells[place] or ""), width) for place, width in wrapped), default=1)
        if lines > 1:
            sheet.set_row(row, min(409, 13.5 * lines + 3))  # 409 points: as high as Excel makes a row

    def _print(self, sheet: Worksheet, first: int, *, pages: int, portrait: bool) -> None:
        """A4, as wide as its pages, headings on every page, title above, run line and page below."""
        if not portrait:
            sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.set_margins(left=0.5, right=0.5, top=0.75, bottom=0.7)
        sheet.fit_to_pages(pages, 0)
        sheet.repeat_rows(0, first - 1)
        sheet.center_horizontally()
        # A blank after the size: a title that begins with a digit would join it.
        sheet.set_header(f"&C&12 {_margin_text(self._title)}")
        sheet.set_footer(f"&L&8 {_margin_text(self._run_line)}&R&8 &P / &N")


def _margin_text(text: str) -> str:
    return printable(text).replace("\n", " ").replace("&", "&&")[:200]


@lru_cache(maxsize=8192)
def _lines(text: str, width: float) -> int:
    """Guess how many lines wrapped text takes in a column: a Chinese character is two wide."""
    room = max(1, int(width) - 1)
    return sum(
        max(1, -(-sum(1 if ord(character) < 0x2E80 else 2 for character in line) // room)) for line in text.split("\n")
    )


@lru_cache(maxsize=8192)
def cell_text(text: str, lang: str) -> str:
    """Return text as a cell may hold it: masked, and cut openly where Excel would cut it silently."""
    text = printable(text)
    units = len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
    if units <= _CELL:
        return text
    note = say("book-cut", lang, characters=len(text))
    kept = text.encode("utf-16-le")[: 2 * (_CELL - 2 * len(note))].decode("utf-16-le", errors="ignore")
    return kept + note
