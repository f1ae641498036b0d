"""Planted truth: what is called certain is never wrong and never missing; how good the possible ones are."""

from __future__ import annotations

import random
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.cn import ric

from scoring.supervision.matching.identity import KEYED, whole, with_identity
from scoring.supervision.matching.pairs import CROWD, crowded, pairs
from tests.supervision.people import SCHEMA, kept, lost, number, truth


def judged(count: int, seed: int) -> dict[str, float]:
    """Match generated lists and hold the result against the truth."""
    planted = truth(count, seed)
    met = pairs(with_identity(planted.paid), with_identity(planted.dead))
    certain = set(met.filter(pl.col("why") == "number").select("record", "line").iter_rows())
    possible = set(met.filter(pl.col("why") != "number").select("record", "line").iter_rows())
    rest = planted.pairs - planted.sure
    assert certain - planted.pairs == set(), "a certain match of two persons"
    assert planted.sure - certain == set(), "a certain match was missed"
    return {
        "certain": len(certain),
        "possible": len(possible),
        "precision": len(possible & planted.pairs) / max(len(possible), 1),
        "recall": len(possible & rest) / max(len(rest), 1),
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_no_certain_match_is_wrong_and_none_is_missing(seed):
    told = judged(5000, seed)
    assert told["certain"] > 300
    assert told["precision"] > 0.9
    assert told["recall"] > 0.5


def frame(*rows):
    return with_identity(pl.DataFrame([(*row, *[None] * (4 - len(row))) for row in rows], schema=SCHEMA, orient="row"))


A = number(1, date(1950, 5, 6), 123)
B = number(2, date(1950, 5, 6), 124)
X = next(n for s in range(1, 99) if (n := number(3, date(1949, 1, 2), s)).endswith("X"))


@settings(max_examples=60)
@given(seed=st.integers(0, 10**6))
def test_every_writing_of_a_number_is_that_number_and_every_lost_one_is_none(seed):
    draw = random.Random(seed)
    one = number(
        draw.randrange(1, 99), date(1930 + draw.randrange(60), 1 + draw.randrange(12), 1), draw.randrange(1, 999)
    )
    read = frame((kept(one, draw),), (lost(one, draw),))
    if not one.endswith("000"):
        assert read["number"][0] == int(one[:17])
        assert read["state"][0] in {"sound", "old"}
    assert read["state"][1] not in {"sound", "old"}
    assert whole(int(one[:17])) == one


@settings(max_examples=60)
@given(body=st.integers(10**16, 10**17 - 1))
def test_the_check_digit_is_that_of_the_standard(body):
    text = str(body)
    right = text + ric.calc_check_digit(text + "0")
    wrong = text + ("1" if right[-1] != "1" else "2")
    read = frame((right,), (wrong,))
    day = text[6:14]
    try:
        born = date(int(day[:4]), int(day[4:6]), int(day[6:]))
    except ValueError:
        born = None
    good = born is not None and 1850 <= born.year <= 2100
    assert (read["state"][0] in KEYED or right.endswith("000")) is good or right.endswith("000")
    assert read["state"][1] not in KEYED


@pytest.mark.parametrize(
    ("text", "state"),
    [
        (A, "sound"), (X.lower(), "sound"), (X[:-1] + "×", "sound"), (A[:6] + A[8:17], "old"),
        ("9.90001E+17", "floated"),
        (A + ".0", "floated"), (A[:15] + "000", "floated"), ("9.9000119500506e17", "floated"), (A[:17], "wrong"),
        (A + "1", "wrong"), ("O" + A[1:], "wrong"), (A[:6] + "20231399" + A[14:], "wrong"), ("不详", "wrong"),
        ("", "none"), (None, "none"), (" — ", "none"), ("0" * 18, "wrong"), ("1" * 18, "wrong"),
    ],
)  # fmt: skip
def test_what_a_number_is_taken_for(text, state):
    assert frame((text,))["state"][0] == state


def test_a_number_that_a_spreadsheet_may_have_cut_is_never_certain():
    many = (number(region, date(1950, 1, 1), s) for region in range(1, 999) for s in range(100, 1000, 100))
    cut = next(one for one in many if one.endswith("000"))
    assert frame((cut,))["state"][0] == "tail"
    assert reasons([(cut, "王秀英")], [(cut, "王秀英")]) == ["cut-number"]


def reasons(paid, dead):
    return pairs(frame(*paid), frame(*dead))["why"].to_list()


DAY = date(1950, 5, 6)


@pytest.mark.parametrize(
    ("paid", "dead", "why"),
    [
        ((A, "王秀英"), (A, "王 秀·英"), ["number"]),
        ((A, "王秀英"), (A, None), ["number"]),
        ((A, "王秀英"), (A, "王秀兰"), ["names-differ"]),
        ((A, "王秀英"), (A[:6] + A[8:17], "王秀英"), ["number"]),
        ((A, "王秀英"), (A[:6] + A[8:17], None), ["old-number"]),
        ((A, "王秀英", DAY, "T01"), (B, "王秀英", DAY, "T01"), []),
        ((A, "王秀英", None, "T01"), (None, "王秀英", DAY, "T01"), ["name-birth-town"]),
        ((A, "王秀英", None, "T01"), (None, "王秀英", DAY, None), ["name-birth"]),
        ((A, "王秀英", None, "T01"), (None, "王秀英", DAY, "T02"), []),
        ((A[:15] + "000", "王秀英", None, "T01"), (A, "王秀英", None, "T01"), ["name-birth-town"]),
        ((A[:17], "王秀英", None, "T01"), (A, "王秀英", None, "T01"), []),
        ((None, None, DAY, "T01"), (None, None, DAY, "T01"), []),
    ],
)
def test_what_a_pair_rests_on(paid, dead, why):
    assert reasons([paid], [dead]) == why


def test_a_number_put_in_for_many_is_matched_by_name_alone():
    many = frame(*[(A, f"王{sign}") for sign in "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平"])
    assert many.height == CROWD + 1
    assert crowded(many) == many.height
    assert pairs(frame((A, "王伟")), many).is_empty()
    assert crowded(many.head(CROWD)) == 0
