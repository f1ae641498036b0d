"""What published periods do to later ones, a second time: differences carried over, and years made of quarters.

Written from docs/semantics.md ("Published periods", "A year made of its periods") with the rest of this reference.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction

from tests import reference
from tests.reference import Assessed, Result, places, tree
from tests.reference.data import months_of
from tests.reference.facts import RefusedError, counted_towns, months_back
from tests.reference.findings import Frozen

ZERO = Fraction(0)
BEYOND = {"surcharge", "carry_over", "range", "gate", "rounding", "period", "year_end"}


@dataclass
class Past:
    """A published period as this reference scored it, by its latest edition."""

    period: reference.Period
    as_of: object
    scheme: object
    done: Assessed

    @property
    def rolled(self):
        return rolls_up(self.scheme, self.period)


def score(scheme, tables, period, as_of, is_workday, past=()):
    """Score a period beside what is published, each by its latest edition."""
    published, frozen = printed(past), frozen_by(past, tables, period, as_of)
    past = [one for one in past if one.period.label != period.label]
    if rolls_up(scheme, period):
        return Year(scheme, tables, period, as_of, is_workday, past, published, frozen).made()
    carried, weights, ties = defaultdict(list), {}, False
    known = [one for one in past if one.as_of <= as_of and order(one) < order(period)]
    if length(period.label) != LENGTHS["year"]:
        origins = [one for one in known if length(one.period.label) == length(period.label)]
        origins = [one for one in origins if reaches(scheme.carry_over, one, period) and not one.rolled]
        held = [one for one in known if not any(holds(other, one) for other in known)]
        differences, ties = since(origins, held, tables, period, as_of, is_workday, published, frozen)
        for (origin, *rest, town), points in differences.items():
            unit = one_point(next(one.scheme for one in origins if one.period.label == origin), scheme)
            weights[town, origin, *rest] = unit
            carried[town].append(((origin, *rest), points * unit))
    done = reference.assess(scheme, tables, period, as_of, is_workday, published, carried=carried, frozen=frozen)
    done.ties |= ties
    done.weights = weights
    return done


CHARGED = {"priced", "duplicate"}
COUNTED = {*CHARGED, "no_part", "not_checked"}
ELSEWHERE = {"other_period", "after_as_of"}


def frozen_by(past, tables, period, as_of):
    """What published periods that knew no more than `as_of` say of findings, those that are gone with their rows.

    A new edition takes the place of what was published of its own period: what is gone there is gone for good.
    """
    known = [one for one in past if one.as_of <= as_of]
    listed = [(one, finding) for one in known for finding in one.done.findings.values()]
    ids = {row["finding_id"] for row in tables.get("findings", [])}
    gone = {
        f.id: f.row
        for one, f in listed
        if f.id not in ids and f.disposition in COUNTED and one.period.label != period.label
    }
    return Frozen(
        frozenset(f.id for _, f in listed if f.disposition in CHARGED),
        tuple(gone.values()),
        {one.period.label: one for one in known},
    )


def printed(past):
    """(town, measure, period label) → the value that was published, for trends that find no row."""
    values = {}
    for one in past:
        rules = {indicator.id: indicator.rule for _, indicator in one.scheme.indicators()}
        for code, result in one.done.towns.items():
            for (_, name), value in result.values.items():
                if value is not None:
                    values[code, rules[name].measure, one.period.label] = value
    return values


def one_point(there, here):
    """What a point of another scheme is here: counting down, in proportion to full marks; up is the other way round."""
    if there.direction == here.direction == "down":
        return here.full / there.full
    return Fraction(1 if (there.direction == "up") == (here.direction == "up") else -1)


def order(of):
    """Periods stand in the order of their last days; a longer one comes after those that end with it."""
    period = getattr(of, "period", of)
    return period.end, length(period.label)


def holds(longer, one):
    """Does a longer period stand for another that lies in it, both being made of the same finer ones."""
    if not (longer.rolled and one.rolled) or longer.scheme.roll_up.of != one.scheme.roll_up.of:
        return False
    return months_of(one.period.label) < months_of(longer.period.label)


LENGTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}


def rolls_up(scheme, period):
    """Is a period made of finer ones under this scheme."""
    policy = scheme.roll_up
    return policy is not None and policy.by == "published" and length(period.label) > LENGTHS[policy.of]


def length(label):
    return len(months_of(label))


def reaches(policy, origin, period):
    """Does the policy of the present scheme let this published period change the present one."""
    if origin.period.end >= period.start or policy.origins == "none":
        return False
    if policy.origins == "year" and origin.period.label[:4] != period.label[:4]:
        return False
    return policy.months is None or origin.period.end >= months_back(period.start, policy.months)


def places_of(result):
    """(dimension, indicator) → points, through the caps of dimensions, and the adjustments; no further."""
    sums = defaultdict(Fraction)
    for _, dimension, indicator, kind, _, points in result.ledger:
        if dimension is None and kind in BEYOND:
            continue
        sums[dimension, indicator] += points
    return sums


def since(origins, known, tables, period, as_of, is_workday, published, frozen):
    """(origin, town of then, dimension, indicator, town of now) → what today's facts change, less what was posted."""
    _, goes_to = counted_towns(tables["towns"], period.start, period.end)
    found, ties = defaultdict(Fraction), False
    ids = {row["finding_id"] for row in tables.get("findings", [])}
    for origin in origins:
        if any(f.disposition not in ELSEWHERE and f.id not in ids for f in origin.done.findings.values()):
            raise RefusedError("frozen-finding-missing", origin.period.label)
        now = reference.assess(
            origin.scheme, tables, origin.period, as_of, is_workday, published, windows=origin.as_of, frozen=frozen
        )
        ties |= now.ties
        for code, then in origin.done.towns.items():
            if then.score is None:
                continue
            today = now.towns.get(code)
            if today is None or today.score is None:
                raise RefusedError("frozen-town-missing", code)
            before, after = places_of(then), places_of(today)
            for dimension, indicator in {*before, *after}:
                key = (origin.period.label, code, dimension, indicator, goes_to[code])
                found[key] += after.get((dimension, indicator), ZERO) - before.get((dimension, indicator), ZERO)
        for poster in known:
            if order(origin) < order(poster):
                for (label, of, dimension, indicator), points in posted_by(poster):
                    if label == origin.period.label:
                        found[label, of, dimension, indicator, goes_to[of]] -= points
    return {key: points for key, points in found.items() if points}, ties


