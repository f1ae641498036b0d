"""The journal: any beginning of it can be read, any changed byte is noticed, one process writes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.sending import Journal, Key, SendingError, State, resolve
from tests.sending.faulty import WHEN

KEY = Key("mail", "2025Q1", 1, "T01", "a" * 64)
STEPS = ("taken", "begun", "unclear", "done", "refused")


def key(number):
    return Key("mail", "2025Q1", 1, f"T{number:02}", "a" * 64)


def written(folder, steps):
    path = folder / "sent.jsonl"
    path.unlink(missing_ok=True)
    journal = Journal(path)
    with journal.held():
        for number, step in steps:
            journal.note(step, Key("folder", "2025Q1", 1, f"T{number:02}", "b" * 64), WHEN, to="某镇 邮箱\u2028")
    return path


lines = st.lists(st.tuples(st.integers(1, 3), st.sampled_from(STEPS)), min_size=1, max_size=5)


@given(lines=lines, cut=st.floats(0, 1))
def test_any_beginning_can_be_read_and_written_on(tmp_path_factory, lines, cut):
    folder = tmp_path_factory.mktemp("journal")
    path = written(folder, lines)
    whole = path.read_bytes()
    length = round(cut * len(whole))
    path.write_bytes(whole[:length])
    journal = Journal(path)
    # What is read is the longest list of lines whose seals are there.
    ends = [at for at in range(len(whole)) if whole[at : at + 1] == b"\n"]
    kept = sum(end <= length for end in ends)
    assert [line.step for line in journal.lines] == [step for _, step in lines][:kept]
    assert bool(journal.notices) == (length not in {0, *ends, *(end + 1 for end in ends)})
    with journal.held():
        journal.note("begun", KEY, WHEN)
    again = Journal(path)
    assert not again.notices
    assert len(again.lines) == kept + 1
    assert again.state(KEY) is State.BEGUN


@given(lines=lines, where=st.floats(0, 1, exclude_max=True), other=st.integers(1, 255))
def test_any_changed_byte_is_noticed(tmp_path_factory, lines, where, other):
    path = written(tmp_path_factory.mktemp("journal"), lines)
    whole = bytearray(path.read_bytes())
    before = Journal(path)
    whole[int(where * len(whole))] ^= other
    path.write_bytes(whole)
    assert noticed(path, before)


def noticed(path, before):
    try:
        after = Journal(path)
    except SendingError as error:
        return error.code == "sending-journal-changed"
    # The one byte after the last seal may become the zero that a loss of power leaves: said, and nothing is lost.
    return bool(after.notices) and after.lines == before.lines


def test_every_byte_of_a_journal_changed_to_every_odd_one_is_noticed(tmp_path):
    path = written(tmp_path, [(1, "begun"), (1, "done")])
    whole = path.read_bytes()
    before = Journal(path)
    for at in range(len(whole)):
        for byte in b'\0\n\r "}x0\xff':
            if whole[at] != byte:
                path.write_bytes(whole[:at] + bytes([byte]) + whole[at + 1 :])
                assert noticed(path, before), (at, byte)


def test_lines_taken_out_or_turned_round_are_noticed(tmp_path):
    path = written(tmp_path, [(1, "begun"), (1, "done"), (2, "begun")])
    one, two, three = path.read_bytes().splitlines(keepends=True)
    for text in (two + three, one + three, two + one + three, one + one + two, one + b"\n" + two):
        path.write_bytes(text)
        with pytest.raises(SendingError) as refused:
            Journal(path)
        assert refused.value.code == "sending-journal-changed"


def test_zeros_left_by_a_loss_of_power_are_a_torn_end(tmp_path):
    path = written(tmp_path, [(1, "begun"), (1, "done")])
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"at":"20' + b"\0" * 50)
    journal = Journal(path)
    assert [reason.code for reason in journal.notices] == ["sending-journal-torn"]
    assert journal.notices[0].parameters["bytes"] == "59"
    with journal.held():
        assert journal.notices
    assert path.read_bytes() == whole


def test_states_follow_the_last_step(tmp_path):
    journal = Journal(tmp_path / "sent.jsonl")
    assert journal.state(KEY) is State.UNTOUCHED
    expected = {"taken": State.UNTOUCHED, "begun": State.BEGUN, "unclear": State.BEGUN, "refused": State.REFUSED}
    with journal.held():
        for step, state in expected.items():
            journal.note(step, KEY, WHEN)
            assert journal.state(KEY) is state
        journal.note("taken", KEY, WHEN)
        assert journal.state(KEY) is State.REFUSED
        journal.note("begun", KEY, WHEN)
        with pytest.raises(AssertionError):
            journal.note("begun", KEY, WHEN)
        journal.note("done", KEY, WHEN, reply="250")
        with pytest.raises(AssertionError):
            journal.note("begun", KEY, WHEN)
    assert Journal(journal.path).lines == journal.lines
    assert Journal(journal.path).last(KEY).said == {"reply": "250"}


def test_a_person_says_what_happened(tmp_path):
    journal = Journal(tmp_path / "sent.jsonl")
    with journal.held():
        for number in (1, 2):
            journal.note("begun", key(number), WHEN)
    assert journal.unclear() == [key(1), key(2)]
    resolve(journal, key(1), True, "王某", "镇里电话说收到", WHEN)
    resolve(journal, key(2), False, "王某", "已发送里没有", WHEN)
    assert [journal.state(key(number)) for number in (1, 2)] == [State.DONE, State.REFUSED]
    assert journal.last(key(1)).said == {"sent": True, "by": "王某", "why": "镇里电话说收到"}
    # It came back later: a person may say so too.
    resolve(journal, key(1), False, "王某", "退信", WHEN)
    assert journal.state(key(1)) is State.REFUSED
    for one, sent in ((key(1), True), (key(2), False), (key(3), True)):
        with pytest.raises(SendingError, match="sending-not-unclear"):
            resolve(journal, one, sent, "王某", "试", WHEN)
    with pytest.raises(SendingError, match="sending-who-and-why"):
        resolve(journal, key(1), True, " ", "试", WHEN)


def test_one_process_at_a_time_holds_it(tmp_path):
    path = tmp_path / "sent.jsonl"
    journal = Journal(path)
    script = (
        "import sys; from pathlib import Path; from scoring.sending import Journal, SendingError\n"
        "try:\n with Journal(Path(sys.argv[1])).held(): print('held')\n"
        "except SendingError as error: print(error.code)"
    )
    with journal.held():
        said = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True).stdout
    assert said == "sending-busy\n"
    # What the other wrote in the meantime is read by who holds it next.
    other = Journal(path)
    with other.held():
        other.note("begun", KEY, WHEN)
    with journal.held():
        assert journal.state(KEY) is State.BEGUN


def test_fault_a_full_disk_stops_it_and_leaves_it_readable(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "sent.jsonl")
    real = os.write

    def full(handle, content):
        if len(content) > 20:
            return real(handle, content[:20])
        raise OSError(28, "No space left on device")

    with journal.held():
        journal.note("taken", KEY, WHEN)
        monkeypatch.setattr(os, "write", full)
        with pytest.raises(SendingError, match="sending-journal-unwritable"):
            journal.note("begun", KEY, WHEN)
        monkeypatch.undo()
        # What the disk holds is not known now: nothing more is written.
        with pytest.raises(AssertionError):
            journal.note("begun", KEY, WHEN)
    again = Journal(journal.path)
    assert [line.step for line in again.lines] == ["taken"]
    assert not again.notices
