"""A year made of its published quarters. Every number by hand, in fractions."""

from datetime import date
from fractions import Fraction

import pytest

from scoring.problems import Refused
from tests.published import Life, carried, finding, report, scheme, score, towns

YEAR = date(2026, 1, 15)
QUARTERS = ("2025Q1", "2025Q2", "2025Q3", "2025Q4")
DAYS = (date(2025, 2, 3), date(2025, 5, 6), date(2025, 8, 4), date(2025, 11, 3))


@pytest.fixture
def life():
    """A loses 2, 4, 6, 8 in the quarters (mild findings fixed at once give half back: none is), B nothing."""
    found = [
        finding(f"{q}-{n}", "A", day, indicator="signed", due_on=date(2026, 12, 31))
        for q, day in enumerate(DAYS)
        for n in range(q + 1)
    ]
    return Life({"towns": towns("A", "B"), "findings": found, "rectifications": []})


def publish_all(life):
    for label in QUARTERS:
        life.publish(label)
    return life


def wide_scheme():
    """Two hundred points."""
    return scheme(
        full=200,
        dimensions=[
            {
                "id": "files",
                "label": "files",
                "points": 200,
                "indicators": [
                    {
                        "id": "signed", "label": "signed", "points": 200, "clause": "two",
                        "rule": {"kind": "deduct", "prices": "usual"},
                    }
                ],
            }
        ],
    )  # fmt: skip


def roll(**policy):
    return scheme(roll_up={"of": "quarter", **policy})


def test_the_mean_of_the_quarters(life):
    made = publish_all(life).run("2025", YEAR, roll())
    assert (score(made, "A"), score(made, "B")) == (95, 100)
    assert made.scores["rank"].to_list() == [2, 1]
    weights = made.rolled.filter(made.rolled["town_code"] == "A").select("period", "score", "weight_num", "weight_den")
    assert weights.rows() == [
        (label, s, 1, 4) for label, s in zip(QUARTERS, ("98.00", "96.00", "94.00", "92.00"), strict=True)
    ]


def test_exact_weights(life):
    made = publish_all(life).run("2025", YEAR, roll(weights=["1/3", "1/3", "1/6", "1/6"]))
    assert score(made, "A") == Fraction("95.67")  # (98 + 96)/3 + (94 + 92)/6 = 95 2/3


def test_quarters_and_a_year_end_part(life):
    policy = {"year_end": {"weight": "0.4", "label": "year end"}}
    made = publish_all(life).run("2025", YEAR, roll(**policy))
    # The scheme itself, on the whole year: ten findings of 2 under a cap of 40.
    assert score(made, "A") == Fraction(6, 10) * 95 + Fraction(4, 10) * 80
    assert score(made, "B") == 100


def test_a_half_year_takes_its_own_quarters_in_proportion(life):
    publish_all(life)
    assert score(life.run("2025H1", date(2025, 7, 10), roll()), "A") == 97
    assert score(life.run("2025H1", date(2025, 7, 10), roll(weights=["1/2", "1/4", "1/8", "1/8"])), "A") == Fraction(
        "97.33"
    )


def test_rescored_and_beside(life):
    publish_all(life)
    assert score(life.run("2025", YEAR, roll(by="rescored")), "A") == 80
    made = life.run("2025", YEAR, roll(beside=True))
    beside = made.rolled.filter(made.rolled["period"] == "rescored")
    assert beside.select("town_code", "score", "rank").rows() == [("A", "80.00", 2), ("B", "100.00", 1)]
    other = life.run("2025", YEAR, roll(by="rescored", beside=True))
    assert other.rolled.select("town_code", "period", "score").rows() == [
        ("A", "published", "95.00"),
        ("B", "published", "100.00"),
    ]


def test_a_missing_quarter(life):
    for label in QUARTERS[:3]:
        life.publish(label)
    with pytest.raises(Refused) as error:
        life.run("2025", YEAR, roll())
    assert [problem.code for problem in error.value.problems] == ["roll-up-missing"]
    assert score(life.run("2025", YEAR, roll(missing="left_out")), "A") == 96


def test_a_town_that_appears_counts_its_own_quarters(life):
    life.rows["towns"].append({"town_code": "C", "name": "town C", "valid_from": date(2025, 7, 1)})
    life.rows["findings"].append(finding("c", "C", DAYS[2], indicator="signed", due_on=date(2026, 12, 31)))
    made = publish_all(life).run("2025", YEAR, roll())
    assert score(made, "C") == 99  # (98 + 100) / 2


