"""Early warnings: what rises against its own past, or stands out in its group, with how sure one can be.

docs/warnings.md says how it is reckoned. Exact numbers decide, never a float.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Final

import polars as pl

from schemas.scheme import Scheme
from scoring.intake import Tables
from scoring.ledger import Scored
from scoring.ledger.facts import assessed_towns
from scoring.outcome.chance import attainable, rounded_up, survives, tail
from scoring.outcome.exposures import Exposures, periods_back, slot_of
from scoring.periods import Period
from scoring.shapes import WARNINGS, pair

LEAST: Final = 3
"""No warning on fewer findings."""
WATCH: Final = Fraction(1, 20)
CLEAR: Final = Fraction(1, 100)
FALSE_RATE: Final = Fraction(1, 10)
"""Of the warnings of one dimension that are shown as more than chance, so many may be false."""
DIMENSIONS: Final = {
    "problem_type": ("problem_type",), "indicator": ("indicator",), "channel": ("channel",),
    "village": ("town", "village"), "town": ("town",),
    "town_indicator": ("town", "indicator"), "town_problem_type": ("town", "problem_type"),
}  # fmt: skip
"""What is counted, and by which columns."""
_LIKELY: Final = Fraction(1)
LEVELS: Final = ("clear", "watch", "chance")


@dataclass(frozen=True)
class _Compared:
    """A count beside another: cases and exposures of both, and the chance of at least so many here."""

    now: int
    past: int
    here: int
    there: int
    chance: Fraction

    @property
    def expected(self) -> Fraction:
        return Fraction(self.past * self.here, self.there)

    @property
    def ratio(self) -> Fraction | None:
        return self.now / self.expected if self.past else None


_READ: Final = ("town", "village", "indicator", "problem_type", "channel")


@dataclass(frozen=True)
class _Row:
    key: tuple[str, ...]
    periods: int
    past: int
    exposures: tuple[int, int]
    own: _Compared | None
    group: _Compared | None


def warning_frame(
    scored: Scored, tables: Tables, scheme: Scheme, period: Period, as_of: date
) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Return a row a warning, and what the head says of them: the periods compared with, or why there are none."""
    spans = periods_back(period, scheme.calendar)
    towns, merged = assessed_towns(tables.towns, period)
    names = dict(towns.select("town_code", "name").iter_rows())
    cases = (
        # Columns before rows: a filter would copy all the forty.
        scored.charges.findings.select(*_READ, "set_aside", "twin", slot=slot_of(pl.col("belongs_on"), spans))
        .filter(~pl.col("set_aside") & ~pl.col("twin") & pl.col("town").is_in(list(names)))
        .select(*_READ, "slot")
        .drop_nulls("slot")
    )
    checks = (
        tables.checks.filter(pl.col("checked_on") <= as_of)
        .select(pl.col("town").replace(merged), "sampled", slot=slot_of(pl.col("checked_on"), spans))
        .filter(pl.col("town").is_in(list(names)))
        .drop_nulls("slot")
    )
    held = sorted(({*cases["slot"]} | {*checks["slot"]}) - {0})
    said = {"periods": [spans[slot].id for slot in held], "measure": None, "reason": None, "least": LEAST}
    if not held:
        return pl.DataFrame(schema=WARNINGS), {**said, "reason": "no-past" if len(spans) > 1 else "no-order"}
    column = None if scheme.groups_by == "none" else scheme.groups_by
    groups = {row["town_code"]: (row[column] or "") if column else "" for row in towns.iter_rows(named=True)}
    exposures = Exposures(checks, spans, held, groups, as_of)
    order = {code: number for number, code in enumerate(names)}
    rows: list[dict[str, Any]] = []
    for dimension in DIMENSIONS:
        found = _warn(list(_compare(dimension, cases, exposures, groups)))
        found.sort(key=lambda one: _place(one[0], one[1], one[2], order))
        rows += [_cells(dimension, *warning, names) for warning in found]
    return pl.DataFrame(rows, schema=WARNINGS), {**said, "measure": "checks" if exposures.by_checks else "days"}


def _counts(cases: pl.DataFrame, columns: tuple[str, ...]) -> dict[tuple[str, ...], Counter[int]]:
    """Count by key and period; what is not filled in has no key."""
    grouped = cases.drop_nulls(columns).group_by(*columns, "slot").len().sort(*columns, "slot")
    counts: dict[tuple[str, ...], Counter[int]] = defaultdict(Counter)
    for *key, slot, count in grouped.iter_rows():
        counts[tuple(key)][slot] = count
    return counts


