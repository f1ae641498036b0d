"""What periods owe each other: differences of published periods carried over, and a year made of its quarters."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from pydantic import Field, model_validator

from schemas.amount import Amount
from schemas.scheme.base import Part


class CarryOver(Part):
    """Which published periods still change a later score when their facts change.

    `origins`: every earlier one, those of the same calendar year, or none. `months`: at most so far back from the
    period's start to the origin's end. `rolls_up_at`: in a year made of its quarters an entry weighs what its origin
    weighs, or what the period that carries it does.
    """

    origins: Literal["all", "year", "none"] = "all"
    months: int | None = Field(default=None, ge=1, le=600)
    rolls_up_at: Literal["origin", "present"] = "origin"


class YearEnd(Part):
    """The part of a year's score that this scheme itself gives the whole year; the quarters share the rest."""

    weight: Amount = Field(gt=0, lt=1)
    label: str
    label_en: str | None = None


class RollUp(Part):
    """A longer period made of finer ones that are published, or scored again from all its findings.

    `weights`, one a finer period of the year, sum to 1; left out, they are equal. `missing`: a year with an unpublished
    period is refused, or made of the others. `beside`: show what the other way comes to.
    """

    of: Literal["month", "quarter", "half"] = "quarter"
    by: Literal["published", "rescored"] = "published"
    beside: bool = False
    weights: tuple[Amount, ...] = ()
    year_end: YearEnd | None = None
    missing: Literal["refuse", "left_out"] = "refuse"

    @model_validator(mode="after")
    def _weights_whole(self) -> RollUp:
        if not self.weights:
            return self
        if len(self.weights) != {"month": 12, "quarter": 4, "half": 2}[self.of] or min(self.weights) < 0:
            raise ValueError("roll-up-count")
        if sum(self.weights, Fraction(0)) != 1:
            raise ValueError("roll-up-sum")
        return self
