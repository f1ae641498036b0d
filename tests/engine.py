"""The engine's answer in the shape of the reference's: what both are compared by."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction

from scoring.assessing import assess
from scoring.periods import Period
from tests.frames import tables_of


def fraction(row, name):
    number = row[f"{name}_num"]
    return None if number is None else Fraction(number, row[f"{name}_den"])


@dataclass
class View:
    """Scores, places, states and sums of the ledger, as plain exact values."""

    towns: dict = field(default_factory=dict)
    findings: dict = field(default_factory=dict)
    indicators: dict = field(default_factory=dict)
    dimensions: dict = field(default_factory=dict)
    lines: dict = field(default_factory=dict)  # town -> {(kind, subject): points}
    sums: dict = field(default_factory=dict)  # town -> {(part, indicator): points}


def run(scheme, rows, label, start, end, as_of, kind="quarter", published=None):
    """Score rows (lists of dicts) with the engine and return the whole `Assessment`."""
    return assess(tables_of(rows, scheme), scheme, Period(label, kind, start, end), as_of, published=published)


def view(assessment):
    """What an `Assessment` says, as exact values."""
    seen = View()
    for row in assessment.scores.iter_rows(named=True):
        seen.towns[row["town_code"]] = {
            "score": fraction(row, "score"),
            "start": fraction(row, "start"),
            **{name: row[name] for name in ("rank", "group_rank", "grade", "outcome")},
            "gates": list(row["gates"]),
        }
    for row in assessment.findings.iter_rows(named=True):
        seen.findings[row["finding_id"]] = {
            "state": row["state"],
            "due": row["due"],
            "flags": set(row["flags"] or []),
            "disposition": row["disposition"],
            "matter": row["matter"],
            "repeat": row["repeat"],
            **{name: fraction(row, name) or Fraction(0) for name in ("charge", "credit", "extra", "net")},
        }
    for row in assessment.indicators.iter_rows(named=True):
        seen.indicators[row["town_code"], row["part"], row["indicator"]] = (row["outcome"], fraction(row, "earned"))
    for row in assessment.dimensions.iter_rows(named=True):
        seen.dimensions[row["town_code"], row["part"], row["dimension"]] = fraction(row, "earned")
    seen.lines = defaultdict(lambda: defaultdict(Fraction))
    seen.sums = defaultdict(lambda: defaultdict(Fraction))
    for row in assessment.ledger.iter_rows(named=True):
        points = fraction(row, "points")
        subject = row["subject"] or row["indicator"] or row["dimension"] or row["part"] or "总分"
        seen.lines[row["town_code"]][row["kind"], subject] += points
        seen.sums[row["town_code"]][row["part"], row["dimension"], row["indicator"]] += points
    return seen
