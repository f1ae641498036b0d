"""A matrix of judged scores: one row a town, one column an item."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from schemas.tables import Table, catalogue
from scoring.intake.columns import Names, read_columns
from scoring.intake.headings import heading_key
from scoring.intake.headrow import item_of
from scoring.intake.problems import Problems
from scoring.intake.sheet import BAD, BLOCK, ITEM, Sheet

_GIVEN = ("points", "deducted", "share")


def item_headings(indicators: Mapping[str, str]) -> dict[str, str]:
    """Return heading key to `@indicator` for every name of an indicator."""
    return {heading_key(name): f"{ITEM}{indicator}" for name, indicator in indicators.items()}


def read_matrix(table: Table, rows: pl.DataFrame, names: Names, sheet: Sheet) -> pl.DataFrame:
    """Return one judgement for each filled cell of the matrix.

    Parameters
    ----------
    table, rows, names
        The judgements' table, the sheet laid out, what names mean.
    sheet
        One whose own name, or else its file's, speaks of deductions holds deductions, any other holds points earned;
        a name that speaks of both is refused.
    """
    problems = sheet.problems
    target, sure = _what_it_holds(table, sheet)
    if not sure:
        sheet.say("matrix-doubtful-name", "refused", row=None)
        rows = rows.with_columns(pl.lit(value=True).alias(BAD))
    items = [column for column in rows.columns if column.startswith(ITEM)]
    rows = rows.rename({column: column.removeprefix("judgements.") for column in rows.columns}).drop(BLOCK)
    if "indicator" in rows.columns:
        # One row would speak of several items at once.
        sheet.say("matrix-and-list", "refused", row=sheet.head_row, name="judgements.indicator")
        return read_columns(table, rows.drop(items).with_columns(pl.lit(value=True).alias(BAD)), names, Problems())
    for total in (column for column in _GIVEN if column in rows.columns):
        sheet.say("matrix-total", "notice", row=sheet.head_row, name=f"judgements.{total}")
    rows = rows.drop(_GIVEN, strict=False)
    empty = list(catalogue().reading.empty)
    headed = {found: " ".join(label.split()) for label in sheet.head.labels if (found := item_of(label, sheet.items))}
    typed = []
    for item in items:
        cells = rows.drop([other for other in items if other != item]).rename({item: target})
        cells = cells.filter(
            pl.col(target).str.strip_chars().str.len_chars().gt(0) & ~pl.col(target).str.strip_chars().is_in(empty)
        ).with_columns(pl.lit(item.removeprefix(ITEM)).alias("indicator"))
        own = Problems()
        typed.append(read_columns(table, cells, names, own))
        problems.absorb(own, target, headed.get(item, item.removeprefix(ITEM)))
    return pl.concat(typed, how="diagonal_relaxed")


def _what_it_holds(table: Table, sheet: Sheet) -> tuple[str, bool]:
    """Return `points` or `deducted`, and whether the names leave no doubt."""
    for name in (sheet.raw.sheet, sheet.raw.file):
        told = [key for key in ("points", "deducted") if any(w in name for w in (table.columns[key].zh, key))]
        if told:
            return told[0], len(told) == 1
    return "points", True
