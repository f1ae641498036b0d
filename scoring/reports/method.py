"""The method in short: what the scheme prices, what it leaves out, what became of every row that was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from scoring.reports.labels import Labels
from scoring.reports.office_text import printable
from scoring.reports.text import brief

# In the order in which an officer knows them: a saved head sorts its keys.
_TABLES: Final = (
    "towns", "findings", "rectifications", "checks", "measures", "judgements", "adjustments", "appeals", "letters",
)  # fmt: skip


@dataclass(frozen=True)
class SchemeRow:
    """An indicator of the scheme; a dimension's row has only label and points."""

    label: str
    points: str
    cap: str
    clause: str
    basis: str
    dimension: bool = False


@dataclass(frozen=True)
class Method:
    """The scheme's summary, every word as text."""

    facts: tuple[tuple[str, str], ...]
    rows: tuple[SchemeRow, ...]
    not_scored: tuple[str, ...]
    given_up: tuple[str, ...]


def method(labels: Labels) -> Method:
    """Summarise the scheme and the rows of a run."""
    scheme = labels.head["scheme"]
    rows = []
    for dimension in scheme["dimensions"]:
        rows.append(SchemeRow(labels.named(dimension), str(dimension["points"]), "", "", "", dimension=True))
        rows += [
            SchemeRow(
                labels.named(item),
                _points(item, labels),
                str(item["cap"] or ""),
                printable(item["clause"] or ""),
                _twin(item, "basis", labels),
            )
            for item in dimension["indicators"]
        ]
    return Method(
        tuple(_facts(labels)),
        tuple(rows),
        tuple(
            labels(
                "reports-method-not-scored-item",
                label=labels.named(item),
                clause=printable(item["clause"] or ""),
                reason=_twin(item, "reason", labels),
            )
            for item in scheme.get("not_scored") or ()
        ),
        tuple(labels.known("reports", str(law)) for law in scheme.get("laws_given_up") or ()),
    )


def _points(item: Mapping[str, Any], labels: Labels) -> str:
    """Return an indicator's points, and what its prices are written for where that is not the same."""
    points, of = str(item["points"]), item.get("written_for")
    return points if of in (None, points) else labels("reports-method-converted", points=points, of=of)


def _twin(item: Mapping[str, Any], name: str, labels: Labels) -> str:
    """Return a sentence of the scheme in the paper's language, where the scheme has it."""
    other = item.get(f"{name}_en") if labels.lang == "en" else None
    return printable(str(other or item.get(name) or ""))


def _grades(scheme: Mapping[str, Any], labels: Labels) -> str:
    """Say which grade is whose: by bands of the score, or by place with the bands of small groups."""

    def listed(by: tuple[str, ...]) -> str:
        return labels("reports-clause-join").join(_grade(grade, by, labels) for grade in scheme["grades"])

    if scheme["grades_by"] != "quantiles":
        return listed(("at_least", "at_most"))
    small = scheme["smallest_group"]
    bands = labels("book-method-grade-small", count=small, bands=listed(("at_least", "at_most")))
    return labels("reports-semicolon-join").join([listed(("top",)), *([bands] if small > 1 else [])])


def _grade(grade: Mapping[str, Any], by: tuple[str, ...], labels: Labels) -> str:
    label = labels.named(grade)
    if "top" in by and grade["top"] not in {None, "1"}:
        return labels("book-method-grade-is-top", label=label, share=brief(100 * Fraction(grade["top"]), 0))
    if "at_least" in by and grade["at_least"] is not None:
        return labels("book-method-grade-is", label=label, least=grade["at_least"])
    if "at_most" in by and grade["at_most"] is not None:
        return labels("book-method-grade-is-at-most", label=label, most=grade["at_most"])
    return labels("book-method-grade-rest", label=label)


def _made_of(rolled: Mapping[str, Any], labels: Labels) -> str:
    """Say of which editions a year is made, each with its weight and run code; what is missing."""
    pieces = [
        labels(
            "reports-method-rolled-period",
            period=labels.period_words({"id": period["id"]}),
            edition=period["edition"],
            code=period["code"],
            weight=brief(Fraction(period["weight"]), 2),
        )
        for period in rolled["periods"]
    ]
    if end := rolled["year_end"]:
        weight = brief(Fraction(end["weight"]), 2)
        pieces.append(labels("reports-method-rolled-end", label=labels.named(end), weight=weight))
    pieces += [
        labels("reports-method-rolled-missing", period=labels.period_words({"id": label}))
        for label in rolled["missing"]
    ]
    return labels("reports-semicolon-join").join(pieces)


def _facts(labels: Labels) -> list[tuple[str, str]]:
    scheme = labels.head["scheme"]
    facts = [
        (labels("book-method-scheme"), f"{labels.scheme} ({scheme['id']})"),
        (labels("book-method-hash"), str(scheme["hash"])),
        (labels("reports-method-direction"), labels.known("book-direction", scheme["direction"])),
        (labels("reports-method-rounding"), labels.known("book-round-at", scheme["round_at"])),
    ]
    if scheme.get("grades"):
        facts.append((labels("reports-column-grade"), _grades(scheme, labels)))
    if rolled := labels.head.get("rolled"):
        facts.append((labels("reports-method-rolled"), _made_of(rolled, labels)))
    for table in sorted(labels.head["rows"], key=_TABLES.index):
        counts = labels.head["rows"][table]
        unpriced = [
            labels("reports-method-unpriced", reason=labels.known("book-disposition", reason), count=count)
            for reason, count in sorted((counts.get("unpriced") or {}).items())
            if count
        ]
        words = {name: counts.get(name, 0) for name in ("read", "used", "set_aside", "refused")}
        text = labels("book-method-rows-is", **words)
        facts.append(
            (
                labels("book-method-rows", table=labels.known("book-table", table)),
                labels("reports-clause-join").join([text, *unpriced]),
            )
        )
    return facts
