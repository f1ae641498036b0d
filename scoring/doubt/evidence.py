"""What the facts say of each town and indicator, as sampling doubt needs it: findings by what they cost, checks, rates.

Every way of counting findings has its own net charges; a finding that one of them sets aside costs 0 there.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from typing import Final

import polars as pl

from schemas.scheme.rules import PassFail, Rate
from scoring.doubt.priors import Prior, counts, shares
from scoring.doubt.switches import Ways
from scoring.ledger import Scored

Place = tuple[str, str]
_KEY: Final = ("town", "part", "indicator")


@dataclass
class Findings:
    """A town's findings of one indicator in one part: of equal cost how many, and that cost in every way of counting.

    `costs` is in points before exposure and cap.
    """

    numbers: list[int] = field(default_factory=list)
    costs: list[tuple[float, ...]] = field(default_factory=list)

    @property
    def found(self) -> int:
        """How many there are."""
        return sum(self.numbers)


@dataclass(frozen=True)
class Asked:
    """A rate that a town was measured by: numerator, denominator, and the rule that turns it into points."""

    met: float
    asked: float
    rule: Rate | PassFail


@dataclass(frozen=True)
class Evidence:
    """All of it.

    Attributes
    ----------
    findings
        Town → place → its findings; none where a zero-out took the whole indicator, which no draw gives back.
    fixed
        (Town, part, indicator) of those zero-outs.
    checked, unseen
        By town: cases checked, and which share of the cases confirmed was not.
    rates
        Town → place → what was measured.
    found_prior, mean_cost
        By place: how often findings are made in all towns together, and what one costs on average in each way of
        counting. Places without a finding anywhere are left out: nothing is doubted there.
    rate_prior
        By place.
    quality
        By town: of its findings over all indicators, as a multiple of what all towns lead one to expect, the shape and
        the inverse scale of the gamma distribution it comes from.
    """

    findings: Mapping[str, Mapping[Place, Findings]]
    fixed: frozenset[tuple[str, str, str]]
    checked: Mapping[str, float]
    unseen: Mapping[str, float]
    rates: Mapping[str, Mapping[Place, Asked]]
    found_prior: Mapping[Place, Prior]
    mean_cost: Mapping[Place, tuple[float, ...]]
    rate_prior: Mapping[Place, Prior]
    quality: Mapping[str, tuple[float, float]]


def gather(ways: Ways) -> Evidence:
    """Gather what the scored towns' findings, checks and measures say."""
    base = ways.counted[0]
    codes = sorted(base.scores)
    checked, unseen = _checked(base, codes)
    fixed = frozenset(
        (town, *place) for one in ways.counted for town in codes for place, own in one.sums.get(town, {}).items()
        if own.fired
    )  # fmt: skip
    findings: dict[str, dict[Place, Findings]] = {town: defaultdict(Findings) for town in codes}
    for town, part, indicator, number, *costs in _by_cost(ways):
        if town in findings and (town, part, indicator) not in fixed:
            findings[town][part, indicator].numbers.append(number)
            findings[town][part, indicator].costs.append(tuple(costs))
    found_prior, mean_cost = _priors(base, codes, findings, fixed, checked)
    rates = {town: dict(_rates(base, town)) for town in codes}
    asked: dict[Place, list[Asked]] = defaultdict(list)
    for town in codes:
        for place, own in rates[town].items():
            asked[place].append(own)
    rate_prior = {place: shares([o.met for o in own], [o.asked for o in own]) for place, own in asked.items()}
    quality = _quality(base, codes, findings, fixed, checked, found_prior)
    return Evidence(findings, fixed, checked, unseen, rates, found_prior, mean_cost, rate_prior, quality)


def _checked(base: Scored, codes: Sequence[str]) -> tuple[dict[str, float], dict[str, float]]:
    """Return cases checked and the share not checked; where nobody's checks are known, one each and all unseen."""
    sums = {town: base.facts.checked.get(town, {}) for town in codes}
    known = [own["sampled"] for own in sums.values() if own.get("sampled")]
    least = float(min(known, default=1))
    checked = {town: float(own.get("sampled", 0)) or least for town, own in sums.items()}
    unseen = {}
    for town, own in sums.items():
        whole = own.get("newly_confirmed", 0)
        unseen[town] = max(0.0, 1 - own.get("sampled", 0) / whole) if whole else 1.0
    return checked, unseen


