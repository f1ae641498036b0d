"""scorebook.xlsx: the whole result as an officer checks it: ranking, indicators, ledger, findings, method.

Every cell comes from the Assessment. The only formulas are the totals of the ranking: they can be followed there.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from scoring.reports.book import Book, Cell, Column, Kind
from scoring.reports.book_method import method_rows
from scoring.reports.book_source import Source, number
from scoring.reports.labels import Labels
from scoring.reports.statement import reason_of
from scoring.reports.text import fraction, listed

if TYPE_CHECKING:
    from scoring.assessment import Assessment
    from scoring.reports.settings import Settings

# The print allow-list: frame column, width, kind. A column that is not named here never reaches a cell.
_COUNTS: Final = (
    "findings",
    "sampled",
    "visited",
    "newly_confirmed",
    "due",
    "closed_on_time",
    "overdue",
    "repeats",
    "returned",
)
_FINDINGS: Final[tuple[tuple[str, float, Kind], ...]] = (
    ("finding_id", 18, "text"), ("town", 12, "code"), ("village", 13, "text"), ("found_on", 11, "date"),
    ("indicator", 22, "long"),
    ("severity", 12, "code"), ("channel", 11, "long"), ("source_level", 10, "long"), ("programme", 14, "long"),
    ("problem_type", 16, "long"), ("cases", 7, "count"), ("persons", 7, "count"), ("amount", 10, "points"),
    ("description", 40, "long"), ("assigned_on", 11, "date"), ("deadline", 11, "date"), ("fixed_on", 11, "date"),
    ("disposition", 11, "code"), ("state", 11, "code"), ("repeat", 7, "count"), ("charge", 9, "parts"),
    ("credit", 9, "parts"),
    ("extra", 9, "parts"), ("net", 9, "parts"), ("gives_back", 9, "parts"), ("gives_back_by", 11, "date"),
    ("matter", 18, "text"),
    ("clause", 16, "long"), ("price_line", 9, "code"),
)  # fmt: skip
_LEDGER: Final[tuple[tuple[str, float, Kind], ...]] = (
    ("town", 12, "code"), ("dimension", 14, "text"), ("indicator", 25, "long"), ("kind", 11, "code"),
    ("subject", 20, "text"),
    ("quantity", 8, "number"), ("price", 8, "number"), ("multiplier", 8, "number"), ("effect", 9, "parts"),
    ("exact", 11, "code"),
    ("clause", 18, "text"), ("reason", 42, "long"), ("line", 9, "code"), ("entry_id", 46, "text"),
)  # fmt: skip


def write_scorebook(assessment: Assessment, settings: Settings, path: Path) -> None:
    """Write the workbook; equal assessments give equal bytes.

    Parameters
    ----------
    assessment
        The whole assessment, or one town's (`for_town`): only its rows are written.
    settings
        The language, and the bureau's name.
    path
        Where the file is to lie; its folder exists.
    """
    source = Source(assessment, settings.lang)
    with Book(
        path,
        title=source.title(),
        run_line=source.labels.trace,
        made=date.fromisoformat(assessment.head["as_of"]),
        decimals=source.decimals,
        lang=settings.lang,
    ) as book:
        _ranking(book, source)
        _matrix(book, source)
        _details(book, source)
        _ledger(book, source)
        _findings(book, source)
        _method(book, source)


def _ranking(book: Book, source: Source) -> None:
    """Rank, points by dimension, what comes on top, and the score as their sum."""
    assessment = source.frames
    lead = [
        source.column("rank", 7, "count"), source.column("town_code", 12, "code"), source.column("town", 14),
        source.column("group", 12, "code"), source.column("group_rank", 8, "count"),
    ]  # fmt: skip
    places = [(part, dimension) for part in source.parts for dimension in source.dimensions]
    points = [Column(source.points_of(dimension, part), 11, "points") for part, dimension in places]
    tail = [
        source.column("other", 10, "points"), source.column("score", 10, "points"), source.column("grade", 9, "code"),
        source.column("gates", 16, "long"), *(source.column(name, 7.5, "count") for name in _COUNTS),
    ]  # fmt: skip
    earned = {
        (row["town_code"], source.part_id(row), row["dimension"]): fraction(row, "earned")
        for row in assessment.dimensions.iter_rows(named=True)
    }
    width = len(source.dimensions)

    def rows() -> Iterator[list[Cell]]:
        ordered = assessment.scores.sort(["rank", "order", "town_code"], nulls_last=True)
        for line, row in enumerate(ordered.iter_rows(named=True), 1):
            score = fraction(row, "score")
            group = source.labels.word(row["group"])
            cells: list[Cell] = [row["rank"], row["town_code"], row["town"], group, row["group_rank"]]
            shares = [earned.get((row["town_code"], part["id"], dimension["id"])) for part, dimension in places]
            if score is None:
                cells += [None] * len(places) + [None, source.word("outcome", row["outcome"])]
            else:
                base = source.labels.base
                terms, rest = [f"{base.numerator}/{base.denominator}"] if base else [], score - base
                for number, part in enumerate(source.parts):
                    weight = Fraction(part["weight"])
                    begin = len(lead) + number * width
                    total = f"SUM({xl_rowcol_to_cell(line, begin)}:{xl_rowcol_to_cell(line, begin + width - 1)})"
                    terms.append(total if weight == 1 else f"{weight.numerator}/{weight.denominator}*{total}")
                    rest -= weight * sum(
                        (share for share in shares[number * width : (number + 1) * width] if share is not None),
                        Fraction(0),
                    )
                terms.append(xl_rowcol_to_cell(line, len(lead) + len(places)))
                cells += [None if share is None else float(share) for share in shares]
                cells += [float(rest), (f"=ROUND({'+'.join(terms)},{source.decimals})", float(score))]
            cells += [
                source.labels.grade(row["grade"]),
                listed((source.labels.gate(gate) for gate in row["gates"] or ()), source.lang),
            ]
            yield cells + [row[name] for name in _COUNTS]

    book.table(source.say("sheet-ranking"), [*lead, *points, *tail], rows(), fixed=3)


def _matrix(book: Book, source: Source) -> None:
    """Towns down, indicators across; what an indicator took from the score is tinted."""
    assessment = source.frames
    places = [
        (part, dimension, indicator)
        for part in source.parts
        for dimension in source.dimensions
        for indicator in dimension["indicators"]
    ]
    columns = [source.column("town_code", 12, "code"), source.column("town", 14)]
    columns += [Column(source.points_of(indicator), 11, "points") for _, _, indicator in places]
    bands = [("", 1), ("", 1)]
    for part in source.parts:
        bands += [(source.points_of(dimension, part), len(dimension["indicators"])) for dimension in source.dimensions]
    found = {
        (row["town_code"], source.part_id(row), row["indicator"]): row
        for row in assessment.indicators.iter_rows(named=True)
    }

    def cell(code: str, part: str, indicator: str) -> Cell:
        row = found.get((code, part, indicator))
        if row is None:
            return None
        earned = fraction(row, "earned")
        return (
            source.word("outcome", row["outcome"])
            if row["outcome"] == "not_applicable" or earned is None
            else float(earned)
        )

    def tint(sheet: Worksheet, first: int, last: int) -> None:
        for place, (_, _, indicator) in enumerate(places, 2):
            lost = {"down": ("<", float(Fraction(indicator["points"]))), "up": (">", 0), "net": ("<", 0)}
            criteria, value = lost[source.scheme["direction"]]
            below = {
                "type": "cell",
                "criteria": criteria,
                "value": value,
                "format": book.below,
                "stop_if_true": False,
            }
            sheet.conditional_format(first, place, last, place, below)

    ordered = assessment.scores.sort("order", "town_code").select("town_code", "town")
    rows = (
        [code, town, *(cell(code, part["id"], indicator["id"]) for part, _, indicator in places)]
        for code, town in ordered.iter_rows()
    )
    # Some sixteen indicators go on a printed page.
    pages = max(1, -(-len(places) // 16))
    book.table(source.say("sheet-matrix"), columns, rows, fixed=2, bands=bands, finish=tint, pages=pages)


def _details(book: Book, source: Source) -> None:
    """List the indicators, a row a town and indicator, with rates and their targets."""
    frame = source.frames.indicators
    clauses = {name: item["clause"] for name, item in source.labels.indicators.items()}
    parts = {part["id"]: source.labels.named(part) for part in source.parts}
    shown = frame.select(
        pl.col("town_code").replace(source.towns).alias("town"),
        *([pl.col("part").replace(parts)] if source.several else []),
        source.named("dimension"),
        source.named("indicator"),
        number("points"),
        number("earned"),
        source.words(frame, "outcome", "outcome"),
        "findings",
        number("value"),
        number("target"),
        "sample",
        pl.col("indicator").replace(clauses).alias("clause"),
    )
    looks: dict[str, tuple[float, Kind]] = {
        "town": (14, "code"), "part": (12, "code"), "dimension": (18, "text"), "indicator": (30, "text"),
        "points": (8, "points"),
        "earned": (8, "points"), "outcome": (12, "code"), "findings": (8, "count"), "value": (11, "parts"),
        "target": (11, "parts"),
        "sample": (9, "count"), "clause": (24, "text"),
    }  # fmt: skip
    book.table(
        source.say("sheet-details"),
        [source.column(name, *looks[name]) for name in shown.columns],
        shown.iter_rows(),
        fixed=1,
    )


def _ledger(book: Book, source: Source) -> None:
    """Every effect on every score, in the order of the statement."""
    frame = source.frames.ledger
    long = 1_000_000 % pl.col("points_den") != 0  # no six decimals hold it: the fraction stands beside the number
    shown = frame.with_columns(
        pl.col("town_code").replace(source.towns).alias("town"),
        source.named("dimension"),
        source.named("indicator"),
        source.words(frame, "kind", "kind"),
        *(number(stem) for stem in ("quantity", "price", "multiplier")),
        number("points").alias("effect"),
        pl.struct("reason", "parameters", "kind")
        .map_batches(lambda rows: _reasons(rows, source.labels), return_dtype=pl.String)
        .alias("reason"),
        pl.when(long).then(pl.format("{}/{}", "points_num", "points_den")).alias("exact"),
    ).select(name for name, _, _ in _LEDGER)
    columns = [source.column(*look) for look in _LEDGER]

    def print_without_entry_ids(sheet: Worksheet, _: int, last: int) -> None:
        sheet.print_area(0, 0, last, len(columns) - 2)  # they are for looking up, and as long as a line

    book.table(source.say("sheet-ledger"), columns, shown.iter_rows(), fixed=1, finish=print_without_entry_ids)


def _reasons(rows: pl.Series, labels: Labels) -> pl.Series:
    return pl.Series([reason_of(row, labels) for row in rows], dtype=pl.String)


def _findings(book: Book, source: Source) -> None:
    """Every finding that was read, with its state and what it costs."""
    # What belongs to other periods stands below.
    other = pl.col("disposition") == "other_period"
    frame = source.frames.findings.sort(other, maintain_order=True)
    shown = frame.with_columns(
        pl.col("town").replace(source.towns),
        source.named("indicator"),
        source.words(frame, "disposition", "disposition"),
        source.words(frame, "state", "state"),
        *(source.data_words(name) for name in ("severity", "channel", "source_level", "programme")),
        *(number(stem) for stem in ("charge", "credit", "extra", "net", "gives_back")),
        pl.col("amount").cast(pl.Float64),
        pl.col("due").alias("deadline"),
    ).select(name for name, _, _ in _FINDINGS)
    book.table(
        source.say("sheet-findings"), [source.column(*look) for look in _FINDINGS], shown.iter_rows(), fixed=2, pages=2
    )


def _method(book: Book, source: Source) -> None:
    """By which scheme, from which data and by which rules the scores came about."""
    columns = [source.column("item", 24, "long"), source.column("content", 100, "long")]
    book.table(source.say("sheet-method"), columns, method_rows(source), portrait=True)
