"""The section's serials: no gap, no repeat, whatever is killed and whoever else writes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from scoring.outfolder import Busy, locked
from scoring.supervision.escalation.ladder import Matter
from scoring.supervision.letters import making
from scoring.supervision.letters.log import write_log
from scoring.supervision.letters.making import make_letters, serial_of, to_write, void_letter
from scoring.supervision.letters.register import NAME, Entry, Register, RegisterError, Serial
from tests.published import finding
from tests.supervision.desk import RULES, picture, sent

ON = date(2025, 9, 25)
ROWS = {
    "findings": [finding(f"F{n}", f"T{n}", date(2025, 9, 22), severity="grave") for n in (1, 2, 3)],
}


class Bureau:
    def __init__(self, root):
        self.root, self.folder, self.data = root, root / "letters", root / "data"
        self.folder.mkdir()
        self.data.mkdir()

    @property
    def register(self):
        return Register(self.folder / NAME)

    def make(self, papers=lambda out, serial: {"pdf": b"pdf", "docx": b"docx"}, towns=None, on=ON, rows=ROWS):
        register = self.register
        # As the log tells the next reading of the data folder.
        logged = [
            sent(f"L{n}", one.serial.kind, one.sent_on, *one.members, due=one.due_on, town=one.town)
            for n, one in enumerate(register.entries.values())
            if one.state == "made"
        ]
        rules = RULES.replace("in_towns: 3", "in_towns: 9")
        shown = picture(self.root, {**rows, "letters": logged}, on, rules)
        whole = to_write(shown, register)
        planned = to_write(shown, register, towns)
        return make_letters(planned, whole, papers, register, self.folder, shown, self.data)

    def states(self):
        return [(one.serial.number, one.town, one.state) for one in self.register.entries.values()]


@pytest.fixture
def bureau(tmp_path):
    return Bureau(tmp_path)


def test_numbers_run_from_one_and_each_is_on_the_disk_before_its_files(bureau):
    seen = []

    def watching(out, serial):
        seen.append([one.name for one in bureau.folder.rglob("*.pdf")])
        return {"pdf": b"x"}

    made = bureau.make(watching)
    assert [(one.serial.number, one.out.town) for one in made] == [(1, "T1"), (2, "T2"), (3, "T3")]
    assert [len(names) for names in seen] == [0, 1, 2]
    steps = [json.loads(line)["step"] for line in (bureau.folder / NAME).read_text("utf-8").splitlines()]
    assert steps == ["taken", "made"] * 3
    assert made[0].files[0].name == "T1_示例甲镇_提示函_2025-001.pdf"


@pytest.mark.parametrize("moment", ["write_whole", "take", "made"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_run_cut_short_anywhere_leaves_no_gap_and_no_repeat(bureau, monkeypatch, moment, nth):
    """Whatever step fails, before or after it is on the disk, the next run ends with 1, 2, 3 and a letter each."""
    calls = 0

    class Cut(BaseException):
        pass

    owner = making if moment == "write_whole" else Register
    real = getattr(owner, moment)

    def failing(*given):
        nonlocal calls
        calls += 1
        if calls == nth and nth % 2:
            raise Cut
        real(*given)
        if calls == nth:
            raise Cut

    with monkeypatch.context() as patch:
        patch.setattr(owner, moment, failing)
        with pytest.raises(Cut):
            bureau.make()
    bureau.make()
    assert sorted(bureau.states()) == [(1, "T1", "made"), (2, "T2", "made"), (3, "T3", "made")]
    files = sorted(path.name for path in bureau.folder.rglob("*") if path.suffix in {".pdf", ".docx"})
    assert len(files) == 6
    assert all(f"_2025-00{number}." in name for name, number in zip(files, (1, 1, 2, 2, 3, 3), strict=True))


def test_a_torn_line_is_no_line_and_any_other_is_refused(bureau):
    bureau.make(towns=["T1"])
    path = bureau.folder / NAME
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"step":"taken","kind":"advis')
    assert bureau.states() == [(1, "T1", "made")]
    bureau.make(towns=["T2"])
    assert bureau.states() == [(1, "T1", "made"), (2, "T2", "made")]
    assert path.read_bytes().startswith(whole + b'{"step":"taken","kind":"advisory_letter","year":2025,"number":2')
    path.write_bytes(path.read_bytes().replace(b'"step":"made"', b'"stop":"made"', 1))
    with pytest.raises(RegisterError) as wrong:
        _ = bureau.register
    assert (wrong.value.code, wrong.value.parameters["line"]) == ("letters-register-bad", 2)


def test_a_number_taken_for_what_nobody_needs_any_more_is_void_with_its_reason(bureau):
    register = bureau.register
    gone = Entry(Serial("advisory_letter", 2025, 1), "T9", ON, ON, ("GONE",))
    register.take(gone)
    bureau.make(towns=["T1"])
    entries = bureau.register.entries
    assert entries[gone.serial].state == "void"
    assert entries[gone.serial].why
    assert entries[Serial("advisory_letter", 2025, 2)].town == "T1"


def test_of_a_subset_the_others_numbers_wait_for_their_letters(bureau):
    register = bureau.register
    register.take(Entry(Serial("advisory_letter", 2025, 1), "T2", ON, ON, ("F2",)))
    bureau.make(towns=["T1"])
    assert bureau.states() == [(1, "T2", "taken"), (2, "T1", "made")]
    bureau.make()
    assert bureau.states() == [(1, "T2", "made"), (2, "T1", "made"), (3, "T3", "made")]


def test_what_a_cut_run_wrote_on_another_day_is_cleared_when_its_number_is_used(bureau):
    bureau.make(towns=["T1"])
    lines = (bureau.folder / NAME).read_bytes().splitlines(keepends=True)
    (bureau.folder / NAME).write_bytes(lines[0])  # the files were there, the line that says so was not
    (bureau.data / "发函台账_系统登记.xlsx").unlink()
    bureau.make(towns=["T1"], on=date(2025, 9, 26))
    assert [path.parent.name for path in bureau.folder.rglob("*.pdf")] == ["2025-09-26"]


def test_no_letter_is_written_for_a_day_before_the_last_ones(bureau):
    bureau.make(towns=["T1"], on=date(2025, 9, 26))
    with pytest.raises(RegisterError) as wrong:
        bureau.make(towns=["T2"])
    assert (wrong.value.code, wrong.value.parameters["day"]) == ("letters-backdated", date(2025, 9, 26))
    void_letter("提示函2025-001", "日期写错", bureau.register, bureau.folder, bureau.data)
    bureau.make(towns=["T2"])
    assert bureau.states() == [(1, "T1", "void"), (2, "T2", "made")]


def test_a_letter_that_cannot_be_printed_takes_no_number(bureau):
    def failing(out, serial):
        if out.town == "T2":
            raise LookupError
        return {"pdf": b"x"}

    with pytest.raises(LookupError):
        bureau.make(failing)
    assert bureau.states() == [(1, "T1", "made")]


def test_a_kind_and_a_year_have_their_own_numbers(bureau):
    bureau.make(towns=["T1"])
    register = bureau.register
    assert register.next("advisory_letter", 2025).number == 2
    assert register.next("advisory_letter", 2026).number == 1
    assert register.next("circular", 2025).number == 1


def test_void_needs_a_reason_marks_the_files_and_leaves_the_log(bureau):
    bureau.make(towns=["T1", "T2"])
    log = bureau.data / "发函台账_系统登记.xlsx"
    before = log.read_bytes()
    for text, why, code in (
        ("提示函2025-001", " ", "letters-void-why"),
        ("提示函2025-009", "x", "letters-no-serial"),
        ("第一号", "x", "letters-serial-form"),
    ):
        with pytest.raises(RegisterError) as wrong:
            void_letter(text, why, bureau.register, bureau.folder, bureau.data)
        assert wrong.value.code == code
    assert log.read_bytes() == before
    void_letter("提示函2025-001", "未签发", bureau.register, bureau.folder, bureau.data)
    assert bureau.states() == [(1, "T1", "void"), (2, "T2", "made")]
    assert sum(path.name.startswith("作废_T1") for path in bureau.folder.rglob("*")) == 2
    with pytest.raises(RegisterError) as wrong:
        void_letter("提示函2025-001", "x", bureau.register, bureau.folder, bureau.data)
    assert wrong.value.code == "letters-void-already"
    # The number is gone for good.
    bureau.make()
    assert bureau.states() == [(1, "T1", "void"), (2, "T2", "made"), (3, "T1", "made"), (4, "T3", "made")]


@pytest.mark.parametrize(
    "text", ["专项督办函2025-012", "专项督办函-2025-012", "supervision_letter-2025-012", "supervision letter 2025-012"]
)
def test_a_serial_is_read_as_printed_and_as_logged(text):
    assert serial_of(text) == Serial("supervision_letter", 2025, 12)


def test_the_log_is_the_registers_and_the_same_bytes_each_time(bureau):
    bureau.make(towns=["T1"])
    log = bureau.data / "发函台账_系统登记.xlsx"
    before = log.read_bytes()
    assert not write_log(bureau.register, bureau.data)
    log.unlink()  # a kill between the register and the log
    assert write_log(bureau.register, bureau.data)
    assert log.read_bytes() == before


CHILD = textwrap.dedent("""\
    import sys
    from datetime import date
    from pathlib import Path
    from scoring.outfolder import Busy, locked
    from scoring.supervision.letters.register import NAME, Entry, Register, Serial

    folder = Path(sys.argv[1])
    print("ready", flush=True)
    for turn in range(40):
        while True:
            try:
                with locked(folder, {}):
                    register = Register(folder / NAME)
                    serial = register.next("circular", 2025)
                    register.take(Entry(serial, sys.argv[2], date(2025, 9, 25), None, (f"{turn}",)))
                    register.made(serial, {})
                break
            except Busy:
                continue
