"""Each appeal: what was, what was decided, and what score and rank would be if it is upheld and if it is rejected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

import polars as pl

from schemas.scheme import Scheme
from schemas.tables import catalogue
from scoring.exact import fixed
from scoring.intake import Tables
from scoring.intake.appeals import NUMBER, RATE
from scoring.ledger import Frozen, Scored, score
from scoring.ledger.past import when
from scoring.outcome.scores import candidates
from scoring.periods import Period, parse_period
from scoring.problems import Refused
from scoring.ranking import Candidate, place
from scoring.shapes import APPEALS, pair
from scoring.workdays import Workdays

_IN_FAVOUR: Final = ("withdraw", "change")
_NOT_SCORED: Final = "not-scored"
_OF_TOWN: Final = ("findings", "checks", "measures", "judgements", "adjustments", "letters")


def appeal_frame(
    ledger: Scored,
    tables: Tables,
    scheme: Scheme,
    period: Period,
    as_of: date,
    past: Sequence[Frozen],
    workdays: Workdays | None,
) -> pl.DataFrame:
    """Return a row an appeal that can bear on this period's score, in the order of filing.

    `original` is what was appealed against, `decided` what the decision made of it; both stay. `upheld` and `rejected`
    are the town's scores either way, all else as it stands at `as_of`; `moved_towns` are the others whose rank differs
    between the two. An appeal that asks for nothing else is taken to ask that its target be withdrawn. Where there is
    no score, `upheld_why` and `rejected_why` say why: `not-scored` (the town has none in this period), `unreadable`
    (what is asked for is no word or number that the target can have), else the code of what refuses to be scored so.
    """
    known = tables.appeals.filter(pl.col("filed_on") <= as_of).sort("filed_on", "appeal_id")
    if known.is_empty():
        return pl.DataFrame(schema=APPEALS)
    owners = _Owners(tables, ledger, scheme, period, past, known["target_id"])
    standing = candidates(ledger, scheme, as_of)
    scored = {candidate.town: candidate for candidate in standing}
    cases = []
    for appeal in known.iter_rows(named=True):
        town = owners.town_of(appeal)
        if town is not None and town in owners.listed:
            cases.append(_Case.of(appeal, town, scored.get(town, _NOT_SCORED), owners, as_of))
    # What one town's score depends on lies in its own rows, unless a rule compares towns.
    alone = all(indicator.rule.kind != "relative" for _, indicator in scheme.indicators())

    def answers(asked: Sequence[_Case]) -> list[Candidate | str]:
        """Score the towns of these cases, each of another, once more with the decision that they ask about."""
        changed = _decided(tables, asked, as_of)
        codes = [code for case in asked for code in owners.codes(case.town)]
        only, then = _only(changed, past, codes) if alone else (changed, past)
        try:
            other = score(only, scheme, period, as_of, past=then, workdays=workdays)
        except Refused as refused:  # what was withdrawn may be what could not be scored
            if len(asked) > 1:
                return [answer for case in asked for answer in answers([case])]
            return [refused.problems[0].code]
        found = {candidate.town: candidate for candidate in candidates(other, scheme, as_of)}
        return [found.get(case.town, _NOT_SCORED) for case in asked]

    silent = [case for case in cases if case.decision is None]
    others: dict[str, Candidate | str] = {case.appeal["appeal_id"]: case.nothing for case in silent}
    for asked in _rounds([case for case in cases if case.decision is not None], alone=alone):
        others |= zip((case.appeal["appeal_id"] for case in asked), answers(asked), strict=True)
    rows = [_row(case, others[case.appeal["appeal_id"]], owners, standing, scheme) for case in cases]
    return pl.DataFrame(rows, schema=APPEALS)


@dataclass(frozen=True)
class _Case:
    """An appeal of a town, and the decision in whose place to ask what the town would come to."""

    appeal: Mapping[str, Any]
    town: str
    pending: bool
    now: Candidate | str
    """What the town comes to as things stand, which is one of the two: an appeal stops the clock either way."""
    favoured: bool
    """It was decided in the town's favour, so that what stands now is `upheld`."""
    decision: str | None
    """None where there is nothing to ask: the town has no score, or its target cannot have what is asked for."""
    value: str | None

    @classmethod
    def of(cls, appeal: Mapping[str, Any], town: str, now: Candidate | str, owners: _Owners, as_of: date) -> _Case:
        pending = appeal["decided_on"] is None or appeal["decided_on"] > as_of or appeal["decision"] is None
        favoured = not pending and appeal["decision"] in _IN_FAVOUR
        decision, value = "uphold" if favoured else "withdraw", None
        if not favoured and appeal["asked_value"]:
            decision, value = "change", appeal["asked_value"]
        possible = not isinstance(now, str) and (value is None or owners.can_be(appeal, value))
        return cls(appeal, town, pending, now, favoured, decision if possible else None, value)

    @property
    def nothing(self) -> str:
        """Why there is nothing to ask."""
        return self.now if isinstance(self.now, str) else "unreadable"


