"""What came back so far, kept beside its draw: a case that was checked once stays checked, whoever's sheet said so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from scoring.outfolder import write_whole
from scoring.supervision.sampling.record import RETURNED, BrokenDraw, Record, facts_of, to_json
from scoring.supervision.sampling.results import Answered

_DAYS: Final = frozenset({"checked", "rechecked"})


def read_kept(record: Record) -> dict[str, Answered]:
    """Return by number what came back so far; nothing of what is on the list no more.

    Raises
    ------
    BrokenDraw
        The file is not as it was written.
    """
    path = record.folder / RETURNED
    if not path.is_file():
        return {}
    listed = {(item.town, item.key) for item in record.items}
    try:
        told = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        return {
            one["key"]: Answered(
                one["town"],
                one["stratum"],
                one["key"],
                facts_of(one["facts"]),
                {name: _read(name, value) for name, value in one["values"].items()},
            )
            for one in told
            if (one["town"], one["key"]) in listed
        }
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError):
        raise BrokenDraw(record.folder, [RETURNED]) from None


def keep(folder: Path, answered: Sequence[Answered]) -> None:
    """Write down what came back.

    Raises
    ------
    OSError
        It cannot be written.
    """
    ordered = sorted(answered, key=lambda one: (one.town, one.stratum, one.key))
    lines = [to_json(asdict(one)) for one in ordered]
    write_whole(folder / RETURNED, "".join(lines).encode())


def _read(name: str, value: Any) -> Any:
    if name in _DAYS:
        return date.fromisoformat(value)
    return Decimal(value) if name == "amount" else value
