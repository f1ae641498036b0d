"""The command: cases in, measures in the data folder, workbooks, and a score from them; what it refuses."""

from __future__ import annotations

from datetime import date

import openpyxl
import polars as pl
import pytest
import xlsxwriter

from scoring.screen import given_language, language
from scoring.workspace import make_workspace

ID_NUMBER = "999999199001011230"  # a reserved region, and its checksum fails
NAMES = ["沁园街道", "克井镇", "济水街道"]
CASE = {
    "town": "沁园", "programme": "农村低保", "accepted_on": date(2025, 9, 1), "means_check_on": date(2025, 9, 2),
    "means_checked_on": date(2025, 9, 4), "visited_on": date(2025, 9, 5), "visitors": 2, "posted_on": date(2025, 9, 5),
    "posting_ended_on": date(2025, 9, 11), "confirmed_on": date(2025, 9, 12), "entered_on": date(2025, 9, 15),
    "review_class": "不稳定", "standard": 660, "income": 300, "persons": 1, "amount": 360,
}  # fmt: skip


@pytest.fixture
def space(tmp_path, monkeypatch):
    """A workspace of three towns, in which the command runs."""
    (tmp_path / "data").mkdir()
    with xlsxwriter.Workbook(tmp_path / "data" / "镇街名单.xlsx") as book:
        sheet = book.add_worksheet()
        for row, cells in enumerate(
            [["镇街代码", "名称", "别名"], *([f"T0{n}", name, name[:2]] for n, name in enumerate(NAMES, 1))]
        ):
            sheet.write_row(row, 0, cells)
    make_workspace(tmp_path, "zh", example=False)
    for blank in (tmp_path / "supervision").iterdir():
        blank.unlink()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def call(capsys, monkeypatch):
    """Run the command in this process: code, what it said, what it complained of."""
    from scoring.cli import main

    def run(*words):
        monkeypatch.setattr("sys.argv", ["townscore", *map(str, words)])
        given_language.cache_clear()
        language.cache_clear()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out, said.err

    return run


@pytest.fixture
def ledger(space, desk):
    desk.path = space / "supervision"
    return desk


def test_cases_become_measures_that_the_score_reads(space, ledger, call):
    ledger.put("cases", CASE | {"case_id": "B-1"}, CASE | {"case_id": ID_NUMBER, "visitors": 1, "amount": 400})
    code, out, err = call("casework", "2025Q3")
    assert (code, err) == (0, "")
    path = space / "data" / "指标数据_办理2025Q3.xlsx"
    first = path.read_bytes()
    rows = list(openpyxl.load_workbook(path).active.iter_rows(values_only=True))
    assert rows[0][:4] == ("镇街", "周期", "指标", "分子")
    found = {row[2]: row[3:5] for row in rows[1:]}
    assert found == {"means_check_rate": (2, 2), "home_visit_rate": (1, 2), "entry_on_time_rate": (2, 2)}
    assert {row[0] for row in rows[1:]} == {"沁园街道"}
    assert "allowance" in out
    # Twice changes nothing, and the score takes it.
    report = space / "out" / "casework" / "办理情况_2025Q3.xlsx"
    written = report.read_bytes()
    assert call("casework", "2025Q3")[0] == 0
    assert (path.read_bytes(), report.read_bytes()) == (first, written)
    assert call("run", "2025Q3", "--formats", "csv")[0] == 0
    scored = pl.read_csv(space / "out" / "2025Q3" / "indicators.csv", infer_schema=False)
    visits = scored.filter((pl.col("indicator") == "home_visit_all") & (pl.col("town_code") == "T01"))
    assert visits.select("value_num", "value_den", "sample").row(0) == ("50", "1", "2")


def test_the_report_names_rows_and_masks_persons(space, ledger, call):
    ledger.put("cases", CASE | {"case_id": "B-1"}, CASE | {"case_id": ID_NUMBER, "visitors": 1, "amount": 400})
    call("casework", "2025Q3")
    path = space / "out" / "casework" / "办理情况_2025Q3.xlsx"
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["汇总", "各镇街指标", "未达要求", "金额复算", "投诉热点", "时限和口径", "说明"]
    cells = [str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row]
    assert not any(ID_NUMBER in cell for cell in cells)
    (missed,) = list(book["未达要求"].iter_rows(min_row=2, values_only=True))
    assert missed[1] == "新申请入户率"
    assert missed[4].startswith("999***")
    assert missed[9:] == ("入户人数不足", "办理台账.xlsx", "Sheet1", 3)
    (differs,) = list(book["金额复算"].iter_rows(min_row=2, values_only=True))
    assert differs[4:8] == ("低保金", 400, 360, 40)
    limits = {row[0]: row[1:3] for row in book["时限和口径"].iter_rows(min_row=2, values_only=True)}
    assert limits["系统及时录入率"] == ("3个工作日", "示例")
    assert any(
        "城市低保" in row[0] and "120" not in row[0] for row in book["说明"].iter_rows(min_row=2, values_only=True)
    )


