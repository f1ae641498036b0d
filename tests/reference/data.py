"""What was measured and judged: one value a town, measure and part; one earned number an indicator."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from tests.reference.facts import RefusedError, meets


@dataclass
class Reading:
    """The rows of one measure folded together. `value` is None without data."""

    value: Fraction | None = None
    count: Fraction | None = None  # the plain numerator where no denominator is given
    numerator: Fraction | None = None
    denominator: Fraction | None = None
    sample: Fraction | None = None


def months_of(label):
    """The months that a period label names, or None for another word."""
    if found := re.fullmatch(r"(\d{4})-(\d{2})", label):
        return {(int(found[1]), int(found[2]))}
    for letter, length in (("Q", 3), ("H", 6)):
        if found := re.fullmatch(rf"(\d{{4}}){letter}(\d)", label):
            first = (int(found[2]) - 1) * length
            return {(int(found[1]), first + i + 1) for i in range(length)}
    if re.fullmatch(r"\d{4}", label):
        return {(int(label), month) for month in range(1, 13)}
    return None


def rows_of(scheme, tables, goes_to, town, measure, period, part, as_of):
    """The rows that speak of this town and measure in this period, or in this part of it.

    Of one town as reported no two may speak of the same months; those of towns that merged stand side by side.
    """
    mine = [
        row
        for row in appealed(tables, as_of)
        if goes_to[row["town"]] == town
        and row["measure"] == measure
        and not (row.get("dated_on") and row["dated_on"] > as_of)
    ]
    if part is not None:
        own = [row for row in mine if row["period"] == part]
        if own:
            if len({row["town"] for row in own}) < len(own):
                raise RefusedError("measure-twice", town, measure)
            return own
    whole = months_of(period.label)
    if whole is None:
        chosen = [row for row in mine if row["period"] == period.label]
    else:
        chosen = [row for row in mine if (months_of(row["period"]) or {None}) <= whole]
    spans = [(row["town"], months_of(row["period"]) or {row["period"]}) for row in chosen]
    for place, (reporter, span) in enumerate(spans):
        if any(reporter == other and span & taken for other, taken in spans[:place]):
            raise RefusedError("measure-twice", town, measure)
    return chosen


def appealed(tables, as_of):
    """The measures as decided appeals left them: `town/measure/period` names one."""
    rows = [dict(row) for row in tables.get("measures", [])]
    decided = [a for a in tables.get("appeals", []) if a["target"] == "measure" and a.get("decided_on")]
    for appeal in sorted(decided, key=lambda a: a["decided_on"]):
        if max(appeal["decided_on"], appeal["filed_on"]) > as_of or appeal["decision"] not in {"withdraw", "change"}:
            continue
        for row in list(rows):
            if f"{row['town']}/{row['measure']}/{row['period']}" != appeal["target_id"]:
                continue
            if appeal["decision"] == "withdraw":
                rows.remove(row)
            elif "/" in appeal["new_value"]:
                row["numerator"], row["denominator"] = appeal["new_value"].split("/")
            else:
                row["value" if row.get("value") is not None else "numerator"] = appeal["new_value"]
    return rows


def stands_for(row):
    """The day a value stands for: the stated one, else the last of its months."""
    if row.get("dated_on"):
        return row["dated_on"]
    year, month = max(months_of(row["period"]) or {(1, 1)})
    return date(year, month, calendar.monthrange(year, month)[1])


def exact(cell):
    return None if cell is None else Fraction(cell)


def fold(rows, several):
    """Pool numerators and denominators; fold plain values as the scheme says."""
    if not rows:
        return Reading()
    samples = [exact(row.get("sample")) for row in rows if row.get("sample") is not None]
    sample = sum(samples, Fraction(0)) if samples else None
    plain = [row.get("value") is not None for row in rows]
    if any(plain) and not all(plain):
        raise RefusedError("measure-mixed")
    if all(plain):
        reporters = sorted({row["town"] for row in rows})
        if len(reporters) > 1 and several not in {"mean", "sum"}:
            raise RefusedError("several-towns")
        values = [one_value([row for row in rows if row["town"] == town], several) for town in reporters]
        value = sum(values, Fraction(0))
        if several == "mean":
            value /= len(values)
        return Reading(value=value, count=value, sample=sample)
    tops = [exact(row.get("numerator")) for row in rows]
    bottoms = [exact(row.get("denominator")) for row in rows]
    if not any(number is not None for number in tops + bottoms):
        return Reading(sample=sample)
    numerator = sum((top for top in tops if top is not None), Fraction(0))
    if all(bottom is None for bottom in bottoms):
        return Reading(count=numerator, numerator=numerator, sample=sample)
    if None in tops + bottoms:
        raise RefusedError("measure-mixed")
    denominator = sum(bottoms, Fraction(0))
    value = None if denominator == 0 else 100 * numerator / denominator
    return Reading(value=value, count=value, numerator=numerator, denominator=denominator, sample=sample)


def one_value(rows, several):
    """One value of one reporting town's plain values."""
    values = [exact(row["value"]) for row in rows]
    if len(values) == 1:
        return values[0]
    if several is None:
        raise RefusedError("several-values")
    if several == "last":
        days = [stands_for(row) for row in rows]
        if days.count(max(days)) > 1:
            raise RefusedError("two-last-values")
        return values[days.index(max(days))]
    total = sum(values, Fraction(0))
    return total / len(values) if several == "mean" else total


