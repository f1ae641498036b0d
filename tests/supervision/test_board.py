"""The board in a real Chromium: its counts are those of the tables, every filter, a finding's life, the keyboard."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from scoring.reports.labels import Labels
from scoring.sending import Journal
from scoring.sending.journal import Key
from scoring.supervision.board.facts import GROUPS, clean, group_of
from scoring.supervision.board.life import points_of
from tests.playing.playing import chromium
from tests.supervision.office import FINDINGS, REPORTS, TOWNS, office_at

ON = date(2025, 2, 12)  # a Wednesday: its week ends on the 16th
HOSTILE = "</script><img src=x onerror=alert(1)>\"'&\u2028\u202eabc=1+1 电话13900001111"
LEDGER = [
    *FINDINGS,
    ["A-5", "沁园街道", "</td><b>村", "2025-01-13", "visits", "一般", HOSTILE, "2025-02-16", ""],
    ["A-6", "沁园街道", "东村", "2025-01-13", "visits", "一般", "下周到期", "2025-02-17", ""],
    ["C-2", "济水街道", "北村", "2025-01-13", "visits", "一般", "待复核", "2025-02-17", ""],
    ["C-3", "济水街道", "北村", "2025-01-13", "visits", "一般", "已撤销", "2025-02-17", ""],
]
MORE = [
    ["C-2", "2025-02-03", "2025-02-02", "已完成", "", ""],
    ["A-1", "2025-02-03", "", "整改中", "2025-02-04", "退回重改"],
]
LETTERS = [
    ["发函编号", "镇街", "类型", "发函日期", "涉及问题编号", "整改期限"],
    ["L-1", "沁园街道", "提示函", "2025-01-14", "A-1;A-2", "2025-02-10"],
    ["L-2", "克井镇", "移交", "2025-01-15", "B-1", ""],
    ["L-3", "克井镇", "通报", "2025-03-15", "B-1", ""],
]
CHECKS = [
    ["核查编号", "镇街", "核查日期", "审核确认月份", "新审核确认数", "抽查数"],
    ["H-1", "沁园街道", "2025-02-03", "2025-01", 11, 3],
    ["H-2", "克井镇", "2025-02-03", "2025-01", 10, 3],
    ["H-3", "克井镇", "2025-03-03", "2025-02", 10, 3],
]
APPEALS = [
    ["申诉编号", "申诉对象", "对象编号", "申诉日期", "理由", "决定日期", "复核决定"],
    ["S-1", "问题", "C-3", "2025-01-20", "不属实", "2025-01-24", "撤销"],
]
Q = ("2025Q1", "2025Q2")
HEAD = {"scheme": {"decimals": 2}, "as_of": "2025-07-10"}
GROUP = {
    "A-1": "overdue", "A-2": "week", "A-3": "later", "A-5": "week", "A-6": "later", "B-1": "overdue",
    "C-1": "closed", "C-2": "waiting", "C-3": "aside",
}  # fmt: skip
"""By hand. A-3 has five working days from 12 February, hence the 19th. A-1 lay one day with the bureau: the 11th."""


@pytest.fixture(scope="module")
def browser():
    with chromium(viewport={"width": 1280, "height": 900}) as context:
        yield context


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The page of a small bureau, by the command."""
    root = tmp_path_factory.mktemp("board")
    office = office_at(root)
    office.table("问题台账", LEDGER)
    office.table("整改台账", [*REPORTS, *MORE])
    for name, rows in (("发函台账", LETTERS), ("核查台账", CHECKS), ("申诉复核", APPEALS)):
        office.table(name, rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        answer = office.call("board", "--on", ON.isoformat(), "--file", "board.html")
    assert answer.code == 0, answer
    return root / "board.html", answer.out


def data_of(path: Path) -> dict:
    text = path.read_text("utf-8")
    return json.loads(re.search(r'<script type="application/json" id="page">(.*?)</script>', text, re.DOTALL)[1])


@contextmanager
def opened(browser, path: Path):
    page = browser.new_page()
    faults, asked = [], []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text))
    page.on("request", lambda sent: asked.append(sent.url))
    page.on("dialog", lambda one: faults.append(one.message))
    page.goto(path.as_uri())
    yield page
    assert faults == []
    assert asked == [path.as_uri()]
    page.close()


def tile(page, name: str) -> int:
    return int(page.locator(f"#tile-{name} b").inner_text())


def shown(page) -> list[str]:
    return page.locator("#findings tbody td:first-child button").all_inner_texts()


def test_every_finding_is_in_the_group_that_its_days_say(written):
    path, told = written
    facts = data_of(path)
    assert {one["id"]: one["group"] for one in facts["findings"]} == GROUP
    assert "待整改6个，其中逾期2个、本周到期2个；待复核1个" in told


