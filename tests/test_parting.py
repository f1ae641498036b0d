"""Findings priced part by part come to what they come to in one piece, and are refused in the same words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.scheme import Sums
from scoring.ledger import build
from scoring.ledger.large import LargeLedger, build_parts
from scoring.ledger.parting import Parts
from scoring.periods import Period
from scoring.problems import Refused
from tests.frames import tables_of
from tests.published import finding, scheme, towns
from tests.strategies import PERIOD, worlds
from tests.test_plan import copies

QUARTER = Period(PERIOD.label, "quarter", PERIOD.start, PERIOD.end)


def parts_of(tables, rows):
    """Cut tables into parts of about so many findings."""
    rest = replace(tables, findings=tables.findings.clear(), rectifications=tables.rectifications.clear())
    return Parts.of(tables.findings.lazy(), tables.rectifications.lazy(), rest, rows=rows)


def written(ledger):
    """Every entry with its words; of a large ledger from the files that it writes."""
    if not isinstance(ledger, LargeLedger):
        return ledger.entries
    with TemporaryDirectory() as folder:
        ledger.write(Path(folder) / "ledger")
        return pl.read_parquet(Path(folder) / "ledger")


def told(ledger):
    """Values by town, the narrow ledger in an order of its own, the written one in its own."""
    narrow = ledger.narrow.with_columns(pl.col("kind").cast(pl.String)).sort(pl.all())
    return {town: score.statement.value for town, score in ledger.scores.items()}, narrow, written(ledger)


def both(tables, of, as_of, rows):
    """What is said of the tables in one piece, and of their parts: values and entries, or problems."""
    said = []
    for make in (
        lambda: build(tables, of, QUARTER, as_of),
        lambda: build_parts(parts_of(tables, rows), of, QUARTER, as_of),
    ):
        try:
            said.append(told(make()))
        except Refused as refused:
            said.append(refused.problems)
    return said


@given(worlds(), st.sampled_from([1, 3, 9]), st.sampled_from([1, 4, 1000]), st.sampled_from([1, 1000]))
@settings(max_examples=4, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_parts_come_to_what_the_whole_comes_to(world, times, rows, together):
    compare_parts(world, times, rows, together)


def compare_parts(world, times, rows, together):
    of, tables, as_of = world
    with patch("scoring.ledger.MANY", together):
        one, other = both(tables_of(copies(tables, times), of), of, as_of, rows)
    if isinstance(one, tuple) and isinstance(one[0], dict):
        assert one[0] == other[0]
        assert one[1].equals(other[1])
        # A merged town stands with the other in the last one's part.
        order = "entry_id"
        assert one[2].sort(order).equals(other[2].sort(order))
    else:
        # One piece stops at the first kind of problem; parts may know of another kind as well.
        assert set(one) <= set(other)


def test_towns_that_merge_lie_in_one_part():
    """A merged into G within the quarter; of one matter each has seen a side, which is charged once: 2 points."""
    rows = {"towns": [*towns("A", "B", "C", "D", "E", "F", "G")], "rectifications": [], "findings": []}
    rows["towns"][0] |= {"merged_into": "G", "valid_to": date(2025, 2, 28)}
    for number, (town, channel) in enumerate((("A", "抽查"), ("G", "自查"), ("B", "抽查"), ("F", "自查"))):
        day = date(2025, 2, 3)
        rows["findings"].append(finding(f"f{number}", town, day, channel=channel, village="东村"))
    scheme_ = scheme(duplicates={"sides": [{"channel": "抽查"}, {"channel": "自查"}], "key": ["village"], "days": 10})
    one, other = both(tables_of(rows, scheme_), scheme_, date(2025, 2, 5), rows=1)
    assert one[0] == other[0]
    assert {town: 100 - value for town, value in other[0].items()} == {
        "B": 2, "C": 0, "D": 0, "E": 0, "F": 2, "G": 2,
    }  # fmt: skip
    assert one[1].equals(other[1])


def test_a_refused_row_of_a_part_is_named_where_it_stands():
    """Two findings without a price, in different parts: both are told, each with its sheet and row."""
    rows = {"towns": towns("A", "B", "C"), "rectifications": []}
    rows["findings"] = [
        finding(f"f{n}", town, date(2025, 2, 3), indicator=indicator)
        for n, (town, indicator) in enumerate((("A", "none"), ("B", "complete"), ("C", "none")))
    ]
    tables = tables_of(rows, scheme())
    place = {"source_file": pl.lit("问题台账.xlsx"), "source_sheet": pl.lit("一季度")}
    rows_at = pl.int_range(2, 5, dtype=pl.Int64)
    tables = replace(tables, findings=tables.findings.with_columns(**place, source_row=rows_at))
    one, other = both(tables, scheme(), date(2025, 2, 5), rows=1)
    assert one == other
    assert [(p.code, p.file, p.sheet, p.row) for p in other] == [
        ("finding-without-rule", "问题台账.xlsx", "一季度", 2), ("finding-without-rule", "问题台账.xlsx", "一季度", 4),
    ]  # fmt: skip


def test_ids_of_one_hash_are_not_taken_for_one():
    tables = tables_of({"towns": towns("A"), "findings": [finding("f", "A", date(2025, 2, 3))] * 2}, scheme())
    with pytest.raises(ValueError, match="finding_id"):
        parts_of(tables, rows=1)


def test_a_finding_on_what_does_not_apply_is_refused_in_parts_too():
    rows = {"towns": towns("A", "B", "C"), "rectifications": []}
    rows["findings"] = [finding(f"f{town}", town, date(2025, 2, 3)) for town in "ABC"]
    of = scheme()
    dimensions = tuple(
        one.model_copy(
            update={
                "indicators": tuple(
                    i.model_copy(update={"applies_when": Sums.model_validate({"town": {"town_code": "A"}})})
                    for i in one.indicators
                )
            }
        )
        for one in of.dimensions
    )
    of = of.model_copy(update={"dimensions": dimensions})
    one, other = both(tables_of(rows, of), of, date(2025, 2, 5), rows=1)
    assert one == other
    assert [(p.code, dict(p.parameters)["finding"]) for p in other] == [
        ("finding-inapplicable", "fB"), ("finding-inapplicable", "fC"),
    ]  # fmt: skip


def test_a_written_ledger_that_lacks_an_entry_is_no_ledger(tmp_path):
    rows = {"towns": towns("A", "B"), "findings": [finding("f", "A", date(2025, 2, 3))], "rectifications": []}
    ledger = build_parts(parts_of(tables_of(rows, scheme()), rows=1), scheme(), QUARTER, date(2025, 2, 5))
    ledger.write(tmp_path / "whole")
    short = replace(ledger, narrow=ledger.narrow.head(1).vstack(ledger.narrow))
    with pytest.raises(AssertionError, match="entries were written"):
        short.write(tmp_path / "short")
