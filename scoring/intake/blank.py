"""Blank workbooks for a bureau to fill in: one a table, with notes, drop-downs and an example row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from schemas.tables import Column, SetOfTables, Table, catalogue, table_for
from schemas.vocabulary import Vocabulary
from scoring.intake.columns import names_of
from scoring.intake.fold import name_key
from scoring.intake.names import COMBINED, match_table
from scoring.messages import say

_LAST_ROW: Final = 1_048_575
# Excel keeps a list within the cell's own rule up to this length; a longer one lies on a sheet.
_LONGEST_LIST: Final = 255
_WIDE_PAPER_FROM: Final = 170  # characters across; more than that is too small to read on A4
_A4, _A3 = 9, 8
# A month typed as 2025-03 would become a date, and a code 007 the number 7, in a cell that is not text.
_AS_TEXT: Final = frozenset({"id", "ids", "month", "period"})
_NUMBER_FORMATS: Final = {
    "date": "yyyy-mm-dd",
    "birth": "yyyy-mm-dd",
    "count": "0",
    "integer": "0",
    "amount": "#,##0.00",
}
_LONG: Final = 24
_INK, _LINE = "#1F2D3D", "#C9D1D9"
_HEADS: Final = {
    "required": {"bg_color": "#2F5D8A", "font_color": "#FFFFFF"},
    "usual": {"bg_color": "#E3EAF1", "font_color": _INK},
    "restricted": {"bg_color": "#EFEBE4", "font_color": _INK},
}


def write_blank_workbooks(
    folder: Path, vocabulary: Vocabulary, lang: str, towns: Sequence[str] = (), book: SetOfTables = "tables"
) -> tuple[Path, ...]:
    """Write a blank workbook for every table of a set that the folder does not hold yet.

    Parameters
    ----------
    folder
        The folder of those tables; a file in it is never written over.
    vocabulary
        What the scheme lets the data say: the lists of the drop-downs.
    lang
        zh heads columns in Chinese, en by their English ids.
    towns
        Names of the towns, where they are known, for a drop-down.
    book
        The tables that are scored, or the supervision's.

    Returns
    -------
    tuple
        The files that were written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     [path.name for path in write_blank_workbooks(Path(folder), Vocabulary(), "en")][:2]
    ['towns.xlsx', 'findings.xlsx']
    """
    held = {match[0] for path in folder.iterdir() if (match := match_table(path.stem, book))}
    if COMBINED in held:
        held |= {"findings", "rectifications"}
    written = []
    for name in catalogue(book).tables:
        if name not in held:
            table = table_for(name, vocabulary, book)
            path = folder / f"{table.zh if lang == 'zh' else table.id}.xlsx"
            with xlsxwriter.Workbook(path, _options(lang)) as workbook:
                _Blank(workbook, table, lang, _lists(table, vocabulary, lang, towns)).write()
            written.append(path)
    return tuple(written)


def _options(lang: str) -> dict[str, Any]:
    font = {"font_name": say("book-font", lang), "font_size": 10}
    return {"strings_to_formulas": False, "strings_to_urls": False, "default_format_properties": font}


def _lists(table: Table, vocabulary: Vocabulary, lang: str, towns: Sequence[str]) -> dict[str, list[str]]:
    """Return the words of every column that has a list, by column id."""
    names = names_of(vocabulary, {})
    meant = vocabulary.judged if table.id == "judgements" else vocabulary.by_finding
    indicators = {key: label for key, label in vocabulary.indicators.items() if key in meant or not meant}
    by_type = {
        "town": list(towns),
        "indicator": _called(indicators, names.indicators, lang),
        "measure": _called(vocabulary.measures, names.measures, lang),
    }
    lists = {}
    for column in table.columns.values():
        words = by_type.get(column.type, list(column.words))
        if column.choices:
            words = [aliases[0] if lang == "zh" else key for key, aliases in column.choices.items()]
        if words:
            lists[column.id] = words
    return lists


def _called(labels: Mapping[str, str], names: Mapping[str, str], lang: str) -> list[str]:
    """Return what a cell is to say for each id: its label, or the id where two share the label."""
    return [label if lang == "zh" and names.get(name_key(label)) == key else key for key, label in labels.items()]


def _further(column: Column) -> bool:
    """Tell whether a column is one that few bureaus need: it waits folded behind the `+` above the headings."""
    return not (column.required or column.printable or column.example)


class _Blank:
    """One table's blank workbook."""

    def __init__(self, book: xlsxwriter.Workbook, table: Table, lang: str, lists: Mapping[str, list[str]]) -> None:
        self._book = book
        self._table = table
        self._lang = lang
        self._lists = lists
        title = table.zh if lang == "zh" else table.id
        # A fixed date: the same scheme gives the same bytes.
        book.set_properties({"title": title, "created": datetime(2000, 1, 1, tzinfo=UTC)})
        self._sheet = book.add_worksheet(title)
        line = {"border": 1, "border_color": _LINE}
        head = {**line, "bold": True, "align": "center", "valign": "vcenter", "text_wrap": True}
        self._heads = {name: book.add_format({**head, **look}) for name, look in _HEADS.items()}
        self._looks: dict[tuple[str, bool, bool], Any] = {}

    def write(self) -> None:
        """Write headings with their notes, the example row, and the rules of every column."""
        sheet, columns = self._sheet, list(self._table.columns.values())
        long_lists = self._list_sheet()
        sheet.set_row(0, 32)
        sheet.set_row(1, 20)
        sheet.set_comments_author("")
        for place, column in enumerate(columns):
            folded = {"level": 1, "hidden": True} if _further(column) else {}
            sheet.set_column(place, place, self._width(column), self._look(column), folded)
            self._heading(place, column)
            self._example(place, column)
            self._rule(place, column, long_lists.get(column.id))
        sheet.freeze_panes(1, self._fixed())
        self._paper()

    def _heading(self, place: int, column: Column) -> None:
        kind = "required" if column.required else "restricted" if column.restricted else "usual"
        heading = column.zh if self._lang == "zh" else column.id
        self._sheet.write_string(0, place, f"*{heading}" if column.required else heading, self._heads[kind])
        lines = [column.note[self._lang]]
        if column.required:
            lines.insert(0, say("blank-required", self._lang))
        note = {"x_scale": 1.5, "y_scale": 0.35 + 0.25 * len(lines), "color": "#FFFDF5", "font_size": 9}
        self._sheet.write_comment(0, place, "\n".join(lines), note)

    def _example(self, place: int, column: Column) -> None:
        look = self._look(column, example=True)
        words = self._lists.get(column.id, ())
        text = column.example.get(self._lang, "")
        if column.choices and text:
            text = column.choices[text][0] if self._lang == "zh" else text
        elif not text and column.type in {"indicator", "measure", "word"} and words:
            text = words[0]
        if not text:
            self._sheet.write_blank(1, place, None, look)
        elif column.type == "date":
            self._sheet.write_datetime(1, place, date.fromisoformat(text), look)
        elif column.type in {"count", "integer", "amount", "decimal"}:
            self._sheet.write_number(1, place, Decimal(text), look)
        else:
            self._sheet.write_string(1, place, text, look)

    def _rule(self, place: int, column: Column, long_list: str | None) -> None:
        """Offer a list or ask for a date or a number; a warning only: other usual forms are read as well."""
        words = self._lists.get(column.id)
        rule: dict[str, Any]
        if words:
            rule = {"validate": "list", "source": long_list or words}
            code = "blank-not-in-list"
        elif column.type == "date":
            rule = {"validate": "date", "criteria": ">=", "value": date(1950, 1, 1)}
            code = "blank-not-a-date"
        elif column.type in {"count", "integer"}:
            rule = {"validate": "integer", "criteria": ">=", "value": 0}
            code = "blank-not-a-count"
        elif column.type in {"amount", "decimal"}:
            rule = {"validate": "decimal", "criteria": ">=", "value": 0}
            code = "blank-not-a-number"
        else:
            return
        told = {
            "error_title": column.zh if self._lang == "zh" else column.id,
            "error_message": say(code, self._lang),
            "error_type": "warning",
        }
        self._sheet.data_validation(1, place, _LAST_ROW, place, {**rule, **told})

    def _list_sheet(self) -> dict[str, str]:
        """Write the lists that are too long for a cell's rule on a hidden sheet; return where each lies."""
        long = {
            name: words
            for name, words in self._lists.items()
            if len(",".join(words)) > _LONGEST_LIST or any("," in word for word in words)
        }
        if not long:
            return {}
        name = say("blank-lists", self._lang)
        sheet: Worksheet = self._book.add_worksheet(name)
        places = {}
        for place, (column, words) in enumerate(long.items()):
            for line, word in enumerate(words):
                sheet.write_string(line, place, word)
            first, last = (xl_rowcol_to_cell(line, place, True, True) for line in (0, len(words) - 1))
            places[column] = f"='{name}'!{first}:{last}"
        sheet.hide()
        return places

    def _look(self, column: Column, *, example: bool = False) -> Any:
        number = "@" if column.type in _AS_TEXT else _NUMBER_FORMATS.get(column.type, "General")
        wrapped = column.width >= _LONG
        key = (number, wrapped, example)
        if key not in self._looks:
            look = {"num_format": number, "valign": "vcenter", "text_wrap": wrapped}
            if number in {"0", "yyyy-mm-dd"}:
                look["align"] = "center"
            if example:
                look |= {"italic": True, "font_color": "#8A949E", "bg_color": "#F7F8FA", "text_wrap": False}
                look |= {"bottom": 1, "bottom_color": _LINE}
            self._looks[key] = self._book.add_format(look)
        return self._looks[key]

    def _width(self, column: Column) -> float:
        """Return a width that also holds the heading; a Chinese character counts as two."""
        heading = column.zh if self._lang == "zh" else column.id
        return max(column.width, sum(1 + (ord(letter) > 0xFF) for letter in heading) + 4)

    def _fixed(self) -> int:
        """Return how many columns stay in sight: up to the town, where that leaves room for the others."""
        names = list(self._table.columns)
        return names.index("town") + 1 if len(names) > 8 and "town" in names[:2] else 0

    def _paper(self) -> None:
        sheet, columns = self._sheet, self._table.columns.values()
        across = sum(self._width(column) for column in columns if not _further(column))
        sheet.set_landscape()
        sheet.set_paper(_A3 if across > _WIDE_PAPER_FROM else _A4)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
        sheet.set_footer("&C&9&P / &N")
