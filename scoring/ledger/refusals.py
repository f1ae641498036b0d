"""Towns that cannot be scored: why, all of them together."""

from __future__ import annotations

from collections.abc import Container, Mapping

import polars as pl

from schemas.scheme import Scheme
from scoring.exact import LARGEST
from scoring.ledger.ending import TownScore
from scoring.ledger.facts import Facts
from scoring.ledger.indicators import ZERO
from scoring.problems import Problem, Refused, problem


def refuse_inapplicable(priced: pl.DataFrame, facts: Facts, scheme: Scheme, rows: pl.DataFrame | None = None) -> None:
    """Refuse findings on an indicator that does not apply to their town (`finding-inapplicable`).

    Parameters
    ----------
    priced
        What `charge` says of findings.
    rows
        The findings themselves, by `place`, where `priced` says no more of them.
    """
    conditions = {i.id: i.applies_when for _, i in scheme.indicators() if i.applies_when is not None}
    doubtful = priced.filter((pl.col("disposition") == "priced") & pl.col("indicator").is_in(list(conditions)))
    if rows is not None:
        doubtful = doubtful.with_columns(rows[doubtful["place"]].select(pl.exclude(doubtful.columns)))
    problems = [
        problem("finding-inapplicable", row, finding=row["finding_id"], town=row["town"], indicator=row["indicator"])
        for row in doubtful.iter_rows(named=True)
        if not facts.applies(row["town"], row["part"], row["indicator"], conditions[row["indicator"]])
    ]
    if problems:
        raise Refused(problems)


def refuse_unfit(scores: Mapping[str, TownScore], fit: Container[str]) -> None:
    """Refuse the towns that cannot be scored, all together; those in `fit` are known to be."""
    problems: list[Problem] = []
    fine_enough: set[int] = set()
    for town in scores:
        if town not in fit:
            try:
                refuse_too_fine(town, scores[town], fine_enough)
            except Refused as refused:
                problems.extend(refused.problems)
    if problems:
        raise Refused(problems)


def refuse_too_fine(town: str, score: TownScore, seen: set[int]) -> None:
    """Refuse a town whose exact numbers no column of 64 bits holds (`number-too-fine`).

    Parameters
    ----------
    seen
        Results and rows of other towns that are fit, by identity; added to here.
    """
    amounts = [score.statement.value, *score.dimensions.values()]
    results = [result for result in score.indicators.values() if id(result) not in seen]
    for result in results:
        amounts += [result.earned, result.value or ZERO, result.target or ZERO, result.factor]
    sizes = [size for amount in amounts for size in (abs(amount.numerator), amount.denominator)]
    rows = [row for row in score.statement.rows if id(row) not in seen]
    for row in rows:
        sizes += [abs(row["points_num"]), row["points_den"]]
    if max(sizes) > LARGEST:
        raise Refused([problem("number-too-fine", None, town=town)])
    seen.update(map(id, results), map(id, rows))
