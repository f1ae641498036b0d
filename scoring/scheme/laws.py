"""Which of the promises that the engine makes (the laws of docs/) a scheme gives up, and by which of its rules."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from schemas.scheme import Indicator, Scheme
from schemas.scheme.policy import Consequence
from schemas.scheme.rules import Deduct, Measured, Relative
from scoring.scheme.fields import known_fields
from scoring.scheme.regions import meets, regions
from scoring.scheme.words import label_of

Causes = list[tuple[int, str]]


class LawGivenUp(NamedTuple):
    """A law that no longer holds: its code, the line of the first rule that breaks it, the labels of all that do."""

    code: str
    line: int
    because: tuple[str, ...]


def laws_given_up(scheme: Scheme, lang: str = "zh") -> tuple[LawGivenUp, ...]:
    """Return the laws that a scheme gives up, in a fixed order."""
    measured = [indicator for _, indicator in scheme.indicators() if isinstance(indicator.rule, Measured)]
    small = [indicator for indicator in measured if indicator.rule.minimum_sample is not None]  # type: ignore[union-attr]
    relative = [indicator for indicator in measured if isinstance(indicator.rule, Relative)]
    gated = [
        indicator
        for _, indicator in scheme.indicators()
        if indicator.applies_when and (indicator.applies_when.checks or indicator.applies_when.measure)
    ]
    found = [
        _by("law-rate", [(item.line, label_of(item, lang)) for item in measured]),
        _by("law-small-sample", [(item.line, label_of(item, lang)) for item in small]),
        _by("law-relative", [(item.line, label_of(item, lang)) for item in relative]),
        _by("law-applicability", [(item.line, label_of(item, lang)) for item in gated]),
        _by("law-credit-order", _credit_order(scheme)),
        _by("law-further-report", _further_report(scheme)),
        _by("law-pairs", _pairs(scheme)),
        _by("law-zero-out", [(item.line, label_of(item, lang)) for item in _zero_outs(scheme)]),
        _by("law-quantiles", _quantiles(scheme)),
    ]
    return tuple(law for law in found if law is not None)


def _by(code: str, causes: Causes) -> LawGivenUp | None:
    return LawGivenUp(code, min(causes)[0], tuple(label for _, label in causes)) if causes else None


def _in_time(scheme: Scheme) -> dict[str, Consequence]:
    states = scheme.rectification.states
    named = {"on_time": states.on_time, "extended": states.extended, "self_reported": states.self_reported}
    return {name: state for name, state in named.items() if state is not None}


def _credit_order(scheme: Scheme) -> Causes:
    """Find states of an accepted fix that stand worse than a later fix does, or than none.

    Less is given back, or an extra is added that the charge does not outweigh.
    """
    policy, states = scheme.rectification, scheme.rectification.states
    # The extras of these two are events of their own, which a fix that comes late does not undo.
    before = {
        "overdue": Consequence(share=states.overdue.share),
        "partly": states.partly,
        "sent_back": Consequence(share=states.sent_back.share),
    }
    if policy.credit_on == "verified":
        before["waiting"] = states.waiting
    least = Fraction(1) if policy.extra_per == "charge" else _least_charge(scheme)

    def worse(fix: Consequence, than: Consequence) -> bool:
        return fix.share < than.share or least * (fix.share - than.share) < fix.extra - than.extra

    found = []
    for name, state in _in_time(scheme).items():
        others = [states.late, states.open_in_time, *before.values()]
        if any(worse(state, other) for other in others):
            found.append((state.line or states.late.line, name))
    if states.extended is not None and worse(states.on_time, states.extended):
        found.append((states.on_time.line or states.extended.line, "on_time"))
    if any(worse(states.late, other) for other in before.values()):
        found.append((states.late.line or scheme.rectification.line, "late"))
    return list(dict.fromkeys(found))


def _further_report(scheme: Scheme) -> Causes:
    """Find states that give back more than a further report does until it is verified; a late one gives none."""
    policy, states = scheme.rectification, scheme.rectification.states
    if policy.credit_on == "reported":
        return []
    before = {"partly": states.partly, "overdue": states.overdue, "sent_back": states.sent_back}
    found = [(state.line, name) for name, state in before.items() if state.share > 0]
    if states.open_in_time.share > states.waiting.share:
        found.append((states.open_in_time.line, "open_in_time"))
    return found


def _least_charge(scheme: Scheme) -> Fraction:
    """Return the least that a finding can cost. A count may be 0."""
    rules = [indicator for _, indicator in scheme.indicators() if isinstance(indicator.rule, Deduct)]
    if any(rule.rule.per != "finding" for rule in rules if isinstance(rule.rule, Deduct)):
        return Fraction(0)
    cheapest = min((row.price for rule in rules for row in scheme.prices_of(rule)), default=Fraction(0))
    return cheapest * (scheme.repeats.multipliers[0] if scheme.repeats else 1)


def _pairs(scheme: Scheme) -> Causes:
    """Find what may make a matter of two findings cheaper than one of them was alone.

    The keeper stands for both: with its own indicator's cap, its own quantity and its own kind of fix, and with the
    earlier of two deadlines.
    """
    policy, states, line = scheme.duplicates, scheme.rectification.states, scheme.rectification.line
    if policy is None:
        return []
    found = [(policy.line, "within")] if policy.within == "scheme" else []
    if scheme.rectification.extra_per == "quantity" and any(
        isinstance(indicator.rule, Deduct)
        and indicator.rule.per != "finding"
        and len({row.price for row in scheme.prices_of(indicator)}) > 1
        for _, indicator in scheme.indicators()
    ):
        found.append((line, "extra_per"))
    for name, state in _in_time(scheme).items():
        reached = name != "self_reported" or _side_may_be_self_reported(scheme)
        if reached and (state.share, state.extra) != (states.on_time.share, states.on_time.extra):
            found.append((state.line or line, name))
    if states.overdue.share > states.open_in_time.share or states.overdue.extra < states.open_in_time.extra:
        found.append((states.overdue.line or states.open_in_time.line or line, "overdue"))
    return found


def _side_may_be_self_reported(scheme: Scheme) -> bool:
    own = scheme.rectification.self_reported_when
    if not own or scheme.duplicates is None:
        return False
    for side in scheme.duplicates.sides:
        cells = regions([side, own], known_fields(scheme, "findings"))
        if cells is None or any(meets(facts, side) and meets(facts, own) for facts in cells):
            return True
    return False


def _zero_outs(scheme: Scheme) -> list[Indicator]:
    """Find indicators that a zero-out may leave better off.

    It takes the indicator's points, without a surcharge, and sets the other finding of its matter aside. Where the cap
    lies above the points, or a fix lifts it again, that may be less than was lost without it.
    """
    found = []
    for _, indicator in scheme.indicators():
        rule = indicator.rule
        if not isinstance(rule, Deduct) or not any(row.zero_out for row in scheme.prices_of(indicator)):
            continue
        bound = indicator.points if indicator.cap == "points" else indicator.cap
        above = bound == "none" or Fraction(bound) > indicator.points
        surcharged = any(s.level == "indicator" and s.of in {None, indicator.id} for s in scheme.surcharges)
        paired = scheme.duplicates is not None
        if (above and (surcharged or paired)) or (paired and rule.zero_out_lifted_by == "fix"):
            found.append(indicator)
    return found


def _quantiles(scheme: Scheme) -> Causes:
    grades = scheme.grades
    return [(grades.line, grades.by)] if grades and grades.by == "quantiles" else []
