"""Why a score changed: worked examples, each split by hand, and laws on random schemes and data."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import assume
from hypothesis import strategies as st

from schemas.scheme import Scheme
from scoring.assessing import assess
from scoring.assessment import Assessment
from scoring.changes import PARTS, split
from scoring.ledger.entries import SCHEMA
from scoring.outcome import Options
from scoring.periods import Period
from scoring.problems import Refused
from scoring.shapes import CHANGES, HISTORY
from tests import strategies
from tests.engine import fraction
from tests.frames import tables_of
from tests.laws import CALENDAR, copied, law, must, scored, scores_of
from tests.strategies import PERIOD, worlds

F = Fraction
KINDS = {"甲一": "deduct", "甲二": "deduct", "乙一": "rate"}
HEAD = {
    "period": {"id": "2025Q1"},
    "scheme": {"rules": "a", "dimensions": [{"indicators": [{"id": i, "kind": k} for i, k in KINDS.items()]}]},
}


def one(*entries, start=100, town="T1", rules="a"):
    """An assessment of one town: entries are (kind, points) of indicator 甲一, or (kind, points, place)."""
    rows, score = [], F(start)
    for number, (kind, points, *place) in enumerate(entries):
        where = place[0] if place else "甲一"
        part, _, where = where.rpartition(":")
        dimension = where[:1] or None
        exact = F(points)
        score += exact
        rows.append(
            {
                "entry_id": str(number),
                "town_code": town,
                "part": part,
                "dimension": dimension,
                "indicator": where if len(where) == 2 else None,
                "kind": kind,
                "points_num": exact.numerator,
                "points_den": exact.denominator,
            }
        )
    start = F(start)
    scores = pl.DataFrame(
        [
            {
                "town_code": town,
                "start_num": start.numerator,
                "start_den": start.denominator,
                "score_num": score.numerator,
                "score_den": score.denominator,
            }
        ]
    )
    ledger = pl.DataFrame(rows, schema=SCHEMA)
    blank = pl.DataFrame()
    head = {**HEAD, "scheme": {**HEAD["scheme"], "rules": rules}}
    return Assessment(
        head, scores, blank, blank, ledger, blank, pl.DataFrame(schema=HISTORY), pl.DataFrame(schema=CHANGES)
    )


def both(*assessments):
    """Several towns in one assessment."""
    frames = {name: pl.concat([getattr(a, name) for a in assessments]) for name in ("scores", "ledger")}
    return replace(assessments[0], **frames)


def parts_of(frame, town="T1"):
    rows = frame.filter(pl.col("town_code") == town).to_dicts()
    assert [row["part"] for row in rows] == list(PARTS)
    return {row["part"]: fraction(row, "points") for row in rows}


def told(frame, town="T1"):
    """The parts that are not 0."""
    return {name: points for name, points in parts_of(frame, town).items() if points}


# ---------------------------------------------------------------- by hand


def test_every_kind_has_its_part():
    before = one(("deduction", -6), ("credit", 2), ("repeat", -1))
    after = one(
        ("deduction", -4), ("duplicate", 0), ("repeat", -2), ("credit", 1), ("overdue", F(-1, 2)), ("late", F(-1, 4)),
        ("measure", -3, "乙一"), ("judged", -1, "乙一"),
        ("surcharge", F(-1, 5), ""), ("bonus", 3, ""), ("cap", -1, ""), ("demerit", -2, ""), ("range", 1, ""),
        ("decision", F(1, 2), "甲一"), ("gate", -5, ""), ("carry_over", F(3, 10), "甲二"), ("period", -7, ""),
        ("rounding", F(1, 20), ""),
    )  # fmt: skip
    assert parts_of(split(before, after)) == {
        "periods": -7,
        "findings": 2,
        "rectification": -1,
        "overdue_and_repeat": F(-2 + 1) - F(1, 2) - F(1, 4) - F(1, 5),
        "measures": -4,
        "adjustments": 3 - 1 - 2 + 1 + F(1, 2) - 5,
        "carry_over": F(3, 10),
        "coverage": 0,
        "rules": 0,
        "rounding": F(1, 20),
    }


def test_a_cap_shrinks_every_part_of_its_indicator_alike():
    # −6 before. Afterwards −16 + 2 = −14, capped at −10: each part counts 10/14.
    before = one(("deduction", -8), ("credit", 2))
    after = one(("deduction", -16), ("credit", 2), ("cap", 4))
    assert told(split(before, after)) == {"findings": F(-80, 7) + 8, "rectification": F(10, 7) - 2}


def test_exposure_and_findings_share_their_product():
    # 50 cases checked, then 80: factors 2 and 5/4. −2 × 2 = −4 becomes −4 × 5/4 = −5.
    before = one(("deduction", -2), ("exposure", -2))
    after = one(("deduction", -4), ("exposure", -1))
    assert told(split(before, after)) == {"findings": F(-13, 4), "coverage": F(9, 4)}


def test_more_cases_for_the_same_findings_are_coverage_alone_also_after_rounding():
    before = one(("deduction", -2), ("credit", 1), ("exposure", -1), ("rounding", F(1, 100)))
    after = one(("deduction", -2), ("credit", 1), ("exposure", F(-1, 4)), ("rounding", F(-1, 200)))
    assert told(split(before, after)) == {"coverage": F(3, 4) - F(3, 200)}


def test_what_a_cap_hides_is_nobodys():
    before = one(("deduction", -20), ("exposure", -20), ("cap", 30))
    after = one(("deduction", -20), ("exposure", -5), ("cap", 15))
    assert told(split(before, after)) == {}


def test_a_cap_that_comes_with_both_changes_takes_from_both_alike():
    # Uncapped: −4 → −12 by findings −6 and coverage −2 (½ (1 + 2) × −4, ½ (−4 − 8)... see below); the cap leaves half.
    before = one(("deduction", -4))
    after = one(("deduction", -6), ("exposure", -6), ("cap", 4))
    # k 1 → 2, c −4 → −6: coverage ½ (−10) × 1 = −5, findings ½ × 3 × −2 = −3; of −8 the cap leaves −4.
    assert told(split(before, after)) == {"findings": F(-3, 2), "coverage": F(-5, 2)}


def test_an_indicator_without_findings_cannot_tell_how_many_cases_were_checked():
    assert told(split(one(), one(("deduction", -1), ("exposure", -1)))) == {"findings": -2}
    # A net of 0 has no exposure entry: its parts are seen at the factor of the other side.
    before, after = one(("deduction", -1), ("credit", 1)), one(("deduction", -3), ("credit", 1), ("exposure", -2))
    assert told(split(before, after)) == {"findings": -4}


def test_all_that_a_zero_out_took_is_findings():
    before = one(("deduction", -4), ("credit", 2))
    after = one(("deduction", -1), ("credit", F(1, 2)), ("exposure", F(-1, 2)), ("zero_out", -9))
    assert told(split(before, after)) == {"findings": -6, "rectification": -2}
    assert told(split(one(), one(("deduction", 0), ("zero_out", -10)))) == {"findings": -10}


def test_a_scale_shrinks_the_whole_dimension_and_leaves_its_surcharge():
    after = one(
        ("deduction", -6), ("credit", 2), ("measure", -4, "甲二"), ("scale", 6, "甲"), ("surcharge", F(-1, 2), "甲")
    )
    assert told(split(one(), after)) == {
        "findings": F(-3, 2),
        "rectification": F(1, 2),
        "measures": -1,
        "overdue_and_repeat": F(-1, 2),
    }


def test_what_does_not_apply_raises_the_rest_of_its_dimension():
    # 甲二 (10 of 30 points) no longer applies: the loss of 甲一 weighs half as much again.
    before, after = (
        one(("deduction", -2), ("measure", -3, "甲二")),
        one(("deduction", -2), ("not_applicable", -1, "甲")),
    )
    assert told(split(before, after)) == {"findings": -1, "measures": 3}
    assert told(split(one(), one(("not_applicable", -1, "甲")))) == {"measures": -1}


def test_a_surcharge_of_an_indicator_is_not_multiplied_again_but_moved_points_reach_it():
    before = one(("deduction", -2), ("exposure", -2), ("surcharge", F(-2, 5)))
    after = one(("deduction", -2), ("exposure", 0), ("surcharge", F(-2, 10)), ("not_applicable", F(-11, 10)))
    # 1.5 times −2 and −0.2; all but the surcharge is coverage: −3 + 4.
    assert told(split(before, after)) == {"coverage": 1, "overdue_and_repeat": F(2, 5) - F(3, 10)}


def test_rounding_of_an_indicator_without_losses_goes_where_its_kind_belongs():
    assert told(split(one(), one(("rounding", F(-1, 300))))) == {"findings": F(-1, 300)}
    assert told(split(one(), one(("rounding", F(-1, 300), "乙一")))) == {"measures": F(-1, 300)}


def test_parts_of_a_run_are_kept_apart():
    before = one(("deduction", -4, "近:甲一"), ("cap", 2, "近:甲一"), ("deduction", -1, "远:甲一"))
    after = one(("deduction", -4, "近:甲一"), ("cap", 2, "近:甲一"), ("deduction", -3, "远:甲一"))
    assert told(split(before, after)) == {"findings": -2}


def test_rules_and_facts_come_neither_first():
    # Price 1, then 2; 3 findings, then 4.
    cases = {(i, j): one(("deduction", -price * count), rules=str(price))
             for i, price in ((1, 1), (2, 2)) for j, count in ((1, 3), (2, 4))}  # fmt: skip
    made = split(cases[1, 1], cases[2, 2], (cases[2, 1], cases[1, 2]))
    assert told(made) == {"rules": F(-7, 2), "findings": F(-3, 2)}
    assert made["rules_known"].all()
    blind = split(cases[1, 1], cases[2, 2])
    assert told(blind) == {"findings": -5}
    assert not blind["rules_known"].any()
    assert told(split(cases[1, 1], one(("deduction", -3), start=60, rules="2"))) == {"rules": -40}


def test_a_town_that_the_other_rules_do_not_score_is_compared_as_it_stands():
    def quarter(points, rules, *towns):
        return both(*(one(("deduction", points), town=town, rules=rules) for town in towns))

    crossed = (quarter(-2, "2", "T1"), quarter(-2, "1", "T1", "T2"))
    made = split(quarter(-1, "1", "T1", "T2"), quarter(-4, "2", "T1", "T2"), crossed)
    assert told(made, "T1") == {"findings": F(-3, 2), "rules": F(-3, 2)}
    assert told(made, "T2") == {"findings": -3}
    known = made.group_by("town_code").agg(pl.col("rules_known").unique())
    assert dict(known.iter_rows()) == {"T1": [True], "T2": [False], "": [False]}


def test_only_towns_scored_in_both_are_compared_and_the_whole_is_their_mean():
    before = both(one(("deduction", -1)), one(("deduction", -2), town="T2"), one(town="T3"))
    after = both(one(("deduction", -2)), one(("deduction", -4), ("bonus", 1, ""), town="T2"), one(town="T4"))
    made = split(before, after)
    assert made["town_code"].unique(maintain_order=True).to_list() == ["T1", "T2", ""]
    assert told(made, "") == {"findings": F(-3, 2), "adjustments": F(1, 2)}
    assert dict(made.schema) == {name: kind() for name, kind in CHANGES.items()}
    assert split(one(), one(town="T2")).is_empty()


def test_a_ledger_that_is_not_understood_is_refused():
    for entry in (("mystery", 1), ("mystery", 1, "甲"), ("mystery", 1, ""), ("scale", 1, ""), ("scale", 1, "x:")):
        with pytest.raises(AssertionError, match="no part of a change"):
            split(one(), one(entry))
    broken = one(("deduction", -1))
    with pytest.raises(AssertionError, match="is not"):
        split(one(), replace(broken, scores=broken.scores.with_columns(score_num=pl.lit(0))))


def test_numbers_too_fine_for_the_columns_are_rounded_and_still_sum():
    primes = (1000003, 1000033, 1000037, 1000039)
    towns = [one(("deduction", -p - 1), ("credit", 1), ("cap", p - 1), town=f"T{p}") for p in primes]
    made = split(both(*(one(town=f"T{p}") for p in primes)), both(*towns))
    parts = told(made, "")
    assert sum(parts.values()) == -1
    assert parts["rectification"] == F(1000, 10**9)  # of 0.00000099997…
    assert told(made, "T1000003") == {"findings": F(-1000004, 1000003), "rectification": F(1, 1000003)}


# ---------------------------------------------------------------- laws

OTHER_FACTS = (lambda world: worlds(scheme=world[0]),)


def differences(before, after):
    old, new = scores_of(before), scores_of(after)
    return {town: new[town] - old[town] for town in new if new[town] is not None and old.get(town) is not None}


def sums(frame):
    made = {town: F(0) for town in frame["town_code"]}
    for row in frame.to_dicts():
        made[row["town_code"]] += fraction(row, "points")
    return made


def proved(before, after, crossed=None):
    """Split both ways: parts sum to the difference, and the way back is the negative."""
    there = split(before, after, crossed)
    back = split(after, before, crossed and crossed[::-1])
    wanted = differences(before, after)
    if wanted:
        wanted[""] = sum(wanted.values()) / len(wanted)
    assert sums(there) == wanted
    assert {town: parts_of(there, town) for town in wanted} == {
        town: {name: -points for name, points in parts_of(back, town).items()} for town in wanted
    }
    return there


@law(*OTHER_FACTS)
def test_parts_sum_to_the_difference_and_the_way_back_is_its_negative(world, other):
    scheme, rows, as_of = world
    before, after = must(scored(scheme, rows, as_of)), must(scored(*other))
    made = proved(before, after)
    assert made["rules_known"].all()
    assert all(parts_of(made, town)["rules"] == 0 for town in made["town_code"].unique())


@law()
def test_nothing_has_changed_where_nothing_has_changed(world):
    made = must(scored(*world))
    assert split(made, made).filter(pl.col("points_num") != 0).is_empty()


def under(scheme, name, rows, as_of):
    period = Period(PERIOD.label, "quarter", PERIOD.start, PERIOD.end)
    options = Options(scheme_hash=name)
    try:
        return assess(tables_of(rows, scheme), scheme, period, as_of, options=options, workdays=CALENDAR)
    except Refused:
        return None


@law(worlds(scheme=None))
def test_parts_sum_between_two_schemes_too(world, other):
    (one_scheme, rows, as_of), (two_scheme, others, later) = world, other
    # Facts fit the other scheme only where both have the same parts of a run.
    assume((one_scheme.parts is None) == (two_scheme.parts is None))
    before, after = must(under(one_scheme, "1", rows, as_of)), must(under(two_scheme, "2", others, later))
    blind = proved(before, after)
    assert set(blind["rules_known"]) <= {one_scheme.rules() == two_scheme.rules()}
    crossed = under(two_scheme, "2", rows, as_of), under(one_scheme, "1", others, later)
    if None not in crossed:
        proved(before, after, crossed)


def dearer(scheme):
    """The same scheme with the last row of its first price list half a point dearer."""
    first, *others = scheme.dimensions
    indicator = first.indicators[0]
    *prices, last = indicator.rule.prices
    rule = indicator.rule.model_copy(
        update={"prices": (*prices, last.model_copy(update={"price": last.price + F(1, 2)}))}
    )
    changed = (indicator.model_copy(update={"rule": rule}), *first.indicators[1:])
    return scheme.model_copy(update={"dimensions": (first.model_copy(update={"indicators": changed}), *others)})


@law()
def test_another_price_alone_is_rules_alone(world):
    scheme, rows, as_of = world
    before, after = must(under(scheme, "1", rows, as_of)), must(under(dearer(scheme), "2", rows, as_of))
    made = proved(before, after, (after, before))
    assert made["rules_known"].all()
    assert set(made.filter(pl.col("points_num") != 0)["part"]) <= {"rules"}


def _plain(exposure=None):
    rule = {
        "kind": "deduct",
        "per": "finding",
        "prices": [{"when": {"severity": "严重"}, "price": 2}, {"price": "1/2"}],
    }
    rules = [rule | ({"exposure": exposure} if exposure else {}), {"kind": "judged"}]
    indicators = [
        {"id": name, "label": name, "clause": name, "points": points, "cap": "none", "rule": rule, "no_data": "full"}
        for (name, points), rule in zip((("甲一", 990), ("乙二", 10)), rules, strict=True)
    ]
    return Scheme.model_validate(
        {
            "id": "平",
            "title": "平",
            "document": "平",
            "effective": {"from": date(2024, 1, 1)},
            "full": 1000,
            "dimensions": [{"id": "甲", "label": "甲", "points": 1000, "indicators": indicators}],
            "severities": [{"id": word, "working_days": 5} for word in ("一般", "较重", "严重")],
            "rectification": {"states": {"on_time": {"share": "1/2"}, "sent_back": {"extra": 1}}},
            "gates": [{"id": "否决", "label": "否决", "effect": "last_place"}],
            "unchecked": "ranked",
        }
    )


PLAIN, EXPOSED = _plain(), _plain({"checked": "sampled", "minimum": 10})
STRANGER = st.integers(1, 3).flatmap(lambda n: strategies.findings(900 + n, PLAIN, ["T1"]))


@law(worlds(scheme=PLAIN), STRANGER)
def test_one_more_finding_is_findings_alone(unused, world, finding):
    scheme, rows, as_of = world
    before = must(scored(scheme, rows, as_of))
    after = must(scored(scheme, copied(rows) | {"findings": [*rows["findings"], finding]}, as_of))
    made = proved(before, after)
    assert set(made.filter(pl.col("points_num") != 0)["part"]) <= {"findings"}


@law(worlds(scheme=EXPOSED), st.integers(1, 80))
def test_more_cases_checked_are_coverage_alone(unused, world, more):
    scheme, rows, as_of = world
    check = {"check_id": "更多", "town": "T1", "checked_on": date(2025, 1, 2), "sampled": more}
    before = must(scored(scheme, rows, as_of))
    after = must(scored(scheme, copied(rows) | {"checks": [*rows.get("checks", []), check]}, as_of))
    made = proved(before, after)
    assert set(made.filter(pl.col("points_num") != 0)["part"]) <= {"coverage", "rounding"}
