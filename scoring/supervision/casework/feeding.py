"""Which figures may go to the data folder: those that every scheme knows, and that no ledger there has already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from schemas.scheme import Calendar
from scoring.periods import Period, parse_period
from scoring.supervision.casework.figures import Figure


@dataclass(frozen=True)
class Held:
    """A figure that does not go: why (`casework-unknown-measure` or `casework-already`), and what the message names."""

    code: str
    parameters: Mapping[str, object]


def held_back(
    figures: Iterable[Figure],
    known: Mapping[str, frozenset[str]],
    measures: pl.DataFrame,
    file: str,
    period: Period,
    rules: Calendar,
) -> dict[tuple[str, str], Held]:
    """Return the figures that do not go, by town and measure.

    Parameters
    ----------
    known
        Scheme's file → the measures that it knows; an empty set knows any. A measure unknown to one of the workspace's
        schemes would be refused with the whole folder when that one scores.
    measures
        The measures that the data folder holds.
    file
        The name under which the figures go there: what it holds is written over.
    period, rules
        The period and the calendar by which the labels of `measures` are read.
    """
    spoken = _spoken(measures.filter(pl.col("source_file") != file), period, rules)
    found: dict[tuple[str, str], Held] = {}
    for one in figures:
        lacking = [scheme for scheme, names in known.items() if names and one.measure not in names]
        if lacking:
            found[one.town, one.measure] = Held("casework-unknown-measure", {"schemes": lacking})
        elif place := spoken.get((one.town, one.measure)):
            found[one.town, one.measure] = Held("casework-already", {"file": place[0], "row": place[1]})
    return found


def _spoken(measures: pl.DataFrame, period: Period, rules: Calendar) -> dict[tuple[str, str], tuple[str, int]]:
    """Return the town and measure of every row whose period meets this one, with its first place."""
    found: dict[tuple[str, str], tuple[str, int]] = {}
    columns: Sequence[str] = ("town", "measure", "period", "source_file", "source_row")
    for town, measure, label, file, row in measures.select(columns).iter_rows():
        span = parse_period(label, rules)
        if label == period.id or (span is not None and span.start <= period.end and period.start <= span.end):
            found.setdefault((town, measure), (file, row))
    return found
