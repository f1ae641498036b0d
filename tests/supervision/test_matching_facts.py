"""What pairs say, computed by hand: months, amounts, kinds, and the life of an alert."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from scoring.supervision.matching.alerts import ALERTS, raised, read_alerts, write_alerts
from scoring.supervision.matching.answers import answered
from scoring.supervision.matching.facts import find
from scoring.supervision.matching.policy import Policy
from scoring.supervision.matching.registers import month_text, number_of
from scoring.supervision.matching.secret import KEY, Secret, WrongKey, open_secret
from tests.supervision.people import SCHEMA, number

MONTH = number_of("2025-09")
SAID = {"indicator": "timely_exit"}
KINDS = (
    "after_death",
    "deregistered",
    "two_towns",
    "twice",
    "other_benefit",
    "property",
    "vehicles",
    "relatives",
    "posted",
)
POLICY = Policy(exclusive=(("农村低保", "特困分散"),), findings=dict.fromkeys(KINDS, SAID))
IDS = [number(region, date(1948, 3, 5), 11) for region in range(1, 30)]
SECRET = Secret(b"k" * 32)


def paid(who: int, start: str, end: str | None = None, **further) -> dict:
    row = {
        "person_id": IDS[who], "name": f"某{who}", "born_on": None, "town": "T01", "village": "示例村",
        "programme": "农村低保", "case_ref": f"D-{who}", "amount": 50050,
        "start": number_of(start), "end": end and number_of(end),
        "source_file": "在保名单.xlsx", "source_sheet": "", "source_row": who,
    }  # fmt: skip
    return row | further


def recipients(*rows: dict) -> pl.DataFrame:
    types = {
        **SCHEMA, **dict.fromkeys(("village", "programme", "case_ref", "source_file", "source_sheet"), pl.String()),
        **dict.fromkeys(("amount", "start", "end", "source_row"), pl.Int64()),
    }  # fmt: skip
    return pl.DataFrame(rows, schema=types)


def listed(*rows: dict, **types) -> pl.DataFrame:
    base = {**SCHEMA, "source_file": pl.String(), "source_sheet": pl.String(), "source_row": pl.Int64()}
    return pl.DataFrame(rows, schema=base | types)


def dead(who: int, day: str) -> dict:
    return {"person_id": IDS[who], "name": f"某{who}", "died_on": date.fromisoformat(day)}


def deaths(*rows: dict) -> dict[str, pl.DataFrame]:
    return {"deaths": listed(*rows, died_on=pl.Date())}


NOBODY = pl.DataFrame(schema=SCHEMA)


def facts(rows, lists=None, filed=NOBODY, policy=POLICY, month=MONTH):
    return find(recipients(*rows), lists or {}, filed, policy, month)


def spans(found) -> list[tuple]:
    rows = found.found.select("kind", "first", "last").iter_rows()
    return [(kind, first and month_text(first), last and month_text(last)) for kind, first, last in rows]


@pytest.mark.parametrize(
    ("died", "policy", "first"),
    [
        ("2025-03-01", "allowed", "2025-04"),
        ("2025-03-31", "allowed", "2025-04"),
        ("2025-03-31", "wrong", "2025-03"),
        ("2024-12-31", "allowed", "2025-01"),
    ],
)
def test_what_is_paid_after_the_month_of_death_is_wrong_and_that_month_by_policy(died, policy, first):
    own = POLICY.model_copy(update={"month_of_death": policy})
    assert spans(facts([paid(1, "2024-01")], deaths(dead(1, died)), policy=own)) == [("after_death", first, "2025-09")]


def test_who_left_in_time_or_died_this_month_is_no_alert():
    rows = [paid(1, "2024-01", "2025-03"), paid(2, "2024-01"), paid(3, "2025-10")]
    met = facts(rows, deaths(dead(1, "2025-03-09"), dead(2, "2025-09-30"), dead(3, "2020-01-01")))
    assert spans(met) == []


def test_a_record_that_began_after_the_death_is_wrong_from_its_start():
    assert spans(facts([paid(1, "2025-06", "2025-07")], deaths(dead(1, "2024-01-01")))) == [
        ("after_death", "2025-06", "2025-07")
    ]


def test_of_two_days_of_death_the_later_one_counts():
    met = facts([paid(1, "2024-01")], deaths(dead(1, "2025-01-02"), dead(1, "2025-05-02")))
    assert spans(met) == [("after_death", "2025-06", "2025-09")]


def test_who_died_is_not_struck_off_a_second_time():
    gone = listed(
        {"person_id": IDS[1], "name": "某1", "cancelled_on": date(2025, 2, 2)},
        {"person_id": IDS[2], "name": "某2", "cancelled_on": date(2025, 6, 30)},
        cancelled_on=pl.Date(),
    )
    met = facts([paid(1, "2024-01"), paid(2, "2024-01")], deaths(dead(1, "2025-01-31")) | {"deregistrations": gone})
    assert spans(met) == [("after_death", "2025-02", "2025-09"), ("deregistered", "2025-07", "2025-09")]


def test_the_later_of_two_records_is_the_one_too_many_in_one_town_or_in_two():
    rows = [
        paid(1, "2024-01"), paid(1, "2025-03", town="T02", case_ref="D-x", programme="特困分散"),
        paid(2, "2025-01", "2025-05"), paid(2, "2025-04", case_ref="D-y"),
        paid(3, "2025-01", "2025-03"), paid(3, "2025-04", case_ref="D-z"),
        paid(4, "2025-01"), paid(4, "2025-02", programme="临时救助", case_ref="D-w"),
        paid(5, "2025-01"), paid(5, "2025-06", amount=60000),
    ]  # fmt: skip
    met = facts(rows)
    assert spans(met) == [("two_towns", "2025-03", "2025-09"), ("twice", "2025-04", "2025-05")]
    assert met.found["other"].to_list() == ["T01", ""]


def test_a_list_by_the_month_is_read_as_spans_and_a_row_said_twice_counts_once():
    months = [paid(1, f"2025-{month:02}", f"2025-{month:02}") for month in (1, 2, 3, 5, 6)]
    met = facts([*months, months[0]], deaths(dead(1, "2024-12-31")))
    assert met.records.height == 2
    assert met.repeated == 1
    alerts, _ = raised(met, pl.DataFrame(schema=ALERTS), SECRET, MONTH, date(2025, 9, 30))
    assert alerts.select("months", "amount").rows() == [(5, 5 * 50050)]


def test_another_benefit_counts_in_the_months_of_both():
    other = listed(
        *({"person_id": IDS[who], "name": f"某{who}", "benefit": "外地低保"}
          | {"start": number_of(start), "end": number_of(end)}
          for who, start, end in ((1, "2025-04", "2025-06"), (2, "2020-01", "2020-06"))),
        benefit=pl.String(), start=pl.Int64(), end=pl.Int64(),
    )  # fmt: skip
    met = facts([paid(1, "2025-05"), paid(2, "2025-05")], {"other_benefits": other})
    assert spans(met) == [("other_benefit", "2025-05", "2025-06")]
    assert met.found["other"].to_list() == ["外地低保"]


def test_a_relative_paid_now_is_an_alert_unless_on_file_and_uncertain_where_perhaps_on_file():
    own = listed(*({"person_id": IDS[who], "name": f"某{who}"} for who in (1, 2, 3, 4)))
    filed = pl.DataFrame(
        [
            {"person_id": IDS[2], "name": "某2"},
            {"person_id": None, "name": "某3", "born_on": date(1948, 3, 5), "town": "T01"},
        ],
        schema=SCHEMA,
    )
    rows = [paid(1, "2025-01"), paid(2, "2025-01"), paid(3, "2025-01"), paid(4, "2024-01", "2025-03")]
    met = facts(rows, {"relatives": own}, filed)
    assert met.found.select("kind", "filed").rows() == [("relatives", False), ("relatives", True)]
    alerts, _ = raised(met, pl.DataFrame(schema=ALERTS), SECRET, MONTH, date(2025, 9, 30))
    assert sorted(alerts["sure"].to_list()) == [False, True]
    assert alerts["months"].to_list() == [None, None]


def test_a_new_amount_ends_the_old_one_of_the_same_case():
    rows = [paid(1, "2025-01"), paid(1, "2025-06", amount=60000)]
    alerts, _ = raised(facts(rows, DEAD), EMPTY, SECRET, MONTH, date(2025, 9, 30))
    assert alerts.select("months", "amount").rows() == [(2, 2 * 60000)]
    early = deaths(dead(1, "2025-03-05"))
    alerts, _ = raised(facts(rows, early), EMPTY, SECRET, MONTH, date(2025, 9, 30))
    assert alerts.select("months", "amount").rows() == [(6, 2 * 50050 + 4 * 60000)]


def test_two_payments_of_one_case_and_month_are_no_second_record_and_one_month():
    rows = [paid(1, "2025-01"), paid(1, "2025-01", amount=6000)]
    met = facts(rows, deaths(dead(1, "2025-06-05")))
    assert spans(met) == [("after_death", "2025-07", "2025-09")] * 2
    alerts, _ = raised(met, EMPTY, SECRET, MONTH, date(2025, 9, 30))
    assert alerts.select("months", "amount").rows() == [(3, 3 * 56050)]


# ------------------------------------------------------------------------------------------------- the life of an alert


def matched(held, month: str, *rows, lists=None):
    return raised(facts(rows, lists, month=number_of(month)), held, SECRET, number_of(month), date(2025, 9, 30))[0]


def answer(held, **said):
    given = {
        "alert_id": held["alert_id"][0],
        "verdict": "confirmed",
        "stopped": None,
        "recovered": None,
        "answer": "a.xlsx",
    }
    types = {
        "alert_id": pl.String,
        "verdict": pl.String,
        "stopped": pl.Int64,
        "recovered": pl.Int64,
        "answer": pl.String,
    }
    return answered(held, pl.DataFrame([given | said], schema=types))


EMPTY = pl.DataFrame(schema=ALERTS)
DEAD = deaths(dead(1, "2025-07-05"))


def test_an_open_alert_grows_and_an_answered_one_is_followed_by_a_new_one():
    first = matched(EMPTY, "2025-08", paid(1, "2025-01"), lists=DEAD)
    grown = matched(first, "2025-09", paid(1, "2025-01"), lists=DEAD)
    assert grown.select("alert_id", "months", "amount").rows() == [(first["alert_id"][0], 2, 100100)]
    told, counts = answer(grown, stopped=number_of("2025-10"), recovered=100)
    assert counts == {"new": 1, "changed": 0, "same": 0}
    assert matched(told, "2025-09", paid(1, "2025-01"), lists=DEAD).equals(told)
    later = matched(told, "2025-11", paid(1, "2025-01"), lists=DEAD)
    assert later.select("alert_id", "months", "status").rows() == [
        (first["alert_id"][0], 2, "answered"),
        (f"{first['alert_id'][0]}-2", 2, "sent"),
    ]
    assert matched(told, "2025-11", paid(1, "2025-01", "2025-09"), lists=DEAD).height == 1


def test_an_open_alert_keeps_the_day_that_it_was_found_on():
    first = matched(EMPTY, "2025-08", paid(1, "2025-01"), lists=DEAD)
    found = facts([paid(1, "2025-01")], DEAD)
    later, _ = raised(found, first, SECRET, MONTH, date(2025, 10, 8))
    assert later["found_on"].to_list() == [date(2025, 9, 30)]


def test_what_is_untrue_is_not_raised_again():
    told, _ = answer(matched(EMPTY, "2025-08", paid(1, "2025-01"), lists=DEAD), verdict="untrue")
    assert matched(told, "2025-12", paid(1, "2025-01"), lists=DEAD).equals(told)


def test_an_answer_twice_changes_nothing_and_another_one_is_a_correction():
    first = matched(EMPTY, "2025-09", paid(1, "2025-01"), lists=DEAD)
    told, _ = answer(first)
    again, counts = answer(told, answer="b.xlsx")
    assert counts == {"new": 0, "changed": 0, "same": 1}
    assert again.equals(told)
    assert answer(told, verdict="untrue")[1] == {"new": 0, "changed": 1, "same": 0}


def test_an_alert_that_is_no_more_lapses_only_where_its_list_was_looked_at():
    first = matched(EMPTY, "2025-09", paid(1, "2025-01"), lists=DEAD)
    assert matched(first, "2025-09", paid(1, "2025-01")).equals(first)
    gone = matched(first, "2025-09", paid(1, "2025-01"), lists=deaths())
    assert gone["status"].to_list() == ["lapsed"]
    back = matched(gone, "2025-09", paid(1, "2025-01"), lists=DEAD)
    assert back.equals(first)


def test_a_sum_of_which_a_part_is_not_known_is_not_known():
    rows = [paid(1, "2025-08", "2025-08"), paid(1, "2025-09", amount=None)]
    assert matched(EMPTY, "2025-09", *rows, lists=DEAD).select("months", "amount").rows() == [(2, None)]


def test_the_register_holds_masks_and_codes_that_another_key_makes_otherwise(tmp_path):
    found = facts([paid(1, "2025-01", case_ref=IDS[1])], DEAD)
    one, _ = raised(found, EMPTY, SECRET, MONTH, date(2025, 9, 30))
    other, _ = raised(found, EMPTY, Secret(b"o" * 32), MONTH, date(2025, 9, 30))
    row = one.row(0, named=True)
    assert row["person"] == IDS[1][:3] + "*" * 13 + IDS[1][-2:]
    assert row["surname"] == "某**"
    assert row["case_ref"] is None
    assert row["token"] != other["token"][0]
    write_alerts(tmp_path, one)
    assert read_alerts(tmp_path, SECRET).equals(one)
    with pytest.raises(WrongKey):
        read_alerts(tmp_path, Secret(b"o" * 32))


def test_the_key_is_made_once_for_its_owner_alone(tmp_path):
    secret = open_secret(tmp_path)
    path = tmp_path / KEY
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    assert open_secret(tmp_path).mark == secret.mark
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text().strip() not in repr(secret)
    path.write_text("no key")
    with pytest.raises(WrongKey):
        open_secret(tmp_path)
