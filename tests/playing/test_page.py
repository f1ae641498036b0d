"""The page itself in a real Chromium: moved by keyboard and by numbers, its file scored by the engine."""

from __future__ import annotations

import random
import re
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest

from scoring.assessing import assess
from scoring.example import generate_tables
from scoring.outcome import Options
from scoring.periods import parse_period
from scoring.playing.knobs import windows_of
from scoring.reports.labels import Labels
from scoring.scheme import load_scheme, parse_scheme
from scoring.whatif import page_from
from tests.frames import tables_of
from tests.playing.playing import TAKEN, changed, chromium, random_setting

WEIGHTS = Path(__file__).parents[2] / "weights"
END = date(2025, 7, 10)
SET = (
    "(change) => {"
    + TAKEN
    + """
  now = { ...copied(own), ...taken(own, change) };
  for (const one of groups) one.reset();
  refresh();
  const cells = [...document.querySelectorAll("#ranking tbody tr")].map((row) => (
    [...row.children].map((cell) => cell.textContent)));
  return { source: changedScheme(), cells };
}"""
)


@pytest.fixture(scope="module")
def browser():
    with chromium(viewport={"width": 1360, "height": 900}, accept_downloads=True) as context:
        yield context


@pytest.fixture(scope="module")
def quarter():
    """The shipped scheme on a generated quarter: the loaded scheme, tables, period, assessment."""
    loaded = load_scheme(WEIGHTS / "jiyuan-quarterly.yaml")
    frames = generate_tables(towns=16, findings=700, rectifications=600)
    tables = replace(tables_of({}, loaded.scheme), **frames, present=frozenset(frames))
    period = parse_period("2025Q2", loaded.scheme.calendar)
    options = Options(scheme_hash=loaded.sha256, example=True)
    return loaded, tables, period, assess(tables, loaded.scheme, period, END, options=options, lean=True)


@contextmanager
def opened(browser, html, folder):
    """A page in the browser, where every request and every complaint is counted."""
    path = folder / "page.html"
    path.write_text(html, "utf-8")
    page = browser.new_page()
    faults, asked = [], []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text))
    page.on("request", lambda sent: asked.append(sent.url))
    page.goto(path.as_uri())
    yield page
    assert faults == []
    assert asked[0] == path.as_uri()
    assert all(address.startswith("blob:") for address in asked[1:])
    page.close()


def html_of(quarter, lang):
    loaded, tables, period, assessment = quarter
    return page_from(loaded, tables, period, assessment, Labels(assessment.head, lang))


@pytest.fixture(scope="module")
def page(browser, quarter, tmp_path_factory):
    """The Chinese page of the quarter."""
    with opened(browser, html_of(quarter, "zh"), tmp_path_factory.mktemp("page")) as page:
        yield page


def rows(page):
    """The ranking as it stands: a list of texts a row."""
    return page.eval_on_selector_all(
        "#ranking tbody tr", "(rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent))"
    )


def scored_by(text, loaded, tables, period):
    """What the engine says of the page's file: (rank, town, score) by place."""
    other = parse_scheme(text.encode("utf-8"), loaded.file)
    made = assess(tables, other.scheme, period, END, lean=True)
    return other, made.scores.filter(made.scores["score"].is_not_null())


def agree(cells, scores):
    """Compare the page's ranking with an engine's scores, as they are printed."""
    shown = {row[2]: (int(row[0]), row[4].replace("−", "-")) for row in cells}
    assert shown == {row["town"]: (row["rank"], row["score"]) for row in scores.to_dicts()}


def test_page_shows_the_official_ranking_and_is_small(page, quarter):
    agree(rows(page), quarter[3].scores)
    assert not page.locator("#wrong").inner_text()
    assert len(page.content().encode()) < 400_000


def test_slider_moves_by_keyboard_and_the_others_give_way(page):
    page.locator("#reset").click()
    slider = page.locator("input[type=range]").first
    slider.focus()
    for _ in range(25):
        page.keyboard.press("ArrowRight")
    values = page.evaluate("() => Object.values(now.points).map(written)")
    # 15, 50, 15, 20 → 17.5 and the others by 82.5/85 of theirs, in tenths of a point: 48.53, 14.56, 19.41.
    assert values == ["17.5", "48.5", "14.6", "19.4"]
    assert page.evaluate("() => document.activeElement.getAttribute('aria-valuetext')").startswith("17.5")
    for _ in range(25):
        page.keyboard.press("ArrowLeft")
    assert page.evaluate("() => changes().length") == 0
    assert page.locator("#download").is_disabled()


