"""How sure the ranking is: laws over random schemes and data."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import scoring.doubt as doubts
from scoring.assessing import assess
from scoring.assessment import Assessment
from scoring.doubt.draws import generator, official, scores
from scoring.doubt.places import ranks
from scoring.example import generate_tables
from scoring.ledger import score
from scoring.problems import Refused
from scoring.scheme import load_scheme
from tests import strategies
from tests.doubting import CALENDAR, QUARTER, WAYS, checked, deducting, doubt, found, judged, model_of, shared
from tests.frames import tables_of
from tests.published import towns

quick = settings(max_examples=6, database=None, deadline=None, suppress_health_check=list(HealthCheck))


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
