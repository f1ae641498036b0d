"""Filled work sheets read back: each row found by its number, each cell typed, every doubt with its cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from xlsxwriter.utility import xl_col_to_name

from scoring.intake.fold import fold_id, name_key
from scoring.intake.limits import Limits
from scoring.intake.problems import Problems
from scoring.intake.sandbox import RawSheet, Unread, read_files
from scoring.intake.values import Cell, read_date, read_decimal
from scoring.messages import LANGUAGES, say
from scoring.scratch import scratch
from scoring.supervision.sampling.drawing import Drawn
from scoring.supervision.sampling.fields import Field, both_languages, choices, fields_of
from scoring.supervision.sampling.policy import Point
from scoring.supervision.sampling.population import days_of
from scoring.supervision.sampling.record import KINDS, Kind, Record

_MARK: Final = re.compile(
    rf"(?<![0-9A-Za-z_-])(\d{{4}}-\d{{2}})/([0-9A-Za-z_-]{{1,32}})/({'|'.join(KINDS)})/([0-9a-f]{{4}}(?:-[0-9a-f]{{4}}){{2}})",
    re.ASCII,
)
_KEYS: Final = {"sample": "case", "look-back": "finding"}
_DAYS: Final = {"sample": "checked", "look-back": "rechecked"}
_SHIFT_1904: Final = timedelta(days=1462)


@dataclass(frozen=True)
class Returned:
    """A work sheet that came back: whose it says it is, and where it stands."""

    kind: Kind
    month: str
    town: str
    code: str
    raw: RawSheet


@dataclass(frozen=True)
class Row:
    """A row of a work sheet that came back: what was drawn, its facts, and what was written beside it, typed.

    `values` holds the filled cells alone: days, amounts, ids of choices, text. `number` is the row as Excel counts.
    """

    drawn: Drawn
    facts: Mapping[str, Any]
    values: Mapping[str, Any]
    number: int


@dataclass(frozen=True)
class Asked:
    """By what a sheet is read: the points, severity words → the scheme's, codes of towns → names."""

    points: Sequence[Point]
    severities: Mapping[str, str]
    towns: Mapping[str, str]


Say = Callable[..., None]
"""Adds a problem: its code, the row, the column's name, further words; `kind` unless it is a refusal."""


def read_returned(paths: Sequence[Path], problems: Problems) -> list[Returned]:
    """Return the work sheets of some workbooks; what is none is refused."""
    found: list[Returned] = []
    # Problems name a file without its folder: of two files of one name each is read by itself.
    batches = [paths] if len({path.name for path in paths}) == len(paths) else [[path] for path in paths]
    for batch in batches:
        with scratch() as folder:
            sheets = read_files([(path, "xlsx") for path in batch], frozenset(), folder, Limits())
        for path in batch:
            own = [one for one in sheets if one.file == path.name]
            marked = [one for raw in own if isinstance(raw, RawSheet) and (one := _marked(raw))]
            unread = [raw for raw in own if isinstance(raw, Unread)]
            for raw in unread:
                problems.add(raw.code, "refused", file=raw.file)
            if not marked and not unread:
                problems.add("sampling-no-sheet", "refused", file=path.name)
            found += marked
    return found


def _marked(raw: RawSheet) -> Returned | None:
    for row in raw.frame.head(12).iter_rows():
        for cell in row[1:]:
            if isinstance(cell, str) and (match := _MARK.search(cell)):
                kind = next(one for one in KINDS if one == match[3])
                return Returned(kind, match[1], match[2], match[4], raw)
    return None


def read_rows(sheet: Returned, record: Record, asked: Asked, problems: Problems) -> tuple[list[Row], Say]:
    """Return the rows of a work sheet, one for each that was drawn and stands on it, and what names its cells.

    Rows may be sorted and columns moved. Refused, with the cell named: a number that was not drawn in this town (typed,
    or pasted from another's sheet), one that stands twice with different answers, a cell that cannot be read, an
    answer beside no number. On the sheet of a draw that was replaced, what was checked counts while it is on the list.
    """
    reading = _Reading(sheet, record, asked, problems)
    return reading.rows(), reading.say


