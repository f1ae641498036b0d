"""The lines of docs/faults.md that concern runs: kills, disks, locks, machines, bytes. Through the real command."""

from __future__ import annotations

import csv
import fcntl
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import openpyxl
import pytest

ROOT = os.geteuid() == 0


def _names(folder):
    """Everything in a folder, dot files too, but for the shelf, whose papers are whole or no papers."""
    return sorted(path.name for path in folder.iterdir() if path.name != ".papers")


def _fewer_points(bureau):
    """Change a fact, so that the next run's results differ."""
    rows = (bureau.data / "问题台账.csv").read_text("utf-8")
    (bureau.data / "问题台账.csv").write_text(rows.replace(",严重,", ",一般,"), "utf-8")


@pytest.mark.long
def test_fault_kill_9_leaves_the_old_state_or_the_new_one_and_the_next_run_cleans_up(bureau, contents):
    words = bureau.run_words("2025Q1", "2025Q2", formats="csv,xlsx,docx")
    assert bureau.call(*words).code == 0
    old = contents(bureau.out)
    _fewer_points(bureau)
    other = type(bureau)(bureau.root / "other")
    _fewer_points(other)
    assert other.call(*other.run_words("2025Q1", "2025Q2", formats="csv,xlsx,docx")).code == 0
    new = contents(other.out)
    chance = random.Random(7)
    for _ in range(8):
        process = bureau.start(*words)
        time.sleep(chance.uniform(0.3, 3.5))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        for period in ("2025Q1", "2025Q2"):
            found = {f"{period}/{name}": content for name, content in contents(bureau.out / period).items()}
            wanted = [{n: c for n, c in state.items() if n.startswith(period)} for state in (old, new)]
            assert found in wanted
    assert bureau.call(*words).code == 0
    assert contents(bureau.out) == new


def test_fault_kill_9_of_a_first_run_leaves_nothing_but_hidden_pieces(bureau):
    process = bureau.start(*bureau.run_words(formats="csv,pdf"))
    deadline = time.monotonic() + 60
    while not list(bureau.out.glob(".*.new/towns")) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [path.name for path in bureau.out.iterdir() if not path.name.startswith(".")] == []
    process.kill()
    process.communicate()
    assert [path.name for path in bureau.out.iterdir() if not path.name.startswith(".")] == []
    assert bureau.run().code == 0
    assert _names(bureau.out) == ["2025Q1"]


def test_fault_kill_9_leaves_no_worker_behind(bureau):
    process = bureau.start(*bureau.run_words(formats="pdf"))
    deadline = time.monotonic() + 60
    while not list(bureau.out.glob(".*.new/towns")) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1)
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 30
    while (left := _in_session(process.pid)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert left == []


@pytest.fixture
def short_folder():
    """A folder whose path leaves room for that of a socket, which has a hundred letters at most."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def test_fault_nothing_stays_among_the_temporary_files_and_the_next_run_removes_what_a_kill_left(bureau, short_folder):
    temporary = short_folder
    for _ in range(10):  # on a busy machine a run may end before the kill
        process = bureau.start(*bureau.run_words(formats="pdf"), TMPDIR=str(temporary))
        while not list(temporary.glob("townscore-*/weasyprint-*")) and process.poll() is None:
            time.sleep(0.005)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if list(temporary.glob("townscore-*")):
            break
    assert list(temporary.glob("townscore-*"))
    assert bureau.run(formats="pdf", TMPDIR=str(temporary)).code == 0
    # multiprocessing's own empty folder for a socket is not ours to take away.
    assert [path.name for path in temporary.iterdir() if not path.name.startswith("pymp-")] == []


def test_fault_a_temporary_folder_with_a_long_name_stops_no_run(bureau, tmp_path):
    """A socket's name is no longer than 107 letters."""
    temporary = tmp_path / ("很长的临时文件夹" * 5)
    temporary.mkdir()
    assert bureau.run(formats="pdf", TMPDIR=str(temporary)).code == 0
    assert list(temporary.iterdir()) == []


def test_fault_a_kill_between_two_renames_is_put_right_by_the_next_run(bureau, contents):
    assert bureau.run("2025Q1").code == 0
    old = contents(bureau.out / "2025Q1")
    (bureau.out / "2025Q1").rename(bureau.out / ".2025Q1.old")
    assert bureau.run("2025Q2").code == 0
    assert _names(bureau.out) == ["2025Q1", "2025Q2"]
    assert contents(bureau.out / "2025Q1") == old


def _in_session(session: int) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.getsid(int(entry.name)) == session:
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                found += [entry.name] if state != "Z" else []
        except OSError:
            continue
    return found


def test_fault_two_runs_at_once_and_the_second_is_told_who_holds_the_lock(bureau):
    bureau.out.mkdir()
    holder = {"user": "liming", "host": "desk", "pid": "4711", "since": "2025-04-10T09:00:00+08:00"}
    with (bureau.out / ".lock").open("w") as lock:
        lock.write(json.dumps(holder))
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        answer = bureau.run()
    assert answer.code == 3
    assert all(word in answer.err for word in holder.values())
    assert _names(bureau.out) == [".lock"]
    assert bureau.run().code == 0
    assert _names(bureau.out) == ["2025Q1"]


def test_fault_two_true_runs_at_once(bureau):
    first = bureau.start(*bureau.run_words(formats="csv,pdf"))
    deadline = time.monotonic() + 60
    while not (bureau.out / ".lock").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.2)
    second = bureau.run()
    assert second.code == 3
    assert str(first.pid) in second.err
    first.communicate()
    assert first.returncode == 0


