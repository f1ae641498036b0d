"""The matters that a fix still helps, and the reports by which they are fixed as of the day of the assessment.

What waits for its verdict is accepted as it was handed in; for anything else a report is handed in and accepted on the
day. Every gain is what the engine itself makes of those reports, never worked out beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Literal

import polars as pl

from schemas.scheme import Scheme
from scoring.intake import Tables
from scoring.ledger import Scored
from scoring.ledger.appeals import apply_decisions

Cost = Literal["fixes", "cases"]
COSTS: Final[tuple[Cost, ...]] = ("fixes", "cases")
"""By what effort is counted: each fix as one, or by the cases that the finding names (one where it names none)."""
Place = tuple[str, str, str]
"""Book, part and indicator (or dimension)."""
OWN: Final = ""
"""The book of the period itself; those of published periods are named by `name_of`."""
MENDED: Final = frozenset({"on_time", "late", "extended", "self_reported"})
"""States that lift a zero-out where the scheme lets a fix do so."""
_NOT_MENDED: Final = ("impossible", "long_term")
_JUDGED: Final = ("partly", "sent_back", "false")


@dataclass(frozen=True)
class Matter:
    """An open matter and what its fix does.

    Attributes
    ----------
    id, finding
        The matter's and its finding's id.
    place
        Book, part and indicator.
    gain
        What its fix takes from the indicator's sum, in units; below 0 where it adds.
    lifts
        Whether it fires a zero-out now and its fix lifts that.
    cases
        The cases that it names, at least 1.
    how
        `in_time`, `late`, or `waits`: handed in already, only the verdict is missing.
    by
        The last day on which the fix is still worth as much; None where no day is named or it has passed.
    period
        The published period that it belongs to; empty for one of the period itself.
    """

    id: str
    finding: str
    place: Place
    gain: int
    lifts: bool
    cases: int
    how: str
    by: date | None
    period: str = ""

    def cost(self, by: Cost) -> int:
        """Return what its fix costs."""
        return 1 if by == "fixes" else self.cases


@dataclass(frozen=True)
class Fixes:
    """How open matters are fixed: facts, and no points.

    Attributes
    ----------
    tables
        The facts with appeals against verdicts carried out, so that no decision falls on a report that is added.
    reports
        `matter`, `finding_id`, `submitted_on` (of the report to be accepted; null where one is handed in).
    as_of
        The day of the assessment.
    """

    tables: Tables
    reports: pl.DataFrame
    as_of: date

    def done(self, matters: Collection[str]) -> Tables:
        """Return the facts with these matters fixed."""
        wanted = self.reports.filter(pl.col("matter").is_in(list(matters)))
        frame = self.tables.rectifications
        accepted = wanted.filter(pl.col("submitted_on").is_not_null()).select(
            "finding_id", "submitted_on", accept=pl.lit(value=True)
        )
        marked = frame.join(accepted, on=["finding_id", "submitted_on"], how="left", maintain_order="left")
        accept = pl.col("accept").fill_null(value=False)
        changed = marked.with_columns(
            verdict=pl.when(accept).then(pl.lit("passed")).otherwise("verdict"),
            verified_on=pl.when(accept).then(pl.lit(self.as_of)).otherwise("verified_on"),
        ).drop("accept")
        day = pl.lit(self.as_of)
        new = wanted.filter(pl.col("submitted_on").is_null()).select(
            "finding_id",
            submitted_on=day,
            completed_on=day,
            verified_on=day,
            outcome=pl.lit("done"),
            verdict=pl.lit("passed"),
        )
        together = pl.concat([changed, new], how="diagonal_relaxed").select(frame.columns)
        return replace(self.tables, rectifications=together)


def name_of(period: str, town: str) -> str:
    """Return the name of a published period's book, of a town by its code of then."""
    return f"{period}:{town}"


def fixes_of(books: Sequence[Scored], tables: Tables, as_of: date) -> Fixes:
    """Find every open matter of some scored periods and how it is fixed.

    A matter one of whose reports was judged on the very day is left out: a further one can be handed in tomorrow only.
    """
    settled = _settled(tables, as_of)
    reports = pl.concat([_reports(scored, settled, as_of) for scored in books])
    return Fixes(settled, reports.unique("matter", keep="first", maintain_order=True), as_of)


