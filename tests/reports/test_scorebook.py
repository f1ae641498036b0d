"""The score book, read back with another library: values, text that stays text, whose rows it holds."""

from __future__ import annotations

import dataclasses
import zipfile
from fractions import Fraction

import openpyxl
import polars as pl
import pytest

from scoring.reports.scorebook import write_scorebook
from scoring.reports.settings import Settings
from tests.reports.sample import GATED, UNCHECKED, SampleAssessment, assessment

SHEETS = ["排名", "指标得分", "指标明细", "计分台账", "问题清单", "考核方法"]
HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@A1",
    "\t=2",
    "http://example.invalid/x",
    "{=1}",
    "<b>&amp;</b>",
    "_x0041_",
    "{{ 7*7 }}",
    "0123",
    "1e5",
    "TRUE",
]


@pytest.fixture(scope="module")
def whole() -> SampleAssessment:
    return assessment(crowd=25)


@pytest.fixture(scope="module")
def path(whole, tmp_path_factory):
    made = tmp_path_factory.mktemp("book") / "scorebook.xlsx"
    write_scorebook(whole, Settings(), made)
    return made


def rows(path, sheet, *, values=True, heading=1):
    """The sheet's rows below its headings, by heading."""
    return rows_in(openpyxl.load_workbook(path, data_only=values), sheet, heading)


def rows_in(book, sheet, heading=1):
    cells = list(book[sheet].iter_rows(values_only=True))
    return [dict(zip(cells[heading - 1], row, strict=True)) for row in cells[heading:]]


def number(row, name):
    return None if row[f"{name}_num"] is None else float(Fraction(row[f"{name}_num"], row[f"{name}_den"]))


def test_the_sheets_are_there_in_order_and_ready_to_print(path):
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == SHEETS
    for sheet in book:
        assert sheet.freeze_panes is not None
        assert sheet.auto_filter.ref
        assert sheet.print_title_rows
        assert sheet.page_setup.paperSize == 9
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert "7f3a9c2e" in sheet.oddFooter.left.text
        assert sheet.sheet_state == "visible"
    assert book["排名"].page_setup.orientation == "landscape"


def test_the_ranking_is_the_assessments_and_sums_to_the_score(whole, path):
    scores = {row["town_code"]: row for row in whole.scores.to_dicts()}
    shown = rows(path, "排名")
    assert [row["名次"] for row in shown] == sorted((row["名次"] for row in shown), key=lambda rank: rank or 99)
    assert len(shown) == len(scores)
    for row in shown:
        score = scores[row["镇街代码"]]
        assert row["镇街"] == score["town"]
        assert row["名次"] == score["rank"]
        assert row["组内名次"] == score["group_rank"]
        assert row["问题数"] == score["findings"]
        assert row["逾期未销号"] == score["overdue"]
        if score["score_num"] is None:
            assert row["得分"] == "未抽查"
            continue
        assert row["得分"] == number(score, "score")
        parts = [value for heading, value in row.items() if heading.endswith("分）") or heading.startswith("加减分")]
        assert len(parts) == 5
        assert round(sum(parts), 2) == row["得分"]
    assert next(row for row in shown if row["镇街代码"] == GATED)["一票否决"] == "信访处置不当造成恶劣影响"
    assert next(row for row in shown if row["镇街代码"] == UNCHECKED)["名次"] is None


