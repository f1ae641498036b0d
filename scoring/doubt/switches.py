"""The doubt about methods: what the scheme itself declares arguable, done otherwise, each way scored by the engine.

docs/scheme.md (`arguable`) says what each word changes. Steps 1 to 5 are carried out once for each way of counting
findings, steps 6 to 8 for every combination of all choices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import product
from typing import Final

from schemas.scheme import Indicator, Scheme
from schemas.scheme.history import CarryOver
from schemas.scheme.policy import Repeats
from schemas.scheme.rules import Deduct
from scoring.intake import Tables
from scoring.ledger import Frozen, Scored, score
from scoring.ledger.entries import Statement
from scoring.ledger.indicators import NOTHING, IndicatorScorer
from scoring.periods import Period
from scoring.problems import Refused
from scoring.workdays import Workdays

Change = Callable[[Scheme], Scheme]
COUNTING: Final = ("repeats", "duplicates")
"""What acts in steps 1 to 5: which findings count, and how often."""


@dataclass(frozen=True)
class Switch:
    """Something arguable, and the other ways of doing it; the scheme's own way is choice 0."""

    name: str
    others: tuple[Change, ...]

    @property
    def choices(self) -> int:
        """How many ways there are, the scheme's own among them."""
        return len(self.others) + 1


@dataclass(frozen=True)
class Way:
    """One combination of choices, scored by the engine.

    `counted` is the number of the way of counting findings. `earned`: (town, part, indicator) → what the indicator
    earns; those left out earn what they earn under the scheme itself.
    """

    choice: tuple[int, ...]
    scheme: Scheme
    counted: int
    earned: Mapping[tuple[str, str, str], Fraction]


@dataclass(frozen=True)
class Ways:
    """Every combination, the scheme's own first; `counted` holds steps 1 to 11 for each way of counting findings."""

    switches: tuple[Switch, ...]
    counted: tuple[Scored, ...]
    ways: tuple[Way, ...]


def switches_of(scheme: Scheme) -> tuple[Switch, ...]:
    """Return what the scheme declares arguable and has another way, in its own order."""
    made = {
        "cap": _caps,
        "exposure": _exposures,
        "repeats": _repeats,
        "duplicates": _duplicates,
        "rounding": _rounding,
    }
    found = [Switch(name, made[name](scheme)) for name in dict.fromkeys(scheme.arguable)]
    return tuple(switch for switch in found if switch.others)


def score_ways(
    tables: Tables,
    scheme: Scheme,
    period: Period,
    as_of: date,
    base: Scored,
    *,
    past: Sequence[Frozen] = (),
    workdays: Workdays | None = None,
) -> Ways:
    """Score a period in every way that the scheme leaves arguable.

    Parameters
    ----------
    base
        What the scheme itself comes to. What is carried over or published stays as it is there.

    Notes
    -----
    A way of counting that the facts refuse is left out.
    """
    switches = switches_of(scheme)
    counted: list[Scored] = [base]
    number: dict[tuple[int, ...], int | None] = {}
    kept = scheme.model_copy(update={"carry_over": CarryOver(origins="none")})
    for choice in product(*(range(switch.choices) for switch in switches)):
        counting = _counting(switches, choice)
        if counting in number:
            continue
        number[counting] = 0
        if any(counting):
            try:
                own = score(tables, _changed(kept, switches, counting), period, as_of, past=past, workdays=workdays)
            except Refused:
                number[counting] = None
                continue
            number[counting] = len(counted)
            counted.append(own)
    ways = []
    for choice in product(*(range(switch.choices) for switch in switches)):
        place = number[_counting(switches, choice)]
        if place is not None:
            changed = _changed(scheme, switches, choice)
            ways.append(Way(choice, changed, place, _earned(changed, counted[place], base)))
    return Ways(switches, tuple(counted), tuple(ways))


def _counting(switches: Sequence[Switch], choice: Sequence[int]) -> tuple[int, ...]:
    return tuple(own if switch.name in COUNTING else 0 for switch, own in zip(switches, choice, strict=True))


