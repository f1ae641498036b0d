"""scores.csv, indicators.csv and ledger.csv: the result for a spreadsheet or a program; no cell of it can run.

The same tables as Parquet are the Assessment's own (`Assessment.save`), with every column and without the changes
that text needs in a spreadsheet.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from scoring.redaction.masking import mask_column

if TYPE_CHECKING:
    from scoring.assessment import Assessment

# What may leave the bureau, column by column. A column that is not named here is never written.
SCORES: Final = ("town_code", "town", "group", "score", "rank", "group_rank", "grade")
INDICATORS: Final = (
    "town_code", "town", "part", "dimension", "indicator", "outcome", "points_num", "points_den",
    "earned_num", "earned_den", "findings", "value_num", "value_den", "target_num", "target_den", "sample",
)  # fmt: skip
LEDGER: Final = (
    "entry_id", "town_code", "period", "part", "dimension", "indicator", "kind", "subject", "quantity_num",
    "quantity_den", "price_num", "price_den", "multiplier_num", "multiplier_den", "points_num", "points_den", "points",
    "clause", "line", "reason", "parameters",
)  # fmt: skip

# Free text that an officer typed can stand in these; the others hold words of the scheme and numbers.
_TYPED: Final = ("entry_id", "subject", "parameters")
# Exact numbers that the frames carry as text.
_NUMBERS: Final = ("score", "points", "points_before", "points_after")
_NUMBER: Final = r"^-?\d+(\.\d+)?(/\d+)?$"
# A spreadsheet runs a cell that begins with one of these; some skip a leading control character.
_RUNS: Final = r"^[=+\-@\p{Cc}]"


def write_tables(assessment: Assessment, folder: Path) -> list[Path]:
    """Write the three CSV tables into `folder` and return their paths.

    UTF-8 with BOM, one line feed a record. Text that begins with ``= + - @`` or a control character gets a ``'`` in
    front; numbers are plain. Identifiers and telephone numbers in typed text are masked.

    Parameters
    ----------
    assessment
        Any size: one million ledger rows take seconds.
    folder
        An existing folder.
    """
    towns = assessment.scores.select("town_code", "town")
    indicators = assessment.indicators.join(towns, on="town_code", how="left", maintain_order="left")
    tables = {
        "scores.csv": assessment.scores.select(SCORES),
        "indicators.csv": indicators.select(INDICATORS),
        "ledger.csv": assessment.ledger.select(LEDGER),
    }

    def write(name: str) -> Path:
        masked = tables[name].with_columns(mask_column(typed) for typed in _TYPED if typed in tables[name].columns)
        write_plain(masked, folder / name)
        return folder / name

    with ThreadPoolExecutor() as threads:
        return list(threads.map(write, tables))


def write_plain(frame: pl.DataFrame, path: Path) -> None:
    """Write a frame as CSV no cell of which a spreadsheet would run: UTF-8 with BOM."""
    _plain(frame).write_csv(path, include_bom=True)


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Put a ``'`` before text that a spreadsheet would run."""
    columns = []
    for name, dtype in frame.schema.items():
        column = pl.col(name)
        if dtype == pl.List(pl.String):
            column = column.list.join(";")
        elif dtype != pl.String:
            continue
        runs = column.str.contains(_RUNS)
        if name in _NUMBERS:
            runs &= ~column.str.contains(_NUMBER)
        columns.append(pl.when(runs).then("'" + column).otherwise(column).alias(name))
    return frame.with_columns(columns)
