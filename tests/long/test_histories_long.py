"""Random histories, many and long. TOWNSCORE_HISTORIES sets how many (200)."""

import os

from hypothesis import HealthCheck, settings

from tests.histories import Histories

TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=int(os.environ.get("TOWNSCORE_HISTORIES", "200")),
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
