"""From a draft to a published edition: each stage prints the same result anew, publication seals it in the store."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl

from scoring.assessment import Assessment
from scoring.digest import file_hash
from scoring.intake.numbered import FILE as NUMBERED
from scoring.jobs import FORMATS, Job
from scoring.manifest import NAME as MANIFEST
from scoring.manifest import write_manifest
from scoring.outfolder import fresh_folder, locked, plain_disk_errors, put_in_place
from scoring.periods import Period
from scoring.printing import Printer
from scoring.runs import Progress, print_assessment, score_again, sound_store
from scoring.store import Stages, latest, next_edition, read_store
from scoring.store.differing import FILE as DIFFERENCES
from scoring.store.differing import differing_towns
from scoring.store.editions import HOLIDAYS, WEIGHTS, Edition, write_edition, write_view
from scoring.store.issued import write_lines
from scoring.store.listing import SHOWN
from scoring.store.stages import NAME as STAGES
from scoring.store.stages import ORDER, StageError, decided, for_comment, without
from scoring.store.verifying import Finding, check_files

_OF_THE_RUN: Final = ("problems.csv", "problems.xlsx", NUMBERED, DIFFERENCES)
SCANS: Final = frozenset({".pdf", ".jpg", ".jpeg", ".png", ".tif", ".tiff", ".ofd"})


class Altered(Exception):
    """Files of a run are not as the run left them; `found` names them."""

    def __init__(self, found: list[Finding]) -> None:
        super().__init__(found)
        self.found = found


@dataclass(frozen=True)
class Staged:
    """A draft at its new stage; `differs` are the towns that the last edition shows otherwise."""

    assessment: Assessment
    folder: Path
    stages: Mapping[str, Any]
    differs: pl.DataFrame | None = None
    seal: str = ""
    """Of a published edition: what the office writes beside the number in its register."""


@dataclass(frozen=True)
class Paper:
    """What the office gave a published paper: its number, its date, the signed scan, and why there is a new edition."""

    number: str
    on: date
    scan: Path | None = None
    reason: str = ""


def stage(
    job: Job,
    period: Period,
    name: str,
    on: date,
    by: str,
    printer: Printer,
    progress: Progress,
    who: Mapping[str, str],
    formats: tuple[str, ...] = (),
) -> Staged:
    """Print a draft anew at another stage, its numbers and its run code unchanged.

    Parameters
    ----------
    formats
        What to print; left out, what the draft was printed in.

    Raises
    ------
    StageError
        There is no draft, or this stage cannot follow.
    Altered
        The draft's files are not as the run left them.
    """
    with locked(job.out, who), locked(job.store, who), plain_disk_errors(), ExitStack() as folders:
        settle(job)
        draft = _draft(job, period)
        register, edition = Stages.read(job.store), int(draft.head["edition"])
        if edition != next_edition(sound_store(job.store), period.id):
            raise StageError("publish-nothing-new", period=period.id)
        _refuse_other_scheme(job, period)
        passed = register.of(period.id, edition)
        if name == "comment":
            passed = for_comment(passed, on, job.settings.objection_days, job.workdays, draft.head)
        elif name == "decided":
            if draft.head["incomplete"]:
                raise StageError("stage-incomplete")
            passed = decided(passed, on, by, draft.head)
        else:
            passed = without(passed, "comment")
        made = _restaged(draft, name, passed)
        fresh = folders.enter_context(fresh_folder(job.out, period.id))
        folders.enter_context(printer.at_rest())
        _reissue(job, period, made, printer, progress, fresh, formats)
        put_in_place(fresh, job.out / period.id)
        register.write(period.id, edition, passed, file_hash(job.out / period.id / MANIFEST))
        return Staged(made, job.out / period.id, passed, _differs(job, made))


def publish(
    job: Job,
    period: Period,
    paper: Paper,
    printer: Printer,
    progress: Progress,
    who: Mapping[str, str],
    formats: tuple[str, ...] = (),
) -> Staged:
    """Seal a decided draft as the next edition of its period.

    The data are read and scored once more: an edition is only what the folder still says.

    Parameters
    ----------
    formats
        What to print; left out, everything.

    Raises
    ------
    StageError
        The draft is not decided, its facts or scheme have changed since, or the paper lacks something.
    Altered
        The draft's files are not as the run left them.
    """
    with locked(job.out, who), locked(job.store, who), plain_disk_errors(), ExitStack() as folders:
        settle(job)
        draft = _draft(job, period)
        editions = sound_store(job.store)
        edition = next_edition(editions, period.id)
        register = Stages.read(job.store)
        passed = register.of(period.id, edition)
        _refuse_unready(draft, edition, passed, paper)
        if register.draft_of(period.id, edition) != file_hash(job.out / period.id / MANIFEST):
            raise Altered([Finding("verify-stages-differ", STAGES, period.id)])
        manifest = _refuse_other_scheme(job, period)
        as_of = date.fromisoformat(draft.head["as_of"])
        tables, code = score_again(replace(job, as_of=as_of), period, folders.enter_context(_scratch(job)))
        if code != draft.head["run_code"]:
            raise StageError("publish-facts-changed", before=draft.head["run_code"], now=code)
        passed = {**passed, "published": {"on": paper.on.isoformat(), "number": paper.number}}
        made = _restaged(draft, "published", passed)
        fresh = folders.enter_context(fresh_folder(job.out, period.id))
        folders.enter_context(printer.at_rest())
        _reissue(job, period, made, printer, progress, fresh, formats or FORMATS)
        sealed = folders.enter_context(fresh_folder(job.store, f"{period.id}@{edition}"))
        last = latest(editions)
        said = {
            "period": period.id,
            "edition": edition,
            "number": paper.number,
            "on": paper.on.isoformat(),
            "reason": paper.reason,
            "stages": passed,
            "run_code": code,
            "as_of": draft.head["as_of"],
            "scheme": manifest["scheme"],
            "example": draft.head["example"],
            "past": {name: last[name].number for name in sorted(last)},
        }
        texts = {WEIGHTS: job.scheme.content}
        if job.holidays_file is not None:
            texts[HOLIDAYS] = job.holidays_file.read_bytes()
        write_edition(sealed, fresh, tables, texts, paper.scan, said, editions)
        put_in_place(sealed, job.store / f"{period.id}@{edition}")
        # From here on the edition is published; what follows the next command would do as well.
        write_lines(job.store, read_store(job.store))
        put_in_place(fresh, job.out / period.id)
        register.write(period.id, edition, None)
        before = last.get(period.id)
        differs = differing_towns(before.assessment, made) if before else None
        seal = Edition(job.store / f"{period.id}@{edition}", said).seal[:SHOWN]
        return Staged(made, job.out / period.id, passed, differs, seal)


def settle(job: Job) -> None:
    """Finish what a publication that was cut short after its edition stood left undone."""
    register, editions = Stages.read(job.store), read_store(job.store)
    write_lines(job.store, editions)
    for period, edition in latest(editions).items():
        view = job.out / period
        if register.of(period, edition.number):
            register.write(period, edition.number, None)
            register = Stages.read(job.store)
        try:
            head = json.loads((view / "assessment.json").read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if head.get("run_code") == edition.said["run_code"] and head.get("stage") == "decided":
            with fresh_folder(job.out, period) as fresh:
                write_view(edition, fresh)
                put_in_place(fresh, view)


def _refuse_unready(draft: Assessment, edition: int, passed: Mapping[str, Any], paper: Paper) -> None:
    head = draft.head
    if head["stage"] == "published":
        raise StageError("publish-nothing-new", period=head["period"]["id"])
    if head["incomplete"]:
        raise StageError("stage-incomplete")
    if head["stage"] != "decided" or "decided" not in passed or head["edition"] != edition:
        raise StageError("publish-undecided")
    if paper.on < date.fromisoformat(passed["decided"]["on"]):
        raise StageError("publish-before-decided", on=passed["decided"]["on"])
    if edition > 1 and not paper.reason:
        raise StageError("publish-without-reason", edition=edition)
    if paper.scan is not None and (not paper.scan.is_file() or paper.scan.suffix.lower() not in SCANS):
        raise StageError("publish-no-scan", file=paper.scan, known=", ".join(sorted(SCANS)))


def _draft(job: Job, period: Period) -> Assessment:
    folder = job.out / period.id
    if not (folder / MANIFEST).is_file():
        raise StageError("stage-no-draft", period=period.id)
    found = check_files(folder)
    if found:
        raise Altered(found)
    return Assessment.load(folder)


def _refuse_other_scheme(job: Job, period: Period) -> dict[str, Any]:
    """Return the draft's manifest; refuse a scheme that is not the one that it was scored by."""
    manifest: dict[str, Any] = json.loads((job.out / period.id / MANIFEST).read_text("utf-8"))
    if manifest["scheme"]["sha256"] != job.scheme.sha256:
        raise StageError("publish-other-scheme", file=job.scheme.file, draft=manifest["scheme"]["file"])
    return manifest


