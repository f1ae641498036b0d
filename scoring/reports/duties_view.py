"""The page of the internal analysis on which the bureau looks at its own duties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from scoring.exact import fixed
from scoring.reports.labels import Labels
from scoring.reports.office_text import printable
from scoring.reports.text import listed, short_day
from scoring.reports.town_view import Figure

if TYPE_CHECKING:
    from scoring.assessment import Assessment

_MOST_NAMES: Final = 6
# As the notice has them.
_ORDER: Final = (
    "setting_out", "fund_guidance", "sample", "monitoring", "matching", "recovered", "cleaning", "modes", "letters",
    "petitions", "hotline", "verified", "appeals", "sanctions", "weight", "coverage", "conference", "policy_online",
    "on_wall", "at_door", "training", "exchange", "guidance",
)  # fmt: skip


@dataclass(frozen=True)
class DutyRow:
    """A duty: its clause, what it is, what was done, what the notice asks, and whether that is met."""

    clause: str
    name: str
    done: str
    standard: str
    level: str
    word: str


@dataclass(frozen=True)
class DutiesView:
    """The page: a few figures above, a row a duty below."""

    figures: tuple[Figure, ...]
    rows: tuple[DutyRow, ...]


def duties_view(assessment: Assessment, labels: Labels) -> DutiesView | None:
    """Put into words what the bureau did of its duties; None where it keeps no record of its own."""
    rows = assessment.duties.to_dicts()
    if not rows:
        return None
    towns = {code: printable(name) for code, name in assessment.scores.select("town_code", "town").iter_rows()}
    told = [(row["duty"], _row(row, towns, labels)) for row in rows]
    # Where something is kept but must not stand in a paper, and what the scheme itself is the record of.
    scheme = printable(labels.scheme)
    further = {name: labels(f"reports-duties-did-{name}", scheme=scheme) for name in ("sanctions", "weight")}
    told += [(name, _plain(name, "told", said, labels)) for name, said in further.items()]
    told.sort(key=lambda pair: _ORDER.index(pair[0]))
    return DutiesView(tuple(_figures(rows, labels)), tuple(row for _, row in told))


def _figures(rows: list[dict[str, Any]], labels: Labels) -> list[Figure]:
    blank = labels("reports-none")
    coverage = next(row for row in rows if row["duty"] == "coverage")
    samples = [row for row in rows if row["duty"] == "sample"]
    done, of = (sum(row[name] or 0 for row in samples) for name in ("done", "of"))
    met = sum(row["level"] == "met" for row in samples)
    covered = blank if coverage["done"] is None else f"{coverage['done']} / {coverage['of']}"
    unkept = sum(row["level"] == "none" for row in rows)
    return [
        Figure(covered, labels("reports-duties-figure-coverage")),
        Figure(_percent(done, of) or blank, labels("reports-duties-figure-sample")),
        Figure(f"{met} / {len(samples)}", labels("reports-duties-figure-months")),
        Figure(str(sum(row["level"] == "short" for row in rows)), labels("reports-duties-figure-short")),
        Figure(str(unkept), labels("reports-duties-figure-none")),
    ]


def _percent(done: int, of: int) -> str:
    return f"{fixed(Fraction(100 * done, of), 1)}%" if of else ""


def _plain(duty: str, level: str, done: str, labels: Labels, scope: str = "") -> DutyRow:
    def word(part: str) -> str:
        return labels(f"reports-duties-{part}-{duty.replace('_', '-')}")

    name = labels("reports-duties-month", name=word("name"), month=scope) if scope else word("name")
    return DutyRow(word("clause"), name, done, word("standard"), level, labels(f"reports-duties-level-{level}"))


def _row(row: Mapping[str, Any], towns: Mapping[str, str], labels: Labels) -> DutyRow:
    duty, level = row["duty"], row["level"]
    if level == "none":
        return _plain(duty, level, labels("reports-duties-no-record"), labels, row["scope"])
    numbers = {name: row[name] or 0 for name in ("done", "of", "towns", "quantity")}
    numbers["percent"] = _percent(numbers["done"], numbers["of"]) or labels("reports-none")
    code = "work" if row["last_on"] else duty
    parts = [labels(f"reports-duties-did-{code}", **numbers, last=short_day(row["last_on"]))]
    parts += [
        labels(f"reports-duties-and-{name}", count=row[name], of=row["of"])
        for name in ("towns", "persons", "quantity", "days")
        if row[name] is not None and (name == "days" or row["last_on"]) and code != "sample"
    ]
    if row["quantity"] and not row["last_on"]:
        parts.append(labels("reports-duties-and-undated", count=row["quantity"]))
    if row["names"]:
        names = [towns.get(one) or labels.word(one) for one in row["names"]]
        more = len(names) - _MOST_NAMES
        shown = listed(names[:_MOST_NAMES], labels.lang)
        lacking = labels("reports-duties-and-more", names=shown, count=len(names)) if more > 0 else shown
        parts.append(labels("reports-duties-and-lacking", names=lacking))
    return _plain(duty, level, labels("reports-duties-join").join(parts), labels, row["scope"])
