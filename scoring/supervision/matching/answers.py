"""What comes back from the towns: returned workbooks into the register, and the confirmed alerts as findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import polars as pl

from schemas.tables import Column as TableColumn
from schemas.tables import catalogue, table_for
from schemas.vocabulary import Vocabulary
from scoring.intake.columns import names_of
from scoring.intake.headings import Headings
from scoring.intake.headrow import find_head
from scoring.intake.limits import Limits
from scoring.intake.problems import Problems
from scoring.intake.reader import Placed, Reader
from scoring.intake.rows import notice, refuse
from scoring.intake.sandbox import Unread, read_files
from scoring.intake.sheet import BAD
from scoring.messages import say
from scoring.reports.book import Book, Cell, Column, Kind
from scoring.scratch import scratch
from scoring.supervision.matching.alerts import ALERTS, CONFIRMED
from scoring.supervision.matching.policy import PAID, Policy
from scoring.supervision.matching.registers import month_number, month_text

_ENDINGS: Final = {".xlsx": "xlsx", ".csv": "csv"}
_FINDING: Final = (
    "finding_id", "town", "village", "found_on", "indicator", "severity", "channel", "programme", "problem_type",
    "cases", "persons", "amount", "recoverable", "description", "case_ref",
)  # fmt: skip
_KINDS: Final[Mapping[str, Kind]] = {"date": "date", "count": "count", "amount": "points"}


@dataclass(frozen=True)
class Answers:
    """The returned workbooks, read.

    Attributes
    ----------
    rows
        A row an answered alert: alert_id, verdict, stopped (month number), recovered (fen), answer (its file). What a
        town explains stays in that file: it may name persons.
    problems
        With the place of every refused cell.
    """

    rows: pl.DataFrame
    problems: Problems

    @property
    def refused(self) -> bool:
        """Whether anything was refused."""
        return bool((self.problems.raw()["kind"] == "refused").any())


def read_answers(files: Sequence[Path], alerts: pl.DataFrame) -> Answers:
    """Read returned workbooks; a row without a result is not answered yet.

    Parameters
    ----------
    files
        Workbooks as they were sent out, filled in; sheets and rows in any order.
    alerts
        The register that they answer.
    """
    problems = Problems()
    table = table_for("alerts", Vocabulary(), "registers")
    reader = Reader({"alerts": table}, names_of(Vocabulary(), {}), problems)
    known = frozenset(Headings([table]).columns)
    plain = [(path, _ENDINGS[path.suffix.lower()]) for path in files if path.suffix.lower() in _ENDINGS]
    for path in files:
        if path.suffix.lower() not in _ENDINGS:
            problems.add("file-kind", "refused", file=path.name)
    with scratch() as texts:
        sheets = read_files(plain, known, texts, Limits())
    for sheet in sheets:
        if isinstance(sheet, Unread):
            problems.add(sheet.code, "refused", file=sheet.file)
        elif not sheet.hidden:
            headed = find_head(sheet, Headings([table])) is not None
            reader.lay_out(Placed(sheet, "alerts", "", named=headed, alone=len(sheets) == 1))
    rows = reader.values("alerts")
    filled = pl.any_horizontal(pl.col(name).is_not_null() for name in ("stopped", "recovered", "note"))
    notice(rows, filled & pl.col("verdict").is_null(), "matching-no-verdict", "alerts.verdict", problems)
    unknown = ~pl.col("alert_id").is_in(alerts["alert_id"].to_list())
    rows = refuse(rows, unknown, "matching-unknown-alert", "alerts.alert_id", problems)
    rows = _of_this_sheet(rows, alerts, problems).filter(pl.col("verdict").is_not_null())
    said = pl.struct("verdict", "stopped", "recovered")
    differ = said.n_unique().over("alert_id") > 1
    rows = refuse(rows, differ, "matching-two-answers", "alerts.alert_id", problems)
    rows = rows.filter(~pl.col(BAD)).unique("alert_id", keep="first", maintain_order=True)
    rows = rows.select(
        "alert_id",
        "verdict",
        stopped=month_number("stopped"),
        recovered=(pl.col("recovered") * 100).cast(pl.Int64),
        answer="source_file",
    )
    return Answers(rows, problems)


def _of_this_sheet(rows: pl.DataFrame, alerts: pl.DataFrame, problems: Problems) -> pl.DataFrame:
    """Refuse answers beside another person's code, and those in a sheet of which most rows are another town's."""
    own = alerts.select("alert_id", pl.col("town", "token").name.prefix("_"))
    rows = rows.join(own, on="alert_id", how="left", maintain_order="left")
    given = ~pl.col(BAD) & pl.col("verdict").is_not_null()
    other = given & (pl.col("token") != pl.col("_token"))
    rows = refuse(rows, other, "matching-other-row", "alerts.token", problems)
    sheet = ("source_file", "source_sheet")
    known = pl.col("_town").is_not_null()
    few = 2 * pl.len().over(*sheet, "_town") <= known.sum().over(*sheet)
    return refuse(rows, given & known & few, "matching-other-town", "alerts.alert_id", problems).drop("_town", "_token")


def answered(alerts: pl.DataFrame, rows: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return the register with the answers in it, and how many are new, changed and the same as before."""
    given = ("verdict", "stopped", "recovered")
    joined = alerts.join(rows, on="alert_id", how="left", suffix="_new", maintain_order="left")
    came = pl.col("verdict_new").is_not_null()
    verdict = pl.col("verdict_new").cast(ALERTS["verdict"])
    before = pl.col("status") == "answered"
    same = pl.all_horizontal(
        pl.col("verdict").eq_missing(verdict), *(pl.col(name).eq_missing(pl.col(f"{name}_new")) for name in given[1:])
    )
    counts = joined.select(
        new=(came & ~before).sum(), changed=(came & before & ~same).sum(), same=(came & before & same).sum()
    ).row(0, named=True)
    fresh = came & ~(before & same)
    joined = joined.with_columns(verdict_new=verdict).with_columns(
        pl.when(fresh).then(f"{name}_new").otherwise(name).alias(name) for name in (*given, "answer")
    )
    status = pl.when(came).then(pl.lit("answered")).otherwise("status").cast(ALERTS["status"])
    return joined.with_columns(status=status).select(list(ALERTS)), counts


