"""Commands about schemes: checked, shown, as a workbook and back, one number changed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scoring.calling import (
    call_of,
    check_language,
    machine_faults,
    mistakes,
    open_here,
    refusals,
    schemes_of,
    stop,
    task_of,
    wrong_schemes,
)
from scoring.cli_app import AsOf, Data, Lang, Scheme, Weights, argument, option, say_here, weights
from scoring.cli_incentives import print_incentives, seconds_of
from scoring.messages import say
from scoring.screen import Command, print_lines, print_table

if TYPE_CHECKING:
    from scoring.calling import Call
    from scoring.scheme import LoadedScheme
    from scoring.workspace import Workspace

Book = Annotated[Path, argument("cli-argument-book")]
Changes = Annotated[list[str], argument("cli-argument-changes")]
To = Annotated[Path | None, option("--to", "FILE")]


@weights.callback()
def _schemes(lang: Lang = None) -> None:
    """Stand before every command about schemes."""
    check_language(lang)


@weights.command("check", cls=Command, help=say_here("cli-weights-check-help"))
def weights_check(
    file: Scheme = None,
    facts: Annotated[str | None, option("--facts", "PERIOD")] = None,
    data: Data = None,
    incentives: Annotated[bool, option("--incentives")] = False,
    seconds: Annotated[str | None, option("--seconds", "NUMBER")] = None,
    lang: Lang = None,
) -> None:
    """Check a scheme, or each of the workspace's, and list what the scheme alone can show."""
    from scoring.scheme import SchemeError, lint

    workspace, lang = open_here(lang)
    limit = seconds_of(seconds, lang)
    wrong = False
    for one in schemes_of(file, workspace, lang).listed:
        if one.loaded is None:
            wrong = True
            print_lines([mistakes(SchemeError(one.problems), lang)], sys.stderr)
            continue
        warnings = lint(one.loaded, lang)
        print_lines([str(found) for found in warnings])
        scheme = one.loaded.scheme
        title = (lang == "en" and scheme.title_en) or scheme.title
        print_lines([say("cli-scheme-good", lang, title=title, count=len(warnings))])
        if incentives:
            print_incentives(one.loaded, limit, lang)
    if wrong:
        raise typer.Exit(2)
    if facts is not None:
        _check_on_facts(facts, call_of(data, file, None, None, lang))


def _check_on_facts(label: str, call: Call) -> None:
    """Say what a scheme does on a period's facts that nobody may have meant."""
    from scoring.revising.onfacts import lint_on_facts
    from scoring.runs import read_and_assess

    lang = call.lang
    with refusals(lang):
        job, period = task_of(label, call, trial=True)
        intake, (assessment,) = read_and_assess([(job, period)])
    found = lint_on_facts(job.scheme, assessment, intake.tables, lang)
    told = [f"{one} [{one.code}: {one.at}]" for one in found if one.silenced is None]
    print_lines(
        [*told, say("weights-facts-silence", lang)] if told else [say("weights-facts-none", lang, period=period.id)]
    )


@weights.command("show", cls=Command, help=say_here("cli-weights-show-help"))
def weights_show(file: Scheme = None, lang: Lang = None) -> None:
    """List what a scheme, or each of the workspace's, is for, and its indicators, points and rules."""
    from scoring.choosing import sound
    from scoring.scheme import show

    workspace, lang = open_here(lang)
    columns = ("item", "points", "clause", "line", "rule")
    for number, one in enumerate(schemes_of(file, workspace, lang).listed):
        with wrong_schemes(lang):
            scheme = sound(one).scheme
        labelled = [(row, row.label if row.kind == "dimension" else f"  {row.label}") for row in show(scheme, lang)]
        rows = [[label, row.points, row.clause, str(row.line), row.rule] for row, label in labelled]
        print_lines([*([""] if number else []), one.words(lang)])
        print_table([say(f"cli-column-{name}", lang) for name in columns], rows)


@weights.command("schema", cls=Command, help=say_here("cli-weights-schema-help"))
def weights_schema() -> None:
    """Print the JSON Schema of schemes."""
    import json

    from scoring.scheme import json_schema

    print_lines([json.dumps(json_schema(), ensure_ascii=False, indent=1)])


@weights.command("export", cls=Command, help=say_here("cli-weights-export-help"))
def weights_export(file: Scheme = None, to: To = None, lang: Lang = None) -> None:
    """Write a scheme as a workbook."""
    from scoring.revising.book_out import write_workbook

    workspace, lang = open_here(lang)
    loaded, _ = _one(file, workspace, lang)
    book = to or Path(loaded.file).with_suffix(".xlsx")
    write_workbook(loaded, book, lang)
    print_lines([say("weights-exported", lang, file=book, name=book.name)])


