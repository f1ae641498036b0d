"""The print allow-list: the only columns of findings that a PDF can see. What is not named here cannot be printed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from scoring.assessment import Assessment

FINDINGS: Final = (
    "finding_id", "town", "village", "found_on", "indicator", "severity", "found_severity", "channel", "programme",
    "problem_type", "description", "disposition", "matter", "part", "state", "flags", "fixed_on", "due", "repeat",
    "gives_back_by", "clause",
    *(f"{name}_{side}" for name in ("charge", "credit", "extra", "net", "gives_back") for side in ("num", "den")),
)  # fmt: skip


def findings_of(assessment: Assessment) -> list[dict[str, Any]]:
    """Return the findings, cut to the allow-list."""
    return assessment.findings.select(FINDINGS).to_dicts()


def is_overdue(row: Mapping[str, Any]) -> bool:
    """Tell whether a finding's term has passed and it is still open, whatever else has happened to it since."""
    return "overdue" in (row["flags"] or ()) and row["fixed_on"] is None
