"""What a posting discloses as a workbook: where, and a finding suggested for each file, to be judged by the bureau."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Final

import polars as pl

from schemas.tables import catalogue
from scoring.intake.fold import name_key
from scoring.intake.towns import town_names
from scoring.messages import say
from scoring.outfolder import write_whole
from scoring.redaction import Words, redact
from scoring.reports.book import Book, Cell, Column, Kind
from scoring.scratch import scratch
from scoring.supervision.matching.policy import Policy
from scoring.supervision.matching.posted import FOUND, Hit

_UNDATED: Final = date(2000, 1, 1)
_PLACES: Final[tuple[tuple[str, float, Kind], ...]] = (
    ("file", 28, "text"), ("sheet", 14, "text"), ("row", 8, "count"), ("column", 16, "text"), ("kind", 14, "text"),
    ("count", 8, "count"), ("masked", 24, "text"),
)  # fmt: skip
_FINDING: Final = (
    "finding_id", "town", "found_on", "indicator", "severity", "channel", "problem_type", "cases", "description",
)  # fmt: skip


def posted_book(
    path: Path, hits: Sequence[Hit], towns: pl.DataFrame, policy: Policy, on: date | None, lang: str
) -> None:
    """Write where too much is disclosed, and the findings that it suggests, in the columns of the findings.

    Parameters
    ----------
    towns
        town_code, name, aliases: a file or sheet that is named after a town is that town's.
    on
        The day of the findings; blank where none is given.

    Raises
    ------
    OSError
        It cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    known, names = town_names(towns), dict(zip(towns["town_code"], towns["name"], strict=True))
    title = say("matching-posted-title", lang)
    with scratch() as folder:
        fresh = folder / "posted.xlsx"
        line = say("matching-internal", lang)
        with Book(fresh, title=title, run_line=line, made=on or _UNDATED, decimals=2, lang=lang) as book:
            heads = [Column(say(f"matching-posted-{name}", lang), width, kind) for name, width, kind in _PLACES]
            book.table(say("matching-sheet-places", lang), heads, [_place(hit, lang) for hit in hits], fixed=1)
            columns = catalogue().tables["findings"].columns
            kinds: dict[str, Kind] = {"found_on": "date", "cases": "count", "description": "long"}
            heads = [
                Column(columns[name].zh if lang == "zh" else name, columns[name].width, kinds.get(name, "text"))
                for name in _FINDING
            ]
            rows = [
                _finding(file, list(own), names.get(_town(file, known) or ""), policy, on, lang)
                for file, own in groupby(hits, key=lambda hit: hit.file)
            ]
            book.table(say("matching-sheet-suggested", lang), heads, rows, fixed=2)
        write_whole(path, fresh.read_bytes())


def _place(hit: Hit, lang: str) -> list[Cell]:
    kind = say(f"redaction-kind-{hit.kind}", lang)
    return [hit.file, hit.sheet, hit.row, hit.column, kind, hit.count, hit.shown]


def _town(file: str, known: Mapping[str, str]) -> str | None:
    """Return the one town whose name stands in a file's name."""
    stem = name_key(Path(file).stem)
    # A code may stand in any number; only names of letters or characters tell.
    found = {code for name, code in known.items() if len(name) > 1 and not name.isascii() and name in stem}
    return found.pop() if len(found) == 1 else None


def _finding(
    file: str, hits: Sequence[Hit], town: str | None, policy: Policy, on: date | None, lang: str
) -> list[Cell]:
    counts = {kind: sum(hit.count for hit in hits if hit.kind == kind) for kind in FOUND}
    told = [
        say("matching-posted-each", lang, kind=say(f"redaction-kind-{kind}", lang), count=count)
        for kind, count in counts.items()
        if count
    ]
    name = redact(file, Words().allowing([town] if town else []))[0]
    said = say("matching-posted-described", lang, file=name, detail=say("list-comma", lang).join(told))
    finding = policy.finding("posted")
    return [None, town, on, finding.indicator, finding.severity, finding.channel, finding.problem_type, 1, said]