def _mounted(folder: Path, size: str) -> bool:
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    return ROOT and subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("formats", ["csv", "xlsx", "docx", "pdf"])
def test_fault_full_disk_leaves_the_old_state(bureau, contents, formats):
    if not _mounted(bureau.out, "1m"):
        pytest.skip("only root may mount a small disk")
    try:
        assert bureau.run("2025Q1").code == 0
        old = contents(bureau.out)
        _fewer_points(bureau)
        # What is left holds the first tables, not all that is asked for.
        room = {"csv": 30_000, "xlsx": 60_000, "docx": 60_000, "pdf": 80_000}[formats]
        free = os.statvfs(bureau.out).f_bavail * os.statvfs(bureau.out).f_frsize
        (bureau.out / "2025Q1" / "ballast").write_bytes(b"0" * (free - room))
        answer = bureau.run("2025Q1", formats=formats)
        assert (answer.code, "磁盘已满" in answer.err) == (3, True), answer
        (bureau.out / "2025Q1" / "ballast").unlink()
        assert contents(bureau.out) == old
        assert bureau.run("2025Q1").code == 0
    finally:
        subprocess.run(["umount", str(bureau.out)], check=True)


def test_fault_full_disk_while_problems_are_written(bureau):
    if not _mounted(bureau.out, "1m"):
        pytest.skip("only root may mount a small disk")
    try:
        free = os.statvfs(bureau.out).f_bavail * os.statvfs(bureau.out).f_frsize
        (bureau.out / "ballast").write_bytes(b"0" * (free - 4096))
        bureau.table("问题台账", [["问题编号", "镇街"], ["A-1", "别处"]])
        answer = bureau.run()
        assert (answer.code, "磁盘已满" in answer.err) == (3, True), answer
        assert not list(bureau.out.glob("problems*"))
    finally:
        subprocess.run(["umount", str(bureau.out)], check=True)


def test_fault_read_only_disk(bureau):
    if not _mounted(bureau.out, "1m"):
        pytest.skip("only root may mount a small disk")
    try:
        subprocess.run(["mount", "-o", "remount,ro", str(bureau.out)], check=True)
        answer = bureau.run()
        assert (answer.code, "权限" in answer.err) == (3, True), answer
    finally:
        subprocess.run(["umount", str(bureau.out)], check=True)


@pytest.mark.skipif(ROOT, reason="root may write anywhere")
def test_fault_folder_without_permission(bureau):
    bureau.out.mkdir(mode=0o500)
    answer = bureau.run()
    assert (answer.code, "权限" in answer.err) == (3, True), answer


def test_fault_a_file_where_out_should_be(bureau):
    bureau.out.write_text("mine")
    answer = bureau.run()
    assert (answer.code, "out" in answer.err) == (3, True), answer
    assert bureau.out.read_text() == "mine"


def test_fault_a_folder_that_no_run_made_is_never_replaced(bureau):
    """For example data in a folder that is named as the period."""
    (bureau.out / "2025Q1").mkdir(parents=True)
    (bureau.out / "2025Q1" / "mine.txt").write_text("mine")
    answer = bureau.run()
    assert (answer.code, "2025Q1" in answer.err) == (3, True), answer
    assert _names(bureau.out / "2025Q1") == ["mine.txt"]
    assert _names(bureau.out) == ["2025Q1"]


