"""Pairs of columns that hold an exact number, for the frames of an assessment."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

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
