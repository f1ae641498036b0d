"""The play page against the engine on many settings, and whether the comparison notices a page that is wrong.

`TOWNSCORE_EXAMPLES` sets how many random worlds there are, four settings each.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.periods import parse_period
from tests import strategies
from tests.casebook import all_cases
from tests.frames import tables_of
from tests.playing.playing import ANSWER, TAKEN, chromium, scripts, write_library
from tests.playing.test_arithmetic import QUARTER, asked_of, compare, compare_years, rare_worlds
from tests.years import histories

EXAMPLES = int(os.environ.get("TOWNSCORE_EXAMPLES", "300"))
SLIPS = [
    ("setting.multipliers.length - 1)", "1)"),
    ("one.share === null ? ZERO", "one.share !== null ? ZERO"),
    ("? times(extra, one.quantity)", "? extra"),
    ("? mul(extra, charge)", "? mul(extra, one.cost)"),
    ("if (cell.fired && cmp(loss, indicator.points) < 0) loss = indicator.points;", ""),
    ("if (cell.fired) bound = larger(bound, indicator.points);", ""),
    ("  if (!cell.fired) {", "  {"),
    ("if (bound !== null) added = smaller(added, larger(sub(bound, loss), ZERO));\n      loss", "loss"),
    ("const got = tidy(exact);", "const got = exact;"),
    ("reached = add(known, change);", "reached = known;"),
    ("if (loss.n > 0n) loss = surcharged", "loss = surcharged"),
    ("whole = add(whole, larger(loss, ZERO));", "whole = add(whole, loss);"),
    ("whole = sub(whole, change);", ""),
    ("const at = fine ? weights : ONE;", "const at = ONE;"),
    ("if (one.to !== null && present[one.to])", "if (false)"),
    ("one.grows ? div(mul(one.weight, full), scheme.full) :", ""),
    ("town.rolled.n ? mul(weight, tidy(one.points)) : ", ""),
    ("mul(full, whole));", "mul(full, weights));"),
    ('if (town.zero) note("gate", neg(value));', ""),
    ("if (gated && last(a) !== last(b))", "if (false)"),
    ("if (!policy.include) stand", "if (false) stand"),
    ("members.length < policy.smallest", "members.length <= policy.smallest"),
    ('if (effect === "grade_ceiling")', "if (false)"),
    ('if (gates.some(([effect]) => effect === "no_honours"))', "if (false)"),
    ('if (gates.some(([effect]) => effect === "grade_down"))', "if (false)"),
    ("const places = last(one) ? gated : free;", "const places = gated;"),
    ('if (applies[dimension.id] || ["refuse", "full"].includes(dimension.empty)) continue;', "continue;"),
    (
        "const change = tidy(times(sub(dimension.cap, loss), sign));",
        "const change = times(sub(dimension.cap, loss), sign);",
    ),
    ("cmp(score, grade.most) <= 0", "cmp(score, grade.most) < 0"),
    ("cmp(score, grade.least) >= 0", "cmp(score, grade.least) > 0"),
    ("const change = tidy(sub(sub(grown, got[to]), extra));", "const change = sub(sub(grown, got[to]), extra);"),
    ("if (!spread.length) return value;", "return value;"),
    ("const start = mul(", "const start = add(ZERO, "),
    ("bounded = smaller(bounded, high);", ";"),
    ("larger(value, scheme.low);", "value;"),
    ('note("rounding", sub(rounded(value, scheme.decimals), value));', ""),
]
"""What is changed in score.js, and into what: each makes the page wrong somewhere."""


@pytest.fixture(scope="module")
def browser():
    with chromium() as context:
        yield context


@pytest.fixture(scope="module")
def library(browser, tmp_path_factory):
    page = browser.new_page()
    page.goto(write_library(tmp_path_factory.mktemp("library")))
    return page


def many(function, *given_, examples):
    """Run a comparison on so many random examples."""
    rough = settings(max_examples=examples, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    rough(given(*given_)(function))()


def test_more_than_a_thousand_random_settings_agree(library):
    seen = Counter()

    def world(drawn, seed):
        scheme, rows, as_of = drawn
        made = compare(library, tables_of(rows, scheme), scheme, QUARTER, as_of, seed, 4)
        seen.update({"settings": made, f"direction {scheme.direction}": made, "parts": made * bool(scheme.parts)})

    def year(steps, seed):
        seen.update({"beside published periods": compare_years(library, steps, seed, 2)})

    many(world, strategies.worlds(), st.integers(0, 10**6), examples=EXAMPLES)
    many(year, histories(), st.integers(0, 10**6), examples=EXAMPLES // 10)
    print(dict(seen))
    assert seen["settings"] + seen["beside published periods"] > 3 * EXAMPLES


def test_every_slip_is_noticed(browser, tmp_path):
    corpus = []
    for case in all_cases():
        if not case.refused:
            period = parse_period(case.period.label, case.scheme.calendar)
            tables = tables_of(case.rows, case.scheme)
            corpus.append(asked_of(tables, case.scheme, period, case.as_of, 7, 2, published=case.published))

    for tables, of, span, as_of, past in rare_worlds():
        corpus.append(asked_of(tables, of, span, as_of, 11, 6, past=list(past)))

    def world(drawn, seed):
        scheme, rows, as_of = drawn
        corpus.append(asked_of(tables_of(rows, scheme), scheme, QUARTER, as_of, seed, 3))

    def year(steps, seed):
        compare_years(None, steps, seed, 2, keep=corpus)

    many(world, strategies.worlds(), st.integers(0, 10**6), examples=EXAMPLES // 2)
    many(year, histories(), st.integers(0, 10**6), examples=EXAMPLES // 20)
    corpus = [known for known in corpus if known is not None]
    source = scripts("exact.js", "score.js")
    left = []
    for right, wrong in [("", ""), *SLIPS]:
        assert right in source
        path = tmp_path / "slip.html"
        script = source.replace(right, wrong, 1) + TAKEN
        path.write_text(f'<!DOCTYPE html><meta charset="utf-8"/><script>{script}</script>', "utf-8")
        page = browser.new_page()
        page.goto(path.as_uri())
        if not noticed(page, corpus):
            left.append(right)
        page.close()
    print(f"{len(corpus)} worlds, {len(SLIPS)} slips")
    assert left == [""], left


def noticed(page, corpus):
    """Does any answer differ from the engine's?"""
    for data, asked, said in corpus:
        try:
            if page.evaluate(ANSWER, [data, asked]) != said:
                return True
        except Exception:  # noqa: BLE001 - a page that stops is noticed too
            return True
    return False
