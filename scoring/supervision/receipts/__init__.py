"""Rectification receipts: a workbook a town goes out, and comes back into the rectifications table."""

from __future__ import annotations

from scoring.supervision.receipts.book_in import Returned, read_returned
from scoring.supervision.receipts.book_out import Sent, write_receipt
from scoring.supervision.receipts.ledger import LEDGER, Merged, NotOursError, is_open, merge, write_ledger
from scoring.supervision.receipts.making import ExistsError, Making, make_receipts

__all__ = [
    "LEDGER",
    "ExistsError",
    "Making",
    "Merged",
    "NotOursError",
    "Returned",
    "Sent",
    "is_open",
    "make_receipts",
    "merge",
    "read_returned",
    "write_ledger",
    "write_receipt",
]
