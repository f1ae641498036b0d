"""The shared folder: a folder a town, whole files, nothing replaced, resumed after a kill."""

from __future__ import annotations

import shutil

import pytest

from scoring.sending import Journal, SendingError, State, copy_out, key_of, resolve
from scoring.sending import folder as folder_module
from tests.sending import faulty


@pytest.fixture
def share(tmp_path):
    path = tmp_path / "share"
    path.mkdir()
    return path


def contents(share):
    return {path.relative_to(share).as_posix(): path.read_bytes() for path in share.rglob("*") if path.is_file()}


def expected(*parcels):
    return {
        f"{one.town_code}_{one.town}/{one.period}@{one.edition}/{name}": content
        for one in parcels
        for name, content in one.read().items()
    }


def test_every_town_has_its_folder_and_every_edition(tmp_path, share):
    journal = Journal(tmp_path / "sent.jsonl")
    parcels = faulty.town_parcels(tmp_path)
    outcome = copy_out(parcels, share, journal)
    assert len(outcome.sent) == 3
    assert contents(share) == expected(*parcels)
    again = copy_out(parcels, share, journal)
    assert len(again.already) == 3
    assert not again.sent
    second = faulty.town_parcels(tmp_path, edition=2)
    assert len(copy_out(second, share, journal).sent) == 3
    assert contents(share) == expected(*parcels, *second)
    assert [line.step for line in journal.lines] == ["begun", "done"] * 6


def test_nothing_is_copied_once_ctrl_c_was_pressed(tmp_path, share, monkeypatch):
    monkeypatch.setattr("scoring.interrupts._asked", True)
    with pytest.raises(KeyboardInterrupt):
        copy_out(faulty.town_parcels(tmp_path), share, Journal(tmp_path / "sent.jsonl"))
    assert contents(share) == {}


def test_what_somebody_took_away_is_not_put_there_again(tmp_path, share):
    journal = Journal(tmp_path / "sent.jsonl")
    parcels = faulty.town_parcels(tmp_path, 1)
    copy_out(parcels, share, journal)
    shutil.rmtree(share / "T01_示例T01镇")
    assert len(copy_out(parcels, share, journal).already) == 1
    assert contents(share) == {}


def test_another_content_is_not_overwritten_and_the_others_go_on(tmp_path, share):
    journal = Journal(tmp_path / "sent.jsonl")
    parcels = faulty.town_parcels(tmp_path)
    place = share / "T02_示例T02镇" / "2025Q1@1"
    place.mkdir(parents=True)
    name = parcels[1].files[0].name
    (place / name).write_bytes(b"somebody's own")
    outcome = copy_out(parcels, share, journal)
    assert [item.key.town for item in outcome.sent] == ["T01", "T03"]
    assert [item.why.code for item in outcome.failed] == ["sending-other-content"]
    assert (place / name).read_bytes() == b"somebody's own"
    assert len(list(place.iterdir())) == 1
    assert journal.state(key_of("folder", parcels[1])) is State.REFUSED
    (place / name).unlink()
    assert [item.key.town for item in copy_out(parcels, share, journal).sent] == ["T02"]
    assert contents(share) == expected(*parcels)


def test_other_files_of_an_edition_are_not_mixed_with_the_first(tmp_path, share):
    journal = Journal(tmp_path / "sent.jsonl")
    parcels = faulty.town_parcels(tmp_path)
    copy_out(parcels, share, journal)
    there = contents(share)
    other = faulty.town_parcels(tmp_path, size=201)
    assert [item.why.code for item in copy_out(other, share, journal).unclear] == ["sending-other-files"] * 3
    assert contents(share) == there
    key = key_of("folder", parcels[0])
    resolve(journal, key, False, "王某", "重新打包", faulty.now())
    shutil.rmtree(share / "T01_示例T01镇")
    assert [item.key.town for item in copy_out(other, share, journal).sent] == ["T01"]


def test_a_folder_that_leads_to_another_towns_is_refused(tmp_path, share):
    parcels = faulty.town_parcels(tmp_path, 2)
    (share / "T02_示例T02镇").mkdir()
    (share / "T01_示例T01镇").symlink_to(share / "T02_示例T02镇")
    outcome = copy_out(parcels, share, Journal(tmp_path / "sent.jsonl"))
    assert [item.why.code for item in outcome.failed] == ["sending-link"]
    assert contents(share) == expected(parcels[1])


def test_a_share_that_is_not_connected_is_refused(tmp_path):
    with pytest.raises(SendingError, match="sending-no-folder"):
        copy_out(faulty.town_parcels(tmp_path), tmp_path / "share", Journal(tmp_path / "sent.jsonl"))


@pytest.mark.parametrize("stop", range(1, 7))
def test_fault_stopped_after_each_file_it_goes_on(tmp_path, share, monkeypatch, stop):
    """As by a kill: nothing after the file is done, not even what follows an exception."""
    parcels = faulty.town_parcels(tmp_path)
    calls = []
    real = folder_module.write_whole

    class Killed(BaseException):
        pass

    def killed(path, content):
        real(path, content)
        calls.append(path)
        if len(calls) == stop:
            raise Killed

    monkeypatch.setattr(folder_module, "write_whole", killed)
    with pytest.raises(Killed):
        copy_out(parcels, share, Journal(tmp_path / "sent.jsonl"))
    outcome = copy_out(parcels, share, Journal(tmp_path / "sent.jsonl"))
    assert len(outcome.sent) + len(outcome.already) == 3
    assert contents(share) == expected(*parcels)
    assert len(calls) == 6


def test_a_disk_that_refuses_is_said_and_tried_again(tmp_path, share, monkeypatch):
    parcels = faulty.town_parcels(tmp_path)

    def full(path, content):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(folder_module, "write_whole", full)
        outcome = copy_out(parcels, share, Journal(tmp_path / "sent.jsonl"))
    assert [item.why.parameters["what"] for item in outcome.failed] == ["No space left on device"] * 3
    assert len(copy_out(parcels, share, Journal(tmp_path / "sent.jsonl")).sent) == 3