def findings_book(
    alerts: pl.DataFrame,
    towns: Mapping[str, str],
    policy: Policy,
    labels: Mapping[str, str],
    lang: str,
    held: pl.DataFrame,
) -> bytes | None:
    """Return the confirmed alerts as a workbook of findings; nothing where none is confirmed.

    Parameters
    ----------
    alerts
        The register.
    towns
        Code to name.
    labels
        What the schemes call an indicator, by id.
    held
        The findings that the workbook holds now, as the intake reads them: columns that nobody makes here (handed over
        on, deadline, signed for …) are kept.
    """
    confirmed = alerts.filter(pl.col("verdict").is_in(CONFIRMED)).sort("found_on", "town", "alert_id")
    if confirmed.is_empty():
        return None
    table = catalogue().tables["findings"]
    kinds: dict[str, Kind] = {"found_on": "date", "cases": "count", "persons": "count", "amount": "points"}
    kinds |= {"recoverable": "points", "description": "long"}
    held = held.filter(pl.col("finding_id").is_in(confirmed["alert_id"].to_list()))
    names = [*_FINDING, *added(held)]
    columns = [table.columns[name] for name in names]
    kinds |= {one.id: _KINDS[one.type] for one in columns[len(_FINDING) :] if one.type in _KINDS}
    heads = [Column(one.zh if lang == "zh" else one.id, one.width, kinds.get(one.id, "text")) for one in columns]
    noted = {row["finding_id"]: row for row in held.iter_rows(named=True)}
    findings = [_finding(alert, towns, policy, labels, lang) for alert in confirmed.iter_rows(named=True)]
    rows = [
        [
            *(finding[name] for name in _FINDING),
            *(_noted(one, noted.get(str(finding["finding_id"]), {}).get(one.id)) for one in columns[len(_FINDING) :]),
        ]
        for finding in findings
    ]
    title = table.zh if lang == "zh" else table.id
    made: date = confirmed["found_on"].max()  # type: ignore[assignment]
    with scratch() as folder:
        path = folder / "findings.xlsx"
        line = say("matching-internal", lang)
        with Book(path, title=title, run_line=line, made=made, decimals=2, lang=lang) as book:
            book.table(title, heads, rows, fixed=2)
        return path.read_bytes()


def added(held: pl.DataFrame) -> list[str]:
    """Return the columns of the findings that somebody filled in beside those that are made here."""
    others = [name for name in catalogue().tables["findings"].columns if name not in _FINDING and name in held.columns]
    return [name for name in others if any(value not in (None, []) for value in held[name].to_list())]


def _noted(column: TableColumn, value: Any) -> Cell:
    """Return a cell as the officer may have written it."""
    if isinstance(value, list):
        return ";".join(value) or None
    if isinstance(value, Decimal):
        return float(value)
    return column.choices[value][0] if column.choices and value in column.choices else value


def _finding(
    alert: Mapping[str, Any], towns: Mapping[str, str], policy: Policy, labels: Mapping[str, str], lang: str
) -> dict[str, Cell]:
    """Return a confirmed alert as a finding, by the columns of the findings."""
    said = policy.finding(alert["kind"])
    paid = alert["amount"] is not None and alert["kind"] in PAID
    amount = alert["amount"] / 100 if paid else None
    return {
        **{name: alert[name] for name in ("village", "found_on", "programme", "case_ref")},
        **{name: getattr(said, name) for name in ("severity", "channel", "problem_type")},
        "indicator": labels.get(said.indicator, said.indicator),
        "finding_id": alert["alert_id"],
        "town": towns.get(alert["town"], alert["town"]),
        "cases": 1,
        "persons": 1,
        "amount": amount,
        "recoverable": amount,
        "description": _described(alert, lang),
    }


def _described(alert: Mapping[str, Any], lang: str) -> str:
    """Say what was found, without anything that points at a person."""
    kind = say(f"matching-kind-{alert['kind'].replace('_', '-')}", lang)
    if alert["months"] is None:
        return say("matching-described", lang, kind=kind)
    first, last = month_text(alert["first"]), month_text(alert["last"])
    return say("matching-described-months", lang, kind=kind, months=alert["months"], first=first, last=last)
