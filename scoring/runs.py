"""A run: read, score, write one folder that appears whole or not at all, and bind it by a manifest."""

from __future__ import annotations

import fcntl
import hashlib
import json
import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import polars as pl

from scoring.assessment import Assessment, assess
from scoring.intake import Intake, read_folder, write_problems
from scoring.messages import say
from scoring.outcome import Options
from scoring.periods import Period, parse_period
from scoring.problems import Problem, Refused
from scoring.reports.settings import Settings
from scoring.scheme import LoadedScheme, laws_given_up, vocabulary
from scoring.workdays import Workdays

FORMATS: Final = ("csv", "pdf", "docx", "xlsx")
_VERSIONED: Final = ("townscore", "polars", "weasyprint", "xlsxwriter", "python-docx")


class RunRefused(Exception):
    """The data was refused; `problems` says why and was written to problems.csv and problems.xlsx."""

    def __init__(self, problems: pl.DataFrame) -> None:
        super().__init__("refused")
        self.problems = problems


class Busy(Exception):
    """Another run holds the folder, or the folder cannot be written; the text says who or why."""


@dataclass(frozen=True)
class Job:
    """What to run: one data folder, one scheme, any periods."""

    data: Path
    scheme: LoadedScheme
    out: Path
    settings: Settings
    workdays: Workdays
    formats: tuple[str, ...] = FORMATS
    as_of: date | None = None
    set_aside: bool = False
    example: bool = False


Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


def run(job: Job, periods: Sequence[Period], progress: Progress) -> list[tuple[Period, Assessment, Path]]:
    """Score and print every period.

    Raises
    ------
    RunRefused
        The data was refused; nothing was written but the problems.
    Busy
        The output folder is locked or cannot be written.
    """
    with _locked(job.out):
        intake = read_folder(job.data, vocabulary(job.scheme.scheme), lang=job.settings.lang)
        if intake.refused and not job.set_aside:
            write_problems(intake.problems, job.out)
            raise RunRefused(intake.problems)
        made = []
        for period in periods:
            try:
                assessment = _assess(job, intake, period)
            except Refused as refused:
                problems = pl.concat(
                    [intake.problems, as_rows(refused.problems, job.settings.lang)], how="diagonal_relaxed"
                )
                write_problems(problems, job.out)
                raise RunRefused(problems) from refused
            made.append((period, assessment, _write(job, intake, period, assessment, progress)))
        for name in ("problems.csv", "problems.xlsx"):
            (job.out / name).unlink(missing_ok=True)
        return made


def assess_only(job: Job, period: Period) -> Assessment:
    """Score one period without writing anything.

    Raises
    ------
    RunRefused
        The data was refused.
    """
    intake = read_folder(job.data, vocabulary(job.scheme.scheme), lang=job.settings.lang)
    if intake.refused:
        raise RunRefused(intake.problems)
    try:
        return _assess(job, intake, period)
    except Refused as refused:
        raise RunRefused(as_rows(refused.problems, job.settings.lang)) from refused


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
    return pl.DataFrame(
        rows, schema={**dict.fromkeys(text[:2], pl.String), "row": pl.Int64, **dict.fromkeys(text[2:], pl.String)}
    )


def find_period(label: str, scheme: LoadedScheme) -> Period | None:
    """Return the period that a label names under the scheme's calendar."""
    return parse_period(label, scheme.scheme.calendar)


def _assess(job: Job, intake: Intake, period: Period) -> Assessment:
    scheme = job.scheme.scheme
    refused = {name: counts.get("refused", 0) for name, counts in intake.rows.items()}
    options = Options(
        scheme_hash=job.scheme.sha256,
        example=job.example,
        incomplete=job.set_aside and intake.refused,
        laws_given_up=tuple(law.code for law in laws_given_up(scheme)),
        set_aside=refused if job.set_aside else None,
    )
    as_of = job.as_of or period.end + timedelta(days=scheme.calendar.grace_days)
    made = assess(intake.tables, scheme, period, as_of, options=options, read=intake.rows, workdays=job.workdays)
    identity = {
        "inputs": dict(sorted(intake.inputs.items())),
        "scheme": job.scheme.sha256,
        "period": period.id,
        "as_of": as_of.isoformat(),
        "set_aside": job.set_aside,
    }
    code = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:8]
    return replace(made, head={**made.head, "run_code": code})


