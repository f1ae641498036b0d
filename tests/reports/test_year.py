"""What the papers of a year say of the published quarters that it is made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import conftest
import pdf
import pytest
from test_pdf_layout import outside

from scoring.reports.internal_view import internal_view
from scoring.reports.settings import Settings
from scoring.reports.town_view import town_view
from scoring.reports.view import report_view
from tests.published import Life, finding, scheme, towns

YEAR = date(2026, 1, 15)
DAYS = {"2025Q1": date(2025, 2, 3), "2025Q2": date(2025, 5, 6), "2025Q3": date(2025, 8, 4), "2025Q4": date(2025, 11, 3)}
WEIGHTS = ["0.1", "0.2", "0.3", "0.4"]


def year(of, late=("C",), codes="AB", published=tuple(DAYS), losses=None):
    """A loses 2, 4, 6, 8 in the quarters, or `losses` {town: (findings a quarter)}; late towns begin in July."""
    losses = losses or {"A": (1, 2, 3, 4)}
    rows = {
        "towns": [
            one | {"order": place, "valid_from": date(2025, 7, 1) if one["town_code"] in late else None}
            for place, one in enumerate(towns(*codes, *late), 1)
        ],
        "findings": [
            finding(f"{town}{q}{n}", town, day, indicator="signed", due_on=date(2026, 12, 31))
            for town, counts in losses.items()
            for (q, day), count in zip(DAYS.items(), counts, strict=True)
            for n in range(count)
        ],
    }
    life = Life(rows)
    for quarter in published:
        life.publish(quarter)
    made = life.run("2025", YEAR, of)
    return replace(made, head={**made.head, "run_code": "x"})


def roll(**policy):
    return scheme(roll_up={"of": "quarter", "missing": "left_out", **policy})


# ---------------------------------------------------------------- weights


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "zh",
            (
                "本镇（街道）在第一季度、第二季度没有得分，其余各期的权重按比例提高："
                "原为第三季度0.3、第四季度0.4，提高为第三季度3/7、第四季度4/7，合计仍为1。"
            ),
        ),
        (
            "en",
            (
                "No score in: first quarter, second quarter. The usual weights of the others (third quarter 0.3, "
                "fourth quarter 0.4) are raised in proportion (third quarter 3/7, fourth quarter 4/7): 1 together, as "
                "for every town."
            ),
        ),
    ],
)
def test_a_new_towns_sheet_says_that_its_weights_were_raised(lang, words):
    whole = year(roll(weights=WEIGHTS))
    assert town_view(whole.for_town("C"), Settings(lang=lang)).weights == (words,)
    assert town_view(whole.for_town("A"), Settings(lang=lang)).weights == ()
    squeezed = "".join(words.split())
    assert squeezed in pdf.text(conftest.paper("town", whole.for_town("C"), lang))


def test_a_quarter_that_nobody_published_is_named_on_every_sheet():
    whole = year(roll(weights=WEIGHTS), published=("2025Q1", "2025Q3", "2025Q4"))
    missing = "2025年第二季度没有印发，由其余各期分担权重。"
    assert town_view(whole.for_town("A"), Settings()).weights == (missing,)
    assert [note[:4] for note in town_view(whole.for_town("C"), Settings()).weights] == [missing[:4], "本镇（街"]


def test_a_quarter_that_weighs_nothing_is_not_missed():
    whole = year(roll(weights=["0", "0", "0.5", "0.5"]))
    assert town_view(whole.for_town("C"), Settings()).weights == ()


# ---------------------------------------------------------------- movement within the year

ROSE = {"A": (4, 3, 2, 0), "B": (0, 0, 0, 3), "D": (1, 1, 1, 1), "E": (2, 2, 2, 2), "F": (3, 3, 3, 3)}
"""A goes from 92 and the last place to 100 and the first."""


def text_of(whole, **settings):
    return "".join(p.text for s in report_view(whole, Settings(**settings)).sections for p in s.paragraphs)


def test_a_first_year_says_how_towns_moved_within_it():
    whole = year(roll(), codes="ABDEF", losses=ROSE)
    annex = report_view(whole, Settings()).annex
    names = [column.heading for column in annex.columns]
    assert names[-3:-1] == ["年内增减\n一季度→\n四季度", "年内升降\n一季度→\n四季度"]
    assert {row[1]: row[-3:-1] for row in annex.rows} == {
        "town A": ("+8.00", "升4位"), "town B": ("−6.00", "降4位"), "town C": ("—", "—"), "town D": ("0.00", "降1位"),
        "town E": ("0.00", "降1位"), "town F": ("0.00", "降1位"),
    }  # fmt: skip
    assert any(note.startswith("“年内增减”“年内升降”为一季度到四季度") for note in annex.notes)
    text = text_of(whole)
    assert "年内，一季度到四季度，两期都有得分的5个镇（街道）平均得分由96.00分升至96.40分。" in text
    assert "年内进步较大的镇（街道）：按得分，town A（+8.00分，升4位）；按名次，town A。" in text
    assert "进步明显" not in text  # that compares whole years
    sheet = town_view(whole.for_town("A"), Settings()).within
    assert sheet == "年内（一季度→四季度）：得分由92.00分到100.00分，提高8.00分，升4位。"
    late = town_view(whole.for_town("C"), Settings()).within
    assert late == "年内（三季度→四季度）：得分由100.00分到100.00分，得分未变，名次未变。"
    inside = internal_view(whole, Settings())
    assert (inside.compared, inside.within) == ("", "升降（年内，一季度→四季度）")
    assert next((move.town, move.places, move.points) for move in inside.moves) == ("town A", "4", "+8.00")


def test_places_stay_hidden_where_papers_show_none():
    whole = year(roll(), codes="ABDEF", losses=ROSE)
    annex = report_view(whole, Settings(names="order")).annex
    assert [column.heading for column in annex.columns if "年内" in column.heading] == ["年内增减\n一季度→\n四季度"]
    assert "+8.00" in {row[-2] for row in annex.rows}
    assert "升" not in town_view(whole.for_town("A"), Settings(names="order")).within
    assert "town A（" not in text_of(whole, names="order")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_other_rules_within_the_year_are_marked_and_nobody_is_named_by_points(lang):
    whole = year(roll(), codes="ABDEF", losses=ROSE)
    head = whole.head["rolled"]
    periods = [one | {"rule_change": one["id"] == "2025Q3"} for one in head["periods"]]
    other = replace(whole, head={**whole.head, "rolled": {**head, "periods": periods}})
    annex = report_view(other, Settings(lang=lang)).annex
    said = {"zh": "三季度起考核规则有变化", "en": "The rules changed with Q3"}[lang]
    assert any(note.startswith(f"*{said}") for note in annex.notes)
    assert any(column.heading.endswith("*") for column in annex.columns)
    assert {"zh": "只比名次", "en": "places are compared"}[lang] in text_of(other, lang=lang)
    assert "+8.00" not in text_of(other, lang=lang)
    assert said in town_view(other.for_town("A"), Settings(lang=lang)).within
    late = town_view(other.for_town("C"), Settings(lang=lang)).within
    assert said not in late  # it has known no others


def test_the_engine_marks_a_period_whose_rules_are_others():
    whole = year(roll())
    assert [one["rule_change"] for one in whole.head["rolled"]["periods"]] == [False] * 4
    life = Life({"towns": towns("A", "B"), "findings": []})
    for quarter in DAYS:
        life.publish(quarter, of=scheme(title="other") if quarter > "2025Q2" else None)
    made = life.run("2025", YEAR, roll())
    assert [one["rule_change"] for one in made.head["rolled"]["periods"]] == [False, False, True, False]


def test_a_year_after_a_published_one_is_compared_with_that():
    whole = year(roll(), codes="ABDEF", losses=ROSE)
    stands = {town: {"score": "90.00", "rank": 3} for town in "ABDEF"}
    head = {**whole.head, "previous": {"id": "2024", "label": "2024", "mean": "90.00", "towns": stands}}
    later = replace(whole, head=head)
    assert not any("年内" in column.heading for column in report_view(later, Settings()).annex.columns)
    assert "年内" not in text_of(later)
    assert town_view(later.for_town("A"), Settings()).within == ""
    assert town_view(later.for_town("C"), Settings()).within != ""  # a new town has no year before


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("kind", ["report", "internal", "town"])
def test_the_papers_of_a_year_stay_on_their_pages(kind, lang):
    whole = year(roll(year_end={"weight": "0.4", "label": "年终考核"}, beside=True), codes="ABDEF", losses=ROSE)
    made = conftest.paper(kind, whole.for_town("A") if kind == "town" else whole, lang)
    assert outside(made, kind) == []
    assert {"zh": "一季度→", "en": "Q1→Q4"}[lang] in pdf.text(made)
