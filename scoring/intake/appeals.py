"""Appeals: what they are about must exist, and what a decision sets must be a word or number of its target."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from schemas.tables import Table
from scoring.intake.columns import Names, word_list
from scoring.intake.crosscheck import Frames, refer
from scoring.intake.fold import fold, name_key
from scoring.intake.problems import Problems
from scoring.intake.rows import notice, refuse
from scoring.intake.sheet import BAD

NUMBER: Final = re.compile(r"[0-9]{1,11}(\.[0-9]{1,6})?")
RATE: Final = re.compile(r"[0-9]{1,11}(\.[0-9]{1,6})?(/[0-9]{1,11}(\.[0-9]{1,6})?)?")


@dataclass(frozen=True)
class AppealChecks:
    """Holds the appeals of a folder against its other tables."""

    tables: Mapping[str, Table]
    names: Names
    problems: Problems

    def check(self, appeals: pl.DataFrame, frames: Frames, refused: set[str]) -> pl.DataFrame:
        """Refuse appeals whose target is in no table, or whose decision sets what their target cannot be.

        A measure is named `town/measure/period`. Words that were set become the canonical ones, so that the engine
        compares words alone.
        """
        if appeals.is_empty():
            return appeals
        target = pl.col("target")
        measured = target == "measure"
        frame = appeals.with_columns(
            target_id=pl.when(measured)
            .then(pl.col("target_id").map_elements(self._measure, return_dtype=pl.String, skip_nulls=True))
            .otherwise("target_id")
        )
        known = frames["measures"].select(pl.concat_str("town", "measure", "period", separator="/")).to_series()
        for where, ids, gone in (
            (target.is_in(["finding", "verdict"]), frames["findings"]["finding_id"], refused),
            (target == "adjustment", frames["adjustments"]["adjustment_id"], set[str]()),
            (measured, known.drop_nulls(), set[str]()),
        ):
            frame = refer(frame, "appeals.target_id", ids, gone, self.problems, where=where)
        reported = frames["rectifications"]["finding_id"].implode()
        none = (target == "verdict") & ~pl.col("target_id").is_in(reported) & ~pl.col(BAD)
        frame = refuse(frame, none.fill_null(value=False), "verdict-without-report", "appeals.target_id", self.problems)
        frame = self._set_values(frame, frames)
        undated = pl.col("decision").is_not_null() & pl.col("decided_on").is_null()
        notice(frame, undated, "decision-undated", "appeals.decided_on", self.problems)
        notice(
            frame,
            pl.col("decided_on") < pl.col("filed_on"),
            "decided-before-filed",
            "appeals.decided_on",
            self.problems,
        )
        return frame

    def _measure(self, text: str) -> str:
        parts = [part.strip() for part in text.split("/")]
        if len(parts) != 3:
            return text
        town, measure, period = parts
        return "/".join(
            (
                self.names.towns.get(name_key(town), town),
                self.names.measures.get(name_key(measure), measure),
                fold(period),
            )
        )

    def _set_values(self, frame: pl.DataFrame, frames: Frames) -> pl.DataFrame:
        """Read `new_value` of changed decisions by what it changes.

        What a town asks for stays as it wrote it where that cannot be read: its sheet says so.
        """
        severities = word_list(self.tables["findings"].columns["severity"])
        verdicts = word_list(self.tables["rectifications"].columns["verdict"])
        vetoes = set(frames["adjustments"].filter(pl.col("kind") == "veto")["adjustment_id"])

        def read(row: dict[str, str | None]) -> str | None:
            value, target = row["new_value"], row["target"]
            if row["decision"] != "change" or target is None:
                return value
            text = fold(value or "")
            if target in ("finding", "verdict"):
                words = severities if target == "finding" else verdicts
                return words.get(name_key(text)) if words else text or None
            if row["target_id"] in vetoes:
                return text or None
            text = text.removesuffix("%") if target == "measure" and "/" not in text else text
            return text if (RATE if target == "measure" else NUMBER).fullmatch(text) else None

        facts = frame.select("target", "target_id", "decision", "new_value", "asked_value")
        values = pl.Series("_value", [read(row) for row in facts.to_dicts()], dtype=pl.String)
        asked = [
            read({**row, "decision": "change", "new_value": row["asked_value"]}) if row["asked_value"] else None
            for row in facts.to_dicts()
        ]
        frame = frame.with_columns(values, pl.Series("_asked", asked, dtype=pl.String))
        unclear = ~pl.col(BAD) & pl.col("asked_value").is_not_null() & pl.col("_asked").is_null()
        notice(frame, unclear, "asked-value-unreadable", "appeals.asked_value", self.problems)
        unread = ~pl.col(BAD) & (pl.col("decision") == "change") & pl.col("_value").is_null()
        frame = refuse(frame, unread, "new-value-unreadable", "appeals.new_value", self.problems)
        return frame.with_columns(new_value="_value", asked_value=pl.coalesce("_asked", "asked_value")).drop(
            "_value", "_asked"
        )
