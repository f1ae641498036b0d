"""The rule kinds: a closed union, told apart by `kind`.

How each is applied stands in scoring/pricing/, one module a kind.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field, model_validator

from schemas.amount import Amount
from schemas.scheme.base import Day, Identifier, Part
from schemas.scheme.conditions import Conditions


class PriceRow(Part):
    """A row of a price list; the first that matches a finding prices it.

    `price` is points for each unit of quantity, never negative. `from` and `to` bound the day the problem was found,
    inclusive.
    A row with `zero_out` takes the whole indicator (its price may be left out).
    """

    when: Conditions = Field(default_factory=dict)
    price: Amount = Field(default=0, ge=0, validate_default=True)
    from_: Day | None = Field(default=None, alias="from")
    to: Day | None = None
    zero_out: bool = False
    clause: str | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _says_something(self) -> PriceRow:
        if "price" not in self.model_fields_set and not self.zero_out:
            raise ValueError("price-missing")
        if self.from_ and self.to and self.from_ > self.to:
            raise ValueError("dates-reversed")
        return self


class Exposure(Part):
    """Scale an indicator's charges to 100 checked cases: sum × 100 / max(checked, minimum)."""

    checked: Literal["sampled", "visited", "newly_confirmed"] = "sampled"
    minimum: int = Field(ge=1)


class Deduct(Part):
    """So many points for each finding, case or person, by a price list."""

    kind: Literal["deduct"]
    per: Literal["finding", "case", "person"] = "finding"
    prices: Identifier | tuple[PriceRow, ...]
    exposure: Exposure | None = None
    zero_out_lifted_by: Literal["appeal", "fix"] = "appeal"


class Measured(Part):
    """What the rules that read the measures table have in common.

    `minimum_sample` counts the denominator (or the `sample` column); below it there is no data. `several_values` says
    how
    several rows with a plain value are folded; without it they are refused.
    """

    measure: Identifier
    minimum_sample: int | None = Field(default=None, ge=1)
    sample: Literal["denominator", "sample"] = "denominator"
    several_values: Literal["last", "mean", "sum"] | None = None


class PerPoint(Part):
    """Lose `price` for each percentage point (each unit, for a plain value) short of the target."""

    target: Amount
    price: Amount = Field(gt=0)
    step: Literal["proportional", "whole"] = "proportional"


class Linear(Part):
    """Nothing at `none_at`, full marks at `full_at`, a straight line between; `none_at` may be the larger one."""

    none_at: Amount
    full_at: Amount

    @model_validator(mode="after")
    def _apart(self) -> Linear:
        if self.none_at == self.full_at:
            raise ValueError("goalposts-equal")
        return self


class Band(Part):
    """Earn `points` from this rate upwards (`at_least`) or from it downwards (`at_most`)."""

    at_least: Amount | None = None
    at_most: Amount | None = None
    points: Amount = Field(ge=0)


class Shaped(Measured):
    """What turns a number into points: one of three shapes, and only one."""

    per_point: PerPoint | None = None
    linear: Linear | None = None
    bands: tuple[Band, ...] | None = None

    @model_validator(mode="after")
    def _one_shape(self) -> Shaped:
        if sum(shape is not None for shape in (self.per_point, self.linear, self.bands)) != 1:
            raise ValueError("one-shape")
        if self.bands == ():
            raise ValueError("one-shape")
        return self


class Rate(Shaped):
    """A rate in percent (numerator / denominator × 100), or a plain value as it stands. One of three shapes."""

    kind: Literal["rate"]
    better: Literal["higher", "lower"] = "higher"

    @model_validator(mode="after")
    def _edges(self) -> Rate:
        for band in self.bands or ():
            if (band.at_least is None) == (self.better == "higher"):
                raise ValueError("band-edge")
            if (band.at_most is None) == (self.better == "lower"):
                raise ValueError("band-edge")
        return self


class PerPointGained(PerPoint):
    """Lose `price` for each point of improvement short of the target; left out, the target is to be no worse."""

    target: Amount = Fraction(0)


class Trend(Shaped):
    """A measure compared with an earlier one: the shapes read the *improvement*, the change in the better direction.

    It is negative where a town got worse. `change: points` is the difference of the two values (percentage points of a
    rate, units of a plain value), `percent` that difference in percent of the earlier value. A present value that is at
    least as good as `held_at` has full marks whatever the change.
    """

    kind: Literal["trend"]
    against: Literal["previous", "last_year", "baseline"]
    baseline: Amount | None = None
    better: Literal["higher", "lower"] = "higher"
    change: Literal["points", "percent"] = "points"
    per_point: PerPointGained | None = None
    held_at: Amount | None = None

    @model_validator(mode="after")
    def _earlier(self) -> Trend:
        if (self.baseline is None) == (self.against == "baseline"):
            raise ValueError("trend-baseline")
        if self.baseline == 0 and self.change == "percent":
            raise ValueError("trend-baseline-zero")
        if any(band.at_least is None or band.at_most is not None for band in self.bands or ()):
            raise ValueError("trend-band-edge")
        return self


class Relative(Measured):
    """A measure compared with the other towns': a share of the best value, or so much less for each place.

    `within` says who the others are: all towns, or those of the same group (the scheme's `groups_by`).
    """

    kind: Literal["relative"]
    better: Literal["higher", "lower"] = "higher"
    by: Literal["best", "place"]
    within: Literal["all", "group"] = "all"
    price: Amount | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _price_of_a_place(self) -> Relative:
        if (self.price is None) == (self.by == "place"):
            raise ValueError("relative-price")
        return self


class Accrue(Measured):
    """So much for each unit measured, up to the indicator's points."""

    kind: Literal["accrue"]
    each: Amount = Field(gt=0)


class PassFail(Measured):
    """Full marks when the measure reaches `at_least` (or stays `at_most`), else nothing.

    A measure is a rate in percent, or a plain value.
    """

    kind: Literal["pass_fail"]
    at_least: Amount | None = None
    at_most: Amount | None = None

    @model_validator(mode="after")
    def _one_bound(self) -> PassFail:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("one-bound")
        return self


class Judged(Part):
    """Points, a share, or deductions that an assessor entered in the judgements table."""

    kind: Literal["judged"]


Rule = Annotated[Deduct | Rate | Accrue | PassFail | Trend | Relative | Judged, Field(discriminator="kind")]
