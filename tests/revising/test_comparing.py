"""Two schemes on the same facts: exact sums, and the smallest change that makes neighbours equal, by brute force."""

from __future__ import annotations

import os
from datetime import date
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from scoring.assessment import assess
from scoring.periods import parse_period
from scoring.problems import Refused
from scoring.revising.comparing import compare, swaps
from scoring.revising.differing import differences
from scoring.revising.setting import WrongSettingError, set_values
from scoring.scheme import SchemeError, load_scheme
from tests.frames import tables_of
from tests.published import Life, finding, scheme, score, towns
from tests.strategies import schemes, worlds

EXAMPLES = int(os.environ.get("TOWNSCORE_EXAMPLES", "10"))
AS_OF = date(2025, 3, 31)


@pytest.fixture
def life():
    rows = {
        "towns": towns("A", "B", "C"),
        "findings": [
            finding("a", "A", date(2025, 3, 20)),
            finding("b", "B", date(2025, 3, 20), severity="grave"),
            finding("c", "C", date(2025, 3, 20), severity="grave", indicator="signed"),
            finding("d", "C", date(2025, 3, 21), indicator="signed"),
        ],
        "rectifications": [],
    }
    return Life(rows)


def under(life, of):
    return life.run("2025Q1", AS_OF, of)


def test_every_town_under_both_and_what_moved_it(life):
    old = scheme()
    new = scheme(price_lists={"usual": [{"when": {"severity": "grave"}, "price": 10}, {"price": 1}]})
    made = compare(under(life, old), under(life, new))
    by_town = {town.code: town for town in made.towns}
    assert [(t.before, t.after) for t in by_town.values()] == [(98, 99), (92, 90), (90, 89)]
    assert [(m.place, m.points) for m in by_town["C"].moves] == [(("files", "signed"), -1)]
    assert [(p.indicator, p.before, p.after, p.findings) for p in made.repriced] == [
        ("complete", 2, 1, 1), ("complete", 8, 10, 1), ("signed", 2, 1, 1), ("signed", 8, 10, 1),
    ]  # fmt: skip


def test_the_smallest_change_of_one_weight_that_makes_neighbours_equal(life):
    """A 98, B 92, C 90. A and B differ in `complete` alone: 18/20 and 12/20; 6 = change × 3/10, so −20 of 20 points."""
    found = {(s.ahead, s.behind): s for s in swaps(under(life, scheme()))}
    assert (found["A", "B"].gap, found["A", "B"].indicator, found["A", "B"].change) == (6, "complete", -20)
    # B and C: complete 12/20 and 1, signed 1 and 30/40. 2 + change × (−2/5) = 0, or 2 + change × 1/4 = 0.
    assert (found["B", "C"].indicator, found["B", "C"].change) == ("complete", 5)


@given(worlds())
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_smaller_change_does_it(world):
    made = assessed(world)
    if made is None:
        return
    shares = {}
    for row in made.indicators.filter(outcome="scored").iter_rows(named=True):
        weight = Fraction(row["points_num"], row["points_den"])
        shares.setdefault(row["town_code"], {})[row["indicator"]] = (
            weight, Fraction(row["earned_num"], row["earned_den"]) / weight,
        )  # fmt: skip
    for swap in swaps(made):
        event("a pair of neighbours")
        one, two = shares[swap.ahead], shares[swap.behind]

        def gap(indicator, change, one=one, two=two, swap=swap):
            return swap.gap + change * (one[indicator][1] - two[indicator][1])

        if swap.change is None:
            # Even a weight of 0, or a hundred times all of them, leaves them apart.
            for indicator in one.keys() & two.keys():
                assert gap(indicator, -one[indicator][0]) > 0
                assert gap(indicator, Fraction(10**4)) >= swap.gap
            continue
        event("a change that does it")
        assert gap(swap.indicator, swap.change) == 0
        assert one[swap.indicator][0] + swap.change >= 0
        nearly = abs(swap.change) * Fraction(999999, 1000000)
        for indicator in one.keys() & two.keys():
            for change in (nearly, -nearly):
                if one[indicator][0] + change >= 0:
                    assert gap(indicator, change) > 0


def assessed(world, of=None):
    under_, rows, as_of = of or world[0], world[1], world[2]
    try:
        return assess(tables_of(rows, under_), under_, parse_period("2025Q1", under_.calendar), as_of, lean=True)
    except Refused:
        return None


@given(worlds(), st.data())
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_moves_sum_to_the_change_of_every_town(world, data):
    made = [assessed(world), assessed(world, data.draw(schemes(world[0].direction)))]
    if None in made:
        event("refused")
        return
    for town in compare(*made).towns:
        if town.change is not None:
            event("compared")
            assert sum((move.points for move in town.moves), Fraction(0)) == town.change


@pytest.fixture(scope="module")
def quarterly(root):
    return load_scheme(root / "weights" / "jiyuan-quarterly.yaml")


def test_values_are_set_by_their_place(quarterly):
    changes = [
        "indicators.home_visit_all.points=4",
        "indicators.means_check_all.points=2",
        "indicators.reserve_fund.no_data=记满分",
        "rectification.states.late.extra=1/2",
        "price_lists.by_case.2.when=severity: [较重, 严重]",
        "effective.to=2026-12-31",
    ]
    made = set_values(quarterly, changes, "zh")
    told = {".".join(d.path[-2:]): (d.before, d.after) for d in differences(quarterly, made, "zh")}
    assert told["home_visit_all.points"] == ("3", "4")
    assert told["late.extra"] == ("0", "1/2")
    assert made.scheme.effective.to == date(2026, 12, 31)
    assert set_values(made, ["effective.to="], "zh").scheme.effective.to is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("indicators.home_visit_al.points=4", "indicators.home_visit_all.points"),
        ("points", "位置=值"),
        ("indicators.home_visit_all.points=viel", "viel"),
        ("indicators.home_visit_all.points=", "不能为空"),
        ("calendar.grace_days=1.5", "整数"),
        ("indicators.home_visit_all.no_data=随便", "不适用"),
        ("grades.grades.优秀.honour=也许", "是"),
    ],
)
def test_a_change_that_cannot_be_made_says_why(quarterly, change, said):
    with pytest.raises(WrongSettingError) as wrong:
        set_values(quarterly, [change], "zh")
    assert said in str(wrong.value)


def test_a_change_that_breaks_the_scheme_is_refused_with_its_line(quarterly):
    with pytest.raises(SchemeError) as error:
        set_values(quarterly, ["indicators.home_visit_all.points=8"], "zh")
    assert "55" in str(error.value)


def test_scores_are_those_of_the_engine(life):
    made = compare(under(life, scheme()), under(life, scheme()))
    assert [town.change for town in made.towns] == [0, 0, 0]
    assert [town.before for town in made.towns] == [score(under(life, scheme()), code) for code in "ABC"]
    assert all(a.ranks[0] <= b.ranks[0] for a, b in pairwise(sorted(made.towns, key=lambda t: t.ranks[0])))
