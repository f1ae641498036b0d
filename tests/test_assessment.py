"""What an assessment keeps of other periods: saved, loaded, and cut down to one town."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from schemas.scheme import Scheme
from scoring.assessment import FRAMES, Assessment
from scoring.shapes import CHANGES, HISTORY
from tests import engine

SCHEME = Scheme.model_validate(
    {
        "id": "小",
        "title": "小",
        "document": "小",
        "effective": {"from": date(2024, 1, 1)},
        "full": 10,
        "dimensions": [
            {
                "id": "甲",
                "label": "甲",
                "points": 10,
                "indicators": [
                    {
                        "id": "甲一",
                        "label": "甲一",
                        "clause": "甲一",
                        "points": 10,
                        "rule": {"kind": "deduct", "per": "finding", "prices": [{"price": 1}]},
                    }
                ],
            }
        ],
        "severities": [{"id": "一般", "working_days": 5}],
    }
)
TOWNS = [{"town_code": code, "name": code, "kind": "镇"} for code in ("T1", "T2")]


@pytest.fixture
def made() -> Assessment:
    rows = {"towns": TOWNS, "findings": []}
    return engine.run(SCHEME, rows, "2025Q1", date(2025, 1, 1), date(2025, 3, 31), date(2025, 4, 15))


@pytest.fixture
def filled(made: Assessment) -> Assessment:
    past = {"town_code": ["T1", "T2", ""], "period": ["2024Q4"] * 3, "edition": [1, 1, 1], "rule_change": [False] * 3}
    split = {"town_code": ["T1", "T2", ""], "part": ["findings"] * 3, "points_num": [1, 2, 3], "points_den": [1, 1, 2]}
    history = pl.DataFrame(past, schema_overrides=HISTORY)
    changes = pl.DataFrame(split, schema_overrides=CHANGES)
    return replace(made, history=history, changes=changes)


def test_a_single_run_leaves_them_empty_and_typed(made):
    assert (made.history.height, made.changes.height) == (0, 0)
    assert dict(made.history.schema) == {name: kind() for name, kind in HISTORY.items()}
    assert dict(made.changes.schema) == {name: kind() for name, kind in CHANGES.items()}


def test_they_are_saved_and_loaded(filled, tmp_path):
    assert set(filled.save(tmp_path)) == set(FRAMES)
    assert {path.stem for path in tmp_path.glob("*.parquet")} == set(FRAMES)
    loaded = Assessment.load(tmp_path)
    assert loaded.history.equals(filled.history)
    assert loaded.changes.equals(filled.changes)


def test_of_other_towns_and_of_the_whole_nothing_remains(filled):
    own = filled.for_town("T2")
    assert own.history["town_code"].to_list() == ["T2"]
    assert own.changes["town_code"].to_list() == ["T2"]


def test_all_towns_cut_out_at_once_are_each_town_cut_out_alone(filled):
    cut = dict(filled.each_town())
    assert list(cut) == filled.scores["town_code"].to_list()
    for code, own in cut.items():
        alone = filled.for_town(code)
        assert own.head == alone.head
        for name in FRAMES:
            assert getattr(own, name).equals(getattr(alone, name)), name
            assert getattr(own, name).schema == getattr(alone, name).schema


def test_no_frame_is_pickled_that_another_thread_may_be_reading(made, monkeypatch):
    """Two threads on one frame, a pickle and a reader, and a third that calls Python once stopped a run for good."""
    own = {id(getattr(made, name)._df) for name in FRAMES}
    pickled = []

    def state(frame):
        pickled.append(id(frame._df))
        return given(frame)

    given = pl.DataFrame.__getstate__
    monkeypatch.setattr(pl.DataFrame, "__getstate__", state)
    again = pickle.loads(pickle.dumps(made))
    assert len(pickled) == len(FRAMES)
    assert not own & set(pickled)
    assert again.head == made.head
    assert all(getattr(again, name).equals(getattr(made, name)) for name in FRAMES)
