"""One finding's way: what it is, what it costs, whose matter it belongs to, what state it is in."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction

from tests.reference.data import months_of
from tests.reference.facts import DAY, RefusedError, meets, months_back

# The better verdict first; of two reports of one day the worse counts last.
FAVOUR = ("passed", "ended", "partly", "waiting", "sent_back", "false")


@dataclass(eq=False)
class Finding:
    """A row of the ledger of findings, and what became of it."""

    row: dict
    town: str
    disposition: str = "priced"
    span: int = 0  # which period it belongs to, counted in periods as long as the present one
    alive: bool = True  # known, neither withdrawn nor exempt, and priced by the present scheme
    chooses: bool = True  # counts in its own period
    part: str | None = None
    indicator: object = None
    price_row: object = None
    quantity: Fraction = Fraction(1)
    occasions: int = 0
    matter: Finding | None = None  # the keeper, for one that was set aside or is charged its excess alone
    partner: Finding | None = None
    unclear: bool = False  # two reports of one day that only their contents tell apart
    state: str | None = None
    flags: frozenset = frozenset()
    due: object = None
    charge: Fraction = Fraction(0)
    credit: Fraction = Fraction(0)
    extra: Fraction = Fraction(0)
    entries: list = field(default_factory=list)

    @property
    def id(self):
        return self.row["finding_id"]

    @property
    def found(self):
        return self.row["found_on"]

    @property
    def base(self):
        return self.price_row.price * self.quantity

    @property
    def stored(self):
        """Does only what was published know it."""
        return self.disposition.startswith("stored")

    @property
    def across(self):
        """Is its matter one that an earlier period has charged."""
        return self.matter is not None and self.matter.span < self.span

    @property
    def owed(self):
        """What is left to charge of it: of a matter that was charged before, the excess alone."""
        if not self.across:
            return self.base
        return Fraction(0) if self.matter.price_row.zero_out else max(Fraction(0), self.base - self.matter.base)


@dataclass(frozen=True)
class Frozen:
    """What published periods say of findings: no period here knew more than the present as_of.

    `charged`: the ids that one of them lists as charged, or as set aside for a pair. `gone`: rows of findings that the
    tables no longer hold. `editions`: label → what was published of it.
    """

    charged: frozenset = frozenset()
    gone: tuple = ()
    editions: dict = field(default_factory=dict)


def read_findings(scheme, tables, towns, goes_to, period, as_of, windows, frozen):
    """Step 1 and 2: which findings count, and their prices."""
    indicators = {indicator.id: indicator for _, indicator in scheme.indicators()}
    found = []
    listed = tables.get("findings", [])
    for number, raw in enumerate([*listed, *frozen.gone]):
        row = dict(raw)
        town = goes_to[row["town"]]
        finding = Finding(row=row, town=town, indicator=indicators[row["indicator"]])
        withdrawn = apply_appeals(row, tables, as_of)
        placed = placing_day(scheme, row)
        finding.span = span_of(placed, period)
        stored = number >= len(listed)
        if max(row["found_on"], placed) > as_of:
            finding.disposition = "after_as_of"
        elif withdrawn:
            finding.disposition = "withdrawn"
        elif is_exempt(scheme, row, towns.get(town, {})):
            finding.disposition = "exempt"
        if finding.disposition == "priced":
            try:
                price(scheme, finding)
            except RefusedError:
                # What no present row prices is refused in its own period alone; elsewhere it is no occasion either.
                if period.start <= placed <= period.end and not stored:
                    raise
                finding.disposition = "unpriced"
        finding.alive = finding.chooses = finding.disposition == "priced"
        if finding.alive:
            edition = frozen.editions.get(label_of(finding.span, period))
            inside = period.start <= placed <= period.end
            since = windows if inside else edition.as_of if edition else as_of
            if scheme.parts is not None:
                finding.part = allot(scheme, row, since)
                finding.chooses = finding.part is not None or not inside  # of other periods no part is asked
        if stored:
            finding.disposition = "stored" if finding.alive else "stored_gone"
        elif not period.start <= placed <= period.end and finding.disposition != "after_as_of":
            finding.disposition = "other_period" if finding.disposition == "priced" else "other_period_gone"
        elif finding.disposition == "priced" and scheme.parts is not None and finding.part is None:
            finding.disposition = "no_part"
        found.append(finding)
    return found


def span_of(day, period):
    """The number of the period that holds the day, all being as long as the present one."""
    if months_of(period.label) is None:
        return (day >= period.start) + (day > period.end)
    return (day.year * 12 + day.month - 1) // len(months_of(period.label))


def label_of(span, period):
    """The label of the period with this number."""
    months = months_of(period.label)
    if months is None:
        return None
    year, place = divmod(span, 12 // len(months))
    return {
        1: f"{year}-{place + 1:02}", 3: f"{year}Q{place + 1}", 6: f"{year}H{place + 1}", 12: str(year)
    }[len(months)]  # fmt: skip


def placing_day(scheme, row):
    if scheme.calendar.belongs_by == "assigned_on":
        return row.get("assigned_on") or row["found_on"]
    return row["found_on"]


def appeals_on(row, tables, as_of, targets=frozenset({"finding"})):
    return [
        appeal
        for appeal in tables.get("appeals", [])
        if appeal["target"] in targets and appeal["target_id"] == row["finding_id"] and appeal["filed_on"] <= as_of
    ]


def apply_appeals(row, tables, as_of):
    """Set a changed severity; say whether the finding was withdrawn."""
    decided = [a for a in appeals_on(row, tables, as_of) if a.get("decided_on") and a["decided_on"] <= as_of]
    decided.sort(key=lambda appeal: appeal["decided_on"])
    for appeal in decided:
        if appeal["decision"] == "change":
            row["severity"] = appeal["new_value"]
    return any(appeal["decision"] == "withdraw" for appeal in decided)


def is_exempt(scheme, row, town):
    approved, delegated = row.get("approved_on"), town.get("delegated_on")
    if scheme.exemptions.before_delegation and approved and delegated and approved < delegated:
        return True
    return any(meets(conditions, row) for conditions in scheme.exemptions.when)


def price(scheme, finding):
    row, rule = finding.row, finding.indicator.rule
    if rule.kind != "deduct":
        raise RefusedError("finding-on-other-rule", finding.id)
    for line in scheme.prices_of(finding.indicator):
        if line.from_ and row["found_on"] < line.from_:
            continue
        if line.to and row["found_on"] > line.to:
            continue
        if meets(line.when, row):
            finding.price_row = line
            break
    else:
        raise RefusedError("no-price", finding.id)
    if rule.per != "finding":
        count = row.get("cases" if rule.per == "case" else "persons")
        if count is None:
            raise RefusedError("no-quantity", finding.id)
        finding.quantity = Fraction(count)


def allot(scheme, row, as_of):
    for line in scheme.parts.allot:
        if line.months is not None and row["found_on"] < months_back(as_of, line.months):
            continue
        if meets(line.when, row):
            return line.part
    return None


def key_of(row, fields):
    values = tuple(row.get(name) for name in fields)
    return None if any(value is None or value == "" for value in values) else values


def pair(scheme, findings, present, charged=frozenset()):
    """Step 3, period by period up to the last one; `charged`: the findings that are frozen once their period is over.

    Returns whether a full tie had to be broken by content, which this reference does not do.
    """
    rule = scheme.duplicates
    if rule is None:
        return False
    able = [f for f in findings if f.alive and not any(meets(c, f.row) for c in rule.exempt)]
    able = [f for f in able if key_of(f.row, rule.key) is not None and not (f.stored and f.span == present)]
    tie = False
    for span in sorted({f.span for f in able}) if charged else [present]:
        tie |= pair_period(rule, able, span, charged)
    for one in findings:
        if one.disposition == "priced" and one.matter:
            left = one.across and (one.owed or one.price_row.zero_out)
            one.disposition = "priced" if left else "duplicate"
    return tie


def pair_period(rule, able, span, charged):
    """The findings of one period and the frozen ones that are still free choose, in one order."""

    def place(finding):
        shown = finding.row.get(rule.order_by)
        channel = rule.order.index(shown) if shown in rule.order else len(rule.order)
        return (not finding.price_row.zero_out, -finding.base, channel, finding.found)

    own = sorted((f for f in able if f.span == span and f.chooses), key=place)
    before = [f for f in able if f.span < span and f.id in charged]

    def partners(one):
        for other in [*own, *before]:
            if other is one or other.matter or other.partner or other.town != one.town:
                continue
            if one.span < span and other.span < span:
                continue
            if other.price_row.zero_out and (other.span == one.span or one.price_row.zero_out):
                continue
            if key_of(one.row, rule.key) != key_of(other.row, rule.key):
                continue
            if one.part != other.part and other.span == one.span:
                continue
            if rule.within == "indicator" and one.indicator.id != other.indicator.id:
                continue
            first, second = rule.sides
            sides = (meets(first, one.row) and meets(second, other.row)) or (
                meets(second, one.row) and meets(first, other.row)
            )
            if sides and abs((one.found - other.found).days) <= rule.days:
                yield other

    tie = False
    for one in sorted([*own, *before], key=place):
        if one.matter or one.partner:
            continue
        chosen = sorted(partners(one), key=lambda other: (abs((one.found - other.found).days), place(other)))
        if not chosen:
            continue
        other = chosen[0]
        # Equal places of rows that could stand for each other: only their contents tell them apart.
        rivals = [f for f in [*own, *before] if f.town == one.town and not f.matter and not f.partner]
        rivals = [
            f
            for f in rivals
            if f is not one
            and f is not other
            and (f.part == one.part or span not in {f.span, one.span} or f.span != one.span)
        ]
        rivals = [f for f in rivals if key_of(f.row, rule.key) == key_of(one.row, rule.key)]
        tie |= other.span == one.span and place(one) == place(other)
        tie |= any(place(f) in {place(one), place(other)} for f in rivals)
        keeper, aside = (one, other) if other.span >= one.span else (other, one)
        keeper.partner, aside.matter = aside, keeper
    return tie


def count_occasions(scheme, findings):
    """Step 4: the earlier days with a kept finding of the same key, seen from each finding's own day."""
    rule = scheme.repeats
    if rule is None:
        return
    kept = [f for f in findings if f.disposition in {"priced", "duplicate", "other_period", "no_part", "stored"}]
    for one in kept:
        key = key_of(one.row, rule.key)
        if key is None:
            continue
        begin = (
            one.found - timedelta(days=rule.window_days)
            if rule.window_days is not None
            else months_back(one.found, rule.window_months)
        )
        days = {
            other.found
            for other in kept
            if other.town == one.town
            and other not in {one, one.matter, one.partner}
            and key_of(other.row, rule.key) == key
            and begin <= other.found < one.found
        }
        one.occasions = len(days)


