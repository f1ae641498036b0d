"""The command line: exit codes, words, help, problems, several periods and folders. Through the real command."""

from __future__ import annotations

import csv
import errno
import json
import os
import pty
import tomllib
from datetime import date

import openpyxl
import polars as pl
import pytest

from scoring.assessment import FRAMES
from scoring.calling import day_of, period_label
from scoring.intake.fold import fold_id

HEAD = ["问题编号", "镇街", "发现日期", "考核指标", "严重程度", "问题描述"]
BAD = ["B-1", "沁园街", "2025-03-01", "档案资料", "一般", "x"]
GOOD = ["A-1", "沁园街道", "2025-03-01", "档案资料", "一般", "x"]


def _names(folder):
    return sorted(path.name for path in folder.iterdir())


# ---------------------------------------------------------------- how it is called


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "2025Q1", "--outt", "x"], "--out"),
        (["runn"], "run"),
        (["run"], "PERIODS"),
        (["explain", "沁园"], "PERIOD"),
        (["explain", "沁园", "街道", "2025Q1"], "多出了"),
        (["run", "2025Q1", "--data"], "--data"),
        (["run", "2025Q1", "--set-aside=yes"], "--set-aside"),
        (["run", "2025Q1", "--lang", "fr"], "fr"),
        (["weights", "chek"], "check"),
        (["run", "2025Q1"], "townscore init"),
    ],
)
def test_a_wrong_call_is_2_and_says_the_right_one_in_chinese(bureau, words, said):
    bureau.data.rename(bureau.root / "elsewhere")
    answer = bureau.call(*words)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert any("\u4e00" <= character <= "\u9fff" for character in answer.err)
    assert "Error" not in answer.err


def test_without_arguments_the_help_is_shown_and_the_code_is_2(bureau):
    answer = bureau.call()
    assert (answer.code, answer.err) == (2, "")
    assert "用法：townscore" in answer.out


@pytest.mark.parametrize(
    "command",
    [
        "",
        "run",
        "check",
        "init",
        "demo",
        "explain",
        "stage",
        "publish",
        "verify",
        "restore",
        "weights",
        "weights check",
    ],
)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_help_explains_everything_in_both_languages(bureau, command, lang):
    answer = bureau.call(*command.split(), "--help", "--lang", lang)
    assert answer.code == 0
    lines = [line for line in answer.out.splitlines() if line.strip()]
    assert lines[0].startswith("用法" if lang == "zh" else "Usage")
    for line in lines:
        if line.startswith("--"):
            assert len(line.split("  ", 1)) == 2, line
            assert line.split("  ", 1)[1].strip(), line
    chinese = [line for line in lines if any("\u4e00" <= character <= "\u9fff" for character in line)]
    assert chinese == [] if lang == "en" else len(chinese) > 2


def test_version(bureau, root):
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    assert bureau.call("--version").out == f"townscore {project['version']}\n"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--as-of", "2025-13-01"), "2025-13-01"),
        (("--as-of", "2024-12-31"), "2024-12-31"),
        (("--as-of", "2025-W15-4"), "2025-W15-4"),
        (("--as-of", "2025年2月30日"), "没有这一天"),
        (("--as-of", "25.4.10"), "年份只有两位"),
        (("--as-of", "4月10日"), "2025年4月10日"),
        (("--as-of", "45757"), "2025-04-10"),
        (("--as-of", "无"), "2025-04-10"),
        (("--as-of", ""), "2025-04-10"),
        (("--formats", "pdf,odt"), "odt"),
        (("--formats", ""), "csv, pdf"),
        (("--weights", "nowhere/jiyuan-quarterly.yaml"), "jiyuan-quarterly.yaml"),
        (("--data", "nowhere"), "nowhere"),
        (("--out", "data"), "结果文件夹"),
        (("--out", "data/deep/out"), "结果文件夹"),
        (("--out", "link"), "结果文件夹"),
    ],
)
def test_a_wrong_option_is_2_and_nothing_is_written(bureau, more, said):
    bureau.workspace()
    (bureau.root / "link").symlink_to(bureau.data)
    before = _names(bureau.data)
    answer = bureau.call("run", "2025Q1", *more)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert not bureau.out.exists()
    assert _names(bureau.data) == before


