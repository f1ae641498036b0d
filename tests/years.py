"""A bureau's year by dice: a scheme, facts that become known bit by bit, and what is published on the way.

Hypothesis draws the schemes and the dice; the facts come of the dice, so that examples are not all alike.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from hypothesis import strategies as st

from schemas.scheme import Scheme
from schemas.scheme.history import CarryOver, RollUp
from schemas.scheme.policy import Duplicates
from schemas.scheme.rules import PriceRow
from tests.reference import Period
from tests.strategies import CHANNELS, schemes

ENDS = {
    "2025Q1": date(2025, 3, 31), "2025Q2": date(2025, 6, 30), "2025Q3": date(2025, 9, 30), "2025Q4": date(2025, 12, 31),
    "2026Q1": date(2026, 3, 31),
}  # fmt: skip
QUARTERS = {
    label: Period(label, start, ENDS[label])
    for label, start in zip(
        ENDS, (date(2025, 1, 1), *(end + timedelta(days=1) for end in list(ENDS.values())[:-1])), strict=True
    )
}
LONGER = {
    "2025H1": Period("2025H1", date(2025, 1, 1), date(2025, 6, 30)),
    "2025H2": Period("2025H2", date(2025, 7, 1), date(2025, 12, 31)),
    "2025": Period("2025", date(2025, 1, 1), date(2025, 12, 31)),
}
PERIODS = {**QUARTERS, **LONGER}
SIDES = (CHANNELS[:2], CHANNELS[2:])
KINDS = {"Q": "quarter", "H": "half"}


def kind_of(label):
    return KINDS.get(label[4:5], "year")


@dataclass
class Step:
    """A period is scored, and published unless it is the last step: under a scheme, with the rows of then."""

    label: str
    as_of: date
    scheme: Scheme
    rows: dict = field(default_factory=dict)

    @property
    def period(self):
        return PERIODS[self.label]


@st.composite
def histories(draw):
    """Steps in order; each has the rows of its day."""
    kinds = ("per_point", "linear", "bands", "accrue", "pass_fail", "relative", *["judged"] * 2)
    direction = draw(st.sampled_from(["down", "down", "down", "up", "net"]))
    parts = draw(st.integers(0, 3)) == 0
    if not parts:  # a part has no earlier period of its own
        kinds += ("trend", "trend")
    drawn = [draw(schemes(direction, parts=parts, kinds=kinds, refuses=False))]
    if draw(st.booleans()):
        direction = draw(st.sampled_from([*[direction] * 9, "down", "up", "net"]))
        drawn.append(draw(schemes(direction, draw(st.booleans()), parts, kinds, refuses=False)))
    # The dice are of the schemes too: Hypothesis likes to repeat a number.
    dice = random.Random(repr((draw(st.integers(0, 2**32 - 1)), drawn)))
    wide, more, fatal = dice.choice([None, None, 100]), dice.random() < 0.6, dice.random() < 0.3
    drawn = [scheme.model_copy(update=history_of(dice) | summed(scheme)) for scheme in drawn]
    drawn = [scheme.model_copy(update=paired(scheme, wide, more)) for scheme in drawn]
    if dice.random() < 0.2:  # what was published may then go from the folder
        drawn = [scheme.model_copy(update={"carry_over": CarryOver(origins="none")}) for scheme in drawn]
    return Bureau(dice, [zeroing(scheme) if fatal else scheme for scheme in drawn]).steps()


def zeroing(scheme):
    """What is grave takes the whole of the first indicator."""
    first, *others = scheme.dimensions
    one, *more = first.indicators
    row = PriceRow.model_validate({"when": {"severity": "严重"}, "price": "2", "zero_out": True})
    rule = one.rule.model_copy(update={"prices": (row, *one.rule.prices)})
    first = first.model_copy(update={"indicators": (one.model_copy(update={"rule": rule}), *more)})
    return scheme.model_copy(update={"dimensions": (first, *others)})


def paired(scheme, wide, more):
    """Pairs that lie in two periods need some days; with many three do so over two borders. `more`: also elsewhere."""
    rule = scheme.duplicates
    if rule is None and more:
        sides = [{"channel": list(CHANNELS[:2])}, {"channel": CHANNELS[2]}]
        rule = Duplicates.model_validate({"sides": sides, "key": ["village"], "days": 10})
    return {"duplicates": rule and rule.model_copy(update={"days": wide or max(rule.days, 3)})}


def summed(scheme):
    """A year's rechecks are those of its quarters."""
    return {"surcharges": tuple(one.model_copy(update={"several_values": "sum"}) for one in scheme.surcharges)}


