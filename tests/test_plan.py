"""The ways of carrying out a run are equal: eager, lazy, streaming, on one thread or several, under any hash seed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.assessing import assess
from scoring.assessment import FRAMES
from scoring.periods import Period
from scoring.plan import Plan
from scoring.problems import Refused
from tests.frames import tables_of
from tests.strategies import PERIOD, worlds

TOWN_COLUMNS = ("town_code", "town")
ID_COLUMNS = ("finding_id", "target_id", "adjustment_id", "appeal_id", "letter_id", "check_id")


def copies(rows, times):
    """The same bureau many times over: enough rows for Polars to part its work among threads."""
    made = {}
    for name, table in rows.items():
        made[name] = [
            {
                key: f"{value}x{n}"
                if key in TOWN_COLUMNS + ID_COLUMNS and value is not None
                else [f"{one}x{n}" for one in value]
                if key == "finding_ids"
                else value
                for key, value in row.items()
            }
            for n in range(times)
            for row in table
        ]
    return made


def carried_out(scheme, rows, as_of, mode):
    """The assessment, or the codes of the problems for which it is refused."""
    period = Period(PERIOD.label, "quarter", PERIOD.start, PERIOD.end)
    try:
        return assess(tables_of(rows, scheme), scheme, period, as_of, plan=Plan(mode))
    except Refused as refused:
        return sorted(problem.code for problem in refused.problems)


@given(worlds(), st.sampled_from([1, 1, 1, 20]))
@settings(max_examples=4, database=None, suppress_health_check=list(HealthCheck))
def test_eager_lazy_and_streaming_give_equal_frames(world, times):
    compare_modes(world, times)


def compare_modes(world, times):
    scheme, rows, as_of = world
    rows = copies(rows, times)
    lazy, eager, streaming = (carried_out(scheme, rows, as_of, mode) for mode in ("lazy", "eager", "streaming"))
    if isinstance(lazy, list):
        assert lazy == eager == streaming
        return
    for other in (eager, streaming):
        for name in FRAMES:
            assert getattr(lazy, name).equals(getattr(other, name)), name
        assert lazy.head == other.head


# Runs in a process of its own, since Polars counts its threads once: a hash of everything that is saved.
PROGRAM = """
import hashlib, sys, tempfile
from pathlib import Path
from hypothesis import HealthCheck, Phase, given, settings
from tests.strategies import worlds
from tests.test_plan import carried_out, copies

total = hashlib.sha256()
scored = 0

@given(worlds())
@settings(max_examples=3, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
          suppress_health_check=list(HealthCheck))
def add(world):
    global scored
    scheme, rows, as_of = world
    made = carried_out(scheme, copies(rows, 40), as_of, sys.argv[1])
    if isinstance(made, list):
        total.update(repr(made).encode())
        return
    scored += 1
    with tempfile.TemporaryDirectory() as folder:
        made.save(Path(folder))
        for path in sorted(Path(folder).iterdir()):
            total.update(path.read_bytes())

add()
print(scored, total.hexdigest())
"""


@pytest.mark.parametrize("mode", ["streaming"])
@pytest.mark.long
def test_threads_and_hash_seeds_change_no_byte(root, mode):
    said = set()
    for threads, seed in (("1", "1"), ("4", "2")):
        environment = os.environ | {"POLARS_MAX_THREADS": threads, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)}
        command = [sys.executable, "-c", PROGRAM, mode]
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        said.add(done.stdout)
    assert len(said) == 1
    assert int(said.pop().split()[0]) >= 3
