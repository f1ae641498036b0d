"""Workbooks for the data folder: rows of a scored table written whole, hand-made additions kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any, Final

import xlsxwriter

from schemas.tables import SOURCE, Column, Table
from scoring.messages import say
from scoring.reports.office_text import as_written

Row = Mapping[str, Any]
_FORMATS: Final = {"date": "yyyy-mm-dd", "count": "0", "integer": "0", "amount": "0.00"}
_LONG: Final = 40
_AS_TEXT: Final = frozenset({"id", "ids", "month", "period"})


@dataclass(frozen=True)
class Called:
    """How a ledger's cells call towns, indicators and measures: id → what stands in the cell, by type of column."""

    words: Mapping[str, Mapping[str, str]]
    lang: str

    def heading(self, column: Column) -> str:
        """Return the heading of a column."""
        return column.zh if self.lang == "zh" else column.id

    def cell(self, column: Column, value: Any) -> Any:
        """Return what stands in a cell: text, a number or a day."""
        if isinstance(value, list):
            return ";".join(value)
        if column.type in self.words:
            return self.words[column.type].get(value, value)
        if column.choices and value in column.choices:
            return column.choices[value][0] if self.lang == "zh" else value
        return value


@dataclass(frozen=True)
class Merged:
    """A file's rows with ours made anew; in how many of ours somebody had changed what we make; keys of ours gone."""

    rows: list[Row]
    changed: int
    gone: list[tuple[Any, ...]]


def merged(existing: Iterable[Row], made: Iterable[Row], key: Sequence[str], ours: Callable[[Row], bool]) -> Merged:
    """Return a file's rows with ours made anew.

    A row of ours keeps the columns that nobody makes (when it was handed over, when signed for …); other rows stay.
    """
    old: dict[tuple[Any, ...], Row] = {}
    rows: list[Row] = []
    for row in existing:
        plain = {name: value for name, value in row.items() if name not in SOURCE}
        if ours(plain):
            old[tuple(plain[name] for name in key)] = plain
        else:
            rows.append(plain)
    changed = 0
    for row in made:
        before = old.pop(tuple(row[name] for name in key), {})
        changed += bool(before) and any(before.get(name) != value for name, value in row.items())
        rows.append({**before, **row})
    return Merged(rows, changed, list(old))


def ledger_bytes(table: Table, rows: Sequence[Row], called: Called) -> bytes:
    """Return rows as a workbook of their table: usual columns, and whichever others hold something."""
    columns = [
        column
        for column in table.columns.values()
        if column.required or any(row.get(column.id) not in (None, []) for row in rows)
    ]
    target = BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "default_format_properties": {"font_name": say("book-font", called.lang), "font_size": 10},
    }
    with xlsxwriter.Workbook(target, options) as book:
        title = table.zh if called.lang == "zh" else table.id
        book.set_properties({"title": title, "created": datetime(2000, 1, 1, tzinfo=UTC)})
        sheet = book.add_worksheet(title)
        line = {"border": 1, "border_color": "#C9D1D9", "valign": "vcenter", "text_wrap": True}
        head = book.add_format({**line, "bold": True, "align": "center", "bg_color": "#E3EAF1"})
        sheet.set_row(0, 30)
        cells = [[called.cell(column, row.get(column.id)) for column in columns] for row in rows]
        widths = [_width(column, called, [row[place] for row in cells]) for place, column in enumerate(columns)]
        for number, row in enumerate(cells, 1):
            # Not every program makes a row as high as its wrapped text by itself.
            lines = max(-(-_letters(cell) // int(width)) for cell, width in zip(row, widths, strict=True))
            sheet.set_row(number, 4 + 14 * lines)
        for place, (column, width) in enumerate(zip(columns, widths, strict=True)):
            look = book.add_format({**line, **_look(column)})
            sheet.set_column(place, place, width + 2)
            sheet.write_string(0, place, called.heading(column), head)
            for number, row in enumerate(cells, 1):
                _write(sheet, number, place, row[place], look)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(len(rows), 1), len(columns) - 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
    return target.getvalue()


def _letters(cell: Any) -> int:
    """Return how wide a cell's text is: a Chinese character counts as two."""
    text = str(cell) if isinstance(cell, str) else ""
    return max(1, sum(1 if ord(letter) < 0x2E80 else 2 for letter in text))


def _width(column: Column, called: Called, cells: Sequence[Any]) -> float:
    """Return a width that holds the heading and the cells, long text on several lines."""
    held = max((_letters(cell) for cell in cells), default=0)
    return max(column.width, _letters(called.heading(column)) + 2, min(held, _LONG) + 1)


def _look(column: Column) -> dict[str, Any]:
    if column.type in {"count", "integer", "amount", "decimal", "signed"}:
        align: dict[str, Any] = {"align": "right"}
    elif column.type in {"date", "month", "period"}:
        align = {"align": "center"}
    else:
        align = {"align": "left", "indent": 1}
    number = "@" if column.type in _AS_TEXT else _FORMATS.get(column.type, "General")
    return {**align, "num_format": number}


def _write(sheet: Any, row: int, place: int, value: Any, look: Any) -> None:
    if value is None or value == "":
        sheet.write_blank(row, place, None, look)
    elif isinstance(value, date):
        sheet.write_datetime(row, place, datetime(value.year, value.month, value.day), look)  # noqa: DTZ001
    elif isinstance(value, int | Decimal):
        # 2 and 2.000000 are one number, and are to be the same bytes.
        sheet.write_number(row, place, int(value) if value == int(value) else float(value), look)
    else:
        sheet.write_string(row, place, as_written(str(value)), look)
