"""The state of each matter at a date: what its reports, deadlines, appeals and letters say by then.

Facts only, no points.

A *matter* is a finding, or two findings that pair (scoring.pricing.matters); `matter` is the finding_id of the one
that is kept.
Policy terms are design.md's "State and time" and semantics.md's "States and extras".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import polars as pl

from schemas.scheme import Scheme
from scoring.columns import rows_of
from scoring.conditions import holds
from scoring.plan import Plan
from scoring.reported import fold_reports, known_reports, of_finding
from scoring.workdays import Workdays

# Of what the bureau logs, that which is no letter asking the town to correct a problem. A referral above all must leave
# no trace in what a town is handed.
_NO_NOTICE = ("work_note", "phone_reminder", "on_site_guidance", "referral")


def stopped_days(findings: pl.DataFrame, reports: pl.DataFrame, appeals: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Return the intervals in which each matter's clock stands still, merged.

    The keeper's appeals (on the finding or on a verdict of its fix) stop it, and the days from a report's submission
    to its being sent back, of both findings.

    Parameters
    ----------
    findings
        `finding_id`, `matter`, `keeps` (Boolean: the matter is this finding's).
    reports
        `matter`, `submitted_on`, `verified_on`, `verdict`.

    Returns
    -------
    `matter`, `first`, `end` (days d with first ≤ d < end), `nth` (0 for a matter's first interval).
    """
    on_findings = appeals.filter(pl.col("target").is_in(["finding", "verdict"]) & (pl.col("filed_on") <= as_of))
    # Only the keeper's own appeals count.
    appealed = on_findings.join(findings.filter("keeps"), left_on="target_id", right_on="finding_id")
    back = reports.filter((pl.col("verdict") == "sent_back") & pl.col("verified_on").is_not_null())
    stops = pl.concat(
        [
            appealed.select(
                "matter",
                first="filed_on",
                end=pl.min_horizontal(pl.col("decided_on").fill_null(as_of), pl.lit(as_of)),
            ),
            back.select("matter", first="submitted_on", end="verified_on"),
        ]
    )
    stops = stops.filter(pl.col("end") > pl.col("first"))
    several = stops["matter"].is_duplicated()
    merged = (
        stops.filter(several)
        .sort("matter", "first", "end")
        .with_columns(before=pl.col("end").cum_max().shift().over("matter"))
        .with_columns(nth=(pl.col("first") > pl.col("before")).fill_null(False).cum_sum().over("matter"))
        .group_by("matter", "nth", maintain_order=True)
        .agg(pl.col("first").min(), pl.col("end").max())
    )
    # Most clocks stand still but once.
    once = stops.filter(~several).select("matter", pl.lit(0).cast(merged.schema["nth"]).alias("nth"), "first", "end")
    return pl.concat([merged, once])


def deadlines(findings: pl.DataFrame, stops: pl.DataFrame, scheme: Scheme, workdays: Workdays) -> pl.DataFrame:
    """Return `finding_id`, `original_due`, `due` (Date, null where there is no deadline) for each finding, in order.

    Explicit dates (`extended_to`, else `due_on`) count calendar days, severities count working days from the day
    after the start. `original_due` is the deadline without its extension. Stopped days move both: due is the first day
    by which as many days that were not stopped have passed.
    """
    allowed = {s.id: s.working_days for s in scheme.severities if s.working_days is not None}
    start = "assigned_on" if scheme.rectification.deadline_from == "assigned_on" else "found_on"
    by_severity = (
        pl.col("severity").replace_strict(allowed, default=None, return_dtype=pl.Int64)
        if allowed
        else pl.lit(None, dtype=pl.Int64)
    )
    frame = findings.select(
        "finding_id",
        "matter",
        start=pl.coalesce(start, "found_on"),
        explicit=pl.coalesce("extended_to", "due_on"),
        first_due="due_on",
        days=pl.when(pl.col("due_on").is_null()).then(by_severity),
    )
    counted = _of_each(frame, "start", "days", workdays.after, pl.Date)
    frame = frame.with_columns(
        due=pl.coalesce("explicit", counted), original_due=pl.coalesce("first_due", counted)
    ).with_row_index("row")
    stopped = frame.join(stops, on="matter", how="semi")
    if stopped.is_empty():
        return frame.select("finding_id", "original_due", "due")
    later = stopped.select(
        "row",
        later_original=_moved(stopped, "original_due", "first_due", stops, workdays),
        later=_moved(stopped, "due", "explicit", stops, workdays),
    )
    return frame.join(later, on="row", how="left", maintain_order="left").select(
        "finding_id",
        original_due=pl.coalesce("later_original", "original_due"),
        due=pl.coalesce("later", "due"),
    )


