"""How likely counts are by chance alone, in exact numbers: the conditional test of two rates, and false discoveries.

Przyborowski & Wilenski, "Homogeneity of results in testing samples from Poisson series", Biometrika 31 (1940).
Benjamini & Hochberg, "Controlling the false discovery rate", J. R. Statist. Soc. B 57 (1995).
Which comparisons count: Tarone, "A modified Bonferroni method for discrete data", Biometrics 46 (1990).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from typing import Final

EXACT: Final = 400
"""Up to so many cases the chance is an exact fraction; beyond, a bound that is never below it."""
_BITS: Final = 160
_MANY: Final = 10**9


def tail(now: int, past: int, here: int, there: int) -> Fraction:
    """Return the chance that of `now + past` cases at least `now` fall here, if the two rates are equal.

    Parameters
    ----------
    here, there
        The exposures of the two counts, both above 0: only their ratio matters.

    Examples
    --------
    >>> tail(3, 0, 1, 1), tail(4, 1, 1, 3)
    (Fraction(1, 8), Fraction(1, 64))
    """
    common = math.gcd(here, there)
    return _tail(now, past, here // common, there // common)


@lru_cache(maxsize=65536)
def _tail(now: int, past: int, here: int, there: int) -> Fraction:
    count = now + past
    if now <= 0:
        return Fraction(1)
    if count > EXACT:
        return _bound(now, count, here, there)
    # From all cases here downwards, each term out of the one before.
    term = total = here**count
    for number in range(count, now, -1):
        term = term * number * there // ((count - number + 1) * here)
        total += term
    return Fraction(total, (here + there) ** count)


def _bound(now: int, count: int, here: int, there: int) -> Fraction:
    """Return a chance that is never below the exact one, and above it by less than one in a thousand million.

    Terms are reckoned from the one of `now`, those above it rounded up and those below rounded down: what lies above,
    over the whole. Where `now` is no more than was to be expected the answer is 1.
    """
    if now * (here + there) <= count * here:
        return Fraction(1)
    above = term = 1 << _BITS
    for number in range(now, count):
        # The ratio is below 1 and falls, so that what is left is less than a geometric series.
        up, down = (count - number) * here, (number + 1) * there
        if term == 1:
            above += -(-up // (down - up))
            break
        term = -(-term * up // down)
        above += term
    below, term = 0, 1 << _BITS
    for number in range(now, 0, -1):
        term = term * number * there // ((count - number + 1) * here)
        below += term
        if term == 0 or below > above * _MANY:
            break
    return Fraction(above, above + below)


def attainable(count: int, here: int, there: int, limit: Fraction) -> bool:
    """Tell whether the chance would be at most `limit` if all of `count` cases had fallen here.

    What can never be seen is no comparison: `count` alone decides, never how it is shared out.
    """
    number = 1
    while True:
        number = min(number, count)
        if here**number * limit.denominator <= (here + there) ** number * limit.numerator:
            return count > 0
        if number == count:
            return False
        number *= 2


def survives(chances: Iterable[Fraction], count: int, rate: Fraction) -> Fraction:
    """Return the largest chance that Benjamini and Hochberg's procedure lets pass; below 0 where it lets none pass.

    Parameters
    ----------
    chances
        Of the comparisons that were made those that are small enough to matter, at least all up to `rate`.
    count
        How many comparisons were made, small or not.
    rate
        The share of false ones among those that pass.
    """
    best = Fraction(-1)
    for place, chance in enumerate(sorted(one for one in chances if one <= rate), 1):
        if chance * count <= rate * place:
            best = chance
    return best


def rounded_up(chance: Fraction, places: int = 4) -> str:
    """Write a chance with so many decimals, never smaller than it is.

    Examples
    --------
    >>> rounded_up(Fraction(1, 64)), rounded_up(Fraction(1, 10**9)), rounded_up(Fraction(1))
    ('0.0157', '0.0001', '1.0000')
    """
    whole, digits = divmod(math.ceil(chance * 10**places), 10**places)
    return f"{whole}.{digits:0{places}d}"
