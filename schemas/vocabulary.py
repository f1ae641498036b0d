"""What a scheme lets the data say: plain data, so that intake never needs to know a scheme."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

FieldType = Literal["text", "integer", "decimal", "date"]


@dataclass(frozen=True)
class DeclaredField:
    """A column that the scheme adds to a table of the bureau.

    Attributes
    ----------
    id, label
        The column may be headed by either.
    type
        How its cells are read: text, integer (not negative), decimal (six places), date.
    table
        The table that carries it.
    values
        The words it may hold; empty when anything goes.
    """

    id: str
    label: str
    type: FieldType
    table: Literal["findings", "towns"]
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Vocabulary:
    """The names, words and columns that one scheme knows.

    Attributes
    ----------
    indicators, indicator_aliases
        Indicator id to label, and further name to id; data may use id, label or alias. Empty: anything goes.
    severities
        Canonical words, mild first; empty when anything goes.
    measures
        Measure id to label. Empty: anything goes.
    judged
        The indicators that are scored on site, hence possible columns of a town by item matrix.
    by_finding
        The indicators that findings are priced on. Empty: any.
    fields
        Columns that the scheme declares.
    values
        Closed lists of further columns of findings, which replace those of tables.yaml.
    intervals
        Ids of declared intervals and parts that a measure's period may name.
    priced_quantities
        The counts that the scheme prices by; a blank one is refused where it is priced.
    """

    indicators: Mapping[str, str] = field(default_factory=dict)
    indicator_aliases: Mapping[str, str] = field(default_factory=dict)
    severities: tuple[str, ...] = ()
    measures: Mapping[str, str] = field(default_factory=dict)
    judged: frozenset[str] = frozenset()
    by_finding: frozenset[str] = frozenset()
    fields: tuple[DeclaredField, ...] = ()
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    intervals: tuple[str, ...] = ()
    priced_quantities: frozenset[str] = frozenset()
