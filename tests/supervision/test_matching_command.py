"""`townscore match` on a small workspace: out to the towns, back again, into the score; and what never leaves."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date
from importlib import import_module
from pathlib import Path

import openpyxl
import polars as pl
import pytest
import xlsxwriter
from typer.testing import CliRunner

from scoring.cli_app import app
from tests.runs.conftest import SCHEME
from tests.supervision.people import number, wide

for _name in ("cli", "cli_match", "cli_run"):
    import_module(f"scoring.{_name}")

NAMES = ["慕容测试甲", "欧阳测试乙", "令狐测试丙", "诸葛测试丁", "皇甫测试戊", "上官测试己", "司徒测试庚", "尉迟测试辛"]
IDS = [number(region, date(1938 + region, 3, 5), 11 + region) for region in range(1, 9)]
PHONE = "13900001111"
POLICY = """\
exclusive: [[农村低保, 特困分散]]
findings:
  after_death: {indicator: files, severity: 严重, channel: 数据比对, problem_type: 死亡后继续发放}
  deregistered: {indicator: files, severity: 一般}
  two_towns: {indicator: visits, severity: 一般}
  twice: {indicator: visits, severity: 一般}
  other_benefit: {indicator: visits, severity: 一般}
  property: {indicator: visits, severity: 一般}
  vehicles: {indicator: visits, severity: 一般}
  relatives: {indicator: visits, severity: 一般}
  posted: {indicator: visits, severity: 一般}
"""
HEAD = [
    "身份证号", "姓名", "出生日期", "性别", "镇街", "村（社区）", "救助类别", "救助证号",
    "月保障金额", "起始月份", "终止月份", "在保状态",
]  # fmt: skip


class Bureau:
    def __init__(self, root: Path) -> None:
        self.root, self.lists = root, root / "matching" / "lists"
        (root / "data").mkdir()
        self.lists.mkdir(parents=True)
        (root / "small.yaml").write_text(SCHEME, "utf-8")
        (root / "townscore.yaml").write_text("weights: small.yaml\n", "utf-8")
        (root / "matching.yaml").write_text(POLICY, "utf-8")
        towns = [
            ["镇街代码", "名称", "别名"],
            ["T01", "沁园街道", "沁园"],
            ["T02", "克井镇", "克井"],
            ["T03", "济水街道", ""],
        ]
        self.csv(root / "data" / "镇街名单.csv", towns)
        self.csv(root / "data" / "问题台账.csv", [["问题编号", "镇街", "发现日期", "考核指标", "严重程度"]])

    @staticmethod
    def csv(path: Path, rows: list[list], encoding: str = "utf-8") -> None:
        with path.open("w", encoding=encoding, newline="") as file:
            csv.writer(file).writerows(rows)

    def usual(self) -> None:
        """A list of recipients, and one of each other kind."""
        rows = [
            [IDS[0], NAMES[0], "", "女", "沁园", "示例一村", "农村低保", "D-1", "500.50", "2025-01", "", "在保"],
            [wide(IDS[1]), NAMES[1], "", PHONE, "克井镇", "示例二村", "农村低保", "D-2", "300", "2025-01", "", "在保"],
            [IDS[1], NAMES[1], "", "男", "沁园街道", "示例三村", "特困分散", IDS[1], "900", "2025年3月", "", "在保"],
            [
                IDS[2][:15] + "000",
                NAMES[2],
                "1941/3/5",
                "男",
                "克井镇",
                IDS[2],
                "农村低保",
                "D-4",
                "300",
                "202501",
                "",
                "",
            ],
            [IDS[3], NAMES[3], "", "男", "济水街道", "", "农村低保", "", "300", "2025-01", "", "在保"],
            [IDS[4], NAMES[4], "", "男", "济水街道", "", "农村低保", "D-6", "300", "2025-01", "", "在保"],
            [IDS[5], NAMES[5], "", "男", "济水街道", "", "农村低保", "D-7", "300", "2025-01", "", "在保"],
        ]
        self.csv(self.lists / "在保名单.csv", [HEAD, *rows], "gb18030")
        dead = {
            "身份证号": [IDS[0], IDS[2]], "姓名": [NAMES[0], NAMES[2]],
            "死亡日期": [date(2025, 3, 31), date(2025, 5, 2)], "镇街": ["沁园街道", "克井镇"],
        }  # fmt: skip
        pl.DataFrame(dead).write_parquet(self.lists / "死亡人员.parquet")
        for name, who in (("车辆", 3), ("不动产", 4), ("近亲属名单", 5)):
            self.csv(self.lists / f"{name}.csv", [["身份证号", "姓名"], [IDS[who], NAMES[who]]])
        self.csv(
            self.lists / "户籍注销.csv", [["身份证号", "姓名", "注销日期"], [IDS[4].lower(), NAMES[4], "2025.6.1"]]
        )

    def call(self, *words: object, code: int = 0) -> str:
        done = CliRunner().invoke(app, list(map(str, words)))
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == code, done.output
        return done.output

    def sent(self, month: str = "2025-09") -> dict[str, Path]:
        folder = self.root / "out" / "matching" / month
        return {path.stem.split("_")[1]: path for path in folder.glob("疑点_*.xlsx")}

    def answer(self, town: str, **by_kind: dict) -> Path:
        """Fill a town's workbook as its officer would: by kind of alert, heading to cell."""
        book = openpyxl.load_workbook(self.sent()[town])
        sheet = book.active
        place = {cell.value: cell.column for cell in sheet[4]}
        for row in range(5, sheet.max_row + 1):
            for heading, value in by_kind.get(sheet.cell(row, place["疑点类型"]).value or "", {}).items():
                sheet.cell(row, place[heading]).value = value
        path = self.root / f"反馈_{town}.xlsx"
        book.save(path)
        return path


