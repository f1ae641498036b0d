"""The board: one page of what is open, due, overdue, sampled and sent, down to each finding's life."""

from __future__ import annotations

from scoring.supervision.board.facts import Package, Seen, facts_of
from scoring.supervision.board.gathering import gather
from scoring.supervision.board.page import page_of

__all__ = ["Package", "Seen", "facts_of", "gather", "page_of"]
