"""What draws say of places: intervals, probabilities, towns that cannot be told apart, groups of places.

All of it is counted in draws: whole numbers, never a float.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby
from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scoring.doubt.places import Whole

LOW: Final = Fraction(1, 20)
HIGH: Final = Fraction(19, 20)
"""The interval of a rank leaves out a twentieth of the draws on either side, at most."""
APART: Final = Fraction(9, 10)
"""Two towns are told apart where one stands before the other in so many of the draws, or more."""
ENDS: Final = 3
"""So many at either end are counted."""
MOST_PAIRS: Final = 200
"""Up to so many towns every pair is compared; of more, only those that groups are made of."""


def interval(ranks: Whole) -> tuple[Whole, Whole]:
    """Return the least and the largest rank of each town's interval.

    The least is the smallest rank that at least a twentieth of the draws reach or better, the largest the smallest
    that at least nineteen twentieths do.
    """
    ordered = np.sort(ranks, axis=0)
    draws = len(ranks)
    return ordered[ceil(LOW * draws) - 1], ordered[ceil(HIGH * draws) - 1]


def leading(ranks: Whole, places: int) -> Whole:
    """Count the draws in which each town has one of the first places."""
    counted: Whole = (ranks <= places).sum(axis=0)
    return counted


def trailing(ranks: Whole, towns: int) -> Whole:
    """Count the draws in which each town is one of so many last ones, or shares a place with one of them."""
    least = np.sort(ranks, axis=1)[:, [-towns]]
    counted: Whole = (ranks >= least).sum(axis=0)
    return counted


def by_number(numbers: Whole, of: int) -> Whole:
    """Count the draws of each number from 0 to `of` − 1: towns × numbers."""
    counted: Whole = np.stack([(numbers == number).sum(axis=0) for number in range(of)], axis=1)
    return counted


class Pairs:
    """In how many draws one town stands before another."""

    def __init__(self, ranks: Whole) -> None:
        kind = np.int16 if ranks.shape[1] < 2**15 else np.int32
        self._ranks: NDArray[np.signedinteger] = np.ascontiguousarray(ranks.T.astype(kind))
        self.draws = len(ranks)

    def ahead(self, one: int, others: Sequence[int]) -> Whole:
        """Count the draws in which a town stands before each of others; equal places are before for neither."""
        counted: Whole = (self._ranks[one] < self._ranks[list(others)]).sum(axis=1)
        return counted

    def apart(self, one: int, others: Sequence[int]) -> NDArray[np.bool_]:
        """Tell of each of others whether it is told apart from the town."""
        limit = APART * self.draws
        before = self.ahead(one, others)
        behind: Whole = (self._ranks[one] > self._ranks[list(others)]).sum(axis=1)
        told: NDArray[np.bool_] = np.maximum(before, behind) * limit.denominator >= limit.numerator
        return told


def inseparable(pairs: Pairs, order: Sequence[int]) -> list[tuple[int, int]]:
    """Return every two towns that cannot be told apart, both in the order given."""
    found = []
    for number, one in enumerate(order[:-1]):
        others = order[number + 1 :]
        found += [(one, other) for other, told in zip(others, pairs.apart(one, others), strict=True) if not told]
    return found


def groups(pairs: Pairs, order: Sequence[int], ranks: Whole) -> list[list[int]]:
    """Cut the towns, in their official order, into runs in which no two of different ranks can be told apart.

    From the top: a town joins the run above it if it cannot be told apart from any town of that run; else it begins
    the next. Those who share an official rank stay together.
    """
    runs: list[list[int]] = []
    for _, shared in groupby(order, key=lambda town: ranks[town]):
        own = list(shared)
        if runs and not any(pairs.apart(town, runs[-1]).any() for town in own):
            runs[-1] += own
        else:
            runs.append(own)
    return runs
