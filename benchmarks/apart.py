"""Cases of a benchmark, each in a process of its own that says what it took after its imports."""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Case = Callable[[Path], Callable[[], dict[str, object]]]
"""Gets the data ready in a folder, and returns what is measured; that returns what it has to say."""


@dataclass(frozen=True)
class Used:
    """What a case took: processor seconds of its tree, seconds, peaks of memory in MB; what it says besides."""

    cpu: float
    seconds: float
    own_mb: int
    child_mb: int
    told: dict[str, object]


def arguments(about: str | None) -> argparse.ArgumentParser:
    """Return what every such benchmark is asked on the command line."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--work", type=Path, help="a folder for the data, kept for the next time")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    return parser


def carry_out(case: Case, folder: Path) -> None:
    """Carry out one case in this process and print in JSON what it took."""
    measured = case(folder)
    cpu, began = _processor(), time.perf_counter()
    told = measured()
    cpu, seconds = _processor() - cpu, time.perf_counter() - began
    # ru_maxrss of this process would hold what its parent had when it forked.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    own = int(status["VmHWM"].split()[0]) // 1024
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(json.dumps(vars(Used(cpu, seconds, own, child, told))))


def _processor() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def compare(script: str, cases: Sequence[str], folder: Path, rounds: int) -> dict[str, Used]:
    """Run the cases of a script by turns, `--child CASE FOLDER`; return of each the round of least processor time."""
    best: dict[str, Used] = {}
    for _ in range(rounds):
        for case in cases:
            command = [sys.executable, script, "--child", case, str(folder)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(f"{case}: {done.stderr}")
            used = Used(**json.loads(done.stdout.splitlines()[-1]))
            if case not in best or used.cpu < best[case].cpu:
                best[case] = used
    return best


@dataclass(frozen=True)
class Held:
    """What a case is held against: another case, what that is in a few words, and how many times it may take."""

    other: str
    words: str
    most: float


def table(best: Mapping[str, Used], names: Mapping[str, str], against: Mapping[str, Held]) -> bool:
    """Print what every case took and its share of the processor time of the case it is held against, then all as JSON.

    Returns
    -------
    bool
        Whether every target is met.
    """
    print(f"load {os.getloadavg()[0]:.1f}, {len(os.sched_getaffinity(0))} processors")
    shares: dict[str, dict[str, object]] = {}
    missed = False
    for case, used in best.items():
        line = f"{names[case]:52}{used.cpu:8.2f} s cpu{used.seconds:8.2f} s{used.own_mb:7} MB"
        line += f" + {used.child_mb} MB" if used.child_mb else ""
        if case in against:
            held = against[case]
            times = used.cpu / best[held.other].cpu
            missed |= times > held.most
            line += f"{times:8.2f} × (at most {held.most}: {'MISSED' if times > held.most else 'met'})"
            shares[case] = {"name": names[case], "times": times, "most": held.most, "against": held.words}
        print(line)
    print(json.dumps({"shares": shares, "used": {case: vars(used) for case, used in best.items()}}))
    return not missed
