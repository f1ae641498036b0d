"""Rows against each other: repeated rows, ids made from content, and references between tables."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import polars as pl

from schemas.tables import SOURCE, Table, duplicated
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
_TO: Final = {"source_file": "to_file", "source_sheet": "to_sheet", "source_row": "to_row"}
_LETTER: Final = {"findings": "F", "checks": "H", "adjustments": "J", "appeals": "S", "letters": "L"} | {
    "answers": "W",
    "hotline": "R",
    "petitions": "X",
    "sanctions": "C",
    "duties": "G",
}
MADE: Final = r"^[FHJSL](-[0-9a-f]{4}){3}(-[0-9]+)?$"
"""A number that was made for a row of a scored table without one."""


def _comparable(frame: pl.DataFrame, columns: Sequence[str]) -> list[pl.Expr]:
    """Return columns in a form that compares: lists as joined text."""
    return [
        pl.col(name).list.join("\x1f").alias(name) if frame.schema[name].is_nested() else pl.col(name)
        for name in columns
    ]


def by_source(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows in the order of file, sheet and row: which of two equal rows stays must not depend on chance."""
    return frame.sort("source_file", "source_sheet", "source_row", nulls_last=False, maintain_order=True)


def drop_repeated(table: Table, frame: pl.DataFrame, problems: Problems) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Drop rows that equal an earlier one in every known column, and those that a later sheet carries forward.

    Rows without an id that the officer numbered apart in one sheet are different matters. So are rows of one sheet that
    differ in their reports alone; in another sheet or file such a row is the same matter, with one more report. Of a
    table whose rows may be alike, equal rows of one sheet without an id are so many events.

    Returns
    -------
    tuple
        The rows that stay, in order, and the place of each dropped one beside the place (`to_file`, `to_sheet`,
        `to_row`) of the row that stays for it.
    """
    nothing = frame.head(0).select(*SOURCE, *(pl.col(old).alias(new) for old, new in _TO.items()))
    # Cheap first: rows that agree in the telling columns are the only candidates.
    telling = [table.key] if table.key else list(table.required)
    if table.key and frame[table.key].null_count():
        telling = [*table.required, table.key]
    candidate = duplicated(frame.select(telling))
    few = frame.filter(candidate)
    if few.is_empty():
        return frame, nothing
    reported = REPORT in few.columns
    known = [*table.columns, *([REPORT] if reported else [])]
    compared = few.select(*_comparable(few, known), SERIAL, *SOURCE, pl.int_range(pl.len()).alias("_place"))
    unnumbered = pl.col(table.key).is_null() if table.key else pl.lit(value=False)
    sheet = ["source_file", "source_sheet"]
    nth = pl.int_range(pl.len()).over([*table.columns, *sheet])
    serial = pl.col(SERIAL).rank("dense").over([*known, *sheet])
    compared = compared.with_columns(
        pl.when(unnumbered & pl.col(SERIAL).is_not_null())
        .then(serial)
        .when(unnumbered & pl.lit(table.alike))
        .then(nth)
        .otherwise(1)
        .alias(OCCURRENCE),
        nth.alias("_nth"),
    )
    same = pl.col("_place").first().over([*known, OCCURRENCE])
    # The second of two equal findings in one sheet is the second of them in the next.
    carried = pl.col("_place").first().over([*table.columns, "_nth"])
    stays = pl.when(unnumbered & (same == pl.col("_place"))).then(carried).otherwise(same) if reported else same
    kept = compared.with_columns(stays.alias("_kept"))["_kept"]
    # What a row repeats may itself be one that is carried forward.
    while not (further := kept.gather(kept)).equals(kept):
        kept = further
    first = kept == pl.int_range(few.height, eager=True)
    places = few.select(list(SOURCE))
    moved = places.with_columns(places.select(pl.all().gather(kept)).rename(_TO)).filter(~first)
    again = compared.select(same != pl.col("_place")).to_series()
    problems.add_rows("row-repeated", "notice", few.filter(again), table=table.id, column=table.key)
    problems.add_rows("row-carried", "notice", few.filter(~first & ~again), table=table.id, column=table.key)
    return by_source(pl.concat([frame.filter(~candidate), few.filter(first)])), moved


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
    # Of cases no numbers are made, so that advice must not offer it.
    code = "supervision-case-twice" if table.id == "cases" else "id-conflict"
    return refuse(frame, pl.lit(duplicated(frame.select(table.key))), code, f"{table.id}.{table.key}", problems)


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