@pytest.mark.parametrize(
    "period", ["2025Q5", "25Q1", "٢٠٢٥Q1", "../2025Q1", "spring", "", "-", "2025年五季度", "2025-04-01"]
)
def test_a_wrong_period_is_2(bureau, period):
    answer = bureau.run(period, "2025Q1")
    assert (answer.code, "2025Q1" in answer.err) == (2, True)
    assert not bureau.out.exists()


def test_a_period_may_be_typed_full_width(bureau):
    assert bureau.run("２０２５Q1").code == 0
    assert _names(bureau.out) == ["2025Q1"]


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("2025q4", "2025Q4"),
        ("2025-Q4", "2025Q4"),
        ("2025年第四季度", "2025Q4"),
        ("2025年四季度", "2025Q4"),
        ("２０２５年第４季度", "2025Q4"),
        ("2025 年 Q4", "2025Q4"),
        ("二〇二五年四季度", "2025Q4"),
        ("2025年", "2025"),
        ("2025年度", "2025"),
        ("二〇二五年", "2025"),
        ("2025年上半年", "2025H1"),
        ("2025年下半年", "2025H2"),
        ("2025年3月", "2025-03"),
        ("2025年03月份", "2025-03"),
        ("二〇二五年十二月", "2025-12"),
        ("2025/3", "2025-03"),
        ("2025—03", "2025-03"),
        ("202503", "2025-03"),
    ],
)
def test_a_period_may_be_typed_as_people_write_it(text, period):
    assert period_label(text) == period
    assert period_label(text, {fold_id(text)}) == fold_id(text)  # an interval that the scheme calls so goes first


@pytest.mark.parametrize(
    "text", ["2025年4月10日", "2025/4/10", "2025.4.10", "20250410", "２０２５－０４－１０", "2025年4月10号"]
)
def test_a_date_may_be_typed_as_people_write_it(text):
    assert day_of(text, "zh") == date(2025, 4, 10)


def test_every_command_takes_dates_and_periods_as_people_write_them(bureau):
    own = ("--data", bureau.data, "--out", bureau.out, "--weights", bureau.scheme)
    assert bureau.run("2025年第一季度", "2025Q1", more=("--as-of", "2025年4月10日")).code == 0
    assert _names(bureau.out) == ["2025Q1"]
    assert json.loads((bureau.out / "2025Q1" / "assessment.json").read_text("utf-8"))["as_of"] == "2025-04-10"
    answer = bureau.call("stage", "2025年一季度", "comment", "--on", "2025.4.11", *own)
    assert (answer.code, "2025Q1" in answer.out, "2025-04-16" in answer.out) == (0, True, True)
    assert bureau.call("stage", "2025年一季度", "decided", "--on", "20250417", "--by", "会", *own).code == 0
    words = ("publish", "2025年第1季度", "--number", "示例1号", "--on", "2025年4月18日", *own, "--formats", "csv")
    answer = bureau.call(*words)
    assert (answer.code, "2025Q1" in answer.out) == (0, True)
    assert bureau.call("verify", "2025年第一季度").code == 0
    assert bureau.call("explain", "克井镇", "2025年第一季度", *own[:2], *own[4:]).code == 0
    log = (bureau.root / "state" / "townscore" / "runs.log").read_text("utf-8")
    assert [line.split("\t")[4] for line in log.splitlines()[1:]] == ["2025-04-11", "2025-04-17", "2025-04-18"]


def test_a_wrong_scheme_is_2_with_file_and_line(bureau):
    bureau.scheme.write_text(bureau.scheme.read_text("utf-8").replace("points: 40", "pionts: 40"), "utf-8")
    for words in (bureau.run_words(), ("weights", "check", bureau.scheme)):
        answer = bureau.call(*words)
        assert answer.code == 2
        line = 1 + bureau.scheme.read_text("utf-8").splitlines().index("        pionts: 40")
        assert f"small.yaml:{line}: " in answer.err
        assert "points" in answer.err
    assert not bureau.out.exists()


