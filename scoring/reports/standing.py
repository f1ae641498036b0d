"""Who leads and who stands low: equal places are named together or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scoring.reports.text import known

Town = dict[str, Any]


def in_rank_order(towns: Iterable[Town]) -> list[Town]:
    """Return the towns that have a place, the first first; equal places in the usual order of towns."""
    ranked = [town for town in towns if town["rank"] is not None]
    return sorted(ranked, key=lambda town: (town["rank"], town["order"]))


def leading(ranked: list[Town], places: int) -> list[Town]:
    """Return the towns of the first `places` places, of the upper half only; a place shared beyond it names nobody."""
    half = len(ranked) // 2
    beyond = ranked[half]["rank"] if half < len(ranked) else None
    return [town for town in ranked[:half] if town["rank"] <= places and town["rank"] != beyond]


def trailing(ranked: list[Town], count: int, *, up: bool) -> list[Town]:
    """Return the last `count` towns and who shares a place with them; `up` where lower scores are better.

    Nobody whose place the upper half has too, nobody who has the best score, and nobody whom a veto alone put behind
    towns with worse scores.
    """
    half = len(ranked) // 2
    last = ranked[max(half, len(ranked) - count) :] if count else []
    if not last:
        return []
    above, best = ranked[half - 1]["rank"] if half else None, ranked[0]["score"]
    return [
        town
        for town in ranked[half:]
        if town["rank"] >= last[0]["rank"]
        and town["rank"] != above
        and town["score"] != best
        and not any(_better(town, other, up=up) for other in ranked if other["rank"] < town["rank"])
    ]


def _better(one: Town, other: Town, *, up: bool) -> bool:
    scores = [known(town, "score") for town in (one, other)]
    return scores[0] < scores[1] if up else scores[0] > scores[1]