def _moved(frame: pl.DataFrame, due: str, explicit: str, stops: pl.DataFrame, workdays: Workdays) -> pl.Series:
    """Return a deadline moved by the stopped days in (start, due], working days where the deadline counts those.

    A deadline that falls into an interval, or past it, has all of the interval's days before it in the end.
    """
    moved = frame.select("row", "matter", "start", due=due, days=pl.when(pl.col(explicit).is_null()).then("days"))
    before = pl.duration(days=1)
    for nth in range(int(stops["nth"].max()) + 1):  # type: ignore[arg-type]
        hit = (
            moved.join(stops.filter(pl.col("nth") == nth), on="matter")
            .with_columns(low=pl.max_horizontal(pl.col("first") - before, "start"), high=pl.col("end") - before)
            .filter((pl.col("due") > pl.col("low")) & (pl.col("high") > pl.col("low")))
        )
        working = _of_each(hit.filter(pl.col("days").is_not_null()), "low", "high", workdays.between, pl.Int64)
        counting = hit.filter(pl.col("days").is_not_null()).with_columns(days=pl.col("days") + working)
        later = pl.concat(
            [
                counting.select("row", "days", later=_of_each(counting, "start", "days", workdays.after, pl.Date)),
                hit.filter(pl.col("days").is_null()).select(
                    "row", "days", later=pl.col("due") + (pl.col("high") - pl.col("low"))
                ),
            ]
        )
        moved = moved.join(later, on="row", how="left", maintain_order="left", suffix="_then").select(
            "row", "matter", "start", due=pl.coalesce("later", "due"), days=pl.coalesce("days_then", "days")
        )
    return moved["due"]


def _of_each(
    frame: pl.DataFrame, one: str, other: str, function: Callable[..., object], dtype: type[pl.DataType]
) -> pl.Series:
    """Apply a function of Python to two columns: once for each pair of values, which are few; null for none."""
    pairs = frame.select(one, other).drop_nulls().unique()
    values = pl.Series([function(a, b) for a, b in pairs.iter_rows()], dtype=dtype)
    return frame.join(pairs.with_columns(_of=values), on=[one, other], how="left", maintain_order="left")["_of"]


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
        The findings of the matters (keepers and partners) with the columns `matter` (a number or a text that the
        findings of a matter share) and `keeps` (Boolean: this finding is the one that is kept).

    Returns
    -------
    One row a matter, in the order of the findings that are kept: `matter`, `state` (a key of the scheme's states),
    `share_state` (the state whose share is credited; null for none),
    `overdue`, `sent_back`, `false_report`, `letter_twice`, `fixed` (Boolean), `due`, `fixed_on` (Date).
    """
    policy = scheme.rectification
    # From here on a matter is the row of the finding that is kept.
    kept = findings["matter"].filter(findings["keeps"])
    numbers = pl.int_range(kept.len(), dtype=pl.UInt32, eager=True)
    findings = findings.with_columns(matter=rows_of(kept, findings["matter"])).filter(pl.col("matter").is_not_null())
    matters = findings.select("finding_id", "matter", "keeps")
    reports = plan.collect(known_reports(rectifications, as_of))
    of = of_finding(reports)
    own = rows_of(findings["place" if of == "finding" else of], reports[of])
    reports = reports.drop({of, "finding_id"}).with_columns(matter=findings["matter"].gather(own))
    reports = reports.filter(pl.col("matter").is_not_null())
    due = deadlines(findings, stopped_days(matters, reports, appeals, as_of), scheme, workdays)
    self_reported = holds(policy.self_reported_when, findings.schema) if policy.self_reported_when else pl.lit(False)
    stated = findings.select(
        "matter", "keeps", self_reported=self_reported, extended=pl.col("extended_to").is_not_null()
    ).with_columns(due["due"], due["original_due"])
    partners = stated.lazy().filter(~pl.col("keeps")).group_by("matter").agg(other=pl.col("due").min()).collect()
    folded = plan.collect(plan.step(fold_reports(reports, policy.timely_by)))
    twice = same_letter_twice(letters, matters.lazy(), as_of).collect().with_columns(letter_twice=True)
    told = (
        one.select(pl.exclude("matter").gather(rows_of(one["matter"], numbers))) for one in (partners, folded, twice)
    )
    facts = (
        pl.concat([stated.filter("keeps"), *told], how="horizontal")
        .lazy()
        .with_columns(
            pl.col("false_report", "sent_back", "letter_twice").fill_null(False), due=pl.min_horizontal("due", "other")
        )
    )
    return plan.collect(_judge(facts, scheme, as_of)).with_columns(matter=kept)


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