def test_tiles_and_tables_count_what_the_tables_hold(browser, written):
    path, _ = written
    with opened(browser, path) as page:
        counts = {name: sum(group == name for group in GROUP.values()) for name in GROUPS}
        assert tile(page, "open") == counts["overdue"] + counts["week"] + counts["later"] == 6
        for name in ("overdue", "week", "waiting", "closed", "aside"):
            assert tile(page, name) == counts[name]
        assert tile(page, "sampled") == 6  # what was checked by the day
        assert tile(page, "sent") == 1  # neither the referral nor what lies ahead
        rows = [row.split("\t") for row in page.locator("#by-town tbody tr").all_inner_texts()]
        assert rows == [
            ["沁园街道", "5", "2", "1", "0"],
            ["克井镇", "1", "0", "1", "0"],
            ["济水街道", "0", "0", "0", "1"],
        ]
        assert page.locator("#sampled .short").all_inner_texts() == ["3 / 11"]
        assert "移交" not in json.dumps(data_of(path)["findings"] + data_of(path)["letters"], ensure_ascii=False)
        assert page.locator("#sent tbody tr").count() == 1


def test_every_filter_narrows_what_is_listed(browser, written):
    path, _ = written
    with opened(browser, path) as page:
        assert shown(page) == ["B-1", "A-1", "A-2", "A-5", "A-6", "A-3"]
        page.click("#tile-overdue")
        assert shown(page) == ["B-1", "A-1"]
        page.select_option("#filter-town", label="沁园街道")
        assert shown(page) == ["A-1"]
        assert tile(page, "open") == 5
        page.click("#tile-open")
        page.select_option("#filter-village", label="西村")
        assert shown(page) == ["A-2", "A-3"]
        page.select_option("#filter-indicator", label="入户调查")
        assert shown(page) == ["A-3"]
        page.click("#clear")
        page.fill("#filter-words", "授权书 克井")
        assert shown(page) == ["B-1"]
        page.fill("#filter-words", "a-")
        assert shown(page) == ["A-1", "A-2", "A-5", "A-6", "A-3"]
        page.click("#clear")
        page.locator("#by-indicator tbody button", has_text="档案资料").click()
        assert shown(page) == ["B-1", "A-1", "A-2"]
        page.locator("#by-village tbody button", has_text="西村").click()
        assert shown(page) == ["A-2"]
        page.select_option("#filter-town", label="克井镇")
        assert shown(page) == ["B-1"]  # another town's village is no filter any more
        page.click("#clear")
        page.click("#tile-aside")
        assert shown(page) == ["C-3"]
        page.fill("#filter-words", "没有这样的字")
        assert page.locator("#findings").inner_text().endswith("没有符合的。")


def test_a_findings_whole_life(browser, written):
    path, _ = written
    with opened(browser, path) as page:
        page.locator("#findings button", has_text="A-1").click()
        life = page.locator("#life ol li").all_inner_texts()
        assert [line.split("\n") for line in life] == [
            ["2025-01-10", "发现问题"],
            ["2025-01-14", "发出提示函，限2025-02-10前整改"],
            ["2025-02-03", "报送整改情况：整改中"],
            ["2025-02-04", "复核：退回重改"],
            ["2025-02-11", "整改期限"],
        ]
        points = page.locator("#life tbody tr").inner_text().split("\t")
        assert points == ["2025年第一季度", "按2025-02-12测算", "≈1.33", "≈0.33", "0.00", "1.00"]


def test_by_keyboard_alone(browser, written):
    path, _ = written
    with opened(browser, path) as page:
        page.focus("#tile-open")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "tile-overdue"
        assert page.get_attribute("#tile-overdue", "aria-pressed") == "true"
        page.focus("#findings tbody button")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "close"
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.textContent") == "B-1"
        assert not page.locator("#life").is_visible()


def test_hostile_text_is_text_and_nobody_is_named(browser, written):
    path, _ = written
    text = path.read_text("utf-8")
    assert "13900001111" not in text
    assert "示例责任人" not in text
    assert not re.search("[\u2028\u202e]", text)
    with opened(browser, path) as page:
        assert page.locator("img").count() == 0
        cell = page.locator("#findings tr", has_text="A-5").locator("td").nth(2).inner_text()
        assert cell == "</script><img src=x onerror=alert(1)>\"'& abc=1+1 电话139******11"
        assert page.locator("#findings tr", has_text="A-5").locator("td").nth(5).inner_text() == "</td><b>村"


def test_nothing_runs_but_the_pages_own_script(browser, written, tmp_path):
    path, _ = written
    text = path.read_text("utf-8")
    assert "default-src 'none'" in text
    bad = tmp_path / "bad.html"
    bad.write_text(text.replace("</body>", "<script>document.title = 'taken'</script></body>"), "utf-8")
    page = browser.new_page()
    page.goto(bad.as_uri())
    assert page.title() == "监管工作台"
    page.close()


