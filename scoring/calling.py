"""From the words of a command line to jobs: every option checked, whatever is wrong said at once, exit 2."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from scoring.messages import LANGUAGES, say
from scoring.screen import given_language, holder_words, language, print_lines, print_problems

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

    from scoring.choosing import Schemes
    from scoring.jobs import Desk, Job, Task
    from scoring.redaction import Words
    from scoring.scheme import LoadedScheme, SchemeError
    from scoring.store import Edition
    from scoring.store.verifying import Finding
    from scoring.workspace import Workspace


@dataclass(frozen=True)
class Call:
    """What a command asks for, checked: where it reads and writes, and the schemes that it may score by."""

    desk: Desk
    schemes: Schemes

    @property
    def lang(self) -> str:
        """The language to speak."""
        return self.desk.settings.lang


def stop(code: int, message: str) -> NoReturn:
    """Say a sentence and end the command with this exit code."""
    print_lines([message], sys.stderr)
    raise typer.Exit(code)


def open_here(lang: str | None) -> tuple[Workspace, str]:
    """Open the workspace in the current folder; return it and the language to speak."""
    from scoring.config import ConfigError
    from scoring.workspace import open_workspace

    check_language(lang)
    try:
        workspace = open_workspace(Path.cwd(), language())
    except ConfigError as error:
        stop(2, say(error.code, language(), **error.parameters))
    return workspace, given_language() or workspace.lang


def check_language(lang: str | None) -> None:
    """Refuse a language that there is not."""
    if lang is not None and lang not in LANGUAGES:
        stop(2, say("cli-unknown-lang", language(), name=lang, known=", ".join(LANGUAGES)))


def schemes_of(path: Path | None, workspace: Workspace, lang: str) -> Schemes:
    """Return the scheme that was named, or else the workspace's, still unread."""
    from scoring.choosing import Schemes
    from scoring.config import ConfigError
    from scoring.workspace import find_weights

    named, root = ((path,), Path()) if path else (workspace.weights, workspace.root)
    try:
        return Schemes([(str(each), find_weights(each, root)) for each in named], lang)
    except ConfigError as error:
        stop(2, say(error.code, lang, **error.parameters))


@contextmanager
def wrong_schemes(lang: str) -> Iterator[None]:
    """Let a scheme that is wrong, and a period that not exactly one scores, become sentences and exit 2."""
    from scoring.choosing import NoScheme
    from scoring.scheme import SchemeError

    try:
        yield
    except NoScheme as none:
        stop(2, say(none.code, lang, **none.parameters))
    except SchemeError as error:
        stop(2, mistakes(error, lang))


def mistakes(error: SchemeError, lang: str) -> str:
    """Return what is wrong with a scheme, a line each."""
    lines = "\n".join(f"  {problem}" for problem in error.problems)
    file = error.problems[0].file if error.problems else "-"
    return say("cli-scheme-wrong", lang, count=len(error.problems), file=file) + "\n" + lines


def calls_of(
    data: Sequence[Path],
    weights: Path | None,
    out: Path | None,
    as_of: str | None,
    lang: str | None,
    formats: str | None,
    *,
    set_aside: bool,
) -> list[Call]:
    """Return one call a data folder; results of several lie in a folder each, named as theirs."""
    from scoring.config import HOLIDAYS, ConfigError
    from scoring.jobs import Desk

    workspace, lang = open_here(lang)
    folders = list(data) or [_usual_data(workspace, lang)]
    out = out or workspace.out
    outs = [out / folder.resolve().name for folder in folders] if len(folders) > 1 else [out]
    if len(set(outs)) < len(outs):
        stop(2, say("cli-same-name", lang))
    for folder, own in zip(folders, outs, strict=True):
        _check_places(folder, own, lang)
    chosen = formats_of(formats, lang)
    day = day_of(as_of, lang)
    schemes = schemes_of(weights, workspace, lang)
    try:
        settings, (workdays, holidays) = workspace.settings(lang), workspace.workdays(lang)
    except ConfigError as error:
        stop(2, say(error.code, lang, **error.parameters))
    own_days = workspace.root / HOLIDAYS if holidays else None
    shared = (settings, workdays, chosen, day, set_aside, workspace.example, holidays, own_days, workspace.store)
    # Several folders are several bureaus' data, or trials: what this one keeps of its own work speaks of its own alone.
    alone = [folder.resolve() for folder in folders] == [workspace.data.resolve()]
    kept = workspace.supervision if alone else None
    return [Call(Desk(folder, own, *shared, kept), schemes) for folder, own in zip(folders, outs, strict=True)]


