"""Answers into the rectifications table: one workbook of the data folder that receipts alone add to."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import polars as pl
import xlsxwriter

from schemas.tables import SOURCE, Table, catalogue
from scoring.intake import Intake
from scoring.intake.problems import Problems
from scoring.intake.rows import notice, refuse
from scoring.intake.sheet import BAD
from scoring.messages import say
from scoring.supervision.own_files import foreign
from scoring.supervision.receipts.form import OPEN

_TABLE: Final = "rectifications"
LEDGER: Final = f"{catalogue().tables[_TABLE].zh}_{say('receipts-ledger', 'zh')}.xlsx"
"""The workbook in the data folder; the officer adds the verdicts in it."""
_KEY: Final = ["finding_id", "submitted_on"]
_NUMBERS: Final = {"date": "yyyy-mm-dd", "amount": "#,##0.00", "count": "0", "integer": "0", "id": "@"}
_LONG: Final = 24  # characters from which a column's text wraps
_LAST_ROW: Final = 1_048_575


class NotOursError(Exception):
    """The workbook holds what writing it anew would lose; `where` names the first such place."""

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.where = where


@dataclass(frozen=True)
class Merged:
    """What becomes of the answers.

    Attributes
    ----------
    rows
        The whole new workbook: what it held and the new reports, by finding and day.
    added
        How many reports are new, by file.
    known
        How many were there already, by file.
    left_out
        The files of which nothing was taken, since a row of theirs was refused.
    partial
        Whether the good rows of such a file were asked for.
    """

    rows: pl.DataFrame
    added: dict[str, int]
    known: dict[str, int]
    left_out: frozenset[str]
    partial: bool


def merge(
    answers: pl.DataFrame,
    intake: Intake,
    received: date,
    problems: Problems,
    *,
    partial: bool = False,
) -> Merged:
    """Add to the ledger what is new among the answers.

    An answer that some report of the finding gave already is no further one, whatever day that report bears.

    Parameters
    ----------
    answers
        As `Returned.answers` holds them.
    intake
        The data folder as it is.
    received
        The day on which the answers came in: their day of submission.
    partial
        Take the good rows of a file with a refused one, too.

    Raises
    ------
    NotOursError
        The workbook holds something that is no report.
    """
    _only_reports(intake)
    reports = intake.tables.rectifications
    held = reports.filter(pl.col("source_file") == LEDGER).drop(list(SOURCE))
    new = answers.with_columns(submitted_on=pl.lit(received, dtype=pl.Date))
    new = _sound(new, intake.tables.findings, problems)
    said = ["finding_id", *OPEN]
    good, bad = new.filter(~pl.col(BAD)), new.filter(pl.col(BAD))
    before = reports.select(said).unique()
    known = good.join(before, on=said, how="semi", nulls_equal=True)
    fresh = good.join(before, on=said, how="anti", nulls_equal=True, maintain_order="left")
    same_day = reports.select(*_KEY, _there=pl.lit(value=True)).unique()
    fresh = fresh.join(same_day, on=_KEY, how="left", maintain_order="left")
    fresh = refuse(fresh, pl.col("_there"), "receipts-same-day", f"{_TABLE}.finding_id", problems)
    faulty = frozenset([*bad["source_file"], *fresh.filter(BAD)["source_file"]])
    left_out = frozenset() if partial else faulty
    taken = fresh.filter(~pl.col(BAD) & ~pl.col("source_file").is_in(list(left_out)))
    rows = pl.concat([held, taken.select("finding_id", "submitted_on", *OPEN)], how="diagonal")
    rows = rows.sort(*_KEY, "outcome", maintain_order=True)
    return Merged(rows, _counted(taken), _counted(known), left_out, partial)


def _counted(rows: pl.DataFrame) -> dict[str, int]:
    return dict(rows.group_by("source_file").len().sort("source_file").iter_rows())


def _only_reports(intake: Intake) -> None:
    """Refuse to write the workbook anew where that would lose something."""
    if place := foreign(intake, LEDGER, _TABLE):
        raise NotOursError("/".join(str(part) for part in place.values() if part))


def _sound(new: pl.DataFrame, findings: pl.DataFrame, problems: Problems) -> pl.DataFrame:
    """Hold the days of the answers against those of the findings, as the intake would."""
    found = findings.select("finding_id", _found="found_on")
    new = new.join(found, on="finding_id", how="left", maintain_order="left")
    for column in ("submitted_on", "completed_on"):
        early = ~pl.col(BAD) & (pl.col(column) < pl.col("_found"))
        code = f"{column.removesuffix('_on')}-before-found"
        new = refuse(new, early, code, f"{_TABLE}.{column}", problems)
    late = pl.col("completed_on") > pl.col("submitted_on")
    notice(new, late, "completed-after-submitted", f"{_TABLE}.completed_on", problems)
    return new.drop("_found")


def write_ledger(rows: pl.DataFrame, table: Table) -> bytes:
    """Return the workbook of the reports: equal rows are equal bytes; drop-downs for what the bureau adds.

    Parameters
    ----------
    rows
        As `Merged.rows` holds them.
    table
        The rectifications as the scheme has them read.
    """
    target = io.BytesIO()
    font = {"font_name": say("book-font", "zh"), "font_size": 10}
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(target, {**options, "default_format_properties": font}) as book:
        book.set_properties({"title": table.zh, "created": datetime(2000, 1, 1, tzinfo=UTC)})
        sheet = book.add_worksheet(table.zh)
        line = {"border": 1, "border_color": "#C9D1D9", "valign": "vcenter"}
        head = book.add_format({**line, "bold": True, "align": "center", "text_wrap": True, "bg_color": "#E3EAF1"})
        sheet.set_row(0, 30)
        for place, column in enumerate(table.columns.values()):
            long = column.width >= _LONG
            look = {**line, "text_wrap": long, "align": "left" if long else "center"}
            if column.type in _NUMBERS:
                look["num_format"] = _NUMBERS[column.type]
            form = book.add_format(look)
            sheet.set_column(place, place, column.width, form)
            sheet.write_string(0, place, column.zh, head)
            if column.choices:
                words = [words[0] for words in column.choices.values()]
                sheet.data_validation(1, place, _LAST_ROW, place, {"validate": "list", "source": words})
            for number, value in enumerate(rows[column.id], 1):
                _cell(sheet, number, place, column.choices[value][0] if column.choices and value else value, form)
        for number, text in enumerate(rows["measures_taken"], 1):
            lines = -(-2 * len(text or "") // _LONG)  # a Chinese character is two wide
            sheet.set_row(number, min(409, max(20, 14 * lines + 6)))
        sheet.freeze_panes(1, 2)
        sheet.autofilter(0, 0, rows.height, len(table.columns) - 1)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
    return target.getvalue()


def _cell(sheet: Any, row: int, place: int, value: object, form: Any) -> None:
    if isinstance(value, date):
        sheet.write_datetime(row, place, value, form)
    elif isinstance(value, int | Decimal):
        sheet.write_number(row, place, value, form)
    elif isinstance(value, str):
        sheet.write_string(row, place, value, form)


def is_open(data: Path) -> bool:
    """Tell whether Excel, WPS or LibreOffice has the workbook open, by the file that they put beside it."""
    return any((data / f"{mark}{LEDGER}{end}").exists() for mark, end in (("~$", ""), (".~", ""), (".~lock.", "#")))
