"""What is to be said of the numbers in the lists: where they cannot be right, and so never make a sure match."""

from __future__ import annotations

from typing import Final

import polars as pl

from scoring.intake.problems import Problems
from scoring.supervision.matching.facts import Facts

_BY_ROW: Final = ("floated", "wrong", "tail")


def say_odd(facts: Facts, problems: Problems) -> None:
    """Add a notice for each number that is not to be trusted, and one a sheet for those that are not there."""
    for name, numbers in facts.numbers.items():
        for state in _BY_ROW:
            rows = numbers.filter(pl.col("state") == state)
            problems.add_rows(f"matching-number-{state}", "notice", rows, table=name, column="person_id")
        for state in ("none", "old"):
            own = numbers.filter(pl.col("state") == state)
            for file, sheet, count in (
                own.group_by("source_file", "source_sheet", maintain_order=True).len().iter_rows()
            ):
                code, about = f"matching-number-{state}", {"file": file, "sheet": sheet, "table": name, "rows": count}
                problems.add(code, "notice", column="person_id", **about)
        if name in facts.crowded:
            problems.add(
                "matching-crowded", "notice", file="", table=name, column="person_id", rows=facts.crowded[name]
            )
    if facts.repeated:
        problems.add("matching-repeated", "notice", file="", table="recipients", rows=facts.repeated)
