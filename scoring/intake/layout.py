"""From a sheet as it stands to rows under known columns: titles, two heading rows, merged cells, totals, signatures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import polars as pl

from schemas.tables import Table, catalogue
from scoring.intake.fold import ODD, fold
from scoring.intake.headings import Headings, heading_key, is_personal
from scoring.intake.problems import Problems
from scoring.intake.sandbox import RawSheet

_LOOK: Final = 40
_BLANK: Final = "row-blank"
BAD: Final = "_bad"
EPOCH_1904: Final = "_1904"
SERIAL: Final = "_serial"
BLOCK: Final = "_block"
_ADDED: Final = frozenset({"count", "amount", "decimal", "signed", "integer"})


@dataclass(frozen=True)
class Block:
    """The rows of one sheet under known columns, all text.

    Attributes
    ----------
    frame
        String columns headed `table.column`, the source columns, and `_bad` (a row refused by its layout),
        `_1904` (its serial dates count from 1904), `_serial`, `_block` (rows that one merged cell binds together).
    read
        How many data rows the sheet holds.
    """

    frame: pl.DataFrame
    read: int


@dataclass(frozen=True)
class Head:
    """Heading rows, by their places in the sheet's frame, and what they say for each column."""

    first: int
    last: int
    labels: tuple[str, ...]
    score: int


def find_head(sheet: RawSheet, headings: Headings, extra: Mapping[str, str] | None = None) -> Head | None:
    """Return the heading row, or the pair of heading rows, that names the most known columns; at least two.

    `extra` holds keys of further headings: the items of a judged matrix.
    """
    columns = _cells(sheet.frame)
    rows = [[cell or "" for cell in row] for row in sheet.frame.head(_LOOK).select(columns).iter_rows()]
    best: Head | None = None
    extra = extra or {}
    for place, row in enumerate(rows):
        single = _score(row, headings, extra)
        if single >= 2 and (best is None or single > best.score):
            best = Head(place, place, tuple(row), single)
        if place + 1 < len(rows):
            lower = rows[place + 1]
            if any(headings.find(cell) or _item(cell, extra) for cell in lower if cell.strip()):
                labels = [_two_rows(a, b, headings) for a, b in zip(row, lower, strict=True)]
                pair = _score(labels, headings, extra)
                alone = max(single, _score(lower, headings, extra))
                if pair >= 2 and pair > alone and (best is None or pair > best.score):
                    best = Head(place, place + 1, tuple(labels), pair)
    return best


def _two_rows(upper: str, lower: str, headings: Headings) -> str:
    if not lower.strip():
        return upper
    joined = upper + lower
    return joined if not headings.find(lower) and headings.find(joined) else lower


def _score(labels: Sequence[str], headings: Headings, extra: Mapping[str, str]) -> int:
    return len({found for label in labels if label.strip() and (found := headings.find(label) or _item(label, extra))})


def _item(label: str, extra: Mapping[str, str]) -> str | None:
    """Return the item of a judged matrix that a heading names, its full points in brackets left out."""
    key = heading_key(label)
    return extra.get(key) or extra.get(re.sub(r"\([^()]*\)$", "", key))


def _cells(frame: pl.DataFrame) -> list[str]:
    return [name for name in frame.columns if name != "row"]


