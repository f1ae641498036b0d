"""A supervision's folder built in a few lines, read, and looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter

from schemas.tables import catalogue
from scoring.supervision.tables import Supervision, read_supervision
from tests.supervision.office import Office, office_at

TOWNS = pl.DataFrame(
    {
        "town_code": ["T01", "T02", "T03"],
        "name": ["沁园街道", "克井镇", "济水街道"],
        "aliases": [["沁园"], ["克井"], None],
    },
    schema={"town_code": pl.String(), "name": pl.String(), "aliases": pl.List(pl.String())},
)


@dataclass
class Desk:
    """A supervision's folder under test."""

    path: Path

    def put(self, table: str, *rows: Mapping[str, Any], name: str = "", sheet: str = "Sheet1") -> Desk:
        """Write a table by column ids, headed in Chinese; a day stays a day, text stays text."""
        known = catalogue("supervision").tables[table]
        columns = list(dict.fromkeys(column for row in rows for column in row))
        path = self.path / f"{name or known.zh}.xlsx"
        with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
            own, day = book.add_worksheet(sheet), book.add_format({"num_format": "yyyy-mm-dd"})
            own.write_row(0, 0, [known.columns[column].zh if column in known.columns else column for column in columns])
            for number, row in enumerate(rows, 1):
                for place, column in enumerate(columns):
                    value = row.get(column)
                    if isinstance(value, date):
                        own.write_datetime(number, place, datetime.combine(value, time()), day)
                    elif value is not None:
                        own.write(number, place, value)
        return self

    def read(self, lang: str = "zh") -> Supervision:
        return read_supervision(self.path, TOWNS, lang=lang)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.chdir(tmp_path)
    return office_at(tmp_path)
