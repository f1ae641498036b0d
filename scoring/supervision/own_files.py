"""Files in the data folder that a command writes whole: what somebody else put there and a rewrite would lose."""

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
