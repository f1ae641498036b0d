"""The difference of two schemes in words: what a number was and is, and the line it stands on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.scheme import Scheme
from schemas.scheme.base import Part
from schemas.scheme.outcome import AdjustmentPrice
from schemas.scheme.rules import PriceRow
from scoring.messages import say
from scoring.revising.edit import Editor, NoSuchPlaceError, Piece, child, id_of
from scoring.revising.layout import same_amount, shown_as, what_of, word_of
from scoring.revising.slots import Path, Slot, flow_of, slots_of
from scoring.scheme import LoadedScheme, describe_conditions, describe_row, label_of


@dataclass(frozen=True)
class Difference:
    """A value that two schemes say differently.

    Attributes
    ----------
    path
        Where it stands, list items by what they are about and not by their number.
    what
        The same in words.
    before, after
        As shown; None where the scheme does not say it.
    line
        Of the new file; of the old one where the new one does not say it.
    """

    path: Path
    what: str
    before: str | None
    after: str | None
    line: int

    def sentence(self, lang: str) -> str:
        """Return it as one line."""
        nothing = say("weights-nothing", lang)
        return say(
            "weights-difference",
            lang,
            what=self.what,
            before=self.before or nothing,
            after=self.after or nothing,
            line=self.line,
        )


def differences(old: LoadedScheme, new: LoadedScheme, lang: str) -> list[Difference]:
    """Return what two schemes say differently, in the order of the new one's models, what is gone last.

    A value that one of them leaves out and the other writes as it is by default is no difference.
    """
    one, two = _known(old, lang), _known(new, lang)
    found = []
    for key in dict.fromkeys([*two, *one]):
        before, after = one.get(key), two.get(key)
        if _same(before, after):
            continue
        shown = after if after is not None and after.slot.text is not None else before or after
        assert shown is not None
        if (before is None or after is None) and (shown.slot.text is None or shown.named):
            continue  # of an item that is new or gone what the file leaves out, and what the item is named by
        values = [None if said is None else said.value for said in (before, after)]
        found.append(Difference(key, shown.what, values[0], values[1], shown.line))
    return [*_whole_items(found), *_reordered(one, two, lang)]


@dataclass(frozen=True)
class _Said:
    slot: Slot
    what: str
    value: str | None
    """As shown: what the file writes, else what holds without it."""
    line: int
    named: bool
    """The item's name says it."""
    row: str | None
    """What a row of prices is called that it stands in."""


def _known(loaded: LoadedScheme, lang: str) -> dict[Path, _Said]:
    editor = Editor(loaded.text)
    known: dict[Path, _Said] = {}
    for slot in slots_of(editor.root):
        key = _stable(slot.path, editor.root)
        while key in known:  # two rows that say the same
            key = (*key, "")
        try:
            line = editor.line_of(slot.path)
        except NoSuchPlaceError:
            line = 0
        reached = _reached(loaded.scheme, slot.path)
        head = word_of(slot.path[0], lang)
        names = _names(loaded.scheme, slot.path, reached, lang)
        what = what_of(slot.path, editor.root, lang, names)
        known[key] = _Said(
            slot,
            what if slot.path[0] == "dimensions" or len(slot.path) == 1 else f"{head} · {what}",
            _shown(loaded.scheme, slot, reached[-1], lang),
            line,
            slot.path[-1] in {"when", "from", "to"} and bool(getattr(reached[-2], "when", None)),
            names[slot.path[:-1]] if isinstance(reached[-2], (PriceRow, AdjustmentPrice)) else None,
        )
    return known


