"""The doubt of sampling: what a town might have lost, had other cases of its been checked.

A finding weighs a random number of mean 1 in place of 1 (the Bayesian bootstrap, Rubin, Ann. Statist. 9 (1981)), and
what all towns together lead one to expect is added as so many findings of average cost: of the number of findings that
is exactly the gamma-Poisson posterior. Of cases confirmed but not checked the more there are the more is open; where
all were checked nothing is. Rates come from their beta-binomial posterior. docs/doubt.md says more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.scheme import Indicator
from schemas.scheme.rules import Deduct
from scoring.doubt.evidence import Asked, Evidence, Findings
from scoring.doubt.priors import Prior
from scoring.doubt.shapes import share_earned
from scoring.doubt.switches import Ways
from scoring.doubt.town import Columns
from scoring.ledger.facts import Facts

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Counted:
    """A column of findings in one town: its own, what is expected, and how both become points in each way of scoring.

    `factor`, `cap` and `observed`, what the findings themselves take, by way of scoring; `points` of the indicator.
    """

    column: int
    own: Findings
    prior: Prior
    mean_cost: tuple[float, ...]
    checked: float
    unseen: float
    factor: Floats
    cap: Floats
    observed: Floats
    points: float


@dataclass(frozen=True)
class Rated:
    """A column of a rate in one town; of the share earned its cap leaves what lies from `least` to `most`."""

    column: int
    own: Asked
    prior: Prior
    points: float
    least: float
    most: float


@dataclass(frozen=True)
class Sampled:
    """What of one town is open to sampling doubt.

    `way_counted`: way of scoring → way of counting findings. `quality`: shape and inverse scale of how much more is
    found in this town than elsewhere.
    """

    counted: tuple[Counted, ...]
    rated: tuple[Rated, ...]
    way_counted: NDArray[np.int64]
    quality: tuple[float, float]
    sign: int


@dataclass(frozen=True)
class Drawn:
    """Draws of one town, a row a draw.

    `nets`: of each counted column the net points before exposure, draws × ways of counting. `earned`: of each rate by
    how much the share that it earns differs from the one measured.
    """

    nets: tuple[Floats, ...]
    earned: tuple[Floats, ...]


def sampled_of(town: str, ways: Ways, evidence: Evidence, columns: Columns) -> Sampled:
    """Return what of a town is open to doubt."""
    base = ways.counted[0]
    scores = base.scores[town].indicators
    counted: list[Counted] = []
    rated: list[Rated] = []
    own = evidence.findings[town]
    counting = np.array([way.counted for way in ways.ways], dtype=np.int64)
    by_way = [{indicator.id: indicator for _, indicator in way.scheme.indicators()} for way in ways.ways]
    for column, place in enumerate(columns.places):
        known = scores.get(place)
        if known is None or known.outcome != "scored":
            continue
        part, name = place
        indicator = by_way[0][name]
        points = float(indicator.points)
        if place in evidence.found_prior and (town, part, name) not in evidence.fixed:
            limits = np.array([_limits(by[name], base.facts, town) for by in by_way])
            findings = own.get(place) or Findings()
            nets = _together(findings, len(ways.counted))[counting]
            counted.append(
                Counted(
                    column, findings, evidence.found_prior[place], evidence.mean_cost[place],
                    evidence.checked[town], evidence.unseen[town],
                    limits[:, 0], limits[:, 1], np.minimum(nets * limits[:, 0], limits[:, 1]), points,
                )
            )  # fmt: skip
        elif (rate := evidence.rates[town].get(place)) is not None:
            bounds = _bounds(indicator, net=base.scheme.direction == "net")
            rated.append(Rated(column, rate, evidence.rate_prior[place], points, *bounds))
    return Sampled(tuple(counted), tuple(rated), counting, evidence.quality[town], columns.sign)


def _together(findings: Findings, ways: int) -> Floats:
    """Return what the findings cost in every way of counting, before exposure and cap."""
    nets = np.zeros(ways)
    for number, costs in zip(findings.numbers, findings.costs, strict=True):
        nets += number * np.array(costs)
    return nets


def _limits(indicator: Indicator, facts: Facts, town: str) -> tuple[float, float]:
    """Return by what findings are scaled to the cases checked, and the most that is lost, as step 6 and 8 have them."""
    rule = indicator.rule
    factor = 1.0
    if isinstance(rule, Deduct) and rule.exposure is not None:
        counts = facts.checked.get(town)
        factor = 100 / max(counts[rule.exposure.checked] if counts else 0, rule.exposure.minimum)
    return factor, _cap(indicator)


def _cap(indicator: Indicator) -> float:
    if indicator.cap == "none":
        return np.inf
    return float(indicator.points if indicator.cap == "points" else indicator.cap)


def _bounds(indicator: Indicator, *, net: bool) -> tuple[float, float]:
    """Return the least and the most of its points that an indicator measured earns: a cap bounds what net gives."""
    cap = _cap(indicator) / float(indicator.points)
    return (-np.inf, cap) if net else (1 - cap, np.inf)


def draw(rng: np.random.Generator, draws: int, sampled: Sampled) -> Drawn:
    """Draw a town's findings and rates."""
    shape, scale = sampled.quality
    quality = rng.standard_gamma(shape, draws) / scale
    return Drawn(
        tuple(_nets(rng, quality, shape / scale, one) for one in sampled.counted),
        tuple(_earned(rng, draws, one) for one in sampled.rated),
    )


