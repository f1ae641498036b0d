"""What a new scheme does: the same ledgers scored by two schemes, and the papers that say so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scoring.assessing import assess
from scoring.assessment import Assessment
from scoring.jobs import usual_day
from scoring.outcome import Options
from scoring.revising.comparing import Comparison, compare
from scoring.revising.differing import Difference, differences
from scoring.runs import read_only

if TYPE_CHECKING:
    from scoring.jobs import Task
    from scoring.reports.settings import Settings

_ROOM: Final = 12
"""Differences, swaps and prices that a paper of two pages has room for."""


@dataclass(frozen=True)
class Impact:
    """A comparison with what the schemes say differently and the names of their files."""

    made: Comparison
    found: tuple[Difference, ...]
    files: tuple[str, str]


def compare_schemes(old: Task, new: Task) -> Impact:
    """Score a period's facts by two schemes, without what published periods carry over.

    Raises
    ------
    RunRefused, Refused
        The data cannot be read or scored by one of them.
    """
    made: list[Assessment] = []
    for job, period in (old, new):
        intake = read_only(job)
        scheme = job.scheme.scheme
        options = Options(scheme_hash=job.scheme.sha256, example=job.example)
        as_of = job.as_of or usual_day(job, period)
        made.append(assess(intake.tables, scheme, period, as_of, options=options, workdays=job.workdays, lean=True))
    found = differences(old[0].scheme, new[0].scheme, new[0].settings.lang)
    return Impact(compare(*made), tuple(found), (old[0].scheme.file, new[0].scheme.file))


def write_impact(impact: Impact, folder: Path, settings: Settings) -> list[Path]:
    """Write the comparison as a page for the browser, a PDF and a Word file; return where they lie.

    Raises
    ------
    OSError
        The folder cannot be written.
    MissingGlyph, MissingLibrary
        See `Renderer`.
    """
    from scoring.outfolder import write_whole
    from scoring.reports.papers import compare_page, render_compare
    from scoring.revising.view import compare_view
    from scoring.revising.word import write_compare_docx

    folder.mkdir(parents=True, exist_ok=True)
    new = impact.made.new
    whole = compare_view(impact.made, impact.found, impact.files, settings.lang)
    brief = compare_view(impact.made, impact.found, impact.files, settings.lang, _ROOM)
    name = f"compare-{new.head['period']['id']}"
    paths = [folder / f"{name}.{kind}" for kind in ("html", "pdf", "docx")]
    write_whole(paths[0], compare_page(whole, new, settings).encode("utf-8"))
    write_whole(paths[1], render_compare(brief, new, settings))
    write_compare_docx(brief, date.fromisoformat(new.head["as_of"]), paths[2])
    return paths
