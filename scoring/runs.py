"""A run: read, score, write one folder a period that appears whole or not at all, and bind it by a manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, as_completed
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final, NoReturn

import polars as pl

from scoring.assessing import assess, previous
from scoring.assessment import Assessment
from scoring.beside import SAID_BESIDE, own_work, say_beside
from scoring.intake import Intake, Tables, read_folder, write_numbered, write_problems
from scoring.jobs import Desk, Job, Task, usual_day
from scoring.ledger import Frozen, Spread
from scoring.manifest import write_manifest
from scoring.messages import say
from scoring.noticed import noticed
from scoring.outcome import Options, published_head
from scoring.outfolder import fresh_folder, locked, plain_disk_errors, put_in_place
from scoring.periods import Period, period_before
from scoring.printing import Printer
from scoring.problems import Problem, Refused
from scoring.redaction.masking import mask_column
from scoring.scheme import label_of, laws_given_up, vocabulary
from scoring.sealed import sealed_notices
from scoring.store import BrokenStore, Edition, Stages, latest, next_edition, read_store
from scoring.store.differing import FILE, differing_words
from scoring.store.verifying import HINTS, check_chain, check_issued

_PROBLEMS: Final = ("problems.csv", "problems.xlsx")


class RunRefused(Exception):
    """The data was refused; `problems` says why."""

    def __init__(self, problems: pl.DataFrame) -> None:
        super().__init__("refused")
        self.problems = problems


@dataclass(frozen=True)
class Made:
    """One period that was scored and printed; `notices` as intake's problems are."""

    period: Period
    assessment: Assessment
    folder: Path
    notices: pl.DataFrame
    published: Edition | None = None
    """The last edition of the period, which this draft would follow."""


Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


def run(desk: Desk, tasks: Sequence[Task], printer: Printer, progress: Progress, who: Mapping[str, str]) -> list[Made]:
    """Score and print every period; nothing is put in place before all of them are whole.

    Parameters
    ----------
    tasks
        Jobs at this desk.
    who
        What a second run is told about this one while it holds the folder.

    Raises
    ------
    RunRefused
        The data was refused; nothing was written but problems.csv and problems.xlsx.
    Busy
        Another run holds the output folder.
    Foreign
        A folder stands where a period's is to be, and no run made it.
    OSError
        The output folder cannot be written.
    """
    with locked(desk.out, who), plain_disk_errors(), ExitStack() as folders:
        if "pdf" in desk.formats:
            printer.warm(desk.settings)
        try:
            intakes = _read_all(tasks)
        except RunRefused as refused:
            _refuse(desk, refused.problems)
        editions = sound_store(desk.store)
        kept = own_work(desk, next(iter(intakes.values())).tables.towns)
        spread = printer.spread(desk.settings.lang, partial(progress, "price"))
        written: list[tuple[Made, Path, Job]] = []
        papers: list[Future[None]] = []
        for number, (job, period) in enumerate(tasks):
            progress("score", number, len(tasks))
            intake = intakes[job.scheme.sha256]
            try:
                used, assessment = _assess(job, intake, period, editions, spread)
            except Refused as refused:
                own = _told(job, intake, refused)
                _refuse(job, pl.concat([own, intake.problems], how="diagonal_relaxed"))
            fresh = folders.enter_context(fresh_folder(job.out, period.id))
            folders.enter_context(printer.at_rest())
            # Only papers speak of the period before; tables alone need not score it.
            said = _before(job, used, period, editions) if set(job.formats) & {"pdf", "docx"} else {}
            stages = Stages.read(job.store).of(period.id, assessment.head["edition"])
            assessment, digests = _with_code(assessment, {**said, "stages": stages}, fresh)
            assessment, unread, begun = say_beside(job, used.tables, assessment, editions, kept, printer, fresh)
            papers += begun
            assessment.save_head(fresh, digests | assessment.save_frames(fresh, SAID_BESIDE))
            if unread is not None:
                used = replace(used, problems=pl.concat([used.problems, _masked(unread)]))
            published = latest(editions).get(period.id)
            if published is not None:
                from scoring.reports.tables_out import write_plain

                write_plain(differing_words(published.assessment, assessment, job.settings.lang), fresh / FILE)
            write_problems(used.problems, fresh, job.settings.lang)
            write_numbered(used, fresh, job.settings.lang)
            write_files(job, assessment, fresh)
            written.append((Made(period, assessment, job.out / period.id, used.problems, published), fresh, job))
        progress("score", len(tasks), len(tasks))
        for done, paper in enumerate(as_completed(papers), 1):
            paper.result()
            progress("pdf", done, len(papers))
        for made, fresh, job in written:
            write_manifest(job, intakes[job.scheme.sha256].inputs, made.assessment, fresh)
        for made, fresh, _ in written:
            put_in_place(fresh, made.folder)
        for name in _PROBLEMS:
            (desk.out / name).unlink(missing_ok=True)
        return [made for made, _, _ in written]


