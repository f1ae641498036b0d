"""The workbook that goes to a town: its findings locked, its own columns open, marks that come back with it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from schemas.tables import Column
from scoring.messages import say
from scoring.reports.book import cell_text
from scoring.reports.office_text import as_written
from scoring.supervision.receipts.form import LOCKED, MARK, OPEN, cell_mark, returned_table, row_mark

_A4: Final = 9
_WIDTHS: Final = {
    "finding_id": 17, "found_on": 12, "description": 40, "due_on": 12,
    "outcome": 13, "completed_on": 12, "measures_taken": 34, "recovered": 11, "proof": 18,
}  # fmt: skip
_SERIAL_WIDTH: Final = 5
_INK, _LINE = "#1F2D3D", "#C9D1D9"
_FIRST: Final = 4
"""The first row of findings, from 0: title, what to do, who signs, headings. Nothing stands below the findings, where
rows that are added or sorted would meet it."""
_ALLOWED: Final = {
    "select_locked_cells": True, "select_unlocked_cells": True, "format_cells": True, "format_columns": True,
    "format_rows": True, "autofilter": True, "sort": True,
}  # fmt: skip
_CENTRED: Final = frozenset({"date", "serial", "choice", "id", "amount"})
_NUMBERS: Final = {"date": "yyyy-mm-dd", "amount": "#,##0.00", "id": "@"}


@dataclass(frozen=True)
class Sent:
    """One town's receipt as it goes out.

    Attributes
    ----------
    town
        Its code.
    name
        Its name.
    label
        What it is about: a period, or what was open on a day.
    on
        As of which day.
    rows
        finding_id, found_on, description (masked), due_on of each finding, in the order of the sheet.
    """

    town: str
    name: str
    label: str
    on: date
    rows: Sequence[tuple[str, date, str, date | None]]


def write_receipt(sent: Sent, lang: str) -> bytes:
    """Return the workbook of one town's receipt: equal findings are equal bytes."""
    target = io.BytesIO()
    options = {
        "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
        "default_format_properties": {"font_name": say("book-font", lang), "font_size": 10},
    }  # fmt: skip
    with xlsxwriter.Workbook(target, options) as book:
        title = say("receipts-title", lang, town=sent.name, label=sent.label)
        book.set_properties({"title": title, "created": datetime(sent.on.year, sent.on.month, sent.on.day)})  # noqa: DTZ001  written as UTC
        _Receipt(book, sent, lang).write(title)
        _help(book, lang)
        _marks(book, sent, lang)
    return target.getvalue()


