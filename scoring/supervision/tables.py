"""The supervision's own tables: files in a folder of their own to typed tables, by the machinery of the intake."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import polars as pl

from schemas.tables import catalogue, table_for
from schemas.vocabulary import Vocabulary
from scoring.intake.columns import names_of
from scoring.intake.folder import place_sheets
from scoring.intake.frames import Read
from scoring.intake.limits import Limits
from scoring.intake.problems import Problems
from scoring.intake.reader import Placed, Reader
from scoring.intake.towns import town_names
from scoring.supervision import checks


@dataclass(frozen=True)
class SupervisionTables:
    """One eager frame a table, empty with the right columns when no file gave it.

    Attributes
    ----------
    cases, surveys, answers, hotline, petitions, village_reports, kin, sanctions, duties
        The frames: the columns of schemas/supervision.yaml, towns as codes, the source columns last. Every case has a
        `case_id`: its own, or else its certificate's number (`case_ref`).
    present
        The tables that a file gave with at least one row.
    """

    cases: pl.DataFrame
    surveys: pl.DataFrame
    answers: pl.DataFrame
    hotline: pl.DataFrame
    petitions: pl.DataFrame
    village_reports: pl.DataFrame
    kin: pl.DataFrame
    sanctions: pl.DataFrame
    duties: pl.DataFrame
    present: frozenset[str]


Supervision: TypeAlias = Read[SupervisionTables]
"""The supervision's folder, read."""


def read_supervision(
    folder: Path,
    towns: pl.DataFrame,
    *,
    limits: Limits | None = None,
    lang: str = "zh",
    only: Set[str] | None = None,
) -> Supervision:
    """Read every table of the supervision's folder.

    Parameters
    ----------
    folder
        Its subfolders are not read; one that is not there holds nothing.
    towns
        The towns as the intake gives them: town_code, name, aliases. A town is called by any of these, never by a
        near miss.
    limits
        Bounds on files and on the reading child.
    lang
        Language of the problems: zh or en.
    only
        The tables that are wanted, where not all are: a file named after another is not opened, its persons stay where
        they are, and the frames of the others are empty.

    Returns
    -------
    Supervision
        Good rows, problems, and the account of all rows. With refused rows the caller decides.
    """
    problems = Problems()
    tables = {name: table_for(name, Vocabulary(), "supervision") for name in catalogue("supervision").tables}
    placed: list[Placed] = []
    inputs: dict[str, str] = {}
    if folder.is_dir():
        unopened = frozenset(tables) - only if only is not None else frozenset[str]()
        placed, inputs = place_sheets(folder, "supervision", tables, problems, limits, unopened=unopened)
        placed = [item for item in placed if item.table not in unopened]
    reader = Reader(tables, names_of(Vocabulary(), town_names(towns)), problems)
    while placed:
        reader.lay_out(placed.pop(0))  # its text is let go once it is laid out
    frames = {name: reader.finish(name, _checked(name, reader.values(name), problems)) for name in tables}
    rows = reader.account(frames)
    present = frozenset(name for name, counts in rows.items() if counts["read"])
    return Supervision(SupervisionTables(**frames, present=present), problems.frame(lang), rows, inputs)


def _checked(name: str, frame: pl.DataFrame, problems: Problems) -> pl.DataFrame:
    check = checks.BY_TABLE.get(name)
    return check(frame, problems) if check else frame
