"""Pairs of columns that hold an exact number, and the shapes of the frames that runs fill from other periods."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

import polars as pl


def pair(name: str, value: Fraction | None) -> dict[str, int | None]:
    """Return the two cells of a value; empty ones for none."""
    return {
        f"{name}_num": None if value is None else value.numerator,
        f"{name}_den": None if value is None else value.denominator,
    }


def pairs(*names: str) -> dict[str, Any]:
    """Return the schema of the pairs of columns of these names."""
    return {f"{name}_{side}": pl.Int64 for name in names for side in ("num", "den")}


HISTORY: Final = {
    **dict.fromkeys(("town_code", "period", "label", "kind"), pl.String), "edition": pl.Int64,
    **pairs("score"), "score": pl.String, "rank": pl.Int64, "group_rank": pl.Int64,
    **dict.fromkeys(("grade", "grade_label", "grade_label_en", "scheme_hash", "scheme_title"), pl.String),
    "rule_change": pl.Boolean, "full": pl.String, "gated": pl.Boolean,
}  # fmt: skip
"""Up to eight periods a town in time order, the present one last."""
CHANGES: Final = {
    **dict.fromkeys(("town_code", "from_period", "to_period", "part"), pl.String),
    **pairs("points"), "rules_known": pl.Boolean,
}  # fmt: skip
"""What `scoring.changes.split` returns."""

DOUBT: Final[dict[str, Any]] = {
    "town_code": pl.String, "rank": pl.Int64,
    **dict.fromkeys(
        (
            "low", "high", "low_weights", "high_weights", "low_methods", "high_methods", "low_sampling",
            "high_sampling", "first", "top", "bottom",
        ),
        pl.Int64,
    ),
    "grades": pl.List(pl.Int64), **dict.fromkeys(("driver", "driver_first", "driver_total"), pl.String),
}  # fmt: skip
"""What `scoring.doubt` says of each ranked town: ranks, and counts of draws."""

DUTIES: Final[dict[str, Any]] = {
    **dict.fromkeys(("item", "duty", "scope"), pl.String),
    **dict.fromkeys(("done", "of", "towns", "persons", "quantity", "days"), pl.Int64),
    "last_on": pl.Date, "names": pl.List(pl.String), "level": pl.String,
}  # fmt: skip
"""What `scoring.supervision.duties` says of the bureau's own duties."""