WEATHER = {
    "zone": {"TZ": "Pacific/Kiritimati"},
    "locale": {"LC_ALL": "C", "LANG": "tr_TR.UTF-8"},
    "hash seed": {"PYTHONHASHSEED": "4242"},
    "threads": {"POLARS_MAX_THREADS": "1"},
    "pandera": {"PANDERA_VALIDATION_ENABLED": "False"},
}
CLOCK = """
    import time, datetime
    shift = 400 * 86400
    now = time.time
    time.time = lambda: now() + shift
    class Later(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return super().now(tz) + datetime.timedelta(seconds=shift)
        @classmethod
        def utcnow(cls):
            return super().utcnow() + datetime.timedelta(seconds=shift)
    datetime.datetime = Later
"""


@pytest.mark.long
def test_fault_clock_zone_locale_hash_seed_threads_and_places_give_the_same_bytes(bureau, contents, tmp_path):
    formats = "csv,pdf,docx,xlsx"
    assert bureau.run("2025Q1", formats=formats, PYTHONHASHSEED="1").code == 0
    first = contents(bureau.out)
    assert {"2025Q1/report.pdf", "2025Q1/report.docx", "2025Q1/scorebook.xlsx", "2025Q1/manifest.json"} <= first.keys()
    away = tmp_path / "away"
    away.mkdir()
    weather = {name: value for one in WEATHER.values() for name, value in one.items()} | bureau.patched(CLOCK)
    words = bureau.run_words("2025Q1", formats=formats)
    words = tuple(away / "results" if word == bureau.out else word for word in words)
    answer = bureau.call(*words, cwd=away, **weather)
    assert answer.code == 0, answer
    second = contents(away / "results")
    assert [name for name in first if first[name] != second.get(name)] == []
    assert second.keys() == first.keys()


@pytest.mark.long
def test_fault_row_and_file_order_give_the_same_bytes(bureau, contents, tmp_path):
    """Only what names rows and hashes of the files as they were handed in may differ."""
    assert bureau.run("2025Q1", formats="csv,pdf,docx,xlsx").code == 0
    other = type(bureau)(tmp_path / "other")
    for name in ("镇街名单", "问题台账", "整改台账"):
        head, *rows = (other.data / f"{name}.csv").read_text("utf-8").splitlines()
        half = len(rows) // 2 or 1
        (other.data / f"{name}.csv").unlink()
        for number, part in enumerate((rows[:half], rows[half:])):
            text = "\n".join([head, *reversed(part)]) + "\n"
            (other.data / f"{name}_{'乙甲'[number]}.csv").write_text(text, "utf-8")
    answer = other.run("2025Q1", formats="csv,pdf,docx,xlsx")
    assert answer.code == 0, answer
    first, second = contents(bureau.out / "2025Q1"), contents(other.out / "2025Q1")
    different = {name for name in first if first[name] != second.get(name)}
    assert different <= {"manifest.json", "problems.csv", "problems.xlsx"}
    one, two = json.loads(first["manifest.json"]), json.loads(second["manifest.json"])
    assert {key for key in one if one[key] != two[key]} <= {"inputs", "files"}
    assert one["run_code"] == two["run_code"]


def test_fault_pandera_switched_off_in_the_environment_still_refuses(bureau):
    bureau.table("问题台账", [*_findings(), ["A-9", "沁园街道", "2025-03-41", "档案资料", "一般", "x"]])
    assert bureau.run(PANDERA_VALIDATION_ENABLED="False").code == 1


def _findings():
    head = ["问题编号", "镇街", "发现日期", "考核指标", "严重程度", "问题描述"]
    return [head, ["A-1", "沁园街道", "2025-03-01", "档案资料", "一般", "缺少签字"]]


@pytest.mark.parametrize(
    ("patch", "named"),
    [
        ("libpango", "libpango"),
        ("libharfbuzz-subset", "libharfbuzz-subset"),
    ],
)
def test_fault_a_missing_library_is_named_with_the_line_that_installs_it(bureau, tmp_path, patch, named):
    code = f"""
        import cffi, ctypes
        dlopen, CDLL = cffi.FFI.dlopen, ctypes.CDLL.__init__
        def refuse(name):
            if name and {patch!r}.removeprefix("lib") in str(name):
                raise OSError(f"cannot load library {{name}}")
        def open_one(self, name, flags=0):
            refuse(name)
            return dlopen(self, name, flags)
        def load_one(self, name, *more, **named):
            refuse(name)
            return CDLL(self, name, *more, **named)
        cffi.FFI.dlopen, ctypes.CDLL.__init__ = open_one, load_one
    """
    answer = bureau.run(formats="pdf", XDG_CACHE_HOME=str(tmp_path / "cache"), **bureau.patched(code))
    assert answer.code == 3, answer
    assert "apt-get install" in answer.err
    assert named in answer.err
    assert _names(bureau.out) == []


