"""The rule `relative`: points by how a measure stands beside the other towns'."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from fractions import Fraction

from schemas.scheme.rules import Relative


def best(rule: Relative, values: Sequence[Fraction]) -> Fraction:
    """Return the best of the values of all that take part, which are sorted upwards."""
    return values[-1] if rule.better == "higher" else values[0]


def place(rule: Relative, own: Fraction, values: Sequence[Fraction]) -> int:
    """Return the competition rank of a value among all that take part: 1, 2, 2, 4.

    One more than the number of better values, of `values` sorted upwards.
    """
    better = len(values) - bisect_right(values, own) if rule.better == "higher" else bisect_left(values, own)
    return 1 + better


def earned(rule: Relative, points: Fraction, own: Fraction, values: Sequence[Fraction]) -> Fraction:
    """Return what a value earns of `points`, between 0 and all of them.

    By best: own / best (best / own where lower is better), no value below 0; whoever has the best value has full
    marks, also where it is 0. By place: `price` less for each place below the first.
    """
    if rule.price is not None:
        return max(points - rule.price * (place(rule, own, values) - 1), Fraction(0))
    first = best(rule, values)
    if own == first:
        return points
    return points * own / first if rule.better == "higher" else points * first / own
