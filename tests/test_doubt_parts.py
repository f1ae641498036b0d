"""The parts that the doubt about a ranking is made of: indices, weights, priors, shapes, places, groups."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.scheme import Scheme
from schemas.scheme.outcome import Gate
from schemas.scheme.rules import PassFail, Rate
from scoring.doubt.outcome import Pairs, by_number, groups, inseparable, interval, leading, trailing
from scoring.doubt.places import Field, grades, in_units, ranks
from scoring.doubt.priors import counts, shares
from scoring.doubt.shapes import share_earned
from scoring.doubt.sobol import indices
from scoring.doubt.weights import concentration, factors
from scoring.pricing import pass_fail, rate
from scoring.ranking import Candidate, place
from tests.casebook import FOLDER, read_yaml


# ------------------------------------------------------------------------------------------------- Sobol's indices
def ishigami(x, a=7.0, b=0.1):
    """Ishigami & Homma (1990): sin x1 + a sin² x2 + b x3⁴ sin x1, each x between −π and π."""
    return np.sin(x[:, 0]) + a * np.sin(x[:, 1]) ** 2 + b * x[:, 2] ** 4 * np.sin(x[:, 0])


def estimated(model, one, other, groups_of_inputs):
    mixed = []
    for inputs in groups_of_inputs:
        swapped = one.copy()
        swapped[:, inputs] = other[:, inputs]
        mixed.append(model(swapped)[:, None])
    first, total = indices(model(one)[:, None], model(other)[:, None], mixed)
    return first[:, 0], total[:, 0]


def test_ishigami_has_its_known_indices():
    """V = a²/8 + bπ⁴/5 + b²π⁸/18 + 1/2; V1 = (1 + bπ⁴/5)²/2; V2 = a²/8; V13 = 8b²π⁸/225."""
    a, b = 7.0, 0.1
    whole = a**2 / 8 + b * math.pi**4 / 5 + b**2 * math.pi**8 / 18 + 0.5
    own = [(1 + b * math.pi**4 / 5) ** 2 / 2 / whole, a**2 / 8 / whole, 0.0]
    both = 8 * b**2 * math.pi**8 / 225 / whole
    assert [round(one, 4) for one in own] == [0.3139, 0.4424, 0.0]
    assert [round(one, 4) for one in (own[0] + both, own[1], both)] == [0.5576, 0.4424, 0.2437]
    rng = np.random.default_rng(1)
    one, other = (rng.uniform(-math.pi, math.pi, (200_000, 3)) for _ in range(2))
    first, total = estimated(ishigami, one, other, [[0], [1], [2]])
    assert first == pytest.approx(own, abs=0.015)
    assert total == pytest.approx([own[0] + both, own[1], both], abs=0.015)


def test_of_a_sum_each_source_has_the_share_of_its_variance():
    """1·x1 + 2·x2 + 3·x3: 1/14, 4/14, 9/14; nothing is shared, so that both indices agree."""
    rng = np.random.default_rng(2)
    one, other = (rng.uniform(0, 1, (100_000, 3)) for _ in range(2))
    first, total = estimated(lambda x: x @ [1.0, 2.0, 3.0], one, other, [[0], [1], [2]])
    assert first == pytest.approx([1 / 14, 4 / 14, 9 / 14], abs=0.01)
    assert total == pytest.approx([1 / 14, 4 / 14, 9 / 14], abs=0.01)


def test_inputs_may_be_grouped():
    """x1·x2 + x3 between −1 and 1: the first two together 1/9 of 1/9 + 1/3, and neither has any of it alone."""
    rng = np.random.default_rng(3)
    one, other = (rng.uniform(-1, 1, (100_000, 3)) for _ in range(2))

    def model(x):
        return x[:, 0] * x[:, 1] + x[:, 2]

    first, total = estimated(model, one, other, [[0, 1], [2]])
    assert first == pytest.approx([1 / 4, 3 / 4], abs=0.015)
    assert total == pytest.approx([1 / 4, 3 / 4], abs=0.015)
    first, total = estimated(model, one, other, [[0], [1], [2]])
    assert first[:2] == pytest.approx([0, 0], abs=0.015)
    assert total[:2] == pytest.approx([1 / 4, 1 / 4], abs=0.015)


def test_what_never_moves_has_no_index():
    same = np.full((8, 1), 3.0)
    first, total = indices(same, same, [same])
    assert np.isnan(first).all()
    assert np.isnan(total).all()


# ------------------------------------------------------------------------------------------------- weights
POINTS = st.lists(st.lists(st.integers(1, 30), min_size=1, max_size=4), min_size=1, max_size=4)


@given(POINTS, st.integers(0, 95), st.sampled_from(["percent", "dirichlet"]), st.integers(0, 2**32))
def test_weights_keep_their_sum(points, spread, around, seed):
    drawn = factors(np.random.default_rng(seed), 20, points, spread / 100, around)
    flat = np.array([one for own in points for one in own], dtype=float)
    assert drawn.shape == (20, len(flat))
    assert (drawn >= 0).all()
    assert drawn @ flat == pytest.approx(np.full(20, flat.sum()))


def test_no_spread_leaves_the_weights():
    assert (factors(np.random.default_rng(0), 5, [[1, 2], [3]], 0.0) == 1).all()


def test_two_weights_by_percent_stay_within_what_both_ends_give():
    """50 and 50 by ± 25 %: 37.5 of 37.5 + 62.5 at the least, so that a factor lies between 0.75 and 1.25."""
    drawn = factors(np.random.default_rng(0), 20_000, [[50.0], [50.0]], 0.25)
    assert drawn.min() >= 0.75 - 1e-12
    assert drawn.max() <= 1.25 + 1e-12
    assert drawn.min() < 0.77
    assert drawn.mean() == pytest.approx(1, abs=0.01)


def test_a_dirichlet_varies_as_much_as_its_concentration_says():
    """A share p has the variance p(1 − p)/(k + 1)."""
    own = np.array([0.2, 0.3, 0.5])
    k = concentration(own, 0.25)
    # 3·(1 − 0.38)/(0.0625·0.38) − 1
    assert k == pytest.approx(3 * 0.62 / (0.0625 * 0.38) - 1)
    assert concentration(np.array([0.98, 0.02]), 0.9) == 2  # where one weight is nearly all
    drawn = factors(np.random.default_rng(4), 50_000, [[20.0], [30.0], [50.0]], 0.25, "dirichlet") * own
    assert drawn.mean(axis=0) == pytest.approx(own, abs=0.002)
    assert drawn.var(axis=0) == pytest.approx(own * (1 - own) / (k + 1), rel=0.05)


# ------------------------------------------------------------------------------------------------- priors
def test_priors_by_hand():
    """0 and 40 findings in 10 checks each: rate 2, variance 4, by chance 2/10; (2)/(4 − 0.2) checks."""
    prior = counts([0, 40], [10, 10])
    assert (prior.rate, prior.strength) == (2.0, pytest.approx(2 / 3.8))
    # 2, 4 and 9 of 10: 0.5, Σ 10·(p − 0.5)²/0.25 = 10.4, by chance 2; of 30 − 10 − 2 the correlation is 8.4/18.
    prior = shares([2, 4, 9], [10, 10, 10])
    assert (prior.rate, prior.strength) == (0.5, pytest.approx(18 / 8.4 - 1))
    # The sizes weigh, and a prior weighs a case at least.
    assert shares([5, 80, 30], [10, 100, 50]).strength == pytest.approx(_correlated([5, 80, 30], [10, 100, 50]))
    assert shares([1, 9], [10, 10]).strength == 1


def _correlated(met, asked):
    """Kleinman (1973), by his letters: p̂, S, and γ with the weights wᵢ = nᵢ; a + b = 1/γ − 1."""
    w, n = sum(asked), asked
    p = sum(met) / w
    q = 1 - p
    s = sum(own * (k / own - p) ** 2 for k, own in zip(met, n, strict=True))
    chance = p * q * sum(1 - own / w for own in n)
    gamma = (s - chance) / (p * q * (sum(own * (1 - own / w) for own in n) - sum(1 - own / w for own in n)))
    return 1 / gamma - 1


@pytest.mark.parametrize(("towns", "strength", "size"), [(4, 3.0, 20), (16, 3.0, 20), (16, 20.0, 100)])
def test_the_prior_of_shares_is_found_again(towns, strength, size):
    """Towns drawn from a known beta: the correlation 1/(a + b + 1) that is estimated lies about it."""
    rng = np.random.default_rng(5)
    found = []
    for _ in range(800):
        own = rng.binomial(size, rng.beta(0.7 * strength, 0.3 * strength, towns))
        found.append(1 / (shares(own.tolist(), [float(size)] * towns).strength + 1))
    assert np.median(found) == pytest.approx(1 / (strength + 1), rel=0.2)


def test_towns_that_differ_by_chance_alone_keep_half_their_say():
    assert counts([2, 2], [10, 30]).strength == 20.0
    assert shares([5, 5], [10, 10]).strength == 10.0
    assert counts([0, 0], [3, 5]) == counts([0, 0], [3, 5])
    assert counts([0, 0], [3, 5]).rate == 0


# ------------------------------------------------------------------------------------------------- shapes
def rules():
    shapes = [
        {"per_point": {"target": "95", "price": "0.5"}},
        {"per_point": {"target": "90", "price": "1/3", "step": "whole"}},
        {"linear": {"none_at": "60", "full_at": "95"}},
        {"linear": {"none_at": "30", "full_at": "5"}},
    ]
    made = [
        Rate(kind="rate", measure="m", better=better, **shape) for shape in shapes for better in ("higher", "lower")
    ]
    bands = [{"at_least": "90", "points": "10"}, {"at_least": "80", "points": "4"}]
    lower = [{"at_most": "5", "points": "10"}, {"at_most": "20", "points": "3"}]
    made += [Rate(kind="rate", measure="m", bands=bands), Rate(kind="rate", measure="m", better="lower", bands=lower)]
    return [
        *made,
        PassFail(kind="pass_fail", measure="m", at_least="80"),
        PassFail(kind="pass_fail", measure="m", at_most="5"),
    ]


@given(st.sampled_from(rules()), st.fractions(0, 100, max_denominator=300))
def test_drawn_rates_earn_what_the_engine_gives(rule, value):
    points = Fraction(10)
    wanted = (pass_fail if isinstance(rule, PassFail) else rate).earned(rule, points, value) / points
    assert share_earned(rule, 10.0, np.array([float(value)]))[0] == pytest.approx(float(wanted), abs=1e-9)


# ------------------------------------------------------------------------------------------------- places
GATES = (
    {"id": "last", "label": "末位", "effect": "last_place"},
    {"id": "down", "label": "降档", "effect": "grade_down"},
    {"id": "ceiling", "label": "封顶", "effect": "grade_ceiling", "grade": "合格"},
    {"id": "honours", "label": "不得评优", "effect": "no_honours"},
)
BANDS = [
    {"id": "优秀", "label": "优秀", "at_least": "90", "top": "1/4", "honour": True},
    {"id": "良好", "label": "良好", "at_least": "80.5", "top": "0.6"},
    {"id": "合格", "label": "合格", "at_least": "60", "top": "0.9"},
    {"id": "不合格", "label": "不合格"},
]
TOWN = st.tuples(
    st.integers(40, 100), st.sampled_from("AB"), st.integers(0, 2),
    st.lists(st.sampled_from([gate["id"] for gate in GATES]), max_size=2, unique=True),
)  # fmt: skip


@settings(max_examples=100)
@given(
    st.lists(TOWN, min_size=1, max_size=9), st.sampled_from(["bands", "quantiles"]), st.sampled_from(["group", "all"]),
    st.sampled_from(["include", "exclude"]), st.integers(1, 4), st.booleans(),
)  # fmt: skip
def test_drawn_scores_are_placed_and_graded_as_the_ranking_does(towns, by, within, on_tie, smallest, up):
    policy = {"by": by, "grades": [{k: v for k, v in g.items() if by == "quantiles" or k != "top"} for g in BANDS]}
    if by == "quantiles":
        policy |= {"within": within, "on_tie": on_tie, "smallest_group": smallest}
    raw = read_yaml(FOLDER / "schemes" / "base.yaml")
    scheme = Scheme.model_validate(raw | {"direction": "up" if up else "down", "gates": GATES, "grades": policy})
    if up:  # edges are upper ones where lower is better
        graded = [
            g.model_copy(update={"at_least": None, "at_most": g.at_least and 140 - g.at_least})
            for g in scheme.grades.grades
        ]
        scheme = scheme.model_copy(update={"grades": scheme.grades.model_copy(update={"grades": tuple(graded)})})
    candidates = [
        Candidate(str(n), group, Fraction(value), tuple(gates), (Fraction(tie),))
        for n, (value, group, tie, gates) in enumerate(towns)
    ]
    wanted = place(candidates, scheme)
    known = {gate.id: gate.effect for gate in scheme.gates}

    def has(effect):
        return np.array([any(known[g] == effect for g in c.gates) for c in candidates])

    field = Field(
        np.array([tie for _, _, tie, _ in towns]), np.array(["AB".index(group) for _, group, _, _ in towns]),
        has("last_place"), has("grade_down"), np.where(has("grade_ceiling"), 2, 0), ~has("no_honours"),
    )  # fmt: skip
    values = in_units(np.array([[float(c.score) for c in candidates]] * 2), scheme.decimals)
    ids = [grade.id for grade in scheme.grades.grades]
    assert ranks(values, field, scheme)[1].tolist() == [wanted[c.town].rank for c in candidates]
    assert [ids[n] for n in grades(values, field, scheme)[0]] == [wanted[c.town].grade for c in candidates]


@pytest.mark.parametrize(
    ("value", "units"), [(85.125, 8513), (-85.125, -8513), (85.1249, 8512), (0.1 + 0.2, 30), (1.005, 101), (0.0, 0)]
)
def test_halves_are_rounded_away_from_zero_whatever_the_float(value, units):
    assert in_units(np.array([value]), 2)[0] == units


# ------------------------------------------------------------------------------------------------- what draws say
def test_intervals_by_hand():
    """Of 40 draws two are left out on either side: 1, 1, 2 … 2, 3, 3, 3."""
    ordered = np.array([[1]] * 2 + [[2]] * 35 + [[3]] * 3)
    low, high = interval(ordered)
    assert (low[0], high[0]) == (1, 3)
    low, high = interval(np.array([[1]] + [[2]] * 37 + [[3]] * 2))
    assert (low[0], high[0]) == (2, 2)
    assert interval(np.array([[4]]))[0][0] == 4


def test_pairs_and_groups_by_hand():
    """A before B in 9 of 10, B and C either way, C before D always."""
    ranks_ = np.array([[1, 2, 3, 4]] * 5 + [[1, 3, 2, 4]] * 4 + [[2, 1, 3, 4]])
    pairs = Pairs(ranks_)
    assert pairs.ahead(0, [1, 2, 3]).tolist() == [9, 10, 10]
    assert inseparable(pairs, [0, 1, 2, 3]) == [(1, 2)]
    assert groups(pairs, [0, 1, 2, 3], np.array([1, 2, 3, 4])) == [[0], [1, 2], [3]]
    assert groups(pairs, [0, 1, 2, 3], np.array([1, 1, 3, 3])) == [[0, 1], [2, 3]]
    assert leading(ranks_, 1).tolist() == [9, 1, 0, 0]
    assert leading(ranks_, 2).tolist() == [10, 6, 4, 0]
    assert trailing(ranks_, 2).tolist() == [0, 4, 6, 10]
    assert trailing(np.array([[1, 2, 2, 4], [1, 2, 2, 2]]), 2).tolist() == [0, 2, 2, 2]
    assert by_number(ranks_ - 1, 4).tolist() == [[9, 1, 0, 0], [1, 5, 4, 0], [0, 4, 6, 0], [0, 0, 0, 10]]


def test_equal_places_are_never_told_apart():
    assert inseparable(Pairs(np.array([[1, 1]] * 10)), [0, 1]) == [(0, 1)]


def test_a_group_holds_nobody_who_can_be_told_apart_from_one_of_it():
    """1–2 and 2–3 cannot be told apart, 1–3 can: the third begins a group of its own."""
    ranks_ = np.array([[1, 2, 3]] * 6 + [[2, 1, 3]] * 2 + [[1, 3, 2]] * 2)
    assert groups(Pairs(ranks_), [0, 1, 2], np.array([1, 2, 3])) == [[0, 1], [2]]


def test_gates_are_what_the_scheme_says():
    assert {Gate.model_validate(gate).effect for gate in GATES} == {
        "last_place",
        "grade_down",
        "grade_ceiling",
        "no_honours",
    }