def test_a_scheme_with_warnings_alone_is_0(bureau):
    row = "            - {when: {severity: [一般, 严重]}, price: 2}\n"
    text = bureau.scheme.read_text("utf-8")
    bureau.scheme.write_text(text.replace(row, row + row.replace("2}", "1}")), "utf-8")
    answer = bureau.call("weights", "check", bureau.scheme)
    assert answer.code == 0
    assert "small.yaml:" in answer.out


def test_weights_schema_is_a_json_schema(bureau):
    schema = json.loads(bureau.call("weights", "schema").out)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["additionalProperties"] is False


def test_weights_show_lists_each_indicator_under_its_heading(bureau):
    answer = bureau.call("weights", "show", bureau.scheme, "--lang", "en")
    assert answer.code == 0
    head, *table = answer.out.splitlines()
    assert head == f"{bureau.scheme}: in force 2025-01-01 to no end, for quarters"
    assert [line.split()[0] for line in table] == ["Item", "Work", "Files", "Visits"]


# ---------------------------------------------------------------- refused data


def test_refused_data_is_1_and_every_problem_stands_in_both_files(bureau):
    bureau.table("问题台账", [HEAD, GOOD, *[[f"B-{n}", *BAD[1:]] for n in range(50)]])
    answer = bureau.run()
    assert (answer.code, answer.out) == (1, "")
    assert _names(bureau.out) == ["problems.csv", "problems.xlsx"]
    text = (bureau.out / "problems.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(text.decode("utf-8-sig").splitlines()))
    refused = [row for row in rows if row["kind"] == "refused"]
    assert [int(row["row"]) for row in refused] == list(range(3, 53))
    assert {row["file"] for row in refused} == {"问题台账.csv"}
    assert {row["column"] for row in refused} == {"镇街"}
    assert all(row["code"] and row["message"] and row["advice"] for row in refused)
    sheet = openpyxl.load_workbook(bureau.out / "problems.xlsx").active
    assert sheet.max_row == len(rows) + 1
    # On screen a readable number, and the rest counted.
    lines = answer.err.splitlines()
    assert len(lines) == 22
    assert "问题台账.csv/3/镇街: " in lines[0]
    assert "另有 30 处" in lines[-2]
    assert "50" in lines[-1]


def test_problems_of_the_engine_are_listed_with_their_rows(bureau):
    bureau.table("问题台账", [HEAD, GOOD, ["A-2", "沁园街道", "2025-03-01", "档案资料", "", "x"]])
    answer = bureau.run("2025Q2", "2025Q1")
    assert answer.code == 1
    assert "问题台账.csv/3" in answer.err
    assert _names(bureau.out) == ["problems.csv", "problems.xlsx"]


def test_a_finding_older_than_its_town_is_named_with_its_cell_and_can_be_set_aside(bureau):
    bureau.table(
        "镇街名单", [["镇街代码", "名称", "启用日期"], ["T01", "沁园街道", "2025年2月4日"], ["T02", "克井镇", ""]]
    )
    rows = [["A-1", "沁园街道", "2025-02-03"], ["A-2", "沁园街道", "2025-02-04"], ["A-3", "克井镇", "2025-02-03"]]
    bureau.table("问题台账", [HEAD, *([*row, "档案资料", "一般", "x"] for row in rows)])
    bureau.table("整改台账", [["问题编号", "报送日期", "整改情况", "复核日期", "复核结论"]])
    answer = bureau.run()
    assert (answer.code, "沁园街道的启用日期（2025-02-04）" in answer.err) == (1, True)
    with (bureau.out / "problems.csv").open(encoding="utf-8-sig", newline="") as file:
        told = [row for row in csv.DictReader(file) if row["kind"] == "refused"]
    assert [(row["code"], row["row"], row["column"]) for row in told] == [("found-before-town", "2", "发现日期")]
    answer = bureau.run(more=("--set-aside",))
    assert answer.code == 0
    scores = pl.read_parquet(bureau.out / "2025Q1" / "findings.parquet")
    assert scores["finding_id"].to_list() == ["A-2", "A-3"]


def test_no_personal_value_stands_in_a_problem(bureau):
    number = "1100000000" + "0000000X"
    phone = "139" + "00000000"
    rows = [HEAD, [number, "沁园街道", "2025-03-01", "档案资料", "一般", phone]]
    bureau.table("问题台账", [*rows, ["A-2", phone, f"{number}", number, phone, "x"]])
    (bureau.data / f"问题台账_{number}.csv").write_text("a,b\n1,2\n", "utf-8")
    answer = bureau.run()
    assert answer.code == 1
    everything = answer.err + (bureau.out / "problems.csv").read_text("utf-8")
    book = openpyxl.load_workbook(bureau.out / "problems.xlsx")
    everything += "".join(str(cell.value) for row in book.active.iter_rows() for cell in row)
    assert number not in everything
    assert phone not in everything


def test_a_later_period_that_is_refused_leaves_the_earlier_ones_unwritten(bureau):
    bureau.table("问题台账", [HEAD, GOOD, ["A-2", "沁园街道", "2025-05-01", "档案资料", "", "x"]])
    answer = bureau.run("2025Q1", "2025Q2")
    assert answer.code == 1
    assert _names(bureau.out) == ["problems.csv", "problems.xlsx"]


def test_a_good_run_takes_the_problems_away_and_keeps_the_notices_beside_its_results(bureau):
    bureau.table("问题台账", [HEAD, GOOD, BAD])
    assert bureau.run().code == 1
    bureau.table("问题台账", [HEAD, GOOD, ["A-2", "沁园街道 ", "2025年3月1日", "档案资料", "一般", "x"]])
    assert bureau.run().code == 0
    assert _names(bureau.out) == ["2025Q1"]
    rows = pl.read_csv(bureau.out / "2025Q1" / "problems.csv")
    assert set(rows["kind"]) <= {"notice", "repaired"}
    assert (bureau.out / "2025Q1" / "problems.xlsx").is_file()


def test_set_aside_makes_a_stamped_draft_and_accounts_for_every_row(bureau):
    bureau.table("问题台账", [HEAD, GOOD, BAD])
    answer = bureau.run(more=("--set-aside",))
    assert answer.code == 0
    assert "数据不完整" in answer.err
    assert _names(bureau.out) == ["2025Q1"]
    head = json.loads((bureau.out / "2025Q1" / "assessment.json").read_text("utf-8"))
    assert head["incomplete"] is True
    assert head["rows"]["findings"] == {"read": 2, "used": 1, "unpriced": {}, "set_aside": 1, "refused": 0}
    rows = pl.read_csv(bureau.out / "2025Q1" / "problems.csv")
    assert rows.filter(pl.col("kind") == "refused").height == 1


def test_set_aside_leaves_out_what_only_scoring_refuses(bureau):
    """A severity that no price row of the indicator takes is known only when the scheme prices the row."""
    bureau.scheme.write_text(
        bureau.scheme.read_text("utf-8").replace("{when: {severity: [一般, 严重]}", "{when: {severity: 严重}")
    )
    bureau.table("问题台账", [HEAD, GOOD, ["A-2", "沁园街道", "2025-03-01", "入户调查", "一般", "x"]])
    assert bureau.run().code == 1
    answer = bureau.run(more=("--set-aside",))
    assert answer.code == 0, answer.err
    head = json.loads((bureau.out / "2025Q1" / "assessment.json").read_text("utf-8"))
    assert head["incomplete"] is True
    assert head["rows"]["findings"] == {"read": 2, "used": 1, "unpriced": {}, "set_aside": 1, "refused": 0}
    assert "no-price" in pl.read_csv(bureau.out / "2025Q1" / "problems.csv")["code"].to_list()


def test_set_aside_of_sound_data_is_no_draft(bureau):
    assert bureau.run(more=("--set-aside",)).code == 0
    assert json.loads((bureau.out / "2025Q1" / "assessment.json").read_text("utf-8"))["incomplete"] is False


@pytest.mark.parametrize("what", ["missing", "damaged"])
def test_a_whole_table_cannot_be_set_aside(bureau, what):
    path = bureau.data / "问题台账.csv"
    if what == "missing":
        path.unlink()
    else:
        (bureau.data / "问题台账_二.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    answer = bureau.run(more=("--set-aside",))
    assert answer.code == 1
    assert _names(bureau.out) == ["problems.csv", "problems.xlsx"]


# ---------------------------------------------------------------- check


def test_check_writes_nothing_and_scores_on_trial(bureau):
    own = ("--data", bureau.data, "--weights", bureau.scheme)
    assert bureau.call("check", *own).code == 0
    bureau.table("问题台账", [HEAD, GOOD, ["A-2", "沁园街道", "2025-03-01", "档案资料", "", "x"]])
    assert bureau.call("check", *own).code == 0
    answer = bureau.call("check", "2025Q1", *own)
    assert (answer.code, answer.out) == (1, "")
    assert "问题台账.csv/3" in answer.err
    assert _names(bureau.root) == ["data", "small.yaml"]


# ---------------------------------------------------------------- periods, folders, formats


def test_several_periods_are_scored_in_one_run_each_once(bureau):
    assert bureau.run("2025Q2", "2025Q1", "2025Q1", "2025H1").code == 0
    assert _names(bureau.out) == ["2025H1", "2025Q1", "2025Q2"]


def test_several_data_folders_have_a_folder_each_and_a_refused_one_does_not_stop_the_others(bureau):
    other = type(bureau)(bureau.root / "county")
    other.data = other.data.rename(bureau.root / "north")
    third = type(bureau)(bureau.root / "county")
    third.data = third.data.rename(bureau.root / "south")
    other.table("问题台账", [HEAD, BAD])
    words = ("--data", other.data, "--data", third.data, "--data", bureau.data)
    answer = bureau.call(
        "run", "2025Q1", "2025Q2", *words, "--out", bureau.out, "--weights", bureau.scheme, "--formats", "csv"
    )
    assert answer.code == 1
    assert {name: _names(bureau.out / name) for name in _names(bureau.out)} == {
        "north": ["problems.csv", "problems.xlsx"],
        "south": ["2025Q1", "2025Q2"],
        "data": ["2025Q1", "2025Q2"],
    }
    assert len(answer.out.splitlines()) == 4


def test_data_folders_of_one_name_are_2(bureau):
    (bureau.root / "other" / "data").mkdir(parents=True)
    words = ("--data", bureau.data, "--data", bureau.root / "other" / "data", "--weights", bureau.scheme)
    answer = bureau.call("run", "2025Q1", *words)
    assert (answer.code, "同名" in answer.err) == (2, True)


@pytest.mark.parametrize(
    ("formats", "wanted"),
    [
        ("csv", {"scores.csv", "indicators.csv", "ledger.csv"}),
        ("xlsx", {"scorebook.xlsx"}),
        ("docx", {"report.docx"}),
        (" PDF , csv,csv", {"report.pdf", "internal.pdf", "towns", "scores.csv", "indicators.csv", "ledger.csv"}),
    ],
)
def test_formats_choose_what_is_made(bureau, formats, wanted):
    always = {"assessment.json", "manifest.json", "problems.csv", "problems.xlsx"}
    always |= {f"{name}.parquet" for name in FRAMES}
    assert bureau.run(formats=formats).code == 0
    assert set(_names(bureau.out / "2025Q1")) == always | wanted


def test_as_of_is_recorded_and_decides(bureau):
    early, late = bureau.root / "early", bureau.root / "late"
    words = ("run", "2025Q1", "--data", bureau.data, "--weights", bureau.scheme, "--formats", "csv")
    assert bureau.call(*words, "--out", early, "--as-of", "2025-03-04").code == 0
    assert bureau.call(*words, "--out", late, "--as-of", "2025-12-31").code == 0
    heads = [json.loads((out / "2025Q1" / "manifest.json").read_text("utf-8")) for out in (early, late)]
    assert [head["as_of"] for head in heads] == ["2025-03-04", "2025-12-31"]
    assert heads[0]["run_code"] != heads[1]["run_code"]


# ---------------------------------------------------------------- screens and pipes


def _in_terminal(bureau, *words, **environment):
    """Run in a terminal of its own; return the exit code and what it showed."""
    pid, terminal = pty.fork()
    if pid == 0:  # pragma: no cover - the child becomes the command
        os.chdir(bureau.root)
        command = bureau.command(*words)
        os.execvpe(command[0], command, bureau.env(TERM="xterm", COLUMNS="150", **environment))
    shown = b""
    while True:
        try:
            block = os.read(terminal, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            block = b""
        if not block:
            break
        shown += block
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode("utf-8", "replace")


def test_a_terminal_shows_bars_and_a_table(bureau):
    code, shown = _in_terminal(bureau, *bureau.run_words(formats="csv,pdf"))
    assert code == 0
    assert "生成 PDF" in shown
    bureau.table("问题台账", [HEAD, GOOD, BAD])
    code, shown = _in_terminal(bureau, *bureau.run_words())
    assert code == 1
    assert "怎么办" in shown
    assert "沁园街道" in shown  # the nearest name


def test_a_pipe_is_quiet_and_plain(bureau):
    answer = bureau.run(formats="csv,pdf")
    assert answer.err == ""
    assert answer.out == f"2025Q1：3 个镇（街道），结果在 {bureau.out / '2025Q1'}\n"


def test_a_reader_that_has_enough_is_no_error(bureau):
    process = bureau.start("weights", "schema")
    process.stdout.close()
    process.wait(timeout=60)
    assert (process.returncode, process.stderr.read()) == (0, "")


def test_who_ran_it_and_when_stands_in_a_log_outside(bureau):
    assert bureau.run().code == 0
    log = bureau.root / "state" / "townscore" / "runs.log"
    code = json.loads((bureau.out / "2025Q1" / "manifest.json").read_text("utf-8"))["run_code"]
    assert log.read_text("utf-8").split("\t")[2:5] == ["2025Q1", "2025-03-31", code]
    bureau.workspace()
    assert bureau.call("run", "2025Q1", "2025Q2", "--formats", "csv").code == 0
    assert len((bureau.root / "runs.log").read_text("utf-8").splitlines()) == 2
    assert _names(bureau.out) == ["2025Q1", "2025Q2"]


def test_a_town_that_was_not_checked_has_its_papers_with_its_findings(bureau):
    checks = [
        ["镇街", "核查日期", "新审核确认数", "抽查数"],
        ["克井镇", "2025-02-01", "9", "3"],
        ["济水街道", "2025-02-01", "8", "3"],
    ]
    bureau.table("核查台账", checks)
    answer = bureau.run("2025Q1", formats="csv,pdf,docx,xlsx")
    assert answer.code == 0, answer.err
    scores = pl.read_parquet(bureau.out / "2025Q1" / "scores.parquet").to_dicts()
    assert {row["town"]: (row["outcome"], row["score"]) for row in scores}["沁园街道"] == ("not_checked", None)
    assert (bureau.out / "2025Q1" / "towns" / "T01.pdf").is_file()
    findings = pl.read_parquet(bureau.out / "2025Q1" / "findings.parquet").filter(town="T01").sort("finding_id")
    assert findings["disposition"].to_list() == ["not_checked", "not_checked"]
    assert findings["state"].to_list() == ["on_time", "overdue"]
    assert findings["due"].null_count() == 0


@pytest.mark.parametrize("force", ["{from: 2025-07-01}", "{from: 2024-01-01, to: 2024-12-31}"])
def test_a_period_outside_the_days_of_the_scheme_is_refused_with_the_line(bureau, force):
    text = bureau.scheme.read_text("utf-8").replace("{from: 2025-01-01}", force)
    bureau.scheme.write_text(text, "utf-8")
    answer = bureau.run("2025Q1")
    assert answer.code == 2
    assert "2025Q1" in answer.err
    assert f"small.yaml:{text[: text.index('effective:')].count(chr(10)) + 1}" in answer.err
