"""The bureau's own duty: of each town's newly confirmed cases of a month, how many were to be checked, and were. Pure.

A shortfall is a warning for the bureau, never a town's deduction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from scoring.supervision.sampling.drawing import required

Counts = Mapping[tuple[str, str], int]
"""(Town, month) → how many."""


@dataclass(frozen=True)
class Covered:
    """A town's month.

    Attributes
    ----------
    confirmed, required, drawn, checked
        Newly confirmed; of these to be checked, drawn, and checked.
    """

    town: str
    month: str
    confirmed: int
    required: int
    drawn: int
    checked: int

    @property
    def share(self) -> Fraction | None:
        """What share was checked; None where nothing was confirmed, which is not 0 %."""
        return Fraction(self.checked, self.confirmed) if self.confirmed else None

    @property
    def shortfall(self) -> int:
        """How many the bureau fell short by."""
        return max(0, self.required - self.checked)


def coverage(
    towns: Sequence[str], months: Sequence[str], confirmed: Counts, drawn: Counts, checked: Counts, least: Fraction
) -> list[Covered]:
    """Return every town's every month, by town as they are given and month.

    Parameters
    ----------
    least
        The share that is the bureau's duty; it rounds up, and of none there is none.

    Examples
    --------
    >>> [row] = coverage(["T01"], ["2025-09"], {("T01", "2025-09"): 11}, {}, {("T01", "2025-09"): 3}, Fraction(3, 10))
    >>> row.required, row.share, row.shortfall
    (4, Fraction(3, 11), 1)
    """
    return [
        Covered(town, month, count, required(count, least), drawn.get((town, month), 0), checked.get((town, month), 0))
        for town in towns
        for month in months
        for count in [confirmed.get((town, month), 0)]
    ]


def summed(rows: Iterable[Covered]) -> list[Covered]:
    """Return one row a town: counts added up; `required` is the sum of what each month asks."""
    found: dict[str, Covered] = {}
    for one in rows:
        held = found.get(one.town, Covered(one.town, "", 0, 0, 0, 0))
        found[one.town] = Covered(
            one.town, "", held.confirmed + one.confirmed, held.required + one.required,
            held.drawn + one.drawn, held.checked + one.checked,
        )  # fmt: skip
    return list(found.values())


def confirmed_counts(cases: pl.DataFrame, checks: pl.DataFrame) -> dict[tuple[str, str], int]:
    """Return how many were newly confirmed, by the cases and by the checks; where they differ, the larger."""
    good = cases.filter(
        pl.col("confirmed_on").is_not_null() & (pl.col("outcome").fill_null("confirmed") == "confirmed")
    )
    by_case = good.group_by("town", month=pl.col("confirmed_on").dt.strftime("%Y-%m")).agg(n=pl.len())
    by_check = checks.drop_nulls("month").group_by("town", "month").agg(n=pl.col("newly_confirmed").sum())
    found: dict[tuple[str, str], int] = {}
    for town, month, count in pl.concat([by_case, by_check], how="vertical_relaxed").iter_rows():
        found[town, month] = max(found.get((town, month), 0), int(count))
    return found


def checked_counts(checks: pl.DataFrame) -> dict[tuple[str, str], int]:
    """Return how many cases were checked, by the month in which they were confirmed."""
    own = checks.drop_nulls("month").group_by("town", "month").agg(n=pl.col("sampled").sum())
    return {(town, month): int(count) for town, month, count in own.iter_rows()}
