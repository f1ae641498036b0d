"""Example tables of any size, made column by column, for benchmarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

import polars as pl
from polars._typing import PolarsDataType

from schemas.tables import catalogue
from scoring.example.words import words

_ROWS_A_FILE: Final = 1_000_000
_DAYS: Final = 365


class Noise:
    """Columns of seeded noise: splitmix64 of the row number, whose wrapping products are the same on every machine."""

    def __init__(self, seed: int, table: str) -> None:
        self._seed = seed
        self._salt = sum(ord(letter) * 31**place for place, letter in enumerate(table))

    def bits(self, row: pl.Expr, column: int) -> pl.Expr:
        """Return 64 random bits a row (UInt64)."""
        start = (self._seed * 1_000_003 + self._salt * 101 + column) * 0x9E3779B97F4A7C15 % 2**64
        mixed = row.cast(pl.UInt64) * _u64(0x9E3779B97F4A7C15) + _u64(start)
        mixed = (mixed ^ (mixed // _u64(2**30))) * _u64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed // _u64(2**27))) * _u64(0x94D049BB133111EB)
        return mixed ^ (mixed // _u64(2**31))

    def below(self, row: pl.Expr, column: int, bound: int) -> pl.Expr:
        """Return a whole number of [0, bound) a row (Int64)."""
        return (self.bits(row, column) // _u64(2**33) % _u64(bound)).cast(pl.Int64)

    def one_of(self, row: pl.Expr, column: int, weights: Mapping[str, float]) -> pl.Expr:
        """Return one of the keys a row, by weight to the thousandth (String)."""
        return _look_up(_slots(list(weights), list(weights.values())), self.below(row, column, 1000))


def _slots(items: Sequence[str], weights: Sequence[float]) -> list[str]:
    """Repeat each item by its weight, a thousand places in all."""
    total, sofar, slots = sum(weights), 0.0, list[str]()
    for item, weight in zip(items, weights, strict=True):
        sofar += weight
        slots += [item] * (round(1000 * sofar / total) - len(slots))
    return slots


def _look_up(items: Sequence[str], place: pl.Expr) -> pl.Expr:
    return pl.lit(pl.Series(items, dtype=pl.String)).gather(place)


def _u64(value: int) -> pl.Expr:
    return pl.lit(value, dtype=pl.UInt64)


def _numbered(prefix: str, row: pl.Expr, digits: int) -> pl.Expr:
    """Write a prefix and the row's number, padded with zeros."""
    return pl.concat_str(pl.lit(prefix), row.cast(pl.String).str.zfill(digits))


def _first_day() -> date:
    return date(words()["year"], 1, 1)


