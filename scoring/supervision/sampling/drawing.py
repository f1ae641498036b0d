"""The draw: which cases are checked, from a seed and the list alone. Pure, exact, the same on every machine.

Every order is that of HMAC-SHA256 of the seed and what is ordered; no random number generator, no locale, no clock.
"""

from __future__ import annotations

import hmac
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Final

_WHOLE: Final = 2**256


@dataclass(frozen=True)
class Item:
    """What may be drawn: a case, or a finding that was closed.

    Attributes
    ----------
    town, stratum
        It is drawn within its town; `stratum` is its programme.
    key
        Its number, unique within the list.
    signs
        The signs of risk that it bears.
    """

    town: str
    stratum: str
    key: str
    signs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rules:
    """How much of each town is drawn, and what is taken first.

    Attributes
    ----------
    share
        At least this share of a town's items.
    first
        Signs of risk, the weightiest first; what bears none of them is drawn at random alone.
    most
        At most this share of a town's draw, rounded up, goes to them; the rest is drawn at random.
    """

    share: Fraction
    first: tuple[str, ...] = ()
    most: Fraction = Fraction(0)


@dataclass(frozen=True)
class Drawn:
    """An item that was drawn; `why` is the sign that it was taken for, "" where it was drawn at random."""

    item: Item
    why: str = ""


def required(count: int, share: Fraction) -> int:
    """Return how many of `count` are to be checked: the share, rounded up; 0 of none.

    Examples
    --------
    >>> [required(count, Fraction(3, 10)) for count in (0, 1, 3, 4, 10, 11)]
    [0, 1, 1, 2, 3, 4]
    """
    return ceil(share * count)


def draw(items: Iterable[Item], seed: str, rules: Rules, about: str) -> list[Drawn]:
    """Draw from each town `required` of its items: those at risk first, the rest at random.

    Parameters
    ----------
    items
        In any order; what is drawn in a town depends on that town's items alone.
    about
        What is drawn, and for which month: one seed draws differently for each.

    Returns
    -------
    list of Drawn
        By town, stratum and key.

    Notes
    -----
    Of what is drawn at random, m of M items, each stratum of M_h is allotted m·M_h/M, rounded down or up at random so
    that they add up to m (systematic rounding): every item has the chance m/M, whatever the size of its stratum.
    """
    towns: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        towns[item.town].append(item)
    return _sorted(one for town, own in towns.items() for one in _town(own, rules, _number(seed, about, town)))


def draw_count(items: Sequence[Item], seed: str, count: int, about: str) -> list[Drawn]:
    """Draw so many of all items at random, allotted to towns as `draw` allots to strata; all where there are fewer."""
    number = _number(seed, about)
    return _sorted(Drawn(one) for one in _at_random(items, min(count, len(items)), number, lambda item: item.town))


def _sorted(drawn: Iterable[Drawn]) -> list[Drawn]:
    return sorted(drawn, key=lambda one: (one.item.town, one.item.stratum, one.item.key))


_Number = Callable[..., int]


def _number(seed: str, *about: str) -> _Number:
    """Return what gives each text its number below 2**256 under the seed."""
    key = seed.encode()

    def number(*parts: str) -> int:
        # JSON in ASCII parts the words without doubt and is the same everywhere.
        return int.from_bytes(hmac.digest(key, json.dumps([*about, *parts]).encode(), "sha256"), "big")

    return number


def _town(items: Sequence[Item], rules: Rules, number: _Number) -> list[Drawn]:
    total = required(len(items), rules.share)
    rank = {sign: place for place, sign in enumerate(rules.first)}
    # In an order of their own: what is left of them then has the same chance at random as all the others.
    risky = sorted(
        (min(rank[sign] for sign in item.signs if sign in rank), number("risk", item.stratum, item.key), place)
        for place, item in enumerate(items)
        if rank.keys() & set(item.signs)
    )
    first = {place: rules.first[sign] for sign, _, place in risky[: ceil(rules.most * total)]}
    rest = [item for place, item in enumerate(items) if place not in first]
    return [
        *(Drawn(items[place], why) for place, why in first.items()),
        *map(Drawn, _at_random(rest, total - len(first), number, lambda item: item.stratum)),
    ]


def _at_random(items: Sequence[Item], count: int, number: _Number, stratum: Callable[[Item], str]) -> list[Item]:
    strata: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        strata[stratum(item)].append(item)
    quotas = {name: Fraction(count * len(own), len(items)) for name, own in strata.items()}
    seats = _rounded(quotas, number)
    return [
        item
        for name, own in strata.items()
        for item in sorted(own, key=lambda item: number("rest", item.stratum, item.key))[: seats[name]]
    ]


def _rounded(quotas: Mapping[str, Fraction], number: _Number) -> dict[str, int]:
    """Round each quota down or up so that they add up to their sum, each up with the chance of its fraction."""
    start = Fraction(number("start"), _WHOLE)
    seats, before = {}, Fraction(0)
    for name in sorted(quotas, key=lambda name: number("stratum", name)):
        after = before + quotas[name] - floor(quotas[name])
        seats[name] = floor(quotas[name]) + ceil(after - start) - ceil(before - start)
        before = after
    return seats
