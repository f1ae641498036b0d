"""warnings PERIOD: the table in a terminal, the reason where there is none, and the draft of a working hint."""

from __future__ import annotations

import docx
import pytest

HEAD = ["问题编号", "镇街", "村（社区）", "发现日期", "考核指标", "严重程度", "发现方式", "问题类型", "问题描述"]
TOWNS = ("沁园街道", "克井镇", "济水街道")


@pytest.fixture
def rising(bureau):
    """Three towns: 公示 12 times in the second quarter and once in the first; 签批 as often in both."""
    rows = [HEAD]
    for quarter, kinds in (("02", {"公示": 1, "签批": 4}), ("05", {"公示": 12, "签批": 4})):
        for kind, count in kinds.items():
            for number in range(count):
                day = f"2025-{quarter}-{number + 3:02}"
                name = f"{kind}{quarter}{number}"
                where = TOWNS[number % 3]
                rows.append([name, where, "东村", day, "档案资料", "一般", "月度抽查", kind, f"第{number}处缺少材料"])
    bureau.table("问题台账", rows)
    bureau.table("整改台账", [["问题编号", "报送日期", "整改情况", "复核日期", "复核结论"]])
    return bureau


def _warnings(bureau, period, *more):
    return bureau.call("warnings", period, "--data", bureau.data, "--weights", bureau.scheme, *more)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_table_says_what_rises(rising, lang):
    answer = _warnings(rising, "2025Q2", "--lang", lang)
    assert answer.code == 0, answer
    line = next(line for line in answer.out.splitlines() if "公示" in line)
    assert "12" in line.split()
    assert "签批" not in answer.out
    assert ("通常" if lang == "zh" else "Usual") in answer.out


def test_a_first_period_says_why_there_is_nothing(rising):
    answer = _warnings(rising, "2025Q1")
    assert answer.code == 0
    assert "无从比较" in answer.out
    assert answer.err == ""


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_draft_is_written_once_and_names_nobody(rising, lang):
    path = rising.root / "提示.docx"
    answer = _warnings(rising, "2025Q2", "--draft", path, "--lang", lang)
    assert answer.code == 0, answer
    assert str(path) in answer.out
    text = "\n".join(p.text for p in docx.Document(path).paragraphs)
    assert "公示" in text
    assert "12" in text
    assert not any(name in text for name in (*TOWNS, "沁园", "克井", "济水", "东村"))
    before = path.read_bytes()
    again = _warnings(rising, "2025Q2", "--draft", path, "--lang", lang)
    assert (again.code, again.out) == (2, "")
    assert str(path) in again.err
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["提示.doc", "提示", "nowhere/提示.docx"])
def test_a_place_where_no_draft_can_lie_is_2(rising, name):
    answer = _warnings(rising, "2025Q2", "--draft", rising.root / name)
    assert (answer.code, answer.out) == (2, "")
    assert not (rising.root / name).exists()


def test_where_nothing_common_rises_no_draft_is_written(rising):
    path = rising.root / "提示.docx"
    answer = _warnings(rising, "2025Q1", "--draft", path)
    assert answer.code == 0
    assert "未拟草稿" in answer.out
    assert not path.exists()


def test_refused_data_is_1(rising):
    (rising.data / "镇街名单.csv").unlink()
    answer = _warnings(rising, "2025Q2")
    assert (answer.code, answer.out) == (1, "")


def test_an_unknown_period_is_2(rising):
    assert _warnings(rising, "2025Q5").code == 2
