"""improve TOWN [PERIOD], and weights check --incentives: what they print and how they end."""

from __future__ import annotations

import pytest

HEAD = ["问题编号", "镇街", "发现日期", "考核指标", "严重程度", "问题描述", "整改期限"]


@pytest.fixture
def behind(bureau):
    """克井镇 has one open finding more than 沁园街道; both can be mended in time."""
    rows = [HEAD]
    rows += [
        [f"问{number}", town, "2025-02-03", "入户调查", "一般", "缺", "2025-04-30"]
        for number, town in enumerate(("沁园街道", "克井镇", "克井镇"), 1)
    ]
    bureau.table("问题台账", rows)
    bureau.table("整改台账", [["问题编号", "报送日期", "整改情况", "复核日期", "复核结论"]])
    return bureau


def _improve(bureau, *words):
    return bureau.call("improve", *words, "--data", bureau.data, "--weights", bureau.scheme)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_way_to_the_next_place_is_told_with_its_days(behind, lang):
    answer = _improve(behind, "克井镇", "2025Q1", "--lang", lang)
    assert answer.code == 0, answer
    assert "问2" in answer.out or "问3" in answer.out
    assert ("2025年4月30日前" if lang == "zh" else "by 30 April 2025") in answer.out
    assert ("其他镇（街道）" if lang == "zh" else "Other towns improve too") in answer.out
    assert answer.err == ""


def test_without_a_period_the_latest_one_with_findings_is_taken(behind):
    assert _improve(behind, "克井镇").out == _improve(behind, "克井镇", "2025Q1").out


def test_cases_may_be_counted_instead(behind):
    answer = _improve(behind, "克井镇", "--least", "cases")
    assert answer.code == 0, answer
    assert "最少整改2件" in answer.out


def test_a_wrong_word_is_2_and_so_is_a_town_without_a_score(behind):
    answer = _improve(behind, "克井镇", "2025Q1", "--least", "money")
    assert (answer.code, answer.out) == (2, "")
    assert "fixes, cases" in answer.err
    assert _improve(behind, "无此镇", "2025Q1").code == 2


def test_incentives_end_with_0_and_bad_seconds_with_2(behind):
    for lang in ("zh", "en"):
        answer = behind.call("weights", "check", behind.scheme, "--incentives", "--seconds", "30", "--lang", lang)
        assert answer.code == 0, answer
        assert ("奖错了" if lang == "zh" else "wrong thing is rewarded") in answer.out
    for text in ("0", "-1", "nan", "ten"):
        assert behind.call("weights", "check", behind.scheme, "--incentives", "--seconds", text).code == 2
