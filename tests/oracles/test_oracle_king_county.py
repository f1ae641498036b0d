"""1,112 official scores of King County from a dated price list: demerits added from 0, lower is better.

The published points of a violation are the oracle for the price list, never an input.
"""

from __future__ import annotations

import pytest

from tests.oracles.convert import read


@pytest.fixture(scope="module")
def official(published):
    """The official scores; consultations have none and are not compared."""
    inspections = read(published / "kc" / "inspections_official.csv")
    return {row["inspection_id"]: row["score"] for row in inspections if row["score"]}


def test_oracle_king_county_weights_have_no_warning(warnings):
    assert warnings("kc") == []


def test_oracle_king_county_every_official_score(king_county, official):
    _, ran = king_county
    scores = ran.scores
    assert len(official) == 1_112
    assert {town: scores[town] for town in official} == official
    assert len(scores) == 1_609


def test_oracle_king_county_every_published_price(king_county, published):
    """Row by row too: the ledger charges each violation what the county published for it."""
    _, ran = king_county
    charged = {row["subject"]: row["points"] for row in ran.rows("kc/ledger.csv") if row["kind"] == "deduction"}
    violations = read(published / "kc" / "violations.csv")
    assert charged == {f"KC-{number:05}": row["points"] for number, row in enumerate(violations, 1)}


def test_oracle_king_county_lower_is_better(king_county):
    _, ran = king_county
    places, scores = ran.places, ran.scores
    best, worst = min(places, key=places.get), max(places, key=places.get)
    assert (scores[best], scores[worst]) == ("0", "90")


def test_oracle_king_county_needs_the_dates(score, king_county, official, root, tmp_path):
    """The two codes at their later price on every day: nine scores of the first months are wrong."""
    data, _ = king_county
    lines = (root / "tests/oracles/kc.yaml").read_text("utf-8").splitlines()
    undated = [line.replace(", from: 2013-05-01", "") for line in lines if ", to: 2013-04-30" not in line]
    weights = tmp_path / "undated.yaml"
    weights.write_text("\n".join(undated), "utf-8")
    scores = score("kc", data, weights=weights).scores
    assert sum(scores[town] == official[town] for town in official) == 1_103
