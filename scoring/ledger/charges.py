"""Steps 1-5 of the order of operations: which findings count, what each costs, what its state gives back or adds.

Everything here is a frame with a row a finding; points are whole multiples of 1/`Units.points`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Final

import polars as pl

from schemas.scheme import Scheme
from scoring.columns import numbered, rows_of
from scoring.conditions import holds
from scoring.intake import Tables
from scoring.ledger.entries import with_extras
from scoring.periods import Period, months_back, parse_period
from scoring.plan import Plan
from scoring.pricing.deduct import PriceTable, Units, quantity, refuse_overflow, refuse_unpriced
from scoring.pricing.matters import Said, pair
from scoring.pricing.repeats import occasions_before
from scoring.timeline import matter_states
from scoring.workdays import Workdays

EVENTS: Final = {
    "overdue": "overdue",
    "sent_back": "sent_back",
    "false_report": "false_report",
    "same_letter_twice": "letter_twice",
}
"""States whose extra is an event of its own (policy key → flag): it stays whatever the state becomes."""


MATTER: Final = ("matter", "frozen_in", "already", "occasions", "seen_on")
"""What pairs and repeats say of a finding."""


@dataclass(frozen=True)
class Before:
    """What published periods have charged: `findings` (`finding_id`, `frozen_in`); `as_of`, their days, by period."""

    findings: pl.DataFrame
    as_of: Mapping[str, date]


@dataclass(frozen=True)
class Charges:
    """What `charge` returns.

    `findings`: every finding read, with `disposition`, `matter`, `part`, `twin` (another keeps its matter, in whatever
    period) and, where priced, the columns of state, price and points in units.
    """

    findings: pl.DataFrame
    sums: pl.DataFrame
    """By `town`, `part`, `indicator` of the priced ones: `net` (units), `fired` (a zero-out), `findings` (how many)."""
    units: Units


def charge(
    tables: Tables,
    scheme: Scheme,
    period: Period,
    as_of: date,
    unchecked: list[str],
    workdays: Workdays,
    plan: Plan,
    *,
    frozen_on: date | None = None,
    held: pl.DataFrame | None = None,
    frozen: Before | None = None,
    rest: bool = True,
) -> Charges:
    """Carry out steps 1 to 5.

    Parameters
    ----------
    unchecked
        Codes of the towns that were not checked at all, whose findings are listed but not priced.
    frozen_on
        Of a published period that is priced again: the day from which its windows are counted back.
    held
        Findings of earlier periods that the store alone holds: occasions for repeats and partners of a pair, no more.
    frozen
        What published periods have charged: a later finding of the same matter costs its excess alone.
    rest
        Return every finding; else those that may be priced alone, by their row (`place`), without what no rule reads.

    Raises
    ------
    Refused
        A finding of the period has no price, no quantity, or contradictory reports.
    """
    units = Units.of(scheme)
    table = PriceTable.of(scheme, units)
    every = tables.findings if held is None else pl.concat([tables.findings, held], how="diagonal_relaxed")
    given = replace(tables, findings=every)
    findings = plan.collect(_dispose(given, scheme, period, as_of, unchecked, plan, frozen_on or as_of))
    if held is not None:
        # What the folder no longer holds of this very period has been an occasion, and is nobody's partner.
        gone = pl.col("finding_id").is_in(held["finding_id"].implode()) & (pl.col("disposition") == "priced")
        findings = findings.with_columns(disposition=pl.when(gone).then(pl.lit("gone")).otherwise("disposition"))
    findings = findings.with_columns(price_row=table.match(findings.schema), quantity=quantity(scheme))
    findings = findings.with_columns(table.rows.select(pl.exclude("price_row").gather(findings["price_row"])))
    now = pl.col("disposition") == "priced"
    refuse_unpriced(
        findings.filter(now & (pl.col("price_row").is_null() | pl.col("quantity").is_null())), table, scheme
    )
    refuse_overflow(findings, now, scheme, units)
    findings = findings.with_row_index("place")
    # Earlier findings are priced too: what repeats is what was found before, whatever period it was charged in.
    counts = (
        (now | (pl.col("disposition").is_in(["other_period", "no_part", "gone"]) & ~pl.col("set_aside")))
        & pl.col("price_row").is_not_null()
        & pl.col("quantity").is_not_null()
    )
    read = _read(scheme, findings.columns)
    bucket = _bucket(findings, scheme, period)
    counting = findings.lazy().filter(counts).select(*read, bucket=bucket).collect()
    if frozen is not None and scheme.parts is not None:
        counting = counting.with_columns(part=_part_then(scheme, counting.schema, period, as_of, frozen))
    pairing = counting if held is None else counting.filter(pl.col("disposition") != "gone")
    about = Said(findings, lambda tied: _said_of_findings(tables, as_of, tied))
    pairs = pair(pairing, about, scheme.duplicates, frozen.findings if frozen else None)
    kept_by = pairs.select(pl.exclude("place").gather(rows_of(pairs["place"], counting["place"])))
    counting = counting.hstack(kept_by).with_columns(
        matter=pl.coalesce("keeper", "place"), keeps=pl.col("keeper").is_null()
    )
    counting = counting.with_columns(occasions_before(counting, scheme.repeats))
    # A town that was not checked has no points, but its findings are to be mended all the same.
    unscored = findings.lazy().filter(pl.col("disposition") == "not_checked").select(read)
    also = unscored.with_columns(matter="place", keeps=pl.lit(value=True)).collect()
    own = pl.concat([counting.filter(now), also], how="diagonal_relaxed")
    # The state is the whole matter's, also where one of the two lies in another period.
    across = pairs.filter(pl.col("frozen_in").is_not_null())["keeper"].implode()
    others = counting.filter(~now & pl.col("matter").is_in(across))
    others = others.filter(pl.col("matter").is_in(own["matter"].implode())) if others.height else others
    stated = pl.concat([own, others], how="diagonal_relaxed") if others.height else own
    # States take as much room again: of a whole country's findings these frames are some gigabytes.
    del counting, pairing, others
    states = matter_states(stated, tables.rectifications, tables.appeals, tables.letters, scheme, as_of, workdays, plan)
    kept = ("place", "town", "indicator", "part", "disposition", "quantity", "price_units", "zero_out")
    own = own.select(*kept, *MATTER)
    states = states.rename({"matter": "place"})
    own = own.with_columns(states.select(pl.exclude("place").gather(rows_of(states["place"], own["matter"]))))
    # Beyond what a frozen finding of the same matter costs; a veto of the whole indicator fires all the same.
    dearer = pl.col("zero_out") | (pl.col("price_units") * pl.col("quantity") > pl.col("already"))
    exceeds = pl.col("frozen_in").is_not_null() & dearer
    duplicate = now & (pl.col("matter") != pl.col("place")) & ~exceeds
    priced = own.lazy().with_columns(disposition=pl.when(duplicate).then(pl.lit("duplicate")).otherwise("disposition"))
    own = plan.collect(plan.step(_points(priced, scheme, units)))
    sums = _sums(own, scheme)
    if not rest:
        return Charges(own, sums, units)
    findings = _told(findings, own, kept, pairs["place"]).drop("place")
    if held is not None:
        findings = findings.filter(~pl.col("finding_id").is_in(held["finding_id"].implode()))
    return Charges(findings, sums, units)


def _told(findings: pl.DataFrame, own: pl.DataFrame, kept: Sequence[str], partners: pl.Series) -> pl.DataFrame:
    """Say of every finding, by its row `place`, what was worked out of those that may be priced."""
    row = rows_of(own["place"], findings["place"])
    told = own.select(pl.exclude(kept).gather(row)).with_columns(
        pl.col("^extra_.*$").fill_null(0), matter=findings["finding_id"].gather(own["matter"].gather(row))
    )
    twin = pl.repeat(value=False, n=findings.height, dtype=pl.Boolean, eager=True).scatter(partners, True)
    known = own["disposition"].gather(row)
    return findings.with_columns(told, twin=twin, disposition=pl.coalesce(known, "disposition"))


def _read(scheme: Scheme, columns: Sequence[str]) -> list[str]:
    """Return the columns by which pairs, repeats and states go: of a large ledger the others are not copied."""
    read = {
        "place", "finding_id", "town", "found_on", "assigned_on", "belongs_on", "due_on", "extended_to", "severity",
        "indicator", "part", "disposition", "price_units", "quantity", "zero_out",
    }  # fmt: skip
    if scheme.duplicates is not None:
        conditions = (*scheme.duplicates.sides, *scheme.duplicates.exempt)
        read |= {*scheme.duplicates.key, scheme.duplicates.order_by, *(field for one in conditions for field in one)}
    if scheme.repeats is not None:
        read |= set(scheme.repeats.key)
    if scheme.parts is not None:
        read |= {field for row in scheme.parts.allot for field in row.when}
    read |= set(scheme.rectification.self_reported_when or ())
    return [column for column in columns if column in read]


def _said_of_findings(tables: Tables, as_of: date, of: pl.Series) -> tuple[pl.DataFrame, ...]:
    """Return what other tables say of some findings by `as_of`, each row under its `finding_id`."""
    ids = of.implode()
    appeals = tables.appeals.filter(
        pl.col("target").is_in(["finding", "verdict"]) & (pl.col("filed_on") <= as_of)
    ).rename({"target_id": "finding_id"})
    letters = (
        tables.letters.filter(pl.col("sent_on") <= as_of).explode("finding_ids").rename({"finding_ids": "finding_id"})
    )
    reports = tables.rectifications.filter(pl.col("finding_id").is_in(ids) & (pl.col("submitted_on") <= as_of))
    return reports, appeals.filter(pl.col("finding_id").is_in(ids)), letters.filter(pl.col("finding_id").is_in(ids))


def _dispose(
    tables: Tables,
    scheme: Scheme,
    period: Period,
    as_of: date,
    unchecked: list[str],
    plan: Plan,
    window_from: date,
) -> pl.LazyFrame:
    """Step 1: apply appeals, then say of each finding whether it counts and, where not, the first reason why not."""
    known = tables.appeals.filter(
        (pl.col("target") == "finding") & (pl.col("filed_on") <= as_of) & (pl.col("decided_on") <= as_of)
    ).sort("decided_on", "filed_on", "appeal_id")
    withdrawn = known.filter(pl.col("decision") == "withdraw").get_column("target_id").to_list()
    changed = (
        known.filter((pl.col("decision") == "change") & pl.col("new_value").is_not_null())
        .group_by("target_id", maintain_order=True)
        .agg(decided=pl.col("new_value").last())
    )
    towns = numbered("town", tables.findings.schema, tables.towns["town_code"])
    findings = tables.findings.with_columns(
        delegated_on=pl.lit(tables.towns["delegated_on"]).gather(towns), found_severity=pl.col("severity")
    ).lazy()
    if changed.height:
        findings = (
            findings.join(changed.lazy(), left_on="finding_id", right_on="target_id", how="left", maintain_order="left")
            .with_columns(severity=pl.coalesce("decided", "severity"))
            .drop("decided")
        )
    schema = findings.collect_schema()
    exempt = pl.any_horizontal(pl.lit(False), *[holds(conditions, schema) for conditions in scheme.exemptions.when])
    if scheme.exemptions.before_delegation:
        exempt |= (pl.col("approved_on") < pl.col("delegated_on")).fill_null(False)
    belongs = (
        pl.coalesce("assigned_on", "found_on") if scheme.calendar.belongs_by == "assigned_on" else pl.col("found_on")
    )
    later = (pl.col("found_on") > as_of) | (belongs > as_of)
    part = _part(scheme, schema, window_from)
    return plan.step(
        findings.with_columns(
            part=part, set_aside=exempt | pl.col("finding_id").is_in(withdrawn) | later, belongs_on=belongs
        ).with_columns(
            disposition=pl.when(later)
            .then(pl.lit("after_as_of"))
            .when((belongs < period.start) | (belongs > period.end))
            .then(pl.lit("other_period"))
            .when(pl.col("finding_id").is_in(withdrawn))
            .then(pl.lit("withdrawn"))
            .when(exempt)
            .then(pl.lit("exempt"))
            .when(pl.col("part").is_null())
            .then(pl.lit("no_part"))
            .when(pl.col("town").is_in(unchecked))
            .then(pl.lit("not_checked"))
            .otherwise(pl.lit("priced"))
        )
    ).drop("delegated_on")


def _part(scheme: Scheme, schema: pl.Schema, as_of: date) -> pl.Expr:
    """Return the part that takes a finding: the first row of the allotment that matches.

    Null where none does, "" without parts.
    """
    if scheme.parts is None:
        return pl.lit("")
    part = pl.lit(None, dtype=pl.String)
    for row in reversed(scheme.parts.allot):
        test = holds(row.when, schema)
        if row.months is not None:
            test &= pl.col("found_on") >= months_back(as_of, row.months)
        part = pl.when(test).then(pl.lit(row.part)).otherwise(part)
    return part


def _part_then(scheme: Scheme, schema: pl.Schema, period: Period, as_of: date, frozen: Before) -> pl.Expr:
    """Return the part of a finding in its own period.

    The windows of a published one are counted back from its own day, whatever became known of it since.
    """
    part = _part(scheme, schema, as_of)
    for label, day in frozen.as_of.items():
        part = pl.when(pl.col("bucket") == label).then(_part(scheme, schema, day)).otherwise(part)
    return pl.when(pl.col("bucket") == period.id).then("part").otherwise(part)


def _bucket(findings: pl.DataFrame, scheme: Scheme, period: Period) -> pl.Expr:
    """Return the period of the run's kind that a finding belongs to; pairs never cross it."""
    days = findings.get_column("belongs_on").unique().drop_nulls().to_list()
    return pl.col("belongs_on").replace_strict(
        {day: _period_of(day, period, scheme) for day in days}, default="", return_dtype=pl.String
    )


