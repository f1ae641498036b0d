"""Data matching: seconds and memory, `python benchmarks/matching.py [recipients] [deaths] [csv|parquet]`.

A workspace with generated, seeded lists, of which some numbers are dirty; then `townscore match` in a process of its
own, timed from its start to its end: reading, matching, workbooks, register. Its memory is the largest that it and the
child that reads were seen to hold together, looked at ten times a second. Regions begin with 99: nobody's numbers.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

SECONDS, BYTES = 20.0, 3 * 10**9
WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂兰玉梅国建华红文志海云春凤龙福永新"
TOWNS = 16
SEED = 20250901


def numbers(draw: np.random.Generator, count: int) -> pl.Series:
    """Distinct whole ID numbers of nobody: region 99…, any day of 1930 to 2004, any sequence but 000."""
    day = pl.Series(draw.integers(0, 27_000, count)).cast(pl.Int32) - 14_600
    days = day.cast(pl.Date).dt.strftime("%Y%m%d").cast(pl.Int64).to_numpy()
    first = (990_000 + draw.integers(1, 100, count)) * 10**11 + days * 1000 + draw.integers(1, 1000, count)
    first = np.unique(first)
    draw.shuffle(first)
    digits = (first[:, None] // 10 ** np.arange(16, -1, -1)) % 10
    check = np.array(list("10X98765432"))[(digits * WEIGHTS).sum(axis=1) % 11]
    return pl.Series(first).cast(pl.String) + pl.Series(check)


def names(draw: np.random.Generator, count: int) -> pl.Series:
    """Names of two or three characters."""
    parts = [
        pl.Series(np.array(list(letters))[draw.integers(0, len(letters), count)])
        for letters in (SURNAMES, GIVEN, GIVEN)
    ]
    short = pl.Series(draw.random(count) < 0.3)
    frame = pl.DataFrame(parts, schema=["a", "b", "c"]).with_columns(short=short)
    return frame.select(pl.concat_str("a", "b", pl.when("short").then(pl.lit("")).otherwise("c")))["a"]


def dirty(draw: np.random.Generator, ids: pl.Series) -> pl.Series:
    """Of a hundred numbers one in small letters, one parted, one old, one too short, one cut by a float."""
    kind = pl.Series(draw.integers(0, 100, len(ids)))
    text = pl.col("id")
    return (
        pl.DataFrame({"id": ids, "kind": kind})
        .select(
            pl.when(pl.col("kind") == 0).then(text.str.to_lowercase())
            .when(pl.col("kind") == 1).then(text.str.slice(0, 6) + " " + text.str.slice(6))
            .when(pl.col("kind") == 2).then(text.str.slice(0, 6) + text.str.slice(8, 9))
            .when(pl.col("kind") == 3).then(text.str.slice(0, 16))
            .when(pl.col("kind") == 4).then(text.str.slice(0, 15) + "000")
            .otherwise(text).alias("id")
        )["id"]
    )  # fmt: skip


def lists(folder: Path, recipients: int, deaths: int, ending: str) -> None:
    """Write the two lists: a tenth of the dead are recipients."""
    draw = np.random.default_rng(SEED)
    ids = numbers(draw, int((recipients + deaths) * 1.05))[: recipients + deaths]
    called = names(draw, len(ids))
    town = pl.Series([f"T{number:02}" for number in range(1, TOWNS + 1)])
    own = ids[:recipients]
    start = pl.Series(draw.integers(2020 * 12, 2025 * 12 + 8, recipients))
    paid = pl.DataFrame(
        {
            "身份证号": dirty(draw, own),
            "姓名": called[:recipients],
            "镇街": town.gather(pl.Series(draw.integers(0, TOWNS, recipients))),
            "村（社区）": pl.Series(draw.integers(1, 40, recipients)).cast(pl.String) + "村",
            "救助类别": pl.Series(["农村低保", "城市低保", "特困分散"]).gather(
                pl.Series(draw.integers(0, 3, recipients))
            ),
            "救助证号": "D" + pl.int_range(recipients, eager=True).cast(pl.String).str.zfill(7),
            "月保障金额": pl.Series(draw.integers(200, 900, recipients)),
            "起始月份": (start // 12).cast(pl.String) + "-" + (start % 12 + 1).cast(pl.String).str.zfill(2),
        }
    )
    both = deaths // 10
    dead = pl.concat(
        [pl.Series(draw.permutation(recipients)[:both]), pl.Series(np.arange(recipients, recipients + deaths - both))]
    )
    day = pl.Series(draw.integers(0, 3000, deaths)).cast(pl.Int32) + 17_300
    gone = pl.DataFrame(
        {
            "身份证号": dirty(draw, ids.gather(dead)),
            "姓名": called.gather(dead),
            "死亡日期": day.cast(pl.Date).cast(pl.String),
            "镇街": town.gather(pl.Series(draw.integers(0, TOWNS, deaths))),
        }
    )
    folder.mkdir(parents=True)
    for name, frame in (("在保名单", paid), ("死亡人员", gone)):
        path = folder / f"{name}.{ending}"
        frame.write_csv(path) if ending == "csv" else frame.write_parquet(path)


def held(pid: int) -> int:
    """Bytes that a process and its children hold."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            facts = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except OSError:  # it has ended
            continue
        if "VmRSS" in facts and pid in {int(facts["Pid"]), int(facts["PPid"])}:
            total += int(facts["VmRSS"].split()[0]) * 1024
    return total


def main() -> int:
    """Measure and print one line of JSON; 1 where a target is missed."""
    recipients = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    deaths = int(sys.argv[2]) if len(sys.argv) > 2 else 200_000
    ending = sys.argv[3] if len(sys.argv) > 3 else "csv"
    command = [sys.executable, "-c", "import sys; from scoring.cli import main; sys.exit(main())"]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "data").mkdir()
        codes = [f"T{number:02}" for number in range(1, TOWNS + 1)]
        towns = pl.DataFrame({"镇街代码": codes, "名称": [f"示例{code}镇" for code in codes]})
        towns.write_csv(root / "data" / "镇街名单.csv")
        (root / "townscore.yaml").write_text("lang: zh\n", "utf-8")
        lists(root / "matching" / "lists", recipients, deaths, ending)
        clock, peak = time.perf_counter(), 0
        process = subprocess.Popen([*command, "match", "2025-09"], cwd=root, stdout=subprocess.PIPE, text=True)
        while process.poll() is None:
            peak = max(peak, held(process.pid))
            time.sleep(0.1)
        took = time.perf_counter() - clock
        print(process.stdout.read())
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = {"recipients": recipients, "deaths": deaths, "files": ending, "seconds": round(took, 2)}
    # Beside others on the machine the clock says little: what the command and its child computed, and who else did.
    told |= {"cpu_seconds": round(used.ru_utime + used.ru_stime, 2), "load": round(os.getloadavg()[0], 1)}
    print(json.dumps(told | {"peak_mb": round(peak / 10**6), "status": process.returncode}))
    return int(took > SECONDS or peak > BYTES or process.returncode != 0)


if __name__ == "__main__":
    sys.exit(main())
