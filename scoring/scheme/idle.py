"""What a scheme says in vain: keys, gates and exemptions that can never act, or that act on everything."""

from __future__ import annotations

from schemas.amount import write_amount
from schemas.scheme import Indicator, Scheme
from schemas.scheme.rules import Deduct, Measured, Relative
from scoring.scheme.problems import Collector


def lint_idle(scheme: Scheme, problems: Collector) -> None:
    """Collect what has no effect, each on the line of its key."""
    for _, indicator in scheme.indicators():
        _indicator(indicator, scheme, problems)
    _states(scheme, problems)
    _gates(scheme, problems)
    _adjustments(scheme, problems)
    for breaker in scheme.tie_breakers:
        if breaker.when and breaker.by != "findings":
            problems.warn(breaker.line_of("when"), "key-idle", at=breaker.by, name=breaker.by, key="when")
    if scheme.duplicates and "order_by" in scheme.duplicates.model_fields_set and not scheme.duplicates.order:
        line = scheme.duplicates.line_of("order_by")
        problems.warn(line, "key-idle", at="duplicates", name="duplicates", key="order_by")
    for conditions in scheme.exemptions.when:
        if not conditions:
            problems.warn(scheme.exemptions.line_of("when"), "exempts-everything", at="exemptions")
    _arguable(scheme, problems)
    if scheme.grades and scheme.grades.grades[-1].top is not None:
        last = scheme.grades.grades[-1]  # the last grade takes whoever is left
        problems.warn(last.line_of("top"), "key-idle", at=last.id, name=last.id, key="top")


def _indicator(indicator: Indicator, scheme: Scheme, problems: Collector) -> None:
    rule = indicator.rule
    deducts = isinstance(rule, Deduct)
    idle = []
    if indicator.points_move_to and not indicator.applies_when and (deducts or indicator.no_data != "not_applicable"):
        idle.append((indicator.line_of("points_move_to"), "points_move_to"))
    if deducts and "no_data" in indicator.model_fields_set:
        idle.append((indicator.line_of("no_data"), "no_data"))  # no findings is full marks
    if isinstance(rule, Measured) and "sample" in rule.model_fields_set and rule.minimum_sample is None:
        idle.append((rule.line_of("sample"), "sample"))
    if isinstance(rule, Deduct) and "zero_out_lifted_by" in rule.model_fields_set:
        fires = any(row.zero_out for row in scheme.prices_of(indicator))
        idle += [] if fires else [(rule.line_of("zero_out_lifted_by"), "zero_out_lifted_by")]
    if isinstance(rule, Relative) and rule.within == "group" and scheme.groups_by == "none":
        idle.append((rule.line_of("within"), "within"))
    for line, key in idle:
        problems.warn(line, "key-idle", at=indicator.id, name=indicator.label, key=key)


def _arguable(scheme: Scheme, problems: Collector) -> None:
    """Collect what is called arguable and has no other way under this scheme."""
    deducts = [indicator.rule for _, indicator in scheme.indicators() if isinstance(indicator.rule, Deduct)]
    other_way = {
        "cap": bool(deducts),
        "exposure": any(rule.exposure for rule in deducts),
        "repeats": scheme.repeats is not None,
        "duplicates": scheme.duplicates is not None,
        "rounding": scheme.parts is None,
    }
    for word in dict.fromkeys(scheme.arguable):
        if not other_way[word]:
            problems.warn(scheme.line_of("arguable"), "key-idle", at=word, name="arguable", key=word)


def _states(scheme: Scheme, problems: Collector) -> None:
    """Collect shares that never count: a false report voids credit, and a second letter is no state."""
    policy = scheme.rectification
    silent = ["false_report", "same_letter_twice", *(["waiting"] if policy.credit_on == "reported" else [])]
    for name in silent:
        state = getattr(policy.states, name)
        if state.share > 0:
            problems.warn(state.line_of("share"), "key-idle", at=name, name=name, key="share")
    if policy.states.self_reported is not None and not policy.self_reported_when:
        problems.warn(policy.states.self_reported.line, "state-never-met", at="self_reported", name="self_reported")


def _gates(scheme: Scheme, problems: Collector) -> None:
    grades = scheme.grades.grades if scheme.grades else ()
    for gate in scheme.gates:
        idle = {
            "grade_ceiling": bool(grades) and gate.grade == grades[0].id,
            "grade_down": len(grades) == 1,
            "no_honours": bool(grades) and not any(grade.honour for grade in grades),
        }
        if idle.get(gate.effect, False):
            problems.warn(gate.line, "gate-idle", at=gate.id, name=gate.label, effect=gate.effect)
        if gate.effect == "score_zero" and scheme.direction == "up":
            problems.warn(gate.line, "gate-zero-up", at=gate.id, name=gate.label)


def _adjustments(scheme: Scheme, problems: Collector) -> None:
    for name, policy in (("bonuses", scheme.bonuses), ("demerits", scheme.demerits)):
        if policy is None or policy.ceiling is None:
            continue
        for row in policy.prices:
            if row.points > policy.ceiling:
                value, ceiling = write_amount(row.points), write_amount(policy.ceiling)
                problems.warn(row.line, "bonus-above-ceiling", at=name, name=name, value=value, ceiling=ceiling)