def value_by(rule, reading):
    """The number that a rule may go by, or None without data."""
    if rule.kind != "accrue" and reading.numerator is not None and reading.denominator is None:
        raise RefusedError("rate-without-denominator", rule.measure)
    if rule.minimum_sample is not None:
        size = reading.sample if rule.sample == "sample" else reading.denominator
        if size is None or size < rule.minimum_sample:
            return None
    return reading.count if rule.kind == "accrue" else reading.value


def earned_by(indicator, x, earlier, others):
    """Points earned by a measured indicator, or None without data.

    `x` is the town's value, `earlier` gives the earlier one, `others` the values of all towns that are compared.
    """
    rule, points = indicator.rule, indicator.points
    if x is None:
        return None
    if rule.kind == "accrue":
        return min(points, max(Fraction(0), rule.each * x))
    if rule.kind == "pass_fail":
        passed = x >= rule.at_least if rule.at_least is not None else x <= rule.at_most
        return points if passed else Fraction(0)
    if rule.kind == "relative":
        return compared(rule, points, x, others())
    if rule.kind == "trend":
        return moved(rule, points, x, earlier)
    return shaped(rule, points, x, rule.better)


def compared(rule, points, x, others):
    """Own by best, or so much less for each place: every other value is looked at, one by one."""
    ahead = [other for other in others if (other > x if rule.better == "higher" else other < x)]
    if rule.by == "place":
        return max(Fraction(0), points - len(ahead) * rule.price)
    if min(others) < 0:
        raise RefusedError("below-zero", rule.measure)
    if not ahead:
        return points
    return points * x / max(ahead) if rule.better == "higher" else points * min(ahead) / x


def moved(rule, points, x, earlier):
    """By how much a town got better, unless it stands as high as is asked."""
    sign = 1 if rule.better == "higher" else -1
    if rule.held_at is not None and sign * x >= sign * rule.held_at:
        return points
    before = earlier()
    if before is None or (rule.change == "percent" and before == 0):
        return None
    gained = sign * (x - before)
    if rule.change == "percent":
        gained = gained / abs(before) * 100
    return shaped(rule, points, gained, "higher")


def earlier_label(label, against):
    """The label of the period just before, or of the same one a year earlier; None for another word."""
    if months_of(label) is None:
        return None
    year, rest = int(label[:4]), label[4:]
    if against == "last_year" or not rest:
        return f"{year - 1}{rest}"
    number, last = int(rest[1:]), {"Q": 4, "H": 2, "-": 12}[rest[0]]
    if number == 1:
        year, number = year - 1, last + 1
    return f"{year}{rest[0]}{number - 1:0{len(rest) - 1}}"


