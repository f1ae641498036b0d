"""What the workbook of a scheme shows: its sheets, their rows, and the value that each cell stands for.

Export writes this layout, import lays the same out again and compares cell by cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

import yaml

from schemas.amount import parse_amount, write_amount
from scoring.messages import catalogue, say
from scoring.revising.edit import Piece, child, token_of
from scoring.revising.slots import Path, Slot, slots_of

NUMBERS: Final = frozenset({"points", "weight", "cap", "price", "rule.exposure.minimum", "value"})
"""Columns of numbers: what is written as text in them (1/3) is text."""
INDICATORS: Final = "indicators"
PRICES: Final = "prices"
POLICY: Final = "policy"
PLACE: Final = "place"
SUM: Final = "sum"
"""A column that is a formula, and no value of the scheme."""
_INDICATOR: Final = (
    "label", "points", "weight", "cap", "clause", "rule.kind", "rule.prices", "rule.per", "no_data",
    "rule.exposure.checked", "rule.exposure.minimum", "label_en", "basis", "note",
)  # fmt: skip
_PRICE: Final = ("when", "price", "zero_out", "from", "to", "clause", "note")
# Heads whose left-out values are shown too: an officer looks for them there.
_OPEN: Final = frozenset({"rectification", "calendar", "range", "carry_over", "effective", "repeats", "exemptions"})
_HIDDEN: Final = frozenset({"id", "kind", "by"})
"""What something is: changed in the file itself, where everything that hangs on it stands."""


@dataclass(frozen=True)
class Column:
    """A column: the path of its values below their row's, or its own word; heading, width, kind of cell."""

    name: str
    heading: str
    width: float


@dataclass(frozen=True)
class Row:
    """A row: the path that it begins at, as text, what stands in it as words, and the slots of its cells."""

    path: Path
    words: dict[str, str]
    slots: dict[str, Slot]
    total: bool = False
    """Of a dimension: its indicators are summed up beside it."""

    @property
    def place(self) -> str:
        """The text of its path."""
        return place_of(self.path)


@dataclass(frozen=True)
class Layout:
    """A sheet of the workbook."""

    name: str
    heading: str
    columns: tuple[Column, ...]
    rows: list[Row] = field(default_factory=list)


def layouts(root: Piece, lang: str) -> tuple[Layout, Layout, Layout]:
    """Lay out a scheme's file on three sheets: indicators, price lists, and every other value."""
    slots = slots_of(root)
    shown: set[Path] = set()
    indicators = Layout(INDICATORS, say("weights-sheet-indicators", lang), _columns(INDICATORS, lang))
    prices = Layout(PRICES, say("weights-sheet-prices", lang), _columns(PRICES, lang))
    policy = Layout(POLICY, say("weights-sheet-policy", lang), _columns(POLICY, lang))
    by_path = {slot.path: slot for slot in slots}
    for path in _starts(slots, lambda p: len(p) in {2, 4} and p[0] == "dimensions" and p[2:3] in {(), ("indicators",)}):
        dimension = by_path.get((*path[:2], "label"))
        words = {"dimension": (dimension.text if dimension else None) or path[1], "id": path[-1]}
        indicators.rows.append(_row(path, _INDICATOR, words, by_path, shown, total=len(path) == 2))
    for path in _starts(slots, _prices):
        owner = path[-2] if path[0] == "price_lists" else path[3]
        prices.rows.append(_row(path, _PRICE, {"list": owner}, by_path, shown))
    for slot in slots:
        written = slot.text is not None or slot.path[0] in _OPEN or len(slot.path) == 1
        if slot.path in shown or not written or (slot.path[-1] in _HIDDEN and slot.path != ("calendar", "kind")):
            continue
        words = {"part": word_of(slot.path[0], lang), "what": what_of(slot.path, root, lang)}
        words["default"] = shown_as(slot, slot.default, lang) or ""
        policy.rows.append(Row(slot.path, words, {"value": slot}))
    return indicators, prices, policy


def _columns(name: str, lang: str) -> tuple[Column, ...]:
    def own(word: str, width: float) -> Column:
        return Column(word, say(f"weights-column-{word}", lang), width)

    def values(names: Iterable[str], widths: Iterable[float]) -> list[Column]:
        return [
            Column(path, word_of(path.rpartition(".")[2], lang), width)
            for path, width in zip(names, widths, strict=True)
        ]

    if name == INDICATORS:
        widths = (26, 7, 9, 10, 16, 13, 14, 10, 14, 12, 10, 30, 44, 30)
        first, second, _, *rest = values(_INDICATOR, widths)
        identifier = Column("id", word_of("id", lang), 20)
        return (own("dimension", 18), identifier, first, second, own("weight", 9), own(SUM, 8), *rest, own(PLACE, 28))
    if name == PRICES:
        return (own("list", 18), *values(_PRICE, (44, 9, 10, 12, 12, 16, 30)), own(PLACE, 28))
    return (own("part", 16), own("what", 44), own("value", 40), own("default", 16), own(PLACE, 40))


def _starts(slots: Sequence[Slot], is_start: object) -> list[Path]:
    """Return the paths of rows in the order of the file, each once."""
    found: dict[Path, None] = {}
    for slot in slots:
        for length in range(2, len(slot.path)):
            if is_start(slot.path[:length]):  # type: ignore[operator]
                found[slot.path[:length]] = None
    return list(found)


