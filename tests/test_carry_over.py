"""What today's facts change of a published period is posted later, once, as a difference. Every number by hand."""

import json
import os
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.problems import Refused
from tests.published import Life, carried, finding, report, scheme, score, towns

Q1 = date(2025, 3, 31)
Q2 = date(2025, 6, 30)
Q3 = date(2025, 9, 30)


@pytest.fixture
def life():
    """Q1: A has a mild finding of 20 March (due 3 April), B a grave one of 3 February (due 3 March: 8 + 1)."""
    return Life(
        {
            "towns": towns("A", "B"),
            "findings": [
                finding("a", "A", date(2025, 3, 20)),
                finding("b", "B", date(2025, 2, 3), severity="grave"),
            ],
            "rectifications": [],
        }
    )


def codes(error):
    return sorted({problem.code for problem in error.value.problems})


def test_unchanged_facts_carry_over_nothing(life):
    life.rows["findings"] = life.rows["findings"][1:]
    assert score(life.publish("2025Q1"), "B") == 91
    assert carried(life.publish("2025Q2")) == {}
    assert carried(life.run("2025Q3", Q3)) == {}


def test_a_finding_that_falls_overdue_after_the_freeze_costs_its_extra_later_and_once(life):
    assert score(life.publish("2025Q1"), "A") == 98
    assert carried(life.publish("2025Q2")) == {("2025Q1", "complete"): -1}
    assert carried(life.run("2025Q3", Q3)) == {}


def test_a_fix_in_the_next_quarter_is_credited_there_and_once(life):
    life.publish("2025Q1")
    life.rows["rectifications"] = [report("a", date(2025, 4, 2)), report("b", date(2025, 5, 6))]
    second = life.publish("2025Q2")
    # a in time: half of 2; b late: a quarter of 8.
    assert carried(second, "A") == {("2025Q1", "complete"): 1}
    assert carried(second, "B") == {("2025Q1", "complete"): 2}
    assert (score(second, "A"), score(second, "B")) == (100, 100)  # inside the range: no more than full marks
    assert carried(life.run("2025Q3", Q3)) == {}


def test_fixed_imported_again_reopened_and_fixed_again_balances(life):
    life.publish("2025Q1")
    life.rows["rectifications"] = [report("b", date(2025, 4, 10))]
    assert carried(life.publish("2025Q2"), "B") == {("2025Q1", "complete"): 2}
    life.rows["rectifications"].append(report("b", date(2025, 7, 10), verdict="sent_back"))
    # Sent back: the quarter of 8 goes, and 1 on top.
    assert carried(life.publish("2025Q3"), "B") == {("2025Q1", "complete"): -3}
    life.rows["rectifications"].append(report("b", date(2025, 10, 10)))
    assert carried(life.publish("2025Q4"), "B") == {("2025Q1", "complete"): 2}
    total = sum(sum(carried(_made(life, label), "B").values()) for label in ("2025Q2", "2025Q3", "2025Q4"))
    # Published −9; today −8 −1 (overdue) −1 (sent back) +2.
    assert -9 + total == -8


def _made(life, label):
    frozen = life.past[label]
    return type("Made", (), {"ledger": frozen.entries})


def test_a_late_registered_finding_is_charged_through_the_caps(life):
    life.publish("2025Q1")
    life.rows["findings"] += [
        finding(f"late{n}", "B", date(2025, 3, 25), severity="grave", indicator="complete") for n in range(3)
    ]
    # 9 + 3 × 8 = 33, capped at 20: 11 more than the 9 that were published. (Due 22 April; as of 20 April not overdue.)
    assert carried(life.run("2025Q2", date(2025, 4, 20)), "B") == {("2025Q1", "complete"): -11}


