"""A workbook of a scheme back into its file: only what was changed in a cell is changed in the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import yaml
from xlsxwriter.utility import xl_col_to_name

from scoring.intake.limits import Limits
from scoring.intake.sandbox import RawSheet, Unread, read_files
from scoring.messages import say
from scoring.reports.book import cell_text
from scoring.revising.edit import Editor, NoSuchPlaceError, id_of
from scoring.revising.layout import (
    INDICATORS,
    PLACE,
    PRICES,
    SUM,
    Layout,
    Row,
    layouts,
    mark_of,
    same_amount,
    shown_as,
    token,
    why_not,
)
from scoring.revising.slots import Kind, Slot
from scoring.scheme import SchemeError, parse_scheme
from scoring.scratch import scratch

if TYPE_CHECKING:
    from scoring.scheme import LoadedScheme

_MARK: Final = 32
_NEW_INDICATOR: Final = ("dimension", "id", "label", "points", "clause", "rule.prices")
_NEW_PRICE: Final = ("list", "when", "price")
_PRICE: Final[Mapping[str, Kind]] = {
    "when": "conditions", "price": "amount", "zero_out": "yes", "from": "day", "to": "day", "clause": "text",
    "note": "text",
}  # fmt: skip
_INDICATOR: Final = {
    **{name: Slot((name,), "text") for name in ("id", "label", "label_en", "clause", "basis", "note", "rule.prices")},
    "points": Slot(("points",), "amount"),
    "weight": Slot(("weight",), "amount"),
    "cap": Slot(("cap",), "amount", ("points", "none")),
    "no_data": Slot(("no_data",), "choice", ("refuse", "zero", "full", "not_applicable")),
    "rule.kind": Slot(("rule", "kind"), "choice", ("deduct",)),
    "rule.per": Slot(("rule", "per"), "choice", ("finding", "case", "person")),
}
"""What the cells of a new row may say; all else of it is refused, never dropped."""
_FIXED: Final = frozenset({"dimension", "id", "list", "part", "what", "default", SUM, PLACE})
"""Columns that say what a row is about; a value changed there is not the scheme's."""


