"""Published runs under attack: bytes edited, publications killed.

TOWNSCORE_EDITS and TOWNSCORE_KILLS set how many; TOWNSCORE_MINUTES ends the kills earlier.
"""

from __future__ import annotations

import io
import json
import os
import random
import re
import shutil
import signal
import time

import pikepdf
import polars as pl
import pytest

from scoring.store import BrokenStore, read_store
from scoring.store.stages import NAME as STAGES
from scoring.store.verifying import HINTS, check_chain, check_edition, check_issued, check_stages, check_view
from tests.reports import pdf
from tests.runs import test_published_faults as faults
from tests.runs.conftest import Bureau, contents
from tests.runs.test_published_faults import first_quarter, life

EDITS = int(os.environ.get("TOWNSCORE_EDITS", "1000"))
KILLS = int(os.environ.get("TOWNSCORE_KILLS", "200"))
MINUTES = float(os.environ.get("TOWNSCORE_MINUTES", "inf"))
SEED = int(os.environ.get("TOWNSCORE_SEED", "1"))
QUARTERS = {
    "2025Q1": ("2025-04-02", "2025-04-09", "2025-04-11"),
    "2025Q2": ("2025-07-02", "2025-07-09", "2025-07-11"),
}
STAGED = "2025Q3"
"""A draft that was decided and is not published: its stages are on record."""


def _call(bureau, *words):
    more = ("--formats", "csv") if words[0] == "publish" else ()
    return bureau.call(*words, "--data", bureau.data, "--out", bureau.out, "--weights", bureau.scheme, *more)


def _decide(bureau, period, formats="csv"):
    comment, decided = QUARTERS[period][:2] if period in QUARTERS else ("2025-10-10", "2025-10-16")
    assert bureau.run(period, formats=formats).code == 0
    assert _call(bureau, "stage", period, "comment", "--on", comment).code == 0
    assert _call(bureau, "stage", period, "decided", "--on", decided, "--by", "会").code == 0


def _words(period):
    return ("publish", period, "--number", "示例1号", "--on", QUARTERS[period][2])


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    bureau = Bureau(tmp_path_factory.mktemp("published"))
    for period in QUARTERS:
        _decide(bureau, period, formats="csv,xlsx,docx")
        assert _call(bureau, *_words(period)).code == 0
    _decide(bureau, STAGED)
    return bureau


def _found(root):
    try:
        editions = read_store(root / "store")
    except BrokenStore:  # no JSON any more: the command says that the store cannot be read
        return True
    return bool(_all_found(root, editions))


def _all_found(root, editions):
    views = sorted((root / "out").glob("2025Q*"))
    store = root / "store"
    found = [*check_chain(editions), *check_issued(store, editions), *check_stages(store, views, editions)]
    for edition in editions:
        found += check_edition(edition)
    for folder in views:
        found += check_view(folder, editions)
    return found


def test_fault_every_edit_of_a_published_run_is_found(published):
    chance, root = random.Random(SEED), published.root
    files = [p for part in ("store", "out") for p in sorted((root / part).rglob("*")) if p.is_file()]
    files = [path for path in files if not path.name.startswith(".")]
    assert not _found(root)
    # The record of stages is one small file among many: every tenth edit is one of it.
    record = root / "store" / STAGES
    for number in range(EDITS):
        path = record if number % 10 == 0 else chance.choice(files)
        content, place = path.read_bytes(), 0
        kind = chance.choice(["flip", "flip", "drop", "insert", "cut"])
        place = chance.randrange(len(content))
        changed = {
            "flip": content[:place] + bytes([content[place] ^ chance.randrange(1, 256)]) + content[place + 1 :],
            "drop": content[:place] + content[place + 1 :],
            "insert": content[:place] + bytes([chance.randrange(256)]) + content[place:],
            "cut": content[:place],
        }[kind]
        path.chmod(0o644)
        path.write_bytes(changed)
        assert _found(root), (path, kind, place)
        path.write_bytes(content)
    assert not _found(root)
    print(f"\n{EDITS} edits of {len(files)} files found")