def call_of(
    data: Path | None,
    weights: Path | None = None,
    out: Path | None = None,
    as_of: str | None = None,
    lang: str | None = None,
    formats: str | None = "csv",
) -> Call:
    """Return the call of a command that reads one folder."""
    return calls_of([data] if data else [], weights, out, as_of, lang, formats, set_aside=False)[0]


def _usual_data(workspace: Workspace, lang: str) -> Path:
    if not workspace.exists and not workspace.data.is_dir():
        stop(2, say("cli-no-workspace", lang))
    return workspace.data


def _check_places(data: Path, out: Path, lang: str) -> None:
    if not data.is_dir():
        stop(2, say("cli-no-data", lang, folder=data))
    if out.resolve().is_relative_to(data.resolve()):
        stop(2, say("cli-out-inside-data", lang))


def formats_of(text: str | None, lang: str) -> tuple[str, ...]:
    """Return the formats asked for, in the usual order."""
    from scoring.jobs import FORMATS

    if text is None:
        return FORMATS
    chosen = [part.strip().lower() for part in text.split(",")]
    for name in chosen:
        if name not in FORMATS:
            stop(2, say("cli-unknown-format", lang, name=name, known=", ".join(FORMATS)))
    return tuple(name for name in FORMATS if name in chosen)


def day_of(text: str | None, lang: str) -> date | None:
    """Return the day that was written, in any form that a ledger may have but Excel's serials; None for none."""
    from scoring.intake.values import read_date

    if text is None:
        return None
    read = read_date(text)
    if not isinstance(read.value, date) or "repair-serial" in read.repairs:
        stop(2, say("cli-bad-date", lang, text=text, why=say(read.error or "date-unreadable", lang)))
    return read.value


def period_label(text: str, intervals: Collection[str] = ()) -> str:
    """Return the id of the period that a text names in any form that a ledger may have, else the text without spaces.

    A whole date names no period, though a ledger's date cell of a first day may be a month that Excel made a date of.
    """
    from scoring.intake.fold import fold_id
    from scoring.intake.values import read_date, read_period

    plain = fold_id(text)
    day = read_date(plain)
    if plain in intervals or (day.value is not None and "repair-serial" not in day.repairs):
        return plain
    return str(read_period(plain, frozenset(intervals)).value or plain)


def named_period(text: str, call: Call) -> str:
    """Return the id of the period that a text names, as far as the schemes' own intervals and the calendar know it."""
    known = [one.id for listed in call.schemes.listed if listed.calendar for one in listed.calendar.intervals]
    return period_label(text, known)


def task_of(label: str, call: Call, *, trial: bool = False) -> Task:
    """Return the period that was named, and its job by the scheme that is in force for it.

    Of a `trial` nothing counts: a scheme that was named itself may be of other days, a draft for next year above all.
    """
    from scoring.periods import parse_period

    lang, label = call.lang, named_period(label, call)
    with wrong_schemes(lang):
        scheme = call.schemes.of(label)
    period = parse_period(label, scheme.scheme.calendar)
    assert period is not None
    force, as_of = scheme.scheme.effective, call.desk.as_of
    held = force.from_ <= period.end <= (force.to or period.end)  # the last day decides
    if not held and not (trial and call.schemes.alone):
        place = f"{scheme.file}:{force.line_of('from')}"
        until = force.to or say("cli-no-end", lang)
        stop(2, say("cli-not-in-force", lang, period=period.id, place=place, start=force.from_, end=until))
    if as_of and as_of < period.start:
        stop(2, say("cli-as-of-early", lang, as_of=as_of, period=period.id, start=period.start))
    return call.desk.job(scheme), period


def tasks_of(labels: Sequence[str], call: Call) -> list[Task]:
    """Return the periods that were named, each once, with their jobs."""
    return [task_of(label, call) for label in dict.fromkeys(named_period(label, call) for label in labels)]


def whole_edition(workspace: Workspace, label: str, lang: str) -> Edition:
    """Return the last published edition of a period; what is not out, or was changed, is refused (exit 1)."""
    from scoring.runs import sound_store
    from scoring.store import latest
    from scoring.store.verifying import check_edition

    editions = sound_store(workspace.store)
    name = period_label(label, {edition.period for edition in editions})
    edition = latest(editions).get(name)
    if edition is None:
        stop(1, say("pack-not-published", lang, period=name))
    if found := check_edition(edition):
        stop(1, say("pack-altered", lang, period=name, where=found[0].file))
    return edition


