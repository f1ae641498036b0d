"""Papers of schemes that count up from 0, or both ways from a base: what they say of losses, on worked cases."""

from __future__ import annotations

from dataclasses import replace

import pytest
from openpyxl import load_workbook

from scoring.periods import parse_period
from scoring.reports.internal_view import internal_view
from scoring.reports.labels import Labels
from scoring.reports.scorebook import write_scorebook
from scoring.reports.settings import Settings
from scoring.reports.town_view import town_view
from scoring.reports.view import annex_view
from tests import engine
from tests.casebook import all_cases


def assessed(words):
    case = next(case for case in all_cases() if words in case.name)
    period = parse_period(case.period.label, case.scheme.calendar)
    return engine.run(case.scheme, case.rows, period.id, period.start, period.end, case.as_of)


@pytest.fixture(scope="module")
def up():
    return assessed("分低的排在前")


@pytest.fixture(scope="module")
def net():
    return assessed("围绕基准分，两头都有限")


def heat(assessment):
    """Town → the numbers in the cells of the map, empty ones left out."""
    (piece,) = internal_view(assessment, Settings()).heat
    cells = [row.cells for row in piece.rows if row.cells]
    return {town: [row[place].text for row in cells if row[place].text] for place, town in enumerate(piece.towns)}


def test_the_map_and_the_lists_show_what_was_lost_whichever_way_points_go(up, net):
    assert heat(up) == {"甲镇": ["2", "15"], "乙镇": []}
    assert heat(net) == {"甲镇": ["2", "15"], "乙镇": []}
    (low,) = internal_view(up, Settings()).low
    assert (low.town, low.losses) == ("甲镇", "公示公开（15）、档案资料（2）")


def test_a_towns_sheet_says_what_its_score_is_of_and_what_findings_cost(up, net):
    for whole, name in ((up, "得分（0分最好）"), (net, "得分（基准100）")):
        view = town_view(whole.for_town("甲镇"), Settings())
        assert view.score_name == name
        assert {group.note for group in view.groups} == {"合计扣15.00分", "合计扣2.00分"}
    reasons = {line.reason for block in view.statement.blocks for line in block.lines}
    assert "按细则扣分" in reasons
    view = town_view(up.for_town("甲镇"), Settings())
    assert {line.reason for block in view.statement.blocks for line in block.lines} == {"按细则记分"}


def test_grades_are_described_as_they_are_given(up):
    facts = dict(internal_view(up, Settings()).method.facts)
    assert facts["等次"] == "优秀：5分及以下，良好：17分及以下，一般：其余"
    head = up.head | {"scheme": up.head["scheme"] | {"grades_by": "quantiles", "smallest_group": 4}}
    tops = [grade | {"top": top} for grade, top in zip(head["scheme"]["grades"], ("1/3", "4/5", None), strict=True)]
    head["scheme"]["grades"] = tops
    facts = dict(internal_view(replace(up, head=head), Settings()).method.facts)
    assert facts["等次"].startswith(
        "优秀：名次在前≈33.33%，良好：名次在前80%，一般：其余；不足4个镇（街道）的组按分数线："
    )


def test_the_base_is_no_bonus(net):
    annex = annex_view(net, Settings(), Labels(net.head, "zh"))
    other = [column.heading for column in annex.columns].index("加减分等")
    assert [(row[1], row[other]) for row in annex.rows] == [("乙镇", "\u221210.00"), ("甲镇", "+7.00")]
    assert "各方面所列为在基准分100分上加减的分值。" in annex.notes


def test_a_town_that_is_ranked_though_nobody_checked_it_is_marked():
    case = next(case for case in all_cases() if "没有核查的镇，有否决也不定等次" in case.name)
    scheme = case.scheme.model_copy(update={"unchecked": "ranked"})
    done = engine.run(scheme, case.rows, "2025Q1", case.period.start, case.period.end, case.as_of)
    annex = annex_view(done, Settings(), Labels(done.head, "zh"))
    assert [row[1] for row in annex.rows] == ["乙镇＊", "甲镇"]
    assert "＊本期未抽查，照有的数据计分。" in annex.notes
    assert (
        town_view(done.for_town("乙镇"), Settings()).remarks[0].startswith("本季度未对你镇（街道）开展抽查，照有的数据")
    )


def test_the_score_book_tints_what_was_lost(up, net, tmp_path):
    for whole, wanted in ((up, "greaterThan"), (net, "lessThan")):
        write_scorebook(whole, Settings(), tmp_path / "book.xlsx")
        sheet = load_workbook(tmp_path / "book.xlsx")["指标得分"]
        rules = [rule for one in sheet.conditional_formatting for rule in one.rules]
        assert {(rule.operator, *rule.formula) for rule in rules} == {(wanted, "0")}


@pytest.mark.parametrize(("period", "words"), [("2025H1", "2025年上半年"), ("2025H2", "2025年下半年")])
def test_halves_of_a_year_are_called_as_everybody_calls_them(net, period, words):
    assert Labels(net.head, "zh").period_words({"id": period, "label": period}) == words
