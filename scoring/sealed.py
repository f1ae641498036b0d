"""What the ledgers say today otherwise than when the last edition was sealed: facts changed, rows gone.

It is scored as it stands, for a correction may be right; but nobody should learn of it from a score alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

import polars as pl

from schemas.tables import catalogue
from scoring.intake import Problems, Tables

# What a finding costs and when it is due by; an extension may come later, a description cost nothing.
_FACTS: Final = (
    "town", "found_on", "assigned_on", "approved_on", "indicator", "severity", "channel", "programme", "problem_type",
    "cases", "persons", "due_on",
)  # fmt: skip
# By table: what names a row, and the day by which it was known.
_ROWS: Final = {
    "rectifications": (("finding_id", "submitted_on"), "submitted_on"),
    "checks": (("check_id",), "checked_on"),
    "measures": (("town", "measure", "period"), None),
    "judgements": (("town", "indicator", "period"), None),
    "adjustments": (("adjustment_id",), "dated_on"),
    "appeals": (("appeal_id",), "filed_on"),
}


def sealed_notices(tables: Tables, sealed: Tables, as_of: date, end: date, lang: str) -> pl.DataFrame:
    """Return notices as intake's problems are.

    Parameters
    ----------
    sealed
        The tables of the last published edition.
    as_of, end
        The day as of which it was scored, and its period's last: later rows are nobody's published facts.
    """
    problems = Problems()
    names = dict(tables.towns.select("town_code", "name").iter_rows())
    _changed(problems, tables.findings, sealed.findings.filter(pl.col("found_on") <= as_of), names, lang)
    for name, (key, day) in _ROWS.items():
        known: pl.DataFrame = getattr(sealed, name)
        known = (
            known.filter(pl.col(day) <= as_of)
            if day
            else known.filter(pl.col("period").str.slice(0, 4) <= str(end.year))
        )
        gone = known.join(getattr(tables, name), on=key, how="anti", nulls_equal=True)
        for row in gone.select(key).iter_rows():
            words = " ".join(str(cell) for cell in row if cell is not None)
            problems.add("frozen-row-missing", "notice", file="", table=name, row_name=words)
    return problems.frame(lang)


def _changed(
    problems: Problems, findings: pl.DataFrame, sealed: pl.DataFrame, names: Mapping[str, str], lang: str
) -> None:
    columns = [name for name in _FACTS if name in findings.columns and name in sealed.columns]
    both = findings.join(sealed.select("finding_id", *columns), on="finding_id", suffix="_sealed")
    known = catalogue().tables["findings"].columns
    for column in columns:
        differs = both.filter(pl.col(column).ne_missing(pl.col(f"{column}_sealed")))
        for row in differs.iter_rows(named=True):
            problems.add(
                "frozen-fact-changed", "notice", file=row["source_file"], sheet=row["source_sheet"] or "",
                row=row["source_row"], table="findings", column=column, finding=row["finding_id"],
                heading=known[column].zh if lang == "zh" else column.replace("_", " "),
                was=_word(row[f"{column}_sealed"], names), now=_word(row[column], names),
            )  # fmt: skip


def _word(value: object, names: Mapping[str, str]) -> str:
    """Return a cell in words: a town by its name."""
    return "-" if value is None else names.get(str(value), str(value))
