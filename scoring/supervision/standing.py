"""How every finding stands on a day: each period that holds one, scored as of that day by the engine itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import polars as pl

from scoring.assessment import Assessment
from scoring.choosing import Schemes
from scoring.intake import Tables
from scoring.jobs import Desk, Job, Task
from scoring.periods import Period
from scoring.runs import read_and_assess, read_only
from scoring.supervision.escalation.matters import verifying

_ELSEWHERE: Final = ("other_period", "after_as_of")


@dataclass(frozen=True)
class Standing:
    """Every finding of the ledgers as it stands on a day.

    Attributes
    ----------
    on
        The day.
    tables
        The ledgers.
    findings
        A row a finding that a scheme scores, with the columns of an assessment's `findings` and `period`, its id;
        mended only once it was verified, whenever the scheme gives credit.
        Findings of a day that no scheme scores, or found after `on`, are not there.
    assessments
        By period id, in time order: each period that holds a finding, scored as of `on`.
    """

    on: date
    tables: Tables
    findings: pl.DataFrame
    assessments: Mapping[str, Assessment]

    @property
    def unscored(self) -> int:
        """How many findings found by the day no scheme scores: how they stand nobody can say."""
        known = self.tables.findings.filter(pl.col("found_on") <= self.on)
        return known.join(self.findings, on="finding_id", how="anti").height


def standing(desk: Desk, schemes: Schemes, on: date) -> Standing:
    """Score every period that holds a finding found by `on`, as of that day.

    Raises
    ------
    RunRefused
        The data was refused.
    SchemeError, NoScheme
        See `scoring.choosing.Schemes.of`.
    BrokenStore
        See `scoring.runs.sound_store`.
    """
    desk = replace(desk, as_of=on)
    tables = read_only(desk.job(schemes.usual())).tables
    spans = _spans(tables.findings, schemes, on)
    tasks: list[Task] = [(desk.job(schemes.of(span.id)), span) for span in spans]
    if not tasks:
        return Standing(on, tables, pl.DataFrame(schema=_NOTHING), {})
    strict = [(by_verdicts(job), span) for job, span in tasks if by_verdicts(job) is not job]
    _, scored = read_and_assess([*tasks, *strict])
    assessments = {span.id: one for one, span in zip(scored, spans, strict=False)}
    followed = assessments | {span.id: one for one, (_, span) in zip(scored[len(tasks) :], strict, strict=True)}
    frames = [
        one.findings.filter(~pl.col("disposition").is_in(_ELSEWHERE)).with_columns(period=pl.lit(name))
        for name, one in followed.items()
    ]
    findings = pl.concat(frames, how="diagonal_relaxed").unique("finding_id", keep="first", maintain_order=True)
    return Standing(on, tables, findings, assessments)


def by_verdicts(job: Job) -> Job:
    """Return the job by a scheme that credits what is verified alone: the rest is still the bureau's to look at."""
    strict = verifying(job.scheme.scheme)
    return job if strict is job.scheme.scheme else replace(job, scheme=replace(job.scheme, scheme=strict))


_NOTHING: Final[dict[str, Any]] = {
    **dict.fromkeys(
        ("finding_id", "town", "village", "indicator", "severity", "description", "problem_type"), pl.String
    ),
    **dict.fromkeys(("period", "disposition", "state"), pl.String),
    **dict.fromkeys(("found_on", "assigned_on", "due", "fixed_on"), pl.Date),
    "flags": pl.List(pl.String),
}


def _spans(findings: pl.DataFrame, schemes: Schemes, on: date) -> list[Period]:
    """Return the periods that the findings may belong to, in time order; a scheme counts by either of two days."""
    days = pl.concat([findings["found_on"], findings["assigned_on"]]).drop_nulls().unique()
    held = {span.id: span for day in days.filter(days <= on).sort() if (span := schemes.holding(day)) is not None}
    return sorted(held.values(), key=lambda span: (span.start, span.end))


def to_do(findings: pl.DataFrame) -> pl.DataFrame:
    """Return the findings that await something of their town: not mended, no report waiting for a verdict.

    Findings of a town that was not checked cost nothing, but are to be mended all the same.
    """
    counted = pl.col("disposition").is_in(["priced", "not_checked"]) & pl.col("state").is_not_null()
    return findings.filter(counted & pl.col("fixed_on").is_null() & (pl.col("state") != "waiting"))
