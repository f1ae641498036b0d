"""Which columns may leave to a town: an allow-list, drawn from schemas/tables.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from schemas.tables import Column, catalogue

# Letters, checks, measures and judgements do not leave as tables: referrals stand among the letters.
TABLES: Final = ("findings", "rectifications", "appeals", "adjustments")


@cache
def distributed() -> Mapping[str, tuple[str, ...]]:
    """Return by table the columns that may leave, in the order of tables.yaml; what is not named never does.

    A scheme's own fields and the places where a row was read are not named.
    """
    return _columns(frozenset({True, False}))


@cache
def free_text() -> Mapping[str, tuple[str, ...]]:
    """Return those of them that hold free text, and leave through `redact_frame` alone."""
    return _columns(frozenset({True}))


def _columns(masked: frozenset[bool]) -> Mapping[str, tuple[str, ...]]:
    def leaves(column: Column) -> bool:
        return not column.restricted and column.leaves != "never" and (column.leaves == "masked") in masked

    tables = catalogue().tables
    return MappingProxyType(
        {name: tuple(column.id for column in tables[name].columns.values() if leaves(column)) for name in TABLES}
    )
