"""A period's facts as the play page takes them: all that a setting of the scheme turns into scores, nothing personal.

Amounts are text ("1/3", "0.5"). What no setting can change is worked out here, by the engine.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import polars as pl

from schemas.amount import write_amount
from schemas.scheme import Indicator, Scheme
from schemas.scheme.outcome import QuantileGrades
from schemas.scheme.rules import Deduct
from scoring.exact import add_up
from scoring.ledger import Frozen, Scored
from scoring.ledger.charges import EVENTS
from scoring.ledger.ending import TownScore
from scoring.ledger.entries import Statement
from scoring.ledger.indicators import NOTHING, IndicatorScorer
from scoring.ledger.past import Carried
from scoring.ranking import Candidate

Row = list[Any]
_ZERO: Final = Fraction(0)
_ABOVE: Final = frozenset({"bonus", "demerit", "decision"})


@dataclass(frozen=True)
class Window:
    """A window of repeats: its length in the scheme's own unit, and the facts scored with it."""

    length: int
    scored: Scored


def facts_of(
    base: Scored, windows: Sequence[Window], candidates: Sequence[Candidate], past: Sequence[Frozen], most: int
) -> dict[str, Any]:
    """Return the facts of a scored period.

    Parameters
    ----------
    base
        The period as the scheme scores it.
    windows
        The same under every window that the page offers, that of the scheme among them; none where nothing repeats.
    candidates
        The scored towns as ranking takes them.
    past
        The published periods.
    most
        How many findings the page lists; of more it lists none, and only their sums are there.

    Returns
    -------
    `classes`, rows of [what a finding costs before it repeats, quantity, earlier occasions by window, state whose share
    comes back, states whose extra it bears]; `towns`, each with a `cells` row a part and indicator (null: does not
    apply; text: what it loses; else [classes with their numbers, factor, fired]) and what stands above; `findings`.
    """
    scheme = base.scheme
    single = _Findings.of(base, windows)
    plain = IndicatorScorer(_without_weights(scheme), base.facts, fine=False)
    by_town = {one.town: one for one in candidates}
    # What is carried over from these grows with the full marks (`scoring.ledger.past.worth`).
    grows = {
        frozen.period.id
        for frozen in past
        if frozen.scheme.direction == scheme.direction == "down" and frozen.scheme.full and base.rolled is None
    }
    towns = [
        _town(row, by_town[row["town_code"]], base, plain, single, grows)
        for row in base.facts.towns.to_dicts()
        if row["town_code"] in base.scores
    ]
    left = [row["name"] for row in base.facts.towns.to_dicts() if row["town_code"] not in base.scores]
    listed = single.frame.height <= most
    return {
        "classes": single.classes,
        "windows": [window.length for window in windows],
        "towns": towns,
        "left": left,
        "findings": list(single.rows(base.scheme)) if listed else None,
        "rolled": base.rolled is not None,
    }


def scheme_of(base: Scored) -> dict[str, Any]:
    """Return what the page needs of the scheme as it was applied: its numbers, no rule and no condition."""
    scheme = base.scheme
    grades = scheme.grades
    return {
        "direction": scheme.direction,
        "full": write_amount(scheme.full),
        "base": write_amount(scheme.base),
        "decimals": scheme.decimals,
        "fine": base.scorer.fine,
        "low": _text(scheme.range.min),
        "high": _text(scheme.range.max),
        "extra_per": scheme.rectification.extra_per,
        "parts": [[part.id, write_amount(part.weight)] for part in scheme.parts.parts] if scheme.parts else [["", "1"]],
        "dimensions": [
            {
                "id": dimension.id,
                "points": write_amount(dimension.points),
                "scale": dimension.scale,
                "cap": None if dimension.cap == "none" else write_amount(Fraction(dimension.cap)),
                "empty": dimension.all_not_applicable,
                "indicators": [_indicator(indicator) for indicator in dimension.indicators],
            }
            for dimension in scheme.dimensions
        ],
        "states": {
            name: None if state is None else [write_amount(state.share), write_amount(state.extra)]
            for name in type(scheme.rectification.states).model_fields
            for state in [getattr(scheme.rectification.states, name)]
        },
        "multipliers": [write_amount(m) for m in scheme.repeats.multipliers] if scheme.repeats else ["1"],
        "gates": {gate.id: [gate.effect, gate.grade] for gate in scheme.gates},
        "ties": [[breaker.by, breaker.of] for breaker in scheme.tie_breakers],
        "grades": None
        if grades is None
        else {
            "quantiles": isinstance(grades, QuantileGrades),
            "within": getattr(grades, "within", "all"),
            "include": getattr(grades, "on_tie", "include") == "include",
            "smallest": getattr(grades, "smallest_group", 1),
            "grades": [
                [grade.id, _text(grade.at_least), _text(grade.at_most), _text(grade.top), grade.honour]
                for grade in grades.grades
            ],
        },
    }


