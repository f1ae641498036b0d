"""What looks odd in the rules that read the measures table: shares for percent, lines that run the wrong way."""

from __future__ import annotations

from fractions import Fraction

from schemas.amount import write_amount
from schemas.scheme import Indicator, Scheme
from schemas.scheme.rules import PassFail, Rate, Relative, Shaped, Trend
from scoring.scheme.problems import Collector


def lint_measured(scheme: Scheme, problems: Collector) -> None:
    """Collect what such a rule holds that nobody meant."""
    for _, indicator in scheme.indicators():
        rule = indicator.rule
        if isinstance(rule, Rate):
            _rate(indicator, rule, problems)
        elif isinstance(rule, PassFail):
            bound = rule.at_least if rule.at_least is not None else rule.at_most
            if bound is not None and 0 < bound < 1:
                _share(indicator, bound, problems)
        elif isinstance(rule, Trend):
            _trend(indicator, rule, problems)
        elif isinstance(rule, Relative) and rule.price is not None and rule.price >= indicator.points:
            amounts = {"value": write_amount(rule.price), "points": write_amount(indicator.points)}
            problems.warn(rule.line_of("price"), "place-takes-all", at=indicator.id, name=indicator.label, **amounts)


def _edges(rule: Shaped) -> list[Fraction]:
    if rule.per_point:
        return [rule.per_point.target]
    if rule.linear:
        return [rule.linear.none_at, rule.linear.full_at]
    return [edge for band in rule.bands or () for edge in (band.at_least, band.at_most) if edge is not None]


def _share(indicator: Indicator, value: Fraction, problems: Collector) -> None:
    written = write_amount(value)
    problems.warn(indicator.rule.line, "share-for-percent", at=indicator.id, name=indicator.label, value=written)


def _rate(indicator: Indicator, rule: Rate, problems: Collector) -> None:
    """Rates count in percent: a target of 0.98 is a slip for 98, and a line that falls contradicts `better: higher`."""
    edges = _edges(rule)
    if rule.linear and (rule.linear.full_at > rule.linear.none_at) != (rule.better == "higher"):
        problems.warn(rule.line, "linear-against-better", at=indicator.id, name=indicator.label, better=rule.better)
    shares = [edge for edge in edges if 0 < edge < 1]
    if rule.better == "higher":
        shares += edges if max(edges) <= 1 else []
    elif max(edges) >= 1:
        shares = []  # 0.5 % beside 2 % may well be meant where lower is better
    if shares:
        _share(indicator, max(shares), problems)


def _trend(indicator: Indicator, rule: Trend, problems: Collector) -> None:
    """Collect levels and changes written as shares, a line that falls, and what nobody can reach or miss."""
    edges = _edges(rule)
    levels = [value for value in (rule.baseline, rule.held_at) if value is not None]
    # A change of half a point may be meant, one of half a percent hardly; nor a level below 1 % that is good.
    shares = [value for value in levels if rule.better == "higher" and 0 < value < 1]
    shares += [max(edges)] if rule.change == "percent" and 0 < max(edges) < 1 else []
    if shares:
        _share(indicator, shares[0], problems)
    if rule.linear and rule.linear.full_at < rule.linear.none_at:
        problems.warn(rule.line, "trend-falls", at=indicator.id, name=indicator.label)
    if code := _beyond_percent(rule, indicator.points):
        problems.warn(rule.line, code, at=indicator.id, name=indicator.label)
    if rule.held_at is not None and rule.better == "higher" and rule.held_at <= 0:
        problems.warn(rule.line_of("held_at"), "trend-never-loses", at=indicator.id, name=indicator.label)


def _beyond_percent(rule: Trend, points: Fraction) -> str | None:
    """Return the code of a change that nobody can reach or miss: of a figure above 0 no more than 100 % can be lost."""
    if rule.change != "percent":
        return None
    edges = _edges(rule)
    if rule.better == "higher":
        return "trend-never-loses" if max(edges) <= -100 else None
    if rule.held_at is not None or max(edges) <= 100:
        return None
    if rule.per_point:
        nothing = rule.per_point.price * (rule.per_point.target - 100) >= points
    elif rule.linear:
        nothing = rule.linear.none_at >= 100
    else:
        nothing = min(edges) > 100
    return "trend-never-earns" if nothing else "trend-never-full"
