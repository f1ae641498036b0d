"""What the board knows, as JSON takes it: findings with their group and life, checks, letters, packages; all masked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from scoring.reports.labels import Labels
from scoring.reports.office_text import printable
from scoring.reports.text import short_day
from scoring.supervision.board.life import Lives, points_of
from scoring.supervision.standing import Standing

GROUPS: Final = ("overdue", "week", "later", "waiting", "closed", "aside")
"""What a finding is to the officer; each is in one. The first three are still to be mended."""
_FLAGS: Final = {"letter_twice": "same_letter_twice"}
_COUNTED: Final = ("priced", "not_checked")
# Marks that turn the direction of what follows, and breaks that are no line's end: they would move other words.
_TURNING: Final = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c]")
_BREAKS: Final = re.compile("[\u2028\u2029\x85\t\n\r]+")


@dataclass(frozen=True)
class Package:
    """A parcel that went out, as the sending journal has it: when, to whom, of what, and how it stands."""

    day: date
    town: str
    period: str
    edition: int
    state: str


@dataclass(frozen=True)
class Seen:
    """Everything that the board is made from.

    Attributes
    ----------
    standing
        Every finding on the day, by the engine.
    texts, villages
        finding_id to the masked text and to the village of every finding.
    notes
        Finding and day of a report to what the town wrote, masked.
    published
        Of each published period, in time order: its id, the edition, its findings as they were published.
    packages
        What went out, the latest last.
    """

    standing: Standing
    texts: Mapping[str, str]
    villages: Mapping[str, str]
    notes: Mapping[tuple[str, date], str]
    published: Sequence[tuple[str, int, pl.DataFrame]]
    packages: Sequence[Package]


def clean(text: str | None) -> str:
    """Return a text as the page may show it: on one line, masked by shape, without marks that turn its direction."""
    return " ".join(_BREAKS.sub(" ", _TURNING.sub("", printable(text or ""))).split(" ")).strip()


def group_of(on: date) -> pl.Expr:
    """Return the expression that puts a finding of `Standing.findings` into one of `GROUPS`.

    A finding is due this week when its last day is not past and lies before the coming Monday.
    """
    sunday = on + timedelta(days=6 - on.weekday())
    late = pl.col("flags").list.contains("overdue")
    return (
        pl.when(~pl.col("disposition").is_in(_COUNTED) | pl.col("state").is_null())
        .then(pl.lit("aside"))
        .when(pl.col("fixed_on").is_not_null())
        .then(pl.lit("closed"))
        .when(pl.col("state") == "waiting")
        .then(pl.lit("waiting"))
        .when(late)
        .then(pl.lit("overdue"))
        .when(pl.col("due").is_between(on, sunday))
        .then(pl.lit("week"))
        .otherwise(pl.lit("later"))
    )


def facts_of(seen: Seen, labels: Mapping[str, Labels], lang: str) -> dict[str, Any]:
    """Return the page's data.

    Parameters
    ----------
    seen
        What it is made from.
    labels
        By period: what indicators and states are called in it.
    """
    standing = seen.standing
    on, tables = standing.on, standing.tables
    order = tables.towns.sort("order", "town_code", nulls_last=True)
    towns = {code: clean(name) for code, name in order.select("town_code", "name").iter_rows()}
    place = {code: number for number, code in enumerate(towns)}
    rows = standing.findings.with_columns(group=group_of(on)).sort("due", "finding_id", nulls_last=True).to_dicts()
    names: dict[str, int] = {}
    lives = Lives(tables, on, lang)
    drafts = [(name, one.head, one.findings) for name, one in standing.assessments.items()]
    points = points_of(seen.published, drafts, labels)
    findings = []
    for row in rows:
        own = labels[row["period"]]
        label = own.indicator(row["indicator"])
        life = lives.of(row, seen.notes)
        findings.append(
            {
                "id": clean(row["finding_id"]),
                "town": place.get(row["town"], -1),
                "village": clean(seen.villages.get(row["finding_id"])),
                "indicator": names.setdefault(label, len(names)),
                "group": row["group"],
                "state": _state(row, own),
                "due": short_day(row["due"]),
                "found": short_day(row["found_on"]),
                "days": (on - row["due"]).days if row["due"] and row["group"] == "overdue" else None,
                "text": clean(seen.texts.get(row["finding_id"])) or label,
                "facts": _facts(row, own),
                "life": [[short_day(day), clean(text)] for day, text in life],
                "points": points.get(row["finding_id"], []),
            }
        )
    return {
        "on": on.isoformat(),
        "unscored": standing.unscored,
        "towns": list(towns.values()),
        "indicators": list(names),
        "findings": findings,
        "checks": list(_checks(standing, place)),
        "letters": list(_letters(standing, place, lives)),
        "packages": [
            [short_day(one.day), place.get(one.town, -1), clean(one.period), one.edition, one.state]
            for one in seen.packages
            if one.day <= on
        ],
    }


def _state(row: Mapping[str, Any], labels: Labels) -> str:
    if row["group"] == "aside":
        return labels.known("book-disposition", row["disposition"])
    return labels.known("book-state", row["state"])


def _facts(row: Mapping[str, Any], labels: Labels) -> list[str]:
    """Return what else is told of a finding, in the page's order: severity, how found, programme, flags."""
    words = [labels.word(row.get(name)) for name in ("severity", "channel", "programme")]
    flags = [labels.known("book-state", _FLAGS.get(flag, flag)) for flag in row["flags"] or () if flag != row["state"]]
    return [clean(word) for word in (*words, *flags) if word]


def _checks(standing: Standing, place: Mapping[str, int]) -> Iterable[list[Any]]:
    """Return town, month, newly confirmed, sampled of the year up to the day, by month and town."""
    checks = standing.tables.checks.filter(pl.col("checked_on") <= standing.on)
    checks = checks.filter(pl.col("month").str.starts_with(f"{standing.on.year}-"))
    summed = checks.group_by("month", "town").agg(pl.col("newly_confirmed", "sampled").sum())
    for month, town, new, sampled in summed.sort("month", "town").iter_rows():
        yield [place.get(town, -1), month, new, sampled]


def _letters(standing: Standing, place: Mapping[str, int], lives: Lives) -> Iterable[list[Any]]:
    """Return day, town, kind, findings named, deadline of the year's letters, the latest first."""
    sent = lives.letters.filter(pl.col("sent_on").dt.year() == standing.on.year)
    for row in sent.sort("sent_on", "letter_id", descending=[True, False]).to_dicts():
        count = len(row["finding_ids"] or ())
        yield [short_day(row["sent_on"]), place.get(row["town"], -1), lives.kind(row), count, short_day(row["due_on"])]
