"""`townscore sample`: what is drawn and kept, drawn again, verified, refused; the signs of risk; coverage."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from fractions import Fraction

import openpyxl
import pytest

from scoring.messages import say
from scoring.supervision.sampling.coverage import coverage, summed
from scoring.supervision.sampling.policy import read_points, read_policy
from scoring.supervision.sampling.record import DRAW, read_record

FINDING = ["问题编号", "镇街", "村（社区）", "发现日期", "考核指标", "严重程度", "发现方式", "涉及户数"]
DRAWN = ("沁园街道", 3), ("克井镇", 1), ("济水街道", 1)


def record(space, folder="2025-09"):
    return read_record(space / "samples" / folder)


def keys(space, folder="2025-09"):
    return {one.item.key for one, _ in record(space, folder).drawn}


def test_a_month_is_committed_to_drawn_and_written_as_work_sheets(space, cases, call):
    cases()
    code, out, err = call("sample", "2025-09", "--seed", "20251010")
    assert (code, err) == (0, "")
    rows = {
        line.split()[0]: line.split()[1:]
        for line in out.splitlines()
        if line.split()[:1] and line.split()[0] in dict(DRAWN)
    }
    assert rows == {
        "沁园街道": ["10", "3", "3", "0", "3"],
        "克井镇": ["3", "1", "1", "0", "1"],
        "济水街道": ["1", "1", "1", "0", "1"],
    }
    folder = space / "samples" / "2025-09"
    told = json.loads((folder / DRAW).read_text("utf-8"))
    assert told["list_sha256"] == hashlib.sha256((folder / "list.jsonl").read_bytes()).hexdigest()
    assert (told["seed"], told["share"], told["count"]) == ("20251010", "3/10", 14)
    assert sorted(path.name for path in folder.glob("*.xlsx")) == [
        "抽查表_T01_沁园街道.xlsx", "抽查表_T02_克井镇.xlsx", "抽查表_T03_济水街道.xlsx",
    ]  # fmt: skip


def test_a_second_draw_is_the_same_and_leaves_sheets_alone_that_are_being_filled_in(space, cases, call, sheet):
    cases()
    call("sample", "2025-09")
    first = {path.name: path.read_bytes() for path in (space / "samples" / "2025-09").iterdir()}
    one = sheet("沁园街道")
    one.check(one.rows[0])
    filled = one.save().read_bytes()
    (space / "samples" / "2025-09" / "抽查表_T02_克井镇.xlsx").unlink()
    code, out, _ = call("sample", "2025-09")
    assert code == 0
    assert "结果相同" in out
    assert "另有2份" in out
    now = {path.name: path.read_bytes() for path in (space / "samples" / "2025-09").iterdir()}
    assert now == first | {one.path.name: filled}


def test_another_list_seed_share_or_policy_is_refused_unless_a_reason_is_given(space, cases, call):
    cases()
    call("sample", "2025-09", "--seed", "5")
    old = keys(space)
    code, _, err = call("sample", "2025-09", "--seed", "6")
    assert code == 1
    assert "种子" in err
    code, _, err = call("sample", "2025-09", "--share", "50%")
    assert (code, "比例" in err) == (1, True)
    (space / "sampling.yaml").write_text(
        "risk: {first: [], most: 1/3, village: {findings: 3, months: 12}, handler: {findings: 1, months: 12}}\n"
    )
    code, _, err = call("sample", "2025-09")
    assert (code, "抽查规则" in err) == (1, True)
    (space / "sampling.yaml").unlink()
    cases(12, 3, 1)
    code, _, err = call("sample", "2025-09")
    assert (code, "名单" in err) == (1, True)
    assert keys(space) == old
    code, _, _ = call("sample", "2025-09", "--again", "两户补录")
    assert code == 0
    made = record(space)
    assert (made.commitment.seed, made.commitment.why, len(made.drawn)) == ("5", "两户补录", 6)
    # The order of the cases is the seed's: what was drawn of the smaller list mostly stays.
    assert {key for key in old if "克井" in key or "济水" in key} <= keys(space)
    assert json.loads((space / "samples/2025-09/former/01/draw.json").read_text("utf-8"))["seed"] == "5"
    assert set(made.former) == {made.commitment.replaces}
    assert call("sample", "2025-09", "--again", "再来")[0] == 1


def test_anyone_draws_the_same_again_and_a_change_is_found(space, cases, call):
    cases()
    assert call("sample", "2025-09", "--verify")[0] == 1
    call("sample", "2025-09")
    code, out, _ = call("sample", "2025-09", "--verify")
    assert code == 0
    assert "5户（个）完全相同" in out
    assert "相同。" in out.splitlines()[-1]
    cases(11, 3, 1)
    assert "多了1，少了0，情况变化0" in call("sample", "2025-09", "--verify")[1]
    for name in ("drawn.jsonl", "list.jsonl", DRAW):
        path = space / "samples" / "2025-09" / name
        held = path.read_bytes()
        path.write_bytes(
            held.replace("示例-".encode(), "示例-9".encode(), 1) if name != DRAW else held.replace(b"3/10", b"4/10")
        )
        code, _, err = call("sample", "2025-09", "--verify")
        assert (code, name in err) == (1, True), name
        assert call("sample", "2025-09")[0] == 1
        path.write_bytes(held)
    assert call("sample", "2025-09", "--verify")[0] == 0


def test_a_draw_that_was_cut_short_is_finished_as_it_was_committed_to(space, cases, call):
    cases()
    call("sample", "2025-09")
    drawn = keys(space)
    (space / "samples" / "2025-09" / "drawn.jsonl").unlink()
    assert call("sample", "2025-09", "--verify")[0] == 1
    assert call("sample", "2025-09")[0] == 0
    assert keys(space) == drawn


def test_only_cases_confirmed_in_the_month_are_drawn_and_none_is_not_applicable(space, cases, desk, call):
    base = {"town": "克井", "accepted_on": date(2025, 8, 1)}
    desk.path = space / "supervision"
    desk.put(
        "cases",
        base | {"case_id": "一", "confirmed_on": date(2025, 8, 31)},
        base | {"case_id": "二", "confirmed_on": date(2025, 9, 30)},
        base | {"case_id": "三", "confirmed_on": date(2025, 9, 1), "outcome": "不予确认"},
        base | {"case_id": "四", "confirmed_on": date(2025, 10, 1)},
        base | {"case_id": "五"},
    )
    _, out, _ = call("sample", "2025-09")
    assert keys(space) == {item.key for item in record(space).items} == {"二"}
    assert "不适用" in out
    code, out, _ = call("sample", "2025-07")
    assert (code, "不适用" in out) == (0, True)
    assert not (space / "samples" / "2025-07").exists()


def test_the_signs_of_risk_are_seen(space, desk, call, table):
    month = {"accepted_on": date(2025, 9, 1), "confirmed_on": date(2025, 9, 9)}
    desk.path = space / "supervision"
    desk.put(
        "cases",
        month
        | {
            "case_id": "老",
            "town": "济水",
            "confirmed_on": date(2025, 3, 3),
            "accepted_on": date(2025, 3, 1),
            "handler": "示例甲",
            "case_ref": "Z-1",
        },
        month | {"case_id": "标", "town": "沁园", "kin": "是"},
        month | {"case_id": "备", "town": "沁园", "case_ref": "Z-9"},
        month | {"case_id": "村", "town": "沁园", "village": "东村"},
        month | {"case_id": "边", "town": "沁园", "village": "南村"},
        month | {"case_id": "人", "town": "济水", "handler": "示例甲"},
        month | {"case_id": "异", "town": "沁园", "handler": "示例甲"},
        month | {"case_id": "新", "town": "克井", "first_handled": "是", "earlier_problem": "是"},
    )
    desk.put("kin", {"town": "沁园", "handler": "示例", "name": "示例", "case_ref": "Z-9"})
    day = [date(2024, 8, 31), date(2024, 9, 1), date(2025, 8, 31), date(2025, 5, 5), date(2025, 9, 1)]
    rows = [
        [f"V-{n}", "沁园街道", "东村", one, "档案建立及时", "一般", "日常监督", 1, None] for n, one in enumerate(day)
    ]
    edge = [one for one in day if one != date(2025, 5, 5)]  # two within the twelve months, one a day before and after
    rows += [[f"S-{n}", "沁园街道", "南村", one, *rows[0][4:]] for n, one in enumerate(edge)]
    rows.append(["H-1", "济水街道", "西村", date(2025, 6, 6), "档案建立及时", "一般", "日常监督", 1, "Z-1"])
    table(space / "data" / "问题台账.xlsx", [[*FINDING, "救助证号"], *rows])
    call("sample", "2025-09")
    signs = {item.key: item.signs for item in record(space).items}
    # The village: of the twelve months to the end of August three; the handler is known by town and name.
    assert signs == {
        "标": ("kin",), "备": ("kin",), "村": ("village",), "人": ("handler",), "异": (), "边": (),
        "新": ("earlier_problem", "first_handled"),
    }  # fmt: skip
    assert {"人", "新"} <= keys(space)


def test_a_bad_case_stops_the_draw_and_is_named(space, cases, call):
    cases(outcome="大概")
    code, _, err = call("sample", "2025-09")
    assert code == 1
    assert "办理台账.xlsx/Sheet1/2/确认结果" in err
    assert not (space / "samples").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["2025Q3"], "请写月份"),
        ([], "请写月份"),
        (["2025-09", "--seed", "x1"], "种子是一串数字"),
        (["2025-09", "--share", "140%"], "比例写成"),
        (["2025-09", "--share", "20%"], "低于通知规定的 30%"),
        (["2025-09", "--look-back", "0"], "比例写成"),
        (["2025-09", "--look-back", "3", "--share", "30%"], "不再写 --share"),
        (["2025-09", "--verify", "--seed", "3"], "只查验"),
        (["2025-09", "--coverage", "2025"], "只列表"),
        (["--coverage", "明年"], "请写周期"),
        (["2025-09", "--sheet", "a.xlsx"], "--coverage"),
        (["2025-09", "--again", " "], "理由"),
    ],
)
def test_a_wrong_call_is_refused(space, cases, call, words, said):
    cases()
    code, _, err = call("sample", *words)
    assert (code, said in err) == (2, True), err


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("sampling.yaml", "share: 20%\n", "sampling.yaml:1: “share”低于通知规定的比例（30%）"),
        ("sampling.yaml", "# 示例\nshare: 三成\n", "sampling.yaml:2: “share”应是大于0"),
        ("sampling.yaml", "look_back: {share: 10%, months: 0}\n", "sampling.yaml:1:"),
        ("sampling.yaml", "shares: 30%\n", "share"),
        ("checkpoints.yaml", "points:\n  - {id: a, item: 9}\n", "checkpoints.yaml:2:"),
    ],
)
def test_settings_that_are_wrong_are_named_with_their_line(space, cases, call, file, text, said):
    cases()
    (space / file).write_text(text, "utf-8")
    code, _, err = call("sample", "2025-09")
    assert (code, said in err) == (2, True), err


POINT = "  - {id: a, item: 9, label: %s, label_en: %s, ask: a, ask_en: a, problem: a, problem_en: a, indicator: a}\n"


@pytest.mark.parametrize(
    ("file", "text", "line", "code", "told"),
    [
        ("sampling.yaml", "share: 20%\n", 1, "sampling-share", {"least": "30%"}),
        ("sampling.yaml", "share: 三成\n", 1, "bad-share", {"key": "share", "value": "三成"}),
        (
            "checkpoints.yaml", "points:\n" + POINT % ("b", "b") + POINT % ("c", "c"), 3,
            "sampling-point-twice", {"key": "id", "value": "a"},
        ),
    ],
)  # fmt: skip
def test_a_mistake_in_a_policy_is_said_in_its_own_words(space, cases, call, file, text, line, code, told):
    cases()
    (space / file).write_text(text, "utf-8")
    ended, _, err = call("sample", "2025-09")
    assert (ended, f"{file}:{line}: {say(f'scheme-{code}', 'zh', **told)}" in err) == (2, True), err


def test_the_bureaus_own_policy_takes_the_place_of_the_shipped_one_key_by_key(tmp_path):
    shipped = read_policy(tmp_path, "zh")
    (tmp_path / "sampling.yaml").write_text("# 自定\nshare: 1/2\n", "utf-8")
    own = read_policy(tmp_path, "zh")
    assert (own.share, own.least, own.risk) == (Fraction(1, 2), Fraction(3, 10), shipped.risk)
    assert own.sha256 != shipped.sha256
    (tmp_path / "sampling.yaml").write_text("share: 30%\n", "utf-8")
    assert read_policy(tmp_path, "zh").sha256 == shipped.sha256


def test_every_shipped_point_counts_in_the_shipped_scheme(root, tmp_path):
    from scoring.intake.columns import names_of
    from scoring.intake.fold import name_key
    from scoring.scheme import load_scheme, vocabulary

    words = vocabulary(load_scheme(root / "weights" / "jiyuan-quarterly.yaml").scheme)
    names, points = names_of(words, {}).indicators, read_points(tmp_path, "zh")
    lost = [
        one.id for one in points
        if names.get(name_key(one.indicator)) not in words.by_finding and one.measure not in words.measures
    ]  # fmt: skip
    assert lost == []
    assert {one.severity for one in points} <= set(words.severities)
    assert {one.measure for one in points if one.measure} == {
        "means_check_rate",
        "home_visit_rate",
        "entry_on_time_rate",
    }
    assert {one.item for one in points} >= {*range(12, 21), 21, 22, 23, 25, 26, 33, 34, *range(43, 52)}


def test_points_that_the_scheme_has_no_place_for_are_said(space, cases, call):
    cases()
    point = (
        "{id: x, item: 9, label: 甲, label_en: a, ask: 问, ask_en: q, problem: 缺, problem_en: p, "
        "indicator: nowhere, severity: 特重, problem_type: 甲}"
    )
    (space / "checkpoints.yaml").write_text(f"points:\n  - {point}\n", "utf-8")
    code, out, _ = call("sample", "2025-09")
    assert code == 0
    assert "不计入得分：甲" in out
    assert "特重；按最轻的“一般”记" in out


def test_a_work_sheet_is_locked_but_for_its_open_cells_and_offers_the_words(space, cases, call, sheet):
    cases(disputed="是")
    call("sample", "2025-09")
    one = sheet("沁园街道")
    row, ws = one.rows[0], one.sheet
    assert ws.protection.sheet
    assert "不发镇街" in ws.cell(2, 3).value
    locked = {heading: ws.cell(row, place).protection.locked for heading, place in one.columns.items()}
    assert [name for name, shut in locked.items() if shut] == [
        "序号",
        "申请编号",
        "救助类别",
        "村（社区）",
        "审核确认日期",
        "抽取方式",
    ]
    rules = {str(rule.sqref): rule.formula1 for rule in ws.data_validations.dataValidation}
    assert '"符合,不符合,不适用"' in rules.values()
    assert '"一般,较重,严重"' in rules.values()
    by_programme = {one.value(row, "救助类别"): one.value(row, "自理评估") for row in one.rows}
    assert {"农村低保": "不适用", "特困分散": None}.items() >= by_programme.items()
    assert one.value(row, "民主评议记录") is None  # disputed
    assert ws.page_setup.orientation == "landscape"
    assert ws.print_title_rows == f"${one.head}:${one.head}"


def test_an_english_workspace_has_english_sheets(space, cases, call):
    cases()
    code, out, _ = call("sample", "2025-09", "--lang", "en")
    assert code == 0
    assert "at random" in out.casefold()
    (path,) = (space / "samples" / "2025-09").glob("check_T02_*.xlsx")
    told = [cell.value for row in openpyxl.load_workbook(path).worksheets[0].iter_rows() for cell in row if cell.value]
    assert {"Case", "home visited", "What is wrong", "n/a"} <= set(told)


def test_coverage_by_hand():
    confirmed = {("T1", "2025-08"): 10, ("T1", "2025-09"): 1, ("T2", "2025-09"): 4}
    checked = {("T1", "2025-08"): 2, ("T1", "2025-09"): 1, ("T2", "2025-09"): 4}
    rows = coverage(["T1", "T2"], ["2025-08", "2025-09"], confirmed, {}, checked, Fraction(3, 10))
    assert [(one.required, one.share, one.shortfall) for one in rows] == [
        (3, Fraction(1, 5), 1), (1, Fraction(1), 0), (0, None, 0), (2, Fraction(1), 0),
    ]  # fmt: skip
    first, _ = summed(rows)
    assert (first.confirmed, first.required, first.checked) == (11, 4, 3)


def test_coverage_warns_the_bureau_and_no_town(space, cases, call, tmp_path):
    cases()
    call("sample", "2025-09")
    code, out, _ = call("sample", "--coverage", "2025Q3", "--sheet", tmp_path / "覆盖.xlsx")
    assert code == 0
    assert "2025-09：沁园街道应抽查3户，已核查0户，差3户。" in out
    assert "从不扣镇街的分" in out
    rows = list(openpyxl.load_workbook(tmp_path / "覆盖.xlsx").worksheets[0].iter_rows(values_only=True))
    assert rows[1] == ("沁园街道", "2025-09", 10, 3, 3, 0, 0, 3)
    assert len(rows) == 4
