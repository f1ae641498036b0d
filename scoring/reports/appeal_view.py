"""Appeals as papers show them: what was, what was decided, and where the town stands either way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scoring.reports.labels import Labels
from scoring.reports.office_text import one_line, printable
from scoring.reports.text import short_day

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoring.assessment import Assessment


@dataclass(frozen=True)
class AppealRow:
    """One appeal, all text."""

    number: str
    about: str
    ground: str
    original: str
    asked: str
    decision: str
    upheld: str
    rejected: str
    moved: str


def appeal_rows(assessment: Assessment, labels: Labels) -> tuple[AppealRow, ...]:
    """Return the appeals that bear on this period, in the order of filing."""
    return tuple(_row(row, labels) for row in assessment.appeals.to_dicts())


def _row(row: Mapping[str, Any], labels: Labels) -> AppealRow:
    kind = labels.known("reports-ground", row["ground_kind"]) if row["ground_kind"] else ""
    ground = one_line(row["ground"] or "")
    if row["pending"]:
        decision = labels("reports-appeal-pending")
    else:
        decision = labels.known("reports-decision", row["decision"])
        if row["decision"] == "change":
            decision = labels("reports-appeal-changed", decision=decision, value=_value(row, "decided", labels))
        decision = labels("reports-appeal-decided", decision=decision, day=short_day(row["decided_on"]))
    return AppealRow(
        printable(row["appeal_id"]),
        _about(row, labels),
        labels("reports-detail-join").join(word for word in (kind, ground) if word),
        _value(row, "original", labels),
        _value(row, "asked", labels),
        decision,
        _either(row, "upheld", labels),
        _either(row, "rejected", labels),
        str(row["moved"]),
    )


def _about(row: Mapping[str, Any], labels: Labels) -> str:
    """Name what is appealed against: a measure by its label and period, all else by its number."""
    target, about = labels.known("reports-target", row["target"]), printable(row["target_id"])
    parts = row["target_id"].split("/")
    if row["target"] != "measure" or len(parts) != 3:
        return labels("reports-appeal-about", target=target, about=about)
    town, measure, period = parts
    words = {"target": target, "measure": labels.measure(measure), "period": labels.period_words({"id": period})}
    if town == row["town_code"]:
        return labels("reports-appeal-about-measure", **words)
    return labels("reports-appeal-about-measure-of", town=printable(town), **words)


def _value(row: Mapping[str, Any], name: str, labels: Labels) -> str:
    text = row.get(name) or ""  # editions of before have nothing asked
    return labels.known("book-verdict", text) if row["target"] == "verdict" else labels.word(text)


def _either(row: Mapping[str, Any], name: str, labels: Labels) -> str:
    if row[name] is None:
        return why_not(row, name, labels)
    rank = row[f"{name}_rank"]
    return labels("reports-appeal-score", score=row[name], rank=labels("reports-none") if rank is None else rank)


def why_not(row: Mapping[str, Any], name: str, labels: Labels) -> str:
    """Say why there is no score, upheld or rejected."""
    why = row.get(f"{name}_why") or ""
    code = f"reports-appeal-why-{why}"
    if why == "unreadable":
        code += f"-{row['target']}"
    return labels(code if why and labels.has(code) else "reports-appeal-why-refused")
