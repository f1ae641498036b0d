"""Random lives of a real store. More of them: tests/long/test_histories_long.py."""

import pytest
from hypothesis import HealthCheck, settings

from tests.stores import Stores

pytestmark = pytest.mark.long

TestStores = Stores.TestCase
TestStores.settings = settings(
    max_examples=2, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