def published_task(label: str, call: Call) -> Task:
    """Return a period and its job; one that is published needs no scheme in force."""
    from scoring.store import latest, read_store
    from scoring.store.editions import period_of

    edition = latest(read_store(call.desk.store)).get(named_period(label, call))
    return (reader_of(label, call), period_of(edition.head)) if edition else task_of(label, call)


def reader_of(label: str | None, call: Call) -> Job:
    """Return the job that reads the ledgers where none need be scored: a period's, else the usual scheme's."""
    from scoring.choosing import NoScheme

    def chosen() -> LoadedScheme:
        try:
            return call.schemes.usual() if label is None else call.schemes.of(named_period(label, call))
        except NoScheme:
            return call.schemes.usual()

    with wrong_schemes(call.lang):
        return call.desk.job(chosen())


@contextmanager
def machine_faults(lang: str) -> Iterator[None]:
    """Let what the machine, another run or a template of the bureau refuses become a sentence and its exit code."""
    from concurrent.futures.process import BrokenProcessPool

    from scoring.cluster import ClusterFault
    from scoring.outfolder import Busy, Foreign
    from scoring.reports import ForbiddenAddress, MissingGlyph, MissingLibrary, WrongTemplate

    try:
        yield
    except Busy as busy:
        stop(3, say("cli-busy", lang, folder=busy.folder, holder=holder_words(busy.holder, lang)))
    except Foreign as foreign:
        stop(3, say("cli-foreign", lang, folder=foreign.path))
    except (MissingGlyph, MissingLibrary, ForbiddenAddress) as missing:
        stop(3, str(missing))
    except WrongTemplate as wrong:
        stop(2, str(wrong))
    except ClusterFault as fault:
        stop(2 if fault.code == "cluster-address" else 3, say(fault.code, lang, **fault.parameters))
    except BrokenProcessPool:
        stop(3, say("cli-worker-died", lang))


@contextmanager
def refusals(lang: str) -> Iterator[None]:
    """Let data that were refused by a command that writes nothing become their list and exit 1."""
    from scoring.problems import Refused
    from scoring.runs import RunRefused, as_rows

    try:
        yield
    except (RunRefused, Refused) as refused:
        problems = refused.problems if isinstance(refused, RunRefused) else as_rows(refused.problems, lang)
        print_problems(problems, lang)
        stop(1, say("cli-check-refused", lang, count=(problems["kind"] == "refused").sum()))


def town_called(called: str, towns: pl.DataFrame, lang: str) -> str:
    """Return the code of the town that is called so; a near miss is named, never taken."""
    from scoring.explain import UnknownTown, find_town

    try:
        return find_town(called, towns)
    except UnknownTown as unknown:
        near = say("list-comma", lang).join(unknown.near)
        stop(2, say("cli-unknown-town" if near else "cli-no-such-town", lang, town=called, near=near))


def needs_workspace(workspace: Workspace, lang: str) -> None:
    """End the command where there is neither a workspace nor anything that it would look at."""
    if not workspace.exists and not workspace.store.is_dir() and not workspace.out.is_dir():
        stop(2, say("cli-no-workspace", lang))


def published_period(text: str, editions: Sequence[Edition]) -> str:
    """Return a period as it is named in folders: in any form that a ledger may have, or the folder itself."""
    known = {edition.period for edition in editions}
    return period_label(Path(text).name if Path(text).is_dir() else text, known)


def tell(found: Sequence[Finding], lang: str) -> None:
    """Print what is not as it was."""
    print_lines([say(one.code, lang, file=one.file, where=one.where) for one in found], sys.stderr)


def masking_words(path: Path | None, stay: Iterable[str], lang: str) -> Words:
    """Return what masks in what is printed: the shipped lists and the bureau's own (`--words FILE`).

    Parameters
    ----------
    stay
        What is never masked: names of towns, villages and indicators.
    """
    from scoring.redaction import BadWords, Words

    try:
        known = Words.read(path) if path else Words()
    except BadWords as bad:
        stop(2, say("pack-words", lang, file=path, why=say(bad.code, lang, **bad.parameters)))
    return known.allowing(stay)
