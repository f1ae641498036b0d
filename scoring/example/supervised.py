"""The supervision's folder of the example: the tables of the year, written as an officer keeps them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

from schemas.tables import Column, catalogue
from scoring.example.cases import cases
from scoring.example.contact import hotline, petitions, surveys, village_reports
from scoring.example.facts import Cell, Row, Year
from scoring.example.office import duties, kin, sanctions
from scoring.example.words import supervision_words, words
from scoring.example.workbooks import Book

_SEEN: Final = 10


def supervise(seed: int, year: Year) -> dict[str, list[Row]]:
    """Return the supervision's tables, rows by column id; words of lists by their ids.

    Parameters
    ----------
    year
        The scored ledgers of the same seed: surveys, calls and reports bear out their measures, cases their findings.
    """
    measured = {(str(row["town"]), str(row["period"]), str(row["measure"])): row for row in year.tables["measures"]}
    register = cases(seed, year.findings)
    return {
        "cases": register,
        "surveys": surveys(seed, measured),
        "hotline": hotline(seed, measured),
        "petitions": petitions(seed),
        "village_reports": village_reports(seed, measured),
        "kin": kin(seed, register),
        "sanctions": sanctions(year.findings),
        "duties": duties(),
    }


def write_supervised(folder: Path, tables: dict[str, list[Row]]) -> None:
    """Write the tables into `folder`: workbooks where numbers of persons stand, else CSV as Excel saves it."""
    known = catalogue("supervision").tables
    for name, rows in tables.items():
        columns = [known[name].columns[column] for column in supervision_words()["columns"][name]]
        if name in supervision_words()["workbooks"]:
            _workbook(folder / f"{known[name].zh}.xlsx", known[name].zh, columns, _sheets(name, rows))
        else:
            _csv(folder / f"{known[name].zh}.csv", columns, rows)


def _sheets(name: str, rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Return the sheets of a table: of cases those of the year, and those assisted from before."""
    if name != "cases":
        return {catalogue("supervision").tables[name].zh: list(rows)}
    names, year = supervision_words()["cases"]["sheets"], date(words()["year"], 1, 1)
    before = [isinstance(row["confirmed_on"], date) and row["confirmed_on"] < year for row in rows]
    return {
        names["this"]: [row for row, old in zip(rows, before, strict=True) if not old],
        names["earlier"]: [row for row, old in zip(rows, before, strict=True) if old],
    }


def _workbook(path: Path, table: str, columns: Sequence[Column], sheets: dict[str, list[Row]]) -> None:
    book, title = Book(path), supervision_words()["title"].format(year=words()["year"], table=table)
    for sheet, rows in sheets.items():
        cells = [[_word(column, row.get(column.id)) for column in columns] for row in rows]
        # A title in the middle of forty columns would be out of sight.
        book.sheet(sheet, [column.zh for column in columns], cells, title=title, across=min(len(columns), _SEEN))
    book.notes(supervision_words()["notes"])
    book.close()


def _csv(path: Path, columns: Sequence[Column], rows: Sequence[Row]) -> None:
    """Write a table in the encoding, and with the dates, that Chinese Excel gives a CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(column.zh for column in columns)
    for row in rows:
        cells = (_word(column, row.get(column.id)) for column in columns)
        writer.writerow(f"{cell.year}/{cell.month}/{cell.day}" if isinstance(cell, date) else cell for cell in cells)
    path.write_bytes(text.getvalue().encode("gb18030"))


def _word(column: Column, value: Cell) -> Cell:
    """Return what stands in the cell: of a list its first word."""
    return column.choices[str(value)][0] if value is not None and column.choices else value
