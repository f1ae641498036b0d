"""Early warnings in words: for the internal analysis and for the command `warnings`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from scoring.exact import fixed
from scoring.reports.labels import Labels
from scoring.reports.office_text import printable
from scoring.reports.text import fraction, known, listed

if TYPE_CHECKING:
    from scoring.assessment import Assessment

_ORDER: Final = ("clear", "watch", "chance")
COLUMNS: Final = ("what", "where", "now", "usual", "ratio", "sure", "advice")


@dataclass(frozen=True)
class Warned:
    """One warning; every field but `level` is a cell of the table."""

    what: str
    where: str
    now: str
    usual: str
    ratio: str
    sure: str
    advice: str
    level: str


@dataclass(frozen=True)
class Rising:
    """The table of warnings, the surest first, with the sentence under its heading, or the one that stands instead."""

    rows: tuple[Warned, ...]
    note: str
    more: str


def rising(assessment: Assessment, labels: Labels, most: int | None = None) -> Rising:
    """Put the warnings into words.

    Parameters
    ----------
    most
        So many rows at most; how many more there are is said.
    """
    said = (labels.head.get("internal") or {}).get("warnings") or {}
    if said.get("reason"):
        return Rising((), labels(f"reports-warnings-{said['reason']}"), "")
    towns = {code: printable(name) for code, name in assessment.scores.select("town_code", "town").iter_rows()}
    rows = sorted(assessment.warnings.iter_rows(named=True), key=lambda row: _ORDER.index(row["level"]))
    note = labels("reports-warnings-none") if not rows else ""
    if said.get("periods"):
        note = compared(said, labels) + note
    more = len(rows) - most if most is not None and len(rows) > most else 0
    return Rising(
        tuple(_warned(row, towns, labels) for row in rows[:most]),
        note,
        labels("reports-warnings-more", count=more, period=labels.head["period"]["id"]) if more else "",
    )


def compared(said: Mapping[str, Any], labels: Labels) -> str:
    """Say what was compared with what, and what the columns mean."""
    periods = listed((labels.period_words({"id": period}) for period in reversed(said["periods"])), labels.lang)
    return labels("reports-warnings-note", periods=periods, measure=measured(said, labels), least=said["least"])


def measured(said: Mapping[str, Any], labels: Labels) -> str:
    """Say by what the counts were made comparable."""
    return labels(f"reports-warnings-by-{said['measure']}")


def name_of(row: Mapping[str, Any], labels: Labels) -> str:
    """Return what is counted in the reader's language."""
    if row["dimension"].endswith("indicator"):
        return labels.indicator(row["name"])
    return labels.word(row["name"])


def about(value: Fraction) -> str:
    """Write an expected number as one speaks of it: to a tenth, whole where it is whole."""
    return str(value) if value.denominator == 1 else fixed(value, 1)


def _warned(row: Mapping[str, Any], towns: Mapping[str, str], labels: Labels) -> Warned:
    dimension = row["dimension"].replace("_", "-")
    where = labels("reports-warnings-everywhere")
    if row["town_code"] is not None:
        where = towns[row["town_code"]]
    if row["village"] is not None:
        where = labels("reports-warnings-village", town=where, village=printable(row["village"]))
    group = fraction(row, "group_expected")
    usual = {"past": about(known(row, "expected")), "group": "" if group is None else about(group)}
    ratio = fraction(row, "ratio")
    new = "reports-warnings-new-group" if row["against"] == "group" else "reports-warnings-new"
    percent = fixed(Fraction(row["p"]) * 100, 2)
    return Warned(
        what=labels(f"reports-warnings-what-{dimension}", name=name_of(row, labels)),
        where=where,
        now=str(row["now"]),
        usual=labels(f"reports-warnings-usual-{row['against']}", **usual),
        ratio=labels(new) if ratio is None else fixed(ratio, 1),
        sure=labels(f"reports-warnings-level-{row['level']}", percent=percent),
        advice=labels(f"reports-warnings-advice-{'chance' if row['level'] == 'chance' else dimension}"),
        level=row["level"],
    )
