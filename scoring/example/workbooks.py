"""The example year as a bureau keeps it: titles above the tables, merged cells, short names, dates in every form."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from scoring.example.facts import Cell, Finding, Row, Year
from scoring.example.words import Draw, words

_EPOCH = date(1899, 12, 30)  # day 0 of a workbook's serial dates, as its readers count


class Paper:
    """How a fact is written down: neatly, or as people do."""

    def __init__(self, seed: int, *, dirty: bool) -> None:
        self.dirty = dirty
        self._draw = Draw(seed, "paper")
        self._short = {town["name"]: [town["name"], *town["aliases"]] for town in words()["towns"]}
        self._labels = {entry["id"]: entry["label"] for entry in words()["measures"]}

    def cell(self, column: str, value: Cell) -> Cell:
        """Return the cell for a fact; a date that stays a date becomes a date cell."""
        if column == "measure":
            return str(self._labels.get(str(value), value))
        if not self.dirty or value is None:
            return value
        if isinstance(value, date):
            return self._date(value)
        if column == "town":
            return self._town(str(value))
        if column == "cases":
            return self._count(value)
        return value

    def _date(self, day: date) -> Cell:
        form = self._draw.pick(words()["date_forms"])
        written: dict[str, Cell] = {
            "iso": day.isoformat(),
            "dots": f"{day.year}.{day.month}.{day.day}",
            "slash": f"{day.year}/{day.month}/{day.day}",
            "han": words()["date_han"].format(day),
            "serial": (day - _EPOCH).days,
        }
        return written.get(form, day)

    def _town(self, name: str) -> str:
        return self._draw.pick(self._short[name]) if self._draw.chance(0.5) else name

    def _count(self, value: Cell) -> Cell:
        if self._draw.chance(0.1):
            return str(value).translate({ord(str(digit)): wide for digit, wide in enumerate(words()["full_width"])})
        return f"{value}{words()['case_unit']}" if self._draw.chance(0.1) else value


class Book:
    """A workbook whose bytes depend on its cells alone."""

    def __init__(self, path: Path) -> None:
        self._book = xlsxwriter.Workbook(path, {"in_memory": True})
        self._book.set_properties(
            {"title": words()["mark"], "comments": words()["mark"], "created": datetime(words()["year"], 1, 1)}  # noqa: DTZ001  a fixed stamp
        )
        self._date = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._title = self._book.add_format({"bold": True, "font_size": 16, "align": "center", "valign": "vcenter"})
        self._head = self._book.add_format({"bold": True, "border": 1, "text_wrap": True, "align": "center"})
        self._merged = self._book.add_format({"align": "center", "valign": "vcenter"})

    def sheet(
        self,
        name: str,
        headings: Sequence[str],
        rows: Sequence[Sequence[Cell]],
        *,
        title: str = "",
        across: int | None = None,
        merged: int | None = None,
        below: Sequence[Sequence[Cell]] = (),
    ) -> None:
        """Write a table.

        Parameters
        ----------
        title
            A row above the headings; none when empty.
        across
            Over how many columns it stands; None: all.
        merged
            The column whose equal neighbours become one tall cell; None for none.
        below
            Rows under the table: totals and signatures.
        """
        sheet = self._book.add_worksheet(name)
        top = 0
        if title:
            sheet.merge_range(0, 0, 0, (across or len(headings)) - 1, title, self._title)
            top = 1
        for column, heading in enumerate(headings):
            sheet.write_string(top, column, heading, self._head)
            sheet.set_column(column, column, _width([heading, *(row[column] for row in rows)]))
        sheet.freeze_panes(top + 1, 0)
        for line, row in enumerate([*rows, *below], start=top + 1):
            for column, value in enumerate(row):
                if column != merged or line > top + len(rows):
                    self._write(sheet, line, column, value)
        if merged is not None:
            self._merge(sheet, merged, top + 1, [row[merged] for row in rows])

    def notes(self, further: Sequence[str] = ()) -> None:
        """Add the sheet that says that all of it is invented, and further lines."""
        sheet = self._book.add_worksheet(words()["about"]["sheet"])
        sheet.set_column(0, 0, 80)
        for line, text in enumerate([*words()["about"]["lines"], *further]):
            sheet.write_string(line, 0, text)

    def hidden(self) -> None:
        """Add a helper sheet that nobody sees: the lists behind the drop-downs."""
        sheet = self._book.add_worksheet(words()["hidden"]["sheet"])
        for column, name in enumerate(words()["hidden"]["lists"]):
            for line, text in enumerate(words()[name]):
                sheet.write_string(line, column, text)
        sheet.hide()

    def close(self) -> None:
        """Write the file."""
        self._book.close()

    def _write(self, sheet: Worksheet, line: int, column: int, value: Cell) -> None:
        if value is None:
            return
        if isinstance(value, date):
            sheet.write_datetime(line, column, value, self._date)
        elif isinstance(value, (int, Decimal)):
            sheet.write_number(line, column, value)
        else:
            sheet.write_string(line, column, value)

    def _merge(self, sheet: Worksheet, column: int, top: int, values: Sequence[Cell]) -> None:
        start = 0
        for place in range(1, len(values) + 1):
            if place == len(values) or values[place] != values[start]:
                if place - start > 1:
                    sheet.merge_range(top + start, column, top + place - 1, column, values[start], self._merged)
                else:
                    self._write(sheet, top + start, column, values[start])
                start = place


def _width(cells: Sequence[Cell]) -> int:
    """Return a column's width in characters: its longest cell within bounds, a Chinese character counting as two."""
    longest = max(sum(1 + (ord(letter) > 0xFF) for letter in str(cell)) for cell in cells)
    return min(44, max(8, longest + 2))


