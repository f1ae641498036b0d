"""Steps 9 and 10 for one town: what does not apply, scaling, caps and surcharges above the indicator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from schemas.scheme import Dimension, Indicator, Scheme
from scoring.exact import add_up
from scoring.ledger.ending import Above, TownScore, finish, rounded
from scoring.ledger.entries import ONE, Statement
from scoring.ledger.indicators import NOTHING, ZERO, IndicatorScorer, Result, Sums
from scoring.problems import Refused, problem


def score_town(town: str, sums: Mapping[tuple[str, str], Sums], above: Above, scorer: IndicatorScorer) -> TownScore:
    """Carry out steps 6 to 11 for one town.

    Parameters
    ----------
    sums
        (part, indicator) → what the findings come to.
    """
    scheme = scorer.scheme
    parts = [(part.id, part.weight) for part in scheme.parts.parts] if scheme.parts else [("", ONE)]
    weights = add_up(weight for _, weight in parts)
    start = start_of(scheme) * weights
    score = TownScore(Statement(town, start, start))
    into = score.statement
    for part, weight in parts:
        into.part, into.weight = part, weight
        loss = add_up(_dimension(score, dimension, sums, scorer) for dimension in scheme.dimensions)
        loss += _hand_over(score, scorer)
        scorer.surcharged(into, "part", part, loss, None, {})
    # Rounded like a score of its own, before the weight of a year-end part; of real parts nothing is rounded.
    into.part, into.weight = "", weights if scorer.fine else ONE
    loss = max((start - into.value) if scheme.direction != "up" else into.value, ZERO)
    scorer.surcharged(into, "total", "", loss / into.weight, None, {})
    into.weight = ONE
    return finish(score, above, scorer, weights)


def start_of(scheme: Scheme) -> Fraction:
    """Return the points that a score begins with."""
    return {"down": scheme.full, "up": ZERO, "net": scheme.base}[scheme.direction]


def _dimension(
    score: TownScore, dimension: Dimension, sums: Mapping[tuple[str, str], Sums], scorer: IndicatorScorer
) -> Fraction:
    """Score a dimension's indicators and the dimension itself; return its loss."""
    into, scheme = score.statement, scorer.scheme
    results: dict[str, Result] = {}
    for indicator in dimension.indicators:
        result = scorer.score(into, indicator, sums.get((into.part, indicator.id), NOTHING))
        results[indicator.id] = score.indicators[into.part, indicator.id] = result
    total = scorer.worths[dimension.id] if dimension.scale else dimension.points
    _stretch(score, results, dimension.points, total)
    if scheme.direction == "down":
        applicable = [i for i in dimension.indicators if results[i.id].outcome != "not_applicable"]
        if not applicable:
            if dimension.all_not_applicable == "refuse":
                raise Refused([problem("dimension-not-applicable", None, town=into.town, dimension=dimension.id)])
            score.dimensions[into.part, dimension.id] = dimension.points
            return ZERO
        return close_dimension(score, dimension, _redistribute(score, dimension, applicable, results, scorer), scorer)
    return close_dimension(score, dimension, add_up(result.earned for result in results.values()), scorer)


def close_dimension(score: TownScore, dimension: Dimension, value: Fraction, scorer: IndicatorScorer) -> Fraction:
    """Scale and cap what a dimension's indicators come to, let surcharges act, note what it earned; return its loss."""
    into, scheme = score.statement, scorer.scheme
    place: dict[str, object] = {"dimension": dimension.id}
    total = scorer.worths[dimension.id] if dimension.scale else dimension.points
    if scheme.direction == "down":
        if dimension.scale and total != dimension.points:
            held = value + dimension.points - total
            change = rounded(dimension.points * value / total - held, scorer)
            value = held + change
            if change:
                into.add("scale", change, weight=dimension.points, of=total, **place)  # type: ignore[arg-type]
        loss = dimension.points - value
    else:
        if dimension.scale and total != dimension.points:
            change = rounded(value * dimension.points / total - value, scorer)
            value += change
            if change:
                into.add("scale", change, weight=dimension.points, of=total, **place)  # type: ignore[arg-type]
        loss = value if scheme.direction == "up" else -value
    bound = None if dimension.cap == "none" else Fraction(dimension.cap)
    if bound is not None and loss > bound:
        change = rounded(scorer.sign * (bound - loss), scorer)
        into.add("cap", change, cap=bound, **place)  # type: ignore[arg-type]
        loss += scorer.sign * change
    if loss > 0:
        loss = scorer.surcharged(into, "dimension", dimension.id, loss, bound, place)
    score.dimensions[into.part, dimension.id] = {
        "down": dimension.points - loss,
        "up": loss,
        "net": -loss,
    }[scheme.direction]
    return max(loss, ZERO)


