"""How sure the ranking is: cases by hand, and laws over random schemes and data."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

import scoring.doubt as doubts
from scoring.assessing import assess
from scoring.doubt.draws import scores, town_sample
from scoring.doubt.evidence import gather
from scoring.doubt.sobol import indices
from scoring.doubt.switches import score_ways
from scoring.doubt.weights import concentration
from scoring.ledger import score
from scoring.periods import parse_period
from scoring.shapes import DOUBT
from tests.doubting import (
    CALENDAR,
    END,
    QUARTER,
    WAYS,
    checked,
    deducting,
    doubt,
    found,
    judged,
    measured,
    model_of,
    rated,
    shared,
)
from tests.frames import tables_of
from tests.published import Life, finding, scheme, towns


# ------------------------------------------------------------------------------------------------- by hand
def test_two_towns_of_known_weights():
    """A earns all of the first and half of the second, B 0.6 and all; C nothing. 75 to 80 at 50 and 50.

    A leads where 50f + 25(2 − f) > 30f + 50(2 − f), f > 10/9. With both weights multiplied by numbers between 3/4 and
    5/4, f = 2u/(u + v), that is u > 5v/4: of the square of side 1/2 the triangle with legs 1/4 and 5/16, 5/32.
    """
    made = doubt(shared(A=("1", "0.5"), B=("0.6", "1"), C=("0", "0")), judged(50, 50), draws=40_000)
    rows = {row["town_code"]: row for row in made.frame.to_dicts()}
    assert made.frame["town_code"].to_list() == ["B", "A", "C"]
    assert rows["A"]["first"] / 40_000 == pytest.approx(5 / 32, abs=0.006)
    assert rows["A"]["first"] + rows["B"]["first"] == pytest.approx(40_000, abs=80)  # equal once rounded, now and then
    assert [(rows[t]["low"], rows[t]["high"]) for t in "BAC"] == [(1, 2), (1, 2), (3, 3)]
    assert rows["C"]["bottom"] == 40_000
    assert made.said["groups"] == [["B", "A"], ["C"]]
    assert (made.said["pairs"], made.said["alike"]) == (3, [["B", "A"]])
    assert rows["A"]["driver"] == "weights"
    assert float(made.said["sources"][0]["total"]) == pytest.approx(1, abs=0.05)  # of the mean shift of all
    assert float(rows["A"]["driver_total"]) == pytest.approx(1, abs=0.05)
    assert rows["C"]["driver"] is None


def test_without_spread_nothing_moves():
    made = doubt(shared(A=("1", "0.5"), B=("0.6", "1"), C=("0", "0")), judged(50, 50), spread=0)
    assert made.frame.select("rank", "low", "high", "top").rows() == [(1, 1, 1, 400), (2, 2, 2, 400), (3, 3, 3, 400)]
    assert {one["total"] for one in made.said["sources"]} == {None}
    assert made.said["groups"] == [["B"], ["A"], ["C"]]


def test_where_every_case_was_checked_nothing_is_open():
    rows = {"towns": towns("A", "B", "C"), "findings": found(A=3, B=4, C=9)}
    rows["checks"] = [checked(town, 20, 20) for town in "ABC"]
    made = doubt(rows, deducting())
    assert made.frame.select("low_sampling", "high_sampling").rows() == [(1, 1), (2, 2), (3, 3)]
    rows["checks"] = [checked(town, 20, 80) for town in "ABC"]
    assert doubt(rows, deducting()).frame["high_sampling"].to_list() != [1, 2, 3]


def test_ways_by_hand():
    """A: 1 finding of 10 checked, B: 2 of 40, C: 60 of 40, 2 points each.

    Scaled to 100 cases: 20, 10 and 300, of which the cap leaves 100; else 2, 4 and 120. The least is 10: twice as many
    takes 10 from A.
    """
    rows = {"towns": towns("A", "B", "C"), "findings": found(A=1, B=2, C=60)}
    rows["checks"] = [checked("A", 10, 10), checked("B", 40, 40), checked("C", 40, 40)]
    of = deducting(rule={"exposure": {"checked": "sampled", "minimum": 10}}, arguable=["cap", "exposure"])
    model, _ = model_of(rows, of)
    assert [way.choice for way in model.ways.ways] == [(c, e) for c in range(2) for e in range(3)]
    earned = {town.code: [round(100 * own, 6) for own in town.share[:, 0]] for town in model.towns}
    assert earned == {
        "A": [80, 98, 90, 80, 98, 90],
        "B": [90, 96, 90, 90, 96, 90],
        "C": [0, 0, 0, -200, -20, -200],
    }
    made = doubt(rows, of)
    assert made.frame.select("low_methods", "high_methods").rows() == [(1, 2), (1, 2), (3, 3)]


def test_rates_are_rounded_where_that_is_arguable():
    """40 of 60 are 66.67 %, that is 7.407 of 10 points; rounded there, 7.4; 20 of 60 3.704 and 3.7."""
    rows = measured(A=40, B=41, C=20)
    for at, rounded in (("total", 1), ("indicator", 0)):
        model, _ = model_of(rows, rated(arguable=["rounding"], decimals=1, round_at=at))
        earned = np.array([10 * town.share[:, 0] for town in model.towns])
        assert earned[:, rounded] == pytest.approx([7.4, 7.6, 3.7])
        assert earned[:, 1 - rounded] == pytest.approx([200 / 27, 205 / 27, 100 / 27])


def test_in_a_net_scheme_a_drawn_rate_gives_no_more_than_its_cap():
    of = rated(direction="net", base="20", range={"min": 0, "max": 200}, own={"cap": "5"})
    model, _ = model_of(measured(A=40, B=41, C=20), of)
    for place, town in enumerate(model.towns):
        (gained,) = town_sample(model, place, 1, 1000).earned
        assert (town.share[0, 0] + gained).max() <= 0.5 + 1e-12
    assert gained.min() < 0 < gained.max()  # C earns 3.7, so that its cap is above it


def test_a_scaled_dimension_has_the_weight_that_it_is_scaled_to():
    """100 points of one indicator stand for 20: of weights 20 and 80 the Dirichlet varies the first by less."""
    rule = {"clause": "-", "rule": {"kind": "judged"}}
    dimensions = [
        {"id": f"d{n}", "label": f"d{n}", "points": points, "scale": n == 0,
         "indicators": [{"id": f"i{n}", "label": f"i{n}", "points": own} | rule]}
        for n, (points, own) in enumerate((("20", "100"), ("80", "80")))
    ]  # fmt: skip
    rows = shared(A=("1", "0"), B=("0.5", "0.5"), C=("0", "1"))
    model, _ = model_of(rows, scheme(dimensions=dimensions), spread=25, around="dirichlet")
    drawn = scores(model, 7, 20_000)[0] / 100
    k = concentration(np.array([0.2, 0.8]), 0.25)
    assert drawn[:, 0].mean() == pytest.approx(20, abs=0.2)
    assert drawn[:, 0].var() == pytest.approx(10_000 * 0.2 * 0.8 / (k + 1), rel=0.05)


def test_all_who_share_a_place_among_the_last_three_are_among_them():
    """B, C, D and E are equal behind A: the second place is the last one, and all four have it."""
    made = doubt(shared(A=("1", "1"), **dict.fromkeys("BCDE", ("0.5", "0.5"))), judged(50, 50), spread=0)
    assert dict(made.frame.select("town_code", "bottom").iter_rows()) == {
        "A": 0,
        "B": 400,
        "C": 400,
        "D": 400,
        "E": 400,
    }


def test_repeats_counted_otherwise():
    """Twice within 40 days the second costs double: 2 + 4, without it 4, and within 20 days 4 as well."""
    days = (date(2025, 1, 1), date(2025, 2, 5))
    rows = {
        "towns": towns("A", "B", "C"),
        "findings": [finding(f"F{d}", "A", d, due_on=date(2026, 1, 1)) for d in days],
    }
    of = deducting(repeats={"window_days": 40, "multipliers": [1, 2]}, arguable=["repeats"])
    model, _ = model_of(rows, of)
    assert [round(100 * own, 6) for own in model.towns[0].share[:, 0]] == [94, 96, 96]


def test_what_the_facts_say_by_hand():
    """A: 10 of 40 checked, twice 2 and once 8; B: 20 checked, of how many is not known, 8; C: no count, nothing found.

    4 findings in 40 cases, 10 being the least count, cost 20 together. Expected are 1, 2 and 1, found 3, 1 and 0.
    """
    rows = {"towns": towns("A", "B", "C"), "findings": found(A=3, B=1)}
    rows["findings"][2]["severity"] = rows["findings"][3]["severity"] = "grave"
    rows["checks"] = [checked("A", 10, 40), checked("B", 20, None)]
    of = deducting(rule={"exposure": {"checked": "sampled", "minimum": 16}}, unchecked="ranked")
    base = score(tables_of(rows, of), of, QUARTER, END, workdays=CALENDAR)
    ways = score_ways(tables_of(rows, of), of, QUARTER, END, base, workdays=CALENDAR)
    known, place = gather(ways), ("", "complete")
    assert known.checked == {"A": 10, "B": 20, "C": 10}
    assert known.unseen == {"A": 0.75, "B": 1, "C": 1}
    assert known.found_prior[place].rate == pytest.approx(0.1)
    assert known.mean_cost == {place: (5.0,)}
    # Variance (4 + 2/4 + 1)/4, of which 3/4 by chance: 1/0.625, at most the mean size 4/3.
    assert [known.quality[town] for town in "AB"] == [
        (pytest.approx(4 / 3 + n), pytest.approx(4 / 3 + m)) for n, m in ((3, 1), (1, 2))
    ]
    model, _ = model_of(rows, of)
    assert [town.counted[0].factor.tolist() for town in model.sampled] == [[6.25], [5.0], [6.25]]


def test_full_marks_stay_full_where_an_indicator_does_not_apply():
    """Other weights do not touch a town that earns all of what applies to it."""
    rule = {"clause": "-", "rule": {"kind": "judged"}}
    own = [{"id": f"i{n}", "label": f"i{n}", "points": p} | rule for n, p in enumerate(("50", "30", "20"))]
    own[2] |= {"applies_when": {"town": {"kind": "street"}}}
    of = scheme(dimensions=[{"id": "d", "label": "d", "points": "100", "indicators": own}])
    rows = shared(A=("1", "1"), B=("0.5", "1"), C=("0", "0"))
    model, _ = model_of(rows, of)
    drawn = scores(model, 7, 200)[0]
    assert (drawn[:, 0] == 100_00).all()
    assert len(set(drawn[:, 1])) > 100


def test_grades_are_those_of_the_schemes_own_way():
    """A has 80 points where findings are scaled to the cases checked, 98 else: its grade is that of 80."""
    rows = {"towns": towns("A", "B", "C"), "findings": found(A=1, B=2, C=60)}
    rows["checks"] = [checked("A", 10, 10), checked("B", 40, 40), checked("C", 40, 40)]
    bands = [{"id": "good", "label": "good", "at_least": 95}, {"id": "fair", "label": "fair"}]
    of = deducting(
        rule={"exposure": {"checked": "sampled", "minimum": 10}},
        arguable=["exposure"],
        grades={"by": "bands", "grades": bands},
    )
    assert doubt(rows, of, spread=0).frame["grades"].to_list() == [[0, 400]] * 3


def test_all_ranks_together_move_by_the_mean_of_what_each_moves(monkeypatch):
    """A and B change places: each moves by one, and C by none, two thirds of a place."""
    seen = []
    monkeypatch.setattr(doubts, "indices", lambda one, *more: seen.append(one[:, -1]) or indices(one, *more))
    doubt(shared(A=("1", "0.5"), B=("0.6", "1"), C=("0", "0")), judged(50, 50))
    assert set(seen[0].tolist()) <= {0, 1 / 3, 2 / 3}  # a third where they come to share the first
    assert 2 / 3 in seen[0].tolist()


def test_a_town_depends_most_on_the_source_with_the_largest_total():
    told = doubts._Shared(("weights", "sampling"), np.array([[0.5], [0.1]]), np.array([[0.6], [0.9]]), [])
    assert told.of_town(0) == {"driver": "sampling", "driver_first": "0.10", "driver_total": "0.90"}


def test_a_veto_stays_where_it_is():
    rows = shared(A=("1", "0.5"), B=("0.6", "1"), C=("0.2", "0.2"), D=("1", "1"))
    rows["adjustments"] = [
        {
            "adjustment_id": "V", "town": "D", "dated_on": date(2025, 2, 1), "kind": "veto", "item": "zero",
            "decided_on": date(2025, 2, 2), "decided_by": "x", "evidence": "e",
        }
    ]  # fmt: skip
    made = doubt(rows, judged(50, 50))
    last = made.frame.filter(pl.col("town_code") == "D").to_dicts()[0]
    assert (last["rank"], last["low"], last["high"], last["bottom"]) == (4, 4, 4, 400)


def test_fewer_than_three_towns_say_nothing():
    made = doubt(shared(A=("1",), B=("0",)), judged(100))
    assert (made.said["reason"], made.frame.schema, made.frame.height) == ("few", pl.Schema(DOUBT), 0)


def test_a_year_of_published_quarters_alone_says_nothing_new():
    life = Life({"towns": towns("A", "B", "C"), "findings": found(A=1, B=3), "rectifications": []})
    for label in ("2025Q1", "2025Q2", "2025Q3", "2025Q4"):
        life.publish(label)
    of = scheme(roll_up={"of": "quarter"})
    year = parse_period("2025", of.calendar)
    past = list(life.past.values())
    made = doubt(life.rows, of, as_of=date(2026, 1, 15), period=year, past=past)
    assert made.said["reason"] == "published"
    # With a part of its own at the year's end that part alone is in doubt: 0.4 of the score.
    repeats = {"window_days": 40, "multipliers": [1, 2]}
    own = {"of": "quarter", "year_end": {"weight": "0.4", "label": "year"}}
    of = scheme(roll_up=own, repeats=repeats, arguable=list(WAYS))
    made = doubt(life.rows, of, as_of=date(2026, 1, 15), period=year, past=past)
    assert made.said["reason"] is None
    assert made.frame["rank"].to_list() == [1, 2, 3]
    assert made.frame["town_code"].to_list() == ["C", "A", "B"]


def test_a_town_is_told_nothing_of_it():
    rows, of = shared(A=("1", "0.5"), B=("0.6", "1"), C=("0", "0")), judged(50, 50)
    made = doubt(rows, of)
    whole = replace(assess(tables_of(rows, of), of, QUARTER, END, workdays=CALENDAR), doubt=made.frame)
    assert whole.doubt.height == 3
    own = whole.for_town("A")
    assert (own.doubt.height, own.doubt.schema, "internal" in own.head) == (0, pl.Schema(DOUBT), False)


def test_of_very_many_towns_fewer_draws_are_made(monkeypatch):
    monkeypatch.setattr(doubts, "_CELLS", 90)
    made = doubt(shared(A=("1", "0.5"), B=("0.6", "1"), C=("0", "0")), judged(50, 50), draws=400)
    assert made.said["draws"] == 30
    assert made.frame["bottom"].to_list() == [30, 30, 30]


def test_what_is_carried_over_stays():
    """A finding of the first quarter that was registered late costs A 8 in the second: outside, in every draw."""
    life = Life({"towns": towns("A", "B", "C"), "findings": found(A=1, B=2), "rectifications": []})
    life.publish("2025Q1")
    life.rows["findings"].append(finding("late", "A", date(2025, 3, 3), severity="grave", due_on=date(2026, 1, 1)))
    period = parse_period("2025Q2", life.scheme.calendar)
    made = life.run("2025Q2", date(2025, 7, 10))
    told = doubt(life.rows, life.scheme, as_of=date(2025, 7, 10), period=period, past=list(life.past.values()))
    places = dict(made.scores.select("town_code", "rank").iter_rows())
    assert places == {"A": 3, "B": 1, "C": 1}
    assert dict(told.frame.select("town_code", "rank").iter_rows()) == places
    assert told.frame["high"].to_list() == [1, 1, 3]
