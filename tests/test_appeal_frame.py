"""What an appeal would do, told from towns' own rows, some appeals at a time, equals the whole scored again with it."""

import os
from datetime import date
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, event, given, settings

from scoring.assessing import assess
from scoring.ledger import Frozen
from scoring.outcome import appeals
from scoring.periods import Period
from scoring.problems import Refused
from tests.frames import tables_of
from tests.published import Life, finding, report, towns
from tests.test_reference_history import QUICK
from tests.years import histories, kind_of

EXAMPLES = int(os.environ.get("TOWNSCORE_EXAMPLES", "4"))


@pytest.fixture
def life():
    made = Life(
        {
            "towns": towns("A", "B", "C"),
            "findings": [
                finding("a", "A", date(2025, 3, 20)),
                finding("b", "B", date(2025, 2, 3), severity="grave"),
                finding("c", "C", date(2025, 2, 3), severity="grave", indicator="signed"),
                finding("d", "B", date(2025, 5, 6)),
            ],
            "rectifications": [report("c", date(2025, 3, 1), verdict="sent_back")],
            "measures": [{"town": "A", "period": "2025Q2", "measure": "rate", "numerator": 95, "denominator": 100}],
            "checks": [{"town": t, "checked_on": date(2025, m, 9), "sampled": 9} for t in "ABC" for m in (2, 5)],
        }
    )
    made.publish("2025Q1")
    appeal = {"filed_on": date(2025, 5, 1), "ground": "x"}
    made.rows["appeals"] = [
        {**appeal, "appeal_id": "1", "target": "finding", "target_id": "b"},
        {**appeal, "appeal_id": "2", "target": "finding", "target_id": "d", "filed_on": date(2025, 5, 9)},
        {**appeal, "appeal_id": "3", "target": "measure", "target_id": "A/rate/2025Q2", "asked_value": "99/100"},
        {**appeal, "appeal_id": "4", "target": "verdict", "target_id": "c", "asked_value": "passed"},
        {
            **appeal, "appeal_id": "5", "target": "finding", "target_id": "a",
            "decided_on": date(2025, 5, 20), "decision": "withdraw",
        },
    ]  # fmt: skip
    return made


def test_one_towns_rows_say_what_the_whole_says(life, monkeypatch):
    alone = life.run("2025Q2", date(2025, 6, 30)).appeals
    monkeypatch.setattr(appeals, "_only", lambda tables, past, codes: (tables, past))
    assert alone.equals(life.run("2025Q2", date(2025, 6, 30)).appeals)
    assert alone["appeal_id"].to_list() == ["1", "3", "4", "5", "2"]
    said = {row["appeal_id"]: (row["upheld"], row["rejected"]) for row in alone.to_dicts()}
    # B: d open in time 2, b of Q1 overdue by then as it was: withdrawn 9 come back, up to full marks.
    assert said["1"] == ("100.00", "98.00")
    assert said["3"] == ("100.00", "97.00")  # A: 99 % costs 1, 95 % costs 5, and a's withdrawal gives 2


@given(histories())
@settings(max_examples=EXAMPLES, phases=QUICK, deadline=None, suppress_health_check=list(HealthCheck))
def test_one_towns_rows_say_what_the_whole_says_in_random_years(steps):
    past = {}
    for step in steps:
        period = Period(step.label, kind_of(step.label), step.period.start, step.period.end)
        tables = tables_of(step.rows, step.scheme)
        try:
            made = assess(tables, step.scheme, period, step.as_of, past=list(past.values()))
        except Refused:
            continue
        event(f"{min(made.appeals.height, 3)} appeals")
        if made.appeals.height:
            with (
                patch.object(appeals, "_only", lambda tables, past, codes: (tables, past)),
                patch.object(appeals, "_rounds", lambda cases, alone: [[case] for case in cases]),
            ):
                whole = assess(tables, step.scheme, period, step.as_of, past=list(past.values())).appeals
            assert made.appeals.to_dicts() == whole.to_dicts()
        past[step.label] = Frozen(
            period, 1, step.as_of, step.scheme, "code",
            made.ledger, made.scores, made.findings, made.indicators, made.dimensions, tables.findings.lazy(),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("target", "about", "asked", "why"),
    [
        ("measure", "A/rate/2025Q2", "很高", "unreadable"),
        ("measure", "A/rate/2025Q2", "97", "appeal-value-unfit"),
        ("measure", "A/rate/2025Q2", "97/0", "appeal-value-unfit"),
        ("finding", "d", "terrible", "unreadable"),
        ("verdict", "c", "splendid", "unreadable"),
        ("adjustment", "+", "much", "unreadable"),
        ("adjustment", "+", "99999999999999", "unreadable"),
    ],
)
def test_what_is_asked_for_and_does_not_fit_is_not_worked_out_and_says_why(life, target, about, asked, why):
    bonus = {"adjustment_id": "+", "town": "A", "dated_on": date(2025, 5, 5), "kind": "bonus", "item": "x",
             "decided_points": 1, "decided_on": date(2025, 5, 6), "decided_by": "y"}  # fmt: skip
    life.rows |= {"adjustments": [bonus]}
    life.rows["appeals"] = [
        {"appeal_id": "1", "filed_on": date(2025, 5, 9), "ground": "x", "target": target, "target_id": about,
         "asked_value": asked}
    ]  # fmt: skip
    (row,) = life.run("2025Q2", date(2025, 6, 30)).appeals.to_dicts()
    assert (row["asked"], row["upheld"], row["upheld_why"], row["rejected_why"]) == (asked, None, why, None)
    assert row["rejected"] is not None
    assert row["moved_towns"] == []


def test_one_that_cannot_be_scored_takes_nothing_from_those_of_other_towns(life):
    """A round that is refused is told appeal by appeal."""
    alone = {row["appeal_id"]: row for row in life.run("2025Q2", date(2025, 6, 30)).appeals.to_dicts()}
    life.rows["appeals"][2]["asked_value"] = "97/0"
    beside = {row["appeal_id"]: row for row in life.run("2025Q2", date(2025, 6, 30)).appeals.to_dicts()}
    assert (beside["3"]["upheld"], beside["3"]["upheld_why"]) == (None, "appeal-value-unfit")
    others = [number for number in alone if number != "3"]
    assert [beside[number] for number in others] == [alone[number] for number in others]
    assert [alone[number]["upheld_why"] for number in others] == [None] * 4


@pytest.mark.parametrize("checked", ["ABC", "AC", ""])
def test_an_appeal_on_a_town_without_a_score_is_told_all_the_same(life, checked):
    """Also in a period that scores no town at all."""
    life.rows["checks"] = [row for row in life.rows["checks"] if row["checked_on"].month == 2 or row["town"] in checked]
    made = life.run("2025Q2", date(2025, 6, 30))
    told = {row["appeal_id"]: row for row in made.appeals.to_dicts()}
    assert told["2"]["pending"]
    outcome = dict(made.scores.select("town_code", "outcome").iter_rows())["B"]
    if "B" in checked:
        assert (outcome, told["2"]["upheld_why"]) == ("scored", None)
    else:
        assert outcome == "not_checked"
        assert [told["2"][name] for name in ("upheld", "upheld_why", "rejected", "rejected_why")] == [
            None, "not-scored", None, "not-scored",
        ]  # fmt: skip
