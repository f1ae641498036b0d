"""What a sound scheme may still hold that nobody meant: each warning, its line, and the laws given up."""

# ruff: noqa: E501 - a case is one line
from __future__ import annotations

import pytest

from scoring.scheme import laws_given_up, lint, load_scheme
from tests.scheme.conftest import FULL, SHIPPED
from tests.scheme.test_faults import line_of


def warnings(loaded):
    return {(one.line, one.code) for one in lint(loaded, "en")}


def test_the_full_scheme_has_only_expected_warnings(load):
    found = {one.code: one.silenced for one in lint(load(FULL), "en")}
    assert found == {
        "law-rate": "已讨论",
        "law-applicability": None,
        "law-small-sample": None,
        "law-quantiles": None,
    }


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_schemes_give_up_the_law_of_rates_and_nothing_else(path):
    assert [one.code for one in lint(load_scheme(path))] == ["law-rate"]


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
    ("    - {channel: [热线]}", "    - {channel: 抽查}", "duplicates:", "sides-alike"),
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
    text = FULL.replace("points: 10\n        clause", "points: 14.9\n        clause", 1)
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
    assert laws["law-rate"] == ("满意", "走访", "备用金")
    assert laws["law-small-sample"] == ("满意",)
