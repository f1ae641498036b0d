"""What a sound scheme may still hold that nobody meant: each warning, its line, and the laws given up."""

# ruff: noqa: E501 - a case is one line
from __future__ import annotations

import pytest

from scoring.scheme import laws_given_up, lint, load_scheme
from tests.scheme.conftest import FULL, SHIPPED
from tests.scheme.test_faults import BANDS, GAINED, line_of


def warnings(loaded):
    return {(one.line, one.code) for one in lint(loaded, "en")}


def test_the_full_scheme_has_only_expected_warnings(load):
    found = {one.code: one.silenced for one in lint(load(FULL), "en")}
    assert found == {
        "law-rate": "已讨论",
        "law-applicability": None,
        "law-small-sample": None,
        "law-relative": None,
        "law-quantiles": None,
    }


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_schemes_give_up_the_law_of_rates_and_nothing_else(path):
    assert [one.code for one in lint(load_scheme(path))] == ["law-rate"]


FALL = FULL[FULL.index("          better: higher\n          change") : FULL.index("      - id: reporting")]
FALL_BY = "          better: lower\n          change: percent\n          {}\n"
POLICY = FULL[FULL.index("  self_reported_when") : FULL.index("surcharges:")]

# old text, new text, what stands on the named line, code
# fmt: off
CASES = [
    ("    - {when: {severity: 一般}, price: 1/3}", "    - {price: 1/3}", "{severity: 较重}", "row-never-matches"),
    ("{severity: 严重}, price: 2", "{severity: 较重}, price: 2", "{severity: 较重}, price: 2", "row-never-matches"),
    ("{severity: 严重}, price: 2", "{severity: [较重, 一般]}, price: 2", "[较重, 一般]", "row-never-matches"),
    ("{severity: 严重}, price: 2", "{severity: 严重, cases: {gt: 3, lt: 4}}, price: 2", "gt: 3", "row-impossible"),
    ("{severity: 严重}, price: 2", "{severity: {in: [严重], not_in: [严重]}}, price: 2", "not_in", "row-impossible"),
    ("{tags: {has: [历史遗留]}}", "{tags: {has: [甲], has_none: [甲]}}", "has_none", "row-impossible"),
    ("    - {when: {severity: 较重}, price: 0.5}\n", "", "{severity: 一般}", "price-list-partial"),
    ("price: 2, from: 2025-07-01", "price: 2, from: 2025-06-15", "from: 2025-06-15", "dates-overlap"),
    ("price: 0.5}\n    - {when: {severity: 严重}", "price: 0.2}\n    - {when: {severity: 严重}", "price: 0.2", "severity-order"),
    ("prices: by_severity", "prices: [{price: 1}]", "severity: 一般}, price", "price-list-unused"),
    ("  - {id: kept,", "  - {id: idle, label: 没用}\n  - {id: kept,", "id: idle", "measure-unused"),
    ("{at_least: 90, points: 20}\n            - {at_least: 80, points: 10}", "{at_least: 0.9, points: 20}", "kind: rate", "share-for-percent"),
    ("bands:\n            - {at_least: 90, points: 20}\n            - {at_least: 80, points: 10}", "linear: {none_at: 90, full_at: 80}", "kind: rate", "linear-against-better"),
    ("{price: 0.5}\n  - id: effect", "{price: 50}\n  - id: effect", "{price: 50}", "price-above-points"),
    ("measure: kept", "measure: visited", "- id: reserve", "double-measure"),
    ("self_reported_when: {channel: 自查}\n", "{}\n".replace("{}", "extra_per: finding"), "self_reported: {share", "state-never-met"),
    ("overdue: {extra: 0.3}", "overdue: {extra: 30}", "overdue:", "extra-above-charge"),
    ("label_en: minor, working_days: 10", "label_en: minor", "label_en: minor", "deadline-missing"),
    ("multipliers: [1, 1.5, 2]", "multipliers: [1, 1]", "repeats:", "repeats-idle"),
    ("label: 优秀, at_least: 90", "label: 优秀, at_least: 103", "id: 优秀", "grade-unreachable"),
    ("label: 良好, at_least: 80", "label: 良好, at_least: 0", "id: 合格", "grade-unreachable"),
    ("{id: 合格, label: 合格}", "{id: 合格, label: 合格, at_least: 60}", "id: 合格, label", "scores-without-grade"),
    ("range: {min: 0, max: 102.5}", "range: {min: 0, max: 90}", "range:", "range-without-start"),
    ("weight: 2/5", "weight: 0.5", "parts:\n    - {id: recent", "part-weights"),
    ("{part: recent, months: 1}\n", "{part: earlier}\n    - {part: recent, months: 1}\n", "{part: recent", "row-never-matches"),
    ("    - {when: {level: 省}, points: 1}", "    - {points: 2}\n    - {when: {level: 省}, points: 1}", "{level: 省}", "row-never-matches"),
    ("    - {channel: [热线]}", "    - {channel: 抽查}", "sides:", "sides-overlap"),
    ("    - {channel: [热线]}", "    - {channel: [热线, 抽查]}", "sides:", "sides-overlap"),
    ("    - {channel: [热线]}", "    - {severity: 严重}", "sides:", "sides-overlap"),
    ("price: 1, to: 2025-06-30", "price: 1, to: 2024-06-30", "to: 2024-06-30", "row-not-in-force"),
    ("price: 2, from: 2025-07-01", "price: 2, from: 2027-07-01", "from: 2027-07-01", "row-not-in-force"),
    ("{tags: {has: [历史遗留]}}", "{}", "  when:\n    - {}", "exempts-everything"),
    ("measure: kept, at_least: 1}", "measure: kept, at_least: 0.98}", "kind: pass_fail", "share-for-percent"),
    (BANDS, "linear: {none_at: 0.8, full_at: 100}", "kind: rate", "share-for-percent"),
    (BANDS, "per_point: {target: 1, price: 0.5}", "kind: rate", "share-for-percent"),
    (BANDS, "better: lower\n          linear: {none_at: 0.15, full_at: 0}", "kind: rate", "share-for-percent"),
    ("held_at: 99", "held_at: 0.99", "kind: trend", "share-for-percent"),
    ("against: last_year", "against: baseline\n          baseline: 0.9", "kind: trend", "share-for-percent"),
    (GAINED, "per_point: {target: 0.05, price: 0.2}", "kind: trend", "share-for-percent"),
    (GAINED, "linear: {none_at: 5, full_at: 0}", "kind: trend", "trend-falls"),
    ("held_at: 99", "held_at: 0", "held_at: 0", "trend-never-loses"),
    (GAINED, "per_point: {target: -100, price: 0.2}", "kind: trend", "trend-never-loses"),
    (FALL, FALL_BY.format("per_point: {target: 105, price: 0.2}"), "kind: trend", "trend-never-full"),
    (FALL, FALL_BY.format("per_point: {target: 110, price: 0.2}"), "kind: trend", "trend-never-earns"),
    (FALL, FALL_BY.format("linear: {none_at: 0, full_at: 120}"), "kind: trend", "trend-never-full"),
    (FALL, FALL_BY.format("linear: {none_at: 100, full_at: 120}"), "kind: trend", "trend-never-earns"),
    (FALL, FALL_BY.format("bands: [{at_least: 101, points: 2}, {at_least: 100, points: 1}]"), "kind: trend", "trend-never-full"),
    (FALL, FALL_BY.format("bands: [{at_least: 101, points: 2}]"), "kind: trend", "trend-never-earns"),
    ("price: 0.5, within", "price: 2, within", "kind: relative", "place-takes-all"),
    ("groups_by: kind", "groups_by: none", "kind: relative", "key-idle"),
    ("{at_least: 2, share: 0.25}", "{at_least: 2, share: 5}", "- id: again", "surcharge-above-loss"),
    ("    measure: recheck\n    steps", "    measure: visited\n    steps", "- id: again", "double-surcharge"),
    ("{price: 0.5}\n  - id: effect", "{when: {doc_kind: 表}, price: 0.5}\n            - {when: {doc_kind: 表}, price: 1}\n  - id: effect", "{when: {doc_kind: 表}, price: 1}", "row-never-matches"),
    ("prices: by_severity", "prices: [{when: {doc_kind: 表, visits: {lt: 2}}, price: 1}]", "- id: timely", "double-conditions"),
    ("multipliers: [1, 1.5, 2]", "multipliers: [100, 150, 200]", "repeats:", "repeats-first"),
    ("points: 1}\ndemerits", "points: 4}\ndemerits", "points: 4}", "bonus-above-ceiling"),
    ("grade: 合格}", "grade: 优秀}", "- {id: veto", "gate-idle"),
    ("self_reported: {share: 1}", "self_reported: {share: 0.4}", "on_time: {share", "shares-out-of-order"),
    ("late: {share: 0.2}", "late: {share: 0.2}\n    impossible: {share: 0.9}", "impossible:", "shares-out-of-order"),
    ("late: {share: 0.2}", "late: {share: 0.2}\n    false_report: {share: 0.1}", "false_report:", "key-idle"),
    (POLICY, "  credit_on: reported\n" + POLICY + "    waiting: {share: 0.1}\n", "waiting:", "key-idle"),
    ("points_move_to: timely\n", "no_data: full\n", "no_data: full", "key-idle"),
    ("          kind: deduct\n          per: case\n", "          kind: deduct\n          zero_out_lifted_by: fix\n", "zero_out_lifted_by", "key-idle"),
    ("minimum_sample: 30", "sample: sample", "sample: sample", "key-idle"),
    ("    label: 备用金\n        points: 5", "    label: 备用金\n        points: 5\n        points_move_to: on_site", "points_move_to: on_site", "key-idle"),
    ("{by: dimension, of: files}", "{by: dimension, of: files, when: {severity: 严重}}", "{by: dimension", "key-idle"),
    ("  order: [抽查, 热线]\n", "  order_by: channel\n", "order_by", "key-idle"),
    ("duplicates]\nparts", "duplicates, rounding]\nparts", "arguable:", "key-idle"),
    ("{id: 合格, label: 合格}", "{id: 合格, label: 合格, top: 0.9}", "{id: 合格, label: 合格, top", "key-idle"),
    ("late: {share: 0.2}", "late: {share: 0.2}\n    partly: {share: 0.1}", "partly:", "law-further-report"),
    ("  days: 15\n", "  days: 15\n  within: scheme\n", "duplicates:", "law-pairs"),
    ("          kind: deduct\n          prices:\n", "          kind: deduct\n          zero_out_lifted_by: fix\n          prices:\n", "- id: timely", "law-zero-out"),
    ("late: {share: 0.2}", "late: {share: 0.2}\n    open_in_time: {share: 0.1}", "open_in_time:", "law-further-report"),
    ("code: law-rate", "code: law-rates", "code: law-rates", "silence-idle"),
    ("late: {share: 0.2}", "late: {share: 0.8}", "on_time:", "law-credit-order"),
]
# fmt: on


