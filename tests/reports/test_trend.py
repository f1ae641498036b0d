"""What papers say of earlier periods: a made-up past, read back from pages and views."""

from __future__ import annotations

import dataclasses
import re
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import docx
import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import conftest
import pdf
import sample
import sample_history
from test_pdf_layout import outside

from scoring.reports.docx import write_docx
from scoring.reports.internal_view import internal_view
from scoring.reports.settings import Settings
from scoring.reports.text import MINUS, fraction
from scoring.reports.town_view import town_view
from scoring.reports.trend import moments
from scoring.reports.trend_view import internal_trend, report_trend, town_trend
from scoring.reports.view import report_view

OWN = sample.CROWDED
LANGS = ("zh", "en")


@pytest.fixture(scope="module")
def whole():
    return sample.assessment(crowd=12, previous=True)


@pytest.fixture(scope="module")
def past(whole):
    return sample_history.with_past(whole, 8, rules="-1.5")


@pytest.fixture(scope="module")
def sheets(past):
    return {lang: conftest.paper("town", past.for_town(OWN), lang) for lang in LANGS}


def town_of(assessment, code=OWN, **settings):
    return town_trend(assessment.for_town(code), Settings(**settings))


def number(text):
    return Fraction(text.replace("≈", "").replace(MINUS, "-").replace("+", ""))


# ---------------------------------------------------------------- nothing


@pytest.mark.parametrize("count", [0, 1])
def test_a_first_period_says_nothing_of_others(whole, count):
    first = sample_history.with_past(whole, 2)
    present = first.history["period"] == sample_history.PERIODS[-1]
    first = replace(first, history=first.history.filter(present & (count > 0)))
    assert moments(first) == ()
    assert report_trend(first, Settings()) is internal_trend(first, Settings()) is town_of(first) is None
    assert "与往期相比" not in pdf.text(conftest.paper("town", first.for_town(OWN)))
    settings = Settings()
    for view in (report_view, internal_view):
        assert dataclasses.asdict(view(first, settings)) == dataclasses.asdict(view(whole, settings))


def test_a_town_that_was_never_scored_has_no_line(past):
    never = past.history.with_columns(score_num=pl.lit(None, pl.Int64), score=pl.lit(None, pl.String))
    bare = replace(past, history=never, changes=past.changes.clear())
    assert town_of(bare) is None
    assert report_trend(bare, Settings()) is None
    assert internal_trend(bare, Settings()) is None


# ---------------------------------------------------------------- the town's sheet


@pytest.mark.parametrize("lang", LANGS)
def test_the_sheet_prints_every_score_rank_and_part(past, sheets, lang):
    words = pdf.text(sheets[lang])
    trend = town_of(past, lang=lang)
    for row, tick in zip(past.history.filter(town_code=OWN).to_dicts(), trend.course.ticks, strict=True):
        assert (tick.number, tick.rank) == (row["score"], str(row["rank"]))
        assert tick.number in words
        # Readers of PDF put the name of the row before its last rank.
        assert re.sub(r"\s", "", tick.name + ("" if tick is trend.course.ticks[-1] else tick.rank)) in words
    chart = trend.change.waterfall
    for step in chart.steps:
        assert step.number in words
        assert re.sub(r"\s", "", step.name) in words
    said = {"zh": "考核规则有变化，影响为−1.50分", "en": "Theruleschanged;whattheydid(−1.50)"}[lang]
    assert said in words
    assert {"zh": "虚线处考核规则有变化。", "en": "Atadashedlinetheruleschanged."}[lang] in words


@pytest.mark.parametrize("count", [2, 3, 8])
@pytest.mark.parametrize("lang", LANGS)
def test_pictures_stay_inside_the_page(whole, count, lang):
    long = {OWN: "名字很长很长用来检验版面是否溢出的街道办事处（托管区、示范区、试验区）"}
    made = sample_history.with_past(sample.assessment(crowd=12, previous=True, names=long), count, rules="2")
    for kind in ("town", "report", "internal"):
        cut = made.for_town(OWN) if kind == "town" else made
        assert outside(conftest.paper(kind, cut, lang), kind) == []


