"""The two shipped schemes against the notice: every item has its place, every clause its form."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest

from schemas.tables import catalogue
from scoring.scheme import lint, load_scheme
from tests.scheme.conftest import FULL, SHIPPED

# The 92 items of supervision that the notice holds, in its order: scored, or kept for the record with a reason.
SCORED = """
responsibility_chain responsibility_shirked policy_not_applied favour_case relation_case wrong_inclusion missed_case
timely_acceptance one_time_notice excess_materials file_complete file_id_card file_hukou file_hardship_statement
file_visit_record file_check_authorisation file_posting_record file_review_record file_deputy_signoff
file_chief_signoff means_check_timely means_check_all home_visit_all standard_procedure system_entry_timely
system_entry_complete kin_filing_staff kin_filing_village targeting_accuracy archive_timely archive_complete
results_published publication_overscope dynamic_review timely_exit exit_written_notice active_discovery
assistant_visits monthly_change_report irregular_inclusion process_other
amount_by_gap periodic_verification amount_adjusted selfcare_assessed selfcare_graded care_fee_standard
care_fee_timely care_fee_full support_mode_choice reserve_fund favouritism_grading level_other
policy_delivered full_coverage off_policy inaction slow_action arbitrary_action repeat_trips repeat_materials
reply_timely hotline_open hotline_effective petition_handling satisfaction awareness effect_other
database_cleaned exit_all buck_passing
""".split()  # noqa: SIM905
NOT_SCORED = """
sample_30 time_reduced efficiency convenience platform_monitoring death_match double_benefit supervision_mode
letter_compliance complaint_hotspot sanction_applied case_followup discipline_referral assessment_weight
plus_minus_basis supervision_coverage joint_conference policy_online process_on_wall door_publicity training
""".split()  # noqa: SIM905
ONLY_IN_THE_YEAR = {"year_archive_visit", "year_interviews", "year_rectification"}

# What each dimension may cite first; an item folded in from elsewhere follows after "；".
CLAUSES = {
    "responsibility": {"一"},
    "process": {"二（一）"},
    "level": {"二（二）"},
    "effect": {"二（三）"},
    "yearly": {"二（一）", "二（三）", "三（二）"},
}
NOTICE = {
    "一",
    "二（一）",
    "二（二）",
    "二（三）",
    *(f"三（{n}）" for n in "一二三四"),
    *(f"四（{n}）" for n in "一二三"),
}
FOLDED_FROM = {"buck_passing": "四（二）", "database_cleaned": "三（一）", "exit_all": "四（一）"}


@pytest.fixture(params=SHIPPED, ids=lambda path: path.stem)
def shipped(request):
    return load_scheme(request.param)


def test_there_are_a_quarterly_and_an_annual_scheme():
    assert [path.name for path in SHIPPED] == ["jiyuan-annual.yaml", "jiyuan-quarterly.yaml"]
    assert len(SCORED) + len(NOT_SCORED) == len({*SCORED, *NOT_SCORED}) == 92


def test_every_item_of_the_notice_is_scored_once_or_not_scored_with_a_reason(shipped):
    scheme = shipped.scheme
    items = [
        name
        for _, item in scheme.indicators()
        for name in (item.id, *item.aliases)
        if re.fullmatch(r"[a-z_0-9]+", name)
    ]
    assert len(items) == len(set(items))
    assert set(items) - (ONLY_IN_THE_YEAR if shipped.file == "jiyuan-annual.yaml" else set()) == set(SCORED)
    assert {item.id for item in scheme.not_scored} == set(NOT_SCORED)
    assert all(item.reason and item.reason_en and item.clause in NOTICE for item in scheme.not_scored)


def test_the_clauses_follow_the_structure_of_the_notice(shipped):
    for dimension, item in shipped.scheme.indicators():
        first, *others = item.clause.split("；")
        assert first in CLAUSES[dimension.id], item.id
        assert others == [FOLDED_FROM[alias] for alias in item.aliases if alias in FOLDED_FROM], item.id
    scheme = shipped.scheme
    assert {gate.clause for gate in scheme.gates} | {scheme.bonuses.clause, scheme.demerits.clause} <= NOTICE


def test_the_points_sum(shipped):
    scheme = shipped.scheme
    for dimension in scheme.dimensions:
        assert sum(item.points for item in dimension.indicators) == dimension.points
    assert sum(dimension.points for dimension in scheme.dimensions) == scheme.full == Fraction(100)


def test_the_words_of_practice_are_lists_that_an_officer_can_lengthen(shipped):
    scheme, columns = shipped.scheme, catalogue().tables["findings"].columns
    assert [severity.id for severity in scheme.severities] == ["一般", "较重", "严重"]
    assert all(severity.working_days for severity in scheme.severities)
    for name in ("channel", "source_level", "programme"):
        assert scheme.values[name] == tuple(columns[name].words), name
        assert all(word in scheme.words_en for word in scheme.values[name]), name


def test_either_name_of_two_items_in_one_is_known(shipped):
    names = {name for _, item in shipped.scheme.indicators() for name in (item.id, item.label, *item.aliases)}
    halves = """
    人情保 关系保 系统录入完备 数据库动态清理 不符合及时退出 应退尽退 不作为 慢作为 乱作为
    多跑路 反复提供材料 热线畅通 热线有效 推诿扯皮
    """
    assert set(halves.split()) <= names


def test_a_state_never_gives_back_what_the_bureaus_delay_could_take(shipped):
    states = shipped.scheme.rectification.states
    assert states.on_time.share > states.late.share > states.partly.share == states.waiting.share == 0
    assert [one.code for one in lint(shipped)] == ["law-rate"]


def test_the_rows_that_wait_behind_a_hash_can_be_used(shipped, load):
    waiting = re.compile(r"^( *)# (closes_on|year_closes_on): ", re.MULTILINE)
    found = [match[2] for match in waiting.finditer(shipped.text)]
    assert found == (["closes_on", "year_closes_on"] if shipped.file == "jiyuan-quarterly.yaml" else ["year_closes_on"])
    calendar = load(waiting.sub(r"\1\2: ", shipped.text)).scheme.calendar
    assert calendar.year_closes_on == "12-20"
    assert calendar.closes_on in {25, None}


def test_one_idea_a_line(shipped):
    long = [line for line in shipped.text.splitlines() if not line.lstrip().startswith("basis") and len(line) > 130]
    assert long == []
    assert "\t" not in shipped.text
    headings = re.findall(r"^# =+ (\S+?)、", shipped.text, re.MULTILINE)
    assert headings == [*"一二三四五六七八九十", *(f"十{n}" for n in "一二三四五六")]


def test_rules_are_the_same_wherever_they_stand_and_however_long_they_hold(load):
    rules = load(FULL).scheme.rules()
    changes = {"price: 2}": "price: 2.0}", "to: 2026-12-31": "to: 2025-06-30", "effective:": "# more\neffective:"}
    for known, other in changes.items():
        assert known in FULL
        assert load(FULL.replace(known, other, 1)).scheme.rules() == rules
    for known, other in {"price: 2}": "price: 3}", "price: 1/3}": "price: 0.33}"}.items():
        assert known in FULL
        assert load(FULL.replace(known, other, 1)).scheme.rules() != rules
