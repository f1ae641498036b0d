"""Steps 6 to 11 of very many towns together: every different situation is worked out once, by the same code.

What a town comes to here is what `score_town` says of it alone, which is asserted when its statement is read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

import polars as pl

from schemas.scheme import Dimension, Indicator
from schemas.scheme.rules import Deduct
from scoring.exact import LARGEST
from scoring.ledger.ending import Above, TownScore, finish
from scoring.ledger.entries import ONE, Row, Statement, Upper
from scoring.ledger.indicators import NOTHING, ZERO, IndicatorScorer, Sums
from scoring.ledger.totals import close_dimension, start_of

if TYPE_CHECKING:
    from numpy import ndarray

MANY: Final = 1_000
"""From so many towns on they are scored together; of fewer, all statements are soon read anyway."""

Value = TypeVar("Value")


class Late(Mapping[str, Value]):
    """A value for each town, made when it is first read."""

    def __init__(self, towns: Sequence[str], make: Callable[[str], Value]) -> None:
        self._made: dict[str, Value | None] = dict.fromkeys(towns)
        self._make = make

    def __getitem__(self, town: str) -> Value:
        value = self._made[town]
        if value is None:
            value = self._made[town] = self._make(town)
        return value

    def __contains__(self, town: object) -> bool:
        return town in self._made

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


def by_town(sums: pl.DataFrame, units: int) -> Mapping[str, Mapping[tuple[str, str], Sums]]:
    """Return the sums of each town that has findings by part and indicator, made when the first is read."""

    @cache
    def made() -> dict[str, dict[tuple[str, str], Sums]]:
        towns: dict[str, dict[tuple[str, str], Sums]] = {}
        equal: dict[tuple[int, bool, int], Sums] = {}
        for town, part, indicator, *found in sums.iter_rows():
            net, fired, count = key = tuple(found)
            if key not in equal:
                equal[key] = Sums(Fraction(net, units), fired, count)
            towns.setdefault(town, {})[part, indicator] = equal[key]
        return towns

    return Late(sums["town"].unique(maintain_order=True).to_list(), lambda town: made()[town])


@dataclass(frozen=True)
class Many:
    """What towns come to: the score of each, and every entry above the findings, the towns numbered as in `values`."""

    values: Mapping[str, Fraction]
    upper: Upper


class _Unusual(Exception):
    """Something stands in the scheme or the facts that is worked out town by town."""


class _Situations:
    """Numbered situations: what each moves the score by, what it earns, the entries that it makes."""

    def __init__(self) -> None:
        self.moved: list[Fraction] = []
        self.earned: list[Fraction] = []
        self.rows: list[list[Row]] = []

    def add(self, into: Statement, earned: Fraction, *amounts: Fraction | None) -> int:
        moved = into.value
        sizes = [size for row in into.rows for size in (row["points_num"], row["points_den"])]
        sizes += [size for amount in (moved, earned, *amounts) if amount for size in amount.as_integer_ratio()]
        if max(map(abs, sizes), default=0) > LARGEST:
            raise _Unusual
        self.moved.append(moved)
        self.earned.append(earned)
        self.rows.append(into.rows)
        return len(self.rows) - 1

    def result(self, scorer: IndicatorScorer, town: str, indicator: Indicator, sums: Sums) -> int:
        """Add what an indicator comes to in a town."""
        into, result = scorer.alone(town, indicator, sums)
        if result.outcome == "not_applicable":
            raise _Unusual
        return self.add(into, result.earned, result.value, result.target, result.factor)


def score_many(towns: Sequence[str], sums: pl.DataFrame, units: int, scorer: IndicatorScorer) -> Many | None:
    """Score towns to whose score nothing comes from above their indicators.

    Parameters
    ----------
    sums
        `town`, `indicator`, `net` (in 1/units), `fired`: what the findings come to.

    Returns
    -------
    None where the scheme has parts, surcharges or conditions, an indicator does not apply to a town, or numbers are
    too fine: such towns are worked out one by one.

    Raises
    ------
    Refused
        Some town cannot be scored.
    """
    scheme = scorer.scheme
    if scheme.parts or scheme.surcharges or any(i.applies_when is not None for _, i in scheme.indicators()):
        return None
    try:
        return _scored(towns, sums, units, scorer)
    except _Unusual:
        return None


def _scored(towns: Sequence[str], sums: pl.DataFrame, units: int, scorer: IndicatorScorer) -> Many:
    import numpy as np

    scheme = scorer.scheme
    known = _Situations()
    # A row a town; a column an indicator, one a dimension after its indicators, and one for the end: the order of a
    # statement. In each cell stands the situation that the town is in.
    columns: list[Indicator | Dimension] = []
    for dimension in scheme.dimensions:
        columns += [*dimension.indicators, dimension]
    cells = np.zeros((len(towns), len(columns) + 1), dtype=np.int32)
    for place, one in enumerate(columns):
        if isinstance(one, Indicator):
            deduct = isinstance(one.rule, Deduct)
            none = known.result(scorer, towns[0], one, NOTHING) if deduct else _measured(towns, one, known, scorer)
            cells[:, place] = none
    found = _found(towns, sums, columns, units, known, scorer)
    cells[found["town"].to_numpy(), found["indicator"].to_numpy()] = found["situation"].to_numpy()
    earned, common = _whole(known.earned, len(columns))
    for place, one in enumerate(columns):
        if isinstance(one, Dimension):
            own = cells[:, place - len(one.indicators) : place]
            different, which = np.unique(earned[own].sum(axis=1), return_inverse=True)
            closed = []
            for value in different.tolist():
                score = TownScore(Statement("", ZERO, ZERO))
                close_dimension(score, one, Fraction(value, common), scorer)
                closed.append(known.add(score.statement, score.dimensions["", one.id]))
            cells[:, place] = np.array(closed, dtype=np.int32)[which]
    moved, common = _whole(known.moved, len(columns))
    start = start_of(scheme)
    different, which = np.unique(moved[cells[:, :-1]].sum(axis=1), return_inverse=True)
    ended, values = [], []
    for value in different.tolist():
        score = TownScore(Statement("", start, start + Fraction(value, common)))
        finish(score, Above(), scorer, ONE)
        values.append(score.statement.value)
        ended.append(known.add(score.statement, ZERO))
    cells[:, -1] = np.array(ended, dtype=np.int32)[which]
    return Many(dict(zip(towns, [values[n] for n in which.tolist()], strict=True)), _upper(cells, known))


def _whole(values: Sequence[Fraction], terms: int) -> tuple[ndarray[Any, Any], int]:
    """Return values as whole multiples of one fraction, so that sums of so many of them are exact."""
    import numpy as np

    common = math.lcm(*{value.denominator for value in values})
    multiples = [value.numerator * (common // value.denominator) for value in values]
    if common > LARGEST or max(map(abs, multiples)) * terms > LARGEST:
        raise _Unusual
    return np.array(multiples, dtype=np.int64), common


def _measured(towns: Sequence[str], indicator: Indicator, known: _Situations, scorer: IndicatorScorer) -> list[int]:
    seen: dict[Hashable, int] = {}
    found = []
    for town in towns:
        situation = scorer.situation(town, "", indicator, NOTHING)
        situation = town if situation is None else situation
        if situation not in seen:
            seen[situation] = known.result(scorer, town, indicator, NOTHING)
        found.append(seen[situation])
    return found


def _found(
    towns: Sequence[str],
    sums: pl.DataFrame,
    columns: Sequence[Indicator | Dimension],
    units: int,
    known: _Situations,
    scorer: IndicatorScorer,
) -> pl.DataFrame:
    """Return `town`, `indicator` (their numbers), `situation` where there are findings."""
    indicators = {place: one for place, one in enumerate(columns) if isinstance(one, Indicator)}
    places = {indicator.id: place for place, indicator in indicators.items()}
    numbers = pl.Series(range(len(towns)), dtype=pl.UInt32)
    checked, exposed = pl.lit(None, dtype=pl.Int64), dict[str, list[int]]()
    for number, indicator in indicators.items():
        if isinstance(indicator.rule, Deduct) and indicator.rule.exposure is not None:
            exposed.setdefault(indicator.rule.exposure.checked, []).append(number)
    for of, those in exposed.items():
        own = pl.Series([scorer.facts.checked.get(town, {}).get(of) for town in towns], dtype=pl.Int64)
        checked = pl.when(pl.col("indicator").is_in(those)).then(pl.lit(own).gather("town")).otherwise(checked)
    cells = sums.select(
        pl.col("town").replace_strict(pl.Series(towns), numbers, return_dtype=pl.UInt32),
        pl.col("indicator").replace_strict(places, return_dtype=pl.UInt32),
        "net",
        "fired",
    ).with_columns(checked=checked)
    same = ["indicator", "net", "fired", "checked"]
    different = cells.group_by(same).agg(pl.col("town").first())
    situations = [
        known.result(scorer, towns[town], indicators[indicator], Sums(Fraction(net, units), fired, 1))
        for indicator, net, fired, town in different.select("indicator", "net", "fired", "town").iter_rows()
    ]
    different = different.select(*same, situation=pl.Series(situations, dtype=pl.Int32))
    return cells.join(different, on=same, nulls_equal=True).select("town", "indicator", "situation")


def _upper(cells: ndarray[Any, Any], known: _Situations) -> Upper:
    """Return the entries of all cells."""
    import numpy as np

    sizes = np.array([len(rows) for rows in known.rows])
    begins = np.cumsum(sizes) - sizes
    counts = sizes[cells]
    of_town = counts.sum(axis=1)
    own, count = cells[counts > 0], counts[counts > 0]

    def within(each: ndarray[Any, Any]) -> ndarray[Any, Any]:
        numbers: ndarray[Any, Any] = np.arange(each.sum()) - np.repeat(np.cumsum(each) - each, each)
        return numbers

    rows = pl.DataFrame(
        {
            "town": pl.Series(np.repeat(np.arange(len(cells)), of_town), dtype=pl.UInt32),
            "number": pl.Series(within(of_town), dtype=pl.Int64),
            "which": pl.Series(np.repeat(begins[own], count) + within(count), dtype=pl.UInt32),
        }
    )
    return Upper([row for rows in known.rows for row in rows], rows)
