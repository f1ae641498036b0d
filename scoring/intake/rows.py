"""Rows against each other: repeated rows, ids made from content, and references between tables."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import polars as pl

from schemas.tables import SOURCE, Table
from scoring.intake.combined import REPORT
from scoring.intake.problems import Problems
from scoring.intake.sheet import BAD, SERIAL

OCCURRENCE: Final = "_occurrence"
# What makes a finding that finding, in this order; what may change while it is handled is left out.
_IDENTITY: Final = (
    "town",
    "found_on",
    "indicator",
    "description",
    "village",
    "problem_type",
    "programme",
    "channel",
    "source_level",
    "case_ref",
    "check_id",
)
_LETTER: Final = {"findings": "F", "checks": "H", "adjustments": "J", "appeals": "S", "letters": "L"}
MADE: Final = r"^[FHJSL](-[0-9a-f]{4}){3}(-[0-9]+)?$"
"""A number that was made for a row without one."""


def _comparable(frame: pl.DataFrame, columns: Sequence[str]) -> list[pl.Expr]:
    """Return columns in a form that compares: lists as joined text."""
    return [
        pl.col(name).list.join("\x1f").alias(name) if frame.schema[name].is_nested() else pl.col(name)
        for name in columns
    ]


def by_source(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows in the order of file, sheet and row: which of two equal rows stays must not depend on chance."""
    return frame.sort("source_file", "source_sheet", "source_row", nulls_last=False, maintain_order=True)


def drop_repeated(table: Table, frame: pl.DataFrame, problems: Problems) -> tuple[pl.DataFrame, int]:
    """Drop rows that equal an earlier one in every known column, with a notice; return the rest and how many went.

    Rows without an id that the officer numbered apart in one sheet are different matters.
    """
    # Cheap first: rows that agree in the telling columns are the only candidates.
    telling = [table.key] if table.key else list(table.required)
    if table.key and frame[table.key].null_count():
        telling = [*table.required, table.key]
    candidate = pl.struct(telling).is_duplicated()
    few = frame.filter(candidate)
    if few.is_empty():
        return frame, 0
    known = [*table.columns, *([REPORT] if REPORT in few.columns else [])]
    compared = few.select(*_comparable(few, known), SERIAL, *SOURCE, pl.int_range(pl.len()).alias("_place"))
    numbered = pl.col(SERIAL).is_not_null() & (pl.col(table.key).is_null() if table.key else pl.lit(value=False))
    compared = compared.with_columns(
        pl.when(numbered)
        .then(pl.col(SERIAL).rank("dense").over([*known, "source_file", "source_sheet"]))
        .otherwise(1)
        .alias(OCCURRENCE)
    )
    first = compared.with_columns(pl.struct([*known, OCCURRENCE]).is_first_distinct().alias("_first"))
    again = few.filter(~first["_first"])
    problems.add_rows("row-repeated", "notice", again, table=table.id, column=table.key)
    kept = pl.concat([frame.filter(~candidate), few.filter(first["_first"])])
    return by_source(kept), again.height


def make_ids(table: Table, frame: pl.DataFrame, problems: Problems) -> pl.DataFrame:
    """Give rows without an id one derived from their content, never from their place.

    Rows of equal identity are ordered by the rest of their content and numbered.
    """
    key = table.key
    if key is None or not frame[key].null_count():
        return frame
    blank = pl.col(key).is_null()
    rows = frame.filter(blank)
    identity = list(_IDENTITY) if table.id == "findings" else [name for name in table.columns if name != key]
    rest = [name for name in table.columns if name not in identity and name != key]
    rest += [REPORT] if REPORT in rows.columns else []
    text = rows.select(_comparable(rows, [*identity, *rest])).select(pl.all().cast(pl.String).fill_null("\x1e"))
    content = text.select(
        pl.concat_str(identity, separator="\x1f").alias("who"),
        (pl.concat_str(rest, separator="\x1f") if rest else pl.lit("")).alias("what"),
    ).with_columns(pl.int_range(pl.len()).alias("_place"))
    content = content.sort("who", "what", maintain_order=True).with_columns(
        pl.int_range(pl.len()).over("who").alias("number")
    )
    letter = _LETTER[table.id]
    made = [
        f"{letter}-{_short(who)}" + (f"-{number + 1}" if number else "")
        for who, number in content.select("who", "number").iter_rows()
    ]
    ids = content.with_columns(pl.Series("_id", made, dtype=pl.String)).sort("_place")["_id"]
    rows = rows.with_columns(ids.alias(key))
    places = rows.group_by("source_file", "source_sheet").agg(pl.len().alias("rows")).sort(pl.all())
    for file, sheet, count in places.iter_rows():
        problems.add("id-made", "notice", file=file, sheet=sheet, table=table.id, column=key, rows=count)
    return by_source(pl.concat([frame.filter(~blank), rows]))


def _short(text: str) -> str:
    """Return a hash in groups of four: eleven digits in a row would be masked as somebody's telephone number."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return "-".join(digest[start : start + 4] for start in (0, 4, 8))


def refuse_conflicts(table: Table, frame: pl.DataFrame, problems: Problems) -> pl.DataFrame:
    """Refuse every row whose id another, different row has too."""
    if table.key is None:
        return frame
    return refuse(frame, pl.col(table.key).is_duplicated(), "id-conflict", f"{table.id}.{table.key}", problems)


def refuse(
    frame: pl.DataFrame, wrong: pl.Expr, code: str, cell: str, problems: Problems, **parameters: object
) -> pl.DataFrame:
    """Mark the rows of a frame where `wrong` holds as refused, and say why.

    Parameters
    ----------
    frame
        Rows with the source columns and `_bad`.
    wrong
        Which rows; null is not wrong.
    code, parameters
        The message and what it names.
    cell
        Table and column, parted by a dot.
    problems
        Receives one refusal a row.
    """
    if not frame.select(wrong.any()).item():
        return frame
    marked = frame.with_columns(wrong.fill_null(value=False).alias("_now"))
    table, _, column = cell.partition(".")
    problems.add_rows(code, "refused", marked.filter("_now"), table=table, column=column, **parameters)
    return marked.with_columns((pl.col(BAD) | pl.col("_now")).alias(BAD)).drop("_now")


def notice(frame: pl.DataFrame, odd: pl.Expr, code: str, cell: str, problems: Problems) -> None:
    """Say what is odd about good rows; arguments as in `refuse`."""
    table, _, column = cell.partition(".")
    rows = frame.filter(~pl.col(BAD) & odd.fill_null(value=False))
    problems.add_rows(code, "notice", rows, table=table, column=column)