def write_year(folder: Path, year: Year, paper: Paper) -> None:
    """Write every table of the year into `folder`."""
    files = words()["files"]
    for quarter in range(1, 5):
        findings = year.of(quarter)
        if paper.dirty and quarter == words()["combined_quarter"]:
            _combined(folder, quarter, findings, paper)
        else:
            _findings(folder, quarter, findings, paper)
            _rectifications(folder, quarter, findings, paper)
    for table in ("towns", "checks", "judgements", "adjustments", "appeals", "letters"):
        book = Book(folder / f"{files[table]}.xlsx")
        title = words()["whole_title"].format(year=words()["year"], table=files[table]) if paper.dirty else ""
        sheets = words()["judged_sheets"] if table == "judgements" else {table: files[table]}
        for rows, sheet in sheets.items():
            headings = dict(words()["columns"][rows])
            if rows == "year_end":
                items = (*words()["judged"], *words()["judged_at_year_end"])
                headings |= {entry["id"]: entry["label"] for entry in items}
            book.sheet(sheet, list(headings.values()), _cells(headings, year.tables[rows], paper), title=title)
        book.notes()
        book.close()
    _measures(folder / f"{files['measures']}.csv", year.tables["measures"], paper)


def _cells(headings: dict[str, str], rows: Sequence[Row], paper: Paper) -> list[list[Cell]]:
    """Write rows down in the order of the headings."""
    return [[paper.cell(column, row.get(column)) for column in headings] for row in rows]


def _title(quarter: int, file: str, paper: Paper) -> str:
    """Return the line above the headings; neat papers have none."""
    w = words()
    return w["title"].format(year=w["year"], quarter=w["quarters"][quarter - 1], table=file) if paper.dirty else ""


def _below(headings: dict[str, str], rows: Sequence[Row], paper: Paper) -> list[list[Cell]]:
    """Return the totals and the signatures that stand under a ledger."""
    if not paper.dirty:
        return []
    total: list[Cell] = [words()["total"]] + [None] * (len(headings) - 1)
    if "cases" in headings:
        total[list(headings).index("cases")] = sum(int(str(row["cases"])) for row in rows)
    return [total, *([footer] for footer in words()["footers"])]