def test_a_dimensions_cap_bounds_what_is_carried(life):
    life.rows["findings"] = [finding("s0", "B", date(2025, 3, 25), severity="grave", indicator="signed")]
    life.publish("2025Q1")
    more = [finding(f"c{n}", "B", date(2025, 3, 25), severity="grave") for n in range(3)]
    more += [finding(f"s{n}", "B", date(2025, 3, 25), severity="grave", indicator="signed") for n in range(1, 6)]
    life.rows["findings"] += more
    # complete: 24 capped to 20; signed 48 capped to 40, 8 published; together 60, the dimension's cap gives 10 back.
    made = life.run("2025Q2", date(2025, 4, 20))
    assert carried(made, "B") == {("2025Q1", "complete"): -20, ("2025Q1", "signed"): -32, ("2025Q1", "files"): 10}
    said = [json.loads(text) for text in made.ledger.filter(kind="carry_over")["parameters"]]
    assert {tuple(one["place"]): one["label"] for one in said} == {
        ("files", "complete"): "complete", ("files", "signed"): "signed", ("files", ""): "files"
    }  # fmt: skip


def test_a_finding_withdrawn_by_appeal_after_the_freeze_gives_its_points_back(life):
    life.publish("2025Q1")
    life.rows["appeals"] = [
        {
            "appeal_id": "s",
            "target": "finding",
            "target_id": "b",
            "filed_on": date(2025, 4, 2),
            "decided_on": date(2025, 4, 9),
            "decision": "withdraw",
        }
    ]
    assert carried(life.publish("2025Q2"), "B") == {("2025Q1", "complete"): 9}
    assert carried(life.run("2025Q3", Q3), "B") == {}


def test_a_corrected_measure_is_carried_over(life):
    life.rows["measures"] = [{"town": "A", "period": "2025Q1", "measure": "rate", "numerator": 90, "denominator": 100}]
    life.rows["findings"] = []
    assert score(life.publish("2025Q1"), "A") == 90
    life.rows["measures"][0]["numerator"] = 95
    assert carried(life.run("2025Q2", Q2), "A") == {("2025Q1", "visited"): 5}


def test_a_bonus_decided_after_the_freeze_is_carried_over_to_its_ceiling(life):
    life.rows["findings"] = [finding("a", "A", date(2025, 1, 3), indicator="signed", severity="grave")]
    bonus = {"adjustment_id": "j", "town": "A", "dated_on": date(2025, 3, 1), "kind": "bonus", "item": "x"}
    life.rows["adjustments"] = [{**bonus, "decided_points": 5, "decided_on": date(2025, 5, 5)}]
    assert score(life.publish("2025Q1"), "A") == 91
    assert carried(life.publish("2025Q2"), "A") == {("2025Q1", ""): 3}
    assert carried(life.run("2025Q3", Q3), "A") == {}


def test_what_was_published_with_later_knowledge_says_nothing(life):
    life.publish("2025Q1", date(2025, 7, 20))
    assert carried(life.run("2025Q2", Q2)) == {}


def test_a_new_edition_of_the_origin_takes_back_what_was_posted(life):
    life.publish("2025Q1")
    life.rows["rectifications"] = [report("b", date(2025, 4, 10))]
    life.publish("2025Q2")
    again = life.publish("2025Q1", date(2025, 7, 1))
    assert score(again, "B") == 93  # 100 − 9 + 2: the second edition knows the fix itself
    # Q2 had posted +2 for the first edition, and −1 for A's overdue; Q3 takes both back.
    assert carried(life.run("2025Q3", Q3), "B") == {("2025Q1", "complete"): -2}
    assert carried(life.run("2025Q3", Q3), "A") == {("2025Q1", "complete"): 1}


def test_the_policy_says_how_far_back(life):
    life.publish("2025Q1")
    life.rows["rectifications"] = [report("b", date(2025, 4, 10))]
    for changes, found in (
        ({"origins": "none"}, {}),
        ({"origins": "year"}, {("2025Q1", "complete"): 2}),
        ({"months": 1}, {("2025Q1", "complete"): 2}),
    ):
        assert carried(life.run("2025Q2", Q2, scheme(carry_over=changes)), "B") == found
    for changes, found in (
        ({"origins": "year"}, {}),
        ({"months": 8}, {}),
        ({"months": 12}, {("2025Q1", "complete"): 2}),
    ):
        assert carried(life.run("2026Q1", date(2026, 3, 31), scheme(carry_over=changes)), "B") == found


