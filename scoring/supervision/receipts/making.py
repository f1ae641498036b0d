"""What goes to whom: the findings that await something of a town, masked, a workbook each, none written over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from scoring.messages import say
from scoring.outfolder import write_whole
from scoring.packing.town import safe_name
from scoring.redaction import Words, redact_frame
from scoring.supervision.receipts.book_out import Sent, write_receipt


class ExistsError(Exception):
    """Workbooks that say otherwise lie where these should: a town may have filled them in. Nothing was written."""

    def __init__(self, paths: list[Path]) -> None:
        super().__init__(paths)
        self.paths = paths


@dataclass(frozen=True)
class Making:
    """What receipts are made of.

    Attributes
    ----------
    findings
        The findings that await something: town, finding_id, found_on, description, problem_type, indicator, due.
    towns
        Code to name of the towns that are asked for, in order.
    indicators
        Id to label: what stands for a finding without a text of its own.
    label, stem
        What the receipts are about, in words and in the name of a file.
    on
        As of which day.
    """

    findings: pl.DataFrame
    towns: Mapping[str, str]
    indicators: Mapping[str, str]
    label: str
    stem: str
    on: date


@dataclass(frozen=True)
class Made:
    """One town's workbook: where it lies, how many findings it holds, how many pieces of personal data were masked."""

    town: str
    path: Path
    findings: int
    masked: int


def make_receipts(making: Making, words: Words, folder: Path, lang: str) -> list[Made]:
    """Write a workbook for every town that has something to do; towns without are not in the list.

    Parameters
    ----------
    words
        What is masked beside the shipped lists, and what never.
    folder
        Is made where it is not there.

    Raises
    ------
    ExistsError
        A workbook would be written over by a different one.
    OSError
        The folder cannot be written.
    """
    made: list[tuple[Made, bytes]] = []
    for code, name in making.towns.items():
        own = making.findings.filter(pl.col("town") == code).sort("due", "finding_id", nulls_last=True)
        if own.is_empty():
            continue
        label = pl.col("indicator").replace_strict(dict(making.indicators), default=pl.col("indicator"))
        told = own.select(
            "finding_id", "found_on", description=pl.coalesce("description", "problem_type", label), due="due"
        )
        masked, register = redact_frame(told, ["description"], "finding_id", words)
        content = write_receipt(Sent(code, name, making.label, making.on, masked.rows()), lang)
        file = safe_name("_".join([code, name, say("receipts-sheet", lang), making.stem])) + ".xlsx"
        made.append((Made(name, folder / file, own.height, int(register["count"].sum())), content))
    there = [one.path for one, content in made if one.path.exists() and one.path.read_bytes() != content]
    if there:
        raise ExistsError(there)
    for one, content in made:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(one.path, content)
    return [one for one, _ in made]
