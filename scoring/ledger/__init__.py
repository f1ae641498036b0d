"""The order of operations: from facts to a ledger that sums to every town's score, exactly.

| step | what | where |
|---|---|---|
| 1 | appeals, exemptions, what belongs to the period and part | appeals, charges |
| 2 | price list: first match × quantity | pricing.deduct |
| 3 | duplicates: two findings of one matter | pricing.matters |
| 4 | repeats | pricing.repeats |
| 5 | charge, credit, extras by the matter's state | timeline, charges |
| 6-8 | exposure, zero-out, indicator cap, surcharge, rounding | indicators |
| 9-10 | not applicable, scale, dimension cap, surcharges | totals |
| 11 | bonuses, demerits, decisions, carry-over, range, gates, rounding | adjustments, past, ending |

A longer period that is made of published ones (`rollup`) takes their scores in before step 11.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from functools import cached_property, partial

import polars as pl

from schemas.scheme import Scheme
from scoring.intake import Tables
from scoring.ledger.adjustments import AdjustmentFacts, Decided, decide
from scoring.ledger.appeals import apply_decisions
from scoring.ledger.charges import Charges, charge
from scoring.ledger.ending import Above, TownScore, finish
from scoring.ledger.entries import in_words, sign_of_loss
from scoring.ledger.facts import Facts, assessed_towns
from scoring.ledger.indicators import IndicatorScorer, Sums
from scoring.ledger.many import MANY, Late, Many, by_town, score_many
from scoring.ledger.narrow import above_findings, narrow_findings, narrow_upper, reconcile
from scoring.ledger.past import (
    Carried,
    Frozen,
    Repriced,
    charged_by_store,
    held_by_store,
    published_values,
    repriced,
    worth,
)
from scoring.ledger.refusals import refuse_inapplicable, refuse_unfit
from scoring.ledger.rollup import (
    RollUp,
    bring_in,
    empty_statement,
    indicators_of,
    of_the_past,
    roll_up,
    rolls_up,
    with_year_end,
)
from scoring.ledger.spread import Spread
from scoring.ledger.totals import score_town
from scoring.ledger.written import write_down
from scoring.periods import Period
from scoring.plan import Plan
from scoring.pricing.measures import ORIGINAL, Published
from scoring.problems import Refused
from scoring.workdays import Workdays


@dataclass(frozen=True)
class Scored:
    """What steps 1 to 11 come to.

    `scores` holds the scored towns only; those in `facts.unchecked` have none.
    """

    charges: Charges
    facts: Facts
    adjustments: AdjustmentFacts
    scores: Mapping[str, TownScore]
    sums: Mapping[str, Mapping[tuple[str, str], Sums]]
    withdrawn: dict[str, Counter[str]]
    """By table, the rows that an appeal took away."""
    scheme: Scheme
    """The scheme as it was applied: at the weight of the year-end part, where published periods share the rest."""
    scorer: IndicatorScorer
    above: dict[str, Above]
    """By scored town, what comes to its score from above its indicators."""
    rolled: RollUp | None = None
    """The published periods that this one is made of, if it is."""
    origins: tuple[Repriced, ...] = ()
    """The published periods whose differences are carried over, where they were asked for."""
    merged: Mapping[str, str] = field(default_factory=dict)
    """Town merged away → town that it became."""
    together: Many | None = None
    """What the towns come to that were scored together; their statements are made when they are read."""

    def again(
        self,
        town: str,
        sums: Mapping[tuple[str, str], Sums],
        carried: Sequence[tuple[Carried, Fraction]] | None = None,
    ) -> TownScore:
        """Carry out steps 6 to 11 once more for a scored town with other sums of findings, all else as it was.

        Parameters
        ----------
        carried
            What is carried over in place of what was.
        """
        above = self.above[town] if carried is None else replace(self.above[town], carried=carried)
        return score_town(town, sums, above, self.scorer)


@dataclass(frozen=True, kw_only=True)
class Ledger(Scored):
    """The same with every effect written down."""

    narrow: pl.DataFrame
    """Whose each effect is, of what kind, how much (`entries.narrow_entries`)."""
    period: Period
    edition: int

    @cached_property
    def entries(self) -> pl.DataFrame:
        """Every effect with all that a statement says of it, in the order of the statements; made when it is read."""
        findings = self.charges.findings.filter(pl.col("town").is_in(_counted(self)))
        upper = above_findings(self.scores, self.together)
        towns, label = self.facts.towns["town_code"].to_list(), f"{self.period.id}/{self.edition}"
        said = in_words(upper.different)
        units = self.charges.units
        entries = write_down(findings, said, upper.rows, list(self.scores), self.scheme, units, towns, label)
        if entries.height != self.narrow.height or entries["entry_id"].n_unique() != entries.height:
            raise AssertionError("two ledger entries bear one id")
        return entries


def build(
    tables: Tables,
    scheme: Scheme,
    period: Period,
    as_of: date,
    *,
    edition: int = 1,
    past: Sequence[Frozen] = (),
    workdays: Workdays | None = None,
    plan: Plan | None = None,
    published: Published | None = None,
    spread: Spread | None = None,
) -> Ledger:
    """Carry out the order of operations and write every effect down.

    Parameters
    ----------
    past
        The published periods: their differences are carried over, and a year may be made of them.
    published
        (Town, measure, period id) → a value published elsewhere, for trends whose earlier period has no row.
    spread
        Carries out steps 1 to 5 in place of `charge` at once.

    Raises
    ------
    Refused
        The facts cannot be scored under this scheme; every problem found is named.
    """
    scored = score(
        tables, scheme, period, as_of, past=past, workdays=workdays, plan=plan, published=published, spread=spread
    )
    counted = scored.charges.findings
    if len(_counted(scored)) < len(scored.scores):
        counted = counted.clear()
    own = narrow_findings(counted, list(scored.scores), scored.scheme, scored.charges.units)
    return balanced([own], scored, period, edition)


def balanced(own: Sequence[pl.DataFrame], scored: Scored, period: Period, edition: int) -> Ledger:
    """Return the ledger of what was scored, with the narrow entries of its findings, if it sums to every score."""
    upper = narrow_upper(above_findings(scored.scores, scored.together), scored.scheme)
    narrow = pl.concat([*own, upper])
    reconcile([*own, upper], scored.scores, scored.together, scored.scheme)
    return Ledger(**vars(scored), narrow=narrow, period=period, edition=edition)


def _counted(scored: Scored) -> list[str]:
    """Return the towns whose findings make their score: none where it is made of published periods alone."""
    return list(scored.scores) if scored.rolled is None or not scored.rolled.pure else []


def score(
    tables: Tables,
    scheme: Scheme,
    period: Period,
    as_of: date,
    *,
    past: Sequence[Frozen] = (),
    frozen_on: date | None = None,
    beside: Sequence[Frozen] | None = None,
    workdays: Workdays | None = None,
    plan: Plan | None = None,
    published: Published | None = None,
    with_origins: bool = False,
    spread: Spread | None = None,
) -> Scored:
    """Carry out the order of operations for the scores alone, in half the time; take and raise what `build` does.

    Parameters
    ----------
    frozen_on
        The day as of which a published period was scored, when it is priced again with the facts of `as_of`: windows
        back from the day, and whether anything was checked at all, stay as they were.
    beside
        The published periods whose findings are seen (repeats, pairs) where nothing is carried over from them; else
        those of `past`.
    with_origins
        Keep what published periods come to today; nothing else needs the room that it takes.
    spread
        Carries out steps 1 to 5 of all findings, part by part, in place of `charge` at once.
    """
    workdays, plan = workdays or Workdays(), plan or Plan()
    given = tables
    towns, merged = assessed_towns(tables.towns, period)
    tables, withdrawn = apply_decisions(tables, as_of)
    tables = moved(tables, merged)
    published = {**published_values(past), **(published or {})}
    codes = towns["town_code"].to_list()
    rolled = roll_up(past, scheme, period, codes, merged) if rolls_up(scheme, period) else None
    fine = scheme.round_at == "indicator" and scheme.parts is None
    if rolled is not None:
        scheme = with_year_end(scheme, rolled)
    unscored = frozenset[str]() if rolled is None else frozenset(codes) - set(rolled.shares)
    facts = Facts.of(tables, towns, scheme, period, as_of, published=published, frozen_on=frozen_on, unscored=unscored)
    beside = past if beside is None else beside
    held = held_by_store(beside, period, tables, as_of) if scheme.repeats or scheme.duplicates else None
    if held is not None:
        held = held.with_columns(pl.col("town").replace(merged))
    price = partial(
        charge,
        scheme=scheme,
        period=period,
        as_of=as_of,
        unchecked=facts.unchecked,
        workdays=workdays,
        plan=plan,
        frozen_on=frozen_on,
        frozen=charged_by_store(beside, as_of) if scheme.duplicates else None,
    )
    charges = price(tables, held=held) if spread is None else spread(price, tables, held, facts)
    adjustments = decide(tables.adjustments, scheme, period, as_of, rolled_up=rolled is not None)
    pure = rolled is not None and rolled.pure
    sums = {} if pure else by_town(charges.sums, charges.units.points)
    if not pure:
        refuse_inapplicable(charges.findings, facts, scheme)

    def reprice(origin: Frozen) -> Scored:
        return score(
            given,
            origin.scheme,
            origin.period,
            as_of,
            frozen_on=origin.as_of,
            beside=past,
            workdays=workdays,
            plan=plan,
            published=published,
        )

    taken, posters = of_the_past(past, scheme, period, as_of, rolled)
    origins = repriced(posters, taken, period, given, reprice) if taken else []
    carried: defaultdict[str, list[Carried]] = defaultdict(list)
    for one in (one for origin in origins for town in origin.towns for one in origin.carried(town)):
        carried[merged.get(one.of, one.of)].append(one)
    scorer = IndicatorScorer(scheme, facts, fine=fine)
    worths = {frozen.period.id: worth(frozen.scheme, scheme) for frozen in taken}
    left_out = frozenset(facts.unchecked) if rolled is None else unscored
    above = {
        town: _above(town, adjustments.decided.get(town, []), carried[town], rolled, scheme, worths)
        for town in codes
        if town not in left_out
    }
    together: Many | None = None
    if rolled is None and len(above) >= MANY:
        plain = [town for town, own in above.items() if not own.adjustments and not own.carried]
        together = _together(plain, charges.sums, charges.units.points, scorer) if plain else None

    def score_of(town: str) -> TownScore:
        if pure:
            return finish(empty_statement(town), above[town], scorer, Fraction(0))
        score = score_town(town, sums.get(town, {}), above[town], scorer)
        if together is not None and together.values.get(town, score.statement.value) != score.statement.value:
            raise AssertionError(f"{town}: {together.values[town]} is not {score.statement.value}")
        return score

    scores = Late(list(above), score_of)
    refuse_unfit(scores, together.values if together is not None else {})
    kept = tuple(origins) if with_origins else ()
    return Scored(
        charges, facts, adjustments, scores, sums, withdrawn, scheme, scorer, above, rolled, kept, merged, together
    )


def _together(towns: Sequence[str], sums: pl.DataFrame, units: int, scorer: IndicatorScorer) -> Many | None:
    """Score towns together; None where some of them are refused, which is then told town by town."""
    try:
        return score_many(towns, sums.filter(pl.col("town").is_in(towns)), units, scorer)
    except Refused:
        return None


def _above(
    town: str,
    adjustments: Sequence[Decided],
    carried: Sequence[Carried],
    rolled: RollUp | None,
    scheme: Scheme,
    worths: Mapping[str, Fraction],
) -> Above:
    if rolled is None:
        return Above(adjustments, [(found, worths[found.origin.id]) for found in carried])
    shares = rolled.shares[town]

    def enter(into: TownScore) -> None:
        bring_in(into, shares, at_origin=scheme.carry_over.rolls_up_at == "origin")
        if rolled.pure:
            indicators_of(shares, scheme, into)

    differing = [(found, weight) for found in carried if (weight := rolled.weight_of(found, town))]
    return Above(adjustments, differing, enter, sum((share.weight for share in shares), Fraction(0)))


def moved(tables: Tables, merged: dict[str, str]) -> Tables:
    """Give the rows of a town that merged to the town that it became; those of measures keep whose they were."""
    if not merged:
        return tables
    names = ("findings", "checks", "measures", "judgements", "adjustments", "letters")
    tables = replace(tables, measures=tables.measures.with_columns(pl.col("town").alias(ORIGINAL)))
    return replace(
        tables,
        **{name: getattr(tables, name).with_columns(pl.col("town").replace(merged)) for name in names},
    )


__all__ = ["Frozen", "Ledger", "Published", "Scored", "Spread", "build", "score", "sign_of_loss"]
