"""How sure the ranking is: cases by hand, and laws over random schemes and data."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import scoring.doubt as doubts
from scoring.assessment import Assessment, assess
from scoring.doubt import Asked, doubt_of
from scoring.doubt.draws import generator, official, scores, town_sample
from scoring.doubt.places import ranks
from scoring.doubt.weights import concentration
from scoring.example import generate_tables
from scoring.intake import Tables
from scoring.ledger import score
from scoring.outcome.frames import DOUBT
from scoring.periods import Period, parse_period
from scoring.problems import Refused
from scoring.scheme import load_scheme
from scoring.workdays import Workdays
from tests import strategies
from tests.frames import tables_of
from tests.published import Life, finding, scheme, towns

QUARTER = Period("2025Q1", "quarter", date(2025, 1, 1), date(2025, 3, 31))
END = date(2025, 3, 31)
CALENDAR = Workdays()
WAYS = ("cap", "exposure", "repeats", "duplicates", "rounding")
quick = settings(max_examples=25, database=None, deadline=None, suppress_health_check=list(HealthCheck))


def judged(*points):
    """A scheme of judged indicators, one a dimension."""
    rule = {"clause": "-", "rule": {"kind": "judged"}}
    dimensions = [
        {
            "id": f"d{n}",
            "label": f"d{n}",
            "points": p,
            "indicators": [{"id": f"i{n}", "label": f"i{n}", "points": p} | rule],
        }
        for n, p in enumerate(map(str, points))
    ]
    return scheme(full=str(sum(points)), dimensions=dimensions)


def shared(**by_town):
    """Judgements: of each town the share that it earns of every indicator."""
    return {
        "towns": towns(*by_town),
        "judgements": [
            {"town": town, "period": "2025Q1", "indicator": f"i{n}", "share": str(own)}
            for town, shares in by_town.items()
            for n, own in enumerate(shares)
        ],
    }


def doubt(rows, of, *, as_of=END, period=QUARTER, past=(), **asked):
    tables = rows if isinstance(rows, Tables) else tables_of(rows, of)
    return doubt_of(tables, of, period, as_of, past=past, workdays=CALENDAR, asked=Asked(**{"draws": 400, **asked}))


def model_of(rows, of, as_of=END, **asked):
    tables = rows if isinstance(rows, Tables) else tables_of(rows, of)
    base = score(tables, of, QUARTER, as_of, workdays=CALENDAR)
    return doubts._model(tables, of, QUARTER, as_of, base, (), CALENDAR, Asked(**asked)), base


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
    assert float(rows["A"]["driver_total"]) == pytest.approx(1, abs=0.05)
    assert rows["C"]["driver"] is None


def test_without_spread_nothing_moves():
    made = doubt(shared(A=("1", "0.5"), B=("0.6", "1"), C=("0", "0")), judged(50, 50), spread=0)
    assert made.frame.select("rank", "low", "high", "top").rows() == [(1, 1, 1, 400), (2, 2, 2, 400), (3, 3, 3, 400)]
    assert {one["total"] for one in made.said["sources"]} == {None}
    assert made.said["groups"] == [["B"], ["A"], ["C"]]


def deducting(**changes):
    """One indicator of 100 points; a finding costs 8 or 2, scaled to 100 of the cases checked where so asked."""
    rule = {"kind": "deduct", "prices": "usual", **changes.pop("rule", {})}
    own = {
        "id": "complete",
        "label": "complete",
        "points": "100",
        "clause": "-",
        "rule": rule,
        **changes.pop("own", {}),
    }
    return scheme(dimensions=[{"id": "files", "label": "files", "points": "100", "indicators": [own]}], **changes)


def checked(town, sampled, confirmed):
    day = date(2025, 2, 1)
    return {"check_id": town, "town": town, "checked_on": day, "sampled": sampled, "newly_confirmed": confirmed}


def found(**counts):
    return [
        finding(f"{town}{n}", town, date(2025, 1, 1 + n % 28), due_on=date(2026, 1, 1))
        for town, count in counts.items()
        for n in range(count)
    ]


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


def rated(**changes):
    """One indicator of 10 points for a rate, full at 90 % and nothing at 0; one of 90 for findings."""
    rule = {"kind": "rate", "measure": "rate", "linear": {"none_at": 0, "full_at": 90}}
    own = {"id": "rated", "label": "rated", "points": "10", "clause": "-", "rule": rule, **changes.pop("own", {})}
    other = {"id": "complete", "label": "complete", "points": "90", "clause": "-"}
    indicators = [own, other | {"rule": {"kind": "deduct", "prices": "usual"}}]
    return scheme(dimensions=[{"id": "x", "label": "x", "points": "100", "indicators": indicators}], **changes)


def measured(**met):
    """Rates of 60 cases."""
    own = {"period": "2025Q1", "measure": "rate", "denominator": 60}
    return {
        "towns": towns(*met),
        "findings": found(A=1, B=2),
        "measures": [{"town": town, "numerator": number} | own for town, number in met.items()],
    }


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


# ------------------------------------------------------------------------------------------------- laws
WORLDS = st.tuples(strategies.worlds(), st.sets(st.sampled_from(WAYS)), st.integers(0, 99))


def drawn_world(world):
    (of, rows, as_of), ways, spread = world
    return of.model_copy(update={"arguable": tuple(sorted(ways))}), rows, as_of, spread


def assessed(rows, of, as_of) -> Assessment:
    try:
        return assess(tables_of(rows, of), of, QUARTER, as_of, workdays=CALENDAR, lean=True)
    except Refused:
        assume(condition=False)
        raise


@quick
@given(WORLDS)
def test_any_scheme_gives_its_own_ranks_and_whole_probabilities(world):
    of, rows, as_of, spread = drawn_world(world)
    ranked = assessed(rows, of, as_of).scores.drop_nulls("rank")
    made = doubt(rows, of, as_of=as_of, draws=60, spread=spread)
    if ranked.height < 3:
        assert made.said["reason"] == "few"
        return
    official_ranks = dict(ranked.select("town_code", "rank").iter_rows())
    assert dict(made.frame.select("town_code", "rank").iter_rows()) == official_ranks
    for row in made.frame.to_dicts():
        assert 1 <= row["low"] <= row["high"] <= ranked.height
        assert 0 <= row["first"] <= row["top"] <= 60
        assert sum(row["grades"]) == (60 if of.grades else 0)
    assert made.frame["first"].sum() >= 60  # ties stand first together
    assert made.frame["top"].sum() >= 180
    assert made.frame["bottom"].sum() >= 180
    listed = [code for group in made.said["groups"] for code in group]
    assert sorted(listed) == sorted(official_ranks)


@quick
@given(WORLDS)
def test_without_doubt_scores_are_the_published_ones_and_every_way_is_the_engines(world):
    of, rows, as_of, _ = drawn_world(world)
    made = assessed(rows, of, as_of)
    assume(made.scores["score_num"].null_count() < made.scores.height)
    model, base = model_of(rows, of, as_of, spread=0)
    units = dict(zip([town.code for town in model.towns], official(model)[0], strict=True))
    for row in made.scores.drop_nulls("score_num").to_dicts():
        assert units[row["town_code"]] == Fraction(row["score_num"], row["score_den"]) * 10**of.decimals
    for way in model.ways.ways:
        try:
            again = score(tables_of(rows, of), way.scheme, QUARTER, as_of, workdays=CALENDAR)
        except Refused:  # too fine to be added up without rounding: no sum is asked for here
            continue
        number = model.ways.ways.index(way)
        for (town, part, indicator), earned in way.earned.items():
            assert again.scores[town].indicators[part, indicator].earned == earned
        for town in model.towns:
            for place, worth, share, full in zip(
                model.columns.places, town.worth, town.share[number], model.columns.full, strict=True
            ):
                if worth:
                    assert share * full == pytest.approx(float(again.scores[town.code].indicators[place].earned))
    assert model.ways.ways[0].scheme == of
    for (town, part, indicator), earned in model.ways.ways[0].earned.items():
        assert base.scores[town].indicators[part, indicator].earned == earned


@quick
@given(WORLDS, st.integers(0, 2**32))
def test_the_order_of_rows_changes_nothing(world, dice):
    of, rows, as_of, spread = drawn_world(world)
    assessed(rows, of, as_of)
    shuffled = {name: random.Random(dice).sample(table, len(table)) for name, table in rows.items()}
    one, other = (doubt(own, of, as_of=as_of, draws=60, spread=spread) for own in (rows, shuffled))
    assert one.frame.equals(other.frame)
    assert one.said == other.said


SHARE = st.integers(0, 20).map(lambda n: n / 20)


@quick
@given(st.data(), st.integers(2, 5), st.sampled_from(["percent", "dirichlet"]), st.integers(0, 99))
def test_whoever_is_no_better_anywhere_never_stands_before(data, size, around, spread):
    better = data.draw(st.lists(SHARE, min_size=size, max_size=size))
    worse = [data.draw(st.integers(0, round(20 * own))) / 20 for own in better]
    other = data.draw(st.lists(SHARE, min_size=size, max_size=size))
    of = judged(*data.draw(st.lists(st.integers(1, 40), min_size=size, max_size=size)))
    model, base = model_of(shared(A=better, B=worse, C=other), of, spread=spread, around=around)
    drawn = scores(model, 7, 200)[0]
    placed = ranks(drawn, doubts._field(model.towns, base.scheme), base.scheme)
    assert (placed[:, 0] <= placed[:, 1]).all()


@quick
@given(st.integers(4, 20), st.integers(2, 6), st.integers(1, 6), st.integers(0, 6))
def test_at_the_same_rate_more_cases_checked_make_the_score_surer(base, times, number, other):
    """As many findings in a hundred cases, as many cases confirmed, more of them looked at: the spread falls."""
    confirmed = 10 * base * times
    spread = []
    for more in (1, times):
        rows = {"towns": towns("A", "B", "C"), "findings": found(A=number * more, B=2 + other, C=5)}
        rows["checks"] = [checked("A", base * more, confirmed)]
        rows["checks"] += [checked(town, base, confirmed) for town in "BC"]
        rule = {"exposure": {"checked": "sampled", "minimum": 1}}
        model, _ = model_of(rows, deducting(rule=rule, own={"cap": "none"}, range={"min": "-100000"}))
        spread.append(scores(model, 3, 4000)[2][:, 0].std())
    assert spread[1] < spread[0]


def test_equal_seeds_give_equal_results_and_others_do_not():
    rows = shared(A=("1", "0.5"), B=("0.6", "1"), C=("0.8", "0.75"))
    of = judged(50, 50)
    one, again, other = (doubt(rows, of, seed=seed) for seed in (5, 5, 6))
    assert one.frame.equals(again.frame)
    assert not one.frame.equals(other.frame)
    assert one.said == again.said


def test_a_stream_is_its_keys_alone():
    assert generator(1, "a").random() == generator(1, "a").random()
    assert len({generator(s, *k).random() for s in (1, 2) for k in (("a",), ("b",), ("a", "b"), ("ab",))}) == 8


def test_the_shipped_scheme_on_generated_data(root):
    of = load_scheme(root / "weights" / "jiyuan-quarterly.yaml").scheme
    frames = generate_tables(towns=12, findings=600, rectifications=300)
    tables = replace(tables_of({}, of), **frames, present=frozenset(frames))
    made = doubt(tables, of, as_of=date(2025, 4, 10), draws=200)
    assert made.said["methods"] == ["cap", "exposure", "repeats"]
    assert made.frame.height == 12
    for row in made.frame.to_dicts():
        assert sum(row["grades"]) == 200
        assert row["driver"] in {"weights", "sampling", "cap", "exposure", "repeats", None}
    assert np.isfinite([float(one["total"]) for one in made.said["sources"]]).all()
