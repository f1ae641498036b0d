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

from schemas.scheme import Indicator
from schemas.scheme.rules import Deduct
from scoring.exact import LARGEST
from scoring.ledger.ending import Above, TownScore, finish
from scoring.ledger.entries import ONE, Row, Statement
from scoring.ledger.indicators import NOTHING, ZERO, IndicatorScorer, Result, Sums
from scoring.ledger.narrow import upper_rows
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

    return Late(sums["town"].unique().to_list(), lambda town: made()[town])


@dataclass(frozen=True)
class Many:
    """What towns come to: the score of each, and `upper`, every entry above the findings.

    `upper` has `town` (its number among the towns), `indicator`, `kind`, `points_num`, `points_den`.
    """

    values: Mapping[str, Fraction]
    upper: pl.DataFrame


class _Unusual(Exception):
    """Something stands in the scheme or the facts that is worked out town by town."""


class _Situations:
    """Numbered situations: what each moves the score by, what it earns, the entries that it makes."""

    def __init__(self) -> None:
        self.moved: list[Fraction] = []
        self.earned: list[Fraction] = []
        self.rows: list[list[Row]] = []

    def add(self, into: Statement, earned: Fraction, *amounts: Fraction | None) -> int:
        sizes = [size for row in into.rows for size in (row["points_num"], row["points_den"])]
        sizes += [size for amount in (into.value, earned, *amounts) if amount for size in amount.as_integer_ratio()]
        if any(abs(size) > LARGEST for size in sizes):  # type: ignore[arg-type]
            raise _Unusual
        self.moved.append(into.value)
        self.earned.append(earned)
        self.rows.append(into.rows)
        return len(self.rows) - 1

    def result(self, scorer: IndicatorScorer, town: str, indicator: Indicator, sums: Sums) -> int:
        """Add what an indicator comes to in a town."""
        into = Statement(town, ZERO, ZERO)
        result: Result = scorer.score(into, indicator, sums)
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
    indicators = [indicator for _, indicator in scheme.indicators()]
    known = _Situations()
    # A column an indicator, a dimension, and one for the end; a row a town; in each cell the situation it is in.
    cells = np.zeros((len(towns), len(indicators) + len(scheme.dimensions) + 1), dtype=np.int32)
    for place, indicator in enumerate(indicators):
        if isinstance(indicator.rule, Deduct):
            cells[:, place] = known.result(scorer, towns[0], indicator, NOTHING)
        else:
            cells[:, place] = _measured(towns, indicator, known, scorer)
    found = _found(towns, sums, indicators, units, known, scorer)
    cells[found["town"].to_numpy(), found["indicator"].to_numpy()] = found["situation"].to_numpy()
    earned, common = _whole(known.earned, len(indicators))
    first = 0
    for number, dimension in enumerate(scheme.dimensions):
        last = first + len(dimension.indicators)
        different, which = np.unique(earned[cells[:, first:last]].sum(axis=1), return_inverse=True)
        closed = []
        for value in different.tolist():
            score = TownScore(Statement("", ZERO, ZERO))
            close_dimension(score, dimension, Fraction(value, common), scorer)
            closed.append(known.add(score.statement, score.dimensions["", dimension.id]))
        cells[:, len(indicators) + number] = np.array(closed, dtype=np.int32)[which]
        first = last
    moved, common = _whole(known.moved, cells.shape[1])
    start = start_of(scheme)
    different, which = np.unique(moved[cells[:, :-1]].sum(axis=1), return_inverse=True)
    ended, values = [], []
    for value in different.tolist():
        score = TownScore(Statement("", start, start + Fraction(value, common)))
        finish(score, Above(), scorer, ONE)
        values.append(score.statement.value)
        ended.append(known.add(score.statement, ZERO))
    cells[:, -1] = np.array(ended, dtype=np.int32)[which]
    return Many(dict(zip(towns, [values[n] for n in which.tolist()], strict=True)), _upper(cells, known, scorer))


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
    indicators: Sequence[Indicator],
    units: int,
    known: _Situations,
    scorer: IndicatorScorer,
) -> pl.DataFrame:
    """Return `town`, `indicator` (their numbers), `situation` where there are findings."""
    places = {indicator.id: number for number, indicator in enumerate(indicators)}
    numbers = pl.Series(range(len(towns)), dtype=pl.UInt32)
    checked = pl.lit(None, dtype=pl.Int64)
    for number, indicator in enumerate(indicators):
        if isinstance(indicator.rule, Deduct) and indicator.rule.exposure is not None:
            of = indicator.rule.exposure.checked
            own = pl.Series([scorer.facts.checked.get(town, {}).get(of) for town in towns], dtype=pl.Int64)
            checked = pl.when(pl.col("indicator") == number).then(pl.lit(own).gather("town")).otherwise(checked)
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


def _upper(cells: ndarray[Any, Any], known: _Situations, scorer: IndicatorScorer) -> pl.DataFrame:
    """Return the entries of all cells."""
    import numpy as np

    sizes = np.array([len(rows) for rows in known.rows])
    begins = np.cumsum(sizes) - sizes
    towns, _ = np.nonzero(sizes[cells])
    own = cells[sizes[cells] > 0]
    count = sizes[own]
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    said = upper_rows([row for rows in known.rows for row in rows], scorer.scheme)
    which = pl.Series(np.repeat(begins[own], count) + within, dtype=pl.UInt32)
    return said[which].with_columns(town=pl.Series(np.repeat(towns, count), dtype=pl.UInt32))
