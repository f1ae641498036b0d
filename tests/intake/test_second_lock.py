"""The Pandera schema behind the reading: what it refuses is located, row and column."""

from __future__ import annotations

import random

import pandera.errors
import polars as pl
import pytest

from schemas.tables import duplicated, table_for, validate
from schemas.vocabulary import Vocabulary
from scoring.example.volume import Volume, complete

TABLE = table_for("findings", Vocabulary(severities=("一般", "较重", "严重")))


@pytest.fixture(scope="module")
def findings() -> pl.DataFrame:
    return complete(Volume(towns=3, findings=50, rectifications=0, seed=1).findings_table(0, 50), "findings")


def _set(frame: pl.DataFrame, column: str, row: int, value: object) -> pl.DataFrame:
    there = pl.int_range(pl.len()) == row
    return frame.with_columns(
        pl.when(there).then(pl.lit(value)).otherwise(column).cast(frame[column].dtype).alias(column)
    )


def _located(frame: pl.DataFrame) -> set[tuple[str, int]]:
    with pytest.raises(pandera.errors.SchemaErrors) as caught:
        validate(frame, TABLE)
    return set(caught.value.failure_cases.select("column", "index").iter_rows())


def test_sound_rows_pass_unchanged(findings: pl.DataFrame) -> None:
    assert validate(findings, TABLE).equals(findings)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("cases", -1),
        ("amount", "-0.01"),
        ("severity", "轻"),
        ("acknowledged", "x"),
        ("town", None),
        ("source_file", None),
    ],
)
def test_a_wrong_cell_is_located(findings: pl.DataFrame, column: str, value: object) -> None:
    assert _located(_set(findings, column, 7, value)) == {(column, 7)}


def test_every_wrong_cell_is_located_at_once(findings: pl.DataFrame) -> None:
    wrong = _set(_set(_set(findings, "cases", 3, -1), "town", 40, None), "severity", 3, "轻")
    assert _located(wrong) == {("cases", 3), ("town", 40), ("severity", 3)}


def test_both_rows_of_one_id_are_located(findings: pl.DataFrame) -> None:
    twice = _set(findings, "finding_id", 20, findings["finding_id"][4])
    assert _located(twice) == {("finding_id", 4), ("finding_id", 20)}


def test_a_missing_id_is_located_and_two_are_no_different(findings: pl.DataFrame) -> None:
    assert _located(_set(findings, "finding_id", 9, None)) == {("finding_id", 9)}
    both = _set(_set(findings, "finding_id", 9, None), "finding_id", 11, None)
    assert _located(both) == {("finding_id", 9), ("finding_id", 11)}


def test_rows_of_one_hash_are_held_against_each_other(findings: pl.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pl.DataFrame, "hash_rows", lambda self: pl.repeat(1, self.height, dtype=pl.UInt64, eager=True))
    assert validate(findings, TABLE).equals(findings)
    twice = _set(findings, "finding_id", 20, findings["finding_id"][4])
    assert _located(twice) == {("finding_id", 4), ("finding_id", 20)}


@pytest.mark.parametrize("columns", [["text"], ["text", "number"], ["text", "number", "list"]])
def test_equal_rows_are_found_as_polars_finds_them(columns: list[str]) -> None:
    chance = random.Random(1)
    choices = {"text": ["x", "y", None, "z" * 20], "number": [1, 2, None], "list": [["a"], ["a", "b"], [], None]}
    schema = {"text": pl.String(), "number": pl.Int64(), "list": pl.List(pl.String())}
    for height in range(25):
        made = {name: [chance.choice(values) for _ in range(height)] for name, values in choices.items()}
        rows = pl.DataFrame(made, schema=schema).select(columns)
        assert duplicated(rows).to_list() == rows.select(pl.struct(columns).is_duplicated()).to_series().to_list()


def test_a_wrong_dtype_is_refused(findings: pl.DataFrame) -> None:
    with pytest.raises(pandera.errors.SchemaErrors):
        validate(findings.with_columns(pl.col("cases").cast(pl.Float64)), TABLE)
