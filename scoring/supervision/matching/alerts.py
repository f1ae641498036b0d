"""Alerts and their life: found, sent to the town, answered; the register that keeps them holds masks and codes alone.

An alert is of one person, kind, town, programme and case, and keeps its number however often is matched. While nobody
has answered it, its months grow with those paid. Once it is answered it stays as it was; months paid after its last one
are a new alert, with a number behind. What a town found untrue is not raised again.
"""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from typing import Final

import polars as pl

from scoring.outfolder import write_whole
from scoring.redaction.masking import hide, mask_column
from scoring.redaction.names import surname_length
from scoring.supervision.matching.facts import Facts
from scoring.supervision.matching.identity import whole
from scoring.supervision.matching.pairs import WHYS
from scoring.supervision.matching.policy import KINDS, PAID
from scoring.supervision.matching.secret import Secret, WrongKey

REGISTER: Final = "alerts.parquet"
STATUSES: Final = ("sent", "answered", "lapsed")
VERDICTS: Final = ("confirmed", "stopped", "untrue", "other_person")
CONFIRMED: Final = ("confirmed", "stopped")

ALERTS: Final[dict[str, pl.DataType]] = {
    "alert_id": pl.String(),
    "base": pl.String(),
    "round": pl.Int64(),
    "kind": pl.Enum(KINDS),
    "town": pl.String(),
    "token": pl.String(),
    "person": pl.String(),
    "surname": pl.String(),
    "case_ref": pl.String(),
    "village": pl.String(),
    "programme": pl.String(),
    "sure": pl.Boolean(),
    "why": pl.Enum(WHYS),
    "filed": pl.Boolean(),
    "event_on": pl.Date(),
    "first": pl.Int64(),
    "last": pl.Int64(),
    "months": pl.Int64(),
    "amount": pl.Int64(),
    "found_on": pl.Date(),
    "month": pl.Int64(),
    "status": pl.Enum(STATUSES),
    "verdict": pl.Enum(VERDICTS),
    "stopped": pl.Int64(),
    "recovered": pl.Int64(),
    "answer": pl.String(),
    "key_mark": pl.String(),
}
"""A row an alert. base: its number without the round. person: the masked number. surname: with a mask for the rest.
first, last, month, stopped: months as numbers; amount, recovered: fen. answer: the file in which it came back.
key_mark: which key."""

PLACES: Final = {
    "source_file": pl.String(),
    "source_sheet": pl.String(),
    "source_row": pl.Int64(),
    "other": pl.String(),
}
_GROUP: Final = ("kind", "person_key", "town", "programme", "case_ref")


def read_alerts(folder: Path, secret: Secret) -> pl.DataFrame:
    """Return the register; empty where there is none yet.

    Raises
    ------
    WrongKey
        It was made with another key: the same persons would get other codes.
    """
    path = folder / REGISTER
    if not path.is_file():
        return pl.DataFrame(schema=ALERTS)
    held = pl.read_parquet(path).select(list(ALERTS))
    if not held["key_mark"].is_in([secret.mark]).all():
        raise WrongKey("matching-other-key", folder)
    return held


def write_alerts(folder: Path, alerts: pl.DataFrame) -> None:
    """Write the register whole.

    Raises
    ------
    OSError
        It cannot be written.
    """
    kept = io.BytesIO()
    alerts.select(list(ALERTS)).sort("alert_id").write_parquet(kept, compression="zstd", statistics=False)
    write_whole(folder / REGISTER, kept.getvalue())


