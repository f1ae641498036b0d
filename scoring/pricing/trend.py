"""The rule `trend`: points by how much a measure has improved on an earlier one."""

from __future__ import annotations

from fractions import Fraction

from schemas.scheme.rules import Trend
from scoring.pricing import rate


def improvement(rule: Trend, value: Fraction, earlier: Fraction) -> Fraction | None:
    """Return the change in the better direction: in points (units), or in percent of the earlier value's size.

    None where a change in percent is asked of an earlier 0.

    Examples
    --------
    From 8 to 6, where lower is better: 2 points, or 25 percent.
    """
    change = value - earlier if rule.better == "higher" else earlier - value
    if rule.change == "points":
        return change
    return 100 * change / abs(earlier) if earlier else None


def held(rule: Trend, value: Fraction) -> bool:
    """Tell whether a value is as good as the scheme asks, whatever it was before."""
    if rule.held_at is None:
        return False
    return value >= rule.held_at if rule.better == "higher" else value <= rule.held_at


def earned(rule: Trend, points: Fraction, improved: Fraction) -> Fraction:
    """Return what an improvement earns of `points`; a greater one is always the better one."""
    return rate.shaped(rule, points, improved, "higher")


def target(rule: Trend, earlier: Fraction | None) -> Fraction | None:
    """Return the value from which a town has full marks, given its earlier one; None where neither says so."""
    asked = rate.target(rule)
    if earlier is None or asked is None:
        return rule.held_at
    change = asked if rule.change == "points" else abs(earlier) * asked / 100
    if rule.better == "higher":
        value = earlier + change
        return value if rule.held_at is None else min(value, rule.held_at)
    value = earlier - change
    return value if rule.held_at is None else max(value, rule.held_at)