""")


def test_two_processes_and_kills_at_any_moment_never_give_a_number_twice(tmp_path, root):
    """One of three is killed somewhere in its work; the lock of a killed one holds nobody up."""
    child = tmp_path / "child.py"
    child.write_text(CHILD, "utf-8")
    folder = tmp_path / "letters"
    environment = {**os.environ, "PYTHONPATH": str(root)}
    begun = [
        subprocess.Popen([sys.executable, child, folder, name], stdout=subprocess.PIPE, env=environment)
        for name in ("T1", "T2", "T3")
    ]
    for process in begun:
        process.stdout.readline()
    while not (folder / NAME).exists() or (folder / NAME).stat().st_size < 4000:
        pass
    begun[2].send_signal(signal.SIGKILL)
    assert [process.wait(60) for process in begun] == [0, 0, -signal.SIGKILL]
    for process in begun:
        process.stdout.close()
    lines = [json.loads(line) for line in (folder / NAME).read_text("utf-8").split("\n")[:-1]]
    taken = [line["number"] for line in lines if line["step"] == "taken"]
    assert taken == list(range(1, len(taken) + 1))
    made = [one for one in Register(folder / NAME).entries.values() if one.state == "made"]
    assert sum(one.town != "T3" for one in made) == 80


def test_who_comes_second_is_told_who_writes(tmp_path):
    with locked(tmp_path, {"user": "示例"}), pytest.raises(Busy) as busy, locked(tmp_path, {}):
        pass
    assert busy.value.holder == {"user": "示例"}
    assert Path(busy.value.folder) == tmp_path


def test_a_partner_found_later_hides_no_confirmation(bureau):
    register = bureau.register
    serial = register.next("advisory_letter", 2025)
    register.take(Entry(serial, "T2", ON, None, ("F2",)))
    register.made(serial, {})
    # An earlier finding of the same problem came in after the letter: it is the one that is kept.
    matter = Matter({"finding_id": "F0", "town": "T2"}, ("F0", "F2"), "on_time", True, None)
    shown = replace(picture(bureau.root, ROWS, ON, RULES), matters=(matter,), outgoing=())
    assert [(one.kind, one.members) for one in to_write(shown, register)] == [("confirmation", ("F0",))]
    told = register.next("confirmation", 2025)
    register.take(Entry(told, "T2", ON, None, ("F2",)))
    register.made(told, {})
    assert to_write(shown, register) == []


def test_a_row_that_somebody_wrote_into_the_log_is_not_lost(bureau):
    bureau.make(towns=["T1"])
    (path,) = bureau.data.iterdir()
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    last = [cell.value for cell in sheet[sheet.max_row]]
    sheet.append(["手工-1", *last[1:]])
    book.save(path)
    held = path.read_bytes()
    with pytest.raises(RegisterError) as refused:
        write_log(bureau.register, bureau.data)
    assert (refused.value.code, refused.value.parameters["row"]) == ("letters-log-foreign", sheet.max_row)
    assert path.read_bytes() == held
    sheet.delete_rows(sheet.max_row)
    book.save(path)
    assert write_log(bureau.register, bureau.data)
