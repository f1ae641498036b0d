"""Whether a filled row says something that can be counted: what lacks, what contradicts, each with its cell. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Final

from scoring.supervision.sampling.fields import POINT
from scoring.supervision.sampling.policy import Point
from scoring.supervision.sampling.results import Answered, Means, bears_amount
from scoring.supervision.sampling.returned import Row, Say

_BESIDE: Final = ("text", "severity", "amount")


def judge_case(row: Row, means: Means, say: Say) -> Answered | None:
    """Return a case that was checked; None where the row is blank, or refused."""
    answers = {name: answer for name, answer in row.values.items() if name.startswith(POINT)}
    told = {name: answer for name, answer in answers.items() if answer != "na"}
    if not told and not set(row.values) - set(answers):
        say("sampling-unchecked", row.number, "case", kind="notice")
        return None
    failed = [means.points[name.removeprefix(POINT)] for name, answer in told.items() if answer == "failed"]
    faults = list(_faults(row, failed, answered=bool(told)))
    for code, name, more in faults:
        say(code, row.number, name, **more)
    if faults:
        return None
    blank = [point for point in means.points.values() if not point.open and f"{POINT}{point.id}" not in answers]
    if blank:
        say("sampling-points-blank", row.number, f"{POINT}{blank[0].id}", kind="notice", count=len(blank))
    if "visited" not in row.values:
        say("sampling-visited-blank", row.number, "visited", kind="notice")
    for point in failed:
        if point.indicator not in means.priced:
            code = "sampling-failed-rate" if point.measure in means.measures else "sampling-failed-nowhere"
            say(code, row.number, f"{POINT}{point.id}", kind="notice", indicator=point.indicator)
    return _answered(row)


def _faults(row: Row, failed: Sequence[Point], *, answered: bool) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Yield what is wrong with a row that is not blank: code, column, further words."""
    values, confirmed = row.values, row.facts["confirmed_on"]
    day = values.get("checked")
    if day is None:
        yield "sampling-day-missing", "checked", {}
    elif confirmed and day < confirmed:
        yield "sampling-before-confirmed", "checked", {"day": confirmed.isoformat()}
    if not answered:
        yield "sampling-no-answers", "checked", {}
        return
    beside = [name for name in _BESIDE if name in values]
    if beside and not failed:
        yield "sampling-nothing-failed", beside[0], {}
    if "amount" in values and failed and not any(bears_amount(point, failed) for point in failed):
        yield "sampling-amount-unclear", "amount", {}


def judge_finding(row: Row, reported: Mapping[str, Set[object]], say: Say) -> Answered | None:
    """Return a finding that was looked at again; None where the row is blank, or refused.

    Parameters
    ----------
    reported
        Finding → the days on which the ledger already has a report of it.
    """
    values, found = row.values, list[bool]()
    if not values:
        say("sampling-unchecked", row.number, "finding", kind="notice")
        return None

    def refuse(code: str, name: str, **more: object) -> None:
        say(code, row.number, name, **more)
        found.append(True)

    day, result = values.get("rechecked"), values.get("result")
    if day is None:
        refuse("sampling-day-missing", "rechecked")
    elif day < row.facts["fixed_on"]:
        refuse("sampling-before-fixed", "rechecked", day=row.facts["fixed_on"].isoformat())
    elif result in {"kept", "false"} and day in reported.get(row.drawn.item.key, set()):
        refuse("sampling-reported", "rechecked")
    if result is None:
        refuse("sampling-result-missing", "result")
    elif result != "back":
        for name in ("severity", "amount"):
            if name in values:
                refuse("sampling-only-back", name)
    return None if found else _answered(row)


def _answered(row: Row) -> Answered:
    item = row.drawn.item
    return Answered(item.town, item.stratum, item.key, row.facts, row.values)
