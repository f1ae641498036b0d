"""A longer period made of finer ones that are published: which of them, at what weight, and what each brings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

import polars as pl

from schemas.scheme import Scheme
from schemas.scheme.outcome import Allotment, Parts, ScorePart
from scoring.exact import add_up
from scoring.ledger.ending import TownScore
from scoring.ledger.entries import ONE, Statement
from scoring.ledger.indicators import Result
from scoring.ledger.past import Carried, Frozen, origins, postings, worth
from scoring.periods import Period, finer
from scoring.problems import Refused, problem

YEAR_END = "year_end"
"""The id of the part that the scheme itself gives the whole year."""


@dataclass(frozen=True)
class Share:
    """One published period's part in a town's longer one.

    `score` and `start` are exact and on the longer period's full marks, `scale` times those published; `towns` are
    those whose published scores it is the mean of: the town itself, or those that merged into it. `carried` holds what
    the period had taken over from earlier ones, by origin and town of then.
    """

    frozen: Frozen
    weight: Fraction
    towns: tuple[str, ...]
    score: Fraction
    start: Fraction
    scale: Fraction
    carried: Mapping[tuple[str, str], Fraction]

    def weight_of(self, town: str) -> Fraction:
        """Return what the published score of one of these towns weighs: of several, its part of their mean."""
        return self.weight / len(self.towns) if town in self.towns else self.weight


@dataclass(frozen=True)
class RollUp:
    """What a longer period is made of: its published periods with their weights, and each town's shares."""

    periods: tuple[tuple[Frozen, Fraction], ...]
    missing: tuple[str, ...]
    shares: Mapping[str, tuple[Share, ...]]
    year_end: Fraction

    @property
    def pure(self) -> bool:
        """Whether nothing but the published periods counts."""
        return not self.year_end

    def weight_of(self, found: Carried, town: str) -> Fraction:
        """Return what a difference of a published period weighs in a town, on the longer period's full marks."""
        share = next((share for share in self.shares[town] if share.frozen.period == found.origin), None)
        return share.weight_of(found.of) * share.scale if share else Fraction(0)


def rolls_up(scheme: Scheme, period: Period) -> bool:
    """Tell whether a period is made of finer ones under this scheme."""
    return (
        scheme.roll_up is not None
        and scheme.roll_up.by == "published"
        and bool(finer(period, scheme.roll_up.of, scheme.calendar))
    )


def roll_up(
    past: Sequence[Frozen], scheme: Scheme, period: Period, towns: Sequence[str], merged: Mapping[str, str]
) -> RollUp:
    """Gather the published periods inside `period` and share them out.

    A town counts with its own published score. Where it has none, the mean of those that merged into it stands for it;
    where there is none either, its other periods take that one's weight.

    Raises
    ------
    Refused
        A finer period is not published (`roll-up-missing`), or counts the other way (`roll-up-direction`).
    """
    policy = scheme.roll_up
    assert policy is not None
    wanted = finer(period, policy.of, scheme.calendar)
    known = {frozen.period.id: frozen for frozen in past}
    missing = tuple(label for label, _ in wanted if label not in known)
    if missing and (policy.missing == "refuse" or len(missing) == len(wanted)):
        raise Refused([problem("roll-up-missing", None, period=period.id, missing=label) for label in missing])
    base = policy.weights or (Fraction(1, len(wanted)),) * max(place + 1 for _, place in wanted)
    used = [(known[label], base[place]) for label, place in wanted if label in known]
    for frozen, _ in used:
        if frozen.scheme.direction != scheme.direction:
            raise Refused([problem("roll-up-direction", None, period=frozen.period.id)])
    year_end = policy.year_end.weight if policy.year_end and period.kind == "year" else Fraction(0)
    total = add_up(weight for _, weight in used)
    if not total:
        raise Refused([problem("roll-up-missing", None, period=period.id, missing=used[0][0].period.id)])
    periods = tuple((frozen, (1 - year_end) * weight / total) for frozen, weight in used)
    shares = {town: _shares(town, periods, scheme, merged, 1 - year_end) for town in towns}
    return RollUp(periods, missing, {town: own for town, own in shares.items() if own}, year_end)


def _shares(
    town: str,
    periods: Sequence[tuple[Frozen, Fraction]],
    scheme: Scheme,
    merged: Mapping[str, str],
    whole: Fraction,
) -> tuple[Share, ...]:
    found: list[Share] = []
    for frozen, weight in periods:
        scored = {
            code: (Fraction(num, den), Fraction(start, start_den))
            for code, num, den, start, start_den in frozen.scores.drop_nulls("score_num")
            .select("town_code", "score_num", "score_den", "start_num", "start_den")
            .iter_rows()
        }
        before = tuple(sorted(code for code in scored if merged.get(code) == town))
        own = (town,) if town in scored else before
        if not own:
            continue
        scale = worth(frozen.scheme, scheme)
        carried: dict[tuple[str, str], Fraction] = {}
        for posting in postings(frozen.entries):
            if posting.town in own:
                key = posting.origin, posting.of
                carried[key] = carried.get(key, Fraction(0)) + scale * posting.points / len(own)
        score = scale * add_up(scored[code][0] for code in own) / len(own)
        start = scale * add_up(scored[code][1] for code in own) / len(own)
        found.append(Share(frozen, weight, own, score, start, scale, carried))
    total = add_up(share.weight for share in found)
    if not total:
        return ()
    return tuple(replace(share, weight=share.weight * whole / total) for share in found)


