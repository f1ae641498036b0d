"""Why a score changed: the difference between two assessments, split exactly into what caused it.

`split` reads two assessments and nothing else. The parts of a town sum to its score after − its score before.

| part | what it holds |
|---|---|
| periods | a quarter's part of a rolled-up year |
| findings | deductions, duplicates, zero-outs |
| rectification | credits |
| overdue_and_repeat | repeats, what late, returned and false reports and letters add, surcharges |
| measures | measured and judged indicators; what no other part of a dimension explains |
| adjustments | bonuses and demerits to their ceilings, decisions, gates, range |
| carry_over | differences of earlier periods |
| coverage | how many cases were checked |
| rules | the scheme |
| rounding | the rounding of the total |

Within one assessment. An indicator has raw parts c: its entries of findings, credits and extras. The exposure entry
says the factor k that multiplies their sum. What a cap or the indicator's rounding then leaves is a ratio r of that
sum; it shrinks every part in the same proportion, so that no part comes before another. Where the sum is 0 and
something is left all the same, that is findings (measures, where the indicator is measured). Where a zero-out fell,
all that the indicator lost is findings: neither a credit nor the cases checked made a difference. Surcharges come on
top, as they do in the order of operations. Entries of a whole dimension (scale, cap, what does not apply, their
rounding) are spread over the parts of its indicators by one ratio d; where those sum to 0 they are measures. A part's
effect is (c × k × r + what stands beside it) × d. The weight of a part of the run is in the points already.

Between two assessments of one scheme. The difference of the effects, less coverage, which is for each indicator

    ½ (d1 + d2) × left × ½ (c1 + c2) × (k2 − k1)

where `left` is what caps and rounding left of the change of its sum s: (k2 r2 s2 − k1 r1 s1) / (k2 s2 − k1 s1), from 0
to the larger r unless the c are equal. Where nothing is capped or rounded, c is left ½ (k1 + k2) × (c2 − c1): neither
change comes first. What a cap takes of a change is in no part. Where one side has nothing that exposure multiplies,
its k is taken to be the other's.

Between two schemes. Let Sij be the score under the rules of i on the facts of j. Then rules are
½ [(S21 − S11) + (S22 − S12)], and a part of the facts is the mean of its parts in S11 to S12 and in S21 to S22:
Shapley's value for two causes (L. S. Shapley, A value for n-person games, 1953). Without the crossed assessments the
effects are compared as they stand: the difference of the starts is rules, what else the new rules did hides in the
other parts, and `rules_known` is false.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

import polars as pl

from schemas.scheme.policy import States
from scoring.assessment import Assessment
from scoring.exact import LARGEST, add_up, round_half_away
from scoring.shapes import CHANGES, pair

PARTS: Final = (
    "periods", "findings", "rectification", "overdue_and_repeat", "measures", "adjustments", "carry_over",
    "coverage", "rules", "rounding",
)  # fmt: skip
"""The parts of a change, in the order in which they are told."""
_ZERO: Final = Fraction(0)
_ONE: Final = Fraction(1)
_OF_FINDINGS: Final = {
    "deduction": "findings",
    "duplicate": "findings",
    "credit": "rectification",
    **dict.fromkeys(("repeat", "letter", *States.model_fields), "overdue_and_repeat"),
}
"""Entries that exposure multiplies. A state that has an extra makes entries of its own name."""
_BESIDE: Final = {
    "surcharge": "overdue_and_repeat",
    "measure": "measures",
    "judged": "measures",
}
_OF_TOWN: Final = {
    "period": "periods",
    "carry_over": "carry_over",
    **dict.fromkeys(("bonus", "demerit", "decision", "gate", "range"), "adjustments"),
}
"""Entries that concern the town as a whole, whatever place they name."""
_OF_TOTAL: Final = {"cap": "adjustments", "rounding": "rounding", "surcharge": "overdue_and_repeat"}
"""What other entries are where they stand above all dimensions: the ceilings of bonuses, the last rounding."""
_SPREAD: Final = frozenset({"cap", "rounding", "not_applicable", "scale"})
# Where a number needs more than 64 bits, parts are kept to so many decimals.
_DECIMALS: Final = 9

_Place = tuple[str, str]
_Parts = dict[str, Fraction]


@dataclass
class _Effect:
    """What one indicator did to the score: (charged × factor × ratio + beside) × stretch, part by part."""

    rest: str = "findings"
    charged: _Parts = field(default_factory=lambda: defaultdict(Fraction))
    beside: _Parts = field(default_factory=lambda: defaultdict(Fraction))
    exposure: Fraction | None = None
    ratio: Fraction = _ONE
    stretch: Fraction = _ONE

    @property
    def sum(self) -> Fraction:
        """What exposure multiplies."""
        return add_up(self.charged.values())

    @property
    def factor(self) -> Fraction | None:
        """How exposure multiplied; None where its sum is 0, so that no entry could tell."""
        return self.exposure if self.exposure is not None else _ONE if self.sum else None

    @property
    def total(self) -> Fraction:
        """What it comes to."""
        return (self.sum * (self.factor or _ONE) * self.ratio + add_up(self.beside.values())) * self.stretch

    def part(self, name: str, factor: Fraction) -> Fraction:
        """Return one part of the effect."""
        charged, beside = self.charged.get(name, _ZERO), self.beside.get(name, _ZERO)
        return (charged * factor * self.ratio + beside) * self.stretch

    def take(self, kind: str, points: Fraction) -> None:
        """Add one of the indicator's own entries, in the ledger's order."""
        if kind in _OF_FINDINGS:
            self.charged[_OF_FINDINGS[kind]] += points
        elif kind in _BESIDE:
            self.beside[_BESIDE[kind]] += points
        elif kind == "zero_out":
            lost = self.total + points
            self.charged.clear()
            self.beside, self.exposure = defaultdict(Fraction, {"findings": lost}), None
        elif kind == "exposure":
            self.exposure = (self.sum + points) / self.sum
        elif kind in _SPREAD:
            before = self.total
            if before:
                self.ratio *= (before + points) / before
                _multiply(self.beside, (before + points) / before)
            else:
                self.beside[self.rest] += points
        else:
            raise AssertionError(f"no part of a change takes an indicator's entry of kind {kind}")


@dataclass
class _Area:
    """A dimension in one part of the run: its indicators' effects, and what stands above them."""

    indicators: dict[str, _Effect] = field(default_factory=dict)
    above: _Parts = field(default_factory=lambda: defaultdict(Fraction))

    @property
    def total(self) -> Fraction:
        """What they come to together."""
        return add_up([*(effect.total for effect in self.indicators.values()), *self.above.values()])

    def take(self, kind: str, points: Fraction) -> None:
        """Add an entry of the dimension as a whole."""
        if kind == "surcharge":
            self.above["overdue_and_repeat"] += points
        elif kind in _SPREAD:
            before = self.total
            if before:
                for effect in self.indicators.values():
                    effect.stretch *= (before + points) / before
                _multiply(self.above, (before + points) / before)
            else:
                self.above["measures"] += points
        else:
            raise AssertionError(f"no part of a change takes a dimension's entry of kind {kind}")