def test_a_change_of_scheme_prices_the_origin_by_its_own(life):
    life.publish("2025Q1")
    life.rows["rectifications"] = [report("b", date(2025, 4, 10))]
    dearer = scheme(price_lists={"usual": [{"when": {"severity": "grave"}, "price": 20}, {"price": 10}]})
    assert carried(life.run("2025Q2", Q2, dearer), "B") == {("2025Q1", "complete"): 2}


def test_a_merged_town_posts_to_what_it_became(life):
    life.publish("2025Q1")
    life.rows["rectifications"] = [report("b", date(2025, 4, 10))]
    life.rows["towns"][1] |= {"valid_to": date(2025, 4, 30), "merged_into": "A"}
    second = life.publish("2025Q2")
    assert set(second.scores["town_code"]) == {"A"}
    # B's late fix +2, A's own overdue −1: two entries, told apart.
    assert sorted(second.ledger.filter(second.ledger["kind"] == "carry_over")["subject"]) == [
        "2025Q1:complete",
        "2025Q1:complete:B",
    ]
    assert score(second, "A") == 100
    assert carried(life.run("2025Q3", Q3)) == {}


def test_what_is_published_may_not_vanish(life):
    life.publish("2025Q1")
    life.rows["findings"] = life.rows["findings"][1:]
    with pytest.raises(Refused) as error:
        life.run("2025Q2", Q2)
    assert codes(error) == ["frozen-finding-missing"]
    life.rows["findings"] = []
    life.rows["towns"] = towns("A")
    with pytest.raises(Refused) as error:
        life.run("2025Q2", Q2)
    assert codes(error) == ["frozen-finding-missing"]


def test_a_published_town_that_cannot_be_scored_is_refused(life):
    life.rows["findings"] = []
    life.publish("2025Q1")
    life.rows["towns"] = towns("A")
    with pytest.raises(Refused) as error:
        life.run("2025Q2", Q2)
    assert codes(error) == ["frozen-town-missing"]


def test_a_repeat_of_a_withdrawn_finding_falls_with_it_in_the_published_quarter(life):
    repeats = scheme(repeats={"key": ["indicator"], "window_days": 365, "multipliers": ["1", "2"]})
    life.scheme = repeats
    life.rows["findings"] = [finding("x", "A", date(2025, 3, 3)), finding("y", "A", date(2025, 3, 28))]
    life.rows["rectifications"] = [report("x", date(2025, 3, 4)), report("y", date(2025, 3, 29))]
    assert score(life.publish("2025Q1"), "A") == 97  # 2/2 + 4/2
    life.rows["appeals"] = [
        {
            "appeal_id": "s", "target": "finding", "target_id": "x", "filed_on": date(2025, 4, 2),
            "decided_on": date(2025, 4, 9), "decision": "withdraw",
        }
    ]  # fmt: skip
    assert carried(life.run("2025Q2", Q2), "A") == {("2025Q1", "complete"): 2}


def test_what_the_store_alone_holds_still_makes_a_repeat(life):
    policy = {"repeats": {"key": ["indicator"], "window_days": 365, "multipliers": ["1", "2"]}}
    life.scheme = scheme(carry_over={"origins": "none"}, **policy)
    life.publish("2025Q1")
    found = finding("new", "A", date(2025, 5, 6), due_on=date(2025, 12, 31))
    life.rows["findings"].append(found)
    assert score(life.run("2025Q2", Q2), "A") == 96  # 2 × 2: the finding of March makes it a repeat
    life.rows["findings"] = [found]
    alone = life.run("2025Q2", Q2)
    assert score(alone, "A") == 96
    assert alone.findings["finding_id"].to_list() == ["new"]


