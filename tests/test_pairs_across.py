"""A finding of a matter that a published period has charged costs its excess alone. Every number by hand."""

import json
from datetime import date
from fractions import Fraction

import polars as pl
import pytest

from tests.published import Life, carried, finding, report, scheme, score, towns

SIDES = {"sides": [{"channel": "抽查"}, {"channel": "自查"}], "key": ["village"], "days": 10}
Q1, Q2, Q3 = date(2025, 3, 31), date(2025, 6, 30), date(2025, 9, 30)


def seen(number, day, channel, severity="mild", **more):
    """Mild 2 points, due in 10 working days; grave 8, in 20. Overdue costs 1 more, a fix in time gives half."""
    return finding(number, "A", day, severity=severity, channel=channel, village="东村", **more)


def life_of(*findings, of=None, **more):
    rows = {"towns": towns("A", "B"), "findings": list(findings), "rectifications": []}
    return Life(rows, of or scheme(duplicates=SIDES, **more))


def told(made, number):
    (row,) = made.findings.filter(pl.col("finding_id") == number).to_dicts()
    return row


def entries_of(made, number):
    rows = made.ledger.filter(pl.col("subject") == number)
    return {row["kind"]: (Fraction(row["points_num"], row["points_den"]), row["reason"]) for row in rows.to_dicts()}


FROZEN = seen("f", date(2025, 3, 28), "抽查")
LATER = date(2025, 4, 3)


def test_a_later_finding_of_a_frozen_matter_is_set_aside():
    life = life_of(FROZEN)
    assert score(life.publish("2025Q1"), "A") == 98
    life.rows["findings"].append(seen("n", LATER, "自查"))
    made = life.run("2025Q2", date(2025, 4, 10))
    assert score(made, "A") == 100
    assert carried(made) == {}
    assert (told(made, "n")["disposition"], told(made, "n")["matter"]) == ("duplicate", "f")
    assert entries_of(made, "n") == {"duplicate": (0, "duplicate-frozen")}
    (row,) = made.ledger.filter(pl.col("kind") == "duplicate").to_dicts()
    assert json.loads(row["parameters"]) == {"keeper": "f", "period": "2025Q1"}


def test_what_exceeds_the_frozen_finding_is_charged():
    life = life_of(FROZEN)
    life.publish("2025Q1")
    life.rows["findings"].append(seen("n", LATER, "自查", "grave"))
    made = life.run("2025Q2", date(2025, 4, 10))
    assert score(made, "A") == 94  # 8 − 2
    assert entries_of(made, "n") == {"deduction": (-8, "deduction"), "duplicate": (2, "duplicate-excess")}
    assert told(made, "n")["matter"] == "f"


@pytest.mark.parametrize(
    "change",
    [
        {"findings": [seen("n", date(2025, 4, 8), "自查")]},  # eleven days
        {"findings": [seen("n", LATER, "抽查")]},  # the same side
        {"findings": [seen("n", LATER, "自查") | {"village": "西村"}]},
        {"findings": [seen("n", LATER, "自查", indicator="signed")]},
        {"findings": [seen("n", LATER, "自查") | {"town": "B"}]},
    ],
)
def test_what_does_not_pair_inside_a_period_does_not_pair_across(change):
    life = life_of(FROZEN)
    life.publish("2025Q1")
    life.rows["findings"] += change["findings"]
    made = life.run("2025Q2", date(2025, 4, 10))
    assert told(made, "n")["disposition"] == "priced"
    assert score(made, change["findings"][0]["town"]) == 98


def test_ten_days_pair_and_an_unpublished_period_does_not():
    life = life_of(FROZEN, seen("n", date(2025, 4, 7), "自查"))
    assert told(life.run("2025Q2", date(2025, 4, 10)), "n")["disposition"] == "priced"
    life.publish("2025Q1")
    assert told(life.run("2025Q2", date(2025, 4, 10)), "n")["disposition"] == "duplicate"


def test_one_for_one_over_three_periods():
    """f of March with n of April; m of early April has nobody left and is charged."""
    life = life_of(FROZEN)
    life.publish("2025Q1")
    life.rows["findings"] += [seen("n", LATER, "自查"), seen("m", date(2025, 4, 5), "自查")]
    made = life.publish("2025Q2", date(2025, 4, 10))
    assert [told(made, one)["disposition"] for one in "nm"] == ["duplicate", "priced"]
    assert score(made, "A") == 98
    # A third period sees that f is taken.
    assert carried(life.run("2025Q3", date(2025, 7, 1)))[("2025Q1", "complete")] == -1  # due 14 April, passed


def test_a_pair_inside_its_own_frozen_period_takes_no_third():
    life = life_of(FROZEN, seen("k", date(2025, 3, 30), "自查"))
    life.publish("2025Q1")
    life.rows["findings"].append(seen("n", LATER, "自查"))
    made = life.run("2025Q2", date(2025, 4, 10))
    assert told(made, "n")["disposition"] == "priced"
    assert score(made, "A") == 98


