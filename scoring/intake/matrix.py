"""A matrix of judged scores: one row a town, one column an item."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from schemas.tables import Table, catalogue
from scoring.intake.columns import Names, read_columns
from scoring.intake.headings import heading_key
from scoring.intake.problems import Problems
from scoring.intake.sheet import BLOCK

ITEM = "@"


def item_headings(indicators: Mapping[str, str]) -> dict[str, str]:
    """Return heading key to `@indicator` for every name of an indicator."""
    return {heading_key(name): f"{ITEM}{indicator}" for name, indicator in indicators.items()}


def read_matrix(table: Table, rows: pl.DataFrame, names: Names, problems: Problems, *, name: str) -> pl.DataFrame:
    """Return one judgement for each filled cell of the matrix.

    Parameters
    ----------
    table, rows, names, problems
        The judgements' table, the sheet laid out, what names mean, where problems go.
    name
        File and sheet: one that speaks of deductions holds deductions, any other holds points earned.
    """
    deducted = table.columns["deducted"]
    says_so = any(word in name for word in (deducted.zh, deducted.id))
    target = "deducted" if says_so else "points"
    items = [column for column in rows.columns if column.startswith(ITEM)]
    rows = rows.rename({column: column.removeprefix("judgements.") for column in rows.columns}).drop(BLOCK)
    empty = list(catalogue().reading.empty)
    typed = []
    for item in items:
        cells = rows.drop([other for other in items if other != item]).rename({item: target})
        cells = cells.filter(
            pl.col(target).str.strip_chars().str.len_chars().gt(0) & ~pl.col(target).str.strip_chars().is_in(empty)
        ).with_columns(pl.lit(item.removeprefix(ITEM)).alias("indicator"))
        own = Problems()
        typed.append(read_columns(table, cells, names, own))
        problems.absorb(own, target, item.removeprefix(ITEM))
    return pl.concat(typed, how="diagonal_relaxed")
