"""The combined ledger: one row holds a finding and its rectification."""

from __future__ import annotations

from typing import Final

import polars as pl

from schemas.tables import catalogue
from scoring.intake.fold import ODD, name_key
from scoring.intake.problems import Problems
from scoring.intake.sheet import BAD, BLOCK, EPOCH_1904, SERIAL

# Columns that only a report on a finding has; one of them makes the sheet a combined ledger.
_TELLING: Final = ("submitted_on", "completed_on", "outcome", "verified_on", "verdict")
# What says that there is no report yet.
_NOT_YET: Final = {"outcome": ("not_started", "in_progress"), "verdict": ("waiting",)}
LINK: Final = "_link"
REPORT: Final = "_report"
_SOURCES: Final = ("source_file", "source_sheet", "source_row", BAD, EPOCH_1904, SERIAL)


def split_combined(rows: pl.DataFrame, problems: Problems) -> dict[str, pl.DataFrame]:
    """Part the rows of a sheet into findings and, where its columns tell of reports, rectifications.

    Rows that one merged cell binds together are one finding with several reports. A report of a finding without an id
    carries `_link`, the row of its finding; `link_reports` puts the id there once it is made.
    """
    mine = [name for name in rows.columns if name.startswith("findings.")]
    theirs = [name for name in rows.columns if name.startswith("rectifications.")]
    rows = rows.with_columns(
        pl.when(pl.col(BLOCK).is_null())
        .then(pl.col("source_row"))
        .otherwise(pl.col("source_row").min().over(BLOCK))
        .alias(LINK)
    )
    combined = any(f"rectifications.{name}" in theirs for name in _TELLING)
    if not combined:
        for name in theirs if rows.height else ():
            problems.add(
                "column-unknown",
                "notice",
                file=rows["source_file"][0],
                sheet=rows["source_sheet"][0],
                table="rectifications",
                column=name.split(".", 1)[1],
            )
        theirs = []
    numbered = _filled(pl.col("findings.finding_id")) if "findings.finding_id" in mine else pl.lit(value=False)
    # Equal findings with different reports are two findings, unless an id or a merged cell says that they are one.
    report = (
        pl.concat_str([pl.col(name).fill_null("") for name in theirs], separator="\x1f") if theirs else pl.lit(None)
    )
    report = pl.when(~numbered & pl.col(BLOCK).is_null()).then(report).cast(pl.String)
    findings = rows.filter(pl.col("source_row") == pl.col(LINK)).select(
        *(pl.col(name).alias(name.removeprefix("findings.")) for name in mine), *_SOURCES, report.alias(REPORT)
    )
    if not combined:
        return {"findings": findings}
    number = pl.when(numbered).then(pl.col("findings.finding_id")) if "findings.finding_id" in mine else pl.lit(None)
    reports = rows.filter(_tells_of_report(theirs)).select(
        *(pl.col(name).alias(name.removeprefix("rectifications.")) for name in theirs),
        *_SOURCES,
        number.cast(pl.String).alias("finding_id"),
        pl.when(~numbered).then(pl.col(LINK)).alias(LINK),
    )
    return {"findings": findings, "rectifications": reports}


def _filled(cell: pl.Expr) -> pl.Expr:
    squeezed = cell.str.replace_all(ODD + r"|\s", "")
    return ((squeezed.str.len_chars() > 0) & ~squeezed.is_in(list(catalogue().reading.empty))).fill_null(value=False)


def _tells_of_report(names: list[str]) -> pl.Expr:
    """Tell which rows hold a report: a date of one, or an outcome or verdict that says more than `not yet`."""
    tells = []
    for name in _TELLING:
        if f"rectifications.{name}" not in names:
            continue
        cell = pl.col(f"rectifications.{name}")
        filled = _filled(cell)
        if name in _NOT_YET:
            choices = catalogue().tables["rectifications"].columns[name].choices
            not_yet = [name_key(word) for key in _NOT_YET[name] for word in (key, *choices[key])]
            filled &= ~cell.str.replace_all(ODD + r"|\s", "").is_in(not_yet)
        tells.append(filled)
    return pl.any_horizontal(tells)


def link_reports(
    reports: pl.DataFrame, findings: pl.DataFrame, moved: pl.DataFrame, problems: Problems
) -> pl.DataFrame:
    """Give the reports of a combined ledger the ids that were made for their findings.

    A report whose finding was a repeated row belongs to the row that stayed for it (`moved`, as `drop_repeated` gives
    it); one whose finding was refused is refused.
    """
    if LINK not in reports.columns or not reports[LINK].is_not_null().any():
        return reports.drop(LINK, strict=False)
    linked = reports.filter(pl.col(LINK).is_not_null())
    where = ["source_file", "source_sheet"]
    stays = moved.rename({"source_row": LINK})
    linked = linked.join(stays, on=[*where, LINK], how="left", maintain_order="left", nulls_equal=True)
    places = findings.select(
        pl.col("source_file").alias("to_file"),
        pl.col("source_sheet").alias("to_sheet"),
        pl.col("source_row").alias("to_row"),
        pl.col("finding_id").alias("_id"),
        pl.col(BAD).alias("_aside"),
    )
    linked = linked.with_columns(
        pl.coalesce("to_file", "source_file").alias("to_file"),
        pl.coalesce("to_sheet", "source_sheet").alias("to_sheet"),
        pl.coalesce("to_row", LINK).alias("to_row"),
    ).join(places, on=["to_file", "to_sheet", "to_row"], how="left", maintain_order="left", nulls_equal=True)
    aside = linked.filter(pl.col("_aside"))
    problems.add_rows("refers-to-refused", "refused", aside, table="rectifications", column="finding_id")
    found = linked.filter(~pl.col("_aside")).with_columns(pl.col("_id").alias("finding_id"))
    rest = reports.filter(pl.col(LINK).is_null())
    return pl.concat([rest, found.select(rest.columns)]).drop(LINK)
