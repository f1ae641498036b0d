"""The columns of an assessment's frames that may be empty, and the pairs of columns that hold an exact number.

They stand apart from what fills them, so that what only reads an assessment need not load the engine.
"""

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

APPEALS: Final = {
    **dict.fromkeys(
        (
            "town_code", "appeal_id", "target", "target_id", "ground_kind", "ground", "decision", "original", "asked",
            "decided", "upheld_why", "rejected_why",
        ),
        pl.String,
    ),
    "filed_on": pl.Date, "decided_on": pl.Date, "pending": pl.Boolean,
    **pairs("upheld", "rejected"), "upheld": pl.String, "rejected": pl.String,
    "upheld_rank": pl.Int64, "rejected_rank": pl.Int64, "moved": pl.Int64, "moved_towns": pl.List(pl.String),
    "moved_upheld": pl.List(pl.Int64), "moved_rejected": pl.List(pl.Int64),
}  # fmt: skip
"""A row an appeal that bears on the period."""

ROLLED: Final = {
    "town_code": pl.String, "period": pl.String, "edition": pl.Int64, **pairs("weight", "score"), "score": pl.String,
    "rank": pl.Int64, "grade": pl.String, "grade_en": pl.String, "towns": pl.List(pl.String),
    "gated": pl.Boolean,
}  # fmt: skip
"""Of a year made of its periods, a row a town and period."""

WARNINGS: Final = {
    **dict.fromkeys(("dimension", "town_code", "village", "name"), pl.String),
    **dict.fromkeys(("now", "past", "exposure_now", "exposure_past", "periods"), pl.Int64),
    **pairs("expected", "ratio"), "p": pl.String, "against": pl.String, "level": pl.String,
    **pairs("group_expected"), "group_p": pl.String,
}  # fmt: skip
"""A row a warning, for the bureau alone."""

IMPROVEMENTS: Final = {
    **dict.fromkeys(("town_code", "goal", "by", "outcome"), pl.String),
    **dict.fromkeys(("open", "at_least", "cost"), pl.Int64),
    **pairs("score"), "score": pl.String, "rank": pl.Int64, "grade": pl.String,
    "findings": pl.List(pl.String), "how": pl.List(pl.String), "until": pl.List(pl.Date),
    "origins": pl.List(pl.String),
}  # fmt: skip
"""A row a town and goal: see docs/architecture.md. `open` counts the open matters that a fix helps."""

WORKED_OUT: Final = (
    "found_severity", "disposition", "matter", "part", "state", "flags", "due", "fixed_on", "repeat",
    *pairs("charge", "credit", "extra", "net", "gives_back"), "gives_back_by", "price_line", "clause",
)  # fmt: skip
"""Columns that no table has: what the engine made of a finding."""

DUTIES: Final[dict[str, Any]] = {
    **dict.fromkeys(("item", "duty", "scope"), pl.String),
    **dict.fromkeys(("done", "of", "towns", "persons", "quantity", "days"), pl.Int64),
    "last_on": pl.Date, "names": pl.List(pl.String), "level": pl.String,
}  # fmt: skip
"""What `scoring.supervision.duties` says of the bureau's own duties."""
