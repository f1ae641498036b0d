"""The method in short: what the scheme prices, what it leaves out, what became of every row that was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from scoring.reports.labels import Labels
from scoring.reports.office_text import printable

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
                str(item["points"]),
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


def _twin(item: Mapping[str, Any], name: str, labels: Labels) -> str:
    """Return a sentence of the scheme in the paper's language, where the scheme has it."""
    other = item.get(f"{name}_en") if labels.lang == "en" else None
    return printable(str(other or item.get(name) or ""))


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
