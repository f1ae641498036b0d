"""Planted truth in 100,000 generated records with dirty numbers: no certain match is wrong, none is missing."""

from __future__ import annotations

import pytest

from tests.supervision.test_matching_truth import judged


@pytest.mark.parametrize("seed", [20250901, 20250902, 20250903])
def test_no_certain_match_of_a_hundred_thousand_is_wrong_and_none_is_missing(seed):
    told = judged(100_000, seed)
    print({name: round(value, 4) for name, value in told.items()})
    assert told["certain"] > 6_000
    assert told["precision"] > 0.9
    assert told["recall"] > 0.6
