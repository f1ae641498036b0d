"""Findings whose dates put them outside the period: said once a sheet, as a slip of a year looks the same."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from schemas.scheme import Scheme
from scoring.intake import Problems
from scoring.messages import say
from scoring.periods import Period

_NAMED: Final = 5
"""So many rows are named one by one."""


def dated_outside(findings: pl.DataFrame, scheme: Scheme, period: Period, as_of: date, lang: str) -> pl.DataFrame:
    """Return a notice for each sheet with findings dated after the as-of date, and for each with earlier periods' ones.

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
            findings.filter(outside)
            .group_by("source_file", "source_sheet")
            .agg(pl.len(), pl.col("source_row").bottom_k(_NAMED).sort())
            .sort("source_file", "source_sheet")
        )
        for file, sheet, count, rows in sheets.iter_rows():
            more = say("scheme-hint-more", lang) if count > len(rows) else ""
            named = say("list-comma", lang).join(map(str, rows)) + more
            problems.add(
                code,
                "notice",
                file=file,
                sheet=sheet or "",
                row=rows[0],
                table="findings",
                column="found_on",
                count=count,
                rows=named,
                period=period.id,
                as_of=as_of.isoformat(),
            )
    return problems.frame(lang)
