"""What intake hands on: the typed tables, the problems, and the account of every row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Intake:
    """A data folder, read.

    Attributes
    ----------
    tables
        The good rows only.
    problems
        file, sheet, row, column, code, kind (refused, notice, repaired), message, advice.
    rows
        For each table: read = used + duplicate_rows + refused, with "read", "duplicate_rows" and "refused" named.
    inputs
        File name to SHA-256 of every file that was read.
    """

    tables: Tables
    problems: pl.DataFrame
    rows: Mapping[str, Mapping[str, int]]
    inputs: Mapping[str, str]

    @property
    def refused(self) -> bool:
        """Whether anything was refused: then nothing may be published."""
        return bool((self.problems["kind"] == "refused").any())
