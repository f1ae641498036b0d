"""Early warnings: sums by hand, the laws of the statistic, and what counts and what does not."""

from __future__ import annotations

import math
import random
from datetime import date, timedelta
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.assessing import assess
from scoring.assessment import Assessment
from scoring.example import write_example
from scoring.intake import read_folder
from scoring.ledger import build
from scoring.outcome import chance
from scoring.outcome.chance import EXACT, attainable, rounded_up, survives, tail
from scoring.outcome.warnings import CLEAR, FALSE_RATE, LEAST, WATCH
from scoring.periods import parse_period
from scoring.scheme import load_scheme, vocabulary
from scoring.shapes import WARNINGS
from tests.frames import tables_of

COUNT = st.integers(0, 60)
EXPOSURE = st.integers(1, 2000)


# ------------------------------------------------------------------------------------------------- the statistic
@pytest.mark.parametrize(
    ("now", "past", "here", "there", "wanted"),
    [
        (3, 0, 1, 1, Fraction(1, 8)),  # three of three fall on one side of a coin
        (3, 0, 1, 3, Fraction(1, 64)),
        (4, 1, 1, 3, Fraction(15 + 1, 4**5)),  # 5·3 ways for four of five, one for all
        (5, 5, 1, 1, Fraction(638, 1024)),  # (252 + 210 + 120 + 45 + 10 + 1) / 2^10
        (2, 1, 2, 1, Fraction(20, 27)),  # 3·4·1 + 8 of 27
        (0, 7, 3, 5, Fraction(1)),
    ],
)
def test_the_chance_is_the_one_worked_out_by_hand(now, past, here, there, wanted):
    assert tail(now, past, here, there) == wanted


@given(COUNT, COUNT, EXPOSURE, EXPOSURE)
def test_the_chance_is_the_sum_of_the_binomial(now, past, here, there):
    count = now + past
    ways = sum(math.comb(count, k) * here**k * there ** (count - k) for k in range(now, count + 1))
    assert tail(now, past, here, there) == Fraction(ways, (here + there) ** count)


@given(COUNT, COUNT, EXPOSURE, EXPOSURE)
def test_more_cases_now_never_make_the_chance_larger(now, past, here, there):
    assert tail(now + 1, past, here, there) <= tail(now, past, here, there)
    if now:  # the same number in all, one of them moved to the present
        assert tail(now, past, here, there) <= tail(now - 1, past + 1, here, there)
    assert tail(now, past + 1, here, there) >= tail(now, past, here, there)


@given(COUNT, COUNT, EXPOSURE, EXPOSURE, st.integers(1, 10**6))
def test_only_the_ratio_of_the_exposures_matters(now, past, here, there, times):
    assert tail(now, past, here * times, there * times) == tail(now, past, here, there)


@given(st.integers(1, EXACT), COUNT, EXPOSURE, EXPOSURE)
def test_what_is_no_more_than_expected_has_a_chance_of_at_least_a_half(now, more, here, there):
    """So equal rates, or falling ones, are never a warning."""
    past = math.ceil(Fraction(now * there, here)) + more
    if now + past <= EXACT:
        assert tail(now, past, here, there) >= Fraction(1, 2)
    else:
        assert tail(now, past, here, there) == 1


@given(st.integers(1, EXACT), st.data(), st.integers(1, 50), st.integers(1, 50))
@settings(max_examples=100)
def test_the_bound_for_many_cases_is_never_below_and_hardly_above(count, data, here, there):
    now = data.draw(st.integers(1, count))
    exact, bound = tail(now, count - now, here, there), chance._bound(now, count, here, there)
    assert bound >= exact
    if now * (here + there) > count * here:
        assert bound - exact < Fraction(1, 10**9)


def test_a_million_cases_take_no_time():
    assert tail(250_001, 749_999, 1, 3) > Fraction(49, 100)
    assert tail(251_500, 748_500, 1, 3) < Fraction(1, 1000)
    assert tail(400_000, 600_000, 1, 3) <= Fraction(1, 10**9)


@given(st.integers(1, 60), EXPOSURE, EXPOSURE, st.sampled_from([WATCH, CLEAR]))
def test_a_comparison_counts_where_all_cases_on_one_side_would_speak(count, here, there, limit):
    assert attainable(count, here, there, limit) == (tail(count, 0, here, there) <= limit)


