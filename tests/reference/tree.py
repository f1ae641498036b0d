"""Steps 6 to 11 for one town: from findings and measures through indicators, dimensions and parts to the score.

Everything is kept as a loss L: down and net subtract it, up adds it. In a net scheme what is earned is a negative loss.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from tests.reference import data
from tests.reference.facts import RefusedError, meets, round_half_away

ZERO = Fraction(0)


@dataclass
class Node:
    """A loss, where it stands, and the entries that made it."""

    loss: Fraction = ZERO
    points: Fraction = ZERO
    applicable: bool = True
    zeroed: bool = False


@dataclass
class Town:
    """A town's way through the tree."""

    scheme: object
    row: dict
    everyone: list
    published: dict
    entries: list = field(default_factory=list)  # (part, dimension, indicator, kind, subject, points)
    earned: dict = field(default_factory=dict)  # (part, indicator) -> earned before step 9
    outcomes: dict = field(default_factory=dict)
    values: dict = field(default_factory=dict)  # (part, indicator) -> what was measured
    dimensions: dict = field(default_factory=dict)

    @property
    def sign(self):
        return 1 if self.scheme.direction == "up" else -1

    @property
    def rounds(self):
        """Entries are rounded one by one only outside parts."""
        return self.scheme.round_at == "indicator" and self.scheme.parts is None

    def tidy(self, value):
        return round_half_away(value, self.scheme.decimals) if self.rounds else value


def score_town(scheme, tables, goes_to, row, findings, period, as_of, everyone, published, carried=()):
    """Score one town; `everyone` holds the rows of all towns that are scored, `carried` what earlier periods post."""
    town = Town(scheme, row, everyone, published)
    parts = [(p.id, p.weight) for p in scheme.parts.parts] if scheme.parts else [(None, Fraction(1))]
    weights = sum(weight for _, weight in parts)
    start = {"down": scheme.full * weights, "up": ZERO, "net": scheme.base * weights}[scheme.direction]
    for part, weight in parts:
        mine = [f for f in findings if f.town == row["town_code"] and f.part == part]
        score_part(town, tables, goes_to, mine, period, as_of, part, weight)

    def reading(measure, several):
        rows = data.rows_of(scheme, tables, goes_to, row["town_code"], measure, period, None, as_of)
        return data.fold(rows, several)

    for surcharge in scheme.surcharges:
        if surcharge.level == "total":
            lost = town.sign * sum((entry[-1] for entry in town.entries), ZERO)
            extra = town.tidy(share_of(surcharge, reading) * max(ZERO, lost))
            town.entries.append((None, None, None, "surcharge", surcharge.id, town.sign * extra))
    score = start + sum((entry[-1] for entry in town.entries), ZERO)
    score += adjust(town, tables, goes_to, period, as_of)
    for subject, points in carried:
        points = town.tidy(points)
        if points:
            town.entries.append((None, None, None, "carry_over", subject, points))
            score += points
    score, gates = finish(town, tables, goes_to, period, as_of, score, weights)
    return town, start, score, gates


def share_of(surcharge, reading):
    value = reading(surcharge.measure, surcharge.several_values)
    value = value.value if value.value is not None else value.count
    if value is None:
        return ZERO
    reached = [step for step in surcharge.steps if value >= step.at_least]
    return max(reached, key=lambda step: step.at_least).share if reached else ZERO


