"""A workspace of three towns in which the commands run, and work sheets filled in as a checker would."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from scoring.screen import given_language, language

NAMES = ["沁园街道", "克井镇", "济水街道"]
FINDING = ["问题编号", "镇街", "村（社区）", "发现日期", "考核指标", "严重程度", "发现方式", "涉及户数"]


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with a finding of January in the ledger, and no cases yet."""
    (tmp_path / "data").mkdir()
    put_table(
        tmp_path / "data" / "镇街名单.xlsx",
        [["镇街代码", "名称", "别名", "排序"], *([f"T0{n}", name, name[:2], n] for n, name in enumerate(NAMES, 1))],
    )
    (tmp_path / "townscore.yaml").write_text("weights: weights/jiyuan-quarterly.yaml\n", "utf-8")
    (tmp_path / "supervision").mkdir()
    put_table(
        tmp_path / "data" / "问题台账.xlsx",
        [FINDING, ["A-1", "克井镇", "示例村", date(2025, 1, 8), "档案建立及时", "一般", "日常监督", 1]],
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put_table(path: Path, rows: list[list[Any]]) -> None:
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as book:
        sheet = book.add_worksheet()
        for number, cells in enumerate(rows):
            sheet.write_row(number, 0, cells)


@pytest.fixture
def table() -> Callable[[Path, list[list[Any]]], None]:
    """Write a workbook of rows."""
    return put_table


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    """Run the command in this process: code, what it said, what it complained of."""
    from scoring.cli import main

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["townscore", *map(str, words)])
        given_language.cache_clear()
        language.cache_clear()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


@pytest.fixture
def cases(space: Path, desk: Any) -> Callable[..., None]:
    """Put so many cases, confirmed in September 2025, into the towns: 10, 3 and 1 unless told otherwise."""
    desk.path = space / "supervision"

    def put(*counts: int, **more: Any) -> None:
        rows = [
            {
                "case_id": f"示例-{name[:2]}{n:02d}", "town": name, "village": "示例村", "persons": 2,
                "programme": "农村低保" if n % 3 else "特困分散", "accepted_on": date(2025, 9, 1),
                "confirmed_on": date(2025, 9, 2 + n), **more,
            }
            for name, count in zip(NAMES, counts or (10, 3, 1), strict=True)
            for n in range(count)
        ]  # fmt: skip
        desk.put("cases", *rows)

    return put


@dataclass
class Sheet:
    """A work sheet under a checker's hands."""

    path: Path

    def __post_init__(self) -> None:
        self.book = openpyxl.load_workbook(self.path)
        self.sheet = self.book.worksheets[0]
        self.head = next(
            row[0].row
            for row in self.sheet.iter_rows()
            if [cell for cell in row if cell.value in {"申请编号", "问题编号"}]
        )
        self.columns = {cell.value: cell.column for cell in self.sheet[self.head] if cell.value}

    @property
    def rows(self) -> list[int]:
        key = self.columns.get("申请编号") or self.columns["问题编号"]
        numbers = range(self.head + 1, self.sheet.max_row + 1)
        return [row for row in numbers if self.sheet.cell(row, key).value]

    def value(self, row: int, heading: str) -> Any:
        return self.sheet.cell(row, self.columns[heading]).value

    def put(self, row: int, values: Mapping[str, Any]) -> Sheet:
        for heading, value in values.items():
            self.sheet.cell(row, self.columns[heading]).value = value
        return self

    def check(self, row: int, day: date = date(2025, 9, 29), **values: Any) -> Sheet:
        """Answer every point that is blank as met, but for those named."""
        answered = dict.fromkeys(list(self.columns)[8:-3], "符合")
        for heading in answered:
            if self.value(row, heading) is None:
                self.put(row, {heading: "符合"})
        return self.put(row, {"核查日期": day, "入户": "是", **values})

    def save(self, path: Path | None = None) -> Path:
        self.book.save(path or self.path)
        return path or self.path


@pytest.fixture
def sheet(space: Path) -> Callable[[str], Sheet]:
    """Open a town's work sheet."""

    def opened(town: str, folder: str = "2025-09") -> Sheet:
        (path,) = (space / "samples" / folder).glob(f"*_{town}.xlsx")
        return Sheet(path)

    return opened
