"""Steps 6-8 for one town and indicator: exposure, zero-out, cap.

Then a surcharge of that level, the indicator's weight and, where the scheme says so, rounding.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from schemas.scheme import Indicator, Scheme
from schemas.scheme.outcome import Surcharge
from schemas.scheme.rules import Accrue, Deduct, Judged, PassFail, Rate
from scoring.exact import add_up, round_half_away
from scoring.ledger.entries import ONE, Row, Statement, sign_of_loss
from scoring.ledger.facts import Facts
from scoring.ledger.measured import measured
from scoring.problems import Refused, problem

ZERO: Final = Fraction(0)


@dataclass(frozen=True, eq=False)
class Sums:
    """What the findings of a town's indicator come to after step 5; towns of equal sums share one.

    Net points, whether one fires a zero-out, how many there are.
    """

    net: Fraction = ZERO
    fired: bool = False
    findings: int = 0


NOTHING: Final = Sums()


@dataclass(frozen=True)
class Result:
    """What an indicator came to.

    `earned` is weight − loss counting down, the contribution counting net, the loss counting up.
    """

    outcome: str
    earned: Fraction
    value: Fraction | None = None
    target: Fraction | None = None
    sample: int | None = None
    factor: Fraction = Fraction(1)


_SPOTLESS: Final = Result("scored", ZERO)


class IndicatorScorer:
    """Scores indicators of one run. All statements of a part bear the same weight.

    `fine` says whether entries are rounded one by one (round_at: indicator, no parts): those of a
    year-end part before its weight.
    """

    def __init__(self, scheme: Scheme, facts: Facts, *, fine: bool) -> None:
        self.scheme = scheme
        self.facts = facts
        self.sign = sign_of_loss(scheme)
        self.fine = fine
        self._places = {
            indicator.id: {
                "dimension": dimension.id,
                "indicator": indicator.id,
                "clause": indicator.clause,
                "line": indicator.line,
            }
            for dimension, indicator in scheme.indicators()
        }
        self.worths = {d.id: add_up(indicator.worth for indicator in d.indicators) for d in scheme.dimensions}
        """By dimension, the points of its indicators."""
        self._charged = {surcharge.of for surcharge in scheme.surcharges if surcharge.level == "indicator"}
        self._known: dict[Hashable, tuple[Result, Fraction, list[Row]]] = {}

    def score(self, into: Statement, indicator: Indicator, sums: Sums) -> Result:
        """Write the indicator's own entries into the statement, move it by its findings too, return what it came to.

        Of many towns most indicators are in one of few situations: each is worked out once.

        Raises
        ------
        Refused
            There is no data and the scheme refuses that.
        """
        situation = self.situation(into.town, into.part, indicator, sums)
        known = None if situation is None else self._known.get(situation)
        if known is None:
            apart, result = self.alone(into.town, indicator, sums, part=into.part, weight=into.weight)
            known = result, apart.value, apart.rows
            if situation is not None:
                self._known[situation] = known
        result, moved, rows = known
        if moved or rows:
            into.move(moved, rows)
        return result

    def alone(
        self, town: str, indicator: Indicator, sums: Sums, *, part: str = "", weight: Fraction = ONE
    ) -> tuple[Statement, Result]:
        """Return a statement of nothing but one indicator and its findings, and what the indicator came to."""
        moved = self.sign * sums.net
        into = Statement(town, ZERO, moved if weight is ONE else moved * weight, part=part, weight=weight)
        return into, self._result(into, indicator, sums)

    def situation(self, town: str, part: str, indicator: Indicator, sums: Sums) -> Hashable:
        """Return everything that an indicator comes to goes by, in whatever town; None where that is not known."""
        rule = indicator.rule
        if indicator.applies_when is not None or None in self._charged or indicator.id in self._charged:
            return None
        if isinstance(rule, Deduct):
            if rule.exposure is None:
                return indicator.id, part, sums
            counts = self.facts.checked.get(town)
            return indicator.id, part, sums, counts and counts[rule.exposure.checked]
        if isinstance(rule, (Rate, Accrue, PassFail)) and not sums.findings:
            return indicator.id, part, self.facts.measures.reading(town, rule.measure, part, rule.several_values)
        return None

    def _result(self, into: Statement, indicator: Indicator, sums: Sums) -> Result:
        if not self.facts.applies(into.town, into.part, indicator.id, indicator.applies_when):
            return Result("not_applicable", ZERO)
        if isinstance(indicator.rule, Deduct):
            if not sums.findings:
                return self._close(into, indicator, ZERO, _SPOTLESS)
            return self._deduct(into, indicator, indicator.rule, sums)
        if sums.findings:
            raise Refused([problem("finding-without-rule", None, finding="", indicator=indicator.id)])
        return self._measured(into, indicator)

    def _deduct(self, into: Statement, indicator: Indicator, rule: Deduct, sums: Sums) -> Result:
        place = self._places[indicator.id]
        loss, factor = sums.net, Fraction(1)
        if rule.exposure is not None:
            counts = self.facts.checked.get(into.town)
            checked, least = counts[rule.exposure.checked] if counts else 0, rule.exposure.minimum
            factor = Fraction(100, max(checked, least))
            scaled = loss * factor
            if scaled != loss:
                reason = f"exposure-{rule.exposure.checked.replace('_', '-')}"
                told: dict[str, object] = {"reason": reason, "checked": checked, "factor": factor}
                if checked < least:
                    told |= {"reason": f"{reason}-few", "minimum": least}
                into.add("exposure", self.sign * (scaled - loss), **told, **place)  # type: ignore[arg-type]
            loss = scaled
        if sums.fired and loss < indicator.points:
            into.add("zero_out", self.sign * (indicator.points - loss), **place)  # type: ignore[arg-type]
            loss = indicator.points
        bound = self._cap(indicator)
        if bound is not None:
            bound = max(bound, indicator.points) if sums.fired else bound
            loss = self._capped(into, loss, bound, place)
        if not sums.fired:
            loss = self.surcharged(into, "indicator", indicator.id, loss, bound, place)
        return self._close(into, indicator, loss, Result("scored", ZERO, factor=factor))

    def _measured(self, into: Statement, indicator: Indicator) -> Result:
        points = indicator.points
        kind = "judged" if isinstance(indicator.rule, Judged) else "measure"
        found = measured(self.facts, into.town, into.part, indicator)
        outcome, earned, reason, parameters = "scored", found.earned, found.reason, found.parameters
        if earned is None:
            if indicator.no_data == "refuse":
                code = "no-data-in-part" if into.part else "no-data"
                raise Refused([problem(code, None, town=into.town, indicator=indicator.id, part=into.part)])
            if indicator.no_data == "not_applicable":
                return Result("not_applicable", ZERO, found.value, sample=found.sample)
            outcome, earned = f"no_data_{indicator.no_data}", points if indicator.no_data == "full" else ZERO
            reason, parameters = f"no-data-{indicator.no_data}", {}
        place = self._places[indicator.id]
        bound = self._cap(indicator)
        known = Result(outcome, ZERO, found.value, found.target, found.sample)
        if self.scheme.direction == "net":
            if earned:
                into.add(kind, earned, reason=reason, **parameters, **place)  # type: ignore[arg-type]
            if bound is not None and earned > bound:
                into.add("cap", bound - earned, cap=bound, **place)  # type: ignore[arg-type]
                earned = bound
            return self._close(into, indicator, -earned, known)
        loss = points - earned
        if loss:
            into.add(kind, self.sign * loss, reason=reason, **parameters, **place)  # type: ignore[arg-type]
        if bound is not None:
            loss = self._capped(into, loss, bound, place)
        loss = self.surcharged(into, "indicator", indicator.id, loss, bound, place)
        return self._close(into, indicator, loss, known)

    def _rounded(self, value: Fraction) -> Fraction:
        return round_half_away(value, self.scheme.decimals) if self.fine else value

    def _close(self, into: Statement, indicator: Indicator, loss: Fraction, known: Result) -> Result:
        """Convert what was lost to the indicator's weight, round what was earned where the scheme rounds here."""
        direction = self.scheme.direction
        converted = loss * indicator.worth / indicator.points
        if converted != loss:
            into.add(
                "scale",
                self.sign * (converted - loss),
                weight=indicator.worth,
                of=indicator.points,
                **self._places[indicator.id],  # type: ignore[arg-type]
            )
            loss = converted
        earned = indicator.worth - loss if direction == "down" else loss if direction == "up" else -loss
        rounded = self._rounded(earned)
        if rounded != earned:
            place = self._places[indicator.id]
            into.add("rounding", rounded - earned, decimals=self.scheme.decimals, **place)  # type: ignore[arg-type]
        return Result(known.outcome, rounded, known.value, known.target, known.sample, known.factor)

    def _cap(self, indicator: Indicator) -> Fraction | None:
        if indicator.cap == "none":
            return None
        return indicator.points if indicator.cap == "points" else Fraction(indicator.cap)

    def _capped(self, into: Statement, loss: Fraction, bound: Fraction, place: dict[str, object]) -> Fraction:
        if loss <= bound:
            return loss
        into.add("cap", self.sign * (bound - loss), cap=bound, **place)  # type: ignore[arg-type]
        return bound

    def surcharged(
        self, into: Statement, level: str, of: str, loss: Fraction, bound: Fraction | None, place: dict[str, object]
    ) -> Fraction:
        """Add the surcharges that stand on this place.

        Each reads the loss beneath it and is bound by its level's cap.
        """
        for surcharge in self.scheme.surcharges:
            if surcharge.level == level and surcharge.of in (None, of):
                share, count = self.share(into, surcharge)
                added = loss * share
                if bound is not None:
                    added = min(added, max(bound - loss, ZERO))
                if self.fine and level != "indicator":
                    added = round_half_away(added, self.scheme.decimals)
                if added:
                    facts = {**place, "clause": surcharge.clause, "line": surcharge.line, "subject": surcharge.id}
                    into.add("surcharge", self.sign * added, share=share, count=count, label=surcharge.label, **facts)  # type: ignore[arg-type]
                    loss += added
        return loss

    def share(self, into: Statement, surcharge: Surcharge) -> tuple[Fraction, Fraction]:
        """Return the share of the loss that a surcharge charges a town in its part, and the count that says so."""
        reading = self.facts.measures.reading(into.town, surcharge.measure, into.part, surcharge.several_values)
        count = reading.value if reading is not None and reading.value is not None else ZERO
        steps = [step for step in surcharge.steps if count >= step.at_least]
        return (max(steps, key=lambda step: step.at_least).share if steps else ZERO), count