def score_part(town, tables, goes_to, findings, period, as_of, part, weight):
    scheme, code = town.scheme, town.row["town_code"]
    checks = data.checks_in(tables, goes_to, code, period, as_of)
    begun = len(town.entries)

    def reading(measure, several=None):
        return data.fold(data.rows_of(scheme, tables, goes_to, code, measure, period, part, as_of), several)

    def note(dimension, indicator, kind, subject, loss):
        if loss:
            town.entries.append((part, dimension, indicator, kind, subject, town.sign * weight * loss))

    nodes = {}
    for dimension in scheme.dimensions:
        for indicator in dimension.indicators:
            nodes[indicator.id] = score_indicator(
                town, tables, goes_to, findings, checks, reading, note, period, as_of, part, dimension, indicator
            )
    losses, empty = {}, {}
    for dimension in scheme.dimensions:
        losses[dimension.id] = join(town, note, dimension, nodes)
        empty[dimension.id] = all(not nodes[i.id].applicable for i in dimension.indicators)
    for dimension in scheme.dimensions:
        if not empty[dimension.id] or scheme.direction != "down":
            continue
        if dimension.all_not_applicable == "refuse":
            raise RefusedError("dimension-empty", dimension.id)
    for dimension in scheme.dimensions:
        raw = sum((i.weight or i.points for i in dimension.indicators), ZERO)
        given = sum((d.points for d in scheme.dimensions if empty[d.id] and d.all_not_applicable == dimension.id), ZERO)
        if given and scheme.direction == "down":
            more = town.tidy(losses[dimension.id] * given / dimension.points)
            note(dimension.id, None, "not_applicable", None, more)
            losses[dimension.id] += more
        if dimension.scale and raw != dimension.points:
            more = town.tidy(losses[dimension.id] * (dimension.points / raw - 1))
            note(dimension.id, None, "scale", None, more)
            losses[dimension.id] += more
        losses[dimension.id] = top(town, note, dimension, losses[dimension.id], reading)
        if scheme.direction == "down":
            town.dimensions[part, dimension.id] = dimension.points - losses[dimension.id]
        else:
            town.dimensions[part, dimension.id] = town.sign * losses[dimension.id]
    for surcharge in scheme.surcharges:
        if surcharge.level == "part" and surcharge.of in {None, part}:
            lost = town.sign * sum((entry[-1] for entry in town.entries[begun:]), ZERO) / weight
            note(None, None, "surcharge", surcharge.id, town.tidy(share_of(surcharge, reading) * max(ZERO, lost)))


def score_indicator(town, tables, goes_to, findings, checks, reading, note, period, as_of, part, dimension, indicator):
    scheme, code, rule = town.scheme, town.row["town_code"], indicator.rule
    mine = [f for f in findings if f.indicator is indicator]

    def say(kind, subject, loss):
        note(dimension.id, indicator.id, kind, subject, loss)

    node = Node(points=indicator.points)
    town.outcomes[part, indicator.id] = "scored"
    if not data.applies(indicator, town.row, checks, reading):
        if any(f.disposition in {"priced", "duplicate"} for f in mine):
            raise RefusedError("finding-not-applicable", mine[0].id)
        return leave_out(town, part, indicator, node)
    if rule.kind == "deduct":
        charge_findings(node, mine, say)
        if rule.exposure is not None:
            base = max(data.checked(checks, rule.exposure.checked), Fraction(rule.exposure.minimum))
            scaled = node.loss * 100 / base
            say("exposure", None, scaled - node.loss)
            node.loss = scaled
        node.zeroed = any(fires(f, rule) for f in mine if f.disposition == "priced")
        if node.zeroed and node.loss < indicator.points:
            say("zero_out", None, indicator.points - node.loss)
            node.loss = indicator.points
    else:
        if rule.kind == "judged":
            earned = data.judged_points(tables, goes_to, code, indicator, period, as_of)
        else:
            measured = data.value_by(rule, reading(rule.measure, rule.several_values))
            town.values[part, indicator.id] = measured
            earned = data.earned_by(
                indicator,
                measured,
                lambda: data.earlier_value(scheme, tables, goes_to, code, rule, period, as_of, town.published),
                lambda: values_beside(town, tables, goes_to, indicator, period, part, as_of),
            )
        if earned is None:
            if indicator.no_data == "refuse":
                raise RefusedError("no-data", code, indicator.id)
            if indicator.no_data == "not_applicable":
                return leave_out(town, part, indicator, node)
            earned = ZERO if indicator.no_data == "zero" else indicator.points
            town.outcomes[part, indicator.id] = "no_data_" + indicator.no_data
        node.loss = -earned if scheme.direction == "net" else indicator.points - earned
        say("judged" if rule.kind == "judged" else "measure", None, node.loss)

    cap = {"points": indicator.points, "none": None}.get(indicator.cap, indicator.cap)
    if cap is not None and node.zeroed:
        cap = max(cap, indicator.points)
    if cap is not None and -node.loss > cap:  # what an indicator gives, where points go both ways, ends there too
        say("cap", None, -cap - node.loss)
        node.loss = -cap
    if cap is not None and node.loss > cap:
        say("cap", None, cap - node.loss)
        node.loss = cap
    for surcharge in scheme.surcharges:
        if surcharge.level == "indicator" and surcharge.of in {None, indicator.id} and not node.zeroed:
            more = share_of(surcharge, reading) * max(ZERO, node.loss)
            if cap is not None:
                more = min(more, cap - node.loss)
            say("surcharge", surcharge.id, more)
            node.loss += more
    counts_as = indicator.weight or indicator.points
    more = node.loss * (counts_as / indicator.points - 1)
    say("scale", None, more)
    node.loss += more
    if town.rounds:
        before = counts_as - node.loss if scheme.direction == "down" else town.sign * node.loss
        after = round_half_away(before, scheme.decimals)
        more = (before - after) if scheme.direction == "down" else town.sign * (after - before)
        say("rounding", None, more)
        node.loss += more
    town.earned[part, indicator.id] = counts_as - node.loss if scheme.direction == "down" else town.sign * node.loss
    return node


