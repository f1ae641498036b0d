"""Which record and which line of a list are one person: surely, by the number, or possibly, by name and birth.

Sure is a pair whose numbers are both sound and whose names agree, where both are written. Everything else that points
at one person is possible, with the reason why it is not sure. Two sound numbers that differ are two persons, whatever
their names.
"""

from __future__ import annotations

from typing import Final, Literal

import polars as pl

Why = Literal["number", "names-differ", "old-number", "cut-number", "name-birth-town", "name-birth"]
WHYS: Final[tuple[Why, ...]] = ("number", "old-number", "cut-number", "names-differ", "name-birth-town", "name-birth")
"""What a pair rests on, the strongest first; `number` alone is sure."""
CROWD: Final = 20
"""More lines of a list than so many are no one person's: a number or a name was put in for many."""

_SIDE: Final = ("number", "state", "called", "born", "town")


def pairs(records: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Return which record goes with which line.

    Parameters
    ----------
    records, lines
        What `with_identity` gives, with `town` (code or null).

    Returns
    -------
    DataFrame
        record, line (UInt32, places in the two frames), why (Enum of WHYS); a pair once, for its strongest reason; by
        record and line.
    """
    left = records.select(_SIDE).with_row_index("record")
    right = lines.select(_SIDE).with_row_index("line")
    found = pl.concat([_by_number(left, right), _by_name(left, right)])
    return found.sort("record", "line", "why").unique(["record", "line"], keep="first", maintain_order=True)


def crowded(lines: pl.DataFrame) -> int:
    """Return how many lines of a list have a number that more than `CROWD` of them have: they are not matched by it."""
    known = lines.filter(pl.col("number").is_not_null())
    return known.select((pl.len().over("number") > CROWD).sum()).item() if known.height else 0


def _by_number(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs of one number."""
    known = right.filter(pl.col("number").is_not_null()).select("number", "line", "state", "called")
    known = known.filter(pl.len().over("number") <= CROWD)
    met = left.select("number", "record", "state", "called").join(known, on="number", how="inner", suffix="_line")
    differ = (pl.col("called") != pl.col("called_line")).fill_null(value=False)
    unnamed = pl.col("called").is_null() | pl.col("called_line").is_null()
    cut, old = ((pl.col("state") == name) | (pl.col("state_line") == name) for name in ("tail", "old"))
    why = (
        pl.when(differ)
        .then(pl.lit("names-differ"))
        .when(cut)
        .then(pl.lit("cut-number"))
        # Fifteen digits prove nothing by themselves: the name must bear them out.
        .when(old & unnamed)
        .then(pl.lit("old-number"))
        .otherwise(pl.lit("number"))
    )
    return met.select("record", "line", why=why.cast(pl.Enum(WHYS)))


def _by_name(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs of one name, birth and town of which not both have a sound number."""
    named = pl.col("called").is_not_null() & pl.col("born").is_not_null()
    sound = pl.col("state") == "sound"
    left = left.filter(named).select("called", "born", "town", "record", sound=sound)
    right = right.filter(named).select("called", "born", "line", town_line="town", sound=sound)
    parts = [(left.filter(~pl.col("sound")), right), (left.filter("sound"), right.filter(~pl.col("sound")))]
    met = pl.concat([one.join(other, on=["called", "born"], how="inner") for one, other in parts])
    met = met.filter((pl.col("town") == pl.col("town_line")) | pl.col("town_line").is_null())
    crowded = pl.len().over("record") > CROWD
    why = pl.when(pl.col("town_line").is_null()).then(pl.lit("name-birth")).otherwise(pl.lit("name-birth-town"))
    return met.filter(~crowded).select("record", "line", why=why.cast(pl.Enum(WHYS)))
