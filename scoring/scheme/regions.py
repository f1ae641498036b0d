"""All the kinds of findings that a list of conditions can tell apart.

Conditions compare fields with finitely many words, numbers and days, so that finitely many representative findings show
everything that a list of rows does: which rows never take one, which findings no row takes, where dates leave a gap.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import combinations, pairwise, product
from typing import Final

from schemas.scheme.conditions import Conditions, Operator, Test
from schemas.scheme.rules import PriceRow
from scoring.scheme.fields import Field

OTHER: Final = "…"
"""Stands for every word that no row names."""
LIMIT: Final = 20_000

Facts = Mapping[str, object]


def regions(tests: Sequence[Conditions], fields: Mapping[str, Field]) -> list[Facts] | None:
    """Return one representative finding for each combination of cells that the rows can tell apart.

    A cell is a word, a Fraction, a date, a set of tags, or None where it may be empty. None instead of a list means
    that there are more than `LIMIT` of them.
    """
    named: dict[str, list[Test]] = {}
    for conditions in tests:
        for name, test in conditions.items():
            named.setdefault(name, []).append(test)
    axes = {name: _axis(fields[name], found) for name, found in named.items()}
    if math.prod(len(axis) for axis in axes.values()) > LIMIT:
        return None
    return [dict(zip(axes, cells, strict=True)) for cells in product(*axes.values())]


def dated(row: PriceRow) -> Conditions:
    """Return a price row's conditions with its own dates as a condition on `found_on`."""
    if row.from_ is None and row.to is None:
        return row.when
    own = Test.model_validate({key: day for key, day in (("from", row.from_), ("to", row.to)) if day is not None})
    if "found_on" not in row.when:
        return {**row.when, "found_on": own}
    stated = row.when["found_on"]
    starts = [day for day in (own.from_, stated.from_) if day is not None]
    ends = [day for day in (own.to, stated.to) if day is not None]
    both = {"from": max(starts, default=None), "to": min(ends, default=None)}
    return {**row.when, "found_on": Test.model_validate({key: day for key, day in both.items() if day is not None})}


def first_match(facts: Facts, tests: Sequence[Conditions]) -> int | None:
    """Return the place of the first row whose conditions the facts meet, None where there is none."""
    return next((place for place, conditions in enumerate(tests) if meets(facts, conditions)), None)


def meets(facts: Facts, conditions: Conditions) -> bool:
    """Tell whether a representative finding meets every condition; an empty cell meets none."""
    return all(
        facts[name] is not None and _meets(facts[name], operator, value)
        for name, test in conditions.items()
        for operator, value in test.operators().items()
    )


def _meets(cell: object, operator: Operator, value: object) -> bool:
    if isinstance(cell, frozenset):
        tags = set(value) if isinstance(value, tuple) else set()
        return {"has": bool(cell & tags), "has_all": tags <= cell, "has_none": not cell & tags}.get(operator, False)
    if isinstance(cell, Fraction):
        numbers = [Fraction(str(item)) for item in (value if isinstance(value, tuple) else (value,))]
        bound = numbers[0]
        return {
            "eq": cell == bound,
            "ne": cell != bound,
            "in": cell in numbers,
            "not_in": cell not in numbers,
            "lt": cell < bound,
            "le": cell <= bound,
            "gt": cell > bound,
            "ge": cell >= bound,
        }.get(operator, False)
    if isinstance(cell, date):
        return isinstance(value, date) and (cell >= value if operator == "from" else cell <= value)
    words = value if isinstance(value, tuple) else (value,)
    return (cell in words) == (operator in {"eq", "in"})


def _axis(field: Field, tests: Iterable[Test]) -> list[object]:
    values = [value for test in tests for value in test.operators().values()]
    flat = [item for value in values for item in (value if isinstance(value, tuple) else (value,))]
    empty: list[object] = [] if field.required else [None]
    if field.kind == "number":
        return [*_numbers({Fraction(str(item)) for item in flat}, whole=field.whole), *empty]
    if field.kind == "date":
        days = {item for item in flat if isinstance(item, date)}
        near = {day + timedelta(days=shift) for day in days for shift in (-1, 0, 1) if date.min < day < date.max}
        return [*sorted(near), *empty]
    words = list(dict.fromkeys(map(str, flat)))
    if field.kind == "tags":
        sets = [frozenset(chosen) for size in range(len(words) + 1) for chosen in combinations(words[:12], size)]
        return [*(frozenset({OTHER}) | chosen for chosen in sets), *empty]
    return [*dict.fromkeys([*words, *(field.words or (OTHER,))]), *empty]


def _numbers(bounds: set[Fraction], *, whole: bool) -> list[Fraction]:
    if whole:
        near = {Fraction(math.floor(bound) + shift) for bound in bounds for shift in (-1, 0, 1, 2)}
        return sorted(number for number in near if number >= 0)
    edges = sorted(bounds)
    between = [(low + high) / 2 for low, high in pairwise(edges)]
    return sorted({*edges, *between, edges[0] - 1, edges[-1] + 1}) if edges else []