def _indicator(indicator: Indicator) -> dict[str, Any]:
    cap = {"points": indicator.points, "none": None}.get(str(indicator.cap), indicator.cap)
    return {
        "id": indicator.id,
        "points": write_amount(indicator.points),
        "worth": write_amount(indicator.worth),
        "cap": None if cap is None else write_amount(Fraction(cap)),
        "to": indicator.points_move_to,
    }


def _text(amount: Fraction | None) -> str | None:
    return None if amount is None else write_amount(amount)


def _without_weights(scheme: Scheme) -> Scheme:
    """Return the scheme with every indicator counting for its own points: what it loses is converted on the page."""
    return scheme.model_copy(
        update={
            "dimensions": tuple(
                dimension.model_copy(
                    update={"indicators": tuple(i.model_copy(update={"weight": None}) for i in dimension.indicators)}
                )
                for dimension in scheme.dimensions
            )
        }
    )


@dataclass(frozen=True)
class _Findings:
    """The priced findings of a run, each under the class of those that every setting treats alike."""

    frame: pl.DataFrame
    classes: list[Row]

    @classmethod
    def of(cls, base: Scored, windows: Sequence[Window]) -> _Findings:
        """Sort the findings into classes."""
        frame = base.charges.findings.filter(
            (pl.col("disposition") == "priced") & pl.col("town").is_in(list(base.scores))
        )
        names = list(type(base.scheme.rectification.states).model_fields)
        bears = pl.col("frozen_in").is_null()
        frame = frame.with_columns(
            own=pl.col("base_units") - pl.col("already_units"),
            extras=pl.concat_list(
                pl.when(bears & (pl.col(EVENTS[name]) if name in EVENTS else pl.col("state") == name).fill_null(False))
                .then(pl.lit(name))
                .otherwise(None)
                for name in names
            ).list.drop_nulls(),
        )
        counts = []
        for number, window in enumerate(windows):
            counts.append(f"occasions_{number}")
            other = window.scored.charges.findings.select("finding_id", pl.col("occasions").alias(counts[-1]))
            frame = frame.join(other, on="finding_id", how="left", maintain_order="left")
        key = ["own", "quantity", *counts, "share_state", "extras"]
        known: dict[str, int] = {}
        numbers: list[int] = []
        classes: list[Row] = []
        for row in frame.select(key).iter_rows():
            text = repr(row)
            if text not in known:
                known[text] = len(classes)
                own, quantity, *occasions, share, extras = row
                cost = write_amount(Fraction(own, base.charges.units.points))
                classes.append([cost, quantity, [count or 0 for count in occasions], share, list(extras)])
            numbers.append(known[text])
        return cls(frame.with_columns(number=pl.Series(numbers, dtype=pl.Int64)), classes)

    def cell(self, town: str) -> dict[tuple[str, str], list[int]]:
        """Return a town's classes by part and indicator, each with how many findings it has, in one flat list."""
        counted = self.frame.filter(pl.col("town") == town).group_by("part", "indicator", "number").len()
        found: dict[tuple[str, str], list[int]] = {}
        for part, indicator, number, count in counted.sort("part", "indicator", "number").iter_rows():
            found.setdefault((part, indicator), []).extend((number, count))
        return found

    def rows(self, scheme: Scheme) -> Iterator[Row]:
        """Return the findings by town and day: town, number, day, indicator and part by their places, class, state."""
        places = {indicator.id: number for number, (_, indicator) in enumerate(scheme.indicators())}
        parts = {part.id: number for number, part in enumerate(scheme.parts.parts)} if scheme.parts else {"": 0}
        columns = ("town", "finding_id", "found_on", "indicator", "part", "number", "severity", "state")
        for row in self.frame.sort("town", "found_on", "finding_id").select(columns).iter_rows():
            town, finding, day, indicator, part, number, severity, state = row
            yield [town, finding, day.isoformat(), places[indicator], parts[part], number, severity, state]


