"""Facts as sheets: what stands in which cell, and the files of such sheets."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime

import polars as pl
import xlsxwriter

from schemas.tables import catalogue


@dataclass
class Grid:
    """A sheet to be: column ids, headings, cells, and what surrounds them."""

    table: str
    name: str
    kind: str
    columns: list
    head: list
    rows: list
    sheet: str = "Sheet1"
    above: list = field(default_factory=list)
    below: list = field(default_factory=list)
    merges: list = field(default_factory=list)
    encoding: str = "utf-8"
    sep: str = ","
    end: str = "\n"
    hidden: bool = False

    def number(self, place):
        """Return the row, as Excel counts, of a row of data; a CSV's records may span lines."""
        if self.kind == "csv":
            texts = [*self.above, self.head, *self.rows[:place]]
            return 1 + sum(1 + sum(str(cell).count("\n") for cell in row) for row in texts)
        return len(self.above) + 2 + place

    def lines(self):
        """Return all rows, from the first title to the last signature."""
        return [*self.above, self.head, *self.rows, *self.below]


def plain_grids(world, facts, kind="xlsx"):
    """Return every table neatly, a file each, under its Chinese headings."""
    return [_grid(table, rows, kind) for table, rows in facts.items() if rows]


def _grid(table, rows, kind):
    known = catalogue().tables[table]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    head = [known.columns[name].zh for name in columns]
    return Grid(table, known.zh, kind, columns, head, [[row.get(name) for name in columns] for row in rows])


def write(folder, grids):
    """Write grids into a folder; those of one name and kind are sheets of one workbook."""
    books = defaultdict(list)
    for grid in grids:
        if grid.kind == "xlsx":
            books[grid.name].append(grid)
        elif grid.kind == "csv":
            (folder / f"{grid.name}.csv").write_bytes(csv_bytes(grid))
        else:
            parquet_frame(grid).write_parquet(folder / f"{grid.name}.parquet")
    for name, sheets in books.items():
        options = {"strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(folder / f"{name}.xlsx", {**options, "nan_inf_to_errors": True}) as book:
            day = book.add_format({"num_format": "yyyy-mm-dd"})
            for grid in sheets:
                _write_sheet(book, grid, day)


def _write_sheet(book, grid, day):
    sheet = book.add_worksheet(grid.sheet)
    if grid.hidden:
        sheet.hide()
    for line, row in enumerate(grid.lines()):
        for place, cell in enumerate(row):
            if isinstance(cell, date):
                sheet.write_datetime(line, place, datetime(cell.year, cell.month, cell.day), day)  # noqa: DTZ001
            elif isinstance(cell, str):
                sheet.write_string(line, place, cell)
            elif cell is not None:
                sheet.write(line, place, cell)
    top = len(grid.above) + 1
    for first, column, last, right, text in grid.merges:
        sheet.merge_range(top + first, column, top + last, right, text if not isinstance(text, date) else str(text))


def csv_bytes(grid):
    """Return the bytes of a CSV."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=grid.sep, lineterminator=grid.end)
    writer.writerows([["" if cell is None else str(cell) for cell in row] for row in grid.lines()])
    return text.getvalue().encode(grid.encoding)


def parquet_frame(grid):
    """Return a frame with the dtype that each column's cells have; cells of several types become text."""
    series = []
    for place, name in enumerate(grid.head):
        cells = [row[place] for row in grid.rows]
        kinds = {type(cell) for cell in cells if cell is not None}
        if len(kinds) == 1 and kinds <= {int, date}:
            series.append(pl.Series(name, cells))
        else:
            texts = [None if cell is None else str(cell) for cell in cells]
            series.append(pl.Series(name, texts, dtype=pl.String))
    return pl.DataFrame(series)
