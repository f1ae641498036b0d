"""The figures of very many findings and papers, for run.py."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import scale as engine
from run import HERE, PYTHON, Figure, run

LEAST = {"duckdb": 2.0, "pandas": 6.0}
"""How many times as long the same rules are to take there."""


def scale(work: Path) -> list[Figure]:
    """Measure ten million findings beside a bare scan, DuckDB and pandas (if installed), and thirty million alone."""
    others = [name for name in LEAST if find_spec(name)]
    ten = engine.compare(10_000_000, work, ["bare", "ours", *others, "write"], 1)
    thirty = engine.compare(30_000_000, work, ["ours"], 1)["ours"]
    ours, told = ten["ours"], ten["write"].told
    written = float(str(told["whole_clock"])), float(str(told["alone_clock"]))
    beside = [_least(f"{name} / 10 M findings", ten[name].seconds, ours.seconds, LEAST[name]) for name in others]
    return [
        _most("10 M findings / bare scan", ours.seconds, ten["bare"].seconds, 4),
        *beside,
        Figure("10 M findings, memory", f"{ours.own_mb} MB", "under 3,000 MB", ours.own_mb < 3_000),
        _most("their ledger priced again and written / rows", *written, 2),
        _most("30 M findings / 10 M", thirty.seconds, ours.seconds, 3),
        Figure("30 M findings, memory", f"{thirty.own_mb} MB", "under 8,000 MB", thirty.own_mb < 8_000),
    ]


def papers(work: Path) -> list[Figure]:
    """Measure a second run, 17 papers and 1,000 sheets on two processes, the memory of a worker."""
    told: dict[str, dict[str, Any]] = {}
    cases = ("again", "seventeen", "thousand", "flat")
    for line in run([PYTHON, str(HERE / "papers.py"), *cases], work).out.splitlines():
        if line.startswith("{"):
            told |= json.loads(line)
    second, seventeen = told["again"]["one finding changed"], told["seventeen"]
    faster = told["thousand"]["faster"]
    return [
        Figure("a second run after one finding changed", _clock(second), "under 3 s", second["s"] < 3),
        _most("17 papers on two processes / naive in one", seventeen["ours_clock_s"], seventeen["naive_cpu_s"], 0.27),
        Figure("1,000 sheets on two processes", f"{faster} × faster", "at least 1.8 ×", faster >= 1.8),
        Figure("memory of a worker over 500 sheets", json.dumps(told["flat"]), "stated", met=True),
    ]


def _most(name: str, one: float, other: float, bound: float) -> Figure:
    return Figure(name, _share(one, other), f"at most {bound:g} ×", one / other <= bound)


def _least(name: str, one: float, other: float, bound: float) -> Figure:
    return Figure(name, _share(one, other), f"at least {bound:g} ×", one / other >= bound)


def _share(one: float, other: float) -> str:
    return f"{one / other:.2f} × ({one:.1f} s / {other:.1f} s)"


def _clock(used: dict[str, float]) -> str:
    return f"{used['s']} s, {used['cpu']} s of processor time"
