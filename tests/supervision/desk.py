"""A bureau of three towns on paper: rows in, where every matter stands out; policy as a file would say it."""

from __future__ import annotations

from scoring.periods import parse_period
from scoring.supervision.escalation import read_policy, stand, tendencies
from scoring.supervision.escalation.matters import Span, matters_at
from scoring.supervision.escalation.outgoing import outgoing
from scoring.supervision.escalation.picture import Picture
from scoring.workdays import Workdays
from tests.frames import tables_of
from tests.published import scheme

RULES = """
first:
  - {when: {problem_type: [立行立改类]}, send: phone_reminder, answer_in: 3}
  - {when: {severity: [mild]}, send: on_site_guidance, answer_in: 5}
  - {send: advisory_letter, answer_in: 5}
failed:
  after: 2
  steps:
    - {when: {indicator: [signed]}, send: [circular], answer_in: 3}
    - {send: [supervision_letter, circular], answer_in: 3}
tendency: {by: problem_type, within_days: 30, in_town: 3, in_towns: 3, answer_in: 5}
soon: 2
"""
TOWNS = [
    {"town_code": "T1", "name": "示例甲镇", "kind": "镇"},
    {"town_code": "T2", "name": "示例乙街道", "kind": "街道"},
    {"town_code": "T3", "name": "示例丙镇", "kind": "镇"},
]
LABELS = {"complete": "示例材料", "signed": "示例签批"}


def policy(folder, text=RULES):
    (folder / "escalation.yaml").write_text(text, "utf-8")
    return read_policy(folder, "zh")


def matters(rows, on, labels=("2025Q1", "2025Q2", "2025Q3", "2025Q4"), past=(), **changes):
    of = scheme(**changes)
    tables = tables_of({"towns": TOWNS, **rows}, of)
    spans = [Span(parse_period(label, of.calendar), of, tables) for label in labels]
    return matters_at(spans, on, past, Workdays()), tables


def picture(folder, rows, on, text=RULES, **changes):
    rules = policy(folder, text)
    found, tables = matters(rows, on, **changes)
    standings = stand(found, rules, on, Workdays())
    trends = tendencies(found, rules.tendency, on)
    out = outgoing(standings, trends, rules, on, Workdays())
    names = {row["town_code"]: row["name"] for row in TOWNS}
    kinds = {row["town_code"]: row["kind"] for row in TOWNS}
    return Picture(
        on, rules, tables, tuple(found), tuple(standings), tuple(trends), tuple(out), names, kinds, LABELS, (), ()
    )


def one(folder, rows, on, text=RULES, **changes):
    """Where the only matter stands."""
    (found,) = picture(folder, rows, on, text, **changes).standings
    return found


def sent(number, kind, day, *findings, due=None, town="T1"):
    return {
        "letter_id": number, "town": town, "kind": kind, "sent_on": day, "finding_ids": list(findings), "due_on": due
    }  # fmt: skip
