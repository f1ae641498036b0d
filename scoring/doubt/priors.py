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
    whole = math.fsum(checked)
    rate = sum(found) / whole
    spread = _spread([n / m for n, m in zip(found, checked, strict=True)], checked, rate) / whole
    between = spread - rate * len(checked) / whole
    return Prior(rate, _bounded(rate / between if between > 0 else math.inf, checked))


def shares(met: Sequence[float], asked: Sequence[float]) -> Prior:
    """Return the beta prior of a share: a = rate × strength, b = (1 − rate) × strength; it weighs one case at least.

    Parameters
    ----------
    met, asked
        Of every town numerator and denominator; asked above 0.
    """
    rate = math.fsum(met) / math.fsum(asked)
    whole, noise, others = math.fsum(asked), rate * (1 - rate), len(asked) - 1
    # Of what towns share the correlation of two of one town's cases is 1 / (a + b + 1).
    beyond = _spread([k / n for k, n in zip(met, asked, strict=True)], asked, rate) - others * noise
    cases = whole - math.fsum(n * n for n in asked) / whole - others
    strength = noise * cases / beyond - 1 if beyond > 0 else math.inf
    return Prior(rate, max(_bounded(strength, asked), 1.0))


def _spread(own: Sequence[float], sizes: Sequence[float], rate: float) -> float:
    return math.fsum(n * (r - rate) ** 2 for n, r in zip(sizes, own, strict=True))


def _bounded(strength: float, sizes: Sequence[float]) -> float:
    """Return a strength, at most the mean size.

    Where towns differ no more than by chance it is without bound and they would all be taken for one; the bound leaves
    a town of usual size half its own say.
    """
    return min(strength, math.fsum(sizes) / len(sizes))
