"""What a published period still says to later ones: its frozen result, and what today's facts change of it.

A carry-over is a difference: re-priced today − published − posted since. Facts that did not change post nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import polars as pl

from schemas.scheme import Scheme
from schemas.scheme.history import CarryOver
from schemas.scheme.rules import Measured
from scoring.intake import Tables
from scoring.ledger.charges import Before
from scoring.ledger.entries import ONE, sign_of_loss
from scoring.ledger.indicators import ZERO
from scoring.periods import Period, months_back
from scoring.problems import Problem, Refused, problem

if TYPE_CHECKING:
    from scoring.ledger import Scored
    from scoring.ledger.indicators import Sums as SumsOfFindings

    FindingSums = Mapping[tuple[str, str], SumsOfFindings]

Place = tuple[str, str]
"""Dimension and indicator; an indicator is empty for what happens to its dimension, both for adjustments."""
_NOWHERE: Final = ("other_period", "after_as_of")
_CHARGED: Final = ("priced", "duplicate")
_ADJUSTED: Final = ("bonus", "demerit", "decision")


@dataclass(frozen=True)
class Frozen:
    """A published period: its latest edition as the store holds it.

    `entries`, `scores`, `findings`, `indicators`, `dimensions` are the frames of its assessment.
    """

    period: Period
    edition: int
    as_of: date
    scheme: Scheme
    code: str
    entries: pl.DataFrame
    scores: pl.DataFrame
    findings: pl.DataFrame
    indicators: pl.DataFrame
    dimensions: pl.DataFrame
    registered: pl.LazyFrame | None = None
    """The findings table as it was scored, restricted columns too; read only where the folder lacks some of it."""


@dataclass(frozen=True)
class Carried:
    """A difference of a published period that is posted now, in points of that period's score."""

    origin: Period
    of: str
    """The town of then; another than now where it has merged."""
    place: Place
    published: Fraction
    posted: Fraction
    now: Fraction
    findings: tuple[str, ...]
    """The findings of then whose points are others today."""
    label: str = ""
    label_en: str = ""
    clause: str | None = None

    @property
    def points(self) -> Fraction:
        """What is left to post."""
        return self.now - self.published - self.posted


def worth(of: Scheme, into: Scheme) -> Fraction:
    """Return what a point of one scheme is worth in another.

    In proportion to full marks where both count down from them; the other way round where one alone counts up.
    """
    if of.direction != into.direction:
        return -ONE if "up" in (of.direction, into.direction) else ONE
    return into.full / of.full if into.direction == "down" and of.full else ONE


def when(period: Period) -> tuple[date, int]:
    """Order periods by their last day; a year comes after its own last quarter."""
    return period.end, (period.end - period.start).days


def origins(past: Sequence[Frozen], period: Period, policy: CarryOver, as_of: date, kind: str) -> list[Frozen]:
    """Return the published periods of a kind before `period` whose differences it takes over, in time order.

    One that was published with later knowledge than this run's says nothing to it.
    """
    far = date.min if policy.months is None else months_back(period.start, policy.months)
    return sorted(
        (
            frozen
            for frozen in past
            if policy.origins != "none"
            and frozen.period.kind == kind
            and when(frozen.period) < when(period)
            and frozen.as_of <= as_of
            and frozen.period.end >= far
            and (policy.origins == "all" or frozen.period.end.year == period.end.year)
        ),
        key=lambda frozen: when(frozen.period),
    )


Sums = defaultdict[str, defaultdict[Place, Fraction]]


def _sums() -> Sums:
    return defaultdict(lambda: defaultdict(Fraction))


@dataclass(frozen=True)
class Repriced:
    """A published period scored with today's facts, beside what was published of it and what was posted since."""

    origin: Frozen
    today: Scored
    published: Sums
    posted: Sums
    changed: Mapping[tuple[str, str], Sequence[str]]
    """By town and indicator the findings that cost another sum today."""

    @property
    def towns(self) -> list[str]:
        """The towns that were scored then, by the codes of then."""
        return sorted(set(self.origin.scores.drop_nulls("score_num")["town_code"]) & set(self.today.scores))

    def carried(self, town: str, now: Mapping[Place, Fraction] | None = None) -> list[Carried]:
        """Return the differences of a town.

        Parameters
        ----------
        now
            What its places come to, where that is asked of other facts than today's.
        """
        now = comes_to(self.today, town) if now is None else now
        labels = _labels(self.origin.scheme)
        published, posted = self.published[town], self.posted[town]
        found = (
            Carried(
                self.origin.period,
                town,
                place,
                published.get(place, ZERO),
                posted.get(place, ZERO),
                now.get(place, ZERO),
                tuple(self.changed.get((town, place[1]), ())),
                *labels.get(place[1] or place[0], ("", "", None)),
            )
            for place in sorted({*published, *now, *posted})
        )
        return [one for one in found if one.points]


