"""Two schemes on the same facts: exact sums, and the smallest change that makes neighbours equal, by brute force."""

from __future__ import annotations

import os
from datetime import date
from fractions import Fraction
from itertools import pairwise, starmap

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from scoring.assessing import assess
from scoring.periods import parse_period
from scoring.problems import Refused
from scoring.revising.comparing import compare, swaps, weights_of
from scoring.revising.differing import differences
from scoring.revising.setting import WrongSettingError, set_values
from scoring.scheme import SchemeError, load_scheme
from tests.frames import tables_of
from tests.published import Life, finding, scheme, score, towns
from tests.strategies import schemes, worlds

EXAMPLES = int(os.environ.get("TOWNSCORE_EXAMPLES", "6"))
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


def named(made):
    return {(s.ahead, s.behind): (s.gap, s.weight and s.weight.place, s.change) for s in swaps(made)}


def test_the_smallest_change_of_one_weight_that_makes_neighbours_equal(life):
    """A 98, B 92, C 90. Of `complete` they earned 18/20, 12/20, 1, of `signed` 1, 1, 30/40."""
    found = named(under(life, scheme()))
    # A and B: 6 + change × 3/10 = 0 by `complete`; by `files` 6 + change × 6/60 = 0, the whole of it.
    assert found["A", "B"] == (6, ("files", "complete"), -20)
    # B and C: 2 + change × (−2/5) = 0, 2 + change × 1/4 = 0, or by `files` 2 + change × 2/60 = 0.
    assert found["B", "C"] == (2, ("files", "complete"), 5)


def of_dimensions(**files):
    """`files` of two indicators worth 10 each, `visits` of one; every finding costs 1."""

    def indicator(name, points):
        rule = {"kind": "deduct", "prices": [{"price": 1}]}
        return {"id": name, "label": name, "points": points, "clause": "c", "rule": rule}

    own = {"points": 20, "indicators": [indicator("first", 10), indicator("second", 10)]} | files
    visits = {"id": "visits", "label": "visits", "points": 10, "indicators": [indicator("third", 10)]}
    return scheme(dimensions=[{"id": "files", "label": "files", **own}, visits], full=own["points"] + 10)


@pytest.fixture
def two_towns(life):
    """X lost 4 of 10 at `third`, Y 5 of 10 each at `first` and `second`."""
    where = {"X": {"third": 4}, "Y": {"first": 5, "second": 5}}
    life.rows["towns"] = towns("X", "Y")
    life.rows["findings"] = [
        finding(f"{town}{indicator}{n}", town, date(2025, 3, 20), indicator)
        for town, lost in where.items()
        for indicator, count in lost.items()
        for n in range(count)
    ]
    return life


def test_a_dimension_as_a_whole_where_one_indicator_has_too_little_weight(two_towns):
    """X 26, Y 20. By `first` or `second` 6 + change × 1/2 = 0, more than their 10 points; by `files` 12 of its 20."""
    # By `third`, which stands for `visits` too: 6 − change × 4/10 = 0, 15 more.
    assert named(under(two_towns, of_dimensions())) == {("X", "Y"): (6, ("files", ""), -12)}


def test_in_a_scaled_dimension_an_indicator_counts_as_what_it_is_worth_in_the_score(two_towns):
    """`files` is worth 60 for its indicators' 20 points: X 66, Y 40, and `first` is worth 30 of the score."""
    # By `first` 26 + change × 1/2 = 0: −52 of 30; by `files` −52 of 60; by `third` 26 − change × 4/10 = 0: 65.
    made = under(two_towns, of_dimensions(points=60, scale=True))
    assert named(made) == {("X", "Y"): (26, ("files", ""), -52)}
    worth = {weight.place: (weight.points, weight.scaled) for weight in weights_of(made)}
    assert worth == {
        ("files", "first"): (30, True), ("files", "second"): (30, True), ("visits", "third"): (10, False),
        ("files", ""): (60, False),
    }  # fmt: skip


def of_rates(points, worth=None):
    """Rates by a line, of which the share earned does not hang on points: dimension → indicator → points.

    `worth`: the points of dimensions to which their indicators are scaled.
    """

    def indicator(name, of):
        rule = {"kind": "rate", "measure": name, "linear": {"none_at": 0, "full_at": 100}}
        return {"id": name, "label": name, "points": of, "clause": "c", "no_data": "full", "rule": rule}

    dimensions = []
    for name, own in points.items():
        whole = {
            "id": name,
            "label": name,
            "points": sum(own.values()),
            "indicators": [*starmap(indicator, own.items())],
        }
        dimensions.append(whole | ({"points": worth[name], "scale": True} if name in (worth or {}) else {}))
    measures = [{"id": name, "label": name} for own in points.values() for name in own]
    full = sum(dimension["points"] for dimension in dimensions)
    return scheme(dimensions=dimensions, measures=measures, full=full, decimals=3)


def rated(rates, of):
    """Score towns by what they reached in each measure, in the scheme's order."""
    measured = [
        {"town": town, "period": "2025Q1", "measure": measure.id, "value": value}
        for town, values in rates.items()
        for measure, value in zip(of.measures, values, strict=True)
        if value is not None
    ]
    return Life({"towns": towns(*rates), "measures": measured}).run("2025Q1", AS_OF, of)


