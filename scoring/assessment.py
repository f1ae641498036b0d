"""The assessment: one frozen result, the only thing that reports read.

`scoring.assessing` makes it, `save` and `load` keep it, `for_town` cuts it down. Reading one loads no engine.

Its format is described in docs/architecture.md.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import polars as pl

from scoring.problems import Refused, problem
from scoring.shapes import APPEALS, CHANGES, DOUBT, DUTIES, HISTORY, IMPROVEMENTS, ROLLED, WARNINGS

FORMAT: Final = 2
FRAMES: Final = (
    "scores",
    "dimensions",
    "indicators",
    "ledger",
    "findings",
    "rolled",
    "appeals",
    "warnings",
    "history",
    "changes",
    "doubt",
    "improvements",
    "duties",
)
_TOWN: Final = {name: "town" if name == "findings" else "town_code" for name in FRAMES if name != "duties"}
"""The column of each frame that names the town; what the bureau did of its own duties is no row of any."""
BESIDE: Final = ("history", "changes", "doubt", "improvements", "duties")
"""Frames that a run fills: from what is published, by drawing, of scores that might be, of the bureau's own work.

No part of the scores.
"""


@dataclass(frozen=True)
class Assessment:
    """Everything that may be printed of one run, and nothing else.

    `history` and `changes` speak of other periods, `doubt` of how sure the ranking is, `improvements` of scores that
    might be, `duties` of what the bureau itself did: a run fills them, `assess` leaves them empty.
    """

    head: dict[str, Any]
    scores: pl.DataFrame
    dimensions: pl.DataFrame
    indicators: pl.DataFrame
    ledger: pl.DataFrame
    findings: pl.DataFrame
    rolled: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ROLLED))
    appeals: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=APPEALS))
    warnings: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=WARNINGS))
    history: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=HISTORY))
    changes: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=CHANGES))
    doubt: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=DOUBT))
    improvements: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=IMPROVEMENTS))
    duties: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=DUTIES))

    def __reduce__(self) -> tuple[object, ...]:
        """Hand over copies of the frames, which cost nothing.

        Polars pickles a frame under a lock of its own, asked for while Python's is held: beside another thread that is
        reading the very same frame, and a third whose work calls Python, all three would wait for ever.
        """
        return (Assessment, (self.head, *(getattr(self, name).clone() for name in FRAMES)))

    def for_town(self, code: str) -> Assessment:
        """Return the assessment with one town's rows only; of the others nothing remains but counts and group medians.

        Raises
        ------
        KeyError
            No such town was assessed.
        """
        if code not in self.scores["town_code"]:
            raise KeyError(code)
        return self._cut(code, {name: getattr(self, name).filter(pl.col(of) == code) for name, of in _TOWN.items()})

    def each_town(self) -> Iterator[tuple[str, Assessment]]:
        """Give every town with its `for_town`, in the order of the scores; each frame is gone through once for all."""
        parted = {
            name: getattr(self, name).partition_by(of, as_dict=True, maintain_order=True) for name, of in _TOWN.items()
        }
        for code in self.scores["town_code"]:
            yield (
                code,
                self._cut(code, {name: own.pop((code,), getattr(self, name).clear()) for name, own in parted.items()}),
            )

    def _cut(self, code: str, own: dict[str, pl.DataFrame]) -> Assessment:
        head = {key: value for key, value in self.head.items() if key != "internal"}
        if isinstance(previous := head.get("previous"), dict):
            towns = previous["towns"]
            head["previous"] = {**previous, "towns": {code: towns[code]} if code in towns else {}}
        # Whose places would move is for the bureau; a town is told how many.
        nobody = {"moved_towns": pl.String, "moved_upheld": pl.Int64, "moved_rejected": pl.Int64}
        own["appeals"] = own["appeals"].with_columns(
            pl.lit([], dtype=pl.List(kind)).alias(name) for name, kind in nobody.items()
        )
        # Warnings are for the bureau alone: a town's own would say how the rest of its group stands.
        own["warnings"] = self.warnings.clear()
        own["doubt"] = self.doubt.clear()
        own["duties"] = self.duties.clear()
        return replace(self, head=head, **own)

    def save(self, folder: Path) -> dict[str, str]:
        """Write `assessment.json` and a Parquet file a frame; return the SHA-256 by which the JSON binds each."""
        digests = self.save_frames(folder, FRAMES)
        self.save_head(folder, digests)
        return digests

    def save_frames(self, folder: Path, names: Sequence[str]) -> dict[str, str]:
        """Write some of the frames alone; return the hash of each."""

        def write(name: str) -> str:
            # By way of memory: of a full disk Polars would only say that its transport failed.
            content = io.BytesIO()
            getattr(self, name).write_parquet(content, compression="zstd", statistics=False)
            (folder / f"{name}.parquet").write_bytes(content.getbuffer())
            return hashlib.sha256(content.getbuffer()).hexdigest()

        # Polars writes a file on one processor; the largest two go side by side.
        with ThreadPoolExecutor() as threads:
            return dict(zip(names, threads.map(write, names), strict=True))

    def save_head(self, folder: Path, digests: Mapping[str, str]) -> None:
        """Write `assessment.json` alone, beside frames that are written already."""
        text = json.dumps({**self.head, "frames": digests}, ensure_ascii=False, indent=1, sort_keys=True)
        (folder / "assessment.json").write_text(text + "\n", "utf-8")

    @classmethod
    def load(cls, folder: Path) -> Assessment:
        """Read what `save` wrote.

        Raises
        ------
        Refused
            A frame is not the one that the JSON names (`assessment-altered`).
        """
        head = json.loads((folder / "assessment.json").read_text("utf-8"))
        frames = {}
        for name, digest in head.pop("frames").items():
            content = (folder / f"{name}.parquet").read_bytes()
            if hashlib.sha256(content).hexdigest() != digest:
                raise Refused([problem("assessment-altered", None, file=f"{name}.parquet")])
            frames[name] = pl.read_parquet(content)
        return cls(head, **frames)
