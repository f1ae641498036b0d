"""The example's register of cases: from the application to the exit, backwards from the day of the decision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from scoring.example.facts import Finding, Row
from scoring.example.words import CALENDAR, Draw, supervision_words, words, workday_before
from scoring.periods import months_back

# What is not known yet of a case that waits for its decision, by how far it has come.
_LATER = ("confirmed_on", "outcome", "entered_on", "paid_on", "review_class", "amount", "care_fee")
_POSTING = ("posted_on", "posting_ended_on", "reviewed_on")
_INQUIRY = ("means_checked_on", "visited_on", "visitors")


def cases(seed: int, findings: Sequence[Finding]) -> list[Row]:
    """Return the register, numbered by the day of the application.

    Parameters
    ----------
    findings
        Those of the ledger: some were made in a case that stands in the register, under the same certificate.
    """
    w = supervision_words()["cases"]
    found: list[Row] = []
    for place, town in enumerate(words()["towns"], 1):
        own = _found_out(seed, town, findings)
        for year in (words()["year"] - 1, words()["year"]):
            for month in range(1, 13):
                found += _month(seed, place, town, date(year, month, 1), own)
    found.sort(key=lambda row: str(row["applied_on"]))
    certificates = w["certificates_from"]
    for number, row in enumerate(found, 1):
        row["case_id"] = w["number"].format(number=number)
        if row["outcome"] == "confirmed" and row.get("case_ref") is None:
            row["case_ref"] = w["certificate"].format(number=certificates)
            certificates += 1
    return found


def wrong(draw: Draw, name: str, town: dict[str, Any]) -> bool:
    """Tell whether a town gets a step wrong: the weaker it is, the more often."""
    most: float = supervision_words()["cases"]["wrong"][name]
    return draw.chance(most / 100 * (1.06 - town["quality"]) / 0.56)


def written(day: date | None) -> date | None:
    """Return a day, or None where it lies after the last one that is written down."""
    return day if day is not None and day <= supervision_words()["last_day"] else None


def _share(draw: Draw, name: str) -> bool:
    return draw.chance(supervision_words()["cases"]["share"][name] / 100)


def _found_out(seed: int, town: dict[str, Any], findings: Sequence[Finding]) -> list[Row]:
    """Return the findings of a town whose cases stand in the register: one a certificate, decided on a working day."""
    own: dict[object, Row] = {}
    for finding in findings:
        row, decided = finding.row, finding.row["approved_on"]
        if row["town"] != town["name"] or not isinstance(decided, date) or decided.year != words()["year"]:
            continue
        draw = Draw(seed, "found out", row["case_ref"])
        if draw.chance(supervision_words()["cases"]["found_out"]) and CALENDAR.is_workday(decided):
            own.setdefault(row["case_ref"], row)
    return list(own.values())


def _month(seed: int, place: int, town: dict[str, Any], first: date, found_out: Sequence[Row]) -> Iterator[Row]:
    """Make the cases that a town decides on in a month, and those that come to nothing."""
    w = supervision_words()["cases"]
    draw = Draw(seed, "cases", town["code"], first)
    this_year = first.year == words()["year"]
    mean = w["monthly"] * w["seasons"][first.month - 1] * town["size"] / sum(one["size"] for one in words()["towns"])
    known = [row for row in found_out if f"{row['approved_on']:%Y-%m}" == f"{first:%Y-%m}"]
    count = draw.whole(0, round(2 * mean)) if this_year else draw.whole(0, max(1, round(2 * mean * w["earlier"])))
    last = months_back(first, -1) - timedelta(days=1)
    for n in range(max(count, len(known))):
        own = Draw(seed, "case", town["code"], first, n)
        seen = known[n] if n < len(known) else None
        decided = seen["approved_on"] if seen else own.workday(first, last)
        assert isinstance(decided, date)
        yield _case(own, place, town, decided, seen)
    if not this_year:
        return
    for outcome in ("refused", "withdrawn"):
        for n in range(count):
            own = Draw(seed, outcome, town["code"], first, n)
            if _share(own, outcome):
                yield _ended(own, _case(own, place, town, own.workday(first, last), None), town, outcome)
    if first.month == 12:
        for n in range(count):
            own = Draw(seed, "open", town["code"], n)
            if _share(own, "open"):
                yield _open(own, _case(own, place, town, own.workday(first.replace(day=20), last), None))


def _case(draw: Draw, place: int, town: dict[str, Any], decided: date, known: Row | None) -> Row:
    """Make a confirmed case; `known` is the finding that was made in it."""
    w, kinds = supervision_words()["cases"], words()
    programmes = dict(kinds["programmes"][town["kind"]])
    if decided.year != kinds["year"]:
        programmes = {one: share for one, share in programmes.items() if w["ways"][one] in {"allowance", "destitute"}}
    row: Row = {
        "case_ref": known["case_ref"] if known else None,
        "town": town["name"],
        "village": known["village"] if known else draw.pick(kinds["villages"][town["kind"]]),
        "programme": known["programme"] if known else draw.weighted(programmes),
        "confirmed_on": decided,
        "outcome": "confirmed",
        "disputed": "no",
    }
    way = w["ways"][row["programme"]]
    _urgent(draw, town, row, decided) if way == "urgent" else _steps(draw, town, row, decided, way)
    new = w["new_handlers"].get(town["code"]) == decided.month and decided.year == kinds["year"]
    letter = w["new_letter"] if new and draw.chance(0.75) else draw.pick(w["letters"])
    row["handler"] = w["handler"].format(place=place, letter=letter)
    row["first_handled"] = "yes" if letter == w["new_letter"] else "no"
    row["kin"] = "yes" if _share(draw, "kin") else "no"
    row["earlier_problem"] = "yes" if _share(draw, "problem") else "no"
    _money(draw, town, row, way)
    _entry(draw, town, row, decided, way)
    if way in {"allowance", "destitute"}:
        _reviews(draw, town, row, decided)
    return row


def _steps(draw: Draw, town: dict[str, Any], row: Row, decided: date, way: str) -> None:
    """Go back from the decision over posting, visit and means check to the application."""
    decision = "decision_temporary" if way == "temporary" else "decision"
    ended = workday_before(decided, _days(draw, decision, late=wrong(draw, "decision", town)))
    posted = ended - timedelta(days=_days(draw, "posting", late=wrong(draw, "posting", town)))
    slow = way == "destitute" and wrong(draw, "opinion", town)
    checked = workday_before(posted, 1 if way == "temporary" else _days(draw, "opinion", late=slow))
    asked = workday_before(checked, _days(draw, "report"))
    accepted = workday_before(asked, _days(draw, "means_check", late=wrong(draw, "means_check", town)))
    visited = max(workday_before(posted, 1 if way == "temporary" else draw.whole(0, 3)), accepted)
    row |= {"posted_on": posted, "posting_ended_on": ended, "accepted_on": accepted}
    row |= {"means_check_on": asked, "means_checked_on": checked, "visited_on": visited, "visitors": 2}
    if wrong(draw, "unchecked", town):
        late = draw.chance(0.3)
        row |= {"means_check_on": asked if late else None}
        row["means_checked_on"] = written(CALENDAR.after(decided, draw.whole(1, 3))) if late else None
    if wrong(draw, "visit", town):
        how = draw.whole(0, 2)
        row["visitors"] = 1 if how == 0 else 2 if how == 1 else None
        row["visited_on"] = visited if how == 0 else written(CALENDAR.after(decided, 2)) if how == 1 else None
        row["visitors"] = row["visitors"] if row["visited_on"] else None
    if _share(draw, "disputed"):
        row |= {"disputed": "yes", "reviewed_on": max(workday_before(posted, 1), accepted)}
    if way == "allowance" and _share(draw, "extended"):
        row["extended"] = "yes"
    if way == "allowance" and _share(draw, "suspended"):
        start, row["accepted_on"] = accepted, workday_before(accepted, 12)
        row |= {"suspended_from": workday_before(start, 9), "suspended_to": workday_before(start, 1)}
        row["means_check_on"] = workday_before(start, 10) if row["means_check_on"] else None
    _application(draw, town, row)


def _urgent(draw: Draw, town: dict[str, Any], row: Row, decided: date) -> None:
    """Help at once: accepted, visited and decided on a day, unless the town was slow."""
    row["accepted_on"] = row["applied_on"] = workday_before(
        decided, _days(draw, "urgent", late=wrong(draw, "urgent", town))
    )
    row |= {"visited_on": row["accepted_on"], "visitors": 2}


def _application(draw: Draw, town: dict[str, Any], row: Row) -> None:
    accepted = row["accepted_on"]
    assert isinstance(accepted, date)
    if _share(draw, "told"):
        row["applied_on"] = applied = workday_before(accepted, draw.whole(5, 10))
        row["papers_told_on"] = CALENDAR.after(applied, draw.whole(1, 3))
    else:
        row["applied_on"] = workday_before(accepted, _days(draw, "acceptance", late=wrong(draw, "acceptance", town)))


def _money(draw: Draw, town: dict[str, Any], row: Row, way: str) -> None:
    """Write what is paid: by the income gap, by the standard, a care fee by its grade; sometimes it is wrong."""
    w = supervision_words()["cases"]
    standard = w["standards"].get(row["programme"])
    persons = 1 if way == "destitute" else draw.weighted(w["persons"])
    row["persons"] = persons
    if standard is None:
        return
    off = draw.pick([-120, -60, -30, 30, 60, 100]) if wrong(draw, "amount", town) else 0
    row["standard"] = Decimal(standard)
    if way == "allowance":
        income = 10 * draw.whole(8, standard // 10 - 13)
        row |= {"income": Decimal(income), "amount": Decimal((standard - income) * persons + off)}
        return
    grade = draw.weighted(w["grades"])
    failed = draw.whole(*w["failed"][grade])
    if wrong(draw, "grade", town):
        failed = {"able": 1, "partial": 4, "lost": 3}[grade]
    fee = w["care_fees"][grade]
    row |= {"amount": Decimal(standard), "selfcare": grade, "selfcare_failed": failed, "care_standard": Decimal(fee)}
    row["care_fee"] = Decimal(fee - 50 if wrong(draw, "care_fee", town) else fee)


def _entry(draw: Draw, town: dict[str, Any], row: Row, decided: date, way: str) -> None:
    entered = CALENDAR.after(decided, _days(draw, "entry", late=wrong(draw, "entry", town)))
    row["entered_on"] = written(entered)
    if way == "urgent":
        row["paid_on"] = decided
    elif way == "temporary":
        row["paid_on"] = written(CALENDAR.after(decided, _days(draw, "payment")))
    else:
        month = months_back(decided.replace(day=1), -2 if wrong(draw, "payment", town) else -1)
        if written(month):
            row["paid_on"] = draw.workday(month.replace(day=8), month.replace(day=15))


def _reviews(draw: Draw, town: dict[str, Any], row: Row, decided: date) -> None:
    """Review the case when that is due, until a review is missed; some are ended."""
    w, year = supervision_words()["cases"], words()["year"]
    if _share(draw, "unclassed"):
        return
    row["review_class"] = "stable" if _share(draw, "stable") else "unstable"
    left = None
    if decided < date(year, 7, 1) and _share(draw, "leaves"):
        left = draw.workday(max(date(year, 1, 1), decided + timedelta(days=60)), supervision_words()["last_day"])
        late = wrong(draw, "exit", town)
        told = None if late and draw.chance(0.4) else CALENDAR.after(left, _days(draw, "exit", late=late))
        row |= {"exit_on": left, "exit_told_on": written(told), "exit_reason": draw.pick(w["exit_reasons"])}
    due = _due(row, decided)
    while not wrong(draw, "review", town):
        day = draw.workday(due - timedelta(days=25), due)
        if written(day) is None or (left and day > left):
            break
        row["last_review_on"], due = day, _due(row, day)


def _due(row: Row, since: date) -> date:
    return months_back(since, -12 if row["review_class"] == "stable" else -6)


def _ended(draw: Draw, row: Row, town: dict[str, Any], outcome: str) -> Row:
    """Let an application be refused after the inquiry, or withdrawn by who made it."""
    decided = row["confirmed_on"]
    assert isinstance(decided, date)
    row |= dict.fromkeys([*_LATER, *_POSTING, "exit_on", "exit_told_on", "exit_reason", "last_review_on"])
    row |= {"outcome": outcome, "kin": "no", "disputed": "no", "selfcare": None, "selfcare_failed": None}
    if outcome == "withdrawn":
        return row | dict.fromkeys(_INQUIRY)
    told = CALENDAR.after(decided, _days(draw, "refusal", late=wrong(draw, "refusal", town)))
    return row | {"confirmed_on": decided, "refused_told_on": written(told)}


def _open(draw: Draw, row: Row) -> Row:
    """Let a case wait for its decision, posted already or still under inquiry."""
    row |= dict.fromkeys([*_LATER, "last_review_on", "kin"])
    return row if draw.chance(0.5) else row | dict.fromkeys([*_POSTING, *_INQUIRY])


def _days(draw: Draw, step: str, *, late: bool = False) -> int:
    spans = supervision_words()["cases"]["steps"][step]
    return draw.whole(*spans["wrong" if late and "wrong" in spans else "usual"])