def reports_on(finding, tables, as_of):
    """The reports known at as_of with the verdict known at as_of, as appeals on verdicts left it."""
    known = []
    mine = [dict(r) for r in tables.get("rectifications", []) if r["finding_id"] == finding.id]
    for appeal in sorted(tables.get("appeals", []), key=lambda a: a.get("decided_on") or as_of):
        if (appeal["target"], appeal["target_id"]) != ("verdict", finding.id) or not appeal.get("decided_on"):
            continue
        if appeal["decision"] not in {"withdraw", "change"} or max(appeal["decided_on"], appeal["filed_on"]) > as_of:
            continue
        judged = [r for r in mine if (r.get("verdict") or "waiting") != "waiting"]
        judged = [r for r in judged if (r.get("verified_on") or r["submitted_on"]) <= appeal["decided_on"]]
        if judged:
            last = max(judged, key=lambda r: r["submitted_on"])
            last["verdict"] = "waiting" if appeal["decision"] == "withdraw" else appeal["new_value"]
    for report in mine:
        if report["submitted_on"] > as_of:
            continue
        verdict = report.get("verdict") or "waiting"
        verified = report.get("verified_on")
        if verified is not None and verified > as_of:
            verdict = "waiting"
        seen = {**report, "verdict": verdict}
        if seen in known:
            continue
        if any(other["submitted_on"] == seen["submitted_on"] for other in known):
            raise RefusedError("two-reports-of-one-day", finding.id)
        known.append(seen)
    return known


