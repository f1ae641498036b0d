"""Which columns may leave to a town: an allow-list, drawn from schemas/tables.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from schemas.tables import Column, catalogue

# Letters, checks, measures and judgements do not leave as tables: referrals stand among the letters.
TABLES: Final = ("findings", "rectifications", "appeals", "adjustments")


def _columns(masked: frozenset[bool]) -> Mapping[str, tuple[str, ...]]:
    def leaves(column: Column) -> bool:
        return not column.restricted and column.leaves != "never" and (column.leaves == "masked") in masked

    tables = catalogue().tables
    return MappingProxyType(
        {name: tuple(column.id for column in tables[name].columns.values() if leaves(column)) for name in TABLES}
    )


# Table → its columns that may leave, in the order of tables.yaml; what is not named here never does. A scheme's own
# fields and the places where a row was read are not named.
DISTRIBUTED: Final[Mapping[str, tuple[str, ...]]] = _columns(frozenset({True, False}))
# Those of them that hold free text, and leave through `redact_frame` alone.
FREE_TEXT: Final[Mapping[str, tuple[str, ...]]] = _columns(frozenset({True}))