def values_beside(town, tables, goes_to, indicator, period, part, as_of):
    """The values of all scored towns, the own one included, that the indicator applies to and that have data."""
    scheme, rule, values = town.scheme, indicator.rule, []
    for row in town.everyone:
        column = None if scheme.groups_by == "none" else scheme.groups_by
        if rule.within == "group" and column and row.get(column) != town.row.get(column):
            continue
        code = row["town_code"]

        def reading(measure, several=None, code=code):
            return data.fold(data.rows_of(scheme, tables, goes_to, code, measure, period, part, as_of), several)

        checks = data.checks_in(tables, goes_to, code, period, as_of)
        if data.applies(indicator, row, checks, reading):
            value = data.value_by(rule, reading(rule.measure, rule.several_values))
            values += [] if value is None else [value]
    return values


def leave_out(town, part, indicator, node):
    node.applicable = False
    town.outcomes[part, indicator.id] = "not_applicable"
    town.earned[part, indicator.id] = None
    return node


def charge_findings(node, findings, say):
    for finding in findings:
        if finding.disposition == "priced":
            for kind, loss in finding.entries:
                say(kind, finding.id, loss)
                node.loss += loss


def fires(finding, rule):
    """Does the finding take the whole indicator; only an appeal lifts that, or, where so chosen, an accepted fix."""
    if not finding.price_row.zero_out:
        return False
    fixed = finding.state in {"on_time", "late", "extended", "self_reported"}
    return not (rule.zero_out_lifted_by == "fix" and fixed)


def join(town, note, dimension, nodes):
    """Step 9: a dimension's loss once what is not applicable has been spread over the rest."""
    applicable = [i for i in dimension.indicators if nodes[i.id].applicable]
    left_out = [i for i in dimension.indicators if not nodes[i.id].applicable]
    if town.scheme.direction != "down" or not left_out or not applicable:
        return sum((nodes[i.id].loss for i in applicable), ZERO)
    weights = {i.id: i.weight or i.points for i in applicable}
    for indicator in applicable:
        moved = sum((i.weight or i.points for i in left_out if i.points_move_to == indicator.id), ZERO)
        if moved:
            more = town.tidy(nodes[indicator.id].loss * moved / (indicator.weight or indicator.points))
            note(dimension.id, indicator.id, "not_applicable", None, more)
            nodes[indicator.id].loss += more
            weights[indicator.id] += moved
    loss = sum((nodes[i.id].loss for i in applicable), ZERO)
    whole = sum((i.weight or i.points for i in dimension.indicators), ZERO)
    more = town.tidy(loss * whole / sum(weights.values()) - loss)
    note(dimension.id, None, "not_applicable", None, more)
    return loss + more


def top(town, note, dimension, loss, reading):
    """The dimension's cap, and what is surcharged right after it."""
    cap = None if dimension.cap == "none" else dimension.cap
    if cap is not None and loss > cap:
        cut = town.tidy(cap - loss)
        note(dimension.id, None, "cap", None, cut)
        loss += cut
    for surcharge in town.scheme.surcharges:
        if surcharge.level == "dimension" and surcharge.of in {None, dimension.id}:
            more = share_of(surcharge, reading) * max(ZERO, loss)
            if cap is not None:
                more = min(more, cap - loss)
            more = town.tidy(more)
            note(dimension.id, None, "surcharge", surcharge.id, more)
            loss += more
    return loss


