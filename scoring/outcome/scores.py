"""Scores, places, dimensions and indicators of every town as frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from statistics import median
from typing import Any, Final

import polars as pl

from schemas.scheme import Scheme
from scoring.conditions import holds
from scoring.exact import fixed
from scoring.ledger import Ledger, Scored
from scoring.ledger.indicators import Result
from scoring.ranking import Candidate, place
from scoring.shapes import pair, pairs

_CLOSED_IN_TIME: Final = ("on_time", "extended", "self_reported")


def score_frame(ledger: Scored, scheme: Scheme, as_of: date) -> pl.DataFrame:
    """Return a row a town, in the towns' own order, with score, places, grade and counts."""
    counts = _counts(ledger.charges.findings, as_of)
    towns = ledger.facts.towns.to_dicts()
    groups = groups_of(towns, scheme)
    places = place(candidates(ledger, scheme, as_of), scheme)
    rows = []
    for town in towns:
        code = town["town_code"]
        score, stand = ledger.scores.get(code), places.get(code)
        checked = ledger.facts.checked.get(code, {})
        value = score.statement.value if score else None
        rows.append(
            {
                "town_code": code,
                "town": town["name"],
                "kind": town["kind"],
                "group": groups[code],
                "order": town["order"],
                "outcome": "scored" if score else "not_checked",
                "checked": code not in ledger.facts.never_checked,
                **pair("start", score.statement.start if score else None),
                **pair("score", value),
                "score": None if value is None else fixed(value, scheme.decimals),
                "rank": stand.rank if stand else None,
                "group_rank": stand.group_rank if stand else None,
                "grade": stand.grade if stand else None,
                "gates": list(score.gates) if score else [],
                "gate_wordings": list(score.wordings) if score else [],
                **{name: counts.get(code, {}).get(name, 0) for name in COUNTED},
                **{name: checked.get(name, 0) for name in ("sampled", "visited", "newly_confirmed")},
            }
        )
    return pl.DataFrame(rows, schema=_SCORES)


def groups_of(towns: Sequence[Mapping[str, Any]], scheme: Scheme) -> dict[str, str]:
    """Return each town's peer group; one for all where the scheme makes none."""
    column = None if scheme.groups_by == "none" else scheme.groups_by
    return {row["town_code"]: (row[column] or "") if column else "" for row in towns}


def candidates(ledger: Scored, scheme: Scheme, as_of: date) -> list[Candidate]:
    """Return the scored towns as ranking takes them."""
    ties = _ties(ledger, scheme, _counts(ledger.charges.findings, as_of))
    groups = groups_of(ledger.facts.towns.to_dicts(), scheme)
    return [
        Candidate(town, groups[town], score.statement.value, tuple(score.gates), ties[town])
        for town, score in ledger.scores.items()
    ]


FEWEST_PEERS: Final = 3
COUNTED: Final = ("findings", "due", "closed_on_time", "overdue", "repeats", "returned")
_SCORES: Final = {
    **dict.fromkeys(("town_code", "town", "kind", "group"), pl.String), "order": pl.Int64, "outcome": pl.String,
    "checked": pl.Boolean,
    **pairs("start", "score"), "score": pl.String, "rank": pl.Int64, "group_rank": pl.Int64,
    "grade": pl.String, "gates": pl.List(pl.String), "gate_wordings": pl.List(pl.String),
    **dict.fromkeys(COUNTED, pl.Int64), "sampled": pl.Int64, "visited": pl.Int64, "newly_confirmed": pl.Int64,
}  # fmt: skip


def _counts(findings: pl.DataFrame, as_of: date) -> dict[str, dict[str, int]]:
    """Count by town.

    Findings that cost something or are listed, those due by now, closed in time, overdue and open, repeated, sent
    back.
    """
    listed = findings.filter(pl.col("disposition").is_in(["priced", "not_checked"]))
    due = pl.col("due") < as_of  # the last day is not over yet
    open_ = pl.col("fixed_on").is_null()
    counted = listed.group_by("town").agg(
        findings=pl.len(),
        due=due.sum(),
        closed_on_time=(due & pl.col("state").is_in(_CLOSED_IN_TIME)).sum(),
        overdue=(pl.col("overdue") & open_).sum(),
        repeats=(pl.col("occasions") > 0).sum(),
        returned=pl.col("sent_back").sum(),
    )
    return {row.pop("town"): row for row in counted.to_dicts()}


