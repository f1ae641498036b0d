"""The rule `rate`: points by a rate in percent or a plain value, in one of three shapes."""

from __future__ import annotations

from fractions import Fraction

from schemas.scheme.rules import Rate


def earned(rule: Rate, points: Fraction, value: Fraction) -> Fraction:
    """Return what a value earns of `points`, exactly.

    Per point: proportional to the shortfall from the target (only whole points of it with `step: whole`). Linear:
    between the goalposts. Bands: the first
    whose edge holds, nothing below them all.
    """
    if rule.per_point is not None:
        short = rule.per_point.target - value if rule.better == "higher" else value - rule.per_point.target
        short = max(short, Fraction(0))
        if rule.per_point.step == "whole":
            short = Fraction(short.numerator // short.denominator)
        return max(points - rule.per_point.price * short, Fraction(0))
    if rule.linear is not None:
        span = rule.linear.full_at - rule.linear.none_at
        return points * min(max((value - rule.linear.none_at) / span, Fraction(0)), Fraction(1))
    for band in rule.bands or ():
        if band.at_least is not None and value >= band.at_least:
            return min(band.points, points)
        if band.at_most is not None and value <= band.at_most:
            return min(band.points, points)
    return Fraction(0)


def target(rule: Rate) -> Fraction | None:
    """Return the value from which full marks are earned, where the shape has one."""
    if rule.per_point is not None:
        return rule.per_point.target
    if rule.linear is not None:
        return rule.linear.full_at
    first = rule.bands[0] if rule.bands else None
    return first.at_least if first and first.at_least is not None else (first.at_most if first else None)