def lay_out(
    sheet: RawSheet,
    head: Head,
    headings: Headings,
    tables: Mapping[str, Table],
    problems: Problems,
    *,
    town: str | None,
    extra: Mapping[str, str] | None = None,
) -> Block:
    """Return the sheet's data rows under the columns that its headings name.

    Parameters
    ----------
    sheet, head, headings
        The sheet, its heading as `find_head` found it, and what the headings may mean.
    tables
        The tables whose columns may stand here; the first is the one that the sheet is about.
    problems
        Receives what is passed over, repaired or refused.
    town
        The town that a sheet without a town column is named after.
    extra
        Heading key to name of further columns to keep as they are (the items of a judged matrix).
    """
    main = next(iter(tables.values()))
    place = {"file": sheet.file, "sheet": sheet.sheet}
    first_row = int(sheet.frame["row"][head.last])
    body = sheet.frame.slice(head.last + 1)
    columns = {f"c{number}": label for number, label in enumerate(head.labels) if f"c{number}" in body.columns}
    known, sound = _known_columns(body, columns, headings, tables, problems, place, first_row, extra or {})
    body, filled = _fill_merges(sheet, body, known, tables)
    body = body.filter(pl.any_horizontal(pl.col(_cells(body.drop(BLOCK, strict=False))).is_not_null()))
    required = [source for source, name in known.items() if name in {f"{main.id}.{item}" for item in main.required}]
    body = _without_furniture(body, columns, known, required, main, problems, place)
    named = set(known.values())
    frame = body.select(
        *(pl.col(source).alias(name) for source, name in known.items()),
        pl.lit(sheet.file).alias("source_file"),
        pl.lit(sheet.sheet).alias("source_sheet"),
        pl.col("row").alias("source_row"),
        pl.lit(sheet.date1904).alias(EPOCH_1904),
        _serial_of(columns).alias(SERIAL),
        (pl.col(BLOCK) if BLOCK in body.columns else pl.lit(None, dtype=pl.Int64)).alias(BLOCK),
        pl.lit(not sound).alias(BAD),
    )
    if f"{main.id}.town" not in named and "town" in main.columns and town is not None:
        frame = frame.with_columns(pl.lit(town).alias(f"{main.id}.town"))
        named.add(f"{main.id}.town")
    for item in main.required:
        if f"{main.id}.{item}" not in named and not (
            item == "indicator" and any(name.startswith("@") for name in named)
        ):
            problems.add("column-missing", "refused", **place, row=first_row, heading=main.columns[item].zh)
            frame = frame.with_columns(pl.lit(True).alias(BAD))
    frame = _too_long(sheet, head, body, frame, problems)
    frame = _lost_cells(sheet, frame, known, tables, problems)
    frame = _ambiguous_merges(frame, filled, known, tables, problems)
    return Block(frame, frame.height)


def _serial_of(columns: Mapping[str, str]) -> pl.Expr:
    serials = {heading_key(word) for word in catalogue().reading.serial}
    source = next((source for source, label in columns.items() if heading_key(label) in serials), None)
    return pl.lit(None, dtype=pl.String) if source is None else pl.col(source)


def _known_columns(
    body: pl.DataFrame,
    columns: Mapping[str, str],
    headings: Headings,
    tables: Mapping[str, Table],
    problems: Problems,
    place: dict[str, str],
    row: int,
    extra: Mapping[str, str],
) -> tuple[dict[str, str], bool]:
    """Return cell column to known column, and whether the headings leave no doubt."""
    known: dict[str, str] = {}
    taken: dict[str, str] = {}
    sound = True
    serials = {heading_key(word) for word in catalogue().reading.serial}
    for source, label in columns.items():
        shown = " ".join(label.split())
        if not fold(label):
            if body[source].drop_nulls().str.strip_chars().str.len_chars().gt(0).any():
                problems.add("column-without-heading", "notice", **place, row=row)
            continue
        found = headings.find(label)
        name = _item(label, extra) if found is None else None
        if found is not None and found[0] in tables:
            name = ".".join(found)
            problems.heading(place["file"], place["sheet"], found[0], found[1], shown)
            if tables[found[0]].columns[found[1]].type in _ADDED and headings.scaled(label):
                problems.add("heading-scaled-unit", "refused", **place, row=row, column=shown)
                sound = False
        if name is None:
            sound &= _unknown(label, shown, heading_key(label) in serials, headings, problems, place, row)
        elif name in taken:
            if body[source].is_null().all() or body[source].equals(body[taken[name]]):
                problems.add("heading-twice-equal", "notice", **place, row=row, column=shown)
            else:
                problems.add("heading-twice", "refused", **place, row=row, column=shown)
                sound = False
        else:
            taken[name] = source
            known[source] = name
    return known, sound


