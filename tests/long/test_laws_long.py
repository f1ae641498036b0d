"""Every law of tests/test_laws.py and the equality of plans, on ten thousand random examples each.

`TOWNSCORE_EXAMPLES` sets another number. Examples are drawn anew each time; a failure prints the line that repeats it.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.strategies import worlds
from tests.test_laws import LAWS
from tests.test_plan import compare_modes

pytestmark = pytest.mark.long
EXAMPLES = int(os.environ.get("TOWNSCORE_EXAMPLES", "10000"))


def often(*drawn):
    """`given`, on many examples."""
    many = settings(
        max_examples=EXAMPLES,
        derandomize=False,
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    return lambda check: many(given(*drawn)(check))


@pytest.mark.parametrize("name", LAWS)
def test_law_holds_on_many_examples(name):
    drawn, check = LAWS[name]
    often(*drawn)(check)()


@often(worlds(), st.sampled_from([1, 1, 1, 20]))
def test_plans_are_equal_on_many_examples(world, times):
    compare_modes(world, times)
