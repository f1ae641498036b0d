"""The engine past a million findings, beside what one would take instead: `python benchmarks/scale.py`.

40,000 towns, 40 indicators, the quarterly scheme with duplicates, repeats, rectification, caps and ranks; N findings
and 0.8 N reports as validated Parquet, from a seed. Each case is a process of its own that says what it took after its
imports. DuckDB and pandas come with `pip install -e .[bench]`. Their totals must equal ours, town for town.

python benchmarks/scale.py                              100 k and 1 M
python benchmarks/scale.py --sizes 10000000 --work DIR  needs 16 GB; the data are kept in DIR
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import polars as pl

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import apart  # noqa: E402 - found by the line above

OTHERS = ("duckdb", "pandas")


def bare(folder: Path) -> dict[str, object]:
    """Scan both tables and group them, streaming: no rule at all."""
    import scale_data as data

    scan = pl.scan_parquet(data.files(folder, "findings"))
    grouped = scan.group_by("town", "indicator").agg(pl.len(), pl.col("cases").sum(), pl.col("found_on").max())
    reports = pl.scan_parquet(data.files(folder, "rectifications")).group_by("outcome", "verdict")
    folded = reports.agg(pl.len(), pl.col("submitted_on", "verified_on").max())
    return {"rows": sum(one.collect(engine="streaming").height for one in (grouped, folded))}


def every_column(folder: Path) -> dict[str, object]:
    """Do the same with every column that the rules read."""
    import scale_data as data

    height = 0
    for table, by in (("findings", ["town", "indicator"]), ("rectifications", ["outcome", "verdict"])):
        columns = [name for name in data.READ[table] if not name.startswith("source") and name not in by]
        scan = pl.scan_parquet(data.files(folder, table))
        height += scan.group_by(by).agg(pl.len(), pl.col(columns).max()).collect(engine="streaming").height
    return {"rows": height}


def ours(folder: Path) -> dict[str, object]:
    """Carry out the engine: totals, places and the narrow ledger."""
    ledger, scheme = _ours(folder)
    import scale_data as data

    from scoring.ranking import Candidate, place

    kinds = dict(ledger.facts.towns.select("town_code", "kind").iter_rows())
    assert ledger.together is not None
    places = place([Candidate(t, kinds[t], value) for t, value in ledger.together.values.items()], scheme)
    totals = {town: value * 100 for town, value in ledger.together.values.items()}
    assert len(places) == data.TOWNS
    assert all(value.denominator == 1 for value in totals.values())
    _write_totals({town: int(value) for town, value in totals.items()}, folder, "ours")
    return {"entries": ledger.narrow.height}


def _ours(folder: Path):
    import scale_data as data

    from scoring.ledger.large import build_parts

    scheme = data.scheme()
    return build_parts(data.parts(folder), scheme, data.PERIOD, data.AS_OF), scheme


def duckdb(folder: Path) -> dict[str, object]:
    """Carry out the same rules in DuckDB's SQL."""
    import scale_sql

    database = scale_sql.run(folder, len(os.sched_getaffinity(0)))
    _write_totals(dict(database.execute("SELECT town, score FROM total").fetchall()), folder, "duckdb")
    return {"entries": database.execute("SELECT count(*) FROM ledger").fetchone()[0]}


def pandas(folder: Path) -> dict[str, object]:
    """Carry out the same rules in pandas."""
    import scale_pandas

    total, ledger = scale_pandas.run(folder)
    _write_totals(dict(zip(total.town, map(int, total.score), strict=True)), folder, "pandas")
    return {"entries": len(ledger)}


def write(folder: Path) -> dict[str, object]:
    """Write the ledger with all that it says, pricing every part again; then the same rows alone."""
    ledger, _ = _ours(folder)
    told: dict[str, object] = {"entries": ledger.narrow.height}
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        made, again = Path(scratch) / "ledger", Path(scratch) / "again"
        cpu, began = time.process_time(), time.perf_counter()
        ledger.write(made)
        told |= {"whole": time.process_time() - cpu, "whole_clock": time.perf_counter() - began}
        again.mkdir()
        alone, clock = 0.0, 0.0
        for one in sorted(made.iterdir()):
            rows = pl.read_parquet(one)
            cpu, began = time.process_time(), time.perf_counter()
            rows.write_parquet(again / one.name)
            alone, clock = alone + time.process_time() - cpu, clock + time.perf_counter() - began
        return {**told, "alone": alone, "alone_clock": clock}


