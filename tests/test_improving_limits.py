"""The least effort where levels do not simply add up, and where not everything can be looked at."""

from __future__ import annotations

from datetime import date

import pytest

from scoring.improving import best, cells
from tests.improving import halved
from tests.published import Life, finding, report, scheme, towns
from tests.test_improving import ways

EARLIER, DAY, AS_OF, DUE = date(2025, 3, 20), date(2025, 4, 3), date(2025, 4, 10), date(2025, 6, 1)
PRICES = [{"when": {"cases": number}, "price": number} for number in (2, 4, 5, 6, 8)]


def lists(**changes):
    """Two indicators, one a dimension; a finding costs as many points as it has cases, and half of them once fixed."""
    kinds = [
        {"id": name, "label": name, "points": "50", "clause": name, "rule": {"kind": "deduct", "prices": PRICES}}
        for name in ("complete", "signed")
    ]
    dimensions = [{"id": k["id"], "label": k["id"], "points": "50", "indicators": [k]} for k in kinds]
    return {"dimensions": dimensions, "bonuses": None, "gates": [], **changes}


def decided(points):
    return [
        {
            "adjustment_id": "J", "town": "B", "dated_on": DAY, "kind": "decision", "evidence": "-", "decided_by": "-",
            "decided_on": DAY, "decided_points": points,
        }
    ]  # fmt: skip


def told(earlier, later, b, before, now):
    """A's way to B's place: findings of then and now, each its cases; B has so much less than all."""
    rows = {"towns": towns("A", "B"), "findings": [], "rectifications": [], "adjustments": []}
    rows["findings"] += [finding(f"then{n}", "A", EARLIER, cases=n, due_on=DUE) for n in earlier]
    life = Life(rows, now)
    life.publish("2025Q1", of=before)
    rows["findings"] += [finding(f"now{n}", "A", DAY, cases=n, due_on=DUE) for n in later]
    rows["adjustments"] = decided(b)
    rows["measures"] = [{"town": "A", "period": "2025Q2", "measure": "rate", "value": 1}]
    return ways(rows, now, AS_OF, label="2025Q2", past=list(life.past.values()))["A", "place"]


def test_what_is_added_to_the_whole_is_no_part_of_what_is_carried_over():
    """Of 4 and 2 of this quarter half as much is added: 91. The fix of 4 gives back 3, that of 5 of then 2.5 alone."""
    surcharge = {"id": "s", "label": "s", "level": "total", "measure": "rate"}
    now = scheme(**lists(surcharges=[surcharge | {"steps": [{"at_least": "1", "share": "1/2"}]}]))
    row = told((5,), (4, 2), "-6", scheme(**lists()), now)
    assert (row["outcome"], row["cost"], row["at_least"], row["findings"]) == ("reached", 1, 1, ["now4"])


@pytest.mark.parametrize(("at", "least"), [("total", 1), ("indicator", 1)])
def test_a_point_of_another_scheme_is_worth_what_it_is(at, least):
    """A point of 50 is worth two of 100: of the 4 of then 2 come back as 4, of the 6 of now 3."""
    before = scheme(**halved(lists(round_at=at)))
    row = told((4,), (6, 2), "-4", before, scheme(**lists(round_at=at)))
    assert (row["outcome"], row["cost"], row["at_least"], row["findings"]) == ("reached", 1, least, ["then4"])


@pytest.mark.parametrize(("at", "least"), [("total", 2), ("indicator", 1)])
def test_where_what_is_carried_over_is_rounded_nothing_is_said_of_what_is_cheaper(at, least):
    """Both fixes are needed, 4 + 3; entry by entry a point of another scheme may be rounded as it comes over."""
    before = scheme(**halved(lists(round_at=at)))
    row = told((4,), (6, 2), "-1", before, scheme(**lists(round_at=at)))
    assert (row["outcome"], row["cost"], row["at_least"]) == ("reached", 2, least)


def three(**changes):
    rows = {"towns": towns("A", "B"), "findings": [], "rectifications": [], "adjustments": decided("-3")}
    rows["findings"] = [
        finding("a", "A", DAY, "complete", cases=2, due_on=DUE),
        finding("b", "A", DAY, "signed", cases=2, due_on=DUE),
        finding("c", "A", DAY, "signed", cases=2, due_on=DUE),
    ]
    return ways(rows, scheme(**lists(**changes)), AS_OF, label="2025Q2")["A", "place"]


def test_of_what_was_not_tried_nothing_is_said(monkeypatch):
    assert (three()["cost"], three()["at_least"]) == (3, 3)
    monkeypatch.setattr(best, "adds_up", lambda scheme: False)
    assert (three()["cost"], three()["at_least"]) == (3, 3)
    monkeypatch.setattr(best, "MOST_TRIED", 2)  # nothing, and one of those that cost one
    assert (three()["outcome"], three()["at_least"]) == ("far", 1)


