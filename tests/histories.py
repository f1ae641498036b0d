"""Random histories of a bureau: facts come in any order, periods are published, earlier ones anew.

What must hold after every step is asserted in the machine itself.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from scoring.changes import split
from scoring.ledger import score as reprice
from scoring.ledger.past import _published, comes_to, postings
from scoring.periods import parse_period
from tests.frames import tables_of
from tests.published import Life, finding, report, scheme, score, towns

QUARTERS = ("2025Q1", "2025Q2", "2025Q3", "2025Q4", "2026Q1", "2026Q2")
FIRST = date(2025, 1, 1)
NUMBERS = st.integers(0, 10**6)


class Histories(RuleBasedStateMachine):
    """Import, fix, reopen, appeal, correct, publish, publish anew, in any order."""

    def __init__(self):
        super().__init__()
        self.life = Life({"towns": towns("A", "B", "C"), "findings": [], "rectifications": [], "appeals": []})
        self.life.rows["measures"] = []
        self.next = 0
        self.today = FIRST
        self.frozen = {}

    @initialize(repeats=st.booleans(), caps=st.booleans())
    def choose(self, repeats, caps):
        changes = {}
        if repeats:
            changes["repeats"] = {"key": ["indicator"], "window_days": 365, "multipliers": ["1", "1.5", "2"]}
        if not caps:
            changes["bonuses"] = {}
        self.life.scheme = scheme(roll_up={"of": "quarter", "missing": "left_out"}, **changes)

    # ------------------------------------------------------------------ facts

    @rule(town=st.sampled_from("ABC"), days=st.integers(0, 120), grave=st.booleans(), signed=st.booleans())
    def found(self, town, days, grave, signed):
        """Some are found today, some are registered long after."""
        day = max(FIRST, self.today - timedelta(days=days))
        name = f"f{len(self.life.rows['findings'])}"
        indicator = "signed" if signed else "complete"
        self.life.rows["findings"].append(finding(name, town, day, indicator, "grave" if grave else "mild"))

    @precondition(lambda self: self.life.rows["findings"])
    @rule(number=NUMBERS, verdict=st.sampled_from(["passed", "partly", "sent_back", "false", "waiting"]))
    def reported(self, number, verdict):
        """A report on any finding: fixed, fixed in part, reopened, false."""
        found = self.life.rows["findings"][number % len(self.life.rows["findings"])]
        taken = {r["submitted_on"] for r in self.life.rows["rectifications"] if r["finding_id"] == found["finding_id"]}
        day = max(self.today, found["found_on"])
        if day not in taken:
            self.life.rows["rectifications"].append(report(found["finding_id"], day, verdict))

    @precondition(lambda self: self.life.rows["findings"])
    @rule(number=NUMBERS, decision=st.sampled_from(["withdraw", "change", "uphold"]), days=st.integers(0, 40))
    def appealed(self, number, decision, days):
        found = self.life.rows["findings"][number % len(self.life.rows["findings"])]
        self.life.rows["appeals"].append(
            {
                "appeal_id": f"s{len(self.life.rows['appeals'])}",
                "target": "finding",
                "target_id": found["finding_id"],
                "filed_on": self.today,
                "decided_on": self.today + timedelta(days=days),
                "decision": decision,
                "new_value": "mild" if decision == "change" else None,
            }
        )

    @rule(town=st.sampled_from("ABC"), quarter=st.integers(0, 5), rate=st.integers(90, 100))
    def measured(self, town, quarter, rate):
        """A figure comes in, or is corrected."""
        rows = self.life.rows["measures"]
        rows[:] = [row for row in rows if (row["town"], row["period"]) != (town, QUARTERS[quarter])]
        rows.append(
            {"town": town, "period": QUARTERS[quarter], "measure": "rate", "numerator": rate, "denominator": 100}
        )

    @rule(days=st.integers(1, 45))
    def time_passes(self, days):
        self.today += timedelta(days=days)

    # ------------------------------------------------------------------ publication

    @precondition(lambda self: self.next < len(QUARTERS))
    @rule(late=st.integers(0, 20))
    def publish(self, late):
        label = QUARTERS[self.next]
        period = parse_period(label, self.life.scheme.calendar)
        self.today = max(self.today, period.end + timedelta(days=late))
        made = self.life.publish(label, self.today)
        self.next += 1
        self._keep(label)
        self._balanced(label, self.today)
        self._no_second_posting()
        assert made.scores["score"].null_count() == 0
        if self.next > 1:
            self._parts_sum(QUARTERS[self.next - 2], made)

    @precondition(lambda self: self.next)
    @rule(number=NUMBERS)
    def publish_anew(self, number):
        """A numbered revision, with what is known today."""
        label = QUARTERS[number % self.next]
        self.life.publish(label, self.today)
        self._keep(label)

    @precondition(lambda self: self.next >= 4)
    @rule()
    def year(self):
        """The year is its formula in fractions."""
        made = self.life.run("2025", max(self.today, date(2025, 12, 31)))
        frozen = [self.life.past[label] for label in QUARTERS[:4]]
        entries = made.ledger.filter(made.ledger["kind"] == "carry_over")
        for town in "ABC":
            mean = sum((score(one, town) for one in frozen), Fraction(0)) / 4
            # Equal weights: what was carried over weighs the same wherever it stands, unless it comes from outside.
            since = sum(
                (
                    Fraction(row["points_num"], row["points_den"])
                    for row in entries.to_dicts()
                    if row["town_code"] == town
                ),
                Fraction(0),
            )
            wanted = min(max(mean + since, Fraction(0)), Fraction(100))
            assert abs(score(made, town) - wanted) <= Fraction(1, 200), town

    # ------------------------------------------------------------------ what holds

    def _keep(self, label):
        one = self.life.past[label]
        self.frozen[label, one.edition] = (one, one.entries.clone(), one.scores.clone(), one.findings.clone())

    @invariant()
    def what_is_published_never_changes(self):
        for one, entries, scores, findings in self.frozen.values():
            assert one.entries.equals(entries)
            assert one.scores.equals(scores)
            assert one.findings.equals(findings)

    def _balanced(self, label, as_of):
        """For every origin: published + all that was posted = what it comes to today, place by place."""
        tables = tables_of(self.life.rows, self.life.scheme)
        last = self.life.past[label]
        for origin in self.life.past.values():
            if origin.period.end >= last.period.end or origin.as_of > as_of:
                continue
            sums = _published(origin)
            for other in self.life.past.values():
                if origin.period.end < other.period.end:
                    for one in postings(other.entries):
                        if one.origin == origin.period.id:
                            sums[one.of][one.place] += one.points / one.weight
            again = reprice(tables, origin.scheme, origin.period, as_of, frozen_on=origin.as_of)
            now = {town: comes_to(again, town) for town in again.scores}
            for town in "ABC":
                places = {*sums[town], *now[town]}
                # The scheme rounds to cents: a third that is left stays to be posted.
                wrong = {
                    p: (sums[town][p], now[town][p])
                    for p in places
                    if abs(sums[town][p] - now[town][p]) >= Fraction(1, 100)
                }
                assert not wrong, (origin.period.id, town, wrong)

    def _no_second_posting(self):
        """Unchanged facts carry over nothing."""
        if self.next < len(QUARTERS):
            again = self.life.run(QUARTERS[self.next], self.today)
            fresh = again.ledger.filter(again.ledger["kind"] == "carry_over")
            known = {label for label in QUARTERS[: self.next - 1] if self.life.past[label].as_of <= self.today}
            assert not {one.origin for one in postings(fresh)} & known

    def _parts_sum(self, before, made):
        """Why it changed: the parts sum to the difference of the two scores, exactly."""
        earlier = self.life.made[before]
        sums = defaultdict(Fraction)
        for row in split(earlier, made).to_dicts():
            sums[row["town_code"]] += Fraction(row["points_num"], row["points_den"])
        for town in "ABC":
            assert sums[town] == score(made, town) - score(earlier, town)
