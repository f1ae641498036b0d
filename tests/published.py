"""Published periods for tests: a small scheme, rows, and a store that is a list."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from functools import cache

import yaml

from schemas.scheme import Scheme
from scoring.assessing import assess
from scoring.ledger import Frozen
from scoring.ledger.past import postings
from scoring.periods import parse_period
from tests.casebook import ExactLoader
from tests.frames import tables_of

TEXT = """
id: small
title: small
document: none
effective: {from: 2024-01-01}
severities: [{id: mild, working_days: 10}, {id: grave, working_days: 20}]
measures: [{id: rate, label: rate}]
price_lists:
  usual: [{when: {severity: grave}, price: 8}, {price: 2}]
dimensions:
  - id: files
    label: files
    points: 60
    cap: 50
    indicators:
      - {id: complete, label: complete, points: 20, clause: one, rule: {kind: deduct, prices: usual}}
      - {id: signed, label: signed, points: 40, clause: two, rule: {kind: deduct, prices: usual}}
  - id: visits
    label: visits
    points: 40
    indicators:
      - id: visited
        label: visited
        points: 40
        clause: three
        no_data: full
        rule: {kind: rate, measure: rate, per_point: {target: 100, price: 1}}
rectification:
  states:
    {on_time: {share: 0.5}, late: {share: 0.25}, overdue: {extra: 1}, sent_back: {extra: 1}, false_report: {extra: 2}}
bonuses: {ceiling: 3}
gates: [{id: zero, label: zero, effect: score_zero}]
"""


@cache
def _scheme(text):
    return Scheme.model_validate(yaml.load(text, Loader=ExactLoader))


def scheme(**changes):
    raw = yaml.load(TEXT, Loader=ExactLoader) | changes
    return Scheme.model_validate(raw)


def finding(number, town, day, indicator="complete", severity="mild", **more):
    return {
        "finding_id": number, "town": town, "found_on": day, "indicator": indicator, "severity": severity, **more
    }  # fmt: skip


def report(number, day, verdict="passed", outcome="done"):
    return {"finding_id": number, "submitted_on": day, "verified_on": day, "verdict": verdict, "outcome": outcome}


def towns(*codes):
    return [{"town_code": code, "name": f"town {code}"} for code in codes]


class Life:
    """A bureau's years: facts that grow, periods that are scored and published."""

    def __init__(self, rows, of=None):
        self.rows = rows
        self.scheme = of or scheme()
        self.past: dict[str, Frozen] = {}
        self.made = {}

    def run(self, label, as_of, of=None):
        period = parse_period(label, (of or self.scheme).calendar)
        return assess(
            tables_of(self.rows, of or self.scheme),
            of or self.scheme,
            period,
            as_of or period.end,
            past=list(self.past.values()),
        )

    def publish(self, label, as_of=None, of=None):
        self.made[label] = made = self.run(label, as_of, of)
        period = parse_period(label, (of or self.scheme).calendar)
        before = self.past.get(label)
        self.past[label] = Frozen(
            period,
            before.edition + 1 if before else 1,
            as_of or period.end,
            of or self.scheme,
            "code",
            made.ledger,
            made.scores,
            made.findings,
            made.indicators,
            made.dimensions,
            tables_of(self.rows, self.scheme).findings.lazy(),
        )
        return made


def score(assessment, town):
    row = assessment.scores.filter(assessment.scores["town_code"] == town).to_dicts()[0]
    return None if row["score_num"] is None else Fraction(row["score_num"], row["score_den"])


def carried(assessment, town=None):
    """(origin, indicator or dimension) → points of the carry-over entries."""
    return {
        (one.origin, one.place[1] or one.place[0]): one.points
        for one in postings(assessment.ledger)
        if town in (None, one.town)
    }


__all__ = ["Life", "carried", "date", "finding", "report", "scheme", "score", "towns"]
