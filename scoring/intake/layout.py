"""From a sheet as it stands to rows under known columns: titles, two heading rows, merged cells, totals, signatures."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from scoring.intake.doubts import fill_merges, refuse_doubts
from scoring.intake.fold import fold
from scoring.intake.furniture import without_furniture
from scoring.intake.headings import is_personal
from scoring.intake.headrow import cell_columns, is_serial, item_of
from scoring.intake.sheet import ADDED, BAD, BLOCK, EPOCH_1904, ITEM, SERIAL, Sheet


def lay_out(sheet: Sheet, called: Mapping[str, str]) -> pl.DataFrame:
    """Return the sheet's data rows under the columns that its headings name, all text.

    Parameters
    ----------
    sheet
        The sheet, its heading, and the tables that it may hold.
    called
        What the sheet or its file is named after, for the columns that it lacks: `town`, `period`.

    Returns
    -------
    DataFrame
        String columns named `table.column` (`@indicator` for an item of a matrix), the source columns, `_bad` (a row
        refused by its layout), `_1904` (its serial dates count from 1904), `_serial`, and `_block` (rows that one
        merged cell binds together).
    """
    main = sheet.main
    body = sheet.raw.frame.slice(sheet.head.last + 1)
    cells = set(body.columns)
    columns = {name: label for number, label in enumerate(sheet.head.labels) if (name := f"c{number}") in cells}
    known, sound = _known_columns(sheet, body, columns)
    body, filled = fill_merges(sheet, body, known)
    body = body.filter(pl.any_horizontal(pl.col(cell_columns(body)).is_not_null()))
    body = without_furniture(sheet, body, columns, known)
    frame = body.select(
        *(pl.col(source).alias(name) for source, name in known.items()),
        pl.lit(sheet.raw.file).alias("source_file"),
        pl.lit(sheet.raw.sheet).alias("source_sheet"),
        pl.col("row").alias("source_row"),
        pl.lit(sheet.raw.date1904).alias(EPOCH_1904),
        _serial_of(columns).alias(SERIAL),
        pl.col(BLOCK),
        pl.lit(not sound).alias(BAD),
    )
    named = set(known.values())
    for column, text in called.items():
        # A name of a period gives way to any column that dates the rows.
        dated = column == "period" and not named.isdisjoint(
            f"{main.id}.{day}" for day in ("judged_on", "dated_on", "asked_on")
        )
        if f"{main.id}.{column}" not in named and column in main.columns and not dated:
            frame = frame.with_columns(pl.lit(text).alias(f"{main.id}.{column}"))
            named.add(f"{main.id}.{column}")
    if main.matrix is not None and any(name.startswith(ITEM) for name in named):
        named.add(f"{main.id}.{main.matrix.item}")
    for item in main.required:
        if f"{main.id}.{item}" not in named:
            sheet.say(
                "column-missing", "refused", row=sheet.head_row, heading={"zh": main.columns[item].zh, "en": item}
            )
            frame = frame.with_columns(pl.lit(value=True).alias(BAD))
    return refuse_doubts(sheet, body, frame, known, filled)


def _serial_of(columns: Mapping[str, str]) -> pl.Expr:
    source = next((source for source, label in columns.items() if is_serial(label)), None)
    return pl.lit(None, dtype=pl.String) if source is None else pl.col(source)


def _known_columns(sheet: Sheet, body: pl.DataFrame, columns: Mapping[str, str]) -> tuple[dict[str, str], bool]:
    """Return cell column to known column, and whether the headings leave no doubt."""
    known: dict[str, str] = {}
    taken: dict[str, str] = {}
    sound = True
    row = sheet.head_row
    for source, label in columns.items():
        if not fold(label):
            if (body[source].drop_nulls().str.strip_chars().str.len_bytes() > 0).any():
                sheet.say("column-without-heading", "notice", row=row)
            continue
        shown = " ".join(label.split())
        found = sheet.headings.find(label)
        name = ".".join(found) if found is not None else item_of(label, sheet.items)
        if name is None:
            sound &= _unknown(sheet, label, shown)
            continue
        sound &= _plain_unit(sheet, name, label, shown)
        if name not in taken:
            taken[name] = source
            known[source] = name
        elif body[source].is_null().all() or body[source].equals(body[taken[name]]):
            sheet.say("heading-twice-equal", "notice", row=row, name=shown)
        else:
            sheet.say("heading-twice", "refused", row=row, name=shown)
            sound = False
    return known, sound


def _plain_unit(sheet: Sheet, name: str, label: str, shown: str) -> bool:
    """Remember how a known column is headed; refuse a unit that would change its numbers."""
    column = sheet.column(name)
    if column is None:
        return True
    sheet.problems.heading(sheet.raw.file, sheet.raw.sheet, name.partition(".")[0], column.id, shown)
    if column.type in ADDED and sheet.headings.scaled(label):
        sheet.say("heading-scaled-unit", "refused", row=sheet.head_row, name=shown)
        return False
    return True


def _unknown(sheet: Sheet, label: str, shown: str) -> bool:
    """Say what becomes of a column with an unknown heading; return whether that leaves no doubt."""
    if is_serial(label):
        return True
    near = sheet.headings.near(label)
    if near is not None:
        hint = sheet.headings.written(near)
        sheet.say("heading-near-miss", "refused", row=sheet.head_row, name=shown, hint=hint)
        return False
    code = "column-personal" if is_personal(label) else "column-unknown"
    sheet.say(code, "notice", row=sheet.head_row, name=shown)
    return True