def raised(facts: Facts, held: pl.DataFrame, secret: Secret, month: int, on: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the register after a match, and where the alerts that are open now come from.

    Parameters
    ----------
    facts
        What was found.
    held
        The register before.
    month, on
        The month that is matched, and the day that a new alert is of.

    Returns
    -------
    tuple
        The register, and `alert_id` with `PLACES` of its first record: for the bureau alone.
    """
    rows = _named(facts, secret)
    answered = held.filter(pl.col("status") == "answered")
    done = answered.group_by("base").agg(
        done=pl.col("last").max(), rounds=pl.len().cast(pl.Int64),
        never=~pl.col("verdict").is_in(CONFIRMED).all(),
    )  # fmt: skip
    rows = rows.join(done, on="base", how="left").with_columns(round=pl.col("rounds").fill_null(0))
    paid = pl.col("kind").cast(pl.String).is_in(PAID)
    rows = rows.filter(~pl.col("never").fill_null(value=False), (pl.col("round") == 0) | paid)
    rows = rows.with_columns(first=pl.max_horizontal("first", pl.col("done") + 1)).filter(
        ~paid | (pl.col("first") <= pl.col("last"))
    )
    fresh = _summed(rows).with_columns(
        alert_id=pl.when(pl.col("round") == 0)
        .then("base")
        .otherwise(pl.col("base") + "-" + (pl.col("round") + 1).cast(pl.String)),
        month=pl.lit(month), found_on=pl.lit(on), status=pl.lit("sent"), key_mark=pl.lit(secret.mark),
        verdict=None, stopped=None, recovered=None, answer=None,
    )  # fmt: skip
    first = held.select("alert_id", first_found="found_on")
    fresh = fresh.join(first, on="alert_id", how="left").with_columns(found_on=pl.coalesce("first_found", "found_on"))
    places = fresh.select("alert_id", *PLACES)
    fresh = fresh.select(pl.col(name).cast(dtype) for name, dtype in ALERTS.items())
    rest = held.join(fresh, on="alert_id", how="anti")
    # Of a kind that was not looked for nothing is known anew.
    gone = (pl.col("status") == "sent") & pl.col("kind").cast(pl.String).is_in(facts.looked)
    rest = rest.with_columns(status=pl.when(gone).then(pl.lit("lapsed")).otherwise("status").cast(ALERTS["status"]))
    return pl.concat([rest, fresh]).sort("alert_id"), places


def _named(facts: Facts, secret: Secret) -> pl.DataFrame:
    """Return the facts with who, where and what; what is of a person is a code or a mask."""
    found, records = facts.found, facts.records
    columns = ("number", "called", "name", "born", "town", "village", "programme", "case_ref", "amount", "person_id")
    source = ("source_file", "source_sheet", "source_row")
    rows = found.hstack(records.select(*columns, *source)[found["record"]])
    by_name = pl.concat_str("called", pl.col("born").cast(pl.String), "town", separator="|", ignore_nulls=True)
    rows = rows.with_columns(person_key=pl.coalesce(pl.col("number").cast(pl.String), by_name))
    people = rows.select("person_key", "number", "name", "person_id").unique("person_key", maintain_order=True)
    people = people.select(
        "person_key",
        token=pl.Series([secret.code("person", key) for key in people["person_key"]], dtype=pl.String),
        person=pl.Series(list(map(_masked, people["number"], people["person_id"])), dtype=pl.String),
        surname=pl.Series(list(map(_surname, people["name"])), dtype=pl.String),
    )
    rows = rows.join(people, on="person_key", how="left", maintain_order="left")
    bases = rows.select(list(_GROUP)).unique(maintain_order=True)
    numbers = [secret.code("alert", *(part or "" for part in parts)) for parts in bases.iter_rows()]
    bases = bases.with_columns(base=pl.Series([f"BD-{number}" for number in numbers], dtype=pl.String))
    rows = rows.join(bases, on=_GROUP, how="left", nulls_equal=True, maintain_order="left")
    # A certificate that bears its holder's number would carry it out, and so would a careless cell.
    shown = rows.with_columns(mask_column(name) for name in ("case_ref", "village"))
    return shown.with_columns(case_ref=pl.when(pl.col("case_ref") == rows["case_ref"]).then("case_ref"))


def _summed(rows: pl.DataFrame) -> pl.DataFrame:
    """Return a row an alert: the records of one case together; two payments of one month are one month."""
    length = pl.col("last") - pl.col("first") + 1
    rows = rows.with_columns(
        amount=pl.when(length.is_not_null()).then(pl.col("amount") * length),
        months=pl.int_ranges("first", pl.col("last") + 1),
    )
    # A sum of which a part is not known is not known.
    whole_sum = pl.when(pl.col("amount").is_null().any()).then(None).otherwise(pl.col("amount").sum())
    first = ("kind", "town", "token", "person", "surname", "case_ref", "village", "programme", *PLACES)
    return rows.group_by("base", "round", maintain_order=True).agg(
        *(pl.col(name).first() for name in first),
        pl.col("why").min(),
        pl.col("filed").any(),
        pl.col("event_on").max(),
        pl.col("first").min(),
        pl.col("last").max(),
        pl.when(pl.col("first").is_not_null().all()).then(pl.col("months").explode().n_unique()).alias("months"),
        whole_sum.alias("amount"),
        sure=(pl.col("why").min() == "number") & ~pl.col("filed").any(),
    )


def _masked(number: int | None, written: str | None) -> str | None:
    """Return a number with its first three and last two characters seen; of one that cannot be right none."""
    if number is None:
        return None if written is None else "*" * 18
    return hide(whole(number))


def _surname(name: str | None) -> str | None:
    return None if not name else name[: surname_length(name)] + "*" * 2