def test_fault_no_chinese_font_is_named_with_the_line_that_installs_one(bureau, tmp_path):
    code = """
        import shutil
        which = shutil.which
        shutil.which = lambda name, *more, **named: None if name == "fc-list" else which(name, *more, **named)
        import pathlib
        is_file = pathlib.Path.is_file
        pathlib.Path.is_file = lambda self: "fonts" not in self.parts and is_file(self)
    """
    answer = bureau.run(formats="pdf", XDG_CACHE_HOME=str(tmp_path / "cache"), **bureau.patched(code))
    assert answer.code == 3, answer
    assert "fonts-noto-cjk" in answer.err
    assert _names(bureau.out) == []


def test_fault_a_character_that_no_font_has_stops_the_run_and_names_its_place(bureau):
    rows = _findings()
    rows[1][-1] = "姓\U0003ffff"
    bureau.table("问题台账", rows)
    answer = bureau.run(formats="pdf")
    assert answer.code == 3, answer
    assert "U+3FFFF" in answer.err
    assert _names(bureau.out) == []


def test_fault_a_worker_that_dies_is_a_sentence_and_nothing_is_left(bureau):
    code = """
        import os, sys
        if "multiprocessing" in " ".join(sys.orig_argv):
            import pathlib
            pathlib.Path.write_bytes = lambda self, data: os.kill(os.getpid(), 9)
    """
    answer = bureau.run(formats="csv,pdf", **bureau.patched(code))
    assert (answer.code, "内存不足" in answer.err) == (3, True), answer
    assert _names(bureau.out) == []


def test_fault_a_worker_that_dies_once_loses_nothing(bureau, contents):
    code = """
        import os, sys
        if "multiprocessing" in " ".join(sys.orig_argv):
            import pathlib
            write, mark = pathlib.Path.write_bytes, os.environ["DIED"]
            def once(self, data):
                try:
                    os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
                except FileExistsError:
                    return write(self, data)
                os.kill(os.getpid(), 9)
            pathlib.Path.write_bytes = once
    """
    mark = bureau.root / "died"
    answer = bureau.run(formats="pdf", **bureau.patched(code), DIED=str(mark))
    assert (answer.code, mark.exists()) == (0, True), answer
    other = type(bureau)(bureau.root / "other")
    assert other.run(formats="pdf").code == 0
    assert contents(bureau.out / "2025Q1") == contents(other.out / "2025Q1")


@pytest.mark.parametrize("group", [True, False])
def test_fault_ctrl_c_ends_cleanly(bureau, group):
    process = bureau.start(*bureau.run_words(formats="csv,pdf"))
    deadline = time.monotonic() + 60
    while not list(bureau.out.glob(".*.new/towns")) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.1)
    (os.killpg if group else os.kill)(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.strip()) == (130, "", "已中止，原有结果未变。")
    assert _names(bureau.out) == []


def test_fault_ctrl_c_that_a_library_keeps_to_itself_changes_nothing(bureau):
    code = """
        import os, signal, scoring.runs
        def deaf(*_):
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except KeyboardInterrupt:
                pass
        scoring.runs.write_files = deaf
    """
    answer = bureau.run(**bureau.patched(code))
    assert (answer.code, answer.out, answer.err.strip()) == (130, "", "已中止，原有结果未变。")
    assert _names(bureau.out) == []


@pytest.mark.parametrize(
    ("raised", "words"),
    [
        ("MemoryError()", "内存不足"),
        ("RuntimeError('secret 沁园')", "程序自身出错（RuntimeError"),
        ("type('PanicException', (BaseException,), {})('secret')", "程序自身出错（PanicException"),
    ],
)
def test_what_was_not_foreseen_is_a_sentence_without_data(bureau, raised, words):
    code = f"""
        import scoring.runs
        def broken(*_):
            raise {raised}
        scoring.runs._assess = broken
    """
    answer = bureau.run(**bureau.patched(code))
    assert answer.code == 3, answer
    assert words in answer.err
    assert "secret" not in answer.err
    assert _names(bureau.out) == []