def repriced(
    posters: Sequence[Frozen],
    taken: Sequence[Frozen],
    period: Period,
    tables: Tables,
    reprice: Callable[[Frozen], Scored],
) -> list[Repriced]:
    """Return what each origin comes to today beside what was published of it and what was posted since.

    Raises
    ------
    Refused
        A published finding or town is no longer in the folder (`frozen-finding-missing`, `frozen-town-missing`).
    """
    told: list[Repriced] = []
    problems: list[Problem] = []
    for origin in taken:
        gone = _missing(origin, tables)
        if gone:
            problems += gone
            continue
        today = reprice(origin)
        scored = set(origin.scores.drop_nulls("score_num")["town_code"])
        lost = sorted(scored - set(today.scores))
        problems += [problem("frozen-town-missing", None, town=town, period=origin.period.id) for town in lost]
        posted = _posted(posters, origin, period)
        told.append(Repriced(origin, today, _published(origin), posted, _changed(origin, today)))
    if problems:
        raise Refused(problems)
    return told


def held_by_store(past: Sequence[Frozen], period: Period, tables: Tables, as_of: date) -> pl.DataFrame | None:
    """Return published findings of other periods that the folder no longer holds: repeats and pairs still see them.

    None where it holds them all, and those that were withdrawn or exempt are none; nor does a period say anything that
    was published with later knowledge.
    """
    found = []
    for frozen in past:
        own = frozen.findings.filter(~pl.col("disposition").is_in([*_NOWHERE, "withdrawn", "exempt"]))["finding_id"]
        gone = own.filter(~own.is_in(tables.findings["finding_id"].implode()))
        known = frozen.period.id != period.id and frozen.as_of <= as_of
        if known and gone.len() and frozen.registered is not None:
            found.append(frozen.registered.filter(pl.col("finding_id").is_in(gone.implode())).collect())
    return pl.concat(found, how="diagonal_relaxed").unique("finding_id", maintain_order=True) if found else None


def charged_by_store(past: Sequence[Frozen], as_of: date) -> Before:
    """Return what published periods have charged, each finding under the first that did.

    One that was published with later knowledge than this run's says nothing to it.
    """
    known = sorted((frozen for frozen in past if frozen.as_of <= as_of), key=lambda frozen: when(frozen.period))
    charged = [
        frozen.findings.filter(pl.col("disposition").is_in(_CHARGED)).select(
            "finding_id", frozen_in=pl.lit(frozen.period.id)
        )
        for frozen in known
    ]
    schema = dict.fromkeys(("finding_id", "frozen_in"), pl.String)
    together = pl.concat([pl.DataFrame(schema=schema), *charged])
    return Before(
        together.unique("finding_id", keep="first", maintain_order=True),
        {frozen.period.id: frozen.as_of for frozen in known},
    )


def _missing(origin: Frozen, tables: Tables) -> list[Problem]:
    own = origin.findings.filter(~pl.col("disposition").is_in(_NOWHERE))["finding_id"]
    gone = own.filter(~own.is_in(tables.findings["finding_id"].implode())).sort()
    return [problem("frozen-finding-missing", None, finding=finding, period=origin.period.id) for finding in gone]


def _published(origin: Frozen) -> Sums:
    sums = _sums()
    for town, dimension, indicator, kind, subject, num, den in origin.entries.select(
        "town_code", "dimension", "indicator", "kind", "subject", "points_num", "points_den"
    ).iter_rows():
        if _counts(kind, dimension, subject):
            sums[town][dimension or "", indicator or ""] += Fraction(num, den)
    return sums


