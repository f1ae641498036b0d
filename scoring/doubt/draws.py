"""Draws put together: other weights, other ways and other samples → scores of every town.

Random numbers are keyed: those of weights and ways by the seed alone, those of a town's sample by the seed and its
code. So the order of towns changes nothing, and one town more leaves the others' samples as they were.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scoring.doubt.places import Whole, in_units
from scoring.doubt.sampling import Drawn, Sampled, add_to, draw
from scoring.doubt.switches import Ways
from scoring.doubt.town import Columns, Town
from scoring.doubt.weights import Around, factors

Floats = NDArray[np.float64]
SOURCES: Final = ("weights", "methods", "sampling")


@dataclass(frozen=True)
class Model:
    """All that a draw is made from."""

    towns: tuple[Town, ...]
    sampled: tuple[Sampled, ...]
    columns: Columns
    ways: Ways
    points: tuple[tuple[float, ...], ...]
    """Of every dimension the points of its indicators, as they count in it."""
    decimals: int
    spread: float
    around: Around


@dataclass(frozen=True)
class Common:
    """What is drawn once for all towns: factors of the weights (draws × indicators), the choice of every switch."""

    factors: Floats
    choices: NDArray[np.int64]

    def way(self, ways: Ways) -> NDArray[np.int64]:
        """Return the number of the way that each row's choices make; the scheme's own where the facts refuse it."""
        sizes = [switch.choices for switch in ways.switches]
        table = np.zeros(sizes or [1], dtype=np.int64)
        for number, way in enumerate(ways.ways):
            table[way.choice or (0,)] = number
        if not sizes:
            return np.zeros(len(self.factors), dtype=np.int64)
        found: NDArray[np.int64] = table[tuple(self.choices.T)]
        return found


def generator(seed: int, *key: str) -> np.random.Generator:
    """Return a stream of random numbers of its own for these words."""
    words = [int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big") for word in key]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *words])))


def common(model: Model, seed: int, draws: int, which: str = "") -> Common:
    """Draw what all towns share. `which` names one of several independent samples."""
    columns = [
        generator(seed, which, "methods", switch.name).integers(0, switch.choices, draws)
        for switch in model.ways.switches
    ]
    choices = np.stack(columns, axis=1) if columns else np.zeros((draws, 0), dtype=np.int64)
    return Common(factors(generator(seed, which, "weights"), draws, model.points, model.spread, model.around), choices)


def town_sample(model: Model, place: int, seed: int, draws: int, which: str = "") -> Drawn:
    """Draw one town's sample."""
    return draw(generator(seed, which, "sampling", model.towns[place].code), draws, model.sampled[place])


def scored(
    model: Model, place: int, weights: Floats | None, way: NDArray[np.int64] | None, sample: Drawn | None, draws: int
) -> Whole:
    """Return one town's scores in units of the last decimal, a row a draw.

    Parameters
    ----------
    weights, way, sample
        None where that source is not doubted: the scheme's own weights, its own way, the findings as they are.
    """
    town, sampled = model.towns[place], model.sampled[place]
    shares = town.share[[0]] if way is None else town.share[way]
    if sample is not None:
        shares = np.repeat(shares, draws, axis=0) if len(shares) != draws else shares.copy()
        add_to(shares, sampled, sample, np.zeros(draws, dtype=np.int64) if way is None else way)
    if weights is None:
        value = (shares * town.worth).sum(axis=1)
    else:
        # A town's weights sum to what they always do, also where some indicators do not apply to it.
        own = weights[:, model.columns.indicator] * town.worth
        whole = own.sum(axis=1)
        value = (own * shares).sum(axis=1) * (town.worth.sum() / np.where(whole > 0, whole, 1.0))
    value = np.clip(value + town.outside, town.low, town.high)
    if town.zero:
        value = np.zeros_like(value)
    return np.broadcast_to(in_units(value, model.decimals), (draws,))


def scores(model: Model, seed: int, draws: int) -> tuple[Whole, ...]:
    """Return scores with each source alone in doubt, in the order of `SOURCES`, with all, and with all but methods.

    Draws × towns each; all five rest on the same draws.
    """
    shared = common(model, seed, draws)
    way = shared.way(model.ways)
    made = tuple(np.empty((draws, len(model.towns)), dtype=np.int64) for _ in range(len(SOURCES) + 2))
    for place in range(len(model.towns)):
        sample = town_sample(model, place, seed, draws)
        made[0][:, place] = scored(model, place, shared.factors, None, None, draws)
        made[1][:, place] = scored(model, place, None, way, None, draws)
        made[2][:, place] = scored(model, place, None, None, sample, draws)
        made[3][:, place] = scored(model, place, shared.factors, way, sample, draws)
        made[4][:, place] = scored(model, place, shared.factors, None, sample, draws)
    return made


def official(model: Model) -> Whole:
    """Return the scores themselves in units of the last decimal, one row."""
    return np.stack([scored(model, place, None, None, None, 1) for place in range(len(model.towns))], axis=1)


def groups_of(model: Model) -> tuple[str, ...]:
    """Return the sources that variance is shared out to: weights, each switch, sampling."""
    return ("weights", *(switch.name for switch in model.ways.switches), "sampling")


def swapped(model: Model, seed: int, draws: int, then: Callable[[Whole], Floats]) -> Sequence[Floats]:
    """Return what `then` makes of the scores of two independent samples A and B, and of A with each source from B.

    Returns
    -------
    In the order A, B, then one for each of `groups_of`.
    """
    sides = [common(model, seed, draws, which) for which in ("A", "B")]
    names = groups_of(model)
    mixes = [tuple(0 for _ in names), tuple(1 for _ in names)]
    mixes += [tuple(int(name == other) for other in names) for name in names]
    made = np.empty((len(mixes), draws, len(model.towns)), dtype=np.int64)
    factored = [sides[mix[0]].factors for mix in mixes]
    ways = [
        Common(
            sides[0].factors,
            np.stack([sides[own].choices[:, number] for number, own in enumerate(mix[1:-1])], axis=1)
            if mix[1:-1]
            else sides[0].choices,
        ).way(model.ways)
        for mix in mixes
    ]
    for place in range(len(model.towns)):
        samples = [town_sample(model, place, seed, draws, which) for which in ("A", "B")]
        for number, mix in enumerate(mixes):
            made[number, :, place] = scored(model, place, factored[number], ways[number], samples[mix[-1]], draws)
    return [then(one) for one in made]
