"""The command `verify`: is what somebody holds, or what lies here, as it was published."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scoring.calling import needs_workspace, open_here, published_period, stop, tell
from scoring.cli_app import Lang, Out, app, argument, option, say_here
from scoring.messages import say
from scoring.screen import Command, print_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoring.store import Edition
    from scoring.store.verifying import Finding
    from scoring.workspace import Workspace


@app.command(cls=Command, help=say_here("cli-verify-help"))
def verify(
    what: Annotated[str | None, argument("cli-argument-verify")] = None,
    seal: Annotated[str | None, option("--seal", "TEXT")] = None,
    code: Annotated[str | None, option("--code", "CODE")] = None,
    out: Out = None,
    lang: Lang = None,
) -> None:
    """Tell whether published papers and runs are as they were left, and whether their scores come out again."""
    from scoring.store import read_store
    from scoring.store.verifying import HINTS, Finding, check_edition, check_view

    workspace, lang = open_here(lang)
    needs_workspace(workspace, lang)
    out = out or workspace.out
    editions = read_store(workspace.store)
    if what is not None and Path(what).is_file():
        _verify_file(Path(what), editions, out, workspace, lang)
        return
    if seal is not None:
        _verify_seal(seal, editions, workspace.store, lang)
        return
    if code is not None:
        _verify_code(code, editions, out, lang)
        return
    what = what and published_period(what, editions)
    wanted = [edition for edition in editions if what in (None, edition.period)]
    views = [
        folder
        for folder in sorted(out.glob("*/"))
        if (folder / "manifest.json").exists() and what in (None, folder.name)
    ]
    found: list[Finding] = _check_whole(workspace.store, out, editions)
    if not wanted and not views and not found:
        stop(2, say("verify-nothing", lang, what=what or workspace.store))
    known = {edition.period for edition in editions}
    # A folder of a published period without its manifest is no view of it, whatever lies in it.
    found += [
        Finding("verify-removed", "manifest.json", folder.name)
        for folder in sorted(out.glob("*/"))
        if folder.name in known and not (folder / "manifest.json").exists() and what in (None, folder.name)
    ]
    for folder in views:
        found += check_view(folder, editions)
    broken: set[tuple[str, int]] = set()
    for edition in editions:
        if own := check_edition(edition):
            broken.add((edition.period, edition.number))
            found += own if edition in wanted else []
    for edition in wanted:
        # What takes over from an edition that is no longer whole cannot be scored again.
        if not broken & {(edition.period, edition.number), *edition.said["past"].items()}:
            found += _score_again(edition, editions, lang)
    lost = {edition.period for edition in editions} - {folder.name for folder in views}
    found += [Finding("verify-no-view", period) for period in sorted(lost) if what in (None, period)]
    tell(found, lang)
    if wrong := sum(one.code not in HINTS for one in found):
        stop(1, say("verify-bad", lang, count=wrong))
    print_lines([say("verify-good", lang, editions=len(wanted), views=len(views))])


def _check_whole(store: Path, out: Path, editions: Sequence[Edition]) -> list[Finding]:
    """Check what binds the editions of a store together, and the stages of all drafts."""
    from scoring.store.verifying import check_chain, check_issued, check_stages, check_store

    drafts = [path.parent for path in sorted(out.glob("*/assessment.json"))]
    return [
        *check_store(store),
        *check_chain(editions),
        *check_issued(store, editions),
        *check_stages(store, drafts, editions),
    ]


def _signatures(path: Path, workspace: Workspace, lang: str) -> bool:
    """Say what the signatures on a file are worth; tell whether one is broken."""
    from scoring.packing.signing import SigningError, signatures

    name = workspace.sign.get("roots")
    try:
        found = signatures(path.read_bytes(), (workspace.root / name).read_bytes() if name else None)
    except OSError:
        stop(2, say("sign-roots", lang, file=name))
    except SigningError as error:
        stop(3 if error.code == "sign-no-library" else 2, say(error.code, lang, file=name))
    for one in found:
        at = one.at.astimezone().strftime("%Y-%m-%d %H:%M") if one.at else "-"
        print_lines([say(f"verify-signature-{one.worth}", lang, file=path, signer=one.signer, at=at)])
    return any(one.worth == "altered" for one in found)


def _verify_seal(text: str, editions: Sequence[Edition], store: Path, lang: str) -> None:
    """Tell which edition a seal copied on paper belongs to, and whether all up to that one is as it was."""
    from scoring.intake.fold import fold_id
    from scoring.store.listing import SHOWN
    from scoring.store.verifying import check_chain, check_edition, check_issued

    wanted = fold_id(text).lower()
    if len(wanted) < SHOWN or set(wanted) - set("0123456789abcdef"):
        stop(2, say("verify-seal-unreadable", lang, seal=text, length=SHOWN))
    own = [edition for edition in editions if edition.seal.startswith(wanted)]
    if not own:
        tell(check_issued(store, editions), lang)
        stop(1, say("verify-seal-unknown", lang, seal=wanted, editions=len(editions)))
    edition = own[0]
    before = [other for other in editions if other.sequence <= edition.sequence]
    found = [*check_chain(before), *(one for other in before for one in check_edition(other))]
    tell(found, lang)
    said = {"number": edition.said["number"], "on": edition.said["on"], "count": len(before)}
    said |= {"seal": wanted, "period": edition.period, "edition": edition.number}
    if found:
        stop(1, say("verify-seal-broken", lang, **said))
    print_lines([say("verify-seal-known", lang, **said)])


def _verify_code(text: str, editions: Sequence[Edition], out: Path, lang: str) -> None:
    """Tell whose sheet bears a check code, with what score, and whether a later edition has replaced it."""
    from scoring.assessment import Assessment
    from scoring.problems import Refused
    from scoring.reports.authentic import code_of, digest_of, read_code
    from scoring.reports.labels import Labels

    wanted = read_code(text)
    if wanted is None:
        stop(2, say("verify-code-unreadable", lang, code=text))
    drafts = [path.parent for path in sorted(out.glob("*/assessment.json"))]
    last = {edition.period: edition.number for edition in editions}
    # A published edition's current view is the same assessment: it is told of once.
    seen = [edition.assessment for edition in editions]
    for folder in drafts:
        with suppress(Refused, OSError, ValueError, KeyError):  # one that was edited: `verify` alone says so
            made = Assessment.load(folder)
            seen += [made] if made.head["stage"] != "published" else []
    for made in seen:
        for town, name in made.scores.select("town_code", "town").iter_rows():
            own = made.for_town(town)
            if code_of(digest_of(own)) != wanted:
                continue
            head = made.head
            stage = Labels(head, lang).known("reports-stage", head["stage"])
            facts = {"code": wanted, "town": name, "period": head["period"]["id"], "edition": head["edition"]}
            facts |= {"stage": stage, "run_code": head["run_code"], "score": own.scores["score"][0] or "-"}
            print_lines([say("verify-code-known", lang, **facts)])
            newer = last.get(head["period"]["id"])
            if newer is not None and (head["stage"] != "published" or newer > head["edition"]):
                print_lines([say("verify-handed-superseded", lang, newer=newer, **facts)])
            return
    stop(1, say("verify-code-unknown", lang, code=wanted))


def _score_again(edition: Edition, editions: Sequence[Edition], lang: str) -> list[Finding]:
    from scoring.config import read_holidays
    from scoring.store.verifying import check_scores, holidays_of
    from scoring.workdays import Workdays, Year

    path = holidays_of(edition)
    years = {year: Year(*days) for year, days in read_holidays(path, lang).items()} if path else {}
    return check_scores(edition, editions, Workdays(years))


def _verify_file(path: Path, editions: Sequence[Edition], out: Path, workspace: Workspace, lang: str) -> None:
    """Look a paper up by its bytes among those of every edition, of the current runs and of what towns were handed."""
    from scoring.digest import file_hash
    from scoring.packing.known import known_file
    from scoring.store.verifying import places_of

    digest = file_hash(path)
    broken = _signatures(path, workspace, lang)
    places = places_of(digest, editions, out)
    handed = known_file(path.name, digest, workspace.root / "packages", editions)
    if not places and not any(one.genuine for one in handed):
        for one in handed:
            print_lines([say("verify-handed-altered", lang, file=path, **vars(one))], sys.stderr)
        stop(1, say("verify-file-unknown", lang, file=path))
    if broken:
        raise typer.Exit(1)
    for one in handed:
        facts = {**vars(one), "stage": say(f"reports-stage-{one.stage}", lang)}
        print_lines([say("verify-handed", lang, file=path, **facts)])
        if one.newer is not None:
            print_lines([say("verify-handed-superseded", lang, **facts)])
    last = {edition.period: edition.number for edition in editions}
    for place in places:
        print_lines([say("verify-file-known", lang, file=path, **place)])
        newer = last.get(place["period"], 0)
        if newer > int(place["edition"]):
            print_lines([say("verify-handed-superseded", lang, newer=newer, **place)])
