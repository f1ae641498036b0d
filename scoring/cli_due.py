"""The commands `due` and `letters`: what the bureau is to send and to follow up, and the letters themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from scoring.calling import (
    Call,
    call_of,
    day_of,
    machine_faults,
    masking_words,
    refusals,
    stop,
    town_called,
    wrong_schemes,
)
from scoring.cli_app import Data, Lang, Weights, app, argument, option, say_here
from scoring.messages import say
from scoring.screen import Command, print_lines, print_table

if TYPE_CHECKING:
    from scoring.supervision.escalation.outgoing import Outgoing
    from scoring.supervision.escalation.picture import Picture
    from scoring.supervision.letters.making import Papers
    from scoring.supervision.letters.register import Register, Serial

On = Annotated[str | None, option("--on", "DATE")]


@app.command(cls=Command, help=say_here("cli-due-help"))
def due(
    on: On = None,
    sheet: Annotated[Path | None, option("--sheet", "FILE")] = None,
    called: Annotated[str | None, option("--called", "TOWN")] = None,
    data: Data = None,
    weights: Weights = None,
    lang: Lang = None,
) -> None:
    """List what is to be sent, what falls due, what is overdue; or note that a town was called."""
    from scoring.reports.text import day
    from scoring.supervision.escalation.shown import counts, sections, write_sheet

    call = call_of(data, weights, None, None, lang)
    lang, when = call.lang, _day(on, call.lang)
    with _register(call, writes=called is not None) as register:
        picture = _picture(call, when)
        if called is not None:
            _note_calls(called, picture, register, call)
            return
    print_lines([say("due-title", lang, day=day(when, lang))])
    parts = sections(picture, lang)
    for title, headings, rows in parts:
        print_lines(["", title])
        print_table(headings, rows)
    if picture.clues:
        print_lines(["", say("due-clues", lang)])
        names = picture.towns
        print_lines([say("due-clue", lang, town=names.get(town, town), finding=one) for town, one in picture.clues])
    for ids in picture.twice:
        print_lines(["", say("due-twice", lang, ids=say("list-comma", lang).join(ids))])
    summary = say("due-summary", lang, **counts(picture)) if parts else say("due-nothing", lang, day=day(when, lang))
    print_lines(["", summary])
    if sheet is not None:
        write_sheet(picture, sheet, lang)
        print_lines([say("due-written", lang, path=sheet)])


@app.command(cls=Command, help=say_here("cli-letters-help"))
def letters(
    towns: Annotated[list[str] | None, argument("cli-argument-letter-towns")] = None,
    on: On = None,
    kind: Annotated[list[str] | None, option("--kind", "KIND")] = None,
    dry_run: Annotated[bool, option("--dry-run", code="cli-option-letters-dry-run")] = False,
    void: Annotated[str | None, option("--void", "SERIAL")] = None,
    why: Annotated[str, option("--why", "TEXT", code="cli-option-letters-why")] = "",
    words: Annotated[Path | None, option("--words", "FILE")] = None,
    data: Data = None,
    weights: Weights = None,
    lang: Lang = None,
) -> None:
    """Write the letters that `due` says are to be sent, number them and log them; or declare a number void."""
    from scoring.reports.text import day
    from scoring.supervision.letters.making import make_letters, to_write

    call = call_of(data, weights, None, None, lang)
    lang, when, folder = call.lang, _day(on, call.lang), _folder()
    with _register(call) as register:
        if void is not None:
            _void(void, why, register, call)
            return
        kinds = _kinds(kind or [], lang)
        picture = _picture(call, when)
        asked = [town_called(one, picture.tables.towns, lang) for one in towns or []]
        planned = to_write(picture, register, asked or None, kinds or None)
        if dry_run and planned:
            print_lines([say("letters-dry", lang, count=len(planned))])
            _table([(out, None) for out in planned], picture, lang)
            return
        papers, whole = _papers(call, picture, words), to_write(picture, register)
        made = [] if dry_run else make_letters(planned, whole, papers, register, folder, picture, call.desk.data)
    if not made:
        print_lines([say("letters-none", lang, day=day(when, lang))])
        return
    _table([(one.out, one.serial) for one in made], picture, lang)
    log = say("letters-log-file", "zh")
    print_lines(["", say("letters-done", lang, count=len(made), folder=folder / when.isoformat(), log=log)])


def _day(on: str | None, lang: str) -> date:
    return day_of(on, lang) or datetime.now(UTC).astimezone().date()


def _folder() -> Path:
    return Path.cwd() / "letters"


@contextmanager
def _register(call: Call, *, writes: bool = True) -> Iterator[Register]:
    """Hold the register, and let the log say what it says: a kill may have come between the two.

    Where there is none yet, a command that only looks makes none.
    """
    from scoring.outfolder import locked
    from scoring.runlog import who
    from scoring.supervision.letters.log import write_log
    from scoring.supervision.letters.register import NAME, Register, RegisterError

    with machine_faults(call.lang):
        try:
            folder = _folder()
            if not writes and not (folder / NAME).exists():
                yield Register(folder / NAME)
                return
            with locked(folder, who()):
                register = Register(folder / NAME)
                write_log(register, call.desk.data)
                yield register
        except RegisterError as error:
            stop(2, say(error.code, call.lang, **error.parameters))


def _picture(call: Call, on: date) -> Picture:
    from scoring.config import ConfigError
    from scoring.supervision.escalation import read_policy
    from scoring.supervision.escalation.picture import picture

    lang = call.lang
    try:
        policy = read_policy(Path.cwd(), lang)
    except ConfigError as error:
        stop(2, say(error.code, lang, **error.parameters))
    denials = say("due-clue-denials", lang).split(",")
    with wrong_schemes(lang), refusals(lang):
        return picture(call.desk, call.schemes, policy, on, denials)


def _note_calls(called: str, picture: Picture, register: Register, call: Call) -> None:
    from scoring.reports.text import day, listed
    from scoring.supervision.escalation.outgoing import SPOKEN
    from scoring.supervision.escalation.shown import kind_word
    from scoring.supervision.letters.making import log_calls

    lang = call.lang
    town = town_called(called, picture.tables.towns, lang)
    planned = [one for one in picture.outgoing if one.town == town and one.kind in SPOKEN]
    name = picture.towns[town]
    if not planned:
        stop(1, say("due-called-none", lang, town=name, day=day(picture.on, lang)))
    log_calls(planned, register, picture.on, call.desk.data)
    kinds = listed(dict.fromkeys(kind_word(one.kind, lang) for one in planned), lang)
    until = day(max(one.due_on for one in planned), lang)
    print_lines([say("due-called", lang, town=name, count=len(planned), kinds=kinds, due=until)])


def _void(text: str, why: str, register: Register, call: Call) -> None:
    from scoring.supervision.letters.log import letter_id
    from scoring.supervision.letters.making import void_letter

    serial = void_letter(text, why, register, _folder(), call.desk.data)
    print_lines([say("letters-voided", call.lang, serial=letter_id(serial), why=why.strip())])


def _kinds(asked: Sequence[str], lang: str) -> list[str]:
    """Return the kinds that were asked for, by their word or their name in the letters table."""
    from scoring.supervision.escalation.shown import kind_word
    from scoring.supervision.letters.making import KINDS

    names: Mapping[str, str] = {kind_word(kind, each): kind for kind in KINDS for each in ("zh", "en")}
    for one in asked:
        if one not in names and one not in KINDS:
            known = say("list-comma", lang).join(kind_word(kind, lang) for kind in KINDS)
            stop(2, say("letters-kind-unknown", lang, kind=one, known=known))
    return [names.get(one, one) for one in asked]


def _papers(call: Call, picture: Picture, words: Path | None) -> Papers:
    from scoring.reports.render import Renderer
    from scoring.supervision.letters.paper import letter_pdf
    from scoring.supervision.letters.view import letter_view
    from scoring.supervision.letters.word import letter_docx

    villages = picture.tables.findings["village"].drop_nulls().unique()
    stay = [*picture.towns.values(), *villages, *picture.indicators.values()]
    masks = masking_words(words, stay, call.lang)
    renderer = cache(lambda: Renderer(call.desk.settings))  # where nothing is to be written, no font is looked for

    def papers(out: Outgoing, serial: Serial) -> Mapping[str, bytes]:
        view = letter_view(out, serial, picture, call.desk.settings, masks, example=call.desk.example)
        return {"pdf": letter_pdf(view, picture.on, renderer()), "docx": letter_docx(view, picture.on)}

    return papers


def _table(rows: Sequence[tuple[Outgoing, Serial | None]], picture: Picture, lang: str) -> None:
    from scoring.reports.text import short_day
    from scoring.supervision.escalation.shown import kind_word

    names = ("town", "kind", "serial", "findings", "due")
    shown = [
        [
            picture.towns[out.town],
            kind_word(out.kind, lang),
            f"{serial.year}-{serial.number:03d}" if serial else "",
            str(len(out.members)),
            "" if out.kind == "confirmation" else short_day(out.due_on),
        ]
        for out, serial in rows
    ]
    print_table([say(f"letters-column-{name}", lang) for name in names], shown)
