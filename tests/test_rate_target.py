"""What a rate must reach for full marks, as the papers print it."""

from __future__ import annotations

from fractions import Fraction

import pytest

from schemas.scheme.rules import Rate
from scoring.pricing.rate import target


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        ({"per_point": {"target": 98, "price": 1}}, "98"),
        ({"linear": {"none_at": 60, "full_at": 95}}, "95"),
        ({"bands": [{"at_least": 90, "points": 10}, {"at_least": 80, "points": 5}]}, "90"),
        ({"bands": [{"at_most": "0.5", "points": 10}, {"at_most": 2, "points": 5}], "better": "lower"}, "1/2"),
    ],
)
def test_the_target_of_each_shape(shape, wanted):
    assert target(Rate.model_validate({"kind": "rate", "measure": "m", **shape})) == Fraction(wanted)
