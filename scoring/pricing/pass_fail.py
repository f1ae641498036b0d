"""The rule `pass_fail`: full marks or none."""

from __future__ import annotations

from fractions import Fraction

from schemas.scheme.rules import PassFail


def earned(rule: PassFail, points: Fraction, value: Fraction) -> Fraction:
    """Return all `points` when the value is within the bound, inclusive, else 0."""
    if rule.at_least is not None:
        return points if value >= rule.at_least else Fraction(0)
    return points if rule.at_most is not None and value <= rule.at_most else Fraction(0)
