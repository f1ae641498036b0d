"""More findings than one frame should hold: they are cut by town, and each part is priced alone.

What is priced of a town (steps 1 to 5) hangs on its own rows alone, so a part comes to what it comes to in the whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, TypeVar

import polars as pl

from scoring.columns import numbered
from scoring.intake import Tables

ROWS: Final = 1_000_000
"""Findings a part: of so many, the frames between stay in some hundred megabytes."""
_WORDS: Final = (
    "indicator", "severity", "channel", "problem_type", "outcome", "verdict", "source_file", "source_sheet",
)  # fmt: skip
_SPAN: Final = 2**32
"""More rows than a frame holds, so that part and row make one whole number."""
Made = TypeVar("Made")


@dataclass(frozen=True)
class Parts:
    """Tables whose findings and reports are given part by part, all those of a town in one of them.

    `rest` holds the other tables; its findings and reports have no row.
    """

    rest: Tables
    _findings: pl.DataFrame
    _reports: pl.DataFrame
    _rows: Sequence[pl.Series]
    _of_reports: Sequence[pl.Series]

    @classmethod
    def of(cls, findings: pl.LazyFrame, reports: pl.LazyFrame, rest: Tables, *, rows: int = ROWS) -> Parts:
        """Read the two long tables, words as numbers.

        Parameters
        ----------
        findings, reports
            Scans of the columns that rules read and of those that say where a row stands. They are valid: ids of
            findings differ, every town stands in `rest.towns`, every report's finding is among the findings.
        rows
            Findings a part, about.

        Raises
        ------
        ValueError
            Two ids of findings differ but have one hash of 64 bits: score the tables in one piece.
        """
        towns = rest.towns["town_code"]
        town = pl.col("town").cast(pl.Enum(towns))
        read = _in_words(findings).with_columns(town, _hash=pl.col("finding_id").hash()).collect(engine="streaming")
        told = _in_words(reports).with_columns(_hash=pl.col("finding_id").hash()).collect(engine="streaming")
        if read["_hash"].n_unique() < read.height:
            raise ValueError("finding_id")
        count = max(1, -(-read.height // rows))
        of_part = numbered("town", read.schema, towns).cast(pl.UInt64) * count // towns.len()
        part = read.select(of_part).to_series().cast(pl.UInt16)
        cut = _cut(part, count)
        place = _at(pl.concat(cut), pl.concat(pl.int_range(own.len(), dtype=pl.UInt32, eager=True) for own in cut))
        known = read.lazy().select("_hash", finding=place, part=part)
        # On numbers, in no order, the streaming engine joins in half the time.
        whose = told.lazy().select("_hash").with_row_index("report").join(known, on="_hash")
        found = whose.select("report", "finding", "part").collect(engine="streaming")
        told = told.drop("_hash").with_columns(_at(found["report"], found["finding"]).alias("finding"))
        part = _at(found["report"], found["part"])
        return cls(rest, read.drop("_hash"), told, cut, _cut(part, count))

    def __len__(self) -> int:
        return len(self._rows)

    def each(self, make: Callable[[Tables, pl.Series], Made]) -> Iterator[Made]:
        """Give what is made of each part, in their order; as many are under way as there are processors.

        Parameters
        ----------
        make
            Takes the tables of a part, in which `finding` of a report is the row of its finding, and the numbers of
            its findings among all as they were read.
        """

        def one(number: int) -> Made:
            rows = self._rows[number]
            reports = self._reports[self._of_reports[number]]
            return make(replace(self.rest, findings=self._findings[rows], rectifications=reports), rows)

        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads:
            yield from threads.map(one, range(len(self)))


def _in_words(table: pl.LazyFrame) -> pl.LazyFrame:
    """Keep each word of the columns of few words once, and its number in the cells."""
    columns = [column for column in _WORDS if column in table.collect_schema()]
    return table.with_columns(
        pl.col(column).cast(pl.Categorical(pl.Categories(column, "townscore", pl.UInt16))) for column in columns
    )


def _at(rows: pl.Series, values: pl.Series) -> pl.Series:
    """Return values in the order of the rows, which are all of them."""
    return pl.zeros(rows.len(), dtype=values.dtype, eager=True).scatter(rows, values)


def _cut(part: pl.Series, count: int) -> list[pl.Series]:
    """Return the rows of each part, upwards."""
    keys = (part.cast(pl.UInt64) * _SPAN + pl.int_range(part.len(), dtype=pl.UInt64, eager=True)).sort()
    begins = keys.search_sorted(pl.Series([number * _SPAN for number in range(count + 1)], dtype=pl.UInt64)).to_list()
    rows = (keys % _SPAN).cast(pl.UInt32)
    return [rows[begin:end] for begin, end in pairwise(begins)]