def history_of(dice):
    """What a scheme says of published periods."""
    raw = {"origins": dice.choice(["all", "all", "all", "year", "none"])}
    raw["rolls_up_at"] = dice.choice(["origin", "origin", "present"])
    if dice.random() < 0.2:
        raw["months"] = dice.choice([1, 3, 7])
    weights = dice.choice(
        [[], [], ["1/2", "1/4", "1/8", "1/8"], ["0.1", "0.2", "0.3", "0.4"], ["0", "1/3", "1/3", "1/3"]]
    )
    rolled = {"of": "quarter", "weights": weights, "missing": dice.choice(["refuse", *["left_out"] * 9])}
    if dice.random() < 0.3:
        rolled["year_end"] = {"weight": dice.choice(["0.4", "1/3"]), "label": "年终"}
    elif dice.random() < 0.15:
        rolled["by"] = "rescored"
    made = {"carry_over": CarryOver.model_validate(raw)}
    if dice.random() < 0.8:
        made["roll_up"] = RollUp.model_validate(rolled)
    return made


class Bureau:
    """Rolls the dice for one bureau."""

    def __init__(self, dice, drawn):
        self.dice, self.drawn = dice, drawn
        self.codes = ["T1", "T2", "T3"][: dice.randint(2, 3)]
        self.bonuses = all(scheme.bonuses is not None for scheme in drawn)
        self.judged = any(i.rule.kind == "judged" for scheme in drawn for _, i in scheme.indicators())
        self.parted = any(scheme.parts is not None for scheme in drawn)
        self.pairs = [scheme.duplicates for scheme in drawn if scheme.duplicates is not None]
        # Findings on what does not apply are refused, which ends most of what could be compared.
        everywhere = all(i.applies_when is None for scheme in drawn for _, i in scheme.indicators())
        self.indicators = ["甲一", "甲二", "乙一"] if everywhere or dice.random() < 0.1 else ["甲一", "甲一", "乙一"]

    def steps(self):
        dice = self.dice
        labels = list(ENDS)[: dice.choice([1, 2, 2, 2, 3, 3, 4])]
        self.borders = [ENDS[label] for label in labels]
        made = [Step(label, self.seen(ENDS[label]), self.which(n)) for n, label in enumerate(labels)]
        if len(made) > 1 and dice.random() < 0.3:
            place = dice.randrange(1, len(made))  # an earlier one is published again just after this one
            again = made[dice.randrange(place)]
            day = dice.choice([again.as_of, made[place].as_of + timedelta(days=dice.randint(-20, 20))])
            made.insert(place + 1, Step(again.label, day, dice.choice([again.scheme, made[place].scheme])))
        if dice.random() < 0.2 and "2025Q2" in labels:
            made.insert(max(n for n, s in enumerate(made) if s.label == "2025Q2") + 1, self.longer("2025H1"))
        if dice.random() < 0.3 and "2025Q4" in labels:
            made.append(self.longer("2025H2"))
        last = dice.choice(["next", "year", "year", "year"])
        if last == "year" or len(labels) == 4:
            made.append(self.longer("2025"))
            if dice.random() < 0.4:
                made.append(Step("2026Q1", self.seen(ENDS["2026Q1"]), self.which(4)))
        else:
            label = list(ENDS)[len(labels)]
            made.append(Step(label, self.seen(ENDS[label]), self.which(len(labels))))
        self.facts(made)
        return made

    def longer(self, label):
        scheme = self.which(3)  # which findings break ties between scores made of published ones is not settled
        breakers = tuple(one for one in scheme.tie_breakers if one.by == "dimension")
        scheme = scheme.model_copy(update={"tie_breakers": breakers})
        if label == "2025" and self.dice.random() < 0.1:
            scheme = scheme.model_copy(update={"roll_up": RollUp(of="half", missing="left_out")})
        return Step(label, LONGER[label].end + timedelta(days=self.dice.choice([0, 9, 20, 40])), scheme)

    def seen(self, end):
        return end + timedelta(days=self.dice.choice([0, 0, 5, 20]))

    def which(self, place):
        return self.drawn[-1] if place >= 2 else self.drawn[0]

    def facts(self, steps):
        """Give each step the rows of its day."""
        count = len(steps)
        rows = self.everything()
        known = {
            (table, n): self.dice.choice([0, 0, 0, self.dice.randrange(count)]) for table in rows for n in range(99)
        }
        vanishing = self.dice.choice([99, 99, 99, self.dice.randrange(count)])
        dropped = self.dropped(steps)
        merging = self.dice.random() < 0.4
        merged_at = self.dice.randrange(count)
        # Mostly in the period that is scored then: what is published of the town is done, and can be scored again.
        gone = self.dice.choice([steps[merged_at].period.end - timedelta(20)] * 4 + [date(2025, 2, 3)])
        founded = self.dice.random() < 0.5
        for place, step in enumerate(steps):
            step.rows = {
                table: [self.edit(table, row, n, place) for n, row in enumerate(listed) if known[table, n] <= place]
                for table, listed in rows.items()
                if table not in {"towns", "checks"}
            }
            step.rows["findings"] = [r for r in step.rows["findings"] if dropped.get(r["finding_id"], 99) > place]
            if place >= vanishing:  # what was published of it stands in where a trend looks for it
                step.rows["measures"] = step.rows["measures"][::2]
            ids = {row["finding_id"] for row in step.rows["findings"]}
            step.rows["rectifications"] = [r for r in step.rows["rectifications"] if r["finding_id"] in ids]
            step.rows["appeals"] = [
                a for a in step.rows["appeals"] if a["target"] == "adjustment" or a["target_id"] in ids
            ]
            listed = {row["adjustment_id"] for row in step.rows["adjustments"]}
            step.rows["appeals"] = [
                a for a in step.rows["appeals"] if a["target"] != "adjustment" or a["target_id"] in listed
            ]
            if "checks" in rows:
                step.rows["checks"] = rows["checks"]
            step.rows["towns"] = [dict(row) for row in rows["towns"]]
            if merging and place >= merged_at:
                step.rows["towns"][-1] |= {"valid_to": gone, "merged_into": "T1"}
                if founded:
                    step.rows["towns"][0] |= {"valid_to": gone, "merged_into": "T9"}
                    step.rows["towns"][-1]["merged_into"] = "T9"
                    step.rows["towns"].append(
                        {"town_code": "T9", "name": "新镇", "kind": "镇", "group": "一组",
                         "valid_from": gone + timedelta(days=1)}
                    )  # fmt: skip

    def dropped(self, steps):
        """Finding → the step from which the folder holds it no more; where it is carried over that is refused."""
        dice = self.dice
        policies = [scheme.carry_over for scheme in self.drawn]
        never = all(policy.origins == "none" for policy in policies)
        chance = 0.8 if never else 0.02 if all(p.origins == "all" and p.months is None for p in policies) else 0.3
        if len(steps) < 2 or dice.random() > chance:
            return {}
        places = {}
        for row in self.listed:
            at = [n for n, step in enumerate(steps) if step.period.start <= row["found_on"] <= step.period.end]
            if at and at[0] + 1 < len(steps) and dice.random() < 0.4:
                first = at[0] + 1 if never else min(at[0] + 2, len(steps) - 1)
                places[row["finding_id"]] = dice.randrange(first, len(steps))
        return places

    def edit(self, table, row, number, place):
        """A figure that is corrected from some step on."""
        row = {name: value for name, value in row.items() if name != "corrected"}
        if table in {"measures", "judgements"} and (number * 7 + place) % 5 == 0:
            for name in ("value", "deducted"):
                if row.get(name) is not None:
                    row[name] = str(number % 3 + place)
        return row

    def day(self, first=date(2025, 1, 1), last=date(2026, 2, 10)):
        return first + timedelta(days=self.dice.randint(0, (last - first).days))

    def everything(self):
        dice = self.dice
        towns = [
            {
                "town_code": code,
                "name": f"镇{code}",
                "kind": dice.choice(["镇", "镇", "街道"]),
                "group": dice.choice(["一组", "二组"]),
            }
            for code in self.codes
        ]
        self.old = len(towns) - 1  # all but one may have findings before July
        if dice.random() < 0.3:
            towns[-1]["valid_from"] = dice.choice([date(2025, 4, 1), date(2025, 7, 1)])
            self.old -= 1
        rows = {"towns": towns, "rectifications": [], "appeals": [], "letters": []}
        rows["findings"] = [self.finding(n) for n in range(dice.randint(3, 16))]
        if self.pairs and dice.random() < 0.9:
            for number in range(dice.randint(2, 6)):
                rows["findings"] += self.matter(number, len(rows["findings"]))
        self.listed = rows["findings"]
        for number, finding in enumerate(rows["findings"]):
            self.life(rows, number, finding)
        if dice.random() < 0.5:
            rows["checks"] = [
                {
                    "check_id": f"C{n}", "town": code, "checked_on": self.day(), "sampled": dice.randint(0, 60),
                    "visited": dice.randint(0, 40), "newly_confirmed": dice.choice([None, 20, 35]),
                }
                for n, code in enumerate(dice.choices(self.codes, k=5))
            ] + [
                {"check_id": f"C{label}{code}", "town": code, "checked_on": period.end - timedelta(40), "sampled": 40}
                for label, period in QUARTERS.items() for code in self.codes if dice.random() < 0.97
            ]  # fmt: skip
        rows["measures"] = [row for code in self.codes for label in QUARTERS for row in self.measures(code, label)]
        rows["judgements"] = []
        if self.judged:
            rows["judgements"] = [
                {
                    "town": code, "period": label, "indicator": "乙二", "reason": "理由",
                    "judged_on": PERIODS[label].end - timedelta(days=dice.choice([9, -9])),
                    "deducted": dice.choice(["0.5", "4", "7"]),
                }
                for code in self.codes for label in PERIODS if dice.random() < 0.7
            ]  # fmt: skip
        rows["adjustments"] = [self.adjustment(n) for n in range(dice.randint(0, 5))]
        for row in rows["adjustments"]:
            if row["decided_on"] is not None and row["kind"] != "veto" and dice.random() < 0.3:
                decision = dice.choice(["withdraw", "change", "uphold"])
                rows["appeals"].append(
                    {
                        "appeal_id": f"A{row['adjustment_id']}", "target": "adjustment",
                        "target_id": row["adjustment_id"], "filed_on": row["decided_on"],
                        "decided_on": row["decided_on"] + timedelta(days=dice.randint(0, 90)), "decision": decision,
                        "new_value": "0.75" if decision == "change" else None,
                    }
                )  # fmt: skip
        return rows

    def finding(self, number):
        dice = self.dice
        found = dice.choice([self.day(last=date(2025, 4, 20)), self.day()])
        row = {
            "finding_id": f"W{number}",
            "town": dice.choice(self.codes if found >= date(2025, 7, 1) else self.codes[: 1 + self.old]),
            "found_on": found,
            "indicator": dice.choice(self.indicators),
            "severity": dice.choice(["一般", "一般", "较重", "严重"]),
            "channel": dice.choice([*CHANNELS, None]),
            "village": dice.choice(["东村", "西村", f"{number}村", f"{number}村"]),
            "problem_type": dice.choice(["类一", "类二", None]),
            "cases": dice.randint(0, 4),
            "persons": dice.randint(1, 3),
            "amount": dice.choice([None, "100.50", "100.49"]),
            "tags": dice.choice([[], [], ["复发"], ["其他"], ["复发", "其他"]]),
            "stage": dice.choice([None, None, None, "历史"]),
        }
        if dice.random() < 0.3:
            row["assigned_on"] = found + timedelta(days=dice.randint(0, 6))
        if dice.random() < 0.3:
            row["due_on"] = found + timedelta(days=dice.randint(7, 60))
        if dice.random() < 0.2:
            row["extended_to"] = row.get("due_on", found) + timedelta(days=dice.randint(7, 40))
        return row

    def matter(self, number, begun):
        """Findings of one matter on either side in turn, around the ends of quarters."""
        dice = self.dice
        apart = dice.choice(self.pairs).days
        end = dice.choice(self.borders)
        if apart > 90 and dice.random() < 0.7:  # over every border that they reach
            found = [self.borders[0] + timedelta(days=n * 91 - dice.randint(0, 15)) for n in range(dice.choice([3, 4]))]
        else:
            near = min(apart, 10)
            found = [
                end - timedelta(days=dice.randrange(near)),
                end + timedelta(days=dice.randint(1, max(1, near - 2))),
            ]
            found += [end + timedelta(days=dice.randint(-near, near)) for _ in range(dice.choice([0, 0, 1, 2]))]
        first = self.finding(begun)
        first |= {"village": dice.choice([f"{number}双村", f"{number}双村", "东村"]), "problem_type": "类一"}
        if dice.random() < 0.9:
            first["stage"] = None
        side, made = dice.randrange(2), []
        for nth, day in enumerate(sorted(found)):
            twin = self.finding(begun + nth) | {name: first[name] for name in ("town", "village", "problem_type")}
            if nth and dice.random() < 0.2:
                twin["problem_type"] = dice.choice(["类二", None])
            if dice.random() < 0.9:
                twin["indicator"] = first["indicator"]
            if dice.random() < 0.4:
                twin |= {name: first[name] for name in ("severity", "cases", "persons", "tags", "stage")}
            if first["stage"] is None and dice.random() < 0.9:
                twin["stage"] = None
            moved = day - twin["found_on"]
            twin |= {name: twin[name] + moved for name in ("assigned_on", "due_on", "extended_to") if twin.get(name)}
            twin |= {"found_on": day, "channel": dice.choice(SIDES[(side + nth) % 2 if dice.random() < 0.9 else side])}
            made.append(twin)
        return made

    def life(self, rows, number, finding):
        """What is reported on a finding, verified and appealed."""
        dice, day = self.dice, finding["found_on"]
        for _ in range(dice.choice([0, 1, 1, 2])):
            day += timedelta(days=dice.randint(1, 90))
            verified = dice.random() < 0.7
            rows["rectifications"].append(
                {
                    "finding_id": finding["finding_id"], "submitted_on": day,
                    "completed_on": max(finding["found_on"], day - timedelta(days=dice.randint(0, 9))),
                    "outcome": dice.choice(["done", "done", "done", "impossible", "long_term"]),
                    "verified_on": day + timedelta(days=dice.randint(0, 40)) if verified else None,
                    "verdict": dice.choice(["passed", "passed", "passed", "waiting", "partly", "sent_back", "false"]),
                }
            )  # fmt: skip
        if dice.random() < 0.25:
            filed = finding["found_on"] + timedelta(days=dice.randint(0, 60))
            decision = dice.choice(["uphold", "change", "withdraw"])
            rows["appeals"].append(
                {
                    "appeal_id": f"S{number}", "target": "finding", "target_id": finding["finding_id"],
                    "filed_on": filed, "decided_on": filed + timedelta(days=dice.randint(0, 90)), "decision": decision,
                    "new_value": "一般" if decision == "change" else None,
                }
            )  # fmt: skip
        if dice.random() < 0.15:
            for nth in range(2):
                rows["letters"].append(
                    {
                        "letter_id": f"H{number}{nth}", "town": finding["town"], "kind": "提示函",
                        "sent_on": self.day(), "finding_ids": [finding["finding_id"]],
                    }
                )  # fmt: skip

    def measures(self, town, label):
        dice = self.dice
        rows = []
        if dice.random() < 0.7:
            row = {"town": town, "period": label, "measure": "率", "sample": dice.choice([None, 5, 9])}
            row["dated_on"] = PERIODS[label].end + timedelta(days=dice.choice([-20, 0, 15]))
            if sum(map(ord, town)) % 2 or dice.random() < 0.9:
                row |= {"denominator": dice.randint(1, 30)}
                row["numerator"] = dice.randint(0, row["denominator"])
            else:
                row["value"] = str(dice.randint(0, 100))
            rows.append(row)
        if dice.random() < 0.4:
            rows.append({"town": town, "period": label, "measure": "次", "value": dice.randint(0, 4)})
        return rows

    def adjustment(self, number):
        dice = self.dice
        dated = self.day()
        kind = dice.choice(["veto", "decision", "decision", *(["bonus"] * 4 + ["demerit"] * 2 if self.bonuses else [])])
        row = {
            "adjustment_id": f"J{number}", "town": dice.choice(self.codes), "dated_on": dated, "kind": kind,
            "item": "否决", "level": dice.choice([None, "省"]), "quantity": dice.choice([None, "2", "0.5"]),
            "evidence": dice.choice([None, "文一", "文一", "文二"]),
            "decided_points": dice.choice([None, "1.25", "0.5"]),
            "decided_on": None if dice.random() < 0.1 else dated + timedelta(days=dice.randint(0, 90)),
            "period": dice.choice([None, None, None, "2025", "2025H1", "2025Q2"]),
        }  # fmt: skip
        if kind == "decision":
            row |= {"evidence": "纪要", "decided_by": "会议", "decided_points": dice.choice(["1.125", "-4", "-0.5"])}
        return row
