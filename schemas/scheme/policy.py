"""What time and repetition do to a finding: deadlines, rectification, duplicates, repeats, exemptions."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from pydantic import Field, model_validator

from schemas.amount import Amount
from schemas.scheme.base import Identifier, Part
from schemas.scheme.conditions import Conditions


class Severity(Part):
    """A word for how bad a problem is, and how many working days its rectification may take. Mild ones come first."""

    id: Identifier
    label_en: str | None = None
    working_days: int | None = Field(default=None, ge=0, le=1000)


class Consequence(Part):
    """What a state does: the share of the charge given back, and points that come on top and stay."""

    share: Amount = Field(default=Fraction(0), ge=0, le=1)
    extra: Amount = Field(default=Fraction(0), ge=0)


class States(Part):
    """The policy table.

    A state left out takes the next more general one: extended, self_reported → on_time; the rest → no share.
    """

    on_time: Consequence = Consequence()
    late: Consequence = Consequence()
    partly: Consequence = Consequence()
    open_in_time: Consequence = Consequence()
    waiting: Consequence = Consequence()
    extended: Consequence | None = None
    impossible: Consequence = Consequence()
    long_term: Consequence = Consequence()
    self_reported: Consequence | None = None
    ended: Consequence = Consequence()
    overdue: Consequence = Consequence()
    sent_back: Consequence = Consequence()
    false_report: Consequence = Consequence()
    same_letter_twice: Consequence = Consequence()


class Rectification(Part):
    """How reports on a finding change what it costs.

    `extra_per` says what extras multiply with: nothing (once a state), the quantity, or the charge.
    """

    timely_by: Literal["submitted_on", "completed_on"] = "submitted_on"
    credit_on: Literal["verified", "reported"] = "verified"
    deadline_from: Literal["found_on", "assigned_on"] = "found_on"
    extra_per: Literal["finding", "quantity", "charge"] = "finding"
    self_reported_when: Conditions = Field(default_factory=dict)
    states: States = States()


class Duplicates(Part):
    """Two findings of one matter, seen from two sides, count once: one for one, nearest first, within `days` inclusive.

    `order` names values of `order_by` (usually the channels); of two equally dear findings the earlier named one keeps.
    """

    sides: tuple[Conditions, Conditions]
    key: tuple[str, ...] = Field(min_length=1)
    days: int = Field(ge=0, le=3660)
    within: Literal["indicator", "scheme"] = "indicator"
    exempt: tuple[Conditions, ...] = ()
    order_by: str = "channel"
    order: tuple[str, ...] = ()


class Repeats(Part):
    """A problem of the same key found again within the window costs more. Findings of one day are one occasion.

    `multipliers`: for the first occasion, the second, … ; the last one serves all later ones. They never fall.
    """

    key: tuple[str, ...] = Field(default=("indicator",), min_length=1)
    window_days: int | None = Field(default=None, ge=1, le=3660)
    window_months: int | None = Field(default=None, ge=1, le=120)
    multipliers: tuple[Amount, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _sound(self) -> Repeats:
        if (self.window_days is None) == (self.window_months is None):
            raise ValueError("one-window")
        if self.multipliers[0] < 0 or any(a > b for a, b in zip(self.multipliers, self.multipliers[1:], strict=False)):
            raise ValueError("multipliers-fall")
        return self


class Exemptions(Part):
    """Findings that are set aside, named, and cost nothing."""

    before_delegation: bool = True
    when: tuple[Conditions, ...] = ()