@dataclass
class _Town:
    """One town's way from its start to its score."""

    start: Fraction
    score: Fraction
    areas: dict[_Place, _Area] = field(default_factory=lambda: defaultdict(_Area))
    above: _Parts = field(default_factory=lambda: defaultdict(Fraction))

    @property
    def total(self) -> Fraction:
        """What all dimensions come to."""
        return add_up(area.total for area in self.areas.values())

    def take(self, row: Mapping[str, Any], kinds: Mapping[str, str]) -> None:
        """Add an entry; `kinds` are the kinds of the scheme's indicators."""
        kind, points = row["kind"], Fraction(row["points_num"], row["points_den"])
        if kind in _OF_TOWN:
            self.above[_OF_TOWN[kind]] += points
        elif row["dimension"] is None:
            if kind not in _OF_TOTAL:
                raise AssertionError(f"no part of a change takes an entry of kind {kind} of the total")
            self.above[_OF_TOTAL[kind]] += points
        else:
            area, indicator = self.areas[row["part"], row["dimension"]], row["indicator"]
            if indicator is None:
                area.take(kind, points)
                return
            rest = "findings" if kinds.get(indicator, "deduct") == "deduct" else "measures"
            area.indicators.setdefault(indicator, _Effect(rest)).take(kind, points)


def split(before: Assessment, after: Assessment, crossed: tuple[Assessment, Assessment] | None = None) -> pl.DataFrame:
    """Split the difference of the scores of each town that is scored in both.

    Parameters
    ----------
    before, after
        The two assessments.
    crossed
        The facts of `before` under the scheme of `after`, and the facts of `after` under the scheme of `before`. Only
        looked at where the rules of the schemes differ; a town that it does not score is split as without it.

    Returns
    -------
    Rows of `scoring.outcome.CHANGES`: every part of `PARTS` a town, zeros too, signed like the score. The rows with
    town_code "" are the mean of the towns. Exact, unless a number needs more than 64 bits: then that town's parts are
    rounded to nine decimals and the largest takes the rest. They always sum to the difference of the scores.

    Raises
    ------
    AssertionError
        A ledger has an entry of a kind that no part takes, or does not sum to its score: a fault of the program.
    """
    old, new = _towns(before), _towns(after)
    same = before.head["scheme"]["rules"] == after.head["scheme"]["rules"]
    over = None if same or crossed is None else (_towns(crossed[0]), _towns(crossed[1]))
    changes: dict[str, tuple[_Parts, bool]] = {}
    for town in new:
        if town not in old:
            continue
        one, two = old[town], new[town]
        if over is not None and town in over[0] and town in over[1]:
            parts, known = _crossed(one, two, over[0][town], over[1][town]), True
        else:
            parts, known = _between(one, two), same
        _prove(town, parts, two.score - one.score)
        changes[town] = parts, known
    if changes:
        means = {name: add_up(parts[name] for parts, _ in changes.values()) / len(changes) for name in PARTS}
        changes[""] = means, all(known for _, known in changes.values())
    place = {"from_period": before.head["period"]["id"], "to_period": after.head["period"]["id"]}
    rows = [
        {"town_code": town, **place, "part": name, **pair("points", value), "rules_known": known}
        for town, (parts, known) in changes.items()
        for name, value in _in_64_bits(parts).items()
    ]
    return pl.DataFrame(rows, schema=CHANGES)


