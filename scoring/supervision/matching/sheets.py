"""The workbooks of a match: one for each town, which comes back filled in, and one over all for the bureau."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import polars as pl
import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from schemas.tables import Column, catalogue
from scoring.messages import say
from scoring.reports import book as books
from scoring.supervision.matching.alerts import CONFIRMED
from scoring.supervision.matching.policy import KINDS
from scoring.supervision.matching.registers import month_text

OWN: Final = ("verdict", "stopped", "recovered", "note")
"""The columns that the town fills in; all others are locked."""
_FURTHER: Final[tuple[tuple[str, float, books.Kind], ...]] = (
    ("status", 10, "text"),
    ("answer", 26, "text"), ("met", 18, "text"), ("file", 22, "text"), ("sheet", 12, "text"), ("row", 8, "count"),
)  # fmt: skip
_INK, _LINE, _HEAD, _OPEN = "#1F2D3D", "#C9D1D9", "#E3EAF1", "#FFF8E7"
_CENTRED: Final = frozenset(
    {"alert_id", "sure", "name", "person", "token", "event_on", "first", "last", "months", "verdict", "stopped"}
)
_A3: Final = 8
_HEAD_ROW: Final = 3


@dataclass(frozen=True)
class Words:
    """How ids are said: the towns by code, the bureau's name, the language."""

    towns: Mapping[str, str]
    bureau: str
    lang: str

    def kind(self, kind: str) -> str:
        """Return what a kind of alert is called."""
        return say(f"matching-kind-{kind.replace('_', '-')}", self.lang)

    def head(self, column: Column) -> str:
        """Return the heading of a column."""
        return column.zh if self.lang == "zh" else column.id

    def verdict(self, verdict: str | None) -> str:
        """Return what a verdict is called; nothing where there is none."""
        if verdict is None:
            return ""
        words = _columns()["verdict"].choices[verdict]
        return words[0] if self.lang == "zh" else verdict


def _columns() -> Mapping[str, Column]:
    return catalogue("registers").tables["alerts"].columns


def shown(alert: Mapping[str, Any], words: Words) -> dict[str, books.Cell]:
    """Return an alert's cells by the columns of the table `alerts`."""
    lang = words.lang
    reasons = [say(f"matching-why-{alert['why']}", lang)]
    if alert["filed"]:
        reasons.append(say("matching-why-filed", lang))
    months = {name: None if alert[name] is None else month_text(alert[name]) for name in ("first", "last", "stopped")}
    return {
        **{
            name: alert[name]
            for name in ("alert_id", "person", "token", "case_ref", "village", "programme", "event_on")
        },
        "months": alert["months"],
        "note": None,
        **months,
        "kind": words.kind(alert["kind"]),
        "sure": say("matching-sure" if alert["sure"] else "matching-possible", lang),
        "why": say("list-comma", lang).join(reasons),
        "name": alert["surname"],
        "amount": _yuan(alert["amount"]),
        "verdict": words.verdict(alert["verdict"]),
        "recovered": _yuan(alert["recovered"]),
    }


def _yuan(fen: int | None) -> float | None:
    return None if fen is None else fen / 100


def in_order(alerts: pl.DataFrame) -> pl.DataFrame:
    """Return alerts the gravest and the surest first, of those the dearest."""
    return alerts.sort(
        "kind", pl.col("sure").not_(), "amount", "alert_id", descending=[False, False, True, False], nulls_last=True
    )


def town_book(alerts: pl.DataFrame, town: str, words: Words, made: date) -> bytes:
    """Return the workbook of one town's open alerts: what was found is locked, the answers are open, with lists."""
    lang = words.lang
    packed = io.BytesIO()
    options = {
        "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
        "default_format_properties": {"font_name": say("book-font", lang), "font_size": 10},
    }  # fmt: skip
    title = say("matching-town-title", lang, town=words.towns[town])
    with xlsxwriter.Workbook(packed, options) as book:
        book.set_properties({"title": title, "created": datetime(made.year, made.month, made.day)})  # noqa: DTZ001
        _TownSheet(book, title, words).write(
            [shown(row, words) for row in in_order(alerts).iter_rows(named=True)], made
        )
    return packed.getvalue()