class ImportRefusedError(Exception):
    """The workbook cannot be taken over; `lines` name each cell and what is wrong with it."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = tuple(lines)


@dataclass(frozen=True)
class _Cell:
    sheet: Layout
    row: int
    column: int
    text: str

    def name(self, lang: str) -> str:
        return say("weights-cell", lang, sheet=self.sheet.heading, cell=f"{xl_col_to_name(self.column)}{self.row}")


def import_workbook(loaded: LoadedScheme, path: Path, lang: str) -> LoadedScheme:
    """Return the scheme with the changes that a workbook makes to it; the same bytes where it makes none.

    Raises
    ------
    ImportRefusedError
        It is no workbook of this scheme, a cell cannot be read, or the changed scheme is not sound.
    """
    return _Import(loaded, _sheets(path, lang), lang).made()


def scheme_of(book: Path, listed: Sequence[tuple[LoadedScheme | None, Path]], lang: str) -> tuple[LoadedScheme, Path]:
    """Return which of several schemes a workbook was made from, and where it lies.

    Raises
    ------
    ImportRefusedError
        From none of them as they are now.
    """
    told = {cell for sheet in _sheets(book, lang) for _, row in _rows(sheet) for cell in row if len(cell) == _MARK}
    for loaded, path in listed:
        if loaded is not None and mark_of(loaded.sha256) in told:
            return loaded, path
    raise ImportRefusedError([say("weights-import-other-file", lang)])


def _sheets(path: Path, lang: str) -> list[RawSheet]:
    with scratch() as folder:
        found = read_files([(path, "xlsx")], frozenset(), folder, Limits())
        if any(isinstance(one, Unread) for one in found):
            raise ImportRefusedError([say("weights-import-no-book", lang, file=path.name)])
        sheets = [one for one in found if isinstance(one, RawSheet)]
    if not any(sheet.sheet in _names("read-me") for sheet in sheets):
        raise ImportRefusedError([say("weights-import-no-book", lang, file=path.name)])
    return sheets


def _names(word: str) -> dict[str, str]:
    return {say(f"weights-sheet-{word}", lang): lang for lang in ("zh", "en")}


class _Import:
    def __init__(self, loaded: LoadedScheme, sheets: Sequence[RawSheet], lang: str) -> None:
        self.loaded, self.lang = loaded, lang
        self.sheets = {sheet.sheet: _rows(sheet) for sheet in sheets}
        # In whatever language it was written, it is read.
        self.book_lang = next(known for name, known in _names("read-me").items() if name in self.sheets)
        self.editor = Editor(loaded.text)
        self.problems: list[str] = []
        self.touched = False
        self.indicators = {indicator.id for _, indicator in loaded.scheme.indicators()}
        self.cells: dict[str, list[_Cell]] = {}
        told = [text for _, row in self.sheets[say("weights-sheet-read-me", self.book_lang)] for text in row]
        if mark_of(loaded.sha256) not in told:
            raise ImportRefusedError([say("weights-import-other-file", lang)])

    def made(self) -> LoadedScheme:
        for sheet in layouts(self.editor.root, self.book_lang):
            self._sheet(sheet)
        if self.problems:
            raise ImportRefusedError(self.problems)
        if not self.touched:
            return self.loaded
        content = self.editor.text().encode("utf-8")
        if self.loaded.content.startswith(b"\xef\xbb\xbf"):
            content = b"\xef\xbb\xbf" + content
        try:
            return parse_scheme(content, self.loaded.file, self.lang)
        except SchemeError as error:
            raise ImportRefusedError(self._placed(error, content)) from None

    def _sheet(self, sheet: Layout) -> None:
        rows = self.sheets.get(sheet.heading, [])
        head = next((n for n, (_, row) in enumerate(rows) if {c.heading for c in sheet.columns} <= set(row)), None)
        if head is None:
            self.problems.append(say("weights-import-no-book", self.lang, file=sheet.heading))
            return
        places = [rows[head][1].index(column.heading) for column in sheet.columns]
        names = [column.name for column in sheet.columns]
        known = {row.place: row for row in sheet.rows}
        seen: dict[str, int] = {}
        last: Row | None = None
        for number, texts in rows[head + 1 :]:
            cells = {
                name: _Cell(sheet, number, at, texts[at].strip() if at < len(texts) else "")
                for name, at in zip(names, places, strict=True)
            }
            place = cells[PLACE].text
            if place in known and place not in seen:
                seen[place] = number
                last = known[place]
                self.cells[place] = list(cells.values())
                self._compare(last, cells)
            elif place in seen:
                self._wrong("twice", cells[PLACE], place=place)
            elif place:
                self._wrong("no-place", cells[PLACE], place=place)
            elif any(cell.text for name, cell in cells.items() if name not in {SUM, "default"}) and not self._is_total(
                cells
            ):
                self._new(sheet, cells, last)
        for place, row in known.items():
            # A row whose value the file leaves out anyway takes nothing along.
            if place not in seen and any(slot.text is not None for slot in row.slots.values()):
                self.editor.remove(row.path)
                self.touched = True

    def _is_total(self, cells: Mapping[str, _Cell]) -> bool:
        return any(cell.text == say("weights-total", self.book_lang) for cell in cells.values())

    def _compare(self, row: Row, cells: Mapping[str, _Cell]) -> None:
        for name, cell in cells.items():
            slot = row.slots.get(name)
            if name in _FIXED or (slot is None and not cell.text):
                continue
            if slot is None:
                self._wrong("not-here", cell)
                continue
            was = shown_as(slot, slot.text, self.book_lang) or ""
            shown = cell_text(was, self.book_lang).strip()
            if cell.text == shown or (slot.kind in {"amount", "whole"} and same_amount(cell.text, was)):
                continue
            self.cells[row.place] = [cell]  # what is wrong with the row later is most likely this
            self._change(slot, cell)

    def _change(self, slot: Slot, cell: _Cell) -> None:
        path = slot.path
        if not cell.text:
            if slot.needed:
                self._wrong("needed", cell)
            elif slot.text is not None:
                self.editor.remove(path)
                self.touched = True
            return
        made = self._token(slot, cell)
        if made is None:
            return
        try:
            self.editor.replace(path, made)
            self.touched = True
        except NoSuchPlaceError:
            self._wrong("not-here", cell)

    def _token(self, slot: Slot, cell: _Cell) -> str | None:
        """Return what the file is to say; None, and a problem, where the cell says nothing that can stand there."""
        made = token(slot, cell.text, self.book_lang)
        if made is None:
            self.problems.append(why_not(slot, self.lang, cell=cell.name(self.lang), text=cell.text))
        return made

    def _new(self, sheet: Layout, cells: Mapping[str, _Cell], last: Row | None) -> None:
        wanted = {INDICATORS: _NEW_INDICATOR, PRICES: _NEW_PRICE}.get(sheet.name, ())
        first = next(iter(cells.values()))
        if not wanted or last is None:
            self._wrong("not-here", first)
            return
        headings = {column.name: column.heading for column in sheet.columns}
        missing = [name for name in wanted if not cells[name].text and name != "when"]
        if missing:
            self._wrong("new-row", cells[missing[0]], column=headings[missing[0]])
            return
        made = self._new_price(cells, last) if sheet.name == PRICES else self._new_indicator(cells, last)
        if made is not None:
            (path, after, lines) = made
            try:
                self.editor.insert(path, after, lines)
                self.touched = True
            except NoSuchPlaceError:
                self._wrong("not-here", first)

    def _lines(self, cells: Mapping[str, _Cell], slots: Mapping[str, Slot]) -> list[str] | None:
        """Return a new item's lines; None, and a problem, where a cell says what none of them can."""
        lines = []
        for name, cell in cells.items():
            if not cell.text or name in _FIXED - {"id"}:
                continue
            if name not in slots:
                self._wrong("not-here", cell)
                return None
            made = self._token(slots[name], cell)
            if made is None:
                return None
            lines.append(f"{name}: {made}")
        return lines

    def _new_price(self, cells: Mapping[str, _Cell], last: Row) -> tuple[Sequence[str], int, list[str]] | None:
        if cells["list"].text != last.words["list"]:
            self._wrong("not-here", cells["list"])
            return None
        lines = self._lines(cells, {name: Slot((name,), kind) for name, kind in _PRICE.items()})
        return None if lines is None else (last.path[:-1], int(last.path[-1]), lines)

    def _new_indicator(self, cells: Mapping[str, _Cell], last: Row) -> tuple[Sequence[str], int, list[str]] | None:
        if cells["dimension"].text not in {last.words["dimension"], last.path[1]}:
            self._wrong("not-here", cells["dimension"])
            return None
        if cells["id"].text in self.indicators:
            self._wrong("twice", cells["id"], place=cells["id"].text)
            return None
        lines = self._lines(cells, _INDICATOR)
        if lines is None:
            return None
        # What a new indicator is scored by: a price list.
        rule = [line.removeprefix("rule.") for line in lines if line.startswith("rule.")]
        if not any(line.startswith("kind:") for line in rule):
            rule.insert(0, "kind: deduct")
        own = [line for line in lines if not line.startswith("rule.")]
        listed = self.editor.find(("dimensions", last.path[1], "indicators"))
        names = [id_of(item) for item in listed.items]
        after = names.index(last.path[3]) + 1 if len(last.path) == 4 else 0
        return ("dimensions", last.path[1], "indicators"), after, [*own, "rule:", *(f"  {line}" for line in rule)]

    def _wrong(self, code: str, cell: _Cell, **parameters: object) -> None:
        self.problems.append(say(f"weights-import-{code}", self.lang, cell=cell.name(self.lang), **parameters))

    def _placed(self, error: SchemeError, content: bytes) -> list[str]:
        """Name the cell that a problem of the changed scheme is about, by the line that it stands on."""
        text = content.decode("utf-8-sig")
        try:
            sheets = layouts(Editor(text).root, self.book_lang)
        except (yaml.YAMLError, RecursionError):
            return [str(problem) for problem in error.problems]
        lines = dict(_lines(Editor(text), sheets))
        told = []
        for problem in error.problems:
            row = max((place for place in lines if lines[place] <= problem.line), key=lambda p: lines[p], default=None)
            cell = self.cells.get(row or "")
            where = cell[0].name(self.lang) if cell else None
            told.append(
                say("weights-import-cell", self.lang, cell=where, message=problem.message) if where else str(problem)
            )
        return told


def _lines(editor: Editor, sheets: Sequence[Layout]) -> Iterator[tuple[str, int]]:
    for sheet in sheets:
        for row in sheet.rows:
            with suppress(NoSuchPlaceError):
                yield row.place, editor.line_of(row.path)


def _rows(sheet: RawSheet) -> list[tuple[int, list[str]]]:
    columns = [name for name in sheet.frame.columns if name != "row"]
    return [(int(row["row"]), [str(row[name] or "") for name in columns]) for row in sheet.frame.iter_rows(named=True)]


__all__ = ["ImportRefusedError", "import_workbook"]
