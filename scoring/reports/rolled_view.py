"""A year as its papers show it: the published periods that it is made of, the year-end part, the other way beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from scoring.reports.labels import Labels
from scoring.reports.office_text import printable
from scoring.reports.text import brief, exact, known, listed, signed

if TYPE_CHECKING:
    from scoring.assessment import Assessment

_BESIDE = ("published", "rescored")


@dataclass(frozen=True)
class RolledRow:
    """One period of a town's year, all text; `points` is what it adds to the year."""

    period: str
    weight: str
    score: str
    rank: str
    grade: str
    points: str


@dataclass(frozen=True)
class RolledColumn:
    """A period in the ranked table: its heading, and each town's score in it."""

    heading: str
    scores: Mapping[str, str]


def is_rolled(assessment: Assessment) -> bool:
    """Tell whether a score is made of published periods."""
    return bool(assessment.head.get("rolled"))


def rolled_rows(assessment: Assessment, town: Mapping[str, Any], labels: Labels) -> tuple[RolledRow, ...]:
    """Return the rows of a town's year: each published period, the year-end part, what else there is, the year itself.

    The points of all rows but the last add up to the score.
    """
    if not is_rolled(assessment) or town["outcome"] == "not_checked":
        return ()
    least = int(labels.head["scheme"]["decimals"])
    rows = []
    for row in assessment.rolled.to_dicts():
        if row["period"] in _BESIDE:
            continue
        brought = known(row, "weight") * known(row, "score")
        of_others = row["towns"] != [town["town_code"]]
        rows.append(
            RolledRow(
                labels.period_words({"id": row["period"]}),
                exact(known(row, "weight")),
                labels("reports-rolled-merged", score=row["score"]) if of_others else row["score"],
                "" if row["rank"] is None else str(row["rank"]),
                printable((labels.lang == "en" and row["grade_en"]) or row["grade"] or ""),
                brief(brought, least),
            )
        )
    ended = _year_end(assessment, town["town_code"])
    head = labels.head["rolled"]
    if ended is not None:
        weight = Fraction(head["year_end"]["weight"])
        rows.append(
            RolledRow(
                labels.named(head["year_end"]), exact(weight), brief(ended, least), "", "", brief(weight * ended, least)
            )
        )
    other = known(town, "score") - _held(assessment, town["town_code"])
    if other:
        rows.append(RolledRow(labels("reports-rolled-other"), "", "", "", "", signed(other, least)))
    place = "" if town["rank"] is None else str(town["rank"])
    rows.append(
        RolledRow(labels.period, "", str(town["score"]), place, labels.grade(town["grade"]), str(town["score"]))
    )
    return tuple(rows)


def weight_notes(assessment: Assessment, labels: Labels) -> tuple[str, ...]:
    """Say why the weights on the sheet of one town are not the scheme's: what was not published, what it lacks.

    Where a town has no score in some of the periods, the others' weights are raised in proportion.
    """
    own = {row["period"]: known(row, "weight") for row in assessment.rolled.to_dicts() if row["period"] not in _BESIDE}
    head = labels.head.get("rolled")
    if not head or not own:
        return ()
    notes = []
    if head["missing"]:
        periods = listed((labels.period_words({"id": period}) for period in head["missing"]), labels.lang)
        notes.append(labels("reports-annex-note-missing", periods=periods))
    usual = {period["id"]: Fraction(period["weight"]) for period in head["periods"]}
    if any(usual[period] != weight for period, weight in own.items()):

        def weighed(weights: Mapping[str, Fraction]) -> str:
            words = (
                labels("reports-rolled-weighed", period=labels.place_in_year(period), weight=exact(weights[period]))
                for period in own
            )
            return listed(words, labels.lang)

        notes.append(
            labels(
                "reports-rolled-raised",
                without=listed((labels.place_in_year(period) for period in usual if period not in own), labels.lang),
                usual=weighed(usual),
                raised=weighed(own),
                total=exact(sum(own.values(), Fraction(0))),
            )
        )
    return tuple(notes)


def beside_note(assessment: Assessment, labels: Labels) -> str:
    """Say what the other way comes to for the one town of a sheet; nothing where it is not shown."""
    for row in assessment.rolled.to_dicts():
        if row["period"] in _BESIDE:
            return labels(
                f"reports-beside-{row['period']}", score=row["score"], rank=row["rank"] or labels("reports-none")
            )
    return ""


def rolled_columns(assessment: Assessment, labels: Labels) -> list[RolledColumn]:
    """Return a column a published period, one for the year-end part, and one for the other way where it is shown."""
    head, least = labels.head["rolled"], int(labels.head["scheme"]["decimals"])
    scores: dict[str, dict[str, str]] = {}
    for row in assessment.rolled.to_dicts():
        scores.setdefault(row["period"], {})[row["town_code"]] = row["score"]
    columns = [
        RolledColumn(
            labels(
                "reports-rolled-column",
                period=labels.place_in_year(period["id"]),
                weight=brief(Fraction(period["weight"]), 2),
            ).replace("|", "\n"),
            scores.get(period["id"], {}),
        )
        for period in head["periods"]
    ]
    if head["year_end"]:
        heading = labels(
            "reports-rolled-column",
            period=labels.named(head["year_end"]),
            weight=brief(Fraction(head["year_end"]["weight"]), 2),
        ).replace("|", "\n")
        towns = assessment.scores["town_code"].to_list()
        ended = {town: value for town in towns if (value := _year_end(assessment, town)) is not None}
        columns.append(RolledColumn(heading, {town: brief(value, least) for town, value in ended.items()}))
    columns += [
        RolledColumn(labels(f"reports-rolled-beside-{way}").replace("|", "\n"), scores[way])
        for way in _BESIDE
        if way in scores
    ]
    return columns


def rolled_other(assessment: Assessment, towns: Sequence[Mapping[str, Any]]) -> dict[str, Fraction | None]:
    """Return what of each town's year neither a period nor the year-end part holds."""
    return {
        town["town_code"]: None
        if town["outcome"] == "not_checked"
        else known(town, "score") - _held(assessment, town["town_code"])
        for town in towns
    }


def _held(assessment: Assessment, code: str) -> Fraction:
    own = [row for row in assessment.rolled.to_dicts() if row["town_code"] == code and row["period"] not in _BESIDE]
    held = sum((known(row, "weight") * known(row, "score") for row in own), Fraction(0))
    ended, head = _year_end(assessment, code), assessment.head["rolled"]
    return held if ended is None else held + Fraction(head["year_end"]["weight"]) * ended


def _year_end(assessment: Assessment, code: str) -> Fraction | None:
    """Return what the year-end part came to, before its weight: the sum of its dimensions on the base."""
    head = assessment.head
    if not (head.get("rolled") or {}).get("year_end"):
        return None
    own = [row for row in assessment.dimensions.to_dicts() if row["town_code"] == code]
    if not own:
        return None
    base = Fraction(head["scheme"]["base"]) if head["scheme"]["direction"] == "net" else Fraction(0)
    return base + sum((known(row, "earned") for row in own), Fraction(0))