def _town(
    row: Mapping[str, Any],
    candidate: Candidate,
    base: Scored,
    plain: IndicatorScorer,
    single: _Findings,
    grows: Collection[str],
) -> dict[str, Any]:
    code = candidate.town
    score, above, scheme = base.scores[code], base.above[code], base.scheme
    own, sums = single.cell(code), base.sums.get(code, {})
    parts = [part.id for part in scheme.parts.parts] if scheme.parts else [""]
    cells: list[Any] = []
    shares: list[Row] = []
    for number, part in enumerate(parts):
        for _, indicator in plain.scheme.indicators():
            place = (part, indicator.id)
            into = Statement(code, _ZERO, _ZERO, part=part)
            result = plain.score(into, indicator, sums.get(place, NOTHING))
            if score.indicators[place].outcome == "not_applicable":
                cells.append(None)
            elif isinstance(indicator.rule, Deduct):
                known = sums.get(place)
                cells.append([own[place], write_amount(result.factor), int(known.fired)] if known is not None else "0")
            else:
                earned = result.earned
                cells.append(
                    write_amount({"down": indicator.points - earned, "up": earned, "net": -earned}[scheme.direction])
                )
        shares += _shares(plain, code, part, number)
    shares += [one for one in _shares(plain, code, "", -1) if one[1] == "total"]
    brought = _ZERO
    if above.enter is not None:
        scratch = TownScore(Statement(code, _ZERO, _ZERO))
        above.enter(scratch)
        brought = scratch.statement.value
    effects = {gate.id: gate.effect for gate in scheme.gates}
    static = ("findings", "on_time_rate")
    return {
        "code": code,
        "name": row["name"],
        "group": candidate.group,
        "gates": list(score.gates),
        "zero": any(effects[gate] == "score_zero" for gate in score.gates),
        "ties": [
            write_amount(value) if breaker.by in static else None
            for breaker, value in zip(scheme.tie_breakers, candidate.ties, strict=True)
        ],
        "cells": cells,
        "surcharges": shares,
        "adjusted": write_amount(_adjusted(score)),
        "carried": [_carried(found, weight, grows) for found, weight in above.carried],
        "brought": write_amount(brought),
        "rolled": write_amount(above.rolled),
        "score": write_amount(score.statement.value),
    }


def _shares(scorer: IndicatorScorer, town: str, part: str, number: int) -> list[Row]:
    """Return the surcharges that act on a town: part, level, what each stands on, its share of the loss there."""
    found = []
    for surcharge in scorer.scheme.surcharges:
        share, _ = scorer.share(Statement(town, _ZERO, _ZERO, part=part), surcharge)
        if share and (surcharge.level == "total") == (number < 0):
            found.append([number, surcharge.level, surcharge.of, write_amount(share), surcharge.label])
    return found


def _adjusted(score: TownScore) -> Fraction:
    """Return what bonuses, demerits, their ceilings and decisions add to the score."""
    return add_up(
        Fraction(row["points_num"], row["points_den"])
        for row in score.statement.rows
        if row["kind"] in _ABOVE or (row["kind"] == "cap" and row["subject"] in _ABOVE)
    )


def _carried(found: Carried, weight: Fraction, grows: Collection[str]) -> Row:
    """Return a difference of a published period, its weight, and whether that grows with the full marks."""
    return [found.origin.id, write_amount(found.points), write_amount(weight), int(found.origin.id in grows)]
