"""The page's arithmetic and the engine's, to the last digit, on random schemes, facts and settings."""

from __future__ import annotations

import random
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.scheme.outcome import Surcharge
from scoring.assessing import assess
from scoring.ledger import Frozen, score
from scoring.periods import Period, parse_period
from scoring.problems import Refused
from tests import strategies
from tests.casebook import all_cases
from tests.frames import tables_of
from tests.playing.playing import (
    ANSWER,
    changed,
    chromium,
    engine_says,
    offered,
    page_data,
    random_setting,
    write_library,
)
from tests.published import Life, finding, scheme, towns
from tests.years import histories, kind_of

QUARTER = Period("2025Q1", "quarter", strategies.PERIOD.start, strategies.PERIOD.end)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    with chromium() as browser:
        page = browser.new_page()
        page.goto(write_library(tmp_path_factory.mktemp("library")))
        yield page


def asked_of(tables, scheme, period, as_of, seed, each, past=(), published=None):
    """What the page is asked, and what the engine answers: the scheme itself and `each` random settings of it."""
    try:
        base, data = page_data(tables, scheme, period, as_of, past, published)
    except Refused:
        return None
    if data is None:  # a year made of published periods alone: the page has nothing to move
        return None
    dice = random.Random(seed)
    asked, said = [], [engine_says(base, as_of)]
    for _ in range(each):
        setting = random_setting(dice, scheme, len(data["facts"]["windows"]), sums_stay=data["facts"]["rolled"])
        other = changed(scheme, setting, offered(scheme))
        try:
            made = score(tables, other, period, as_of, past=past, published=published)
        except Refused:  # numbers too fine for the engine's columns
            continue
        asked.append(setting)
        said.append(engine_says(made, as_of))
    return data, asked, said


def compare(library, *world, **beside):
    """Compare the page's answers with the engine's; count the settings."""
    known = asked_of(*world, **beside)
    if known is None:
        return 0
    data, asked, said = known
    for setting, here, there in zip([None, *asked], library.evaluate(ANSWER, [data, asked]), said, strict=True):
        assert here == there, setting
    return len(asked)


def compare_years(library, steps, seed, each, keep=None):
    """Compare step by step of a random year, each beside the periods published before it; or keep what was asked."""
    past, compared = {}, 0
    for step in steps:
        period = Period(step.label, kind_of(step.label), step.period.start, step.period.end)
        tables = tables_of(step.rows, step.scheme)
        try:
            made = assess(tables, step.scheme, period, step.as_of, past=list(past.values()), lean=True)
        except Refused:
            continue
        world = (tables, step.scheme, period, step.as_of, seed, each)
        if keep is None:
            compared += compare(library, *world, past=list(past.values()))
        else:
            keep.append(asked_of(*world, past=list(past.values())))
        past[step.label] = Frozen(
            period, 1, step.as_of, step.scheme, "code",
            made.ledger, made.scores, made.findings, made.indicators, made.dimensions, tables.findings.lazy(),
        )  # fmt: skip
    return compared


rough = settings(max_examples=3, database=None, deadline=None, suppress_health_check=list(HealthCheck))
seeds = st.integers(0, 10**6)


@rough
@given(world=strategies.worlds(), seed=seeds)
def test_page_and_engine_agree_on_random_worlds(library, world, seed):
    of, rows, as_of = world
    compare(library, tables_of(rows, of), of, QUARTER, as_of, seed, 4)


@settings(rough, max_examples=2)
@given(steps=histories(), seed=seeds)
def test_page_and_engine_agree_beside_published_periods(library, steps, seed):
    compare_years(library, steps, seed, 2)


def surcharge(level, share="1/3"):
    return Surcharge(id=level, label=level, level=level, measure="次", steps=({"at_least": "1", "share": share},))


def rare_worlds():
    """What random worlds do not meet: (tables, scheme, period, as_of, published periods)."""
    twice = [{"town": town, "period": "2025Q1", "measure": "次", "value": 2} for town in ("A", "B")]
    days = [date(2025, month, 3) for month in (1, 2, 3)]
    found = [
        finding(f"{town}{n}", town, day, indicator=name)
        for town in ("A", "B")
        for n, (day, name) in enumerate(zip(days, ("complete", "signed", "complete"), strict=True))
    ]
    rows = {"towns": towns("A", "B"), "findings": found, "measures": twice}
    rates = [{"town": "A", "period": "2025Q1", "measure": "rate", "numerator": 97, "denominator": 100}]
    counted = [{"id": "rate", "label": "rate"}, {"id": "次", "label": "次"}]
    both_ways = scheme(direction="net", base=20, range={"min": -50, "max": 150}, measures=counted)
    for levels in (("dimension",), ("part",), ("dimension", "part", "total")):
        of = both_ways.model_copy(update={"surcharges": tuple(map(surcharge, levels))})
        yield tables_of({**rows, "measures": twice + rates}, of), of, QUARTER, QUARTER.end, ()
    # Of A no indicator of visits applies: its weight goes to files, whose loss grows, and the part's surcharge with it.
    visits = scheme().dimensions[1]
    none = visits.indicators[0].model_copy(update={"no_data": "not_applicable"})
    handed = visits.model_copy(update={"indicators": (none,), "all_not_applicable": "files"})
    of = scheme(measures=counted)
    of = of.model_copy(update={"dimensions": (of.dimensions[0], handed), "surcharges": (surcharge("part"),)})
    yield tables_of(rows, of), of, QUARTER, QUARTER.end, ()
    # A year with a part of its own, a surcharge of the total and something carried over, all rounded.
    again = [{"town": "A", "period": "2025", "measure": "次", "value": 2}]
    thirds = {"usual": [{"price": "7/3"}]}
    life = Life({**rows, "measures": again}, of=scheme(measures=counted, price_lists=thirds))
    life.publish("2025Q1")
    for label in ("2025Q2", "2025Q3", "2025Q4"):
        life.publish(label)
    life.rows["findings"] = [*found, finding("late", "A", date(2025, 11, 2))]
    year = scheme(
        measures=counted, price_lists=thirds,
        roll_up={"of": "quarter", "year_end": {"weight": "0.37", "label": "end"}},
    ).model_copy(update={"surcharges": (surcharge("total"),)})  # fmt: skip
    yield tables_of(life.rows, year), year, parse_period("2025", year.calendar), date(2026, 1, 9), life.past.values()


def test_page_and_engine_agree_on_what_is_rare(library):
    for tables, of, period, as_of, past in rare_worlds():
        assert compare(library, tables, of, period, as_of, 11, 6, past=list(past)) == 6


@pytest.mark.parametrize("file", sorted({case.name.partition(":")[0] for case in all_cases()}))
@pytest.mark.parametrize("step", [pytest.param(8, id="an-eighth"), pytest.param(1, id="all", marks=pytest.mark.long)])
def test_page_and_engine_agree_on_the_cases(library, file, step):
    """Every rule of semantics.md has its cases."""
    compared = 0
    own = [case for case in all_cases() if case.name.partition(":")[0] == file and not case.refused]
    for case in own[::step]:
        period = parse_period(case.period.label, case.scheme.calendar)
        tables = tables_of(case.rows, case.scheme)
        compared += compare(library, tables, case.scheme, period, case.as_of, 7, 1, published=case.published)
    assert compared