def test_the_dearer_chooses_among_its_own_period_and_the_frozen():
    """n (8) may take f (6 days before) or p (1 day after): the nearer, so f stays free, for nobody."""
    life = life_of(FROZEN)
    life.publish("2025Q1")
    life.rows["findings"] += [seen("n", LATER, "自查", "grave"), seen("p", date(2025, 4, 4), "抽查")]
    made = life.run("2025Q2", date(2025, 4, 10))
    assert [told(made, one)["disposition"] for one in "np"] == ["priced", "duplicate"]
    assert told(made, "n")["matter"] is None
    assert score(made, "A") == 92


def test_a_fix_reported_on_the_later_finding_gives_both_their_credit():
    life = life_of(FROZEN)
    life.publish("2025Q1")
    life.rows["findings"].append(seen("n", LATER, "自查", "grave"))
    life.rows["rectifications"].append(report("n", date(2025, 4, 9)))
    made = life.publish("2025Q2", date(2025, 4, 10))
    # In time (f is due 14 April): half of the excess of 6, and half of f's 2 by carry-over.
    assert entries_of(made, "n")["credit"][0] == 3
    assert carried(made) == {("2025Q1", "complete"): 1}
    assert score(made, "A") == 98
    assert carried(life.run("2025Q3", Q3)) == {}


def test_the_earlier_deadline_is_the_matters_and_its_extra_stands_once():
    life = life_of(FROZEN)
    life.publish("2025Q1")
    life.rows["findings"].append(seen("n", LATER, "自查", "grave"))  # alone it would be due on 6 May
    made = life.run("2025Q2", date(2025, 4, 20))
    assert told(made, "n")["due"] == date(2025, 4, 14)
    assert told(made, "n")["flags"] == ["overdue"]
    assert "overdue" not in entries_of(made, "n")
    assert carried(made) == {("2025Q1", "complete"): -1}
    assert score(made, "A") == 93


def test_the_frozen_finding_is_withdrawn_and_the_later_one_stands_alone():
    life = life_of(FROZEN)
    life.publish("2025Q1")
    life.rows["findings"].append(seen("n", LATER, "自查", "grave"))
    life.publish("2025Q2", date(2025, 4, 10))
    life.rows["appeals"] = [
        {
            "appeal_id": "s", "target": "finding", "target_id": "f", "filed_on": date(2025, 4, 11),
            "decided_on": date(2025, 4, 12), "decision": "withdraw",
        }
    ]  # fmt: skip
    # f gives its 2 back, n costs its whole 8; in July n is overdue too (due 6 May).
    assert carried(life.run("2025Q3", date(2025, 7, 1)), "A") == {("2025Q1", "complete"): 2, ("2025Q2", "complete"): -3}


def test_a_repeat_multiplies_the_excess_and_the_matters_days_do_not_count_for_each_other():
    repeats = {"key": ["village"], "window_days": 90, "multipliers": ["1", "1.5"]}
    life = life_of(FROZEN, repeats=repeats)
    life.publish("2025Q1")
    life.rows["findings"].append(seen("n", LATER, "自查", "grave"))
    assert score(life.run("2025Q2", date(2025, 4, 10)), "A") == 94
    life = life_of(FROZEN, seen("x", date(2025, 2, 3), "抽查"), repeats=repeats)
    assert score(life.publish("2025Q1", date(2025, 3, 31)), "A") == 94  # x 2 and 1 overdue, f 2 × 1.5
    life.rows["findings"].append(seen("n", LATER, "自查", "grave"))
    made = life.run("2025Q2", date(2025, 4, 10))
    assert score(made, "A") == 91  # (8 − 2) × 1.5
    assert carried(made) == {}


def test_quantities_count_on_both_sides():
    """Two points a case: f stands for 3 cases, n for 4."""
    indicator = {
        "id": "complete", "label": "c", "points": 100, "clause": "one",
        "rule": {"kind": "deduct", "per": "case", "prices": "usual"},
    }  # fmt: skip
    dimensions = [{"id": "files", "label": "f", "points": 100, "indicators": [indicator]}]
    life = life_of(FROZEN | {"cases": 3}, dimensions=dimensions, measures=[])
    assert score(life.publish("2025Q1"), "A") == 94
    life.rows["findings"].append(seen("n", LATER, "自查", cases=4))
    assert score(life.run("2025Q2", date(2025, 4, 10)), "A") == 98
    life.rows["findings"][-1]["cases"] = 3
    assert score(life.run("2025Q2", date(2025, 4, 10)), "A") == 100


def test_a_zero_out_fires_though_a_frozen_finding_is_dearer():
    lists = {
        "usual": [
            {"when": {"severity": "grave"}, "price": 8},
            {"when": {"tags": "假"}, "price": 1, "zero_out": True},
            {"price": 2},
        ]
    }
    life = life_of(FROZEN, price_lists=lists)
    life.publish("2025Q1")
    life.rows["findings"].append(seen("n", LATER, "自查", tags=["假"]))
    made = life.run("2025Q2", date(2025, 4, 10))
    assert score(made, "A") == 80  # the whole indicator
    assert told(made, "n")["disposition"] == "priced"


