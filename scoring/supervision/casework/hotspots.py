"""Where complaints gather: plain counts by town, village and topic, beside the period before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

import polars as pl

from scoring.periods import Period
from scoring.supervision.tables import SupervisionTables

Dimension = Literal["town", "village", "topic"]
_DIMENSIONS: Final[tuple[Dimension, ...]] = ("town", "village", "topic")


@dataclass(frozen=True)
class Hotspot:
    """How many complaints there were somewhere, now and in the period before (None: there is no period before).

    `few` where the present count is too small to say more than itself.
    """

    dimension: Dimension
    town: str
    name: str
    now: int
    past: int | None
    few: bool


def hotspots(tables: SupervisionTables, period: Period, before: Period | None, few: int) -> list[Hotspot]:
    """Return where there were complaints in the period, by dimension, the most first.

    Complaints are the calls marked as such, and all petitions. A village is a town's; a topic is all towns'.
    """
    now, past = (Counter(_places(tables, span)) if span else Counter() for span in (period, before))
    found = [
        Hotspot(dimension, town, name, count, past[dimension, town, name] if before else None, count < few)
        for (dimension, town, name), count in now.items()
    ]
    return sorted(found, key=lambda one: (_DIMENSIONS.index(one.dimension), -one.now, one.town, one.name))


def _places(tables: SupervisionTables, span: Period) -> Iterator[tuple[Any, str, str]]:
    calls = tables.hotline.filter(pl.col("complaint") == "yes")
    for frame, day in ((calls, "called_on"), (tables.petitions, "received_on")):
        for town, village, topic in (
            frame.filter(pl.col(day).is_between(span.start, span.end)).select("town", "village", "topic").iter_rows()
        ):
            yield "town", town, ""
            if village:
                yield "village", town, village
            if topic:
                yield "topic", "", topic
