"""Brute force for the least effort: every set of open matters is fixed and scored, and the cheapest that gains is told.

It shares nothing with scoring/improving but the engine: what a fix is stands here once more, in plain rows.
"""

from __future__ import annotations

from itertools import combinations

from hypothesis import strategies as st

from scoring.improving import improvements
from scoring.ledger import score
from scoring.outcome.scores import candidates
from scoring.periods import Period
from scoring.problems import Refused
from scoring.ranking import place
from tests import strategies
from tests.frames import tables_of
from tests.laws import CALENDAR, copied, sane_schemes
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