def test_a_sheet_holds_no_other_towns_past(past, sheets):
    own = past.for_town(OWN)
    assert own.history["town_code"].unique().to_list() == own.changes["town_code"].unique().to_list() == [OWN]
    allowed = pdf.text(conftest.paper("town", replace(own, history=own.history.clear())))
    mine = set(own.history["score"].drop_nulls())
    words = pdf.text(sheets["zh"])
    others = set(past.history.filter(pl.col("town_code") != OWN)["score"].drop_nulls()) - mine
    assert {score for score in others if score in words and score not in allowed} == set()
    names = [name for code, name, _ in sample.TOWNS if code != OWN]
    assert [name for name in names if name in words] == []


@pytest.mark.parametrize("code", [code for code, _, _ in sample.TOWNS if code != sample.UNCHECKED])
def test_the_waterfall_leads_from_one_score_to_the_other(past, code):
    trend = town_of(past, code)
    first, *parts, last = trend.change.waterfall.steps
    rows = {row["part"]: fraction(row, "points") for row in past.changes.filter(town_code=code).to_dicts()}
    drawn = [points for points in rows.values() if abs(points) >= Fraction(1, 200)]
    assert [abs(number(step.number) - points) < Fraction(1, 100) for step, points in zip(parts, drawn, strict=True)]
    scores = dict(past.history.filter(town_code=code).select("period", "score").iter_rows())
    assert (first.number, last.number) == (scores["2024Q4"].strip(), scores["2025Q1"])
    assert [step.kind for step in parts] == ["better" if points > 0 else "worse" for points in drawn]
    assert not any("四舍五入" in step.name for step in parts)  # 1/600 is a mere rounding
    for step, following in zip(trend.change.waterfall.steps, [*parts, last], strict=False):
        assert step.level in (following.y, following.y + following.height) or following.height == 3
        assert 0 <= step.y < step.y + step.height <= trend.change.waterfall.foot + 3


def test_the_sentence_names_what_changed_most(past):
    rows = past.changes.filter(town_code=OWN).to_dicts()
    most = max(rows, key=lambda row: abs(fraction(row, "points")))
    assert most["part"] == "findings"
    sentence = town_of(past).change.sentence
    points = f"{float(fraction(most, 'points')):+.3f}".replace("-", MINUS)
    assert f"影响最大的是“发现的问题”（{points}分）" in sentence
    assert sentence.startswith("得分由2024年第四季度的")


def test_rules_that_could_not_be_told_apart_are_said_to_be_so(whole):
    blind = sample_history.with_past(whole, 3, known=False)
    assert "规则的影响没有分开" in town_of(blind).change.sentence
    silent = sample_history.with_past(whole, 3, changed=("2025Q1",))
    assert "考核规则有变化，没有影响得分" in town_of(silent).change.sentence
    assert "规则" not in town_of(sample_history.with_past(whole, 3, changed=())).change.sentence


def test_where_nothing_changed_there_is_a_sentence_and_no_picture(past):
    still = past.changes.with_columns(points_num=pl.lit(0, pl.Int64))
    change = town_of(replace(past, changes=still)).change
    assert (change.waterfall, change.note) == (None, "")
    assert "各方面都没有变化" in change.sentence


def test_where_lower_is_better_a_loss_of_points_is_for_the_better(past):
    scheme = {**past.head["scheme"], "direction": "up"}
    steps = town_of(replace(past, head={**past.head, "scheme": scheme})).change.waterfall.steps[1:-1]
    assert {step.kind for step in steps if step.number.startswith("+")} == {"worse"}
    assert {step.kind for step in steps if MINUS in step.number} == {"better"}


def test_a_period_that_was_not_scored_leaves_a_gap(past):
    course = town_of(past, sample_history.GAP[0]).course
    assert [tick.y is None for tick in course.ticks] == [False] * 4 + [True] + [False] * 3
    assert (course.ticks[4].number, course.ticks[4].rank) == ("—", "—")
    assert [len(line.split()) for line in course.lines] == [4, 3]
    unchecked = town_of(past, sample.UNCHECKED)
    assert unchecked.change is None
    assert unchecked.course.ticks[-1].y is None