@pytest.mark.parametrize(("old", "new", "snippet", "code"), CASES, ids=[f"{row[3]}-{i}" for i, row in enumerate(CASES)])
def test_every_warning_names_its_line(old, new, snippet, code, load):
    text = FULL.replace(old, new, 1)
    assert text != FULL
    lines = {line for line, found in warnings(load(text)) if found == code}
    expected = line_of(text, snippet)
    # A block begins on the line of its first key, one below the key that names it.
    assert lines & {expected, expected + 1}, warnings(load(text))


UP = """
id: up
title: 上
document: 例
effective: {from: 2025-01-01}
direction: up
dimensions:
  - id: a
    label: 甲
    points: 1
    indicators:
      - {id: x, label: 乙, points: 1, clause: 一, cap: none, rule: {kind: deduct, prices: [{price: 1}]}}
gates:
  - {id: veto, label: 否决, effect: score_zero}
"""


def test_a_score_of_zero_is_no_punishment_where_lower_is_better(load):
    assert warnings(load(UP)) == {(line_of(UP, "{id: veto"), "gate-zero-up")}


def test_a_gate_on_honours_needs_a_grade_that_has_them(load):
    text = FULL.replace("effect: grade_down", "effect: no_honours")
    assert "gate-idle" not in {code for _, code in warnings(load(text))}
    assert (line_of(text, "- {id: fall"), "gate-idle") in warnings(load(text.replace(", honour: true", "")))


