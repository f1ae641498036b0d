"""A workbook of a scheme back into its file: only what was changed in a cell is changed in the file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import yaml

from scoring.intake.limits import Limits
from scoring.intake.sandbox import RawSheet, Unread, read_files
from scoring.messages import say
from scoring.reports.book import cell_text
from scoring.revising.edit import Editor, NoSuchPlaceError, token_of
from scoring.revising.layout import (
    INDICATORS,
    PLACE,
    PRICES,
    SUM,
    Layout,
    Row,
    layouts,
    mark_of,
    options,
    plain_amount,
    same_amount,
    shown_as,
)
from scoring.revising.slots import Slot
from scoring.scheme import SchemeError, parse_scheme

if TYPE_CHECKING:
    from scoring.scheme import LoadedScheme

_MARK: Final = 32
_NEW_INDICATOR: Final = ("dimension", "id", "label", "points", "clause", "rule.prices")
_NEW_PRICE: Final = ("list", "when", "price")
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
        letter = chr(ord("A") + self.column) if self.column < 26 else "A" + chr(ord("A") + self.column - 26)
        return say("weights-cell", lang, sheet=self.sheet.heading, cell=f"{letter}{self.row}")


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
    with tempfile.TemporaryDirectory() as scratch:
        found = read_files([(path, "xlsx")], frozenset(), Path(scratch), Limits())
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
            if place not in seen:
                self.editor.remove(place.split("."))
                self.touched = True
                del row

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
            if cell.text == shown or (slot.kind in {"amount", "whole"} and same_amount(_tidy(cell.text), was)):
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
        token = self._token(slot, cell)
        if token is None:
            return
        try:
            if slot.kind == "conditions":
                self.editor.replace(path, token)
            else:
                self.editor.put(path, token)
            self.touched = True
        except NoSuchPlaceError:
            self._wrong("not-here", cell)

    def _token(self, slot: Slot, cell: _Cell) -> str | None:
        """Return what the file is to say; None where the cell says nothing that can stand there."""
        text, lang = cell.text, self.book_lang
        words = {shown_as(slot, code, lang): code for code in slot.choices}
        if slot.kind == "yes":
            words = {say("weights-yes", lang): "true", say("weights-no", lang): "false"}
        token: str | None = words.get(text)
        if token is not None:
            return token
        if slot.kind == "amount":
            with suppress(ValueError):
                token = plain_amount(text)
        elif slot.kind == "whole":
            plain = _tidy(text)
            token = plain if plain.isascii() and plain.removeprefix("-").isdigit() else None
        elif slot.kind == "day":
            token = text.removesuffix(" 00:00:00")
        elif slot.kind == "conditions":
            return self._conditions(cell)
        elif slot.kind == "text":
            token = token_of(text)
        if token is None:
            code = f"bad-{slot.kind if slot.kind in {'amount', 'whole'} else 'choice'}"
            self._wrong(code, cell, text=text, choices=say("list-comma", self.lang).join(options(slot, lang)))
        return token

    def _conditions(self, cell: _Cell) -> str | None:
        token = "{" + cell.text + "}"
        try:
            sound = isinstance(yaml.safe_load(token), dict)
        except yaml.YAMLError:
            sound = False
        if not sound:
            self._wrong("bad-conditions", cell, text=cell.text)
            return None
        return token

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

    def _new_price(self, cells: Mapping[str, _Cell], last: Row) -> tuple[Sequence[str], int, list[str]] | None:
        owner = last.words["list"]
        if cells["list"].text != owner:
            self._wrong("not-here", cells["list"])
            return None
        lines = []
        if cells["when"].text:
            condition = self._conditions(cells["when"])
            lines.append(f"when: {condition}")
        for name in ("price", "zero_out", "from", "to", "clause", "note"):
            if cells[name].text:
                kind = {"price": "amount", "zero_out": "yes", "from": "day", "to": "day"}.get(name, "text")
                token = self._token(Slot(("price_lists", owner, name), kind), cells[name])  # type: ignore[arg-type]
                if token is None:
                    return None
                lines.append(f"{name}: {token}")
        return last.place.split(".")[:-1], int(last.path[-1]), lines

    def _new_indicator(self, cells: Mapping[str, _Cell], last: Row) -> tuple[Sequence[str], int, list[str]] | None:
        if cells["dimension"].text not in {last.words["dimension"], last.path[1]}:
            self._wrong("not-here", cells["dimension"])
            return None
        points = self._token(Slot(("points",), "amount"), cells["points"])
        if points is None:
            return None
        lines = [f"id: {token_of(cells['id'].text)}", f"label: {token_of(cells['label'].text)}"]
        if cells["label_en"].text:
            lines.append(f"label_en: {token_of(cells['label_en'].text)}")
        lines += [f"points: {points}", f"clause: {token_of(cells['clause'].text)}", "rule:", "  kind: deduct"]
        if cells["rule.per"].text:
            per = Slot(("rule", "per"), "choice", ("finding", "case", "person"))
            lines.append(f"  per: {self._token(per, cells['rule.per'])}")
        lines.append(f"  prices: {token_of(cells['rule.prices'].text)}")
        lines += [f"{name}: {token_of(cells[name].text)}" for name in ("basis", "note") if cells[name].text]
        listed = self.editor.find(("dimensions", last.path[1], "indicators"))
        after = next(
            (n for n, item in enumerate(listed.items, 1) if len(last.path) == 4 and _id(item) == last.path[3]), 0
        )
        return ("dimensions", last.path[1], "indicators"), after, lines

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
            try:
                yield row.place, editor.line_of(row.place.split("."))
            except NoSuchPlaceError:
                continue


def _id(item: object) -> str | None:
    from scoring.revising.edit import Piece, id_of

    return id_of(item) if isinstance(item, Piece) else None


def _tidy(text: str) -> str:
    """Write a whole number as one: workbooks give 8 as 8.0."""
    return text.removesuffix(".0")


def _rows(sheet: RawSheet) -> list[tuple[int, list[str]]]:
    columns = [name for name in sheet.frame.columns if name != "row"]
    return [(int(row["row"]), [str(row[name] or "") for name in columns]) for row in sheet.frame.iter_rows(named=True)]


__all__ = ["ImportRefusedError", "import_workbook"]
