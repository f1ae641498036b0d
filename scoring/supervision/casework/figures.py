"""Everything that a period's supervision tables measure: a figure a town and measure, what was left out, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any, Final

from schemas.scheme import Calendar
from scoring.periods import Period
from scoring.supervision.casework import contact
from scoring.supervision.casework.limits import DAYS, TOTAL, Limits
from scoring.supervision.casework.timely import Casework, Told, mean_days
from scoring.supervision.tables import SupervisionTables
from scoring.workdays import Workdays

_PLACES: Final = Decimal("0.000001")


@dataclass(frozen=True)
class Figure:
    """One measure of one town: a share, or a plain value where there is no denominator.

    Attributes
    ----------
    measure, town
        Ids.
    numerator, denominator
        Of a share.
    value
        Of a plain value, else None.
    sample
        How many cases, answers or calls it rests on.
    """

    measure: str
    town: str
    numerator: int | None
    denominator: int | None
    value: Fraction | None
    sample: int | None

    @property
    def percent(self) -> Fraction | None:
        """The share in percent."""
        return None if self.denominator is None else Fraction(100 * (self.numerator or 0), self.denominator)

    @property
    def written(self) -> Decimal | None:
        """The plain value with the six decimals that the measures table holds, rounded half up."""
        return None if self.value is None else rounded(self.value)


def rounded(value: Fraction) -> Decimal:
    """Return a fraction with six decimals, half up."""
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(_PLACES, ROUND_HALF_UP)


@dataclass(frozen=True)
class Left:
    """A measure that is not there, or rests on less than it might; the message's code and parameters say why."""

    code: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Measured:
    """A period's figures, the rows behind the timely ones, and what was left out."""

    figures: tuple[Figure, ...]
    told: tuple[Told, ...]
    left: tuple[Left, ...]


def measure(
    tables: SupervisionTables,
    towns: Sequence[str],
    limits: Limits,
    workdays: Workdays,
    period: Period,
    rules: Calendar,
) -> Measured:
    """Return what the tables say of a period, by town and measure.

    Parameters
    ----------
    tables
        The supervision's tables.
    towns
        The codes of all towns.
    limits, workdays
        What cases are held against.
    period, rules
        The period, and the scheme's calendar, by which the surveys' own periods are read.

    Raises
    ------
    Refused
        No calendar covers a year (code `no-holiday-calendar`).
    """
    cases = tables.cases
    kept = frozenset(name for name in cases.columns if cases[name].null_count() < cases.height)
    timely = Casework(limits, workdays, period, kept).tell(cases.iter_rows(named=True))
    told = [*timely.told, *contact.answered(tables, limits, period, workdays)]
    left: list[Left] = []
    if timely.unlimited:
        told = [one for one in told if one.measure != TOTAL]
        for name, count in sorted(timely.unlimited.items()):
            left.append(Left("casework-no-limit", {"total": name, "count": count}))
    if timely.unknown:
        left.append(Left("casework-no-programme", {"count": timely.unknown}))
    if timely.after:
        left.append(Left("casework-reviewed-after", {"count": timely.after}))
    if cases.height and timely.unkept:
        left.append(Left("casework-not-kept", {"columns": sorted(timely.unkept)}))
    asked, both = contact.surveys(tables, limits, period, rules)
    left += [Left("casework-survey-twice", {"measure": name}) for name in sorted(both)]
    reported, silent = contact.reports(tables, towns, period, rules)
    if silent:
        left.append(Left("casework-village-silent", {"towns": silent}))
    shares = [*_counted(told), *asked, *contact.calls(tables, period), *reported]
    figures = [_figure(share) for share in shares]
    figures += [
        Figure(DAYS, town, None, None, mean, len(timely.days[town])) for town, mean in mean_days(timely.days).items()
    ]
    order = {name: place for place, name in enumerate(limits.labels)}
    figures.sort(key=lambda one: (order[one.measure], one.town))
    return Measured(tuple(figures), tuple(told), tuple(left))


def _counted(told: Iterable[Told]) -> list[contact.Share]:
    sums: dict[tuple[str, str], list[int]] = {}
    for one in told:
        contact.add(sums, (one.measure, one.town), one.met, 1)
    return contact.shares(sums)


def _figure(share: contact.Share) -> Figure:
    if share.whole is None:
        return Figure(share.measure, share.town, None, None, Fraction(share.part), None)
    return Figure(share.measure, share.town, share.part, share.whole, None, share.whole)