def stopped_days(keeper, members, tables, as_of):
    """The days that do not count: the keeper's appeals, the sent-back days of all."""
    days = set()
    spans = [
        (a["filed_on"], min(a["decided_on"], as_of) if a.get("decided_on") else as_of)
        for a in appeals_on(keeper.row, tables, as_of, {"finding", "verdict"})
    ]
    for member in members:
        spans += [
            (r["submitted_on"], r["verified_on"])
            for r in reports_on(member, tables, as_of)
            if r["verdict"] == "sent_back" and r.get("verified_on")
        ]
    for begin, end in spans:
        day = begin
        while day < end:
            days.add(day)
            day += DAY
    return days


def deadlines(scheme, finding):
    """The deadline of one finding as (start, count, kind), and the one before its extension; None without one."""
    row = finding.row
    start = row["found_on"]
    if scheme.rectification.deadline_from == "assigned_on" and row.get("assigned_on"):
        start = row["assigned_on"]
    severity = next((s for s in scheme.severities if s.id == row.get("severity")), None)
    original = None
    if row.get("due_on"):
        original = start, (row["due_on"] - start).days, "calendar"
    elif severity is not None and severity.working_days is not None:
        original = start, severity.working_days, "working"
    if row.get("extended_to"):
        return (start, (row["extended_to"] - start).days, "calendar"), original
    return original, None


