"""A town's score as a table that adds up: start, every entry with its clause and reason, the balance, the total."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction

import polars as pl

from scoring.assessment import Assessment
from scoring.intake.fold import name_key
from scoring.reports.labels import Labels
from scoring.reports.statement import reason_of, subject_of
from scoring.reports.text import MINUS, exact, known, signed


class UnknownTown(Exception):
    """There is no such town; `near` holds the names most like it."""

    def __init__(self, near: list[str]) -> None:
        super().__init__(near)
        self.near = near


@dataclass(frozen=True)
class Explained:
    """One town's statement, all text.

    Attributes
    ----------
    title
        Town, period, as-of date and scheme.
    rows
        Points, balance, clause, indicator, subject and reason, one row an entry, after that of the start.
    ending
        Score, rank and grade; or why the town was not scored.
    """

    title: str
    rows: list[list[str]]
    ending: list[str]


def find_town(called: str, towns: pl.DataFrame) -> str:
    """Return the code of a town that is called by its code, name or alias.

    Raises
    ------
    UnknownTown
        No town is called so. A near miss is named, never taken.
    """
    names: dict[str, str] = {}
    spelled: dict[str, str] = {}
    for code, name, aliases in towns.select("town_code", "name", "aliases").iter_rows():
        for text in (code, name, *(aliases or ())):
            names[name_key(text)] = code
            spelled[name_key(text)] = text
    key = name_key(called)
    if key not in names:
        raise UnknownTown([spelled[near] for near in get_close_matches(key, list(names), 3, 0.3)])
    return names[key]


def merged_into(called: str, towns: pl.DataFrame) -> str | None:
    """Return the name of the town that the town called so has become; None where it has not merged."""
    into = towns.filter(pl.col("town_code") == find_town(called, towns))["merged_into"].item()
    names = towns.filter(pl.col("town_code") == into)["name"].to_list()
    return names[0] if names else None


def explain(assessment: Assessment, code: str, lang: str) -> Explained:
    """Return the statement of one town.

    Raises
    ------
    KeyError
        The town was not assessed in this period.
    """
    own = assessment.for_town(code)
    labels = Labels(own.head, lang)
    town = own.scores.row(0, named=True)
    scheme = own.head["scheme"]
    title = labels(
        "cli-explain-title",
        town=f"{town['town']} ({code})",
        period=own.head["period"]["label"],
        as_of=own.head["as_of"],
        scheme=(scheme["title_en"] or scheme["title"]) if lang == "en" else scheme["title"],
    )
    if town["outcome"] != "scored":
        return Explained(title, [], [labels("cli-not-scored")])
    least = int(scheme["decimals"])
    balance = known(town, "start")
    rows = [["", _plain(exact(balance, least)), "", "", "", labels("cli-start")]]
    for entry in own.ledger.iter_rows(named=True):
        points = known(entry, "points")
        balance += points
        rows.append(_row(entry, points, balance, least, labels))
    # The ledger was reconciled before it was written; what is printed is that sum, not a second opinion.
    assert balance == known(town, "score")
    return Explained(title, rows, _ending(town, labels))


def _row(entry: Mapping[str, object], points: Fraction, balance: Fraction, least: int, labels: Labels) -> list[str]:
    where = entry["indicator"] or entry["dimension"]
    name = labels.indicator(str(where)) if entry["indicator"] else labels.dimension(str(where) if where else None)
    if part := labels.part(str(entry["part"])):
        name = labels("reports-heading-join").join([part, name])
    return [
        _plain(signed(points, least)),
        _plain(exact(balance, least)),
        str(entry["clause"] or ""),
        name,
        subject_of(entry),
        reason_of(entry, labels),
    ]


def _ending(town: Mapping[str, object], labels: Labels) -> list[str]:
    ending = [labels("cli-total", score=town["score"])]
    if town["rank"] is not None:
        ending.append(labels("cli-rank", rank=town["rank"]))
    if town["grade"]:
        ending.append(labels("cli-grade", grade=labels.grade(str(town["grade"]))))
    return ending


def _plain(number: str) -> str:
    """Return a number as a program reads it, for whom the true minus sign is none."""
    return number.replace(MINUS, "-")
