"""The lines of docs/faults.md once something is published: what is sealed stays as it is, whatever comes after."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import time

import openpyxl
import polars as pl
import pytest

from tests.runs.conftest import FINDINGS, Bureau
from tests.runs.test_faults import CLOCK, ROOT, WEATHER

pytestmark = pytest.mark.long

NUMBER = "示例〔2025〕1号"
HEARD = {"2025Q1": ("2025-04-02", "2025-04-09", "2025-04-11"), "2025Q2": ("2025-07-02", "2025-07-09", "2025-07-11")}


def own(bureau, *words, **env):
    return bureau.call(*words, "--data", bureau.data, "--out", bureau.out, "--weights", bureau.scheme, **env)


def decide(bureau, period, by="示例会议", **env):
    comment, decided, _ = HEARD[period]
    assert bureau.run(period, **env).code == 0
    assert own(bureau, "stage", period, "comment", "--on", comment, **env).code == 0
    answer = own(bureau, "stage", period, "decided", "--on", decided, "--by", by, **env)
    assert answer.code == 0, answer.err


def publish(bureau, period, *more, number=NUMBER, formats="csv", **env):
    return own(
        bureau, "publish", period, "--number", number, "--on", HEARD[period][2], "--formats", formats, *more, **env
    )


@pytest.fixture(scope="module")
def first_quarter(tmp_path_factory):
    """One published quarter and the next one decided, made once; each test works on a copy."""
    bureau = Bureau(tmp_path_factory.mktemp("published"))
    decide(bureau, "2025Q1")
    assert publish(bureau, "2025Q1").code == 0
    decide(bureau, "2025Q2")
    return bureau.root


@pytest.fixture
def life(first_quarter, tmp_path):
    shutil.copytree(first_quarter, tmp_path / "life")
    bureau = Bureau.__new__(Bureau)
    bureau.root, bureau.environment = tmp_path / "life", {}
    bureau.data, bureau.out, bureau.scheme = (bureau.root / name for name in ("data", "out", "small.yaml"))
    return bureau


def sealed(bureau, contents):
    """The store, and what out/ shows of the published quarter."""
    return contents(bureau.root / "store"), contents(bureau.out / "2025Q1")


def more_findings(bureau, *rows):
    bureau.table("问题台账", [*FINDINGS, *rows])


def no_workbook(bureau):
    (bureau.data / "问题台账_补.xlsx").write_bytes(b"PK\x03\x04" + bytes(range(256)) * 9)


def locked_workbook(bureau):
    (bureau.data / "问题台账_补.xlsx").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(4096))


def no_scheme(bureau):
    bureau.scheme.write_text(bureau.scheme.read_text("utf-8").replace("points: 60", "points: 61"), "utf-8")


REFUSED = {
    "malformed": no_workbook,
    "encrypted": locked_workbook,
    "unknown town": lambda bureau: more_findings(bureau, ["A-9", "克井真", "2025-08-01", "档案资料", "一般", "x"]),
    "a published id again": lambda bureau: more_findings(
        bureau, ["A-2", "沁园", "2025-02-03", "档案资料", "一般", "别的"]
    ),
    "no such day": lambda bureau: more_findings(bureau, ["A-9", "沁园", "2025-08-41", "档案资料", "一般", "x"]),
    "no such severity": lambda bureau: more_findings(bureau, ["A-9", "沁园", "2025-08-01", "档案资料", "糟糕", "x"]),
    "orphan report": lambda bureau: bureau.table(
        "整改台账",
        [
            ["问题编号", "报送日期", "整改情况", "复核日期", "复核结论"],
            ["B-7", "2025-03-05", "已完成", "2025-03-10", "通过销号"],
        ],
    ),
    "scheme": no_scheme,
}


# Each case takes some seconds; tests/long/test_published_long.py runs them all.
@pytest.mark.parametrize("fault", ["a published id again", "scheme"])
def test_fault_what_is_refused_leaves_everything_published_as_it_was(life, contents, fault):
    before = sealed(life, contents)
    REFUSED[fault](life)
    for words in (("2025Q1",), ("2025Q3",)):
        answer = life.run(*words)
        assert answer.code == (2 if fault == "scheme" else 1), answer
    answer = publish(life, "2025Q2")
    assert answer.code != 0, answer
    assert sealed(life, contents) == before


def in_other_words(bureau, layout):
    """The ledger's facts in another form."""
    path = bureau.data / "问题台账.csv"
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = list(csv.reader(file))
    day = head.index("发现日期")
    if layout in {"text dates", "full width"}:
        for row in rows:
            year, month, one = row[day].split("-")
            row[day] = f"{year}年{int(month)}月{int(one)}日"
            if layout == "full width":
                row[day] = row[day].translate({ord(n): ord(n) + 0xFEE0 for n in "0123456789"})
                row[1] = f" {row[1]}\u200b"
    if layout == "swapped":
        head, rows = head[::-1], [row[::-1] for row in rows[::-1]]
    if layout in {"GBK", "UTF-16"}:
        with path.open("w", encoding=layout, newline="") as file:
            csv.writer(file).writerows([head, *rows])
        return
    path.unlink()
    book = openpyxl.Workbook()
    if layout == "title":
        book.active.append(["2025年问题台账"])
        book.active.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(head))
    for row in [head, *rows]:
        book.active.append(row)
    book.save(bureau.data / "问题台账.xlsx")


