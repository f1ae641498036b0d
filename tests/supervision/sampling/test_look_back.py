"""回头看: what is closed by the timeline is drawn, looked at again, and comes back as verdicts or new findings."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from scoring.intake import read_folder
from scoring.scheme import load_scheme, vocabulary
from scoring.supervision.sampling.record import read_record

FOLDER = "2025-09-look-back"
HEAD = ["问题编号", "镇街", "发现日期", "考核指标", "严重程度", "发现方式", "涉及户数", "问题类型", "问题描述"]
REPORT = ["问题编号", "报送日期", "整改情况", "复核日期", "复核结论"]


@pytest.fixture
def closed(space, table):
    """Nine findings of one town were closed in July, one in January, one was sent back, one false, one is open."""
    names = [*(f"C-{n}" for n in range(9)), "old", "back", "false", "open"]
    rows = [
        [name, "克井镇", date(2025, 1, 2), "档案建立及时", "较重", "日常监督", 1, "档案管理", "示例：缺表"]
        for name in names
    ]
    table(space / "data" / "问题台账.xlsx", [HEAD, *rows, ["D-1", "沁园街道", *rows[0][2:]]])
    reports = [[name, date(2025, 7, 1), "已完成", date(2025, 7, 3), "通过销号"] for name in [*names[:9], "D-1"]]
    reports += [["old", date(2025, 1, 9), "已完成", date(2025, 1, 10), "通过销号"]]
    reports += [["back", date(2025, 7, 1), "已完成", date(2025, 7, 3), "退回重改"]]
    reports += [["false", date(2025, 7, 1), "已完成", date(2025, 7, 3), "虚假整改"]]
    # Truly mended in the end, but a false report stays one.
    reports += [["false", date(2025, 7, 9), "已完成", date(2025, 7, 10), "通过销号"]]
    # Verified after the month's end: not known to be closed by then.
    reports += [["open", date(2025, 9, 1), "已完成", date(2025, 10, 3), "通过销号"]]
    table(space / "data" / "整改台账.xlsx", [REPORT, *reports])
    return space


@pytest.fixture
def tables(space, root):
    def read():
        intake = read_folder(space / "data", vocabulary(load_scheme(root / "weights" / "jiyuan-quarterly.yaml").scheme))
        assert not intake.refused, intake.problems
        return intake.tables

    return read


@pytest.mark.parametrize(("asked", "count"), [("3", 3), ("99", 10), ("25%", 3 + 1), ("100%", 10)])
def test_closed_findings_are_drawn_by_number_or_share(closed, call, asked, count):
    code, out, err = call("sample", "2025-09", "--look-back", asked, "--seed", "1")
    assert (code, err) == (0, "")
    drawn = [one.item.key for one, _ in read_record(closed / "samples" / FOLDER).drawn]
    assert len(drawn) == count
    assert set(drawn) <= {*(f"C-{n}" for n in range(9)), "D-1"}
    assert call("sample", "2025-09", "--look-back", asked)[0] == 0
    assert call("sample", "2025-09", "--look-back", asked, "--verify")[0] == 0
    assert "已销号" in out


def test_results_become_verdicts_and_new_findings(closed, call, sheet, tables):
    call("sample", "2025-09", "--look-back", "100%")
    one = sheet("克井镇", FOLDER)
    kept, back, false = one.rows[:3]
    day = date(2025, 9, 25)
    one.put(kept, {"复查日期": day, "复查结果": "整改到位"})
    one.put(back, {"复查日期": day, "复查结果": "问题反弹", "问题情况": "示例：又缺表"})
    one.put(false, {"复查日期": day, "复查结果": "虚假整改"})
    code, out, err = call("checks", "import", one.save())
    assert (code, err) == (0, "")
    assert "回头看  克井镇  9     3       2" in out
    read = tables()
    made = read.rectifications.filter(pl.col("source_file") == "整改台账_回头看2025-09.xlsx")
    number = lambda row: one.value(row, "问题编号")  # noqa: E731
    assert set(made.select("finding_id", "submitted_on", "verdict").rows()) == {
        (number(kept), day, "passed"), (number(false), day, "false"),
    }  # fmt: skip
    new = read.findings.filter(pl.col("source_file") == "问题台账_回头看2025-09.xlsx")
    (row,) = new.select("town", "found_on", "indicator", "severity", "channel", "problem_type").rows()
    assert row == ("T02", day, "archive_timely", "较重", "跟踪回访", "档案管理")
    assert number(back) in new["description"][0]
    whole = {path.name: path.read_bytes() for path in (closed / "data").iterdir()}
    assert call("checks", "import", one.path)[0] == 0
    assert {path.name: path.read_bytes() for path in (closed / "data").iterdir()} == whole
    # Corrected: the fix holds after all, and the new finding goes.
    one.put(back, {"复查结果": "整改到位", "问题情况": None}).save()
    assert call("checks", "import", one.path)[0] == 0
    assert tables().findings.filter(pl.col("channel") == "跟踪回访").is_empty()
    assert tables().rectifications.filter(pl.col("submitted_on") == day).height == 3
    assert call("run", "2025Q3", "--formats", "csv")[0] == 0


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"复查结果": "整改到位"}, "复查日期 H5: 填了核查情况，没有填日期"),
        ({"复查日期": date(2025, 9, 25)}, "复查结果 I5: 没有填复查结果"),
        ({"复查日期": date(2025, 9, 25), "复查结果": "整改到位", "涉及金额": 5}, "涉及金额 L5: 只有“问题反弹”"),
        ({"复查日期": date(2025, 9, 25), "复查结果": "好"}, "复查结果 I5: 只能填：整改到位、问题反弹、虚假整改"),
        ({"问题编号": "D-1"}, "问题编号 B5: 这一行是沁园街道抽中的"),
    ],
)
def test_faults_are_named(closed, call, sheet, values, said):
    call("sample", "2025-09", "--look-back", "100%")
    one = sheet("克井镇", FOLDER)
    code, _, err = call("checks", "import", one.put(one.rows[0], values).save())
    assert (code, said in err) == (1, True), err


def test_a_report_of_the_same_day_is_not_doubled(closed, call, sheet, table):
    call("sample", "2025-09", "--look-back", "100%")
    one = sheet("克井镇", FOLDER)
    key = one.value(one.rows[0], "问题编号")
    table(
        closed / "data" / "整改台账_补.xlsx",
        [REPORT, [key, date(2025, 9, 25), "已完成", date(2025, 9, 26), "通过销号"]],
    )
    one.put(one.rows[0], {"复查日期": date(2025, 9, 25), "复查结果": "虚假整改"}).save()
    code, _, err = call("checks", "import", one.path)
    assert (code, "当天已有一次报送或复核" in err) == (1, True)


def test_nothing_closed_is_not_applicable(space, call):
    code, out, _ = call("sample", "2025-09", "--look-back", "10%")
    assert (code, "不适用" in out) == (0, True)
