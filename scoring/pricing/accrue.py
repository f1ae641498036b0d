"""The rule `accrue`: so much for each unit, up to the indicator's points."""

from __future__ import annotations

from fractions import Fraction

from schemas.scheme.rules import Accrue


def earned(rule: Accrue, points: Fraction, value: Fraction) -> Fraction:
    """Return `each` × the count, at most `points`, at least 0."""
    return min(max(rule.each * value, Fraction(0)), points)
