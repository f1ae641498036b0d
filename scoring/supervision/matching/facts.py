"""What the pairs say: which record was paid in which months though it should not, or what else is to be looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from schemas.tables import SOURCE
from scoring.supervision.matching.identity import with_identity
from scoring.supervision.matching.pairs import WHYS, crowded, pairs
from scoring.supervision.matching.policy import KINDS, Policy

FACTS: Final[dict[str, pl.DataType]] = {
    "record": pl.UInt32(),
    "kind": pl.Enum(KINDS),
    "why": pl.Enum(WHYS),
    "filed": pl.Boolean(),
    "event_on": pl.Date(),
    "first": pl.Int64(),
    "last": pl.Int64(),
    "other": pl.String(),
}
"""A row a record and kind: `first` and `last` month of what was paid wrongly (null where no month is wrong by itself);
`event_on` the day of death or of the end of registration; `other` what it met, for the bureau alone: the other towns'
codes, or the benefit; `filed` where a relative may be on file after all."""

_OWN: Final = ("number", "called", "born", "town", "programme", "case_ref", "amount")


@dataclass(frozen=True)
class Facts:
    """What one match found.

    Attributes
    ----------
    records
        The recipients, a row a span of months in which nothing changed, with what `with_identity` adds and `until` (the
        last month paid, not after the month that is matched).
    found
        See `FACTS`; a record at most once a kind.
    looked
        The kinds that the given lists could show.
    numbers
        By id of the list, `recipients` too, a row a line: `state` of its number, and the source columns.
    crowded
        By id of the list, how many of its lines have a number that too many of them have.
    repeated
        How many rows of the recipients said again what another said.
    """

    records: pl.DataFrame
    found: pl.DataFrame
    looked: frozenset[str]
    numbers: Mapping[str, pl.DataFrame]
    crowded: Mapping[str, int]
    repeated: int


def find(
    recipients: pl.DataFrame, lists: Mapping[str, pl.DataFrame], filed: pl.DataFrame, policy: Policy, month: int
) -> Facts:
    """Hold the recipients against the lists and each other.

    Parameters
    ----------
    recipients, lists
        As `read_registers` gives them.
    filed
        The relatives on file: person_id, name, born_on, town.
    policy
        What is wrong.
    month
        The last month that counts, as `month_number` counts.
    """
    people = with_identity(recipients)
    records, repeated = _spans(people, month)
    known = {name: with_identity(frame) for name, frame in lists.items()}
    met = {name: pairs(records, frame) for name, frame in known.items()}
    parts = [pl.DataFrame(schema=FACTS)]
    if "deaths" in met:
        later = 0 if policy.month_of_death == "wrong" else 1
        parts.append(_ended(records, known["deaths"], met["deaths"], "died_on", "after_death", later))
    if "deregistrations" in met:
        ended = _ended(records, known["deregistrations"], met["deregistrations"], "cancelled_on", "deregistered", 1)
        # Who died is struck off for that: one alert says it.
        parts.append(ended.join(parts[-1].select("record"), on="record", how="anti"))
    if "other_benefits" in met:
        parts.append(_beside(records, known["other_benefits"], met["other_benefits"], month))
    parts.extend(_owns(records, met[name], name, month) for name in ("property", "vehicles") if name in met)
    if "relatives" in met:
        parts.append(_unfiled(records, met["relatives"], with_identity(filed), month))
    parts.append(_twice(records, policy))
    looked = {"after_death": "deaths", "deregistered": "deregistrations", "other_benefit": "other_benefits"}
    given = {kind for kind in KINDS if looked.get(kind, kind) in met} | {"twice", "two_towns"}
    found = pl.concat([part.select(list(FACTS)) for part in parts])
    numbers = {name: one.select("state", *SOURCE) for name, one in {"recipients": people, **known}.items()}
    crowds = {name: count for name, one in known.items() if (count := crowded(one))}
    return Facts(records, found, frozenset(given), numbers, crowds, repeated)


def _spans(records: pl.DataFrame, month: int) -> tuple[pl.DataFrame, int]:
    """Return the records with what lies end to end, or is said again, as one; and how many were said again.

    A list by the month has a row a month of each person. A new amount of the same case ends the old one, though the
    list says no end of it.
    """
    until = pl.min_horizontal(pl.col("end").fill_null(month), pl.lit(month))
    records = records.with_columns(until=until).filter(pl.col("start") <= month)
    person = pl.coalesce(pl.col("number").cast(pl.String), pl.col("called"))
    several = records.select((pl.len().over(person) > 1) & person.is_not_null()).to_series()
    alone, many = records.filter(~several), records.filter(several)
    if many.is_empty():
        return records, 0
    case = ["number", "called", "town", "programme", "case_ref", "start"]
    starts = many.select(case).filter(pl.col("case_ref").is_not_null()).unique().sort(case, nulls_last=True)
    starts = starts.with_columns(follows=pl.col("start").shift(-1).over(case[:-1]))
    many = many.join(starts, on=case, how="left", nulls_equal=True, maintain_order="left")
    many = many.with_columns(until=pl.min_horizontal("until", pl.col("follows") - 1)).drop("follows")
    many = many.sort(*_OWN, "start", "source_file", "source_sheet", "source_row", nulls_last=True)
    before = pl.col("until").cum_max().shift(1).over(_OWN)
    apart = (pl.col("start") > before + 1).fill_null(value=True)
    repeated = int(many.select((pl.col("start") <= before).sum()).item())
    many = many.with_columns(_span=apart.cum_sum())
    first = [pl.col(name).first() for name in many.columns if name not in {"until", "_span"}]
    joined = many.group_by("_span", maintain_order=True).agg(*first, pl.col("until").max())
    return pl.concat([alone, joined.select(alone.columns)]), repeated


def _best(met: pl.DataFrame, *then: pl.Expr, descending: bool = True) -> pl.DataFrame:
    """Return for each record its strongest pair; of several the one that `then` puts first."""
    met = met.sort("record", "why", *then, "line", descending=[False, False, *([descending] * len(then)), False])
    return met.unique("record", keep="first", maintain_order=True)


def _ended(
    records: pl.DataFrame, lines: pl.DataFrame, met: pl.DataFrame, day: str, kind: str, later: int
) -> pl.DataFrame:
    """Return who was paid after a day; of two lines of a person that say another day the later one counts."""
    met = met.with_columns(event_on=lines[day].gather(met["line"]))
    met = _with(records, _best(met, pl.col("event_on")))
    ended = pl.col("event_on").dt.year().cast(pl.Int64) * 12 + pl.col("event_on").dt.month() - 1
    first = pl.max_horizontal("start", ended + later)
    return _fact(met.with_columns(first=first, last="until").filter(pl.col("first") <= pl.col("last")), kind)


def _beside(records: pl.DataFrame, lines: pl.DataFrame, met: pl.DataFrame, month: int) -> pl.DataFrame:
    """Return who had another benefit in the same months; of several benefits that of the most months counts."""
    said = [pl.Series(lines[name].gather(met["line"])).alias(f"{name}_line") for name in ("start", "end", "benefit")]
    met = _with(records, met.with_columns(said))
    first = pl.max_horizontal("start", "start_line")
    last = pl.min_horizontal("until", pl.col("end_line").fill_null(month))
    met = met.with_columns(first=first, last=last, other="benefit_line").filter(pl.col("first") <= pl.col("last"))
    return _fact(_best(met, pl.col("last") - pl.col("first")), "other_benefit")


def _owns(records: pl.DataFrame, met: pl.DataFrame, kind: str, month: int) -> pl.DataFrame:
    return _fact(_with(records, _best(met)).filter(pl.col("until") == month), kind)


def _unfiled(records: pl.DataFrame, met: pl.DataFrame, filed: pl.DataFrame, month: int) -> pl.DataFrame:
    """Return the relatives among those paid now who are not on file; who may be is marked."""
    near = _with(records, _best(met)).filter(pl.col("until") == month)
    own = near.select("record", **{name: pl.col(name) for name in ("number", "state", "called", "born", "town")})
    held = _best(pairs(own, filed)) if filed.height and own.height else pl.DataFrame(schema={"record": pl.UInt32()})
    if "why" not in held.columns:
        return _fact(near, "relatives")
    held = held.select(record=own["record"].gather(held["record"]), held=pl.col("why") == "number")
    near = near.join(held, on="record", how="left", maintain_order="left")
    return _fact(
        near.filter(~pl.col("held").fill_null(value=False)).with_columns(filed=pl.col("held").is_not_null()),
        "relatives",
    )


def _twice(records: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Return the later of two records of a person that exclude each other, with the months that both were paid."""
    groups = policy.groups()
    group = pl.col("programme").replace_strict(groups, default=None, return_dtype=pl.Int64) if groups else pl.lit(None)
    able = (
        records.with_row_index("place").with_columns(group=group.cast(pl.Int64)).filter(pl.col("group").is_not_null())
    )
    again = (pl.col("number").is_not_null() & pl.col("number").is_duplicated()) | (
        pl.col("called").is_not_null() & pl.struct("called", "born", "town").is_duplicated()
    )
    able = able.filter(again)
    met = pairs(able, able).filter(pl.col("record") != pl.col("line"))
    columns = ("group", "town", "programme", "case_ref", "start", "until")
    for side, suffix in (("record", ""), ("line", "_line")):
        met = met.with_columns(able[name].gather(met[side]).alias(f"{name}{suffix}") for name in columns)
    same_case = (pl.col("case_ref") == pl.col("case_ref_line")) & (pl.col("town") == pl.col("town_line"))
    earlier = (pl.col("start_line") < pl.col("start")) | (
        (pl.col("start_line") == pl.col("start")) & (pl.col("line") < pl.col("record"))
    )
    last = pl.min_horizontal("until", "until_line")
    met = met.with_columns(first="start", last=last).filter(
        pl.col("group") == pl.col("group_line"),
        ~same_case.fill_null(value=False),
        earlier,
        pl.col("first") <= pl.col("last"),
    )
    elsewhere = pl.col("town") != pl.col("town_line")
    found = met.group_by("record", maintain_order=True).agg(
        pl.col("why").min(),
        pl.col("first").first(),
        pl.col("last").max(),
        elsewhere.any().alias("elsewhere"),
        pl.col("town_line").filter(elsewhere).unique().sort().str.join(";").alias("other"),
    )
    found = found.with_columns(record=able["place"].gather(found["record"]))
    return pl.concat(
        [_fact(found.filter(pl.col("elsewhere") == far), kind) for far, kind in ((True, "two_towns"), (False, "twice"))]
    )


def _with(records: pl.DataFrame, met: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs with the record's own columns."""
    return met.hstack(records[met["record"]])


def _fact(met: pl.DataFrame, kind: str) -> pl.DataFrame:
    given = {name: pl.col(name) if name in met.columns else pl.lit(None) for name in FACTS}
    given |= {"kind": pl.lit(kind), "filed": given["filed"] if "filed" in met.columns else pl.lit(value=False)}
    return met.select(column.cast(FACTS[name]).alias(name) for name, column in given.items())