def comes_to(scored: Scored, town: str, sums: FindingSums | None = None) -> dict[Place, Fraction]:
    """Return what a period's places come to in a town.

    Parameters
    ----------
    sums
        Of its findings, where that is asked of others than those scored.
    """
    scheme = scored.scheme
    of = {indicator.id: dimension.id for dimension, indicator in scheme.indicators()}
    weights = {part.id: part.weight for part in scheme.parts.parts} if scheme.parts else {"": ONE}
    score = scored.scores[town] if sums is None else scored.again(town, sums)
    places: defaultdict[Place, Fraction] = defaultdict(Fraction)
    for (part, indicator), found in (scored.sums.get(town, {}) if sums is None else sums).items():
        places[of[indicator], indicator] += sign_of_loss(scheme) * weights[part] * found.net
    for row in score.statement.rows:
        dimension, indicator = str(row["dimension"] or ""), str(row["indicator"] or "")
        if _counts(str(row["kind"]), dimension, str(row["subject"])):
            places[dimension, indicator] += Fraction(row["points_num"], row["points_den"])
    return places


def _counts(kind: str, dimension: str | None, subject: str | None) -> bool:
    """Tell whether an entry is re-priced: all up to the dimension's cap, and adjustments to their ceiling."""
    return bool(dimension) or kind in _ADJUSTED or (kind == "cap" and subject in _ADJUSTED)


def _posted(posters: Iterable[Frozen], origin: Frozen, period: Period) -> Sums:
    """Add up what later published periods before this one have posted of an origin, in its own points."""
    sums = _sums()
    for frozen in posters:
        if when(origin.period) < when(frozen.period) < when(period) and frozen.period.id != period.id:
            for posting in postings(frozen.entries):
                if posting.origin == origin.period.id:
                    sums[posting.of][posting.place] += posting.points / posting.weight
    return sums


@dataclass(frozen=True)
class Posting:
    """A carry-over entry of a published ledger. Its points stand at `weight` in that ledger."""

    town: str
    origin: str
    of: str
    place: Place
    points: Fraction
    weight: Fraction


def postings(entries: pl.DataFrame) -> list[Posting]:
    """Return the carry-over entries of a ledger."""
    rows = entries.filter(pl.col("kind") == "carry_over").select("town_code", "points_num", "points_den", "parameters")
    return [
        Posting(
            town,
            said["origin"],
            said["of"],
            (said["place"][0], said["place"][1]),
            Fraction(num, den),
            Fraction(said["weight"]),
        )
        for town, num, den, parameters in rows.iter_rows()
        for said in [json.loads(parameters)]
    ]


def _changed(origin: Frozen, today: Scored) -> dict[tuple[str, str], list[str]]:
    """Return by town and indicator the findings that cost another sum today, those registered late among them."""
    units = today.charges.units.points
    then = {
        finding: Fraction(num or 0, den or 1)
        for finding, num, den in origin.findings.filter(~pl.col("disposition").is_in(_NOWHERE))
        .select("finding_id", "net_num", "net_den")
        .iter_rows()
    }
    now = today.charges.findings.filter(~pl.col("disposition").is_in(_NOWHERE)).select(
        "finding_id", "town", "indicator", net=pl.when(pl.col("disposition") == "priced").then("net_units").fill_null(0)
    )
    changed: dict[tuple[str, str], list[str]] = {}
    for finding, town, indicator, net in now.sort("finding_id").iter_rows():
        if finding not in then or then[finding] != Fraction(net or 0, units):
            changed.setdefault((town, indicator), []).append(finding)
    return changed


def _labels(scheme: Scheme) -> Mapping[str, tuple[str, str, str | None]]:
    labels: dict[str, tuple[str, str, str | None]] = {
        d.id: (d.label, d.label_en or d.label, None) for d in scheme.dimensions
    }
    return labels | {i.id: (i.label, i.label_en or i.label, i.clause) for _, i in scheme.indicators()}


def published_values(past: Iterable[Frozen]) -> dict[tuple[str, str, str], Fraction]:
    """Return what published periods measured: (town, measure, period id) → value, in percent or in units."""
    values: dict[tuple[str, str, str], Fraction] = {}
    for frozen in past:
        measures = {
            indicator.id: indicator.rule.measure
            for _, indicator in frozen.scheme.indicators()
            if isinstance(indicator.rule, Measured)
        }
        known = frozen.indicators.drop_nulls("value_num").filter(pl.col("indicator").is_in(list(measures)))
        for town, indicator, num, den in known.select("town_code", "indicator", "value_num", "value_den").iter_rows():
            values[town, measures[indicator], frozen.period.id] = Fraction(num, den)
    return values
