"""What happens between the quarters of the example year: a late finding, an appeal, a new scheme, a new name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from scoring.example.facts import Row
from scoring.example.words import words
from scoring.example.workbooks import Book
from scoring.example.year import town_rows

QUARTERLY = Path("weights/jiyuan-quarterly.yaml")
ANNUAL = Path("weights/jiyuan-annual.yaml")


@dataclass(frozen=True)
class Publication:
    """When a quarter goes to the towns, is decided and published, by whom and under which number."""

    period: str
    weights: Path
    comment: date
    decided: date
    on: date
    number: str
    meeting: str


def publications() -> list[Publication]:
    """Return the four quarters in order."""
    said, revised = words()["life"], Path("weights") / words()["life"]["scheme"]["file"]
    return [
        Publication(
            f"{words()['year']}Q{quarter}",
            QUARTERLY if quarter < 3 else revised,
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

    Second: a finding of the first is registered late, and an appeal on another is upheld. Third: the scheme is revised.
    Fourth: a town has a new name.
    """
    said = words()["life"]
    if quarter == 2:
        _table(root / "data", said["late"]["file"], "findings", [said["late"]["row"]])
        _table(root / "data", said["appeal"]["file"], "appeals", [said["appeal"]["row"]])
    elif quarter == 3:
        text = (root / QUARTERLY).read_text("utf-8")
        for old, new in said["scheme"]["changes"]:
            assert text.count(old), old
            text = text.replace(old, new, 1)
        (root / "weights" / said["scheme"]["file"]).write_text(text, "utf-8")
    elif quarter == 4:
        rows = town_rows()
        for row in rows:
            if row["town_code"] == said["renamed"]["code"]:
                row |= {"name": said["renamed"]["name"], "aliases": f"{row['name']};{row['aliases']}"}
        _table(root / "data", words()["files"]["towns"], "towns", rows)


def _table(folder: Path, file: str, table: str, rows: list[Row]) -> None:
    headings: dict[str, Any] = words()["columns"][table]
    book = Book(folder / f"{file}.xlsx")
    cells = [[row.get(column) for column in headings] for row in rows]
    book.sheet(words()["files"][table], list(headings.values()), cells)
    book.notes()
    book.close()
