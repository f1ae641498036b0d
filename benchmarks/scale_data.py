"""What benchmarks/scale.py scores: seeded, validated Parquet of a country's towns, and the scheme of 40 indicators.

Three findings in four lie in the quarter that is scored, the others before it, where they are occasions of a repeat.
One in ten is a case seen twice in one indicator; one report in eight is a second round.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl

from schemas.scheme import Scheme
from scoring.example.volume import Noise, Volume, complete
from scoring.example.words import words
from scoring.intake import Tables
from scoring.ledger.parting import Parts
from scoring.periods import Period
from scoring.scheme import load_scheme
from tests.frames import COLUMNS

TOWNS, INDICATORS, ROWS_A_FILE = 40_000, 40, 1_000_000
PERIOD = Period("2025Q4", "quarter", date(2025, 10, 1), date(2025, 12, 31))
AS_OF = date(2026, 1, 10)
FIRST, QUARTER = date(2025, 1, 1), 273  # the quarter opens on day 273 of the year and has 92 days
FROM_SECOND_SIDE = 30  # of 100 findings
RATES = ("means_check_all", "home_visit_all")
READ = {
    "findings": (
        "finding_id", "town", "found_on", "assigned_on", "indicator", "severity", "channel", "problem_type", "cases",
        "persons", "approved_on", "due_on", "extended_to", "case_ref", "source_file", "source_sheet", "source_row",
    ),
    "rectifications": (
        "finding_id", "submitted_on", "completed_on", "outcome", "verified_on", "verdict",
        "source_file", "source_sheet", "source_row",
    ),
}  # fmt: skip
"""The columns that the rules read and refusals name; the others stay in the files, for whoever prints them."""


def scheme() -> Scheme:
    """Return the quarterly scheme with all its priced indicators and two of its rates: 40 indicators."""
    whole = load_scheme(Path(__file__).parent.parent / "weights" / "jiyuan-quarterly.yaml").scheme
    dimensions = []
    for dimension in whole.dimensions:
        kept = tuple(i for i in dimension.indicators if i.rule.kind == "deduct" or i.id in RATES)
        dimensions.append(dimension.model_copy(update={"indicators": kept, "points": sum(i.points for i in kept)}))
    full = sum(dimension.points for dimension in dimensions)
    made = whole.model_copy(
        update={
            "dimensions": tuple(dimensions),
            "full": full,
            "range": whole.range.model_copy(update={"max": full}),
        }
    )
    assert len(list(made.indicators())) == INDICATORS
    return made


class Country(Volume):
    """Tables of 40,000 towns."""

    def __init__(self, findings: int, seed: int = 1) -> None:
        super().__init__(towns=TOWNS, findings=findings, rectifications=findings * 4 // 5, seed=seed)
        self._first_round = findings * 7 // 10
        self._seed_ = seed
        self._indicators = [i.id for _, i in scheme().indicators() if i.rule.kind == "deduct"]

    def findings_table(self, first: int, count: int) -> pl.DataFrame:
        """Return `count` findings from number `first` on."""
        row, noise = pl.col("row"), Noise(self._seed_, "country")
        case = row % max(1, self.findings * 9 // 10)
        w = words()
        sides = [list(words_) for words_ in _channels()]
        place = noise.below(case, 1, len(self._indicators))
        cases = 1 + noise.below(row, 8, 12) // 10
        second = noise.below(row, 5, 100) < FROM_SECOND_SIDE
        found = self._found_on(row)
        text = lambda items, where: pl.lit(pl.Series(items, dtype=pl.String)).gather(where)  # noqa: E731
        return (
            super()
            .findings_table(first, count)
            .with_columns(pl.int_range(first, first + pl.len(), dtype=pl.Int64).alias("row"))
            .with_columns(
                indicator=text(self._indicators, place),
                problem_type=text([f"{w['mark']}{n}" for n in range(4)], noise.below(case, 2, 4)),
                found_on=found,
                assigned_on=found + pl.duration(days=1 + noise.below(row, 3, 3)),
                approved_on=found - pl.duration(days=3 + noise.below(row, 4, 900)),
                channel=pl.when(second)
                .then(text(sides[1], noise.below(row, 6, len(sides[1]))))
                .otherwise(text(sides[0], noise.below(row, 7, len(sides[0])))),
                cases=cases,
                persons=cases,
            )
            .drop("row")
        )

    def rectifications_table(self, first: int, count: int) -> pl.DataFrame:
        """Return `count` reports: one for seven findings in ten, then a second round three weeks later."""
        row, noise = pl.col("row"), Noise(self._seed_, "reports")
        finding, again = row % max(1, self._first_round), row // max(1, self._first_round)
        submitted = self._found_on(finding) + pl.duration(days=4 + noise.below(row, 1, 16) + 21 * again)
        table = super().rectifications_table(first, count)
        verified = pl.when(pl.col("verdict") != "waiting").then(
            pl.col("submitted_on") + pl.duration(days=1 + noise.below(row, 3, 8))
        )
        return (
            table.with_columns(row=pl.int_range(first, first + pl.len(), dtype=pl.Int64))
            .with_columns(
                finding_id=pl.concat_str(pl.lit("W"), (finding + 1).cast(pl.String).str.zfill(8)),
                submitted_on=submitted,
                completed_on=submitted,
            )
            .with_columns(verified_on=verified)
            .drop("row")
        )

    def _found_on(self, row: pl.Expr) -> pl.Expr:
        """Return a day of the quarter for three findings in four, of the nine months before it for the fourth."""
        noise = Noise(self._seed_, "day")
        within = QUARTER + noise.below(row, 0, 92)
        day = pl.when(noise.below(row, 1, 4) > 0).then(within).otherwise(noise.below(row, 2, QUARTER))
        return pl.lit(FIRST) + pl.duration(days=day)


def _channels() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the channels of the two sides of which findings may pair."""
    sides = scheme().duplicates.sides
    return tuple(tuple(side["channel"].operators()["in"]) for side in sides)


