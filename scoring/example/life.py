"""What happens between the quarters of the example year: a late finding, an appeal, a new scheme, a new name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from scoring.config import CONFIG
from scoring.example.facts import Row
from scoring.example.words import words
from scoring.example.workbooks import Book
from scoring.example.year import town_rows
from scoring.workspace import open_workspace

QUARTERLY = Path("weights/jiyuan-quarterly.yaml")
ANNUAL = Path("weights/jiyuan-annual.yaml")
_LIST = re.compile(r"^weights:.*\n(?:[ \t]+- .*\n)*", re.MULTILINE)


@dataclass(frozen=True)
class Publication:
    """When a quarter goes to the towns, is decided and published, by whom and under which number."""

    period: str
    comment: date
    decided: date
    on: date
    number: str
    meeting: str


def publications() -> list[Publication]:
    """Return the four quarters in order."""
    said = words()["life"]
    return [
        Publication(
            f"{words()['year']}Q{quarter}",
            dates["comment"],
            dates["decided"],
            dates["published"],
            dates["number"],
            said["meeting"],
        )
        for quarter, dates in enumerate(said["quarters"], 1)
    ]


def amend(root: Path, quarter: int) -> None:
    """Let happen in a workspace what happens before a quarter is scored. Doing it twice changes nothing more.

    Second: a finding of the first is registered late, and an appeal on another is upheld. Third: the scheme is revised;
    the old one ends, the settings list the new one too. Fourth: a town has a new name.
    """
    said = words()["life"]
    if quarter == 2:
        _table(root / "data", said["late"]["file"], "findings", [said["late"]["row"]])
        _table(root / "data", said["appeal"]["file"], "appeals", [said["appeal"]["row"]])
    elif quarter == 3:
        _revise(root)
    elif quarter == 4:
        rows = town_rows()
        for row in rows:
            if row["town_code"] == said["renamed"]["code"]:
                row |= {"name": said["renamed"]["name"], "aliases": f"{row['name']};{row['aliases']}"}
        _table(root / "data", words()["files"]["towns"], "towns", rows)


def _revise(root: Path) -> None:
    """Write the revised scheme, let the old one end the day before, and list both in the settings."""
    said = words()["life"]["scheme"]
    revised, (open_end, ended) = Path("weights") / said["file"], said["ends"]
    text = (root / QUARTERLY).read_text("utf-8")
    if not (root / revised).exists():
        new = text
        for before, after in said["changes"]:
            assert new.count(before), before
            new = new.replace(before, after, 1)
        (root / revised).write_text(new, "utf-8")
    (root / QUARTERLY).write_text(text.replace(open_end, ended, 1), "utf-8")
    listed = dict.fromkeys([*open_workspace(root, "zh").weights, QUARTERLY, revised, ANNUAL])
    listing = "".join(f"  - {path.as_posix()}\n" for path in listed)
    settings = (root / CONFIG).read_text("utf-8")
    (root / CONFIG).write_text(_LIST.sub(lambda _: f"weights:\n{listing}", settings, count=1), "utf-8")


def _table(folder: Path, file: str, table: str, rows: list[Row]) -> None:
    headings: dict[str, Any] = words()["columns"][table]
    book = Book(folder / f"{file}.xlsx")
    cells = [[row.get(column) for column in headings] for row in rows]
    book.sheet(words()["files"][table], list(headings.values()), cells)
    book.notes()
    book.close()
