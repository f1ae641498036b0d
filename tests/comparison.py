"""The reference beside the engine: everything that both say, exactly."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

import chinese_calendar

from scoring.problems import Refused
from tests import engine, reference


def reference_side(scheme, rows, period, as_of, published=None):
    """The reference's answer, or why it refuses."""
    try:
        return reference.assess(scheme, rows, period, as_of, chinese_calendar.is_workday, published), None
    except reference.RefusedError as error:
        return None, error


def engine_side(scheme, rows, period, as_of, published=None):
    """The engine's answer, or why it refuses."""
    try:
        days = (period.start, period.end, as_of)
        return engine.view(engine.run(scheme, rows, period.label, *days, published=published)), None
    except Refused as error:
        return None, error


def differences(done, seen):
    """Sentences about every value that the two sides do not share."""
    told = []

    def check(what, wanted, got):
        if wanted != got:
            told.append(f"{what}: reference {wanted}, engine {got}")

    check("towns", set(done.towns), set(seen.towns))
    for key, finding in done.findings.items():
        other = seen.findings[key]
        check(f"{key} disposition", finding.disposition, other["disposition"])
        if finding.disposition != "priced":
            continue
        for name in ("state", "due", "charge", "credit", "extra"):
            check(f"{key} {name}", getattr(finding, name), other[name])
        check(
            f"{key} flags",
            {name.replace("same_letter", "letter") for name in finding.flags},
            other["flags"],
        )
    for code, town in done.towns.items():
        other = seen.towns.get(code)
        if other is None:
            continue
        sums = defaultdict(Fraction)
        for part, dimension, indicator, _, _, points in town.ledger:
            sums[part or "", dimension or "", indicator or ""] += points
        wanted = {key: value for key, value in sums.items() if value}
        got = {tuple(name or "" for name in k): v for k, v in seen.sums.get(code, {}).items() if v}
        for key in sorted(set(wanted) | set(got)):
            check(f"{code} entries of {key}", wanted.get(key, 0), got.get(key, 0))
        for name in ("score", "rank", "group_rank", "grade"):
            check(f"{code} {name}", getattr(town, name), other[name])
        if town.score is not None:
            check(f"{code} start", town.start, other["start"])
    return told