def _reordered(one: Mapping[Path, _Said], two: Mapping[Path, _Said], lang: str) -> list[Difference]:
    """Return the price lists whose rows stand in another order: the first row that matches a finding prices it."""
    lists: list[dict[Path, dict[Path, _Said]]] = [{}, {}]
    for known, rows in zip((one, two), lists, strict=True):
        for key, said in known.items():
            if said.row is not None:
                rows.setdefault(key[:-2], {}).setdefault(key[:-1], said)
    found = []
    for place in lists[1]:
        before, after = lists[0].get(place, {}), lists[1][place]
        orders = [[row for row in rows if row in before and row in after] for rows in (before, after)]
        if orders[0] != orders[1]:
            first = next(iter(after.values()))
            words = [
                say("scheme-list-semicolon", lang).join(rows[row].row or "" for row in order)
                for order, rows in zip(orders, (before, after), strict=True)
            ]
            what = say("weights-order", lang, what=first.what.split(f" · {first.row}")[0])
            found.append(Difference(place, what, words[0], words[1], first.line))
    return found


def _shown(scheme: Scheme, slot: Slot, value: object, lang: str) -> str | None:
    if slot.kind == "conditions" and slot.text is not None and isinstance(value, dict):
        return describe_conditions(scheme, value, lang, short=False)
    return shown_as(slot, slot.text or slot.default, lang)


def _reached(scheme: Scheme, path: Path) -> list[Any]:
    """Return what of a scheme each step of a path reaches, the scheme itself first; None where it says nothing."""
    reached: list[Any] = [scheme]
    for step in path:
        thing = reached[-1]
        if isinstance(thing, tuple):
            by_id = {getattr(item, "id", None): item for item in thing}
            by_id |= {str(number): item for number, item in enumerate(thing, start=1)}
            reached.append(by_id.get(step))
        elif isinstance(thing, dict):
            reached.append(thing.get(step))
        else:
            reached.append(getattr(thing, _field(thing, step), None))
    return reached


def _field(thing: object, key: str) -> str:
    fields = type(thing).model_fields.items() if isinstance(thing, Part) else ()
    return next((name for name, field in fields if field.alias == key), key)


def _names(scheme: Scheme, path: Path, reached: Sequence[Any], lang: str) -> dict[Path, str]:
    """Return what the list items on a path are called: by their labels, rows of prices by whom they are for."""
    names = {}
    for number, item in enumerate(reached[1:], start=1):
        if isinstance(item, (PriceRow, AdjustmentPrice)):
            names[path[:number]] = describe_row(scheme, item, lang, short=False)
        elif getattr(item, "label", None):
            names[path[:number]] = label_of(item, lang)
        elif isinstance(when := getattr(item, "when", None), dict) and when:
            names[path[:number]] = describe_conditions(scheme, when, lang, short=False)
    return names


def _stable(path: Path, root: Piece) -> Path:
    """Name list items by their id, their conditions or their text: a row put in between moves no other one."""
    piece: Piece | None = root
    steps = []
    for step in path:
        parent, piece = piece, None if piece is None else child(piece, step)
        if parent is not None and parent.kind == "sequence" and piece is not None:
            told = id_of(piece) or _about(piece)
            steps.append(told or step)
        else:
            steps.append(step)
    # An indicator that moves to another dimension is still the same one.
    return ("dimensions", "", *steps[2:]) if steps[:1] == ["dimensions"] and len(steps) > 4 else tuple(steps)


def _about(piece: Piece) -> str | None:
    if piece.kind == "scalar":
        return piece.text
    when = piece.get("when")
    if when is None:
        return None
    dates = [inner.text or "" for name in ("from", "to") if (inner := piece.get(name)) is not None]
    return " ".join([flow_of(when), *dates])


def _same(before: _Said | None, after: _Said | None) -> bool:
    one, two = (None if said is None else said.slot.text or said.slot.default for said in (before, after))
    if one is None or two is None or one == two:
        return one == two
    return after is not None and after.slot.kind in {"amount", "whole"} and same_amount(one, two)


def _whole_items(found: list[Difference]) -> list[Difference]:
    """Leave of an item that is new or gone only what can be read: ids and English words say nothing more."""
    return [d for d in found if d.path[-1] not in {"id", "label_en", "basis_en", "note_en", "title_en", "document_en"}]


__all__ = ["Difference", "differences"]
