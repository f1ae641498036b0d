"""Bonuses, demerits, vetoes, decisions: which are decided by as_of, what each is worth, which of one matter counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

import polars as pl

from schemas.scheme import Scheme
from schemas.scheme.outcome import Adjustments as Policy
from schemas.scheme.outcome import Gate
from scoring.conditions import holds
from scoring.periods import Period
from scoring.problems import Problem, Refused, problem


@dataclass(frozen=True)
class Decided:
    """A decided adjustment.

    `counts` is false for one whose matter (the same evidence) already counts by a higher one.
    """

    id: str
    kind: str
    item: str
    evidence: str
    wording: str
    points: Fraction
    counts: bool
    clause: str | None = None
    line: int = 0
    gate: Gate | None = None
    by: str = ""
    """Who decided it."""


@dataclass(frozen=True)
class AdjustmentFacts:
    """Decided adjustments by town, the ids of undecided vetoes by town, and the rows that do not count, by reason."""

    decided: dict[str, list[Decided]]
    pending: dict[str, list[str]]
    unpriced: dict[str, int]


def decide(
    frame: pl.DataFrame, scheme: Scheme, period: Period, as_of: date, *, rolled_up: bool = False
) -> AdjustmentFacts:
    """Sort the adjustments of a run.

    A row that names a period counts for that one alone; any other for the period that holds its day. Where a year is
    made of its quarters (`rolled_up`), bonuses and demerits have counted there; vetoes act on the year as well.

    Raises
    ------
    Refused
        `adjustment-without-points`, `unknown-gate`, `adjustment-not-in-scheme`, `decision-without-basis`.
    """
    placed = "decided_on" if scheme.adjustments_belong_by == "decided_on" else "dated_on"
    gates = {name: gate for gate in scheme.gates for name in (gate.id, gate.label)}
    frame = frame.with_columns(
        bonus_row=_first_match(scheme.bonuses, frame.schema), demerit_row=_first_match(scheme.demerits, frame.schema)
    ).sort("town", "dated_on", "adjustment_id")
    decided: dict[str, list[Decided]] = defaultdict(list)
    pending: dict[str, list[str]] = defaultdict(list)
    unpriced: dict[str, int] = defaultdict(int)
    problems: list[Problem] = []
    for row in frame.iter_rows(named=True):
        day = row[placed] or row["dated_on"]
        known = row["decided_on"] is not None and row["decided_on"] <= as_of
        named = row["period"]
        elsewhere = named != period.id if named is not None else day is None or not period.holds(day)
        if elsewhere or (rolled_up and named is None and row["kind"] != "veto"):
            unpriced["other_period"] += 1
            continue
        if day is not None and day > as_of:
            unpriced["after_as_of"] += 1
            continue
        gate = gates.get(row["item"] or "") if row["kind"] == "veto" else None
        if row["kind"] == "veto" and gate is None:
            problems.append(problem("unknown-gate", row, item=row["item"] or ""))
            continue
        if not known:
            unpriced["undecided"] += 1
            if gate is not None:
                pending[row["town"]].append(gate.id)
            continue
        if row["kind"] == "decision":
            if row["decided_points"] is None or not row["evidence"] or not row["decided_by"]:
                problems.append(problem("decision-without-basis", row, item=row["item"] or ""))
                continue
            decided[row["town"]].append(_decision(row))
            continue
        policy = {"bonus": scheme.bonuses, "demerit": scheme.demerits}.get(row["kind"])
        if gate is None and policy is None:
            problems.append(problem("adjustment-not-in-scheme", row, kind=row["kind"]))
            continue
        points, clause, line = _worth(row, policy)
        if gate is None and points is None:
            problems.append(problem("adjustment-without-points", row, item=row["item"] or ""))
            continue
        decided[row["town"]].append(
            Decided(
                id=row["adjustment_id"],
                kind=row["kind"],
                item=row["item"] or "",
                evidence=row["evidence"] or "",
                wording=row["public_wording"] or "",
                points=points or Fraction(0),
                counts=True,
                clause=clause,
                line=line,
                gate=gate,
            )
        )
    if problems:
        raise Refused(problems)
    return AdjustmentFacts(
        {town: _highest_of_each_matter(rows) for town, rows in decided.items()}, dict(pending), dict(unpriced)
    )


def _decision(row: Mapping[str, Any]) -> Decided:
    """Return a change that a meeting or a leader decided: an entry of its own, bound by no ceiling."""
    return Decided(
        id=row["adjustment_id"],
        kind="decision",
        item=row["item"] or "",
        evidence=row["evidence"],
        wording=row["public_wording"] or "",
        points=Fraction(row["decided_points"]),
        counts=True,
        clause=row["document"],
        by=row["decided_by"],
    )


def _first_match(policy: Policy | None, schema: pl.Schema) -> pl.Expr:
    number = pl.lit(None, dtype=pl.Int32)
    for position, row in reversed(list(enumerate(policy.prices if policy else ()))):
        number = pl.when(holds(row.when, schema)).then(pl.lit(position, dtype=pl.Int32)).otherwise(number)
    return number


def _worth(row: dict[str, object], policy: Policy | None) -> tuple[Fraction | None, str | None, int]:
    """Return the points that the meeting decided, else the price times the quantity (1 when empty)."""
    if policy is None:
        return None, None, 0
    number = row["bonus_row"] if row["kind"] == "bonus" else row["demerit_row"]
    priced = policy.prices[number] if isinstance(number, int) else None
    clause = (priced.clause if priced else None) or policy.clause
    line = priced.line if priced else policy.line
    if row["decided_points"] is not None:
        return abs(Fraction(str(row["decided_points"]))), clause, line
    if priced is None:
        return None, clause, line
    quantity = Fraction(str(row["quantity"])) if row["quantity"] is not None else Fraction(1)
    return priced.points * quantity, clause, line


def _highest_of_each_matter(rows: list[Decided]) -> list[Decided]:
    """Of one matter, the same evidence, only the highest bonus and the highest demerit count."""
    best: dict[tuple[str, str], Decided] = {}
    for row in rows:
        key = (row.kind, row.evidence)
        if (
            row.evidence
            and row.gate is None
            and row.kind != "decision"
            and (key not in best or row.points > best[key].points)
        ):
            best[key] = row
    return [
        row
        if row.gate is not None or row.kind == "decision" or not row.evidence or best[row.kind, row.evidence] is row
        else Decided(**{**vars(row), "counts": False})
        for row in rows
    ]
