"""Findings cut by town and priced piece by piece are those priced in one piece: rows, order, types, and words."""

from __future__ import annotations

import pickle
from datetime import date
from unittest.mock import patch

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from scoring.assessing import assess
from scoring.ledger import Frozen, score
from scoring.ledger.spread import spread_over
from scoring.periods import Period
from scoring.problems import Refused
from scoring.shapes import APPEALS
from tests.frames import tables_of
from tests.published import finding, report, scheme, towns
from tests.strategies import PERIOD, worlds
from tests.test_plan import copies
from tests.years import histories, kind_of

QUARTER = Period(PERIOD.label, "quarter", PERIOD.start, PERIOD.end)


class Carrier:
    """Prices pieces here, as if they came from far away and went back there."""

    def __init__(self):
        self.pieces = []
        self.done = 0

    def __call__(self, pieces, count):
        self.pieces = [pickle.loads(pickle.dumps(piece)) for piece in pieces]
        assert len(self.pieces) == count
        done = [pickle.loads(pickle.dumps(piece.priced())) for piece in self.pieces]
        self.done += 1
        return done


def both(tables, of, period, as_of, *, past=(), pieces=3, rows=10**6):
    """What is scored of the tables in one piece, and of pieces; or the problems."""
    carrier = Carrier()
    said = []
    for spread in (None, spread_over(carrier, lambda: pieces, rows=rows, few=0)):
        try:
            said.append(score(tables, of, period, as_of, past=past, spread=spread))
        except Refused as refused:
            said.append(refused.problems)
    return (*said, carrier)


def assert_same(one, other):
    """Both are refused in the same words, or every frame and every score of the one is the other's."""
    if isinstance(one, tuple) or isinstance(other, tuple):
        assert one == other
        return
    assert_frame_equal(one.charges.findings, other.charges.findings)
    assert_frame_equal(one.charges.sums, other.charges.sums, check_row_order=False)
    assert one.charges.units == other.charges.units
    values = ({town: made.scores[town].statement.value for town in made.scores} for made in (one, other))
    assert next(values) == next(values)


