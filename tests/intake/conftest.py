"""A data folder built in a few lines, read, and looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter

from schemas.vocabulary import DeclaredField, Vocabulary
from scoring.intake import Intake, Limits, read_folder

TOWNS = [
    ["镇街代码", "名称", "别名"],
    ["T01", "沁园街道", "沁园；沁园办事处"],
    ["T02", "克井镇", "克井"],
    ["T03", "济水街道", "济水"],
]
HEAD = ["问题编号", "镇街", "发现日期", "考核指标", "严重程度", "涉及户数", "涉及金额", "问题描述"]
ROW = ["A-1", "沁园街道", "2025-03-01", "档案资料齐全", "一般", "2", "12.50", "缺少签字"]
REPORT_HEAD = ["问题编号", "报送日期", "整改情况", "复核日期", "复核结论"]
REPORT = ["A-1", "2025-03-20", "已完成", "2025-03-25", "通过销号"]
VOCABULARY = Vocabulary(
    indicators={"file_complete": "档案资料齐全", "home_visit": "入户调查", "satisfaction": "群众满意"},
    indicator_aliases={"档案": "file_complete"},
    severities=("一般", "较重", "严重"),
    measures={"visit_rate": "入户率"},
    judged=frozenset({"satisfaction"}),
    by_finding=frozenset({"file_complete", "home_visit"}),
    fields=(
        DeclaredField("source_no", "来文编号", "text", "findings"),
        DeclaredField("poor", "困难户数", "integer", "towns"),
    ),
    intervals=("spring",),
)


def put(
    path: Path, rows: Sequence[Sequence[Any]], *, sheet: str = "Sheet1", merges: Sequence[tuple[Any, ...]] = ()
) -> None:
    """Write one sheet; text stays text, numbers stay numbers."""
    with xlsxwriter.Workbook(path, {"strings_to_numbers": False, "strings_to_formulas": False}) as book:
        put_sheet(book, sheet, rows, merges)


def put_sheet(book: Any, name: str, rows: Sequence[Sequence[Any]], merges: Sequence[tuple[Any, ...]] = ()) -> Any:
    sheet = book.add_worksheet(name)
    for number, row in enumerate(rows):
        for place, value in enumerate(row):
            if value is not None:
                sheet.write(number, place, value)
    for merge in merges:
        sheet.merge_range(*merge)
    return sheet


def row(**changes: Any) -> list[Any]:
    """Return the usual finding with some cells changed, by Chinese heading."""
    return [changes.get(heading, value) for heading, value in zip(HEAD, ROW, strict=True)]


@dataclass
class Folder:
    """A data folder under test."""

    path: Path
    vocabulary: Vocabulary = VOCABULARY
    limits: Limits = field(default_factory=Limits)

    def towns(self, rows: Sequence[Sequence[Any]] = TOWNS) -> Folder:
        put(self.path / "镇街名单.xlsx", rows)
        return self

    def findings(self, *rows: Sequence[Any], head: Sequence[Any] = HEAD, name: str = "问题台账", **more: Any) -> Folder:
        put(self.path / f"{name}.xlsx", [head, *rows], **more)
        return self

    def reports(self, *rows: Sequence[Any]) -> Folder:
        put(self.path / "整改台账.xlsx", [REPORT_HEAD, *rows])
        return self

    def csv(
        self, name: str, rows: Sequence[Sequence[Any]], *, encoding: str = "utf-8", sep: str = ",", end: str = "\n"
    ) -> Folder:
        text = end.join(sep.join(map(str, line)) for line in rows) + end
        (self.path / name).write_bytes(text.encode(encoding))
        return self

    def read(self) -> Intake:
        return read_folder(self.path, self.vocabulary, limits=self.limits)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A data folder that holds the towns."""
    return Folder(tmp_path).towns()


@dataclass(frozen=True)
class Kit:
    """The helpers above, for tests that are imported without a package."""

    HEAD = HEAD
    ROW = ROW
    REPORT = REPORT
    REPORT_HEAD = REPORT_HEAD
    TOWNS = TOWNS
    VOCABULARY = VOCABULARY

    row = staticmethod(row)
    put = staticmethod(put)
    put_sheet = staticmethod(put_sheet)

    @staticmethod
    def codes(intake: Intake, kind: str | None = None) -> list[str]:
        problems = intake.problems if kind is None else intake.problems.filter(pl.col("kind") == kind)
        return problems["code"].to_list()

    @staticmethod
    def facts(intake: Intake, *, ids: bool = True) -> dict[str, list[dict[str, Any]]]:
        """Return what the tables say, whatever file, sheet and row it stood in."""
        found = {}
        for name in ("towns", "findings", "rectifications", "judgements", "measures"):
            frame = getattr(intake.tables, name).drop("source_file", "source_sheet", "source_row")
            frame = frame if ids else frame.drop("finding_id", strict=False)
            found[name] = sorted(frame.to_dicts(), key=repr)
        return found


@pytest.fixture(scope="session")
def kit() -> Kit:
    """Rows and helpers."""
    return Kit()