def of_the_past(
    past: Sequence[Frozen], scheme: Scheme, period: Period, as_of: date, rolled: RollUp | None
) -> tuple[list[Frozen], list[Frozen]]:
    """Return the published periods whose differences this one takes over, and those whose postings count as posted.

    A longer period takes over what its finer ones have not posted themselves. One that was made of finer ones itself is
    not priced again; and of two made of the same, the half and its year, the year's postings stand for both.
    """
    if rolled is not None:
        posters = [frozen for frozen, _ in rolled.periods]
        taken = origins(posters, period, scheme.carry_over, as_of, posters[0].period.kind)
    else:
        known = [frozen for frozen in past if frozen.as_of <= as_of]
        posters = [frozen for frozen in known if not any(_stands_for(longer, frozen) for longer in known)]
        # A longer period scored again from all its findings has today's facts already.
        taken = origins(past, period, scheme.carry_over, as_of, period.kind) if period.kind != "year" else []
    return [frozen for frozen in taken if not rolls_up(frozen.scheme, frozen.period)], posters


def _stands_for(longer: Frozen, frozen: Frozen) -> bool:
    made_of = [one.scheme.roll_up for one in (longer, frozen) if rolls_up(one.scheme, one.period)]
    return len(made_of) == 2 and made_of[0].of == made_of[1].of and frozen.period.inside(longer.period)  # type: ignore[union-attr]


def with_year_end(scheme: Scheme, rolled: RollUp) -> Scheme:
    """Return the scheme with its own points at the weight of the year-end part."""
    policy = scheme.roll_up.year_end if scheme.roll_up else None
    if rolled.pure or policy is None:
        return scheme
    if scheme.parts is not None:
        own = tuple(part.model_copy(update={"weight": part.weight * rolled.year_end}) for part in scheme.parts.parts)
        return scheme.model_copy(update={"parts": scheme.parts.model_copy(update={"parts": own})})
    part = ScorePart(id=YEAR_END, label=policy.label, label_en=policy.label_en, weight=rolled.year_end)
    return scheme.model_copy(update={"parts": Parts(parts=(part,), allot=(Allotment(part=YEAR_END),))})


def bring_in(score: TownScore, shares: Sequence[Share], *, at_origin: bool) -> None:
    """Enter what each published period brings: weight × (score − start), what it had carried over apart.

    Parameters
    ----------
    at_origin
        What a period had carried over weighs what its origin does, or, of an earlier year, what the period itself does.
    """
    into = score.statement
    by_period = {share.frozen.period.id: share for share in shares}
    into.start += add_up(share.weight * share.start for share in shares)
    into.move(add_up(share.weight * share.start for share in shares))
    for share in shares:
        name = share.frozen.period.id
        apart = add_up(share.carried.values())
        facts = {"period": name, "edition": share.frozen.edition, "weight": share.weight, "score": share.score}
        if share.towns != (into.town,):
            facts["towns"] = list(share.towns)
        brought = share.weight * (share.score - apart - share.start)
        reason = "period-merged" if "towns" in facts else "period"
        if apart and at_origin:
            reason, facts["apart"] = "period-apart", apart
        into.add("period", brought, subject=name, reason=reason, **facts)  # type: ignore[arg-type]
        for (origin, of), points in share.carried.items():
            weighed = by_period.get(origin) if at_origin else None
            weight = weighed.weight_of(of) if weighed else share.weight
            into.add(
                "period",
                weight * points,
                subject=f"{name}:{origin}" + ("" if of == into.town else f":{of}"),
                reason="period-carried",
                period=name,
                origin=origin,
                weight=weight,
                carried=points,
            )


def indicators_of(shares: Sequence[Share], scheme: Scheme, score: TownScore) -> None:
    """Give the town the mean of its published indicators and dimensions, where every period knows them."""
    whole = add_up(share.weight for share in shares)
    for dimension in scheme.dimensions:
        # Where points are taken off full marks they count in proportion to them, else as they are.
        down = scheme.direction == "down"
        mean = _mean(shares, whole, "dimensions", "dimension", dimension.id, dimension.points if down else None)
        if mean is not None:
            score.dimensions["", dimension.id] = mean
        for indicator in dimension.indicators:
            mean = _mean(shares, whole, "indicators", "indicator", indicator.id, indicator.worth if down else None)
            if mean is not None:
                score.indicators["", indicator.id] = Result("scored", mean)


def _mean(
    shares: Sequence[Share], whole: Fraction, frame: str, column: str, name: str, points: Fraction | None
) -> Fraction | None:
    total = Fraction(0)
    for share in shares:
        known: pl.DataFrame = getattr(share.frozen, frame)
        rows = known.filter(pl.col("town_code").is_in(share.towns) & (pl.col(column) == name))
        if rows.height != len(share.towns):
            return None
        for num, den, full, full_den in rows.select("earned_num", "earned_den", "points_num", "points_den").iter_rows():
            earned, of = Fraction(num, den), Fraction(full, full_den)
            total += share.weight * earned * (points / of if of and points is not None else ONE) / len(share.towns)
    return total / whole


def empty_statement(town: str) -> TownScore:
    """Return a score that begins at nothing: all of it comes from published periods."""
    return TownScore(Statement(town, Fraction(0), Fraction(0)))