def test_fault_bomb_workbook_keeps_every_process_under_500_mb(bureau):
    with zipfile.ZipFile(bureau.data / "问题台账_二.xlsx", "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            for _ in range(400):
                sheet.write(b" " * 1_000_000)
    measure = "import resource, subprocess, sys; code = subprocess.run(sys.argv[1:]).returncode; "
    measure += "print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    command = [sys.executable, "-c", measure, *bureau.command(*bureau.run_words())]
    done = subprocess.run(command, cwd=bureau.root, env=bureau.env(), capture_output=True, text=True, check=True)
    code, kilobytes = map(int, done.stdout.split())
    assert code == 1
    assert kilobytes < 500_000


def test_fault_text_that_a_spreadsheet_would_run_is_text_in_the_problems(bureau):
    (bureau.data / "=cmd|' 问题台账.csv").write_text("x", "utf-8")
    bureau.table("问题台账", [["问题编号", "镇街", "=HYPERLINK(1)"], ["A-1", "别处", "1"]])
    assert bureau.run().code == 1
    text = (bureau.out / "problems.csv").read_text("utf-8-sig")
    cells = [cell for row in csv.reader(text.splitlines()) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []
    book = openpyxl.load_workbook(bureau.out / "problems.xlsx")
    assert [cell.value for row in book.active.iter_rows() for cell in row if cell.data_type == "f"] == []


def test_fault_an_address_in_a_template_stops_the_run_and_is_named(bureau):
    own = bureau.root / "report_templates"
    own.mkdir()
    for name in ("report", "internal", "town"):
        text = '<html lang="zh-CN"><body><img alt="" src="http://127.0.0.1:9/x.png"></body></html>'
        (own / f"{name}.html.j2").write_text(text, "utf-8")
    answer = bureau.workspace().call("run", "2025Q1", "--formats", "pdf")
    assert (answer.code, "http://127.0.0.1:9/x.png" in answer.err) == (3, True), answer
    assert _names(bureau.out) == []


def test_fault_findings_dated_outside_the_period_are_named_once_a_sheet(bureau):
    with (bureau.data / "问题台账.csv").open("a", encoding="utf-8", newline="") as file:
        for number in range(7):
            csv.writer(file).writerow([f"B-{number}", "克井镇", "2052-03-01", "入户调查", "一般", "未入户"])
        csv.writer(file).writerow(["B-9", "克井镇", "2015-03-01", "入户调查", "一般", "未入户"])
    assert bureau.run().code == 0
    with (bureau.out / "2025Q1" / "problems.csv").open(encoding="utf-8-sig", newline="") as file:
        after, before = (row for row in csv.DictReader(file) if row["code"].startswith("dated-"))
    assert (after["kind"], after["row"], after["column"]) == ("notice", "5", "发现日期")
    assert "有8个问题的日期晚于截止日" in after["message"]
    assert "第5、6、7、8、9……行" in after["message"]
    assert "有1个问题的日期早于2025Q1" in before["message"]
    assert "第13行" in before["message"]


def test_fault_a_ledger_of_another_period_is_named_as_a_whole(bureau):
    assert bureau.run("2026Q1").code == 0
    with (bureau.out / "2026Q1" / "problems.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = (row for row in csv.DictReader(file) if row["code"].startswith("dated-"))
    assert (row["code"], row["row"]) == ("dated-before-all", "")
    assert "文件中4个问题的日期都早于2026Q1" in row["message"]


def test_fault_a_score_too_fine_for_a_column_is_refused_in_words(bureau):
    """Seven rates with different denominators, added without rounding, need a fraction longer than 64 bits."""
    primes = (997, 991, 983, 977, 971, 967, 953)
    rates = "".join(
        f"          - {{id: r{n}, label: 比率{n}, points: 10, clause: 一, no_data: full,\n"
        f"             rule: {{kind: rate, measure: m{n}, linear: {{none_at: 0, full_at: 100}}}}}}\n"
        for n in range(7)
    )
    scheme = bureau.scheme.read_text("utf-8")
    scheme = scheme.replace("effective:", "round_at: total\neffective:", 1)
    measures = ", ".join(f"{{id: m{n}, label: 数{n}}}" for n in range(7))
    scheme = scheme.replace("dimensions:", f"measures: [{measures}]\nfull: 170\ndimensions:", 1)
    more = (
        f"  - id: rates\n    label: 比率\n    points: 70\n    indicators:\n{rates.replace('          - ', '      - ')}"
    )
    scheme = scheme.replace("grades:\n", more + "grades:\n", 1)
    bureau.scheme.write_text(scheme, "utf-8")
    rows = [["镇街", "周期", "指标", "分子", "分母"]]
    rows += [["克井镇", "2025Q1", f"m{n}", str(p - 5), str(p)] for n, p in enumerate(primes)]
    bureau.table("指标数据", rows)
    answer = bureau.run()
    assert answer.code == 1, answer
    assert "克井镇的得分要用到太长的分数" in answer.err
