"""What people say in the example year: surveys, calls, petitions, the villages' reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from scoring.example.cases import written
from scoring.example.facts import Row
from scoring.example.words import CALENDAR, Draw, supervision_words, words, workday_before
from scoring.example.year import quarter_days

Measures = Mapping[tuple[str, str, str], Row]
"""A town's name, a period and a measure → its row of the ledger of measures."""


def surveys(seed: int, measured: Measures) -> list[Row]:
    """Return the surveys from which the ledger's measures come, and those of the town that it lacks."""
    w = supervision_words()["surveys"]
    rows: list[Row] = []
    for quarter, town in _each():
        last = quarter_days(quarter)[1]
        for question in ("satisfaction", "awareness"):
            draw = Draw(seed, "survey", question, town["code"], quarter)
            known = measured.get((town["name"], _label(quarter), w[question]))
            asked = known["denominator"] if known else w["unasked"][1]
            rows.append({
                "town": town["name"],
                "period": _label(quarter),
                "asked_on": draw.workday(last.replace(day=5), last.replace(day=20)),
                "question": question,
                "asked": asked,
                "positive": known["numerator"] if known else draw.whole(*w["unasked"]),
                "method": w["method"],
                "surveyor": w["surveyor"],
            })  # fmt: skip
    return rows


def hotline(seed: int, measured: Measures) -> list[Row]:
    """Return the calls: as many requests, and as many answered in time, as the ledger's measure says."""
    w = supervision_words()["hotline"]
    rows: list[Row] = []
    for quarter, town in _each():
        known = measured[town["name"], _label(quarter), w["measure"]]
        total, good = int(str(known["denominator"])), int(str(known["numerator"]))
        calls = [
            _call(Draw(seed, "call", town["code"], quarter, n), town, quarter, in_time=n < good) for n in range(total)
        ]
        spot = w["hotspot"]
        if (spot["town"], spot["quarter"]) == (town["name"], quarter):
            for row in calls[: spot["calls"]]:
                row |= {"village": spot["village"], "topic": spot["topic"], "complaint": "yes"}
        draw = Draw(seed, "unconnected", town["code"], quarter)
        rows += calls
        rows += [
            {"town": town["name"], "called_on": draw.workday(*quarter_days(quarter)), "connected": "no"}
            for _ in range(draw.whole(*w["unconnected"]))
        ]
    return _numbered(rows, "call_id", "called_on", w["number"])


def _call(draw: Draw, town: dict[str, Any], quarter: int, *, in_time: bool) -> Row:
    """Make a call that is answered; whether in time shows before the quarter ends."""
    w = supervision_words()["hotline"]
    first, last = quarter_days(quarter)
    called = draw.workday(first, workday_before(last, w["limit"]))
    answered = CALENDAR.after(called, draw.whole(0, w["limit"] - 2) if in_time else w["limit"] + draw.whole(1, 4))
    village = draw.pick(words()["villages"][town["kind"]])
    return {
        "town": town["name"],
        "village": village if draw.chance(w["village"] / 100) else None,
        "called_on": called,
        "connected": "yes",
        "topic": draw.weighted(w["topics"]),
        "complaint": "yes" if draw.chance(w["complaints"] / 100) else "no",
        "answered_on": written(answered),
        "resolved": "yes" if draw.chance(w["resolved"]["in_time" if in_time else "late"] / 100) else "no",
    }


def petitions(seed: int) -> list[Row]:
    """Return the petitions of the year, most of them about the weaker towns."""
    w = supervision_words()["petitions"]
    weak = {town["name"]: 1.06 - town["quality"] for town in words()["towns"]}
    kinds = {town["name"]: town["kind"] for town in words()["towns"]}
    rows: list[Row] = []
    for quarter in range(1, 5):
        for n in range(Draw(seed, "petitions", quarter).whole(*w["a_quarter"])):
            draw = Draw(seed, "petition", quarter, n)
            town, received = draw.weighted(weak), draw.workday(*quarter_days(quarter))
            late = draw.chance(w["of_100"]["late"] / 100)
            rows.append({
                "town": town,
                "village": draw.pick(words()["villages"][kinds[town]]) if draw.chance(0.6) else None,
                "received_on": received,
                "channel": draw.weighted(w["channels"]),
                "level": draw.weighted(w["levels"]),
                "topic": draw.weighted(w["topics"]),
                "due_on": received + timedelta(days=60) if draw.chance(w["of_100"]["named"] / 100) else None,
                "answered_on": written(CALENDAR.after(received, draw.whole(*w["late" if late else "in_time"]))),
                "proper": "no" if draw.chance(w["of_100"]["improper"] / 100) else "yes",
                "repeated": "yes" if draw.chance(w["of_100"]["repeated"] / 100) else "no",
            })  # fmt: skip
    return _numbered(rows, "petition_id", "received_on", w["number"])


def village_reports(seed: int, measured: Measures) -> list[Row]:
    """Return the villages' reports, in as many months of each quarter as the ledger's measure says."""
    w = supervision_words()["village_reports"]
    rows: list[Row] = []
    for quarter, town in _each():
        draw = Draw(seed, "reports", town["code"], quarter)
        months = [3 * quarter - 2, 3 * quarter - 1, 3 * quarter]
        while len(months) > int(str(measured[town["name"], _label(quarter), w["measure"]]["value"])):
            months.remove(draw.pick(months))
        for month in months:
            first, last = (date(words()["year"], month, day) for day in (24, 28))
            spoken = [name for name in words()["villages"][town["kind"]] if not draw.chance(w["silent"] / 100)]
            rows += [
                {
                    "town": town["name"],
                    "village": village,
                    "month": f"{first:%Y-%m}",
                    "reported_on": draw.workday(first, last),
                    "changes": draw.weighted(w["changes"]),
                    "found": draw.weighted(w["found"]),
                }
                for village in spoken or words()["villages"][town["kind"]][:1]
            ]
    return sorted(rows, key=lambda row: (str(row["month"]), str(row["reported_on"])))


def _each() -> Iterator[tuple[int, dict[str, Any]]]:
    for quarter in range(1, 5):
        for town in words()["towns"]:
            yield quarter, town


def _label(quarter: int) -> str:
    return f"{words()['year']}Q{quarter}"


def _numbered(rows: Sequence[Row], column: str, day: str, number: str) -> list[Row]:
    """Give numbers to rows by their day, as a register fills."""
    for n, row in enumerate(found := sorted(rows, key=lambda row: str(row[day])), 1):
        row[column] = number.format(number=n)
    return found