def test_no_formula_but_the_totals(path):
    book = openpyxl.load_workbook(path)
    for sheet in book:
        formulas = [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
        assert len(formulas) == (15 if sheet.title == "排名" else 0)
        assert all(cell.value.startswith("=ROUND(SUM(") for cell in formulas)


def test_parts_are_weighted_in_the_total(whole, tmp_path):
    """Two parts of 70 and 30 per cent: the rest is what the sheet's own sum leaves of the score."""
    head = {**whole.head, "scheme": {**whole.head["scheme"], "parts": [
        {"id": "main", "label": "本期", "weight": "0.7"},
        {"id": "year", "label": "年度", "weight": "0.3"}]}}  # fmt: skip
    both = [whole.dimensions, whole.dimensions.with_columns(pl.lit("year").alias("part"))]
    write_scorebook(dataclasses.replace(whole, head=head, dimensions=pl.concat(both)), Settings(), tmp_path / "b.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "b.xlsx")["排名"]
    assert sheet["O2"].value == "=ROUND(7/10*SUM(F2:I2)+3/10*SUM(J2:M2)+N2,2)"
    values = openpyxl.load_workbook(tmp_path / "b.xlsx", data_only=True)["排名"]
    total = 0.7 * sum(values.cell(2, c).value for c in range(6, 10)) + 0.3 * sum(
        values.cell(2, c).value for c in range(10, 14)
    )
    assert round(total + values["N2"].value, 2) == values["O2"].value


def test_the_matrix_and_the_list_hold_every_indicator(whole, path):
    earned = {(row["town_code"], row["indicator"]): row for row in whole.indicators.to_dicts()}
    names = [
        (i["id"], f"{i['label']}（{i['points']}分）")
        for d in whole.head["scheme"]["dimensions"]
        for i in d["indicators"]
    ]
    for row in rows(path, "指标得分", heading=2):
        for indicator, heading in names:
            fact = earned.get((row["镇街代码"], indicator))
            expected = (
                None if fact is None else "不适用" if fact["outcome"] == "not_applicable" else number(fact, "earned")
            )
            assert row[heading] == expected
    listed = rows(path, "指标明细")
    assert [row["得分"] for row in listed] == [number(row, "earned") for row in whole.indicators.to_dicts()]
    assert [row["问题数"] for row in listed] == whole.indicators["findings"].to_list()


def test_the_ledger_and_the_findings_hold_every_row(whole, path):
    ledger = rows(path, "计分台账")
    assert [row["加减分值"] for row in ledger] == [number(row, "points") for row in whole.ledger.to_dicts()]
    assert [row["记录号"] for row in ledger] == whole.ledger["entry_id"].to_list()
    assert {"扣分", "整改恢复", "一票否决"} <= {row["类别"] for row in ledger}
    findings = rows(path, "问题清单")
    assert [row["问题编号"] for row in findings] == whole.findings["finding_id"].to_list()
    assert [row["净扣分"] for row in findings] == [number(row, "net") for row in whole.findings.to_dicts()]
    assert [row["发现日期"].date() for row in findings] == whole.findings["found_on"].to_list()
    assert [row["问题描述"] for row in findings] == whole.findings["description"].to_list()


def test_a_fraction_that_no_decimal_holds_stands_beside_its_number(whole, tmp_path):
    third = dataclasses.replace(
        whole, ledger=whole.ledger.head(2).with_columns(pl.lit(-1).alias("points_num"), pl.lit(3).alias("points_den"))
    )
    write_scorebook(third, Settings(), tmp_path / "b.xlsx")
    assert [(row["加减分值"], row["精确值"]) for row in rows(tmp_path / "b.xlsx", "计分台账")] == [(-1 / 3, "-1/3")] * 2


@pytest.fixture(scope="module")
def small() -> SampleAssessment:
    return assessment(crowd=1)


@pytest.mark.parametrize("text", HOSTILE)
def test_faults_hostile_text_stays_text(small, tmp_path, text):
    columns = {"town": small.scores, "subject": small.ledger, "description": small.findings}
    scores, ledger, findings = (frame.with_columns(pl.lit(text).alias(name)) for name, frame in columns.items())
    made = tmp_path / "b.xlsx"
    write_scorebook(
        dataclasses.replace(
            small, scores=scores, ledger=ledger, findings=findings.with_columns(pl.lit(text).alias("village"))
        ),
        Settings(),
        made,
    )
    # openpyxl leaves the escape that Excel undoes.
    expected = text.replace("_x0041_", "_x005F_x0041_")
    book = openpyxl.load_workbook(made)
    assert {row["镇街"] for row in rows_in(book, "排名")} == {expected}
    for sheet, heading in (("计分台账", "问题或依据"), ("问题清单", "问题描述"), ("问题清单", "村（社区）")):
        assert {row[heading] for row in rows_in(book, sheet)} == {expected}
        place = [cell.value for cell in book[sheet][1]].index(heading) + 1
        assert {book[sheet].cell(r, place).data_type for r in range(2, book[sheet].max_row + 1)} <= {"s", "inlineStr"}
    with zipfile.ZipFile(made) as parts:
        assert not [name for name in parts.namelist() if "externalLink" in name]
        assert not [name for name in parts.namelist() if name.startswith("xl/worksheets/_rels")]


def test_faults_a_text_longer_than_a_cell_is_cut_openly(tmp_path):
    long = assessment(crowd=3, description="长" * 20_000 + "𠀀" * 10_000)
    write_scorebook(long, Settings(), tmp_path / "b.xlsx")
    text = max((row["问题描述"] for row in rows(tmp_path / "b.xlsx", "问题清单")), key=len)
    assert len(text.encode("utf-16-le")) // 2 <= 32_767
    assert text.endswith("全文见原始台账）")
    assert "30000" in text


def test_faults_control_characters_leave_a_sound_file(tmp_path):
    write_scorebook(assessment(crowd=3, description="a\x00b\x0bc\ufffed\x1fe"), Settings(), tmp_path / "b.xlsx")
    assert "a b c d e" in {row["问题描述"] for row in rows(tmp_path / "b.xlsx", "问题清单")}


def test_identifiers_are_masked_and_restricted_columns_left_out(whole, tmp_path):
    number, telephone = "991001199001011234", "13800000000"
    text = f"身份证{number}，电话{telephone}"
    findings = whole.findings.with_columns(
        pl.lit(text).alias("description"),
        pl.lit("CASE-77").alias("case_ref"),
        pl.lit("责任人甲").alias("responsible"),
        pl.lit("某文件.xlsx").alias("source_file"),
    )
    made = tmp_path / "b.xlsx"
    write_scorebook(dataclasses.replace(whole, findings=findings), Settings(), made)
    with zipfile.ZipFile(made) as parts:
        content = "".join(parts.read(name).decode("utf-8") for name in parts.namelist())
    for secret in (number, telephone, "CASE-77", "责任人甲", "某文件"):
        assert secret not in content
    allowed = (
        "问题编号 镇街 村（社区） 发现日期 考核指标 严重程度 发现方式 来源层级 救助类别 问题类型 "
        "涉及户数 涉及人数 涉及金额 问题描述 交办日期 整改期限 整改日期 计分处理 整改状态 此前同类次数 "
        "扣分 整改恢复 加扣 净扣分 整改可恢复分值 恢复期限 并入问题 依据条款 细则行 "
    )
    assert [cell.value for cell in openpyxl.load_workbook(made)["问题清单"][1]] == allowed.split()


def test_a_towns_book_holds_no_other_town(whole, tmp_path):
    made = tmp_path / "b.xlsx"
    write_scorebook(whole.for_town("419001001"), Settings(), made)
    with zipfile.ZipFile(made) as parts:
        content = "".join(parts.read(name).decode("utf-8") for name in parts.namelist())
    for row in whole.scores.to_dicts():
        own = row["town_code"] == "419001001"
        assert (row["town_code"] in content) is own
        assert (row["town"] in content) is own


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_equal_assessments_give_equal_bytes(whole, tmp_path, lang):
    for name in ("a", "b"):
        write_scorebook(whole, Settings(lang=lang), tmp_path / f"{name}.xlsx")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_the_english_book_has_no_chinese_heading(whole, tmp_path):
    write_scorebook(whole, Settings(lang="en"), tmp_path / "b.xlsx")
    book = openpyxl.load_workbook(tmp_path / "b.xlsx")
    for sheet in book:
        assert all(ord(c) < 0x2E80 for c in sheet.title)
        assert all(ord(c) < 0x2E80 for cell in sheet[1] for c in str(cell.value or ""))


def test_the_method_names_scheme_hash_rules_and_what_was_set_aside(whole, path):
    text = "\n".join(f"{row['项目']} {row['内容']}" for row in rows(path, "考核方法"))
    for word in (
        "济管民〔2023〕43号",
        "ab" * 32,
        "2025-04-15",
        "7f3a9c2e",
        "四舍五入",
        "重复，不另计2",
        "每月抽查不低于30%",
        "示例",
    ):
        assert word in text


def test_a_period_without_a_finding_has_empty_tables(tmp_path):
    write_scorebook(assessment(nothing=True), Settings(), tmp_path / "b.xlsx")
    assert rows(tmp_path / "b.xlsx", "问题清单") == []


def test_more_rows_than_a_sheet_holds_go_on_in_a_second(whole, tmp_path, monkeypatch):
    monkeypatch.setattr("scoring.reports.book._ROWS", 50)
    write_scorebook(whole, Settings(), tmp_path / "b.xlsx")
    names = [name for name in openpyxl.load_workbook(tmp_path / "b.xlsx").sheetnames if name.startswith("计分台账")]
    assert names[:2] == ["计分台账", "计分台账 (2)"]
    entries = [row["记录号"] for name in names for row in rows(tmp_path / "b.xlsx", name)]
    assert entries == whole.ledger["entry_id"].to_list()


def test_frames_without_parts_and_with_line_numbers_are_written_as_the_engine_makes_them(whole, tmp_path):
    scheme = {**whole.head["scheme"], "parts": []}
    plain = {name: getattr(whole, name).with_columns(pl.lit("").alias("part")) for name in ("dimensions", "indicators")}
    ledger = whole.ledger.with_columns(pl.col("dimension").fill_null(""), part=pl.lit(""), line=pl.lit(37, pl.Int64))
    findings = whole.findings.with_columns(price_line=pl.lit(37, pl.Int64))
    made = tmp_path / "b.xlsx"
    head = {**whole.head, "scheme": scheme}
    write_scorebook(dataclasses.replace(whole, head=head, ledger=ledger, findings=findings, **plain), Settings(), made)
    assert {row["细则行"] for row in rows(made, "计分台账")} == {37}
    assert all(row["责任落实（20分）"] is not None for row in rows(made, "排名") if row["名次"])
