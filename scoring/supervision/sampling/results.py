"""What filled rows come to: checks, findings, measures and verdicts, under numbers that never change. Pure."""

from __future__ import annotations

import hmac
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from scoring.messages import say
from scoring.supervision.sampling.fields import POINT
from scoring.supervision.sampling.policy import Point
from scoring.supervision.sampling.record import Kind, Record

Row = dict[str, Any]
_PREFIX: Final[Mapping[Kind, str]] = {"sample": "CC", "look-back": "HT"}


@dataclass(frozen=True)
class Answered:
    """A case or finding that was checked: its list's words and what was written beside it."""

    town: str
    stratum: str
    key: str
    facts: Mapping[str, Any]
    values: Mapping[str, Any]

    @property
    def day(self) -> date:
        """The day of the check."""
        day: date = self.values["checked" if "checked" in self.values else "rechecked"]
        return day

    @property
    def failed(self) -> list[str]:
        """The points that were not met."""
        return [name.removeprefix(POINT) for name, answer in self.values.items() if answer == "failed"]


@dataclass(frozen=True)
class Means:
    """What rows are made with.

    Attributes
    ----------
    points
        By id.
    priced
        Indicator as a point names it → the scheme's, where it is one that findings are priced by.
    measures
        The measures that the scheme knows.
    severities
        The scheme's, mild first.
    channel
        What the findings' column of channels says.
    clean
        Takes names and numbers of persons out of free text.
    """

    points: Mapping[str, Point]
    priced: Mapping[str, str]
    measures: frozenset[str]
    severities: Sequence[str]
    channel: Mapping[Kind, str]
    clean: Callable[[str], str]
    lang: str


def number_of(record: Record, *what: str) -> str:
    """Return the number of what is about these: always the same, and without the draw's secret nobody's to trace.

    It is written in groups, so that no one takes it for a telephone.
    """
    return numbered(record.commitment.kind, record.commitment.month, record.secret, *what)


def prefix_of(kind: Kind, month: str) -> str:
    """Return what the numbers of a month begin with."""
    return f"{_PREFIX[kind]}{month[2:4]}{month[5:]}"


def numbered(kind: Kind, month: str, secret: str, *what: str) -> str:
    """Return a number by the secret that it is keyed with.

    Examples
    --------
    >>> numbered("sample", "2025-09", "secret", "T01", "B-1", "home_visit")
    'CC2509-b030-3858-a463'
    """
    digest = hmac.digest(secret.encode(), json.dumps([kind, month, *what]).encode(), "sha256").hex()
    return "-".join([prefix_of(kind, month), *(digest[start : start + 4] for start in (0, 4, 8))])


def findings_of(record: Record, one: Answered, means: Means) -> list[Row]:
    """Return the findings of one case, or of one finding that was looked at again."""
    commitment = record.commitment
    if commitment.kind == "look-back":
        return [_came_back(record, one, means)] if one.values.get("result") == "back" else []
    failed = [means.points[name] for name in one.failed if name in means.points]
    return [
        {
            **_common(one, means, commitment.kind),
            "finding_id": number_of(record, one.town, one.key, point.id),
            "indicator": means.priced[point.indicator],
            "severity": one.values.get("severity") or severity_of(point, means.severities),
            "problem_type": point.problem_type,
            "amount": one.values.get("amount") if bears_amount(point, failed) else None,
            "description": _described(point.fault(means.lang), one, means),
            "approved_on": one.facts["confirmed_on"],
            "check_id": _check_id(record, one),
            "case_ref": one.facts["case_ref"] or one.key,
        }
        for point in failed
        if point.indicator in means.priced
    ]


def _common(one: Answered, means: Means, kind: Kind) -> Row:
    return {
        "town": one.town,
        "village": one.facts["village"],
        "found_on": one.day,
        "channel": means.channel[kind],
        "programme": one.stratum or None,
        "cases": 1,
        "persons": one.facts["persons"],
    }


