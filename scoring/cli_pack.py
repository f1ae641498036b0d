"""The command `pack`: what each town is handed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

from scoring.calling import machine_faults, open_here, period_label, stop, whole_edition
from scoring.cli_app import Lang, Out, app, argument, option, say_here
from scoring.messages import say
from scoring.screen import Command, print_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoring.assessment import Assessment
    from scoring.packing import Packed
    from scoring.redaction import Words
    from scoring.workspace import Workspace


@app.command(cls=Command, help=say_here("cli-pack-help"))
def pack(
    period: Annotated[str, argument("cli-argument-period")],
    stage: Annotated[str | None, option("--stage", "comment")] = None,
    notice: Annotated[bool, option("--notice")] = False,
    strict: Annotated[bool, option("--strict")] = False,
    passwords: Annotated[Path | None, option("--passwords", "FILE")] = None,
    words: Annotated[Path | None, option("--words", "FILE")] = None,
    to: Annotated[Path | None, option("--packages", "DIR")] = None,
    out: Out = None,
    lang: Lang = None,
) -> None:
    """Make each town its own package."""
    from scoring.config import ConfigError
    from scoring.packing import Pack, PackError
    from scoring.packing import pack as make
    from scoring.workers import prepare

    workspace, lang = open_here(lang)
    prepare()
    with machine_faults(lang):
        assessment, papers = _source(workspace, period, stage, out or workspace.out, lang)
        try:
            settings = workspace.settings(lang)
        except ConfigError as error:
            stop(2, say(error.code, lang, **error.parameters))
        report = papers / "report.pdf"
        if notice and not report.is_file():
            stop(2, say("pack-no-notice", lang, folder=papers))
        asked = Pack(
            assessment,
            settings,
            _words(words, assessment, lang),
            report.read_bytes() if notice else None,
            _passwords(passwords, assessment, lang) if passwords else None,
            strict,
        )
        try:
            made = make(asked, to or workspace.root / "packages")
        except PackError as error:
            _refuse(error.code, error.parameters, lang)
    _tell(made, lang)


def _source(workspace: Workspace, label: str, stage: str | None, out: Path, lang: str) -> tuple[Assessment, Path]:
    """Return what is handed out, as it was published or sent for comment, and the folder of its papers."""
    from scoring.assessment import Assessment
    from scoring.runs import sound_store
    from scoring.store.verifying import check_stages, check_view

    if stage is None:
        edition = whole_edition(workspace, label, lang)
        return edition.assessment, edition.folder / "run"
    editions = sound_store(workspace.store)
    name = period_label(label, {path.parent.name for path in out.glob("*/assessment.json")})
    if stage != "comment":
        stop(2, say("pack-not-for-comment", lang, period=name, stage=stage))
    folder = out / name
    if not (folder / "assessment.json").is_file():
        stop(1, say("pack-not-for-comment", lang, period=name, stage="-"))
    made = Assessment.load(folder)
    if made.head["stage"] != "comment":
        stop(1, say("pack-not-for-comment", lang, period=name, stage=say(f"reports-stage-{made.head['stage']}", lang)))
    if found := [*check_view(folder, editions), *check_stages(workspace.store, [folder], editions)]:
        stop(1, say("pack-altered", lang, period=name, where=found[0].file))
    return made, folder


def _words(path: Path | None, assessment: Assessment, lang: str) -> Words:
    """Return what masks: the shipped lists and the bureau's own; names of towns, villages and indicators stay."""
    from scoring.redaction import BadWords, Words
    from scoring.reports.labels import Labels

    try:
        known = Words.read(path) if path else Words()
    except BadWords as bad:
        stop(2, say("pack-words", lang, file=path, why=say(bad.code, lang, **bad.parameters)))
    labels = Labels(assessment.head, lang)
    names = [*assessment.scores["town"], *assessment.findings["village"].drop_nulls().unique()]
    return known.allowing([*names, *(labels.indicator(one) for one in labels.indicators)])


def _passwords(path: Path, assessment: Assessment, lang: str) -> Mapping[str, str]:
    """Return the passwords by town code; none of them is ever shown."""
    from scoring.explain import UnknownTown, find_town

    towns = assessment.scores.select("town_code", name="town").with_columns(aliases=[])
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text("utf-8-sig").splitlines(), 1):
        town, comma, password = line.partition(",")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not comma or not password.strip():
            stop(2, say("pack-passwords", lang, file=path))
        try:
            found[find_town(town.strip(), towns)] = password.strip()
        except UnknownTown:
            stop(2, say("pack-password-town", lang, file=path, line=number, town=town.strip()))
    return found


def _refuse(code: str, parameters: Mapping[str, Any], lang: str) -> NoReturn:
    if code == "pack-strict":
        masked = parameters["masked"]
        rows = masked.frame.group_by("kind").agg(count=masked.frame["count"].sum())
        comma = say("list-comma", lang)
        kinds = comma.join(say(f"redaction-kind-{kind}", lang) for kind in rows["kind"])
        stop(1, say(code, lang, count=masked.count, detail=kinds))
    towns = say("list-comma", lang).join(map(str, parameters["towns"]))
    stop(2, say(code, lang, towns=towns))


def _tell(made: Packed, lang: str) -> None:
    print_lines([say("pack-done", lang, towns=len(made.towns), folder=made.folder, masked=made.masked.count)])