def _ties(ledger: Scored, scheme: Scheme, counts: Mapping[str, Mapping[str, int]]) -> dict[str, tuple[Fraction, ...]]:
    """Return each town's tie-break values in the scheme's order; smaller stands first."""
    ties: dict[str, list[Fraction]] = {town: [] for town in ledger.scores}
    better = 1 if scheme.direction == "up" else -1
    for breaker in scheme.tie_breakers:
        met: Counter[str] = Counter()
        if breaker.by == "findings":
            frame = ledger.charges.findings.filter(pl.col("disposition") == "priced")
            met = Counter(frame.filter(holds(breaker.when, frame.schema))["town"].to_list())
        for town, score in ledger.scores.items():
            if breaker.by == "findings":
                value = Fraction(met[town])
            elif breaker.by == "on_time_rate":
                own = counts.get(town, {})
                value = -Fraction(own.get("closed_on_time", 0), own["due"]) if own.get("due") else Fraction(-1)
            elif breaker.by == "dimension":
                value = better * sum((v for (_, d), v in score.dimensions.items() if d == breaker.of), Fraction(0))
            else:
                value = better * sum(
                    (r.earned for (_, i), r in score.indicators.items() if i == breaker.of), Fraction(0)
                )
            ties[town].append(value)
    return {town: tuple(values) for town, values in ties.items()}


def dimension_frame(ledger: Ledger, scheme: Scheme, scores: pl.DataFrame) -> pl.DataFrame:
    """Return a row a scored town × part × dimension, with the median of the town's group beside it."""
    group = dict(zip(scores["town_code"], scores["group"], strict=True))
    points = {dimension.id: dimension.points for dimension in scheme.dimensions}
    peers: dict[tuple[str, str, str], list[Fraction]] = {}
    for town, score in ledger.scores.items():
        for (part, dimension), earned in score.dimensions.items():
            peers.setdefault((group[town], part, dimension), []).append(earned)
    # The median of two gives each of them the other's points away.
    medians = {key: median(values) if len(values) >= FEWEST_PEERS else None for key, values in peers.items()}
    rows = [
        {
            "town_code": town,
            "part": part,
            "dimension": dimension,
            **pair("points", points[dimension]),
            **pair("earned", earned),
            **pair("group_median", medians[group[town], part, dimension]),
        }
        for town, score in ledger.scores.items()
        for (part, dimension), earned in score.dimensions.items()
    ]
    schema = {
        "town_code": pl.String,
        "part": pl.String,
        "dimension": pl.String,
        **pairs("points", "earned", "group_median"),
    }
    return pl.DataFrame(rows, schema=schema)


def _lost(scheme: Scheme, points: Fraction, result: Result) -> Fraction:
    """Return what an indicator took from the score; less than 0 where it gave, in a scheme that goes both ways."""
    if result.outcome == "not_applicable":
        return Fraction(0)
    return {"down": points - result.earned, "up": result.earned, "net": -result.earned}[scheme.direction]


def indicator_frame(ledger: Ledger, scheme: Scheme) -> pl.DataFrame:
    """Return a row a scored town × part × indicator."""
    place_of = {indicator.id: (dimension.id, indicator.worth) for dimension, indicator in scheme.indicators()}
    rows = [
        {
            "town_code": town,
            "part": part,
            "dimension": place_of[name][0],
            "indicator": name,
            "outcome": result.outcome,
            **pair("points", place_of[name][1]),
            **pair("earned", result.earned),
            **pair("lost", _lost(scheme, place_of[name][1], result)),
            "findings": sums.findings if (sums := ledger.sums.get(town, {}).get((part, name))) else 0,
            **pair("value", result.value),
            **pair("target", result.target),
            "sample": result.sample,
        }
        for town, score in ledger.scores.items()
        for (part, name), result in score.indicators.items()
    ]
    schema = {
        "town_code": pl.String, "part": pl.String, "dimension": pl.String, "indicator": pl.String, "outcome": pl.String,
        **pairs("points", "earned", "lost"), "findings": pl.Int64, **pairs("value", "target"), "sample": pl.Int64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema)
