"""Time limits and other numbers of casework: the program's defaults, and what the bureau writes instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from schemas.bundled import load
from schemas.scheme.base import Part
from scoring.config import read_settings

LIMITS: Final = "limits.yaml"
Count = Literal["working", "calendar"]
_LimitId = Literal["acceptance", "means_check", "decision", "refusal", "entry", "exit", "hotline", "petition"]
_TotalId = Literal["allowance", "destitute", "temporary", "urgent"]
_Days = Annotated[int, Field(ge=0, le=3660)]
_Money = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]


@dataclass(frozen=True)
class Limit:
    """One time limit.

    Attributes
    ----------
    id, measure
        Its name, and the measure that it gives; the whole handling has one measure for all its programmes.
    start, ends
        Columns: from which day it runs, and which day ends it: the first of several that there is.
    days, extended, count
        How many working or calendar days; None is for the bureau to write.
    outcomes, not_for, programmes
        Which cases it asks: their outcome (`open` is undecided; none where it asks no cases), the programmes that it
        leaves out, or has alone.
    excluded
        Steps whose days do not count: means_check, posting. A suspension never counts.
    source
        Where the number comes from, by language.
    own
        Whether the bureau wrote it.
    """

    id: str
    measure: str
    start: str
    ends: tuple[str, ...]
    days: int | None
    count: Count
    source: Mapping[str, str]
    extended: int | None = None
    outcomes: frozenset[str] = frozenset()
    not_for: frozenset[str] = frozenset()
    programmes: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()
    own: bool = False


@dataclass(frozen=True)
class Rule:
    """Any other rule: its measure if it has one, the programmes it leaves out, its numbers and lists by name."""

    measure: str | None
    numbers: Mapping[str, Decimal | None]
    lists: Mapping[str, frozenset[str]]
    source: Mapping[str, str]
    own: bool = False

    def whole(self, name: str) -> int:
        """Return a number of it that is a count."""
        number = self.numbers[name]
        assert number is not None
        return int(number)

    @property
    def not_for(self) -> frozenset[str]:
        """The programmes that it does not ask."""
        return self.lists.get("not_for", frozenset())


@dataclass(frozen=True)
class Limits:
    """Every limit and rule in force, and what the measures are called (measure → language → label)."""

    limits: Mapping[str, Limit]
    totals: Mapping[str, Limit]
    rules: Mapping[str, Rule]
    labels: Mapping[str, Mapping[str, str]]

    def total_of(self, programme: str | None) -> Limit | None:
        """Return the limit of the whole handling of a programme; None where no limit names it."""
        return next((total for total in self.totals.values() if programme in total.programmes), None)


class _OwnLimit(Part):
    use: bool = True
    days: _Days | None = None
    not_for: tuple[str, ...] | None = None
    source: str = ""


class _OwnTotal(Part):
    use: bool = True
    days: _Days | None = None
    extended: _Days | None = None
    count: Count | None = None
    excluded: tuple[Literal["means_check", "posting"], ...] | None = None
    source: str = ""


class _OwnRule(Part):
    use: bool = True
    not_for: tuple[str, ...] | None = None
    source: str = ""


class _Posting(_OwnRule):
    days: Annotated[int, Field(ge=1, le=60)] | None = None


class _Visit(_OwnRule):
    visitors: Annotated[int, Field(ge=1, le=9)] | None = None


class _Payment(_OwnRule):
    months: Annotated[int, Field(ge=0, le=12)] | None = None


class _Reviews(_OwnRule):
    stable: Annotated[int, Field(ge=1, le=60)] | None = None
    unstable: Annotated[int, Field(ge=1, le=60)] | None = None
    ahead: Annotated[int, Field(ge=0, le=366)] | None = None


class _Surveys(_OwnRule):
    satisfied: tuple[Literal["very", "satisfied", "fairly", "neutral"], ...] | None = None
    aware: tuple[Literal["aware", "partly"], ...] | None = None


class _Hotspots(_OwnRule):
    few: Annotated[int, Field(ge=0, le=1000)] | None = None


class _Amounts(_OwnRule):
    gap: tuple[str, ...] | None = None
    care: tuple[str, ...] | None = None
    tolerance: _Money | None = None
    able: _Money | None = None
    partial: _Money | None = None
    lost: _Money | None = None


class _Own(Part):
    limits: dict[_LimitId, _OwnLimit] = Field(default_factory=dict)
    totals: dict[_TotalId, _OwnTotal] = Field(default_factory=dict)
    posting: _Posting = _Posting()
    visit: _Visit = _Visit()
    check_all: _OwnRule = _OwnRule()
    payment: _Payment = _Payment()
    reviews: _Reviews = _Reviews()
    surveys: _Surveys = _Surveys()
    hotspots: _Hotspots = _Hotspots()
    amounts: _Amounts = _Amounts()


_RULES: Final = ("check_all", "visit", "posting", "payment", "reviews", "surveys", "hotspots", "amounts")
TOTAL: Final = "handled_on_time_rate"
DAYS: Final = "handling_days"


@cache
def default_limits() -> Limits:
    """Return the program's own limits, read once."""
    raw = load(files("scoring.supervision.casework").joinpath(LIMITS).read_text("utf-8"))
    return Limits(
        limits={name: _limit(name, one) for name, one in raw["limits"].items()},
        totals={name: _limit(name, {"measure": TOTAL, **one}) for name, one in raw["totals"].items()},
        rules={name: _rule(raw[name]) for name in _RULES},
        labels=raw["measures"],
    )


