"""What was published and what is in work, as one list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from scoring.messages import say
from scoring.store.editions import Edition, read_json

COLUMNS: Final = (
    "period",
    "edition",
    "stage",
    "document",
    "dated",
    "as_of",
    "towns",
    "mean",
    "scheme",
    "run_code",
    "seal",
)

SHOWN: Final = 12
"""So many characters of a seal are shown and copied."""


def listing(editions: Sequence[Edition], out: Path, lang: str) -> list[dict[str, str]]:
    """Return a row an edition in the order of publication, then a row a draft that lies in `out`: `COLUMNS`, all text.

    The seal is the beginning of the hash of edition.json: written beside the number in the office's register, it shows
    later that the whole store before it is as it was.
    """
    rows = []
    for edition in editions:
        said = edition.said
        rows.append(
            _row(edition.head, lang) | {"document": said["number"], "dated": said["on"], "seal": edition.seal[:SHOWN]}
        )
    sealed = {(edition.period, edition.number) for edition in editions}
    for path in sorted(out.glob("*/assessment.json")):
        head = read_json(path, "period", "scheme", "summary", "edition", "stage")
        if not path.parent.name.startswith(".") and (head["period"]["id"], head["edition"]) not in sealed:
            rows.append(_row(head, lang))
    return rows


def _row(head: Mapping[str, Any], lang: str) -> dict[str, str]:
    scheme, period, summary = head["scheme"], head["period"], head["summary"]
    title = (scheme["title_en"] if lang == "en" else None) or scheme["title"]
    return {
        "period": period["id"],
        "edition": str(head["edition"]),
        "stage": say(f"reports-stage-{head['stage']}", lang),
        "as_of": head["as_of"],
        "towns": summary["scored"],
        "mean": summary["mean"] or "",
        "scheme": f"{title} ({str(scheme['hash'])[:8]})",
        "run_code": head["run_code"],
    }
