"""Ledger entries: one row an effect, signed like the score.

Start + Σ entries = published score, for every town, always.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Final, NamedTuple

import polars as pl

from schemas.amount import write_amount
from schemas.scheme import Scheme
from schemas.scheme.policy import Consequence
from scoring.exact import add_up, common_denominator
from scoring.pricing.deduct import Units

Row = dict[str, Any]
"""An entry as a statement holds it: all but the town, its parameters not yet in words."""
ONE: Final = Fraction(1)
# One encoder for all: `json.dumps` makes a new one for each call with options.
_as_json: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode
SCHEMA: Final = {
    "entry_id": pl.String,
    "town_code": pl.String,
    "period": pl.String,
    "part": pl.String,
    "dimension": pl.String,
    "indicator": pl.String,
    "kind": pl.String,
    "subject": pl.String,
    "quantity_num": pl.Int64,
    "quantity_den": pl.Int64,
    "price_num": pl.Int64,
    "price_den": pl.Int64,
    "multiplier_num": pl.Int64,
    "multiplier_den": pl.Int64,
    "points_num": pl.Int64,
    "points_den": pl.Int64,
    "points": pl.String,
    "clause": pl.String,
    "line": pl.Int64,
    "reason": pl.String,
    "parameters": pl.String,
}


def sign_of_loss(scheme: Scheme) -> int:
    """Return the sign of a loss in the score: +1 where points are added from 0 and lower is better, else -1."""
    return 1 if scheme.direction == "up" else -1


class Statement:
    """What happens to one town above its single findings, in order.

    Entries are held with their part's weight applied; towns to which the same happened hold the same row.
    """

    def __init__(self, town: str, start: Fraction, value: Fraction, *, part: str = "", weight: Fraction = ONE) -> None:
        self.town = town
        self.start = start
        self.rows: list[Row] = []
        self.part = part
        self.weight = weight
        self._moves = [value]

    @property
    def value(self) -> Fraction:
        """What the score has come to so far."""
        if len(self._moves) > 1:
            self._moves = [add_up(self._moves)]
        return self._moves[0]

    def move(self, points: Fraction, rows: Sequence[Row] = ()) -> None:
        """Move the value by points, the part's weight applied, and take over the rows that say why."""
        self._moves.append(points)
        self.rows.extend(rows)

    def add(
        self,
        kind: str,
        points: Fraction,
        *,
        dimension: str = "",
        indicator: str = "",
        subject: str = "",
        reason: str | None = None,
        clause: str | None = None,
        line: int = 0,
        **parameters: object,
    ) -> None:
        """Record an effect of `points` before the part's weight."""
        weighted = points if self.weight is ONE else points * self.weight
        self._moves.append(weighted)
        self.rows.append(
            {
                "part": self.part,
                "dimension": dimension,
                "indicator": indicator,
                "kind": kind,
                "subject": subject,
                "points_num": weighted.numerator,
                "points_den": weighted.denominator,
                "clause": clause,
                "line": line,
                "reason": reason or kind.replace("_", "-"),
                "parameters": parameters,
            }
        )


