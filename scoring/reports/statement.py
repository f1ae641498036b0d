"""The statement that reconciles: start, every entry in the ledger's order, the total, with a running balance."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby
from typing import Any, Final

from scoring.exact import fixed
from scoring.reports.labels import Labels
from scoring.reports.office_text import printable
from scoring.reports.text import brief, exact, known, listed, signed

# Up to so many entries each has its own row; beyond, an indicator's entries of one kind share a row.
MOST_ROWS: Final = 60
_RATIO: Final = re.compile(r"-?\d+/[1-9]\d*")
_MEASURED: Final = frozenset({"value", "earlier", "improvement", "best"})
_PERIODS: Final = frozenset({"origin", "period", "earlier_period"})
_ABOUT_NO_ROW: Final = frozenset({"cap", "surcharge", "not_applicable", "scale", "range", "rounding", "period"})
_WORDED: Final = frozenset({"bonus", "demerit", "decision", "same-matter"})
# Of the findings behind a difference that is carried over, so many are named.
_NAMED: Final = 3


@dataclass(frozen=True)
class Line:
    """One row of the statement, all text."""

    indicator: str
    reason: str
    subject: str
    clause: str
    points: str
    balance: str


@dataclass(frozen=True)
class Block:
    """The rows of one dimension (or of the whole, above all dimensions)."""

    heading: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Statement:
    """From the start to the score."""

    start: str
    blocks: tuple[Block, ...]
    total: str
    summed: bool


def statement(town: Mapping[str, Any], ledger: list[dict[str, Any]], labels: Labels) -> Statement:
    """Lay out a town's ledger.

    Parameters
    ----------
    town
        The town's row of `scores`.
    ledger
        The town's rows of `ledger`, in order.
    labels
        Words.
    """
    least = int(labels.head["scheme"]["decimals"])
    balance = known(town, "start")
    summed = len(ledger) > MOST_ROWS
    blocks = []
    for (part, dimension), rows in groupby(ledger, key=lambda row: (row["part"], row["dimension"] or None)):
        lines = []
        for indicator, same in groupby(rows, key=lambda row: row["indicator"] or None):
            name, clause = _name(dimension, indicator, labels), None
            for entries in _shared(list(same)) if summed else ([row] for row in same):
                points = sum((known(row, "points") for row in entries), Fraction(0))
                balance += points
                # The indicator's name stands once, in its first row, and a clause where it changes.
                line = _line(entries, name, points, balance=balance, least=least, labels=labels)
                lines.append(replace(line, clause="") if line.clause == clause else line)
                name, clause = "", line.clause
        blocks.append(Block(_heading(part, dimension, labels), tuple(lines)))
    return Statement(exact(known(town, "start"), least), tuple(blocks), exact(balance, least), summed)


def _name(dimension: str | None, indicator: str | None, labels: Labels) -> str:
    """Return what an indicator's rows begin with; what concerns a dimension as a whole says so."""
    if dimension and not indicator:
        return labels("reports-statement-together")
    return labels.indicator(indicator)


def _shared(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Gather an indicator's entries of one kind, in the order of their first."""
    kinds: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        kinds.setdefault(row["kind"], []).append(row)
    return list(kinds.values())


def _line(
    entries: list[dict[str, Any]], name: str, points: Fraction, *, balance: Fraction, least: int, labels: Labels
) -> Line:
    first = entries[0]
    if len(entries) == 1:
        reason, subject = reason_of(first, labels), subject_of(first)
    else:
        kind = labels.known("book-kind", first["kind"])
        reason, subject = labels("reports-statement-several", kind=kind, count=len(entries)), ""
    clause = printable(first["clause"] or "")
    return Line(name, reason, subject, clause, signed(points, least), brief(balance, least))


def subject_of(row: Mapping[str, Any]) -> str:
    """Return the number of the finding or adjustment that an entry is about; names inside the scheme are none."""
    if row["kind"] == "carry_over":
        findings = json.loads(row["parameters"])["findings"]
        more = "…" if len(findings) > _NAMED else ""
        return printable(" ".join(findings[:_NAMED]) + more)
    return "" if row["kind"] in _ABOUT_NO_ROW else printable(row["subject"] or "")


def reason_of(row: Mapping[str, Any], labels: Labels) -> str:
    """Return the sentence of an entry; its kind's name where the catalogue has no sentence."""
    code = f"reason-{row['reason']}"
    if labels.up and labels.has(f"{code}-up"):
        code = f"{code}-up"
    if not labels.has(code):
        return labels.known("book-kind", row["kind"])
    parameters = {name: _word(value, labels) for name, value in json.loads(row["parameters"] or "{}").items()}
    for name in _MEASURED & parameters.keys():
        if _RATIO.fullmatch(measured := parameters[name]):
            about = fixed(Fraction(measured), 2)
            parameters[name] = labels("reports-statement-about", exact=measured, about=about)
    for name in _PERIODS & parameters.keys():
        if parameters[name]:
            parameters[name] = labels.period_words({"id": parameters[name]})
    if labels.lang == "en" and parameters.get("label_en"):
        parameters["label"] = parameters["label_en"]
    # A meeting's wording for the public stands before the scheme's own word.
    if row["reason"] in _WORDED:
        parameters["item"] = parameters.get("wording") or parameters.get("item", "")
    if row["reason"] == "gate-score-zero":
        parameters["wording"] = parameters.get("wording") or labels("reports-gate-unworded")
    if row["reason"] == "judged" and not parameters.get("why"):  # the officer gave no reason
        return labels("reason-judged-without-why")
    return labels(code, **parameters)


def _word(value: object, labels: Labels) -> str:
    if isinstance(value, list):
        return listed((_word(item, labels) for item in value), labels.lang)
    return "" if value is None else printable(str(value))


def _heading(part: str | None, dimension: str | None, labels: Labels) -> str:
    words = [labels.weighted_part(part), labels.dimension(dimension)]
    return labels("reports-heading-join").join(word for word in words if word)