def reach(start, count, stopped, counts):
    """The first day by which so many days that count, and are not stopped, have passed since `start`."""
    day, seen = start, 0
    while seen < count:
        day += DAY
        if day not in stopped and counts(day):
            seen += 1
    return day


def settle(scheme, tables, finding, as_of, is_workday):
    """Step 5 for a finding that is charged: its matter's deadline and state, its own charge, credit and extras."""
    policy = scheme.rectification
    keeper = finding.matter or finding
    members = [keeper] + ([keeper.partner] if keeper.partner else [])
    stopped = stopped_days(keeper, members, tables, as_of)
    dues = []
    original_due = None
    for member in members:
        for number, deadline in enumerate(deadlines(scheme, member)):
            if deadline is None:
                continue
            start, count, kind = deadline
            day = reach(start, count, stopped, is_workday if kind == "working" else lambda _: True)
            if number == 0:
                dues.append(day)
            elif member is keeper:
                original_due = day
    if dues:
        finding.due = min(dues)

    reports = [r for m in members for r in reports_on(m, tables, as_of)]
    reports.sort(key=lambda r: (r["submitted_on"], FAVOUR.index(r["verdict"])))
    finding.unclear = any(
        (a["submitted_on"], a["verdict"]) == (b["submitted_on"], b["verdict"]) for a, b in itertools.pairwise(reports)
    )
    finding.state, effective, in_time = fold(policy, keeper.row, finding.due, reports, as_of, original_due)

    flags = set()
    if is_overdue(policy, finding.due, reports, as_of):
        flags.add("overdue")
    if any(r["verdict"] == "sent_back" for r in reports):
        flags.add("sent_back")
    if any(r["verdict"] == "false" for r in reports):
        flags.add("false_report")
    letters = {
        letter["letter_id"]
        for letter in tables.get("letters", [])
        if letter["sent_on"] <= as_of
        # Letters ask for correction; a hint, a call, guidance on site and a referral are none.
        and letter.get("kind") not in {"work_note", "phone_reminder", "on_site_guidance", "referral"}
        and {m.id for m in members} & set(letter.get("finding_ids") or [])
    }
    if len(letters) >= 2:
        flags.add("same_letter_twice")
    finding.flags = frozenset(flags)

    multiplier = Fraction(1)
    if scheme.repeats is not None:
        most = max(m.occasions for m in members)
        multiplier = scheme.repeats.multipliers[min(most, len(scheme.repeats.multipliers) - 1)]
    finding.charge = finding.owed * multiplier
    consequence = consequence_of(policy, effective)
    share = consequence.share if in_time else Fraction(0)
    if "false_report" in flags:
        share = Fraction(0)
    finding.credit = share * finding.charge
    extras = {}
    if keeper is finding:
        times = {"finding": Fraction(1), "quantity": finding.quantity, "charge": finding.charge}[policy.extra_per]
        extras = {name: getattr(policy.states, name).extra * times for name in flags}
        extras.setdefault(effective, consequence.extra * times)
    finding.extra = sum(extras.values(), Fraction(0))
    finding.entries = [("deduction", finding.owed), ("repeat", finding.charge - finding.owed)]
    finding.entries += [("credit", -finding.credit), *sorted(extras.items())]