def test_saved_file_is_the_old_one_but_for_the_values_and_scores_as_shown(page, quarter):
    loaded, tables, period, _ = quarter
    page.locator("#reset").click()
    page.locator(".mode input").nth(1).check()
    box = page.locator(".slider input[type=text]").first
    box.fill("40")
    box.press("Enter")
    share = page.locator(".policy input").first
    share.fill("12.5")
    share.press("Enter")
    with page.expect_download() as waited:
        page.locator("#download").click()
    text = Path(waited.value.path()).read_bytes().decode("utf-8")
    assert waited.value.suggested_filename.startswith("jiyuan-quarterly-")
    old, new = loaded.text.splitlines(), text.splitlines()
    added = [line.strip() for line in new if line not in old]
    assert added == ["full: 125", "points: 40", "scale: true", "share: 0.125"]
    assert len(new) == len(old) + 1
    other, scores = scored_by(text, loaded, tables, period)
    assert (other.scheme.full, other.scheme.dimensions[0].points) == (125, 40)
    assert other.scheme.rectification.states.on_time.share == Fraction(1, 8)
    agree(rows(page), scores)
    assert page.locator("#told").inner_text()
    page.locator(".mode input").nth(0).check()
    page.locator("#reset").click()


def test_wrong_numbers_are_refused_where_they_stand(page):
    page.locator("#reset").click()
    box = page.locator(".slider input[type=text]").first
    for wrong in ("abc", "0", "-3", "1/0", "1e3", ""):
        box.fill(wrong)
        box.press("Enter")
        assert box.get_attribute("aria-invalid") == "true", wrong
        assert page.evaluate("() => changes().length") == 0
    share = page.locator(".policy input").first
    share.fill("101")
    share.press("Enter")
    assert share.get_attribute("aria-invalid") == "true"
    page.locator("#reset").click()
    assert box.get_attribute("aria-invalid") == "false"


def test_a_towns_statement_adds_up_to_its_score(page):
    page.locator("#reset").click()
    page.locator("input[type=range]").first.focus()
    page.keyboard.press("PageUp")
    for number in (0, 5, 15):
        button = page.locator("#ranking button").nth(number)
        name = button.inner_text()
        button.click()
        assert name in page.locator("#statement h2").inner_text()
        score = page.locator("#ranking tbody tr").nth(number).locator("td").nth(3).inner_text()
        assert page.locator("#statement .total td").last.inner_text() == score
        # start, what indicators lost of their points, and what stands beside them: in cents
        cents = page.evaluate(
            """() => { const one = results[chosen];
              return [one.start, ...one.lines.map((line) => line.points)].map((x) => Number(x.n * 100n / x.d)); }"""
        )
        assert sum(cents) == round(float(score) * 100)
    page.locator("#reset").click()


def test_random_settings_saved_and_scored_by_the_engine(page, quarter):
    loaded, tables, period, _ = quarter
    dice = random.Random(4)
    for _ in range(6):
        setting = random_setting(dice, loaded.scheme, len(windows_of(loaded.scheme)[1]))
        shown = page.evaluate(SET, setting)
        other, scores = scored_by(shown["source"], loaded, tables, period)
        wanted = changed(loaded.scheme, setting)
        assert [i.worth for _, i in other.scheme.indicators()] == [i.worth for _, i in wanted.indicators()]
        assert other.scheme.model_dump(exclude={"dimensions"}) == wanted.model_dump(exclude={"dimensions"})
        agree(shown["cells"], scores)
    page.locator("#reset").click()


def test_every_control_has_a_name_and_every_picture_words(page):
    named = """() => [...document.querySelectorAll("input, button, select")].filter((one) => (
      !one.getAttribute("aria-label") && !one.closest("label") && !one.textContent.trim())).length"""
    assert page.evaluate(named) == 0
    assert page.locator("#chart svg").get_attribute("aria-label")
    assert page.locator("#ranking caption").inner_text()
    assert page.locator("#told").get_attribute("aria-live") == "polite"
    assert page.locator("th:not([scope])").count() == 0


def test_the_english_page_speaks_english(browser, quarter, tmp_path):
    with opened(browser, html_of(quarter, "en"), tmp_path) as page:
        agree(rows(page), quarter[3].scores)
        page.locator("input[type=range]").first.focus()
        page.keyboard.press("ArrowRight")
        towns = quarter[3].scores["town"].to_list()
        said = page.evaluate("() => document.body.innerText") + page.title()
        for town in towns:
            said = said.replace(town, "")
        assert re.findall("[\u4e00-\u9fff]+", said) == []


def test_names_that_look_like_tags_stay_text(browser, quarter, tmp_path):
    loaded, tables, period, _ = quarter
    hostile = "</script><img src=x onerror=alert(1)>\u2028镇"
    named = tables.towns.with_columns(name=pl.when(pl.int_range(pl.len()) == 0).then(pl.lit(hostile)).otherwise("name"))
    other = replace(tables, towns=named)
    assessment = assess(other, loaded.scheme, period, END, options=Options(scheme_hash=loaded.sha256), lean=True)
    with opened(browser, html_of((loaded, other, period, assessment), "zh"), tmp_path) as page:
        assert hostile in [row[2] for row in rows(page)]
        assert page.locator("img").count() == 0
