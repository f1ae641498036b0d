"""Random histories: ledger and store balance after every step. More of them: tests/long/test_histories_long.py."""

from hypothesis import HealthCheck, settings

from tests.histories import Histories

TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=2, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
