"""A scheme as a workbook and back: what is not changed stays byte for byte, what is wrong is named by its cell."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from unittest.mock import patch

import openpyxl
import pytest
import yaml
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from scoring.intake.sandbox import RawSheet
from scoring.revising import book_in
from scoring.revising.book_in import ImportRefusedError, import_workbook
from scoring.revising.book_out import write_workbook
from scoring.revising.differing import differences
from scoring.scheme import SchemeError, load_scheme, parse_scheme
from tests.strategies import CHANNELS, schemes

SHIPPED = ("jiyuan-quarterly", "jiyuan-annual")
EXAMPLES = int(os.environ.get("TOWNSCORE_EXAMPLES", "8"))


@pytest.fixture(scope="module")
def quarterly(root):
    return load_scheme(root / "weights" / "jiyuan-quarterly.yaml")


@pytest.fixture
def book(quarterly, tmp_path):
    write_workbook(quarterly, tmp_path / "book.xlsx", "zh")
    return tmp_path / "book.xlsx"


def edited(book, change):
    """Save the workbook with a change made to its sheets."""
    opened = openpyxl.load_workbook(book)
    change(opened)
    opened.save(book)
    return book


def row_of(sheet, text):
    return next(row for row in sheet.iter_rows() if any(cell.value == text for cell in row))


def column(sheet, heading):
    return next(cell.column for cell in sheet[1] if cell.value == heading)


def put(name, text, heading, value):
    """Write a value into the row that holds a text, under a heading."""

    def change(opened):
        sheet = opened[name]
        sheet.cell(row_of(sheet, text)[0].row, column(sheet, heading)).value = value

    return change


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_shipped_schemes_come_back_byte_for_byte(root, tmp_path, name, lang, end):
    content = (root / "weights" / f"{name}.yaml").read_bytes().replace(b"\n", end.encode())
    loaded = parse_scheme(content, "scheme.yaml")
    write_workbook(loaded, tmp_path / "book.xlsx", lang)
    assert import_workbook(loaded, tmp_path / "book.xlsx", "zh").content == content


def sheets_of(path, _):
    """Read a workbook without the child process that shields from strange ones: many are read here."""
    import polars as pl

    found = []
    for sheet in openpyxl.load_workbook(path, data_only=True):
        rows = [[None if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
        frame = pl.DataFrame(
            rows, schema=[f"c{n}" for n in range(sheet.max_column)], orient="row", infer_schema_length=None
        )
        found.append(RawSheet("book.xlsx", sheet.title, frame.with_row_index("row", 1)))
    return found


@given(schemes(), st.sampled_from([None, False, True]), st.sampled_from(["zh", "en"]), st.booleans())
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_generated_schemes_come_back_byte_for_byte(tmp_path_factory, scheme, flow, lang, numbers):
    raw = json.loads(scheme.model_dump_json(by_alias=True, exclude_unset=True))
    raw["values"] = {"channel": [*CHANNELS, "热线"]}
    text = yaml.safe_dump(raw, allow_unicode=True, default_flow_style=flow, sort_keys=False)
    if numbers:  # amounts as people write them, not in quotes
        text = text.replace("'", "")
    try:
        loaded = parse_scheme(text.encode(), "scheme.yaml")
    except SchemeError:
        event("not a sound file")
        return
    path = Path(tmp_path_factory.mktemp("book")) / "book.xlsx"
    write_workbook(loaded, path, lang)
    with patch.object(book_in, "_sheets", sheets_of):
        assert import_workbook(loaded, path, lang).content == loaded.content
    event("came back")


def test_what_was_changed_is_changed_and_no_other_line(quarterly, book):
    def change(opened):
        put("指标", "home_visit_all", "分值", 4)(opened)
        put("指标", "means_check_all", "分值", "2")(opened)
        put("扣分表", "price_lists.by_case.1", "分值", "1/4")(opened)
        put("其他规则", "rectification.states.late.extra", "值", 0.5)(opened)
        put("指标", "reserve_fund", "没有数据时", "记满分")(opened)

    made = import_workbook(quarterly, edited(book, change), "zh")
    old, new = quarterly.text.splitlines(), made.text.splitlines()
    told = [(d.before, d.after) for d in differences(quarterly, made, "zh")]
    assert told == [("0.3", "1/4"), ("3", "2"), ("3", "4"), ("视为不适用", "记满分"), ("0", "0.5")]
    assert len([line for line in new if line not in old]) <= 5
    assert [line for line in old if line.lstrip().startswith("#")] == [
        line for line in new if line.lstrip().startswith("#")
    ]


def test_rows_are_added_and_taken_out(quarterly, book):
    def change(opened):
        sheet = opened["扣分表"]
        at = row_of(sheet, "price_lists.by_case.1")[0].row
        sheet.insert_rows(at + 1)
        for heading, value in (("扣分表", "by_case"), ("条件", "severity: 较重, cases: {ge: 5}"), ("分值", 0.9)):
            # Of two columns with one heading the first is the list's name.
            sheet.cell(at + 1, column(sheet, heading)).value = value
        sheet.delete_rows(row_of(sheet, "price_lists.by_conduct.1")[0].row)
        indicators = opened["指标"]
        at = row_of(indicators, "home_visit_all")[0].row
        put("指标", "home_visit_all", "分值", 2)(opened)
        indicators.insert_rows(at + 1)
        for heading, value in (
            ("考核内容", "审核确认流程"), ("编号", "new_item"), ("名称", "新指标"), ("分值", 1), ("条款", "二（一）"),
            ("扣分表", "by_severity"), ("封顶", "不封顶"), ("没有数据时", "记满分"), ("按什么计数", "每户"),
        ):  # fmt: skip
            indicators.cell(at + 1, column(indicators, heading)).value = value

    made = import_workbook(quarterly, edited(book, change), "zh").scheme
    assert [str(row.price) for row in made.price_lists["by_case"]] == ["3/10", "9/10", "1/2", "1"]
    assert len(made.price_lists["by_conduct"]) == 2
    names = [indicator.id for _, indicator in made.indicators()]
    assert names[names.index("home_visit_all") + 1] == "new_item"
    added = next(indicator for _, indicator in made.indicators() if indicator.id == "new_item")
    assert (added.cap, added.no_data, added.rule.per, added.points) == ("none", "full", "case", 1)


def test_a_row_whose_value_the_file_leaves_out_may_go(quarterly, book):
    def change(opened):
        sheet = opened["其他规则"]
        sheet.delete_rows(row_of(sheet, "rectification.states.late.extra")[0].row)

    assert import_workbook(quarterly, edited(book, change), "zh").content == quarterly.content


def test_no_two_columns_of_a_sheet_have_one_heading(book, quarterly, tmp_path):
    write_workbook(quarterly, tmp_path / "english.xlsx", "en")
    for path in (book, tmp_path / "english.xlsx"):
        for sheet in openpyxl.load_workbook(path):
            headings = [cell.value for cell in sheet[1]]
            assert len(set(headings)) == len(headings)


def new_indicator(**cells):
    """Put a row without a place below an indicator."""

    def change(opened):
        sheet = opened["指标"]
        at = row_of(sheet, "home_visit_all")[0].row
        sheet.insert_rows(at + 1)
        whole = {
            "考核内容": "审核确认流程",
            "编号": "new_item",
            "名称": "新",
            "分值": 1,
            "条款": "二",
            "扣分表": "by_severity",
        }
        for heading, value in (whole | cells).items():
            sheet.cell(at + 1, column(sheet, heading)).value = value

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (put("指标", "home_visit_all", "分值", "三分"), "“指标”D"),
        (put("指标", "home_visit_all", "没有数据时", "随便"), "视为不适用"),
        (put("指标", "home_visit_all", "分值", 8), "55分"),
        (put("指标", "home_visit_all", "分值", None), "不能为空"),
        (put("指标", "file_complete", "不足此数按此数", "三十"), "整数"),
        (put("扣分表", "price_lists.by_case.1", "条件", "严重: ["), "“扣分表”B"),
        (put("扣分表", "price_lists.by_case.1", "条件", "sevrity: 一般"), "severity"),
        (put("其他规则", "effective.from", "值", "明年"), "“其他规则”C"),
        (put("指标", "home_visit_all", "位置", "indicators.nobody"), "nobody"),
        (put("指标", "home_visit_all", "位置", "indicators.means_check_all"), "两次"),
        (put("指标", "favour_case", "位置", None), "两次"),  # it would lose all that has no column here
        (put("指标", "home_visit_all", "分值", date(2026, 1, 3)), "单引号"),  # what Excel makes of 1/3
        (new_indicator(折算用的户数="抽查户数"), "加不了"),
        (new_indicator(种类="按比率"), "按问题扣分"),
        (new_indicator(分值=None), "还缺“分值”"),
    ],
)
def test_a_faulty_cell_is_named(quarterly, book, change, said):
    with pytest.raises(ImportRefusedError) as refused:
        import_workbook(quarterly, edited(book, change), "zh")
    assert said in str(refused.value)


def test_a_workbook_of_another_file_is_refused(quarterly, root, book, tmp_path):
    with pytest.raises(ImportRefusedError):
        import_workbook(load_scheme(root / "weights" / "jiyuan-annual.yaml"), book, "zh")
    (tmp_path / "no.xlsx").write_bytes(b"PK no workbook")
    with pytest.raises(ImportRefusedError):
        import_workbook(quarterly, tmp_path / "no.xlsx", "zh")


def test_sums_are_formulas_and_choices_are_offered(book):
    sheet = openpyxl.load_workbook(book)["指标"]
    at = row_of(sheet, "dimensions.process")[0].row
    formula = sheet.cell(at, column(sheet, "合计")).value
    assert formula.startswith("=SUM(D")
    assert sheet.cell(sheet.max_row, column(sheet, "合计")).value.startswith("=D")
    offered = {str(one.sqref): one.formula1 for one in sheet.data_validations.dataValidation}
    assert any("视为不适用" in words for words in offered.values())