class _TownSheet:
    """The one sheet of a town's workbook."""

    def __init__(self, book: xlsxwriter.Workbook, title: str, words: Words) -> None:
        self._lang, self._words, self._title = words.lang, words, title
        table = catalogue("registers").tables["alerts"]
        self._columns = list(table.columns.values())
        self._sheet = book.add_worksheet(table.zh if words.lang == "zh" else table.id)
        line = {"border": 1, "border_color": _LINE, "valign": "vcenter"}
        self._book, self._line = book, line
        self._looks: dict[str, Any] = {}
        self._big = book.add_format({"bold": True, "font_size": 16, "align": "center", "valign": "vcenter"})
        self._said = book.add_format({"text_wrap": True, "valign": "vcenter", "font_color": _INK})
        head = {**line, "bold": True, "text_wrap": True, "align": "center", "font_color": _INK}
        self._heads = {own: book.add_format({**head, "bg_color": _OPEN if own else _HEAD}) for own in (False, True)}

    def write(self, rows: Sequence[Mapping[str, books.Cell]], made: date) -> None:
        """Write title, what is to be done, who answers, headings, a row an alert."""
        sheet, last = self._sheet, len(self._columns) - 1
        sheet.merge_range(0, 0, 0, last, self._title, self._big)
        sheet.set_row(0, 30)
        told = say("matching-town-text", self._lang, count=len(rows))
        sheet.merge_range(1, 0, 1, last, told, self._said)
        sheet.set_row(1, 48)
        for place, column in enumerate(self._columns):
            sheet.set_column(place, place, column.width)
            sheet.write_string(_HEAD_ROW, place, self._words.head(column), self._heads[column.id in OWN])
        sheet.merge_range(2, 0, 2, last, say("matching-town-sign", self._lang), self._said)
        sheet.set_row(2, 24)
        sheet.set_row(_HEAD_ROW, 32)
        first = _HEAD_ROW + 1
        for number, row in enumerate(rows, first):
            for place, column in enumerate(self._columns):
                self._cell(number, place, column.id, row[column.id])
            sheet.set_row(number, 27)
        self._rules(first, _HEAD_ROW + len(rows))
        self._page(made)

    def _cell(self, row: int, place: int, name: str, value: books.Cell) -> None:
        look = self._look(name)
        if value is None or value == "":
            self._sheet.write_blank(row, place, None, look)
        elif isinstance(value, str):
            self._sheet.write_string(row, place, books.cell_text(value, self._lang), look)
        elif isinstance(value, date):
            self._sheet.write_datetime(row, place, value, look)
        else:
            self._sheet.write_number(row, place, value, look)

    def _look(self, name: str) -> Any:
        if name not in self._looks:
            look: dict[str, Any] = {**self._line, "text_wrap": True}
            look |= {"align": "center"} if name in _CENTRED else {}
            look |= {"locked": False, "bg_color": _OPEN} if name in OWN else {}
            formats = {
                "amount": "#,##0.00",
                "recovered": "#,##0.00",
                "event_on": "yyyy-mm-dd",
                "stopped": "@",
                "months": "0",
            }
            look |= {"num_format": formats[name]} if name in formats else {}
            self._looks[name] = self._book.add_format(look)
        return self._looks[name]

    def _rules(self, first: int, last: int) -> None:
        places = {column.id: place for place, column in enumerate(self._columns)}
        verdicts = [self._words.verdict(verdict) for verdict in _columns()["verdict"].choices]
        rules: dict[str, dict[str, Any]] = {
            "verdict": {"validate": "list", "source": verdicts},
            "recovered": {"validate": "decimal", "criteria": ">=", "value": 0},
            "stopped": {"validate": "custom", "value": self._month_rule(xl_col_to_name(places["stopped"]), first)},
        }
        for name, rule in rules.items():
            told = {
                "error_title": self._words.head(_columns()[name]),
                "error_message": say(f"matching-town-{name}", self._lang),
            }
            self._sheet.data_validation(first, places[name], last, places[name], {**rule, **told})

    @staticmethod
    def _month_rule(column: str, first: int) -> str:
        """Return the formula that a month like 2025-10 satisfies."""
        cell = f"{column}{first + 1}"
        return (
            f'=AND(LEN({cell})=7,MID({cell},5,1)="-",ISNUMBER(VALUE(LEFT({cell},4))),ISNUMBER(VALUE(RIGHT({cell},2))))'
        )

    def _page(self, made: date) -> None:
        sheet = self._sheet
        # Without a password: it keeps slips away, not people.
        sheet.protect("", {"format_columns": True, "format_rows": True, "autofilter": True, "sort": True})
        sheet.freeze_panes(_HEAD_ROW + 1, 2)
        sheet.set_landscape()
        sheet.set_paper(_A3)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(_HEAD_ROW)
        sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        sheet.set_footer(f"&L&8 {say('matching-town-foot', self._lang, day=made)}&R&8&P / &N")


