"""The print allow-list: the only columns of findings that a PDF can see. What is not named here cannot be printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from scoring.assessment import Assessment

FINDINGS: Final = (
    "finding_id", "town", "village", "found_on", "indicator", "severity", "channel", "programme", "problem_type",
    "description", "disposition", "matter", "part", "state", "due", "repeat", "gives_back_by", "clause",
    *(f"{name}_{side}" for name in ("charge", "credit", "extra", "net", "gives_back") for side in ("num", "den")),
)  # fmt: skip


def findings_of(assessment: Assessment) -> list[dict[str, Any]]:
    """Return the findings, cut to the allow-list."""
    return assessment.findings.select(FINDINGS).to_dicts()
