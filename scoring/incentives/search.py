"""The search: plain pairs first, then pairs among other findings drawn by dice; what is found is made smaller."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from typing import Any, Final

from schemas.scheme import Scheme
from scoring.incentives.bench import Bench, Case, Row, without
from scoring.incentives.kinds import Kind, kinds
from scoring.incentives.pairs import FORMS, Pair, histories, pairs, report

SEED: Final = 20250101
MOST_PAIRS: Final = 1_000
"""Pairs drawn by dice, unless another number is asked for; their number is the same on every machine."""
SECONDS: Final = 15.0
"""When the clock ends the search first, the answer says so."""
_BATCH: Final = 200
_LETTERS: Final = "CDEF"


@dataclass(frozen=True)
class Example:
    """A pair that rewards the wrong thing, as small as it could be made; scores are the better the larger."""

    pair: Pair
    wrong: Fraction
    right: Fraction

    @property
    def size(self) -> tuple[int, int, int]:
        """How small it is: findings, reports, then the quantities in them."""
        both = (self.pair.wrong, self.pair.right)
        rows = [row for case in both for row in case.findings]
        quantities = sum(row.get(name) or 0 for row in rows for name in ("cases", "persons"))
        return len(rows), sum(len(case.reports) for case in both), quantities


@dataclass(frozen=True)
class Searched:
    """What a search came to: the smallest example of each form, how many pairs were scored, whether time ran out."""

    bench: Bench
    examples: tuple[Example, ...]
    tried: int
    refused: int
    ended_early: bool


def search(scheme: Scheme, *, most: int = MOST_PAIRS, seconds: float = SECONDS, seed: int = SEED) -> Searched:
    """Look for facts under which the scheme rewards the wrong thing.

    Parameters
    ----------
    most
        Pairs drawn by dice after every plain pair has been scored.
    seconds
        The search ends then, wherever it stands.
    """
    bench, end = Bench.of(scheme), time.monotonic() + seconds
    known = kinds(bench)
    best: dict[str, Example] = {}
    tried = refused = 0
    early = False
    drawn = islice(_drawn(bench, known, random.Random(seed)), most) if known else iter(())  # noqa: S311  no secret
    for source in (pairs(bench, known), drawn):
        # Dice are thrown for what plain pairs did not show.
        while batch := list(islice((p for p in source if source is not drawn or p.form not in best), _BATCH)):
            if time.monotonic() > end:
                early = True
                break
            told = _scored(bench, batch)
            tried, refused = tried + len(batch), refused + told.count(None)
            for example in filter(None, told):
                if example.wrong > example.right:
                    _keep(best, example)
    examples = [_smaller(bench, best[form], end + 2) for form in FORMS if form in best]
    return Searched(bench, tuple(examples), tried, refused, early)


def _keep(best: dict[str, Example], example: Example) -> None:
    form = example.pair.form
    if form not in best or (example.size, -_gap(example)) < (best[form].size, -_gap(best[form])):
        best[form] = example


def _gap(example: Example) -> Fraction:
    return example.wrong - example.right


def _scored(bench: Bench, batch: Sequence[Pair]) -> list[Example | None]:
    cases = {repr(case): case for pair in batch for case in (pair.wrong, pair.right)}  # many pairs share one
    values = dict(zip(cases, bench.better(list(cases.values())), strict=True))
    told = ((pair, values[repr(pair.wrong)], values[repr(pair.right)]) for pair in batch)
    return [None if wrong is None or right is None else Example(pair, wrong, right) for pair, wrong, right in told]


def _drawn(bench: Bench, known: Sequence[Kind], dice: random.Random) -> Iterator[Pair]:
    """Draw plain pairs in chance order and put one to four findings beside them, some of them reported."""
    plain = list(pairs(bench, known))
    while plain:
        pair = dice.choice(plain)
        town = pair.right.town
        beside = [kind for kind in known if not kind.town or kind.town == town]
        findings: list[Row] = []
        reports: list[Row] = []
        for letter in _LETTERS[: dice.randint(1, len(_LETTERS))]:
            kind = dice.choice(beside) if beside else dice.choice(known)
            row: dict[str, Any] = {**kind.row, "finding_id": letter, "cases": dice.choice((1, 1, 2, 10))}
            history = dice.choice(histories(bench, row))
            findings.append(row)
            reports += history[1]
            if dice.random() < 0.3:
                reports.append(report(row, history[2], "passed", bench.as_of))
        yield pair.with_context(Case(tuple(findings), tuple(reports)))


def _smaller(bench: Bench, example: Example, end: float) -> Example:
    """Take away what is not needed, row by row, and make quantities small, as long as the wrong thing still pays."""
    while time.monotonic() < end:
        tries = [pair for pair in _steps(example.pair) if pair != example.pair]
        better = (e for e in _scored(bench, tries) if e is not None and e.wrong > e.right)
        smaller = next((e for e in better if e.size < example.size), None)
        if smaller is None:
            break
        example = smaller
    return example


def _steps(pair: Pair) -> Iterator[Pair]:
    shared = [row["finding_id"] for row in pair.right.findings if row["finding_id"] in _LETTERS]
    for finding in shared:
        yield replace(pair, wrong=without(pair.wrong, finding), right=without(pair.right, finding))
    for finding in shared:
        yield replace(pair, wrong=_unreported(pair.wrong, finding), right=_unreported(pair.right, finding))
    for finding in shared:
        yield replace(pair, wrong=_one_case(pair.wrong, finding), right=_one_case(pair.right, finding))


def _unreported(case: Case, finding: str) -> Case:
    return replace(case, reports=tuple(row for row in case.reports if row["finding_id"] != finding))


def _one_case(case: Case, finding: str) -> Case:
    rows = tuple({**row, "cases": 1, "persons": 1} if row["finding_id"] == finding else row for row in case.findings)
    return replace(case, findings=rows)
