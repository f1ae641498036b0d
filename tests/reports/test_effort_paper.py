"""The least effort in the papers: in the internal analysis; in a town's sheet where the bureau shows it."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import conftest
import pdf
import sample

from scoring.reports.effort import cheapest, efforts, sentence, until
from scoring.reports.labels import Labels
from scoring.reports.settings import Settings
from scoring.shapes import IMPROVEMENTS


def way(town, goal, outcome, findings=(), *, at_least=None, cost=None, rank=None, grade=None):
    score = Fraction(91)
    return {
        "town_code": town, "goal": goal, "by": "fixes", "outcome": outcome, "open": len(findings),
        "at_least": at_least, "cost": cost, "score_num": score.numerator, "score_den": score.denominator,
        "score": "91.00", "rank": rank, "grade": grade, "findings": list(findings),
        "how": ["in_time"] * len(findings), "until": [date(2025, 4, 20)] * len(findings),
        "origins": [None] * len(findings),
    }  # fmt: skip


@pytest.fixture(scope="module")
def quarter():
    return sample.assessment(crowd=12, previous=True)


@pytest.fixture
def improved(quarter):
    own = quarter.findings.filter(pl.col("town") == sample.CROWDED)["finding_id"].to_list()
    scored = [row["town_code"] for row in quarter.scores.to_dicts() if row["rank"] is not None]
    rows = [
        way(sample.CROWDED, "place", "reached", own[:7], at_least=7, cost=7, rank=3),
        way(sample.CROWDED, "grade", "far", at_least=61),
        *(way(code, "place", "out-of-reach") for code in scored if code != sample.CROWDED),
    ]
    made = replace(quarter)
    made.improvements = pl.DataFrame(rows, schema=IMPROVEMENTS)
    return made, own


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_internal_analysis_says_what_the_view_says(improved, lang):
    made, own = improved
    told = efforts(made, Labels(made.head, lang))
    assert [row.least for row in told.rows] == (
        ["7个问题", "至少61个问题"] if lang == "zh" else ["7 finding(s)", "at least 61 finding(s)"]
    )
    assert own[4] in told.rows[0].findings
    assert own[5] not in told.rows[0].findings  # only five are named, the rest counted
    assert len(told.without) == 1
    text = "".join(pdf.text(conftest.paper("internal", made, lang)).split())
    for line in (told.note, told.rows[0].goal, told.rows[0].least, *told.without):
        assert "".join(line.split()) in text


def test_without_the_frame_there_is_no_section(quarter):
    assert efforts(quarter, Labels(quarter.head, "zh")) is None
    assert "整改提升测算" not in "".join(pdf.text(conftest.paper("internal", quarter)).split())


def test_a_sheet_shows_it_only_where_the_bureau_wants_and_no_score_of_others(improved):
    made, own = improved
    sheet = made.for_town(sample.CROWDED)
    assert "整改提升测算" not in "".join(pdf.text(conftest.paper("town", sheet)).split())
    text = "".join(pdf.text(conftest.paper("town", sheet, show_cheapest=True)).split())
    assert "整改提升测算" in text
    assert "可以达到第3名：最少整改7个问题。" in text
    assert "91.00" not in sentence(made.improvements.to_dicts()[0], Labels(made.head, "zh"), scores=False)
    ways = cheapest(sheet, Settings(names="order"), Labels(made.head, "zh"))
    assert [one.sentence for one in ways] == [
        "下一个等次：至少61个问题，未找到确定的办法。"
    ]  # no places where nobody is ranked
    assert [number for number, _, _ in cheapest(sheet, Settings(), Labels(made.head, "zh"))[0].rows] == own[:7]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_finding_of_a_published_period_is_named_with_it(improved, lang):
    made, own = improved
    labels = Labels(made.head, lang)
    row = {**made.improvements.to_dicts()[0], "origins": ["2024Q4", *[None] * 6]}
    told = (
        ("2024Q4，2025年4月20日前", "2025年4月20日前")
        if lang == "zh"
        else ("2024Q4, by 20 April 2025", "by 20 April 2025")
    )
    wanted = (f"of {told[0]}", told[1]) if lang == "en" else told
    assert (until(row, 0, labels), until(row, 1, labels)) == wanted
    made.improvements = pl.DataFrame([row], schema=IMPROVEMENTS)
    assert f"{own[0]}{'（' if lang == 'zh' else ' ('}{wanted[0]}" in efforts(made, labels).rows[0].findings
