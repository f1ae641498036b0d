"""Recall and false alarms on a planted corpus, at the figures that are promised."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import corpus
from stdnum.cn import ric

from scoring.redaction import KINDS, Words, find

WORDS = Words(allow=frozenset([*corpus.TOWNS, *corpus.VILLAGES]))
# What is promised of ID numbers and mobile numbers; what the other kinds come to on this corpus, a little below.
PROMISED = 0.995
ELSE = {"bank": 0.995, "name": 0.97, "address": 0.99, "illness": 0.99}
FALSE_ALARMS = 0.005


def _found(one: corpus.Planted) -> bool:
    """Tell whether the thing is masked whole, under its own kind."""
    return any(hit.kind == one.kind and hit.start <= one.start and one.end <= hit.end for hit in find(one.text, WORDS))


@pytest.fixture(scope="module")
def planted():
    return corpus.planted()


@pytest.fixture(scope="module")
def without():
    return corpus.without()


def test_the_corpus_is_large_and_its_valid_numbers_are_valid(planted, without):
    assert len({one.text for one in planted}) >= 1200
    assert len(set(without)) >= 1200
    plain = [one for one in planted if one.kind == "identity" and one.end - one.start == 18]
    digits = [one.text[one.start : one.end] for one in plain if one.text[one.start : one.end].isascii()]
    assert {ric.is_valid(number) for number in digits} == {True, False}


def test_recall(planted, capsys):
    missed = [one for one in planted if not _found(one)]
    rates = {}
    for kind in KINDS[:-1]:
        of_kind = [one for one in planted if one.kind == kind]
        rates[kind] = 1 - sum(one.kind == kind for one in missed) / len(of_kind)
    sure = [one for one in planted if one.valid]
    rates["valid"] = 1 - sum(one.valid for one in missed) / len(sure)
    with capsys.disabled():
        print(f"\nrecall of {len(planted)} ({len(sure)} valid): { ({k: round(v, 4) for k, v in rates.items()}) }")
    failed = [repr(one.text) for one in missed]
    assert rates["valid"] >= PROMISED, failed
    assert rates["identity"] >= PROMISED, failed
    assert rates["telephone"] >= PROMISED, failed
    assert {kind: rate for kind, rate in rates.items() if rate < ELSE.get(kind, 0)} == {}, failed


def test_false_alarms(without, capsys):
    alarms = [(text, hits) for text in without if (hits := find(text, WORDS))]
    rate = len(alarms) / len(without)
    kinds = Counter(hit.kind for _, hits in alarms for hit in hits)
    with capsys.disabled():
        print(f"\nfalse alarms in {len(without)} sentences: {len(alarms)} ({rate:.2%}) {dict(kinds)}")
    assert rate < FALSE_ALARMS, alarms[:20]


def test_what_the_repository_itself_says_of_no_person_is_left_alone(root):
    """The example's findings, the sentences of the program and the settings name nobody."""
    files = [
        root / "scoring/example/words.yaml",
        root / "weights/jiyuan-quarterly.yaml",
        root / "weights/jiyuan-annual.yaml",
    ]
    files += sorted((root / "scoring/messages/zh").glob("*.yaml"))
    lines = [line for file in files for line in file.read_text("utf-8").splitlines()]
    assert [(line, hits) for line in lines if (hits := find(line, Words()))] == []
