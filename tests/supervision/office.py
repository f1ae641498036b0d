"""A bureau's workspace in a temporary folder, and the commands run upon it in this process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from importlib import import_module
from pathlib import Path
from typing import Any

import openpyxl
import xlsxwriter
from typer.testing import CliRunner

from scoring import cli
from scoring.cli_app import app
from tests.runs.conftest import SCHEME

TOWNS = [
    ["镇街代码", "名称", "别名", "排序"],
    ["T01", "沁园街道", "沁园", 1],
    ["T02", "克井镇", "克井", 2],
    ["T03", "济水街道", "济水", 3],
]
FINDINGS = [
    ["问题编号", "镇街", "村（社区）", "发现日期", "考核指标", "严重程度", "问题描述", "整改期限", "责任人"],
    ["A-1", "沁园街道", "东村", "2025-01-10", "files", "一般", "入户记录缺少签字", "2025-02-10", "示例责任人"],
    ["A-2", "沁园街道", "西村", "2025-01-12", "files", "一般", "公示照片缺失，电话13900001111", "2025-02-12", ""],
    ["A-3", "沁园街道", "西村", "2025-02-12", "visits", "严重", "", "", ""],
    ["B-1", "克井镇", "南村", "2025-01-10", "files", "一般", "授权书未归档", "2025-02-10", ""],
    ["B-2", "克井镇", "南村", "2025-04-02", "visits", "一般", "未入户", "2025-05-02", ""],
    ["C-1", "济水街道", "北村", "2025-01-10", "files", "一般", "已整改的问题", "2025-02-10", ""],
]
REPORTS = [
    ["问题编号", "报送日期", "完成日期", "整改情况", "复核日期", "复核结论"],
    ["C-1", "2025-01-20", "2025-01-19", "已完成", "2025-01-25", "通过销号"],
]


@dataclass
class Answer:
    code: int
    out: str


@dataclass
class Office:
    """A workspace with three towns; `call` runs a command in it."""

    root: Path

    def table(self, name: str, rows: Sequence[Sequence[Any]], folder: str = "data") -> Path:
        """Write a table as the officer keeps it; a day stays a day."""
        path = self.root / folder / f"{name}.xlsx"
        path.parent.mkdir(exist_ok=True)
        with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
            sheet, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
            for line, row in enumerate(rows):
                for place, value in enumerate(row):
                    if isinstance(value, date):
                        sheet.write_datetime(line, place, datetime.combine(value, time()), day)
                    elif value != "":
                        sheet.write(line, place, value)
        return path

    def call(self, *words: object) -> Answer:
        """Run a command; nothing of it may be a traceback."""
        for name in cli._COMMANDS:
            import_module(name)
        made = CliRunner().invoke(app, [str(word) for word in words])
        if made.exception is not None and not isinstance(made.exception, SystemExit):
            raise made.exception
        return Answer(made.exit_code, made.output)

    def cells(self, path: Path) -> list[list[Any]]:
        """The first sheet of a workbook, as a second library reads it."""
        return [list(row) for row in openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True)]


def office_at(root: Path, lang: str = "zh") -> Office:
    office = Office(root)
    (root / "weights").mkdir(parents=True)
    (root / "weights" / "small.yaml").write_text(SCHEME, "utf-8")
    (root / "townscore.yaml").write_text(f"weights: weights/small.yaml\nlang: {lang}\n", "utf-8")
    office.table("镇街名单", TOWNS)
    office.table("问题台账", FINDINGS)
    office.table("整改台账", REPORTS)
    return office
