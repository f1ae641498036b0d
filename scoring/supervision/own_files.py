"""Files in the data folder that a command writes whole: what a rewrite would lose, what would count beside them."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from schemas.tables import catalogue
from scoring.intake import Intake

# Codes by which the intake says that it passed something over, which writing the workbook anew would lose.
_LOST: Final = (
    "column-unknown", "column-personal", "column-without-heading", "heading-twice-equal", "row-total-or-signature",
    "row-heading-again", "row-example", "sheet-hidden", "sheet-passed-over",
)  # fmt: skip
_PLACE: Final = ("sheet", "row", "column")


def foreign(intake: Intake, file: str, table: str) -> dict[str, Any] | None:
    """Return the first place of a file that holds something else than rows of its table on one sheet.

    Parameters
    ----------
    intake
        The data folder, with the file as it is now.
    file
        Its name; it need not be there.
    table
        The table of which the command writes it.

    Returns
    -------
    dict
        sheet, row and column, as far as they are known; None where a rewrite loses nothing.
    """
    passed = intake.problems.filter((pl.col("file") == file) & pl.col("code").is_in(_LOST))
    if passed.height:
        return passed.select(_PLACE).row(0, named=True)
    for name in catalogue().tables:
        frame = getattr(intake.tables, name)
        if "source_file" not in frame.columns:
            continue
        sheets = frame.filter(pl.col("source_file") == file)["source_sheet"].unique().sort().to_list()
        if sheets and (name != table or len(sheets) > 1):
            return {"sheet": sheets[-1], "row": None, "column": ""}
    return None


def unread(intake: Intake, table: str) -> pl.DataFrame:
    """Return the refusals that may hide rows of a table: what is written beside those would count twice once mended.

    Of a file that was refused whole nobody knows what it holds. Empty where every row of the table was read.
    """
    refused = intake.problems.filter(pl.col("kind") == "refused")
    whole = refused.filter(pl.col("row").is_null())
    if intake.rows.get(table, {}).get("refused", 0):
        return refused
    return whole