def _unknown(
    label: str, shown: str, serial: bool, headings: Headings, problems: Problems, place: dict[str, str], row: int
) -> bool:
    if serial:
        return True
    near = headings.near(label)
    if near is not None:
        problems.add("heading-near-miss", "refused", **place, row=row, column=shown, hint=headings.written(near))
        return False
    code = "column-personal" if is_personal(label) else "column-unknown"
    problems.add(code, "notice", **place, row=row, column=shown)
    return True


def _fill_merges(
    sheet: RawSheet, body: pl.DataFrame, known: Mapping[str, str], tables: Mapping[str, Table]
) -> tuple[pl.DataFrame, dict[str, set[int]]]:
    """Give every cell of a merged range its value, and number the rows that a merged cell binds together.

    Returns the frame and, for each column, the rows whose value came from above: a number there would be counted twice.
    """
    offset = {int(row): place for place, row in enumerate(body["row"].to_list())} if sheet.merges else {}
    filled: dict[str, set[int]] = {}
    values: dict[str, dict[int, str | None]] = {}
    blocks: dict[int, int] = {}
    for number, (top, left, bottom, right) in enumerate(sheet.merges):
        if bottom == top or right != left or f"c{left}" not in known or top not in offset:
            continue
        source = f"c{left}"
        table, column = known[source].split(".", 1) if "." in known[source] else ("", known[source])
        value = body[source][offset[top]]
        for row in range(top + 1, bottom + 1):
            if row in offset:
                values.setdefault(source, {})[offset[row]] = value
                filled.setdefault(source, set()).add(row)
        if column in {"description", "finding_id"}:
            blocks.update(dict.fromkeys(range(top, bottom + 1), number))
    for source, cells in values.items():
        series = body[source].to_list()
        for position, value in cells.items():
            series[position] = value
        body = body.with_columns(pl.Series(source, series, dtype=pl.String))
    if blocks:
        body = body.with_columns(pl.col("row").replace_strict(blocks, default=None, return_dtype=pl.Int64).alias(BLOCK))
    return body, filled


@cache
def _furniture() -> tuple[str, str]:
    reading = catalogue().reading
    totals, footers = ("|".join(map(re.escape, words)) for words in (reading.totals, reading.footers))
    return rf"(?i)^({totals})([:(\uff1a\uff08]|[0-9]|$)", rf"^({footers})([:(\uff1a\uff08]|$)"


def _without_furniture(
    body: pl.DataFrame,
    columns: Mapping[str, str],
    known: Mapping[str, str],
    required: Sequence[str],
    main: Table,
    problems: Problems,
    place: dict[str, str],
) -> pl.DataFrame:
    """Drop totals, signatures, repeated headings and the example row; each is named in a notice."""
    marker = catalogue().reading.example_marker
    labels = {source: columns[source] for source in known}
    keys = [
        source for source, name in known.items() if name.split(".")[-1] in {main.key, "town", "finding_id", "town_code"}
    ]
    words = "|".join(_furniture())
    telling = list(dict.fromkeys([*required, *keys])) or list(known)
    # Only a row that lacks something, or says something odd where it should name a town or a day, is looked at closely.
    suspect = pl.any_horizontal(
        pl.col(cell).is_null()
        | pl.col(cell).str.contains(rf"^\s*$|^\s*{marker}|{words}|^\s")
        | (pl.col(cell) == labels[cell])
        for cell in telling
    ).fill_null(value=True)
    few = body.filter(suspect)
    if few.is_empty():
        return body
    few = few.with_columns(_furniture_kind(few, labels, required, keys).alias("_kind")).filter(pl.col("_kind") != "")
    for row, code in few.select("row", "_kind").iter_rows():
        if code != _BLANK:
            problems.add(code, "notice", **place, row=row)
    return body.filter(~pl.col("row").is_in(few["row"].implode()))