def test_marks_stand_between_the_periods_whose_rules_differ(past):
    course = town_of(past).course
    xs = {tick.name: tick.x for tick in course.ticks}
    assert len(course.marks) == 2
    assert xs["2023年三季度"] < course.marks[0] < xs["2023年四季度"]
    assert xs["2024年二季度"] < course.marks[1] < xs["2024年三季度"]
    # Before the first period shown there is nothing to see.
    three = sample_history.with_past(sample.assessment(crowd=12), 3, changed=("2024Q3",))
    assert town_of(three).course.marks == ()


def test_higher_scores_stand_higher(past):
    course = town_of(past).course
    scores = [Fraction(score) for score in past.history.filter(town_code=OWN)["score"]]
    by_score = sorted(range(8), key=lambda place: scores[place])
    assert [course.ticks[place].y for place in by_score] == sorted((t.y for t in course.ticks), reverse=True)


def test_a_tenth_of_a_point_is_no_cliff(past):
    near = past.history.with_columns(
        score_num=pl.lit(9000, pl.Int64) + pl.col("period").str.tail(1).cast(pl.Int64), score_den=pl.lit(100, pl.Int64)
    )
    ys = [tick.y for tick in town_of(replace(past, history=near)).course.ticks]
    assert max(ys) - min(ys) < 5


def test_where_ranks_are_not_shown_the_sheet_has_none(past):
    trend = town_of(past, names="order")
    assert (trend.ranked, trend.course.rank_name) == (False, "")
    assert {tick.rank for tick in trend.course.ticks} == {""}
    data = conftest.paper("town", past.for_town(OWN), names="order")
    assert "名次" not in pdf.text(data)


def test_more_than_eight_periods_are_cut(past):
    older = past.history.with_columns(period="old" + pl.col("period"), label="old" + pl.col("label"))
    both = replace(past, history=pl.concat([older, past.history]))
    assert [moment.period["id"] for moment in moments(both)] == list(sample_history.PERIODS)


def test_periods_stand_in_time_order_whatever_town_comes_first(past):
    young, rest = past.history.filter(town_code=OWN), past.history.filter(pl.col("town_code") != OWN)
    ended = past.history.filter(town_code="419001001").head(5).with_columns(town_code=pl.lit("old"))
    mixed = pl.concat([young.tail(2), ended, rest])
    assert [m.period["id"] for m in moments(replace(past, history=mixed))] == list(sample_history.PERIODS)


# ---------------------------------------------------------------- the whole


def test_the_means_are_those_of_the_towns_unless_published_ones_are_given(past):
    trend = report_trend(past, Settings())
    for (_, mean, scored), period in zip(trend.rows, sample_history.PERIODS, strict=True):
        rows = past.history.filter(period=period).drop_nulls("score_num").to_dicts()
        exact = sum(fraction(row, "score") for row in rows) / len(rows)
        assert abs(Fraction(mean) - exact) <= Fraction(1, 200)
        assert scored == str(len(rows))
    assert trend.rows[-1][1] == past.head["summary"]["mean"]
    row = past.history.filter(period="2024Q3").head(1)
    given = row.with_columns(town_code=pl.lit(""), score_num=pl.lit(777, pl.Int64), score_den=pl.lit(10, pl.Int64))
    published = replace(past, history=pl.concat([past.history, given]))
    assert [mean for _, mean, _ in report_trend(published, Settings()).rows][5] == "77.70"
    assert report_trend(published, Settings()).rows[5][2] == trend.rows[5][2]
    assert report_trend(past, Settings(lang="en")).rules.startswith(
        "The rules changed with: the fourth quarter of 2023"
    )


