"""Personal data in free text: found, masked and counted before anything is handed to a town (docs/redaction.md).

Pure: texts and frames in, texts and frames out. Numbers are found nearly always, names only likely.
"""

from __future__ import annotations

from scoring.redaction.finding import KINDS, Hit, Kind, find, redact
from scoring.redaction.frame import REGISTER, redact_frame
from scoring.redaction.leaving import distributed, free_text
from scoring.redaction.words import BadWords, Words, own_words

__all__ = [
    "KINDS",
    "REGISTER",
    "BadWords",
    "Hit",
    "Kind",
    "Words",
    "distributed",
    "find",
    "free_text",
    "own_words",
    "redact",
    "redact_frame",
]
