"""Single values of a scheme set from the command line: `indicators.home_visit_all.points=8`."""

from __future__ import annotations

from collections.abc import Iterable

from scoring.messages import say
from scoring.revising.edit import Editor, NoSuchPlaceError, token_of
from scoring.revising.layout import options, place_of, plain_amount, shown_as
from scoring.revising.slots import Slot, slots_of
from scoring.scheme import LoadedScheme, parse_scheme
from scoring.scheme.problems import nearest


class WrongSettingError(Exception):
    """A change that cannot be made; its text says why."""


def set_values(loaded: LoadedScheme, changes: Iterable[str], lang: str) -> LoadedScheme:
    """Return the scheme with values set as `PLACE=VALUE` says; an empty value takes the place out of the file.

    Raises
    ------
    WrongSettingError
        A change names no place, or a value that cannot stand there.
    SchemeError
        The changed scheme is not sound.
    """
    editor = Editor(loaded.text)
    places: dict[str, Slot] = {}
    for slot in slots_of(editor.root):
        places[place_of(slot.path)] = slot
        places.setdefault(".".join(slot.path), slot)
    for change in changes:
        place, given, text = change.partition("=")
        place, text = place.strip(), text.strip()
        if not given or not place:
            raise WrongSettingError(say("weights-set-form", lang, text=change))
        if place not in places:
            near = nearest(place, places)
            hint = say("scheme-hint-nearest", lang, nearest=near) if near else ""
            raise WrongSettingError(say("weights-set-no-place", lang, place=place, hint=hint))
        slot = places[place]
        try:
            if not text:
                if slot.needed or slot.text is None:
                    raise WrongSettingError(say("weights-import-needed", lang, cell=place))
                editor.remove(slot.path)
            elif slot.kind == "conditions":
                editor.replace(slot.path, "{" + text.removeprefix("{").removesuffix("}") + "}")
            else:
                editor.put(slot.path, _token(slot, text, place, lang))
        except NoSuchPlaceError:
            raise WrongSettingError(say("weights-import-not-here", lang, cell=place)) from None
    content = editor.text().encode("utf-8")
    bom = b"\xef\xbb\xbf"
    return parse_scheme(bom + content if loaded.content.startswith(bom) else content, loaded.file, lang)


def _token(slot: Slot, text: str, place: str, lang: str) -> str:
    """Return a value as the file writes it; a choice may be told by its code or its word."""
    if text in slot.choices:
        return text
    words = {shown_as(slot, code, lang): code for code in slot.choices}
    if text in words:
        return words[text]
    if slot.kind == "yes":
        told = {"true": "true", "false": "false", say("weights-yes", lang): "true", say("weights-no", lang): "false"}
        if text.lower() in told:
            return told[text.lower()]
    if slot.kind == "amount":
        try:
            return plain_amount(text)
        except ValueError:
            raise WrongSettingError(say("weights-import-bad-amount", lang, cell=place, text=text)) from None
    if slot.kind == "whole":
        if text.isascii() and text.removeprefix("-").isdigit():
            return text
        raise WrongSettingError(say("weights-import-bad-whole", lang, cell=place, text=text))
    if slot.kind in {"choice", "yes"}:
        choices = say("list-comma", lang).join([*slot.choices, *options(slot, lang)])
        raise WrongSettingError(say("weights-import-bad-choice", lang, cell=place, text=text, choices=choices))
    return text if slot.kind == "day" else token_of(text)


__all__ = ["WrongSettingError", "set_values"]
