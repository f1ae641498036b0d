"""What two places of a scheme say to each other: names that must exist, ids that must be unique, orders and dates."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Protocol

from schemas.scheme import Indicator, Measure, Scheme
from schemas.scheme.outcome import Gate, Grade
from schemas.scheme.rules import Measured
from scoring.periods import LABEL
from scoring.scheme import nodes
from scoring.scheme.problems import Collector


def check_references(scheme: Scheme, root: nodes.Mapping, problems: Collector) -> None:
    """Collect every broken reference, doubled id and wrong order; both ends are named where there are two."""
    check = _References(scheme, root, problems)
    check.unique_ids()
    check.indicators()
    check.price_lists()
    check.surcharges()
    check.parts()
    check.grades()
    check.gates()
    check.tie_breakers()
    check.words()
    check.calendar()
    check.direction()


class _Named(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def line(self) -> int: ...


class _References:
    def __init__(self, scheme: Scheme, root: nodes.Mapping, problems: Collector) -> None:
        self.scheme = scheme
        self.root = root
        self.problems = problems
        self.measures = {measure.id: measure.line for measure in scheme.measures}
        self.dimensions = {dimension.id: dimension.line for dimension in scheme.dimensions}
        self.indicator_lines = {indicator.id: indicator.line for _, indicator in scheme.indicators()}
        self.parts_by_id = {part.id: part.line for part in (scheme.parts.parts if scheme.parts else ())}

    def known(self, name: str, choices: Mapping[str, int], *, what: str, line: int, at: str = "") -> None:
        """Refuse a name that its list does not hold; `what` is the key of the list."""
        if name in choices:
            return
        list_line = nodes.line_at(self.root, (what,)) if what in self.root.values else 0
        self.problems.error(
            line,
            f"unknown-{what.replace('_', '-')}",
            at=at,
            name=name,
            list_line=list_line or "-",
            hint=self.problems.hint(name, choices),
        )

    def unique_ids(self) -> None:
        scheme = self.scheme
        indicators = [indicator for _, indicator in scheme.indicators()]
        # An indicator, a dimension and an item that is not scored are told apart by id in reports and in tie-breakers.
        items: list[_Named] = [*scheme.dimensions, *indicators, *scheme.not_scored]
        grades: list[_Named] = [*(scheme.grades.grades if scheme.grades else ())]
        intervals: list[_Named] = [*scheme.calendar.intervals, *(scheme.parts.parts if scheme.parts else ())]
        lists: list[Sequence[_Named]] = [items, grades, intervals]
        lists += [scheme.fields, scheme.severities, scheme.measures, scheme.surcharges, scheme.gates]
        for named in lists:
            self._unique([(item.id, item.line) for item in named])
        self._aliases(indicators)
        for shared in (indicators, scheme.measures, scheme.gates):
            self._names(shared)

    def _names(self, named: Sequence[Indicator | Measure | Gate]) -> None:
        """Refuse a label that is another's id or label: data name an indicator, a measure or a gate by either."""
        taken: dict[str, Indicator | Measure | Gate] = {}
        for item in named:
            for name in {_folded(item.id), _folded(item.label)}:
                other = taken.setdefault(name, item)
                if other.id != item.id:
                    self.problems.error(
                        item.line, "name-taken", at=item.id, name=item.label, other=other.id, first=other.line
                    )

    def _aliases(self, indicators: Sequence[Indicator]) -> None:
        """Refuse an alias that means something else already: data name an indicator by id, label or alias."""
        taken = {_folded(indicator.id): indicator.line for indicator in indicators}
        taken |= {_folded(item.id): item.line for item in self.scheme.not_scored}
        taken |= {_folded(indicator.label): indicator.line for indicator in indicators}
        for indicator in indicators:
            for alias in indicator.aliases:
                first = taken.setdefault(_folded(alias), indicator.line)
                if first != indicator.line or _folded(alias) in {_folded(indicator.id), _folded(indicator.label)}:
                    self.problems.error(
                        indicator.line_of("aliases"), "alias-taken", at=indicator.id, name=alias, first=first
                    )

    def _unique(self, names: list[tuple[str, int]]) -> None:
        first: dict[str, int] = {}
        for name, line in names:
            if name in first:
                self.problems.error(line, "duplicate-id", at=name, name=name, first=first[name])
            first.setdefault(name, line)

    def indicators(self) -> None:
        for dimension, indicator in self.scheme.indicators():
            self._rule(indicator)
            if indicator.applies_when and indicator.applies_when.measure:
                line = indicator.applies_when.line_of("measure")
                self.known(indicator.applies_when.measure, self.measures, what="measures", line=line, at=indicator.id)
            target = indicator.points_move_to
            siblings = {other.id: other.line for other in dimension.indicators if other.id != indicator.id}
            if target is not None and target not in siblings:
                self.problems.error(
                    indicator.line_of("points_move_to"),
                    "points-move-elsewhere",
                    at=indicator.id,
                    name=target,
                    dimension=dimension.id,
                    dimension_line=dimension.line,
                    hint=self.problems.hint(target, siblings),
                )
        for dimension in self.scheme.dimensions:
            target = dimension.all_not_applicable
            others = {key: line for key, line in self.dimensions.items() if key != dimension.id}
            if target not in {"refuse", "full"}:
                self.known(
                    target, others, what="dimensions", line=dimension.line_of("all_not_applicable"), at=dimension.id
                )

    def _rule(self, indicator: Indicator) -> None:
        rule = indicator.rule
        if isinstance(rule, Measured):
            self.known(rule.measure, self.measures, what="measures", line=rule.line_of("measure"), at=indicator.id)
        elif rule.kind == "deduct" and isinstance(rule.prices, str):
            lists = {name: rows[0].line if rows else 0 for name, rows in self.scheme.price_lists.items()}
            self.known(rule.prices, lists, what="price_lists", line=rule.line_of("prices"), at=indicator.id)
        elif rule.kind == "deduct" and not rule.prices:
            self.problems.error(rule.line, "price-list-empty", at=indicator.id, name=indicator.label)

    def price_lists(self) -> None:
        for name, rows in self.scheme.price_lists.items():
            if not rows:
                line = nodes.line_at(self.root, ("price_lists", name))
                self.problems.error(line, "price-list-empty", at=name, name=name)

    def surcharges(self) -> None:
        targets: dict[str, tuple[str, Mapping[str, int]]] = {
            "indicator": ("indicators", self.indicator_lines),
            "dimension": ("dimensions", self.dimensions),
            "part": ("parts", self.parts_by_id),
        }
        for surcharge in self.scheme.surcharges:
            self.known(
                surcharge.measure, self.measures, what="measures", line=surcharge.line_of("measure"), at=surcharge.id
            )
            if surcharge.of is not None:
                if surcharge.level == "total":
                    self.problems.error(surcharge.line, "surcharge-of-total", at=surcharge.id)
                else:
                    what, choices = targets[surcharge.level]
                    self.known(surcharge.of, choices, what=what, line=surcharge.line_of("of"), at=surcharge.id)
            edges = [step.at_least for step in surcharge.steps]
            if any(low >= high for low, high in pairwise(edges)):
                self.problems.error(surcharge.line, "steps-not-rising", at=surcharge.id)

    def parts(self) -> None:
        if self.scheme.parts is None:
            return
        for row in self.scheme.parts.allot:
            self.known(row.part, self.parts_by_id, what="parts", line=row.line_of("part"))
        taken = {row.part for row in self.scheme.parts.allot}
        for part in self.scheme.parts.parts:
            if part.id not in taken:
                self.problems.error(part.line, "part-without-row", at=part.id, name=part.id)

    def grades(self) -> None:
        grades = self.scheme.grades
        if grades is None:
            return
        up = self.scheme.direction == "up"
        for position, grade in enumerate(grades.grades):
            last = position == len(grades.grades) - 1
            edge, other = (grade.at_most, grade.at_least) if up else (grade.at_least, grade.at_most)
            if other is not None:
                self.problems.error(
                    grade.line, "grade-edge", at=grade.id, name=grade.id, key="at_most" if up else "at_least"
                )
            elif edge is None and not last:
                self.problems.error(grade.line, "grade-without-edge", at=grade.id, name=grade.id)
            if grade.top is None and grades.by == "quantiles" and not last:
                self.problems.error(grade.line, "grade-without-top", at=grade.id, name=grade.id)
            if grade.top is not None and grades.by == "bands":
                self.problems.error(grade.line, "grade-top-in-bands", at=grade.id, name=grade.id)
        for better, worse in pairwise(grades.grades):
            self._grade_order(better, worse)

    def _grade_order(self, better: Grade, worse: Grade) -> None:
        up = self.scheme.direction == "up"
        first, second = (worse.at_most, better.at_most) if up else (better.at_least, worse.at_least)
        if first is not None and second is not None and first <= second:
            code = "grades-out-of-order-up" if up else "grades-out-of-order"
            self.problems.error(worse.line, code, at=worse.id, name=worse.id, better=better.id, first=better.line)
        if better.top is not None and worse.top is not None and better.top >= worse.top:
            # `top` counts from the best, so that it grows from grade to grade and never passes the whole group.
            self.problems.error(
                worse.line, "tops-not-rising", at=worse.id, name=worse.id, better=better.id, first=better.line
            )

    def gates(self) -> None:
        grades = {grade.id: grade.line for grade in self.scheme.grades.grades} if self.scheme.grades else {}
        for gate in self.scheme.gates:
            if gate.grade is not None:
                self.known(gate.grade, grades, what="grades", line=gate.line_of("grade"), at=gate.id)
            if gate.effect in {"grade_down", "no_honours"} and not grades:
                self.problems.error(gate.line, "gate-without-grades", at=gate.id, name=gate.id)

    def tie_breakers(self) -> None:
        for breaker in self.scheme.tie_breakers:
            if breaker.by in {"dimension", "indicator"}:
                choices = self.dimensions if breaker.by == "dimension" else self.indicator_lines
                if breaker.of is None:
                    self.problems.error(breaker.line, "tie-breaker-of-missing", by=breaker.by)
                else:
                    self.known(breaker.of, choices, what=f"{breaker.by}s", line=breaker.line_of("of"))
            elif breaker.of is not None:
                self.problems.error(breaker.line, "tie-breaker-of-idle", by=breaker.by)

    def words(self) -> None:
        """Refuse lists of words that name a word twice."""
        lists: list[tuple[tuple[str | int, ...], tuple[str, ...]]] = [
            (("values", column), words) for column, words in self.scheme.values.items()
        ]
        lists += [(("fields", i), declared.values) for i, declared in enumerate(self.scheme.fields)]
        if self.scheme.duplicates:
            lists.append((("duplicates", "order"), self.scheme.duplicates.order))
        for path, words in lists:
            doubled = {word for word in words if words.count(word) > 1}
            for word in sorted(doubled):
                self.problems.error(nodes.line_at(self.root, path), "word-twice", word=word)

    def calendar(self) -> None:
        effective = self.scheme.effective
        if effective.to is not None and effective.to < effective.from_:
            self.problems.error(effective.line, "dates-reversed", key="effective", value="")
        for interval in self.scheme.calendar.intervals:
            if LABEL.fullmatch(interval.id):
                self.problems.error(interval.line, "interval-like-period", at=interval.id, name=interval.id)
            if interval.to < interval.from_:
                self.problems.error(interval.line, "dates-reversed", key=interval.id, value="")
            elif interval.to < effective.from_ or (effective.to is not None and interval.from_ > effective.to):
                self.problems.error(
                    interval.line, "interval-not-effective", at=interval.id, name=interval.id, first=effective.line
                )
        closes = self.scheme.calendar.year_closes_on
        if closes is not None and not _is_day_of_year(closes):
            self.problems.error(
                nodes.line_at(self.root, ("calendar", "year_closes_on")),
                "want-month-day",
                key="year_closes_on",
                value=closes,
            )
        elif closes is not None:
            # Earlier, the last period would end before it begins.
            begins = {"month": 12, "quarter": 10, "half": 7, "year": 1}
            earliest = max(begins[kind] for kind in (self.scheme.calendar.kind, *self.scheme.calendar.also))
            if int(closes[:2]) < earliest or closes == "02-29":
                line = nodes.line_at(self.root, ("calendar", "year_closes_on"))
                self.problems.error(line, "year-closes-early", value=closes, first=earliest)

    def direction(self) -> None:
        scheme = self.scheme
        if scheme.direction == "net" and (scheme.range.min is None or scheme.range.max is None):
            self.problems.error(nodes.line_at(self.root, ("range",)), "net-without-range")
        if scheme.direction != "net" and "base" in self.root.values:
            self.problems.error(nodes.line_at(self.root, ("base",)), "base-without-net")
        if scheme.direction == "up":
            rows = [row for _, indicator in scheme.indicators() for row in scheme.prices_of(indicator)]
            for line in sorted({row.line for row in rows if row.zero_out}):
                self.problems.error(line, "zero-out-up")


def _folded(name: str) -> str:
    """Return a name as data may write it: width and spaces make no difference."""
    return unicodedata.normalize("NFKC", "".join(name.split()))


def _is_day_of_year(text: str) -> bool:
    month, day = (int(piece) for piece in text.split("-"))
    return 1 <= month <= 12 and 1 <= day <= (29 if month == 2 else 30 if month in {4, 6, 9, 11} else 31)
