"""Ranks and grades of many drawn scores at once, as scoring/ranking.py gives them to one.

Scores are whole multiples of the last published decimal: what is equal when published is equal here.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor

import numpy as np
from numpy.typing import NDArray

from schemas.scheme import Scheme
from schemas.scheme.outcome import Grade

Whole = NDArray[np.int64]
_LAST = 2**40
"""Above every score in units of its last decimal: behind it stand those whom a veto puts last."""
_HAIR = 1e-7


@dataclass(frozen=True)
class Field:
    """Those who are ranked, and what of them no draw changes.

    `ties`: the place of each one's tie-break values among all, 0 for the first. `groups`: the number of its peer group.
    `last`: a decided veto puts it last. `down`: its grade falls by one. `ceiling`: the best grade left to it, by
    number. `honours`: whether it may be given honours.
    """

    ties: Whole
    groups: Whole
    last: NDArray[np.bool_]
    down: NDArray[np.bool_]
    ceiling: Whole
    honours: NDArray[np.bool_]


def in_units(values: NDArray[np.float64], decimals: int) -> Whole:
    """Round half away from zero to the last decimal and count in it; a hair below a half is a half."""
    scaled = values * 10**decimals
    whole: Whole = (np.sign(scaled) * np.floor(np.abs(scaled) + 0.5 + _HAIR)).astype(np.int64)
    return whole


def ranks(scores: Whole, field: Field, scheme: Scheme) -> Whole:
    """Return competition ranks (1, 2, 2, 4), draws × towns."""
    return _ranked(_keys(scores, field, scheme, gated=True))


def _keys(scores: Whole, field: Field, scheme: Scheme, *, gated: bool) -> Whole:
    better = scores if scheme.direction == "up" else -scores
    if gated:
        better = better + np.where(field.last, _LAST, 0)
    keys: Whole = better * (len(field.ties) + 1) + field.ties
    return keys


def _ranked(keys: Whole, *, least: bool = True) -> Whole:
    """Return the first (or, where not `least`, the last) of the places that equal keys share."""
    if not least:
        last: Whole = keys.shape[1] + 1 - _ranked(-keys)
        return last
    order = np.argsort(keys, axis=1, kind="stable")
    arranged = np.take_along_axis(keys, order, axis=1)
    new = np.ones(keys.shape, dtype=bool)
    new[:, 1:] = arranged[:, 1:] != arranged[:, :-1]
    places = np.maximum.accumulate(np.where(new, np.arange(1, keys.shape[1] + 1), 0), axis=1)
    ranked = np.empty(keys.shape, dtype=np.int64)
    np.put_along_axis(ranked, order, places, axis=1)
    return ranked


def grades(scores: Whole, field: Field, scheme: Scheme) -> Whole:
    """Return the number of each grade, 0 for the best, gates included: draws × towns.

    The scheme has grades.
    """
    policy = scheme.grades
    assert policy is not None
    number = _bands(scores, policy.grades, scheme.decimals)
    if policy.by == "quantiles":
        whole = np.zeros_like(field.groups) if policy.within == "all" else field.groups
        by_score = _keys(scores, field, scheme, gated=False)
        last = _keys(scores, field, scheme, gated=True)
        for group in np.unique(whole):
            own = np.flatnonzero(whole == group)
            if len(own) < policy.smallest_group:
                continue
            # A gated town frees no place: to the others it stands where its score would put it.
            least = policy.on_tie == "include"
            free, held = _ranked(by_score[:, own], least=least), _ranked(last[:, own], least=least)
            stand = np.where(field.last[own], held, free)
            quotas = [floor((Fraction(1) if g.top is None else g.top) * len(own)) for g in policy.grades[:-1]]
            number[:, own] = np.searchsorted(np.maximum.accumulate(quotas), stand) if quotas else 0
    best = len(policy.grades) - 1
    number = np.where(field.down, np.minimum(number + 1, best), number)
    number = np.maximum(number, field.ceiling)
    for step, grade in enumerate(policy.grades[:-1]):
        if grade.honour:
            number = np.where(~field.honours & (number == step), step + 1, number)
    return number


def _bands(scores: Whole, steps: tuple[Grade, ...], decimals: int) -> Whole:
    number = np.full(scores.shape, len(steps) - 1, dtype=np.int64)
    for step in range(len(steps) - 1, -1, -1):
        grade = steps[step]
        if grade.at_least is not None:
            number[scores >= float(grade.at_least * 10**decimals) - _HAIR] = step
        if grade.at_most is not None:
            number[scores <= float(grade.at_most * 10**decimals) + _HAIR] = step
    return number
