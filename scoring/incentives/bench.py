"""Small facts of one town, and a bench on which the engine scores many of them in one run.

Each case becomes a town of its own: what one town's facts are changes no other's score, as every town has the same
measures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import polars as pl

from schemas.scheme import Scheme
from schemas.tables import table_for
from scoring.intake import Tables
from scoring.ledger import Scored, score, sign_of_loss
from scoring.periods import Period, parse_period, period_before, period_last_year
from scoring.problems import Refused
from scoring.scheme import vocabulary
from scoring.workdays import Workdays

Row = Mapping[str, Any]
_TABLES: Final = (
    "towns", "findings", "rectifications", "checks", "measures", "judgements", "adjustments", "appeals", "letters"
)  # fmt: skip
_COUNTS: Final = ("newly_confirmed", "sampled", "visited")
CHECKED: Final = 100
"""Households that a town's one check takes in, unless a case says otherwise."""


@dataclass(frozen=True)
class Case:
    """What is known of one town.

    Attributes
    ----------
    findings
        Rows of the findings table, without a town; `finding_id` is a letter.
    reports
        Rows of the rectifications table.
    checked
        Households checked.
    town
        Fields of the town.
    """

    findings: tuple[Row, ...] = ()
    reports: tuple[Row, ...] = ()
    checked: int = CHECKED
    town: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Bench:
    """A scheme, a period in which it is in force, and the day as of which is scored."""

    scheme: Scheme
    period: Period
    as_of: date

    @classmethod
    def of(cls, scheme: Scheme) -> Bench:
        """Choose the first whole period in force. A year made of published periods is scored from its own findings."""
        scheme = scheme.model_copy(update={"roll_up": None})
        period = _first_period(scheme)
        # Late enough for a fix that comes after its deadline to be known.
        as_of = max(period.end, period.start + timedelta(days=40)) + timedelta(days=scheme.calendar.grace_days)
        return cls(scheme, period, as_of)

    def better(self, cases: Sequence[Case]) -> list[Fraction | None]:
        """Return each case's score so that the larger is the better; None where the engine refuses such facts."""
        if not cases:
            return []
        try:
            scored = self.scored(cases)
        except Refused:
            if len(cases) == 1:
                return [None]
            middle = len(cases) // 2
            return self.better(cases[:middle]) + self.better(cases[middle:])
        sign = -sign_of_loss(self.scheme)
        values = [scored.scores.get(f"T{number}") for number in range(len(cases))]
        return [None if value is None else sign * value.statement.value for value in values]

    def scored(self, cases: Sequence[Case]) -> Scored:
        """Score the cases, each as the town T and its number.

        Raises
        ------
        Refused
            Some facts cannot be scored.
        """
        return score(self._tables(cases), self.scheme, self.period, self.as_of, workdays=Workdays())

    def _tables(self, cases: Sequence[Case]) -> Tables:
        rows: dict[str, list[dict[str, Any]]] = {name: [] for name in _TABLES}
        for number, case in enumerate(cases):
            town = f"T{number}"
            rows["towns"].append({**case.town, "town_code": town, "name": town})
            for finding in case.findings:
                rows["findings"].append({**finding, "town": town, "finding_id": f"{town}.{finding['finding_id']}"})
            for report in case.reports:
                rows["rectifications"].append({**report, "finding_id": f"{town}.{report['finding_id']}"})
            counts = dict.fromkeys(_COUNTS, case.checked)
            rows["checks"].append({"check_id": town, "town": town, "checked_on": self.period.start, **counts})
            rows["measures"] += self._measures(town)
            rows["judgements"] += [
                {"town": town, "period": self.period.id, "indicator": indicator.id, "share": 1, "reason": "-"}
                for _, indicator in self.scheme.indicators()
                if indicator.rule.kind == "judged"
            ]
        words = vocabulary(self.scheme)
        frames = {name: _frame(rows[name], table_for(name, words).polars_schema()) for name in _TABLES}
        return Tables(**frames, present=frozenset(_TABLES))

    def _measures(self, town: str) -> list[dict[str, Any]]:
        """Give every measure the same value in every town and period; counts that surcharges read are 0."""
        counted = {surcharge.measure for surcharge in self.scheme.surcharges}
        calendar = self.scheme.calendar
        spans = [self.period, period_before(self.period, calendar), period_last_year(self.period, calendar)]
        told = {"numerator": 900, "denominator": 1000, "sample": 1000}
        return [
            {
                "town": town,
                "period": span,
                "measure": measure.id,
                **({"value": 0, "sample": 1000} if measure.id in counted else told),
            }
            for measure in self.scheme.measures
            for span in dict.fromkeys(span.id for span in spans if span is not None)
        ]


def _frame(rows: Sequence[Row], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Put rows into a frame as intake would; the place of a row in a file is made up."""
    given = [{"source_file": "-", "source_row": number, **row} for number, row in enumerate(rows, 2)]
    data = {}
    for name, dtype in schema.items():
        cells = [row.get(name) for row in given]
        if isinstance(dtype, pl.Decimal):
            cells = [None if cell is None else Decimal(str(cell)) for cell in cells]
        elif isinstance(dtype, pl.List):
            cells = [cell or [] for cell in cells]
        data[name] = pl.Series(name, cells, dtype=dtype)
    return pl.DataFrame(data)


def _first_period(scheme: Scheme) -> Period:
    force, calendar = scheme.effective, scheme.calendar
    shapes = {
        "month": [f"-{month:02d}" for month in range(1, 13)],
        "quarter": [f"Q{quarter}" for quarter in range(1, 5)],
        "half": ["H1", "H2"],
        "year": [""],
    }[calendar.kind]
    labels = [f"{force.from_.year + later}{shape}" for later in range(3) for shape in shapes]
    spans = [span for label in labels if (span := parse_period(label, calendar)) is not None]
    spans += [span for interval in calendar.intervals if (span := parse_period(interval.id, calendar)) is not None]
    whole = [span for span in spans if force.from_ <= span.start and (force.to is None or span.end <= force.to)]
    # The days of a fix need room.
    return next((span for span in whole if (span.end - span.start).days >= 27), (whole or spans)[0])


def without(case: Case, finding: str) -> Case:
    """Return a case without one finding and its reports."""
    return replace(
        case,
        findings=tuple(row for row in case.findings if row["finding_id"] != finding),
        reports=tuple(row for row in case.reports if row["finding_id"] != finding),
    )
