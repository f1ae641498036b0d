"""The period before, where the head carries one: `previous` {id, label, mean, towns: {town_code: {score, rank}}}."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True)
class Previous:
    """How this period differs from the one before.

    `mean_change` is the change of the mean score; `places` the places that a town gained (negative: lost).
    """

    period: Mapping[str, Any]
    mean_change: Fraction | None
    places: Mapping[str, int]
    scores: Mapping[str, Fraction]


def previous(head: Mapping[str, Any], towns: Iterable[Mapping[str, Any]]) -> Previous | None:
    """Compare the towns (rows of `scores`) with the period before; None for a first period."""
    before = head.get("previous")
    if not before:
        return None
    mean_change = None
    if before.get("mean") and head["summary"].get("mean"):
        mean_change = Fraction(head["summary"]["mean"]) - Fraction(before["mean"])
    earlier = before.get("towns") or {}
    ranks = {code: int(town["rank"]) for code, town in earlier.items() if town.get("rank") is not None}
    return Previous(
        period={name: before.get(name) for name in ("id", "label")},
        mean_change=mean_change,
        places={
            t["town_code"]: ranks[t["town_code"]] - t["rank"] for t in towns if t["rank"] and t["town_code"] in ranks
        },
        scores={code: Fraction(town["score"]) for code, town in earlier.items() if town.get("score")},
    )