def _redistribute(
    score: TownScore,
    dimension: Dimension,
    applicable: list[Indicator],
    results: Mapping[str, Result],
    scorer: IndicatorScorer,
) -> Fraction:
    """Step 9: let the indicators that apply stand for those that do not.

    Returns the dimension's value in its indicators' own points.
    """
    into = score.statement
    if len(applicable) == len(results):
        return add_up(result.earned for result in results.values())
    absent = [i for i in dimension.indicators if results[i.id].outcome == "not_applicable"]
    points = {i.id: i.worth for i in applicable}
    earned = {i.id: results[i.id].earned for i in applicable}
    spread: list[Indicator] = []
    moved: dict[str, list[Indicator]] = {}
    for indicator in absent:
        if indicator.points_move_to in points:
            moved.setdefault(str(indicator.points_move_to), []).append(indicator)
        else:
            spread.append(indicator)
    for target, sources in moved.items():
        extra = add_up(source.worth for source in sources)
        grown = earned[target] * (points[target] + extra) / points[target]
        change = rounded(grown - earned[target] - extra, scorer)
        if change:
            names = [source.id for source in sources]
            into.add(
                "not_applicable", change, dimension=dimension.id, indicator=target, reason="points-moved", sources=names
            )
        _stretch(score, [target], points[target] + extra, points[target])
        earned[target] += extra + change
        points[target] += extra
    value = add_up(earned.values())
    if not spread:
        return value
    missing = add_up(indicator.worth for indicator in spread)
    base = add_up(points.values())
    _stretch(score, points, base + missing, base)
    change = rounded((base + missing) * value / base - value - missing, scorer)
    if change:
        names = [indicator.id for indicator in spread]
        into.add("not_applicable", change, dimension=dimension.id, indicators=names)
    return value + missing + change


def _stretch(score: TownScore, indicators: Iterable[str], worth: Fraction, of: Fraction) -> None:
    """Note that the points of indicators, `of` together, now stand for `worth` points."""
    if worth != of and of:
        for indicator in indicators:
            key = (score.statement.part, indicator)
            score.stretch[key] = score.stretch.get(key, ONE) * worth / of


def _hand_over(score: TownScore, scorer: IndicatorScorer) -> Fraction:
    """Give the weight of dimensions none of whose indicators applies to the dimension that the scheme names.

    Return the loss that this adds.
    """
    into, scheme = score.statement, scorer.scheme
    added = ZERO
    for dimension in scheme.dimensions:
        target = dimension.all_not_applicable
        outcomes = [score.indicators[into.part, i.id].outcome for i in dimension.indicators]
        if scheme.direction != "down" or target in ("refuse", "full") or set(outcomes) != {"not_applicable"}:
            continue
        held = score.dimensions[into.part, target]
        receiver = next(d for d in scheme.dimensions if d.id == target)
        weight = receiver.points
        _stretch(score, (indicator.id for indicator in receiver.indicators), weight + dimension.points, weight)
        change = rounded(held * dimension.points / weight - dimension.points, scorer)
        if change:
            into.add(
                "not_applicable",
                change,
                dimension=target,
                subject=dimension.id,
                reason="weight-moved",
                source=dimension.id,
            )
        added -= change
    return added