def _nets(rng: np.random.Generator, quality: Floats, usual: float, one: Counted) -> Floats:
    """Return net points in every way of counting, draws × ways of counting.

    With m cases checked and a prior of strength β, m/(β + m) × (Σ own findings' costs × weights + expected ones).

    Parameters
    ----------
    quality, usual
        How much more is found in the town than elsewhere: drawn, and on average.
    """
    expected = one.prior.rate * one.prior.strength
    numbers = np.array([*one.own.numbers, expected * usual])
    costs = np.array([*one.own.costs, one.mean_cost])
    shrunk = one.checked / (one.prior.strength + one.checked)
    own = rng.standard_gamma(numbers[:-1], (len(quality), len(numbers) - 1))
    weights = np.column_stack([own, rng.standard_gamma(expected * quality)])
    found = _times(weights, costs) * shrunk
    seen = _times(numbers[None, :-1], costs[:-1]) if len(numbers) > 1 else np.zeros((1, costs.shape[1]))
    centre = _times(numbers[None, :], costs) * shrunk
    # What was seen is certain; of a whole of which the share f was seen the spread is the smaller by the root of 1 − f.
    middle = (1 - one.unseen) * seen + one.unseen * centre
    drawn: Floats = np.maximum(middle + np.sqrt(one.unseen) * (found - centre), 0.0)
    return drawn


def _times(weights: Floats, costs: Floats) -> Floats:
    """Multiply in one fixed order, so that equal draws give equal bytes whatever the machine's libraries."""
    product = np.zeros((weights.shape[0], costs.shape[1]))
    for number in range(costs.shape[0]):
        product += weights[:, [number]] * costs[number]
    return product


def _earned(rng: np.random.Generator, draws: int, one: Rated) -> Floats:
    """Return by how much the share that a drawn rate earns differs from that of the one measured."""
    prior, own = one.prior, one.own
    met, missed = prior.rate * prior.strength + own.met, (1 - prior.rate) * prior.strength + own.asked - own.met
    if met <= 0 or missed <= 0:
        return np.zeros(draws)
    rates = 100 * np.append(rng.beta(met, missed, draws), own.met / own.asked)
    # What a cap holds back counts as held back here too.
    earned = np.clip(share_earned(own.rule, one.points, rates), one.least, one.most)
    gained: Floats = earned[:-1] - earned[-1]
    return gained


def add_to(shares: Floats, sampled: Sampled, drawn: Drawn, way: NDArray[np.int64]) -> None:
    """Add to the shares earned (draws × columns) what the draws change in them.

    Parameters
    ----------
    way
        Of each draw the number of its way of scoring.
    """
    counting = sampled.way_counted[way]
    for one, nets in zip(sampled.counted, drawn.nets, strict=True):
        net = nets[:, 0] if nets.shape[1] == 1 else np.take_along_axis(nets, counting[:, None], axis=1)[:, 0]
        loss = np.minimum(net * one.factor[way], one.cap[way])
        shares[:, one.column] += sampled.sign * (loss - one.observed[way]) / one.points
    for rate, earned in zip(sampled.rated, drawn.earned, strict=True):
        shares[:, rate.column] -= sampled.sign * earned
