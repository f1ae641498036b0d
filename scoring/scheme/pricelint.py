"""What ordered rows alone can show: rows that never match, findings no row takes, gaps, severities out of order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from schemas.amount import write_amount
from schemas.scheme import Scheme
from schemas.scheme.conditions import Conditions
from schemas.scheme.rules import PriceRow
from scoring.messages import say
from scoring.scheme.fields import Field, known_fields
from scoring.scheme.problems import Collector
from scoring.scheme.regions import Facts, dated, first_match, meets, regions
from scoring.scheme.words import field_word, word_in

_EXAMPLES = 3


class Row(NamedTuple):
    """A row of an ordered list: where it stands and what it asks."""

    line: int
    conditions: Conditions


def price_lists(scheme: Scheme) -> dict[str, tuple[PriceRow, ...]]:
    """Return every price list by name; one that stands inside an indicator is named by the indicator's id."""
    lists = dict(scheme.price_lists)
    for _, indicator in scheme.indicators():
        if indicator.rule.kind == "deduct" and not isinstance(indicator.rule.prices, str):
            lists[indicator.id] = indicator.rule.prices
    return lists


def lint_price_lists(scheme: Scheme, problems: Collector) -> None:
    """Collect what is odd in each price list."""
    fields = known_fields(scheme, "findings")
    for name, rows in price_lists(scheme).items():
        tests = [Row(row.line, dated(row)) for row in rows]
        cells = lint_rows(name, tests, fields, problems)
        _overlapping_dates(name, rows, problems)
        _outside(name, tests, scheme, problems)
        if cells is not None and not any(impossible(row.conditions, fields) for row in tests):
            _unmatched(name, tests, cells, scheme, problems)
            _severity_order(name, rows, cells, scheme, problems)


def lint_rows(name: str, rows: Sequence[Row], fields: Mapping[str, Field], problems: Collector) -> list[Facts] | None:
    """Collect rows of an ordered list that can never be the first to match.

    Returns the regions that were examined, None where they were too many.
    """
    tests = [row.conditions for row in rows]
    cells = regions(tests, fields)
    if cells is None:
        problems.warn(rows[0].line, "rows-not-examined", at=name, name=name)
        return None
    taking: dict[int, set[int]] = {place: set() for place in range(len(rows))}
    for facts in cells:
        first = first_match(facts, tests)
        for place, conditions in enumerate(tests):
            if first is not None and meets(facts, conditions):
                taking[place].add(first)
    for place, firsts in taking.items():
        if not firsts:
            problems.warn(rows[place].line, "row-impossible", at=name, name=name)
        elif place not in firsts:
            earlier = say("list-comma", problems.lang).join(str(rows[first].line) for first in sorted(firsts))
            problems.warn(rows[place].line, "row-never-matches", at=name, name=name, earlier=earlier)
    return cells


def impossible(conditions: Conditions, fields: Mapping[str, Field]) -> bool:
    """Tell whether conditions contradict each other, so that no finding can ever meet them."""
    cells = regions([conditions], fields)
    return cells is not None and not any(meets(facts, conditions) for facts in cells)


def _overlapping_dates(name: str, rows: Sequence[PriceRow], problems: Collector) -> None:
    """Of two rows for the same findings the first wins on the days that both name: rarely what was meant."""
    for place, row in enumerate(rows):
        for other in rows[:place]:
            both_dated = all(item.from_ or item.to for item in (row, other))
            start = max(row.from_ or date.min, other.from_ or date.min)
            end = min(row.to or date.max, other.to or date.max)
            if both_dated and row.when == other.when and start <= end:
                problems.warn(row.line, "dates-overlap", at=name, name=name, first=other.line, start=start, end=end)


def _outside(name: str, rows: Sequence[Row], scheme: Scheme, problems: Collector) -> None:
    """Collect rows for days on which the scheme does not hold."""
    start, end = scheme.effective.from_, scheme.effective.to or date.max
    for row in rows:
        days = row.conditions.get("found_on")
        if days and ((days.to or date.max) < start or (days.from_ or date.min) > end):
            problems.warn(row.line, "row-not-in-force", at=name, name=name, start=start, end=scheme.effective.to or "…")


def _unmatched(name: str, rows: Sequence[Row], cells: Sequence[Facts], scheme: Scheme, problems: Collector) -> None:
    """Collect findings with every cell filled that no row takes: they would be refused when they come."""
    tests = [row.conditions for row in rows]
    full = [facts for facts in cells if None not in facts.values() and _in_force(facts, scheme)]
    lost = [facts for facts in full if first_match(facts, tests) is None]
    taken = {_undated(facts) for facts in full if first_match(facts, tests) is not None}
    gaps = [facts for facts in lost if "found_on" in facts and _undated(facts) in taken]
    if gaps:
        days = sorted({str(facts["found_on"]) for facts in gaps})
        problems.warn(rows[0].line, "dates-gap", at=name, name=name, day=days[0], last=days[-1])
    partial = list(dict.fromkeys(_undated(facts) for facts in lost if facts not in gaps))
    if partial:
        shown = say("scheme-list-semicolon", problems.lang).join(
            _in_words(facts, scheme, problems.lang) for facts in partial[:_EXAMPLES]
        )
        more = say("scheme-hint-more", problems.lang) if len(partial) > _EXAMPLES else ""
        problems.warn(rows[0].line, "price-list-partial", at=name, name=name, findings=shown + more)


def _in_force(facts: Facts, scheme: Scheme) -> bool:
    day = facts.get("found_on")
    end = scheme.effective.to or date.max
    return not isinstance(day, date) or scheme.effective.from_ <= day <= end


def _undated(facts: Facts) -> tuple[tuple[str, object], ...]:
    return tuple((name, cell) for name, cell in facts.items() if name != "found_on")


def _in_words(facts: tuple[tuple[str, object], ...], scheme: Scheme, lang: str) -> str:
    pairs = [f"{field_word(scheme, name, lang)} = {_cell(cell, scheme, lang)}" for name, cell in facts]
    return say("list-comma", lang).join(pairs)


def _cell(cell: object, scheme: Scheme, lang: str) -> str:
    if isinstance(cell, Fraction):
        return write_amount(cell)
    words = sorted(map(str, cell)) if isinstance(cell, frozenset) else [str(cell)]
    return " ".join(word_in(scheme, word, lang) for word in words)


def _severity_order(
    name: str, rows: Sequence[PriceRow], cells: Sequence[Facts], scheme: Scheme, problems: Collector
) -> None:
    """Other cells equal, a graver problem may not be cheaper than a milder one."""
    order = [severity.id for severity in scheme.severities]
    tests = [dated(row) for row in rows]
    cheaper: dict[tuple[int, int], None] = {}
    by_rest: dict[tuple[tuple[str, object], ...], dict[str, PriceRow]] = {}
    for facts in cells:
        place = first_match(facts, tests)
        if place is not None and facts.get("severity") in order:
            rest = tuple((key, cell) for key, cell in facts.items() if key != "severity")
            by_rest.setdefault(rest, {})[str(facts["severity"])] = rows[place]
    for priced in by_rest.values():
        known = [priced[word] for word in order if word in priced]
        for milder, graver in pairwise(known):
            if (graver.zero_out, graver.price) < (milder.zero_out, milder.price):
                cheaper[graver.line, milder.line] = None
    for line, first in cheaper:
        problems.warn(line, "severity-order", at=name, name=name, first=first)
