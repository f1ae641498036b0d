"""The numbers of a scheme: sums, bounds, and a common denominator that Int64 can hold."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise
from math import lcm
from typing import Final

from schemas.amount import write_amount
from schemas.scheme import Dimension, Indicator, Scheme
from schemas.scheme.rules import Shaped
from scoring.messages import say
from scoring.scheme import nodes
from scoring.scheme.problems import Collector

MAX_DENOMINATOR: Final = 10**7
"""Finding-level points are Int64 multiples of 1/N; N may not pass this."""
MAX_POINTS: Final = 10**6
"""No cap, bonus or demerit may be larger."""
MAX_SCALED_POINTS: Final = 10**12
"""N × the dearest price × the largest multiplier may not pass this: nine million such findings fit one Int64 sum."""


def check_amounts(scheme: Scheme, root: nodes.Mapping, problems: Collector) -> None:
    """Collect sums that do not hold, bounds that cannot be kept, and numbers that Int64 could not hold exactly."""
    _check_sums(scheme, root, problems)
    _check_caps(scheme, problems)
    _check_range(scheme, root, problems)
    _check_bands(scheme, problems)
    _check_exactness(scheme, root, problems)


def finding_denominator(scheme: Scheme) -> int:
    """Return N: every price × multiplier × share × part weight, and every extra, is a whole multiple of 1/N.

    Examples
    --------
    Prices in tenths, a multiplier of 3/2 and a share of 1/3 give N = 10 × 2 × 3 = 60.
    """
    return (
        _common(_prices(scheme)) * _common(_multipliers(scheme)) * _common(_shares(scheme)) * _common(_weights(scheme))
    )


def _prices(scheme: Scheme) -> list[Fraction]:
    lists = [scheme.prices_of(indicator) for _, indicator in scheme.indicators()]
    return [row.price for rows in (*lists, *scheme.price_lists.values()) for row in rows] + _states(scheme, "extra")


def _multipliers(scheme: Scheme) -> list[Fraction]:
    return list(scheme.repeats.multipliers) if scheme.repeats else []


def _shares(scheme: Scheme) -> list[Fraction]:
    extras = _states(scheme, "extra") if scheme.rectification.extra_per == "charge" else []
    return [*_states(scheme, "share"), *extras]


def _weights(scheme: Scheme) -> list[Fraction]:
    return [part.weight for part in scheme.parts.parts] if scheme.parts else []


def _states(scheme: Scheme, what: str) -> list[Fraction]:
    states = scheme.rectification.states
    found = [getattr(states, name) for name in type(states).model_fields]
    return [getattr(state, what) for state in found if state is not None]


def _common(amounts: Iterable[Fraction]) -> int:
    return lcm(*(amount.denominator for amount in amounts))


def _check_sums(scheme: Scheme, root: nodes.Mapping, problems: Collector) -> None:
    """Points are weights only where marks are lost from the top: upwards they bound losses, net has no full marks."""
    if scheme.direction != "down":
        return
    for dimension in scheme.dimensions:
        points = [indicator.worth for indicator in dimension.indicators]
        if sum(points) != dimension.points and not dimension.scale:
            problems.error(
                dimension.line_of("points"),
                "dimension-sum",
                at=dimension.id,
                name=dimension.label,
                points=write_amount(dimension.points),
                sum=write_amount(sum(points, Fraction(0))),
                slip=_slip(dimension.points, {i.label: (i.worth, i.line) for i in dimension.indicators}, problems),
            )
    total = sum((dimension.points for dimension in scheme.dimensions), Fraction(0))
    if total != scheme.full:
        problems.error(
            nodes.line_at(root, ("full",)) if "full" in root.values else nodes.line_at(root, ("dimensions",)),
            "full-sum",
            full=write_amount(scheme.full),
            sum=write_amount(total),
            slip=_slip(scheme.full, {d.label: (d.points, d.line) for d in scheme.dimensions}, problems),
        )


def _slip(target: Fraction, points: dict[str, tuple[Fraction, int]], problems: Collector) -> str:
    """Return a sentence that names the one number which, with its decimal point moved, would make the sum hold."""
    total = sum((value for value, _ in points.values()), Fraction(0))
    for label, (value, line) in points.items():
        for factor in (Fraction(100), Fraction(10), Fraction(1, 10), Fraction(1, 100)):
            if total - value + value * factor == target:
                meant = write_amount(value * factor)
                return say("scheme-slip", problems.lang, label=label, line=line, value=write_amount(value), meant=meant)
    return ""


def _check_caps(scheme: Scheme, problems: Collector) -> None:
    items: list[Dimension | Indicator] = [*scheme.dimensions, *(indicator for _, indicator in scheme.indicators())]
    for item in items:
        if isinstance(item.cap, Fraction) and item.cap > MAX_POINTS:
            value, limit = write_amount(item.cap), MAX_POINTS
            problems.error(
                item.line_of("cap"), "points-too-large", at=item.id, name=item.label, value=value, limit=limit
            )
        if isinstance(item.cap, Fraction) and item.cap <= 0:
            problems.error(
                item.line_of("cap"), "cap-not-positive", at=item.id, name=item.label, value=write_amount(item.cap)
            )
    if scheme.round_at == "indicator" and not scheme.parts:
        # Every step above the indicator is rounded: a finer cap could be overstepped by its own rounding.
        for dimension in scheme.dimensions:
            if isinstance(dimension.cap, Fraction) and (dimension.cap * 10**scheme.decimals).denominator != 1:
                facts = {"name": dimension.label, "value": write_amount(dimension.cap), "decimals": scheme.decimals}
                problems.error(dimension.line_of("cap"), "cap-too-fine", at=dimension.id, **facts)
    for policy in (scheme.bonuses, scheme.demerits):
        for row in policy.prices if policy else ():
            if row.points > MAX_POINTS:
                value = write_amount(row.points)
                problems.error(row.line, "points-too-large", at="", name=value, value=value, limit=MAX_POINTS)
    for surcharge in scheme.surcharges:
        if any(step.share > 10 for step in surcharge.steps):
            problems.error(surcharge.line, "share-too-large", at=surcharge.id, name=surcharge.label)


def _check_range(scheme: Scheme, root: nodes.Mapping, problems: Collector) -> None:
    unit = 10**scheme.decimals
    for key, bound in (("min", scheme.range.min), ("max", scheme.range.max)):
        if bound is not None and (bound * unit).denominator != 1:
            line = nodes.line_at(root, ("range", key))
            problems.error(line, "range-too-fine", key=key, value=write_amount(bound), decimals=scheme.decimals)


def _check_bands(scheme: Scheme, problems: Collector) -> None:
    """Bands and steps run from the best down; a band may not earn more than the indicator has."""
    for _, indicator in scheme.indicators():
        rule = indicator.rule
        if not isinstance(rule, Shaped) or not rule.bands:
            continue
        up = rule.kind == "trend" or rule.better == "higher"  # the bands of a trend read the improvement
        edges = [-(band.at_least or Fraction(0)) if up else band.at_most or Fraction(0) for band in rule.bands]
        for band, before, edge in zip(rule.bands[1:], edges, edges[1:], strict=False):
            if edge <= before:
                problems.error(band.line, "bands-out-of-order", at=indicator.id, name=indicator.label)
        for better, worse in pairwise(rule.bands):
            if worse.points > better.points:
                problems.error(worse.line, "band-worse-earns-more", at=indicator.id, name=indicator.label)
        for band in rule.bands:
            if band.points > indicator.points:
                problems.error(
                    band.line,
                    "band-above-points",
                    at=indicator.id,
                    name=indicator.label,
                    value=write_amount(band.points),
                    points=write_amount(indicator.points),
                )


def _check_exactness(scheme: Scheme, root: nodes.Mapping, problems: Collector) -> None:
    denominator = finding_denominator(scheme)
    if denominator > MAX_DENOMINATOR:
        line = (
            nodes.line_at(root, ("price_lists",))
            if "price_lists" in root.values
            else nodes.line_at(root, ("dimensions",))
        )
        problems.error(line, "denominator", denominator=denominator, limit=MAX_DENOMINATOR)
        return
    dearest = max(_prices(scheme), default=Fraction(0)) * max(_multipliers(scheme), default=Fraction(1))
    if dearest * denominator > MAX_SCALED_POINTS:
        lines = [
            row.line
            for _, indicator in scheme.indicators()
            for row in scheme.prices_of(indicator)
            if row.price == max(_prices(scheme))
        ]
        problems.error(
            min(lines, default=1),
            "price-too-large",
            value=write_amount(dearest),
            limit=MAX_SCALED_POINTS // denominator,
        )