def generate(folder: Path, findings: int) -> None:
    """Write the tables as intake hands them on, the long ones in files of a million rows."""
    country = Country(findings)
    made = folder.with_name(folder.name + ".part")
    made.mkdir(parents=True)
    for name in ("towns", "checks", "measures"):
        table = complete(getattr(country, f"{name}_table")(), name)
        if name == "measures":
            table = table.filter(
                pl.col("measure").is_in([i.rule.measure for _, i in scheme().indicators() if i.id in RATES])
            )
        table.write_parquet(made / f"{name}.parquet")
    for name, rows in (("findings", country.findings), ("rectifications", country.rectifications)):
        for first in range(0, rows, ROWS_A_FILE):
            table = getattr(country, f"{name}_table")(first, min(ROWS_A_FILE, rows - first))
            complete(table, name).write_parquet(made / f"{name}_{first // ROWS_A_FILE:04d}.parquet")
    made.rename(folder)


def files(folder: Path, name: str) -> str:
    """Return the pattern of a table's files."""
    return str(folder / f"{name}*.parquet")


def parts(folder: Path) -> Parts:
    """Read what the engine needs of the tables, the long ones cut by town."""
    long = {name: pl.scan_parquet(files(folder, name)).select(columns) for name, columns in READ.items()}
    frames = {name: pl.DataFrame(schema={**columns, **_PLACE}) for name, columns in COLUMNS.items()}
    given = ("towns", "checks", "measures")
    frames |= {name: pl.read_parquet(files(folder, name)) for name in given}
    frames |= {name: pl.DataFrame(schema=scan.collect_schema()) for name, scan in long.items()}
    return Parts.of(*long.values(), Tables(**frames, present=frozenset((*given, *long))))


def tables(folder: Path) -> Tables:
    """Read the same in one piece."""
    whole = parts(folder).rest
    long = {name: pl.scan_parquet(files(folder, name)).select(columns).collect() for name, columns in READ.items()}
    return replace(whole, **long)


_PLACE = {"source_file": pl.String, "source_sheet": pl.String, "source_row": pl.Int64}
