"""Duplicates (step 3): two findings of one matter, seen from two sides, count once. semantics.md, "Matters".

Pairing is greedy and one for one, so it cannot be a vectorised expression; only findings that have a possible
partner enter the loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from schemas.scheme.policy import Duplicates
from scoring.conditions import holds

_NOT_CONTENT: Final = ("finding_id", "appeal_id", "letter_id", "source_file", "source_sheet", "source_row")


def pair(findings: pl.DataFrame, about: Sequence[pl.DataFrame], policy: Duplicates | None) -> pl.DataFrame:
    """Pair findings into matters.

    Parameters
    ----------
    findings
        Priced findings with `price_units`, `quantity`, `zero_out`, `bucket` (the period that a finding belongs to)
        and `part`.
    about
        What other tables say of findings (reports, appeals, letters), with `finding_id`: it breaks full ties, ids never
        do.

    Returns
    -------
    `finding_id`, `matter` (the keeper's id, the finding's own where it pairs with nothing).
    """
    alone = findings.select("finding_id", matter="finding_id")
    if policy is None or findings.is_empty():
        return alone
    side = (
        pl.when(holds(policy.sides[0], findings.schema))
        .then(pl.lit(value=True))
        .when(holds(policy.sides[1], findings.schema))
        .then(pl.lit(value=False))
    )
    group = ["town", "part", "bucket", *policy.key] + (["indicator"] if policy.within == "indicator" else [])
    group = list(dict.fromkeys(group))
    exempt = pl.any_horizontal(pl.lit(False), *[holds(conditions, findings.schema) for conditions in policy.exempt])
    # Looked for in the few columns that say it: of a large ledger hardly a row has a possible partner.
    places = (
        findings.select(*group, side=side, fits=~exempt & pl.all_horizontal(pl.col(policy.key).is_not_null()))
        .with_row_index("place")
        .filter(pl.col("side").is_not_null() & pl.col("fits"))
        .filter(pl.col("side").min().over(group) != pl.col("side").max().over(group))
    )
    if places.is_empty():
        return alone
    possible = findings[places["place"]].with_columns(places["side"])
    partners = _choose(possible, about, policy, group)
    keepers = pl.DataFrame(
        {"finding_id": list(partners), "keeper": list(partners.values())},
        schema={"finding_id": pl.String, "keeper": pl.String},
    )
    return alone.join(keepers, on="finding_id", how="left", maintain_order="left").select(
        "finding_id", matter=pl.coalesce("keeper", "matter")
    )


def _choose(
    possible: pl.DataFrame, about: Sequence[pl.DataFrame], policy: Duplicates, group: Sequence[str]
) -> dict[str, str]:
    """Return finding set aside → finding that keeps."""
    place = {word: number for number, word in enumerate(policy.order)}
    content = _contents(possible, about)
    ordered = (
        possible.with_columns(
            dearness=pl.col("price_units") * pl.col("quantity"),
            channel_order=pl.col(policy.order_by).replace_strict(place, default=len(place), return_dtype=pl.Int64),
        )
        .join(content, on="finding_id", how="left")
        .sort(
            *group,
            "zero_out",
            "dearness",
            "channel_order",
            "found_on",
            "content",
            "finding_id",
            descending=[False] * len(group) + [True, True, False, False, False, False],
        )
    )
    partners: dict[str, str] = {}
    for _, members in ordered.group_by(group, maintain_order=True):
        rows = members.select("finding_id", "side", "found_on", "zero_out").rows()
        free = set(range(len(rows)))
        for number, (finding, side, day, _) in enumerate(rows):
            if number not in free:
                continue
            near = [
                (abs((rows[other][2] - day).days), other)
                for other in free
                if other != number and rows[other][1] != side and not rows[other][3]
            ]
            near = [candidate for candidate in near if candidate[0] <= policy.days]
            if near:
                # Equally near: the dearer one, which stands earlier in this order.
                chosen = min(near)[1]
                partners[rows[chosen][0]] = finding
                free -= {number, chosen}
    return partners


def _contents(possible: pl.DataFrame, about: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Write what each row and the other tables say of a finding as one text; ids and places in files say nothing."""

    def facts(frame: pl.DataFrame) -> list[str]:
        # By name: the order of columns says nothing either.
        return sorted(c for c in frame.columns if c not in _NOT_CONTENT and not c.startswith("price_"))

    texts = (
        pl.concat(
            frame.join(possible.select("finding_id"), on="finding_id", how="semi").select(
                "finding_id", said=pl.struct(facts(frame)).struct.json_encode()
            )
            for frame in about
        )
        .sort("finding_id", "said")
        .group_by("finding_id", maintain_order=True)
        .agg(said=pl.col("said").str.join("\n"))
    )
    return (
        possible.select("finding_id", own=pl.struct(facts(possible)).struct.json_encode())
        .join(texts, on="finding_id", how="left")
        .select("finding_id", content=pl.concat_str("own", pl.col("said").fill_null(""), separator="\n"))
    )
