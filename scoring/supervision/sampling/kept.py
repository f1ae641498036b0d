"""What came back so far, kept beside its draw: a case that was checked once stays checked, whoever's sheet said so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from scoring.outfolder import write_whole
from scoring.supervision.sampling.record import RETURNED, BrokenDraw, Record
from scoring.supervision.sampling.results import Answered

_DAYS: Final = frozenset({"checked", "rechecked"})


def read_kept(record: Record) -> dict[str, Answered]:
    """Return by number what came back of a draw; of cases that are drawn no more nothing.

    Raises
    ------
    BrokenDraw
        The file is not as it was written.
    """
    path = record.folder / RETURNED
    if not path.is_file():
        return {}
    drawn = {(one.item.town, one.item.key): (one, facts) for one, facts in record.drawn}
    kept = {}
    try:
        for line in path.read_text("utf-8").splitlines():
            told = json.loads(line)
            if (found := drawn.get((told["town"], told["key"]))) is not None:
                item, values = found[0].item, {name: _read(name, value) for name, value in told["values"].items()}
                kept[item.key] = Answered(item.town, item.stratum, item.key, found[1], values)
    except (ValueError, KeyError, TypeError, ArithmeticError):
        raise BrokenDraw(record.folder, [RETURNED]) from None
    return kept


def keep(folder: Path, answered: Sequence[Answered]) -> None:
    """Write down what came back.

    Raises
    ------
    OSError
        It cannot be written.
    """
    lines = [
        json.dumps({"town": one.town, "key": one.key, "values": dict(one.values)}, ensure_ascii=False, default=str,
                   sort_keys=True) + "\n"
        for one in sorted(answered, key=lambda one: (one.town, one.stratum, one.key))
    ]  # fmt: skip
    write_whole(folder / RETURNED, "".join(lines).encode())


def _read(name: str, value: Any) -> Any:
    if name in _DAYS:
        return date.fromisoformat(value)
    return Decimal(value) if name == "amount" else value
