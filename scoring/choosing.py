"""Which of a workspace's schemes scores a period: the one in force on its last day that is for periods of its kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Final, TypeVar

from pydantic import ValidationError

from schemas.scheme import Calendar, Effective
from schemas.scheme.base import Part
from scoring.messages import say
from scoring.periods import Period, parse_period
from scoring.scheme import LoadedScheme, SchemeError, SchemeProblem, load_scheme
from scoring.scheme.nodes import UnreadableError, read_tree
from scoring.scheme.problems import Collector

KINDS: Final = ("month", "quarter", "half", "year")
_P = TypeVar("_P", bound=Part)


class NoScheme(Exception):
    """No scheme scores the period, or more than one does; the code and parameters say which there are."""

    def __init__(self, code: str, **parameters: object) -> None:
        super().__init__(code, parameters)
        self.code = code
        self.parameters = parameters


@dataclass(frozen=True)
class Listed:
    """A scheme that may be chosen.

    Attributes
    ----------
    name
        As the settings or the command line name it.
    loaded
        None where the file was refused; `problems` then says why.
    effective, calendar
        Also of a file that was refused, where these two parts of it can be read; else None.
    """

    name: str
    loaded: LoadedScheme | None
    effective: Effective | None
    calendar: Calendar | None
    path: Path
    problems: tuple[SchemeProblem, ...] = ()

    def period(self, label: str) -> Period | None:
        """Return the period that a label names under this scheme's calendar."""
        return parse_period(label, self.calendar) if self.calendar else None

    def scores(self, period: Period | None) -> bool:
        """Tell whether the scheme is in force on the period's last day and for periods of its kind."""
        if period is None or self.effective is None or self.calendar is None:
            return False
        if not self.effective.from_ <= period.end <= (self.effective.to or period.end):
            return False
        # An interval is known to those schemes alone that declare it.
        return period.kind in ("interval", self.calendar.kind, *self.calendar.also)

    def words(self, lang: str) -> str:
        """Say the file, its days and the periods that it is for."""
        assert self.effective is not None
        assert self.calendar is not None
        end = self.effective.to or say("cli-no-end", lang)
        kinds = kind_words(self.calendar, lang)
        return say("cli-scheme-scores", lang, file=self.name, start=self.effective.from_, end=end, kinds=kinds)


def kind_words(calendar: Calendar, lang: str) -> str:
    """Say for which periods a scheme is: kinds, then the intervals that it declares."""
    kinds = [say(f"cli-kind-{kind}", lang) for kind in KINDS if kind in (calendar.kind, *calendar.also)]
    return say("list-comma", lang).join([*kinds, *(interval.id for interval in calendar.intervals)])


