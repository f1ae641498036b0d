"""Rows of a sheet that are no data: totals, signatures, repeated headings, the example row, blank rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from functools import cache
from typing import Final

import polars as pl

from schemas.tables import BOOKS, catalogue
from scoring.intake.fold import ODD
from scoring.intake.headings import heading_key
from scoring.intake.headrow import cell_columns
from scoring.intake.sheet import Sheet

_BLANK: Final = "row-blank"
_ENOUGH: Final = 3
"""So many headings in a row are no accident."""


@cache
def _furniture() -> tuple[str, str]:
    reading = catalogue().reading
    totals, footers = ("|".join(map(re.escape, words)) for words in (reading.totals, reading.footers))
    return rf"(?i)^({totals})([:(\uff1a\uff08]|[0-9]|$)", rf"^({footers})([:(\uff1a\uff08]|$)"


def without_furniture(
    sheet: Sheet, body: pl.DataFrame, columns: Mapping[str, str], known: Mapping[str, str]
) -> pl.DataFrame:
    """Drop totals, signatures, repeated headings and the example row; each is named in a notice."""
    main = sheet.main
    required = [source for source, name in known.items() if name in {f"{main.id}.{item}" for item in main.required}]
    labels = {source: columns[source] for source in known}
    keys = [
        source for source, name in known.items() if name.split(".")[-1] in {main.key, "town", "finding_id", "town_code"}
    ]
    words = "|".join((*_furniture(), rf"^\s*({'|'.join(map(re.escape, catalogue().reading.example_marks))})"))
    telling = list(dict.fromkeys([*required, *keys])) or list(known)
    # Only a row that lacks something, or says something odd where it should name a town or a day, is looked at closely.
    suspect = pl.any_horizontal(
        pl.col(cell).is_null() | pl.col(cell).str.contains(rf"^\s*$|{words}|^\s") | (pl.col(cell) == labels[cell])
        for cell in telling
    ).fill_null(value=True)
    few = body.filter(suspect)
    if few.is_empty():
        return body
    ids = [source for source, name in known.items() if name == f"{main.id}.{main.key}"]
    told = _kinds(few, labels, required, ids, _marked(sheet, known, keys))
    below = _table_below(few, {heading_key(label) for label in columns.values()}, _every_heading(main.id))
    if below is not None:
        sheet.say("table-below", "refused", row=below)
        titled = not told.filter((pl.col("row") == below - 1) & (pl.col("filled") == 1)).is_empty()
        body, told = (frame.filter(pl.col("row") < below - titled) for frame in (body, told))
    again = told.filter(pl.col("kind") == "row-heading-again")["row"]
    # A title of its own may stand above a repeated heading.
    titles = told.filter((pl.col("kind") == "") & (pl.col("filled") == 1) & (pl.col("row") + 1).is_in(again.implode()))
    told = told.filter(pl.col("kind") != "")
    for row, code in told.select("row", "kind").iter_rows():
        heads = body.row(by_predicate=pl.col("row") == row, named=True) if code == "row-heading-again" else {}
        if _other_columns(sheet, heads, labels):
            # What stands below it would be read under the wrong columns.
            sheet.say("row-heading-other", "refused", row=None)
        elif code != _BLANK:
            sheet.say(code, "notice", row=row)
    return body.filter(~pl.col("row").is_in([*told["row"], *titles["row"]]))


def _table_below(rows: pl.DataFrame, own: Set[str], every: Set[str]) -> int | None:
    """Return the row where another table begins: most of its cells are headings, and few of them this sheet's own."""
    for number, *cells in rows.select("row", *cell_columns(rows)).iter_rows():
        texts = [text for cell in cells if (text := (cell or "").strip())]
        heads = [text for text in texts if heading_key(text) in every]
        ours = sum(heading_key(text) in own for text in heads)
        if len(heads) >= _ENOUGH and 2 * len(heads) > len(texts) and 2 * ours < len(heads):
            return int(number)
    return None


