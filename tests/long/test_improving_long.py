"""The least effort against brute force on a thousand random worlds: every set of up to eight open matters is scored.

`TOWNSCORE_EXAMPLES` sets another number; a quarter of it stands beside published periods.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings

from tests.improving import compare, compare_past, effort_worlds, past_worlds

EXAMPLES = int(os.environ.get("TOWNSCORE_EXAMPLES", "1000"))


@pytest.mark.parametrize("by", ["fixes", "cases"])
def test_no_set_of_fixes_is_cheaper_on_many_worlds(by):
    seen: Counter[tuple[str, int | None]] = Counter()

    @settings(
        max_examples=EXAMPLES,
        derandomize=False,
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(effort_worlds())
    def many(world):
        seen.update((outcome, cost) for outcome, cost, _ in compare(world, 8, by))

    many()
    print(sorted(seen.items(), key=str))
    assert sum(count for (outcome, _), count in seen.items() if outcome == "reached") > EXAMPLES // 10


@pytest.mark.parametrize("by", ["fixes", "cases"])
def test_beside_published_periods_no_set_of_fixes_is_cheaper_on_many_worlds(by):
    seen: Counter[tuple[str, bool]] = Counter()

    @settings(
        max_examples=EXAMPLES // 4,
        derandomize=False,
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(past_worlds())
    def many(world):
        seen.update((outcome, past) for outcome, _, past in compare_past(world, by))

    many()
    print(sorted(seen.items()))
    assert seen["reached", True] > EXAMPLES // 40
