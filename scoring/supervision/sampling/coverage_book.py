"""The coverage of a period as a workbook: a row a town and month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from scoring.messages import say
from scoring.outfolder import write_whole
from scoring.periods import Period
from scoring.reports.book import Book, Cell, Column, Kind
from scoring.scratch import scratch
from scoring.supervision.sampling.coverage import Covered

_COLUMNS: Final[tuple[tuple[str, int, Kind], ...]] = (
    ("town", 16, "text"),
    ("month", 10, "code"),
    ("confirmed", 12, "count"),
    ("required", 12, "count"),
    ("drawn-count", 10, "count"),
    ("checked", 10, "count"),
    ("share", 12, "points"),
    ("shortfall", 12, "count"),
)


def write_coverage(rows: Sequence[Covered], towns: Mapping[str, str], period: Period, path: Path, lang: str) -> None:
    """Write each town's months in which anybody was newly confirmed or checked.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    columns = [Column(say(f"sampling-head-{name}", lang), width, kind) for name, width, kind in _COLUMNS]
    told: list[list[Cell]] = [
        [
            towns[one.town],
            one.month,
            one.confirmed,
            one.required,
            one.drawn,
            one.checked,
            None if one.share is None else float(100 * one.share),
            one.shortfall,
        ]
        for one in rows
        if one.confirmed or one.checked
    ]
    title, under = say("sampling-coverage-title", lang, period=period.id), say("sampling-coverage-footer", lang)
    with scratch() as folder:
        fresh = folder / "book.xlsx"
        with Book(fresh, title=title, run_line=under, made=period.end, decimals=1, lang=lang) as book:
            book.table(say("sampling-coverage-sheet", lang), columns, told, fixed=2)
        write_whole(path, fresh.read_bytes())
