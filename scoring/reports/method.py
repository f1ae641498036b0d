"""The method in short: what the scheme prices, what it leaves out, what became of every row that was read."""

from __future__ import annotations

from dataclasses import dataclass

from scoring.reports.labels import Labels
from scoring.reports.office_text import printable


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
                str(item["points"]),
                str(item["cap"] or ""),
                printable(item["clause"] or ""),
                printable(str(item.get("basis") or "")),
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
                reason=printable(item["reason"] or ""),
            )
            for item in scheme.get("not_scored") or ()
        ),
        tuple(printable(str(law)) for law in scheme.get("laws_given_up") or ()),
    )


def _facts(labels: Labels) -> list[tuple[str, str]]:
    scheme = labels.head["scheme"]
    facts = [
        (labels("book-method-scheme"), f"{labels.scheme} ({scheme['id']})"),
        (labels("book-method-hash"), str(scheme["hash"])),
        (labels("reports-method-direction"), labels.known("book-direction", scheme["direction"])),
        (labels("reports-method-rounding"), labels.known("book-round-at", scheme["round_at"])),
    ]
    grades = [
        labels("book-method-grade-is", label=labels.named(grade), least=grade["at_least"])
        if grade.get("at_least") is not None
        else labels("book-method-grade-rest", label=labels.named(grade))
        for grade in scheme.get("grades") or ()
    ]
    if grades:
        facts.append((labels("reports-column-grade"), labels("reports-clause-join").join(grades)))
    for table, counts in labels.head["rows"].items():
        unpriced = [
            labels("reports-method-unpriced", reason=labels.known("book-disposition", reason), count=count)
            for reason, count in (counts.get("unpriced") or {}).items()
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
