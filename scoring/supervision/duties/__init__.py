"""What the bureau itself owes by the notice, and what its tables say it did: never a town's deduction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal

import polars as pl

from schemas.bundled import load
from scoring.assessment import Assessment
from scoring.intake import Tables
from scoring.intake.fold import name_key
from scoring.periods import Period
from scoring.problems import Refused
from scoring.shapes import DUTIES
from scoring.supervision.tables import Supervision, SupervisionTables, read_supervision
from scoring.workdays import Workdays

Level = Literal["met", "short", "none", "told"]
"""Met or short of a standard of the notice; `none`: no record; `told`: the notice sets no number."""
READ: Final = frozenset({"duties", "hotline", "petitions"})
"""The tables of the supervision that a run looks at; those with persons in them are not opened."""
# Kind of work → the item of docs/supervision.md that asks for it, in the order of the page.
_WORK: Final[Mapping[str, str]] = {
    "setting_out": "guidance", "fund_guidance": "guidance", "monitoring": "73", "matching": "74", "cleaning": "76",
    "conference": "87", "policy_online": "89", "on_wall": "90", "at_door": "91", "training": "92", "exchange": "92",
    "guidance": "92",
}  # fmt: skip
_LONGEST: Final = 366  # working days; more is a slip
_REACHING: Final = frozenset({"on_wall", "at_door", "training", "exchange", "guidance"})
"""Work that is done in towns: how many of them it reached is told."""


def read_own(folder: Path, towns: pl.DataFrame, lang: str) -> Supervision | None:
    """Return what the bureau keeps of its own work; None where it keeps no such folder, or nothing in it."""
    if not folder.is_dir() or not any(not path.name.startswith(".") for path in folder.iterdir()):
        return None
    read = read_supervision(folder, towns, lang=lang, only=READ)
    return read if read.tables.present or read.refused else None


@dataclass(frozen=True)
class _Facts:
    """What the rows are made of, cut to the period."""

    tables: Tables
    own: SupervisionTables
    assessment: Assessment
    start: date
    end: date
    workdays: Workdays

    def within(self, frame: pl.DataFrame, column: str) -> pl.DataFrame:
        return frame.filter(pl.col(column).is_between(self.start, self.end))


def duties(
    tables: Tables, own: SupervisionTables, assessment: Assessment, period: Period, as_of: date, workdays: Workdays
) -> pl.DataFrame:
    """Return what the bureau did of its duties in a period, a row a duty; nothing after `as_of` counts.

    Returns
    -------
    DataFrame
        item (of docs/supervision.md), duty, scope (a month, else ""), done, of, towns, persons, quantity, days (counts;
        null where they mean nothing), last_on (Date), names List(String) (codes of the towns that lack, or words),
        level.
    """
    facts = _Facts(tables, own, assessment, period.start, min(period.end, as_of), workdays)
    rows = [
        _coverage(facts),
        *_samples(facts, period),
        _modes(facts, period),
        *_work(facts),
        _recovered(facts, as_of),
        _answered_letters(facts, as_of),
        *_complaints(facts, as_of),
        *_verified(facts, as_of),
    ]
    blank = dict.fromkeys(DUTIES) | {"scope": "", "names": []}
    return pl.DataFrame([blank | row for row in rows], schema=DUTIES)


def _level(done: int, of: int) -> Level:
    return "none" if not of else "met" if done >= of else "short"


def _coverage(facts: _Facts) -> dict[str, Any]:
    scores = facts.assessment.scores
    missing = scores.filter(~pl.col("checked")).sort("order")["town_code"].to_list()
    done, of = scores.height - len(missing), scores.height
    # Without any checks table nobody knows who was checked: the engine then takes every town as checked.
    if "checks" not in facts.tables.present:
        return {"item": "85", "duty": "coverage", "of": of, "level": "none"}
    return {"item": "85", "duty": "coverage", "done": done, "of": of, "names": missing, "level": _level(done, of)}


def months_of(period: Period) -> list[str]:
    """Return the months of a period, 2025-01: those whose middle lies in it, wherever its months close."""
    day, found = period.start.replace(day=15), []
    while day <= period.end:
        if day >= period.start:
            found.append(f"{day:%Y-%m}")
        day = (day.replace(day=28) + timedelta(days=7)).replace(day=15)
    return found


def _samples(facts: _Facts, period: Period) -> Iterable[dict[str, Any]]:
    """Hold each month's checks against three in ten of each town's newly confirmed cases, rounded up."""
    checks = facts.tables.checks.filter(pl.col("checked_on") <= facts.end)
    by_town = checks.group_by("month", "town").agg(pl.col("newly_confirmed", "sampled").sum())
    order = facts.assessment.scores.select(town="town_code", order="order")
    by_town = by_town.join(order, on="town", how="left").sort("order", "town", nulls_last=True)
    for month in months_of(period):
        if date.fromisoformat(f"{month}-01") > facts.end:
            continue
        own = by_town.filter(pl.col("month") == month)
        new, done = int(own["newly_confirmed"].sum()), int(own["sampled"].sum())
        short = own.filter(10 * pl.col("sampled") < 3 * pl.col("newly_confirmed"))["town"].to_list()
        # A town without a row may have had no new case, or a sheet that never came back: then nobody can say "met".
        whole = own["town"].n_unique() == facts.assessment.scores.height
        level: Level = "none" if own.is_empty() else "short" if short else "met" if whole else "told"
        counts = {"done": done, "of": new, "towns": own.height} if own.height else {}
        yield {"item": "29", "duty": "sample", "scope": month, **counts, "names": short, "level": level}


@cache
def _modes_known() -> tuple[tuple[str, ...], ...]:
    raw = load(files(__package__).joinpath("modes.yaml").read_text("utf-8"))
    return tuple(tuple(words) for words in raw["modes"])


def _modes(facts: _Facts, period: Period) -> dict[str, Any]:
    """Tell which of the notice's ways of supervising the year has seen by the end of the period."""
    year = date(period.end.year, 1, 1)
    found = facts.tables.findings.filter(pl.col("found_on").is_between(year, facts.end))["channel"]
    used = facts.tables.checks.filter(pl.col("checked_on").is_between(year, facts.end))["method"]
    seen = {name_key(text) for text in (*found.drop_nulls(), *used.drop_nulls())}
    missing = [words[0] for words in _modes_known() if not seen & set(map(name_key, words))]
    done, of = len(_modes_known()) - len(missing), len(_modes_known())
    return {"item": "77", "duty": "modes", "done": done, "of": of, "names": missing, "level": _level(done, of)}


