"""What intake hands on: the typed tables, the problems, and the account of every row."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from typing import Final, Generic, TypeVar

import polars as pl


@dataclass(frozen=True)
class Tables:
    """One eager frame a table, empty with the right columns when no file gave it.

    Attributes
    ----------
    towns, findings, rectifications, checks, measures, judgements, adjustments, appeals, letters
        The frames, with the dtypes of docs/architecture.md and the source columns last.
    present
        The tables that a file gave; one without any row only when every folder needs it.
    """

    towns: pl.DataFrame
    findings: pl.DataFrame
    rectifications: pl.DataFrame
    checks: pl.DataFrame
    measures: pl.DataFrame
    judgements: pl.DataFrame
    adjustments: pl.DataFrame
    appeals: pl.DataFrame
    letters: pl.DataFrame
    present: frozenset[str]


_Frames = TypeVar("_Frames")


@dataclass(frozen=True)
class Read(Generic[_Frames]):
    """A folder of tables, read.

    Attributes
    ----------
    tables
        The good rows only.
    problems
        file, sheet, row, column, code, kind (refused, notice, repaired), message, advice.
    rows
        For each table that was given: read = used + duplicate_rows + refused, with "read", "duplicate_rows" and
        "refused" named.
    inputs
        File name to SHA-256 of every file that was read.
    """

    tables: _Frames
    problems: pl.DataFrame
    rows: Mapping[str, Mapping[str, int]]
    inputs: Mapping[str, str]

    @property
    def refused(self) -> bool:
        """Whether anything was refused."""
        return bool((self.problems["kind"] == "refused").any())


@dataclass(frozen=True)
class Intake(Read[Tables]):
    """The data folder, read; with refused rows nothing may be published."""

    def without(self, places: Collection[tuple[str, str, int]], problems: pl.DataFrame) -> Intake | None:
        """Return the intake with some rows refused after all; None where one of them is in no table.

        Parameters
        ----------
        places
            File, sheet and row of each. What is reported about a finding among them goes with it.
        problems
            Why, in the columns of `problems`.
        """
        wanted = pl.DataFrame(
            list(places), schema=dict(zip(_PLACE, (pl.String, pl.String, pl.Int64), strict=True)), orient="row"
        )
        place = [pl.col("source_file"), pl.col("source_sheet").fill_null(""), pl.col("source_row")]
        frames = {one.name: getattr(self.tables, one.name) for one in fields(Tables) if one.name != "present"}
        kept = {
            name: frame.join(wanted, left_on=place, right_on=list(_PLACE), how="anti") for name, frame in frames.items()
        }
        found = sum(frame.height - kept[name].height for name, frame in frames.items())
        if found < wanted.height:
            return None
        gone = frames["findings"]["finding_id"].filter(
            ~frames["findings"]["finding_id"].is_in(kept["findings"]["finding_id"].implode())
        )
        kept["rectifications"] = kept["rectifications"].filter(~pl.col("finding_id").is_in(gone.implode()))
        rows = {
            name: {**counts, "refused": counts["refused"] + frames[name].height - kept[name].height}
            for name, counts in self.rows.items()
        }
        told = pl.concat([problems, self.problems], how="diagonal_relaxed")
        return replace(self, tables=replace(self.tables, **kept), problems=told, rows=rows)


_PLACE: Final = ("source_file", "source_sheet", "source_row")