def _restaged(draft: Assessment, name: str, passed: Mapping[str, Any]) -> Assessment:
    return replace(draft, head={**draft.head, "stage": name, "stages": dict(passed)})


def _reissue(
    job: Job,
    period: Period,
    made: Assessment,
    printer: Printer,
    progress: Progress,
    fresh: Path,
    formats: tuple[str, ...],
) -> None:
    """Print every file of a run anew from its assessment; what intake had written is taken over as it stands."""
    old = job.out / period.id
    manifest = json.loads((old / MANIFEST).read_text("utf-8"))
    job = replace(job, formats=formats or tuple(manifest["formats"]), settings=_said(job, made))
    saved = json.loads((old / "assessment.json").read_text("utf-8"))["frames"]
    for name in saved:
        shutil.copyfile(old / f"{name}.parquet", fresh / f"{name}.parquet")
    made.save_head(fresh, saved)
    papers = print_assessment(job, made, printer, fresh)
    for done, paper in enumerate(papers, 1):
        paper.result()
        progress("pdf", done, len(papers))
    # A paper of an earlier stage is never taken along: only what intake and comparison wrote.
    for name in _OF_THE_RUN:
        if (old / name).is_file():
            shutil.copyfile(old / name, fresh / name)
    write_manifest(job, manifest["inputs"], made, fresh)


def _said(job: Job, made: Assessment) -> Any:
    """Return the settings of the papers with what the stages say: who decided, number and date."""
    stages, settings = made.head["stages"], job.settings
    if by := stages.get("decided", {}).get("by"):
        settings = replace(settings, approved_by=settings.approved_by or by)
    if published := stages.get("published"):
        settings = replace(settings, number=published["number"], dated=date.fromisoformat(published["on"]))
    return settings


def _differs(job: Job, made: Assessment) -> pl.DataFrame | None:
    before = latest(read_store(job.store)).get(made.head["period"]["id"])
    return None if before is None else differing_towns(before.assessment, made)


def _scratch(job: Job) -> Any:
    return fresh_folder(job.store, "scored-again")


__all__ = ["ORDER", "Altered", "Paper", "Staged", "publish", "settle", "stage"]
