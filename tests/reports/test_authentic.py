"""The check code of a sheet: another for every other number, the same whatever was masked, read as people type it."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import polars as pl
import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st
from sample import assessment

from scoring.reports.authentic import code_of, digest_of, read_code, square_of


@pytest.fixture(scope="module")
def own():
    whole = assessment()
    return whole.for_town(whole.scores["town_code"][0])


def changed(own, frame, column, value):
    """The assessment with the first cell of a column changed."""
    old = getattr(own, frame)
    series = old[column].to_list()
    series[0] = value
    return replace(own, **{frame: old.with_columns(pl.Series(column, series, dtype=old.schema[column]))})


@pytest.mark.parametrize(
    ("frame", "column", "value"),
    [
        ("scores", "score_num", 1),
        ("scores", "rank", 15),
        ("scores", "group_rank", 15),
        ("scores", "grade", "another"),
        ("ledger", "points_num", 12345),
        ("ledger", "points_den", 977),
        ("ledger", "kind", "another"),
        ("ledger", "subject", "another"),
        ("findings", "net_num", 12345),
        ("findings", "disposition", "another"),
        ("findings", "finding_id", "another"),
    ],
)
def test_every_number_counts(own, frame, column, value):
    assert digest_of(changed(own, frame, column, value)) != digest_of(own)


def test_a_row_less_counts(own):
    for name in ("ledger", "findings"):
        assert digest_of(replace(own, **{name: getattr(own, name).slice(1)})) != digest_of(own)


@pytest.mark.parametrize("name", ["run_code", "edition", "stage"])
def test_the_run_counts(own, name):
    assert digest_of(replace(own, head={**own.head, name: "another"})) != digest_of(own)


def test_wording_does_not_count(own):
    masked = replace(
        changed(own, "findings", "description", "*"),
        ledger=own.ledger.with_columns(parameters=pl.lit("{}"), reason=pl.lit("x")),
    )
    assert digest_of(masked) == digest_of(own)


@settings(max_examples=60)
@given(st.binary(max_size=8), st.data())
def test_a_code_is_read_as_people_type_it(seed, data):
    code = code_of(hashlib.sha256(seed).hexdigest())
    assert read_code(code) == code
    typed = code.replace("-", data.draw(st.sampled_from(["", " ", "－", "-"])))
    typed = typed.replace("0", data.draw(st.sampled_from("0Oo"))).replace("1", data.draw(st.sampled_from("1Iil")))
    assert read_code(data.draw(st.sampled_from([typed, typed.lower(), f" {typed}\n"]))) == code


@pytest.mark.parametrize("typed", ["", "AAAA", "UUUU-UUUU-UUUU-UUUU", "0000-0000-0000-00000", "核验码"])
def test_what_is_no_code_is_none(typed):
    assert read_code(typed) is None


def test_the_square_draws_every_dark_module_and_no_other():
    text = "得分说明核验：示例镇，得分87.50，" + "0123456789abcdef" * 4
    square = square_of(text)
    drawn = set()
    for run in square.path.split("M")[1:]:
        place, width = run.split("h")
        x, y = place.split()
        assert y.endswith(".5")  # the middle of a line one unit thick
        drawn |= {(int(x) + step, int(y[:-2])) for step in range(int(width))}
    matrix = segno.make_qr(text, error="m", boost_error=False).matrix
    assert square.side == len(matrix)
    assert drawn == {(x, y) for y, row in enumerate(matrix) for x, dark in enumerate(row) if dark}