@given(worlds(), st.sampled_from([1, 3, 9]), st.integers(1, 6), st.sampled_from([1, 5, 1000]))
@settings(max_examples=5, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_pieces_come_to_what_one_piece_comes_to(world, times, pieces, rows):
    of, tables, as_of = world
    one, other, carrier = both(tables_of(copies(tables, times), of), of, QUARTER, as_of, pieces=pieces, rows=rows)
    event(f"priced in pieces: {min(len(carrier.pieces), 3) if carrier.done else 0}")
    assert_same(one, other)


@given(histories(), st.integers(2, 4))
@settings(max_examples=2, phases=(Phase.generate,), deadline=None, suppress_health_check=list(HealthCheck))
def test_pieces_see_published_periods_as_one_piece_does(steps, pieces):
    frozen = {}
    for step in steps:
        period = Period(step.label, kind_of(step.label), step.period.start, step.period.end)
        tables, past = tables_of(step.rows, step.scheme), list(frozen.values())
        one, other, carrier = both(tables, step.scheme, period, step.as_of, past=past, pieces=pieces)
        event(f"pieces: {bool(carrier.done)}, published: {bool(past)}")
        if carrier.pieces and carrier.pieces[0].held is not None:
            event("with findings that the store alone holds")
        assert_same(one, other)
        if isinstance(one, tuple):
            continue
        with patch("scoring.assessing.appeal_frame", lambda *_: pl.DataFrame(schema=APPEALS)):
            made = assess(tables, step.scheme, period, step.as_of, past=past)
        frozen[step.label] = Frozen(
            period, 1, step.as_of, step.scheme, "code",
            made.ledger, made.scores, made.findings, made.indicators, made.dimensions, tables.findings.lazy(),
        )  # fmt: skip


def small(*codes, **more):
    rows = {"towns": towns(*codes), "rectifications": []}
    rows["findings"] = [finding(f"f{code}{n}", code, date(2025, 2, 3)) for n in range(2) for code in codes]
    return rows | more


def test_a_piece_holds_what_is_said_of_its_own_towns():
    """A letter to two towns goes to both; the tables that pricing does not read stay here."""
    rows = small(
        "A",
        "B",
        rectifications=[report("fA0", date(2025, 2, 10)), report("fB1", date(2025, 2, 11))],
        appeals=[
            {"appeal_id": n, "target": "finding", "target_id": f"f{n}0", "filed_on": date(2025, 2, 4)} for n in "AB"
        ],
        letters=[
            {"letter_id": "1", "town": "A", "sent_on": date(2025, 2, 5), "finding_ids": ["fA0", "fB0"]},
            {"letter_id": "2", "town": "B", "sent_on": date(2025, 2, 6), "finding_ids": ["fB1"]},
        ],
        measures=[{"town": "A", "period": "2025Q1", "measure": "rate", "numerator": 90, "denominator": 100}],
    )
    *_, carrier = both(tables_of(rows, scheme()), scheme(), QUARTER, date(2025, 3, 31), pieces=2)
    first, second = (piece.tables for piece in carrier.pieces)
    assert (first.findings["town"].unique().to_list(), second.findings["town"].unique().to_list()) == (["A"], ["B"])
    assert (first.rectifications["finding_id"].to_list(), second.rectifications["finding_id"].to_list()) == (
        ["fA0"], ["fB1"],
    )  # fmt: skip
    assert (first.appeals["appeal_id"].to_list(), second.appeals["appeal_id"].to_list()) == (["A"], ["B"])
    assert (first.letters["letter_id"].to_list(), second.letters["letter_id"].to_list()) == (["1"], ["1", "2"])
    assert (first.measures.height, second.measures.height, first.towns.height) == (0, 0, 2)


def test_what_is_refused_is_refused_in_the_words_of_one_piece():
    """Two findings without a price, each in a piece of its own."""
    rows = small("A", "B", "C")
    rows["findings"][0]["indicator"] = "none"
    rows["findings"][2]["indicator"] = "none"
    one, other, _ = both(tables_of(rows, scheme()), scheme(), QUARTER, date(2025, 3, 31))
    assert one == other
    assert [p.code for p in other] == ["finding-without-rule"] * 2


def test_a_number_that_only_all_towns_reach_is_refused_too(monkeypatch):
    """Each town's quantities fit, all of them together do not: some width lies between."""
    of = scheme()
    rows = small("A", "B", "C")
    tables = tables_of(rows, of)
    found = []
    for largest in (2**k for k in range(2, 60, 2)):
        monkeypatch.setattr("scoring.pricing.deduct.LARGEST", largest)
        one, other, carrier = both(tables, of, QUARTER, date(2025, 3, 31))
        assert_same(one, other)
        if carrier.done and isinstance(other, tuple):
            found.append([p.code for p in other])
    assert found
    assert all(codes == ["points-too-large"] for codes in found)


@pytest.mark.parametrize(("few", "pieces", "asked"), [(6, 3, 0), (5, 3, 3), (5, 1, 0)])
def test_few_findings_and_one_piece_are_priced_here(few, pieces, asked):
    carrier = Carrier()
    tables = tables_of(small("A", "B", "C"), scheme())
    spread = spread_over(carrier, lambda: pieces, rows=10, few=few)
    score(tables, scheme(), QUARTER, date(2025, 3, 31), spread=spread)
    assert len(carrier.pieces) == asked


def test_a_town_larger_than_a_piece_stays_whole():
    rows = small("A", "B")
    rows["findings"] += [finding(f"x{n}", "A", date(2025, 2, 3)) for n in range(9)]
    one, other, carrier = both(tables_of(rows, scheme()), scheme(), QUARTER, date(2025, 3, 31), rows=2)
    assert_same(one, other)
    assert [piece.tables.findings.height for piece in carrier.pieces] == [11, 2]
