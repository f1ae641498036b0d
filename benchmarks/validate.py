"""Pandera's validation of very many findings beside the same checks as plain Polars: `python benchmarks/validate.py`.

Plain is one streaming select over the frame, as one would write it, that counts what every check finds wrong and tells
of no row. Ours is the schema of schemas/tables.py; once more with one row in a thousand wrong in each of four columns,
every one of which must be located. 10 M findings of the whole schema (39 columns) take 7 GB.

python benchmarks/validate.py                                  10 M
python benchmarks/validate.py --findings 1000000 --work DIR    fewer; DIR keeps the data
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import polars as pl

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import apart  # noqa: E402 - found by the line above

from schemas.tables import SOURCE, Table, table_for, validate  # noqa: E402
from scoring.example.volume import Volume, complete  # noqa: E402
from scoring.scheme import load_scheme, vocabulary  # noqa: E402

MOST = 2.6
ROWS_A_FILE, EVERY = 1_000_000, 1000


def findings() -> Table:
    """Return the table of findings under the quarterly scheme's words."""
    return table_for("findings", vocabulary(load_scheme(HERE.parent / "weights" / "jiyuan-quarterly.yaml").scheme))


def write(folder: Path, rows: int) -> None:
    """Write generated findings with every column of the schema."""
    folder.mkdir(parents=True)
    volume, schema = Volume(towns=2000, findings=rows, rectifications=0, seed=1), findings().polars_schema()
    for first in range(0, rows, ROWS_A_FILE):
        table = complete(volume.findings_table(first, min(ROWS_A_FILE, rows - first)), "findings")
        absent = {name: pl.lit(None, dtype=dtype) for name, dtype in schema.items() if name not in table.columns}
        table.with_columns(**absent).select(list(schema)).write_parquet(folder / f"{first:09}.parquet")


def _read(folder: Path) -> tuple[pl.DataFrame, Table]:
    frame, table = pl.read_parquet(sorted(folder.glob("*.parquet"))), findings()
    validate(frame.head(0), table)  # Pandera loads what its first validation needs
    return frame, table


def plain(folder: Path) -> Callable[[], dict[str, object]]:
    """Count what each check finds wrong, in one streaming select."""
    frame, table = _read(folder)
    return lambda: {"wrong": sum(frame.lazy().select(_checks(table)).collect(engine="streaming").row(0))}


def _checks(table: Table) -> list[pl.Expr]:
    counts = []
    for column in table.columns.values():
        cell, allowed = pl.col(column.id), list(column.choices or column.words)
        if column.required or column.id == table.key:
            counts.append(cell.null_count().alias(f"{column.id} null"))
        if column.id == table.key:
            counts.append((pl.len() - cell.n_unique()).alias(f"{column.id} twice"))
        if column.type in {"count", "integer", "amount", "decimal"}:
            counts.append((cell < 0).sum().alias(f"{column.id} negative"))
        if column.type == "choice" or (column.type == "word" and allowed):
            counts.append((~cell.is_in(allowed)).sum().alias(f"{column.id} unknown"))
    return [*counts, pl.col(next(iter(SOURCE))).null_count().alias("source null")]


def ours(folder: Path) -> Callable[[], dict[str, object]]:
    """Validate sound findings."""
    frame, table = _read(folder)
    return lambda: {"rows": validate(frame, table).height}


def wrong(folder: Path) -> Callable[[], dict[str, object]]:
    """Validate findings some of which are wrong, and have every wrong cell located."""
    import pandera.errors

    frame, table = _read(folder)
    nth = pl.int_range(pl.len()) % EVERY
    frame = frame.with_columns(
        pl.when(nth == 4).then(pl.col("finding_id").shift()).otherwise("finding_id").alias("finding_id"),
        pl.when(nth != 3).then("town").alias("town"),
        pl.when(nth == 2).then(pl.lit("x")).otherwise("severity").alias("severity"),
        pl.when(nth == 1).then(-1).otherwise("cases").alias("cases"),
    )

    def measured() -> dict[str, object]:
        try:
            validate(frame, table)
        except pandera.errors.SchemaErrors as error:
            failed = error.failure_cases
        else:
            raise AssertionError("nothing was found wrong")
        found = failed.select("column", pl.col("index") % EVERY).unique().sort(pl.all()).rows()
        # An id that stands twice is located in both rows.
        assert found == [("cases", 1), ("finding_id", 3), ("finding_id", 4), ("severity", 2), ("town", 3)]
        assert failed.height == len(found) * (frame.height // EVERY)
        return {"located": failed.height}

    return measured


CASES: dict[str, apart.Case] = {"plain": plain, "ours": ours, "wrong": wrong}
NAMES = {
    "plain": "the same checks as plain Polars, streaming",
    "ours": "Pandera, sound findings",
    "wrong": "Pandera, one row in 1,000 wrong in four columns",
}


def main() -> int:
    """Measure, print the table and a line of JSON, fail above the target."""
    parser = apart.arguments(__doc__)
    parser.add_argument("--findings", type=int, default=10_000_000)
    asked = parser.parse_args()
    if asked.child:
        apart.carry_out(CASES[asked.child[0]], Path(asked.child[1]))
        return 0
    with tempfile.TemporaryDirectory(prefix="townscore-validate-") as scratch:
        folder = (asked.work or Path(scratch)) / f"findings-{asked.findings}"
        if not folder.exists():
            write(folder, asked.findings)
        best = apart.compare(__file__, list(CASES), folder, asked.rounds)
    print(f"{asked.findings:,} findings, {len(findings().polars_schema())} columns")
    held = apart.Held("plain", "plain Polars", MOST)
    return 0 if apart.table(best, NAMES, {"ours": held, "wrong": held}) else 1


if __name__ == "__main__":
    sys.exit(main())
