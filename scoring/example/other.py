"""What else counts in the example year: measures, judged items, adjustments, appeals, letters."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from scoring.example.facts import Finding, Row
from scoring.example.words import CALENDAR, Draw, words


def measures(seed: int) -> list[Row]:
    """Measure every town in every quarter; `only` in words.yaml keeps a measure to some towns."""
    w = words()
    rows: list[Row] = []
    for quarter in range(1, 5):
        for town in w["towns"]:
            for entry in w["measures"]:
                if town["code"] in entry.get("not", ()):
                    continue
                draw = Draw(seed, "measure", entry["id"], town["code"], quarter)
                rows.append(
                    {"town": town["name"], "period": f"{w['year']}Q{quarter}", "measure": entry["id"]}
                    | _measured(draw, town, entry)
                )
    return rows


def _measured(draw: Draw, town: dict[str, Any], entry: dict[str, Any]) -> Row:
    """Draw a rate between what a weak town reaches and what a faultless one does, or a plain value likewise."""
    good = (town["quality"] - 0.5) / 0.5
    reached = entry["base"] + (entry["best"] - entry["base"]) * min(1.0, good + 0.25 * draw.share())
    origin = entry["origin"]
    if entry.get("plain"):
        return {"value": round(reached), "origin": origin}
    size = entry.get("fixed") or max(1, round(entry["size"] * town["size"] * (0.85 + 0.3 * draw.share())))
    return {
        "numerator": min(size, round(size * reached / 100)),
        "denominator": size,
        "sample": size if entry.get("survey") else None,
        "origin": origin,
    }


def judgements(seed: int) -> list[Row]:
    """Judge every item on site, once a quarter: what is taken off, and why."""
    w = words()
    rows: list[Row] = []
    for quarter in range(1, 5):
        last = date(w["year"], 3 * quarter, 28)
        for town in w["towns"]:
            for entry in w["judged"]:
                draw = Draw(seed, "judge", entry["id"], town["code"], quarter)
                deducted = _taken_off(draw, town, entry)
                rows.append(
                    {
                        "town": town["name"],
                        "period": f"{w['year']}Q{quarter}",
                        "indicator": entry["label"],
                        "deducted": deducted,
                        "reason": draw.pick(entry["reasons"]) if deducted else None,
                        "judged_on": draw.workday(last.replace(day=20), last),
                    }
                )
    return rows


def year_end(seed: int) -> list[Row]:
    """Judge the year-end items: a row a town, the points of the items beside each other under their ids."""
    w = words()
    rows: list[Row] = []
    for town in w["towns"]:
        row: Row = {"town": town["name"], "period": str(w["year"])}
        row |= {entry["id"]: w["not_judged"] for entry in w["judged"]}
        for entry in w["judged_at_year_end"]:
            full = Decimal(str(entry["full"]))
            row[entry["id"]] = full - _taken_off(Draw(seed, "judge", entry["id"], town["code"]), town, entry)
        rows.append(row)
    return rows


def _taken_off(draw: Draw, town: dict[str, Any], entry: dict[str, Any]) -> Decimal:
    """Take off up to a quarter of an item's points, in whole steps: the weaker the town, the more."""
    most = entry["full"] / entry["step"] / 4
    steps: int = round(most * min(1.0, (1 - town["quality"]) * 4 * draw.share()))
    return Decimal(str(entry["step"])) * steps


def adjustments() -> list[Row]:
    """List the bonuses, demerits and vetoes of words.yaml, with exact numbers."""
    return [
        {key: Decimal(str(value)) if isinstance(value, float) else value for key, value in entry.items()}
        for entry in words()["adjustments"]
    ]


def appeals(seed: int, findings: list[Finding]) -> list[Row]:
    """Let towns appeal: what each appeal claims, and what becomes of it, stands in words.yaml.

    Raises
    ------
    IndexError
        No finding of the year fits an appeal.
    """
    w = words()
    rows: list[Row] = []
    taken: set[object] = set()
    for number, entry in enumerate(w["appeals"], start=1):
        draw = Draw(seed, "appeal", number)
        row: Row = {
            "appeal_id": f"S{w['year']}-{number:02d}",
            "target": w["targets"][entry["target"]],
            "ground": w["grounds"][entry["ground"]],
        }
        if entry["target"] == "adjustment":
            row |= {"target_id": entry["id"], "filed_on": entry["filed_on"]}
        else:
            finding = draw.pick([able for able in findings if _may_appeal(able, entry, taken)])
            taken.add(finding.row["finding_id"])
            start = finding.row["assigned_on"] if entry["target"] == "finding" else finding.reports[-1]["verified_on"]
            row |= {"target_id": finding.row["finding_id"], "filed_on": _after(start, draw.whole(1, 3))}
            finding.row["acknowledged"] = w["disputed"]
        if "decision" in entry:
            row |= {
                "decided_on": _after(row["filed_on"], draw.whole(3, 6)),
                "decision": w["decisions"][entry["decision"]],
            }
            row["new_value"] = entry.get("new_value")
        rows.append(row)
    return rows


def _may_appeal(finding: Finding, entry: dict[str, Any], taken: set[object]) -> bool:
    """Tell whether the finding suits the appeal: its quarter and severity, and a verdict where one is attacked."""
    return (
        finding.quarter == entry["quarter"]
        and finding.row["severity"] == entry.get("severity", finding.row["severity"])
        and finding.row["finding_id"] not in taken
        and (entry["target"] == "finding" or finding.story == entry["story"])
    )


def letters(seed: int, findings: list[Finding]) -> list[Row]:
    """Remind towns of what they have not put right: a first letter after the deadline, a second one to the slowest."""
    w = words()
    late: dict[tuple[int, str], list[Finding]] = {}
    for finding in findings:
        if finding.story in w["reminded"] and finding.quarter != w["combined_quarter"]:
            late.setdefault((finding.quarter, str(finding.row["town"])), []).append(finding)
    rows: list[Row] = []
    for (quarter, town), own in sorted(late.items()):
        draw = Draw(seed, "letter", quarter, town)
        sent = max(
            _after(finding.row["assigned_on"], w["working_days"][finding.row["severity"]] + 2) for finding in own
        )
        for step, kind in enumerate(w["letter_kinds"]):
            if step and not draw.chance(0.4):
                break
            rows.append(
                {
                    "letter_id": f"{w['letter_mark']}{w['year']}-{len(rows) + 1:02d}",
                    "town": town,
                    "kind": kind,
                    "sent_on": _after(sent, 12 * step + 1),
                    "finding_ids": ";".join(sorted(str(finding.row["finding_id"]) for finding in own)),
                    "due_on": _after(sent, 12 * step + 11),
                }
            )
    return rows


def _after(day: object, count: int) -> date:
    """Return the `count`-th working day after `day`."""
    assert isinstance(day, date)
    return CALENDAR.after(day, count)
