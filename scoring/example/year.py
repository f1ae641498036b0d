"""The facts of the example year: what was found, how it was put right, and what else counts."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from scoring.example.facts import Cell, Finding, Row, Year
from scoring.example.other import adjustments, appeals, judgements, letters, measures, year_end
from scoring.example.rectify import rectify
from scoring.example.words import CALENDAR, Draw, words


def quarter_days(quarter: int) -> tuple[date, date]:
    """Return the first and the last day of a quarter of the example year."""
    year, month = words()["year"], 3 * quarter
    return date(year, month - 2, 1), date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def simulate(seed: int, crowded: int = 0) -> Year:
    """Make the year.

    Parameters
    ----------
    seed
        The same seed gives the same year.
    crowded
        How many findings the crowded town of words.yaml has in its quarter; 0 leaves it alone.
    """
    checks: list[Row] = []
    findings: list[Finding] = []
    number = 0
    for place, town in enumerate(words()["towns"]):
        earlier: list[Finding] = []
        own = _checks(seed, town)
        checks += own
        for quarter in range(1, 5):
            found = _town_quarter(seed, town, quarter, checks=own, crowded=crowded, earlier=earlier)
            for finding in found:
                if finding.row["case_ref"] is None:
                    number += 1
                    finding.row["case_ref"] = words()["case_ref"].format(number=number)
            twins = _twins(Draw(seed, "twin", place, quarter), found, quarter_days(quarter)[1])
            earlier += found
            findings += found + twins
    _number(findings)
    _count_problem_cases(checks, findings)
    tables = {
        "towns": town_rows(),
        "checks": checks,
        "measures": measures(seed),
        "judgements": judgements(seed),
        "year_end": year_end(seed),
        "adjustments": adjustments(),
        "appeals": appeals(seed, findings),
        "letters": letters(seed, findings),
    }
    return Year(findings, tables)


def town_rows() -> list[Row]:
    """List the towns in their official order."""
    w = words()
    return [
        {
            "town_code": town["code"],
            "name": town["name"],
            "kind": w["kinds"][town["kind"]],
            "group": w["groups"][town["kind"]],
            "order": place,
            "aliases": ";".join(town["aliases"]),
            "delegated_on": w["delegated_on"],
        }
        for place, town in enumerate(w["towns"], start=1)
    ]


def _checks(seed: int, town: dict[str, Any]) -> list[Row]:
    """Check the newly confirmed households of each month: at least 30 in a hundred, at least one."""
    w = words()
    rows: list[Row] = []
    place = w["towns"].index(town) + 1
    for month in range(1, 13):
        draw = Draw(seed, "check", town["code"], month)
        confirmed = draw.whole(town["size"] // 2, town["size"])
        sampled = -(-confirmed * draw.whole(30, 42) // 100)
        rows.append(
            {
                "check_id": w["check_id"].format(month=month, place=place),
                "town": town["name"],
                "checked_on": draw.workday(date(w["year"], month, 15), date(w["year"], month, 25)),
                "month": f"{w['year']}-{month:02d}",
                "newly_confirmed": confirmed,
                "sampled": sampled,
                "visited": sampled - draw.whole(0, 1) if sampled > 3 else sampled,
                "problem_cases": 0,
            }
        )
    return rows


def _how_many(seed: int, town: dict[str, Any], quarter: int, crowded: int) -> int:
    """Share the quarter's findings out: the weaker a town, the more it has."""
    w = words()
    if {"town": town["code"], "quarter": quarter} in w["spotless"]:
        return 0
    if crowded and {"town": town["code"], "quarter": quarter} == w["crowded"]:
        return crowded
    weak = {other["code"]: 1.06 - other["quality"] for other in w["towns"]}
    mean: float = w["findings_per_quarter"][quarter - 1] * weak[town["code"]] / sum(weak.values())
    return round(mean * (0.75 + 0.5 * Draw(seed, "many", town["code"], quarter).share()))


def _town_quarter(
    seed: int, town: dict[str, Any], quarter: int, *, checks: list[Row], crowded: int, earlier: list[Finding]
) -> list[Finding]:
    """Find a town's problems of a quarter, and let it put them right."""
    found: list[Finding] = []
    habits = _habits(seed, town)
    for n in range(_how_many(seed, town, quarter, crowded)):
        draw = Draw(seed, "finding", town["code"], quarter, n)
        again = draw.pick(earlier) if earlier and draw.chance(0.07) else None
        row = _problem(draw, town, quarter, habits, again)
        if row["channel"] == words()["monthly_sample"]:
            check = checks[int(f"{row['found_on']:%m}") - 1]
            row |= {"check_id": check["check_id"], "found_on": check["checked_on"]}
        _hand_over(draw, row)
        story = _story(draw, town, quarter, first=n == 0)
        finding = Finding(quarter, row, story)
        finding.reports = rectify(draw, row, story)
        if quarter == words()["combined_quarter"]:
            finding.reports = finding.reports[-1:]  # one row of the combined ledger holds one report
        found.append(finding)
    return found


