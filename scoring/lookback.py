"""What a run's papers say of earlier published periods: how scores went, and why they changed since the last one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Final

import polars as pl

from schemas.scheme import Scheme
from scoring.assessing import assess
from scoring.assessment import Assessment
from scoring.changes import split
from scoring.intake import Tables
from scoring.ledger import Frozen
from scoring.ledger.past import when
from scoring.outcome import Options
from scoring.periods import Period
from scoring.problems import Refused
from scoring.shapes import CHANGES, HISTORY
from scoring.store import Edition
from scoring.store.editions import period_of
from scoring.workdays import Workdays

PERIODS: Final = 8
"""A picture shows so many periods, the present one among them."""


@dataclass(frozen=True)
class Scored:
    """An assessment with what it was made from."""

    assessment: Assessment
    read: Callable[[], Tables]
    """Gives the tables, which only a change of rules asks for."""
    scheme: Scheme
    scheme_hash: str
    past: Sequence[Frozen]

    @property
    def period(self) -> Period:
        """The period that was scored."""
        return period_of(self.assessment.head)


def published(edition: Edition, editions: Sequence[Edition]) -> Scored:
    """Return an edition with what it was made from."""
    known = {(other.period, other.number): other for other in editions}
    past = [known[name, number].frozen for name, number in edition.said["past"].items() if (name, number) in known]
    return Scored(edition.assessment, edition.tables, edition.scheme.scheme, edition.scheme.sha256, past)


def before(period: Period, editions: Iterable[Edition]) -> list[Edition]:
    """Return the editions of the same kind of period before one, in time order."""
    earlier = [
        (when(span), edition)
        for edition in editions
        for span in [period_of(edition.head)]
        if span.kind == period.kind and span.kind != "interval" and when(span) < when(period)
    ]
    return [edition for _, edition in sorted(earlier, key=lambda pair: pair[0])]


def history(assessment: Assessment, earlier: Sequence[Edition]) -> pl.DataFrame:
    """Return the last periods of every town and of their mean; nothing where none was published before.

    Scores, places and grades are those that were published, never worked out again.
    """
    if not earlier:
        return pl.DataFrame(schema=HISTORY)
    made = [edition.assessment for edition in earlier[1 - PERIODS :]] + [assessment]
    rows: list[dict[str, Any]] = []
    rules: str | None = None
    # The rules of the first one shown differ from those before it, or nobody knows.
    older = earlier[: -PERIODS + 1]
    if older:
        rules = str(older[-1].head["scheme"]["rules"])
    for one in made:
        head = one.head
        own = str(head["scheme"]["rules"])
        same: dict[str, Any] = {
            "period": head["period"]["id"],
            "label": head["period"]["label"],
            "kind": head["period"]["kind"],
            "edition": head["edition"],
            "scheme_hash": head["scheme"]["hash"],
            "scheme_title": head["scheme"]["title"],
            "rule_change": rules is not None and rules != own,
            "full": head["scheme"]["full"],
        }
        rules = own
        grades = {grade["id"]: grade for grade in head["scheme"]["grades"]}
        rows += [same | _stand(row, grades) for row in one.scores.to_dicts()]
        if head["summary"]["mean"] is not None:
            mean = Fraction(head["summary"]["mean"])
            rows.append(
                same
                | {"town_code": "", "score_num": mean.numerator, "score_den": mean.denominator}
                | {"score": head["summary"]["mean"]}
            )
    return pl.DataFrame(rows, schema=HISTORY)


def _stand(row: Mapping[str, Any], grades: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    grade = grades.get(row["grade"] or "")
    return {
        **{name: row[name] for name in ("town_code", "score_num", "score_den", "score", "rank", "group_rank", "grade")},
        "gated": bool(row["gates"]),
        "grade_label": grade["label"] if grade else None,
        "grade_label_en": grade["label_en"] if grade else None,
    }


def why(one: Scored, other: Scored, workdays: Workdays) -> pl.DataFrame:
    """Split the differences between two assessments; with two schemes, both are run on both periods' facts.

    Where a scheme cannot score the other period's facts the rules' own part is not known, and the frame says so.
    """
    crossed = None
    if one.scheme.rules() != other.scheme.rules():
        try:
            crossed = (_under(one, other, workdays), _under(other, one, workdays))
        except (Refused, pl.exceptions.PolarsError):
            crossed = None
    return split(one.assessment, other.assessment, crossed)


def _under(facts: Scored, rules: Scored, workdays: Workdays) -> Assessment:
    head = facts.assessment.head
    return assess(
        facts.read(),
        rules.scheme,
        facts.period,
        date.fromisoformat(head["as_of"]),
        options=Options(edition=head["edition"], scheme_hash=rules.scheme_hash),
        past=facts.past,
        workdays=workdays,
        lean=True,
    )


def changes_since(
    one: Scored, earlier: Sequence[Edition], editions: Sequence[Edition], workdays: Workdays
) -> pl.DataFrame:
    """Return why every town's score differs from the last published period's; nothing for a first one."""
    if not earlier:
        return pl.DataFrame(schema=CHANGES)
    return why(published(earlier[-1], editions), one, workdays)
