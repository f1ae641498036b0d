"""How a law of the engine is stated: drawn worlds, what is drawn beside them, and how an assessment is looked at.

A law is tested on few examples where it stands (test_laws, test_laws_of_deduct) and on many by tests/long, which draws
one world for all laws and scores it once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from schemas.scheme.policy import Duplicates, Exemptions
from scoring.assessing import assess
from scoring.assessment import FRAMES, Assessment
from scoring.periods import Period
from scoring.problems import Refused
from scoring.scheme import laws_given_up
from scoring.workdays import Workdays
from tests import strategies
from tests.engine import fraction
from tests.frames import tables_of
from tests.strategies import PERIOD, worlds

CALENDAR = Workdays()


@dataclass(frozen=True)
class Law:
    """A property of the engine.

    Attributes
    ----------
    check
        Takes a world and what is drawn beside it.
    beside
        What is drawn beside a world: a strategy, or a function of the world that gives one.
    keeps
        The codes of laws that a scheme must not have given up.
    """

    check: Callable[..., None]
    beside: tuple[Any, ...]
    keeps: frozenset[str]

    def arguments(self, world):
        """Draw what stands beside a world."""
        return st.tuples(*(one(world) if callable(one) else one for one in self.beside))

    def drawn(self):
        """Draw a world that the law speaks of, and what stands beside it."""
        some = keeping(self.keeps) if self.keeps else worlds()
        return some.flatmap(lambda world: st.tuples(st.just(world), self.arguments(world)))


LAWS: dict[str, Law] = {}


def law(*beside, keeps=(), examples=5):
    """Make a check a law, and a test on few examples."""

    def register(check):
        known = LAWS[check.__name__] = Law(check, beside, frozenset(keeps))
        quick = settings(max_examples=examples, database=None, suppress_health_check=list(HealthCheck))

        @quick
        @given(known.drawn())
        def test(drawn):
            world, arguments = drawn
            check(world, *arguments)

        test.__doc__ = check.__doc__
        return test

    return register


_known: list[Any] = []


def know(world):
    """Score a world once for all laws that look at it as it stands; tell whether it can be scored."""
    _known[:] = [world, scored(*world)]
    return _known[1] is not None


def _as_they_are(tables):
    return tables


def scored(scheme, rows, as_of, change=_as_they_are) -> Assessment | None:
    """The assessment, None where the facts are refused."""
    if _known and _known[0][0] is scheme and _known[0][1] is rows and change is _as_they_are:
        return _known[1]
    period = Period(PERIOD.label, "quarter", PERIOD.start, PERIOD.end)
    try:
        return assess(change(tables_of(rows, scheme)), scheme, period, as_of, workdays=CALENDAR)
    except Refused:
        return None


def must(assessment):
    """An assessment that was not refused; refused examples prove nothing and are drawn anew."""
    assume(assessment is not None)
    return assessment


def scores_of(assessment):
    return {row["town_code"]: fraction(row, "score") for row in assessment.scores.to_dicts()}


def places_of(assessment):
    names = ("outcome", "rank", "group_rank", "grade", "gates")
    return {row["town_code"]: [row[name] for name in names] for row in assessment.scores.to_dicts()}


def same(one, other):
    """Equal in every frame and in the head, to the last cell."""
    for name in FRAMES:
        assert getattr(one, name).equals(getattr(other, name)), name
    assert one.head == other.head


def worse_by(scheme, before, after, town):
    """How much worse a town stands afterwards; None where it is not scored."""
    old, new = scores_of(before)[town], scores_of(after)[town]
    if old is None or new is None:
        return None
    return new - old if scheme.direction == "up" else old - new


def copied(rows):
    return {name: [dict(row) for row in table] for name, table in rows.items()}


def given_up(scheme):
    return {law.code for law in laws_given_up(scheme)}


@st.composite
def sane_schemes(draw):
    """Schemes whose policy stands in the usual order: the earlier and better a fix, the more it gives back."""
    scheme = draw(strategies.schemes())
    shares = sorted((Fraction(draw(st.sampled_from(strategies.SHARES))) for _ in range(3)), reverse=True)
    early, late, little = shares
    extras = st.sampled_from([*map(Fraction, strategies.EXTRAS)])
    raw = {"on_time": {"share": early}, "late": {"share": late}}
    raw |= {name: {"share": little, "extra": draw(extras)} for name in ("partly", "waiting")}
    raw |= {name: {"extra": draw(extras)} for name in ("overdue", "sent_back", "false_report", "same_letter_twice")}
    raw |= {name: {"share": early} for name in ("extended", "self_reported") if draw(st.booleans())}
    raw |= {name: {"share": draw(st.sampled_from(shares))} for name in ("impossible", "long_term", "ended")}
    policy = scheme.rectification.model_dump(by_alias=True, exclude_none=True, exclude={"states", "line"})
    if draw(st.booleans()):
        policy["extra_per"] = "finding"
    rectification = type(scheme.rectification).model_validate(policy | {"states": raw})
    changed = {"rectification": rectification}
    if draw(st.booleans()):
        sides = [{"channel": ["抽查", "暗访"]}, {"channel": "自查"}]
        order = draw(st.sampled_from([[], ["自查"]]))
        rule = {"sides": sides, "key": ["village"], "days": draw(st.sampled_from([1, 10])), "order": order}
        changed |= {"duplicates": Duplicates.model_validate(rule), "exemptions": Exemptions(before_delegation=False)}
    return scheme.model_copy(update=changed)


def keeping(codes):
    """Worlds under schemes that give none of these laws up."""
    either = st.one_of(sane_schemes(), sane_schemes(), strategies.schemes())
    return either.filter(lambda scheme: not given_up(scheme) & codes).flatmap(worlds)
