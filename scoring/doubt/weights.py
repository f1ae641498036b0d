"""The doubt about weights: other weights around the scheme's, for dimensions and for the indicators within each.

OECD/JRC, Handbook on Constructing Composite Indicators (2008), step 7; Saisana, Saltelli & Tarantola, J. R. Statist.
Soc. A 168 (2005). What changing a weight means: score(w) = Σ wᵢ·eᵢ, eᵢ being the share earned; prices stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Around = Literal["percent", "dirichlet"]
AROUND: Final[tuple[Around, ...]] = ("percent", "dirichlet")


def factors(
    rng: np.random.Generator,
    draws: int,
    points: Sequence[Sequence[float]],
    spread: float,
    around: Around = "percent",
) -> Floats:
    """Draw by what each indicator's weight is multiplied.

    The weights of the dimensions vary and keep their sum; within each dimension those of its indicators vary and keep
    theirs. By `percent` each is multiplied by a number between 1 − spread and 1 + spread, all equally likely, before
    the sum is restored; by `dirichlet` they come from a Dirichlet distribution whose mean is the scheme's weights and
    whose variance is about the same.

    Parameters
    ----------
    points
        Of every dimension the points of its indicators, above 0.
    spread
        A share, from 0 (no doubt) to below 1.

    Returns
    -------
    draws × indicators, in the order of the dimensions; Σ points × factor is the same in every row.
    """
    totals = np.array([sum(own) for own in points])
    above = _around(rng, draws, totals, spread, around)
    within = [_around(rng, draws, np.array(own), spread, around) for own in points]
    return np.concatenate([above[:, [number]] * own for number, own in enumerate(within)], axis=1)


def _around(rng: np.random.Generator, draws: int, weights: Floats, spread: float, around: Around) -> Floats:
    if spread <= 0 or len(weights) == 1:
        return np.ones((draws, len(weights)))
    shares = weights / weights.sum()
    if around == "percent":
        drawn = rng.uniform(1 - spread, 1 + spread, (draws, len(weights)))
    else:
        drawn = rng.standard_gamma(concentration(shares, spread) * shares, (draws, len(weights))) / shares
    whole = (drawn @ shares)[:, None]
    kept: Floats = np.where(whole > 0, drawn / np.where(whole > 0, whole, 1.0), 1.0)
    return kept


def concentration(shares: Floats, spread: float) -> float:
    """Return the Dirichlet's concentration at which the shares vary as much as by ± spread, summed over all.

    Σ pᵢ(1 − pᵢ)/(k + 1) = Σ pᵢ²·spread²/3, the right side being what uniform factors give before the sum is restored;
    at least 2, where one weight is nearly all and can hardly vary at all.
    """
    squares = float(np.square(shares).sum())
    return max(3 * (1 - squares) / (spread**2 * squares) - 1, 2.0)
