"""A thousand kills at random moments: no period is ever half there, and the next run always goes through.

`TOWNSCORE_KILLS` sets another number, `TOWNSCORE_SEED` other moments.
"""

from __future__ import annotations

import importlib.util
import os
import random
import signal
import sys
import time

import pytest

KILLS = int(os.environ.get("TOWNSCORE_KILLS", "1000"))
PERIODS = ("2025Q1", "2025Q2")
SHELF = ".papers"
"""What papers are kept in from run to run."""


@pytest.fixture
def bureau(root, tmp_path):
    spec = importlib.util.spec_from_file_location("bureau_of_runs", root / "tests" / "runs" / "conftest.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module.Bureau(tmp_path / "bureau")


def _contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _edition(bureau, number):
    """Give the first finding another text, so that two editions differ in every period's files."""
    path = bureau.data / "问题台账.csv"
    lines = path.read_text("utf-8").splitlines()
    lines[1] = lines[1].rsplit(",", 1)[0] + f",第{number}版"
    path.write_text("\n".join(lines) + "\n", "utf-8")


@pytest.mark.parametrize("formats", ["csv,xlsx,docx", "csv,pdf"])
def test_fault_a_thousand_kills_leave_no_half_published_run(bureau, formats):
    chance = random.Random(int(os.environ.get("TOWNSCORE_SEED", "1")))
    words = bureau.run_words(*PERIODS, formats=formats)
    states = []
    for number in (1, 2):
        _edition(bureau, number)
        length = bureau.seconds(*words)
        states.append({period: _contents(bureau.out / period) for period in PERIODS})
    seen = {"killed": 0, "finished": 0, "changed": 0}
    for kill in range(KILLS // 2):
        before = {period: states.index(_state(bureau, period, states)) for period in PERIODS}
        _edition(bureau, 1 + kill % 2)
        process = bureau.start(*words)
        if kill % 3:
            time.sleep(chance.uniform(0, length))
        else:  # near the end, where folders are put in place
            deadline = time.monotonic() + 2 * length
            while not list(bureau.out.glob(".*.new/manifest.json")) and time.monotonic() < deadline:
                time.sleep(0.001)
            time.sleep(chance.uniform(0, 0.05))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        seen["finished" if process.returncode == 0 else "killed"] += 1
        for period in PERIODS:
            now = next((n for n, state in enumerate(states) if state[period] == _contents(bureau.out / period)), None)
            assert now is not None, f"kill {kill}: {period} is neither the old state nor the new one"
            assert now in {before[period], kill % 2}
            seen["changed"] += now != before[period]
        if kill % 50 == 49:
            print(kill + 1, seen, flush=True)
        shown = {path.name for path in bureau.out.iterdir() if not path.name.startswith(".")}
        assert shown == set(PERIODS)
    print(seen)
    assert seen["changed"], "no kill came late enough to tell anything"
    answer = bureau.call(*words)
    assert answer.code == 0, answer
    assert {path.name for path in bureau.out.iterdir()} - {SHELF} == set(PERIODS)


def _state(bureau, period, states):
    found = _contents(bureau.out / period)
    return next(state for state in states if state[period] == found)
