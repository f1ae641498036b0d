"""The way from placed sheets to good rows: laid out, stacked under their table, typed, settled, held to the schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from schemas.tables import SOURCE, Table, validate
from scoring.intake.columns import Names, read_columns
from scoring.intake.combined import split_combined
from scoring.intake.fold import name_key
from scoring.intake.headings import Headings
from scoring.intake.headrow import Head, cell_columns, find_head
from scoring.intake.layout import lay_out
from scoring.intake.matrix import item_headings, read_matrix
from scoring.intake.names import COMBINED
from scoring.intake.problems import Problems
from scoring.intake.rows import by_source, drop_repeated, make_ids, refuse_conflicts
from scoring.intake.sandbox import RawSheet
from scoring.intake.sheet import BAD, BLOCK, EPOCH_1904, ITEM, SERIAL, Sheet
from scoring.intake.values import period_in, read_period


@dataclass(frozen=True)
class Placed:
    """A sheet and the table that it holds; `named` when the sheet's own name says so."""

    sheet: RawSheet
    table: str
    rest: str
    named: bool
    alone: bool


class Reader:
    """Turns placed sheets into typed rows, table by table; the set of tables decides their order and their rules.

    Parameters
    ----------
    tables
        The tables that may be read, by id.
    names
        What towns, indicators and measures may be called; it grows when the towns are read.
    problems
        Receives what is passed over, repaired or refused.

    Attributes
    ----------
    present
        The tables that some sheet gave.
    given
        How many rows each table was given.
    moved
        Of each table that was settled, the places of its repeated rows.
    """

    def __init__(self, tables: Mapping[str, Table], names: Names, problems: Problems) -> None:
        self.tables = tables
        self.names = names
        self.problems = problems
        self.present: set[str] = set()
        self.given: dict[str, int] = dict.fromkeys(tables, 0)
        self.moved: dict[str, pl.DataFrame] = {}
        self._stacked: dict[str, list[pl.DataFrame]] = {name: [] for name in tables}
        self._typed: dict[str, list[pl.DataFrame]] = {name: [] for name in tables}

    def account(self, frames: Mapping[str, pl.DataFrame]) -> dict[str, dict[str, int]]:
        """Return for each table that was given how many rows were read, repeated and refused."""
        return {
            name: {
                "read": self.given[name],
                "duplicate_rows": self._dropped(name),
                "refused": self.given[name] - self._dropped(name) - frames[name].height,
            }
            for name in self.tables
            if name in self.present
        }

    def _dropped(self, name: str) -> int:
        return self.moved[name].height if name in self.moved else 0

    def values(self, name: str) -> pl.DataFrame:
        """Return the rows of a table, typed; a row with a bad cell has `_bad`."""
        typed = read_columns(self.tables[name], self.rows(name), self.names, self.problems)
        self._stacked[name].clear()
        return pl.concat([typed, *self._typed[name]], how="diagonal_relaxed") if self._typed[name] else typed

    def rows(self, name: str) -> pl.DataFrame:
        """Return the rows of a table as text, as its sheets gave them."""
        empty = pl.DataFrame(schema={**SOURCE, BAD: pl.Boolean(), EPOCH_1904: pl.Boolean(), SERIAL: pl.String()})
        return pl.concat([empty, *self._stacked[name]], how="diagonal_relaxed")

    def finish(self, name: str, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the good rows of a typed table, settled."""
        return self.good(name, self.settle(name, frame))

    def settle(self, name: str, frame: pl.DataFrame) -> pl.DataFrame:
        """Drop repeated good rows, make missing ids, refuse ids that two rows claim; bad rows stay, marked."""
        table = self.tables[name]
        frame = by_source(frame)
        good, self.moved[name] = drop_repeated(table, frame.filter(~pl.col(BAD)), self.problems)
        good = refuse_conflicts(table, make_ids(table, good, self.problems), self.problems)
        return pl.concat([good, frame.filter(BAD)], how="diagonal_relaxed")

    def good(self, name: str, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the good rows of a settled table, held to its schema."""
        table = self.tables[name]
        good = frame.filter(~pl.col(BAD)).select(list(table.polars_schema()))
        return self._validated(table, good)

    def _validated(self, table: Table, good: pl.DataFrame) -> pl.DataFrame:
        """Hold the good rows against the Pandera schema, the second lock; what it refuses is named and set aside."""
        import pandera.errors

        if good.is_empty():
            return good
        try:
            validate(good, table)
        except (pandera.errors.SchemaErrors, pandera.errors.SchemaError) as error:
            places = getattr(error, "failure_cases", pl.DataFrame())
            rows = {int(place) for place in places["index"].drop_nulls()} if "index" in places.columns else set()
            wrong = pl.int_range(pl.len()).is_in(sorted(rows)) if rows else pl.lit(value=True)
            self.problems.add_rows("schema-check", "refused", good.filter(wrong), table=table.id)
            return good.filter(~wrong)
        return good

    def lay_out(self, item: Placed) -> None:
        """Lay one sheet out and stack its rows under their table."""
        sheet = item.sheet
        about = "findings" if item.table == COMBINED else item.table
        table = self.tables[about]
        heads = [table, self.tables["rectifications"]] if about == "findings" else [table]
        headings = Headings(heads)
        extra = item_headings(table.matrix, self.names)
        headings.items = frozenset(extra)
        head = find_head(sheet, headings, extra)
        if head is None:
            self._without_head(item, about)
            return
        self.present.add(about)
        laid = Sheet(sheet, head, headings, {one.id: one for one in heads}, extra, self.problems)
        rows = lay_out(laid, self._called(item.rest, sheet, head))
        if table.matrix is not None and any(name.startswith(ITEM) for name in rows.columns):
            typed = read_matrix(table.matrix, rows, self.names, laid)
            self.given[about] += typed.height
            self._typed[about].append(typed)
            return
        parts = split_combined(rows, self.problems) if about == "findings" else {about: _plain(rows, about)}
        for name, own in parts.items():
            self.present.add(name)
            self.given[name] += own.height
            self._stacked[name].append(own)

    def _without_head(self, item: Placed, about: str) -> None:
        sheet = item.sheet
        filled = [name for name in sheet.frame.columns if name != "row"]
        if not filled or sheet.frame.select(pl.any_horizontal(pl.col(filled).is_not_null()).any()).item() is False:
            if item.named or item.alone:
                self.present.add(about)
                self.problems.add("sheet-empty", "notice", file=sheet.file, sheet=sheet.sheet)
        elif item.named or item.alone or self._town_of(item.rest, sheet.sheet) is not None:
            self.problems.add("no-heading", "refused", file=sheet.file, sheet=sheet.sheet)
            self.present.add(about)
        else:
            self.problems.add("sheet-passed-over", "notice", file=sheet.file, sheet=sheet.sheet)

    def _called(self, rest: str, sheet: RawSheet, head: Head) -> dict[str, str]:
        """Return the town and the period that a sheet or file is named after, or that its title names."""
        called = {}
        if (town := self._town_of(rest, sheet.sheet)) is not None:
            called["town"] = town
        above = sheet.frame.head(head.first).select(cell_columns(sheet.frame))
        title = period_in(" ".join(cell for row in above.iter_rows() for cell in row if cell))
        exact = (read_period(text, self.names.intervals).value for text in (sheet.sheet, rest, *rest.split()))
        period = next(filter(None, exact), None) or period_in(sheet.sheet) or period_in(Path(sheet.file).stem) or title
        # A title that says otherwise leaves it open: the rows are then named as undated.
        return called | {"period": period} if period and title in {None, period} else called

    def _town_of(self, rest: str, sheet: str) -> str | None:
        """Return the town that a sheet or file is named after, if its name is exactly a town's."""
        for text in (sheet, rest, *rest.split()):
            if name_key(text) in self.names.towns:
                return text
        return None


def _plain(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    return frame.rename({column: column.removeprefix(f"{name}.") for column in frame.columns}).drop(BLOCK)
