"""Step 11 for one town: bonuses, demerits, decisions, what is carried over, range, gates, rounding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from scoring.exact import round_half_away
from scoring.ledger.adjustments import Decided
from scoring.ledger.entries import Statement
from scoring.ledger.indicators import ZERO, IndicatorScorer, Result
from scoring.ledger.past import Carried


@dataclass
class TownScore:
    """What one town came to: its statement, its indicators and dimensions by (part, id), the gates that fell."""

    statement: Statement
    indicators: dict[tuple[str, str], Result] = field(default_factory=dict)
    dimensions: dict[tuple[str, str], Fraction] = field(default_factory=dict)
    gates: list[str] = field(default_factory=list)
    wordings: list[str] = field(default_factory=list)
    """Of each gate that fell, the public wording that was approved; empty where none was."""
    stretch: dict[tuple[str, str], Fraction] = field(default_factory=dict)
    """By (part, indicator), how many points of the score one point of it is worth, where that is not one."""


@dataclass(frozen=True)
class Above:
    """What comes to a town's score from above its indicators.

    `adjustments`: its decided bonuses, demerits, vetoes and decisions. `carried`: differences of published periods,
    each with its weight. `enter` brings in the published periods that a longer one is made of, whose weights sum to
    `rolled`.
    """

    adjustments: Sequence[Decided] = ()
    carried: Sequence[tuple[Carried, Fraction]] = ()
    enter: Callable[[TownScore], None] | None = None
    rolled: Fraction = ZERO


def finish(score: TownScore, above: Above, scorer: IndicatorScorer, weights: Fraction) -> TownScore:
    """Step 11: bonuses and demerits to their ceilings, decisions, what is carried over, range, gates, rounding."""
    into, scheme, adjustments = score.statement, scorer.scheme, above.adjustments
    if above.enter is not None:
        above.enter(score)
        weights += above.rolled
    _adjust(into, adjustments, scorer)
    for carried, weight in above.carried:
        _carry(into, carried, weight, scorer, weighed_last=above.enter is not None)
    low = scheme.range.min if scheme.range.min is not None else ZERO
    high = scheme.range.max
    if high is None and scheme.direction != "up":
        high = scheme.full * weights
    bounded = max(into.value, low) if high is None else min(max(into.value, low), high)
    if bounded != into.value:
        into.add("range", bounded - into.value, low=low, high=high if high is not None else "")
    _gates(score, adjustments)
    whole = round_half_away(into.value, scheme.decimals)
    if whole != into.value:
        into.add("rounding", whole - into.value, decimals=scheme.decimals)
    return score


def _adjust(into: Statement, adjustments: Sequence[Decided], scorer: IndicatorScorer) -> None:
    """Enter bonuses and demerits, each to its ceiling, then decisions."""
    scheme = scorer.scheme
    better = -scorer.sign
    given = {"bonus": ZERO, "demerit": ZERO}
    for adjustment in adjustments:
        if adjustment.kind in ("bonus", "demerit"):
            points = rounded(adjustment.points, scorer) if adjustment.counts else ZERO
            towards = better if adjustment.kind == "bonus" else -better
            given[adjustment.kind] += points
            into.add(
                adjustment.kind,
                towards * points,
                subject=adjustment.id,
                reason=adjustment.kind if adjustment.counts else "same-matter",
                clause=adjustment.clause,
                line=adjustment.line,
                item=adjustment.item,
                evidence=adjustment.evidence,
                wording=adjustment.wording,
            )
    for kind, policy, towards in (("bonus", scheme.bonuses, better), ("demerit", scheme.demerits, -better)):
        ceiling = policy.ceiling if policy else None
        if ceiling is not None and given[kind] > ceiling:
            into.add("cap", towards * (ceiling - given[kind]), subject=kind, reason=f"{kind}-ceiling", ceiling=ceiling)
    for adjustment in adjustments:
        if adjustment.kind == "decision":
            into.add(
                "decision",
                better * rounded(adjustment.points, scorer),
                subject=adjustment.id,
                clause=adjustment.clause,
                item=adjustment.item,
                evidence=adjustment.evidence,
                by=adjustment.by,
                wording=adjustment.wording,
            )


def _gates(score: TownScore, adjustments: Sequence[Decided]) -> None:
    """Note the vetoes that fell, and let one that makes the score 0 do so."""
    into = score.statement
    for adjustment in adjustments:
        if adjustment.gate is not None:
            score.gates.append(adjustment.gate.id)
            score.wordings.append(adjustment.wording)
    zero = next((a for a in adjustments if a.gate is not None and a.gate.effect == "score_zero"), None)
    if zero is not None and zero.gate is not None and into.value:
        into.add(
            "gate",
            -into.value,
            subject=zero.id,
            reason="gate-score-zero",
            clause=zero.gate.clause,
            line=zero.gate.line,
            gate=zero.gate.label,
            wording=zero.wording,
        )


def _carry(into: Statement, carried: Carried, weight: Fraction, scorer: IndicatorScorer, *, weighed_last: bool) -> None:
    """Enter a difference of a published period. What rounding leaves of it stays to be posted.

    In a longer period its weight comes after the rounding: the sum alone is rounded there.
    """
    points = weight * rounded(carried.points, scorer) if weighed_last else rounded(weight * carried.points, scorer)
    if not points:
        return
    dimension, indicator = carried.place
    merged = "" if carried.of == into.town else f":{carried.of}"
    into.add(
        "carry_over",
        points,
        subject=f"{carried.origin.id}:{indicator or dimension or 'adjustments'}{merged}",
        reason=("carry-over" if dimension else "carry-over-adjustments") + ("-again" if carried.posted else ""),
        clause=carried.clause,
        origin=carried.origin.id,
        of=carried.of,
        place=[dimension, indicator],
        label=carried.label,
        label_en=carried.label_en,
        published=carried.published,
        posted=carried.posted,
        now=carried.now,
        weight=weight,
        findings=list(carried.findings),
    )


def rounded(value: Fraction, scorer: IndicatorScorer) -> Fraction:
    """Round what stands above the indicators, where the scheme rounds entry by entry."""
    return round_half_away(value, scorer.scheme.decimals) if scorer.fine else value