def earlier_value(scheme, tables, goes_to, town, rule, period, as_of, published):
    """What a trend is compared with: the scheme's figure, the earlier period's rows, or what was published then."""
    if rule.against == "baseline":
        return rule.baseline
    label = earlier_label(period.label, rule.against)
    if label is None:
        return None
    then = replace(period, label=label)
    rows = rows_of(scheme, tables, goes_to, town, rule.measure, then, None, as_of)
    if rows:
        return value_by(rule, fold(rows, rule.several_values))
    known = [value for (of, measure, when), value in published.items() if goes_to.get(of, of) == town
             and (measure, when) == (rule.measure, label)]  # fmt: skip
    if len(known) > 1 and rule.several_values not in {"mean", "sum"}:
        return None
    if not known:
        return None
    return sum(known, Fraction(0)) / (len(known) if rule.several_values == "mean" else 1)


def shaped(rule, points, x, better):
    """The points of a number by the rule's one shape."""
    if rule.per_point is not None:
        target = rule.per_point.target
        short = max(Fraction(0), target - x if better == "higher" else x - target)
        if rule.per_point.step == "whole":
            short = Fraction(short.__floor__())
        return points - min(points, rule.per_point.price * short)
    if rule.linear is not None:
        way = (x - rule.linear.none_at) / (rule.linear.full_at - rule.linear.none_at)
        return points * min(Fraction(1), max(Fraction(0), way))
    for band in rule.bands:
        if (band.at_least is not None and x >= band.at_least) or (band.at_most is not None and x <= band.at_most):
            return band.points
    return Fraction(0)


def judged_points(tables, goes_to, town, indicator, period, as_of):
    """Points earned by a judged item, or None when nobody judged it."""
    rows = [
        row for row in tables.get("judgements", []) if goes_to[row["town"]] == town and row["indicator"] == indicator.id
    ]
    rows = [row for row in rows if not (row.get("judged_on") and row["judged_on"] > as_of)]
    whole = months_of(period.label) or set()
    rows = [
        row
        for row in rows
        if row.get("period") == period.label
        or (row.get("period") is not None and (months_of(row["period"]) or {None}) <= whole)
        or (row.get("period") is None and not row.get("judged_on"))
        or (row.get("period") is None and row.get("judged_on") and period.start <= row["judged_on"] <= period.end)
    ]
    if not rows:
        return None
    kinds = {name for row in rows for name in ("points", "deducted", "share") if row.get(name) is not None}
    if len(kinds) != 1 or (kinds != {"deducted"} and len(rows) > 1):
        raise RefusedError("judged-mixed", town, indicator.id)
    if kinds == {"points"}:
        return exact(rows[0]["points"])
    if kinds == {"share"}:
        return indicator.points * exact(rows[0]["share"])
    return max(Fraction(0), indicator.points - sum((exact(row["deducted"]) for row in rows), Fraction(0)))


def checks_in(tables, goes_to, town, period, as_of):
    return [
        row
        for row in tables.get("checks", [])
        if goes_to[row["town"]] == town
        and period.start <= row["checked_on"] <= period.end
        and row["checked_on"] <= as_of
    ]


def checked(rows, column):
    return sum((Fraction(row.get(column) or 0) for row in rows), Fraction(0))


def applies(indicator, town, checks, reading_of):
    """Does the indicator apply, by the town's fields, its checks and a measure; never by findings."""
    sums = indicator.applies_when
    if sums is None:
        return True
    totals = {name: checked(checks, name) for name in ("newly_confirmed", "sampled", "visited", "problem_cases")}
    if not checks:
        totals = dict.fromkeys(totals)
    if not meets(sums.town, town) or not meets(sums.checks, totals):
        return False
    if sums.measure is None:
        return True
    reading = reading_of(sums.measure)
    numbers = {
        "numerator": reading.numerator,
        "denominator": reading.denominator,
        "value": reading.value,
        "sample": reading.sample,
    }
    return meets(sums.measure_is, numbers)