LAYOUTS = ("text dates", "full width", "swapped", "GBK", "UTF-16", "title")


@pytest.mark.parametrize("layout", ["full width"])
def test_fault_equal_facts_in_another_form_change_nothing_that_is_published(life, contents, layout):
    before = sealed(life, contents)
    in_other_words(life, layout)
    answer = life.run("2025Q3")
    assert answer.code == 0, answer
    assert "A-" not in answer.err  # no published fact is said to have changed
    ledger = pl.read_parquet(life.out / "2025Q3" / "ledger.parquet")
    assert ledger.filter(pl.col("kind") == "carry_over").is_empty()
    assert sealed(life, contents) == before


HOSTILE = ["=1+1", "<script>alert(1)</script>", "{{ 7*7 }}", "@SUM(A1)", "\t-1"]


def test_fault_text_that_something_would_run_is_text_in_what_is_published(life, contents):
    scan = life.root / ("=cmd '&" + "长" * 60 + ".pdf")
    scan.write_bytes(b"%PDF-1.4 scan")
    answer = publish(life, "2025Q2", "--scan", scan, number=" ".join(HOSTILE), formats="csv,xlsx,docx")
    assert answer.code == 0, answer
    said = json.loads((life.root / "store" / "2025Q2@1" / "edition.json").read_text("utf-8"))
    assert said["number"] == " ".join(HOSTILE)
    for path in (life.out / "2025Q2").rglob("*.xlsx"):
        cells = [cell for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows() for cell in row]
        # The score book adds up by formulas of its own.
        assert not [cell for cell in cells if cell.data_type == "f" and not str(cell.value).startswith("=ROUND")]
    for path in (life.out / "2025Q2").rglob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            assert not [cell for row in csv.reader(file) for cell in row if cell[:1] in "=@\t" and cell]
    assert life.call("verify").code == 0


def _mounted(folder, size):
    kept = folder.with_name(folder.name + "_kept")
    folder.rename(kept)
    folder.mkdir()
    done = ROOT and subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=False)
    if not done or done.returncode:
        pytest.skip("only root may mount a small disk")
    shutil.copytree(kept, folder, dirs_exist_ok=True)


DISKS = ("full", "read-only")


