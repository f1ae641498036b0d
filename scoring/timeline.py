"""The state of each matter at a date: what its reports, deadlines, appeals and letters say by then.

Facts only, no points.

A *matter* is a finding, or two findings that pair (scoring.pricing.matters); `matter` is the finding_id of the one
that is kept.
Policy terms are design.md's "State and time" and semantics.md's "States and extras".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

import polars as pl

from schemas.scheme import Scheme
from scoring.conditions import holds
from scoring.plan import Plan
from scoring.problems import Refused, problem
from scoring.workdays import Workdays

# Of two reports of one matter on one day, the less favourable counts last.
_UNFAVOURABLE = {"passed": 0, "ended": 1, "partly": 2, "waiting": 3, "sent_back": 4, "false": 5}

# Of what the bureau logs, that which is no letter asking the town to correct a problem. A referral above all must leave
# no trace in what a town is handed.
_NO_NOTICE = ("work_note", "phone_reminder", "on_site_guidance", "referral")

Interval = tuple[date, date]
"""Days d with first ≤ d < second, on which a clock stands still."""


def known_reports(rectifications: pl.DataFrame, as_of: date) -> pl.LazyFrame:
    """Return the reports submitted by `as_of` with the verdict known by then.

    A verdict that was given after `as_of` is not known yet: the report is waiting.

    Raises
    ------
    Refused
        Two reports of one finding on one day differ (`reports-of-one-day-differ`).
    """
    facts = ["finding_id", "submitted_on", "completed_on", "verified_on", "outcome", "verdict"]
    reports = rectifications.filter(pl.col("submitted_on") <= as_of).unique(facts, keep="any")
    twice = reports.filter(pl.struct("finding_id", "submitted_on").is_duplicated())
    if twice.height:
        rows = twice.sort("finding_id", "submitted_on", "source_file", "source_sheet", "source_row").to_dicts()
        raise Refused(
            [problem("reports-of-one-day-differ", r, finding=r["finding_id"], day=r["submitted_on"]) for r in rows]
        )
    unknown = pl.col("verdict").is_null() | (pl.col("verified_on") > as_of).fill_null(False)
    return reports.lazy().select(
        *facts[:5], verdict=pl.when(unknown).then(pl.lit("waiting")).otherwise(pl.col("verdict"))
    )


def fold_reports(reports: pl.LazyFrame, matters: pl.LazyFrame, timely_by: str) -> pl.LazyFrame:
    """Fold the reports of each matter into one row.

    Parameters
    ----------
    reports
        What `known_reports` returns.
    matters
        `finding_id`, `matter`.
    timely_by
        `submitted_on`, or `completed_on` (the town's own claim; the submission where it is empty).

    Returns
    -------
    One row a matter that has reports: `false_report`, `sent_back` (Boolean, ever), `last` (the last verdict),
    `closed_by` (passed or ended: the first acceptance that stands), the dates `closed_on` (its timely date),
    `closed_submitted_on`, `waiting_on` (of the first report still waiting), `waiting_since` (the earliest of theirs),
    `good_on` (first report that keeps the matter from being overdue), `outcome` (of the closing report, else of the
    first that waits).
    """
    timely = pl.coalesce("completed_on", "submitted_on") if timely_by == "completed_on" else pl.col("submitted_on")
    verdict = pl.col("verdict")
    i = pl.col("i")

    def last_where(test: pl.Expr) -> pl.Expr:
        return pl.when(test).then(i).otherwise(-1).max().over("matter")

    def first_where(test: pl.Expr) -> pl.Expr:
        return pl.when(test).then(i).min().over("matter")

    indexed = (
        reports.join(matters, on="finding_id", how="inner")
        .with_columns(timely=timely, unfavourable=verdict.replace_strict(_UNFAVOURABLE, return_dtype=pl.Int8))
        # Full ties say the same thing, so their order cannot matter; the rest of the key makes it fixed.
        .sort("matter", "submitted_on", "unfavourable", "timely", "outcome")
        .with_columns(i=pl.int_range(pl.len(), dtype=pl.Int64))
        .with_columns(
            last_false=last_where(verdict == "false"),
            last_reset=last_where(verdict.is_in(["sent_back", "false"])),
            last_judged=last_where(verdict != "waiting"),
            last_i=i.max().over("matter"),
        )
        .with_columns(
            closing=first_where(verdict.is_in(["passed", "ended"]) & (i > pl.col("last_reset"))),
            first_waiting=first_where((verdict == "waiting") & (i > pl.col("last_judged"))),
        )
    )
    good = (verdict.is_in(["passed", "ended"]) & (i > pl.col("last_false"))) | (
        (verdict == "waiting") & (i > pl.col("last_judged"))
    )
    closing = pl.col("closing")
    return indexed.group_by("matter").agg(
        false_report=(verdict == "false").any(),
        sent_back=(verdict == "sent_back").any(),
        last=verdict.filter(i == pl.col("last_i")).first(),
        closed_by=verdict.filter(i == closing).first(),
        closed_on=pl.col("timely").filter(i == closing).first(),
        closed_submitted_on=pl.col("submitted_on").filter(i == closing).first(),
        waiting_on=pl.col("timely").filter(i == pl.col("first_waiting")).first(),
        waiting_since=pl.col("timely").filter(i >= pl.col("first_waiting")).min(),
        good_on=pl.col("timely").filter(good).min(),
        outcome=pl.col("outcome").filter(i == pl.coalesce("closing", "first_waiting")).first(),
    )


def stopped_days(
    findings: pl.DataFrame, reports: pl.DataFrame, appeals: pl.DataFrame, as_of: date
) -> dict[str, list[Interval]]:
    """Return the intervals in which each matter's clock stands still, merged.

    The keeper's appeals (on the finding or on a verdict of its fix) stop it, and the days from a report's submission
    to its being sent back, of both findings.
    """
    matter_of = dict(zip(findings["finding_id"], findings["matter"], strict=True))
    stops: dict[str, list[Interval]] = defaultdict(list)
    on_findings = appeals.filter(pl.col("target").is_in(["finding", "verdict"]))
    for target, filed, decided in on_findings.select("target_id", "filed_on", "decided_on").iter_rows():
        # Only the keeper's own appeals count; a matter bears its keeper's id.
        if matter_of.get(target) == target and filed is not None and filed <= as_of:
            stops[target].append((filed, min(decided or as_of, as_of)))
    back = reports.filter(pl.col("verdict") == "sent_back").select("finding_id", "submitted_on", "verified_on")
    for finding, submitted, verified in back.iter_rows():
        if finding in matter_of and verified is not None:
            stops[matter_of[finding]].append((submitted, verified))
    return {matter: _merged(intervals) for matter, intervals in stops.items()}


def _merged(intervals: Iterable[Interval]) -> list[Interval]:
    union: list[Interval] = []
    for start, end in sorted(intervals):
        if end <= start:
            continue
        if union and start <= union[-1][1]:
            union[-1] = (union[-1][0], max(end, union[-1][1]))
        else:
            union.append((start, end))
    return union


def deadlines(
    findings: pl.DataFrame, stops: dict[str, list[Interval]], scheme: Scheme, workdays: Workdays
) -> pl.DataFrame:
    """Return `finding_id`, `original_due`, `due` (Date, null where there is no deadline) for each finding.

    Explicit dates (`extended_to`, else `due_on`) count calendar days, severities count working days from the day
    after the start. `original_due` is the deadline without its extension. Stopped days move both: due is the first day
    by which as many days that were not stopped have passed.
    """
    allowed = {s.id: s.working_days for s in scheme.severities if s.working_days is not None}
    start = "assigned_on" if scheme.rectification.deadline_from == "assigned_on" else "found_on"
    frame = findings.select(
        "finding_id",
        "matter",
        start=pl.coalesce(start, "found_on"),
        explicit=pl.coalesce("extended_to", "due_on"),
        first_due="due_on",
        days=pl.col("severity").replace_strict(allowed, default=None, return_dtype=pl.Int64)
        if allowed
        else pl.lit(None, dtype=pl.Int64),
    )
    counted = (
        frame.filter(pl.col("first_due").is_null() & pl.col("days").is_not_null()).select("start", "days").unique()
    )
    lookup = counted.with_columns(
        by_severity=pl.Series([workdays.after(first, days) for first, days in counted.iter_rows()], dtype=pl.Date)
    )
    frame = frame.join(lookup, on=["start", "days"], how="left", maintain_order="left").with_columns(
        due=pl.coalesce("explicit", "by_severity"), original_due=pl.coalesce("first_due", "by_severity")
    )
    moved = [
        (
            finding,
            _moved(first, original, None if first_due else days, stops[matter], workdays),
            _moved(first, due, None if explicit else days, stops[matter], workdays),
        )
        for finding, matter, first, first_due, explicit, days, original, due in frame.filter(
            pl.col("matter").is_in(list(stops))
        )
        .select("finding_id", "matter", "start", "first_due", "explicit", "days", "original_due", "due")
        .iter_rows()
    ]
    schema = {"finding_id": pl.String, "later_original": pl.Date, "later": pl.Date}
    later = pl.DataFrame(moved, schema=schema, orient="row")
    return frame.join(later, on="finding_id", how="left", maintain_order="left").select(
        "finding_id",
        original_due=pl.coalesce("later_original", "original_due"),
        due=pl.coalesce("later", "due"),
    )


def _moved(
    start: date, due: date | None, working_days: int | None, stops: list[Interval], workdays: Workdays
) -> date | None:
    """Return `due` moved by the stopped days in (start, due], working days where the deadline counts those."""
    if due is None:
        return None

    def stopped(until: date) -> int:
        total = 0
        for first, end in stops:
            low, high = max(first - timedelta(days=1), start), min(end - timedelta(days=1), until)
            if high > low:
                total += (high - low).days if working_days is None else workdays.between(low, high)
        return total

    moved, seen = due, 0
    while (count := stopped(moved)) != seen:
        seen = count
        moved = due + timedelta(days=count) if working_days is None else workdays.after(start, working_days + count)
    return moved


def same_letter_twice(letters: pl.DataFrame, matters: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    """Return the matters that two or more letters sent by `as_of` name: one column `matter`.

    Letters are those that ask for correction; hints, calls, guidance on site and referrals are none.
    """
    return (
        letters.lazy()
        .filter((pl.col("sent_on") <= as_of) & ~pl.col("kind").is_in(_NO_NOTICE).fill_null(value=False))
        .select("letter_id", finding_id=pl.col("finding_ids"))
        .explode("finding_id", empty_as_null=True, keep_nulls=True)
        .join(matters, on="finding_id", how="inner")
        .group_by("matter")
        .agg(n=pl.col("letter_id").n_unique())
        .filter(pl.col("n") >= 2)
        .select("matter")
    )


def matter_states(
    findings: pl.DataFrame,
    rectifications: pl.DataFrame,
    appeals: pl.DataFrame,
    letters: pl.DataFrame,
    scheme: Scheme,
    as_of: date,
    workdays: Workdays,
    plan: Plan,
) -> pl.DataFrame:
    """Return the state of every matter at `as_of`.

    Parameters
    ----------
    findings
        The findings of the matters (keepers and partners) with the column `matter`.

    Returns
    -------
    One row a matter: `matter`, `state` (a key of the scheme's states), `share_state` (the state whose share is
    credited; null for none),
    `overdue`, `sent_back`, `false_report`, `letter_twice`, `fixed` (Boolean), `due`, `fixed_on` (Date).
    """
    policy = scheme.rectification
    matters = findings.lazy().select("finding_id", "matter")
    reports = plan.collect(known_reports(rectifications, as_of).join(matters.select("finding_id"), on="finding_id"))
    folded = plan.step(fold_reports(reports.lazy(), matters, policy.timely_by))
    due = deadlines(findings, stopped_days(findings, reports, appeals, as_of), scheme, workdays)
    keepers = findings.lazy().filter(pl.col("finding_id") == pl.col("matter"))
    dues = matters.join(due.lazy(), on="finding_id").group_by("matter").agg(due=pl.col("due").min())
    originals = due.lazy().select(matter="finding_id", original_due="original_due")
    self_reported = holds(policy.self_reported_when, findings.schema) if policy.self_reported_when else pl.lit(False)
    twice = same_letter_twice(letters, matters, as_of).with_columns(letter_twice=True)
    facts = (
        keepers.select("matter", self_reported=self_reported, extended=pl.col("extended_to").is_not_null())
        .join(dues, on="matter", how="left")
        .join(originals, on="matter", how="left")
        .join(folded, on="matter", how="left")
        .join(twice, on="matter", how="left")
        .with_columns(pl.col("false_report", "sent_back", "letter_twice").fill_null(False))
    )
    return plan.collect(plan.step(_judge(facts, scheme, as_of)).sort("matter"))


def _judge(facts: pl.LazyFrame, scheme: Scheme, as_of: date) -> pl.LazyFrame:
    """Name each matter's state. The order of the cases is the policy's own: the gravest first."""
    policy, states = scheme.rectification, scheme.rectification.states
    # With credit on the report alone, a report that waits earns like an accepted one.
    closed_by, credited_on = pl.col("closed_by"), pl.col("closed_on")
    if policy.credit_on == "reported":
        closed_by = pl.coalesce("closed_by", pl.when(pl.col("waiting_on").is_not_null()).then(pl.lit("passed")))
        credited_on = pl.coalesce("closed_on", "waiting_on")
    due_passed = (pl.col("due") < as_of).fill_null(False)
    overdue = due_passed & (pl.col("good_on").is_null() | (pl.col("good_on") > pl.col("due")))
    in_time = pl.col("due").is_null() | (pl.col("credited_on") <= pl.col("due"))
    closed = pl.col("closed_by").is_not_null()
    extended = (
        pl.col("extended") & (pl.col("credited_on") > pl.col("original_due")).fill_null(False)
        if states.extended is not None
        else pl.lit(False)
    )
    self_reported = pl.col("self_reported") if states.self_reported is not None else pl.lit(False)
    state = (
        pl.when(pl.col("false_report"))
        .then(pl.lit("false_report"))
        .when(pl.col("last") == "sent_back")
        .then(pl.lit("sent_back"))
        .when(closed & pl.col("outcome").is_in(["impossible", "long_term"]))
        .then("outcome")
        .when(pl.col("closed_by") == "ended")
        .then(pl.lit("ended"))
        .when(closed & ~in_time)
        .then(pl.lit("late"))
        .when(closed & self_reported)
        .then(pl.lit("self_reported"))
        .when(closed & extended)
        .then(pl.lit("extended"))
        .when(closed)
        .then(pl.lit("on_time"))
        .when(pl.col("last") == "partly")
        .then(pl.lit("partly"))
        .when(pl.col("waiting_on").is_not_null())
        .then(pl.lit("waiting"))
        .when(pl.col("overdue"))
        .then(pl.lit("overdue"))
        .otherwise(pl.lit("open_in_time"))
    )
    # What was handed in late and waits is credited nothing until it is verified; a false report voids credit for good.
    late = (pl.col("waiting_since") > pl.col("due")).fill_null(False)
    nothing = (pl.col("state") == "false_report") | ((pl.col("state") == "waiting") & late)
    return (
        facts.with_columns(overdue=overdue, closed_by=closed_by, credited_on=credited_on)
        .with_columns(state=state)
        # What was reported falsely and then truly fixed keeps its state, but nothing is left to do.
        .with_columns(fixed=closed, share_state=pl.when(~nothing).then(pl.col("state")))
        .select(
            "matter",
            "state",
            "share_state",
            "overdue",
            "sent_back",
            "false_report",
            "letter_twice",
            "fixed",
            "due",
            fixed_on=pl.when("fixed").then(pl.coalesce("closed_submitted_on", "waiting_on")),
        )
    )
