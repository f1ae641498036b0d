"""What all towns together say of one town's rate: empirical Bayes by the method of moments.

Counts: gamma-Poisson, Marshall, "Mapping disease and mortality rates using empirical Bayes estimators", Appl. Statist.
40 (1991). Shares: beta-binomial, Kleinman, "Proportions with extraneous variance", J. Am. Statist. Ass. 68 (1973).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Prior:
    """What is known before a town's own figures are looked at.

    `rate` is that of all towns together, `strength` how many checks, or cases, of a town's own it weighs as much as.
    """

    rate: float
    strength: float


def counts(found: Sequence[int], checked: Sequence[float]) -> Prior:
    """Return the gamma prior of the rate of findings per check: shape rate × strength, strength as its inverse scale.

    Parameters
    ----------
    found, checked
        Of every town; checked above 0.
    """
    rate = sum(found) / math.fsum(checked)
    return Prior(rate, _strength(rate, [n / m for n, m in zip(found, checked, strict=True)], checked, rate))


def shares(met: Sequence[float], asked: Sequence[float]) -> Prior:
    """Return the beta prior of a share: a = rate × strength, b = (1 − rate) × strength.

    Parameters
    ----------
    met, asked
        Of every town numerator and denominator; asked above 0.
    """
    rate = math.fsum(met) / math.fsum(asked)
    own = [k / n for k, n in zip(met, asked, strict=True)]
    return Prior(rate, _strength(rate, own, asked, rate * (1 - rate)))


def _strength(rate: float, own: Sequence[float], sizes: Sequence[float], noise: float) -> float:
    """Return noise / variance between towns, at most the mean size.

    Where towns differ no more than by chance the variance is 0 and they would all be taken for one; the bound leaves a
    town of usual size half its own say.
    """
    whole, mean = math.fsum(sizes), math.fsum(sizes) / len(sizes)
    spread = math.fsum(n * (r - rate) ** 2 for n, r in zip(sizes, own, strict=True)) / whole
    between = spread - noise / mean
    if between <= 0:
        return mean
    return min(noise / between, mean)