def test_the_engine_agrees_where_the_share_earned_does_not_hang_on_points():
    """The scheme with the changed weight gives both towns one score."""
    points = {"a": {"a1": 10, "a2": 10}, "b": {"b1": 20, "b2": 60}}
    rates = {"X": (100, 100, 60, 80), "Y": (50, 50, 90, 80), "Z": (40, 60, 88, 80)}
    made = rated(rates, of_rates(points))
    # X 80, Y 76, Z 75.6. X and Y: by a1, a2 and `a` −8, by b1 13 1/3. Y and Z: by a1 −4, a2 4, b1 −20.
    assert [(s.weight.place, s.change) for s in swaps(made)] == [(("a", "a1"), -8), (("a", "a1"), -4)]
    for swap in swaps(made):
        changed = of_rates({**points, "a": {**points["a"], "a1": 10 + swap.change}})
        again = rated(rates, changed)
        assert score(again, swap.ahead) == score(again, swap.behind)
    # X 64, Y 62.8, then 62.2: by a1 or a2 2 points of 2, then 3, which they have not, but `a` as a whole has.
    points["a"], rates = {"a1": 2, "a2": 2}, {"X": (100, 100, 60, 80), "Y": (40, 40, 66, 80)}
    made = rated(rates, of_rates(points))
    assert [(s.gap, s.weight.place, s.change) for s in swaps(made)] == [(Fraction(6, 5), ("a", "a1"), -2)]
    rates["Y"] = (40, 40, 63, 80)
    made = rated(rates, of_rates(points))
    assert [(s.gap, s.weight.place, s.change) for s in swaps(made)] == [(Fraction(9, 5), ("a", ""), -3)]
    again = rated(rates, of_rates({**points, "a": {"a1": Fraction(1, 2), "a2": Fraction(1, 2)}}))
    assert score(again, "X") == score(again, "Y")


@st.composite
def rate_worlds(draw):
    """Towns under a scheme of rates: dimensions with one to three indicators, some scaled, some towns without data."""
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    points = {
        f"d{n}": {f"d{n}i{k}": draw(st.integers(1, 20)) for k in range(size)} for n, size in enumerate(sizes)
    }  # fmt: skip
    worth = {name: draw(st.integers(1, 60)) for name in points if draw(st.booleans())}
    of = of_rates(points, worth)
    values = st.one_of(st.none(), st.sampled_from([0, 40, 50, 60, 80, 100]), st.integers(0, 100))
    names = "ABCD"[: draw(st.integers(2, 4))]
    rates = {town: [draw(values) for _ in of.measures] for town in names}
    return of, rated(rates, of)


@given(rate_worlds())
@settings(max_examples=3 * EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_smaller_change_of_one_weight_does_it_among_rates(world):
    no_smaller_change(world[1], world[0])


@given(worlds())
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_smaller_change_of_one_weight_does_it(world):
    made = assessed(world)
    if made is not None:
        no_smaller_change(made, world[0])


def no_smaller_change(made, of):
    """Sum every score anew with the changed weight: the two are equal to the last digit, and by no smaller change."""
    sums = sums_of(made, of)
    alone = {dimension.id for dimension in of.dimensions if len(dimension.indicators) == 1}
    for swap in swaps(made):
        event("a pair of neighbours")

        def apart(place, change, swap=swap):
            one, two = (summed(sums[town], place, change) for town in (swap.ahead, swap.behind))
            return None if one is None or two is None else one - two

        points = {at: of for at, (of, _) in sums[swap.ahead][0].items() if at[1] or at[0] not in alone}
        if swap.change is None:
            event("no single weight does it")
            # Even a weight of 0, or a thousand times all of them, leaves them apart.
            for place, weight in points.items():
                assert apart(place, -weight) is None or apart(place, -weight) > 0
                assert apart(place, Fraction(10**4)) is None or apart(place, Fraction(10**4)) >= swap.gap
            continue
        event(f"a change of {'an indicator' if swap.weight.place[1] else 'a dimension'}")
        assert apart(swap.weight.place, swap.change) == 0
        assert swap.weight.points == points[swap.weight.place]
        assert swap.weight.points + swap.change >= 0
        nearly = abs(swap.change) * Fraction(999999, 1000000)
        for place, weight in points.items():
            for change in (nearly, -nearly):
                if weight + change >= 0 and apart(place, change) is not None:
                    assert apart(place, change) > 0


def sums_of(made, of):
    """By town: place → (weight in the score, earned there ÷ points), and the score; from the frames alone."""
    found = {
        row["town_code"]: ({}, Fraction(row["score_num"] or 0, row["score_den"] or 1))
        for row in made.scores.iter_rows(named=True)
    }
    worth = {}
    for dimension in of.dimensions:
        total = sum(indicator.worth for indicator in dimension.indicators)
        for indicator in dimension.indicators:
            worth[dimension.id, indicator.id] = Fraction(indicator.worth, total) * dimension.points
        worth[dimension.id, ""] = Fraction(dimension.points)
    for row in made.indicators.iter_rows(named=True):
        if row["outcome"] == "not_applicable":
            continue
        share = Fraction(row["earned_num"], row["earned_den"]) * Fraction(row["points_den"], row["points_num"])
        place = row["dimension"], row["indicator"]
        found[row["town_code"]][0][place] = worth[place], share
        found[row["town_code"]][0].setdefault((row["dimension"], ""), None)
    for row in made.dimensions.iter_rows(named=True):
        place = row["dimension"], ""
        if place in found[row["town_code"]][0]:
            share = Fraction(row["earned_num"], row["earned_den"]) / worth[place]
            found[row["town_code"]][0][place] = worth[place], share
    return found


def summed(own, place, change):
    """The score with one weight changed: Σ over all indicators, or over all dimensions, and the rest of it."""
    terms, total = own
    if place not in terms:
        return None
    level = {at: term for at, term in terms.items() if bool(at[1]) == bool(place[1])}
    rest = total - sum(weight * share for weight, share in level.values())
    return rest + sum((weight + change * (at == place)) * share for at, (weight, share) in level.items())


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