def _changed(scheme: Scheme, switches: Sequence[Switch], choice: Sequence[int]) -> Scheme:
    for switch, own in zip(switches, choice, strict=True):
        if own:
            scheme = switch.others[own - 1](scheme)
    return scheme


def _earned(scheme: Scheme, counted: Scored, base: Scored) -> dict[tuple[str, str, str], Fraction]:
    """Carry out steps 6 to 8 for indicators with findings; where rounding is another, for every indicator."""
    fine = scheme.round_at == "indicator" and scheme.parts is None
    scorer = IndicatorScorer(scheme, counted.facts, fine=fine)
    found: dict[tuple[str, str, str], Fraction] = {}
    for town, own in base.scores.items():
        sums, usual = counted.sums.get(town, {}), base.sums.get(town, {})
        for part in {part for part, _ in own.indicators}:
            into = Statement(town, Fraction(0), Fraction(0), part=part)
            for _, indicator in scheme.indicators():
                place = part, indicator.id
                if place in sums or place in usual or fine != base.scorer.fine:
                    result = scorer.score(into, indicator, sums.get(place, NOTHING))
                    found[town, *place] = result.earned
    return found


def _with(scheme: Scheme, change: Callable[[Indicator], Indicator]) -> Scheme:
    """Return the scheme with its indicators of findings changed."""
    dimensions = tuple(
        dimension.model_copy(
            update={
                "indicators": tuple(change(one) if one.rule.kind == "deduct" else one for one in dimension.indicators)
            }
        )
        for dimension in scheme.dimensions
    )
    return scheme.model_copy(update={"dimensions": dimensions})


def _deducts(scheme: Scheme) -> list[Indicator]:
    return [indicator for _, indicator in scheme.indicators() if indicator.rule.kind == "deduct"]


def _caps(scheme: Scheme) -> tuple[Change, ...]:
    """Lift every cap; where there is none, let no indicator lose more than its points."""
    own = _deducts(scheme)
    if not own:
        return ()
    other = "none" if any(indicator.cap != "none" for indicator in own) else "points"
    return (lambda scheme: _with(scheme, lambda one: one.model_copy(update={"cap": other})),)


def _exposures(scheme: Scheme) -> tuple[Change, ...]:
    """Scale nothing to the cases checked; and scale, with twice the least number."""
    if not any(isinstance(one.rule, Deduct) and one.rule.exposure for one in _deducts(scheme)):
        return ()

    def off(one: Indicator) -> Indicator:
        return one.model_copy(update={"rule": one.rule.model_copy(update={"exposure": None})})

    def doubled(one: Indicator) -> Indicator:
        rule = one.rule
        if not isinstance(rule, Deduct) or rule.exposure is None:
            return one
        exposure = rule.exposure.model_copy(update={"minimum": 2 * rule.exposure.minimum})
        return one.model_copy(update={"rule": rule.model_copy(update={"exposure": exposure})})

    return (lambda scheme: _with(scheme, off)), (lambda scheme: _with(scheme, doubled))


def _repeats(scheme: Scheme) -> tuple[Change, ...]:
    """Count no repeat; and look back half as far."""
    policy = scheme.repeats
    if policy is None:
        return ()
    half: dict[str, int] = {}
    if policy.window_days is not None and policy.window_days > 1:
        half["window_days"] = policy.window_days // 2
    if policy.window_months is not None and policy.window_months > 1:
        half["window_months"] = policy.window_months // 2
    others: list[Repeats | None] = [None, *([policy.model_copy(update=half)] if half else [])]
    return tuple(_updating("repeats", other) for other in others)


def _duplicates(scheme: Scheme) -> tuple[Change, ...]:
    """Let both findings of one matter count."""
    return (_updating("duplicates", None),) if scheme.duplicates is not None else ()


def _rounding(scheme: Scheme) -> tuple[Change, ...]:
    """Round at the other place: at the end alone, or indicator by indicator; parts are never rounded."""
    if scheme.parts is not None:
        return ()
    return (_updating("round_at", "total" if scheme.round_at == "indicator" else "indicator"),)


def _updating(key: str, value: object) -> Change:
    return lambda scheme: scheme.model_copy(update={key: value})
