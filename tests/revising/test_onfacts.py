"""Warnings about a scheme on facts: each with its line, silenced by code, and quiet where there is little to see."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from scoring.revising.onfacts import lint_on_facts
from scoring.scheme import load_scheme, parse_scheme
from tests.frames import tables_of
from tests.published import TEXT, Life, finding, towns

CODES = "ABCDEFGHIJ"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    path = tmp_path_factory.mktemp("scheme") / "small.yaml"
    path.write_text(TEXT.lstrip(), "utf-8")
    return load_scheme(path)


def told(loaded, findings=(), codes=CODES, by=None, **tables):
    rows = {"towns": towns(*codes), "findings": list(findings), "rectifications": [], **tables}
    made = Life(rows, loaded.scheme).run("2025Q1", date(2025, 3, 31))
    facts = tables_of(rows, loaded.scheme)
    begins = pl.col("check_id").str.slice(0, 2)  # of teams and the like
    if by == "team":
        facts = replace(facts, checks=facts.checks.with_columns(team=begins))
    elif by:
        facts = replace(facts, findings=facts.findings.with_columns(begins.alias(by)))
    found = lint_on_facts(loaded, made, facts, "zh")
    return {(one.code, one.at): one for one in found if one.silenced is None}


def seen(number, town, indicator="complete", severity="mild", **more):
    return finding(number, town, date(2025, 3, 25), indicator, severity, **more)


def test_two_indicators_that_price_one_case(loaded):
    rows = [seen(f"{i}{n}", "A", i, case_ref=f"c{n}") for i in ("complete", "signed") for n in range(3)]
    found = told(loaded, rows)
    assert found["facts-double", "signed"].line > 0
    assert ("facts-double", "signed") not in told(loaded, rows[:-1])


def test_caps_that_bind_everybody_and_those_that_bind_nobody(loaded):
    rows = [seen(f"{t}{n}", t, severity="grave") for t in "ABC" for n in range(3)]
    found = told(loaded, rows)
    assert ("facts-cap-always", "complete") in found
    assert ("facts-cap-never", "files") in found  # the dimension's cap of 50
    assert ("facts-cap-always", "complete") not in told(loaded, rows[:-2])


def test_indicators_that_tell_nobody_apart_or_have_no_data(loaded):
    found = told(loaded)
    assert ("facts-alike", "files") in found
    assert ("facts-no-data", "visited") in found
    assert ("facts-alike", "files") not in told(loaded, codes="AB")


def test_grades_that_nobody_gets(loaded):
    graded = TEXT + "grades: {by: bands, grades: [{id: 优, label: 优, at_least: 90}, {id: 差, label: 差}]}\n"
    scheme = parse_scheme(graded.encode(), "small.yaml")
    assert ("facts-grade-empty", "差") in told(scheme)
    assert ("facts-grade-empty", "优") not in told(scheme)


def test_a_score_that_follows_the_number_of_checks(loaded):
    rows = [seen(f"{t}{n}", t, "signed") for place, t in enumerate(CODES) for n in range(place)]
    checks = [
        {"check_id": t, "town": t, "checked_on": date(2025, 3, 1), "sampled": 10 * (place + 1)}
        for place, t in enumerate(CODES)
    ]
    assert ("facts-volume-less", "volume") in told(loaded, rows, checks=checks)
    other = [row | {"town": CODES[9 - CODES.index(row["town"])]} for row in rows]
    assert ("facts-volume-more", "volume") in told(loaded, other, checks=checks)
    level = [check | {"sampled": 30} for check in checks]
    assert ("facts-volume-less", "volume") not in told(loaded, rows, checks=level)


@pytest.mark.parametrize(
    ("by", "code"),
    [("team", "facts-harsh-team"), ("batch", "facts-harsh-batch"), ("supervisor", "facts-harsh-supervisor")],
)
def test_a_team_batch_or_supervisor_that_is_harsher_than_chance(loaded, by, code):
    """The first: 12 of 12 above the median price; the second: none of 20."""
    checks = [
        {"check_id": f"{team}{t}", "town": t, "checked_on": date(2025, 3, 1), "sampled": 30}
        for team in ("一组", "二组") for t in CODES
    ]  # fmt: skip
    rows = [seen(f"g{n}", CODES[n % 10], severity="grave", check_id=f"一组{CODES[n % 10]}") for n in range(12)]
    rows += [seen(f"m{n}", CODES[n % 10], check_id=f"二组{CODES[n % 10]}") for n in range(20)]
    assert (code, "一组") in told(loaded, rows, by=by, checks=checks)
    mixed = [row | {"check_id": ("一组" if n % 2 else "二组") + row["town"]} for n, row in enumerate(rows)]
    assert (code, "一组") not in told(loaded, mixed, by=by, checks=checks)


def test_sections_with_far_more_or_less_weight_than_items():
    """Of six items one cites `one` (5 points), one `two` (55), four `three` (40)."""
    text = TEXT.replace("points: 20, clause: one", "points: 5, clause: one")
    text = text.replace("points: 40, clause: two", "points: 55, clause: two")
    text += "not_scored:\n" + "".join(f"  - {{id: n{n}, label: n, clause: three, reason: none}}\n" for n in range(3))
    found = told(parse_scheme(text.encode(), "small.yaml"))
    assert ("facts-emphasis-less", "one") in found
    assert ("facts-emphasis-more", "two") in found
    assert not [at for code, at in found if at == "three"]


def test_what_is_accepted_is_silent_and_no_idle_entry_of_the_scheme_alone(loaded):
    text = TEXT + "silence: [{code: facts-alike, at: files, reason: 季度太短}]\n"
    scheme = parse_scheme(text.encode(), "small.yaml")
    assert ("facts-alike", "files") not in told(scheme)
    from scoring.scheme import lint

    assert not [one for one in lint(replace(scheme), "zh") if one.code == "silence-idle"]
