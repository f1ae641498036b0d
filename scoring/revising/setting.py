"""Single values of a scheme set from the command line: `indicators.home_visit_all.points=8`."""

from __future__ import annotations

from collections.abc import Iterable

from scoring.messages import say
from scoring.revising.edit import Editor, NoSuchPlaceError
from scoring.revising.layout import place_of, token, why_not
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
            elif (made := token(slot, text, lang)) is None:
                raise WrongSettingError(why_not(slot, lang, cell=place, text=text))
            else:
                editor.replace(slot.path, made)
        except NoSuchPlaceError:
            raise WrongSettingError(say("weights-import-not-here", lang, cell=place)) from None
    content = editor.text().encode("utf-8")
    bom = b"\xef\xbb\xbf"
    return parse_scheme(bom + content if loaded.content.startswith(bom) else content, loaded.file, lang)


__all__ = ["WrongSettingError", "set_values"]
