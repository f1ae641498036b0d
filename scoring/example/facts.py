"""The shapes of the example year: rows by column id, findings with the reports on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

Cell = str | int | Decimal | date | None
Row = dict[str, Cell]


@dataclass
class Finding:
    """A finding, its reports in order, the quarter whose ledger holds it, and the story by which it goes on."""

    quarter: int
    row: Row
    story: str
    reports: list[Row] = field(default_factory=list)
    twin: bool = False  # the same case, seen once more from another side


@dataclass
class Year:
    """The whole year; every table but findings and rectifications as rows by column id."""

    findings: list[Finding]
    tables: dict[str, list[Row]]

    def of(self, quarter: int) -> list[Finding]:
        """Return the findings of one quarter, town by town in their official order."""
        return [finding for finding in self.findings if finding.quarter == quarter]
