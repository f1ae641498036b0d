"""Who is named as leading or standing low, on ranked lists written out by hand."""

from __future__ import annotations

import pytest

from scoring.reports.standing import in_rank_order, leading, trailing


def towns(*scores):
    """Towns A, B … with these scores, the best first; equal scores share a place."""
    return in_rank_order(
        {
            "town": chr(65 + place),
            "score": score,
            "score_num": score,
            "score_den": 1,
            "rank": scores.index(score) + 1,
            "order": place,
        }
        for place, score in enumerate(scores)
    )


@pytest.mark.parametrize(
    ("scores", "leaders", "low"),
    [
        ((99, 98, 97, 96, 95, 94), "ABC", "DEF"),
        ((100,) * 14 + (90, 80), "", "OP"),  # a place shared by most is no distinction, and no shame
        ((100,) * 6, "", ""),
        ((100, 90, 90, 90, 90, 90), "A", ""),  # who shares the last place with the upper half is not low
        ((99, 98, 97, 96, 90, 90, 90, 90), "ABC", "EFGH"),  # equal places together
        ((99, 97, 97, 97, 96, 95, 94, 93), "ABCD", "FGH"),
        ((99, 98), "A", "B"),
        ((99, 99), "", ""),
        ((99, 98, 97), "A", "BC"),
        ((99,), "", ""),
    ],
)
def test_equal_places_stand_together_or_are_not_named(scores, leaders, low):
    ranked = towns(*scores)
    assert "".join(town["town"] for town in leading(ranked, 3)) == leaders
    assert "".join(town["town"] for town in trailing(ranked, 3, up=False)) == low


def test_nobody_with_the_best_score_stands_low_whatever_breaks_the_tie():
    ranked = [town | {"rank": place} for place, town in enumerate(towns(100, 100, 100, 100), 1)]
    assert trailing(ranked, 3, up=False) == []


def test_a_veto_that_puts_a_town_last_makes_no_low_score():
    ranked = [town | {"rank": place} for place, town in enumerate(towns(95, 90, 85, 80, 99), 1)]
    assert [town["town"] for town in trailing(ranked, 2, up=False)] == ["D"]


def test_where_lower_is_better_the_highest_scores_are_low():
    ranked = towns(0, 1, 2, 8)
    assert [town["town"] for town in trailing(ranked, 1, up=True)] == ["D"]