def _same_town(headings: dict[str, str], rows: list[list[Cell]], findings: Sequence[Finding]) -> list[list[Cell]]:
    """Write a town in one way through its block, as a merged cell does."""
    place = list(headings).index("town")
    written: dict[Cell, Cell] = {}
    for row, finding in zip(rows, findings, strict=True):
        row[place] = written.setdefault(finding.row["town"], row[place])
    return rows


def _findings(folder: Path, quarter: int, findings: list[Finding], paper: Paper) -> None:
    """Write a quarter's findings in the layout that words.yaml gives it: merged, a sheet a town, other headings."""
    w = words()
    file = w["files"]["findings"]
    headings = dict(w["columns"]["findings"])
    book = Book(folder / f"{file}_{w['year']}Q{quarter}.xlsx")
    title, merged = _title(quarter, file, paper), None
    if paper.dirty and quarter == w["sheets_quarter"]:
        del headings["town"]
        for town in w["towns"]:
            own = [finding.row for finding in findings if finding.row["town"] == town["name"]]
            book.sheet(
                town["name"],
                list(headings.values()),
                _cells(headings, own, paper),
                title=title,
                below=_below(headings, own, paper),
            )
    else:
        if paper.dirty and quarter == w["other_headings_quarter"]:
            headings = {column: w["other_headings"].get(column, heading) for column, heading in headings.items()}
        rows = [finding.row for finding in findings]
        cells = _cells(headings, rows, paper)
        if paper.dirty and quarter == w["merged_quarter"]:
            cells, merged = _same_town(headings, cells, findings), list(headings).index("town")
            cells.insert(1, cells[0])  # the same row twice, as copying makes it
        book.sheet(
            file, list(headings.values()), cells, title=title, merged=merged, below=_below(headings, rows, paper)
        )
    if merged is not None:
        book.hidden()
    book.notes()
    book.close()


def _rectifications(folder: Path, quarter: int, findings: list[Finding], paper: Paper) -> None:
    """Write the reports on a quarter's findings."""
    w = words()
    file = w["files"]["rectifications"]
    headings = w["columns"]["rectifications"]
    rows = sorted(
        (report for finding in findings for report in finding.reports), key=lambda row: str(row["submitted_on"])
    )
    book = Book(folder / f"{file}_{w['year']}Q{quarter}.xlsx")
    book.sheet(
        file,
        list(headings.values()),
        _cells(headings, rows, paper),
        title=_title(quarter, file, paper),
        below=_below(headings, rows, paper),
    )
    book.notes()
    book.close()


def _combined(folder: Path, quarter: int, findings: list[Finding], paper: Paper) -> None:
    """Write findings and reports in one row each: no numbers, a serial that starts anew with every town."""
    w = words()
    file = w["files"]["combined"]
    reports = {column: heading for column, heading in w["columns"]["rectifications"].items() if column != "finding_id"}
    headings = {
        column: heading for column, heading in w["columns"]["findings"].items() if column != "finding_id"
    } | reports
    rows = [finding.row | (finding.reports[0] if finding.reports else {}) for finding in findings]
    cells = _same_town(headings, _cells(headings, rows, paper), findings)
    serials: dict[Cell, int] = {}
    for row, finding in zip(cells, findings, strict=True):
        serials[finding.row["town"]] = serials.get(finding.row["town"], 0) + 1
        row.insert(0, serials[finding.row["town"]])
    headings = {"serial": w["serial"]} | headings
    book = Book(folder / f"{file}_{w['year']}Q{quarter}.xlsx")
    book.sheet(
        file,
        list(headings.values()),
        cells,
        title=_title(quarter, file, paper),
        merged=list(headings).index("town"),
        below=_below(headings, rows, paper),
    )
    book.notes()
    book.close()


def _measures(path: Path, rows: Sequence[Row], paper: Paper) -> None:
    """Write the measures as CSV, in the encoding that Chinese Excel gives it."""
    headings = words()["columns"]["measures"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(headings.values())
    writer.writerows(_cells(headings, rows, paper))
    path.write_bytes(text.getvalue().encode("gb18030" if paper.dirty else "utf-8-sig"))