def read_only(job: Job) -> Intake:
    """Read the data by a scheme's words, score nothing.

    Raises
    ------
    RunRefused
        The data was refused.
    """
    intake = _read(job)
    if not _may_go_on(job, intake):
        raise RunRefused(intake.problems)
    return intake


def read_and_assess(tasks: Sequence[Task]) -> tuple[Intake, list[Assessment]]:
    """Read the data and score at least one period without writing anything.

    Returns
    -------
    The tables as the last period's scheme has them read, with what there is to notice in any; an assessment a period.

    Raises
    ------
    RunRefused
        The data was refused.
    """
    intakes = _read_all(tasks)
    editions = sound_store(tasks[0][0].store)
    scored: list[tuple[Intake, Assessment]] = []
    for job, period in tasks:
        intake = intakes[job.scheme.sha256]
        try:
            scored.append(_assess(job, intake, period, editions))
        except Refused as refused:
            raise RunRefused(_told(job, intake, refused)) from refused
    read = [*intakes.values(), *(own for own, _ in scored)]
    notices = pl.concat([one.problems for one in read]).unique(maintain_order=True)
    return replace(read[-1], problems=notices), [assessment for _, assessment in scored]


def _read_all(tasks: Sequence[Task]) -> dict[str, Intake]:
    """Read the data once by each scheme, whose words and columns they are read by; return them by the scheme's hash."""
    jobs = {job.scheme.sha256: job for job, _ in tasks}
    intakes = {sha256: _read(job) for sha256, job in jobs.items()}
    bad = [intake.problems for sha256, intake in intakes.items() if not _may_go_on(jobs[sha256], intake)]
    if bad:
        raise RunRefused(pl.concat(bad).unique(maintain_order=True))
    return intakes


def as_rows(problems: Sequence[Problem], lang: str) -> pl.DataFrame:
    """Put the engine's refusals into the words and columns of intake's problems."""
    rows = [
        {
            "file": p.file,
            "sheet": p.sheet,
            "row": p.row or None,
            "column": p.column,
            "code": p.code,
            "kind": "refused",
            "message": say(p.code, lang, **dict(p.parameters)),
            "advice": say(f"{p.code}-advice", lang, **dict(p.parameters)),
        }
        for p in problems
    ]
    text = ("file", "sheet", "column", "code", "kind", "message", "advice")
    return _masked(
        pl.DataFrame(
            rows, schema={**dict.fromkeys(text[:2], pl.String), "row": pl.Int64, **dict.fromkeys(text[2:], pl.String)}
        )
    )


def _told(job: Job, intake: Intake, refused: Refused) -> pl.DataFrame:
    """Put refusals into words that name towns, indicators and measures as the officer knows them, not by their ids."""
    scheme, lang = job.scheme.scheme, job.settings.lang
    labels = {indicator.id: label_of(indicator, lang) for _, indicator in scheme.indicators()}
    labels |= {measure.id: label_of(measure, lang) for measure in scheme.measures}
    labels |= {dimension.id: label_of(dimension, lang) for dimension in scheme.dimensions}
    towns = dict(intake.tables.towns.select("town_code", "name").iter_rows())
    known = {"town": towns, "indicator": labels, "measure": labels, "dimension": labels}
    return as_rows(
        [
            replace(
                problem,
                parameters=tuple(
                    (name, known[name].get(str(value), value) if name in known else value)
                    for name, value in dict(problem.parameters).items()
                ),
            )
            for problem in refused.problems
        ],
        lang,
    )


def _read(job: Job) -> Intake:
    intake = read_folder(job.data, vocabulary(job.scheme.scheme), lang=job.settings.lang)
    return replace(intake, problems=_masked(intake.problems))


def _masked(problems: pl.DataFrame) -> pl.DataFrame:
    """Hide what looks like a person's number in the names of files, sheets and columns, which people type too."""
    return problems.with_columns(mask_column(name) for name in ("file", "sheet", "column", "message", "advice"))


def _may_go_on(job: Job, intake: Intake) -> bool:
    """Tell whether nothing was refused, or only single rows, which a draft may leave out."""
    refused = intake.problems.filter(pl.col("kind") == "refused")
    # A whole file or table that is missing would leave towns without their findings, not without a few rows.
    return refused.is_empty() or (job.set_aside and refused["row"].null_count() == 0)


def _refuse(desk: Desk, problems: pl.DataFrame) -> NoReturn:
    with fresh_folder(desk.out, "problems") as fresh:
        write_problems(problems, fresh, desk.settings.lang)
        for name in _PROBLEMS:
            (fresh / name).replace(desk.out / name)
    raise RunRefused(problems)


def sound_store(store: Path) -> list[Edition]:
    """Return the editions of a store whose chain and list hold: what is carried over would be wrong without one.

    Raises
    ------
    BrokenStore
        An edition is missing, was put in between, or was changed.
    """
    editions = read_store(store)
    found = [one for one in (*check_chain(editions), *check_issued(store, editions)) if one.code not in HINTS]
    if found:
        raise BrokenStore(store / found[0].where)
    return editions


