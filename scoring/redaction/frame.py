"""Redacts the free text of a table, and counts what was masked where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Final

import polars as pl

from scoring.redaction.finding import KINDS, redact
from scoring.redaction.words import Words, shipped

REGISTER: Final = {"key": pl.String(), "column": pl.String(), "kind": pl.String(), "count": pl.Int64()}
# Seven digits in any script that the finder knows, whatever stands between them.
_DIGITS: Final = r"(?s)(?:\p{Nd}.*?){7}"


def redact_frame(
    frame: pl.DataFrame, columns: Sequence[str], key: str, words: Words
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the frame with the named columns masked, and the register of what was masked in them.

    The register has a row for each row, column and kind: `key` (the row's value of that column, as text), `column`,
    `kind`, `count`. It is in the order of rows, columns and kinds and holds nothing of what was masked. Nulls
    stay null.

    Raises
    ------
    polars.exceptions.ColumnNotFoundError
        The frame has no such column or key.
    TypeError
        A named column holds no text.
    """
    for column in columns:
        if frame.schema.get(column, pl.String()) != pl.String():
            raise TypeError(column)
    keys = frame[key].cast(pl.String)
    parts = [pl.DataFrame(schema={"row": pl.Int64(), **REGISTER})]
    done: list[pl.Series] = []
    for column in columns:
        found = _redacted(frame[column], words)
        if found.is_empty():
            continue
        joined = frame.select(text=pl.col(column)).join(found, on="text", how="left", maintain_order="left")
        done.append(joined.select(pl.coalesce("masked", "text").alias(column))[column])
        counted = joined.with_columns(key=keys, row=pl.int_range(pl.len(), dtype=pl.Int64)).drop("text", "masked")
        long = counted.unpivot(on=KINDS, index=["row", "key"], variable_name="kind", value_name="count")
        parts.append(long.filter(pl.col("count") > 0).with_columns(column=pl.lit(column)).select(*["row", *REGISTER]))
    order = {name: place for place, name in enumerate([*columns, *KINDS])}
    places = [pl.col(name).replace_strict(order, return_dtype=pl.Int64) for name in ("column", "kind")]
    register = pl.concat(parts).sort("row", *places, maintain_order=True).drop("row")
    return frame.with_columns(done), register


def _redacted(texts: pl.Series, words: Words) -> pl.DataFrame:
    """Return each distinct text in which something was masked: `text`, `masked`, a count (Int64) for each kind."""
    suspects = texts.drop_nulls().unique(maintain_order=True)
    suspects = suspects.filter(
        suspects.str.contains(_DIGITS) | suspects.str.contains_any([*_signs(), *sorted(words.own)])
    )
    rows: list[tuple[object, ...]] = []
    for text in suspects.to_list():
        masked, hits = redact(text, words)
        if hits:
            counts = Counter(hit.kind for hit in hits)
            rows.append((text, masked, *(counts[kind] for kind in KINDS)))
    schema: dict[str, pl.DataType] = {"text": pl.String(), "masked": pl.String()}
    schema |= {kind: pl.Int64() for kind in KINDS}
    return pl.DataFrame(rows, schema=schema, orient="row")


@cache
def _signs() -> tuple[str, ...]:
    """Return the words without one of which a text of few digits holds nothing to find."""
    words, people = shipped("words"), shipped("names")
    places = words["places"]
    terms = {term for rows in words["illness"].values() for row in rows for term in row}
    terms |= {word for row in people["headings"] for word in row}
    terms |= {*people["titles"], *people["after"], *places["alone"], *places["bare"], *places["headings"]}
    # Digits written as words.
    terms |= set(words["digits"])
    return tuple(sorted(terms))
