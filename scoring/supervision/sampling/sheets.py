"""The work sheets: a workbook a town, locked but for what is filled in, that prints on A4 and comes back as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from io import BytesIO
from itertools import accumulate
from typing import Any, Final

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from scoring.messages import say
from scoring.reports.office_text import as_written
from scoring.supervision.sampling.drawing import Drawn
from scoring.supervision.sampling.fields import Field, cells_of, fields_of
from scoring.supervision.sampling.policy import Point
from scoring.supervision.sampling.record import Kind, Record

_A4: Final = 9
_KEPT: Final = 2  # columns that stand on every page: serial and number
_HEAD: Final = 3  # rows above the headings: title, how to fill in, mark
_INK, _LINE, _OPEN, _SHUT = "#1F2D3D", "#8A949E", "#FFFFFF", "#F1F3F5"


@dataclass(frozen=True)
class Town:
    """Whose sheet it is, and how many were confirmed there."""

    code: str
    name: str
    count: int


@dataclass(frozen=True)
class Words:
    """What a sheet is written with: its points, the scheme's severities and labels, the language."""

    points: Sequence[Point]
    severities: Sequence[str]
    indicators: Mapping[str, str]
    lang: str


def mark_of(kind: Kind, month: str, town: str, code: str) -> str:
    """Return the mark by which a sheet is known when it comes back."""
    return f"{month}/{town}/{kind}/{code}"


def sheet_bytes(record: Record, town: Town, words: Words) -> bytes:
    """Return a town's work sheet as a workbook; equal draws give equal bytes."""
    target = BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "default_format_properties": {"font_name": say("book-font", words.lang), "font_size": 10},
    }
    with xlsxwriter.Workbook(target, options) as book:
        _Sheet(book, record, town, words).write()
    return target.getvalue()