class Schemes:
    """The schemes of a workspace, or the one that was named.

    One alone scores whatever is asked for. Of several each period has its own.
    """

    def __init__(self, files: Iterable[tuple[str, Path]], lang: str) -> None:
        self._files = tuple({path.resolve(): (name, path) for name, path in files}.values())
        self._lang = lang

    @cached_property
    def listed(self) -> tuple[Listed, ...]:
        """Every scheme, read; what is wrong with one stands beside it."""
        return tuple(_listed(name, path, self._lang) for name, path in self._files)

    @property
    def alone(self) -> bool:
        """Whether there is nothing to choose from."""
        return len(self._files) == 1

    def usual(self) -> LoadedScheme:
        """Return the scheme for what is no question of one period: the one that came into force last.

        Raises
        ------
        SchemeError
            It is wrong, or nobody can tell which one it is.
        """
        known = [(one.effective.from_, one) for one in _told(self.listed) if one.effective]
        return sound(max(known, key=lambda pair: pair[0])[1])

    def of(self, label: str) -> LoadedScheme:
        """Return the scheme that scores the period which a label names.

        Raises
        ------
        NoScheme
            The label names no period, or not exactly one scheme scores it.
        SchemeError
            The scheme that does is wrong, or nobody can tell which one does. A wrong one that does not is no matter.
        """
        if self.alone:
            found = sound(self.listed[0])
            if parse_period(label, found.scheme.calendar) is None:
                raise NoScheme("cli-unknown-period", label=label)
            return found
        listed = _told(self.listed)
        if self.period(label) is None:
            raise NoScheme("cli-unknown-period", label=label)
        fitting = [one for one in listed if one.scores(one.period(label))]
        if len(fitting) == 1:
            return sound(fitting[0])
        code, shown = ("cli-two-schemes", fitting) if fitting else ("cli-no-scheme", listed)
        raise NoScheme(code, period=label, schemes="\n".join(f"  {one.words(self._lang)}" for one in shown))

    def period(self, label: str) -> Period | None:
        """Return the period that a label names under the first scheme that knows it."""
        return next((span for one in self.listed if (span := one.period(label)) is not None), None)

    def spanning(self, days: Iterable[date]) -> list[tuple[LoadedScheme, Period]]:
        """Return the periods that hold the days, each with its scheme, by their first day.

        A day that no scheme scores is held by the calendar of the usual one.

        Raises
        ------
        NoScheme, SchemeError
            As for `of` and `usual`.
        """
        found: dict[tuple[str, str], tuple[LoadedScheme, Period]] = {}
        for day in days:
            if any(span.holds(day) for _, span in found.values()):
                continue
            span = self.holding(day)
            loaded = self.of(span.id) if span else self.usual()
            span = span or _holding(loaded.scheme.calendar, day)
            if span is not None:
                found[loaded.sha256, span.id] = (loaded, span)
        return sorted(found.values(), key=lambda pair: (pair[1].start, pair[1].end))

    def holding(self, day: date) -> Period | None:
        """Return the period that a day is scored in; of several the shortest, as a quarter comes before its year."""
        spans = [
            span
            for one in self.listed
            if one.calendar and (span := _holding(one.calendar, day)) and (self.alone or one.scores(span))
        ]
        return min(spans, key=lambda span: span.end - span.start, default=None)


def _listed(name: str, path: Path, lang: str) -> Listed:
    try:
        loaded = load_scheme(path, lang)
    except SchemeError as error:
        return Listed(name, None, *_glance(path), path, error.problems)
    return Listed(name, loaded, loaded.scheme.effective, loaded.scheme.calendar, path)


def _glance(path: Path) -> tuple[Effective | None, Calendar | None]:
    """Read of a file that was refused when it holds and which periods it is for; None where that is wrong itself."""
    try:
        text = path.read_bytes().decode("utf-8-sig", errors="replace")
    except OSError:
        return None, None
    kept, within = [], False
    for line in text.splitlines(keepends=True):
        if not line.startswith((" ", "\t", "#", "-", "\r", "\n")):  # a key of the whole file
            within = line.partition(":")[0].strip() in {"effective", "calendar"}
        kept += [line] if within else []
    aside = Collector(path.name, "zh")
    try:
        root = read_tree("".join(kept), aside).plain()
    except UnreadableError:
        return None, None
    if aside.found or not isinstance(root, dict):
        return None, None
    effective, calendar = _part(Effective, root.get("effective")), _part(Calendar, root.get("calendar", {}))
    return (effective, calendar) if effective and calendar else (None, None)


def _part(shape: type[_P], value: object) -> _P | None:
    try:
        return shape.model_validate(value)
    except ValidationError:
        return None


def _told(listed: Sequence[Listed]) -> Sequence[Listed]:
    """Return the schemes where of each it is known what it scores; else a period might be another's."""
    for one in listed:
        if one.effective is None:
            raise SchemeError(one.problems)
    return listed


def sound(one: Listed) -> LoadedScheme:
    """Return a scheme that was read.

    Raises
    ------
    SchemeError
        It is wrong.
    """
    if one.loaded is None:
        raise SchemeError(one.problems)
    return one.loaded


def _holding(rules: Calendar, day: date) -> Period | None:
    """Return the period of the calendar's kind that holds a day; an interval first."""
    patterns = {
        "month": [f"{{y}}-{n:02d}" for n in range(1, 13)],
        "quarter": [f"{{y}}Q{n}" for n in range(1, 5)],
        "half": ["{y}H1", "{y}H2"],
        "year": ["{y}"],
    }[rules.kind]
    labels = [
        *(one.id for one in rules.intervals),
        *(p.format(y=y) for y in (day.year, day.year + 1) for p in patterns),
    ]
    spans = (parse_period(label, rules) for label in labels)
    return next((span for span in spans if span is not None and span.holds(day)), None)
