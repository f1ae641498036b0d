"""The matters of a bureau at a day, as the engine prices them: the same pairs, exemptions, appeals and states."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any, Final

import polars as pl

from schemas.scheme import Scheme
from schemas.tables import catalogue
from scoring.intake import Tables
from scoring.ledger.appeals import apply_decisions
from scoring.ledger.charges import charge
from scoring.ledger.facts import assessed_towns
from scoring.ledger.past import Frozen, charged_by_store, held_by_store
from scoring.periods import Period
from scoring.plan import Plan
from scoring.reported import known_reports
from scoring.supervision.escalation.ladder import STEPS, Letter, Matter
from scoring.supervision.escalation.policy import FIRST
from scoring.timeline import deadlines, matter_states, stopped_days
from scoring.workdays import Workdays

_ASIDE: Final = ("after_as_of", "other_period", "withdrawn", "exempt", "gone")
_PLAN: Final = Plan()


@dataclass(frozen=True)
class Span:
    """A period in which problems were found, the scheme in force for it, and the tables as read by its words."""

    period: Period
    scheme: Scheme
    tables: Tables


def matters_at(spans: Sequence[Span], on: date, past: Sequence[Frozen], workdays: Workdays) -> list[Matter]:
    """Return every matter that counts at `on`, by town, day and number.

    Withdrawn and exempt findings are none, and of a pair there is the one that is kept. What no part of a scheme takes
    up costs nothing, but is to be mended all the same. Towns that merged bear the code of the town that they became.

    Raises
    ------
    Refused
        The engine cannot price the facts, or no calendar covers a year.
    """
    found: dict[str, Matter] = {}
    for span in spans:
        for matter in _of(span, on, past, workdays):
            found.setdefault(matter.id, matter)
    return sorted(found.values(), key=lambda one: (one.town, one.finding["found_on"], one.id))


def _of(span: Span, on: date, past: Sequence[Frozen], workdays: Workdays) -> list[Matter]:
    scheme, period = verifying(span.scheme), span.period
    tables, _ = apply_decisions(span.tables, on)
    _, merged = assessed_towns(tables.towns, period)
    tables = replace(tables, findings=tables.findings.with_columns(pl.col("town").replace(merged)))
    held = held_by_store(past, period, tables, on) if scheme.repeats or scheme.duplicates else None
    frozen = charged_by_store(past, on) if scheme.duplicates else None
    # A town that nobody checked is to mend its problems like any other.
    priced = charge(tables, scheme, period, on, [], workdays, _PLAN, held=held, frozen=frozen).findings
    priced = priced.filter(~pl.col("disposition").is_in(_ASIDE))
    loose = priced.filter(pl.col("disposition") == "no_part").with_columns(matter="finding_id")
    kept = pl.concat([priced.filter(pl.col("matter") == pl.col("finding_id")), loose], how="diagonal_relaxed")
    if kept.is_empty():
        return []
    members = pl.concat([priced.filter(pl.col("matter").is_not_null()), loose], how="diagonal_relaxed")
    members = members.unique("finding_id", maintain_order=True)
    states = {row["matter"]: row for row in kept.filter(pl.col("state").is_not_null()).iter_rows(named=True)}
    if loose.height:
        own = matter_states(
            loose.with_columns(keeps=True),
            tables.rectifications,
            tables.appeals,
            tables.letters,
            scheme,
            on,
            workdays,
            _PLAN,
        ).to_dicts()
        states |= {row["matter"]: row for row in own}
    return _matters(kept, members, states, tables, scheme, on, workdays)


def verifying(scheme: Scheme) -> Scheme:
    """Return the scheme with nothing mended before the bureau has verified it, even where credit comes earlier."""
    if scheme.rectification.credit_on == "verified":
        return scheme
    strict = scheme.rectification.model_copy(update={"credit_on": "verified"})
    return scheme.model_copy(update={"rectification": strict})


def _matters(
    kept: pl.DataFrame,
    members: pl.DataFrame,
    states: Mapping[str, Mapping[str, Any]],
    tables: Tables,
    scheme: Scheme,
    on: date,
    workdays: Workdays,
) -> list[Matter]:
    ids: dict[str, list[str]] = defaultdict(list)
    for finding, matter in members.select("finding_id", "matter").iter_rows():
        ids[matter].append(finding)
    of = {finding: matter for matter, own in ids.items() for finding in own}
    letters = _letters(members, of, tables, scheme, on, workdays)
    _, merged = assessed_towns(tables.towns, Period("", "interval", on, on))
    pending: dict[str, list[str]] = defaultdict(list)
    open_ = tables.appeals.filter(
        pl.col("target").is_in(["finding", "verdict"])
        & (pl.col("filed_on") <= on)
        & (pl.col("decided_on").is_null() | (pl.col("decided_on") > on))
    )
    for target, appeal in open_.select("target_id", "appeal_id").sort("appeal_id").iter_rows():
        if target in of:
            pending[of[target]].append(appeal)
    known = [name for name in catalogue().tables["findings"].columns if name in kept.columns]
    made = []
    for row in kept.select(known).iter_rows(named=True):
        finding, state = row["finding_id"], states[row["finding_id"]]
        town = merged.get(row["town"], row["town"])
        full = {**row, "town": town, "instrument": _instruments().get((row.get("action") or "").strip())}
        made.append(
            Matter(
                full,
                tuple(sorted(ids[finding])),
                state["state"],
                bool(state["fixed"]),
                state["due"],
                state["fixed_on"],
                tuple(pending[finding]),
                tuple(letters[finding]),
            )
        )
    return made


def _letters(
    members: pl.DataFrame, of: Mapping[str, str], tables: Tables, scheme: Scheme, on: date, workdays: Workdays
) -> dict[str, list[Letter]]:
    """Return the letters about each matter, by day, each with its own deadline moved as the engine moves deadlines."""
    about = (
        tables.letters.filter((pl.col("sent_on") <= on) & pl.col("kind").is_in(list(STEPS)))
        .select("letter_id", "kind", "sent_on", "due_on", finding_id="finding_ids")
        .explode("finding_id")
        .filter(pl.col("finding_id").is_in(list(of)))
        .with_columns(matter=pl.col("finding_id").replace(of))
        .unique(["letter_id", "matter"], keep="first", maintain_order=True)
    )
    matters = members.select("finding_id", "matter", keeps=pl.col("matter") == pl.col("finding_id"))
    reports = known_reports(tables.rectifications, on).join(matters.lazy(), on="finding_id")
    stops = stopped_days(matters, reports.collect(), tables.appeals, on)
    # A letter's deadline is an explicit date whose clock runs from the day on which the letter was sent.
    clocks = about.select(
        pl.concat_str("letter_id", "matter", separator="\0").alias("finding_id"),
        "matter",
        found_on="sent_on",
        assigned_on="sent_on",
        due_on="due_on",
        extended_to=pl.lit(None, dtype=pl.Date),
        severity=pl.lit(None, dtype=pl.String),
    )
    due = dict(deadlines(clocks, stops, scheme, workdays).select("finding_id", "due").iter_rows())
    found: dict[str, list[Letter]] = defaultdict(list)
    for letter, kind, sent, matter in about.select("letter_id", "kind", "sent_on", "matter").iter_rows():
        found[matter].append(Letter(letter, kind, sent, due[f"{letter}\0{matter}"]))
    for own in found.values():
        own.sort(key=lambda one: (one.sent_on, STEPS[one.kind], one.letter_id))
    return found


@cache
def _instruments() -> dict[str, str]:
    """Return what the words of `action` say: the instruments of steps 1 to 3, as the letters table calls them."""
    choices = catalogue().tables["letters"].columns["kind"].choices
    return {word: kind for kind, words in choices.items() if kind in FIRST for word in words}


def days_of(findings: pl.DataFrame, on: date) -> list[date]:
    """Return the days that may say to which period a finding belongs, up to `on`, in order."""
    days = {*findings["found_on"], *findings["assigned_on"].drop_nulls()}
    return sorted(day for day in days if day <= on)


def clues(tables: Tables, on: date, denials: Sequence[str]) -> list[tuple[str, str]]:
    """Return (town, finding) of those marked as a clue to an offence of which no referral is logged by `on`.

    For the officer's eyes alone.
    """
    referrals = tables.letters.filter((pl.col("kind") == "referral") & (pl.col("sent_on") <= on))
    referred = set(referrals["finding_ids"].explode().drop_nulls().to_list())
    marked = tables.findings.filter(
        (pl.col("found_on") <= on) & pl.col("discipline_clue").is_not_null() & ~pl.col("discipline_clue").is_in(denials)
    )
    rows = marked.sort("town", "finding_id").select("town", "finding_id").iter_rows()
    return [(town, finding) for town, finding in rows if finding not in referred]


def twice_logged(letters: pl.DataFrame, on: date) -> list[tuple[str, ...]]:
    """Return groups of letter ids of one town, kind and day that name a finding: perhaps one, logged twice."""
    named = letters.filter(pl.col("sent_on") <= on).explode("finding_ids").drop_nulls("finding_ids")
    groups = named.group_by("town", "kind", "sent_on", "finding_ids").agg(pl.col("letter_id").unique().sort())
    return sorted({tuple(ids) for ids in groups["letter_id"].to_list() if len(ids) > 1})