class _Receipt:
    def __init__(self, book: xlsxwriter.Workbook, sent: Sent, lang: str) -> None:
        self._sent, self._lang = sent, lang
        self._columns = [returned_table().columns[name] for name in (*LOCKED, *OPEN)]
        self._book = book
        self._sheet: Worksheet = book.add_worksheet(say("receipts-sheet", lang))
        self._looks: dict[tuple[str, bool], Any] = {}

    def write(self, title: str) -> None:
        """Write title, what to do, room for seal and signature, headings, findings, rules of the open cells."""
        sheet, last = self._sheet, len(self._columns)
        plain = {"valign": "vcenter", "font_color": _INK}
        sheet.set_row(0, 30)
        sheet.merge_range(0, 0, 0, last, "", self._book.add_format({**plain, "align": "center"}))
        sheet.write_string(0, 0, cell_text(title, self._lang), self._book.add_format(
            {**plain, "bold": True, "font_size": 16, "align": "center"}
        ))  # fmt: skip
        told = self._book.add_format({**plain, "text_wrap": True, "font_color": "#5A6672"})
        sheet.set_row(1, 32)
        sheet.merge_range(1, 0, 1, last, "", told)
        count, day = len(self._sent.rows), self._sent.on.isoformat()
        sheet.write_string(1, 0, say("receipts-lead", self._lang, count=count, day=day), told)
        self._headings()
        for number, row in enumerate(self._sent.rows):
            self._row(_FIRST + number, number + 1, row)
        end = _FIRST + count - 1
        for place, column in enumerate(self._columns, 1):
            if column.id in OPEN:
                sheet.data_validation(_FIRST, place, end, place, self._rule(column))
        self._sign(last)
        sheet.autofilter(_FIRST - 1, 0, end, last)
        sheet.freeze_panes(_FIRST, 2)
        self._paper(end, last)
        sheet.protect("", _ALLOWED)

    def _headings(self) -> None:
        head = {"bold": True, "align": "center", "valign": "vcenter", "text_wrap": True, "border": 1}
        head["border_color"] = _LINE
        locked = self._book.add_format({**head, "bg_color": "#E3EAF1", "font_color": _INK})
        own = self._book.add_format({**head, "bg_color": "#2F5D8A", "font_color": "#FFFFFF"})
        sheet, row = self._sheet, _FIRST - 1
        sheet.set_row(row, 28)
        sheet.set_column(0, 0, _SERIAL_WIDTH)
        sheet.write_string(row, 0, say("receipts-column-serial", self._lang), locked)
        for place, column in enumerate(self._columns, 1):
            sheet.set_column(place, place, _WIDTHS[column.id])
            sheet.write_string(row, place, _heading(column, self._lang), own if column.id in OPEN else locked)
        key = len(self._columns) + 1
        sheet.set_column(key, key, None, None, {"hidden": True})
        sheet.write_string(row, key, say("receipts-column-mark", self._lang), locked)

    def _row(self, line: int, number: int, row: tuple[str, date, str, date | None]) -> None:
        sheet = self._sheet
        lines = -(-sum(1 + (ord(letter) > 0xFF) for letter in row[2]) // (_WIDTHS["description"] - 2))
        sheet.set_row(line, min(409, max(30, 14 * lines + 4)))
        sheet.write_number(line, 0, number, self._look("serial", own=False))
        for place, (column, value) in enumerate(zip(self._columns, (*row, *(None,) * len(OPEN)), strict=True), 1):
            look = self._look(column.type, own=column.id in OPEN)
            if value is None:
                sheet.write_blank(line, place, None, look)
            elif isinstance(value, date):
                sheet.write_datetime(line, place, value, look)
            else:
                # A number is written as it is: a masked one would not be known again.
                text = as_written(value) if column.type == "id" else cell_text(value, self._lang)
                sheet.write_string(line, place, text, look)
        sheet.write_string(line, len(self._columns) + 1, row_mark(self._sent.town, row[0]))

    def _look(self, kind: str, *, own: bool) -> Any:
        if (kind, own) not in self._looks:
            look = {"border": 1, "border_color": _LINE, "valign": "vcenter", "text_wrap": True, "locked": not own}
            look["bg_color"] = "#FFFDF0" if own else "#F6F8FA"
            if kind in _NUMBERS:
                look["num_format"] = _NUMBERS[kind]
            look |= {"align": "center"} if kind in _CENTRED else {"align": "left", "indent": 1}
            self._looks[kind, own] = self._book.add_format(look)
        return self._looks[kind, own]

    def _rule(self, column: Column) -> dict[str, Any]:
        """Return what an open cell may hold; text may be anything."""
        told = {"error_title": _heading(column, self._lang), "ignore_blank": True}
        told |= {"input_title": _heading(column, self._lang), "input_message": _what(column, self._lang)}
        if column.choices:
            words = [words[0] if self._lang == "zh" else key for key, words in column.choices.items()]
            return {"validate": "list", "source": words, "error_message": say("blank-not-in-list", self._lang), **told}
        if column.type == "date":
            error = say("blank-not-a-date", self._lang)
            return {"validate": "date", "criteria": ">=", "value": date(1950, 1, 1), "error_message": error, **told}
        if column.type == "amount":
            error = say("blank-not-a-number", self._lang)
            return {"validate": "decimal", "criteria": ">=", "value": 0, "error_message": error, **told}
        return {"validate": "any", **told}

    def _sign(self, last: int) -> None:
        look = self._book.add_format({"locked": False, "valign": "vcenter"})
        self._sheet.set_row(2, 24)
        words = [say(f"receipts-sign-{name}", self._lang, town=self._sent.name) for name in ("unit", "leader", "day")]
        for place, text in zip((0, 4, last - 2), words, strict=True):
            self._sheet.write_string(2, place, cell_text(text, self._lang), look)

    def _paper(self, end: int, last: int) -> None:
        sheet = self._sheet
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(_FIRST - 1)
        sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
        sheet.print_area(0, 0, end, last)
        sheet.set_footer("&C&9&P / &N")


def _heading(column: Column, lang: str) -> str:
    return column.zh if lang == "zh" else column.id


def _what(column: Column, lang: str) -> str:
    return say(f"receipts-about-{column.id.replace('_', '-')}", lang)


def _help(book: xlsxwriter.Workbook, lang: str) -> None:
    """Write the sheet that says how to fill the other in."""
    sheet = book.add_worksheet(say("receipts-sheet-help", lang))
    columns = [returned_table().columns[name] for name in OPEN]
    lines = [("", say("receipts-help-lead", lang))]
    lines += [(_heading(column, lang), _what(column, lang)) for column in columns]
    lines += [("", say(f"receipts-help-{name}", lang)) for name in ("objection", "rows", "back")]
    name = book.add_format({"bold": True, "valign": "top", "font_color": _INK})
    text = book.add_format({"text_wrap": True, "valign": "top", "font_color": _INK})
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 1, 84)
    for row, (first, second) in enumerate(lines):
        sheet.set_row(row, 34)
        sheet.write_string(row, 0, first, name)
        sheet.write_string(row, 1, second, text)
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.protect("", _ALLOWED)


def _marks(book: xlsxwriter.Workbook, sent: Sent, lang: str) -> None:
    """Write the hidden sheet by which the workbook is known again: town, what it is about, each row as it went out."""
    sheet = book.add_worksheet(MARK)
    text = book.add_format({"num_format": "@"})
    rows: list[tuple[str, ...]] = [(MARK, sent.town, sent.label, sent.on.isoformat(), "", "")]
    for finding, found, told, due in sent.rows:
        shown = (finding, found, cell_text(told, lang), due)
        rows.append((row_mark(sent.town, finding), *map(cell_mark, shown), ""))
    for line, cells in enumerate(rows):
        for place, cell in enumerate(cells):
            sheet.write_string(line, place, cell, text)
    sheet.very_hidden()
    sheet.protect("")
