"""Of the variance of a result, how much each source accounts for: Sobol's first-order and total indices.

First order after Saltelli et al., "Variance based sensitivity analysis of model output", Computer Physics
Communications 181 (2010), table 2 (b); total after Jansen, "Analysis of variance designs for model output", the same,
117 (1999), which is (f) there. A source may be a group of inputs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def indices(one: Floats, other: Floats, mixed: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Return first-order and total indices.

    Parameters
    ----------
    one, other
        The results of two independent samples A and B: draws × results.
    mixed
        For each source, the results of A with that source alone taken from B.

    Returns
    -------
    Two arrays, sources × results; not a number where a result does not vary. Estimates: a small one may fall below 0.
    """
    middle = (one.mean(axis=0) + other.mean(axis=0)) / 2
    variance = np.concatenate([one, other]).var(axis=0)
    variance = np.where(variance > 0, variance, np.nan)
    first = [((other - middle) * (swapped - one)).mean(axis=0) / variance for swapped in mixed]
    total = [np.square(one - swapped).mean(axis=0) / (2 * variance) for swapped in mixed]
    return np.array(first), np.array(total)
