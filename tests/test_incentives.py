"""The search for perverse incentives: a scheme of each kind is caught with a small example, a sound one is not."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from importlib import import_module
from pathlib import Path

import pytest

from scoring.incentives import FORMS, search, told
from scoring.incentives.bench import Bench, Case
from scoring.incentives.kinds import kinds
from scoring.incentives.pairs import pairs, report
from scoring.messages import say
from scoring.scheme import load_scheme

searching = import_module("scoring.incentives.search")

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


@pytest.mark.parametrize("form", ["fix", "splitting", "rate"])
def test_the_smallest_of_the_plain_examples_is_told(tmp_path, form):
    scheme = loaded(tmp_path, form).scheme
    bench = Bench.of(scheme)
    plain = [pair for pair in pairs(bench, kinds(bench)) if pair.form == form]
    shown = [example for example in searching._scored(bench, plain) if example and example.wrong > example.right]
    (found,) = (one for one in search(scheme, most=0, seconds=60).examples if one.pair.form == form)
    assert found.size == min(example.size for example in shown)
    assert found.size < max(example.size for example in shown) or form != "splitting"


def test_what_the_example_rests_on_is_not_taken_away(tmp_path, monkeypatch):
    """Of C, D and E beside it the wrong thing pays as long as D stands there."""
    bench = Bench.of(loaded(tmp_path).scheme)
    pair = next(pairs(bench, kinds(bench)))
    beside = tuple({**pair.right.findings[0], "finding_id": letter, "cases": 10} for letter in "CDE")
    pair = pair.with_context(Case(beside, tuple(report(row, bench.period.start) for row in beside)))

    def scored(_bench, batch):
        held = [any(row["finding_id"] == "D" for row in one.right.findings) for one in batch]
        return [searching.Example(one, Fraction(int(pays)), Fraction(0)) for one, pays in zip(batch, held, strict=True)]

    monkeypatch.setattr(searching, "_scored", scored)
    small = searching._smaller(bench, searching.Example(pair, Fraction(1), Fraction(0)), float("inf"))
    for case in (small.pair.wrong, small.pair.right):
        told_of = [row for row in case.findings if row["finding_id"] in "CDE"]
        assert [(row["finding_id"], row["cases"]) for row in told_of] == [("D", 1)]
        assert not [row for row in case.reports if row["finding_id"] in "CDE"]
    assert small.wrong > small.right


def test_an_extended_fix_that_pays_more_than_one_in_time_is_caught(tmp_path):
    text = SOUND.replace("    late: {share: 0.25}", "    late: {share: 0.25}\n    extended: {share: 0.75}")
    path = tmp_path / "small.yaml"
    path.write_text(text, encoding="utf-8")
    (late,) = (one for one in search(load_scheme(path).scheme, most=0, seconds=60).examples if one.pair.form == "late")
    assert late.pair.how == "extended"


def test_a_deadline_to_come_is_looked_at_too(tmp_path):
    bench = Bench.of(loaded(tmp_path).scheme)
    days = {p.wrong.findings[0]["due_on"] > bench.as_of for p in pairs(bench, kinds(bench)) if p.form == "fix"}
    assert days == {False, True}


def test_indicators_that_a_dimension_tells_apart_do_not_stand_for_each_other(tmp_path):
    one = "rule: {kind: deduct, per: case, prices: usual, exposure: {checked: sampled, minimum: 10}}"
    more = f"""
  - id: more
    label: more
    points: 60
    indicators: [{{id: again, label: again, points: 60, clause: one, {one}}}]
"""
    seen, wide = {}, SOUND.replace("decimals: 4", "decimals: 4\nfull: 160")
    for name, text in (
        ("alike", more),
        ("capped", more.replace("points: 60\n    ind", "points: 60\n    cap: 20\n    ind")),
    ):
        path = tmp_path / f"{name}.yaml"
        path.write_text(wide.replace("\nrectification:", f"{text}rectification:"), "utf-8")
        seen[name] = {kind.row["indicator"] for kind in kinds(Bench.of(load_scheme(path).scheme))}
    assert seen == {"alike": {"complete"}, "capped": {"complete", "again"}}


def test_scores_are_told_as_the_scheme_counts_them(tmp_path):
    text = SOUND.replace("decimals: 4", "decimals: 4\ndirection: up").replace(
        "late: {share: 0.25}", "late: {share: 0.75}"
    )
    path = tmp_path / "small.yaml"
    path.write_text(text, encoding="utf-8")
    one = load_scheme(path)
    searched = search(one.scheme, most=0, seconds=60)
    words = next(t for t in told(searched, one, "en") if t.sentence == say("incentives-late", "en"))
    (example,) = (e for e in searched.examples if e.pair.form == "late")
    assert [Fraction(score) for score in words.rows[-1][1:]] == [-example.wrong, -example.right]
    assert Fraction(words.rows[-1][1]) < Fraction(words.rows[-1][2])


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
