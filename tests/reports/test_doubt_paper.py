"""How sure the ranking is, in the papers: a section of the internal analysis, in no other paper."""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from dataclasses import replace
from itertools import groupby, pairwise
from pathlib import Path

import polars as pl
import pypdfium2 as pdfium
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import conftest
import pdf
import sample

from scoring.messages import say
from scoring.reports.labels import Labels
from scoring.reports.sureness import share_of, sureness
from scoring.shapes import DOUBT
from tests import goldens

TESTS = "tests/reports/test_doubt_paper.py"
SOURCES = {
    "weights": ("0.20", "0.31"),
    "cap": ("0.00", "0.04"),
    "exposure": ("0.10", "0.25"),
    "sampling": ("0.44", "0.70"),
}


def doubted(quarter, **said):
    """The sample with a doubt put together by hand: a town may stand two places better, or worse."""
    ranked = quarter.scores.drop_nulls("rank").sort("rank", "town_code").to_dicts()
    size = len(ranked)
    rows = []
    for number, town in enumerate(ranked):
        low, high = max(1, town["rank"] - 2), min(size, town["rank"] + 2)
        spans = {
            f"{end}_{name}": town["rank"] for end in ("low", "high") for name in ("weights", "methods", "sampling")
        }
        rows.append(
            {
                "town_code": town["town_code"], "rank": town["rank"], "low": low, "high": high, **spans,
                "high_sampling": high, "first": 1990 if number == 0 else 10 if number == 1 else 0,
                "top": 2000 if number < 2 else 300 - 15 * number, "bottom": max(0, 300 * (number - size + 4)),
                "grades": [1500, 480, 20, 0] if number % 2 else [2000, 0, 0, 0],
                "driver": "sampling" if number else None, "driver_first": "0.5", "driver_total": "0.7",
            }
        )  # fmt: skip
    codes = [town["town_code"] for town in ranked]
    groups: list[list[str]] = [[]]
    for _, shared in groupby(ranked, key=lambda town: town["rank"]):
        groups += [[]] if len(groups[-1]) > 3 else []
        groups[-1] += [town["town_code"] for town in shared]
    head = {
        "draws": 2000, "seed": 7, "spread": 25, "around": "percent", "reason": None, "low": "1/20", "high": "19/20",
        "apart": "9/10", "ends": 3, "methods": ["cap", "exposure"], "groups": groups, "pairs": size * (size - 1) // 2,
        "alike": [codes[1:3]],
        "sources": [{"source": name, "first": one, "total": other} for name, (one, other) in SOURCES.items()], **said,
    }  # fmt: skip
    internal = {"pending_gates": {}, "warnings": sample.COMPARED, "doubt": head}
    made = replace(quarter, head={**quarter.head, "internal": internal})
    made.doubt = pl.DataFrame([] if head["reason"] else rows, schema=DOUBT)
    return made


@pytest.fixture(scope="module")
def quarter():
    return sample.assessment(crowd=12, previous=True)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_section_is_the_golden_one(quarter, lang):
    told = sureness(doubted(quarter), Labels(quarter.head | doubted(quarter).head, lang))
    goldens.same_text(
        f"doubt.{lang}.json", json.dumps(dataclasses.asdict(told), ensure_ascii=False, indent=1) + "\n", TESTS
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_is_the_golden_one_and_one_alone(quarter, lang):
    document = pdfium.PdfDocument(conftest.paper("internal", doubted(quarter), lang))
    texts = [page.get_textpage().get_text_range() for page in document]
    heading = say("reports-doubt", lang)
    own = [text for text in texts if heading in text]
    assert len(own) == 1
    lines = "\n".join(re.sub(r"\s+", " ", line).strip() for line in own[0].splitlines())
    goldens.same_text(f"doubt.{lang}.txt", lines + "\n", TESTS)
    rows = quarter.scores.drop_nulls("rank")
    assert all(name in "".join(texts) for name in rows["town"])


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("kind", ["report", "town"])
def test_no_other_paper_has_it(quarter, kind, lang):
    made = doubted(quarter)
    text = "".join(
        pdf.text(conftest.paper(kind, made.for_town(sample.CROWDED) if kind == "town" else made, lang)).split()
    )
    for code in ("reports-doubt", "reports-doubt-interval", "reports-doubt-driver-column"):
        assert say(code, lang).replace(" ", "") not in text


@pytest.mark.parametrize("reason", ["few", "published"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_where_there_is_nothing_the_reason_stands_there(quarter, reason, lang):
    made = doubted(quarter, reason=reason)
    told = sureness(made, Labels(made.head, lang))
    assert (told.rows, told.note) == ((), say(f"reports-doubt-{reason}", lang))
    assert told.note.replace(" ", "") in "".join(pdf.text(conftest.paper("internal", made, lang)).split())


def test_without_it_there_is_no_section(quarter):
    assert sureness(quarter, Labels(quarter.head, "zh")) is None


def test_sentences_by_hand(quarter):
    made = doubted(quarter)
    told = sureness(made, Labels(made.head, "zh"))
    assert "第1–4名、第5–8名、第10–13名" in told.groups
    assert "其中1对不能区分" in told.groups
    assert "抽样70%、权重31%、按抽查户数折算25%。" in told.groups  # what has less than a twentieth is not named
    assert "扣分上限、按抽查户数折算" in told.note
    assert "2000次（种子7）" in told.note
    row = told.rows[1]
    assert (row.interval, row.weights, row.first, row.top) == ("1–4", "2", "<1%", "100%")
    assert row.grades.startswith("优秀75%、良好24%")
    assert told.rows[0].driver == "—"
    alone = doubted(
        quarter, groups=[[code] for code in made.doubt["town_code"]], methods=[], spread=0, alike=None, pairs=None
    )
    told = sureness(alone, Labels(alone.head, "zh"))
    assert told.groups.startswith("任何两个相邻名次都能区分")
    assert told.rows[0].methods == "—"
    assert "权重" not in told.note.split("名次会怎样变")[0].split("这里算的是")[1]


def test_a_long_list_says_how_many_more_there_are(quarter):
    made = doubted(quarter)
    told = sureness(made, Labels(made.head, "zh"), 4)
    assert (len(told.rows), str(made.doubt.height - 4) in told.more) == (4, True)
    assert [span.place for span in told.charts[0].spans] == [row.place for row in told.rows]


@pytest.mark.parametrize("size", [3, 16, 40, 120, 2000])
def test_charts_stay_in_their_frame(size):
    names = [f"T{n:04}" for n in range(size)]
    scores = pl.DataFrame({"town_code": names, "town": names, "rank": range(1, size + 1)})
    base = sample.assessment(crowd=12)
    base.scores = scores.with_columns(order=pl.col("rank"))
    made = doubted(base)
    told = sureness(made, Labels(made.head, "en"), 51)
    for chart in told.charts:
        assert len(chart.spans) <= 34
        for span in chart.spans:
            assert 400 <= span.left <= span.left + span.width <= 1766
            assert 400 <= span.mark <= 1760
        xs = [x for x, _ in chart.ticks]
        assert all(b - a >= 30 for a, b in pairwise(xs)) or size <= 3


def test_shares_in_words():
    assert [share_of(n, 1000) for n in (0, 9, 10, 455, 990, 999, 1000)] == [
        "0",
        "<1%",
        "1%",
        "46%",
        "99%",
        ">99%",
        "100%",
    ]