def _came_back(record: Record, one: Answered, means: Means) -> Row:
    fault = say("sampling-came-back", means.lang, finding=one.key)
    return {
        **_common(one, means, "look-back"),
        "finding_id": number_of(record, one.town, one.key),
        "indicator": one.facts["indicator"],
        "severity": one.values.get("severity") or one.facts["severity"] or means.severities[0],
        "problem_type": one.facts["problem_type"],
        "amount": one.values.get("amount"),
        "description": _described(fault, one, means),
        "approved_on": one.facts["approved_on"],
        "case_ref": one.facts["case_ref"],
    }


def bears_amount(point: Point, failed: Sequence[Point]) -> bool:
    """Tell whether the row's amount is this point's: the one that failed, or the one among them that bears amounts."""
    of_amounts = [one for one in failed if one.amount]
    return point is (of_amounts or failed)[0] if len(of_amounts) == 1 or len(failed) == 1 else False


def severity_of(point: Point, severities: Sequence[str]) -> str:
    """Return the point's severity, or, where the scheme has no such word, its mildest."""
    return point.severity if point.severity in severities or not severities else severities[0]


def _described(fault: str, one: Answered, means: Means) -> str:
    text = one.values.get("text")
    if not text:
        return fault
    # The number of a case stands in its own column alone.
    for hidden in filter(None, (one.key if "checked" in one.values else None, one.facts.get("case_ref"))):
        text = text.replace(hidden, "***")
    return say("sampling-described", means.lang, fault=fault, text=means.clean(text))


def verdicts_of(one: Answered) -> list[Row]:
    """Return what a finding's second look says of its fix: it holds, or was false; what came back is a new finding."""
    verdict = {"kept": "passed", "false": "false"}.get(one.values.get("result", ""))
    if verdict is None:
        return []
    return [
        {"finding_id": one.key, "submitted_on": one.day, "outcome": "done", "verified_on": one.day, "verdict": verdict}
    ]


def _check_id(record: Record, one: Answered) -> str:
    return number_of(record, "check", one.town, one.stratum, one.day.isoformat())


def checks_of(record: Record, town: str, answered: Iterable[Answered]) -> list[Row]:
    """Return a town's rounds of checking: one a programme and day, none where nobody checked.

    What was newly confirmed stands once a programme, in its first row; a programme of which nothing was drawn has a row
    on the town's first day, so that rates rest on all that was confirmed.
    """
    own: dict[tuple[str, date], list[Answered]] = defaultdict(list)
    for one in answered:
        own[one.stratum, one.day].append(one)
    if not own:
        return []
    confirmed = Counter(item.stratum for item in record.items if item.town == town)
    first = min(day for _, day in own)
    for stratum in confirmed:
        if not any(name == stratum for name, _ in own):
            own[stratum, first] = []
    month, rows, told = record.commitment.month, [], set[str]()
    for (stratum, day), cases in sorted(own.items()):
        rows.append(
            {
                "check_id": number_of(record, "check", town, stratum, day.isoformat()),
                "town": town,
                "checked_on": day,
                "month": month,
                "programme": stratum or None,
                "newly_confirmed": None if stratum in told else confirmed[stratum],
                "sampled": len(cases),
                "visited": sum(one.values.get("visited") == "yes" for one in cases),
                "problem_cases": sum(bool(one.failed) for one in cases),
            }
        )
        told.add(stratum)
    return rows


def measures_of(record: Record, town: str, answered: Sequence[Answered], means: Means) -> list[Row]:
    """Return the rates that a town's cases give: of those that a point applied to, how many met it."""
    rows = []
    for point in means.points.values():
        if point.measure not in means.measures:
            continue
        judged = [one for one in answered if one.values.get(f"{POINT}{point.id}") in {"met", "failed"}]
        if judged:
            met = sum(one.values[f"{POINT}{point.id}"] == "met" for one in judged)
            rows.append(
                {
                    "town": town,
                    "period": record.commitment.month,
                    "measure": point.measure,
                    "numerator": Decimal(met),
                    "denominator": Decimal(len(judged)),
                    "sample": len(judged),
                    "origin": say("sampling-origin", means.lang),
                    "dated_on": max(one.day for one in judged),
                }
            )
    return rows
