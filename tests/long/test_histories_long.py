"""Random histories, many and long: TOWNSCORE_HISTORIES (200) of them, TOWNSCORE_STORES (30) of a real store."""

import os

from hypothesis import HealthCheck, settings

from tests.histories import Histories
from tests.stores import Stores

TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=int(os.environ.get("TOWNSCORE_HISTORIES", "200")),
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

TestStores = Stores.TestCase
TestStores.settings = settings(
    max_examples=int(os.environ.get("TOWNSCORE_STORES", "30")),
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
