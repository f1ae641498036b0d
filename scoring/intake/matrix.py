"""A matrix of judged scores or of measures: one row a town, one column an item."""

from __future__ import annotations

import polars as pl

from schemas.tables import Matrix, catalogue
from scoring.intake.columns import Names, read_columns
from scoring.intake.headings import heading_key
from scoring.intake.headrow import item_of
from scoring.intake.problems import Problems
from scoring.intake.sheet import BAD, BLOCK, ITEM, Sheet


def item_headings(matrix: Matrix | None, names: Names) -> dict[str, str]:
    """Return heading key to `@item` for every name of an item that such a table may have as a column."""
    if matrix is None:
        return {}
    items = {"indicator": names.indicators, "measure": names.measures}[matrix.item]
    return {heading_key(name): f"{ITEM}{item}" for name, item in items.items()}


def read_matrix(matrix: Matrix, rows: pl.DataFrame, names: Names, sheet: Sheet) -> pl.DataFrame:
    """Return one row of the sheet's table for each filled cell of the matrix.

    Parameters
    ----------
    matrix, rows, names
        How the table is written as a matrix, the sheet laid out, what names mean.
    sheet
        A sheet of judgements whose own name, or else its file's, speaks of deductions holds deductions, any other holds
        points earned; a name that speaks of both is refused.
    """
    problems, table = sheet.problems, sheet.main
    target, sure = _what_it_holds(matrix, sheet)
    if not sure:
        sheet.say("matrix-doubtful-name", "refused", row=None)
        rows = rows.with_columns(pl.lit(value=True).alias(BAD))
    items = [column for column in rows.columns if column.startswith(ITEM)]
    rows = rows.rename({column: column.removeprefix(f"{table.id}.") for column in rows.columns}).drop(BLOCK)
    if both := [column for column in matrix.never if column in rows.columns]:
        # One row would speak of several items at once.
        for column in both:
            sheet.say("matrix-and-list", "refused", row=sheet.head_row, name=f"{table.id}.{column}")
        return read_columns(table, rows.drop(items).with_columns(pl.lit(value=True).alias(BAD)), names, Problems())
    for total in (column for column in matrix.totals if column in rows.columns):
        sheet.say("matrix-total", "notice", row=sheet.head_row, name=f"{table.id}.{total}")
    rows = rows.drop(matrix.totals, strict=False)
    empty = list(catalogue().reading.empty)
    headed = {found: " ".join(label.split()) for label in sheet.head.labels if (found := item_of(label, sheet.items))}
    typed = []
    for item in items:
        cells = rows.drop([other for other in items if other != item]).rename({item: target})
        cells = cells.filter(
            pl.col(target).str.strip_chars().str.len_chars().gt(0) & ~pl.col(target).str.strip_chars().is_in(empty)
        ).with_columns(pl.lit(item.removeprefix(ITEM)).alias(matrix.item))
        own = Problems()
        typed.append(read_columns(table, cells, names, own))
        problems.absorb(own, target, headed.get(item, item.removeprefix(ITEM)))
    return pl.concat(typed, how="diagonal_relaxed")


def _what_it_holds(matrix: Matrix, sheet: Sheet) -> tuple[str, bool]:
    """Return the column that the cells are of, and whether the names leave no doubt."""
    for name in (sheet.raw.sheet, sheet.raw.file):
        told = [key for key in matrix.cells if any(w in name for w in (sheet.main.columns[key].zh, key))]
        if told:
            return told[0], len(told) == 1
    return matrix.cells[0], True
