"""The store against loss and edits: the record of stages, the list of editions issued, seals on paper, restoring."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess

import pytest

from scoring.messages import say
from scoring.outfolder import locked
from scoring.store import BrokenStore, Stages, read_store
from scoring.store.issued import NAME as ISSUED
from scoring.store.issued import lines_of, write_lines
from scoring.store.stages import NAME as STAGES
from scoring.store.stages import _sealed, _text
from scoring.store.verifying import HINTS, check_edition, check_issued, check_stages
from tests.runs.conftest import NUMBER, decide, own

LATER = ("2025-07-14", "2025-07-19")


def _codes(bureau):
    store, views = bureau.root / "store", [path for path in sorted(bureau.out.iterdir()) if path.is_dir()]
    editions = read_store(store)
    return {one.code for one in (*check_issued(store, editions), *check_stages(store, views, editions))}


# ---------------------------------------------------------------- the published view comes back


def test_the_published_view_comes_back_whole_and_the_store_stays(bureau_of, contents):
    bureau, view = bureau_of, bureau_of.out / "2025Q1"
    sealed = contents(bureau.root / "store")
    assert bureau.run("2025Q1").code == 0
    code = json.loads((view / "assessment.json").read_text("utf-8"))["run_code"]
    answer = bureau.call("restore", "2025年第一季度")
    assert answer.code == 0, answer.err
    assert code in answer.out
    said = {"period": "2025Q1", "draft": 2, "stage": say("reports-stage-internal", "zh"), "draft_code": code}
    assert say("restore-replaced", "zh", **said) in answer.out
    assert contents(view) == contents(bureau.root / "store" / "2025Q1@1" / "run")
    assert contents(bureau.root / "store") == sealed
    assert bureau.call("verify").code == 0
    assert "restored" in (bureau.root / "state" / "townscore" / "runs.log").read_text("utf-8")
    again = bureau.call("restore", "2025Q1")
    published = json.loads((view / "assessment.json").read_text("utf-8"))["run_code"]
    facts = {"folder": view, "period": "2025Q1", "edition": 1, "number": NUMBER, "code": published}
    assert (again.code, again.out.strip()) == (0, say("restore-unchanged", "zh", **{**facts, "folder": "out/2025Q1"}))
    # Whoever deleted the folder has it back too.
    shutil.rmtree(view)
    answer = bureau.call("restore", "2025Q1", "--lang", "en")
    assert (answer.code, answer.out.strip()) == (
        0,
        say("restore-done", "en", **{**facts, "folder": "out/2025Q1"}),
    )
    assert contents(view) == contents(bureau.root / "store" / "2025Q1@1" / "run")


def test_a_draft_that_was_staged_is_replaced_only_when_that_is_said(bureau_of, contents):
    bureau = bureau_of
    assert bureau.run("2025Q1").code == 0
    assert own(bureau, "stage", "2025Q1", "comment", "--on", LATER[0]).code == 0
    for again in (False, True):  # run anew it calls itself internal, and the towns have it all the same
        if again:
            assert bureau.run("2025Q1").code == 0
        before = contents(bureau.out)
        answer = bureau.call("restore", "2025Q1")
        head = json.loads((bureau.out / "2025Q1" / "assessment.json").read_text("utf-8"))
        said = {"draft": 2, "stage": say(f"reports-stage-{head['stage']}", "zh"), "draft_code": head["run_code"]}
        told = say("restore-staged", "zh", period="2025Q1", folder="out/2025Q1", **said)
        assert (answer.code, told in answer.err) == (2, True)
        assert contents(bureau.out) == before
    assert bureau.call("restore", "2025Q1", "--discard").code == 0
    assert bureau.call("verify").code == 0
    # The stages on record stay: the same draft goes on where it was.
    assert bureau.run("2025Q1").code == 0
    assert own(bureau, "stage", "2025Q1", "decided", "--on", LATER[1], "--by", "会").code == 0


@pytest.mark.parametrize("damage", ["edited", "added", "no head"])
def test_work_of_hands_is_named_and_kept_until_told_otherwise(bureau_of, contents, damage):
    bureau, view = bureau_of, bureau_of.out / "2025Q1"
    if damage == "edited":
        (view / "scores.csv").write_text("mine", "utf-8")
    elif damage == "added":
        (view / "note.txt").write_text("mine", "utf-8")
    else:
        (view / "assessment.json").unlink()
    before = contents(bureau.out)
    answer = bureau.call("restore", "2025Q1")
    assert answer.code == 2
    assert say("restore-edited", "zh", folder="out/2025Q1") in answer.err
    assert {"edited": "scores.csv", "added": "note.txt", "no head": "assessment.json"}[damage] in answer.err
    assert contents(bureau.out) == before
    answer = bureau.call("restore", "2025Q1", "--discard")
    assert (answer.code, say("restore-put-right", "zh") in answer.out) == (0, True)
    assert bureau.call("verify").code == 0


def test_what_cannot_be_restored_is_said_and_nothing_is_touched(bureau_of, contents):
    bureau = bureau_of
    answer = bureau.call("restore", "2024Q4")
    assert (answer.code, say("restore-none", "zh", period="2024Q4") in answer.err) == (2, True)
    assert bureau.run("2025Q1").code == 0
    paper = bureau.root / "store" / "2025Q1@1" / "run" / "scores.csv"
    paper.chmod(0o644)
    content = paper.read_bytes()
    paper.write_bytes(content + b" ")
    before = contents(bureau.out)
    answer = bureau.call("restore", "2025Q1")
    assert (answer.code, "run/scores.csv" in answer.err) == (1, True)
    assert say("restore-broken", "zh", period="2025Q1") in answer.err
    paper.write_bytes(content)
    with locked(bureau.out, {"user": "someone", "host": "h", "pid": "1", "since": "now"}):
        answer = bureau.call("restore", "2025Q1")
    assert (answer.code, "someone" in answer.err) == (3, True)
    assert contents(bureau.out) == before
    # A kill before the folder is put in place leaves what was there; the next command cleans up.
    patch = bureau.patched("""
        import os, signal, sys
        if "restore" in sys.argv:
            import scoring.restoring
            scoring.restoring.put_in_place = lambda fresh, view: os.kill(os.getpid(), signal.SIGKILL)
    """)
    killed = bureau.start("restore", "2025Q1", **patch)
    killed.communicate()
    assert killed.returncode == -9
    kept = {path: text for path, text in contents(bureau.out).items() if not path.startswith(".")}
    assert kept == before
    assert bureau.call("restore", "2025Q1").code == 0
    assert [path.name for path in bureau.out.iterdir() if path.name.startswith(".")] == []
    assert bureau.call("verify").code == 0
    (bureau.out / "2025Q1" / "manifest.json").unlink()
    assert bureau.call("restore", "2025Q1").code == 3  # a folder that no run made may be anybody's


# ---------------------------------------------------------------- the record of stages


def test_fault_the_bytes_of_the_record_of_stages_are_guarded(bureau):
    decide(bureau, "2025Q1", "2025-04-02", "2025-04-09")
    assert bureau.call("verify").code == 0
    path = bureau.root / "store" / STAGES
    content = path.read_bytes()
    for place in range(0, len(content), 3):
        for changed in (
            content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :],
            content[:place] + content[place + 1 :],
            content[:place] + b" " + content[place:],
            content[:place],
        ):
            path.write_bytes(changed)
            with pytest.raises(BrokenStore):
                Stages.read(path.parent)
    answer = bureau.call("verify")
    assert (answer.code, say("verify-stages-edited", "zh", where="store", file=STAGES) in answer.err) == (1, True)
    for words in (("publish", "2025Q1", "--number", NUMBER, "--on", "2025-04-11"), ("stage", "2025Q1", "internal")):
        answer = own(bureau, *words)
        assert (answer.code, STAGES in answer.err) == (1, True)
    assert bureau.run("2025Q1").code == 1
    # The way out without a backup.
    path.unlink()
    answer = bureau.call("verify")
    assert (answer.code, say("verify-stages-differ", "zh", where="2025Q1", file=STAGES) in answer.err) == (1, True)
    decide(bureau, "2025Q1", "2025-04-02", "2025-04-09")
    assert path.read_bytes() == content
    assert bureau.call("verify").code == 0


def test_fault_a_record_made_to_fit_is_found_where_a_draft_says_otherwise(bureau):
    decide(bureau, "2025Q1", "2025-04-02", "2025-04-09")
    path = bureau.root / "store" / STAGES
    content = path.read_text("utf-8")
    said, draft = json.loads(content)["2025Q1"]["stages"], json.loads(content)["2025Q1"]["draft"]
    for stages in (
        {**said, "comment": {**said["comment"], "until": "2025-04-03"}},
        {**said, "comment": {**said["comment"], "code": "00000000"}},
        {**said, "decided": {**said["decided"], "by": "谁"}},
        {"comment": said["comment"]},
    ):
        path.write_text(_text({"2025Q1": _sealed("2025Q1", 1, stages, draft)}), "utf-8")
        assert Stages.read(path.parent).of("2025Q1", 1) == stages
        assert _codes(bureau) == {"verify-stages-differ"}
    path.write_text(content, "utf-8")
    assert _codes(bureau) == set()
    # A draft whose every hash was made to fit is not the one that was decided.
    manifest = bureau.out / "2025Q1" / "manifest.json"
    kept = manifest.read_text("utf-8")
    paper = bureau.out / "2025Q1" / "scores.csv"
    figures = paper.read_bytes()
    paper.write_bytes(figures.replace(b"53.83", b"93.83"))
    digests = [hashlib.sha256(text).hexdigest() for text in (figures, paper.read_bytes())]
    assert digests[0] in kept
    manifest.write_text(kept.replace(*digests), "utf-8")
    assert _codes(bureau) == {"verify-stages-differ"}
    answer = own(bureau, "publish", "2025Q1", "--number", NUMBER, "--on", "2025-04-11")
    assert (answer.code, say("verify-stages-differ", "zh", where="2025Q1", file=STAGES) in answer.err) == (1, True)
    manifest.write_text(kept, "utf-8")
    paper.write_bytes(figures)
    assert _codes(bureau) == set()
    # What was taken back is not on record, and the draft says so too.
    assert own(bureau, "stage", "2025Q1", "internal").code == 0
    assert _codes(bureau) == set()
    assert not path.exists()


def test_the_stages_of_a_published_edition_are_sealed_with_it(bureau_of):
    folder = bureau_of.root / "store" / "2025Q2@1"
    said = json.loads((folder / "edition.json").read_text("utf-8"))
    head = json.loads((folder / "run" / "assessment.json").read_text("utf-8"))
    assert said["stages"] == head["stages"]
    assert said["stages"]["comment"]["code"] == said["run_code"] == head["run_code"]
    (folder / "edition.json").chmod(0o644)
    text = (folder / "edition.json").read_text("utf-8")
    (folder / "edition.json").write_text(text.replace("2025-07-09", "2025-07-08"), "utf-8")
    assert {one.code for one in check_edition(read_store(folder.parent)[1])} == {"verify-edited"}


# ---------------------------------------------------------------- the list of editions issued


def test_fault_the_last_edition_deleted_with_its_folder_of_results_is_missed(bureau_of):
    bureau, store = bureau_of, bureau_of.root / "store"
    assert bureau.call("history").code == 0
    kept = bureau.root / "kept"
    shutil.copytree(store, kept)
    shutil.rmtree(store / "2025Q2@1")
    shutil.rmtree(bureau.out / "2025Q2")
    told = say("verify-issued-gone", "zh", where="2025Q2@1", file=ISSUED)
    for words in (("verify",), ("verify", "2025Q1"), ("history",)):
        answer = bureau.call(*words)
        assert (answer.code, told in answer.err) == (1, True), words
    # Nothing is scored or published upon a store that lacks an edition.
    assert bureau.run("2025Q2").code == 1
    shutil.rmtree(store / "2025Q1@1")
    shutil.rmtree(bureau.out / "2025Q1")
    for words in (("verify",), ("history",)):
        answer = bureau.call(*words)
        assert (answer.code, told in answer.err, "2025Q1@1" in answer.err) == (1, True, True)
    shutil.rmtree(store)
    shutil.copytree(kept, store)
    assert bureau.call("history").code == 0


def test_the_list_is_read_by_sha256sum_and_a_cut_short_publication_is_made_good(bureau_of):
    bureau, store = bureau_of, bureau_of.root / "store"
    path, editions = store / ISSUED, read_store(store)
    whole = path.read_text("utf-8")
    assert whole == "".join(lines_of(editions))
    assert subprocess.run(["sha256sum", "-c", "--quiet", ISSUED], cwd=store, check=False).returncode == 0
    path.write_text(whole.splitlines(keepends=True)[0], "utf-8")
    answer = bureau.call("verify")
    late = say("verify-issued-late", "zh", where="2025Q2@1", file=ISSUED)
    assert (answer.code, late in answer.err) == (0, True)
    assert bureau.run("2025Q1").code == 0
    assert own(bureau, "stage", "2025Q1", "comment", "--on", LATER[0]).code == 0
    assert path.read_text("utf-8") == whole


def test_fault_every_byte_of_the_list_is_guarded_and_no_command_mends_it(bureau_of):
    store = bureau_of.root / "store"
    path, editions = store / ISSUED, read_store(store)
    content = path.read_bytes()
    for place in range(len(content)):
        for changed in (
            content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :],
            content[:place] + content[place + 1 :],
            content[:place] + b" " + content[place:],
            content[:place],
        ):
            path.write_bytes(changed)
            found = {one.code for one in check_issued(store, editions)}
            assert found
            if not found <= HINTS:
                write_lines(store, editions)
                assert path.read_bytes() == changed
                path.write_bytes(changed)
    path.write_bytes(content.splitlines(keepends=True)[1])
    assert {one.code for one in check_issued(store, editions)} == {"verify-issued-otherwise"}
    path.write_bytes(content + content)
    assert {one.code for one in check_issued(store, editions)} == {"verify-edited"}
    path.write_bytes(content)
    assert check_issued(store, editions) == []


def test_a_draft_of_a_second_edition_misses_the_first(bureau_of):
    bureau, store = bureau_of, bureau_of.root / "store"
    assert bureau.run("2025Q2").code == 0
    assert own(bureau, "stage", "2025Q2", "comment", "--on", LATER[0]).code == 0
    shutil.rmtree(store / "2025Q2@1")
    # Even where the list was made to fit.
    (store / ISSUED).write_text("".join(lines_of(read_store(store))), "utf-8")
    answer = bureau.call("verify")
    told = [say("verify-draft-ahead", "zh", where=where, file="2025Q2@1") for where in (STAGES, "2025Q2")]
    assert (answer.code, [sentence in answer.err for sentence in told]) == (1, [True, True])


# ---------------------------------------------------------------- seals on paper


def test_a_seal_on_paper_names_its_edition_and_vouches_for_all_before(bureau_of):
    bureau, store = bureau_of, bureau_of.root / "store"
    digest = hashlib.sha256((store / "2025Q2@1" / "edition.json").read_bytes()).hexdigest()
    seal = digest[:12]
    assert seal in bureau.call("history").out
    for typed in (seal, seal.upper(), digest, f"{seal[:6]} {seal[6:]}", "".join(chr(ord(c) + 0xFEE0) for c in seal)):
        answer = bureau.call("verify", "--seal", typed)
        assert (answer.code, "2025Q2" in answer.out, NUMBER in answer.out, "2" in answer.out) == (0, True, True, True)
    for typed in (seal[:11], "封存码", ""):
        answer = bureau.call("verify", "--seal", typed)
        assert (answer.code, say("verify-seal-unreadable", "zh", seal=typed, length=12) in answer.err) == (2, True)
    answer = bureau.call("verify", "--seal", "0" * 12)
    assert (answer.code, say("verify-seal-unknown", "zh", seal="0" * 12, editions=2) in answer.err) == (1, True)
    paper = store / "2025Q1@1" / "run" / "scores.csv"
    paper.chmod(0o644)
    content = paper.read_bytes()
    paper.write_bytes(content + b" ")
    facts = {"seal": seal, "period": "2025Q2", "edition": 1, "number": NUMBER, "on": "2025-07-11", "count": 2}
    answer = bureau.call("verify", "--seal", seal)
    assert (answer.code, say("verify-seal-broken", "zh", **facts) in answer.err) == (1, True)
    paper.write_bytes(content)
    assert say("verify-seal-known", "zh", **facts) in bureau.call("verify", "--seal", seal).out
    # Everything made to fit, the list too: what was noted on paper tells.
    shutil.rmtree(store / "2025Q2@1")
    shutil.rmtree(bureau.out / "2025Q2")
    (store / ISSUED).write_text("".join(lines_of(read_store(store))), "utf-8")
    assert bureau.call("verify").code == 0
    assert bureau.call("verify", "--seal", seal).code == 1