def test_a_gate_of_zero_reaches_a_grade_below_the_range(load):
    text = FULL.replace("range: {min: 0,", "range: {min: 80,")
    assert "grade-unreachable" in {code for _, code in warnings(load(text))}
    text = text.replace("effect: grade_down", "effect: score_zero")
    assert "grade-unreachable" not in {code for _, code in warnings(load(text))}


def test_grades_written_as_shares_are_suspicious(load):
    text = FULL.replace("at_least: 90, top", "at_least: 0.9, top").replace("at_least: 80, top", "at_least: 0.8, top")
    assert (line_of(text, "- {id: 优秀"), "grades-for-percent") in warnings(load(text))


def test_a_low_error_rate_beside_a_higher_one_may_be_meant(load):
    text = FULL.replace(BANDS, "better: lower\n          linear: {none_at: 2, full_at: 0.5}")
    assert "share-for-percent" not in {code for _, code in warnings(load(text))}


@pytest.mark.parametrize(
    "shape",
    [
        "linear: {none_at: -5, full_at: 0.5}",
        "per_point: {target: 0.5, price: 1}",
        "bands: [{at_least: 0, points: 2}, {at_least: -200, points: 1}]",
    ],
)
def test_a_small_change_in_points_may_be_meant(shape, load):
    text = FULL.replace(FALL, f"          better: lower\n          {shape}\n          held_at: 0.2\n")
    assert not {code for _, code in warnings(load(text)) if code.startswith(("trend", "share"))}


