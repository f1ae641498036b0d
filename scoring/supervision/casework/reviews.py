"""Reviews that fall due: cases under dynamic management by their class, overdue first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from scoring.supervision.casework.limits import Rule
from scoring.supervision.casework.timely import Row, outcome_of, review_due

Status = Literal["overdue", "due", "unclassed"]


@dataclass(frozen=True)
class Review:
    """A case to be reviewed: until when, how many days it is late (below 0: still to come), and the row itself.

    One whose class nobody wrote has no day.
    """

    row: Row
    status: Status
    due: date | None
    late: int | None


def reviews_due(cases: Iterable[Row], rule: Rule, on: date) -> list[Review]:
    """Return the reviews that are overdue on a day or fall due soon after it, the longest overdue first.

    Cases that were not confirmed by that day, have ended, or have no class are as follows: not there, not there, last.
    """
    found: list[Review] = []
    for case in cases:
        ended = case["exit_on"] is not None and case["exit_on"] <= on
        if outcome_of(case) != "confirmed" or case["confirmed_on"] > on or ended or case["programme"] in rule.not_for:
            continue
        if case["review_class"] is None:
            found.append(Review(case, "unclassed", None, None))
            continue
        due = review_due(case, rule.whole(case["review_class"]))
        if due < on:
            found.append(Review(case, "overdue", due, (on - due).days))
        elif due <= on + timedelta(days=rule.whole("ahead")):
            found.append(Review(case, "due", due, (on - due).days))
    return sorted(found, key=_order)


def _order(review: Review) -> tuple[Any, ...]:
    return (review.due is None, review.due or date.max, review.row["town"], review.row["case_id"])
