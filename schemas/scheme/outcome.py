"""From points to a published result: parts, surcharges, bonuses, gates, grades, groups, ties."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field, model_validator

from schemas.amount import Amount
from schemas.scheme.base import Identifier, Part
from schemas.scheme.conditions import Conditions


class Allotment(Part):
    """A row that sends a finding to a part: by conditions, by a window of months back from as_of, or both."""

    part: Identifier
    when: Conditions = Field(default_factory=dict)
    months: int | None = Field(default=None, ge=1, le=600)


class ScorePart(Part):
    """One of the weighted parts that a run is split into."""

    id: Identifier
    label: str
    label_en: str | None = None
    weight: Amount = Field(gt=0)


class Parts(Part):
    """total = Σ weight × unrounded part.

    The first row of `allot` that matches takes a finding; one that none takes is set aside.
    """

    parts: tuple[ScorePart, ...] = Field(min_length=1)
    allot: tuple[Allotment, ...] = Field(min_length=1)


class SurchargeStep(Part):
    """From this count upwards, this share of the effective loss beneath is charged on top."""

    at_least: Amount
    share: Amount = Field(ge=0)


class Surcharge(Part):
    """A share of the loss by a named measure, for example the number of re-checks that were needed.

    `of` names the indicator, dimension or part it stands on; left out, it stands on every one of its level.
    """

    id: Identifier
    label: str
    label_en: str | None = None
    level: Literal["indicator", "dimension", "part", "total"]
    of: Identifier | None = None
    measure: Identifier
    steps: tuple[SurchargeStep, ...] = Field(min_length=1)
    several_values: Literal["last", "mean", "sum"] | None = None
    clause: str | None = None


class AdjustmentPrice(Part):
    """What an adjustment is worth when the meeting did not decide its points itself; the first row that matches."""

    when: Conditions = Field(default_factory=dict)
    points: Amount = Field(ge=0)
    clause: str | None = None


class Adjustments(Part):
    """Bonuses or demerits. `ceiling` bounds their sum; of one matter (the same evidence) only the highest counts."""

    ceiling: Amount | None = Field(default=None, ge=0)
    prices: tuple[AdjustmentPrice, ...] = ()
    clause: str | None = None


class Gate(Part):
    """A gate: what a decided veto of this item does. What is printed is its public wording."""

    id: Identifier
    label: str
    label_en: str | None = None
    effect: Literal["score_zero", "grade_ceiling", "grade_down", "no_honours", "last_place"]
    grade: Identifier | None = None
    clause: str | None = None

    @model_validator(mode="after")
    def _ceiling_named(self) -> Gate:
        if (self.effect == "grade_ceiling") != (self.grade is not None):
            raise ValueError("gate-grade")
        return self


class Grade(Part):
    """A grade, best first. `at_least` (`at_most` where lower is better) is inclusive; the last one may have neither."""

    id: Identifier
    label: str
    label_en: str | None = None
    at_least: Amount | None = None
    at_most: Amount | None = None
    top: Amount | None = Field(default=None, gt=0, le=1)
    honour: bool = False


class BandGrades(Part):
    """Grades by fixed bands of the published score."""

    by: Literal["bands"]
    grades: tuple[Grade, ...] = Field(min_length=1)


class QuantileGrades(Part):
    """Grades by place inside the peer group.

    A town has a grade if its rank ≤ floor(top × n), `top` counted from the best.
    Groups smaller than `smallest_group` fall back to the bands of the same grades.
    """

    by: Literal["quantiles"]
    grades: tuple[Grade, ...] = Field(min_length=1)
    within: Literal["group", "all"] = "group"
    on_tie: Literal["include", "exclude"] = "include"
    smallest_group: int = Field(default=1, ge=1)


Grades = Annotated[BandGrades | QuantileGrades, Field(discriminator="by")]


class TieBreaker(Part):
    """Compared in order where two published scores are equal.

    `findings`: fewer priced findings that meet `when` stand first. `on_time_rate`: the larger share of
    findings due that were
    closed on time stands first. `dimension`, `indicator`: the better one of `of` stands first.
    """

    by: Literal["findings", "on_time_rate", "dimension", "indicator"]
    of: Identifier | None = None
    when: Conditions = Field(default_factory=dict)


class Range(Part):
    """The published score's bounds.

    Left out: 0 and the full marks times the parts' weights (no upper one where lower is better).
    """

    min: Amount | None = None
    max: Amount | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Range:
        if self.min is not None and self.max is not None and self.min >= self.max:
            raise ValueError("range-reversed")
        return self


NO_RANGE = Range()
ZERO = Fraction(0)
