"""Pairs of facts of which one is what a bureau wants and the other is not; the first ought never to score worse."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from scoring.incentives.bench import CHECKED, Bench, Case, Row
from scoring.incentives.kinds import Kind

FORMS: Final = ("fix", "late", "hiding", "caught", "checks", "rate", "splitting")
"""fix: fixing lowers the score. late: fixing late pays. hiding: what is not reported pays more than what the town
reports and fixes. caught: being caught pays more than reporting. checks: checking more, finding nothing more, hurts.
rate: checking and finding twice as much hurts. splitting: one problem told as two pays."""
_WHOLES: Final = (2, 3, 4, 10)


@dataclass(frozen=True)
class Pair:
    """Two cases; `wrong` is what ought not to pay. `line`: of the price of what they differ in."""

    form: str
    wrong: Case
    right: Case
    line: int
    how: str = ""
    """For the words: which history or which quantity it is about."""

    def with_context(self, context: Case) -> Pair:
        """Return the pair with further findings in both."""

        def joined(case: Case) -> Case:
            return replace(case, findings=case.findings + context.findings, reports=case.reports + context.reports)

        return replace(self, wrong=joined(self.wrong), right=joined(self.right))


def pairs(bench: Bench, kinds: Sequence[Kind]) -> Iterator[Pair]:
    """Give every plain pair: one problem, nothing beside it. All forms of a kind come together, should time run out."""
    makers: Sequence[Callable[[Bench, Kind], Iterator[Pair]]] = (_late, _hiding, _checks, _rates, _splits, _fixes)
    yield from _caught(kinds)
    for kind in kinds:
        for make in makers:
            yield from make(bench, kind)


def report(finding: Row, day: date, verdict: str = "passed", as_of: date | None = None) -> dict[str, Any]:
    """Return a report handed in on a day and judged the day after, no later than `as_of`."""
    waits = verdict == "waiting"
    judged = min(day + timedelta(days=1), as_of or date.max)
    return {
        "finding_id": finding["finding_id"],
        "submitted_on": day,
        "completed_on": day,
        "outcome": "done",
        "verified_on": None if waits else judged,
        "verdict": verdict,
    }


def histories(bench: Bench, finding: Row) -> list[tuple[str, tuple[Row, ...], date]]:
    """Return what may have happened to a finding before its fix: a name, reports, and the first day of the fix."""
    day = finding["found_on"] + timedelta(days=3)
    past = finding["due_on"] + timedelta(days=1)
    told = [
        ("nothing", (), day),
        ("waiting", (report(finding, day, "waiting"),), day + timedelta(days=2)),
        ("partly", (report(finding, day, "partly"),), day + timedelta(days=2)),
        ("sent-back", (report(finding, day, "sent_back"),), day + timedelta(days=2)),
        ("overdue", (), past),
        ("late-waiting", (report(finding, past, "waiting"),), past + timedelta(days=2)),
        ("late-partly", (report(finding, past, "partly"),), past + timedelta(days=2)),
    ]
    return [(name, reports, first) for name, reports, first in told if first < bench.as_of]


def _fixes(bench: Bench, kind: Kind) -> Iterator[Pair]:
    # A deadline that is still to come: the problem is open in time, and fixed or reported today.
    rows = [kind.row, {**kind.row, "due_on": bench.as_of + timedelta(days=5)}]
    for row in rows:
        for name, reports, first in histories(bench, row):
            open_ = Case((row,), reports, town=kind.town)
            for verdict in ("passed", "waiting"):
                after = report(row, first, verdict, bench.as_of)
                yield Pair("fix", open_, replace(open_, reports=(*reports, after)), kind.price_line, name)


def _late(bench: Bench, kind: Kind) -> Iterator[Pair]:
    due = kind.row["due_on"]
    extended = {**kind.row, "extended_to": due + timedelta(days=6)}
    for row, name in ((kind.row, "late"), (extended, "extended")):
        day = due + timedelta(days=4)
        if day < bench.as_of:
            right = Case((row,), (report(row, due - timedelta(days=4)),), town=kind.town)
            yield Pair("late", replace(right, reports=(report(row, day),)), right, kind.price_line, name)


def _hiding(bench: Bench, kind: Kind) -> Iterator[Pair]:
    if kind.own or not bench.scheme.rectification.self_reported_when:
        reported = Case((kind.row,), (_in_time(kind.row),), town=kind.town)
        yield Pair("hiding", Case(town=kind.town), reported, kind.price_line)


def _caught(kinds: Sequence[Kind]) -> Iterator[Pair]:
    """Give a problem that the town reports and fixes beside the same, found by the bureau and fixed."""
    same = ("indicator", "severity", "cases", "persons", "found_on")
    for own in (kind for kind in kinds if kind.own):
        for other in (kind for kind in kinds if not kind.own):
            if all(own.row.get(name) == other.row.get(name) for name in same):
                right = Case((own.row,), (_in_time(own.row),), town=own.town)
                wrong = Case((other.row,), (_in_time(other.row),), town=own.town)
                yield Pair("caught", wrong, right, own.price_line)


def _in_time(row: Row) -> dict[str, Any]:
    return report(row, row["found_on"] + timedelta(days=3))


def _checks(bench: Bench, kind: Kind) -> Iterator[Pair]:
    del bench
    few = Case((kind.row,), checked=CHECKED // 5, town=kind.town)
    for times in (2, 5, 10):
        yield Pair("checks", few, replace(few, checked=few.checked * times), kind.price_line)


def _rates(bench: Bench, kind: Kind) -> Iterator[Pair]:
    del bench
    few = Case((kind.row,), checked=CHECKED, town=kind.town)
    twice = ({**kind.row, "village": "A"}, {**kind.row, "finding_id": "B", "village": "B"})
    more = replace(few, findings=twice, checked=2 * CHECKED)
    yield Pair("rate", replace(few, findings=twice[:1]), more, kind.price_line)


def _splits(bench: Bench, kind: Kind) -> Iterator[Pair]:
    """Give one finding beside two of which each has a part of what the one has."""
    del bench
    for name in ("cases", "persons", "amount"):
        held = kind.row.get(name)
        wholes = _WHOLES if name != "amount" else ()
        for whole in dict.fromkeys([*([held] if held is not None else []), *wholes]):
            parts = _halves(whole)
            if parts is None:
                continue
            one = {**kind.row, name: whole}
            told = tuple({**one, "finding_id": i, name: part} for i, part in zip("AB", parts, strict=True))
            right = Case((one,), town=kind.town)
            yield Pair("splitting", replace(right, findings=told), right, kind.price_line, name)


def _halves(whole: object) -> tuple[object, object] | None:
    if isinstance(whole, int):
        return (whole // 2, whole - whole // 2) if whole > 1 else None
    amount = Decimal(str(whole))
    half = (amount / 2).quantize(Decimal("0.01"))
    return (half, amount - half) if amount > 1 else None
