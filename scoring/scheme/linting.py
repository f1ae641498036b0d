"""What a sound scheme may still hold that nobody meant: warnings, and the laws that it gives up."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from statistics import median

from schemas.amount import write_amount
from schemas.scheme import Indicator, Scheme
from schemas.scheme.conditions import Conditions, Test
from schemas.scheme.outcome import Surcharge
from schemas.scheme.rules import Measured
from scoring.messages import say
from scoring.scheme.fields import Field, known_fields
from scoring.scheme.idle import lint_idle
from scoring.scheme.laws import laws_given_up
from scoring.scheme.loading import LoadedScheme
from scoring.scheme.measurelint import lint_measured
from scoring.scheme.pricelint import Row, impossible, lint_price_lists, lint_rows, price_lists
from scoring.scheme.problems import Collector, SchemeProblem
from scoring.scheme.regions import meets, regions


def lint(loaded: LoadedScheme, lang: str = "zh") -> tuple[SchemeProblem, ...]:
    """Return every warning about a scheme, in the order of the file.

    Warnings that the scheme's `silence` names come with the reason in `silenced`; an entry that silences nothing is a
    warning itself. Codes that begin with `law-` name promises of the engine that the scheme gives up.
    """
    scheme = loaded.scheme
    problems = Collector(loaded.file, lang)
    lint_price_lists(scheme, problems)
    for check in (
        _conditions,
        _ordered_lists,
        _unused,
        lint_measured,
        _points,
        _double_penalty,
        _policy,
        _surcharges,
        lint_idle,
        _range,
        _grades,
        _parts,
        _laws,
    ):
        check(scheme, problems)
    return silenced(scheme, problems)


def silenced(scheme: Scheme, problems: Collector, *, of_facts: bool = False) -> tuple[SchemeProblem, ...]:
    """Return the warnings in the order of the file, those accepted with their reasons.

    `of_facts`: they speak of a period's facts; entries about the scheme alone are then not idle, and the reverse.
    """
    found = list(problems.in_order())
    for entry in scheme.silence:
        if entry.code.startswith("facts-") != of_facts:
            continue
        hits = [i for i, one in enumerate(found) if one.code == entry.code and entry.at in {None, one.at}]
        for place in hits:
            found[place] = replace(found[place], silenced=entry.reason)
        if not hits:
            problems.warn(entry.line, "silence-idle", at=entry.at or "", name=entry.code)
    idle = [one for one in problems.in_order() if one.code == "silence-idle"]
    return tuple(sorted([*found, *idle], key=lambda one: (one.line, one.code, one.message)))


def _conditions(scheme: Scheme, problems: Collector) -> None:
    """Collect sets of conditions outside ordered lists that contradict themselves."""
    fields = known_fields(scheme, "findings")
    sets: list[tuple[str, int, Conditions]] = [
        ("exemptions", scheme.exemptions.line, conditions) for conditions in scheme.exemptions.when
    ]
    if scheme.duplicates:
        pairs = (*scheme.duplicates.sides, *scheme.duplicates.exempt)
        sets += [("duplicates", scheme.duplicates.line, conditions) for conditions in pairs]
        one, other = scheme.duplicates.sides
        if any(meets(facts, one) and meets(facts, other) for facts in regions([one, other], fields) or ()):
            problems.warn(scheme.duplicates.line_of("sides"), "sides-overlap", at="duplicates")
    sets.append(("self_reported_when", scheme.rectification.line, scheme.rectification.self_reported_when))
    for name, line, conditions in sets:
        if impossible(conditions, fields):
            line_of_test = min((test.line for test in conditions.values()), default=line)
            problems.warn(line_of_test or line, "row-impossible", at=name, name=name)


def _ordered_lists(scheme: Scheme, problems: Collector) -> None:
    if scheme.parts:
        fields = {**known_fields(scheme, "findings"), "months": Field("months", "number", whole=True, required=True)}
        rows = [
            Row(row.line, {**row.when, "months": Test(le=Fraction(row.months))} if row.months else row.when)
            for row in scheme.parts.allot
        ]
        lint_rows("parts", rows, fields, problems)
    for name, adjustments in (("bonuses", scheme.bonuses), ("demerits", scheme.demerits)):
        if adjustments and adjustments.prices:
            rows = [Row(row.line, row.when) for row in adjustments.prices]
            lint_rows(name, rows, known_fields(scheme, "adjustments"), problems)


def _unused(scheme: Scheme, problems: Collector) -> None:
    indicators = [indicator for _, indicator in scheme.indicators()]
    lists = {
        item.rule.prices for item in indicators if item.rule.kind == "deduct" and isinstance(item.rule.prices, str)
    }
    for name, rows in scheme.price_lists.items():
        if name not in lists:
            problems.warn(rows[0].line if rows else 0, "price-list-unused", at=name, name=name)
    used = {item.rule.measure for item in indicators if isinstance(item.rule, Measured)}
    used |= {item.applies_when.measure for item in indicators if item.applies_when and item.applies_when.measure}
    used |= {surcharge.measure for surcharge in scheme.surcharges}
    for measure in scheme.measures:
        if measure.id not in used:
            problems.warn(measure.line, "measure-unused", at=measure.id, name=measure.label)


def _points(scheme: Scheme, problems: Collector) -> None:
    indicators = [indicator for _, indicator in scheme.indicators()]
    middle = median(indicator.worth for indicator in indicators)
    for indicator in indicators:
        if scheme.direction == "down" and len(indicators) > 3 and indicator.worth * 20 < middle:
            value = write_amount(indicator.worth)
            problems.warn(indicator.line, "points-tiny", at=indicator.id, name=indicator.label, value=value)
        if indicator.cap == "none" or scheme.direction == "up":
            continue
        cap = indicator.cap if isinstance(indicator.cap, Fraction) else indicator.points
        dear = [row for row in scheme.prices_of(indicator) if row.price > cap and not row.zero_out]
        if dear:
            problems.warn(
                dear[0].line,
                "price-above-points",
                at=indicator.id,
                name=indicator.label,
                value=write_amount(dear[0].price),
                points=write_amount(cap),
            )


def _double_penalty(scheme: Scheme, problems: Collector) -> None:
    """Two indicators that read one measure, or price findings by the same conditions, may charge one fault twice."""
    by_measure: dict[str, Indicator] = {}
    by_conditions: dict[str, Indicator] = {}
    for _, indicator in scheme.indicators():
        rule = indicator.rule
        if isinstance(rule, Measured):
            _twice(rule.measure, by_measure, indicator, "double-measure", problems)
        elif rule.kind == "deduct" and not isinstance(rule.prices, str):
            for row in rule.prices:
                if set(row.when) - {"severity"}:
                    key = repr(sorted((name, test.operators()) for name, test in row.when.items()))
                    _twice(key, by_conditions, indicator, "double-conditions", problems)


def _twice(key: str, seen: dict[str, Indicator], indicator: Indicator, code: str, problems: Collector) -> None:
    other = seen.setdefault(key, indicator)
    if other is not indicator:
        problems.warn(indicator.line, code, at=indicator.id, name=indicator.label, other=other.label, first=other.line)


def _policy(scheme: Scheme, problems: Collector) -> None:
    rectification, states = scheme.rectification, scheme.rectification.states
    _share_order(scheme, problems)
    prices = [row.price for rows in price_lists(scheme).values() for row in rows]
    limit = Fraction(1) if rectification.extra_per == "charge" else max(prices, default=Fraction(0))
    for name in ("overdue", "sent_back"):
        state = getattr(states, name)
        if state.extra > limit and prices:
            called = say(f"book-state-{name.replace('_', '-')}", problems.lang)
            amounts = {"value": write_amount(state.extra), "limit": write_amount(limit)}
            problems.warn(state.line, "extra-above-charge", at=name, name=called, **amounts)
    deadlines = [severity.working_days is not None for severity in scheme.severities]
    if any(deadlines) and not all(deadlines):
        for severity in scheme.severities:
            if severity.working_days is None:
                problems.warn(severity.line, "deadline-missing", at=severity.id, name=severity.id)
    if scheme.repeats and set(scheme.repeats.multipliers) == {Fraction(1)}:
        problems.warn(scheme.repeats.line, "repeats-idle", at="repeats")
    elif scheme.repeats and scheme.repeats.multipliers[0] != 1:
        value = write_amount(scheme.repeats.multipliers[0])
        problems.warn(scheme.repeats.line_of("multipliers"), "repeats-first", at="repeats", value=value)


def _share_order(scheme: Scheme, problems: Collector) -> None:
    """Collect states that give back more than a better one; what breaks a law is named with the laws."""
    states = scheme.rectification.states
    ordered = [(states.on_time, "on_time", name) for name in ("waiting", "impossible", "long_term", "ended")]
    if states.self_reported is not None:
        ordered.append((states.self_reported, "self_reported", "on_time"))
    for better, better_name, name in ordered:
        worse = getattr(states, name)
        if worse.share > better.share:
            problems.warn(
                worse.line_of("share") or better.line_of("share"),
                "shares-out-of-order",
                at=name,
                name=name,
                share=write_amount(worse.share),
                other=better_name,
                better=write_amount(better.share),
            )


def _surcharges(scheme: Scheme, problems: Collector) -> None:
    """Collect surcharges above the loss itself, and those that read what an indicator or another one reads already."""
    readers: dict[str, Indicator | Surcharge] = {}
    for _, indicator in scheme.indicators():
        if isinstance(indicator.rule, Measured):
            readers.setdefault(indicator.rule.measure, indicator)
    for one in scheme.surcharges:
        other = readers.setdefault(one.measure, one)
        if other is not one:
            problems.warn(one.line, "double-surcharge", at=one.id, name=one.label, other=other.label, first=other.line)
        highest = max(step.share for step in one.steps)
        if highest > 1:
            problems.warn(one.line, "surcharge-above-loss", at=one.id, name=one.label, value=write_amount(highest))


def _range(scheme: Scheme, problems: Collector) -> None:
    """Collect a start outside the range: it is bounded at once, which is rarely meant."""
    start = {"down": scheme.full * _weight(scheme), "net": scheme.base, "up": Fraction(0)}[scheme.direction]
    low, high = scheme.range.min, scheme.range.max
    if (low is not None and low > start) or (high is not None and high < start):
        problems.warn(scheme.range.line, "range-without-start", at="range", start=write_amount(start))


def _weight(scheme: Scheme) -> Fraction:
    return sum((part.weight for part in scheme.parts.parts), Fraction(0)) if scheme.parts else Fraction(1)


def _grades(scheme: Scheme, problems: Collector) -> None:
    """Grades that no score in the range can have, and scores that no grade takes (with quantiles: in the fall-back)."""
    if scheme.grades is None:
        return
    grades, up = scheme.grades.grades, scheme.direction == "up"
    low = scheme.range.min if scheme.range.min is not None else Fraction(0)
    if any(gate.effect == "score_zero" for gate in scheme.gates):
        low = min(low, Fraction(0))  # a gate's 0 stands outside the range
    high = scheme.range.max if scheme.range.max is not None else (None if up else scheme.full * _weight(scheme))
    best, worst = (low, high) if up else (high, low)
    if not up and scheme.full >= 10 and grades[0].at_least is not None and 0 < grades[0].at_least <= 1:
        full, value = write_amount(scheme.full), write_amount(grades[0].at_least)
        problems.warn(grades[0].line, "grades-for-percent", at=grades[0].id, full=full, value=value)
    sign = -1 if up else 1
    previous: Fraction | None = None
    for grade in grades:
        edge = grade.at_most if up else grade.at_least
        too_good = edge is not None and best is not None and edge * sign > best * sign
        beaten = previous is not None and worst is not None and previous * sign <= worst * sign
        if too_good or beaten:
            problems.warn(grade.line, "grade-unreachable", at=grade.id, name=grade.id)
        previous = edge if edge is not None else previous
    last = grades[-1].at_most if up else grades[-1].at_least
    if last is not None and (worst is None or last * sign > worst * sign):
        problems.warn(
            grades[-1].line, "scores-without-grade", at=grades[-1].id, name=grades[-1].id, value=write_amount(last)
        )


def _parts(scheme: Scheme, problems: Collector) -> None:
    if scheme.parts and _weight(scheme) != 1:
        problems.warn(scheme.parts.line, "part-weights", at="parts", sum=write_amount(_weight(scheme)))


def _laws(scheme: Scheme, problems: Collector) -> None:
    for law in laws_given_up(scheme, problems.lang):
        because = say("list-comma", problems.lang).join(law.because)
        problems.warn(law.line, law.code, because=because)
