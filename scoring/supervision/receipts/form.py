"""What a receipt's sheet holds: its columns, the mark of each row, and the marks that go with the workbook."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Final

from schemas.tables import Table, catalogue
from scoring.intake.fold import fold
from scoring.messages import say

MARK: Final = "townscore-receipt-1"
"""Begins the sheet of marks; another form of it would have another number."""
KEY: Final = "row_mark"
LOCKED: Final = ("finding_id", "found_on", "description", "due_on")
"""What the bureau says of a finding, in the order of the sheet."""
OPEN: Final = ("outcome", "completed_on", "measures_taken", "recovered", "proof")
"""What the town answers, in the order of the sheet."""
VERIFIED: Final = ("verified_on", "verdict")
"""What the bureau alone may say: told of where a town has filled it in, never taken."""
_SEPARATOR: Final = "#"
_DIGITS: Final = 8


@cache
def returned_table() -> Table:
    """Return the table as which a returned sheet is read: the columns of the ledgers, headed as they may be there."""
    findings, reports = (catalogue().tables[name].columns for name in ("findings", "rectifications"))
    columns = {name: findings[name] for name in LOCKED} | {name: reports[name] for name in OPEN}
    # Whatever stands there is not read, so that nothing in it can be wrong.
    columns |= {name: replace(reports[name], type="text", choices={}) for name in VERIFIED}
    columns[KEY] = replace(
        reports["proof"], id=KEY, zh=say("receipts-column-mark", "zh"), aliases=(say("receipts-column-mark", "en"),)
    )
    # A receipt has no example row, so none of its rows is taken for one; and the number alone tells a row.
    columns = {name: replace(one, example={}, required=name == LOCKED[0]) for name, one in columns.items()}
    return Table("rectifications", catalogue().tables["rectifications"].zh, (), None, columns)


def row_mark(town: str, finding: str) -> str:
    """Return the mark of a row: the finding's number and a checksum over town and number.

    It is no seal: whoever wants to can make one. It shows where a row was pasted from.

    Examples
    --------
    >>> row_mark("T01", "F-1")
    'F-1#2d5d2f0b'
    """
    return f"{finding}{_SEPARATOR}{_short(town, finding)}"


def finding_of(mark: str) -> tuple[str, str]:
    """Return the number and the checksum of a mark; a mark without one has an empty checksum."""
    finding, _, check = mark.rpartition(_SEPARATOR)
    return finding, check


def cell_mark(value: str | date | None) -> str:
    """Return a checksum of what a locked cell said, however its spaces and widths are written; empty of nothing."""
    text = value.isoformat() if isinstance(value, date) else re.sub(r"\s", "", fold(value or ""))
    return _short(text) if text else ""


def _short(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:_DIGITS]