def test_a_decision_is_an_entry_of_its_own_with_basis_and_approver(life):
    life.rows["findings"] = []
    decision = {
        "adjustment_id": "d", "town": "A", "dated_on": date(2025, 3, 1), "kind": "decision", "item": "flood",
        "decided_points": -4, "decided_on": date(2025, 3, 20), "decided_by": "meeting", "evidence": "minutes 7",
    }  # fmt: skip
    life.rows["adjustments"] = [decision]
    made = life.run("2025Q1", Q1)
    assert score(made, "A") == 96
    (entry,) = made.ledger.filter(made.ledger["kind"] == "decision").to_dicts()
    assert Fraction(entry["points_num"], entry["points_den"]) == -4
    assert '"by": "meeting"' in entry["parameters"]
    for missing in ("evidence", "decided_by", "decided_points"):
        life.rows["adjustments"] = [{**decision, missing: None}]
        with pytest.raises(Refused) as error:
            life.run("2025Q1", Q1)
        assert codes(error) == ["decision-without-basis"]
    life.rows["adjustments"] = [{**decision, "period": "2025"}]
    assert score(life.run("2025Q1", Q1), "A") == 100


@settings(max_examples=int(os.environ.get("TOWNSCORE_EXAMPLES", "2")), deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 88), st.booleans(), st.booleans(), st.integers(0, 200)), min_size=1, max_size=5),
    st.integers(0, 4),
    st.integers(1, 150),
    st.booleans(),
)
def test_the_same_fix_on_a_later_day_never_pays_more_whatever_was_frozen_between(facts, which, later, repeats):
    policy = {"repeats": {"key": ["indicator"], "window_days": 365, "multipliers": ["1", "2"]}} if repeats else {}

    def total(delay):
        rows = {"towns": towns("A", "B"), "findings": [], "rectifications": []}
        for number, (day, grave, signed, after) in enumerate(facts):
            found = date(2025, 1, 1) + timedelta(days=day)
            severity, indicator = "grave" if grave else "mild", "signed" if signed else "complete"
            rows["findings"].append(finding(f"f{number}", "A", found, indicator, severity))
            wait = after + (delay if number == which % len(facts) else 0)
            rows["rectifications"].append(report(f"f{number}", found + timedelta(days=wait)))
        life = Life(rows, scheme(**policy))
        return sum(score(life.publish(label), "A") for label in ("2025Q1", "2025Q2", "2025Q3", "2025Q4", "2026Q1"))

    assert total(later) <= total(0)


def test_what_a_period_with_later_knowledge_posted_says_nothing_either(life):
    life.publish("2025Q1")
    life.publish("2025Q2")
    life.rows["rectifications"] = [report("b", date(2025, 10, 10))]
    assert carried(life.publish("2025Q2", date(2025, 10, 20)), "B") == {("2025Q1", "complete"): 2}
    # As of 5 October nothing is known of the fix, nor of what was posted for it.
    assert carried(life.run("2025Q3", date(2025, 10, 5)), "B") == {}


def test_a_difference_counts_in_proportion_to_full_marks(life):
    wide = scheme(
        full=200,
        dimensions=[
            {
                "id": "files",
                "label": "files",
                "points": 200,
                "indicators": [
                    {
                        "id": "complete", "label": "complete", "points": 200, "clause": "one",
                        "rule": {"kind": "deduct", "prices": "usual"},
                    }
                ],
            }
        ],
    )  # fmt: skip
    assert score(life.publish("2025Q1", of=wide), "B") == 191
    life.rows["rectifications"] = [report("b", date(2025, 4, 10))]
    # 2 of 200 points are 1 of 100.
    assert carried(life.publish("2025Q2"), "B") == {("2025Q1", "complete"): 1}
    assert carried(life.run("2025Q3", Q3), "B") == {}


def test_where_points_count_up_a_difference_turns_its_sign(life):
    life.publish("2025Q1")
    life.rows["rectifications"] = [report("b", date(2025, 4, 10))]
    life.rows["findings"].append(finding("c", "B", date(2025, 5, 5), severity="grave"))
    up = scheme(direction="up", range={}, gates=[])
    second = life.publish("2025Q2", of=up)
    # A grave finding, overdue, and the 2 that the fix of the first quarter is worth.
    assert (carried(second, "B"), score(second, "B")) == ({("2025Q1", "complete"): -2}, 8 + 1 - 2)
    assert carried(life.run("2025Q3", Q3, up), "B") == {}