def posted_by(past):
    """((origin, town of then, dimension, indicator), points of the origin) of what a period carried over."""
    for result in past.done.towns.values():
        for entry in result.ledger:
            if entry[3] == "carry_over":
                yield entry[4], entry[-1] / past.done.weights.get((result.code, *entry[4]), 1)


class Year:
    """A longer period made of the finer ones that are published."""

    def __init__(self, scheme, tables, period, as_of, is_workday, known, published, frozen):
        self.scheme, self.tables, self.period, self.as_of = scheme, tables, period, as_of
        self.is_workday, self.published, self.frozen = is_workday, published, frozen
        policy = scheme.roll_up
        whole = months_of(period.label)
        self.inside, self.shares, self.end_share = {}, {}, ZERO
        labels = self.labels(policy.of)
        stated = policy.weights or [Fraction(1, len(labels))] * len(labels)
        missing = []
        for label, share in zip(labels, stated, strict=True):
            if not months_of(label) <= whole:
                continue
            one = next((past for past in known if past.period.label == label), None)
            if one is None:
                missing.append(label)
                continue
            if one.scheme.direction != scheme.direction:
                raise RefusedError("roll-up-direction", label)
            self.inside[label], self.shares[label] = one, share
        if not sum(self.shares.values(), ZERO) or (missing and policy.missing == "refuse"):
            raise RefusedError("roll-up-missing", missing)
        if policy.year_end is not None and length(period.label) == 12:
            self.end_share = policy.year_end.weight
        self.counted, self.goes_to = counted_towns(tables["towns"], period.start, period.end)

    def labels(self, of):
        year, count = self.period.label[:4], 12 // LENGTHS[of]
        letter = {"month": "-", "quarter": "Q", "half": "H"}[of]
        return [f"{year}{letter}{n:02d}" if of == "month" else f"{year}{letter}{n}" for n in range(1, count + 1)]

    def own(self, label, town):
        """The published results that stand for a town in a finer period: its own, else those that merged into it."""
        results = self.inside[label].done.towns
        if town in results and results[town].score is not None:
            return [results[town]]
        return [r for c, r in sorted(results.items()) if r.score is not None and self.goes_to.get(c) == town]

    def standing(self, town):
        """Label → the published results that stand for a town; none at all where those that it has weigh nothing."""
        found = {label: self.own(label, town) for label in self.inside}
        found = {label: own for label, own in found.items() if own}
        return found if sum((self.shares[label] for label in found), ZERO) else {}

    def made(self):
        scheme, period = self.scheme, self.period
        ended, ties = None, False
        if self.end_share:
            ended = self.year_end()
            ties = ended.ties
        origins = [one for one in self.inside.values() if scheme.carry_over.origins != "none"]
        origins = [one for one in origins if one.as_of <= self.as_of and not one.rolled]
        inside = list(self.inside.values())
        differences, more = since(
            origins, inside, self.tables, period, self.as_of, self.is_workday, self.published, self.frozen
        )
        ties |= more
        results, posted = [], {}
        for row in self.counted:
            code = row["town_code"]
            group = {"group": row.get("group"), "kind": row.get("kind"), "none": None}[scheme.groups_by]
            result = Result(code, group, self.as_of)
            results.append(result)
            standing = self.standing(code)
            total = sum((self.shares[label] for label in standing), ZERO)
            if not total:
                continue
            weights = {label: self.shares[label] / total * (1 - self.end_share) for label in standing}
            self.town(result, standing, weights, ended)
            for (origin, of, dimension, indicator, town), points in differences.items():
                weight = self.weight_of(standing, weights, origin, of)
                points = self.tidy(points)
                if town == code and weight and points:
                    weight *= self.scale(origin)
                    subject = (origin, of, dimension, indicator)
                    posted[code, *subject] = weight
                    self.say(result, "carry_over", subject, weight * points)
            self.finish(result, row)
            self.told_apart(result, standing, weights, ended)
        places.standings(scheme, results, self.as_of)
        listed = [f for one in self.inside.values() for f in one.done.findings.values()]
        listed = {f.id: f for f in listed if f.disposition not in ELSEWHERE}
        done = Assessed({r.code: r for r in results}, ended.findings if ended else listed, ties)
        done.weights = posted
        return done

    def tidy(self, points):
        return tree.Town(self.scheme, {}, [], {}).tidy(points)

    def scale(self, label):
        return one_point(self.inside[label].scheme, self.scheme)

    def weight_of(self, standing, weights, origin, of):
        """What a published score weighs in a town: one of several towns that merged has its part of the mean."""
        codes = [one.code for one in standing.get(origin, ())]
        return weights.get(origin, ZERO) / (len(codes) if of in codes else 1)

    def year_end(self):
        """The scheme itself on the whole year, nothing but what its tree says; who was not checked lost nothing."""
        quiet = {**self.tables, "adjustments": []}
        scheme = self.scheme.model_copy(update={"unchecked": "ranked"})
        return reference.assess(
            scheme,
            quiet,
            self.period,
            self.as_of,
            self.is_workday,
            self.published,
            frozen=self.frozen,
            without={row["town_code"] for row in self.counted if not self.standing(row["town_code"])},
        )

    def say(self, result, kind, subject, points):
        if points:
            result.ledger.append((None, None, None, kind, subject, points))

    def town(self, result, standing, weights, ended):
        """What the published periods and the year-end part bring: weight × (score − start), carried over apart."""
        result.start = ZERO
        for label, own in standing.items():
            scale = self.scale(label) / len(own)
            for one in own:
                result.start += weights[label] * scale * one.start
                self.say(result, "period", label, weights[label] * scale * (one.score - one.start))
                if self.scheme.carry_over.rolls_up_at == "present":
                    continue
                for entry in one.ledger:
                    if entry[3] == "carry_over" and entry[4][0] in self.inside:
                        at = self.weight_of(standing, weights, entry[4][0], entry[4][1])
                        self.say(result, "period", label, (at - weights[label]) * scale * entry[-1])
        if self.end_share:
            end = ended.towns[result.code]
            result.start += self.end_share * end.start
            for _, dimension, _, kind, _, points in end.ledger:
                if dimension is not None or kind not in BEYOND - {"surcharge"}:
                    self.say(result, "year_end", None, self.end_share * points)

    def told_apart(self, result, standing, weights, ended):
        """What breaks ties: the points of the year-end part, else those of each period at its weight."""
        if ended:
            end = ended.towns[result.code]
            result.findings, result.earned, result.dimensions = end.findings, end.earned, end.dimensions
            return
        for label, own in standing.items():
            at = weights[label] * self.scale(label) / len(own)
            for one in own:
                for table, found in ((result.earned, one.earned), (result.dimensions, one.dimensions)):
                    for name, points in found.items():
                        table[name] = table.get(name, ZERO) + at * (points or ZERO)

    def finish(self, result, row):
        town = tree.Town(self.scheme, row, [], {})
        tree.adjust(town, self.tables, self.goes_to, self.period, self.as_of, named=True)
        score = result.start + sum((entry[-1] for entry in [*result.ledger, *town.entries]), ZERO)
        weights = sum((p.weight for p in self.scheme.parts.parts), ZERO) if self.scheme.parts else Fraction(1)
        score, gates = tree.finish(town, self.tables, self.goes_to, self.period, self.as_of, score, weights)
        result.ledger += town.entries
        result.score, result.gates = score, gates
        assert result.start + sum((entry[-1] for entry in result.ledger), ZERO) == score


__all__ = ["Past", "score"]