class _Sheet:
    def __init__(self, book: xlsxwriter.Workbook, record: Record, town: Town, words: Words) -> None:
        self.book, self.record, self.town, self.words = book, record, town, words
        self.kind, self.month, lang = record.commitment.kind, record.commitment.month, words.lang
        self.fields = fields_of(self.kind, words.points, words.severities, lang)
        self.rows = record.of_town(town.code)
        title = say(f"sampling-title-{self.kind}", lang, month=self.month, town=town.name)
        book.set_properties({"title": as_written(title), "created": datetime(2000, 1, 1, tzinfo=UTC)})
        self.sheet: Worksheet = book.add_worksheet(say(f"sampling-sheet-{self.kind}", lang))
        self._looks: dict[tuple[Any, ...], Any] = {}
        self.title = title

    def write(self) -> None:
        self._above()
        self._headings()
        for line, (drawn, facts) in enumerate(self.rows):
            self._row(_HEAD + 1 + line, line + 1, drawn, facts)
        self._below()
        self._rules()
        self._paper()
        if self.kind == "sample":
            self._guide()

    def look(self, **properties: Any) -> Any:
        """Return a format; each kind is made once."""
        key = tuple(sorted(properties.items()))
        if key not in self._looks:
            self._looks[key] = self.book.add_format({"valign": "vcenter", **properties})
        return self._looks[key]

    def _above(self) -> None:
        # Beside the columns that every page repeats, which would show a piece of it again.
        lang, last = self.words.lang, self._across()
        first = _KEPT if self.kind == "sample" else 0
        texts = (
            (self.title, 30, {"bold": True, "font_size": 16, "font_color": _INK}),
            (say(f"sampling-how-{self.kind}", lang), 62, {"text_wrap": True, "font_size": 9, "valign": "top"}),
            (self._summary(), 18, {"font_size": 9, "font_color": _INK}),
        )
        for line, (text, height, properties) in enumerate(texts):
            self.sheet.set_row(line, height)
            self.sheet.merge_range(line, first, line, last, "", self.look(**properties))
            self.sheet.write_string(line, first, as_written(text), self.look(**properties))

    def _summary(self) -> str:
        risky = sum(bool(drawn.why) for drawn, _ in self.rows)
        mark = mark_of(self.kind, self.month, self.town.code, self.record.commitment.code)
        return say(
            f"sampling-summary-{self.kind}", self.words.lang, mark=mark, count=self.town.count,
            drawn=len(self.rows), risky=risky, rest=len(self.rows) - risky,
        )  # fmt: skip

    def _headings(self) -> None:
        lang, row = self.words.lang, _HEAD
        upright = any(one.upright for one in self.fields)
        # A Chinese heading stands letter under letter, a Latin one lies on its side.
        tall = 14 * max(len(one.heading) for one in self.fields if one.upright) + 8 if upright else 34
        self.sheet.set_row(row, tall if lang == "zh" or not upright else 124)
        self.sheet.set_comments_author("")
        for place, one in enumerate(self.fields):
            turned = {"rotation": 270 if lang == "zh" else 90} if one.upright else {}
            shade = "#2F5D8A" if one.open else "#5B6B7B"
            head = self.look(
                bold=True, align="center", text_wrap=not one.upright, border=1, border_color=_LINE, bg_color=shade,
                font_color="#FFFFFF", font_size=9, **turned,
            )  # fmt: skip
            self.sheet.set_column(place, place, one.width)
            self.sheet.write_string(row, place, one.heading, head)
            if one.note:
                self.sheet.write_comment(row, place, one.note, {"font_size": 9, "color": "#FFFDF5", "x_scale": 1.6})

    def _row(self, row: int, number: int, drawn: Drawn, facts: Mapping[str, Any]) -> None:
        told = cells_of(drawn, facts, self.words.points, self.words.indicators, self.words.lang)
        self.sheet.set_row(row, 46 if self.kind == "look-back" else 34)
        for place, one in enumerate(self.fields):
            value = number if one.name == "number" else told.get(one.name)
            look = self._cell(one)
            if value is None:
                self.sheet.write_blank(row, place, None, look)
            elif isinstance(value, date):
                self.sheet.write_datetime(row, place, datetime(value.year, value.month, value.day), look)  # noqa: DTZ001
            elif isinstance(value, int):
                self.sheet.write_number(row, place, value, look)
            else:
                self.sheet.write_string(row, place, as_written(value), look)

    def _cell(self, one: Field) -> Any:
        number = {"date": "yyyy-mm-dd", "amount": "0.00", "choice": "@"}.get(one.type)
        left = one.name in {"text", "description", "indicator", "village", "case", "finding"}
        return self.look(
            border=1, border_color=_LINE, text_wrap=True, locked=not one.open, font_size=9,
            bg_color=_OPEN if one.open else _SHUT, align="left" if left else "center",
            num_format=number or ("General" if one.name in {"number", "text"} else "@"),
        )  # fmt: skip

    def _below(self) -> None:
        line = _HEAD + 1 + len(self.rows) + 1
        self.sheet.set_row(line, 24)
        self.sheet.write_string(line, _KEPT, say("sampling-signed", self.words.lang), self.look(font_size=10))

    def _rules(self) -> None:
        """Offer the words, ask for days and amounts; what is pasted past these rules is read or refused at import."""
        if not self.rows:
            return
        lang, first, last = self.words.lang, _HEAD + 1, _HEAD + len(self.rows)
        for place, one in enumerate(self.fields):
            if not one.open or one.name == "text":
                continue
            rule: dict[str, Any] = {
                "error_title": one.heading[:32],
                "error_message": say(f"sampling-ask-{one.type}", lang),
            }
            if one.type == "choice":
                rule |= {"validate": "list", "source": list(one.words.values())}
            elif one.type == "date":
                rule |= {"validate": "date", "criteria": ">=", "value": date.fromisoformat(f"{self.month}-01")}
            else:
                rule |= {"validate": "decimal", "criteria": ">=", "value": 0}
            self.sheet.data_validation(first, place, last, place, rule)
            if one.type == "choice" and one.name != "severity":
                bad = next((word for key, word in one.words.items() if key in {"failed", "back", "false"}), None)
                if bad:
                    shown = self.book.add_format({"bg_color": "#F8D7D3", "bold": True})
                    cells = (first, place, last, place)
                    rule = {"type": "cell", "criteria": "==", "value": f'"{bad}"', "format": shown}
                    self.sheet.conditional_format(*cells, rule)

    def _across(self) -> int:
        """Return the last column of what stands above: well within the first page, whatever the program's fonts."""
        if self.kind == "look-back":
            return len(self.fields) - 1
        total = sum(one.width for one in self.fields)
        across = accumulate(one.width for one in self.fields)
        return max(place for place, width in enumerate(across) if width < 0.42 * total)

    def _paper(self) -> None:
        sheet = self.sheet
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.55)
        # As many pages across, whatever widths the program's own fonts give: a fixed scale would be too wide in some.
        sheet.fit_to_pages(2 if self.kind == "sample" else 1, 0)
        if self.kind == "sample":
            sheet.repeat_columns(0, _KEPT - 1)
        sheet.repeat_rows(_HEAD)
        sheet.set_header(f"&R&8 {as_written(self.title).replace('&', '&&')}")
        sheet.set_footer(f"&L&8 {as_written(say('sampling-footer', self.words.lang))}&R&8 &P / &N")
        sheet.print_area(0, 0, _HEAD + 2 + len(self.rows), len(self.fields) - 1)
        sheet.freeze_panes(_HEAD + 1, _KEPT)
        sheet.protect("", {"format_columns": True, "format_rows": True, "format_cells": False})
        sheet.ignore_errors({"number_stored_as_text": f"A1:{xl_col_to_name(len(self.fields) - 1)}{_HEAD + 99}"})

    def _guide(self) -> None:
        """Say on a sheet of its own what each point asks and where it counts."""
        lang = self.words.lang
        sheet = self.book.add_worksheet(say("sampling-sheet-guide", lang))
        columns = (("item", 6), ("point", 18), ("ask", 44), ("counts", 30), ("usual", 10))
        head = self.look(bold=True, align="center", border=1, border_color=_LINE, bg_color="#E3EAF1", text_wrap=True)
        cell = self.look(border=1, border_color=_LINE, text_wrap=True, font_size=9, align="left", indent=1)
        for place, (name, width) in enumerate(columns):
            sheet.set_column(place, place, width)
            sheet.write_string(0, place, say(f"sampling-guide-{name}", lang), head)
        for line, point in enumerate(self.words.points, 1):
            counts = self.words.indicators.get(point.indicator, say("sampling-guide-nowhere", lang))
            sheet.write_number(line, 0, point.item, cell)
            for place, text in enumerate((point.called(lang), point.asked(lang), counts, point.severity), 1):
                sheet.write_string(line, place, as_written(text), cell)
        sheet.set_paper(_A4)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.protect("")