def decided(scheme, tables, goes_to, code, kind, period, as_of, named=False):
    """The adjustments of one kind that count for the town, with what appeals made of them.

    A row that names its period counts for that one alone; `named`: no others are wanted.
    """
    # Of equal ones the earlier counts.
    for raw in sorted(tables.get("adjustments", []), key=lambda row: (row["dated_on"], row["adjustment_id"])):
        row = dict(raw)
        if goes_to[row["town"]] != code or row["kind"] != kind:
            continue
        if row.get("decided_on") is None or row["decided_on"] > as_of or row["dated_on"] > as_of:
            continue
        if row.get("period") is not None:
            if row["period"] != period.label:
                continue
        elif named or not period.start <= row[scheme.adjustments_belong_by] <= period.end:
            continue
        appeals = [
            a
            for a in tables.get("appeals", [])
            if a["target"] == "adjustment"
            and a["target_id"] == row["adjustment_id"]
            and a.get("decided_on")
            and max(a["decided_on"], a["filed_on"]) <= as_of
        ]
        if any(a["decision"] == "withdraw" for a in appeals):
            continue
        for appeal in sorted(appeals, key=lambda a: a["decided_on"]):
            if appeal["decision"] == "change":
                row["item" if kind == "veto" else "decided_points"] = appeal["new_value"]
        yield row


def adjust(town, tables, goes_to, period, as_of, named=False):
    """Step 11: bonuses to their ceiling, then demerits, then decisions. Returns what they add to the score."""
    scheme, total = town.scheme, ZERO
    for kind, rule, way in (("bonus", scheme.bonuses, 1), ("demerit", scheme.demerits, -1)):
        if rule is None:
            continue
        way = -way if scheme.direction == "up" else way
        best = {}
        rows = decided(scheme, tables, goes_to, town.row["town_code"], kind, period, as_of, named)
        for place, row in enumerate(rows):
            points = worth(rule, row)
            matter = row.get("evidence") or ("alone", place)
            if matter not in best or points > best[matter][0]:
                best[matter] = (points, row["adjustment_id"])
        added = ZERO
        for points, subject in best.values():
            rounded = town.tidy(points)
            town.entries.append((None, None, None, kind, subject, way * rounded))
            added += rounded
        if rule.ceiling is not None and added > rule.ceiling:
            town.entries.append((None, None, None, "cap", kind, way * (rule.ceiling - added)))
            added = rule.ceiling
        total += way * added
    way = -1 if scheme.direction == "up" else 1
    for row in decided(scheme, tables, goes_to, town.row["town_code"], "decision", period, as_of, named):
        if not row.get("evidence") or not row.get("decided_by") or row.get("decided_points") is None:
            raise RefusedError("decision-without-basis", row["adjustment_id"])
        points = way * town.tidy(Fraction(row["decided_points"]))
        town.entries.append((None, None, None, "decision", row["adjustment_id"], points))
        total += points
    return total


def worth(rule, row):
    if row.get("decided_points") is not None:
        return Fraction(row["decided_points"])
    for line in rule.prices:
        if meets(line.when, row):
            quantity = Fraction(1) if row.get("quantity") is None else Fraction(row["quantity"])
            return line.points * quantity
    raise RefusedError("adjustment-no-price", row["adjustment_id"])


def finish(town, tables, goes_to, period, as_of, score, weights):
    """The range, the gates, the last rounding."""
    scheme = town.scheme

    def become(kind, subject, now):
        if now != score:
            town.entries.append((None, None, None, kind, subject, now - score))
        return now

    low = ZERO if scheme.range.min is None else scheme.range.min
    high = scheme.range.max
    if high is None and scheme.direction != "up":
        high = scheme.full * weights
    bounded = max(low, score)
    if high is not None:
        bounded = min(bounded, high)
    score = become("range", None, bounded)
    fired = []
    for row in decided(scheme, tables, goes_to, town.row["town_code"], "veto", period, as_of):
        known = [gate for gate in scheme.gates if row["item"] in {gate.id, gate.label}]
        if not known:
            raise RefusedError("unknown-gate", row["item"])
        fired += known
    if any(gate.effect == "score_zero" for gate in fired):
        score = become("gate", None, ZERO)
    score = become("rounding", None, round_half_away(score, scheme.decimals))
    return score, fired
