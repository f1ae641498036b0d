"""Returned receipts, read by the machinery of the intake: each row is known by its marks, or refused with its cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from scoring.intake.columns import Names
from scoring.intake.headings import Headings
from scoring.intake.headrow import cell_columns, find_head
from scoring.intake.limits import Limits
from scoring.intake.problems import Problems
from scoring.intake.reader import Placed, Reader
from scoring.intake.rows import by_source, notice, refuse
from scoring.intake.sandbox import RawSheet, Unread, read_files
from scoring.intake.sheet import BAD
from scoring.messages import LANGUAGES, say
from scoring.scratch import scratch
from scoring.supervision.receipts.form import (
    KEY,
    LOCKED,
    MARK,
    OPEN,
    VERIFIED,
    cell_mark,
    finding_of,
    returned_table,
    row_mark,
)

_TABLE: Final = "rectifications"
_HELP: Final = frozenset(say("receipts-sheet-help", lang) for lang in LANGUAGES)
_NO_NAMES: Final = Names({}, {}, {}, frozenset())
_MARKS: Final = tuple(f"mark_{name}" for name in LOCKED)
_SENT: Final = {
    "source_file": pl.String,
    "town": pl.String,
    "finding_id": pl.String,
    **dict.fromkeys(_MARKS, pl.String),
}


@dataclass(frozen=True)
class Returned:
    """What the towns sent back.

    Attributes
    ----------
    answers
        A row an answer, typed, with the source columns: town, finding_id, the columns of `form.OPEN`, and `_bad`
        where the row was refused; in the order of files, sheets and rows.
    files
        Of each file that is a receipt, how many findings went out with it and how many were answered.
    unread
        The files that were refused as a whole.
    """

    answers: pl.DataFrame
    files: Mapping[str, tuple[int, int]]
    unread: frozenset[str]


def read_returned(
    files: Sequence[Path], towns: pl.DataFrame, findings: pl.DataFrame, problems: Problems, limits: Limits | None = None
) -> Returned:
    """Read returned workbooks; what is in doubt is refused with file, sheet, row and column.

    Parameters
    ----------
    files
        Workbooks; no two of one name.
    towns, findings
        The ledgers' own, as the intake gives them.
    problems
        Receives what is passed over, repaired or refused.
    limits
        Bounds on files and on the reading child.
    """
    headings = Headings([returned_table()])
    sheets = _sheets(files, headings, limits or Limits())
    reader = Reader({_TABLE: returned_table()}, _NO_NAMES, problems)
    sent: list[pl.DataFrame] = []
    unread: set[str] = set()
    for file, own in sheets.items():
        marks = own if isinstance(own, str) else _sent(file, own, set(towns["town_code"]))
        if isinstance(marks, str):
            problems.add(marks, "refused", file=file)
            unread.add(file)
            continue
        sent.append(marks)
        _lay_out(own, headings, reader, problems)  # type: ignore[arg-type]
    told = pl.concat([pl.DataFrame(schema=_SENT), *sent])
    rows = by_source(reader.values(_TABLE))
    rows = _known(_with_marks(rows, told, towns), towns, findings, problems)
    answers = _answers(rows, problems)
    account = {
        file: (count, answers.filter((pl.col("source_file") == file) & ~pl.col(BAD)).height)
        for file, count in told.group_by("source_file", maintain_order=True).len().iter_rows()
    }
    return Returned(answers, account, frozenset(unread))


def _sheets(files: Sequence[Path], headings: Headings, limits: Limits) -> dict[str, list[RawSheet] | str]:
    """Return by file its sheets, or the code of why it cannot be read."""
    books = [path for path in files if path.suffix.lower() == ".xlsx"]
    found: dict[str, list[RawSheet] | str] = {path.name: "file-kind" for path in files}
    with scratch() as folder:
        read = read_files([(path, "xlsx") for path in books], frozenset(headings.columns), folder, limits)
        found |= {path.name: [] for path in books}
        for one in read:
            if isinstance(one, Unread):
                found[one.file] = one.code
            elif isinstance(own := found[one.file], list):
                own.append(one)
    return found


def _sent(file: str, sheets: Sequence[RawSheet], towns: set[str]) -> pl.DataFrame | str:
    """Return what went out with a workbook, from its sheet of marks; the code of the refusal where there is none."""
    marked = [rows for sheet in sheets if (rows := _text_rows(sheet)) and rows[0][0] == MARK]
    if not marked:
        return "receipts-no-marks"
    if any(rows != marked[0] for rows in marked):
        return "receipts-two-marks"  # sheets of two workbooks in one
    (_, town, *_), *rows = marked[0]
    if town not in towns:
        return "receipts-unknown-town"
    if any(row_mark(town, finding_of(row[0])[0]) != row[0] for row in rows):
        return "receipts-marks-altered"
    return pl.DataFrame([(file, town, finding_of(row[0])[0], *row[1:5]) for row in rows], schema=_SENT, orient="row")


def _text_rows(sheet: RawSheet) -> list[list[str]]:
    """Return the first six cells of each row that is not blank."""
    cells = sheet.frame.select(cell_columns(sheet.frame)[:6])
    rows = [[cell or "" for cell in row] + [""] * (6 - len(row)) for row in cells.iter_rows()]
    return [row for row in rows if any(row)]


def _lay_out(sheets: Sequence[RawSheet], headings: Headings, reader: Reader, problems: Problems) -> None:
    """Stack the rows of every sheet that has the headings of a receipt."""
    laid = False
    for sheet in sheets:
        if sheet.sheet == MARK or sheet.sheet in _HELP or sheet.hidden:
            continue
        if find_head(sheet, headings) is not None:
            reader.lay_out(Placed(sheet, _TABLE, "", named=False, alone=False))
            laid = True
        elif sheet.frame.height:
            problems.add("sheet-passed-over", "notice", file=sheet.file, sheet=sheet.sheet)
    if not laid:
        problems.add("no-heading", "refused", file=sheets[0].file)


def _with_marks(rows: pl.DataFrame, sent: pl.DataFrame, towns: pl.DataFrame) -> pl.DataFrame:
    """Add to each row the town of its file, whose row it was when it was pasted, and what went out of it."""
    names = dict(towns.select("town_code", "name").iter_rows())
    of_file = dict(sent.select("source_file", "town").unique().iter_rows())
    told: list[tuple[str | None, str | None, str | None]] = []
    for file, mark in rows.select("source_file", KEY).iter_rows():
        town = of_file.get(file)
        finding, _ = finding_of(mark or "")
        owner = None if not mark or row_mark(town or "", finding) == mark else ""
        if owner is not None:
            owner = next((names[code] for code in names if row_mark(code, finding) == mark), "")
        told.append((town, finding if mark else None, owner))
    schema = {"town": pl.String, "_marked": pl.String, "_owner": pl.String}
    return rows.hstack(pl.DataFrame(told, schema=schema, orient="row")).join(
        sent.drop("town"), on=["source_file", "finding_id"], how="left", maintain_order="left"
    )


def _known(rows: pl.DataFrame, towns: pl.DataFrame, findings: pl.DataFrame, problems: Problems) -> pl.DataFrame:
    """Refuse the rows that are not this file's, and those of which a locked cell says otherwise than it did."""
    number = f"{_TABLE}.finding_id"
    names = dict(towns.select("town_code", "name").iter_rows())
    owned = findings.select("finding_id", _town_now="town")
    rows = rows.join(owned, on="finding_id", how="left", maintain_order="left")
    for owner in rows["_owner"].drop_nulls().unique().sort():
        code = "receipts-other-town" if owner else "receipts-mark-altered"
        rows = refuse(rows, ~pl.col(BAD) & (pl.col("_owner") == owner), code, number, problems, town=owner)
    changed = pl.col("_marked") != pl.col("finding_id")
    rows = refuse(rows, ~pl.col(BAD) & changed, "receipts-number-changed", number, problems)
    heirs = pl.DataFrame(_heirs(towns), schema={"_town_now": pl.String, "town": pl.String}, orient="row")
    rows = rows.join(heirs.with_columns(_here=pl.lit(value=True)), on=heirs.columns, how="left", maintain_order="left")
    here = pl.col("_here").fill_null(value=False)
    unknown = ~pl.col(BAD) & pl.col("_town_now").is_null() & pl.col("finding_id").is_not_null()
    rows = refuse(rows, unknown, "receipts-unknown-finding", number, problems)
    for code in rows.filter(~pl.col(BAD) & ~here)["_town_now"].drop_nulls().unique().sort():
        wrong = ~pl.col(BAD) & ~here & (pl.col("_town_now") == code)
        rows = refuse(rows, wrong, "receipts-other-town", number, problems, town=names.get(code, code))
    rows = refuse(rows, ~pl.col(BAD) & pl.col(_MARKS[0]).is_null(), "receipts-not-sent", number, problems)
    for column, mark in zip(LOCKED[1:], _MARKS[1:], strict=True):
        now = pl.col(column).map_elements(cell_mark, return_dtype=pl.String, skip_nulls=True)
        edited = ~pl.col(BAD) & (now != pl.col(mark))
        rows = refuse(rows, edited, "receipts-locked-changed", f"{_TABLE}.{column}", problems)
    return rows


