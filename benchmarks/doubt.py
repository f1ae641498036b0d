"""How sure a ranking is: seconds and memory, `python benchmarks/doubt.py [towns] [draws]`.

The shipped quarterly scheme with some of its indicators doubled, so that there are sixty; findings in proportion to the
towns. Timed from the tables to the result: every way scored by the engine, all draws, Sobol's indices, pairs and
groups; best of three. What numpy costs to load is told beside it.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from datetime import date
from pathlib import Path

import polars as pl

from schemas.scheme import Scheme
from schemas.tables import catalogue
from scoring.example import generate_tables
from scoring.example.volume import complete
from scoring.intake import Tables
from scoring.periods import parse_period
from scoring.scheme import load_scheme

INDICATORS, TARGET = 60, 2.0
SCHEME = Path(__file__).parents[1] / "weights" / "jiyuan-quarterly.yaml"


def widened() -> tuple[Scheme, dict[str, str]]:
    """The scheme with as many indicators as are wanted, and which indicator each new one is the double of."""
    scheme = load_scheme(SCHEME).scheme
    dimensions, doubles = list(scheme.dimensions), {}
    missing = INDICATORS - len(scheme.indicators())
    for dimension in scheme.dimensions:
        kept = [one for one in dimension.indicators if one.rule.kind == "deduct"][:missing]
        if kept:
            own = tuple(one.model_copy(update={"id": f"{one.id}-2", "label": f"{one.label}-2"}) for one in kept)
            doubles |= {double.id: one.id for double, one in zip(own, kept, strict=True)}
            points = sum(one.points for one in own)
            named = {"id": f"{dimension.id}-2", "label": f"{dimension.label}-2", "points": points, "indicators": own}
            dimensions.append(dimension.model_copy(update=named))
            missing -= len(own)
    full = sum(one.points for one in dimensions)
    bounds = scheme.range.model_copy(update={"max": full})
    return scheme.model_copy(update={"dimensions": tuple(dimensions), "full": full, "range": bounds}), doubles


def facts(scheme: Scheme, doubles: dict[str, str], towns: int) -> Tables:
    """A year of generated facts, what was found under an indicator found under its double as well."""
    frames = generate_tables(towns=towns, findings=30 * towns, rectifications=15 * towns)
    again = [
        frames["findings"].filter(pl.col("indicator") == old).with_columns(
            finding_id=pl.col("finding_id") + "-2", indicator=pl.lit(new)
        )
        for new, old in doubles.items()
    ]  # fmt: skip
    present = frozenset(frames)
    frames |= {name: complete(pl.DataFrame(), name) for name in catalogue().tables if name not in frames}
    return Tables(**frames | {"findings": pl.concat([frames["findings"], *again])}, present=present)


def main() -> int:
    """Measure and print one line of JSON; 1 where the target is missed."""
    towns = int(sys.argv[1]) if len(sys.argv) > 1 else 16
    draws = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    scheme, doubles = widened()
    tables, period = facts(scheme, doubles, towns), parse_period("2025Q1", scheme.calendar)
    started = time.perf_counter()
    from scoring.doubt import Asked, doubt_of

    loaded = time.perf_counter() - started
    took = []
    for _ in range(3 if towns < 200 else 1):
        clock, cpu = time.perf_counter(), time.process_time()
        made = doubt_of(tables, scheme, period, date(2025, 4, 10), asked=Asked(draws=draws))
        took.append((time.perf_counter() - clock, time.process_time() - cpu))
    told = {
        "towns": towns, "indicators": len(scheme.indicators()), "draws": made.said["draws"],
        "seconds": round(min(one for one, _ in took), 2), "cpu": round(min(cpu for _, cpu in took), 2),
        "load": round(loaded, 2), "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }  # fmt: skip
    print(json.dumps(told))
    return int(towns == 16 and told["cpu"] > TARGET)


if __name__ == "__main__":
    sys.exit(main())
