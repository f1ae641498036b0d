"""What is asked of long columns: which rows are alike, and the number of each word."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import polars as pl

from scoring.exact import LARGEST


def alike(rows: pl.DataFrame) -> pl.Series:
    """Tell of each row whether another equals it, by 64-bit hashes; hardly ever it says so of one that none equals.

    Hashes are sorted far faster than texts, and than a table of them all is made.
    """
    hashes = rows.hash_rows()
    ordered = hashes.sort()
    return hashes.is_in(ordered.filter(ordered == ordered.shift()).unique().implode())


def numbered(column: str, schema: Mapping[str, pl.DataType], words: Sequence[str] | pl.Series) -> pl.Expr:
    """Return the place of each cell of a column among some different words; null where it is none of them.

    A column that is kept as numbers of these very words is read as it stands.
    """
    dtype, known = schema[column], pl.Series(words, dtype=pl.String)
    if isinstance(dtype, pl.Enum) and dtype.categories.equals(known):
        return pl.col(column).to_physical().cast(pl.UInt32)
    numbers = pl.int_range(known.len(), dtype=pl.UInt32, eager=True)
    if isinstance(dtype, pl.Enum):
        among = known.is_in(dtype.categories.implode())
        known, numbers = known.filter(among), numbers.filter(among)
    return pl.col(column).replace_strict(known.cast(dtype), numbers, default=None, return_dtype=pl.UInt32)


def rows_of(keys: pl.Series, wanted: pl.Series) -> pl.Series:
    """Return the row at which each wanted cell stands among different keys; null where it is none of them.

    Keys that are whole numbers are those of rows, and so not much larger than their count.
    """
    if not keys.dtype.is_integer():
        found = (
            wanted.alias("key")
            .to_frame()
            .join(keys.alias("key").to_frame().with_row_index("row"), on="key", how="left", maintain_order="left")
        )
        return found["row"]
    count = max(int(series.max() or 0) for series in (keys, wanted)) + 1  # type: ignore[arg-type]
    rows = pl.repeat(None, count, dtype=pl.UInt32, eager=True)
    rows = rows.scatter(keys, pl.int_range(keys.len(), dtype=pl.UInt32, eager=True))
    return rows.gather(wanted)


def in_order(keys: Sequence[pl.Series]) -> pl.Series:
    """Return the rows in the order of several columns of whole numbers, the first one first.

    Where the numbers of a row make one of 64 bits, that is sorted: several times faster than column by column.
    """
    bounds = [(int(key.min() or 0), int(key.max() or 0)) for key in keys]  # type: ignore[arg-type]
    if math.prod(high - low + 1 for low, high in bounds) > LARGEST:
        columns = {str(place): key for place, key in enumerate(keys)}
        return pl.DataFrame(columns).select(pl.arg_sort_by(list(columns))).to_series()
    packed = pl.zeros(len(keys[0]), dtype=pl.Int64, eager=True)
    for key, (low, high) in zip(keys, bounds, strict=True):
        packed = packed * (high - low + 1) + (key.cast(pl.Int64) - low)
    return packed.arg_sort()