@weights.command("import", cls=Command, help=say_here("cli-weights-import-help"))
def weights_import(book: Book, file: Scheme = None, to: To = None, lang: Lang = None) -> None:
    """Bring a changed workbook back into the file of its scheme."""
    from scoring.revising.book_in import ImportRefusedError, import_workbook, scheme_of

    workspace, lang = open_here(lang)
    if not book.is_file():
        stop(2, say("weights-import-no-book", lang, file=book))
    try:
        own = scheme_of(book, [(each.loaded, each.path) for each in schemes_of(file, workspace, lang).listed], lang)
        made = import_workbook(own[0], book, lang)
    except ImportRefusedError as refused:
        stop(2, "\n".join(refused.lines))
    _write(own[0], made, own[1], to, lang)


@weights.command("set", cls=Command, help=say_here("cli-weights-set-help"))
def weights_set(changes: Changes, weights: Weights = None, to: To = None, lang: Lang = None) -> None:
    """Change single values of a scheme."""
    from scoring.revising.setting import WrongSettingError, set_values

    workspace, lang = open_here(lang)
    loaded, path = _one(weights, workspace, lang)
    with wrong_schemes(lang):
        try:
            made = set_values(loaded, changes, lang)
        except WrongSettingError as wrong:
            stop(2, str(wrong))
    _write(loaded, made, path, to, lang)


@weights.command("compare", cls=Command, help=say_here("cli-weights-compare-help"))
def weights_compare(
    old: Annotated[Path, argument("cli-argument-old")],
    new: Annotated[Path, argument("cli-argument-new")],
    period: Annotated[str, option("--period", "PERIOD")],
    data: Data = None,
    to: Annotated[Path | None, option("--into", "DIR")] = None,
    as_of: AsOf = None,
    lang: Lang = None,
) -> None:
    """Score the same facts by two schemes and say what the new one changes."""
    from scoring.impact import compare_schemes, write_impact
    from scoring.revising.view import compare_view

    calls = [call_of(data, each, None, as_of, lang) for each in (old, new)]
    lang = calls[0].lang
    with refusals(lang), machine_faults(lang):
        impact = compare_schemes(*(task_of(period, call, trial=True) for call in calls))
        view = compare_view(impact.made, impact.found, impact.files, lang)
        print_lines([view.title, *view.schemes, view.facts, "", *view.summary, ""])
        head = ["column-town", "compare-before", "compare-after", "compare-change", "column-place", "compare-grade"]
        rows = [[r.town, r.before, r.after, r.change, r.rank, r.grade, r.because] for r in view.towns]
        print_table([say(f"reports-{name}", lang) for name in [*head, "compare-because"]], rows)
        print_lines(["", say("weights-differences", lang, count=len(view.differences)), *view.differences])
        if view.prices:
            names = ("indicator", "price-before", "price-after", "findings", "town-count")
            print_lines(["", say("reports-compare-prices", lang)])
            priced = [[r.indicator, r.before, r.after, r.findings, r.towns] for r in view.prices]
            print_table([say(f"reports-compare-{name}", lang) for name in names], priced)
        if view.swaps:
            print_lines(["", say("reports-compare-swaps", lang)])
            swapped = [[r.ahead, r.behind, r.gap, r.change] for r in view.swaps]
            heads = ("ahead", "behind", "gap", "swap-by")
            print_table([say(f"reports-compare-{name}", lang) for name in heads], swapped)
        print_lines(["", *view.notes])
        if to is not None:
            files = write_impact(impact, to, calls[1].desk.settings)
            print_lines([say("cli-compared-wrote", lang, files=say("list-comma", lang).join(map(str, files)))])


def _one(file: Path | None, workspace: Workspace, lang: str) -> tuple[LoadedScheme, Path]:
    """Return the scheme that was named, else the workspace's only one, and where it lies."""
    from scoring.choosing import sound

    listed = schemes_of(file, workspace, lang).listed
    if len(listed) > 1:
        stop(2, say("weights-which", lang, files=say("list-comma", lang).join(one.name for one in listed)))
    with wrong_schemes(lang):
        return sound(listed[0]), listed[0].path


def _write(old: LoadedScheme, made: LoadedScheme, path: Path, to: Path | None, lang: str) -> None:
    """Write a changed scheme, whole or not at all, and say what was changed."""
    from scoring.outfolder import write_whole
    from scoring.revising.differing import differences
    from scoring.workspace import is_shipped

    if made.content == old.content:
        print_lines([say("weights-import-nothing", lang, file=path.name)])
        if to is None or to.resolve() == path.resolve():
            return
    if to is None and is_shipped(path):
        stop(2, say("weights-set-shipped", lang, file=path.name))
    write_whole(to or path, made.content)
    told = [f"  {found.sentence(lang)}" for found in differences(old, made, lang)]
    print_lines([say("weights-import-done", lang, count=len(told), file=to or path), *told])