@pytest.fixture
def bureau(tmp_path, monkeypatch):
    made = Bureau(tmp_path)
    monkeypatch.chdir(tmp_path)
    return made


def test_the_loop_from_the_lists_to_the_score(bureau):
    bureau.usual()
    said = bureau.call("match", "2025-09", "--found-on", "2025-09-10")
    assert "按未备案处理" in said
    table = said.partition("确定的金额（元）")[2].splitlines()[1:-1]
    assert {line.split()[0]: line.split()[1:3] for line in table} == {
        "死亡后继续发放": ["1", "1"],
        "户籍注销后继续发放": ["1", "0"],
        "两地同时享受": ["1", "0"],
        "名下有不动产": ["1", "0"],
        "名下有车辆": ["1", "0"],
        "近亲属未备案": ["1", "0"],
    }
    assert set(bureau.sent()) == {"T01", "T02", "T03"}
    stopped = {"核查结果": "已停发", "停发月份": "2025-10", "追回金额": 1000, "说明": f"{NAMES[0]}，{PHONE}"}
    files = [
        bureau.answer("T01", 死亡后继续发放=stopped, 两地同时享受={"核查结果": "身份不符"}),
        bureau.answer("T03", 名下有车辆={"核查结果": "属实"}, 名下有不动产={"说明": "还在查"}),
    ]
    said = bureau.call("match", "--feedback", *files)
    assert "新的3条" in said
    assert "还有4条待反馈" in said
    path = bureau.root / "data" / "问题台账_数据比对.xlsx"
    head, *rows = [[cell.value for cell in row] for row in openpyxl.load_workbook(path).active.iter_rows()]
    found = [dict(zip(head, row, strict=True)) for row in rows]
    assert [(one["镇街"], one["考核指标"], one["涉及金额"], one["救助证号"]) for one in found] == [
        ("沁园街道", "档案资料", 6 * 500.5, "D-1"),
        ("济水街道", "入户调查", None, None),
    ]
    assert "6个月（2025-04至2025-09）" in found[0]["问题描述"]
    before = path.read_bytes(), (bureau.root / "matching" / "alerts.parquet").read_bytes()
    assert "相同3条" in bureau.call("match", "--feedback", *files)
    bureau.call("match", "2025-09", "--found-on", "2025-09-10")
    assert "相同3条" in bureau.call("match", "--feedback", *files)
    assert before == (path.read_bytes(), (bureau.root / "matching" / "alerts.parquet").read_bytes())
    bureau.call("run", "2025Q3", "--formats", "csv")
    told = bureau.call("explain", "沁园", "2025Q3")
    charged = next(line.split() for line in told.splitlines() if found[0]["问题编号"] in line)
    assert charged[:4] == ["-45.00", "55.00", "一（一）", "档案资料"]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"核查结果": "是的"}, "核查结果"),
        ({"核查结果": "属实", "停发月份": "十月"}, "停发月份"),
        ({"核查结果": "属实", "追回金额": "-5"}, "追回金额"),
        ({"核查结果": "属实", "疑点编号": "BD-XXXX"}, "没有这个疑点编号"),
    ],
)
def test_a_wrong_answer_is_refused_with_its_cell_and_nothing_is_kept(bureau, cells, message):
    bureau.usual()
    bureau.call("match", "2025-09")
    before = (bureau.root / "matching" / "alerts.parquet").read_bytes()
    said = bureau.call("match", "--feedback", bureau.answer("T01", 死亡后继续发放=cells), code=1)
    assert message in said
    assert "反馈_T01.xlsx/比对疑点/" in said
    assert (bureau.root / "matching" / "alerts.parquet").read_bytes() == before
    assert not (bureau.root / "data" / "问题台账_数据比对.xlsx").exists()