def test_false_discoveries_by_hand():
    """Benjamini and Hochberg at one in ten: of ten, the limits are 1, 2, 3 … hundredths."""
    hundredths = [Fraction(n, 100) for n in (1, 3, 3, 5, 60)]
    # 1 ≤ 1; 3 > 2 but 3 ≤ 3, so that all three pass; 5 > 4.
    assert survives(hundredths, 10, FALSE_RATE) == Fraction(3, 100)
    assert survives(hundredths, 50, FALSE_RATE) < 0
    assert survives([], 0, FALSE_RATE) < 0
    assert survives(hundredths[:1], 1, FALSE_RATE) == Fraction(1, 100)


@given(st.fractions(0, 1))
def test_a_chance_is_never_written_smaller_than_it_is(value):
    written = Fraction(rounded_up(value))
    assert value <= written < value + Fraction(1, 10**4)


# ------------------------------------------------------------------------------------------------- the frame
AREAS = ("A", "B", "C", "D")


@pytest.fixture(scope="module")
def scheme(root):
    return load_scheme(root / "weights" / "jiyuan-quarterly.yaml").scheme


def day_in(quarter, number=0):
    """A day of a quarter: 1 is the first of 2025, 0 the last of 2024."""
    year, month = divmod(2025 * 12 + 3 * (quarter - 1), 12)
    return date(year, month + 1, 2) + timedelta(days=number % 60)


def finding(name, quarter, number, town="A", **more):
    row = {"finding_id": f"F{name}", "town": town, "found_on": day_in(quarter, number), "village": None}
    row |= {"indicator": "file_complete", "severity": "一般", "channel": "月度抽查", "problem_type": None}
    return row | more


def findings(*counts, **more):
    """So many findings a quarter, the present one (2025Q1) first, then backwards."""
    name = "".join(str(value) for value in more.values())
    return [
        finding(f"{name}{back}-{number}", 1 - back, number, **more)
        for back, count in enumerate(counts)
        for number in range(count)
    ]


def checks(*sampled, towns=AREAS):
    return [
        {"check_id": f"C{town}{back}", "town": town, "checked_on": day_in(1 - back), "sampled": n, "newly_confirmed": n}
        for town in towns
        for back, n in enumerate(sampled)
    ]


def score(scheme, rows, label="2025Q1", as_of=None, towns=AREAS, groups=None):
    rows = {
        "towns": [{"town_code": t, "name": f"镇{t}", "kind": "镇", "group": (groups or {}).get(t)} for t in towns],
        **rows,
    }
    period = parse_period(label, scheme.calendar)
    return assess(tables_of(rows, scheme), scheme, period, as_of or period.end)


def warned(made, dimension):
    return made.warnings.filter(pl.col("dimension") == dimension).to_dicts()


def said(made):
    return made.head["internal"]["warnings"]


def test_a_rise_against_one_quarter_before(scheme):
    """9 now, 1 before, as many sampled: 11 of 2^10 ways, expected 1, nine times as many."""
    made = score(scheme, {"findings": findings(9, 1, problem_type="公示"), "checks": checks(10, 10)})
    (row,) = warned(made, "problem_type")
    assert (row["name"], row["town_code"], row["village"]) == ("公示", None, None)
    assert (row["now"], row["past"], row["exposure_now"], row["exposure_past"], row["periods"]) == (9, 1, 40, 40, 1)
    assert (row["expected_num"], row["expected_den"], row["ratio_num"], row["ratio_den"]) == (1, 1, 9, 1)
    assert (row["p"], row["against"], row["level"]) == ("0.0108", "past", "watch")  # 11/1024 is above 1/100
    assert (row["group_p"], row["group_expected_num"]) == (None, None)
    assert said(made) == {"periods": ["2024Q4"], "measure": "checks", "reason": None, "least": 3}


def test_exposure_weighs_the_counts(scheme):
    """9 against 1 is no news where nine times as many households were looked at."""
    made = score(scheme, {"findings": findings(9, 1, problem_type="公示"), "checks": checks(90, 10)})
    assert warned(made, "problem_type") == []