@cache
def _every_heading(table: str) -> frozenset[str]:
    """Return the headings of the set that a table belongs to."""
    tables = next(tables for one in BOOKS if table in (tables := catalogue(one).tables)).values()
    return frozenset(
        heading_key(text) for table in tables for column in table.columns.values() for text in column.headings
    )


def _other_columns(sheet: Sheet, row: Mapping[str, str | None], labels: Mapping[str, str]) -> bool:
    """Tell whether a repeated heading heads some column otherwise than the first did."""
    return any(
        (text := row.get(source) or "") and sheet.knows(text) and heading_key(text) != heading_key(label)
        for source, label in labels.items()
    )


def _marked(sheet: Sheet, known: Mapping[str, str], keys: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the cells by which the example row of a blank workbook says that it is one, and what they say.

    None when no key or town is among them: nothing else tells a row that is no data from one that is.
    """
    marks = catalogue().reading.example_marks
    marked = {}
    for source, name in known.items():
        column = sheet.column(name)
        texts = tuple(re.sub(r"\s", "", text) for text in column.example.values()) if column else ()
        if texts and all(text.startswith(marks) for text in texts):
            marked[source] = texts
    return marked if set(marked) & set(keys) else {}


def _kinds(
    body: pl.DataFrame,
    labels: Mapping[str, str],
    required: Sequence[str],
    ids: Sequence[str],
    marked: Mapping[str, tuple[str, ...]],
) -> pl.DataFrame:
    """Return `row`, `kind` (the code of what a row is that is no data, else empty) and how many cells are `filled`."""
    cells = cell_columns(body)
    # All cells in one column: to compile an expression takes longer than to look through a sheet with it.
    squeezed = pl.concat([body[cell] for cell in cells]).str.replace_all(ODD + r"|\s", "")
    texts = squeezed.replace("", None)
    wordy = texts.str.contains("|".join(_furniture()))
    repeated = pl.sum_horizontal((pl.col(source) == label).fill_null(value=False) for source, label in labels.items())
    parts = [slice(place * body.height, (place + 1) * body.height) for place in range(len(cells))]
    frame = body.select("row", repeated.alias("repeated")).hstack(
        [
            *(texts[part].alias(cell) for cell, part in zip(cells, parts, strict=True)),
            *(wordy[part].alias(f"{cell} wordy") for cell, part in zip(cells, parts, strict=True)),
        ]
    )
    first = pl.coalesce(cells)
    first_wordy = pl.coalesce(f"{cell} wordy" for cell in cells)
    # A row of data answers at least one required column besides the one where the word stands.
    answers = pl.sum_horizontal(pl.lit(0), *((~pl.col(f"{cell} wordy")).fill_null(value=False) for cell in required))
    # A row with an id of its own is no signature.
    own = pl.any_horizontal(pl.lit(value=False), *((~pl.col(f"{cell} wordy")).fill_null(value=False) for cell in ids))
    count = pl.sum_horizontal(pl.lit(0), *(pl.col(cell).is_not_null() for cell in cells))
    lone_date = (count == 1) & first.str.contains(r"^[0-9]{4}\D[0-9]{1,2}\D[0-9]{1,2}\D?$")
    # One marked cell typed over, and the row is the officer's own.
    example = pl.all_horizontal(
        pl.lit(value=bool(marked)),
        *(pl.col(source).is_in(texts).fill_null(value=False) for source, texts in marked.items()),
    )
    kind = (
        pl.when(count == 0)
        .then(pl.lit(_BLANK))
        .when(pl.col("repeated") >= min(2, len(labels)))
        .then(pl.lit("row-heading-again"))
        .when((answers <= 1) & first_wordy & ~own | lone_date)
        .then(pl.lit("row-total-or-signature"))
        .when(example)
        .then(pl.lit("row-example"))
        .otherwise(pl.lit(""))
    )
    return frame.select("row", kind.alias("kind"), count.alias("filled"))
