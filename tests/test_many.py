"""Very many towns are scored together; what that comes to is what each town comes to alone."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings

from scoring.assessment import FRAMES
from scoring.ledger import build
from scoring.periods import Period
from scoring.plan import Plan
from scoring.problems import Refused
from tests.frames import tables_of
from tests.strategies import PERIOD, worlds
from tests.test_plan import carried_out

pytestmark = pytest.mark.no_cover


@given(worlds())
@settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_together_and_one_by_one_give_equal_frames(world):
    scheme, rows, as_of = world
    alone = carried_out(scheme, rows, as_of, "lazy")
    with patch("scoring.ledger.MANY", 1):
        joint = carried_out(scheme, rows, as_of, "lazy")
    if isinstance(alone, list):
        assert joint == alone
        return
    assert joint.head == alone.head
    for name in FRAMES:
        assert getattr(joint, name).equals(getattr(alone, name)), name


@given(worlds())
@settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_the_narrow_ledger_is_the_whole_one_in_few_bytes(world):
    """Without surcharges, parts and conditions, so that towns are really scored together."""
    scheme, rows, as_of = world
    dimensions = tuple(
        one.model_copy(
            update={"indicators": tuple(i.model_copy(update={"applies_when": None}) for i in one.indicators)}
        )
        for one in scheme.dimensions
    )
    plain = scheme.model_copy(update={"surcharges": (), "parts": None, "dimensions": dimensions})
    period = Period(PERIOD.label, "quarter", PERIOD.start, PERIOD.end)
    with patch("scoring.ledger.MANY", 1):
        try:
            ledger = build(tables_of(rows, plain), plain, period, as_of, plan=Plan())
        except Refused:
            return
    towns = list(ledger.scores)
    narrow = sorted(
        (towns[town], kind, num / den)
        for town, kind, num, den in ledger.narrow.select("town", "kind", "points_num", "points_den").iter_rows()
    )
    wide = sorted(
        (town, kind, num / den)
        for town, kind, num, den in ledger.entries.select("town_code", "kind", "points_num", "points_den").iter_rows()
    )
    assert narrow == wide
    for town, value in ledger.together.values.items() if ledger.together else ():
        assert ledger.scores[town].statement.value == value