def summary_book(path: Path, alerts: pl.DataFrame, places: pl.DataFrame, words: Words, made: date) -> None:
    """Write the bureau's workbook: counts by town and kind, and every alert with where its record stands."""
    lang = words.lang
    title = say("matching-summary-title", lang)
    with books.Book(
        path, title=title, run_line=say("matching-internal", lang), made=made, decimals=2, lang=lang
    ) as book:
        columns, rows = _counts(alerts, words)
        book.table(say("matching-sheet-counts", lang), columns, rows, fixed=1)
        columns, rows = _every(alerts, places, words)
        book.table(say("matching-sheet-alerts", lang), columns, rows, fixed=2, pages=2)


def _counts(alerts: pl.DataFrame, words: Words) -> tuple[list[books.Column], list[list[books.Cell]]]:
    lang = words.lang
    kinds = [kind for kind in KINDS if (alerts["kind"] == kind).any()]
    states = ("sent", "answered", "confirmed", "lapsed")
    columns = [books.Column(words.head(catalogue().tables["findings"].columns["town"]), 16)]
    columns += [books.Column(words.kind(kind), 13, "count") for kind in kinds]
    columns += [books.Column(say(f"matching-status-{state}", lang), 10, "count") for state in states]
    columns += [
        books.Column(say(f"matching-sum-{name}", lang), 15, "points") for name in ("sure", "confirmed", "recovered")
    ]
    rows: list[list[books.Cell]] = []
    for code, name in (*words.towns.items(), (None, say("matching-all", lang))):
        own = alerts if code is None else alerts.filter(pl.col("town") == code)
        confirmed = own.filter(pl.col("verdict").is_in(CONFIRMED))
        counts = [own.filter(pl.col("kind") == kind, pl.col("status") != "lapsed").height for kind in kinds]
        held = [own.filter(pl.col("status") == "sent").height, own.filter(pl.col("status") == "answered").height]
        held += [confirmed.height, own.filter(pl.col("status") == "lapsed").height]
        sure = own.filter("sure", pl.col("status") != "lapsed")["amount"].sum()
        sums = [_yuan(int(each)) for each in (sure, confirmed["amount"].sum(), own["recovered"].sum())]
        # A nought is left out: what there is shall be seen.
        rows.append([name, *(figure or None for figure in (*counts, *held, *sums))])
    return columns, rows


def _every(
    alerts: pl.DataFrame, places: pl.DataFrame, words: Words
) -> tuple[list[books.Column], list[list[books.Cell]]]:
    lang = words.lang
    kinds: dict[str, books.Kind] = {
        "amount": "points",
        "recovered": "points",
        "months": "count",
        "event_on": "date",
        "why": "long",
        "note": "long",
    }
    known = [column for column in _columns().values() if column.id != "note"]
    town = books.Column(words.head(catalogue().tables["findings"].columns["town"]), 14)
    columns = [
        books.Column(words.head(known[0]), known[0].width),
        town,
        *(books.Column(words.head(column), max(column.width, 8), kinds.get(column.id, "text")) for column in known[1:]),
        *(books.Column(say(f"matching-column-{name}", lang), width, kind) for name, width, kind in _FURTHER),
    ]
    rows: list[list[books.Cell]] = []
    for row in in_order(alerts.join(places, on="alert_id", how="left")).iter_rows(named=True):
        cells = shown(row, words)
        met = say("list-comma", lang).join(words.towns.get(each, each) for each in (row["other"] or "").split(";"))
        status = say(f"matching-status-{row['status']}", lang)
        rows.append(
            [row["alert_id"], words.towns.get(row["town"], row["town"]), *(cells[column.id] for column in known[1:]),
             status, row["answer"], met, row["source_file"], row["source_sheet"], row["source_row"]]
        )  # fmt: skip
    return columns, rows