def test_a_kind_that_was_never_seen_before(scheme):
    """6 against 0 with two quarters behind: 1/3^6; the ratio is unknown, nothing was expected."""
    rows = findings(6, problem_type="公示") + findings(0, 4, 4, problem_type="签批")
    made = score(scheme, {"findings": rows, "checks": checks(10, 10, 10)})
    (row,) = warned(made, "problem_type")
    assert (row["name"], row["now"], row["past"], row["ratio_num"], row["expected_num"]) == ("公示", 6, 0, None, 0)
    assert (row["p"], row["level"]) == ("0.0014", "clear")
    # 3 against 0 with one quarter behind must pass the same test: 1/8 does not.
    few = score(scheme, {"findings": findings(3, problem_type="公示") + findings(0, 4), "checks": checks(10, 10)})
    assert warned(few, "problem_type") == []


@pytest.mark.parametrize("sampled", [(1, 1), (1, 10**9), (10**9, 1), (0, 7)])
def test_one_against_none_never_warns(scheme, sampled):
    rows = findings(1, problem_type="公示", village="东村") + findings(0, 3, problem_type="签批", town="B")
    made = score(scheme, {"findings": rows, "checks": checks(*sampled)})
    assert made.warnings.filter((pl.col("now") < LEAST) | (pl.col("name") == "公示")).is_empty()


def test_without_checks_days_measure(scheme):
    """90 days now, 92 + 92 before: 7 against 4 is p = 0.04 or so, worked out here from the days."""
    made = score(scheme, {"findings": findings(8, 2, 2, channel="热线")})
    (row,) = warned(made, "channel")
    assert (row["exposure_now"], row["exposure_past"], said(made)["measure"]) == (90, 92 + 92, "days")
    wanted = sum(Fraction(math.comb(12, k) * 90**k * 184 ** (12 - k), 274**12) for k in range(8, 13))
    assert row["p"] == rounded_up(wanted)
    # Half-way through the period half the days have passed: the same findings weigh double.
    half = score(scheme, {"findings": findings(8, 2, 2, channel="热线")}, as_of=date(2025, 2, 14))
    assert warned(half, "channel")[0]["exposure_now"] == 45


def test_at_most_four_periods_that_the_data_hold(scheme):
    """The fifth before is not looked at; one that nothing is dated in is not held."""
    rows = findings(9, 1, 0, 1, 1, 30, problem_type="公示")
    made = score(scheme, {"findings": rows, "checks": checks(10, 10, 0, 10, 10, 10)[:3] + checks(10, 10)})
    assert said(made)["periods"] == ["2024Q4", "2024Q3", "2024Q2", "2024Q1"]
    made = score(scheme, {"findings": findings(9, 1, 0, 1, problem_type="公示")})
    assert said(made)["periods"] == ["2024Q4", "2024Q2"]


@pytest.mark.parametrize(("label", "reason"), [("2025Q1", "no-past"), ("2025", "no-past")])
def test_without_a_past_there_is_no_warning_and_the_reason_is_said(scheme, label, reason):
    made = score(scheme, {"findings": findings(30, problem_type="公示")}, label)
    assert made.warnings.schema == WARNINGS
    assert made.warnings.is_empty()
    assert said(made) == {"periods": [], "measure": None, "reason": reason, "least": 3}


def test_an_interval_has_none_before_it(scheme):
    interval = {"id": "campaign", "label": "专项", "from": date(2025, 1, 1), "to": date(2025, 2, 28)}
    calendar = type(scheme.calendar).model_validate(
        {**scheme.calendar.model_dump(by_alias=True), "intervals": [interval]}
    )
    made = score(scheme.model_copy(update={"calendar": calendar}), {"findings": findings(9, 1)}, "campaign")
    assert (made.warnings.height, said(made)["reason"]) == (0, "no-order")


