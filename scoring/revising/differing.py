"""The difference of two schemes in words: what a number was and is, and the line it stands on."""

from __future__ import annotations

from dataclasses import dataclass

from scoring.messages import say
from scoring.revising.edit import Editor, NoSuchPlaceError, Piece, child, id_of
from scoring.revising.layout import same_amount, shown_as, what_of, word_of
from scoring.revising.slots import Path, Slot, flow_of, slots_of
from scoring.scheme import LoadedScheme


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
        found.append(
            Difference(
                key,
                shown.what,
                None if before is None else shown_as(before.slot, before.slot.text or before.slot.default, lang),
                None if after is None else shown_as(after.slot, after.slot.text or after.slot.default, lang),
                shown.line,
            )
        )
    return _whole_items(found)


@dataclass(frozen=True)
class _Said:
    slot: Slot
    what: str
    line: int


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
        head = word_of(slot.path[0], lang)
        what = what_of(slot.path, editor.root, lang)
        known[key] = _Said(
            slot, what if slot.path[0] == "dimensions" or len(slot.path) == 1 else f"{head} · {what}", line
        )
    return known


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
