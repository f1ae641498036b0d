"""What the steps of laying out one sheet share: where it stands, what it may hold, where problems go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from schemas.tables import Column, Table
from scoring.intake.headings import Headings
from scoring.intake.headrow import Head, item_of
from scoring.intake.problems import Kind, Problems
from scoring.intake.sandbox import RawSheet

BAD: Final = "_bad"
EPOCH_1904: Final = "_1904"
SERIAL: Final = "_serial"
BLOCK: Final = "_block"
ITEM: Final = "@"
"""Begins the name of a column that is an item of a judged matrix."""
ADDED: Final = frozenset({"count", "amount", "decimal", "signed", "integer"})
"""Types of columns whose cells are added up: a doubtful one is never filled in."""


@dataclass(frozen=True)
class Sheet:
    """One sheet on its way into a table.

    Attributes
    ----------
    raw, head, headings
        The sheet, its heading as `find_head` found it, and what the headings may mean.
    tables
        The tables whose columns may stand here; the first is the one that the sheet is about.
    items
        Heading key to name of further columns: the items of a judged matrix.
    problems
        Receives what is passed over, repaired or refused.
    """

    raw: RawSheet
    head: Head
    headings: Headings
    tables: Mapping[str, Table]
    items: Mapping[str, str]
    problems: Problems

    @property
    def main(self) -> Table:
        """The table that the sheet is about."""
        return next(iter(self.tables.values()))

    @property
    def head_row(self) -> int:
        """The row of the headings, as Excel numbers it."""
        return int(self.raw.frame["row"][self.head.last])

    def column(self, name: str) -> Column | None:
        """Return the column that `table.column` names; None for an item of a matrix."""
        table, _, column = name.partition(".")
        return self.tables[table].columns[column] if table in self.tables else None

    def knows(self, text: str) -> bool:
        """Tell whether a text is a heading of this kind of sheet."""
        return self.headings.find(text) is not None or item_of(text, self.items) is not None

    def heading(self, place: int) -> str:
        """Return how the sheet heads a cell column."""
        return " ".join(self.head.labels[place].split())

    def say(self, code: str, kind: Kind, *, row: int | None, name: str | None = None, **parameters: object) -> None:
        """Add a problem at a row or of the whole sheet; `name` is `table.column`, or a heading as it stands."""
        table: str | None
        table, _, column = (name or "").partition(".")
        if table not in self.tables:
            table, column = None, name or ""
        place = (self.raw.file, self.raw.sheet)
        self.problems.add(
            code, kind, file=place[0], sheet=place[1], row=row, table=table, column=column or None, **parameters
        )
