"""Scored by the workers of a cluster on this machine, and in one piece: `python benchmarks/scale_cluster.py`.

The tables are those of benchmarks/scale.py with every column, read; a LocalCluster of two worker processes has loaded
what it needs. Said of both: seconds, and processor seconds of this process and of the workers; what a worker is sent
and sends back. Scores and findings must be equal.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import scale_data as data
from distributed import Client, LocalCluster

from scoring import cluster
from scoring.intake import Tables
from scoring.ledger import Ledger, Spread, build
from tests.frames import COLUMNS, SOURCE


def whole(folder: Path) -> Tables:
    """Read every column of the tables."""
    frames = {name: pl.DataFrame(schema={**columns, **SOURCE}) for name, columns in COLUMNS.items()}
    given = ("towns", "checks", "measures", "findings", "rectifications")
    frames |= {name: pl.read_parquet(data.files(folder, name)) for name in given}
    return Tables(**frames, present=frozenset(given))


def measured(client: Client, tables: Tables, spread: Spread | None) -> tuple[Ledger, tuple[float, ...]]:
    """Score the tables; return seconds, and processor seconds here and of the workers."""
    before, here, clock = client.run(time.process_time), time.process_time(), time.perf_counter()
    ledger = build(tables, data.scheme(), data.PERIOD, data.AS_OF, spread=spread)
    took = time.perf_counter() - clock, time.process_time() - here
    after = client.run(time.process_time)
    return ledger, (*took, sum(after[worker] - before[worker] for worker in after))


def counting(pack: Callable[[object], bytes], sent: list[int]) -> Callable[[object], bytes]:
    """Note how large packets are."""

    def packed(what: object) -> bytes:
        packet = pack(what)
        sent.append(len(packet))
        return packet

    return packed


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--findings", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=3)
    asked = parser.parse_args()
    sent: list[int] = []
    cluster.packed = counting(cluster.packed, sent)
    with tempfile.TemporaryDirectory() as folder:
        data.generate(Path(folder) / "data", asked.findings)
        tables = whole(Path(folder) / "data")
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as made,
        cluster.cluster_hands(made.scheduler_address) as hands,
    ):
        client = Client(made.scheduler_address)
        spread = hands.spread("en", lambda *_: None)
        measured(client, tables, spread)
        took: dict[str, list[tuple[float, ...]]] = {"one piece": [], "cluster": []}
        ledgers = {}
        for _ in range(asked.times):
            sent.clear()
            for name, by in (("one piece", None), ("cluster", spread)):
                ledgers[name], used = measured(client, tables, by)
                took[name].append(used)
        client.close()
    one, other = ledgers.values()
    assert one.charges.findings.equals(other.charges.findings)
    assert one.narrow.equals(other.narrow)
    for name, all_used in took.items():
        clock, here, workers = min(all_used, key=lambda used: used[1] + used[2])
        print(f"{name:10} {clock:6.1f} s, processor {here + workers:6.1f} s ({here:.1f} here, {workers:.1f} workers)")
    print(f"sent {len(sent)} pieces of {max(sent) / 1e6:.1f} MB")


if __name__ == "__main__":
    sys.exit(main())