def _towns(assessment: Assessment) -> dict[str, _Town]:
    """Return the scored towns of an assessment with the effects of their entries."""
    scored = assessment.scores.drop_nulls("score_num").iter_rows(named=True)
    towns = {
        row["town_code"]: _Town(
            Fraction(row["start_num"], row["start_den"]), Fraction(row["score_num"], row["score_den"])
        )
        for row in scored
    }
    scheme = assessment.head["scheme"]
    kinds = {i["id"]: i["kind"] for dimension in scheme["dimensions"] for i in dimension["indicators"]}
    for row in _entries(assessment.ledger):
        towns[row["town_code"]].take(row, kinds)
    for code, town in towns.items():
        _prove(code, {"start": town.start, **town.above, "areas": town.total}, town.score)
    return towns


def _entries(ledger: pl.DataFrame) -> Iterator[Mapping[str, Any]]:
    """Give the sums of single findings' entries, then what happened above them, in the ledger's order."""
    keys = ["town_code", "part", "dimension", "indicator", "kind", "points_den"]
    single = pl.col("kind").is_in(list(_OF_FINDINGS))
    yield from (
        ledger.filter(single).group_by(keys, maintain_order=True).agg(pl.col("points_num").sum()).iter_rows(named=True)
    )
    yield from ledger.filter(~single).select(*keys, "points_num").iter_rows(named=True)


def _between(one: _Town, two: _Town) -> _Parts:
    """Compare two assessments of one town under one scheme."""
    parts = dict.fromkeys(PARTS, _ZERO)
    parts["rules"] += two.start - one.start
    _add(parts, one.above, two.above)
    for place in {**one.areas, **two.areas}:
        left, right = one.areas.get(place, _Area()), two.areas.get(place, _Area())
        _add(parts, left.above, right.above)
        for indicator in {**left.indicators, **right.indicators}:
            _compare(parts, left.indicators.get(indicator, _Effect()), right.indicators.get(indicator, _Effect()))
    return parts


def _compare(parts: _Parts, one: _Effect, two: _Effect) -> None:
    """Add what changed of one indicator."""
    known = [factor for factor in (one.factor, two.factor) if factor is not None] or [_ONE]
    first, second = one.factor or known[-1], two.factor or known[0]
    share = _ZERO
    if first != second:
        share = _left(one, two, first, second) * (second - first) * (one.stretch + two.stretch) / 4
    for name in {**one.charged, **two.charged, **one.beside, **two.beside}:
        covered = (one.charged.get(name, _ZERO) + two.charged.get(name, _ZERO)) * share
        parts[name] += two.part(name, second) - one.part(name, first) - covered
        parts["coverage"] += covered


def _left(one: _Effect, two: _Effect, first: Fraction, second: Fraction) -> Fraction:
    """Return what caps and rounding left of the change of an indicator's sum."""
    changed = second * two.sum - first * one.sum
    if not changed:
        return (one.ratio + two.ratio) / 2
    left = (second * two.ratio * two.sum - first * one.ratio * one.sum) / changed
    return left if one.charged == two.charged else min(max(left, _ZERO), max(one.ratio, two.ratio))


def _crossed(one: _Town, two: _Town, new_rules: _Town, new_facts: _Town) -> _Parts:
    """Share the difference between rules and facts, neither coming first."""
    under = (_between(one, new_facts), _between(new_rules, two))
    parts = {name: (under[0][name] + under[1][name]) / 2 for name in PARTS}
    parts["rules"] += ((new_rules.score - one.score) + (two.score - new_facts.score)) / 2
    return parts


def _in_64_bits(parts: _Parts) -> _Parts:
    """Round parts that the columns cannot hold; the largest takes the rest."""
    if all(max(abs(value.numerator), value.denominator) <= LARGEST for value in parts.values()):
        return parts
    rounded = {name: round_half_away(value, _DECIMALS) for name, value in parts.items()}
    largest = max(parts, key=lambda name: abs(parts[name]))
    rounded[largest] += add_up(parts.values()) - add_up(rounded.values())
    return rounded


def _prove(town: str, parts: Mapping[str, Fraction], change: Fraction) -> None:
    if add_up(parts.values()) != change:
        raise AssertionError(f"change of {town}: {add_up(parts.values())} is not {change}")


def _add(parts: _Parts, one: Mapping[str, Fraction], two: Mapping[str, Fraction]) -> None:
    for name in {**one, **two}:
        parts[name] += two.get(name, _ZERO) - one.get(name, _ZERO)


def _multiply(parts: _Parts, ratio: Fraction) -> None:
    for name in parts:
        parts[name] *= ratio
