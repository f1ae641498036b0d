"""What a longer period is made of, a row a town and published period; and what the other way of making it comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from schemas.scheme import Scheme
from scoring.exact import fixed
from scoring.ledger import Scored
from scoring.shapes import ROLLED, pair

if TYPE_CHECKING:
    from scoring.ledger.rollup import RollUp

OTHER: Final = {"published": "rescored", "rescored": "published"}


def rolled_frame(ledger: Scored, scheme: Scheme, beside: pl.DataFrame | None) -> pl.DataFrame:
    """Return a row a town × published period with its weight, score, place and grade.

    Parameters
    ----------
    beside
        The scores of the other way, published periods or scored again: a row each under that name, without a weight.
    """
    rows: list[dict[str, Any]] = []
    for town, shares in (ledger.rolled.shares if ledger.rolled else {}).items():
        for share in shares:
            frozen = share.frozen
            own = frozen.scores.filter(pl.col("town_code") == town).to_dicts() if share.towns == (town,) else []
            places = own[0] if own else {"rank": None, "grade": None, "gates": None}
            grades = frozen.scheme.grades.grades if frozen.scheme.grades else ()
            grade = next((grade for grade in grades if grade.id == places["grade"]), None)
            rows.append(
                {
                    "town_code": town,
                    "period": frozen.period.id,
                    "edition": frozen.edition,
                    **pair("weight", share.weight),
                    **pair("score", share.score),
                    "score": fixed(share.score, scheme.decimals),
                    "rank": places["rank"],
                    "grade": grade.label if grade else None,
                    "grade_en": grade.label_en if grade else None,
                    "towns": list(share.towns),
                    "gated": bool(places["gates"]),
                }
            )
    made = pl.DataFrame(rows, schema=ROLLED)
    if beside is None or scheme.roll_up is None:
        return made
    other = beside.drop_nulls("score").select(
        "town_code", "score_num", "score_den", "score", "rank", "grade", period=pl.lit(OTHER[scheme.roll_up.by])
    )
    return pl.concat([made, other], how="diagonal")


def rolled_head(rolled: RollUp | None, scheme: Scheme) -> dict[str, Any] | None:
    """Return what the head says of the published periods; None where there are none."""
    if rolled is None or scheme.roll_up is None:
        return None
    year_end = scheme.roll_up.year_end
    return {
        "periods": [
            {
                "id": frozen.period.id,
                "edition": frozen.edition,
                "code": frozen.code,
                "weight": str(weight),
                "scheme": frozen.scheme.id,
                "full": str(frozen.scheme.full),
                "rule_change": place > 0 and frozen.scheme.rules() != rolled.periods[place - 1][0].scheme.rules(),
            }
            for place, (frozen, weight) in enumerate(rolled.periods)
        ],
        "missing": list(rolled.missing),
        "year_end": None
        if rolled.pure or year_end is None
        else {"label": year_end.label, "label_en": year_end.label_en, "weight": str(rolled.year_end)},
    }