def _by_cost(ways: Ways) -> Iterator[tuple[str, str, str, int, float]]:
    """Yield town, part, indicator, how many findings cost the same, and what in each way of counting, sorted."""
    frames = [
        one.charges.findings.filter(pl.col("disposition") == "priced").select(
            "finding_id", *_KEY, pl.col("net_units").alias(f"net_{number}")
        )
        for number, one in enumerate(ways.counted)
    ]
    nets = [f"net_{number}" for number in range(len(frames))]
    joined = reduce(lambda one, other: one.join(other, on=["finding_id", *_KEY], how="full", coalesce=True), frames)
    grouped = joined.with_columns(pl.col(nets).fill_null(0)).group_by(*_KEY, *nets).len("number")
    units = [one.charges.units.points for one in ways.counted]
    for *key, number, own in grouped.sort(*_KEY, *nets).select(*_KEY, "number", pl.concat_list(nets)).iter_rows():
        costs = [float(Fraction(net, unit)) for net, unit in zip(own, units, strict=True)]
        yield (*key, number, *costs)


def _priors(
    base: Scored,
    codes: Sequence[str],
    findings: Mapping[str, Mapping[Place, Findings]],
    fixed: frozenset[tuple[str, str, str]],
    checked: Mapping[str, float],
) -> tuple[dict[Place, Prior], dict[Place, tuple[float, ...]]]:
    prior, cost = {}, {}
    for place in sorted({place for own in findings.values() for place in own}):
        towns = [t for t in codes if _counts(base, t, place) and (t, *place) not in fixed]
        own = [findings[town].get(place) or Findings() for town in towns]
        prior[place] = counts([one.found for one in own], [checked[town] for town in towns])
        rows = [(n, costs) for one in own for n, costs in zip(one.numbers, one.costs, strict=True)]
        whole = sum(n for n, _ in rows)
        # Towns come sorted and costs too, so that the sums are the same in whatever order the towns stand.
        cost[place] = tuple(sum(n * c[way] for n, c in rows) / whole for way in range(len(rows[0][1])))
    return prior, cost


def _quality(
    base: Scored,
    codes: Sequence[str],
    findings: Mapping[str, Mapping[Place, Findings]],
    fixed: frozenset[tuple[str, str, str]],
    checked: Mapping[str, float],
    prior: Mapping[Place, Prior],
) -> dict[str, tuple[float, float]]:
    """Return how much more is found in a town than elsewhere, over all indicators: gamma-Poisson once more.

    Without it a town that is bad everywhere would be drawn towards the mean indicator by indicator, as if each were
    alone.
    """
    found: dict[str, int] = {}
    expected: dict[str, float] = {}
    for town in codes:
        places = [place for place in prior if _counts(base, town, place) and (town, *place) not in fixed]
        found[town] = sum(findings[town][place].found for place in places if place in findings[town])
        expected[town] = checked[town] * math.fsum(prior[place].rate for place in places)
    open_ = [town for town in codes if expected[town] > 0]
    if not open_:
        return dict.fromkeys(codes, (1.0, 1.0))
    own = counts([found[town] for town in open_], [expected[town] for town in open_])
    return {town: (own.rate * own.strength + found[town], own.strength + expected[town]) for town in codes}


def _counts(base: Scored, town: str, place: Place) -> bool:
    known = base.scores[town].indicators.get(place)
    return known is not None and known.outcome == "scored"


def _rates(base: Scored, town: str) -> Iterator[tuple[Place, Asked]]:
    """Yield the rates with a numerator and a denominator that the town's points rest on."""
    rules = {indicator.id: indicator.rule for _, indicator in base.scheme.indicators()}
    for (part, indicator), known in base.scores[town].indicators.items():
        rule = rules.get(indicator)
        if known.outcome != "scored" or not isinstance(rule, (Rate, PassFail)):
            continue
        reading = base.facts.measures.reading(town, rule.measure, part, rule.several_values)
        if reading is None or reading.numerator is None or not reading.denominator:
            continue
        met, asked = float(reading.numerator), float(reading.denominator)
        if 0 <= met <= asked:
            yield (part, indicator), Asked(met, asked, rule)