@pytest.mark.parametrize("width", [1280, 420])
def test_it_fits_the_screen(browser, written, width):
    path, _ = written
    with opened(browser, path) as page:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.locator("#findings tbody button").first.click()
        box = page.locator("#life").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


def test_in_english_and_with_nothing_to_show(browser, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    office = office_at(tmp_path, "en")
    answer = office.call("board", "--on", "2024-12-01")
    assert answer.code == 0, answer
    path = tmp_path / "board-2024-12-01.html"
    with opened(browser, path) as page:
        assert tile(page, "open") == 0
        assert "Nothing fits." in page.inner_text("#findings")
    assert office.call("board", "--on", "yesterday").code == 2
    office.table("镇街名单", [TOWNS[0], TOWNS[1]])
    refused = office.call("board", "--on", "2025-03-01")
    assert refused.code == 1
    assert "问题台账.xlsx" in refused.out


def test_packages_are_the_journals_and_a_broken_one_stops(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    office = office_at(tmp_path)
    (tmp_path / "sent").mkdir()
    journal, key = Journal(tmp_path / "sent" / "journal.jsonl"), Key("folder", "2024Q4", 1, "T02", "ab" * 32)
    with journal.held():
        journal.note("done", key, datetime(2025, 1, 20, 4, tzinfo=UTC), to="x")
        journal.note("done", replace(key, town="T01"), datetime(2025, 2, 20, 4, tzinfo=UTC), to="x")
    assert office.call("board", "--on", ON.isoformat(), "--file", "board.html").code == 0
    (package,) = data_of(tmp_path / "board.html")["packages"]  # the other lies ahead
    assert package[1:4] == [1, "2024Q4", 1]
    with (tmp_path / "sent" / "journal.jsonl").open("ab") as file:
        file.write(b"something else\n")
    assert office.call("board", "--on", ON.isoformat()).code == 1


def test_points_are_told_of_every_period_that_charges(written):
    frame = pl.DataFrame(
        {"finding_id": ["A-1", "A-2"], "disposition": ["priced", "duplicate"]}
        | {f"{name}_{side}": [1, 1] for name in ("net", "charge", "credit", "extra") for side in ("num", "den")}
    )
    labels = {name: Labels({"period": {"id": name, "label": name, "kind": "quarter"}, **HEAD}, "zh") for name in Q}
    found = points_of([(Q[0], 2, frame)], [(Q[1], HEAD, frame)], labels)
    assert {name: [row[1] for row in rows] for name, rows in found.items()} == {
        "A-1": ["印发第2版", "按2025-07-10测算"]
    }


def test_what_no_scheme_scores_is_counted_aloud(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    office = office_at(tmp_path)
    scheme = tmp_path / "weights" / "small.yaml"
    text = scheme.read_text("utf-8")
    (tmp_path / "weights" / "later.yaml").write_text(text.replace("from: 2025-01-01", "from: 2026-01-01"), "utf-8")
    scheme.write_text(text.replace("from: 2025-01-01", "from: 2025-04-01, to: 2025-12-31"), "utf-8")
    (tmp_path / "townscore.yaml").write_text("weights: [weights/small.yaml, weights/later.yaml]\n", "utf-8")
    answer = office.call("board", "--on", "2025-06-30", "--file", "board.html")
    assert answer.code == 0, answer
    assert "有5个问题的发现日期不在任何细则的施行期内" in answer.out
    assert "有5个问题" in (tmp_path / "board.html").read_text("utf-8")
    assert [one["id"] for one in data_of(tmp_path / "board.html")["findings"]] == ["B-2"]
    assert "有5个问题" in office.call("receipts", "make", "--open", "--on", "2025-06-30").out


def test_a_week_ends_on_its_sunday():
    rows = pl.DataFrame(
        {
            "disposition": ["priced"] * 3, "state": ["open_in_time"] * 3, "flags": [[], [], []],
            "fixed_on": [None] * 3, "due": [date(2025, 2, 16), date(2025, 2, 17), date(2025, 2, 10)],
        },
        schema_overrides={"flags": pl.List(pl.String), "fixed_on": pl.Date},
    )  # fmt: skip
    for on, wanted in (
        (date(2025, 2, 10), ["week", "later", "week"]),
        (date(2025, 2, 16), ["week", "later", "later"]),
        (date(2025, 2, 17), ["later", "week", "later"]),
    ):
        assert rows.select(group_of(on)).to_series().to_list() == wanted


def test_texts_are_cleaned_of_what_moves_others():
    assert clean("a\u202eb\u2028c\nd 110000000000000000") == "ab c d 110*************00"
    assert clean(None) == ""