def test_a_town_that_merges_into_a_new_one_is_the_mean_of_both_before(life):
    for label in QUARTERS[:2]:
        life.publish(label)
    for town in life.rows["towns"]:
        town |= {"valid_to": date(2025, 6, 30), "merged_into": "C"}
    life.rows["towns"].append({"town_code": "C", "name": "town C", "valid_from": date(2025, 7, 1)})
    for label in QUARTERS[2:]:
        life.publish(label)
    made = life.run("2025", YEAR, roll())
    assert made.scores["town_code"].to_list() == ["C"]
    # The mean of 98 and 100, that of 96 and 100, then its own.
    assert score(made, "C") == Fraction(99 + 98 + 94 + 92, 4)
    assert made.rolled["towns"].to_list() == [["A", "B"], ["A", "B"], ["C"], ["C"]]


def test_a_town_that_takes_another_in_keeps_its_own_quarters(life):
    for label in QUARTERS[:2]:
        life.publish(label)
    life.rows["towns"][1] |= {"valid_to": date(2025, 6, 30), "merged_into": "A"}
    for label in QUARTERS[2:]:
        life.publish(label)
    assert score(life.run("2025", YEAR, roll()), "A") == 95


def test_a_scheme_that_changes_counts_in_proportion_to_full_marks(life):
    wide = wide_scheme()
    for label in QUARTERS[:3]:
        life.publish(label)
    life.publish("2025Q4", of=wide)  # 192 of 200 = 96 of 100
    made = life.run("2025", YEAR, roll())
    assert score(made, "A") == 96
    life.publish("2025Q4", of=scheme(direction="up", range={}))
    with pytest.raises(Refused) as error:
        life.run("2025", YEAR, roll())
    assert [problem.code for problem in error.value.problems] == ["roll-up-direction"]


def test_what_was_carried_over_weighs_what_its_origin_does(life):
    life.publish("2025Q1")
    life.rows["rectifications"] = [report("0-0", date(2025, 4, 8))]  # +1 for Q1, posted in Q2
    for label in QUARTERS[1:]:
        life.publish(label)
    weights = ["1/2", "1/6", "1/6", "1/6"]
    at_origin = life.run("2025", YEAR, roll(weights=weights))
    # 98/2 + (97 − 1 + 94 + 92)/6 + 1/2
    assert score(at_origin, "A") == Fraction("96.50")
    at_present = life.run("2025", YEAR, scheme(roll_up={"weights": weights}, carry_over={"rolls_up_at": "present"}))
    assert score(at_present, "A") == Fraction("96.17")


def test_differences_since_the_last_quarter_come_into_the_year_at_their_weight_and_are_not_posted_again(life):
    publish_all(life)
    life.rows["rectifications"] = [report("3-0", date(2026, 1, 5))]  # Q4's finding: half of 2 back
    year = life.publish("2025", YEAR, roll())
    assert score(year, "A") == 95 + Fraction(1, 4)
    later = life.run("2026Q1", date(2026, 3, 31))
    assert not (later.ledger["kind"] == "carry_over").any()


def test_adjustments_of_the_quarters_are_not_counted_twice_and_a_veto_acts_on_the_year(life):
    bonus = {
        "adjustment_id": "j", "town": "A", "dated_on": DAYS[0], "kind": "bonus", "item": "x", "decided_points": 1,
        "decided_on": date(2025, 3, 1),
    }  # fmt: skip
    life.rows["adjustments"] = [bonus]
    publish_all(life)
    assert score(life.run("2025", YEAR, roll()), "A") == 95 + Fraction(1, 4)
    life.rows["adjustments"].append({**bonus, "adjustment_id": "k", "period": "2025"})
    assert score(life.run("2025", YEAR, roll()), "A") == 96 + Fraction(1, 4)
    veto = {**bonus, "adjustment_id": "v", "kind": "veto", "item": "zero", "period": "2025", "decided_on": YEAR}
    life.rows["adjustments"].append(veto)
    assert score(life.run("2025", YEAR, roll()), "A") == 0
    assert score(life.run("2025Q1", date(2025, 3, 31)), "A") == 99


def test_a_difference_counts_in_proportion_to_full_marks(life):
    wide = wide_scheme()
    for label in QUARTERS[:3]:
        life.publish(label)
    life.publish("2025Q4", of=wide)
    life.rows["rectifications"] = [report("3-0", date(2026, 1, 5))]
    # (98 + 96 + 94 + 96) / 4, and 1 of 200 points is 1/2 of 100, at a quarter.
    assert score(life.publish("2025", YEAR, roll()), "A") == Fraction("96.13")
    assert carried(life.run("2026Q1", date(2026, 3, 31))) == {}


def test_what_weighs_nothing_in_the_year_is_left_to_the_next_quarter(life):
    publish_all(life)
    life.rows["rectifications"] = [report("0-0", date(2026, 1, 5))]
    year = life.publish("2025", YEAR, roll(weights=["0", "1/3", "1/3", "1/3"]))
    assert (carried(year), score(year, "A")) == ({}, 94)
    assert carried(life.run("2026Q1", date(2026, 3, 31))) == {("2025Q1", "signed"): 1}