def consequence_of(policy, state):
    chosen = getattr(policy.states, state)
    return policy.states.on_time if chosen is None else chosen


def timely_day(policy, report):
    if policy.timely_by == "completed_on" and report.get("completed_on"):
        return report["completed_on"]
    return report["submitted_on"]


def trailing(reports):
    """The run of waiting reports at the end."""
    run = []
    for report in reversed(reports):
        if report["verdict"] != "waiting":
            break
        run.insert(0, report)
    return run


def is_overdue(policy, due, reports, as_of):
    """The due date has passed without a good report by then that no false one follows."""
    if due is None or as_of <= due:
        return False
    run = trailing(reports)
    for place, report in enumerate(reports):
        good = report["verdict"] in {"passed", "ended"} or any(report is one for one in run)
        falsified = any(later["verdict"] == "false" for later in reports[place + 1 :])
        if good and not falsified and timely_day(policy, report) <= due:
            return False
    return True


def fold(policy, row, due, reports, as_of, original_due):
    """(state, the state whose share is given, whether that share is given at all)."""
    if any(r["verdict"] == "false" for r in reports):
        return "false_report", "false_report", True
    if reports and reports[-1]["verdict"] == "sent_back":
        return "sent_back", "sent_back", True
    returned = [place for place, r in enumerate(reports) if r["verdict"] == "sent_back"]
    since = reports[returned[-1] + 1 :] if returned else reports
    accepted = [r for r in since if r["verdict"] in {"passed", "ended"}]
    if accepted:
        state = accepted_state(policy, row, due, accepted[0], original_due)
        return state, state, True
    if reports and reports[-1]["verdict"] == "partly":
        return "partly", "partly", True
    run = trailing(reports)
    if run:
        if policy.credit_on == "reported":
            state = accepted_state(policy, row, due, run[0], original_due)
            return state, state, True
        return "waiting", "waiting", due is None or any(timely_day(policy, r) <= due for r in run)
    state = "overdue" if due is not None and as_of > due else "open_in_time"
    return state, state, True


def accepted_state(policy, row, due, report, original_due):
    if report.get("outcome") in {"impossible", "long_term"}:
        return report["outcome"]
    if report["verdict"] == "ended":
        return "ended"
    day = timely_day(policy, report)
    if due is not None and day > due:
        return "late"
    if policy.self_reported_when and policy.states.self_reported is not None and meets(policy.self_reported_when, row):
        return "self_reported"
    if original_due is not None and day > original_due and policy.states.extended is not None:
        return "extended"
    return "on_time"