@pytest.mark.parametrize(("lang", "verdict"), [("zh", "属实"), ("en", "confirmed")])
def test_a_whole_workbook_comes_back_in_either_language(bureau, lang, verdict):
    bureau.usual()
    bureau.call("match", "2025-09", "--lang", lang)
    folder = bureau.root / "out" / "matching" / "2025-09"
    for path in [*folder.glob("alerts_*.xlsx"), *folder.glob("疑点_*.xlsx")]:
        book = openpyxl.load_workbook(path)
        sheet = book.active
        place = next(cell.column for cell in sheet[4] if cell.value in {"核查结果", "verdict"})
        for row in range(5, sheet.max_row + 1):
            sheet.cell(row, place).value = verdict
        book.save(bureau.root / path.name)
    bureau.call("match", "--feedback", *bureau.root.glob("*_T0*.xlsx"), "--lang", lang)
    alerts = pl.read_parquet(bureau.root / "matching" / "alerts.parquet")
    assert alerts["status"].unique().to_list() == ["answered"]
    assert len(list((bureau.root / "data").glob("问题台账_数据比对.xlsx"))) == 1


def test_two_answers_to_one_alert_are_refused(bureau):
    bureau.usual()
    bureau.call("match", "2025-09")
    one = bureau.answer("T01", 死亡后继续发放={"核查结果": "属实"})
    copy = one.rename(bureau.root / "另一份.xlsx")
    other = bureau.answer("T01", 死亡后继续发放={"核查结果": "不属实"})
    assert "同一疑点有两种不同的反馈" in bureau.call("match", "--feedback", copy, other, code=1)


def test_a_number_typed_as_a_number_is_said_and_never_certain(bureau):
    bureau.usual()
    (bureau.lists / "在保名单.csv").unlink()
    with xlsxwriter.Workbook(bureau.lists / "在保名单.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEAD)
        row = [int(IDS[0]), NAMES[0], "1939-03-05", "", "沁园", "", "农村低保", "D-1", 500, "2025-01", "", ""]
        sheet.write_row(1, 0, row)
        sheet.write_row(2, 0, [IDS[3], *row[1:]])
    bureau.call("match", "2025-09")
    alerts = pl.read_parquet(bureau.root / "matching" / "alerts.parquet").filter(pl.col("kind") == "after_death")
    assert alerts["sure"].to_list() == [False]
    said = (bureau.root / "out" / "matching" / "2025-09" / "problems.csv").read_text("utf-8-sig")
    assert "在保名单.xlsx,Sheet1,2,身份证号,matching-number-floated" in said


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["match"], 2, "没有写比对到哪个月"),
        (["match", "九月"], 2, "不是月份"),
        (["match", "2025-09", "2025-10"], 2, "一次比对一个月"),
        (["match", "--feedback"], 2, "没有写文件"),
        (["match", "--feedback", "没有.xlsx"], 2, "没有这个文件"),
        (["match", "--feedback", "--posted", "small.yaml"], 2, "只能用一个"),
        (["match", "2025-09", "--lists", "nowhere"], 2, "没有名单文件夹"),
        (["match", "2025-09"], 1, "没有可用的在保名单"),
    ],
)
def test_a_wrong_call_is_answered_with_what_to_do(bureau, words, code, message):
    assert message in bureau.call(*words, code=code)


def test_a_policy_that_the_scheme_does_not_know_is_refused(bureau):
    (bureau.root / "matching.yaml").write_text(POLICY.replace("indicator: visits", "indicator: visit", 1), "utf-8")
    assert "matching.yaml：findings 的 two_towns" in bureau.call("match", "2025-09", code=2)
    (bureau.root / "matching.yaml").write_text(POLICY.replace("特困分散]", "农村低保]"), "utf-8")
    assert "写在了两组里" in bureau.call("match", "2025-09", code=2)


def test_a_list_with_bad_rows_is_refused_whole_or_matched_without_them(bureau):
    bureau.usual()
    rows = [HEAD, [IDS[0], NAMES[0], "", "", "无此镇", "", "农村低保", "D-1", "500", "2025-01", "2024-01", "停发"]]
    bureau.csv(bureau.lists / "在保名单_乙.csv", rows)
    said = bureau.call("match", "2025-09", code=1)
    assert "在保名单_乙.csv/2/镇街" in said
    assert "在保名单_乙.csv/2/终止月份: 终止月份早于起始月份" in said
    assert not (bureau.root / "out").exists()
    assert "搁置了" in bureau.call("match", "2025-09", "--set-aside")