class Volume:
    """The tables of so many towns, findings and rectifications.

    Attributes
    ----------
    towns, findings, rectifications
        How many rows; at least 1, 0 and 0.
    many
        How many of the findings all belong to the first town; the others are spread over all towns.
    """

    def __init__(self, *, towns: int, findings: int, rectifications: int, seed: int, many: int = 0) -> None:
        if towns < 1 or min(findings, rectifications, many) < 0 or (rectifications and not findings):
            raise ValueError("towns ≥ 1, nothing negative, and no rectification without a finding")
        self.towns, self.findings, self.rectifications = towns, findings, rectifications
        self._seed, self._many = seed, many

    def towns_table(self) -> pl.DataFrame:
        """List the towns: codes of the region 99, which no place has."""
        w, row = words(), pl.col("row")
        street = row % 3 == 0
        return _rows(0, self.towns).select(
            town_code=_code(row),
            name=_numbered(w["volume_town"], row + 1, 7),
            kind=pl.when(street).then(pl.lit(w["kinds"]["street"])).otherwise(pl.lit(w["kinds"]["town"])),
            group=pl.when(street).then(pl.lit(w["groups"]["street"])).otherwise(pl.lit(w["groups"]["town"])),
            order=row + 1,
            aliases=pl.lit([], dtype=pl.List(pl.String)),
            email=_empty(pl.String),
            delegated_on=pl.lit(w["delegated_on"], dtype=pl.Date),
            valid_from=_empty(pl.Date),
            valid_to=_empty(pl.Date),
            merged_into=_empty(pl.String),
        )

    def findings_table(self, first: int, count: int) -> pl.DataFrame:
        """Return `count` findings from number `first` on."""
        w, row, noise = words(), pl.col("row"), Noise(self._seed, "findings")
        problems = w["problems"]
        place = pl.col("place")
        weights = {str(n): float(problem["weight"]) for n, problem in enumerate(problems)}
        # A case that comes up twice is one of the same town.
        case = row % max(1, self.findings * 9 // 10)
        cases = 1 + noise.below(row, 8, 12) // 10
        return (
            _rows(first, count)
            .with_columns(place=noise.one_of(row, 1, weights).cast(pl.UInt32), found_on=self._found_on(row))
            .select(
                finding_id=_finding_id(row),
                town=_code(self._town(case)),
                village=pl.lit(pl.Series(w["villages"]["town"])).gather(
                    noise.below(row, 2, len(w["villages"]["town"]))
                ),
                found_on="found_on",
                assigned_on=pl.col("found_on") + pl.duration(days=1 + noise.below(row, 3, 3)),
                indicator=_look_up([problem["indicator"] for problem in problems], place),
                severity=noise.one_of(row, 4, dict(zip(w["severities"], (78, 20, 2), strict=True))),
                channel=noise.one_of(row, 5, w["channels"]),
                source_level=noise.one_of(row, 6, w["source_levels"]),
                programme=noise.one_of(row, 7, w["programmes"]["town"]),
                problem_type=_look_up([problem["type"] for problem in problems], place),
                cases=cases,
                persons=cases * (1 + noise.below(row, 9, 3)),
                amount=_empty(pl.Decimal(20, 2)),
                description=_look_up([problem["texts"][0] for problem in problems], place),
                approved_on=pl.col("found_on") - pl.duration(days=3 + noise.below(row, 10, 60)),
                due_on=_empty(pl.Date),
                extended_to=_empty(pl.Date),
                action=_empty(pl.String),
                stage=_empty(pl.String),
                acknowledged=pl.lit("accepted"),
                check_id=_empty(pl.String),
                case_ref=_numbered("990000-", case, 8),
                tags=pl.lit([], dtype=pl.List(pl.String)),
            )
        )

    def rectifications_table(self, first: int, count: int) -> pl.DataFrame:
        """Return `count` reports from number `first` on: one a finding, then a second round three weeks later."""
        row, noise = pl.col("row"), Noise(self._seed, "rectifications")
        finding, again = row % max(1, self.findings), row // max(1, self.findings)
        submitted = self._found_on(finding) + pl.duration(days=4 + noise.below(row, 1, 16) + 21 * again)
        verdict = noise.one_of(row, 2, {"passed": 76, "sent_back": 14, "waiting": 6, "partly": 4})
        return (
            _rows(first, count)
            .with_columns(finding=finding, submitted_on=submitted, verdict=verdict)
            .select(
                finding_id=_finding_id(pl.col("finding")),
                submitted_on="submitted_on",
                completed_on="submitted_on",
                outcome=pl.when(pl.col("verdict") == "partly").then(pl.lit("partly")).otherwise(pl.lit("done")),
                verified_on=pl.when(pl.col("verdict") != "waiting").then(
                    pl.col("submitted_on") + pl.duration(days=1 + noise.below(row, 3, 8))
                ),
                verdict="verdict",
                recovered=_empty(pl.Decimal(20, 2)),
                note=_empty(pl.String),
            )
        )

    def checks_table(self) -> pl.DataFrame:
        """Check every town in each month, at least 30 in 100 of the newly confirmed."""
        row, noise = pl.col("row"), Noise(self._seed, "checks")
        month = row % 12
        confirmed = 10 + noise.below(row, 1, 30)
        sampled = (confirmed * (30 + noise.below(row, 2, 12)) + 99) // 100
        return _rows(0, 12 * self.towns).select(
            check_id=_numbered("H", row + 1, 7),
            town=_code(row // 12),
            checked_on=pl.date(words()["year"], month + 1, 15 + noise.below(row, 3, 10)),
            month=pl.concat_str(pl.lit(f"{words()['year']}-"), (month + 1).cast(pl.String).str.zfill(2)),
            programme=_empty(pl.String),
            newly_confirmed=confirmed,
            sampled=sampled,
            visited=sampled,
            problem_cases=noise.below(row, 4, 3),
        )

    def measures_table(self) -> pl.DataFrame:
        """Measure every town in every quarter."""
        tables = [_measure(entry, self.towns, Noise(self._seed, entry["id"])) for entry in words()["measures"]]
        return pl.concat(tables)

    def judgements_table(self) -> pl.DataFrame:
        """Judge every item of every town in every quarter."""
        tables = [_judged(entry, self.towns, Noise(self._seed, entry["id"])) for entry in words()["judged"]]
        return pl.concat(tables)

    def _town(self, row: pl.Expr) -> pl.Expr:
        """Return the number of the town that a finding belongs to."""
        spread = Noise(self._seed, "town").below(row, 0, self.towns)
        return pl.when(row < self._many).then(0).otherwise(spread)

    def _found_on(self, row: pl.Expr) -> pl.Expr:
        """Return the day of a finding by its number alone, so that its reports know it too."""
        return pl.lit(_first_day()) + pl.duration(days=Noise(self._seed, "day").below(row, 0, _DAYS))


def _rows(first: int, count: int) -> pl.DataFrame:
    return pl.DataFrame({"row": pl.int_range(first, first + count, dtype=pl.Int64, eager=True)})


def _empty(dtype: PolarsDataType) -> pl.Expr:
    return pl.lit(None, dtype=dtype)


def _code(row: pl.Expr) -> pl.Expr:
    return _numbered("99", row, 7)


def _finding_id(row: pl.Expr) -> pl.Expr:
    return _numbered("W", row + 1, 8)


def _quarters(row: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit(f"{words()['year']}Q"), (row % 4 + 1).cast(pl.String))


def _measure(entry: dict[str, Any], towns: int, noise: Noise) -> pl.DataFrame:
    """Measure one thing: a plain value or a rate between what a weak town and a good one reach."""
    row, decimal = pl.col("row"), pl.Decimal(20, 6)
    reached = entry["base"] + (entry["best"] - entry["base"]) * noise.below(row, 1, 101) // 100
    size = pl.lit(entry.get("fixed") or int(entry.get("size", 0) * 24) + 1, dtype=pl.Int64)
    plain = bool(entry.get("plain"))
    none = _empty(decimal)
    return _rows(0, 4 * towns).select(
        town=_code(row // 4),
        period=_quarters(row),
        measure=pl.lit(entry["id"]),
        numerator=none if plain else (size * reached // 100).cast(pl.Int64).cast(decimal),
        denominator=none if plain else size.cast(decimal),
        value=(reached + 0.5).cast(pl.Int64).cast(decimal) if plain else none,
        sample=size if entry.get("survey") else _empty(pl.Int64),
        origin=pl.lit(words()["mark"]),
        dated_on=_empty(pl.Date),
    )


def _judged(entry: dict[str, Any], towns: int, noise: Noise) -> pl.DataFrame:
    """Judge one item: its full marks less up to four steps."""
    row, decimal = pl.col("row"), pl.Decimal(20, 6)
    thousandths = round(entry["full"] * 1000) - round(entry["step"] * 1000) * noise.below(row, 1, 5)
    return _rows(0, 4 * towns).select(
        town=_code(row // 4),
        period=_quarters(row),
        indicator=pl.lit(entry["id"]),
        points=(thousandths.cast(decimal) / pl.lit(1000, dtype=decimal)).cast(decimal),
        deducted=_empty(decimal),
        share=_empty(decimal),
        reason=_empty(pl.String),
        judged_on=_empty(pl.Date),
        signed_by=_empty(pl.String),
    )


def complete(table: pl.DataFrame, name: str) -> pl.DataFrame:
    """Give a generated table every column that intake gives it, the source columns too."""
    schema = catalogue().tables[name].polars_schema()
    missing = {column: _empty(dtype) for column, dtype in schema.items() if column not in table.columns}
    missing |= {"source_file": pl.lit(name), "source_row": pl.int_range(2, pl.len() + 2, dtype=pl.Int64)}
    return table.with_columns(**missing).select(list(schema))


def write_volume(folder: Path, volume: Volume, formats: Literal["parquet", "csv"]) -> None:
    """Write the tables by their English names, the long ones in files of a million rows, to spare memory."""
    folder.mkdir(parents=True, exist_ok=True)
    small = {"towns": volume.towns_table(), "checks": volume.checks_table()}
    small |= {"measures": volume.measures_table(), "judgements": volume.judgements_table()}
    for name, table in small.items():
        if table.height:
            _write(table, folder / f"{name}.{formats}")
    for name, rows in (("findings", volume.findings), ("rectifications", volume.rectifications)):
        for part, first in enumerate(range(0, max(1, rows), _ROWS_A_FILE), start=1):
            count = min(_ROWS_A_FILE, rows - first)
            table = (
                volume.findings_table(first, count) if name == "findings" else volume.rectifications_table(first, count)
            )
            _write(table, folder / f"{name}_{part:04d}.{formats}")


def _write(table: pl.DataFrame, path: Path) -> None:
    if path.suffix == ".parquet":
        table.write_parquet(path)
        return
    lists = [name for name, dtype in table.schema.items() if isinstance(dtype, pl.List)]
    table.with_columns(pl.col(lists).list.join(";")).write_csv(path)
