"""What a measured or judged indicator earns, and what its entry says of that: a branch for each kind of rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from schemas.scheme import Indicator
from schemas.scheme.rules import Accrue, Deduct, Judged, PassFail, Rate, Relative, Trend
from scoring.ledger.facts import Facts
from scoring.pricing import accrue, pass_fail, rate, relative, trend


@dataclass(frozen=True)
class Found:
    """What a rule makes of the facts.

    Attributes
    ----------
    earned
        Of the indicator's points; None without data.
    reason, parameters
        The code of the entry's reason and what its sentence is filled with.
    value, target
        What was measured, and from which value full marks are had; in percent or in units of the measure.
    sample
        How many the value rests on.
    """

    earned: Fraction | None
    reason: str
    parameters: dict[str, object] = field(default_factory=dict)
    value: Fraction | None = None
    target: Fraction | None = None
    sample: int | None = None


def measured(facts: Facts, town: str, part: str, indicator: Indicator) -> Found:
    """Return what an indicator of any kind but `deduct` comes to in a town and part, before caps and rounding.

    Raises
    ------
    Refused
        The town's rows, or those of a town that it is compared with, contradict each other.
    """
    rule, points = indicator.rule, indicator.points
    assert not isinstance(rule, Deduct)
    if isinstance(rule, Judged):
        judgement = facts.judgements.earned(town, indicator.id, points)
        if judgement is None:
            return Found(None, "judged")
        return Found(judgement.earned, "judged", {"why": list(dict.fromkeys(judgement.reasons))})
    known = facts.measures.known(rule, town, part)
    reason = f"measure-{rule.kind.replace('_', '-')}"
    if known is None or known.value is None:
        return Found(None, reason, sample=known.sample if known else None)
    value, sample = known.value, known.sample
    if isinstance(rule, Trend):
        return _trend(facts, rule, points, town, value, sample)
    if isinstance(rule, Relative):
        values = facts.compared_with(rule, indicator, town, part)
        return _relative(rule, points, value, values, sample)
    target: Fraction | None = None
    if isinstance(rule, Rate):
        earned, target = rate.earned(rule, points, value), rate.target(rule)
    elif isinstance(rule, Accrue):
        earned = accrue.earned(rule, points, value)
    else:
        earned, target = pass_fail.earned(rule, points, value), _bound(rule)
    return Found(earned, reason, {"value": value, "target": target}, value, target, sample)


def _bound(rule: PassFail) -> Fraction | None:
    return rule.at_least if rule.at_least is not None else rule.at_most


def _trend(facts: Facts, rule: Trend, points: Fraction, town: str, value: Fraction, sample: int | None) -> Found:
    if trend.held(rule, value):
        held: dict[str, object] = {"value": value, "held_at": rule.held_at}
        return Found(points, "measure-trend-held", held, value, rule.held_at, sample)
    earlier = facts.earlier_value(rule, town)
    target = trend.target(rule, earlier)
    improved = None if earlier is None else trend.improvement(rule, value, earlier)
    if improved is None:
        return Found(None, "measure-trend", {}, value, target, sample)
    told: dict[str, object] = {"value": value, "earlier": earlier, "improvement": improved, "target": rate.target(rule)}
    reason = "measure-trend"
    if rule.against == "baseline":
        reason += "-baseline"
    else:
        told["earlier_period"] = facts.earlier[rule.against].id
    if rule.change == "percent":
        reason += "-percent"
    return Found(trend.earned(rule, points, improved), reason, told, value, target, sample)


def _relative(
    rule: Relative, points: Fraction, value: Fraction, values: Sequence[Fraction], sample: int | None
) -> Found:
    """Return what a town comes to beside the others, of whom the best value and their number are told and no name."""
    best = relative.best(rule, values)
    told: dict[str, object] = {"value": value, "of": len(values)}
    told |= {"best": best} if rule.by == "best" else {"place": relative.place(rule, value, values)}
    earned = relative.earned(rule, points, value, values)
    return Found(earned, f"measure-relative-{rule.by}", told, value, best, sample)
