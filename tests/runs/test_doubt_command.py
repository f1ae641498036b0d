"""doubt PERIOD: the table in a terminal, what it is drawn with, and why there is none; and what a run keeps of it."""

from __future__ import annotations

import json

import polars as pl
import pytest

HEAD = ["问题编号", "镇街", "发现日期", "考核指标", "严重程度", "问题描述"]
TOWNS = ("沁园街道", "克井镇", "济水街道")


@pytest.fixture
def unequal(bureau):
    """Three towns of 1, 2 and 30 findings."""
    rows = [HEAD]
    for town, count in zip(TOWNS, (1, 2, 30), strict=True):
        rows += [[f"{town}{n}", town, f"2025-02-{n % 27 + 1:02}", "入户调查", "一般", f"第{n}处"] for n in range(count)]
    bureau.table("问题台账", rows)
    bureau.table("整改台账", [["问题编号", "报送日期", "整改情况", "复核日期", "复核结论"]])
    return bureau


def _doubt(bureau, *more):
    return bureau.call("doubt", "2025Q1", "--data", bureau.data, "--weights", bureau.scheme, *more)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_table_says_what_may_be(unequal, lang):
    answer = _doubt(unequal, "--lang", lang, "--draws", "300", "--pairs")
    assert answer.code == 0, answer
    assert answer.err == ""
    last = next(line for line in answer.out.splitlines() if line.startswith("3 "))
    assert "济水街道" in last
    assert "3" in last.split()[2]
    assert ("300次（种子20080901）" if lang == "zh" else "300 draws (seed 20080901)") in answer.out
    pair = "沁园街道 — 克井镇" if lang == "zh" else "沁园街道 – 克井镇"
    assert pair in answer.out


def test_the_same_seed_says_the_same_and_another_something_else(unequal):
    one, again = (_doubt(unequal, "--draws", "200", "--seed", "5").out for _ in range(2))
    assert one == again
    assert _doubt(unequal, "--draws", "200", "--seed", "6").out != one


def test_other_weights_may_be_asked_for(unequal):
    assert "上下10%" in _doubt(unequal, "--draws", "200", "--spread", "10").out
    assert "随机变动" in _doubt(unequal, "--draws", "200", "--dirichlet").out


@pytest.mark.parametrize("wrong", [("--draws", "99"), ("--draws", "2000000"), ("--seed", "-1"), ("--spread", "100")])
def test_numbers_out_of_bounds_are_2(unequal, wrong):
    answer = _doubt(unequal, *wrong)
    assert (answer.code, answer.out) == (2, "")
    assert wrong[0] in answer.err


def test_a_run_with_papers_keeps_it_and_one_without_does_not(unequal):
    common = ("run", "2025Q1", "--data", unequal.data, "--weights", unequal.scheme)
    made = unequal.call(*common, "--formats", "csv")
    assert made.code == 0, made
    run = unequal.root / "out" / "2025Q1"
    head = json.loads((run / "assessment.json").read_text("utf-8"))
    assert "doubt" not in head["internal"]
    assert pl.read_parquet(run / "doubt.parquet").is_empty()
    code, scores = head["run_code"], (run / "scores.parquet").read_bytes()
    assert unequal.call(*common, "--formats", "pdf").code == 0
    head = json.loads((run / "assessment.json").read_text("utf-8"))
    assert head["internal"]["doubt"]["draws"] == 2000
    kept = pl.read_parquet(run / "doubt.parquet")
    assert kept["rank"].to_list() == [1, 2, 3]
    # How often was drawn is no part of what was found.
    assert (head["run_code"], (run / "scores.parquet").read_bytes()) == (code, scores)