def test_what_does_not_count_is_left_out(scheme):
    """Withdrawn, exempt, later than as_of: none of them makes a warning, nor do they make a past."""
    rows = findings(9, 1, problem_type="公示")
    appeals = [
        {"appeal_id": f"S{n}", "target": "finding", "target_id": row["finding_id"], "filed_on": row["found_on"]}
        | {"decided_on": row["found_on"] + timedelta(days=1), "decision": "withdraw"}
        for n, row in enumerate(rows[:4])
    ]
    made = score(scheme, {"findings": rows, "checks": checks(10, 10), "appeals": appeals})
    assert warned(made, "problem_type") == []  # 5 against 1: 7/64
    early = score(scheme, {"findings": rows, "checks": checks(10, 10)}, as_of=date(2025, 1, 5))
    # Four of nine are known by then: all of them one town's, which its group sees.
    assert {(row["now"], row["against"]) for row in early.warnings.to_dicts()} == {(4, "group")}
    delegated = [{"town_code": t, "name": t, "kind": "镇", "delegated_on": date(2025, 1, 1)} for t in AREAS]
    old = [{**row, "approved_on": date(2024, 12, 1)} for row in rows]
    exempt = score(scheme, {"towns": delegated, "findings": old, "checks": checks(10, 10)})
    assert exempt.warnings.is_empty()


@pytest.fixture(scope="module")
def year(scheme, tmp_path_factory):
    folder = tmp_path_factory.mktemp("year")
    write_example(folder)
    return read_folder(folder, vocabulary(scheme)).tables


def test_the_example_year_gives_sensible_warnings(scheme, year):
    seen = {}
    for number in (1, 2, 3, 4):
        period = parse_period(f"2025Q{number}", scheme.calendar)
        made = assess(year, scheme, period, period.end + timedelta(days=10))
        seen[number] = made
        assert made.warnings.schema == WARNINGS
        for row in made.warnings.to_dicts():
            assert row["now"] >= LEAST
            assert Fraction(row["p"]) <= WATCH
            assert Fraction(row["expected_num"], row["expected_den"]) < row["now"]
            assert (row["town_code"] is None) == (row["dimension"] in ("problem_type", "indicator", "channel"))
            assert (row["village"] is not None) == (row["dimension"] == "village")
            assert row["level"] != "clear" or Fraction(row["p"]) <= CLEAR
    assert [said(seen[number])["reason"] for number in seen] == ["no-past", None, None, None]
    assert said(seen[4])["periods"] == ["2025Q3", "2025Q2", "2025Q1"]
    # A year drawn with even rates: a few stand out by chance and are said to, a handful at most is clear.
    assert 1 <= seen[4].warnings.height <= 20
    clear = seen[4].warnings.filter(pl.col("level") == "clear")
    assert clear.height <= 4
    assert set(clear["against"]) <= {"group"}


def test_pairs_of_the_example_year_count_once_in_every_period(scheme, year):
    """The past of one quarter is what that quarter itself counted."""
    own = {}
    for number in (1, 2, 3):
        period = parse_period(f"2025Q{number}", scheme.calendar)
        made = assess(year, scheme, period, date(2026, 1, 10))
        own[number] = (made.findings["disposition"].is_in(["priced", "not_checked", "no_part"])).sum()
        assert (made.findings["disposition"] == "duplicate").any()
    period = parse_period("2025Q4", scheme.calendar)
    kept = build(year, scheme, period, date(2026, 1, 10)).charges.findings
    past = kept.filter((pl.col("disposition") == "other_period") & ~pl.col("set_aside") & ~pl.col("twin"))
    assert past.height == sum(own.values())


# ------------------------------------------------------------------------------------------------- towns and groups
def test_a_town_against_its_past_and_its_group(scheme):
    """Town A: 12 now, 2 before; the three others 2 each, now and before; everyone 10 households a quarter."""
    rows = findings(12, 2, problem_type="公示") + [
        r for t in "BCD" for r in findings(2, 2, town=t, problem_type="公示")
    ]
    made = score(scheme, {"findings": rows, "checks": checks(10, 10)})
    (row,) = warned(made, "town")
    assert (row["name"], row["town_code"], row["against"], row["level"]) == ("镇A", "A", "both", "clear")
    assert row["p"] == rounded_up(Fraction(1 + 14 + 91, 2**14))
    assert (row["group_expected_num"], row["group_expected_den"]) == (2, 1)  # 6 at 30 households, so 2 at 10
    assert row["group_p"] == rounded_up(tail(12, 6, 1, 3))
    (cross,) = warned(made, "town_problem_type")
    assert (cross["town_code"], cross["name"], cross["now"], cross["past"]) == ("A", "公示", 12, 2)


