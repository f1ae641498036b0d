"""Findings whose dates put them outside the period: said once a sheet, as a slip of a year looks the same."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import polars as pl

from schemas.scheme import Scheme
from scoring.intake import Problems
from scoring.messages import say
from scoring.periods import Period

_NAMED: Final = 5
"""So many rows are named one by one."""


def dated_outside(findings: pl.DataFrame, scheme: Scheme, period: Period, as_of: date, lang: str) -> pl.DataFrame:
    """Return a notice for each sheet with findings dated after the as-of date, and for each with earlier periods' ones.

    A file all of whose findings lie on one side is named as a whole.

    Parameters
    ----------
    findings
        The table, with its source columns.

    Returns
    -------
    DataFrame
        In the columns of intake's problems.
    """
    problems = Problems()
    found = pl.col("found_on")
    belongs = pl.coalesce("assigned_on", "found_on") if scheme.calendar.belongs_by == "assigned_on" else found
    later = (found > as_of) | (belongs > as_of)
    for code, outside in (("dated-after", later), ("dated-before", ~later & (belongs < period.start))):
        sheets = (
            findings.group_by("source_file", "source_sheet")
            .agg(
                outside.sum().alias("count"),
                pl.col("source_row").filter(outside).bottom_k(_NAMED).sort().alias("rows"),
                outside.all().alias("all"),
            )
            .filter(pl.col("count") > 0)
            .with_columns(pl.col("all").all().over("source_file"), of_file=pl.col("count").sum().over("source_file"))
            .sort("source_file", "source_sheet")
        )
        told: dict[str, Any] = {"table": "findings", "column": "found_on", "period": period.id, "as_of": str(as_of)}
        for file, count in (
            sheets.filter("all").select("source_file", "of_file").unique(maintain_order=True).iter_rows()
        ):
            problems.add(f"{code}-all", "notice", file=file, count=count, **told)
        for file, sheet, count, rows, *_ in sheets.filter(~pl.col("all")).iter_rows():
            more = say("scheme-hint-more", lang) if count > len(rows) else ""
            named = say("list-comma", lang).join(map(str, rows)) + more
            problems.add(code, "notice", file=file, sheet=sheet or "", row=rows[0], count=count, rows=named, **told)
    return problems.frame(lang)
