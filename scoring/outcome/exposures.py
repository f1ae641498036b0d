"""How much was looked at: what counts of two periods, or of two towns, are measured by.

Households sampled where the checks say so on both sides, days or towns where they do not.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final

import polars as pl

from schemas.scheme import Calendar
from scoring.periods import Period, period_before

MOST_PAST: Final = 4
"""So many periods of the same kind before the present one are looked at."""
_LARGEST: Final = 10**12
"""Households: nobody sampled more, and every number made of them stays within 64 bits."""


@dataclass(frozen=True)
class Window:
    """The past that a count is compared with: which periods (1 is the last), and the exposures of now and then."""

    slots: tuple[int, ...]
    here: int
    there: int


@dataclass(frozen=True)
class Peers:
    """The rest of a town's group: whether only towns that were checked, and the exposures of the town and of them."""

    checked: bool
    here: int
    there: int


def periods_back(period: Period, rules: Calendar) -> list[Period]:
    """Return the present period and those before it, the last first; none before a declared interval."""
    spans = [period]
    while len(spans) <= MOST_PAST and (before := period_before(spans[-1], rules)) is not None:
        spans.append(before)
    return spans


def slot_of(day: pl.Expr, spans: Sequence[Period]) -> pl.Expr:
    """Return which of the periods holds the day: 0 is the present one; null for none of them."""
    slot = pl.lit(None, dtype=pl.Int64)
    for number, span in enumerate(spans):
        slot = pl.when(day.is_between(span.start, span.end)).then(pl.lit(number)).otherwise(slot)
    return slot


class Exposures:
    """What was looked at, by town and period.

    Parameters
    ----------
    checks
        Rows of the checks known at `as_of`, towns that merged counted as what they became.
    held
        The periods before the present one that the data hold.
    groups
        Town assessed → its group.
    """

    def __init__(
        self, checks: pl.DataFrame, spans: Sequence[Period], held: Sequence[int], groups: Mapping[str, str], as_of: date
    ) -> None:
        sums: dict[str | None, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        for town, slot, sampled in checks.select("town", "slot", "sampled").iter_rows():
            for scope in (town, None):
                sums[scope][slot] += sampled or 0
        self._sampled = sums if sum(sums[None].values()) <= _LARGEST else {}
        present = spans[0]
        days = [(span.end - span.start).days + 1 for span in spans]
        days[0] = (min(present.end, as_of) - present.start).days + 1
        self._by_days = Window(tuple(held), days[0], sum(days[slot] for slot in held))
        self._groups = groups
        self._towns = Counter(groups.values())
        self._together: Counter[str] = Counter()
        for town, group in groups.items():
            self._together[group] += self._own(town, 0)
        self.window = cache(self._window)
        self.peers = cache(self._peers)

    @property
    def by_checks(self) -> bool:
        """Whether the whole is measured by households."""
        return self._window(None) is not self._by_days

    def checked(self, town: str) -> bool:
        """Tell whether households of the town were sampled in the present period."""
        return self._own(town, 0) > 0

    def _own(self, scope: str | None, slot: int) -> int:
        return self._sampled.get(scope, {}).get(slot, 0)

    def _window(self, scope: str | None) -> Window:
        """Return the past of a town, or of the whole table."""
        slots = tuple(slot for slot in self._by_days.slots if self._own(scope, slot) > 0)
        here = self._own(scope, 0)
        if not slots or here <= 0:
            return self._by_days
        return Window(slots, here, sum(self._own(scope, slot) for slot in slots))

    def _peers(self, town: str) -> Peers | None:
        """Return the rest of a town's group; None where there is nobody else."""
        group, here = self._groups[town], self._own(town, 0)
        there = self._together[group] - here
        if here > 0 and there > 0:
            return Peers(checked=True, here=here, there=there)
        others = self._towns[group] - 1
        return Peers(checked=False, here=1, there=others) if others else None
