"""The periods before this one: from the frame `history`, else what the head carries of the one before.

That is `previous` {id, label, mean, towns: {town_code: {score, rank}}}.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from scoring.exact import add_up, fixed
from scoring.reports.text import fraction

if TYPE_CHECKING:
    from scoring.assessment import Assessment

# So many periods are shown, the present one among them.
MOST_PERIODS: Final = 8


@dataclass(frozen=True)
class Moment:
    """One period of the history: {id, label}, whether its rules differ from those before, its towns' rows by code.

    `mean` is the published mean where the history holds it, else the mean of the towns that it holds, in the decimals
    of the scheme; None where none is scored.
    """

    period: Mapping[str, Any]
    rule_change: bool
    towns: Mapping[str, Mapping[str, Any]]
    mean: str | None


@dataclass(frozen=True)
class Moved:
    """How the towns moved between two periods; what is not known of a town is left out.

    `places` are the places that a town gained (negative: lost), `changes` its later score less the earlier one. `gated`
    are the towns that were under a veto in the earlier period.
    """

    places: Mapping[str, int]
    changes: Mapping[str, Fraction]
    rule_change: bool
    gated: frozenset[str]


@dataclass(frozen=True)
class Previous(Moved):
    """How this period differs from the one before; `mean_change` is the change of the mean score."""

    period: Mapping[str, Any]
    mean_change: Fraction | None


def moments(assessment: Assessment) -> tuple[Moment, ...]:
    """Return the periods of the history in time order, the present one last; nothing for fewer than two."""
    towns: dict[str, dict[str, dict[str, Any]]] = {}
    for row in assessment.history.to_dicts():
        towns.setdefault(row["town_code"], {})[row["period"]] = row
    # A town's own rows are in order; one that began later, or ended, has fewer than the others.
    order: list[str] = []
    for rows in sorted(towns.values(), key=len, reverse=True):
        place = 0
        for period in rows:
            if period not in order:
                order.insert(place, period)
            place = order.index(period) + 1
    decimals = int(assessment.head["scheme"]["decimals"])
    made = [
        _moment({code: rows[period] for code, rows in towns.items() if period in rows}, decimals)
        for period in order[-MOST_PERIODS:]
    ]
    return tuple(made) if len(made) > 1 else ()


def _moment(towns: dict[str, dict[str, Any]], decimals: int) -> Moment:
    any_row = next(iter(towns.values()))
    whole = towns.pop("", None)
    scores = [score for row in towns.values() if (score := fraction(row, "score")) is not None]
    mean = fraction(whole, "score") if whole else add_up(scores) / len(scores) if scores else None
    return Moment(
        {"id": any_row["period"], "label": any_row["label"]},
        bool(any_row["rule_change"]),
        towns,
        None if mean is None else fixed(mean, decimals),
    )


def previous(assessment: Assessment, towns: Iterable[Mapping[str, Any]]) -> Previous | None:
    """Compare the towns (rows of `scores`) with the period before; None for a first period."""
    before = _published(assessment) or assessment.head.get("previous")
    if not before:
        return None
    mean_change, mean = None, assessment.head["summary"].get("mean")
    if before.get("mean") and mean:
        mean_change = Fraction(mean) - Fraction(before["mean"])
    earlier = before.get("towns") or {}
    ranks = {code: int(town["rank"]) for code, town in earlier.items() if town.get("rank") is not None}
    scores = {code: Fraction(town["score"]) for code, town in earlier.items() if town.get("score")}
    now = {town["town_code"]: town for town in towns}
    return Previous(
        places={code: ranks[code] - town["rank"] for code, town in now.items() if town["rank"] and code in ranks},
        changes={
            code: score - scores[code]
            for code, town in now.items()
            if code in scores and (score := fraction(town, "score")) is not None
        },
        rule_change=bool(before.get("rule_change")),
        gated=frozenset(code for code, town in earlier.items() if town.get("gated")),
        period={name: before.get(name) for name in ("id", "label")},
        mean_change=mean_change,
    )


def _published(assessment: Assessment) -> dict[str, Any] | None:
    """Return the period before as it was published, in the shape of the head's `previous`."""
    times = moments(assessment)
    if not times:
        return None
    said = {"mean": times[-2].mean, "towns": times[-2].towns, "rule_change": times[-1].rule_change}
    return {**times[-2].period, **said}
