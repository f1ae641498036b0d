"""Write example data: the year of the 16 towns, or tables of any size.

python benchmarks/generate.py example data
python benchmarks/generate.py example data --crowded 400
python benchmarks/generate.py tables data --towns 2000 --findings 10000000 --rectifications 8000000
"""

from __future__ import annotations

import argparse
from pathlib import Path

from scoring.example import DEFAULT_SEED, write_example, write_generated


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest="what", required=True)
    example = kinds.add_parser("example", help="the example year")
    example.add_argument("--neat", action="store_true", help="the same facts without the dirt of real workbooks")
    example.add_argument("--crowded", type=int, default=0, help="findings of one town in one quarter")
    tables = kinds.add_parser("tables", help="tables of any size")
    tables.add_argument("--towns", type=int, default=16)
    tables.add_argument("--findings", type=int, default=1_000_000)
    tables.add_argument("--rectifications", type=int, default=800_000)
    tables.add_argument("--many", type=int, default=0, help="findings that all belong to the first town")
    tables.add_argument("--format", choices=("parquet", "csv"), default="parquet")
    for one in (example, tables):
        one.add_argument("folder", type=Path)
        one.add_argument("--seed", type=int, default=DEFAULT_SEED)
    asked = parser.parse_args()
    if asked.what == "example":
        write_example(asked.folder, seed=asked.seed, dirty=not asked.neat, crowded=asked.crowded)
        return
    write_generated(
        asked.folder,
        towns=asked.towns,
        findings=asked.findings,
        rectifications=asked.rectifications,
        seed=asked.seed,
        formats=asked.format,
        many=asked.many,
    )


if __name__ == "__main__":
    main()
