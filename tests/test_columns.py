"""What is asked of long columns as numbers is what would be asked of them as texts."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.columns import in_order, numbered, rows_of

WORDS = ["c", "a", "d"]
CELLS = ["a", "c", None, "b", "d"]


@pytest.mark.parametrize(
    "dtype",
    [pl.String(), pl.Enum([*WORDS, "b"]), pl.Enum(["b", "d", "a", "c"]), pl.Categorical()],
    ids=["text", "enum", "other-order", "categorical"],
)
def test_words_are_numbered_whatever_holds_them(dtype):
    frame = pl.DataFrame({"word": pl.Series(CELLS, dtype=dtype)})
    said = frame.select(numbered("word", frame.schema, WORDS))
    assert said.to_series().to_list() == [1, 0, None, None, 2]


def test_a_column_of_these_very_words_is_read_as_it_stands():
    frame = pl.DataFrame({"word": pl.Series(["a", None, "c"], dtype=pl.Enum(WORDS))})
    assert frame.select(numbered("word", frame.schema, WORDS)).to_series().to_list() == [1, None, 0]


NUMBERS = st.integers(-3, 3) | st.sampled_from([-(2**40), 2**40, 2**62])


@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), max_size=12))
def test_rows_are_ordered_by_one_number_as_by_several(rows):
    keys = [pl.Series([row[n] for row in rows], dtype=pl.Int64) for n in range(3)]
    assert [rows[n] for n in in_order(keys)] == sorted(rows)


@given(st.lists(st.integers(0, 20), unique=True), st.lists(st.none() | st.integers(0, 30)))
def test_the_row_of_a_key_is_found_by_number_as_by_text(keys, wanted):
    want = [None if one not in keys else keys.index(one) for one in wanted]
    numbers = [pl.Series(series, dtype=pl.UInt32) for series in (keys, wanted)]
    assert rows_of(*numbers).to_list() == want
    texts = [pl.Series([None if n is None else str(n) for n in series], dtype=pl.String) for series in (keys, wanted)]
    assert rows_of(*texts).to_list() == want