def test_fault_a_killed_publication_leaves_the_old_state_or_the_new_one(tmp_path):
    chance = random.Random(SEED)
    bureau = Bureau(tmp_path / "bureau")
    _decide(bureau, "2025Q1")
    assert _call(bureau, *_words("2025Q1")).code == 0
    _decide(bureau, "2025Q2")
    kept = tmp_path / "kept"
    shutil.copytree(bureau.root, kept)
    own = ("--data", bureau.data, "--out", bureau.out, "--weights", bureau.scheme, "--formats", "csv")
    words = (*_words("2025Q2"), *own)
    takes = bureau.seconds(*words)
    counted = {False: 0, True: 0}
    end = time.monotonic() + 60 * MINUTES
    for _ in range(KILLS):
        if time.monotonic() > end:
            break
        shutil.rmtree(bureau.root)
        shutil.copytree(kept, bureau.root)
        process = bureau.start(*words)
        # Most of a publication is loading and scoring; what could be half done happens near its end.
        time.sleep(chance.uniform(0.4 * takes, 1.1 * takes))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        editions = read_store(bureau.root / "store")
        new = len(editions) == 2
        counted[new] += 1
        assert [edition.period for edition in editions] == ["2025Q1", "2025Q2"][: 1 + new]
        assert not check_chain(editions)
        assert not any(check_edition(edition) for edition in editions)
        stage = json.loads((bureau.out / "2025Q2" / "assessment.json").read_text("utf-8"))["stage"]
        assert stage in (("decided", "published") if new else ("decided",))
        # Nothing is wrong but what a word is said of; and whatever was cut short, the next command puts right.
        assert {one.code for one in _all_found(bureau.root, editions)} <= HINTS
        assert _call(bureau, *_words("2025Q2")).code == (2 if new else 0)
        assert not _found(bureau.root)
    print(f"\n{sum(counted.values())} kills: {counted[False]} before the edition stood, {counted[True]} after")


@pytest.mark.parametrize("fault", faults.REFUSED)
def test_fault_whatever_is_refused_leaves_everything_published_as_it_was(life, contents, fault):
    faults.test_fault_what_is_refused_leaves_everything_published_as_it_was(life, contents, fault)


@pytest.mark.parametrize("layout", faults.LAYOUTS)
def test_fault_equal_facts_in_every_form_change_nothing_that_is_published(life, contents, layout):
    faults.test_fault_equal_facts_in_another_form_change_nothing_that_is_published(life, contents, layout)


@pytest.mark.parametrize("fault", faults.DISKS)
def test_fault_whatever_disk_takes_no_edition_leaves_the_old_state(life, contents, fault):
    faults.test_fault_a_disk_that_takes_no_edition_leaves_the_old_state(life, contents, fault)


def test_no_sheet_of_the_examples_year_names_another_town(tmp_path):
    """Trends, changes, appeals and quarters stand in these sheets, as the command prints them."""
    bureau = Bureau(tmp_path / "caller")
    assert bureau.call("demo", tmp_path / "demo", "--year").code == 0
    sheets = 0
    for period in sorted((tmp_path / "demo" / "out").iterdir()):
        if not (period / "scores.parquet").exists():
            continue
        towns = dict(pl.read_parquet(period / "scores.parquet").select("town_code", "town").iter_rows())
        found = pl.read_parquet(period / "findings.parquet").select("town", "finding_id").rows()
        for path in (period / "towns").glob("*.pdf"):
            sheets += 1
            data, code = path.read_bytes(), path.stem
            words = re.sub(r"\s", "", pdf.text(data) + str(pikepdf.open(io.BytesIO(data)).docinfo))
            own = {number for town, number in found if town == code}
            others = {n for town, n in found if town != code} - own
            others |= {name for other, name in towns.items() if other != code and name not in towns[code]}
            assert not [mark for mark in others if mark in words], path
    assert sheets == 5 * 16


__all__ = ["contents", "first_quarter", "life"]
