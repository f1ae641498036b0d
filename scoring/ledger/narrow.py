"""The ledger in the fewest bytes, and that it sums to every town's score."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import polars as pl

from schemas.scheme import Scheme
from scoring.columns import numbered
from scoring.ledger.ending import TownScore
from scoring.ledger.entries import Upper, effects_of, upper_of, weight_of
from scoring.ledger.totals import start_of
from scoring.pricing.deduct import Units

if TYPE_CHECKING:
    from scoring.ledger.many import Many

_WIDEST: Final = 2**127
"""What 128 bits do not hold."""
_KIND: Final = pl.Categorical(pl.Categories("kind of entry", physical=pl.UInt8))


def narrow_findings(
    findings: pl.DataFrame, towns: Sequence[str], scheme: Scheme, units: Units, rows: pl.Series | None = None
) -> pl.DataFrame:
    """Return every effect of findings in the fewest bytes: whose, of what kind, how much; `entries` says all the rest.

    Parameters
    ----------
    towns
        The scored towns.
    rows
        The numbers of these findings among all; where they are all, a finding's row.

    Returns
    -------
    `town` (its number), `indicator` (its number in the scheme), `finding`, `kind`, `points_num`, `points_den` (not
    reduced); in no order.
    """
    weight, common = weight_of(scheme)
    effects = effects_of(scheme, units)
    counted = findings.lazy().select(
        town=numbered("town", findings.schema, towns),
        indicator=_indicator(scheme, findings.schema),
        finding=pl.int_range(pl.len(), dtype=pl.UInt32) if rows is None else rows,
        weight=weight,
        **{f"of_{n}": effect.of for n, effect in enumerate(effects)},
        **{f"points_{n}": effect.points for n, effect in enumerate(effects)},
    )
    counted = counted.filter(pl.col("town").is_not_null() & pl.any_horizontal(pl.col("^of_.*$"))).collect().lazy()
    return pl.concat(
        counted.filter(f"of_{n}").select(
            "town",
            "indicator",
            "finding",
            kind=pl.lit(effect.kind).cast(_KIND),
            points_num=pl.col(f"points_{n}") * pl.col("weight"),
            points_den=pl.lit(units.points * common, dtype=pl.Int64),
        )
        for n, effect in enumerate(effects)
    ).collect()


def narrow_upper(upper: Upper, scheme: Scheme) -> pl.DataFrame:
    """Return every effect above the findings in the columns of `narrow_findings`, with `finding` null."""
    columns = pl.Schema({"kind": pl.String, "points_num": pl.Int64, "points_den": pl.Int64, "indicator": pl.String})
    said = pl.DataFrame({name: [row[name] for row in upper.different] for name in columns}, schema=columns)
    said = said.with_columns(pl.col("kind").cast(_KIND), indicator=_indicator(scheme, columns))
    above = said[upper.rows["which"]].with_columns(upper.rows["town"], finding=pl.lit(None, dtype=pl.UInt32))
    return above.select("town", "indicator", "finding", "kind", "points_num", "points_den")


def _indicator(scheme: Scheme, schema: Mapping[str, pl.DataType]) -> pl.Expr:
    return numbered("indicator", schema, [indicator.id for _, indicator in scheme.indicators()])


def above_findings(scores: Mapping[str, TownScore], together: Many | None) -> Upper:
    """Return every entry above the findings; towns are numbered as in `scores`."""
    joint = together.values if together is not None else {}
    places = {town: number for number, town in enumerate(scores)}
    single = upper_of({number: scores[town].statement for town, number in places.items() if town not in joint})
    if together is None:
        return single
    number_of = pl.Series([places[town] for town in joint], dtype=pl.UInt32)
    first = len(single.different)
    rows = together.upper.rows.with_columns(
        town=number_of.gather(together.upper.rows["town"]), which=pl.col("which") + pl.lit(first, dtype=pl.UInt32)
    )
    return Upper([*single.different, *together.upper.different], pl.concat([single.rows, rows]))


def reconcile(
    pieces: Sequence[pl.DataFrame], scores: Mapping[str, TownScore], together: Many | None, scheme: Scheme
) -> None:
    """Assert that start + Σ entries = score for every town.

    Parameters
    ----------
    pieces
        The narrow ledger, cut in whatever way.

    Raises
    ------
    AssertionError
        A fault of the program, never of the data; nothing may be written.
    """
    grouped = pl.concat(_by_town(piece) for piece in pieces)
    common = math.lcm(*grouped["points_den"].unique())
    factors = {denominator: common // denominator for denominator in grouped["points_den"].unique()}
    sums: dict[int, int] = {}
    largest = int(grouped["points_num"].cast(pl.Int128).abs().max() or 0)  # type: ignore[arg-type]
    # Rates of a dozen towns, each out of a number of its own, may have no common denominator that 128 bits hold.
    if largest * common * grouped.height < _WIDEST:
        factor = pl.col("points_den").replace_strict(factors, return_dtype=pl.Int128)
        moves = grouped.group_by("town").agg((pl.col("points_num").cast(pl.Int128) * factor).sum())
        sums |= dict(moves.iter_rows())
    else:
        for town, denominator, points in grouped.iter_rows():
            sums[town] = sums.get(town, 0) + points * factors[denominator]
    values, start = together.values if together is not None else {}, start_of(scheme)
    # Towns that were scored together share the objects of their values.
    moves_to = {id(value): value - start for value in {id(value): value for value in values.values()}.values()}
    for number, town in enumerate(scores):
        moved = moves_to[id(values[town])] if town in values else _moved(scores[town])
        found = sums.get(number, 0)
        if found * moved.denominator != moved.numerator * common:
            raise AssertionError(f"ledger of {town}: {Fraction(found, common)} is not {moved}")


def _by_town(piece: pl.DataFrame) -> pl.DataFrame:
    """Add up entries by town and denominator; most pieces have one, and towns alone are told apart far faster."""
    own, denominators = pl.col("points_num").sum(), piece["points_den"]
    if denominators.min() != denominators.max():
        return piece.group_by("town", "points_den").agg(own)
    den = pl.lit(denominators.min(), dtype=pl.Int64).alias("points_den")
    return piece.group_by("town").agg(own).select("town", den, "points_num")


def _moved(score: TownScore) -> Fraction:
    return score.statement.value - score.statement.start
