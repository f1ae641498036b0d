"""A town's score as lines of text that add up: start, entries, total."""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import get_close_matches

from scoring.assessment import Assessment
from scoring.messages import say


def statement_lines(assessment: Assessment, town: str, lang: str) -> Iterator[str]:
    """Yield the statement of one town, named by code or name.

    Raises
    ------
    KeyError
        There is no such town; the message names the nearest.
    """
    scores = assessment.scores
    codes = dict(zip(scores["town"], scores["town_code"], strict=True)) | {c: c for c in scores["town_code"]}
    if town not in codes:
        near = say("list-comma", lang).join(get_close_matches(town, list(codes), 3, 0.3)) or "-"
        raise KeyError(say("cli-unknown-town", lang, town=town, near=near))
    own = assessment.for_town(codes[town])
    row = own.scores.row(0, named=True)
    yield f"{row['town']}  {own.head['period']['id']}  {own.head['scheme']['title']}"
    if row["outcome"] != "scored":
        yield say("cli-not-scored", lang)
        return
    labels = {
        i["id"]: i["label"] if lang == "zh" else i["label_en"] or i["label"]
        for d in own.head["scheme"]["dimensions"]
        for i in d["indicators"]
    }
    yield f"{_number(row['start_num'], row['start_den']):>10}  {say('cli-start', lang)}"
    for entry in own.ledger.iter_rows(named=True):
        reason = say(f"reason-{entry['reason']}", lang, **json.loads(entry["parameters"] or "{}"))
        where = labels.get(entry["indicator"] or "", entry["indicator"] or "")
        parts = [entry["clause"], where, entry["subject"], reason]
        yield f"{entry['points']:>10}  " + "  ".join(part for part in parts if part)
    yield f"{row['score']:>10}  {say('cli-total', lang)}"
    yield say("cli-rank", lang, rank=row["rank"], grade=row["grade"] or "-")


def _number(numerator: int, denominator: int) -> str:
    return str(numerator) if denominator == 1 else f"{numerator}/{denominator}"