@pytest.mark.parametrize("lang", LANGS)
def test_the_notice_prints_the_means_and_who_rose(past, lang):
    words = pdf.text(conftest.paper("report", past, lang))
    trend = report_trend(past, Settings(lang=lang))
    for _, mean, _ in trend.rows:
        assert mean in words
    assert "北海街道" in trend.improved
    assert re.sub(r"\s", "", trend.improved) in words


def test_who_rose_is_said_with_what_they_gained_and_only_where_all_may_be_named(past):
    improved = report_trend(past, Settings()).improved
    rows = {row["town_code"]: row for row in past.history.filter(period="2024Q4").to_dicts()}
    now = {row["town_code"]: row for row in past.scores.to_dicts()}
    code = sample_history.RISEN
    gain = fraction(now[code], "score") - fraction(rows[code], "score")
    assert f"北海街道（+{float(gain):.2f}分，升{rows[code]['rank'] - now[code]['rank']}位）" in improved
    named = [name for _, name, _ in sample.TOWNS if name in improved]
    text = "".join(p.text for s in report_view(past, Settings()).sections for p in s.paragraphs)
    assert all(name in text.split("进步明显")[0] for name in named)
    assert all(report_trend(past, Settings(names=names)).improved == "" for names in ("leaders", "last", "order"))
    assert report_trend(past, Settings(leaders=0)).improved == ""


def test_the_text_compares_with_the_published_past_not_with_the_heads(past):
    text = "".join(p.text for s in report_view(past, Settings()).sections for p in s.paragraphs)
    before = Fraction(report_trend(past, Settings()).rows[-2][1])
    change = Fraction(past.head["summary"]["mean"]) - before
    assert f"较2024年第四季度提高{float(change):.2f}分" in text
    assert internal_view(past, Settings()).compared == "2024年第四季度"


def test_the_analysis_has_a_small_line_for_each_town(past):
    trend = internal_trend(past, Settings())
    cells = [cell for piece in trend.pieces for cell in piece.cells]
    assert [cell.town for cell in cells][-1] == "下冶镇"
    assert {cell.town for cell in cells} == {name for _, name, _ in sample.TOWNS}
    gap = next(cell for cell in cells if cell.town == "梨林镇")
    assert [len(line.split()) for line in gap.lines] == [4, 3]
    assert (cells[-1].score, cells[-1].change, cells[-1].dot) == ("未抽查", "", None)
    words = pdf.text(conftest.paper("internal", past))
    for cell in cells:
        assert cell.town + cell.score + cell.change in words
    assert "七、考核办法摘要" in words


def test_many_towns_are_cut_into_pictures_of_a_page(past):
    more = [past.scores.with_columns(town_code=pl.col("town_code") + f"-{n}") for n in range(4)]
    lines = [past.history.with_columns(town_code=pl.col("town_code") + f"-{n}") for n in range(4)]
    trend = internal_trend(replace(past, scores=pl.concat(more), history=pl.concat(lines)), Settings())
    assert [len(piece.cells) for piece in trend.pieces] == [48, 3]
    assert all(piece.height <= 2190 for piece in trend.pieces)
    assert "共64个镇（街道），此处列名次靠后的51个" in trend.note


@pytest.mark.parametrize("lang", LANGS)
def test_the_word_notice_has_the_means_as_a_table(past, tmp_path, lang):
    settings = Settings(lang=lang, bureau="Bureau")
    write_docx(past, settings, tmp_path / "report.docx")
    document = docx.Document(tmp_path / "report.docx")
    trend = report_trend(past, settings)
    table = [[cell.text for cell in row.cells] for row in document.tables[0].rows]
    assert table[1:] == [list(row) for row in trend.rows]
    words = [paragraph.text for paragraph in document.paragraphs]
    assert trend.rules in words
    assert trend.improved in words


def test_views_of_papers_say_the_same_with_and_without_a_past(past, whole):
    """What is printed of earlier periods stands beside the views, so that a bureau's own templates stay good."""
    one, other = (town_view(which.for_town(OWN), Settings()) for which in (past, whole))
    assert dataclasses.asdict(one) == dataclasses.asdict(other)