def _period_of(day: date, period: Period, scheme: Scheme) -> str:
    if period.holds(day):
        return period.id
    labels = {
        "month": ["{y}-{m:02d}"],
        "quarter": ["{y}Q1", "{y}Q2", "{y}Q3", "{y}Q4"],
        "half": ["{y}H1", "{y}H2"],
        "year": ["{y}"],
        "interval": [],
    }[period.kind]
    # A period may close before its calendar end, so the next month and year are looked at too.
    for year in (day.year, day.year + 1):
        for month in (day.month, day.month % 12 + 1):
            for label in labels:
                span = parse_period(label.format(y=year, m=month), scheme.calendar)
                if span is not None and span.holds(day):
                    return span.id
    return next((i.id for i in scheme.calendar.intervals if i.from_ <= day <= i.to), "")


def _points(findings: pl.LazyFrame, scheme: Scheme, units: Units) -> pl.LazyFrame:
    """Step 5: charge = price × quantity × repeat; credit = share × charge; extras add up.

    A finding whose matter a published period has charged costs its excess alone, and bears no extras.
    """
    states = scheme.rectification.states
    multipliers = scheme.repeats.multipliers if scheme.repeats else (Fraction(1),)
    steps = {number: int(value * units.multiplier) for number, value in enumerate(multipliers)}
    kept = pl.col("disposition") == "priced"
    shares = {
        name: int((getattr(states, name) or states.on_time).share * units.share) for name in type(states).model_fields
    }
    multiplier = (
        pl.col("occasions").fill_null(0).clip(0, len(multipliers) - 1).replace_strict(steps, return_dtype=pl.Int64)
    )
    base = pl.col("price_units") * pl.col("quantity")
    already = pl.min_horizontal(base, pl.col("already").fill_null(0))
    raw = pl.col("raw_charge")
    findings = (
        findings.with_columns(multiplier_units=pl.when(kept).then(multiplier))
        .with_columns(raw_charge=(base - already) * pl.col("multiplier_units"))
        .with_columns(
            base_units=pl.when(kept).then(base * (units.points // units.price)),
            already_units=pl.when(kept).then(already * (units.points // units.price)),
            charge_units=raw * (units.points // (units.price * units.multiplier)),
            credit_units=raw
            * pl.col("share_state").replace_strict(shares, default=0, return_dtype=pl.Int64)
            * (units.points // (units.price * units.multiplier * units.share)),
        )
    )
    extras = []
    for name, consequence in with_extras(scheme).items():
        flag = pl.col(EVENTS[name]) if name in EVENTS else (pl.col("state") == name)
        amount = pl.lit(int(consequence.extra * units.points), dtype=pl.Int64)
        if scheme.rectification.extra_per == "quantity":
            amount = amount * pl.col("quantity")
        elif scheme.rectification.extra_per == "charge":
            amount = raw * int(consequence.extra * (units.points // (units.price * units.multiplier)))
        # Of a matter that is charged already its frozen finding bears what its state adds.
        charged = kept & pl.col("frozen_in").is_null() & flag.fill_null(False)
        extras.append(pl.when(charged).then(amount).otherwise(0).alias(f"extra_{name}"))
    return (
        findings.with_columns(extras)
        .with_columns(
            extra_units=pl.sum_horizontal(pl.lit(0, dtype=pl.Int64), *(f"extra_{n}" for n in with_extras(scheme)))
        )
        .with_columns(net_units=pl.col("charge_units") - pl.col("credit_units") + pl.col("extra_units"))
        .drop("raw_charge")
    )


def _sums(findings: pl.DataFrame, scheme: Scheme) -> pl.DataFrame:
    """Add up step 5 by `town`, `part`, `indicator`: `net`, `fired`, `findings`.

    A zero-out that fixing lifts is lifted here.
    """
    by_fix = [i.id for _, i in scheme.indicators() if i.rule.kind == "deduct" and i.rule.zero_out_lifted_by == "fix"]
    mended = pl.col("state").is_in(["on_time", "late", "extended", "self_reported"])
    fires = pl.col("zero_out") & ~(mended & pl.col("indicator").is_in(by_fix))
    keys = ["town", "indicator"] + ([] if scheme.parts is None else ["part"])
    return (
        findings.lazy()
        .filter(pl.col("disposition") == "priced")
        .group_by(keys)
        .agg(net=pl.col("net_units").sum(), fired=fires.any(), findings=pl.len())
        .with_columns(pl.col("part") if scheme.parts is not None else pl.lit("").alias("part"))
        .select("town", "part", "indicator", "net", "fired", "findings")
        .collect()
    )
