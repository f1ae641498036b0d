"""The command `pack`: what each town is handed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

from scoring.calling import machine_faults, masking_words, open_here, stop
from scoring.cli_app import Lang, Out, app, argument, option, say_here
from scoring.handing import handed
from scoring.messages import LANGUAGES, say
from scoring.screen import Command, print_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoring.assessment import Assessment
    from scoring.handing import Handed
    from scoring.packing.packs import Packed
    from scoring.packing.signing import Key
    from scoring.workspace import Workspace


_PASSPHRASE: Final = "TOWNSCORE_SIGN_PASSWORD"  # noqa: S105 - the variable's name


@app.command(cls=Command, help=say_here("cli-pack-help"))
def pack(
    period: Annotated[str, argument("cli-argument-period")],
    stage: Annotated[str | None, option("--stage", "comment")] = None,
    notice: Annotated[bool, option("--notice")] = False,
    strict: Annotated[bool, option("--strict")] = False,
    passwords: Annotated[Path | None, option("--passwords", "FILE")] = None,
    signed: Annotated[bool, option("--sign")] = False,
    words: Annotated[Path | None, option("--words", "FILE")] = None,
    to: Annotated[Path | None, option("--packages", "DIR")] = None,
    out: Out = None,
    lang: Lang = None,
) -> None:
    """Make each town its own package."""
    from scoring.config import ConfigError
    from scoring.packing.packs import Pack, PackError
    from scoring.packing.packs import pack as make
    from scoring.workers import prepare

    workspace, lang = open_here(lang)
    prepare()
    with machine_faults(lang):
        what = handed(workspace, period, stage, out or workspace.out, lang)
        assessment = what.assessment
        try:
            settings = workspace.settings(lang)
        except ConfigError as error:
            stop(2, say(error.code, lang, **error.parameters))
        report = what.papers / "report.pdf"
        if notice and not report.is_file():
            stop(2, say("pack-no-notice", lang, folder=what.papers))
        asked = Pack(
            assessment,
            settings,
            masking_words(words, _stay(assessment, lang), lang),
            report.read_bytes() if notice else None,
            _passwords(passwords, what, lang) if passwords else None,
            _key(workspace, lang) if signed else None,
            strict,
        )
        try:
            made = make(asked, to or workspace.root / "packages")
        except PackError as error:
            _refuse(error.code, error.parameters, lang)
    _tell(made, lang)


def _stay(assessment: Assessment, lang: str) -> list[str]:
    """Return the names of towns, villages and indicators."""
    from scoring.reports.labels import Labels

    labels = Labels(assessment.head, lang)
    names = [*assessment.scores["town"], *assessment.findings["village"].drop_nulls().unique()]
    return [*names, *(labels.indicator(one) for one in labels.indicators)]


def _passwords(path: Path, what: Handed, lang: str) -> Mapping[str, str]:
    """Return the passwords by town code; none of them is ever shown."""
    from scoring.explain import UnknownTown, find_town

    towns = what.towns
    if towns is None:
        towns = what.assessment.scores.select("town_code", name="town").with_columns(aliases=[])
    found: dict[str, str] = {}
    for number, (town, password) in enumerate(_pairs(path, lang), 1):
        try:
            code = find_town(town, towns)
        except UnknownTown:
            if number == 1 and password.casefold() in _headings():
                continue
            stop(2, say("pack-password-town", lang, file=path, line=number, town=town))
        if not password:
            stop(2, say("pack-passwords", lang, file=path))
        found[code] = password
    return found


def _headings() -> set[str]:
    return {word for lang in LANGUAGES for word in say("pack-password-headings", lang).split("|")}


def _pairs(path: Path, lang: str) -> list[tuple[str, str]]:
    """Return town and password of each line of a table that names one."""
    if path.suffix.lower() == ".xlsx":
        import fastexcel

        try:
            sheet = fastexcel.read_excel(path).load_sheet(0, header_row=None, dtypes="string")
        except fastexcel.FastExcelError:
            stop(2, say("pack-passwords", lang, file=path))
        rows = [[str(cell or "") for cell in row] for row in sheet.to_polars().rows()]
    else:
        lines = path.read_text("utf-8-sig").splitlines()
        rows = [line.split(",", 1) for line in lines if not line.lstrip().startswith("#")]
    pairs = [(row[0].strip(), row[1].strip() if len(row) > 1 else "") for row in rows]
    return [(town, password) for town, password in pairs if town]


def _key(workspace: Workspace, lang: str) -> Key:
    """Return what signs: the certificate that townscore.yaml names, opened by a passphrase of the environment."""
    from scoring.packing.signing import SigningError, open_key

    name = workspace.sign.get("certificate")
    if not name:
        stop(2, say("sign-no-certificate", lang))
    try:
        return open_key(workspace.root / name, os.environ.get(_PASSPHRASE, ""))
    except SigningError as error:
        code = 3 if error.code == "sign-no-library" else 2
        stop(code, say(error.code, lang, variable=_PASSPHRASE, **error.parameters))


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