def test_a_town_that_was_always_so_stands_out_in_its_group_alone(scheme):
    rows = findings(12, 12) + [r for t in "BCD" for r in findings(2, 2, town=t)]
    made = score(scheme, {"findings": rows, "checks": checks(10, 10)})
    (row,) = warned(made, "town")
    assert (row["against"], row["past"], row["expected_num"], row["ratio_num"]) == ("group", 12, 2, 6)
    assert row["p"] == row["group_p"]


def test_a_town_alone_in_its_group_has_nobody_to_stand_out_from(scheme):
    rows = findings(12, 12) + [r for t in "BCD" for r in findings(2, 2, town=t)]
    by_group = scheme.model_copy(update={"groups_by": "group"})
    made = score(
        by_group, {"findings": rows, "checks": checks(10, 10)}, groups={"A": "一组", **dict.fromkeys("BCD", "二组")}
    )
    assert warned(made, "town") == []


def test_a_village_is_measured_by_its_town(scheme):
    rows = findings(8, 1, village="东村") + [r for t in "BCD" for r in findings(4, 4, town=t, village="东村")]
    made = score(scheme, {"findings": rows, "checks": checks(10, 10)})
    (row,) = warned(made, "village")
    assert (row["town_code"], row["village"], row["name"], row["now"], row["past"]) == ("A", "东村", "东村", 8, 1)
    assert (row["exposure_now"], row["p"]) == (10, rounded_up(Fraction(9 + 1, 2**9)))


def test_findings_without_a_word_make_no_kind(scheme):
    made = score(scheme, {"findings": findings(9, 1, channel=None), "checks": checks(10, 10)})
    assert set(made.warnings["dimension"]) == {"indicator", "town", "town_indicator"}


def test_what_may_be_chance_is_marked_so(scheme):
    """Of forty kinds with one alike rise, one in twenty would seem to rise by chance alone."""
    rows = findings(6, 1, problem_type="公示")  # 8/128 is too much; 7 and 1: 9/256 is a warning by itself
    rows = findings(7, 1, problem_type="公示") + [
        row for kind in range(40) for row in findings(3, 3, problem_type=f"其他{kind:02}")
    ]
    made = score(scheme, {"findings": rows, "checks": checks(10, 10)})
    (row,) = warned(made, "problem_type")
    assert (row["name"], row["p"], row["level"]) == ("公示", "0.0352", "chance")
    alone = score(scheme, {"findings": findings(7, 1, problem_type="公示"), "checks": checks(10, 10)})
    assert warned(alone, "problem_type")[0]["level"] == "watch"


def test_for_a_town_nothing_remains(scheme, tmp_path):
    made = score(scheme, {"findings": findings(12, 2, problem_type="公示"), "checks": checks(10, 10)})
    assert made.warnings.height > 0
    own = made.for_town("A")
    assert own.warnings.is_empty()
    assert own.warnings.schema == WARNINGS
    assert "internal" not in own.head
    for number, one in enumerate((made, own)):
        folder = tmp_path / str(number)
        folder.mkdir()
        one.save(folder)
        again = Assessment.load(folder)
        assert again.warnings.equals(one.warnings)
        assert again.warnings.schema == WARNINGS


@given(st.integers(0, 2**32))
@settings(max_examples=6)
def test_order_changes_nothing(scheme, seed):
    dice = random.Random(seed)
    rows = [
        r
        for t in AREAS
        for r in findings(dice.randrange(9), dice.randrange(4), town=t, problem_type=dice.choice("甲乙"))
    ]
    looked = checks(dice.randrange(5, 20), dice.randrange(5, 20))
    before = score(scheme, {"findings": rows, "checks": looked})
    dice.shuffle(rows)
    dice.shuffle(looked)
    after = score(scheme, {"findings": rows, "checks": looked})
    assert after.warnings.equals(before.warnings)


@given(st.integers(1, 12), st.integers(0, 6), st.integers(2, 1000))
@settings(max_examples=8)
def test_twice_as_many_households_on_both_sides_change_nothing_but_the_exposures(scheme, now, past, times):
    rows = findings(now, past + 1, problem_type="公示")
    one, many = (score(scheme, {"findings": rows, "checks": checks(7 * n, 5 * n)}) for n in (1, times))
    exposures = pl.exclude("exposure_now", "exposure_past")
    assert many.warnings.select(exposures).equals(one.warnings.select(exposures))
