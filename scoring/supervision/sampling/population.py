"""What may be drawn: the cases confirmed in a month with their signs of risk, the findings closed in a window."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from schemas.scheme import Scheme
from scoring.intake import Tables
from scoring.periods import months_back
from scoring.plan import Plan
from scoring.supervision.sampling.drawing import Item
from scoring.supervision.sampling.policy import Often, Policy
from scoring.supervision.tables import SupervisionTables
from scoring.timeline import matter_states
from scoring.workdays import Workdays

_YES: Final = "yes"


@dataclass(frozen=True)
class Listed:
    """Something that may be drawn, and what its work sheet says of it (text, counts and days)."""

    item: Item
    facts: Mapping[str, Any]


def days_of(month: str) -> tuple[date, date]:
    """Return the first and the last day of a month written 2025-09."""
    year, number = map(int, month.split("-"))
    return date(year, number, 1), date(year, number, calendar.monthrange(year, number)[1])


def confirmed(cases: pl.DataFrame, month: str) -> pl.DataFrame:
    """Return the cases that were newly confirmed in a month: decided in it, and not refused or withdrawn."""
    first, last = days_of(month)
    return cases.filter(
        pl.col("confirmed_on").is_between(first, last) & (pl.col("outcome").fill_null("confirmed") == "confirmed")
    )


def new_cases(tables: SupervisionTables, findings: pl.DataFrame, month: str, policy: Policy) -> list[Listed]:
    """Return the newly confirmed cases of a month, each with the signs of risk that the policy asks for.

    Parameters
    ----------
    findings
        The ledger's findings: what villages and handlers have had of problems before the month began.
    """
    risk, before = policy.risk, days_of(month)[0] - timedelta(days=1)
    own = confirmed(tables.cases, month)
    filed = set(tables.kin["case_ref"].drop_nulls())
    villages = _often(_since(findings, before, risk.village), ("town", "village"), risk.village)
    handlers = _often(_handled(tables.cases, _since(findings, before, risk.handler)), ("town", "handler"), risk.handler)
    listed = []
    for row in own.iter_rows(named=True):
        signs = {
            "kin": row["kin"] == _YES or bool(filed & {row["case_id"], row["case_ref"]}),
            "earlier_problem": row["earlier_problem"] == _YES,
            "village": (row["town"], row["village"]) in villages,
            "handler": (row["town"], row["handler"]) in handlers,
            "first_handled": row["first_handled"] == _YES,
        }
        item = Item(
            row["town"], row["programme"] or "", row["case_id"], tuple(sign for sign in risk.first if signs[sign])
        )
        names = ("case_ref", "village", "confirmed_on", "persons", "disputed")
        listed.append(Listed(item, {name: row[name] for name in names}))
    return listed


def _since(findings: pl.DataFrame, until: date, often: Often) -> pl.DataFrame:
    return findings.filter(pl.col("found_on").is_between(months_back(until, often.months), until, closed="right"))


def _handled(cases: pl.DataFrame, findings: pl.DataFrame) -> pl.DataFrame:
    """Return the findings whose case is known, with the handler of that case."""
    known = [cases.select("town", "handler", case_ref=pl.col(name)).drop_nulls() for name in ("case_id", "case_ref")]
    return findings.join(pl.concat(known).unique(), on=["town", "case_ref"], how="inner")


def _often(findings: pl.DataFrame, by: tuple[str, str], often: Often) -> set[tuple[Any, ...]]:
    counted = findings.drop_nulls(list(by)).group_by(by).agg(n=pl.col("finding_id").n_unique())
    return set(counted.filter(pl.col("n") >= often.findings).select(by).iter_rows())


def closed_findings(tables: Tables, scheme: Scheme, workdays: Workdays, month: str, months: int) -> list[Listed]:
    """Return the findings that were closed in the months up to a month's end, as the engine's timeline has it.

    A finding that was withdrawn, or whose fix was found false, is none of them.
    """
    last = days_of(month)[1]
    gone = tables.appeals.filter(
        (pl.col("target") == "finding") & (pl.col("decision") == "withdraw") & (pl.col("decided_on") <= last)
    )["target_id"]
    findings = tables.findings.filter(
        (pl.col("found_on") <= last) & ~pl.col("finding_id").is_in(gone.implode())
    ).with_columns(matter="finding_id", keeps=pl.lit(value=True))
    states = matter_states(
        findings, tables.rectifications, tables.appeals, tables.letters, scheme, last, workdays, Plan()
    )
    closed = states.filter(
        pl.col("fixed")
        & ~pl.col("state").is_in(["false_report", "sent_back"])
        & pl.col("fixed_on").is_between(months_back(last, months), last, closed="right")
    ).select("matter", "fixed_on")
    rows = findings.join(closed, on="matter", how="inner")
    names = (
        "village", "indicator", "problem_type", "severity", "description", "case_ref", "persons", "approved_on",
        "found_on", "fixed_on",
    )  # fmt: skip
    return [
        Listed(Item(row["town"], row["programme"] or "", row["finding_id"]), {name: row[name] for name in names})
        for row in rows.iter_rows(named=True)
    ]
