"""The words of the example and the seeded draws that it is made with."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, TypeVar

from schemas.bundled import load
from scoring.workdays import Workdays

T = TypeVar("T")
CALENDAR = Workdays()


@cache
def words() -> dict[str, Any]:
    """Return words.yaml: every word, name and amount of the example."""
    return _read("words.yaml")


@cache
def supervision_words() -> dict[str, Any]:
    """Return supervision.yaml: the same of the supervision's tables."""
    return _read("supervision.yaml")


def _read(name: str) -> dict[str, Any]:
    read: dict[str, Any] = load(files(__package__).joinpath(name).read_text("utf-8"))
    return read


class Draw:
    """Draws named by what they decide, so that a change in one place leaves the rest of the year as it was.

    Only `Random.random` is used: its sequence for a seed is the same in every Python.
    """

    def __init__(self, *name: object) -> None:
        self._random = Random("/".join(map(str, name)))  # noqa: S311  an example, not a secret

    def share(self) -> float:
        """Return a number of [0, 1)."""
        return self._random.random()

    def chance(self, share: float) -> bool:
        """Return True in `share` of all draws."""
        return self._random.random() < share

    def whole(self, low: int, high: int) -> int:
        """Return a whole number, both ends included."""
        return low + int(self._random.random() * (high - low + 1))

    def pick(self, items: Sequence[T]) -> T:
        """Return one of the items."""
        return items[int(self._random.random() * len(items))]

    def weighted(self, weights: Mapping[T, float]) -> T:
        """Return a key, as often as its weight says."""
        rest = self._random.random() * sum(weights.values())
        for key, weight in weights.items():
            rest -= weight
            if rest < 0:
                return key
        return [key for key, weight in weights.items() if weight > 0][-1]

    def workday(self, first: date, last: date) -> date:
        """Return a working day from `first` to `last`, or `last` where there is none."""
        span = _workdays(first, last)
        return self.pick(span) if span else last


def workday_before(day: date, count: int) -> date:
    """Return the working day that lies `count` of them before the last one up to `day`; for 0 that one itself."""
    known = _workdays(date(day.year - 1, 1, 1), date(day.year, 12, 31))
    return known[bisect_right(known, day) - 1 - count]


@cache
def _workdays(first: date, last: date) -> tuple[date, ...]:
    """Return the working days from `first` to `last`."""
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return tuple(day for day in days if CALENDAR.is_workday(day))
