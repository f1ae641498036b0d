"""The page's arithmetic and the engine's, to the last digit, on random schemes, facts and settings."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.ledger import score
from scoring.periods import Period
from scoring.problems import Refused
from tests import strategies
from tests.frames import tables_of
from tests.playing.playing import ANSWER, changed, chromium, engine_says, page_data, random_setting, write_library

QUARTER = Period("2025Q1", "quarter", strategies.PERIOD.start, strategies.PERIOD.end)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    with chromium() as browser:
        page = browser.new_page()
        page.goto(write_library(tmp_path_factory.mktemp("library")))
        yield page


def compare(library, world, seed, each):
    """Compare the page's answer with the engine's for the scheme itself and `each` random settings of it."""
    scheme, rows, as_of = world
    tables = tables_of(rows, scheme)
    try:
        base, data = page_data(tables, scheme, QUARTER, as_of)
    except Refused:
        return 0
    dice = random.Random(seed)
    asked = [random_setting(dice, scheme, len(data["facts"]["windows"])) for _ in range(each)]
    answers = library.evaluate(ANSWER, [data, asked])
    assert answers[0] == engine_says(base, as_of)
    compared = 0
    for setting, answer in zip(asked, answers[1:], strict=True):
        try:
            other = score(tables, changed(scheme, setting), QUARTER, as_of)
        except Refused:  # numbers too fine for the engine's columns
            continue
        assert answer == engine_says(other, as_of), setting
        compared += 1
    return compared


@settings(max_examples=40, database=None, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=strategies.worlds(), seed=st.integers(0, 10**6))
def test_page_and_engine_agree_on_random_worlds(library, world, seed):
    compare(library, world, seed, 4)
