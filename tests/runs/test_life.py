"""Stages, publication, verification and history through the real command."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import random
import re
import shutil
import signal
import time

import polars as pl
import pytest

from scoring.store import BrokenStore, read_store
from scoring.store.verifying import check_chain, check_edition, check_scores, check_view
from scoring.workdays import Workdays
from tests.runs.conftest import NUMBER, decide, own


def _writable(path):
    path.chmod(0o644)
    return path


def test_a_stage_prints_the_same_result_under_its_own_mark(bureau):
    assert bureau.run(formats="csv,docx").code == 0
    before = json.loads((bureau.out / "2025Q1" / "assessment.json").read_text("utf-8"))
    answer = own(bureau, "stage", "2025Q1", "comment", "--on", "2025-04-02")
    assert answer.code == 0
    # Three working days after 2 April, of which the 4th is a holiday: the 3rd, the 7th, the 8th.
    assert "2025-04-08" in answer.out
    after = json.loads((bureau.out / "2025Q1" / "assessment.json").read_text("utf-8"))
    assert (after["stage"], after["run_code"]) == ("comment", before["run_code"])
    assert after["frames"] == before["frames"]
    assert after["stages"] == {
        "comment": {"on": "2025-04-02", "until": "2025-04-08", "code": before["run_code"]},
    }
    manifest = json.loads((bureau.out / "2025Q1" / "manifest.json").read_text("utf-8"))
    assert manifest["stage"] == "comment"
    assert "report.docx" in manifest["files"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("stage", "2025Q1", "decided", "--on", "2025-04-08", "--by", "会"), "2025-04-08"),
        (("stage", "2025Q1", "decided", "--on", "2025-04-09"), "--by"),
        (("stage", "2025Q1", "comment"), "--on"),
        (("stage", "2025Q1", "printed", "--on", "2025-04-09"), "internal, comment, decided"),
        (("stage", "2025Q2", "comment", "--on", "2025-07-02"), "2025Q2"),
        (("publish", "2025Q1", "--on", "2025-04-11"), "--number"),
        (("publish", "2025Q1", "--number", NUMBER), "--on"),
        (("publish", "2025Q1", "--number", NUMBER, "--on", "2025-04-11"), "decided"),
    ],
)
def test_what_cannot_follow_is_refused(bureau, words, said):
    assert bureau.run().code == 0
    assert own(bureau, "stage", "2025Q1", "comment", "--on", "2025-04-02").code == 0
    answer = own(bureau, *words)
    assert answer.code == 2
    assert said in answer.err


def test_a_decision_needs_the_towns_heard(bureau):
    assert bureau.run().code == 0
    answer = own(bureau, "stage", "2025Q1", "decided", "--on", "2025-04-09", "--by", "会")
    assert (answer.code, "comment" in answer.err) == (2, True)


def test_only_what_the_ledgers_still_say_is_published(bureau):
    decide(bureau, "2025Q1", "2025-04-02", "2025-04-09")
    rows = (bureau.data / "问题台账.csv").read_text("utf-8")
    (bureau.data / "问题台账.csv").write_text(
        rows.replace("A-3,克井镇,2025-02-03,入户调查,一般", "A-3,克井镇,2025-02-03,档案资料,严重"), "utf-8"
    )
    words = ("publish", "2025Q1", "--number", NUMBER, "--on", "2025-04-11")
    answer = own(bureau, *words)
    assert answer.code == 2
    assert not list((bureau.root / "store").glob("2025Q1*"))
    (bureau.data / "问题台账.csv").write_text(rows, "utf-8")
    assert own(bureau, *words, "--scan", bureau.root / "none.pdf").code == 2
    assert own(bureau, *words, "--number", NUMBER).code == 0


def test_a_draft_that_was_edited_or_left_rows_out_is_not_published(bureau):
    decide(bureau, "2025Q1", "2025-04-02", "2025-04-09")
    scores = bureau.out / "2025Q1" / "scores.csv"
    scores.write_bytes(scores.read_bytes() + b" ")
    answer = own(bureau, "publish", "2025Q1", "--number", NUMBER, "--on", "2025-04-11")
    assert (answer.code, "scores.csv" in answer.err) == (1, True)
    rows = (bureau.data / "问题台账.csv").read_text("utf-8") + "A-9,没有的镇,2025-02-03,档案资料,一般,x\n"
    (bureau.data / "问题台账.csv").write_text(rows, "utf-8")
    assert bureau.run(more=("--set-aside",)).code == 0
    assert own(bureau, "stage", "2025Q1", "comment", "--on", "2025-04-02").code == 0
    assert own(bureau, "stage", "2025Q1", "decided", "--on", "2025-04-09", "--by", "会").code == 2


def test_a_published_edition_can_be_read_without_the_program(bureau_of):
    edition = bureau_of.root / "store" / "2025Q1@1"
    said = json.loads((edition / "edition.json").read_text("utf-8"))
    assert (said["number"], said["on"], said["sequence"], said["previous"]) == (NUMBER, "2025-04-11", 1, None)
    assert said["stages"]["decided"] == {"on": "2025-04-09", "by": "示例会议"}
    assert (edition / "scan.pdf").read_bytes() == b"%PDF-1.4 scan"
    assert (edition / "weights.yaml").read_bytes() == bureau_of.scheme.read_bytes()
    for path, digest in said["files"].items():
        assert hashlib.sha256((edition / path).read_bytes()).hexdigest() == digest
    second = json.loads((bureau_of.root / "store" / "2025Q2@1" / "edition.json").read_text("utf-8"))
    digest = hashlib.sha256((edition / "edition.json").read_bytes()).hexdigest()
    assert second["previous"] == {"folder": "2025Q1@1", "sha256": digest}
    assert second["past"] == {"2025Q1": 1}
    scores = pl.read_parquet(edition / "run" / "scores.parquet")
    # T01: 1/3 with half back, 45 and 1 overdue; rounded by indicator. T02: 2 and 1 overdue.
    assert scores["score"].to_list() == ["53.83", "97.00", "100.00"]
    ledger = pl.read_parquet(bureau_of.root / "store" / "2025Q2@1" / "run" / "ledger.parquet")
    # A-3, fixed late (no share): nothing changes but what was published; A-2 neither.
    assert not (ledger["kind"] == "carry_over").any()


def test_verify_and_history(bureau_of):
    answer = bureau_of.call("verify")
    assert answer.code == 0, answer.err
    answer = bureau_of.call("history", "--lang", "en")
    assert answer.code == 0
    lines = answer.out.split("\n\n")[0].splitlines()
    assert len(lines) == 3
    assert all(NUMBER in line for line in lines[1:])
    paper = bureau_of.out / "2025Q2" / "scores.csv"
    assert bureau_of.call("verify", paper).code == 0
    other = bureau_of.root / "other.csv"
    other.write_bytes(paper.read_bytes() + b" ")
    assert bureau_of.call("verify", other).code == 1
    assert bureau_of.call("verify", "2025Q1").code == 0
    assert bureau_of.call("verify", "2024Q1").code == 2


def _found(root, *, scores=True):
    editions = read_store(root / "store")
    found = [*check_chain(editions)]
    for edition in editions:
        own = check_edition(edition)
        found += own or (check_scores(edition, editions, Workdays()) if scores else [])
    for folder in sorted((root / "out").glob("2025Q*")):
        found += check_view(folder, editions)
    return found


def test_fault_a_byte_edited_in_any_file_of_a_published_run_is_found(bureau_of):
    root, chance = bureau_of.root, random.Random(5)
    assert _found(root) == []
    paths = [path for part in ("store/2025Q1@1", "store/2025Q2@1", "out/2025Q1") for path in (root / part).rglob("*")]
    for path in sorted(path for path in paths if path.is_file()):
        content = path.read_bytes()
        place = chance.randrange(max(len(content), 1))
        changed = content[:place] + bytes([content[place] ^ (1 << chance.randrange(8))]) + content[place + 1 :]
        _writable(path).write_bytes(changed)
        try:
            found = _found(root, scores=False)
        except BrokenStore:  # edition.json that is no JSON any more: the command says that the store cannot be read
            assert path.name == "edition.json"
            found = [path]
        assert found, path
        path.write_bytes(content)
    assert _found(root, scores=False) == []


@pytest.mark.parametrize("part", ["store/2025Q1@1/run", "store/2025Q2@1", "out/2025Q1"])
def test_fault_a_file_added_or_removed_is_named(bureau_of, part):
    folder = bureau_of.root / part
    (folder / "extra.txt").write_text("x", "utf-8")
    answer = bureau_of.call("verify")
    assert (answer.code, "extra.txt" in answer.err) == (1, True)
    (folder / "extra.txt").unlink()
    gone = next(path for path in sorted(folder.rglob("*.parquet")))
    gone.unlink()
    answer = bureau_of.call("verify")
    assert (answer.code, gone.name in answer.err) == (1, True)


def test_fault_an_edition_that_vanishes_or_is_made_to_fit_is_found(bureau_of):
    store = bureau_of.root / "store"
    shutil.move(store / "2025Q1@1", bureau_of.root / "hidden")
    assert {one.code for one in check_chain(read_store(store))} == {"verify-chain-gap"}
    shutil.move(bureau_of.root / "hidden", store / "2025Q1@1")
    shutil.move(store / "2025Q2@1", bureau_of.root / "hidden")
    answer = bureau_of.call("verify")
    assert (answer.code, "2025Q2" in answer.err) == (1, True)
    shutil.move(bureau_of.root / "hidden", store / "2025Q2@1")
    # Someone who edits a score and renews every hash of that edition is found by the next one, and by the scores.
    edition = store / "2025Q1@1"
    frame = edition / "run" / "scores.parquet"
    scores = pl.read_parquet(frame).with_columns(score_num=pl.lit(100, dtype=pl.Int64))
    scores.write_parquet(_writable(frame))
    head = json.loads((edition / "run" / "assessment.json").read_text("utf-8"))
    head["frames"]["scores"] = hashlib.sha256(frame.read_bytes()).hexdigest()
    _writable(edition / "run" / "assessment.json").write_text(json.dumps(head), "utf-8")
    said = json.loads((edition / "edition.json").read_text("utf-8"))
    for path in said["files"]:
        said["files"][path] = hashlib.sha256((edition / path).read_bytes()).hexdigest()
    text = json.dumps(said).encode()
    _writable(edition / "edition.json").write_bytes(text)
    _writable(edition / "edition.sha256").write_text(f"{hashlib.sha256(text).hexdigest()}  edition.json\n", "utf-8")
    editions = read_store(store)
    assert check_edition(editions[0]) == []
    assert {one.code for one in check_chain(editions)} == {"verify-chain-broken"}
    assert {one.code for one in check_scores(editions[0], editions, Workdays())} == {"verify-scores"}


def test_a_next_edition_says_what_differs_and_why(bureau_of):
    bureau = bureau_of
    appeal = ["申诉编号", "申诉对象", "对象编号", "申诉日期", "决定日期", "复核决定"]
    bureau.table("申诉复核", [appeal, ["S-1", "问题", "A-2", "2025-03-20", "2025-03-28", "撤销"]])
    answer = bureau.run("2025Q1")
    assert answer.code == 0, answer.err
    assert "第2版" in answer.out
    with (bureau.out / "2025Q1" / "differences.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(row["kind"], row["points_before"], row["points_after"]) for row in rows if row["subject"] == "A-2"} == {
        ("扣分", "-45", ""),
        ("逾期加扣", "-1", ""),
    }
    assert [name for row in rows for name in ("kind", "reason", "indicator") if re.search("[a-z_]", row[name])] == []
    assert all(row["reason"] and row["dimension"] for row in rows)
    words = ("publish", "2025Q1", "--number", "示例〔2025〕9号", "--on", "2025-07-21")
    decide(bureau, "2025Q1", "2025-07-14", "2025-07-19")
    assert own(bureau, *words).code == 2
    answer = own(bureau, *words, "--reason", "复核撤销")
    assert answer.code == 0, answer.err
    assert "99.83" in answer.out
    assert bureau.call("verify").code == 0
    assert sorted(path.name for path in (bureau.root / "store").iterdir()) == [
        "2025Q1@1",
        "2025Q1@2",
        "2025Q2@1",
        "issued.sha256",
    ]
    assert own(bureau, *words, "--reason", "again").code == 2


def test_a_rule_that_stands_elsewhere_in_its_file_is_the_same_rule(bureau_of):
    """A line more at the top of the scheme, such as the day until which it holds, changes no entry."""
    bureau_of.scheme.write_text("# 示例\n" + bureau_of.scheme.read_text("utf-8"), "utf-8")
    answer = bureau_of.run("2025Q1")
    assert answer.code == 0, answer.err
    assert "第2版" in answer.out
    assert "和这次的细则不同" not in answer.out
    assert (bureau_of.out / "2025Q1" / "differences.csv").read_text("utf-8-sig").count("\n") == 1


def test_a_frozen_finding_that_is_missing_is_refused(bureau_of):
    rows = (bureau_of.data / "问题台账.csv").read_text("utf-8").splitlines(keepends=True)
    (bureau_of.data / "问题台账.csv").write_text("".join(row for row in rows if "A-2" not in row), "utf-8")
    answer = bureau_of.call_apart(*bureau_of.run_words("2025Q3"))
    assert (answer.code, "A-2" in answer.err, "2025Q1" in answer.err) == (1, True, True)


@pytest.mark.long
def test_fault_a_killed_publish_leaves_the_old_state_or_the_new_one(bureau):
    decide(bureau, "2025Q1", "2025-04-02", "2025-04-09")
    words = bureau.command(
        "publish", "2025Q1", "--number", NUMBER, "--on", "2025-04-11",
        "--data", bureau.data, "--out", bureau.out, "--weights", bureau.scheme, "--formats", "csv",
    )  # fmt: skip
    chance, kept = random.Random(3), bureau.root.parent / "kept"
    shutil.copytree(bureau.root, kept)
    for _ in range(4):
        process = bureau.start(*words[3:])
        time.sleep(chance.uniform(0.5, 3.0))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        editions = read_store(bureau.root / "store")
        head = json.loads((bureau.out / "2025Q1" / "assessment.json").read_text("utf-8"))
        assert head["stage"] in ("decided", "published")
        for edition in editions:
            assert check_edition(edition) == []
        # Whatever was cut short, the next command puts right or does.
        answer = own(bureau, "publish", "2025Q1", "--number", NUMBER, "--on", "2025-04-11")
        assert answer.code == (2 if editions else 0)
        assert bureau.call("verify").code == 0
        shutil.rmtree(bureau.root)
        shutil.copytree(kept, bureau.root)


def test_figures_that_the_towns_have_not_heard_are_not_decided(bureau):
    assert bureau.run().code == 0
    assert own(bureau, "stage", "2025Q1", "comment", "--on", "2025-04-02").code == 0
    rows = (bureau.data / "问题台账.csv").read_text("utf-8")
    (bureau.data / "问题台账.csv").write_text(
        rows.replace("A-3,克井镇,2025-02-03,入户调查,一般", "A-3,克井镇,2025-02-03,档案资料,严重"), "utf-8"
    )
    assert bureau.run().code == 0
    answer = own(bureau, "stage", "2025Q1", "decided", "--on", "2025-04-09", "--by", "会")
    assert (answer.code, "comment" in answer.err) == (2, True)


def test_a_published_period_is_not_staged_again_and_other_schemes_are_refused(bureau_of):
    bureau = bureau_of
    answer = own(bureau, "stage", "2025Q1", "comment", "--on", "2025-04-12")
    assert (answer.code, "townscore run" in answer.err) == (2, True)
    assert bureau.run("2025Q2").code == 0
    bureau.scheme.write_text(bureau.scheme.read_text("utf-8").replace("price: 45", "price: 44"), "utf-8")
    answer = own(bureau, "stage", "2025Q2", "comment", "--on", "2025-07-12")
    assert (answer.code, "--weights" in answer.err) == (2, True)


def test_published_facts_that_change_are_named_one_by_one(bureau_of):
    bureau = bureau_of
    rows = (bureau.data / "问题台账.csv").read_text("utf-8")
    (bureau.data / "问题台账.csv").write_text(rows.replace("A-3,克井镇", "A-3,济水街道"), "utf-8")
    bureau.table("整改台账", [["问题编号", "报送日期", "整改情况", "复核日期", "复核结论"]])
    answer = bureau.run("2025Q3")
    assert answer.code == 0
    assert "A-3" in answer.err
    assert "克井镇" in answer.err
    assert "A-1 2025-03-05" in answer.err
    assert bureau.call("explain", "克井镇", "2025Q1").out.count("A-3") > 0  # what is published answers first


@pytest.mark.parametrize("broken", ["edition.json", "edition.json missing", "weights.yaml", "stages.json"])
def test_fault_a_broken_store_is_a_sentence_and_stops_a_run(bureau_of, broken):
    store = bureau_of.root / "store"
    path = store / "stages.json" if broken == "stages.json" else store / "2025Q1@1" / broken.split()[0]
    if "missing" in broken:
        path.unlink()
    else:
        if path.exists():
            path.chmod(0o644)
        path.write_text("{}" if broken == "edition.json" else "x", "utf-8")
    answer = bureau_of.call_apart(*bureau_of.run_words("2025Q3"))
    assert answer.code == 1
    assert "verify" in answer.err
    assert bureau_of.call("verify").code == 1
