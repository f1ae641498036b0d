"""How sure the ranking is: what other weights, other ways and other samples would do to places and grades.

Official scores and ranks are read here and never changed. docs/doubt.md says how it is reckoned and what it cannot say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any, Final

import numpy as np
import polars as pl

from schemas.scheme import Dimension, Scheme
from scoring.doubt.draws import SOURCES, Model, groups_of, official, scores, swapped
from scoring.doubt.evidence import gather
from scoring.doubt.outcome import (
    APART,
    ENDS,
    HIGH,
    LOW,
    MOST_PAIRS,
    Pairs,
    by_number,
    groups,
    inseparable,
    interval,
    leading,
    trailing,
)
from scoring.doubt.places import Field, Whole, grades, ranks
from scoring.doubt.sampling import sampled_of
from scoring.doubt.sobol import indices
from scoring.doubt.switches import score_ways
from scoring.doubt.town import Columns, Town, towns_of
from scoring.doubt.weights import AROUND, Around
from scoring.exact import add_up
from scoring.intake import Tables
from scoring.ledger import Frozen, Scored, score
from scoring.outcome.scores import candidates
from scoring.periods import Period
from scoring.shapes import DOUBT
from scoring.workdays import Workdays

FEWEST: Final = 3
"""Of fewer ranked towns nothing is said."""
SEED: Final = 20080901
SPREAD: Final = 25
"""Percent by which weights vary: what the practice of composite indicators usually takes."""
DRAWS: Final = 10_000
DRAWS_OF_A_RUN: Final = 2_000
_SHARED_OUT: Final = 2_048
"""Draws of each of the two samples that variance is shared out with, at most; and a quarter of all."""
_CELLS: Final = 8_000_000
"""Draws × towns, at most: of more towns fewer are drawn, and the head says how many."""


@dataclass(frozen=True)
class Asked:
    """How much is drawn, from which seed, and how far weights vary (percent, below 100)."""

    draws: int = DRAWS
    seed: int = SEED
    spread: int = SPREAD
    around: Around = "percent"


@dataclass(frozen=True)
class Doubt:
    """A row a ranked town, and what the head of the assessment says of all."""

    frame: pl.DataFrame
    said: dict[str, Any]


def doubt_of(
    tables: Tables,
    scheme: Scheme,
    period: Period,
    as_of: date,
    *,
    past: Sequence[Frozen] = (),
    workdays: Workdays | None = None,
    asked: Asked | None = None,
) -> Doubt:
    """Say how sure the ranking of a period is.

    Raises
    ------
    Refused
        The facts cannot be scored under the scheme itself.
    """
    asked = asked or Asked()
    asked = replace(asked, draws=min(asked.draws, max(FEWEST, _CELLS // max(tables.towns.height, 1))))
    base = score(tables, scheme, period, as_of, past=past, workdays=workdays)
    said = {"draws": asked.draws, "seed": asked.seed, "spread": asked.spread, "around": asked.around}
    if base.rolled is not None and base.rolled.pure:
        return Doubt(pl.DataFrame(schema=DOUBT), {**said, "reason": "published"})
    if len(base.scores) < FEWEST:
        return Doubt(pl.DataFrame(schema=DOUBT), {**said, "reason": "few"})
    model = _model(tables, scheme, period, as_of, base, past, workdays, asked)
    return _told(model, base, asked, said)


def _model(
    tables: Tables,
    scheme: Scheme,
    period: Period,
    as_of: date,
    base: Scored,
    past: Sequence[Frozen],
    workdays: Workdays | None,
    asked: Asked,
) -> Model:
    ways = score_ways(tables, scheme, period, as_of, base, past=past, workdays=workdays)
    towns = towns_of(base, ways, candidates(base, base.scheme, as_of))
    columns, evidence = Columns.of(base.scheme), gather(ways)
    return Model(
        tuple(towns),
        tuple(sampled_of(town.code, ways, evidence, columns) for town in towns),
        columns,
        ways,
        tuple(_points(dimension) for dimension in base.scheme.dimensions),
        base.scheme.decimals,
        asked.spread / 100,
        asked.around,
    )


def _points(dimension: Dimension) -> tuple[float, ...]:
    own = [one.worth for one in dimension.indicators]
    scale = dimension.points / add_up(own) if dimension.scale else Fraction(1)
    return tuple(float(scale * points) for points in own)


def _field(towns: Sequence[Town], scheme: Scheme) -> Field:
    """Return what of the ranked towns no draw changes."""
    effects = {gate.id: gate for gate in scheme.gates}
    ties = sorted({town.candidate.ties for town in towns})
    groups_ = sorted({town.candidate.group for town in towns})
    ids = [grade.id for grade in scheme.grades.grades] if scheme.grades else []
    own = [[effects[gate] for gate in town.candidate.gates if gate in effects] for town in towns]

    def has(effect: str) -> Any:
        return np.array([any(gate.effect == effect for gate in gates) for gates in own])

    ceiling = [
        max((ids.index(g.grade) for g in gates if g.effect == "grade_ceiling" and g.grade in ids), default=0)
        for gates in own
    ]
    return Field(
        np.array([ties.index(town.candidate.ties) for town in towns]),
        np.array([groups_.index(town.candidate.group) for town in towns]),
        has("last_place"),
        has("grade_down"),
        np.array(ceiling),
        ~has("no_honours"),
    )


def _told(model: Model, base: Scored, asked: Asked, said: dict[str, Any]) -> Doubt:
    towns, scheme = model.towns, base.scheme
    field = _field(towns, scheme)
    # The order in which towns stand, from the first; equal ones by code.
    stand = ranks(official(model), field, scheme)[0]
    order = [int(place) for place in np.lexsort((np.arange(len(towns)), stand))]
    *alone, drawn, level = scores(model, asked.seed, asked.draws)
    placed = ranks(drawn, field, scheme)
    columns: dict[str, Whole] = {"rank": stand}
    columns["low"], columns["high"] = interval(placed)
    for source, own in zip(SOURCES, alone, strict=True):
        columns[f"low_{source}"], columns[f"high_{source}"] = interval(ranks(own, field, scheme))
    columns |= {"first": leading(placed, 1), "top": leading(placed, ENDS), "bottom": trailing(placed, ENDS)}
    # Edges of grades are set for the scheme's own way of scoring; another way would have others.
    graded = by_number(grades(level, field, scheme), len(scheme.grades.grades)) if scheme.grades else None
    shared = _shared_out(model, field, scheme, asked, stand)
    pairs = Pairs(placed)
    alike = inseparable(pairs, order) if len(towns) <= MOST_PAIRS else None
    frame = pl.DataFrame(
        [
            {
                "town_code": towns[place].code,
                **{name: int(values[place]) for name, values in columns.items()},
                "grades": graded[place].tolist() if graded is not None else [],
                **shared.of_town(place),
            }
            for place in order
        ],
        schema=DOUBT,
    )
    codes = [town.code for town in towns]
    return Doubt(
        frame,
        {
            **said,
            "reason": None,
            "low": str(LOW), "high": str(HIGH), "apart": str(APART), "ends": ENDS,
            "methods": [switch.name for switch in model.ways.switches],
            "groups": [[codes[place] for place in run] for run in groups(pairs, order, stand)],
            "pairs": None if alike is None else len(towns) * (len(towns) - 1) // 2,
            "alike": None if alike is None else [[codes[one], codes[other]] for one, other in alike],
            "sources": shared.said,
        },
    )  # fmt: skip


@dataclass(frozen=True)
class _Shared:
    """How the variance of ranks is shared out among the sources; `said` is that of the mean shift of all ranks."""

    names: tuple[str, ...]
    first: Any
    total: Any
    said: list[dict[str, str | None]]

    def of_town(self, place: int) -> dict[str, str | None]:
        """Return the source that a town's rank depends on most, and its indices; nothing where it never moves."""
        total = self.total[:, place]
        if np.isnan(total).any():
            return {"driver": None, "driver_first": None, "driver_total": None}
        most = int(np.argmax(np.round(total, 2)))
        first = _hundredths(self.first[most, place])
        return {"driver": self.names[most], "driver_first": first, "driver_total": _hundredths(total[most])}


def _shared_out(model: Model, field: Field, scheme: Scheme, asked: Asked, stand: Whole) -> _Shared:
    draws = max(16, min(_SHARED_OUT, asked.draws // 4))

    def ranked(drawn: Whole) -> Any:
        own = ranks(drawn, field, scheme).astype(np.float64)
        return np.column_stack([own, np.abs(own - stand).mean(axis=1)])

    one, other, *mixed = swapped(model, asked.seed, draws, ranked)
    first, total = indices(one, other, mixed)
    names = groups_of(model)
    said = [
        {"source": name, "first": _hundredths(first[number, -1]), "total": _hundredths(total[number, -1])}
        for number, name in enumerate(names)
    ]
    return _Shared(names, first, total, said)


def _hundredths(value: float) -> str | None:
    """Write an index with two decimals; it is an estimate, and below 0 there is none."""
    return None if np.isnan(value) else f"{min(max(float(value), 0.0), 1.0):.2f}"


__all__ = ["AROUND", "DRAWS", "DRAWS_OF_A_RUN", "SEED", "SPREAD", "Asked", "Doubt", "doubt_of"]
