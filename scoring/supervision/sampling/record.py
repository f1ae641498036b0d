"""What is kept of a draw: list and seed fixed before it, what was drawn, and former draws with why they were replaced.

A draw's folder holds `draw.json` (the commitment), `list.jsonl` (what could be drawn; its SHA-256 stands in the
commitment), `drawn.jsonl` and the work sheets. The commitment lies on the disk, whole, before anything is drawn. The
list begins with a random secret, so that nobody finds out who is on it from the hash, which may be told anyone.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, Literal

from scoring.outfolder import Foreign, put_in_place, write_whole
from scoring.supervision.sampling.drawing import Drawn, Item, Rules, draw, draw_count
from scoring.supervision.sampling.population import Listed

Kind = Literal["sample", "look-back"]
KINDS: Final[tuple[Kind, ...]] = ("sample", "look-back")
DRAW: Final = "draw.json"
LIST: Final = "list.jsonl"
DRAWN: Final = "drawn.jsonl"
RETURNED: Final = "returned.jsonl"
_FORMER: Final = "former"
_DAYS: Final = ("confirmed_on", "approved_on", "found_on", "fixed_on")


class BrokenDraw(Exception):
    """What is kept of a draw does not fit together; `files` are those that were changed or are gone."""

    def __init__(self, folder: Path, files: Sequence[str]) -> None:
        super().__init__(folder, files)
        self.folder = folder
        self.files = tuple(files)


@dataclass(frozen=True)
class Commitment:
    """What is fixed before a draw.

    Attributes
    ----------
    list_sha256, count
        Of the list, and how many stand in it.
    share, number
        A share of each town, or so many of all; one of them.
    first, most
        As in the rules of the draw.
    policy
        SHA-256 of what sampling.yaml says.
    at
        When, as the machine's clock had it.
    replaces, why
        The code of the draw that this one takes the place of, and the reason; None for a first one.
    """

    kind: Kind
    month: str
    list_sha256: str
    count: int
    seed: str
    share: Fraction | None
    number: int | None
    first: tuple[str, ...]
    most: Fraction
    policy: str
    at: str
    replaces: str | None = None
    why: str | None = None

    @property
    def about(self) -> str:
        """What the draw is about: one seed draws differently for each."""
        return f"{self.kind}/{self.month}"

    @property
    def text(self) -> bytes:
        """The commitment as it stands in its file."""
        told = {"format": 1, **asdict(self)}
        return (json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True, default=str) + "\n").encode()

    @property
    def code(self) -> str:
        """Twelve digits of the commitment's hash, in groups: what every work sheet bears."""
        return code_of(self.text)

    def draw(self, items: Sequence[Item]) -> list[Drawn]:
        """Draw from the list."""
        if self.number is not None:
            return draw_count(items, self.seed, self.number, self.about)
        assert self.share is not None
        return draw(items, self.seed, Rules(self.share, self.first, self.most), self.about)


@dataclass(frozen=True)
class Record:
    """A draw as it is kept: its commitment, its list, and each that was drawn with its facts and why."""

    folder: Path
    commitment: Commitment
    items: tuple[Item, ...]
    drawn: tuple[tuple[Drawn, Mapping[str, Any]], ...]
    former: Mapping[str, tuple[tuple[Drawn, Mapping[str, Any]], ...]]
    """By its code what each draw gave that this one has replaced."""
    secret: str
    """The list's first line; numbers of findings are keyed with it, so that they tell nobody's number."""

    def of_town(self, town: str) -> list[tuple[Drawn, Mapping[str, Any]]]:
        """Return what was drawn in a town, in the order of its work sheet."""
        return [one for one in self.drawn if one[0].item.town == town]


def code_of(text: bytes) -> str:
    """Return twelve hex digits of a hash in groups of four."""
    digest = hashlib.sha256(text).hexdigest()
    return "-".join(digest[start : start + 4] for start in (0, 4, 8))


def folder_of(root: Path, kind: Kind, month: str) -> Path:
    """Return where a month's draw is kept."""
    return root / "samples" / (month if kind == "sample" else f"{month}-{kind}")


def list_text(items: Sequence[Item], secret: str) -> bytes:
    """Return the list in its one form: the secret, then a line each, sorted, whatever order they came in."""
    rows = sorted((one.town, one.stratum, one.key, list(one.signs)) for one in items)
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in (secret, *rows)).encode()