@pytest.mark.parametrize("fault", ["full"])
def test_fault_a_disk_that_takes_no_edition_leaves_the_old_state(life, contents, fault):
    store = life.root / "store"
    _mounted(store, "2m")
    try:
        before = sealed(life, contents)
        draft = contents(life.out / "2025Q2")
        if fault == "full":
            free = os.statvfs(store).f_bavail * os.statvfs(store).f_frsize
            (store.parent / "store" / "ballast").write_bytes(b"0" * (free - 40_000))
        else:
            subprocess.run(["mount", "-o", "remount,ro", str(store)], check=True)
        answer = publish(life, "2025Q2")
        assert (answer.code, ("磁盘已满" if fault == "full" else "权限") in answer.err) == (3, True), answer
        if fault == "full":
            (store / "ballast").unlink()
        else:
            subprocess.run(["mount", "-o", "remount,rw", str(store)], check=True)
        assert sealed(life, contents) == before
        assert contents(life.out / "2025Q2") == draft
        assert publish(life, "2025Q2").code == 0
        assert life.call("verify").code == 0
    finally:
        subprocess.run(["umount", str(store)], check=True)


def test_fault_two_publications_at_once_make_one_edition(life, contents):
    words = ("publish", "2025Q2", "--number", NUMBER, "--on", HEARD["2025Q2"][2], "--formats", "csv,docx")
    first = life.start(*words, "--data", life.data, "--out", life.out, "--weights", life.scheme)
    deadline = time.monotonic() + 60
    while not (life.out / ".lock").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    second = publish(life, "2025Q2")
    first.communicate()
    assert (first.returncode, second.code) in {(0, 3), (0, 2)}, second
    assert sorted(path.name for path in (life.root / "store").iterdir() if "@" in path.name) == ["2025Q1@1", "2025Q2@1"]
    assert life.call("verify").code == 0


def test_fault_clock_zone_locale_hash_seed_and_threads_seal_the_same_bytes(life, contents, tmp_path):
    other = Bureau(tmp_path / "away")
    weather = {name: value for one in WEATHER.values() for name, value in one.items()} | other.patched(CLOCK)
    assert publish(life, "2025Q2", formats="csv,docx,xlsx", PYTHONHASHSEED="1").code == 0
    for period in ("2025Q1", "2025Q2"):
        decide(other, period, **weather)
        formats = "csv" if period == "2025Q1" else "csv,docx,xlsx"
        answer = publish(other, period, formats=formats, **weather)
        assert answer.code == 0, answer
    one, two = contents(life.root / "store"), contents(other.root / "store")
    assert [name for name in one if one[name] != two.get(name)] == []
    assert one.keys() == two.keys()


def test_fault_the_order_of_rows_and_files_seals_the_same_result(life, tmp_path):
    """Only what names rows, and hashes of files as they were handed in, may differ."""
    other = Bureau(tmp_path / "other")
    for name in ("镇街名单", "问题台账", "整改台账"):
        head, *rows = (other.data / f"{name}.csv").read_text("utf-8").splitlines()
        (other.data / f"{name}.csv").write_text("\n".join([head, *reversed(rows)]) + "\n", "utf-8")
    decide(other, "2025Q1")
    assert publish(other, "2025Q1").code == 0
    for name in ("scores", "indicators", "ledger"):
        made = [pl.read_parquet(one.root / "store" / "2025Q1@1" / "run" / f"{name}.parquet") for one in (life, other)]
        assert made[0].equals(made[1]), name
    said = [json.loads((one.root / "store" / "2025Q1@1" / "edition.json").read_text("utf-8")) for one in (life, other)]
    assert said[0]["run_code"] == said[1]["run_code"]


def test_fault_a_character_that_no_font_has_stops_a_publication_and_is_named(life, contents):
    before = sealed(life, contents), contents(life.out / "2025Q2")
    answer = publish(life, "2025Q2", number="示例\U0003ffff号", formats="pdf")
    assert (answer.code, "U+3FFFF" in answer.err) == (3, True), answer
    assert (sealed(life, contents), contents(life.out / "2025Q2")) == before
    assert sorted(path.name for path in (life.root / "store").iterdir() if path.name.startswith(".")) in ([], [".lock"])


def test_fault_a_year_without_holidays_stops_a_hearing_and_says_how_to_add_it(life):
    assert life.run("2025Q3").code == 0
    answer = own(life, "stage", "2025Q3", "comment", "--on", "2031-10-09")
    assert (answer.code != 0, "holidays.yaml" in answer.err) == (True, True), answer
