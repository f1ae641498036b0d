"""Tables for tests: lists of dicts (rows) → `scoring.intake.Tables` with the types of docs/architecture.md."""

from __future__ import annotations

from decimal import Decimal

import polars as pl

TEXT, DAY, COUNT, WORDS = pl.String(), pl.Date(), pl.Int64(), pl.List(pl.String())
MONEY, NUMBER = pl.Decimal(20, 2), pl.Decimal(20, 6)

COLUMNS = {
    "towns": {
        **dict.fromkeys(("town_code", "name", "kind", "group"), TEXT),
        "order": COUNT,
        "aliases": WORDS,
        "email": TEXT,
        **dict.fromkeys(("delegated_on", "valid_from", "valid_to"), DAY),
        "merged_into": TEXT,
    },
    "findings": {
        **dict.fromkeys(("finding_id", "town", "village"), TEXT),
        **dict.fromkeys(("found_on", "assigned_on"), DAY),
        **dict.fromkeys(("indicator", "severity", "channel", "source_level", "programme", "problem_type"), TEXT),
        **dict.fromkeys(("cases", "persons"), COUNT),
        "amount": MONEY,
        "description": TEXT,
        **dict.fromkeys(("approved_on", "due_on", "extended_to"), DAY),
        **dict.fromkeys(("action", "stage", "acknowledged", "check_id", "case_ref"), TEXT),
        "tags": WORDS,
        "signed_on": DAY,
    },
    "rectifications": {
        "finding_id": TEXT,
        **dict.fromkeys(("submitted_on", "completed_on"), DAY),
        "outcome": TEXT,
        "verified_on": DAY,
        "verdict": TEXT,
        "recovered": MONEY,
        "note": TEXT,
    },
    "checks": {
        **dict.fromkeys(("check_id", "town"), TEXT),
        "checked_on": DAY,
        **dict.fromkeys(("month", "programme"), TEXT),
        **dict.fromkeys(("newly_confirmed", "sampled", "visited", "problem_cases"), COUNT),
    },
    "measures": {
        **dict.fromkeys(("town", "period", "measure"), TEXT),
        **dict.fromkeys(("numerator", "denominator", "value"), NUMBER),
        "sample": COUNT,
        "origin": TEXT,
        "dated_on": DAY,
    },
    "judgements": {
        **dict.fromkeys(("town", "period", "indicator"), TEXT),
        **dict.fromkeys(("points", "deducted", "share"), NUMBER),
        "reason": TEXT,
        "judged_on": DAY,
        "signed_by": TEXT,
    },
    "adjustments": {
        **dict.fromkeys(("adjustment_id", "town"), TEXT),
        "dated_on": DAY,
        **dict.fromkeys(("kind", "item", "level"), TEXT),
        "quantity": NUMBER,
        "evidence": TEXT,
        "decided_points": NUMBER,
        "decided_on": DAY,
        **dict.fromkeys(("decided_by", "public_wording", "period", "document"), TEXT),
    },
    "appeals": {
        **dict.fromkeys(("appeal_id", "target", "target_id"), TEXT),
        "filed_on": DAY,
        "ground": TEXT,
        **dict.fromkeys(("ground_kind", "asked_value"), TEXT),
        "decided_on": DAY,
        **dict.fromkeys(("decision", "new_value"), TEXT),
    },
    "letters": {
        **dict.fromkeys(("letter_id", "town", "kind"), TEXT),
        "sent_on": DAY,
        "finding_ids": WORDS,
        "due_on": DAY,
    },
}
SOURCE = {"source_file": TEXT, "source_sheet": TEXT, "source_row": COUNT}
DECLARED = {"text": TEXT, "integer": COUNT, "decimal": NUMBER, "date": DAY}


def frame(name, rows, scheme):
    """One table with every column it may have, declared ones included."""
    columns = dict(COLUMNS[name])
    columns |= {field.id: DECLARED[field.type] for field in scheme.fields if field.table == name}
    data = {}
    for column, dtype in columns.items():
        cells = [row.get(column) for row in rows]
        if dtype == WORDS:
            cells = [cell or [] for cell in cells]
        elif isinstance(dtype, pl.Decimal):
            cells = [None if cell is None else Decimal(str(cell)) for cell in cells]
        data[column] = pl.Series(column, cells, dtype=dtype)
    unknown = {key for row in rows for key in row} - set(columns)
    assert not unknown, (name, unknown)
    data["source_file"] = pl.Series("source_file", [f"{name}.csv"] * len(rows), dtype=TEXT)
    data["source_sheet"] = pl.Series("source_sheet", [None] * len(rows), dtype=TEXT)
    data["source_row"] = pl.Series("source_row", [row + 2 for row in range(len(rows))], dtype=COUNT)
    return pl.DataFrame(data)


def tables_of(rows, scheme):
    """`scoring.intake.Tables` from rows; a table that `rows` does not name is empty and not present."""
    from scoring.intake import Tables

    frames = {name: frame(name, rows.get(name, []), scheme) for name in COLUMNS}
    return Tables(**frames, present=frozenset(rows))
