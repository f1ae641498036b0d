"""Brute force for the least effort: every set of open matters is fixed and scored, and the cheapest that gains is told.

It shares nothing with scoring/improving but the engine: what a fix is stands here once more, in plain rows.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations
from random import Random

from hypothesis import strategies as st

from scoring.improving import improvements
from scoring.ledger import score
from scoring.outcome.scores import candidates
from scoring.periods import Period, parse_period
from scoring.problems import Refused
from scoring.ranking import place
from tests import strategies
from tests.frames import tables_of
from tests.laws import CALENDAR, copied, sane_schemes
from tests.published import Life, finding, report, towns
from tests.published import scheme as small_scheme
from tests.strategies import PERIOD, worlds

SPAN = Period(PERIOD.label, "quarter", PERIOD.start, PERIOD.end)
POINTS = ("0", "-0.5", "-1", "-2", "-3", "-4", "-5", "-6", "-8", "-10")
JUDGED = ("partly", "sent_back", "false")


def engine(scheme, rows, as_of):
    return score(tables_of(rows, scheme), scheme, SPAN, as_of, workdays=CALENDAR)


def asked(scheme, rows, as_of, **more):
    """The rows of the frame, {} where the facts are refused or an appeal touches a verdict (rows say too little)."""
    tables = tables_of(rows, scheme)
    frame = improvements(tables, scheme, SPAN, as_of, workdays=CALENDAR, **more)
    return {(row["town_code"], row["goal"]): row for row in frame.to_dicts()}


def open_matters(scored):
    """Town → matter → its findings."""
    found, of = {}, {}
    for row in scored.charges.findings.to_dicts():
        if row["disposition"] in ("priced", "duplicate") and row["matter"]:
            of.setdefault(row["matter"], []).append(row["finding_id"])
    for row in scored.charges.findings.to_dicts():
        if row["disposition"] == "priced" and row["fixed"] is False and row["state"] != "false_report":
            found.setdefault(row["town"], {})[row["matter"]] = (row, of[row["matter"]])
    return found


def known_verdict(report, as_of):
    late = report["verified_on"] is not None and report["verified_on"] > as_of
    return "waiting" if report["verdict"] is None or late else report["verdict"]


def fixed(rows, row, members, as_of, timely_by):
    """The rows with one matter fixed; None where it cannot be today."""
    rows = copied(rows)
    own = [r for r in rows["rectifications"] if r["finding_id"] in members and r["submitted_on"] <= as_of]
    judged = [r for r in own if known_verdict(r, as_of) != "waiting"]
    if any(r["submitted_on"] == as_of and known_verdict(r, as_of) in JUDGED for r in judged):
        return None
    after = max((r["submitted_on"] for r in judged), default=None)
    waits = [r for r in own if known_verdict(r, as_of) == "waiting" and (after is None or r["submitted_on"] >= after)]
    hopeless = ("impossible", "long_term")
    waits = [r for r in waits if r["outcome"] not in hopeless or r["submitted_on"] == as_of]
    if row["state"] == "waiting" and waits:

        def favour(report):
            day = report["completed_on"] if timely_by == "completed_on" and report["completed_on"] else None
            day = day or report["submitted_on"]
            return (report["outcome"] in hopeless, day, report["submitted_on"], report["finding_id"])

        chosen = min(waits, key=favour)
        for report in own:
            if (report["finding_id"], report["submitted_on"]) == (chosen["finding_id"], chosen["submitted_on"]):
                report |= {"verdict": "passed", "verified_on": as_of}
        return rows
    report = {"submitted_on": as_of, "completed_on": as_of, "verified_on": as_of}
    rows["rectifications"].append(report | {"finding_id": row["finding_id"], "outcome": "done", "verdict": "passed"})
    return rows


def reaches(goal, scheme, now, then):
    if goal == "place":
        return then.rank < now.rank
    order = [grade.id for grade in scheme.grades.grades]
    return order.index(then.grade) < order.index(now.grade)


def brute(scheme, rows, as_of, most, by="fixes"):
    """(town, goal) → (least cost, the score then) by trying every set; None where none reaches it."""
    before = engine(scheme, rows, as_of)
    standing = candidates(before, scheme, as_of)
    now = place(standing, scheme)
    answers, tried = {}, 0
    goals = ["place"] + (["grade"] if scheme.grades else [])
    for town in now:
        matters = open_matters(before).get(town, {})
        if len(matters) > most:
            continue
        answers |= {(town, goal): None for goal in goals}
        for size in range(1, len(matters) + 1):
            for chosen in combinations(matters.values(), size):
                cost = size if by == "fixes" else sum(max(row["cases"] or 1, 1) for row, _ in chosen)
                open_goals = [g for g in goals if answers[town, g] is None or cost < answers[town, g]]
                changed = rows
                for row, members in chosen:
                    changed = changed and fixed(changed, row, members, as_of, scheme.rectification.timely_by)
                if changed is None or not open_goals:
                    continue
                tried += 1
                after = {c.town: c for c in candidates(engine(scheme, changed, as_of), scheme, as_of)}
                then = place([after[town] if c.town == town else c for c in standing], scheme)[town]
                for goal in open_goals:
                    if reaches(goal, scheme, now[town], then):
                        answers[town, goal] = cost
    return answers, tried


def compare(world, most=5, by="fixes"):
    """Hold the answers against brute force; return the outcomes that were compared."""
    scheme, rows, as_of = world
    rows = {**rows, "appeals": [appeal for appeal in rows.get("appeals", []) if appeal["target"] != "verdict"]}
    try:
        told = asked(scheme, rows, as_of, by=by)
        best, tried = brute(scheme, rows, as_of, most, by)
    except Refused:
        return []
    seen = []
    for key, least in best.items():
        row = told[key]
        place_ = (key, row, least)
        if row["outcome"] == "reached":
            assert row["cost"] >= row["at_least"], place_
            assert least is not None, place_
            assert row["at_least"] <= least <= row["cost"], place_
            assert row["at_least"] == row["cost"] or scheme.tie_breakers, place_
        elif row["outcome"] == "far":
            assert least is None or least >= row["at_least"], place_
        else:
            assert row["outcome"] in ("top", "none", "out-of-reach", "gated"), place_
            assert least is None, place_
        seen.append((row["outcome"], row["cost"], tried))
    return seen


@st.composite
def effort_worlds(draw, most=8):
    """Worlds whose first town has up to `most` findings, mostly open, and others that stand a little above it."""
    scheme = draw(st.one_of(strategies.schemes(), sane_schemes(), sane_schemes()))
    scheme, rows, as_of = draw(worlds(scheme, most=1))
    dice = draw(st.randoms(use_true_random=False))
    towns = rows["towns"] = [{**rows["towns"][0], "town_code": f"T{n}", "name": f"镇T{n}"} for n in (1, 2, 3, 4)]
    for town in towns:
        town["group"] = dice.choice(["一组", "二组"])
    rows["findings"] = [draw(strategies.findings(n, scheme, ["T1"])) for n in range(1, dice.randint(2, most) + 1)]
    fewer = [f["indicator"] for f in rows["findings"]][:2]
    for found in rows["findings"]:
        found["found_on"] = max(found["found_on"], PERIOD.start)
        found["stage"] = None
        if dice.random() < 0.6:
            found["indicator"] = dice.choice(fewer)
        if found.get("assigned_on"):
            found["assigned_on"] = min(max(found["assigned_on"], found["found_on"]), as_of)
    rows["rectifications"] = [r for f in rows["findings"] if dice.random() < 0.3 for r in draw(strategies.reports(f))]
    rows["appeals"] = [a for a in rows["appeals"] if dice.random() < 0.3 and a["target"] == "finding"]
    for table in ("letters", "adjustments", "judgements"):
        rows[table] = []
    rows["measures"] = [
        {**row, "town": town["town_code"]} for town in towns for row in rows["measures"] if row["town"] == "T1"
    ]
    rows["checks"] = [{**row, "town": town["town_code"]} for town in towns for row in rows.get("checks", ())[:2]]
    rows["checks"] = [{**row, "check_id": f"C{n}"} for n, row in enumerate(rows["checks"])]
    for town in towns[1:]:
        points = dice.choice(POINTS)
        rows["adjustments"].append(
            {
                "adjustment_id": f"J{town['town_code']}", "town": town["town_code"], "dated_on": PERIOD.start,
                "kind": "decision", "evidence": "纪要", "decided_by": "会议", "decided_on": PERIOD.start,
                "decided_points": points,
            }
        )  # fmt: skip
    return scheme, rows, as_of


# ------------------------------------------------------------------------------------------ beside published periods
QUARTERS = ("2025Q1", "2025Q2", "2025Q3")
STARTS = (date(2025, 1, 1), date(2025, 4, 1), date(2025, 7, 1))


def past_engine(life, rows, as_of):
    period = parse_period(QUARTERS[len(life.past)], life.scheme.calendar)
    return score(tables_of(rows, life.scheme), life.scheme, period, as_of, past=list(life.past.values()))


def brute_past(life, as_of, by):
    """Goal → the least cost for A: all its findings of all quarters that nobody has accepted as fixed are tried."""
    before = past_engine(life, life.rows, as_of)
    standing = candidates(before, life.scheme, as_of)
    now = place(standing, life.scheme)["A"]
    own = {r["finding_id"]: r for r in life.rows["rectifications"]}
    open_ = [
        {**f, "state": "waiting" if own.get(f["finding_id"], {}).get("verdict") == "waiting" else "open"}
        for f in life.rows["findings"]
        if f["town"] == "A" and own.get(f["finding_id"], {}).get("verdict") != "passed"
    ]
    least = dict.fromkeys(["place", "grade"])
    for size in range(1, len(open_) + 1):
        for chosen in combinations(open_, size):
            cost = size if by == "fixes" else sum(row["cases"] for row in chosen)
            wanted = [goal for goal in least if least[goal] is None or cost < least[goal]]
            rows = life.rows
            for row in chosen:
                rows = rows and fixed(rows, row, [row["finding_id"]], as_of, "submitted_on")
            if not wanted or rows is None:
                continue
            after = {c.town: c for c in candidates(past_engine(life, rows, as_of), life.scheme, as_of)}
            then = place([after["A"] if c.town == "A" else c for c in standing], life.scheme)["A"]
            for goal in wanted:
                if reaches(goal, life.scheme, now, then):
                    least[goal] = cost
    return least


def compare_past(world, by="fixes"):
    """Hold the answers beside published periods against brute force; return outcome, cost, and whether it is exact."""
    life, as_of = world
    period = parse_period(QUARTERS[len(life.past)], life.scheme.calendar)
    past = list(life.past.values())
    try:
        frame = improvements(
            tables_of(life.rows, life.scheme), life.scheme, period, as_of, by=by, only=["A"], past=past
        )
        best = brute_past(life, as_of, by)
    except Refused:
        return []
    seen = []
    for row in frame.to_dicts():
        least, told = best[row["goal"]], (row, best)
        if row["outcome"] == "reached":
            assert least is not None, told
            assert row["at_least"] <= least <= row["cost"], told
            assert row["at_least"] == row["cost"] or len({f.scheme.full for f in past} | {100}) > 1, told
        else:
            assert row["outcome"] in ("top", "none", "out-of-reach"), told
            assert least is None, told
        held = {f["finding_id"] for f in life.rows["findings"] if f["found_on"] < period.start}
        seen.append((row["outcome"], row["cost"], bool(held & set(row["findings"]))))
    return seen


def halved(changes):
    """The scheme of 50 points in place of 100: a point of it is worth two."""
    changes = {**changes, "full": "50", "dimensions": [dict(one) for one in changes["dimensions"]]}
    for one in changes["dimensions"]:
        one["points"] = "25"
        one["indicators"] = [{**own, "points": str(int(own["points"]) // 2)} for own in one["indicators"]]
    return changes


@st.composite
def past_worlds(draw, most=7):
    """A town with open findings of this quarter and of one or two that are published, and two that stand above it."""
    # A seed alone: what is drawn bit by bit clings to the plainest worlds, in which nothing can be gained.
    dice = Random(draw(st.integers(0, 2**64)))
    prices = [{"when": {"severity": "grave"}, "price": 8}, {"when": {"cases": {"ge": 3}}, "price": "5/2"}, {"price": 2}]
    if dice.random() < 0.3:
        prices[0]["zero_out"] = True
    kinds = [
        {"id": name, "label": name, "points": points, "clause": name, "cap": dice.choice(["points", "none", "6"]),
         "rule": {"kind": "deduct", "prices": prices, "zero_out_lifted_by": dice.choice(["fix", "fix", "appeal"])}}
        for name, points in (("complete", "20"), ("signed", "30"), ("kept", "50"))
    ]  # fmt: skip
    dimensions = [
        {"id": "files", "label": "files", "points": "50", "indicators": kinds[:2], "cap": dice.choice(["none", "15"])},
        {"id": "visits", "label": "visits", "points": "50", "indicators": kinds[2:]},
    ]
    up = dice.random() < 0.25
    edge = {"at_most": dice.choice([3, 8, 20])} if up else {"at_least": dice.choice([80, 90, 95, 97])}
    changes = {
        "direction": "up" if up else "down",
        "round_at": dice.choice(["total", "indicator"]),
        "dimensions": dimensions,
        "gates": [],
        "bonuses": None,
        "grades": {"by": "bands", "grades": [{"id": "good", "label": "good", **edge}, {"id": "fair", "label": "fair"}]},
    }
    if dice.random() < 0.5:
        steps = [{"at_least": "1", "share": dice.choice(["0.1", "1/2"])}]
        level = dice.choice(["total", "total", "dimension", "indicator"])
        changes["surcharges"] = [{"id": "s", "label": "s", "level": level, "measure": "rate", "steps": steps}]
    scheme = small_scheme(**changes)
    ended = dice.choice([1, 1, 2])
    life = Life({"towns": towns("A", "B", "C"), "findings": [], "rectifications": [], "adjustments": []}, scheme)
    life.rows["measures"] = [
        {"town": town, "period": quarter, "measure": "rate", "value": dice.choice([0, 1])}
        for town in "ABC"
        for quarter in QUARTERS
    ]
    numbers = iter(range(most))
    for at in range(ended + 1):
        start = STARTS[at]
        for number in [n for _ in range(dice.randint(0, 4)) for n in [next(numbers, None)] if n is not None]:
            day = start + timedelta(days=dice.randint(0, 20))
            severity, name = (
                dice.choice(["mild", "mild", "grave"]),
                dice.choice(["complete", "complete", "signed", "kept"]),
            )
            due = day + timedelta(days=dice.choice([20, 400]))
            more = {"cases": dice.randint(1, 4), "due_on": due}
            life.rows["findings"].append(finding(f"F{number}", "A", day, name, severity, **more))
            if dice.random() < 0.3:
                handed = day + timedelta(days=dice.randint(1, 15))
                verdict = dice.choice(["waiting", "waiting", "sent_back", "partly", "passed"])
                life.rows["rectifications"].append(report(f"F{number}", handed, verdict))
        if at < ended:
            if dice.random() < 0.2:
                life.publish(QUARTERS[at], of=small_scheme(**halved(changes)))
            else:
                life.publish(QUARTERS[at])
    as_of = STARTS[ended] + timedelta(days=dice.randint(25, 80))
    for town in "BC":
        life.rows["adjustments"].append(
            {
                "adjustment_id": f"J{town}", "town": town, "dated_on": STARTS[ended], "kind": "decision",
                "evidence": "-", "decided_by": "-", "decided_on": STARTS[ended],
                "decided_points": dice.choice(["0", "0", "-1", "-2", "-4", "-8"]),
            }
        )  # fmt: skip
    return life, as_of