def _write(job: Job, intake: Intake, period: Period, assessment: Assessment, progress: Progress) -> Path:
    """Write everything into a folder of its own, then put it in place of the old one."""
    fresh, target = job.out / f".{period.id}.new", job.out / period.id
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    try:
        assessment.save(fresh)
        write_problems(intake.problems, fresh)
        if "csv" in job.formats:
            from scoring.reports.tables_out import write_tables

            write_tables(assessment, fresh)
        if "xlsx" in job.formats:
            from scoring.reports.scorebook import write_scorebook

            write_scorebook(assessment, job.settings, fresh / "scorebook.xlsx")
        if "docx" in job.formats:
            from scoring.reports.docx import write_docx

            write_docx(assessment, job.settings, fresh / "report.docx")
        if "pdf" in job.formats:
            _print(assessment, job.settings, fresh, progress)
        _bind(job, intake, assessment, fresh)
        _sync(fresh)
        _swap(fresh, target)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return target


_renderer: Any = None


def _print_one(task: tuple[str, Assessment, Settings, str]) -> None:
    """Render one paper in a worker; fonts and style sheets stay warm between papers."""
    from scoring.reports import Renderer, render_internal, render_report, render_town

    global _renderer  # noqa: PLW0603 - one renderer a worker process is the point
    kind, assessment, settings, path = task
    if _renderer is None:
        _renderer = Renderer(settings)
    make = {"report": render_report, "internal": render_internal, "town": render_town}[kind]
    Path(path).write_bytes(make(assessment, settings, _renderer))


def _print(assessment: Assessment, settings: Settings, folder: Path, progress: Progress) -> None:
    """Make the PDFs in worker processes. A town's worker is handed that town's rows alone."""
    (folder / "towns").mkdir()
    tasks = [
        ("report", assessment, settings, str(folder / "report.pdf")),
        ("internal", assessment, settings, str(folder / "internal.pdf")),
    ]
    tasks += [
        ("town", assessment.for_town(code), settings, str(folder / "towns" / f"{code}.pdf"))
        for code in assessment.scores["town_code"]
    ]
    # Forking after Polars has started its threads is unsafe, so workers start from a clean server process.
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(max_workers=min(os.cpu_count() or 1, len(tasks)), mp_context=context) as pool:
        for done, _ in enumerate(pool.map(_print_one, tasks), 1):
            progress("pdf", done, len(tasks))


def _bind(job: Job, intake: Intake, assessment: Assessment, folder: Path) -> None:
    """Write the manifest: what went in, what came out, by hash."""
    manifest = {
        "run_code": assessment.head["run_code"],
        "period": assessment.head["period"]["id"],
        "as_of": assessment.head["as_of"],
        "seed": 0,
        "inputs": dict(sorted(intake.inputs.items())),
        "scheme": {"file": job.scheme.file, "sha256": job.scheme.sha256},
        "templates": _templates(job.settings),
        "versions": {name: _version(name) for name in _VERSIONED},
        "files": {
            str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        },
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / "manifest.json").write_text(text + "\n", "utf-8")


def _templates(settings: Settings) -> Mapping[str, str]:
    from scoring.reports.render import templates_folder

    folders = [templates_folder(), *([settings.templates] if settings.templates else [])]
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in folders
        for path in sorted(folder.iterdir())
        if path.is_file()
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "-"


def _sync(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _swap(fresh: Path, target: Path) -> None:
    """Put the new folder in place.

    A kill between the two renames leaves the old one beside it, which the next run puts back.
    """
    old = target.with_name(f".{target.name}.old")
    if target.exists():
        target.rename(old)
    fresh.rename(target)
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _locked(out: Path) -> Iterator[None]:
    """Hold the output folder for one run, and clean up what a killed run left."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        handle = os.open(out / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise Busy(error.strerror or "-") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy(os.read(handle, 200).decode("utf-8", "replace")) from error
        os.truncate(handle, 0)
        os.pwrite(handle, f"pid {os.getpid()}".encode(), 0)
        for left in sorted(out.glob(".*.old")):
            target = out / left.name[1:-4]
            if target.exists():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.rename(target)
        for left in out.glob(".*.new"):
            shutil.rmtree(left, ignore_errors=True)
        yield
    finally:
        os.close(handle)