def test_the_store_alone_holds_the_frozen_finding():
    life = life_of(FROZEN, carry_over={"origins": "none"})
    life.publish("2025Q1")
    life.rows["findings"] = [seen("n", LATER, "自查", "grave")]
    made = life.run("2025Q2", date(2025, 4, 10))
    assert score(made, "A") == 94
    assert told(made, "n")["matter"] == "f"


def test_points_that_count_up():
    life = life_of(FROZEN, direction="up")
    assert score(life.publish("2025Q1"), "A") == 2
    life.rows["findings"].append(seen("n", LATER, "自查", "grave"))
    assert score(life.run("2025Q2", date(2025, 4, 10)), "A") == 6


def test_beside_a_frozen_zero_out_nothing_exceeds():
    lists = {"usual": [{"when": {"tags": "假"}, "price": 0, "zero_out": True}, {"price": 2}]}
    life = life_of(FROZEN | {"tags": ["假"]}, price_lists=lists)
    assert score(life.publish("2025Q1"), "A") == 80
    life.rows["findings"].append(seen("n", LATER, "自查"))
    assert score(life.run("2025Q2", date(2025, 4, 10)), "A") == 100


def test_a_longer_period_does_not_pair_with_what_has_gone_from_its_own_days():
    life = life_of(FROZEN, carry_over={"origins": "none"})
    life.publish("2025Q1")
    life.rows["findings"] = [seen("n", LATER, "自查")]
    assert score(life.run("2025H1", date(2025, 4, 10)), "A") == 98
    assert score(life.run("2025", date(2025, 4, 10)), "A") == 98


def test_pairs_inside_a_published_period_keep_the_parts_that_it_was_published_with():
    """In Q1 f is of the far part and k of the near one; by Q2's window both are far."""
    parts = {
        "parts": [{"id": part, "label": part, "weight": "1/2"} for part in ("near", "far")],
        "allot": [{"part": "near", "months": 1}, {"part": "far"}],
    }
    f, k = seen("f", date(2025, 2, 12), "抽查"), seen("k", date(2025, 3, 25), "自查")
    life = life_of(f, k, of=scheme(duplicates=SIDES | {"days": 100}, parts=parts, rectification={}))
    assert score(life.publish("2025Q1"), "A") == 98
    life.rows["findings"].append(seen("n", date(2025, 6, 28), "抽查"))
    made = life.run("2025Q2", Q2)
    assert (told(made, "n")["disposition"], told(made, "n")["matter"]) == ("duplicate", "k")


def test_what_was_published_with_later_knowledge_makes_no_repeat():
    repeats = {"key": ["indicator"], "window_days": 30, "multipliers": ["1", "2"]}
    life = life_of(FROZEN, carry_over={"origins": "none"}, repeats=repeats)
    life.publish("2025Q1", date(2025, 7, 20))
    life.rows["findings"] = [seen("n", LATER, "抽查")]
    assert score(life.run("2025Q2", date(2025, 4, 10)), "A") == 98
    assert score(life.run("2025Q2", date(2025, 7, 20)), "A") == 95  # 2 × 2, overdue 1


def test_a_later_partner_that_the_store_alone_holds_still_names_the_matters_deadline():
    life = life_of(FROZEN | {"due_on": date(2025, 12, 1)}, carry_over={"origins": "none"})
    assert score(life.publish("2025Q1"), "A") == 98
    life.rows["findings"].append(seen("n", LATER, "自查", due_on=date(2025, 5, 1)))
    life.publish("2025Q2")
    assert score(life.run("2025Q1", date(2025, 8, 1)), "A") == 97  # overdue since 1 May
    del life.rows["findings"][-1]
    assert score(life.run("2025Q1", date(2025, 8, 1)), "A") == 97


def test_a_frozen_finding_chooses_in_its_turn():
    """f and n are equally dear and f is the earlier: it takes n, which alone would have taken p, a day from it."""
    life = life_of(FROZEN)
    life.publish("2025Q1")
    life.rows["findings"] += [seen("n", LATER, "自查"), seen("p", date(2025, 4, 4), "抽查", cases=1)]
    made = life.run("2025Q2", date(2025, 4, 10))
    assert [told(made, one)["disposition"] for one in "np"] == ["duplicate", "priced"]
    assert told(made, "n")["matter"] == "f"


def test_a_late_finding_of_a_published_period_pairs_inside_it_by_that_periods_windows():
    """k is registered in Q2 for 28 March: near by Q1's window, far by Q2's, and f's twin all the same."""
    parts = {
        "parts": [{"id": part, "label": part, "weight": "1/2"} for part in ("near", "far")],
        "allot": [{"part": "near", "months": 1}, {"part": "far"}],
    }
    f, k = seen("f", date(2025, 3, 31), "抽查"), seen("k", date(2025, 3, 28), "自查")
    life = life_of(f, of=scheme(duplicates=SIDES, parts=parts, rectification={}))
    life.publish("2025Q1")
    life.rows["findings"] += [k, seen("n", LATER, "自查")]
    made = life.run("2025Q2", Q2)
    assert (told(made, "n")["disposition"], told(made, "n")["matter"]) == ("priced", None)
    assert carried(made) == {}