def _limit(name: str, raw: Mapping[str, Any]) -> Limit:
    def words(key: str) -> frozenset[str]:
        return frozenset(raw.get(key, ()))

    return Limit(
        id=name,
        measure=raw["measure"],
        start=raw["from"],
        ends=tuple(raw["to"]),
        days=raw["days"],
        count=raw["count"],
        source=raw["source"],
        extended=raw.get("extended"),
        outcomes=words("outcomes"),
        not_for=words("not_for"),
        programmes=words("programmes"),
        excluded=words("excluded"),
    )


def _rule(raw: Mapping[str, Any]) -> Rule:
    rest = {key: value for key, value in raw.items() if key not in {"measure", "source"}}
    return Rule(
        raw.get("measure"),
        {key: None if value is None else Decimal(value) for key, value in rest.items() if not isinstance(value, list)},
        {key: frozenset(value) for key, value in rest.items() if isinstance(value, list)},
        raw["source"],
    )


def read_limits(root: Path, lang: str) -> Limits:
    """Return the limits of a workspace: its limits.yaml over the program's own.

    Raises
    ------
    ConfigError
        Every mistake of that file.
    """
    limits, path = default_limits(), root / LIMITS
    if not path.is_file():
        return limits
    own: _Own = read_settings(path, _Own, lang)
    return Limits(
        limits=_over(limits.limits, own.limits),
        totals=_over(limits.totals, own.totals),
        rules={
            name: _own_rule(rule, getattr(own, name)) for name, rule in limits.rules.items() if getattr(own, name).use
        },
        labels=limits.labels,
    )


def _over(limits: Mapping[str, Limit], own: Mapping[Any, _OwnLimit | _OwnTotal]) -> dict[str, Limit]:
    """Return the limits with the bureau's own numbers; one that it does not use is gone."""
    found = {}
    for name, limit in limits.items():
        given = own.get(name)
        if given is None:
            found[name] = limit
        elif given.use:
            said = _said(given)
            sets = {key: frozenset(value) for key, value in said.items() if isinstance(value, tuple)}
            found[name] = replace(limit, **{**said, **sets, "source": _source(said, limit.source), "own": bool(said)})
    return found


def _own_rule(rule: Rule, given: _OwnRule) -> Rule:
    said = _said(given)
    source = _source(said, rule.source)
    said.pop("source", None)
    lists = {key: frozenset(value) for key, value in said.items() if isinstance(value, tuple)}
    numbers = {key: Decimal(value) for key, value in said.items() if key not in lists}
    return Rule(rule.measure, {**rule.numbers, **numbers}, {**rule.lists, **lists}, source, own=bool(said))


def _said(given: Part) -> dict[str, Any]:
    """Return what the bureau wrote; what it left blank stays as it is."""
    return {
        key: value for key, value in given.model_dump(exclude_unset=True, exclude={"use"}).items() if value is not None
    }


def _source(said: Mapping[str, Any], shipped: Mapping[str, str]) -> Mapping[str, str]:
    """Return where a number comes from; of one that the bureau changed without a word, from nowhere but itself."""
    if "source" in said:
        return dict.fromkeys(shipped, said["source"])
    return dict.fromkeys(shipped, "") if said else shipped
