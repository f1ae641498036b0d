"""How a problem goes on: the reports on it, by one of the stories of words.yaml."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from scoring.example.facts import Row
from scoring.example.words import CALENDAR, Draw, words

# What is reported and what is decided, one pair a report; "+" marks the first report that comes after the deadline.
_STORIES: dict[str, tuple[str, ...]] = {
    "in_time": ("done passed",),
    "returned_then_fixed": ("done returned", "done passed"),
    "partly_then_fixed": ("partly partly", "done passed"),
    "late": ("+done passed",),
    "late_returned": ("+done returned", "done passed"),
    "partly_only": ("partly partly",),
    "waiting": ("done waiting",),
    "never": (),
    "long_term": ("long passed",),
    "extended": ("extend waiting", "done passed"),
    "impossible": ("impossible ended",),
    "falsified": ("done falsified",),
    "falsified_then_fixed": ("done falsified", "done passed"),
}


def rectify(draw: Draw, finding: Row, story: str) -> list[Row]:
    """Return the reports on a finding, the first one first; an extension is written into the finding.

    Raises
    ------
    KeyError
        No such story.
    """
    assigned, due = finding["assigned_on"], finding.get("due_on")
    assert isinstance(assigned, date)
    allowed = words()["working_days"][finding["severity"]]
    if not isinstance(due, date):
        due = CALENDAR.after(assigned, allowed)
    if story == "extended":
        finding["due_on"], finding["extended_to"] = due, CALENDAR.after(due, 10)
    submitted = assigned
    reports: list[Row] = []
    for step in _STORIES[story]:
        outcome, verdict = step.lstrip("+").split()
        # Two reports fit into the time allowed: the bureau answers within two days of the first.
        if step.startswith("+"):
            submitted = CALENDAR.after(due, draw.whole(1, 14))
        elif reports:
            submitted = CALENDAR.after(submitted, draw.whole(3, 5))
        else:
            most = allowed if len(_STORIES[story]) == 1 else allowed - 5
            submitted = CALENDAR.after(assigned, draw.whole(2, most))
        reports.append(_report(draw, submitted, assigned, outcome, verdict))
    amount = finding.get("amount")
    if isinstance(amount, Decimal) and reports and reports[-1]["verdict"] == words()["verdicts"]["passed"]:
        reports[-1]["recovered"] = amount
    return reports


def _report(draw: Draw, submitted: date, assigned: date, outcome: str, verdict: str) -> Row:
    """Write one report; the bureau answers after two working days, so that a second report still follows it."""
    w = words()
    completed = submitted if draw.chance(0.5) else max(assigned, CALENDAR.after(assigned, 1))
    notes = w["notes"].get(verdict if outcome in {"done", "partly"} else outcome)
    return {
        "finding_id": None,
        "submitted_on": submitted,
        "completed_on": min(completed, submitted) if outcome == "done" else None,
        "outcome": w["outcomes"][outcome],
        "verified_on": None if verdict == "waiting" else CALENDAR.after(submitted, 2),
        "verdict": w["verdicts"][verdict],
        "recovered": None,
        "note": draw.pick(notes) if notes else None,
    }
