"""More findings than one frame should hold: they are cut by town, and each part is priced alone.

What is priced of a town (steps 1 to 5) hangs on its own rows alone, so a part comes to what it comes to in the whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, TypeVar

import polars as pl

from schemas.tables import SOURCE
from scoring.intake import Tables
from scoring.problems import Problem, Refused

ROWS: Final = 600_000
"""Findings a part: of so many, the frames between stay in some hundred megabytes."""
_WORDS: Final = {
    **dict.fromkeys(("indicator", "severity", "channel", "outcome", "verdict"), pl.UInt16),
    # A bureau's own words, as many as it likes.
    "problem_type": pl.UInt32,
}
"""Columns of few words, each of which is kept as a number of so many bits."""
_HASH: Final = pl.col("finding_id").hash()
_SPAN: Final = 2**32
"""More rows than a frame holds, so that part and row make one whole number."""
Made = TypeVar("Made")


@dataclass(frozen=True)
class _Cut:
    """A long table: all its rows, which of them make each part, and where they stand in files, which is read late."""

    frame: pl.DataFrame
    rows: Sequence[pl.Series]
    source: pl.LazyFrame

    def part(self, number: int, *, placed: bool) -> pl.DataFrame:
        rows = self.rows[number]
        if placed:
            return self.frame[rows].hstack(self.source.collect(engine="streaming")[rows])
        return self.frame[rows].with_columns(pl.lit(None, dtype=kind).alias(name) for name, kind in SOURCE.items())


@dataclass(frozen=True)
class Parts:
    """Tables whose findings and reports are given part by part, all those of a town in one of them.

    `rest` holds the other tables; its findings and reports have no row.
    """

    rest: Tables
    part_of: pl.Series
    """Of each town of `rest`, the number of its part."""
    _findings: _Cut
    _reports: _Cut

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
            Two ids of findings have one hash of 64 bits (score the tables in one piece), or a report has no finding.
        """
        town = pl.col("town").cast(pl.Enum(rest.towns["town_code"]))
        findings = findings.with_columns(town)
        # Whose is whose first, then what they say: the join needs room that the rows then take.
        known = findings.select(_HASH, "town").collect(engine="streaming")
        asked = reports.select(_HASH).collect(engine="streaming")
        ordered = known["finding_id"].sort()
        if (ordered == ordered.shift()).any():
            raise ValueError("finding_id")
        count = max(1, -(-known.height // rows))
        part_of = _parts_of(rest.towns, count)
        part = part_of.gather(known["town"].to_physical())
        cut = cut_rows(part, count)
        place = _at(pl.concat(cut), pl.concat(pl.int_range(own.len(), dtype=pl.UInt32, eager=True) for own in cut))
        of_finding = known.lazy().select("finding_id", finding=place, part=part)
        # On numbers, in no order, the streaming engine joins in half the time.
        joined = asked.lazy().with_row_index("report").join(of_finding, on="finding_id").drop("finding_id")
        found = joined.collect(engine="streaming")
        if found.height < asked.height:
            raise ValueError("finding_id")
        of_reports = cut_rows(_at(found["report"], found["part"]), count)
        whose = _at(found["report"], found["finding"]).alias("finding")
        del found, place, part, ordered
        told = _Cut(_read(reports, asked).hstack([whose]), of_reports, reports.select(list(SOURCE)))
        return cls(rest, part_of, _Cut(_read(findings, known), cut, findings.select(list(SOURCE))), told)

    def __len__(self) -> int:
        return len(self._findings.rows)

    def tables(self, number: int, *, placed: bool = False) -> Tables:
        """Return the tables of a part, in which `finding` of a report is the row of its finding.

        Parameters
        ----------
        placed
            Say of each row where it stands in files, too.
        """
        own, of_own = self._findings.part(number, placed=placed), self._reports.part(number, placed=placed)
        return replace(self.rest, findings=own, rectifications=of_own)

    def each(self, make: Callable[[Tables, pl.Series], Made]) -> list[Made]:
        """Return what is made of each part, in their order.

        Parameters
        ----------
        make
            Takes the tables of a part and the numbers that its findings have among all as they were read.

        Raises
        ------
        Refused
            With the problems of all parts.
        """
        problems: list[Problem] = []

        def one(number: int) -> Made | None:
            try:
                return make(self.tables(number), self._findings.rows[number])
            except Refused:
                pass
            try:
                return make(self.tables(number, placed=True), self._findings.rows[number])
            except Refused as refused:
                problems.extend(refused.problems)
                return None

        made = on_every_processor(one, len(self))
        if problems:
            raise Refused(problems)
        return [done for done in made if done is not None]


def on_every_processor(work: Callable[[int], Made], count: int) -> list[Made]:
    """Return what work on 0, 1, … gives; as many are under way as there are processors."""
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads:
        return list(threads.map(work, range(count)))


def _parts_of(towns: pl.DataFrame, count: int) -> pl.Series:
    """Return each town's part; towns that merge, in whatever period, lie in one."""
    place = {code: number for number, code in enumerate(towns["town_code"])}
    merged = dict(towns.select("town_code", "merged_into").drop_nulls().iter_rows())

    def last(code: str, seen: frozenset[str] = frozenset()) -> str:
        into = merged.get(code, code)
        return code if into not in place or into in {*seen, code} else last(into, seen | {code})

    return pl.Series([place[last(code)] * count // len(place) for code in place], dtype=pl.UInt16)


def _read(table: pl.LazyFrame, ids: pl.DataFrame) -> pl.DataFrame:
    """Read what rules go by, with each word of the columns of few words once and its number in the cells.

    Parameters
    ----------
    ids
        The hashes of the ids as they were read before: rows must come in the same order.
    """
    columns = [column for column in _WORDS if column in table.collect_schema()]
    words = (pl.col(name).cast(pl.Categorical(pl.Categories(name, "townscore", _WORDS[name]))) for name in columns)
    read = table.select(pl.exclude(list(SOURCE))).with_columns(words).collect(engine="streaming")
    if not read.select(_HASH).to_series().equals(ids["finding_id"]):
        raise AssertionError("rows were read in another order")
    return read


def _at(rows: pl.Series, values: pl.Series) -> pl.Series:
    """Return values in the order of the rows, which are all of them."""
    return pl.zeros(rows.len(), dtype=values.dtype, eager=True).scatter(rows, values)


def in_rows(rows: pl.Series, frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame in the order of the rows, which are all of its own."""
    return frame[_at(rows, pl.int_range(rows.len(), dtype=pl.UInt32, eager=True))]


def cut_rows(part: pl.Series, count: int) -> list[pl.Series]:
    """Return the rows of each part, upwards."""
    keys = (part.cast(pl.UInt64) * _SPAN + pl.int_range(part.len(), dtype=pl.UInt64, eager=True)).sort()
    begins = keys.search_sorted(pl.Series([number * _SPAN for number in range(count + 1)], dtype=pl.UInt64)).to_list()
    rows = (keys % _SPAN).cast(pl.UInt32)
    return [rows[begin:end] for begin, end in pairwise(begins)]
