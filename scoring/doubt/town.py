"""A town's score as a sum over its indicators, Σ worth × share earned + what stands outside, in every way of scoring.

`outside` holds all that no draw changes: bonuses, demerits, decisions, what is carried over or was published, caps and
surcharges above the indicator, rounding on the way. At the scheme's own weights and way the sum is the score itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from schemas.scheme import Scheme
from scoring.doubt.switches import Ways
from scoring.exact import add_up
from scoring.ledger import Scored
from scoring.ledger.ending import TownScore
from scoring.ranking import Candidate

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Columns:
    """What scores are sums over: every indicator in every part.

    `places`: (part, indicator); `indicator`: the number of the indicator in the scheme; `full`: its points as the
    scheme has them; `sign`: +1 where what is lost is added to the score, else −1.
    """

    places: tuple[tuple[str, str], ...]
    indicator: NDArray[np.int64]
    full: Floats
    sign: int

    @classmethod
    def of(cls, scheme: Scheme) -> Columns:
        """Return the columns of a scheme as it was applied."""
        own = [indicator for _, indicator in scheme.indicators()]
        parts = [part.id for part in scheme.parts.parts] if scheme.parts else [""]
        return cls(
            tuple((part, indicator.id) for part in parts for indicator in own),
            np.tile(np.arange(len(own)), len(parts)),
            np.tile(np.array([float(indicator.worth) for indicator in own]), len(parts)),
            1 if scheme.direction == "up" else -1,
        )


@dataclass(frozen=True)
class Town:
    """One town.

    Attributes
    ----------
    worth
        How many points of the score each column is worth in this town; 0 where the indicator does not apply.
    share
        What is earned of each, ways × columns; below 0 where more than its points is lost.
    outside, low, high
        What is added to the sum, and the bounds of the score.
    zero
        A decided veto makes the score 0.
    """

    code: str
    candidate: Candidate
    worth: Floats
    share: Floats
    outside: float
    low: float
    high: float
    zero: bool


def towns_of(base: Scored, ways: Ways, candidates: Sequence[Candidate]) -> list[Town]:
    """Return the scored towns, by code: their order in the table decides nothing."""
    scheme = base.scheme
    columns = Columns.of(scheme)
    weight = {part.id: part.weight for part in scheme.parts.parts} if scheme.parts else {"": Fraction(1)}
    zeroing = {gate.id for gate in scheme.gates if gate.effect == "score_zero"}
    return [_town(one, base, ways, columns, weight, zeroing) for one in sorted(candidates, key=lambda one: one.town)]


def _town(
    candidate: Candidate,
    base: Scored,
    ways: Ways,
    columns: Columns,
    weight: Mapping[str, Fraction],
    zeroing: set[str],
) -> Town:
    code = candidate.town
    own = base.scores[code]
    points = {indicator.id: indicator.worth for _, indicator in base.scheme.indicators()}
    worth, share, inside = [], [], []
    for place in columns.places:
        part, indicator = place
        known = own.indicators.get(place)
        if known is None or known.outcome == "not_applicable":
            worth.append(0.0)
            share.append([0.0] * len(ways.ways))
            continue
        each = weight[part] * own.stretch.get(place, Fraction(1))
        worth.append(float(each * points[indicator]))
        inside.append(each * known.earned)
        usual, full = float(known.earned), float(points[indicator])
        earned = [way.earned.get((code, part, indicator)) for way in ways.ways]
        share.append([(usual if value is None else float(value)) / full for value in earned])
    low, high = _bounds(code, base)
    return Town(
        code,
        candidate,
        np.array(worth),
        np.array(share).T.copy(),
        float(_before_bounds(own) - add_up(inside)),
        low,
        high,
        any(gate in zeroing for gate in own.gates),
    )


def _before_bounds(own: TownScore) -> Fraction:
    """Return the score before range, veto and the last rounding."""
    last = [row for row in own.statement.rows if row["kind"] in {"range", "gate"}]
    last += [row for row in own.statement.rows if row["kind"] == "rounding" and not row["indicator"]]
    return own.statement.value - add_up(Fraction(row["points_num"], row["points_den"]) for row in last)


def _bounds(code: str, base: Scored) -> tuple[float, float]:
    """Return the bounds of the score, as step 11 has them."""
    scheme = base.scheme
    low = float(scheme.range.min) if scheme.range.min is not None else 0.0
    if scheme.range.max is not None:
        return low, float(scheme.range.max)
    if scheme.direction == "up":
        return low, np.inf
    weights = add_up(part.weight for part in scheme.parts.parts) if scheme.parts else Fraction(1)
    if base.rolled is not None:
        weights += add_up(share.weight for share in base.rolled.shares[code])
    return low, float(scheme.full * weights)