CASES: dict[str, Callable[[Path], dict[str, object]]] = {
    "bare": bare, "every_column": every_column, "ours": ours, "duckdb": duckdb, "pandas": pandas, "write": write,
}  # fmt: skip
NAMES = {
    "bare": "bare scan + group-by, streaming",
    "every_column": "the same with every column that the rules read",
    "ours": "townscore: totals, places, narrow ledger",
    "duckdb": "the same rules in DuckDB's SQL",
    "pandas": "the same rules in pandas",
}


def _write_totals(totals: dict[str, int], folder: Path, case: str) -> None:
    pl.DataFrame({"town": list(totals), "score": list(totals.values())}).sort("town").write_parquet(_of(folder, case))


def _of(folder: Path, case: str) -> Path:
    """Return where a case leaves its totals."""
    return folder.with_name(f"{folder.name}-{case}.totals")


def _case(name: str) -> apart.Case:
    """Load the libraries that a case goes by, and return it."""

    def ready(folder: Path) -> Callable[[], dict[str, object]]:
        import scale_data  # noqa: F401

        if name in OTHERS:
            __import__(name)
        return lambda: CASES[name](folder)

    return ready


def compare(findings: int, work: Path, cases: list[str], rounds: int) -> dict[str, apart.Used]:
    """Print the table of one size; every case by turns, the least processor time of the rounds."""
    import scale_data

    folder = work / str(findings)
    if not folder.exists():
        scale_data.generate(folder, findings)
    best = apart.compare(__file__, cases, folder, rounds)
    print(f"\n{findings:,} findings, {findings * 4 // 5:,} reports; load {os.getloadavg()[0]:.1f}")
    least = best["bare"].cpu if "bare" in best else None
    for case, used in best.items():
        if case in NAMES:
            ratio = "" if least is None else f"{used.cpu / least:8.1f} ×"
            print(f"{NAMES[case]:50}{used.cpu:9.2f} s cpu{used.seconds:9.2f} s{ratio}{used.own_mb:8} MB")
    for case in OTHERS:
        if case in best and "ours" in best:
            same = _same(_of(folder, "ours"), _of(folder, case))
            print(f"  {case} / townscore: {best[case].cpu / best['ours'].cpu:.2f} ×; totals {same}")
    if "write" in best:
        told = best["write"].told
        print(
            f"  pricing again and writing {told['entries']:,} entries: {told['whole']:.1f} s cpu,"
            f" {told['whole_clock']:.1f} s; the rows alone {told['alone']:.1f} s cpu, {told['alone_clock']:.1f} s"
        )
    return best


def _same(ours_: Path, other: Path) -> str:
    one, two = pl.read_parquet(ours_), pl.read_parquet(other)
    return "equal in every town" if one.equals(two) else "DIFFER"


def main() -> None:
    parser = apart.arguments(__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--cases", nargs="+", choices=tuple(CASES), help="those that are installed when left out")
    asked = parser.parse_args()
    if asked.child:
        apart.carry_out(_case(asked.child[0]), Path(asked.child[1]))
        return
    cases = asked.cases or [name for name in CASES if name not in OTHERS or find_spec(name)]
    with tempfile.TemporaryDirectory(prefix="townscore-scale-") as scratch:
        work = asked.work or Path(scratch)
        work.mkdir(parents=True, exist_ok=True)
        measured = [(size, compare(size, work, cases, asked.rounds)) for size in sorted(asked.sizes)]
    for (small, before), (large, after) in pairwise(measured):
        if "ours" in before and "ours" in after:
            grown = after["ours"].cpu / before["ours"].cpu
            print(f"{large / small:.0f} times the findings: {grown:.1f} times the processor time")


if __name__ == "__main__":
    main()
