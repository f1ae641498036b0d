"""Many random years of published periods: the engine says what the independent reference says, exactly.

`TOWNSCORE_EXAMPLES` sets another number than 500. Examples are drawn anew each time; a failure prints the line that
repeats it.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, given, settings

from tests.test_reference_history import QUICK, live
from tests.years import histories


@given(histories())
@settings(
    max_examples=int(os.environ.get("TOWNSCORE_EXAMPLES", "500")),
    derandomize=False,
    database=None,
    deadline=None,
    phases=QUICK,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
def test_engine_equals_reference_through_many_years(steps):
    live(steps)
