"""Cells of a sheet whose text is not the whole truth: merged, lost, or moved by one delimiter too many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl

from scoring.intake.headrow import cell_columns, is_serial
from scoring.intake.sheet import ADDED, BAD, BLOCK, ITEM, Sheet

# Merged over rows, these say that the rows speak of one finding; so does a running number.
_BINDING: Final = ("findings.description", "findings.finding_id")


def fill_merges(sheet: Sheet, body: pl.DataFrame, known: Mapping[str, str]) -> tuple[pl.DataFrame, dict[str, set[int]]]:
    """Give every cell of a merged range its value, and number the rows that a merged cell binds together.

    Returns
    -------
    tuple
        The rows, and for each column the rows whose value came from above: a number there would be counted twice.
    """
    merges = sheet.raw.merges
    offset = {int(row): place for place, row in enumerate(body["row"].to_list())} if merges else {}
    filled: dict[str, set[int]] = {}
    values: dict[str, dict[int, str | None]] = {}
    blocks: list[range] = []
    across: set[int] = set()
    for top, left, bottom, right in merges:
        if top not in offset:
            continue
        source = f"c{left}"
        spanned = [name for place in range(left, right + 1) if (name := f"c{place}") in known]
        if len(spanned) > 1 and body[source][offset[top]]:
            across.add(top)
        if bottom == top:
            continue
        if known.get(source) in _BINDING or is_serial(sheet.head.labels[left]):
            blocks.append(range(top, bottom + 1))
        if source not in known:
            continue
        value = body[source][offset[top]]
        for row in range(top + 1, bottom + 1):
            if row in offset:
                values.setdefault(source, {})[offset[row]] = value
                filled.setdefault(source, set()).add(row)
    for source, cells in values.items():
        series = body[source].to_list()
        for position, value in cells.items():
            series[position] = value
        body = body.with_columns(pl.Series(source, series, dtype=pl.String))
    bound = _of_one_finding(blocks, body, known)
    block = pl.col("row").replace_strict(bound, default=None, return_dtype=pl.Int64) if bound else pl.lit(None)
    body = body.with_columns(block.cast(pl.Int64).alias(BLOCK))
    return body, filled | ({"": across} if across else {})


def _of_one_finding(blocks: Sequence[range], body: pl.DataFrame, known: Mapping[str, str]) -> dict[int, int]:
    """Return row to block, of the blocks whose rows say nothing different of their finding; others are no blocks."""
    sources = [source for source, name in known.items() if name.startswith("findings.")]
    rows = {row: cells for row, *cells in body.select("row", *sources).iter_rows()} if blocks else {}

    def one_finding(block: range) -> bool:
        columns = zip(*(rows[row] for row in block if row in rows), strict=True)
        return all(len({text for cell in cells if (text := "".join((cell or "").split()))}) < 2 for cells in columns)

    # The widest first, so that where two overlap the narrower one holds.
    sound = sorted(filter(one_finding, blocks), key=len, reverse=True)
    return {row: number for number, block in enumerate(sound) for row in block}


def refuse_doubts(
    sheet: Sheet, body: pl.DataFrame, frame: pl.DataFrame, known: Mapping[str, str], filled: Mapping[str, set[int]]
) -> pl.DataFrame:
    """Mark the rows with a doubtful cell as refused, and say why.

    Parameters
    ----------
    sheet, body, frame
        The sheet, its data rows as they stand, and the same rows under known columns.
    known
        Cell column to `table.column`.
    filled
        As `fill_merges` gives it.
    """
    rows = set(frame["source_row"].to_list())
    bad = _too_long(sheet, body) | _lost(sheet, rows, known)
    for row in sorted(filled.get("", set()) & rows):
        sheet.say("merged-across", "refused", row=row)
        bad.add(row)
    bound = set(frame.filter(pl.col(BLOCK).is_not_null())["source_row"].to_list()) if filled else set()
    for source, from_above in filled.items():
        column = sheet.column(known[source]) if source else None
        if (column is not None and column.type in ADDED) or (source and known[source].startswith(ITEM)):
            # Whose number would it be? Only one merged finding may bind such rows.
            for row in sorted(from_above & rows - bound):
                name = known[source] if column is not None else sheet.heading(int(source[1:]))
                sheet.say("merged-number", "refused", row=row, name=name)
                bad.add(row)
    return frame.with_columns(pl.col(BAD) | pl.col("source_row").is_in(sorted(bad))) if bad else frame


def _too_long(sheet: Sheet, body: pl.DataFrame) -> set[int]:
    """Refuse lines of a CSV file with more fields than its heading."""
    last = max(place for place, label in enumerate(sheet.head.labels) if label.strip())
    beyond = [name for name in cell_columns(body) if int(name[1:]) > last]
    if not beyond or not sheet.raw.file.lower().endswith(".csv"):
        return set()
    long = body.filter(pl.any_horizontal(pl.col(beyond).str.strip_chars().str.len_bytes() > 0))["row"].to_list()
    for row in long:
        sheet.say("csv-row-too-long", "refused", row=row)
    return set(long)


def _lost(sheet: Sheet, rows: set[int], known: Mapping[str, str]) -> set[int]:
    """Refuse formulas without value, error values, and ids typed as numbers too long to be exact."""
    bad: set[int] = set()
    for row, position, code in sheet.raw.lost:
        name = known.get(f"c{position}")
        column = sheet.column(name) if name is not None else None
        item = name is not None and name.startswith(ITEM)
        if row not in rows or (column is None and not item):
            continue
        if code == "long-number" and (column is None or column.type not in {"id", "ids"}):
            continue
        sheet.say(code, "refused", row=row, name=sheet.heading(position) if item else name)
        bad.add(row)
    return bad