def test_what_the_ledgers_say_already_stands(space, ledger, call):
    ledger.put("cases", CASE | {"case_id": "B-1"})
    with xlsxwriter.Workbook(space / "data" / "指标数据_手工.xlsx") as book:
        book.add_worksheet().write_row(0, 0, ["镇街", "周期", "指标", "数值"])
        book.worksheets()[0].write_row(1, 0, ["沁园街道", "2025-09", "新申请入户率", 90])
    code, out, _ = call("casework", "2025Q3")
    assert code == 0
    assert "指标数据中已有" in out
    rows = list(
        openpyxl.load_workbook(space / "data" / "指标数据_办理2025Q3.xlsx").active.iter_rows(
            min_row=2, values_only=True
        )
    )
    assert "home_visit_rate" not in {row[2] for row in rows}


def test_when_nothing_is_left_to_write_the_old_file_goes(space, ledger, call):
    ledger.put("cases", CASE | {"case_id": "B-1"})
    call("casework", "2025Q3")
    ledger.put(
        "cases", CASE | {"case_id": "B-1", "accepted_on": date(2024, 9, 1), "confirmed_on": None, "outcome": "撤回"}
    )
    assert call("casework", "2025Q3")[0] == 0
    assert not (space / "data" / "指标数据_办理2025Q3.xlsx").exists()


def test_bad_rows_are_refused_or_set_aside_and_then_feed_nothing(space, ledger, call):
    ledger.put("cases", CASE | {"case_id": "B-1"}, CASE | {"case_id": "B-2", "confirmed_on": date(2025, 8, 1)})
    code, _, err = call("casework", "2025Q3")
    assert code == 1
    assert "办理台账.xlsx/Sheet1/3/审核确认日期" in err
    assert not (space / "out" / "casework").exists()
    assert call("casework", "2025Q3", "--set-aside")[0] == 0
    assert (space / "out" / "casework" / "办理情况_2025Q3.xlsx").exists()
    assert not (space / "data" / "指标数据_办理2025Q3.xlsx").exists()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_list_of_reviews(space, ledger, call, lang):
    ledger.put("cases", CASE | {"case_id": ID_NUMBER}, CASE | {"case_id": "B-2", "town": "克井", "review_class": None})
    code, out, err = call("casework", "--reviews", "--on", "2026-03-13", "--lang", lang)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[1].split()[:4] == ["沁园街道", "1", "0", "0"]
    assert lines[2].split()[:4] == ["克井镇", "0", "0", "1"]
    (path,) = (space / "out" / "casework").iterdir()
    rows = list(openpyxl.load_workbook(path).active.iter_rows(min_row=2, values_only=True))
    assert rows[0][3].startswith("999***")
    assert rows[0][9] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "townscore casework 2025Q1"),
        (["2025Q3", "--reviews"], "--reviews"),
        (["2025Q3", "--on", "2025-09-30"], "--reviews"),
        (["--reviews", "--on", "nie"], "nie"),
        (["2025Q9"], "2025Q9"),
    ],
)
def test_a_wrong_call_is_2(space, ledger, call, words, said):
    ledger.put("cases", CASE | {"case_id": "B-1"})
    code, _, err = call("casework", *words)
    assert code == 2
    assert said in err


def test_without_a_folder_or_with_a_wrong_limit_it_is_2(space, call):
    (space / "limits.yaml").write_text("visit: {visitors: 0}\n", "utf-8")
    code, _, err = call("casework", "2025Q3")
    assert (code, "limits.yaml:1" in err) == (2, True)
    (space / "supervision").rmdir()
    code, _, err = call("casework", "2025Q3")
    assert (code, "supervision" in err) == (2, True)


def test_the_example_says_what_its_ledger_has_already_and_writes_what_it_lacks(tmp_path, monkeypatch, call):
    make_workspace(tmp_path, "zh", example=True)
    monkeypatch.chdir(tmp_path)
    code, out, err = call("casework", "2025Q3")
    assert (code, err) == (0, "")
    lines = {line.split()[0]: line.split()[-1] for line in out.splitlines() if line.strip()}
    assert lines["困难群众满意率"] == "指标数据中已有"
    assert lines["政策知晓率"] == "部分写入"
    assert lines["受理及时率"] == "细则没有这项"
    rows = list(
        openpyxl.load_workbook(tmp_path / "data" / "指标数据_办理2025Q3.xlsx").active.iter_rows(values_only=True)
    )
    assert [row[:3] for row in rows[1:]] == [("北海街道", "2025Q3", "awareness_rate")]
    code, out, err = call("casework", "--reviews", "--on", "2025-12-31")
    assert (code, err) == (0, "")
    assert "逾期未复核" in out


def test_a_figure_that_cannot_be_read_elsewhere_is_not_counted_beside_it(space, ledger, call):
    ledger.put("cases", CASE | {"case_id": "B-1"})
    with xlsxwriter.Workbook(space / "data" / "指标数据.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["镇街", "周期", "指标", "分子", "分母"])
        sheet.write_row(1, 0, ["沁园街道", "2025Q3", "新申请入户率", 9, "十户"])
    code, out, err = call("casework", "2025Q3")
    assert code == 1
    assert "指标数据.xlsx/Sheet1/2/分母" in out + err
    assert not (space / "data" / "指标数据_办理2025Q3.xlsx").exists()
