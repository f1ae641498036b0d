"""The notice's ladder, day by day, counted by hand.

National Day of 2025: 1 to 8 October off; Sunday 28 September and Saturday 11 October are worked.
"""

from __future__ import annotations

from datetime import date

import pytest

from tests.published import finding, report
from tests.supervision.desk import matters, one, picture, sent


def sep(day):
    return date(2025, 9, day)


def octo(day):
    return date(2025, 10, day)


def rows(letters=(), reports=(), appeals=(), **more):
    """A grave finding of Monday 22 September, due on Friday the 26th."""
    own = finding("F1", "T1", sep(22), severity="grave", due_on=sep(26), **more)
    return {"findings": [own], "letters": list(letters), "rectifications": list(reports), "appeals": list(appeals)}


ADVISED = [sent("L1", "advisory_letter", sep(25), "F1")]
"""On Thursday, to be answered in 5 working days: 26, 28 (Sunday, worked), 29, 30 September, 9 October."""


@pytest.mark.parametrize(
    ("more", "kind", "answer_in", "step"),
    [
        ({}, "advisory_letter", 5, 3),
        ({"problem_type": "立行立改类"}, "phone_reminder", 3, 2),
        ({"severity": "mild"}, "on_site_guidance", 5, 2),
        ({"action": "工作提示"}, "work_note", 5, 1),
        ({"severity": "mild", "action": "提示函"}, "advisory_letter", 5, 3),
        ({"action": "督办函"}, "advisory_letter", 5, 3),  # step 4 is never the first
        ({"action": "移交"}, "advisory_letter", 5, 3),  # nor is a referral ever a step
    ],
)
def test_the_first_step_goes_by_the_nature_of_the_problem(tmp_path, more, kind, answer_in, step):
    own = rows()
    own["findings"][0].update(more)
    found = one(tmp_path, own, sep(23))
    assert (found.status, found.reason) == ("send", "first")
    assert (found.step.kind, found.step.answer_in, found.step.step) == (kind, answer_in, step)


def test_what_was_never_advised_gets_its_first_step_even_when_late(tmp_path):
    found = one(tmp_path, rows(), octo(15))
    assert (found.status, found.reason, found.step.kind) == ("send", "first-late", "advisory_letter")
    # 28, 29, 30 September, 9, 10, 11, 13, 14, 15 October
    assert (found.deadline, found.days) == (sep(26), -9)


@pytest.mark.parametrize(
    ("on", "status", "reason", "days"),
    [
        (sep(25), "running", "running", 5),
        (sep(28), "running", "running", 3),  # a Sunday that is worked: 29, 30 September, 9 October are left
        (sep(29), "soon", "running", 2),
        (octo(1), "soon", "running", 1),
        (octo(8), "soon", "running", 1),
        (octo(9), "soon", "running", 0),
        (octo(10), "overdue", "just-late", -1),
        (octo(11), "send", "failed", -2),  # a Saturday that is worked is the second day after
        (octo(12), "send", "failed", -2),
        (octo(13), "send", "failed", -3),
    ],
)
def test_step_four_follows_two_working_days_after_the_letters_deadline(tmp_path, on, status, reason, days):
    found = one(tmp_path, rows(ADVISED), on)
    assert (found.deadline, found.status, found.reason, found.days) == (octo(9), status, reason, days)
    assert (found.step is not None) == (status == "send")


def test_without_new_facts_a_matter_only_moves_on(tmp_path):
    order = ["running", "soon", "overdue", "send"]
    own = rows(ADVISED)
    stands = [one(tmp_path, own, date.fromordinal(sep(25).toordinal() + day)) for day in range(40)]
    assert [order.index(found.status) for found in stands] == sorted(order.index(found.status) for found in stands)
    days = [found.days for found in stands]
    assert days == sorted(days, reverse=True)


def test_credit_on_the_report_alone_does_not_mend_a_problem(tmp_path):
    waits = [{"finding_id": "F1", "submitted_on": octo(9), "outcome": "done", "verdict": "waiting"}]
    policy = {"credit_on": "reported", "states": {"on_time": {"share": 1}}}
    assert one(tmp_path, rows(ADVISED, waits), octo(20), rectification=policy).status == "verify"


def test_weekend_days_do_not_count_after_an_ordinary_deadline(tmp_path):
    own = rows([sent("L1", "advisory_letter", octo(13), "F1", due=octo(17))])
    assert [one(tmp_path, own, octo(day)).status for day in (17, 18, 19, 20, 21)] == [
        "soon", "overdue", "overdue", "overdue", "send"
    ]  # fmt: skip
    assert [one(tmp_path, own, octo(day)).days for day in (17, 18, 19, 20, 21)] == [0, 0, 0, -1, -2]