def _prices(path: Path) -> bool:
    if path[0] == "price_lists":
        return len(path) == 3
    return len(path) == 7 and path[0] == "dimensions" and path[4:6] == ("rule", "prices")


def _row(
    path: Path,
    names: Iterable[str],
    words: dict[str, str],
    slots: dict[Path, Slot],
    shown: set[Path],
    *,
    total: bool = False,
) -> Row:
    own = {}
    for name in names:
        at = (*path, *name.split("."))
        if at in slots:
            own[name] = slots[at]
            shown.add(at)
    return Row(path, words, own, total)


def place_of(path: Path) -> str:
    """Return a path as one text; an indicator's begins with its own id."""
    if path[0] == "dimensions" and path[2:3] == ("indicators",) and len(path) > 3:
        path = ("indicators", *path[3:])
    return ".".join(path)


def word_of(key: str, lang: str) -> str:
    """Return what a key is called; the key itself where it is a name of the scheme's own."""
    return catalogue(lang).get(f"key-{key.lower().replace('_', '-')}", key)


def what_of(path: Path, root: Piece, lang: str, named: Mapping[Path, str] | None = None) -> str:
    """Return the steps of a path below its first as words: keys by their words, items by `named` or their labels."""
    words: list[str] = []
    piece: Piece | None = root
    for number, step in enumerate(path):
        parent = piece
        piece = None
        if parent is not None:
            piece = child(parent, step)
        if number == 0 and len(path) > 1:
            continue
        if parent is not None and parent.kind == "sequence":
            label = piece.get("label") if piece is not None else None
            own = (named or {}).get(path[: number + 1]) or (label.text if label is not None else None)
            words.append(own or step)
        elif number and path[number - 1] in {"values", "words_en", "price_lists"} and number == 1:
            words.append(word_of(step, lang) if path[0] == "values" else step)
        elif not (step == "indicators" and path[0] == "dimensions"):
            words.append(word_of(step, lang))
    return " · ".join(words)


def shown_as(slot: Slot, text: str | None, lang: str) -> str | None:
    """Return a value as a cell shows it: choices by their words."""
    if text is None:
        return None
    if slot.kind == "yes":
        return say("weights-yes" if text.lower() == "true" else "weights-no", lang)
    return choice_word(slot, text, lang) if text in slot.choices else text


def choice_word(slot: Slot, code: str, lang: str) -> str:
    """Return the word of a choice; its code where there is none."""
    known, tail = catalogue(lang), code.replace("_", "-")
    *_, before, key = ("", *(step.replace("_", "-") for step in slot.path))
    return known.get(f"choice-{before}-{key}-{tail}") or known.get(f"choice-{key}-{tail}") or code


def options(slot: Slot, lang: str) -> list[str]:
    """Return the words that a cell may hold; nothing where it is free."""
    if slot.kind == "yes":
        return [say("weights-yes", lang), say("weights-no", lang)]
    return [choice_word(slot, code, lang) for code in slot.choices] if slot.kind == "choice" else []


def token(slot: Slot, text: str, lang: str) -> str | None:
    """Return what the file writes for a value told by its word or its code; None where that cannot stand there."""
    words = {shown_as(slot, code, lang) or code: code for code in slot.choices}
    if slot.kind == "yes":
        words = {say("weights-yes", lang): "true", say("weights-no", lang): "false", "true": "true", "false": "false"}
    if text in words or text in slot.choices:
        return words.get(text, text)
    made: str | None = None
    if slot.kind == "amount":
        with suppress(ValueError):
            made = plain_amount(text)
    elif slot.kind == "whole":
        plain = text.removesuffix(".0")  # workbooks give 8 as 8.0
        made = plain if plain.isascii() and plain.removeprefix("-").isdigit() else None
    elif slot.kind == "day":
        made = text.removesuffix(" 00:00:00")
    elif slot.kind == "conditions":
        braced = text if text.startswith("{") else "{" + text + "}"
        with suppress(yaml.YAMLError):
            made = braced if isinstance(yaml.safe_load(braced), dict) else None
    elif slot.kind == "text":
        made = token_of(text)
    return made


def why_not(slot: Slot, lang: str, **parameters: object) -> str:
    """Say why a value cannot stand in a place."""
    code = slot.kind if slot.kind in {"amount", "whole", "conditions"} else "choice"
    choices = say("list-comma", lang).join(dict.fromkeys([*options(slot, lang), *slot.choices]))
    return say(f"weights-import-bad-{code}", lang, choices=choices, **parameters)


def as_number(text: str) -> float | None:
    """Return an amount as a cell's number where that says the same; None where it stays text (1/3)."""
    if not re.fullmatch(r"-?\d{1,9}(\.\d{1,6})?", text):
        return None
    return float(text)


def same_amount(one: str, other: str) -> bool:
    """Tell whether two texts write the same amount."""
    try:
        return parse_amount(one) == parse_amount(other)
    except ValueError:
        return one == other


def plain_amount(text: str) -> str:
    """Return an amount as a file writes it, whatever way a workbook gave it (`2.0`, `1.50`).

    Raises
    ------
    ValueError
        It is none.
    """
    tidy = re.sub(r"(\.\d*?)0+$", r"\1", text.strip()).removesuffix(".")
    return text.strip() if "/" in text else write_amount(Fraction(parse_amount(tidy)))


def mark_of(sha256: str) -> str:
    """Return the mark by which a workbook knows the file it was made from, in letters: digits could be masked."""
    return "".join(chr(ord("a") + int(digit, 16)) for digit in sha256[:32])
