"""The rule `rate`: points by a rate in percent or a plain value, in one of three shapes."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from schemas.scheme.rules import Rate, Shaped


def earned(rule: Rate, points: Fraction, value: Fraction) -> Fraction:
    """Return what a value earns of `points`, exactly."""
    return shaped(rule, points, value, rule.better)


def shaped(shape: Shaped, points: Fraction, value: Fraction, better: Literal["higher", "lower"]) -> Fraction:
    """Return what a number earns of `points` by one of the three shapes, exactly.

    Per point: proportional to the shortfall from the target (only whole points of it with `step: whole`). Linear:
    between the goalposts. Bands: the first
    whose edge holds, nothing below them all.
    """
    if shape.per_point is not None:
        short = shape.per_point.target - value if better == "higher" else value - shape.per_point.target
        short = max(short, Fraction(0))
        if shape.per_point.step == "whole":
            short = Fraction(short.numerator // short.denominator)
        return max(points - shape.per_point.price * short, Fraction(0))
    if shape.linear is not None:
        span = shape.linear.full_at - shape.linear.none_at
        return points * min(max((value - shape.linear.none_at) / span, Fraction(0)), Fraction(1))
    for band in shape.bands or ():
        if band.at_least is not None and value >= band.at_least:
            return min(band.points, points)
        if band.at_most is not None and value <= band.at_most:
            return min(band.points, points)
    return Fraction(0)


def target(shape: Shaped) -> Fraction | None:
    """Return the number from which full marks are earned, where the shape has one."""
    if shape.per_point is not None:
        return shape.per_point.target
    if shape.linear is not None:
        return shape.linear.full_at
    first = shape.bands[0] if shape.bands else None
    return first.at_least if first and first.at_least is not None else (first.at_most if first else None)