def _heirs(towns: pl.DataFrame) -> list[tuple[str, str]]:
    """Return each town beside itself and beside every town that it became a part of."""
    into = dict(towns.select("town_code", "merged_into").iter_rows())
    pairs = []
    for code in into:
        now: str | None = code
        while now is not None and (code, now) not in pairs:
            pairs.append((code, now))
            now = into.get(now)
    return pairs


def _answers(rows: pl.DataFrame, problems: Problems) -> pl.DataFrame:
    """Return the rows in which something was answered or is refused; of equal ones the first."""
    given = pl.any_horizontal(pl.col(OPEN).is_not_null())
    for column in VERIFIED:
        notice(rows, pl.col(column).is_not_null(), "receipts-verdict-ignored", f"{_TABLE}.{column}", problems)
    rows = refuse(
        rows, ~pl.col(BAD) & given & pl.col("outcome").is_null(), "receipts-no-outcome", f"{_TABLE}.outcome", problems
    )
    idle = pl.col("outcome") == "not_started"
    notice(rows, idle, "receipts-not-started", f"{_TABLE}.outcome", problems)
    # What only begins stops the clock until the bureau has looked at it: the officer is told which those are.
    begun = pl.col("outcome").is_in(["in_progress", "extension_asked"])
    notice(rows, begun, "receipts-only-begun", f"{_TABLE}.outcome", problems)
    rows = rows.filter(pl.col(BAD) | (given & ~idle.fill_null(value=False)))
    same = ["finding_id", *OPEN]
    first = pl.struct(same).is_first_distinct()
    notice(rows, ~pl.col(BAD) & ~first, "row-repeated", f"{_TABLE}.finding_id", problems)
    rows = rows.filter(pl.col(BAD) | first)
    twice = ~pl.col(BAD) & pl.struct("finding_id", BAD).is_duplicated()
    rows = refuse(rows, twice, "receipts-two-answers", f"{_TABLE}.finding_id", problems)
    return rows.select("town", "finding_id", *OPEN, "source_file", "source_sheet", "source_row", BAD)