def _habits(seed: int, town: dict[str, Any]) -> dict[int, float]:
    """Weigh the problems for a town: habits last all year, and a good town makes few grave mistakes."""
    draw = Draw(seed, "habits", town["code"])
    problems = words()["problems"]
    weights = {place: float(problem["weight"]) for place, problem in enumerate(problems)}
    for _ in range(3):
        weights[draw.weighted(weights)] *= 2.5
    for place, problem in enumerate(problems):
        weights[place] *= 1 - town["quality"] * problem["severity"][2] / 10
    return weights


def _problem(draw: Draw, town: dict[str, Any], quarter: int, habits: dict[int, float], again: Finding | None) -> Row:
    """Make a finding's row; `again` gives the earlier finding whose case shows the same problem once more."""
    w = words()
    first, last = quarter_days(quarter)
    problem = w["problems"][draw.weighted(habits)]
    if again is not None:
        problem = next(entry for entry in w["problems"] if entry["label"] == again.row["indicator"])
    channel = draw.weighted(w["channels"])
    found_on = draw.workday(first, last)
    approved = found_on.replace(day=1) - timedelta(days=draw.whole(3, 40))
    if draw.chance(0.03):
        approved = w["delegated_on"] - timedelta(days=draw.whole(20, 400))
    row: Row = {
        "finding_id": None,
        "town": town["name"],
        "village": again.row["village"] if again else draw.pick(w["villages"][town["kind"]]),
        "found_on": found_on,
        "assigned_on": None,
        "indicator": problem["label"],
        "severity": draw.weighted(dict(zip(w["severities"], problem["severity"], strict=True))),
        "channel": channel,
        "source_level": _source(draw, channel),
        "programme": again.row["programme"] if again else draw.weighted(w["programmes"][town["kind"]]),
        "problem_type": problem["type"],
        "cases": draw.weighted({1: 90, 2: 7, 3: 3}),
        "description": draw.pick(problem["texts"]),
        "approved_on": approved if draw.chance(0.9) else None,
        "stage": problem["stage"],
        "acknowledged": draw.weighted(w["acknowledged"]),
        "case_ref": again.row["case_ref"] if again else None,
    }
    row["persons"] = draw.whole(1, 3) * int(str(row["cases"]))
    row["action"] = draw.pick(w["actions"][row["severity"]])
    row["amount"] = Decimal(draw.whole(problem["amount"][0], problem["amount"][1])) if "amount" in problem else None
    row["tags"] = draw.weighted(w["tags"]) or None
    return row


def _hand_over(draw: Draw, row: Row) -> None:
    """Hand the finding to the town within two working days; some go out with the deadline written down."""
    assert isinstance(row["found_on"], date)
    row["assigned_on"] = assigned_on = CALENDAR.after(row["found_on"], draw.whole(1, 2))
    if draw.chance(0.35):
        row["due_on"] = CALENDAR.after(assigned_on, words()["working_days"][row["severity"]])


def _source(draw: Draw, channel: str) -> str:
    """Say which level found it: the town itself where it checked itself."""
    w = words()
    if channel == w["self_check"]:
        return str(w["self_level"])
    return str(draw.weighted(w["source_levels"]))


def _story(draw: Draw, town: dict[str, Any], quarter: int, *, first: bool) -> str:
    """Choose how the problem goes on."""
    for entry in words()["set_stories"]:
        if first and (entry["town"], entry["quarter"]) == (town["code"], quarter):
            return str(entry["story"])
    good = (town["quality"] - 0.5) / 0.5
    odds: dict[str, tuple[float, float]] = words()["stories"]
    return draw.weighted({story: weak + (best - weak) * good for story, (weak, best) in odds.items()})


def _twins(draw: Draw, found: list[Finding], last: date) -> list[Finding]:
    """Let the hotline bring up some of the monthly sample's cases once more, a few days later."""
    w = words()
    twins: list[Finding] = []
    for finding in found:
        day = finding.row["found_on"]
        assert isinstance(day, date)
        if finding.row["channel"] != w["monthly_sample"] or not draw.chance(0.07) or day + timedelta(days=12) > last:
            continue
        later = draw.workday(day + timedelta(days=2), day + timedelta(days=12))
        row = dict(finding.row)
        row |= {"found_on": later, "assigned_on": CALENDAR.after(later, 1), "channel": w["hotline"], "check_id": None}
        row["description"] = w["duplicate_note"].format(text=row["description"])
        row |= {"due_on": None, "extended_to": None}
        twins.append(Finding(finding.quarter, row, "never", twin=True))
    return twins


def _number(findings: list[Finding]) -> None:
    """Give numbers to the findings of each quarter by day, as a ledger fills."""
    for quarter in range(1, 5):
        own = [finding for finding in findings if finding.quarter == quarter]
        for number, finding in enumerate(sorted(own, key=lambda entry: str(entry.row["found_on"])), start=1):
            finding.row["finding_id"] = f"{words()['year']}Q{quarter}-{number:03d}"
            for report in finding.reports:
                report["finding_id"] = finding.row["finding_id"]


def _count_problem_cases(checks: list[Row], findings: list[Finding]) -> None:
    """Count the households with problems in each check."""
    cases: dict[Cell, set[Cell]] = {}
    for finding in findings:
        cases.setdefault(finding.row.get("check_id"), set()).add(finding.row["case_ref"])
    for check in checks:
        check["problem_cases"] = min(len(cases.get(check["check_id"], ())), int(str(check["sampled"])))
