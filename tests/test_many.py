"""Very many towns are scored together; what that comes to is what each town comes to alone."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace
from unittest.mock import patch

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings

from scoring.assessment import FRAMES
from scoring.ledger import build
from scoring.ledger.narrow import reconcile
from scoring.periods import Period
from scoring.plan import Plan
from scoring.problems import Refused
from tests.frames import tables_of
from tests.published import scheme as small
from tests.strategies import PERIOD, worlds
from tests.test_plan import carried_out


@given(worlds())
@settings(max_examples=5, deadline=None, database=None, suppress_health_check=list(HealthCheck))
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
@settings(max_examples=5, deadline=None, database=None, suppress_health_check=list(HealthCheck))
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


def test_denominators_without_a_common_one_in_128_bits_are_reconciled():
    """Twenty-seven towns with a rate out of a prime number each: the product of the primes has 150 bits."""
    primes = [n for n in range(2, 104) if all(n % k for k in range(2, n))]
    rows = [(town, -n, prime) for town, prime in enumerate(primes) for n in (1, prime // 2)]
    schema = {"town": pl.UInt32, "points_num": pl.Int64, "points_den": pl.Int64}
    pieces = [pl.DataFrame(rows[::2], schema, orient="row"), pl.DataFrame(rows[1::2], schema, orient="row")]
    scores = {
        str(town): SimpleNamespace(statement=SimpleNamespace(start=100, value=100 - Fraction(1 + prime // 2, prime)))
        for town, prime in enumerate(primes)
    }
    reconcile(pieces, scores, None, small())
    scores["3"].statement.value += Fraction(1, 7)
    with pytest.raises(AssertionError, match="ledger of 3"):
        reconcile(pieces, scores, None, small())