def _rounds(cases: Sequence[_Case], *, alone: bool) -> list[list[_Case]]:
    """Put together cases of which each is another town's, the first of each town first."""
    rounds: dict[int, list[_Case]] = {}
    seen: Counter[str] = Counter()
    for number, case in enumerate(cases):
        rounds.setdefault(seen[case.town] if alone else number, []).append(case)
        seen[case.town] += 1
    return list(rounds.values())


def _row(
    case: _Case, other: Candidate | str, owners: _Owners, standing: Sequence[Candidate], scheme: Scheme
) -> dict[str, Any]:
    appeal, town, pending = case.appeal, case.town, case.pending
    upheld, rejected = (case.now, other) if case.favoured else (other, case.now)
    either = [_ranks(standing, one, scheme) for one in (upheld, rejected)]
    both = set(either[0]) & set(either[1]) - {town}
    moved = sorted(code for code in both if either[0][code] != either[1][code])
    decided = None
    if not pending:
        decided = appeal["new_value"] if appeal["decision"] == "change" else appeal["decision"]
    return {
        "town_code": town,
        **{name: appeal[name] for name in ("appeal_id", "target", "target_id", "ground_kind", "ground", "filed_on")},
        "pending": pending,
        "decided_on": None if pending else appeal["decided_on"],
        "decision": None if pending else appeal["decision"],
        "original": owners.original(appeal),
        "asked": appeal["asked_value"],
        "decided": decided,
        **_said("upheld", upheld, either[0], scheme),
        **_said("rejected", rejected, either[1], scheme),
        "moved": len(moved),
        "moved_towns": moved,
        "moved_upheld": [either[0][code] for code in moved],
        "moved_rejected": [either[1][code] for code in moved],
    }


def _said(name: str, town: Candidate | str, ranks: Mapping[str, int], scheme: Scheme) -> dict[str, Any]:
    if isinstance(town, str):
        return {**pair(name, None), name: None, f"{name}_rank": None, f"{name}_why": town}
    return {
        **pair(name, town.score),
        name: fixed(town.score, scheme.decimals),
        f"{name}_rank": ranks[town.town],
        f"{name}_why": None,
    }


def _ranks(standing: Iterable[Candidate], other: Candidate | str, scheme: Scheme) -> dict[str, int]:
    if isinstance(other, str):
        return {}
    towns = [replace(other, group=town.group) if town.town == other.town else town for town in standing]
    return {town: stand.rank for town, stand in place(towns, scheme).items()}


def _decided(tables: Tables, cases: Sequence[_Case], as_of: date) -> Tables:
    """Return the tables with the appeals of these cases decided so, at the latest today."""
    asked = [(case.appeal["appeal_id"], case.decision, case.value) for case in cases]
    other = pl.DataFrame(asked, schema={"appeal_id": pl.String, "told": pl.String, "value": pl.String}, orient="row")
    own = pl.col("told").is_not_null()
    day = pl.min_horizontal(pl.col("decided_on").fill_null(as_of), pl.lit(as_of))
    appeals = tables.appeals.join(other, on="appeal_id", how="left", maintain_order="left").with_columns(
        decision=pl.coalesce("told", "decision"),
        new_value=pl.when(own).then("value").otherwise("new_value"),
        decided_on=pl.when(own).then(day).otherwise("decided_on"),
    )
    return replace(tables, appeals=appeals.drop("told", "value"))


def _only(tables: Tables, past: Sequence[Frozen], codes: Sequence[str]) -> tuple[Tables, list[Frozen]]:
    """Leave the rows of some towns and of those that merged into them: no other town's bear on their scores."""
    mine = pl.col("town").is_in(codes)
    # Whether anything was checked at all is asked of all towns: one row of another keeps the answer.
    checks = pl.concat([tables.checks.filter(mine), tables.checks.filter(~mine).sort("checked_on").head(1)])
    kept = {name: getattr(tables, name).filter(mine) for name in _OF_TOWN} | {"checks": checks}
    own = replace(tables, towns=tables.towns.filter(pl.col("town_code").is_in(codes)), **kept)
    frozen = [
        replace(
            one,
            entries=one.entries.filter(pl.col("town_code").is_in(codes)),
            scores=one.scores.filter(pl.col("town_code").is_in(codes)),
            findings=one.findings.filter(mine),
        )
        for one in past
    ]
    return own, frozen


