"""explain TOWN PERIOD: the statement of a town, which adds up."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from rich.cells import cell_len

STEP = re.compile(r"^([+-]\d[\d./]*)\s+(-?\d[\d./]*)\s")


def _explain(bureau, town, period="2025Q1", *more):
    return bureau.call("explain", town, period, "--data", bureau.data, "--weights", bureau.scheme, *more)


@pytest.mark.parametrize("town", ["T01", "沁园街道", "沁园", "沁园 街道"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_statement_adds_up_by_code_name_or_alias(bureau, town, lang):
    answer = _explain(bureau, town, "2025Q1", "--lang", lang)
    assert answer.code == 0, answer
    lines = answer.out.splitlines()
    balance = Fraction(100)
    steps = [match for line in lines if (match := STEP.match(line))]
    for points, after in (match.groups() for match in steps):
        balance += Fraction(points)
        assert balance == Fraction(after)
    assert len(steps) == 5
    # 100 − 45 − 1 (overdue) − 1/3 + 1/6, rounded once.
    assert balance == Fraction("53.83")
    assert ("得分 53.83" if lang == "zh" else "score 53.83") in lines
    assert "A-2" in answer.out
    assert "一（一）" in answer.out
    assert ("T01" in lines[0], "2025-03-31" in lines[0]) == (True, True)


def test_columns_stand_under_each_other_with_chinese_counted_double(bureau):
    lines = _explain(bureau, "T01").out.splitlines()[2:]
    heading = lines[0]
    place = cell_len(heading[: heading.index("说明")])
    rows = [line for line in lines[1:] if "按细则扣分" in line]
    assert len(rows) == 2
    assert {cell_len(row[: row.index("按细则扣分")]) for row in rows} == {place}


def test_a_cap_is_an_entry(bureau):
    rows = (bureau.data / "问题台账.csv").read_text("utf-8")
    rows += "A-8,克井镇,2025-02-03,档案资料,严重,x\nA-9,克井镇,2025-02-04,档案资料,严重,x\n"
    (bureau.data / "问题台账.csv").write_text(rows, "utf-8")
    answer = _explain(bureau, "克井")
    assert answer.code == 0
    capped = [line for line in answer.out.splitlines() if line.startswith("+")]
    # Charges 45 + 45 and two overdue extras of 1 against an indicator of 60 points.
    assert [Fraction(line.split()[0]) for line in capped] == [32]
    assert "得分 37.00" in answer.out


@pytest.mark.parametrize("town", ["沁园街", "T1", "济水"])
def test_a_wrong_town_is_2_and_names_the_nearest(bureau, town):
    answer = _explain(bureau, town)
    assert (answer.code, answer.out) == (2, "")
    assert {"沁园街": "沁园街道", "T1": "T01", "济水": "济水街道"}[town] in answer.err


def test_an_unranked_town_is_said(bureau):
    bureau.table(
        "核查台账",
        [
            ["核查编号", "镇街", "核查日期", "审核确认月份", "新审核确认数", "抽查数", "入户数", "问题户数"],
            ["C-1", "沁园街道", "2025-03-01", "2025-03", "10", "5", "5", "1"],
        ],
    )
    answer = _explain(bureau, "济水街道")
    assert answer.code == 0
    assert answer.out.splitlines()[-1] == "未计分、不排名（本期未抽查）"


def test_refused_data_is_1(bureau):
    (bureau.data / "镇街名单.csv").unlink()
    assert _explain(bureau, "沁园").code == 1