def test_the_shipped_policy_fits_the_shipped_scheme(bureau):
    (bureau.root / "matching.yaml").unlink()
    (bureau.root / "townscore.yaml").write_text("weights: weights/jiyuan-quarterly.yaml\n", "utf-8")
    bureau.usual()
    assert "死亡后继续发放" in bureau.call("match", "2025-09")


# ------------------------------------------------------------------------------------------------- what never leaves


def test_nothing_that_goes_out_holds_a_number_or_a_name(bureau):
    bureau.usual()
    bureau.csv(
        bureau.lists / "其他待遇.csv",
        [["身份证号", "姓名", "待遇名称", "起始月份", IDS[6]], [IDS[4], NAMES[4], IDS[4], "2025-02", NAMES[6]]],
    )
    bad = [IDS[7], NAMES[7], IDS[7], IDS[7], IDS[7], NAMES[7], IDS[7], NAMES[7], IDS[7], NAMES[7], PHONE, NAMES[7]]
    bureau.csv(bureau.lists / "在保名单_丙.csv", [HEAD, bad])
    said = [bureau.call("match", "2025-09", code=1), bureau.call("match", "2025-09", "--set-aside")]
    note = f"{NAMES[0]} {IDS[0]} {PHONE}"
    files = [
        bureau.answer("T01", 死亡后继续发放={"核查结果": "属实", "说明": note}),
        bureau.answer(
            "T02", 死亡后继续发放={"核查结果": NAMES[2], "停发月份": IDS[2], "追回金额": IDS[2], "说明": note}
        ),
    ]
    said += [bureau.call("match", "--feedback", *files, code=1), bureau.call("match", "--feedback", files[0])]
    posting = bureau.root / "公示_克井镇.csv"
    bureau.csv(posting, [["姓名", "身份证号", "电话"], [NAMES[3], IDS[3], PHONE], [NAMES[4], note, "示例村3组12号"]])
    said.append(bureau.call("match", "--posted", posting))
    said.append(bureau.call("run", "2025Q3", "--formats", "csv"))
    given = {posting, *files, *bureau.lists.iterdir()}
    written = [path for path in bureau.root.rglob("*") if path.is_file() and path not in given]
    texts = {"screen": "\n".join(said)} | {str(path): text for path in written for text in [readable(path)]}
    assert len(texts) > 15
    canaries = [PHONE, *NAMES, *(name[2:] for name in NAMES)]
    for one in IDS:
        canaries += [
            one,
            one[:17],
            one[:6] + one[8:17],
            one[6:17],
            f"{one[:6]} {one[6:14]}",
            f"{one[:6]}-{one[6:14]}",
            wide(one),
        ]
    key = (bureau.root / "matching" / "identity.key").read_text().strip()
    for name, text in texts.items():
        assert [canary for canary in canaries if canary in text] == [], name
        assert name.endswith("identity.key") or key not in text


def readable(path: Path) -> str:
    """All that a file holds as text: archives unpacked, tables read."""
    data = path.read_bytes()
    if path.suffix == ".parquet":
        return str(pl.read_parquet(io.BytesIO(data)).rows())
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return "\n".join(
                [*archive.namelist(), *(archive.read(n).decode("utf-8", "replace") for n in archive.namelist())]
            )
    return data.decode("utf-8", "replace")


def test_a_towns_workbook_holds_its_own_alerts_alone(bureau):
    bureau.usual()
    bureau.call("match", "2025-09")
    alerts = pl.read_parquet(bureau.root / "matching" / "alerts.parquet")
    for code, path in bureau.sent().items():
        text = readable(path)
        own = alerts.filter(pl.col("town") == code)["alert_id"].to_list()
        foreign = alerts.filter(pl.col("town") != code)["alert_id"].to_list()
        assert own
        assert [one for one in own if one not in text] == []
        assert [one for one in foreign if one in text] == []
        assert sum(name in text for name in ("沁园街道", "克井镇", "济水街道")) == 1


def test_a_towns_workbook_is_locked_but_for_its_own_columns(bureau):
    bureau.usual()
    bureau.call("match", "2025-09")
    sheet = openpyxl.load_workbook(bureau.sent()["T01"]).active
    assert sheet.protection.sheet
    heads = {cell.value: cell.column for cell in sheet[4]}
    opened = [head for head, place in heads.items() if not sheet.cell(5, place).protection.locked]
    assert opened == ["核查结果", "停发月份", "追回金额", "说明"]
    lists = [rule.formula1 for rule in sheet.data_validations.dataValidation if rule.type == "list"]
    assert lists == ['"属实,不属实,身份不符,已停发"']


