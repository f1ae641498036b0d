"""A scheme as a workbook: a row an indicator, price lists, and every other value, with sums and drop-downs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from xlsxwriter.utility import xl_col_to_name

from scoring.messages import say
from scoring.reports.book import Book, Cell, Kind
from scoring.reports.book import Column as BookColumn
from scoring.revising.edit import Editor
from scoring.revising.layout import (
    INDICATORS,
    NUMBERS,
    PLACE,
    SUM,
    Column,
    Layout,
    Row,
    as_number,
    layouts,
    mark_of,
    options,
    shown_as,
)

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

    from scoring.scheme import LoadedScheme

_HOW_MANY = 4


def write_workbook(loaded: LoadedScheme, path: Path, lang: str) -> None:
    """Write a scheme as a workbook that `weights import` reads back.

    Raises
    ------
    OSError
        It cannot be written there.
    """
    scheme = loaded.scheme
    title = say("weights-book-title", lang, title=(lang == "en" and scheme.title_en) or scheme.title)
    with Book(path, title=title, run_line=loaded.file, made=scheme.effective.from_, decimals=2, lang=lang) as book:
        heads = [
            BookColumn(say("weights-column-item", lang), 18),
            BookColumn(say("weights-column-says", lang), 90, "long"),
        ]
        says = [
            [say("weights-read-file", lang), loaded.file],
            [say("weights-read-hash", lang), mark_of(loaded.sha256)],
            *([say("weights-read-how", lang), say(f"weights-read-how-{n}", lang)] for n in range(1, _HOW_MANY + 1)),
        ]
        book.table(say("weights-sheet-read-me", lang), heads, says, portrait=True)
        for sheet in layouts(Editor(loaded.text).root, lang):
            columns = [BookColumn(c.heading, c.width, _kind(c)) for c in sheet.columns]

            def finish(made: Worksheet, first: int, _: int, sheet: Layout = sheet) -> None:
                _drop_downs(made, sheet, first, lang)
                for number, row in enumerate(sheet.rows, first):
                    if row.total:
                        tinted = {"type": "no_errors", "format": book.below}
                        made.conditional_format(number, 0, number, len(sheet.columns) - 1, tinted)

            fixed = 3 if sheet.name == INDICATORS else 2
            book.table(sheet.heading, columns, _cells(sheet, lang), fixed=fixed, finish=finish)


def _kind(column: Column) -> Kind:
    if column.name in NUMBERS and column.name != "value":
        return "number"
    return "long" if column.width >= 30 and column.name != PLACE else "text"


def _cells(sheet: Layout, lang: str) -> Iterator[list[Cell]]:
    names = [column.name for column in sheet.columns]
    letter = xl_col_to_name(names.index("points")) if "points" in names else ""
    for row in sheet.rows:
        yield [_cell(sheet, row, name, letter, lang) for name in names]
    if sheet.name == INDICATORS:
        total = [row for row in sheet.rows if row.total]
        cells = [f"{letter}{n}" for n, row in enumerate(sheet.rows, 2) if row.total]
        summed = sum(_value(row, "points") for row in total)
        yield [
            say("weights-total", lang)
            if c.name == "dimension"
            else ("=" + "+".join(cells), summed)
            if c.name == SUM
            else None
            for c in sheet.columns
        ]


def _cell(sheet: Layout, row: Row, name: str, letter: str, lang: str) -> Cell:
    if name == PLACE or name in row.words:
        return row.place if name == PLACE else row.words[name]
    if name == SUM:
        return _sum(sheet, row, letter) if row.total else None
    slot = row.slots.get(name)
    if slot is None or slot.text is None:
        return None
    shown = shown_as(slot, slot.text, lang)
    plain = as_number(slot.text) if slot.kind in {"amount", "whole"} and shown == slot.text else None
    return shown if plain is None else plain


def _sum(sheet: Layout, row: Row, letter: str) -> Cell:
    """Return the formula that sums a dimension's indicators, and what it comes to."""
    inside = [n for n, other in enumerate(sheet.rows, 2) if other.path[:2] == row.path and not other.total]
    if not inside:
        return None
    summed = sum(_value(sheet.rows[n - 2], "weight") or _value(sheet.rows[n - 2], "points") for n in inside)
    points = f"{letter}{inside[0]}:{letter}{inside[-1]}"
    weighed = xl_col_to_name([column.name for column in sheet.columns].index("weight"))
    weights = f"{weighed}{inside[0]}:{weighed}{inside[-1]}"
    # Where an indicator has a weight it counts for that, not for its points.
    return f'=SUM({points})-SUMIF({weights},">0",{points})+SUM({weights})', summed


def _value(row: Row, name: str) -> float:
    text = row.slots[name].text if name in row.slots else None
    return (as_number(text) if text else None) or 0.0


def _drop_downs(made: Worksheet, sheet: Layout, first: int, lang: str) -> None:
    """Offer the words of a choice; a word that is none is refused by the import, with its cell."""
    for number, row in enumerate(sheet.rows, first):
        for place, column in enumerate(sheet.columns):
            slot = row.slots.get(column.name)
            if slot is not None and (words := options(slot, lang)):
                made.data_validation(
                    number, place, number, place, {"validate": "list", "source": words, "error_type": "warning"}
                )