def test_of_zero_outs_that_were_not_looked_at_nothing_is_said(monkeypatch):
    """Above its points more may be lost: then a fix gains even while a zero-out fires."""
    rule = {"kind": "deduct", "prices": [{"when": {"cases": 2}, "price": 40, "zero_out": True}, *PRICES]}
    own = {"id": "complete", "label": "complete", "points": "50", "clause": "-", "cap": "none"}
    own["rule"] = rule | {"zero_out_lifted_by": "fix"}
    other = {
        "id": "signed",
        "label": "signed",
        "points": "50",
        "clause": "-",
        "rule": {"kind": "deduct", "prices": PRICES},
    }
    dimensions = [{"id": one["id"], "label": one["id"], "points": "50", "indicators": [one]} for one in (own, other)]
    rows = {"towns": towns("A", "B"), "findings": [], "rectifications": [], "adjustments": decided("-60")}
    rows["findings"] = [finding(f"a{n}", "A", DAY, cases=2, due_on=DUE) for n in (1, 2)]
    of = scheme(**lists(dimensions=dimensions))

    def way():
        return ways(rows, of, AS_OF, label="2025Q2")["A", "place"]

    # 80 lost; with one fixed 60.
    assert (way()["outcome"], way()["cost"], way()["at_least"]) == ("reached", 1, 1)
    monkeypatch.setattr(cells, "MOST_FIRING", 0)
    assert (way()["outcome"], way()["cost"], way()["at_least"]) == ("reached", 2, 1)


def test_a_zero_out_that_cannot_be_fixed_today_is_not_lifted():
    """Two take the indicator; the report on one was sent back today, so that the next is for tomorrow."""
    prices = [{"when": {"cases": 2}, "price": 2, "zero_out": True}, *PRICES]
    changes = lists()
    changes["dimensions"][0]["indicators"][0]["rule"] = {
        "kind": "deduct",
        "prices": prices,
        "zero_out_lifted_by": "fix",
    }
    rows = {"towns": towns("A", "B"), "findings": [], "rectifications": [], "adjustments": decided("-20")}
    rows["findings"] = [finding(f"a{n}", "A", DAY, cases=2, due_on=DUE) for n in (1, 2)]
    assert ways(rows, scheme(**changes), AS_OF, label="2025Q2")["A", "place"]["cost"] == 2
    rows["rectifications"] = [report("a2", AS_OF, "sent_back")]
    row = ways(rows, scheme(**changes), AS_OF, label="2025Q2")["A", "place"]
    assert (row["outcome"], row["open"]) == ("out-of-reach", 1)


def test_a_fix_may_win_the_tie_too():
    """Accepted as it was handed in A's report is in time: 99 points and all in time, as B has them."""
    rows = {"towns": towns("A", "B"), "adjustments": []}
    rows["findings"] = [finding(town, town, DAY, cases=2, due_on=date(2025, 4, 8)) for town in "AB"]
    rows["rectifications"] = [report("A", date(2025, 4, 6), "waiting"), report("B", date(2025, 4, 6))]
    of = scheme(**lists(tie_breakers=[{"by": "on_time_rate"}]))
    row = ways(rows, of, AS_OF, label="2025Q2")["A", "place"]
    assert (row["outcome"], row["cost"], row["at_least"], row["score"], row["rank"]) == ("reached", 1, 1, "99.00", 1)


@pytest.mark.parametrize(
    ("share", "until"), [({}, date(2025, 5, 10)), ({"extended": {"share": "1/4"}}, date(2025, 4, 20))]
)
def test_the_day_is_the_one_until_which_a_fix_is_worth_as_much(share, until):
    rows = {"towns": towns("A", "B"), "rectifications": [], "adjustments": decided("-1")}
    due = {"due_on": date(2025, 4, 20), "extended_to": date(2025, 5, 10)}
    rows["findings"] = [finding("a", "A", DAY, cases=2, **due)]
    of = scheme(**lists(rectification={"states": {"on_time": {"share": "1/2"}, **share}}))
    assert ways(rows, of, AS_OF, label="2025Q2")["A", "place"]["until"] == [until]


def test_of_a_day_that_has_passed_none_is_named():
    rows = {"towns": towns("A", "B"), "rectifications": [], "adjustments": decided("-3")}
    rows["findings"] = [finding("a", "A", DAY, cases=4, due_on=date(2025, 4, 9))]
    row = ways(rows, scheme(**lists()), AS_OF, label="2025Q2")["A", "place"]
    assert (row["outcome"], row["open"]) == ("out-of-reach", 1)  # 4 and 1 for being overdue, of which 1 comes back
    rows["adjustments"] = decided("-4")
    row = ways(rows, scheme(**lists()), AS_OF, label="2025Q2")["A", "place"]
    assert (row["outcome"], row["how"], row["until"]) == ("reached", ["late"], [None])
