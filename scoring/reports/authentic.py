"""The check code of a town's sheet: what is on paper can be held against what was scored, by anybody.

The digest is over all that a score consists of: the town, its score and place, every entry of its ledger and what each
finding cost. Wording is not part of it, so the sheet that leaves, with names masked, has the code of the one that
stays. The code is the digest's first 80 bits in letters and digits that nobody takes for one another.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from scoring.assessment import Assessment
    from scoring.reports.labels import Labels

LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U; whoever reads one for a digit is understood."""
_READ_AS: Final = str.maketrans("ILO", "110")
_LENGTH: Final = 16
_GROUP: Final = 4
_SCORE: Final = ("town_code", "outcome", "score_num", "score_den", "rank", "group_rank", "grade")
_ENTRY: Final = ("entry_id", "part", "indicator", "kind", "subject", "points_num", "points_den")
_FINDING: Final = ("finding_id", "disposition", "net_num", "net_den")


@dataclass(frozen=True)
class Proof:
    """What a sheet prints of it: the code and the digest with their names, and the square."""

    code: str
    digest: str
    square: Square


@dataclass(frozen=True)
class Square:
    """A QR code as an SVG path of lines one unit thick; `side` units in all, without a margin.

    A line is drawn in half the time of a rectangle.
    """

    side: int
    path: str


def proof_of(own: Assessment, labels: Labels) -> Proof:
    """Return what the sheet of the one town that the assessment holds prints at its end."""
    digest = digest_of(own)
    row = own.scores.row(0, named=True)
    said = {"town": row["town"], "period": labels.period, "edition": own.head["edition"]}
    said |= {"score": row["score"] or "-", "code": code_of(digest), "digest": digest}
    return Proof(
        labels("reports-proof-code", code=said["code"]),
        labels("reports-proof-digest", digest=digest),
        square_of(labels("reports-proof-square", **said)),
    )


def digest_of(own: Assessment) -> str:
    """Return the SHA-256 over what a town's score consists of, from the assessment of that town alone."""
    head = own.head
    said = {
        "period": head["period"]["id"],
        "edition": head["edition"],
        "stage": head["stage"],
        "run_code": head.get("run_code"),
        "scheme": head["scheme"]["hash"],
        "score": own.scores.select(_SCORE).rows(),
        "ledger": own.ledger.select(_ENTRY).rows(),
        "findings": own.findings.select(_FINDING).sort("finding_id").rows(),
    }
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def code_of(digest: str) -> str:
    """Return a digest's check code, in four groups of four.

    Examples
    --------
    >>> code_of("0" * 18 + "ff" + "0" * 44)
    '0000-0000-0000-007Z'
    """
    number = int(digest[: _LENGTH * 5 // 4], 16)
    text = "".join(LETTERS[number >> shift & 31] for shift in range((_LENGTH - 1) * 5, -1, -5))
    return "-".join(text[place : place + _GROUP] for place in range(0, _LENGTH, _GROUP))


def read_code(text: str) -> str | None:
    """Return a check code as somebody typed it in the form of `code_of`; None where it is none.

    Examples
    --------
    >>> read_code(" oooo 0000-0000 oo7z")
    '0000-0000-0000-007Z'
    """
    plain = "".join(one for one in text.upper().translate(_READ_AS) if one.isalnum())
    if len(plain) != _LENGTH or not set(plain) <= set(LETTERS):
        return None
    return "-".join(plain[place : place + _GROUP] for place in range(0, _LENGTH, _GROUP))


def square_of(text: str) -> Square:
    """Return a text as a QR code that bears the loss of 15 % of it."""
    import segno  # late: a page without one does not need it

    rows = [bytes(row) for row in segno.make_qr(text, error="m", boost_error=False).matrix]
    runs = [f"M{start} {y}.5h{len(run)}" for y, row in enumerate(rows) for start, run in _runs(row)]
    return Square(len(rows), "".join(runs))


def _runs(row: bytes) -> list[tuple[int, bytes]]:
    """Return the runs of dark modules of a row, each with where it starts."""
    found: list[tuple[int, bytes]] = []
    place = 0
    for part in row.replace(b"\x00", b" ").split(b" "):
        if part:
            found.append((place, part))
        place += len(part) + 1
    return found
