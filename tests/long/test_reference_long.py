"""Ten thousand generated data sets: the engine says what the independent reference says, exactly.

`TOWNSCORE_EXAMPLES` sets another number. Examples are drawn anew each time; a failure prints the line that repeats it.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, given, settings

from tests.strategies import worlds
from tests.test_reference import compare


@given(worlds())
@settings(
    max_examples=int(os.environ.get("TOWNSCORE_EXAMPLES", "10000")),
    derandomize=False,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
def test_engine_equals_reference_on_many_examples(world):
    compare(world)
