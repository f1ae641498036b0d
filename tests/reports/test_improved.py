"""Who improved most, on movements written out by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from scoring.reports.improved import improved, improved_sentence
from scoring.reports.labels import Labels
from scoring.reports.trend import Moved


def labels(direction="down", lang="zh", full="100"):
    return Labels({"scheme": {"direction": direction, "full": full, "decimals": 2, "base": "0"}}, lang)


def moved(**towns):
    """town=(places, change); towns of no places begin with their change alone."""
    return Moved(
        {code: way[0] for code, way in towns.items() if way[0] is not None},
        {code: Fraction(str(way[1])) for code, way in towns.items() if way[1] is not None},
        rule_change=False,
        gated=frozenset(),
    )


def rows(course, gates=()):
    codes = {**course.places, **course.changes}
    return [
        {"town_code": code, "town": code, "rank": place, "gates": ["x"] if code in gates else []}
        for place, code in enumerate(codes, 1)
    ]


def told(course, leaders=3, gates=(), **more):
    words = labels(**more)
    return improved_sentence(rows(course, gates), course, leaders, words, "reports-trend-improved")


def test_who_gained_most_points_is_named_though_its_place_stayed():
    course = moved(A=(0, "5.2"), B=(4, "2"), C=(-4, "-7"), D=(0, "0.5"))
    assert told(course) == "进步较大的镇（街道）：按得分，A（+5.20分，名次未变）、B（+2.00分，升4位）；按名次，B。"
    found = improved(rows(course), course, 3, labels())
    assert [town["town"] for town in found.named(rows(course))] == ["A", "B"]
    assert told(course, lang="en").endswith("by points, A (+5.20, same place), B (+2.00, up 4); by places, B.")


@pytest.mark.parametrize(
    ("course", "leaders", "points", "places"),
    [
        (moved(A=(0, 0), B=(0, "-1")), 3, "", ""),  # nobody rose
        (moved(A=(0, "0.99"), B=(2, "0.99"), C=(0, 0), D=(0, 0)), 3, "", ""),  # nor enough
        (moved(A=(0, 1), B=(0, 0)), 3, "A", ""),
        (moved(A=(3, "0.01"), B=(0, 0)), 3, "", "A"),
        (moved(A=(3, "-1"), B=(0, 0)), 3, "", ""),  # others fell
        (moved(A=(-1, 9), B=(-5, 8), C=(0, 7), D=(0, 6), E=(0, 0), F=(0, 0)), 2, "AB", ""),
        (moved(A=(0, 9), B=(0, 7), C=(0, 7), D=(0, 6), E=(0, 0), F=(0, 0)), 2, "ABC", ""),  # equal gains together
        (moved(A=(0, 9), B=(0, 7), C=(0, 7), D=(0, 7), E=(0, 7), F=(0, 0)), 2, "A", ""),  # or not at all
        (moved(A=(0, 7), B=(0, 7), C=(0, 7), D=(0, 7), E=(0, 7), F=(0, 7)), 3, "", ""),
        (moved(A=(None, 7), B=(0, 0)), 3, "A", ""),
        (moved(A=(0, 7), B=(0, 0)), 0, "", ""),
    ],
)  # fmt: skip
def test_the_rule(course, leaders, points, places):
    found = improved(rows(course), course, leaders, labels())
    assert ["".join(town["town"] for town in way) for way in (found.by_points, found.by_places)] == [points, places]
    assert bool(told(course, leaders)) is bool(points or (places and leaders))


def test_nobody_under_a_veto_then_or_now():
    course = moved(A=(9, 80), B=(5, 20), C=(0, 0), D=(0, 0))
    then = Moved(course.places, course.changes, rule_change=False, gated=frozenset("A"))
    assert told(then, gates="B") == ""
    assert "A（" in told(course, gates="B")


def test_under_other_rules_points_are_not_compared_and_that_is_said():
    course = moved(A=(0, "5.2"), B=(4, "-2"), C=(-4, "-7"))
    other = Moved(course.places, course.changes, rule_change=True, gated=frozenset())
    assert told(other) == "进步较大的镇（街道）：按名次，B（升4位）（考核规则有变化，只比名次，不比分值）。"
    assert told(Moved({}, course.changes, rule_change=True, gated=frozenset())) == ""


def test_where_lower_is_better_and_where_there_are_no_full_marks():
    course = moved(A=(0, "-5"), B=(3, "-1"), C=(0, "5"))
    assert told(course, direction="up", full="0") == (
        "进步较大的镇（街道）：按得分，A（−5.00分，名次未变）、B（−1.00分，升3位）；按名次，B。"
    )