def _plain(value: object) -> object:
    if isinstance(value, Fraction):
        return write_amount(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if isinstance(value, (str, int)) or value is None else str(value)


class Upper(NamedTuple):
    """What happened above the findings: the same to many towns, so that each different entry stands here once."""

    different: Sequence[Row]
    """The different entries."""
    rows: pl.DataFrame
    """`town` (its number), `number` (the place in its statement), `which` (row of `different`)."""


class Effect(NamedTuple):
    """One kind of effect that findings have.

    `of` says which findings have it, `points` how much (in units, before the part's weight, signed like the score).
    """

    kind: str
    stage: int
    of: pl.Expr
    points: pl.Expr
    reason: pl.Expr
    parameters: Sequence[pl.Expr]


def effects_of(scheme: Scheme, units: Units) -> list[Effect]:
    """Return the effects of steps 3 to 5."""
    sign = sign_of_loss(scheme)
    states = scheme.rectification.states
    shares = {name: write_amount((getattr(states, name) or states.on_time).share) for name in type(states).model_fields}
    multipliers = scheme.repeats.multipliers if scheme.repeats else (ONE,)
    words = {int(value * units.multiplier): write_amount(value) for value in multipliers}
    due = pl.col("due").dt.to_string("%Y-%m-%d").fill_null("")
    unit_of = {i.id: i.rule.per for _, i in scheme.indicators() if i.rule.kind == "deduct"}
    kept, partner = pl.col("disposition") == "priced", pl.col("disposition") == "duplicate"
    across = pl.col("frozen_in").is_not_null()
    own = pl.col("base_units") - pl.col("already_units")
    effects = [
        Effect(
            "deduction",
            0,
            kept,
            sign * pl.col("base_units"),
            pl.lit("deduction"),
            [pl.col("indicator").replace_strict(unit_of, default="finding", return_dtype=pl.String).alias("unit")],
        ),
        Effect(
            "duplicate",
            1,
            partner & ~across,
            pl.lit(0, dtype=pl.Int64),
            pl.lit("duplicate"),
            [pl.col("matter").alias("keeper")],
        ),
        Effect(
            "duplicate",
            1,
            (kept | partner) & across,
            -sign * pl.col("already_units").fill_null(0),
            pl.when(partner).then(pl.lit("duplicate-frozen")).otherwise(pl.lit("duplicate-excess")),
            [pl.col("matter").alias("keeper"), pl.col("frozen_in").alias("period")],
        ),
        Effect(
            "repeat",
            2,
            kept & (pl.col("charge_units") != own),
            sign * (pl.col("charge_units") - own),
            pl.when(pl.col("seen_on").is_null()).then(pl.lit("repeat")).otherwise(pl.lit("repeat-since")),
            [
                pl.col("occasions").cast(pl.String),
                pl.col("seen_on").dt.to_string("%Y-%m-%d").fill_null("").alias("seen_on"),
                pl.col("multiplier_units").replace_strict(words, return_dtype=pl.String).alias("multiplier"),
            ],
        ),
        Effect(
            "credit",
            3,
            kept & (pl.col("credit_units") != 0),
            -sign * pl.col("credit_units"),
            "credit-" + pl.col("share_state").str.replace_all("_", "-"),
            [
                pl.col("share_state").replace_strict(shares, return_dtype=pl.String).alias("share"),
                pl.col("fixed_on").dt.to_string("%Y-%m-%d").fill_null("").alias("fixed_on"),
                due.alias("due"),
            ],
        ),
    ]
    for name in with_extras(scheme):
        kind = {"same_letter_twice": "letter"}.get(name, name)
        extra = pl.col(f"extra_{name}")
        reason = pl.lit("extra-" + name.replace("_", "-"))
        effects.append(Effect(kind, 4, kept & (extra != 0), sign * extra, reason, [due.alias("due")]))
    return effects


def with_extras(scheme: Scheme) -> dict[str, Consequence]:
    """Return the states that cost something beside the charge."""
    states = scheme.rectification.states
    named = {name: getattr(states, name) for name in type(states).model_fields}
    return {name: consequence for name, consequence in named.items() if consequence is not None and consequence.extra}


def weight_of(scheme: Scheme) -> tuple[pl.Expr, int]:
    """Return the weight of a finding's part in whole numbers, and the denominator of these."""
    weights = {part.id: part.weight for part in scheme.parts.parts} if scheme.parts else {"": ONE}
    common = common_denominator(weights.values())
    scaled = {part: int(weight * common) for part, weight in weights.items()}
    # A finding that another keeps costs nothing, whatever its part.
    weight = pl.col("part").replace_strict(scaled, default=0, return_dtype=pl.Int64)
    return pl.when(pl.col("disposition") == "priced").then(weight).otherwise(0), common


def in_words(rows: Sequence[Row]) -> pl.DataFrame:
    """Return rows of statements as a frame, points and parameters as people and programs read them."""
    said = [
        row
        | {
            "points": write_amount(Fraction(row["points_num"], row["points_den"])),
            "parameters": _as_json({name: _plain(value) for name, value in row["parameters"].items()}),
        }
        for row in rows
    ]
    return pl.DataFrame(said, schema={c: t for c, t in SCHEMA.items() if c in UPPER})


def upper_of(statements: Mapping[int, Statement]) -> Upper:
    """Return the entries of statements, each under its town's number."""
    different = {id(row): row for statement in statements.values() for row in statement.rows}
    places = {of: place for place, of in enumerate(different)}
    rows = pl.DataFrame(
        [(town, n, places[id(row)]) for town, one in statements.items() for n, row in enumerate(one.rows)],
        schema=UPPER_ROWS,
        orient="row",
    )
    return Upper(list(different.values()), rows)


UPPER_ROWS: Final = {"town": pl.UInt32, "number": pl.Int64, "which": pl.UInt32}
UPPER: Final = frozenset(
    [
        "part",
        "dimension",
        "indicator",
        "kind",
        "subject",
        "points_num",
        "points_den",
        "points",
        "clause",
        "line",
        "reason",
        "parameters",
    ]
)
