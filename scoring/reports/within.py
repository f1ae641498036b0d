"""How a year went inside: from the first published period that it is made of to the last, where no year came before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from scoring.exact import fixed
from scoring.reports.improved import improved_sentence
from scoring.reports.labels import Labels
from scoring.reports.settings import Settings
from scoring.reports.text import brief_signed, exact, known, listed
from scoring.reports.trend import Moved, previous

if TYPE_CHECKING:
    from scoring.assessment import Assessment


@dataclass(frozen=True)
class Within(Moved):
    """The movement between two published periods of a year, on its full marks.

    `means` are those of the towns that have a score of their own in both, `both` how many these are; `changed` are the
    periods that other rules than before were in force in.
    """

    first: str
    last: str
    means: tuple[Fraction, Fraction]
    both: int
    changed: tuple[str, ...]


def within(assessment: Assessment, towns: Sequence[Mapping[str, Any]]) -> Within | None:
    """Return how towns (rows of `scores`) moved within the year; None where an earlier year is there to compare with.

    Also None for a period that is not made of several published ones, and where no town has a score in both.
    """
    head = assessment.head.get("rolled")
    if not head or len(head["periods"]) < 2 or previous(assessment, towns) is not None:
        return None
    return _between(assessment, head["periods"][0]["id"], head["periods"][-1]["id"])


def _between(assessment: Assessment, first: str, last: str) -> Within | None:
    own = _own(assessment)
    ends = {code: (rows[first], rows[last]) for code, rows in own.items() if first in rows and last in rows}
    if not ends:
        return None
    sums = [sum((known(rows[end], "score") for rows in ends.values()), Fraction(0)) for end in (0, 1)]
    changed = _changed(assessment.head["rolled"]["periods"], first, last)
    return Within(
        places={code: old["rank"] - new["rank"] for code, (old, new) in ends.items() if old["rank"] and new["rank"]},
        changes={code: known(new, "score") - known(old, "score") for code, (old, new) in ends.items()},
        rule_change=bool(changed),
        gated=frozenset(code for code, rows in ends.items() if any(row.get("gated") for row in rows)),
        first=first,
        last=last,
        means=(sums[0] / len(ends), sums[1] / len(ends)),
        both=len(ends),
        changed=changed,
    )


def _own(assessment: Assessment) -> dict[str, dict[str, Mapping[str, Any]]]:
    """Return each town's published scores by period; not the mean of others that merged into it."""
    own: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in assessment.rolled.to_dicts():
        if row["towns"] == [row["town_code"]]:
            own.setdefault(row["town_code"], {})[row["period"]] = row
    return own


def _changed(periods: Sequence[Mapping[str, Any]], first: str, last: str) -> tuple[str, ...]:
    """Return the periods after the first, up to the last, whose rules are others than those of the one before."""
    order = [one["id"] for one in periods]
    return tuple(
        periods[place]["id"]
        for place in range(order.index(first) + 1, order.index(last) + 1)
        # Drafts of before know the scheme's id alone.
        if periods[place].get("rule_change", periods[place]["scheme"] != periods[place - 1]["scheme"])
    )


def span(course: Within, labels: Labels) -> dict[str, str]:
    """Return the two periods as few words have them."""
    return {"first": labels.brief_in_year(course.first), "last": labels.brief_in_year(course.last)}


def within_headings(course: Within, labels: Labels, *, ranked: bool) -> tuple[str, ...]:
    """Return the heads of the annex's columns, line breaks in them: points, and places where they are shown."""
    words = {"mark": labels("reports-within-mark") if course.rule_change else "", **span(course, labels)}
    names = ("points", "places") if ranked else ("points",)
    return tuple(labels(f"reports-within-column-{name}", **words).replace("|", "\n") for name in names)


def within_cells(course: Within, town: Mapping[str, Any], labels: Labels, *, ranked: bool) -> tuple[str, ...]:
    """Return a town's movement for the annex, a cell a heading."""
    code, blank = town["town_code"], labels("reports-none")
    if town["outcome"] == "not_checked" or code not in course.changes:
        return (blank, blank) if ranked else (blank,)
    least = int(labels.head["scheme"]["decimals"])
    points = brief_signed(course.changes[code], least) or exact(Fraction(0), least)
    if not ranked:
        return (points,)
    places = course.places.get(code)
    if places is None:
        return points, blank
    way = "up" if places > 0 else "down"
    return points, labels(f"reports-improved-{way}", places=abs(places)) if places else labels("reports-within-level")


def _moved(course: Within, code: str, labels: Labels, *, ranked: bool) -> str:
    least = int(labels.head["scheme"]["decimals"])
    change = course.changes[code]
    way = "up" if change > 0 else "down" if change < 0 else "same"
    words = [labels(f"reports-within-{way}", points=exact(abs(change), least))]
    places = course.places.get(code)
    if ranked and places is not None:
        way = "up" if places > 0 else "down" if places < 0 else "same"
        words.append(labels(f"reports-improved-{way}", places=abs(places)))
    return labels("reports-improved-join").join(words)


def within_notes(course: Within, labels: Labels) -> list[str]:
    """Say under the annex what its column holds, and that the rules changed."""
    notes = [labels("reports-within-note", **span(course, labels))]
    return notes + ([labels("reports-within-mark") + _rules(course, labels)] if course.rule_change else [])


def _rules(course: Within, labels: Labels) -> str:
    periods = listed((labels.brief_in_year(period) for period in course.changed), labels.lang)
    return labels("reports-within-rules", periods=periods)


def within_text(
    assessment: Assessment, towns: Sequence[Mapping[str, Any]], settings: Settings, labels: Labels
) -> list[str]:
    """Say in the notice how the mean went within the year, and who improved most."""
    course = within(assessment, towns)
    if course is None:
        return []
    least = int(labels.head["scheme"]["decimals"])
    start, end = course.means
    way = "up" if end > start else "down" if end < start else "same"
    scored = sum(town["score"] is not None for town in towns)
    sentences = [
        labels(
            f"reports-within-mean-{way}",
            **span(course, labels),
            of=labels("reports-within-both", towns=course.both) if course.both < scored else "",
            start=fixed(start, least),
            end=fixed(end, least),
        )
    ]
    if course.rule_change:
        sentences.append(_rules(course, labels))
    if settings.names == "all":
        sentences.append(improved_sentence(towns, course, settings.leaders, labels, "reports-within-improved"))
    return [labels("reports-sentence-join").join(sentence for sentence in sentences if sentence)]


def within_sheet(assessment: Assessment, labels: Labels, *, ranked: bool) -> str:
    """Say on a town's sheet how it went from its first published period of the year to its last."""
    towns = assessment.scores.to_dicts()
    code = towns[0]["town_code"]
    own, earlier = list(_own(assessment).get(code, {}).values()), previous(assessment, towns)
    if len(own) < 2 or (earlier is not None and code in earlier.changes):
        return ""
    course = _between(assessment, own[0]["period"], own[-1]["period"])
    if course is None:
        return ""
    words = {"start": own[0]["score"], "end": own[-1]["score"], **span(course, labels)}
    told = labels("reports-within-sheet", moved=_moved(course, code, labels, ranked=ranked), **words)
    return told + (labels("reports-sentence-join") + _rules(course, labels) if course.rule_change else "")
