"""The bureau's own duties on paper: one page of the internal analysis where something is kept, in no other paper."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import conftest
import pdf
import sample

from scoring.messages import say
from scoring.reports.duties_view import duties_view
from scoring.reports.labels import Labels
from scoring.shapes import DUTIES


def row(duty, level="told", scope="", **more):
    return {**dict.fromkeys(DUTIES), "item": "0", "duty": duty, "scope": scope, "level": level, "names": []} | more


@pytest.fixture(scope="module")
def quarter():
    made = sample.assessment(crowd=12, previous=True)
    codes = made.scores["town_code"].to_list()
    rows = [
        row("coverage", "short", done=14, of=16, names=codes[:12]),
        *(row("sample", "met", f"2025-0{n}", done=30 + n, of=100, towns=16) for n in (1, 2)),
        row("sample", "none", "2025-03"),
        row("modes", "short", done=3, of=4, names=["暗访抽查"]),
        *(
            row(kind, done=12, of=16, towns=16, persons=1234, quantity=56789, last_on=date(2025, 3, 28))
            for kind in ("training", "exchange", "guidance", "on_wall", "at_door", "policy_online", "conference")
        ),
        *(row(kind, "none") for kind in ("setting_out", "fund_guidance", "monitoring", "matching", "cleaning")),
        *(row(kind, done=1, of=2, quantity=3) for kind in ("petitions", "hotline")),
        *(row(kind, done=1, of=2, days=4) for kind in ("verified", "appeals")),
        row("letters", done=1, of=2),
        row("recovered", done=1, of=2),
    ]
    return replace(made, duties=pl.DataFrame(rows, schema=DUTIES))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_says_what_the_view_says_and_is_one(quarter, lang):
    view = duties_view(quarter, Labels(quarter.head, lang))
    data = conftest.paper("internal", quarter, lang)
    pages = ["".join(text.split()) for text in pdf.pages(data)]
    heading = "".join(say("reports-duties", lang).split())
    (own,) = [number for number, text in enumerate(pages) if heading in text]
    for one in view.rows:
        for text in (one.name, one.done, one.word):
            assert "".join(text.split()) in pages[own], text
    assert "".join(say("reports-duties-end", lang).split())[:20] in pages[own]
    assert max(box.right for box in pdf.boxes(data, own)) <= 210 - 16 + 0.5


@pytest.mark.parametrize("kind", ["report", "town"])
def test_no_other_paper_speaks_of_it(quarter, kind):
    shown = quarter.for_town(sample.CROWDED) if kind == "town" else quarter
    assert say("reports-duties", "zh") not in "".join(pdf.text(conftest.paper(kind, shown)).split())


def test_without_a_record_there_is_no_page(quarter):
    bare = replace(quarter, duties=quarter.duties.clear())
    assert say("reports-duties", "zh") not in "".join(pdf.text(conftest.paper("internal", bare)).split())
