"""What drawn rates earn: the shapes of scoring/pricing/rate.py and pass_fail.py over many numbers at once."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from schemas.scheme.rules import PassFail, Rate, Shaped

Floats = NDArray[np.float64]
_HAIR = 1e-9
"""Edges are inclusive: what stands on one in exact numbers is not to fall off it as a float."""


def share_earned(rule: Rate | PassFail, points: float, values: Floats) -> Floats:
    """Return the share of `points` that each value (percent, or units) earns, 0 to 1."""
    if isinstance(rule, PassFail):
        met = values >= float(rule.at_least) - _HAIR if rule.at_least is not None else _at_most(rule, values)
        return met.astype(np.float64)
    return _shaped(rule, points, values, rule.better)


def _at_most(rule: PassFail, values: Floats) -> NDArray[np.bool_]:
    return values <= float(rule.at_most or 0) + _HAIR


def _shaped(shape: Shaped, points: float, values: Floats, better: Literal["higher", "lower"]) -> Floats:
    if shape.per_point is not None:
        target = float(shape.per_point.target)
        short = np.maximum(target - values if better == "higher" else values - target, 0.0)
        if shape.per_point.step == "whole":
            short = np.floor(short + _HAIR)
        return np.maximum(1 - float(shape.per_point.price) * short / points, 0.0)
    if shape.linear is not None:
        none_at, full_at = float(shape.linear.none_at), float(shape.linear.full_at)
        return np.clip((values - none_at) / (full_at - none_at), 0.0, 1.0)
    earned = np.zeros_like(values)
    for band in reversed(shape.bands or ()):
        held = (
            values >= float(band.at_least) - _HAIR
            if band.at_least is not None
            else values <= float(band.at_most or 0) + _HAIR
        )
        earned = np.where(held, min(float(band.points) / points, 1.0), earned)
    return earned
