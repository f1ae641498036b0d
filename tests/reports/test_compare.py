"""The impact of a new scheme on paper: the same numbers in the PDF, the page and the Word file."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from scoring.reports.papers import compare_page, render_compare
from scoring.reports.settings import Settings
from scoring.revising.comparing import Swap, Weight, compare
from scoring.revising.differing import differences
from scoring.revising.setting import set_values
from scoring.revising.view import compare_view
from scoring.revising.word import write_compare_docx
from scoring.scheme import load_scheme
from tests.published import Life, finding, towns
from tests.reports import pdf

CHANGES = ["indicators.complete.points=25", "indicators.signed.points=35", "price_lists.usual.1.price=10"]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    from tests.published import TEXT

    path = tmp_path_factory.mktemp("scheme") / "small.yaml"
    path.write_text(TEXT.replace("full: 100\n", "").lstrip(), "utf-8")
    return load_scheme(path)


@pytest.fixture(scope="module")
def impact(loaded):
    new = replace(set_values(loaded, CHANGES, "zh"), file="proposed.yaml")
    rows = {
        "towns": towns("A", "B", "C"),
        "findings": [
            finding("a", "A", date(2025, 3, 20)),
            finding("b", "B", date(2025, 3, 20), severity="grave"),
            finding("c", "C", date(2025, 3, 20), severity="grave", indicator="signed"),
        ],
        "rectifications": [],
    }
    life = Life(rows)
    made = [life.run("2025Q1", date(2025, 3, 31), one.scheme) for one in (loaded, new)]
    return compare(*made), differences(loaded, new, "zh"), ("small.yaml", "proposed.yaml")


def papers(view, new, folder):
    """The text of the PDF, the page and the Word file, without spaces."""
    settings = Settings(lang=view.lang)
    write_compare_docx(view, date(2025, 3, 31), folder / "compare.docx")
    word = zipfile.ZipFile(folder / "compare.docx").read("word/document.xml").decode("utf-8")
    read = (pdf.text(render_compare(view, new, settings)), compare_page(view, new, settings))
    return [re.sub(r"\s+", "", text) for text in (*read, re.sub("<[^>]+>", "", word))]


SWAPS = {
    "zh": (
        "指标“signed”：35→≈32.67（≈−2.33）", "指标“signed”（折算到总分）：35→34.999（−0.001）",
        "考核内容“files”整体：60→57.5（−2.50）", "只改一处分值做不到",
    ),
    "en": (
        "signed(indicator):35→≈32.67(≈−2.33)", "signed(indicator,asitisworthinthescore):35→34.999(−0.001)",
        "files(dimensionasawhole):60→57.5(−2.50)", "nosingleweightdoesit",
    ),
}  # fmt: skip


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_swap_says_whether_an_indicator_or_a_dimension_changes(impact, lang, tmp_path):
    signed, files = ("files", "signed"), Weight(("files", ""), Fraction(60))
    ways = [
        (Weight(signed, Fraction(35)), Fraction(-7, 3)),
        (Weight(signed, Fraction(35), scaled=True), Fraction(-1, 1000)),
        (files, Fraction(-5, 2)),
        (None, None),
    ]
    made = replace(impact[0], swaps=tuple(Swap("A", "B", Fraction(6), *way) for way in ways))
    for text in papers(compare_view(made, *impact[1:], lang), made.new, tmp_path):
        for said in SWAPS[lang]:
            assert said in text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_papers_say_what_the_comparison_says(impact, lang, tmp_path):
    view = compare_view(*impact, lang)
    assert [(row.before, row.after, row.change) for row in view.towns] == [
        ("98.00", "98.00", ""), ("92.00", "90.00", "−2.00"), ("92.00", "90.00", "−2.00"),
    ]  # fmt: skip
    wanted = [view.title, *view.differences, *view.summary, *view.notes]
    wanted += [cell for row in view.towns for cell in (row.town, row.before, row.after, row.change, row.because)]
    wanted += [cell for row in view.swaps for cell in (row.ahead, row.behind, row.gap, row.change)]
    for read in papers(view, impact[0].new, tmp_path):
        for text in wanted:
            assert re.sub(r"\s+", "", text) in read, text


def test_the_page_fetches_nothing_and_runs_nothing(impact):
    page = compare_page(compare_view(*impact, "zh"), impact[0].new, Settings())
    assert "default-src 'none'" in page
    assert not re.search(r"<script|https?://(?!www\.w3\.org)|url\(|@import| on\w+=", page)


def test_a_paper_is_cut_openly(impact):
    view = compare_view(*impact, "zh", 1)
    assert (len(view.differences), len(view.swaps)) == (2, 1)
    assert "2" in view.differences[-1]
