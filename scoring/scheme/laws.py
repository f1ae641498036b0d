"""Which of the promises that the engine makes (the laws of docs/) a scheme gives up, and by which of its rules."""

from __future__ import annotations

from typing import NamedTuple

from schemas.scheme import Scheme
from schemas.scheme.rules import Measured
from scoring.scheme.words import label_of


class LawGivenUp(NamedTuple):
    """A law that no longer holds: its code, the line of the first rule that breaks it, the labels of all that do."""

    code: str
    line: int
    because: tuple[str, ...]


def laws_given_up(scheme: Scheme, lang: str = "zh") -> tuple[LawGivenUp, ...]:
    """Return the laws that a scheme gives up, in a fixed order."""
    measured = [indicator for _, indicator in scheme.indicators() if isinstance(indicator.rule, Measured)]
    small = [indicator for indicator in measured if indicator.rule.minimum_sample is not None]  # type: ignore[union-attr]
    gated = [
        indicator
        for _, indicator in scheme.indicators()
        if indicator.applies_when and (indicator.applies_when.checks or indicator.applies_when.measure)
    ]
    found = [
        _by("law-rate", [(item.line, label_of(item, lang)) for item in measured]),
        _by("law-small-sample", [(item.line, label_of(item, lang)) for item in small]),
        _by("law-applicability", [(item.line, label_of(item, lang)) for item in gated]),
        _by("law-credit-order", _credit_order(scheme)),
        _by("law-quantiles", _quantiles(scheme)),
    ]
    return tuple(law for law in found if law is not None)


def _by(code: str, causes: list[tuple[int, str]]) -> LawGivenUp | None:
    return LawGivenUp(code, min(causes)[0], tuple(label for _, label in causes)) if causes else None


def _credit_order(scheme: Scheme) -> list[tuple[int, str]]:
    """Find states of a fix in time that give back less than a late one: an earlier fix may not pay less."""
    states = scheme.rectification.states
    early = {"on_time": states.on_time, "extended": states.extended, "self_reported": states.self_reported}
    return [
        (state.line or states.late.line, name)
        for name, state in early.items()
        if state is not None and state.share < states.late.share
    ]


def _quantiles(scheme: Scheme) -> list[tuple[int, str]]:
    grades = scheme.grades
    return [(grades.line, grades.by)] if grades and grades.by == "quantiles" else []
