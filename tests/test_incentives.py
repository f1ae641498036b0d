"""The search for perverse incentives: a scheme of each kind is caught with a small example, a sound one is not."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from scoring.incentives import FORMS, search, told
from scoring.incentives.bench import Bench, Case
from scoring.incentives.kinds import kinds
from scoring.messages import say
from scoring.scheme import load_scheme

SOUND = """
id: small
title: small
document: none
effective: {from: 2025-01-01}
round_at: total
decimals: 4
values: {channel: [spot, own]}
severities: [{id: mild}, {id: grave}]
measures: [{id: rate, label: rate}]
price_lists:
  usual: [{when: {severity: grave}, price: 8}, {price: 2}]
dimensions:
  - id: files
    label: files
    points: 60
    indicators:
      - id: complete
        label: complete
        points: 60
        clause: one
        rule: {kind: deduct, per: case, prices: usual, exposure: {checked: sampled, minimum: 10}}
  - id: visits
    label: visits
    points: 40
    indicators:
      - {id: visited, label: visited, points: 25, clause: two, no_data: full,
         rule: {kind: rate, measure: rate, per_point: {target: 100, price: 1}}}
      - {id: known, label: known, points: 15, clause: three, no_data: full,
         rule: {kind: rate, measure: rate, per_point: {target: 80, price: 1}}}
rectification:
  self_reported_when: {channel: own}
  states:
    on_time: {share: 0.5}
    self_reported: {share: 1}
    late: {share: 0.25}
    overdue: {extra: 0.1}
"""
PERVERSE = {
    "fix": ("    late: {share: 0.25}\n", "    late: {share: 0.25}\n    partly: {share: 0.75}\n"),
    "late": ("late: {share: 0.25}", "late: {share: 0.75}"),
    "hiding": ("self_reported: {share: 1}", "self_reported: {share: 0.5}"),
    "caught": ("self_reported: {share: 1}", "self_reported: {share: 0.25}"),
    "checks": ("no_data: full,\n         rule: {kind: rate, measure: rate, per_point: {target: 100",
               ("no_data: full, applies_when: {checks: {sampled: {ge: 100}}},\n"
               "         rule: {kind: rate, measure: rate, per_point: {target: 100")),
    "rate": (", exposure: {checked: sampled, minimum: 10}", ""),
    "splitting": ("usual: [", "usual: [{when: {cases: {ge: 3}}, price: 12}, "),
}  # fmt: skip


def loaded(tmp_path: Path, form: str | None = None):
    text = SOUND
    if form is not None:
        old, new = PERVERSE[form]
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "small.yaml"
    path.write_text(text, encoding="utf-8")
    return load_scheme(path)


def test_a_sound_scheme_shows_no_example(tmp_path):
    searched = search(loaded(tmp_path).scheme, most=400, seconds=60)
    assert searched.examples == ()
    assert (searched.ended_early, searched.refused) == (False, 0)
    assert searched.tried > 400


def test_every_form_has_its_perverse_scheme():
    assert set(PERVERSE) == set(FORMS)


@pytest.mark.parametrize("form", FORMS)
def test_a_perverse_scheme_is_caught_with_a_small_example(tmp_path, form):
    one = loaded(tmp_path, form)
    searched = search(one.scheme, most=0, seconds=60)
    found = {example.pair.form: example for example in searched.examples}
    assert form in found
    example = found[form]
    assert example.wrong > example.right
    assert example.size[0] <= 3
    # The engine, asked once more for the two alone, says the same.
    bench = searched.bench
    assert bench.better([example.pair.wrong]) == [example.wrong]
    assert bench.better([example.pair.right]) == [example.right]
    for lang in ("zh", "en"):
        words = next(t for t in told(searched, one, lang) if t.sentence == say(f"incentives-{form}", lang))
        assert words.rows[-1][1] != words.rows[-1][2]
        assert any(f"{one.file}:" in rule for rule in words.rules)


def test_a_law_that_the_structure_gives_up_is_named_beside_the_example(tmp_path):
    one = loaded(tmp_path, "late")
    words = told(search(one.scheme, most=0, seconds=60), one, "en")
    late = next(t for t in words if t.sentence == say("incentives-late", "en"))
    assert any("structure of the scheme shows it" in rule for rule in late.rules)


def test_the_same_seed_searches_the_same(tmp_path):
    one = loaded(tmp_path, "late")
    searched = search(one.scheme, most=200, seconds=60, seed=7)
    again = search(one.scheme, most=200, seconds=60, seed=7)
    assert (again.tried, again.examples) == (searched.tried, searched.examples)


def test_time_ends_the_search_and_it_says_so(tmp_path):
    searched = search(loaded(tmp_path).scheme, seconds=0.0001)
    assert (searched.ended_early, searched.tried) == (True, 0)


def test_every_price_row_has_its_kind_and_facts_that_cannot_be_scored_are_no_example(tmp_path):
    scheme = loaded(tmp_path, "splitting").scheme
    bench = Bench.of(scheme)
    assert bench.as_of >= date(2025, 3, 31)
    rows = [(kind.row["severity"], kind.row["cases"] >= 3, kind.own) for kind in kinds(bench)]
    assert [own for _, _, own in rows] == [False, True] * 3
    assert [many for _, many, _ in rows] == [True, True, False, False, False, False]
    assert [severity for severity, _, _ in rows[2:]] == ["grave", "grave", "mild", "mild"]
    blank = Case(({**kinds(bench)[0].row, "cases": None},))
    good = Case((kinds(bench)[1].row,))
    assert [value is None for value in bench.better([blank, good, blank])] == [True, False, True]
