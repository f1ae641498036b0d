"""The bureau's own registers of the example year: relatives on file, sanctions and referrals, its own work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from schemas.tables import catalogue
from scoring.example.cases import written
from scoring.example.facts import Finding, Row
from scoring.example.words import CALENDAR, Draw, supervision_words, words

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"


def kin(seed: int, cases: Sequence[Row]) -> list[Row]:
    """Return the relatives on file: of the cases that say so, of a few that do not, and others without a case."""
    w = supervision_words()["kin"]
    rows: list[Row] = []
    for place, town in enumerate(words()["towns"], 1):
        own = [case for case in cases if case["town"] == town["name"] and _filed(seed, case)]
        draw = Draw(seed, "kin", town["code"])
        for case in [*own, *[None] * draw.whole(*w["without_case"])]:
            number = len(rows) + 1
            role = "handler" if case and case["first_handled"] == "yes" else draw.weighted(w["roles"])
            letter = draw.pick(supervision_words()["cases"]["letters"])
            handler = supervision_words()["cases"]["handler"].format(place=place, letter=letter)
            if role == "cadre":
                handler = w["cadre"].format(number=number)
            elif case:
                handler = str(case["handler"])
            person = Draw(seed, "handler", handler)  # one number, however many relatives
            theirs = date(1976, 1, 1) + timedelta(days=person.whole(0, 5_500))
            relation = draw.pick(list(w["relations"]))
            born = theirs + timedelta(days=365 * draw.whole(*w["relations"][relation]) + draw.whole(0, 364))
            day = draw.workday(date(words()["year"], 1, 6), date(words()["year"], 3, 28))
            if case:
                assert isinstance(case["applied_on"], date)
                day = CALENDAR.after(case["applied_on"], draw.whole(*w["filed"]))
            rows.append({
                "town": town["name"],
                "village": case["village"] if case else draw.pick(words()["villages"][town["kind"]]),
                "handler": handler,
                "handler_id": _number(person, theirs),
                "role": role,
                "name": w["name"].format(number=number),
                "person_id": _number(draw, born),
                "born_on": born,
                "relation": relation,
                "case_ref": (case["case_ref"] or case["case_id"]) if case else None,
                "filed_on": written(day),
            })  # fmt: skip
    return rows


def _filed(seed: int, case: Row) -> bool:
    """Tell whether a case's relative is on file; of a few the register of cases forgot to say so."""
    if case["kin"] == "yes":
        return True
    forgot: float = supervision_words()["cases"]["share"]["unfiled"] / 100
    return (
        case["kin"] == "no" and case["outcome"] == "confirmed" and Draw(seed, "forgot", case["case_id"]).chance(forgot)
    )


def _number(draw: Draw, born: date) -> str:
    """Return a number of a division that does not exist, and whose check digit is wrong."""
    body = f"{supervision_words()['kin']['region']}{born:%Y%m%d}{draw.whole(1, 999):03d}"
    right = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11
    return body + _CHECK[(right + draw.whole(1, 9)) % 11].replace("X", "0" if right != 1 else "1")


def sanctions(findings: Sequence[Finding]) -> list[Row]:
    """Return the sanction and the referral, each on the first finding of the ledger that has a number and fits best.

    Raises
    ------
    ValueError
        No finding of the year fits.
    """
    rows: list[Row] = []
    for entry in supervision_words()["sanctions"]:
        story, severity, indicator = (entry.get(name) for name in ("story", "severity", "indicator"))
        fitting = (
            one
            for one in findings
            if one.quarter != words()["combined_quarter"]
            and story in {None, one.story}
            and severity in {None, one.row["severity"]}
        )
        finding = min(fitting, key=lambda one: indicator not in {None, one.row["indicator"]})
        since = finding.reports[-1]["verified_on"] if story else finding.row["assigned_on"]
        assert isinstance(since, date)
        decided = CALENDAR.after(since, entry["days"])
        row: Row = {name: entry.get(name) for name in supervision_words()["columns"]["sanctions"]}
        row |= {"town": finding.row["town"], "finding_ids": finding.row["finding_id"], "decided_on": decided}
        row["closed_on"] = written(CALENDAR.after(decided, entry["closed"])) if "closed" in entry else None
        rows.append(row)
    return rows


def duties() -> list[Row]:
    """Return what the bureau itself did, by day."""
    names = [(town["name"], town["kind"]) for town in words()["towns"]]
    rows: list[Row] = []
    for number, entry in enumerate(supervision_words()["duties"], 1):
        rows.append(
            {"duty_id": supervision_words()["duty_number"].format(number=number)}
            | {name: value for name, value in entry.items() if name not in {"group", "places"}}
            | {"towns": _towns(entry, names)}
        )
    return rows


def _towns(entry: dict[str, Any], names: Sequence[tuple[str, str]]) -> str | None:
    if "places" in entry:
        first, last = entry["places"]
        return ";".join(name for name, _ in names[first - 1 : last])
    if "group" in entry:
        return ";".join(name for name, kind in names if kind == entry["group"])
    return catalogue().reading.every_town[0] if "towns" in entry else None