def test_the_later_of_the_findings_and_the_letters_deadline_holds(tmp_path):
    own = rows(ADVISED, extended_to=octo(20))
    assert one(tmp_path, own, octo(15)).deadline == octo(20)
    own = rows([sent("L1", "advisory_letter", sep(23), "F1", due=sep(24))])
    assert one(tmp_path, own, sep(25)).deadline == sep(26)


def test_step_four_goes_on_to_its_next_instrument_and_then_to_the_officer(tmp_path):
    pressed = [*ADVISED, sent("L2", "supervision_letter", octo(13), "F1", due=octo(16))]
    found = one(tmp_path, rows(pressed), octo(20))
    assert (found.status, found.reason, found.step.kind, found.step.step) == ("send", "failed-again", "circular", 4)
    assert found.parameters == {"kind": "supervision_letter", "sent_on": octo(13)}
    told = [*pressed, sent("L3", "circular", octo(20), "F1", due=octo(22))]
    found = one(tmp_path, rows(told), octo(24))
    assert (found.status, found.reason, found.step) == ("overdue", "exhausted", None)
    found = one(tmp_path, rows(ADVISED, indicator="signed"), octo(13))
    assert found.step.kind == "circular"


def test_a_false_report_waits_for_no_deadline_but_only_once(tmp_path):
    false = [report("F1", sep(29), "false")]
    found = one(tmp_path, rows(ADVISED, false), sep(30))
    assert (found.status, found.reason, found.step.kind) == ("send", "false-report", "supervision_letter")
    pressed = [*ADVISED, sent("L2", "supervision_letter", sep(30), "F1")]  # to answer by 11 October
    assert one(tmp_path, rows(pressed, false), octo(11)).status == "soon"


def test_reported_is_the_bureaus_turn_and_mended_is_nobodys(tmp_path):
    waits = [{"finding_id": "F1", "submitted_on": octo(9), "outcome": "done", "verdict": "waiting"}]
    assert one(tmp_path, rows(ADVISED, waits), octo(20)).status == "verify"
    mended = rows(ADVISED, [report("F1", octo(9))])
    assert picture(tmp_path, mended, octo(20)).standings == ()
    # The verdict of a later day is not known yet.
    late = [{**report("F1", octo(9)), "verified_on": octo(21)}]
    assert one(tmp_path, rows(ADVISED, late), octo(20)).status == "verify"


def test_sent_back_runs_to_the_deadline_that_the_bureaus_own_days_moved(tmp_path):
    back = [{**report("F1", sep(29), "sent_back"), "verified_on": octo(10)}]
    # 11 stopped days move the letter's own calendar date of the 9th to the 20th, and none of them counts.
    own = rows([sent("L1", "advisory_letter", sep(25), "F1", due=octo(9))], back)
    assert one(tmp_path, own, octo(20)).deadline == octo(20)
    assert [one(tmp_path, own, octo(day)).status for day in (20, 21, 22)] == ["soon", "overdue", "send"]


def test_a_pending_appeal_holds_everything_and_a_decided_one_moves_the_deadline(tmp_path):
    appeal = {"appeal_id": "A1", "target": "finding", "target_id": "F1", "filed_on": sep(29)}
    found = one(tmp_path, rows(ADVISED, appeals=[appeal]), octo(30))
    assert (found.status, found.matter.pending, found.step) == ("appeal", ("A1",), None)
    decided = {**appeal, "decided_on": octo(13), "decision": "uphold"}
    own = rows([sent("L1", "advisory_letter", sep(25), "F1", due=octo(9))], appeals=[decided])
    assert one(tmp_path, own, octo(12)).status == "appeal"  # not decided yet
    assert one(tmp_path, own, octo(13)).status == "running"
    assert one(tmp_path, own, octo(23)).deadline == octo(23)  # 14 days later


def test_neither_a_referral_nor_a_hint_at_a_tendency_is_a_step(tmp_path):
    for kind in ("referral", "work_note"):
        found = one(tmp_path, rows([sent("L1", kind, sep(25), "F1")]), octo(20))
        assert (found.status, found.reason) == ("send", "first-late")
    hinted = rows([sent("L1", "work_note", sep(25), "F1")], action="工作提示")
    assert one(tmp_path, hinted, octo(13)).reason == "failed"


