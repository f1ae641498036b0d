"""Decided appeals against adjustments, verdicts and measures. Those against findings are step 1, in charges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import polars as pl

from scoring.intake import Tables
from scoring.problems import Refused, problem

Row = dict[str, Any]
_TARGETS: Final = {"adjustment": "adjustments", "verdict": "rectifications", "measure": "measures"}


def apply_decisions(
    tables: Tables, as_of: date, targets: Sequence[str] = tuple(_TARGETS)
) -> tuple[Tables, dict[str, Counter[str]]]:
    """Return the tables as the decisions known at `as_of` left them, and how many rows of each were withdrawn.

    An adjustment that is withdrawn counts for nothing; changed, it has the decided points (a veto, the decided item).
    A verdict means the last one given on the finding by the day of the decision; withdrawn, its report waits again.
    A measure is named `town/measure/period`; withdrawn, it is no data.

    Raises
    ------
    Refused
        A measure's decided value does not fit what was measured (`appeal-value-unfit`).
    """
    decided = tables.appeals.filter(
        (pl.col("filed_on") <= as_of)
        & (pl.col("decided_on") <= as_of)
        & pl.col("decision").is_in(["withdraw", "change"])
        & pl.col("target").is_in(targets)
    ).sort("decided_on", "filed_on", "appeal_id")
    withdrawn = {name: Counter[str]() for name in _TARGETS.values()}
    if decided.is_empty():
        return tables, withdrawn
    changed: dict[str, pl.DataFrame] = {}
    for target, change in (("adjustment", _adjustment), ("verdict", _verdict), ("measure", _measure)):
        name = _TARGETS[target]
        appeals = decided.filter(pl.col("target") == target).to_dicts()
        if appeals:
            frame: pl.DataFrame = getattr(tables, name)
            rows = _decide(frame.to_dicts(), appeals, change)
            withdrawn[name]["withdrawn"] = frame.height - len(rows)
            changed[name] = pl.DataFrame(rows, schema=frame.schema)
    return replace(tables, **changed), withdrawn  # type: ignore[arg-type]


def _decide(rows: list[Row], appeals: list[Row], change: Callable[[list[Row], Row], list[Row]]) -> list[Row]:
    for appeal in appeals:
        rows = change(rows, appeal)
    return rows


def _adjustment(rows: list[Row], appeal: Row) -> list[Row]:
    for row in rows:
        if row["adjustment_id"] == appeal["target_id"]:
            if appeal["decision"] == "withdraw":
                return [other for other in rows if other is not row]
            column = "item" if row["kind"] == "veto" else "decided_points"
            row[column] = appeal["new_value"] if column == "item" else Decimal(appeal["new_value"])
    return rows


def _verdict(rows: list[Row], appeal: Row) -> list[Row]:
    given = [
        row
        for row in rows
        if row["finding_id"] == appeal["target_id"]
        and row["verdict"] not in (None, "waiting")
        and (row["verified_on"] or row["submitted_on"]) <= appeal["decided_on"]
    ]
    if given:
        last = max(given, key=lambda row: row["submitted_on"])
        last["verdict"] = "waiting" if appeal["decision"] == "withdraw" else appeal["new_value"]
    return rows


def _measure(rows: list[Row], appeal: Row) -> list[Row]:
    meant = [row for row in rows if f"{row['town']}/{row['measure']}/{row['period']}" == appeal["target_id"]]
    if appeal["decision"] == "withdraw":
        return [row for row in rows if row not in meant]
    numerator, _, denominator = appeal["new_value"].partition("/")
    for row in meant:
        column = "value" if row["value"] is not None else "numerator"
        if bool(denominator) != (row["denominator"] is not None) or Fraction(denominator or 1) == 0:
            raise Refused([problem("appeal-value-unfit", appeal, appeal=appeal["appeal_id"])])
        row[column] = Decimal(numerator)
        row["denominator"] = Decimal(denominator) if denominator else None
    return rows
