"""The rule `deduct`: each finding is priced by the first row of its indicator's price list that matches it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from schemas.scheme import Scheme
from schemas.scheme.rules import Deduct, PriceRow
from scoring.conditions import holds
from scoring.exact import LARGEST, common_denominator
from scoring.problems import Problem, Refused, problem


@dataclass(frozen=True)
class Units:
    """The scheme's common denominators. Points of findings are whole multiples of 1/`points`."""

    price: int
    multiplier: int
    share: int
    points: int

    @classmethod
    def of(cls, scheme: Scheme) -> Units:
        """Find the denominators that make every charge, credit and extra of the scheme a whole number."""
        prices = [row.price for _, indicator in scheme.indicators() for row in scheme.prices_of(indicator)]
        caps = [Fraction(i.cap) for _, i in scheme.indicators() if isinstance(i.cap, Fraction)]
        caps += [i.points for _, i in scheme.indicators()]
        states = [getattr(scheme.rectification.states, name) for name in type(scheme.rectification.states).model_fields]
        extras = common_denominator(state.extra for state in states if state is not None)
        price = common_denominator(prices)
        multiplier = common_denominator(scheme.repeats.multipliers if scheme.repeats else ())
        share = common_denominator(state.share for state in states if state is not None)
        if scheme.rectification.extra_per == "charge":
            extras *= price * multiplier
        return cls(price, multiplier, share, math.lcm(price * multiplier * share, extras, common_denominator(caps)))


@dataclass(frozen=True)
class PriceTable:
    """Every price row of a scheme once, numbered.

    The frame `rows` has price_row, price_units, zero_out, price_line, price_clause.
    """

    rows: pl.DataFrame
    lists: tuple[tuple[tuple[str, ...], int, tuple[PriceRow, ...]], ...]
    """Indicators that share a list, the number of its first row, its rows."""

    @classmethod
    def of(cls, scheme: Scheme, units: Units) -> PriceTable:
        """Collect the price lists and number their rows."""
        shared: dict[object, list[str]] = {}
        rows_of: dict[object, tuple[PriceRow, ...]] = {}
        for _, indicator in scheme.indicators():
            if isinstance(indicator.rule, Deduct):
                key: object = indicator.rule.prices if isinstance(indicator.rule.prices, str) else (indicator.id,)
                shared.setdefault(key, []).append(indicator.id)
                rows_of[key] = scheme.prices_of(indicator)
        lists: list[tuple[tuple[str, ...], int, tuple[PriceRow, ...]]] = []
        numbered: list[PriceRow] = []
        for key, indicators in shared.items():
            lists.append((tuple(indicators), len(numbered), rows_of[key]))
            numbered.extend(rows_of[key])
        frame = pl.DataFrame(
            {
                "price_row": range(len(numbered)),
                "price_units": [int(row.price * units.price) for row in numbered],
                "zero_out": [row.zero_out for row in numbered],
                "price_line": [row.line for row in numbered],
                "price_clause": [row.clause for row in numbered],
            },
            schema={
                "price_row": pl.Int32,
                "price_units": pl.Int64,
                "zero_out": pl.Boolean,
                "price_line": pl.Int64,
                "price_clause": pl.String,
            },
        )
        return cls(frame, tuple(lists))

    def match(self, schema: Mapping[str, pl.DataType]) -> pl.Expr:
        """Return the number of the first row that matches a finding; null where none does."""
        matched = pl.lit(None, dtype=pl.Int32)
        for indicators, first, rows in self.lists:
            chain = pl.lit(None, dtype=pl.Int32)
            for number, row in reversed(list(enumerate(rows, first))):
                chain = pl.when(_row_holds(row, schema)).then(pl.lit(number, dtype=pl.Int32)).otherwise(chain)
            matched = pl.when(pl.col("indicator").is_in(list(indicators))).then(chain).otherwise(matched)
        return matched

    def lines_for(self, indicator: str) -> list[int]:
        """Return the scheme's lines of an indicator's price rows, for a message."""
        return [row.line for indicators, _, rows in self.lists if indicator in indicators for row in rows]


def _row_holds(row: PriceRow, schema: Mapping[str, pl.DataType]) -> pl.Expr:
    test = holds(row.when, schema)
    if row.from_:
        test &= pl.col("found_on") >= row.from_
    if row.to:
        test &= pl.col("found_on") <= row.to
    return test


def quantity(scheme: Scheme) -> pl.Expr:
    """Return each finding's quantity by its indicator's `per`.

    1, its cases or its persons (null where that cell is empty).
    """
    by_unit: dict[str, list[str]] = {"case": [], "person": []}
    for _, indicator in scheme.indicators():
        if isinstance(indicator.rule, Deduct) and indicator.rule.per != "finding":
            by_unit[indicator.rule.per].append(indicator.id)
    return (
        pl.when(pl.col("indicator").is_in(by_unit["case"]))
        .then("cases")
        .when(pl.col("indicator").is_in(by_unit["person"]))
        .then("persons")
        .otherwise(pl.lit(1, dtype=pl.Int64))
    )


def refuse_unpriced(findings: pl.DataFrame, table: PriceTable, scheme: Scheme) -> None:
    """Refuse these findings of the period, which no row prices or whose quantity is missing.

    Raises
    ------
    Refused
        Codes `finding-without-rule`, `no-price`, `no-price-no-severity`, `quantity-missing`.
    """
    kinds = {indicator.id: indicator.rule.kind for _, indicator in scheme.indicators()}
    problems: list[Problem] = []
    for row in findings.iter_rows(named=True):
        facts = {"finding": row["finding_id"], "indicator": row["indicator"]}
        if kinds.get(row["indicator"]) != "deduct":
            problems.append(problem("finding-without-rule", row, **facts))
        elif row["price_row"] is None:
            lines = ", ".join(map(str, table.lines_for(row["indicator"])))
            code = "no-price" if row["severity"] is not None else "no-price-no-severity"
            problems.append(problem(code, row, lines=lines, **facts))
        else:
            problems.append(problem("quantity-missing", row, **facts))
    if problems:
        raise Refused(problems)


def refuse_overflow(findings: pl.DataFrame, now: pl.Expr, scheme: Scheme, units: Units) -> None:
    """Refuse quantities so large that exact points could leave 64 bits (`points-too-large`).

    Parameters
    ----------
    now
        Which findings are priced.
    """
    dearest = max((row.price for _, i in scheme.indicators() for row in scheme.prices_of(i)), default=Fraction(0))
    states = scheme.rectification.states
    extras = sum(getattr(states, name).extra for name in type(states).model_fields if getattr(states, name))
    multiplier = max(scheme.repeats.multipliers[-1], Fraction(1)) if scheme.repeats else Fraction(1)
    per_unit = max(dearest * multiplier, Fraction(1)) * (1 + extras) * units.points
    largest, count = findings.select(
        pl.col("quantity").filter(now).cast(pl.Int128).abs().sum().fill_null(0), now.sum().alias("count")
    ).row(0)
    if per_unit * (largest + count + 1) >= LARGEST // 4:
        row = findings.filter(now).sort("quantity", descending=True, nulls_last=True).row(0, named=True)
        raise Refused([problem("points-too-large", row, finding=row["finding_id"], quantity=row["quantity"])])