def _compare(dimension: str, cases: pl.DataFrame, exposures: Exposures, groups: Mapping[str, str]) -> Iterator[_Row]:
    """Compare every count with its past and, where it is a town's, with the rest of the group."""
    columns = DIMENSIONS[dimension]
    counts = _counts(cases, columns)
    if "town" not in columns:
        for key, by_slot in counts.items():
            yield _row(key, by_slot, exposures, None, None)
        return
    # A village is held against the other towns whole: the data do not say how much of a town a village is.
    shared = counts if dimension != "village" else _counts(cases, ("town",))
    totals: Counter[tuple[bool, str, tuple[str, ...]]] = Counter()
    for (town, *name), by_slot in shared.items():
        for checked in {False, exposures.checked(town)}:
            totals[checked, groups[town], tuple(name)] += by_slot[0]
    for (town, *name), by_slot in counts.items():
        alike = () if dimension == "village" else tuple(name)
        peers, others = exposures.peers(town), None
        if peers is not None:
            others = totals[peers.checked, groups[town], alike] - shared[town, *alike][0]
        yield _row((town, *name), by_slot, exposures, town, others)


def _row(
    key: tuple[str, ...], by_slot: Counter[int], exposures: Exposures, town: str | None, others: int | None
) -> _Row:
    window = exposures.window(town)
    now, past = by_slot[0], sum(by_slot[slot] for slot in window.slots)
    peers = exposures.peers(town) if town is not None else None
    group = None if peers is None or others is None else _compared(now, others, peers.here, peers.there)
    own = _compared(now, past, window.here, window.there)
    return _Row(key, len(window.slots), past, (window.here, window.there), own, group)


def _compared(now: int, past: int, here: int, there: int) -> _Compared | None:
    """Compare two counts; None where they are too few for a warning however they had fallen."""
    count = now + past
    if here <= 0 or there <= 0 or count < LEAST or not attainable(count, here, there, WATCH):
        return None
    # What is no more than was to be expected has a chance of a half or more: which, nobody asks.
    rises = now * there > past * here
    return _Compared(now, past, here, there, tail(now, past, here, there) if rises else _LIKELY)


def _warn(rows: Sequence[_Row]) -> list[tuple[_Row, str, str]]:
    """Return the rows that are warnings, each with what it stands out against, and its level."""
    past, group = _passes([row.own for row in rows]), _passes([row.group for row in rows])
    found = []
    for row in rows:
        levels = {
            against: level
            for against, compared, limit in (("past", row.own, past), ("group", row.group, group))
            if (level := _level(compared, limit)) is not None
        }
        if not levels:
            continue
        best = min(levels.values(), key=LEVELS.index)
        # What may be chance does not stand beside what is more than that.
        speaking = [against for against, level in levels.items() if best == "chance" or level != "chance"]
        found.append((row, "both" if len(speaking) == 2 else speaking[0], best))
    return found


def _passes(compared: Sequence[_Compared | None]) -> Fraction:
    made = [one for one in compared if one is not None]
    return survives((one.chance for one in made if one.chance is not _LIKELY), len(made), FALSE_RATE)


def _level(compared: _Compared | None, limit: Fraction) -> str | None:
    if compared is None or compared.chance is _LIKELY or compared.now < LEAST or compared.chance > WATCH:
        return None
    if compared.chance > limit:
        return "chance"
    return "clear" if compared.chance <= CLEAR else "watch"


def _shown(row: _Row, against: str) -> _Compared:
    """Return the comparison whose figures are shown first: its own past where that speaks."""
    shown = row.group if against == "group" else row.own
    assert shown is not None
    return shown


def _place(row: _Row, against: str, level: str, order: Mapping[str, int]) -> tuple[object, ...]:
    return LEVELS.index(level), _shown(row, against).chance, order.get(row.key[0], 0), row.key


def _cells(dimension: str, row: _Row, against: str, level: str, names: Mapping[str, str]) -> dict[str, Any]:
    shown = _shown(row, against)
    group = row.group if against != "past" else None
    town = row.key[0] if "town" in DIMENSIONS[dimension] else None
    return {
        "dimension": dimension,
        "town_code": town,
        "village": row.key[1] if dimension == "village" else None,
        "name": names[row.key[0]] if dimension == "town" else row.key[-1],
        "now": shown.now,
        "past": row.past,
        "exposure_now": row.exposures[0],
        "exposure_past": row.exposures[1],
        "periods": row.periods,
        **pair("expected", shown.expected),
        **pair("ratio", shown.ratio),
        "p": rounded_up(shown.chance),
        "against": against,
        "level": level,
        **pair("group_expected", group.expected if group else None),
        "group_p": rounded_up(group.chance) if group else None,
    }
