"""What all tests share: the checkout's root, and Hypothesis profiles that give the same examples every time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Derandomized: a law that fails today fails tomorrow. Two shared cores make deadlines meaningless.
settings.register_profile(
    "default", derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("long", parent=settings.get_profile("default"), derandomize=False, max_examples=10_000)
settings.load_profile(os.environ.get("TOWNSCORE_HYPOTHESIS", "default"))


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout's root folder."""
    return Path(__file__).parents[1]
