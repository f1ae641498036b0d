"""Duplicates (step 3): two findings of one matter, seen from two sides, count once. semantics.md, "Matters".

Pairing is greedy and one for one, so it cannot be a vectorised expression; only findings that have a possible
partner enter the loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Final, NamedTuple

import polars as pl

from schemas.scheme.policy import Duplicates
from scoring.columns import alike
from scoring.conditions import holds

_NOT_CONTENT: Final = ("place", "finding_id", "appeal_id", "letter_id", "source_file", "source_sheet", "source_row")
_PAIRS: Final = {"place": pl.UInt32, "keeper": pl.UInt32, "frozen_in": pl.String, "already": pl.Int64}


class _Row(NamedTuple):
    """What a finding chooses by. `opens` is the first day that its period is known by in its group."""

    place: int
    side: bool
    found_on: date
    belongs_on: date
    zero_out: bool
    dearness: int
    part: str | None
    bucket: str
    opens: date
    frozen_in: str | None


class _Pair(NamedTuple):
    """A finding that another keeps."""

    place: int
    keeper: int
    frozen_in: str | None
    already: int | None


class Said(NamedTuple):
    """All that is said of findings: it breaks full ties, ids never do."""

    findings: pl.DataFrame
    """Every column of every finding."""
    elsewhere: Callable[[pl.Series], Sequence[pl.DataFrame]]
    """Ids of findings → what other tables say of these (reports, appeals, letters), with `finding_id`."""


def pair(
    findings: pl.DataFrame, said: Said, policy: Duplicates | None, frozen: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Pair findings into matters.

    Parameters
    ----------
    findings
        Priced findings with `place` (the row in `said.findings`), `price_units`, `quantity`, `zero_out`, `bucket` (the
        period that a finding belongs to), `belongs_on` (the day that says so) and `part`.
    frozen
        `finding_id`, `frozen_in` (the period): the findings of published periods, with which later ones pair too.

    Returns
    -------
    Of each finding that another keeps: `place`, `keeper` (the other's place), and where the keeper is a frozen finding
    of an earlier period `frozen_in` (that period) and `already` (units: what the keeper costs).
    """
    if policy is None or findings.is_empty():
        return pl.DataFrame(schema=_PAIRS)
    return _chosen(findings, said, policy, frozen)


def _chosen(findings: pl.DataFrame, said: Said, policy: Duplicates, frozen: pl.DataFrame | None) -> pl.DataFrame:
    """Return the findings that another keeps, with what `pair` says of them."""
    side = (
        pl.when(holds(policy.sides[0], findings.schema))
        .then(pl.lit(value=True))
        .when(holds(policy.sides[1], findings.schema))
        .then(pl.lit(value=False))
    )
    group = ["town", *policy.key] + (["indicator"] if policy.within == "indicator" else [])
    if frozen is None or frozen.is_empty():
        frozen = pl.DataFrame(schema={"finding_id": pl.String, "frozen_in": pl.String})
        group += ["part", "bucket"]
    group = list(dict.fromkeys(group))
    exempt = pl.any_horizontal(pl.lit(False), *[holds(conditions, findings.schema) for conditions in policy.exempt])
    # Of a large ledger hardly a row has a possible partner.
    possible = (
        findings.filter(alike(findings.select(group)))
        .with_columns(side=side)
        .filter(pl.col("side").is_not_null() & ~exempt & pl.all_horizontal(pl.col(policy.key).is_not_null()))
        .sort(*group, "found_on")
        .with_columns(group=pl.struct(group).rle_id())
    )
    # The nearest two of different sides stand next to each other.
    # Across two groups that may seem so too, which does no harm.
    near = (pl.col("side") != pl.col("side").shift()) & (pl.col("found_on").diff().dt.total_days() <= policy.days)
    near_by = possible.filter(near)["group"]
    with_near = pl.repeat(value=False, n=findings.height, dtype=pl.Boolean, eager=True).scatter(near_by, True)
    possible = possible.filter(with_near.gather(possible["group"]))
    if possible.is_empty():
        return pl.DataFrame(schema=_PAIRS)
    # By the group's own findings, so that nothing hangs on another town's.
    possible = possible.with_columns(opens=pl.col("belongs_on").min().over("group", "bucket"))
    if frozen.is_empty():
        possible = possible.with_columns(frozen_in=pl.lit(None, dtype=pl.String))
    else:
        possible = possible.join(frozen, on="finding_id", how="left", maintain_order="left")
    ordered = _ordered(possible, said, policy)
    if not frozen.is_empty():
        return _by_turns(ordered, policy)
    # Most groups are of two, of which there is no choice.
    of = pl.col("group")
    first = (of == of.shift(-1)) & of.ne_missing(of.shift()) & of.ne_missing(of.shift(-2))
    more = ordered.filter(~first & ~first.shift(fill_value=False))
    apart = (pl.col("found_on") - pl.col("found_on").shift(-1)).dt.total_days().abs()
    fits = (pl.col("side") != pl.col("side").shift(-1)) & (apart <= policy.days) & ~pl.col("zero_out").shift(-1)
    two = ordered.select(place=pl.col("place").shift(-1), keeper="place", fits=first & fits).filter("fits")
    return pl.concat([two.drop("fits"), _by_turns(more, policy)], how="diagonal").select(list(_PAIRS))