def score_again(job: Job, period: Period, folder: Path) -> tuple[Tables, str]:
    """Read the data and score a period once more, into a folder to be thrown away; return the tables and the run code.

    Raises
    ------
    RunRefused
        The data was refused.
    """
    intake = _read(job)
    if (intake.problems["kind"] == "refused").any():
        raise RunRefused(intake.problems)
    try:
        _, assessment = _assess(replace(job, set_aside=False), intake, period, read_store(job.store))
    except Refused as refused:
        raise RunRefused(_told(job, intake, refused)) from refused
    made, _ = _with_code(assessment, {}, folder)
    return intake.tables, str(made.head["run_code"])


def _assess(
    job: Job, intake: Intake, period: Period, editions: Sequence[Edition], spread: Spread | None = None
) -> tuple[Intake, Assessment]:
    """Score a period; a draft leaves out the rows that only scoring refuses, too, and says which intake it used."""
    try:
        assessment = _score(job, intake, period, editions, spread)
    except Refused as refused:
        places = {(p.file, p.sheet, p.row) for p in refused.problems}
        # What is the fault of no single row cannot be left out.
        if not job.set_aside or any(row == 0 for _, _, row in places):
            raise
        rest = intake.without(places, _told(job, intake, refused))
        if rest is None:
            raise
        return _assess(job, rest, period, editions, spread)
    as_of = job.as_of or usual_day(job, period)
    notices = [noticed(intake.tables, job.scheme.scheme, period, as_of, job.settings.lang)]
    if editions:
        last, told = editions[-1], editions[-1].head
        sealed_on, end = date.fromisoformat(told["as_of"]), date.fromisoformat(told["period"]["end"])
        notices.append(sealed_notices(intake.tables, last.tables(), sealed_on, end, job.settings.lang))
    return replace(intake, problems=pl.concat([intake.problems, *map(_masked, notices)])), assessment


def _before(job: Job, intake: Intake, period: Period, editions: Sequence[Edition]) -> dict[str, object]:
    """Return the head's `previous`: the period before as published, else scored from the same folder as of its own day.

    Nothing for a first period, one before the scheme came into force, and one that the folder cannot score.
    """
    scheme = job.scheme.scheme
    last = period_before(period, scheme.calendar)
    if last is not None and last.id in (published := latest(editions)):
        earlier = published[last.id].assessment
        return {"previous": published_head(earlier.head, earlier.scores)}
    if last is None or last.end < scheme.effective.from_:
        return {}
    day = usual_day(job, last)
    try:
        rescored = previous(intake.tables, scheme, last, min(day, job.as_of or day), workdays=job.workdays)
    except Refused:
        return {}
    return {} if rescored is None else {"previous": rescored}


def _score(job: Job, intake: Intake, period: Period, editions: Sequence[Edition], spread: Spread | None) -> Assessment:
    scheme = job.scheme.scheme
    refused = {name: counts.get("refused", 0) for name, counts in intake.rows.items()}
    options = Options(
        edition=next_edition(editions, period.id),
        scheme_hash=job.scheme.sha256,
        example=job.example,
        incomplete=job.set_aside and intake.refused,
        laws_given_up=tuple(law.code for law in laws_given_up(scheme)),
        set_aside=refused if job.set_aside else None,
    )
    as_of = job.as_of or usual_day(job, period)
    past: list[Frozen] = [edition.frozen for edition in latest(editions).values()]
    facts = (intake.tables, scheme, period, as_of)
    return assess(*facts, options=options, read=intake.rows, past=past, workdays=job.workdays, spread=spread)


def _with_code(assessment: Assessment, before: dict[str, object], folder: Path) -> tuple[Assessment, dict[str, str]]:
    """Save the assessment and give it its run code: a hash of what was found, so that equal facts give an equal code.

    `before` is what its head says of other periods; the hashes of the saved frames come with it.
    """
    digests = assessment.save(folder)
    code = hashlib.sha256((folder / "assessment.json").read_bytes()).hexdigest()[:8]
    return replace(assessment, head={**assessment.head, **before, "run_code": code}), digests


def print_assessment(job: Job, assessment: Assessment, printer: Printer, fresh: Path) -> list[Future[None]]:
    """Write every file that is made from the assessment alone, and begin its PDFs."""
    papers = printer.print_all(assessment, job.settings, fresh) if "pdf" in job.formats else []
    write_files(job, assessment, fresh)
    return papers


def write_files(job: Job, assessment: Assessment, fresh: Path) -> None:
    """Write every file but PDFs that is made from the assessment alone."""
    if "csv" in job.formats:
        from scoring.reports.tables_out import write_tables

        write_tables(assessment, fresh)
    if "xlsx" in job.formats:
        from scoring.reports.scorebook import write_scorebook

        write_scorebook(assessment, job.settings, fresh / "scorebook.xlsx")
    if "docx" in job.formats:
        from scoring.reports.docx import write_docx

        write_docx(assessment, job.settings, fresh / "report.docx")
