"""The least effort in words: what it takes a town to gain its next place or grade, for papers and the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from scoring.reports.labels import Labels
from scoring.reports.office_text import one_line, printable
from scoring.reports.printed import findings_of
from scoring.reports.settings import Settings
from scoring.reports.text import day, listed

if TYPE_CHECKING:
    from scoring.assessment import Assessment

_MOST_NAMED: Final = 5
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Effort:
    """One town's way to one goal; every field is a cell of the table."""

    town: str
    stands: str
    goal: str
    least: str
    findings: str


@dataclass(frozen=True)
class Efforts:
    """The table, in order of rank, and the sentences above and below it."""

    rows: tuple[Effort, ...]
    note: str
    without: tuple[str, ...]


@dataclass(frozen=True)
class Cheapest:
    """For a town's own sheet: what it takes to reach a goal, and the findings to rectify (number, what, by when)."""

    sentence: str
    rows: tuple[tuple[str, str, str], ...]


def of_town(frame: pl.DataFrame, code: str) -> list[dict[str, Any]]:
    """Return a town's rows of improvements, the place first."""
    rows = frame.filter(pl.col("town_code") == code).to_dicts()
    return sorted(rows, key=lambda row: row["goal"] != "place")


def efforts(assessment: Assessment, labels: Labels) -> Efforts | None:
    """Put every town's ways into words; None where they were not worked out."""
    if assessment.improvements.is_empty():
        return None
    towns = {row["town_code"]: row for row in assessment.scores.to_dicts()}
    ways = sorted(
        assessment.improvements.to_dicts(),
        key=lambda row: (*_order(towns[row["town_code"]]), row["goal"] != "place"),
    )
    without: dict[str, list[str]] = {}
    for way in ways:
        if way["outcome"] not in ("reached", "far", "top"):
            key = f"{way['outcome']}-{way['goal']}"
            without.setdefault(key, []).append(printable(towns[way["town_code"]]["town"]))
    return Efforts(
        tuple(_effort(way, towns[way["town_code"]], labels) for way in ways if way["outcome"] in ("reached", "far")),
        labels("effort-note"),
        tuple(labels(f"effort-without-{key}", towns=listed(names, labels.lang)) for key, names in without.items()),
    )


def _order(town: Row) -> tuple[int, int]:
    return town["rank"], town["order"] or 0


def _effort(way: Row, town: Row, labels: Labels) -> Effort:
    blank = labels("reports-none")
    stands = labels("effort-stands", rank=town["rank"], score=town["score"], grade=labels.grade(town["grade"]) or blank)
    reached = way["outcome"] == "reached"
    return Effort(
        town=printable(town["town"]),
        stands=stands,
        goal=_aim(way, labels) if reached else labels(f"effort-goal-{way['goal']}"),
        least=least(way, labels),
        findings=_named(way, labels) if reached else "",
    )


def _aim(way: Row, labels: Labels) -> str:
    if way["goal"] == "place":
        return labels("effort-aim-place", rank=way["rank"], score=way["score"])
    return labels("effort-aim-grade", grade=labels.grade(way["grade"]), score=way["score"])


def least(way: Row, labels: Labels) -> str:
    """Say how many it takes: exactly, or between which bounds."""
    unit = labels(f"effort-unit-{way['by']}")
    if way["outcome"] == "far":
        return labels("effort-far", least=way["at_least"], unit=unit)
    if way["cost"] == way["at_least"]:
        return labels("effort-exact", cost=way["cost"], unit=unit)
    return labels("effort-between", cost=way["cost"], least=way["at_least"], unit=unit)


def until(way: Row, place: int, labels: Labels) -> str:
    """Say by when a fix is worth as much, or that its time has passed, or that it waits for its verdict.

    Of a finding of a published period, whose credit is carried over, that period is named too.
    """
    how, last, origin = way["how"][place], way["until"][place], way["origins"][place]
    told = labels(f"effort-{how.replace('_', '-')}")
    if how == "in_time" and last is not None:
        told = labels("effort-until", day=day(last, labels.lang))
    return labels("effort-of", period=origin, until=told) if origin else told


def _named(way: Row, labels: Labels) -> str:
    names = [
        labels("effort-finding", finding=printable(finding), until=until(way, place, labels))
        for place, finding in enumerate(way["findings"][:_MOST_NAMED])
    ]
    more = len(way["findings"]) - len(names)
    return listed(names, labels.lang) + (labels("effort-more", count=more) if more > 0 else "")


def sentence(way: Row, labels: Labels, *, scores: bool = True) -> str:
    """Say in one sentence what it takes a town to reach a goal.

    Parameters
    ----------
    scores
        Say what score it has then.
    """
    goal = labels(f"effort-goal-{way['goal']}")
    outcome = way["outcome"]
    if outcome == "reached":
        told = _aim(way, labels)
        if not scores:
            told = labels(f"effort-plain-{way['goal']}", rank=way["rank"], grade=labels.grade(way["grade"]))
        return labels("effort-reached", aim=told, least=least(way, labels))
    if outcome == "far":
        return labels("effort-not-found", goal=goal, least=least(way, labels))
    return labels(f"effort-{outcome}", goal=goal)


def cheapest(assessment: Assessment, settings: Settings, labels: Labels) -> tuple[Cheapest, ...]:
    """Say to a town what gains its next place and grade, and nobody's score; no place where nobody is ranked."""
    known = {row["finding_id"]: row for row in findings_of(assessment)}

    def named(way: Row) -> tuple[tuple[str, str, str], ...]:
        return tuple(
            (printable(finding), one_line(row["description"] or row["problem_type"] or ""), until(way, place, labels))
            for place, finding in enumerate(way["findings"])
            for row in [known[finding]]
        )

    return tuple(
        Cheapest(sentence(way, labels, scores=False), named(way))
        for way in of_town(assessment.improvements, assessment.scores["town_code"][0])
        if way["goal"] == "grade" or settings.names != "order"
    )