def test_withdrawn_exempt_later_and_duplicate_findings_are_none(tmp_path):
    day = sep(22)
    found = [
        finding("W", "T1", day),
        finding("X", "T1", day, approved_on=date(2020, 1, 1)),
        finding("L", "T1", octo(20)),
        finding("A", "T1", day, severity="grave", case_ref="K", channel="月度抽查"),
        finding("B", "T1", day, case_ref="K", channel="镇街自查"),
    ]
    withdrawn = {
        "appeal_id": "A1", "target": "finding", "target_id": "W", "filed_on": sep(23), "decided_on": sep(24),
        "decision": "withdraw",
    }  # fmt: skip
    pairs = {
        "sides": [{"channel": "月度抽查"}, {"channel": "镇街自查"}], "key": ["town", "case_ref"], "days": 30
    }  # fmt: skip
    towns = [{"town_code": "T1", "name": "示例甲镇", "delegated_on": date(2023, 8, 1)}]
    own = {"towns": towns, "findings": found, "appeals": [withdrawn]}
    made, _ = matters(own, sep(30), duplicates=pairs, exemptions={"before_delegation": True})
    assert [(matter.id, matter.members) for matter in made] == [("A", ("A", "B"))]
    # A letter that names the one that is set aside is about the matter.
    own["letters"] = [sent("L1", "advisory_letter", sep(25), "B")]
    made, _ = matters(own, sep(30), duplicates=pairs, exemptions={"before_delegation": True})
    assert [letter.letter_id for letter in made[0].letters] == ["L1"]


def test_findings_of_earlier_quarters_are_followed_up_as_well(tmp_path):
    own = {"findings": [finding("F0", "T1", date(2025, 2, 3)), finding("F1", "T2", date(2025, 5, 6))]}
    made, _ = matters(own, date(2025, 11, 3))
    assert [matter.id for matter in made] == ["F0", "F1"]


def test_one_letter_a_town_instrument_and_term(tmp_path):
    found = [
        finding("F1", "T1", sep(22), severity="grave"), finding("F2", "T1", sep(23), "signed", "grave"),
        finding("F3", "T1", sep(23)), finding("F4", "T2", sep(23), severity="grave"),
    ]  # fmt: skip
    out = picture(tmp_path, {"findings": found}, sep(25)).outgoing
    assert [(o.town, o.kind, o.members, o.due_on) for o in out] == [
        ("T1", "on_site_guidance", ("F3",), octo(9)),
        ("T1", "advisory_letter", ("F1", "F2"), octo(9)),
        ("T2", "advisory_letter", ("F4",), octo(9)),
    ]


LAST = sep(30)


def of_type(number, town, day, kind="示例类"):
    return finding(number, town, day, problem_type=kind)


def test_a_tendency_is_so_many_of_a_kind_in_a_town_within_the_window(tmp_path):
    def kinds(found, on=LAST, letters=()):
        own = {"findings": found, "letters": list(letters)}
        return [(t.town, t.kind, t.members, t.towns) for t in picture(tmp_path, own, on).tendencies]

    three = [of_type(f"F{n}", "T1", sep(day)) for n, day in enumerate((1, 10, 20))]
    assert kinds(three) == [("T1", "示例类", ("F0", "F1", "F2"), 1)]
    assert kinds(three[:2]) == []
    # The window of 30 days: 1 September lies in it on the 30th and no longer on 1 October.
    assert kinds(three, octo(1)) == []
    # Once hinted at, not again within the window, but again after it.
    hint = sent("L1", "work_note", sep(25), "F2")
    assert kinds(three, sep(30), [hint]) == []
    later = [*three, *(of_type(f"G{n}", "T1", octo(20 + n)) for n in range(3))]
    assert kinds(later, octo(31), [hint]) == [("T1", "示例类", ("G0", "G1", "G2"), 1)]


def test_a_tendency_is_also_a_kind_in_so_many_towns_and_each_hears_of_its_own(tmp_path):
    found = [of_type(f"F{n}", f"T{n}", sep(20)) for n in (1, 2, 3)]
    made = picture(tmp_path, {"findings": found}, sep(30))
    assert [(t.town, t.members, t.towns) for t in made.tendencies] == [
        ("T1", ("F1",), 3), ("T2", ("F2",), 3), ("T3", ("F3",), 3)
    ]  # fmt: skip
    assert [o.kind for o in made.outgoing if o.tendencies] == ["work_note"] * 3
    # What is contested is no evidence.
    appeal = {"appeal_id": "A1", "target": "finding", "target_id": "F3", "filed_on": sep(29)}
    assert picture(tmp_path, {"findings": found, "appeals": [appeal]}, sep(30)).tendencies == ()