def test_a_difference_weighs_what_its_period_weighs_in_the_town(life):
    life.rows["towns"].append({"town_code": "C", "name": "town C", "valid_from": date(2025, 7, 1)})
    life.rows["findings"].append(finding("c", "C", DAYS[2], indicator="signed", due_on=date(2026, 12, 31)))
    publish_all(life)
    life.rows["rectifications"] = [report("c", date(2026, 1, 5))]
    # (98 + 100) / 2, and half of the 1 that comes back: C has two quarters.
    assert score(life.run("2025", YEAR, roll()), "C") == Fraction("99.50")


@pytest.mark.parametrize("fixed", [date(2025, 7, 8), date(2026, 1, 5)])
def test_a_difference_of_one_of_two_towns_that_merged_has_half_the_weight_of_their_mean(life, fixed):
    for label in QUARTERS[:2]:
        life.publish(label)
    for town in life.rows["towns"]:
        town |= {"valid_to": date(2025, 6, 30), "merged_into": "C"}
    life.rows["towns"].append({"town_code": "C", "name": "town C", "valid_from": date(2025, 7, 1)})
    life.rows["rectifications"] = [report("0-0", fixed)]
    for label in QUARTERS[2:]:
        life.publish(label)
    # The first quarter is the mean of 98 + 1 and 100, whether the third took the 1 over or the year does.
    assert score(life.run("2025", YEAR, roll()), "C") == Fraction("95.88")


def test_what_a_half_posted_comes_into_the_year_too_and_into_no_later_quarter(life):
    for label in QUARTERS[:2]:
        life.publish(label)
    life.rows["rectifications"] = [report("0-0", date(2025, 7, 5))]
    assert score(life.publish("2025H1", date(2025, 7, 10), roll()), "A") == Fraction("97.50")
    assert carried(life.publish("2025Q3")) == {}
    life.publish("2025Q4")
    # The year is not made of the half: 95 and a quarter of the 1.
    assert score(life.publish("2025", YEAR, roll()), "A") == Fraction("95.25")
    assert carried(life.run("2026Q1", date(2026, 3, 31))) == {}


def test_what_was_made_of_finer_periods_is_not_priced_again(life):
    for label in QUARTERS[:2]:
        life.publish(label)
    life.publish("2025H1", date(2025, 7, 10), roll())
    made = life.run("2025H2", date(2025, 12, 31))
    assert (carried(made), score(made, "A")) == ({}, 86)


def test_a_surcharge_of_the_year_end_part_is_rounded_before_its_weight(life):
    publish_all(life)
    life.rows["measures"] = [{"town": "A", "period": "2025", "measure": "again", "value": 1}]
    surcharge = {
        "id": "more", "label": "more", "level": "total", "measure": "again",
        "steps": [{"at_least": 1, "share": "1/3"}],
    }  # fmt: skip
    more = scheme(
        measures=[{"id": "rate", "label": "rate"}, {"id": "again", "label": "again"}],
        surcharges=[surcharge],
        roll_up={"of": "quarter", "year_end": {"weight": "0.4", "label": "year end"}},
    )
    made = life.run("2025", YEAR, more)
    (entry,) = made.ledger.filter(made.ledger["kind"] == "surcharge").to_dicts()
    # A third of 20 is 6.67, of which 0.4 counts.
    assert Fraction(entry["points_num"], entry["points_den"]) == Fraction("-2.668")


def test_a_town_that_no_published_period_scored_is_compared_with_nobody():
    """Relative by best in the year-end part: T2 has no score in the year, so A's 50 % is the best."""
    indicator = {
        "id": "visited", "label": "v", "points": 100, "clause": "three",
        "rule": {"kind": "relative", "measure": "rate", "by": "best"},
    }  # fmt: skip
    dimensions = [{"id": "visits", "label": "v", "points": 100, "indicators": [indicator]}]
    policy = {"missing": "left_out", "year_end": {"weight": "1/2", "label": "end"}}
    life = Life(
        {
            "towns": [*towns("A"), towns("T2")[0] | {"valid_from": date(2025, 7, 1)}],
            "findings": [],
            "rectifications": [],
            "measures": [
                {"town": "A", "period": "2025Q1", "measure": "rate", "numerator": 1, "denominator": 2},
                {"town": "A", "period": "2025Q4", "measure": "rate", "numerator": 1, "denominator": 2},
                {"town": "T2", "period": "2025Q4", "measure": "rate", "numerator": 2, "denominator": 2},
            ],
        },
        scheme(dimensions=dimensions, roll_up=policy, price_lists={}, severities=[]),
    )
    assert score(life.publish("2025Q1"), "A") == 100
    assert score(life.run("2025", YEAR), "A") == 100
