"""What is only tried out: a draft of later days on a past period's facts, and the play page."""

from __future__ import annotations

import pytest


@pytest.fixture
def draft(bureau):
    """A scheme that holds from next year on and gives files 50 points of 100 instead of 60."""
    text = bureau.scheme.read_text("utf-8")
    later = (
        text.replace("2025-01-01", "2026-01-01").replace("points: 60", "points: 50").replace("points: 40", "points: 50")
    )
    path = bureau.root / "draft.yaml"
    path.write_text(later, "utf-8")
    return path


def test_a_draft_is_compared_on_past_facts_and_scores_none_of_them(bureau, draft):
    words = ("--period", "2025Q1", "--data", bureau.data, "--into", bureau.root / "impact")
    answer = bureau.call("weights", "compare", bureau.scheme, draft, *words)
    assert answer.code == 0, answer
    assert "2026年1月1日起施行" in answer.out
    assert sorted(path.suffix for path in (bureau.root / "impact").iterdir()) == [".docx", ".html", ".pdf"]
    assert bureau.call("weights", "check", draft, "--facts", "2025Q1", "--data", bureau.data).code == 0
    refused = bureau.call("run", "2025Q1", "--data", bureau.data, "--out", bureau.out, "--weights", draft)
    assert refused.code == 2
    assert "draft.yaml:5" in refused.err


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_play_page_is_one_file_that_fetches_nothing(bureau, draft, lang):
    page = bureau.root / "play.html"
    words = ("--data", bureau.data, "--page", page, "--lang", lang)
    for scheme in (bureau.scheme, draft):
        answer = bureau.call("whatif", "2025Q1", "--weights", scheme, *words)
        assert answer.code == 0, answer
        assert str(page) in answer.out
        text = page.read_text("utf-8")
        assert "default-src 'none'" in text
        assert "http" not in text.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")
        assert "缺少签字" not in text  # what somebody wrote about a finding


def test_a_period_with_nothing_to_move_is_2(bureau):
    answer = bureau.call("whatif", "2025Q9", "--data", bureau.data, "--weights", bureau.scheme)
    assert answer.code == 2
    bureau.table("镇街名单", [["镇街代码", "名称", "别名", "启用日期"], ["T01", "沁园街道", "沁园", "2026-01-01"]])
    bureau.table("问题台账", [["问题编号", "镇街", "发现日期", "考核指标", "严重程度", "问题描述"]])
    bureau.table("整改台账", [["问题编号", "报送日期", "整改情况", "复核日期", "复核结论"]])
    answer = bureau.call("whatif", "2025Q1", "--data", bureau.data, "--weights", bureau.scheme)
    assert (answer.code, answer.out) == (2, "")
    assert "没有计分的镇街" in answer.err