def commit(folder: Path, commitment: Commitment, listed: bytes) -> None:
    """Put commitment and list in place, in one step; what a former draw left goes to `former/`.

    Raises
    ------
    Foreign
        The folder holds files and no draw.
    OSError
        It cannot be written.
    """
    held = folder.exists() and any(folder.iterdir())
    if held and not (folder / DRAW).is_file():
        raise Foreign(folder)
    fresh = folder.with_name(f".{folder.name}.{os.getpid()}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        if held:
            if (folder / _FORMER).is_dir():
                shutil.copytree(folder / _FORMER, fresh / _FORMER)
            (fresh / _FORMER).mkdir(exist_ok=True)
            number = len(list((fresh / _FORMER).iterdir())) + 1
            shutil.copytree(folder, fresh / _FORMER / f"{number:02d}", ignore=shutil.ignore_patterns(_FORMER))
            if (folder / RETURNED).is_file():  # what was checked stays checked
                shutil.copyfile(folder / RETURNED, fresh / RETURNED)
        (fresh / DRAW).write_bytes(commitment.text)
        (fresh / LIST).write_bytes(listed)
        put_in_place(fresh, folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def finish(folder: Path, facts: Sequence[Listed]) -> Record:
    """Draw what was committed to, where it is not drawn yet; return the whole record.

    Parameters
    ----------
    facts
        What the sheets say of each that may be drawn.

    Raises
    ------
    BrokenDraw
        List or draw are not what they were.
    """
    commitment, items, _ = _committed(folder)
    if not (folder / DRAWN).is_file():
        known = {(one.item.town, one.item.key): one.facts for one in facts}
        lines = [_line(one, known[one.item.town, one.item.key]) for one in commitment.draw(items)]
        write_whole(folder / DRAWN, "".join(lines).encode())
    record = read_record(folder)
    assert record is not None
    return record


def read_record(folder: Path) -> Record | None:
    """Return what is kept of a draw; None where there is none, or nothing was drawn yet.

    Raises
    ------
    BrokenDraw
        The list is not the one that was committed to, or what was drawn is not what it gives.
    """
    if not (folder / DRAW).is_file() or not (folder / DRAWN).is_file():
        return None
    commitment, items, secret = _committed(folder)
    drawn = _read_drawn(folder)
    if [one for one, _ in drawn] != commitment.draw(items):
        raise BrokenDraw(folder, [DRAWN])
    past = {code_of(path.read_bytes()): path.parent for path in sorted((folder / _FORMER).glob(f"*/{DRAW}"))}
    former = {code: tuple(_read_drawn(path)) for code, path in past.items() if (path / DRAWN).is_file()}
    return Record(folder, commitment, items, tuple(drawn), former, secret)


def _read_drawn(folder: Path) -> list[tuple[Drawn, Mapping[str, Any]]]:
    try:
        return [_read_line(line) for line in (folder / DRAWN).read_text("utf-8").splitlines()]
    except (ValueError, KeyError, TypeError):
        raise BrokenDraw(folder, [DRAWN]) from None


def read_commitment(folder: Path) -> tuple[Commitment, str] | None:
    """Return what a draw was committed to, and its list's secret; None where there is none.

    Raises
    ------
    BrokenDraw
        The file is not as it was written, or its list is another.
    """
    if not (folder / DRAW).is_file():
        return None
    commitment, _, secret = _committed(folder)
    return commitment, secret


def _committed(folder: Path) -> tuple[Commitment, tuple[Item, ...], str]:
    text = (folder / DRAW).read_bytes()
    try:
        told = json.loads(text)
        told.pop("format")
        fractions = {name: None if told[name] is None else Fraction(told[name]) for name in ("share", "most")}
        commitment = Commitment(**{**told, **fractions, "first": tuple(told["first"])})
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BrokenDraw(folder, [DRAW]) from None
    if commitment.text != text:
        raise BrokenDraw(folder, [DRAW])
    try:
        held = (folder / LIST).read_bytes()
    except FileNotFoundError:
        raise BrokenDraw(folder, [LIST]) from None
    if hashlib.sha256(held).hexdigest() != commitment.list_sha256:
        raise BrokenDraw(folder, [LIST])
    secret, *rows = [json.loads(line) for line in held.decode().splitlines()]
    return commitment, tuple(Item(town, stratum, key, tuple(signs)) for town, stratum, key, signs in rows), secret


def to_json(value: Any) -> str:
    """Return a line of one of these files: its keys sorted, days as they are written."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str) + "\n"


def facts_of(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return facts as they were before they were written down: days are days."""
    return {name: date.fromisoformat(value) if name in _DAYS and value else value for name, value in told.items()}


def _line(one: Drawn, facts: Mapping[str, Any]) -> str:
    return to_json({**asdict(one.item), "why": one.why, "facts": dict(facts)})


def _read_line(line: str) -> tuple[Drawn, Mapping[str, Any]]:
    told = json.loads(line)
    item = Item(told["town"], told["stratum"], told["key"], tuple(told["signs"]))
    return Drawn(item, told["why"]), facts_of(told["facts"])
