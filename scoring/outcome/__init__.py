"""What a ledger comes to: the frames and the head of an assessment."""

from scoring.outcome.findings import finding_frame
from scoring.outcome.frames import CHANGES, HISTORY
from scoring.outcome.head import Options, head_of, previous_head
from scoring.outcome.scores import dimension_frame, indicator_frame, score_frame

__all__ = [
    "CHANGES",
    "HISTORY",
    "Options",
    "dimension_frame",
    "finding_frame",
    "head_of",
    "indicator_frame",
    "previous_head",
    "score_frame",
]
