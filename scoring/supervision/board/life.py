"""A finding's life in dated sentences, and what it costs in each period that charges it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any, Final

import polars as pl

from schemas.tables import catalogue
from scoring.intake import Tables
from scoring.messages import say
from scoring.reports.labels import Labels
from scoring.reports.text import brief, known, short_day

_REFERRAL: Final = "referral"
"""A kind of letter that stands on no page: a referral is the register's."""
_Event = tuple[date, int, str]


class Lives:
    """What the ledgers tell of each finding up to a day; rows of later days are not there yet.

    Attributes
    ----------
    letters
        The letters sent by the day, referrals left out.
    """

    def __init__(self, tables: Tables, on: date, lang: str) -> None:
        self._on, self._lang = on, lang
        self.letters = tables.letters.filter((pl.col("sent_on") <= on) & (pl.col("kind") != _REFERRAL))
        self._found = {row["finding_id"]: row for row in tables.findings.to_dicts()}
        self._letters = _by(self.letters.explode("finding_ids"), "finding_ids")
        self._reports = _by(tables.rectifications.filter(pl.col("submitted_on") <= on), "finding_id")
        of_findings = pl.col("target").is_in(["finding", "verdict"])
        self._appeals = _by(tables.appeals.filter(of_findings & (pl.col("filed_on") <= on)), "target_id")

    def of(self, row: Mapping[str, Any], notes: Mapping[tuple[str, date], str]) -> list[tuple[date, str]]:
        """Return the dated sentences of one finding of `Standing.findings`, in order.

        Parameters
        ----------
        notes
            Finding and day of a report → what the town wrote, masked.
        """
        finding = row["finding_id"]
        own = self._found[finding]
        events: list[_Event] = [(own["found_on"], 0, self._say("found"))]
        told = [name for name in ("assigned_on", "signed_on") if own[name] and own[name] <= self._on]
        events += [(own[name], 1, self._say(name.removesuffix("_on"))) for name in told]
        for letter in self._letters[finding]:
            due = short_day(letter["due_on"])
            code = "letter-due" if due else "letter"
            events.append((letter["sent_on"], 2, self._say(code, kind=self.kind(letter), due=due)))
        for report in self._reports[finding]:
            events += self._report(report, notes.get((finding, report["submitted_on"]), ""))
        for appeal in self._appeals[finding]:
            events += self._appeal(appeal)
        if row["due"]:
            events.append((row["due"], 8, self._say("due-extended" if own["extended_to"] else "due")))
        if row["fixed_on"] and row["fixed_on"] <= self._on:
            events.append((row["fixed_on"], 7, self._say("fixed")))
        return [(day, text) for day, _, text in sorted(events)]

    def kind(self, letter: Mapping[str, Any]) -> str:
        """Return what a kind of letter is called."""
        return self._word("letters", "kind", letter["kind"])

    def _report(self, report: Mapping[str, Any], note: str) -> list[_Event]:
        outcome = self._word("rectifications", "outcome", report["outcome"])
        told = self._say("reported", outcome=outcome)
        if note:
            told = self._say("reported-measures", outcome=outcome, measures=note)
        events = [(report["submitted_on"], 3, told)]
        if report["verdict"] and report["verified_on"] and report["verified_on"] <= self._on:
            verdict = self._word("rectifications", "verdict", report["verdict"])
            events.append((report["verified_on"], 4, self._say("verified", verdict=verdict)))
        return events

    def _appeal(self, appeal: Mapping[str, Any]) -> list[_Event]:
        events = [(appeal["filed_on"], 5, self._say("appealed", number=appeal["appeal_id"]))]
        if appeal["decided_on"] and appeal["decided_on"] <= self._on:
            decision = self._word("appeals", "decision", appeal["decision"])
            events.append((appeal["decided_on"], 6, self._say("decided", decision=decision)))
        return events

    def _say(self, name: str, **parameters: object) -> str:
        return say(f"board-life-{name}", self._lang, **parameters)

    def _word(self, table: str, column: str, value: str | None) -> str:
        if value is None:
            return say("board-blank", self._lang)
        words = catalogue().tables[table].columns[column].choices[value]
        return words[0] if self._lang == "zh" else value.replace("_", " ")


def _by(frame: pl.DataFrame, column: str) -> defaultdict[str, list[dict[str, Any]]]:
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in frame.to_dicts():
        found[row[column]].append(row)
    return found


def points_of(
    published: Sequence[tuple[str, int, pl.DataFrame]],
    drafts: Sequence[tuple[str, Mapping[str, Any], pl.DataFrame]],
    labels: Mapping[str, Labels],
) -> dict[str, list[list[str]]]:
    """Return by finding what each period charges for it: the period, what stands there, net, charge, credit, extra.

    Parameters
    ----------
    published
        Period, edition and findings as they were published.
    drafts
        Period, head and findings as of the board's day.
    labels
        By period.
    """
    found: dict[str, list[list[str]]] = defaultdict(list)
    for period, number, frame in published:
        if period in labels:
            own = labels[period]
            _points(found, frame, own, own("board-published", edition=number))
    for period, head, frame in drafts:
        own = labels[period]
        _points(found, frame, own, own("board-draft", day=head["as_of"]))
    return found


def _points(found: dict[str, list[list[str]]], frame: pl.DataFrame, labels: Labels, stands: str) -> None:
    least = int(labels.head["scheme"]["decimals"])
    for row in frame.filter(pl.col("disposition") == "priced").to_dicts():
        net, *parts = (known(row, name) for name in ("net", "charge", "credit", "extra"))
        found[row["finding_id"]].append(
            [labels.period, stands, *(brief(value or Fraction(0), least) for value in (net, *parts))]
        )