def _by_turns(ordered: pl.DataFrame, policy: Duplicates) -> pl.DataFrame:
    """Let the findings of each group choose, one after the other."""
    rows = zip(ordered["group"], ordered.select(_Row._fields).iter_rows(), strict=True)
    chosen = [
        found
        for _, members in groupby(rows, key=itemgetter(0))
        for found in _choose([_Row(*row) for _, row in members], policy)
    ]
    return pl.DataFrame(chosen, schema=_PAIRS, orient="row")


def _ordered(possible: pl.DataFrame, said: Said, policy: Duplicates) -> pl.DataFrame:
    """Put the findings of each group in the order in which they choose."""
    place = {word: number for number, word in enumerate(policy.order)}
    possible = possible.with_columns(
        dearness=pl.col("price_units") * pl.col("quantity"),
        channel_order=pl.col(policy.order_by).replace_strict(place, default=len(place), return_dtype=pl.Int64),
    )
    first = ["zero_out", "dearness", "channel_order", "found_on"]
    tied = possible.filter(pl.struct("group", *first).is_duplicated())
    return possible.join(_contents(tied, said), on="place", how="left").sort(
        "group", *first, "content", "finding_id", descending=[False, True, True, False, False, False, False]
    )


def _choose(rows: Sequence[_Row], policy: Duplicates) -> list[_Pair]:
    """Pair the findings of one group: period after period, each with what is free of the frozen ones before it."""
    free = set(range(len(rows)))
    chosen: list[_Pair] = []
    for opens, bucket in sorted({(row.opens, row.bucket) for row in rows}):
        own = {number for number in free if rows[number].bucket == bucket}
        # What lies in no period at all is nothing that others could follow.
        before = {n for n in free if rows[n].frozen_in is not None and rows[n].belongs_on < opens} if bucket else set()
        for number in sorted(own | before):
            if number not in free:
                continue
            partners = [
                (abs((rows[other].found_on - rows[number].found_on).days), other)
                for other in (own | before if number in own else own) & free
                if rows[other].side != rows[number].side
                and not rows[other].zero_out
                # Of one period both lie in one part too; the frozen one's part was its own period's matter.
                and (other in before or number in before or rows[other].part == rows[number].part)
            ]
            near = [partner for partner in partners if partner[0] <= policy.days]
            if not near:
                continue
            # Equally near: the dearer one, which stands earlier in this order.
            other = min(near)[1]
            keeper, kept = (rows[other], rows[number]) if other in before else (rows[number], rows[other])
            across = keeper.bucket != bucket
            # A frozen zero-out is dearer than any: nothing exceeds it.
            already = max(keeper.dearness, kept.dearness) if keeper.zero_out else keeper.dearness
            chosen.append(
                _Pair(
                    kept.place,
                    keeper.place,
                    keeper.frozen_in if across else None,
                    already if across else None,
                )
            )
            free -= {number, other}
    return chosen


def _contents(tied: pl.DataFrame, said: Said) -> pl.DataFrame:
    """Write what each row and the other tables say of a finding as one text; ids and places in files say nothing."""

    def facts(frame: pl.DataFrame) -> list[str]:
        # By name: the order of columns says nothing either.
        return sorted(c for c in frame.columns if c not in _NOT_CONTENT and not c.startswith("price_"))

    own = said.findings[tied["place"]].with_columns(tied.select("bucket", "part", "side", "opens", "frozen_in"))
    texts = (
        pl.concat(
            frame.select("finding_id", said=pl.struct(facts(frame)).struct.json_encode())
            for frame in said.elsewhere(tied["finding_id"])
        )
        .sort("finding_id", "said")
        .group_by("finding_id", maintain_order=True)
        .agg(said=pl.col("said").str.join("\n"))
    )
    return (
        own.select("place", "finding_id", own=pl.struct(facts(own)).struct.json_encode())
        .join(texts, on="finding_id", how="left")
        .select("place", content=pl.concat_str("own", pl.col("said").fill_null(""), separator="\n"))
    )
