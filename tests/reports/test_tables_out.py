"""CSV out: what it holds, how it is written, and what must never stand in it."""

from __future__ import annotations

import csv
import dataclasses
import time
from fractions import Fraction

import polars as pl
import pytest

from scoring.reports.tables_out import INDICATORS, LEDGER, SCORES, write_plain, write_tables
from tests.reports.sample import SampleAssessment, assessment


@pytest.fixture(scope="module")
def whole() -> SampleAssessment:
    return assessment(crowd=12)


def read(path):
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_score_is_the_assessments(whole, tmp_path):
    write_tables(whole, tmp_path)
    rows = read(tmp_path / "scores.csv")
    assert [tuple(row.values()) for row in rows] == [
        tuple("" if row[c] is None else str(row[c]) for c in SCORES) for row in whole.scores.to_dicts()
    ]


def test_the_ledger_of_the_file_reconciles_and_its_numbers_are_plain(whole, tmp_path):
    write_tables(whole, tmp_path)
    scored = whole.scores.filter(outcome="scored").to_dicts()
    start = {row["town_code"]: Fraction(row["start_num"], row["start_den"]) for row in scored}
    for row in read(tmp_path / "ledger.csv"):
        start[row["town_code"]] += Fraction(int(row["points_num"]), int(row["points_den"]))
        assert Fraction(row["points"]) == Fraction(int(row["points_num"]), int(row["points_den"]))
    for row in scored:
        assert start[row["town_code"]] == Fraction(row["score_num"], row["score_den"])


def test_only_columns_on_the_allow_list_are_written(whole, tmp_path):
    more = dataclasses.replace(
        whole,
        ledger=whole.ledger.with_columns(pl.lit("证号").alias("case_ref")),
        scores=whole.scores.with_columns(pl.lit("x@example.invalid").alias("email")),
        indicators=whole.indicators.with_columns(pl.lit("张").alias("signed_by")),
    )
    write_tables(more, tmp_path)
    for name, columns in (("scores", SCORES), ("indicators", INDICATORS), ("ledger", LEDGER)):
        assert tuple(read(tmp_path / f"{name}.csv")[0]) == columns


@pytest.mark.parametrize("begin", ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\x00=1", "-", "\x7f=1"])
def test_faults_text_that_a_spreadsheet_would_run_is_text(whole, tmp_path, begin):
    hostile = dataclasses.replace(
        whole,
        scores=whole.scores.with_columns(pl.lit(begin).alias("town")),
        ledger=whole.ledger.with_columns(pl.lit(begin).alias("subject")),
    )
    write_tables(hostile, tmp_path)
    for name, column in (("scores", "town"), ("ledger", "subject"), ("indicators", "town")):
        assert {row[column][:2] for row in read(tmp_path / f"{name}.csv")} == {"'" + begin[:1]}


def test_faults_identifiers_and_telephone_numbers_are_masked(whole, tmp_path):
    number, telephone = "991001199001011234", "13800000000"
    hostile = dataclasses.replace(
        whole,
        ledger=whole.ledger.with_columns(
            pl.lit(f"证据 {number}").alias("subject"),
            pl.lit(f'{{"wording": "电话{telephone}"}}').alias("parameters"),
            (pl.col("entry_id") + "/" + number).alias("entry_id"),
        ),
    )
    write_tables(hostile, tmp_path)
    text = (tmp_path / "ledger.csv").read_text("utf-8-sig")
    assert number not in text
    assert telephone not in text


def test_equal_assessments_give_equal_bytes(whole, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write_tables(whole, tmp_path / folder)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_a_towns_tables_hold_no_other_town(whole, tmp_path):
    write_tables(whole.for_town("419001001"), tmp_path)
    for name in ("scores", "indicators", "ledger"):
        text = (tmp_path / f"{name}.csv").read_text("utf-8-sig")
        assert "419001001" in text
        assert "419001102" not in text
        assert "轵城" not in text


def test_a_hundred_thousand_entries_are_written_at_once(whole, tmp_path):
    many = dataclasses.replace(whole, ledger=pl.concat([whole.ledger] * (100_000 // whole.ledger.height + 1)))
    begun = time.perf_counter()
    write_tables(many, tmp_path)
    assert time.perf_counter() - begun < 5  # a tenth of a second on an idle machine


def test_faults_what_differs_between_editions_does_not_run_either(tmp_path):
    frame = pl.DataFrame({"subject": ["=1+1", "A-1"], "points_before": ["-45", "+x"], "points_after": ["-1/3", None]})
    write_plain(frame, tmp_path / "differences.csv")
    rows = (tmp_path / "differences.csv").read_text("utf-8-sig").splitlines()[1:]
    assert rows == ["'=1+1,-45,-1/3", "A-1,'+x,"]