class _Reading:
    def __init__(self, sheet: Returned, record: Record, asked: Asked, problems: Problems) -> None:
        self.sheet, self.record, self.asked, self.problems = sheet, record, asked, problems
        severities = list(dict.fromkeys(asked.severities.values()))
        self.known = {name_key(text): one for text, one in both_languages(sheet.kind, asked.points, severities).items()}
        self.fields = {one.name: one for one in reversed(self.known.values())}
        self.words = {
            name: {name_key(word): key for word, key in words.items()}
            for name, words in choices(sheet.kind, asked.points).items()
        }
        self.words["severity"] = {name_key(word): key for word, key in asked.severities.items()}
        self.key = _KEYS[sheet.kind]
        self.places: dict[str, int] = {}
        self.headings: dict[int, str] = {}
        self.gone: set[str] = set()

    def say(self, code: str, row: int | None, name: str | int = "", *, kind: Any = "refused", **more: object) -> None:
        """Add a problem; the cell is named as the heading and as Excel names it."""
        place = self.places.get(name) if isinstance(name, str) else name
        column = None
        if place is not None:
            column = f"{self.headings.get(place, '')} {xl_col_to_name(place)}{row or ''}".strip()
        raw = self.sheet.raw
        self.problems.add(code, kind, file=raw.file, sheet=raw.sheet, row=row, column=column, table=None, **more)

    def rows(self) -> list[Row]:
        lines = [list(row) for row in self.sheet.raw.frame.iter_rows()]
        head = self._head(lines)
        if head is None:
            return []
        drawn = {one.item.key: (one, facts) for one, facts in self._drawn()}
        town_of = {one.item.key: one.item.town for one, _ in self.record.drawn}
        found: dict[str, Row] = {}
        for number, *cells in lines[head + 1 :]:
            key = self._key(number, cells)
            if key is None:
                continue
            if key not in drawn:
                if key in self.gone:
                    self.say("sampling-listed-no-more", number, self.key, kind="notice")
                elif key in town_of:
                    names = [self.asked.towns.get(code, code) for code in (self.sheet.town, town_of[key])]
                    self.say("sampling-other-town", number, self.key, town=names[0], other=names[1])
                else:
                    self.say("sampling-not-drawn", number, self.key)
                continue
            row = Row(*drawn[key], self._values(number, cells), number)
            if key not in found:
                found[key] = row
            elif found[key].values == row.values:
                self.say("sampling-row-repeated", number, self.key, kind="notice")
            else:
                self.say("sampling-row-twice", number, self.key, first=found[key].number)
        gone = [] if self.sheet.code in self.record.former else [key for key in drawn if key not in found]
        for key in gone:
            self.say("sampling-row-gone", None, kind="notice", place=list(drawn).index(key) + 1)
        return [found[key] for key in drawn if key in found]

    def _drawn(self) -> list[tuple[Drawn, Mapping[str, Any]]]:
        """Return what was drawn in the town; on the sheet of a former draw also what was drawn then and is listed."""
        now, listed = self.record.of_town(self.sheet.town), {item.key for item in self.record.items}
        before = [one for one in self.record.former.get(self.sheet.code, ()) if one[0].item.town == self.sheet.town]
        self.gone = {one.item.key for one, _ in before} - listed
        known = {one.item.key for one, _ in now}
        return [*now, *(one for one in before if one[0].item.key in listed - known)]

    def _head(self, lines: Sequence[Sequence[Any]]) -> int | None:
        """Find the row of the headings, and in it the columns; say what is missing or stands twice."""
        for place, (number, *cells) in enumerate(lines[:20]):
            named = {at: name_key(str(cell)) for at, cell in enumerate(cells) if cell}
            if sum(text in self.known for text in named.values()) < 4:
                continue
            for at, text in named.items():
                self.headings[at] = " ".join(str(cells[at]).split())
                one = self.known.get(text)
                if one is None:
                    self.say("sampling-column-unknown", number, at, kind="notice")
                elif one.name in self.places:
                    self.say("sampling-column-twice", number, at)
                else:
                    self.places[one.name] = at
            wanted = [name for name, one in self.fields.items() if one.open or name == self.key]
            for name in (one for one in wanted if one not in self.places):
                heading = self.fields[name].heading
                gone = name in {self.key, _DAYS[self.sheet.kind], "result"}
                self.say("sampling-column-gone", number, kind="refused" if gone else "notice", heading=heading)
            return place if self.key in self.places else None
        self.say("sampling-no-headings", None)
        return None

    def _key(self, number: int, cells: Sequence[Any]) -> str | None:
        """Return the number of a row; an answer beside none is refused, anything else is what stands below."""
        text = cells[self.places[self.key]]
        if text and str(text).strip():
            return fold_id(str(text))
        filled = [at for name, at in self.places.items() if cells[at] and self._open(name)]
        if filled:
            self.say("sampling-row-without-number", number, filled[0])
        return None

    def _open(self, name: str) -> bool:
        return self.fields[name].open

    def _offered(self, name: str) -> dict[str, str]:
        """Return the words that a cell may say, in each language."""
        asked = self.asked
        severities = list(dict.fromkeys(asked.severities.values()))
        return {
            lang: say("list-comma", lang).join(one.words.values())
            for lang in LANGUAGES
            for one in fields_of(self.sheet.kind, asked.points, severities, lang)
            if one.name == name
        }

    def _values(self, number: int, cells: Sequence[Any]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, at in self.places.items():
            text = cells[at]
            if not self._open(name) or text is None or not str(text).strip():
                continue
            value = self._value(self.fields[name], str(text), number, at)
            if value is not None:
                values[name] = value
        return values

    def _value(self, one: Field, text: str, number: int, at: int) -> Any:
        if one.type == "text":
            return " ".join(text.split())
        if one.type == "choice":
            key = self.words[one.name].get(name_key(text))
            if key is None:
                self.say("sampling-word", number, at, words=self._offered(one.name))
            return key
        cell: Cell = read_date(text) if one.type == "date" else read_decimal(text, 2)
        if cell.error:
            self.say(cell.error, number, at, **({"hint": cell.hint} if cell.hint else {}))
            return None
        value = cell.value
        if isinstance(value, date):
            if self.sheet.raw.date1904 and "repair-serial" in cell.repairs:
                value += _SHIFT_1904
            if value < days_of(self.sheet.month)[0]:
                self.say("sampling-before", number, at, month=self.sheet.month)
                return None
        return value