def _furniture_kind(
    body: pl.DataFrame, labels: Mapping[str, str], required: Sequence[str], keys: Sequence[str]
) -> pl.Expr:
    """Return the code of what a row is that is no data; empty for data."""
    cells = _cells(body.drop(BLOCK, strict=False))
    squeezed = [pl.col(cell).str.replace_all(ODD + r"|\s", "") for cell in cells]
    filled = [pl.when(cell.str.len_bytes() > 0).then(cell) for cell in squeezed]
    first = pl.coalesce(filled)
    words = "|".join(_furniture())
    plain = dict(zip(cells, filled, strict=True))
    # A row of data answers at least one required column besides the one where the word stands.
    answers = pl.sum_horizontal(
        pl.lit(0),
        *((plain[cell].is_not_null() & ~plain[cell].str.contains(words)).fill_null(value=False) for cell in required),
    )
    count = pl.sum_horizontal(pl.lit(0), *(cell.is_not_null() for cell in filled))
    lone_date = (count == 1) & first.str.contains(r"^[0-9]{4}\D[0-9]{1,2}\D[0-9]{1,2}\D?$")
    marker = catalogue().reading.example_marker
    example = pl.any_horizontal(
        pl.lit(value=False), *(plain[source].str.starts_with(marker).fill_null(value=False) for source in keys)
    )
    repeated = pl.sum_horizontal((pl.col(source) == label).fill_null(value=False) for source, label in labels.items())
    return (
        pl.when(count == 0)
        .then(pl.lit(_BLANK))
        .when(repeated >= min(2, len(labels)))
        .then(pl.lit("row-heading-again"))
        .when((answers <= 1) & first.str.contains(words) | lone_date)
        .then(pl.lit("row-total-or-signature"))
        .when(example)
        .then(pl.lit("row-example"))
        .otherwise(pl.lit(""))
    )


def _too_long(sheet: RawSheet, head: Head, body: pl.DataFrame, frame: pl.DataFrame, problems: Problems) -> pl.DataFrame:
    """Refuse lines of a CSV file with more fields than its heading: one delimiter too many has moved their cells."""
    last = max(place for place, label in enumerate(head.labels) if label.strip())
    beyond = [name for name in _cells(body.drop(BLOCK, strict=False)) if int(name[1:]) > last]
    if not beyond or not sheet.file.lower().endswith(".csv"):
        return frame
    long = body.filter(pl.any_horizontal(pl.col(beyond).str.strip_chars().str.len_bytes() > 0))["row"]
    for row in long.to_list():
        problems.add("csv-row-too-long", "refused", file=sheet.file, sheet=sheet.sheet, row=row)
    return (
        frame.with_columns((pl.col(BAD) | pl.col("source_row").is_in(long.implode())).alias(BAD))
        if len(long)
        else frame
    )


def _lost_cells(
    sheet: RawSheet,
    frame: pl.DataFrame,
    known: Mapping[str, str],
    tables: Mapping[str, Table],
    problems: Problems,
) -> pl.DataFrame:
    """Refuse rows with a formula without value, an error value, or an id typed as a number too long to be exact."""
    rows = set(frame["source_row"].to_list()) if sheet.lost else set()
    bad: set[int] = set()
    for row, position, code in sheet.lost:
        name = known.get(f"c{position}")
        if name is None or "." not in name or row not in rows:
            continue
        table, column = name.split(".", 1)
        if code == "long-number" and tables[table].columns[column].type not in {"id", "ids"}:
            continue
        problems.add(code, "refused", file=sheet.file, sheet=sheet.sheet, row=row, table=table, column=column)
        bad.add(row)
    return frame.with_columns(pl.col(BAD) | pl.col("source_row").is_in(list(bad))) if bad else frame


def _ambiguous_merges(
    frame: pl.DataFrame,
    filled: Mapping[str, set[int]],
    known: Mapping[str, str],
    tables: Mapping[str, Table],
    problems: Problems,
) -> pl.DataFrame:
    """Refuse a number merged over several rows, unless one merged finding binds them: whose number would it be?"""
    for source, rows in filled.items():
        if "." not in known[source]:
            continue
        table, column = known[source].split(".", 1)
        if tables[table].columns[column].type not in _ADDED:
            continue
        doubtful = frame.filter(pl.col("source_row").is_in(list(rows)) & pl.col(BLOCK).is_null())
        problems.add_rows("merged-number", "refused", doubtful, table=table, column=column)
        frame = frame.with_columns(pl.col(BAD) | (pl.col("source_row").is_in(list(rows)) & pl.col(BLOCK).is_null()))
    return frame
