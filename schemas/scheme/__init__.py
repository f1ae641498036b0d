"""The scheme (a weights file): its whole shape, typed.

Only what one value can show is checked here; what needs two places of the file (sums, references) is scoring.scheme's.
"""

from __future__ import annotations

import hashlib
import json
from fractions import Fraction
from typing import Literal

from pydantic import Field

from schemas.amount import Amount
from schemas.scheme.base import Day, Identifier, Part
from schemas.scheme.conditions import Conditions
from schemas.scheme.history import CarryOver, RollUp
from schemas.scheme.outcome import Adjustments, Gate, Grades, Parts, Range, Surcharge, TieBreaker
from schemas.scheme.policy import Duplicates, Exemptions, Rectification, Repeats, Severity
from schemas.scheme.rules import PriceRow, Rule


class Effective(Part):
    """The days on which the scheme holds, inclusive."""

    from_: Day = Field(alias="from")
    to: Day | None = None


class Interval(Part):
    """A named period that no calendar gives."""

    id: Identifier
    label: str
    from_: Day = Field(alias="from")
    to: Day


class Calendar(Part):
    """Which periods are scored.

    `also`: kinds of periods that the scheme is for besides `kind`; of several schemes one for its kind scores a period.
    `closes_on` 25: a quarter runs from the 26th to the 25th; `year_closes_on`: the last one closes early, e.g. 12-20.
    `belongs_by` says which date places a finding; `grace_days` is added to the period's end for the default as_of.
    """

    kind: Literal["month", "quarter", "half", "year"] = "quarter"
    also: tuple[Literal["month", "quarter", "half", "year"], ...] = ()
    closes_on: int | None = Field(default=None, ge=1, le=28)
    year_closes_on: str | None = Field(default=None, pattern=r"^\d{2}-\d{2}$")
    intervals: tuple[Interval, ...] = ()
    belongs_by: Literal["found_on", "assigned_on"] = "found_on"
    grace_days: int = Field(default=0, ge=0, le=366)


class OwnField(Part):
    """A column that the scheme adds to a table, to be priced on."""

    id: Identifier
    label: str
    type: Literal["text", "integer", "decimal", "date"] = "text"
    table: Literal["findings", "towns"] = "findings"
    values: tuple[str, ...] = ()


class Measure(Part):
    """A measured rate or count that rules and surcharges may name."""

    id: Identifier
    label: str
    label_en: str | None = None


class Sums(Part):
    """Conditions on sums of the checks table, or on a measure's numerator, denominator, value or sample."""

    town: Conditions = Field(default_factory=dict)
    checks: Conditions = Field(default_factory=dict)
    measure: Identifier | None = None
    measure_is: Conditions = Field(default_factory=dict)


class Indicator(Part):
    """An item with points of its own. `basis` says what published practice its number follows.

    Prices, bands and caps are written for `points`; with a `weight` the item counts as so many points instead, and what
    it comes to is converted in proportion.
    """

    id: Identifier
    label: str
    label_en: str | None = None
    points: Amount = Field(gt=0)
    weight: Amount | None = Field(default=None, gt=0)
    clause: str
    basis: str | None = None
    basis_en: str | None = None
    note: str | None = None
    note_en: str | None = None
    aliases: tuple[str, ...] = ()
    rule: Rule
    cap: Literal["points", "none"] | Amount = "points"
    applies_when: Sums | None = None
    no_data: Literal["refuse", "zero", "full", "not_applicable"] = "refuse"
    points_move_to: Identifier | None = None

    @property
    def worth(self) -> Fraction:
        """What the item counts for in its dimension."""
        return self.points if self.weight is None else self.weight


class Dimension(Part):
    """Indicators that belong together. Their points sum to its own, unless they are scaled to it."""

    id: Identifier
    label: str
    label_en: str | None = None
    points: Amount = Field(gt=0)
    scale: bool = False
    cap: Literal["none"] | Amount = "none"
    all_not_applicable: Literal["refuse", "full"] | Identifier = "refuse"
    indicators: tuple[Indicator, ...] = Field(min_length=1)


class NotScored(Part):
    """An item of the notice that stays out of towns' scores, and why."""

    id: Identifier
    label: str
    label_en: str | None = None
    clause: str
    reason: str
    reason_en: str | None = None


class Silence(Part):
    """A lint message that was looked at and accepted."""

    code: str
    at: str | None = None
    reason: str = Field(min_length=2)


class Scheme(Part):
    """A dated set of rules that turns findings and measures into scores.

    `values` closes the words of a column of findings; `words_en` says such words in English where a report is printed
    so.
    """

    id: Identifier
    title: str
    title_en: str | None = None
    document: str
    document_en: str | None = None
    example_notice: str | None = None
    example_notice_en: str | None = None
    effective: Effective
    direction: Literal["down", "up", "net"] = "down"
    full: Amount = Field(default=Fraction(100), ge=0)
    base: Amount = Fraction(0)
    range: Range = Range()
    decimals: int = Field(default=2, ge=0, le=6)
    round_at: Literal["total", "indicator"] = "indicator"
    calendar: Calendar = Calendar()
    fields: tuple[OwnField, ...] = ()
    values: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    words_en: dict[str, str] = Field(default_factory=dict)
    severities: tuple[Severity, ...] = ()
    measures: tuple[Measure, ...] = ()
    price_lists: dict[Identifier, tuple[PriceRow, ...]] = Field(default_factory=dict)
    dimensions: tuple[Dimension, ...] = Field(min_length=1)
    exemptions: Exemptions = Exemptions()
    duplicates: Duplicates | None = None
    repeats: Repeats | None = None
    rectification: Rectification = Rectification()
    surcharges: tuple[Surcharge, ...] = ()
    bonuses: Adjustments | None = None
    demerits: Adjustments | None = None
    adjustments_belong_by: Literal["dated_on", "decided_on"] = "dated_on"
    gates: tuple[Gate, ...] = ()
    unchecked: Literal["unranked", "ranked"] = "unranked"
    parts: Parts | None = None
    carry_over: CarryOver = CarryOver()
    roll_up: RollUp | None = None
    groups_by: Literal["group", "kind", "none"] = "group"
    grades: Grades | None = None
    tie_breakers: tuple[TieBreaker, ...] = ()
    not_scored: tuple[NotScored, ...] = ()
    arguable: tuple[Literal["cap", "exposure", "repeats", "duplicates", "rounding"], ...] = ()
    silence: tuple[Silence, ...] = ()

    def rules(self) -> str:
        """Return a SHA-256 of all that it says: equal where only remarks, lines, or how long it holds differ."""
        said = self.model_dump(mode="json", exclude={"effective"})
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    def indicators(self) -> list[tuple[Dimension, Indicator]]:
        """Return every indicator with its dimension, in the order of the file."""
        return [(dimension, indicator) for dimension in self.dimensions for indicator in dimension.indicators]

    def prices_of(self, indicator: Indicator) -> tuple[PriceRow, ...]:
        """Return the price list of a `deduct` indicator, wherever it stands; empty for the other kinds."""
        if indicator.rule.kind != "deduct":
            return ()
        prices = indicator.rule.prices
        return self.price_lists.get(prices, ()) if isinstance(prices, str) else prices
