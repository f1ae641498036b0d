"""Facts and a scheme to an assessment: the engine's whole way, as one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any

import polars as pl

from schemas.scheme import Scheme
from scoring.assessment import FORMAT, FRAMES, Assessment
from scoring.intake import Tables
from scoring.ledger import Frozen, Ledger, Published, Spread, build, score
from scoring.outcome import (
    Options,
    appeal_frame,
    dimension_frame,
    finding_frame,
    head_of,
    indicator_frame,
    previous_head,
    rolled_frame,
    rolled_head,
    score_frame,
    warning_frame,
)
from scoring.periods import Period, finer
from scoring.plan import Plan
from scoring.shapes import APPEALS, WARNINGS
from scoring.workdays import Workdays


def assess(
    tables: Tables,
    scheme: Scheme,
    period: Period,
    as_of: date,
    *,
    options: Options | None = None,
    read: Mapping[str, Mapping[str, int]] | None = None,
    past: Sequence[Frozen] = (),
    workdays: Workdays | None = None,
    plan: Plan | None = None,
    published: Published | None = None,
    lean: bool = False,
    spread: Spread | None = None,
) -> Assessment:
    """Score a period under a scheme as things stood at `as_of`.

    Parameters
    ----------
    tables
        What intake returned.
    read
        Intake's account of rows, completed here by what was priced and what was not.
    past
        The published periods, each by its latest edition.
    published
        (Town, measure, period id) → a value published elsewhere, in percent or in units: what a trend goes by where
        neither the measures table nor `past` has one of that earlier period.
    lean
        Leave out what is told of appeals, warnings and the other way of making a year.
    spread
        Prices the findings of the period in place of this process.

    Raises
    ------
    Refused
        The facts cannot be scored; every problem found is named.
    """
    options = options or Options()
    ledger = build(
        tables,
        scheme,
        period,
        as_of,
        edition=options.edition,
        past=past,
        workdays=workdays,
        plan=plan,
        published=published,
        spread=spread,
    )
    if lean:
        return _from_ledger(ledger, tables, scheme, period, as_of, options, read or {}, None, None)
    other = _other_way(scheme)
    beside = None
    if other is not None and finer(period, other.roll_up.of, scheme.calendar):  # type: ignore[union-attr]
        beside = score_frame(score(tables, other, period, as_of, past=past, workdays=workdays), other, as_of)
    appeals = appeal_frame(ledger, tables, scheme, period, as_of, past, workdays)
    return _from_ledger(ledger, tables, scheme, period, as_of, options, read or {}, beside, appeals)


def _other_way(scheme: Scheme) -> Scheme | None:
    """Return the scheme that makes a year the other way, where it wants both shown."""
    policy = scheme.roll_up
    if policy is None or not policy.beside:
        return None
    other = "rescored" if policy.by == "published" else "published"
    return scheme.model_copy(update={"roll_up": policy.model_copy(update={"by": other})})


def previous(
    tables: Tables,
    scheme: Scheme,
    period: Period,
    as_of: date,
    *,
    workdays: Workdays | None = None,
    published: Published | None = None,
) -> dict[str, Any] | None:
    """Return what the head of the next period's assessment says of this one; None where nothing was priced.

    Raises
    ------
    Refused
        The facts of this period cannot be scored.
    """
    scored = score(tables, scheme, period, as_of, workdays=workdays, published=published)
    return previous_head(scored, scheme, score_frame(scored, scheme, as_of), period)


def _from_ledger(
    ledger: Ledger,
    tables: Tables,
    scheme: Scheme,
    period: Period,
    as_of: date,
    options: Options,
    read: Mapping[str, Mapping[str, int]],
    beside: pl.DataFrame | None,
    appeals: pl.DataFrame | None,
) -> Assessment:
    rolled = rolled_frame(ledger, scheme, beside)
    made_of = rolled_head(ledger.rolled, scheme)
    scheme = ledger.scheme
    findings = finding_frame(ledger, scheme, as_of)
    scores = score_frame(ledger, scheme, as_of)
    head = head_of(ledger, scheme, scores, tables, period, as_of, options, read)
    warnings = pl.DataFrame(schema=WARNINGS)
    if appeals is not None:
        warnings, head["internal"]["warnings"] = warning_frame(ledger, tables, scheme, period, as_of)
    frames = (
        scores,
        dimension_frame(ledger, scheme, scores),
        indicator_frame(ledger, scheme),
        ledger.entries,
        findings,
        rolled,
        pl.DataFrame(schema=APPEALS) if appeals is None else appeals,
        warnings,
    )
    made = Assessment({"format": FORMAT, **head, "rolled": made_of}, *frames)
    assert [one.name for one in fields(made)][1:] == list(FRAMES)
    return made
