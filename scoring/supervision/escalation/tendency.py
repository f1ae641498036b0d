"""Tendencies: many problems of one kind in a town, or in many towns, within a window of days. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from scoring.supervision.escalation.ladder import Matter
from scoring.supervision.escalation.policy import Trend


@dataclass(frozen=True)
class Tendency:
    """Problems of one kind in one town that call for a hint.

    Attributes
    ----------
    kind
        The problem type, or the indicator's id where `by_indicator`.
    towns
        In how many towns there are problems of this kind in the window.
    members
        The findings of this town, by number.
    """

    town: str
    kind: str
    by_indicator: bool
    towns: int
    members: tuple[str, ...]


def tendencies(matters: Sequence[Matter], trend: Trend, on: date) -> list[Tendency]:
    """Return the tendencies at a day, by town and kind; those that a hint in the window has named are left out.

    A problem counts whether it is mended or not, but not while an appeal on it is pending. The window is the last
    `within_days` days, `on` the last of them.
    """
    opened = on - timedelta(days=trend.within_days)
    found: dict[tuple[str, bool], dict[str, list[Matter]]] = defaultdict(lambda: defaultdict(list))
    for matter in matters:
        if not matter.pending and opened < matter.finding["found_on"] <= on:
            found[_kind(matter, trend)][matter.town].append(matter)
    calls = []
    for (kind, by_indicator), towns in found.items():
        for town, own in towns.items():
            if len(own) < trend.in_town and len(towns) < trend.in_towns:
                continue
            hinted = any(
                letter.kind == "work_note" and letter.sent_on > opened for matter in own for letter in matter.letters
            )
            if not hinted:
                members = tuple(sorted(matter.id for matter in own))
                calls.append(Tendency(town, kind, by_indicator, len(towns), members))
    return sorted(calls, key=lambda one: (one.town, one.by_indicator, one.kind))


def _kind(matter: Matter, trend: Trend) -> tuple[str, bool]:
    own = matter.finding.get("problem_type") if trend.by == "problem_type" else None
    return (str(own), False) if own else (str(matter.finding["indicator"]), True)