def _reports(scored: Scored, settled: Tables, as_of: date) -> pl.DataFrame:
    open_ = open_findings(scored).select("matter", finding="finding_id")
    own = scored.charges.findings.filter(pl.col("matter").is_in(open_["matter"].implode()))
    members = pl.concat(
        [own.select("matter", "finding_id"), open_.select("matter", finding_id="matter")], how="vertical"
    ).unique()
    policy = scored.scheme.rectification
    timely = pl.coalesce("completed_on", "submitted_on") if policy.timely_by == "completed_on" else "submitted_on"
    waiting = pl.col("verdict").is_null() | (pl.col("verified_on") > as_of).fill_null(value=False)
    reports = (
        settled.rectifications.filter(pl.col("submitted_on") <= as_of)
        .select("finding_id", "submitted_on", "outcome", "verified_on", "verdict", timely=timely)
        .with_columns(verdict=pl.when(waiting).then(pl.lit("waiting")).otherwise("verdict"))
        .join(members, on="finding_id")
    )
    judged_today = reports.filter(pl.col("verdict").is_in(_JUDGED) & (pl.col("submitted_on") == as_of))["matter"]
    waits = (
        reports.with_columns(
            after=pl.col("submitted_on").filter(pl.col("verdict") != "waiting").max().over("matter"),
            plain=~pl.col("outcome").is_in(_NOT_MENDED).fill_null(value=False),
        )
        .filter((pl.col("verdict") == "waiting") & (pl.col("submitted_on") >= pl.col("after").fill_null(date.min)))
        # What says that it cannot be mended is not accepted as a fix, unless no other can be handed in today.
        .filter(pl.col("plain") | (pl.col("submitted_on") == as_of))
        .sort("matter", "plain", "timely", "submitted_on", "finding_id", descending=[False, True, False, False, False])
        .unique("matter", keep="first", maintain_order=True)
        .select("matter", by_report="finding_id", submitted_on="submitted_on")
    )
    stated = scored.charges.findings.filter(pl.col("state") == "waiting")["matter"]
    waits = waits.filter(pl.col("matter").is_in(stated.implode()))
    return (
        open_.filter(~pl.col("matter").is_in(judged_today.implode()))
        .join(waits, on="matter", how="left", maintain_order="left")
        .select("matter", "submitted_on", finding_id=pl.coalesce("by_report", "finding"))
    )


def open_findings(scored: Scored) -> pl.DataFrame:
    """Return the priced findings whose matter is not fixed and can still earn credit."""
    return scored.charges.findings.filter(
        (pl.col("disposition") == "priced")
        & ~pl.col("fixed").fill_null(value=True)
        & (pl.col("state") != "false_report")
        & pl.col("town").is_in(list(scored.scores))
    )


def _settled(tables: Tables, as_of: date) -> Tables:
    """Carry out the decided appeals against verdicts now; they go on stopping the clock."""
    decided, _ = apply_decisions(tables, as_of)
    known = (pl.col("target") == "verdict") & (pl.col("decided_on") <= as_of).fill_null(value=False)
    appeals = tables.appeals.with_columns(
        decision=pl.when(known).then(pl.lit("uphold")).otherwise("decision"),
        new_value=pl.when(known).then(None).otherwise("new_value"),
    )
    return replace(tables, rectifications=decided.rectifications, appeals=appeals)


def matters_of(before: Scored, after: Scored, fixes: Fixes, period: str = "") -> dict[str, list[Matter]]:
    """Compare a period as it stands with all open matters fixed, and return by town what each fix does.

    Matters that no fix helps are left out. The order is fixed: the most gain first, then the earliest deadline.

    Parameters
    ----------
    period
        The published one that is compared.
    """
    by_fix = lifted_by_fix(before.scheme)
    fixed = {
        finding: (net, state)
        for finding, net, state in after.charges.findings.filter(pl.col("disposition") == "priced")
        .select("finding_id", "net_units", "state")
        .iter_rows()
    }
    reports = dict(fixes.reports.select("matter", "submitted_on").iter_rows())
    extended = before.scheme.rectification.states.extended is not None
    found: dict[str, list[Matter]] = {}
    for row in open_findings(before).iter_rows(named=True):
        if row["matter"] not in reports or row["finding_id"] not in fixed:
            continue
        net, state = fixed[row["finding_id"]]
        matter = Matter(
            id=row["matter"],
            finding=row["finding_id"],
            place=(name_of(period, row["town"]) if period else OWN, row["part"], row["indicator"]),
            gain=row["net_units"] - net,
            lifts=bool(row["zero_out"]) and row["indicator"] in by_fix and state in MENDED,
            cases=max(row["cases"] or 1, 1),
            how="waits" if reports[row["matter"]] else "late" if state == "late" else "in_time",
            by=None if reports[row["matter"]] else _by(row, state, fixes.as_of, extended=extended),
            period=period,
        )
        if matter.gain > 0 or matter.lifts:
            found.setdefault(row["town"], []).append(matter)
    for matters in found.values():
        matters.sort(key=lambda m: (-m.gain, m.by or date.max, m.id))
    return found


def lifted_by_fix(scheme: Scheme) -> frozenset[str]:
    """Return the indicators whose zero-out an accepted fix lifts."""
    return frozenset(
        i.id for _, i in scheme.indicators() if i.rule.kind == "deduct" and i.rule.zero_out_lifted_by == "fix"
    )


def _by(row: Mapping[str, object], state: str, as_of: date, *, extended: bool) -> date | None:
    """Return the last day for a fix that is worth as much; where extended ones have their own share, the first."""
    first = row["due_on"] if extended and state == "on_time" and row["extended_to"] else None
    day = first or row["due"]
    assert day is None or isinstance(day, date)
    return day if day is not None and day >= as_of else None


def entangled(before: Scored, after: Scored) -> list[str]:
    """Return the towns in which what fixes give back is no sum.

    Findings pair or are priced otherwise once reports are added, or an open matter is charged in two periods.
    """
    columns = ["town", "finding_id", "disposition", "matter", "charge_units"]
    one, other = (
        s.charges.findings.filter(pl.col("disposition").is_in(["priced", "duplicate"])) for s in (before, after)
    )
    differing = one.select(columns).join(other.select(columns), on=columns, how="anti", nulls_equal=True)
    across = open_findings(before).filter(pl.col("frozen_in").is_not_null())
    return pl.concat([differing["town"], across["town"]]).unique().to_list()
