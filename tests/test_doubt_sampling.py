"""What is drawn of a town's sample, against means and variances worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from schemas.scheme.rules import Rate
from scoring.doubt.draws import scores
from scoring.doubt.evidence import Asked, Findings
from scoring.doubt.priors import Prior
from scoring.doubt.sampling import Counted, Rated, Sampled, add_to, draw
from tests.doubting import checked, deducting, found, model_of
from tests.published import towns

DRAWS = 200_000
SURE = (1e12, 1e12)
"""The town is as good as the others: θ is 1 for certain."""


def counted(own, *, unseen=1.0, mean_cost=(1.0,), cap=np.inf, factor=1.0, ways=1):
    """20 cases checked; all towns together lead one to expect 0.1 a case, which weighs as much as 30 cases."""
    seen = np.array([sum(n * cost[0] for n, cost in zip(own.numbers, own.costs, strict=True))] * ways)
    limits = np.full(ways, factor), np.full(ways, cap)
    return Counted(0, own, Prior(0.1, 30.0), mean_cost, 20.0, unseen, *limits, np.minimum(seen * factor, cap), 10.0)


def nets(one, quality=SURE):
    sampled = Sampled((one,), (), np.array([0]), quality, -1)
    return draw(np.random.default_rng(3), DRAWS, sampled).nets[0][:, 0]


def test_the_number_of_findings_is_the_posterior():
    """4 found of 20: Gamma(4 + 3) × 20/50, mean 2.8, variance 7 × 0.16."""
    drawn = nets(counted(Findings([4], [(1.0,)])))
    assert drawn.mean() == pytest.approx(2.8, rel=0.01)
    assert drawn.var() == pytest.approx(1.12, rel=0.02)


def test_where_a_part_was_not_seen_that_part_is_open():
    """Of 20 of 80 cases a quarter is certain: 0.25 × 4 + 0.75 × 2.8, and three quarters of the variance."""
    drawn = nets(counted(Findings([4], [(1.0,)]), unseen=0.75))
    assert drawn.mean() == pytest.approx(3.1, rel=0.01)
    assert drawn.var() == pytest.approx(0.84, rel=0.02)


def test_costs_are_drawn_finding_by_finding_and_what_is_expected_costs_the_mean():
    """3 of 1 and 1 of 5, expected 3 of 2: (3 + 5 + 6) × 0.4, and (3·1 + 25 + 3·4) × 0.16."""
    drawn = nets(counted(Findings([3, 1], [(1.0,), (5.0,)]), mean_cost=(2.0,)))
    assert drawn.mean() == pytest.approx(5.6, rel=0.01)
    assert drawn.var() == pytest.approx(6.4, rel=0.03)


def test_how_good_a_town_is_throughout_moves_what_is_expected():
    """θ of Gamma(4)/2, mean 2 and variance 1: (4 + 3·2) × 0.4, and (4 + 3·2 + 9·1) × 0.16."""
    drawn = nets(counted(Findings([4], [(1.0,)])), (4.0, 2.0))
    assert drawn.mean() == pytest.approx(4.0, rel=0.01)
    assert drawn.var() == pytest.approx(3.04, rel=0.03)


def test_a_town_without_findings_is_drawn_as_if_it_had_some():
    """0 of 20: Gamma(3) × 0.4."""
    drawn = nets(counted(Findings()))
    assert (drawn.mean(), drawn.var()) == (pytest.approx(1.2, rel=0.01), pytest.approx(0.48, rel=0.03))


def test_scale_and_cap_act_on_what_is_drawn_and_on_what_was_found():
    """5 found, twice over, at most 8: what is added to the share is (8 − what the draw loses) of 10 points."""
    one = counted(Findings([5], [(1.0,)]), factor=2.0, cap=8.0)
    sampled = Sampled((one,), (), np.array([0]), SURE, -1)
    drawn = draw(np.random.default_rng(3), 1000, sampled)
    shares = np.full((1000, 1), 0.2)
    add_to(shares, sampled, drawn, np.zeros(1000, dtype=np.int64))
    assert shares[:, 0] == pytest.approx(1 - np.minimum(2 * drawn.nets[0][:, 0], 8) / 10)


def test_each_way_of_counting_has_its_own_costs_and_each_way_of_scoring_what_was_found_there():
    """The same findings cost 1 or 2; ways of scoring 0 and 1 count in the first way, 2 in the second."""
    own = Findings([4], [(1.0, 2.0)])
    counting = np.array([0, 0, 1])
    seen = np.array([4.0, 3.0, 6.0])
    one = Counted(0, own, Prior(0.1, 30.0), (1.0, 2.0), 20.0, 1.0, np.ones(3), np.array([np.inf, 3.0, 6.0]), seen, 10.0)
    sampled = Sampled((one,), (), counting, SURE, -1)
    drawn = draw(np.random.default_rng(3), 999, sampled)
    way = np.arange(999) % 3
    shares = 1 - seen[way][:, None] / 10
    add_to(shares, sampled, drawn, way)
    lost = drawn.nets[0][np.arange(999), counting[way]]
    assert drawn.nets[0][:, 1] == pytest.approx(2 * drawn.nets[0][:, 0])
    assert shares[:, 0] == pytest.approx(1 - np.minimum(lost, np.array([np.inf, 3.0, 6.0])[way]) / 10)


def test_a_rate_is_the_posterior_of_the_beta_binomial():
    """30 of 40, and 0.5 as much as 10 cases: Beta(35, 15), 0.7, 0.21/51. Nothing at 0 and full at 100."""
    rule = Rate.model_validate({"kind": "rate", "measure": "m", "linear": {"none_at": 0, "full_at": 100}})
    one = Rated(0, Asked(30.0, 40.0, rule), Prior(0.5, 10.0), 10.0, 0.0, np.inf)
    (gained,) = draw(np.random.default_rng(3), DRAWS, Sampled((), (one,), np.array([0]), SURE, -1)).earned
    assert gained.mean() == pytest.approx(0.7 - 0.75, abs=0.001)
    assert gained.var() == pytest.approx(0.21 / 51, rel=0.02)


def test_each_town_has_a_sample_of_its_own():
    rows = {"towns": towns("A", "B", "C"), "findings": found(A=4, B=4, C=4)}
    rows["checks"] = [checked(town, 20, 400) for town in "ABC"]
    drawn = scores(model_of(rows, deducting())[0], 7, 4_000)[2]
    assert np.corrcoef(drawn.T) == pytest.approx(np.eye(3), abs=0.06)