def answered_once(bureau):
    """One alert is confirmed; the workbook of findings that came of it, and the next answer."""
    bureau.usual()
    bureau.call("match", "2025-09", "--found-on", "2025-09-10")
    bureau.call("match", "--feedback", bureau.answer("T01", 死亡后继续发放={"核查结果": "属实"}))
    path = bureau.root / "data" / "问题台账_数据比对.xlsx"
    return path, bureau.answer("T03", 名下有车辆={"核查结果": "属实"})


def test_what_the_office_notes_on_a_finding_stays(bureau):
    path, later = answered_once(bureau)
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    head = next(cell.row for line in sheet.iter_rows() for cell in line if cell.value == "问题编号")
    wide_before = sheet.max_column
    for place, (heading, value) in enumerate(
        {"交办日期": date(2025, 9, 12), "整改期限": "2025年10月9日", "镇街确认": "认可", "违纪线索": "否"}.items(), 1
    ):
        sheet.cell(head, wide_before + place, heading)
        sheet.cell(head + 1, wide_before + place, value)
    book.save(path)
    bureau.call("match", "--feedback", later)
    sheet = openpyxl.load_workbook(path).worksheets[0]
    rows = list(sheet.iter_rows(min_row=head, values_only=True))
    found = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    told = [[one[name] for name in ("交办日期", "整改期限", "镇街确认", "违纪线索")] for one in found]
    assert [[str(cell)[:10] for cell in row] for row in told] == [
        ["2025-09-12", "2025-10-09", "认可", "否"],
        ["None"] * 4,
    ]
    kept = path.read_bytes()
    bureau.call("match", "--feedback", later)
    assert path.read_bytes() == kept


@pytest.mark.parametrize(
    ("heading", "value", "number"),
    [("报送日期", "2025-10-01", ""), ("经办人意见", "示例", ""), ("问题描述", "示例", "手工-1")],
)
def test_a_workbook_with_what_would_be_lost_is_not_written_over(bureau, heading, value, number):
    path, later = answered_once(bureau)
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    head = next(cell.row for line in sheet.iter_rows() for cell in line if cell.value == "问题编号")
    row = head + 1
    if number:
        row, cells = head + 2, [cell.value for cell in sheet[head + 1]]
        for place, cell in enumerate([number, *cells[1:]], 1):
            sheet.cell(row, place, cell)
    columns = {cell.value: cell.column for cell in sheet[head]}
    place = columns.get(heading) or sheet.max_column + 1
    sheet.cell(head, place, heading)
    sheet.cell(row, place, value)
    book.save(path)
    held = path.read_bytes(), (bureau.root / "matching" / "alerts.parquet").read_bytes()
    assert "问题台账_数据比对.xlsx" in bureau.call("match", "--feedback", later, code=1)
    assert held == (path.read_bytes(), (bureau.root / "matching" / "alerts.parquet").read_bytes())


@pytest.mark.parametrize(("whole", "message"), [(True, "另一个镇（街道）的"), (False, "人员代码不是")])
def test_a_row_of_elsewhere_answers_nothing(bureau, whole, message):
    bureau.usual()
    bureau.call("match", "2025-09")
    before = (bureau.root / "matching" / "alerts.parquet").read_bytes()
    foreign = next(openpyxl.load_workbook(bureau.sent()["T01"]).active.iter_rows(min_row=5, values_only=True))
    book = openpyxl.load_workbook(bureau.sent()["T03"])
    sheet = book.active
    place = {cell.value: cell.column for cell in sheet[4]}
    row = sheet.max_row + 1 if whole else 5
    for column, value in enumerate(foreign if whole else foreign[:1], 1):
        sheet.cell(row, column, value)
    sheet.cell(row, place["核查结果"], "不属实")
    path = bureau.root / "混.xlsx"
    book.save(path)
    said = bureau.call("match", "--feedback", path, code=1)
    assert (message in said, f"混.xlsx/比对疑点/{row}/" in said) == (True, True)
    assert (bureau.root / "matching" / "alerts.parquet").read_bytes() == before


def test_an_earlier_month_does_not_shorten_what_the_towns_hold(bureau):
    bureau.usual()
    bureau.call("match", "2025-09")
    before = (bureau.root / "matching" / "alerts.parquet").read_bytes()
    assert "2025-09" in bureau.call("match", "2025-07", code=1)
    assert (bureau.root / "matching" / "alerts.parquet").read_bytes() == before
