"""14,222 official scores of San Francisco: 13,984 follow from the published violations, and exactly 238 do not.

Three businesses have two official rows of one day. Their violations name business and day alone, so each pair is one
town, which is compared with both rows.
"""

from __future__ import annotations

import json
from collections import Counter

import polars as pl
import pytest

from tests.oracles import convert
from tests.oracles.convert import inspection, read


@pytest.fixture(scope="module")
def official(published):
    return [(inspection(row), row["score"]) for row in read(published / "sf" / "inspections_official.csv")]


@pytest.fixture(scope="module")
def known(published):
    """(town, official score, the score that follows from the published rows), where these two differ."""
    mismatches = read(published / "sf" / "known_mismatches.csv")
    return sorted((inspection(row), row["score"], row["computed"]) for row in mismatches)


def compare(scores, official, known):
    assert len(official) == 14_222
    unequal = sorted((town, given, scores[town]) for town, given in official if scores[town] != given)
    assert unequal == known
    assert len(official) - len(unequal) == 13_984


def test_oracle_san_francisco_weights_have_no_warning(warnings):
    assert warnings("sf") == []


def test_oracle_san_francisco_from_findings_alone(score, published, official, known, tmp_path):
    """A clean folder: the violations of listed inspections, no corrections. Nothing is refused or set aside."""
    convert.san_francisco(published, tmp_path, unlisted=False, rectifications=False)
    ran = score("sf", tmp_path)
    compare(ran.scores, official, known)
    assert {row["code"] for row in ran.rows("sf/problems.csv")} == {"row-repeated"}  # the three pairs


def test_oracle_san_francisco_dirt_is_refused(score, san_francisco, published):
    """Without --set-aside nothing is scored, and every bad row is named."""
    dirty, _ = san_francisco
    ran = score("sf", dirty)
    assert ran.code == 1
    assert sorted(path.name for path in ran.out.iterdir() if path.name[0] != ".") == ["problems.csv", "problems.xlsx"]
    refused = [row for row in ran.rows("problems.csv") if row["kind"] == "refused"]
    assert Counter((row["file"], row["code"].removesuffix("-near")) for row in refused) == {
        ("findings.csv", "unknown-town"): 932,  # violations of inspections that the official list lacks
        ("rectifications.csv", "refers-to-refused"): 733,  # and their corrections
        ("rectifications.csv", "submitted-before-found"): 118,
        ("rectifications.csv", "date-unreadable"): 1,  # the year 9873
    }
    # 139 corrections precede their inspection; 21 of them fell with a refused violation already.
    listed = {inspection(row) for row in read(published / "sf" / "inspections_official.csv")}
    early = [
        inspection(row) in listed
        for row in read(published / "sf" / "violations.csv")
        if row["corrected_date"] and row["corrected_date"] < row["date"]
    ]
    assert Counter(early) == {True: 118, False: 21}


def test_oracle_san_francisco_with_bad_rows_set_aside(san_francisco, official, known):
    """What a bureau would do: a draft, stamped incomplete. Corrections stand in it, and move no score."""
    _, ran = san_francisco
    compare(ran.scores, official, known)
    head = json.loads((ran.out / "sf" / "assessment.json").read_text("utf-8"))
    assert head["incomplete"] is True
    rows = head["rows"]
    assert rows["towns"] == {
        "read": 14_222,
        "used": 14_219,
        "unpriced": {"identical_row": 3},
        "set_aside": 0,
        "refused": 0,
    }
    assert rows["findings"] == {"read": 39_042, "used": 38_110, "unpriced": {}, "set_aside": 932, "refused": 0}
    assert (rows["rectifications"]["read"], rows["rectifications"]["set_aside"]) == (30_467, 852)
    # Of the other 29,615 one is dated 2027, after as_of: that violation is still open.
    states = pl.read_parquet(ran.out / "sf" / "findings.parquet")["state"]
    assert Counter(states.to_list()) == {"on_time": 29_614, "open_in_time": 8_496}