def test_a_fall_by_more_than_all_does_no_harm_where_a_level_counts_too(load):
    text = FULL.replace(FALL, FALL_BY.format("linear: {none_at: 0, full_at: 120}\n          held_at: 3"))
    assert not {code for _, code in warnings(load(text)) if code.startswith("trend")}


def test_credit_on_the_report_keeps_the_law_of_further_reports(load):
    text = FULL.replace("late: {share: 0.2}", "late: {share: 0.2}\n    partly: {share: 0.1}")
    text = text.replace("  self_reported_when", "  credit_on: reported\n  self_reported_when")
    assert "law-further-report" not in {law.code for law in laws_given_up(load(text).scheme)}


def test_dates_that_leave_a_gap_name_the_days(load):
    text = FULL.replace("            - {price: 0.5}\n", "").replace("from: 2025-07-01", "from: 2025-07-11")
    text = text.replace("            - {when: {severity: 严重, tags: {has: [复发]}}, zero_out: true}\n", "")
    [gap] = [one for one in lint(load(text), "en") if one.code == "dates-gap"]
    assert "2025-07-01 to 2025-07-10" in gap.message


def test_a_whole_number_between_two_rows_is_no_gap(load):
    rows = "prices: [{when: {cases: {le: 3}}, price: 1}, {when: {cases: {ge: 4}}, price: 2}]"
    assert "price-list-partial" not in {code for _, code in warnings(load(FULL.replace("prices: by_severity", rows)))}


def test_a_fraction_between_two_rows_is_a_hole(load):
    rows = "prices: [{when: {amount: {le: 3}}, price: 1}, {when: {amount: {ge: 4}}, price: 2}]"
    assert "price-list-partial" in {code for _, code in warnings(load(FULL.replace("prices: by_severity", rows)))}


def test_a_list_of_too_many_cases_is_named_not_passed_over(load):
    tags = ", ".join(f"t{i}" for i in range(12))
    rows = f"prices: [{{when: {{tags: {{has: [{tags}]}}, cases: {{in: [1, 5, 9, 13]}}}}, price: 1}}, {{price: 2}}]"
    assert "rows-not-examined" in {code for _, code in warnings(load(FULL.replace("prices: by_severity", rows)))}


def test_a_tiny_weight_is_suspicious(load):
    text = FULL.replace("points: 6\n        clause", "points: 10.9\n        clause", 1)
    text = text.replace("label: 备用金\n        points: 5", "label: 备用金\n        points: 0.1")
    assert "points-tiny" in {code for _, code in warnings(load(text))}


def test_silence_can_name_one_place(load):
    text = FULL.replace("prices: by_severity", "prices: [{price: 50}]")
    text = text.replace("{code: law-rate, reason: 已讨论}", "{code: price-above-points, at: complete, reason: 已讨论}")
    silenced = {one.code: one.silenced for one in lint(load(text), "en")}
    assert silenced["price-above-points"] == "已讨论"
    assert silenced["law-rate"] is None


def test_laws_name_the_rules_that_break_them(load):
    laws = {law.code: law.because for law in laws_given_up(load(FULL).scheme, "zh")}
    assert laws["law-rate"] == ("满意", "走访", "备用金", "热线", "信息")
    assert laws["law-small-sample"] == ("满意",)
    assert laws["law-relative"] == ("信息",)
