"""What a ledger comes to: the frames and the head of an assessment."""

from scoring.outcome.appeals import APPEALS, appeal_frame
from scoring.outcome.findings import finding_frame
from scoring.outcome.frames import CHANGES, DOUBT, DUTIES, HISTORY
from scoring.outcome.head import Options, head_of, previous_head, published_head
from scoring.outcome.rolled import ROLLED, rolled_frame, rolled_head
from scoring.outcome.scores import dimension_frame, indicator_frame, score_frame
from scoring.outcome.warnings import WARNINGS, warning_frame

__all__ = [
    "APPEALS",
    "CHANGES",
    "DOUBT",
    "DUTIES",
    "HISTORY",
    "ROLLED",
    "WARNINGS",
    "Options",
    "appeal_frame",
    "dimension_frame",
    "finding_frame",
    "head_of",
    "indicator_frame",
    "previous_head",
    "published_head",
    "rolled_frame",
    "rolled_head",
    "score_frame",
    "warning_frame",
]