class _Owners:
    """Whose appeal it is, whether it bears on the period, and what it is against."""

    def __init__(
        self, tables: Tables, ledger: Scored, scheme: Scheme, period: Period, past: Sequence[Frozen], about: pl.Series
    ) -> None:
        self._past, self._scheme, self._period = past, scheme, period
        meant = pl.col("finding_id").is_in(about.implode())
        findings = ledger.charges.findings.filter(meant & ~pl.col("disposition").is_in(["other_period", "after_as_of"]))
        self._severity = {
            finding: (town, severity)
            for finding, town, severity in findings.select("finding_id", "town", "found_severity").iter_rows()
        }
        earlier = [one for one in past if when(one.period) < when(period)]
        frozen = {
            finding
            for one in earlier
            for finding in one.findings.filter(meant & ~pl.col("disposition").is_in(["other_period", "after_as_of"]))[
                "finding_id"
            ]
        }
        self._frozen = [one.period for one in earlier]
        self._published_by = max((one.as_of for one in earlier), default=None)
        self._earlier = {
            finding: (town, severity)
            for finding, town, severity in tables.findings.filter(meant)
            .select("finding_id", "town", "severity")
            .iter_rows()
            if finding in frozen and finding not in self._severity
        }
        self._adjustments = {row["adjustment_id"]: row for row in tables.adjustments.to_dicts()}
        self._measures = {f"{row['town']}/{row['measure']}/{row['period']}": row for row in tables.measures.to_dicts()}
        given = tables.rectifications.filter(meant & pl.col("verdict").is_not_null()).sort("submitted_on")
        self._verdicts: dict[str, str] = dict(given.select("finding_id", "verdict").iter_rows())
        self._into = dict(tables.towns.select("town_code", "merged_into").drop_nulls().iter_rows())
        self.listed = set(ledger.facts.towns["town_code"])

    def codes(self, town: str) -> list[str]:
        """Return a town's code and those of the towns that have become it."""
        return [town, *(code for code in self._into if self._now(code) == town and code != town)]

    def _now(self, code: str) -> str:
        seen = {code}
        while code not in self.listed and (into := self._into.get(code)) and into not in seen:
            seen.add(into)
            code = into
        return code

    def town_of(self, appeal: Mapping[str, Any]) -> str | None:
        """Return the town whose score of this period the appeal can change; None where it cannot."""
        target, about = appeal["target"], appeal["target_id"]
        if target in ("finding", "verdict"):
            found = self._severity.get(about)
            if found is None and self._is_new(appeal):
                found = self._earlier.get(about)
            return self._now(found[0]) if found else None
        if target == "adjustment":
            row = self._adjustments.get(about)
            day = row["dated_on"] if row else None
            if row is None or (row["period"] or "") not in ("", self._period.id):
                return None
            here = row["period"] or (day and self._period.holds(day))
            here = here or (day and self._was_published(day) and self._is_new(appeal))
            return self._now(row["town"]) if here else None
        row = self._measures.get(about)
        span = parse_period(row["period"], self._scheme.calendar) if row and row["period"] else None
        if row is None or span is None:
            return None
        here = span.id == self._period.id or span.inside(self._period)
        here = here or (self._was_published(span.end) and self._is_new(appeal))
        return self._now(row["town"]) if here else None

    def _is_new(self, appeal: Mapping[str, Any]) -> bool:
        """Tell whether no published period knew the decision: then this one carries over what it changes."""
        decided = appeal["decided_on"]
        return decided is None or self._published_by is None or decided > self._published_by

    def _was_published(self, day: date) -> bool:
        return any(period.holds(day) for period in self._frozen)

    def can_be(self, appeal: Mapping[str, Any], value: str) -> bool:
        """Tell whether what an appeal asks for is a word or number that its target can have."""
        target = appeal["target"]
        if target == "finding":
            severities = {severity.id for severity in self._scheme.severities}
            return value in severities or not severities
        if target == "verdict":
            return value in (catalogue().tables["rectifications"].columns["verdict"].choices or {})
        if target == "adjustment":
            return self._adjustments[appeal["target_id"]]["kind"] == "veto" or bool(NUMBER.fullmatch(value))
        return bool(RATE.fullmatch(value))

    def original(self, appeal: Mapping[str, Any]) -> str | None:
        """Return what was appealed against: a severity, a verdict, points, or a figure."""
        target, about = appeal["target"], appeal["target_id"]
        if target == "finding":
            found = self._severity.get(about) or self._earlier.get(about)
            return found[1] if found else None
        if target == "verdict":
            return self._verdicts.get(about)
        if target == "adjustment":
            row = self._adjustments[about]
            return _plain(row["decided_points"]) or row["item"]
        row = self._measures[about]
        if row["value"] is not None:
            return _plain(row["value"])
        parts = [text for name in ("numerator", "denominator") if (text := _plain(row[name]))]
        return "/".join(parts) or None


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.normalize():f}"