def _work(facts: _Facts) -> Iterable[dict[str, Any]]:
    own = facts.within(facts.own.duties, "done_on")
    for kind, item in _WORK.items():
        rows = own.filter(pl.col("kind") == kind)
        if rows.is_empty():
            yield {"item": item, "duty": kind, "level": "none"}
            continue
        reached = {code for codes in rows["towns"].drop_nulls() for code in codes}
        yield {
            "item": item,
            "duty": kind,
            "done": rows.height,
            "of": facts.assessment.scores.height,
            "towns": len(reached) if kind in _REACHING and reached else None,
            "persons": _sum(rows["persons"]),
            "quantity": _sum(rows["quantity"]),
            "last_on": rows["done_on"].max(),
            "level": "told",
        }


def _sum(counts: pl.Series) -> int | None:
    return int(counts.sum()) if counts.drop_nulls().len() else None


def _recovered(facts: _Facts, as_of: date) -> dict[str, Any]:
    """Count the findings with money to recover, and those of which all of it came back by `as_of`."""
    due = facts.within(facts.tables.findings, "found_on").filter(pl.col("recoverable") > 0)
    reports = facts.tables.rectifications.filter(pl.col("submitted_on") <= as_of)
    # A report says what has come back so far: the most that one says, never the sum.
    back = reports.group_by("finding_id").agg(pl.col("recovered").max())
    done = due.join(back, on="finding_id", how="left").filter(pl.col("recovered") >= pl.col("recoverable")).height
    level: Level = "told" if due.height else "none"
    return {"item": "75", "duty": "recovered", "done": done, "of": due.height, "level": level}


def _answered_letters(facts: _Facts, as_of: date) -> dict[str, Any]:
    """Count the letters with a deadline that has come, and those of which every finding was reported on in time."""
    sent = facts.within(facts.tables.letters, "sent_on").filter(pl.col("due_on") <= as_of)
    named = sent.select("letter_id", "sent_on", "due_on", finding_id="finding_ids").explode("finding_id")
    named = named.drop_nulls("finding_id")
    reports = facts.tables.rectifications.select("finding_id", "submitted_on")
    answered = (
        named.join(reports, on="finding_id", how="left")
        .with_columns(ok=pl.col("submitted_on").is_between(pl.col("sent_on"), pl.col("due_on")).fill_null(value=False))
        .group_by("letter_id", "finding_id")
        .agg(pl.col("ok").any())
        .group_by("letter_id")
        .agg(pl.col("ok").all())
    )
    of, done = answered.height, int(answered["ok"].sum())
    return {"item": "78", "duty": "letters", "done": done, "of": of, "level": "told" if of else "none"}


def _complaints(facts: _Facts, as_of: date) -> Iterable[dict[str, Any]]:
    """Count complaints whose day to answer is written and has come, and those answered by it."""
    calls = facts.within(facts.own.hotline, "called_on").filter(pl.col("complaint") == "yes")
    days = calls.select("called_on", "due_days").iter_rows()
    calls = calls.with_columns(due_on=pl.Series([_due(facts, *one) for one in days], dtype=pl.Date))
    for duty, frame in (("petitions", facts.within(facts.own.petitions, "received_on")), ("hotline", calls)):
        ripe = frame.filter(pl.col("due_on") <= as_of)
        done = ripe.filter(pl.col("answered_on") <= pl.col("due_on")).height
        rest = frame.filter(pl.col("due_on").is_null()).height
        level: Level = "none" if frame.is_empty() else "told" if ripe.is_empty() else _level(done, ripe.height)
        yield {"item": "79", "duty": duty, "done": done, "of": ripe.height, "quantity": rest, "level": level}


def _due(facts: _Facts, called_on: date, days: int | None) -> date | None:
    """Return the last day to answer; none where nobody wrote it or no calendar of working days reaches so far."""
    if days is None or days > _LONGEST:
        return None
    try:
        return facts.workdays.after(called_on, days)
    except Refused:
        return None


def _verified(facts: _Facts, as_of: date) -> Iterable[dict[str, Any]]:
    """Count reports that were verified and appeals that were decided by `as_of`, with their median of working days."""
    reports = facts.within(facts.tables.rectifications, "submitted_on")
    appeals = facts.within(facts.tables.appeals, "filed_on")
    for item, duty, frame, first, last in (
        ("81", "verified", reports, "submitted_on", "verified_on"),
        ("81", "appeals", appeals, "filed_on", "decided_on"),
    ):
        done = frame.filter(pl.col(last) <= as_of)
        try:
            days = sorted(facts.workdays.between(*pair) for pair in done.select(first, last).iter_rows())
        except Refused:  # no calendar of working days reaches so far
            days = []
        level: Level = "told" if frame.height else "none"
        middle = days[(len(days) - 1) // 2] if days else None
        yield {"item": item, "duty": duty, "done": done.height, "of": frame.height, "days": middle, "level": level}
