"""The draw: counted by hand, its chances over many seeds, and what changes nothing."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter
from fractions import Fraction
from math import sqrt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.supervision.sampling.drawing import Drawn, Item, Rules, draw, draw_count, required

ABOUT = "sample/2025-09"
THIRTY = Rules(Fraction(3, 10))
RISKY = Rules(Fraction(3, 10), ("kin", "village"), Fraction(1, 2))
TOWN = [
    *(Item("T", "A", f"a{n}") for n in range(7)),
    *(Item("T", "B", f"b{n}") for n in range(3)),
    Item("T", "C", "c0"),
]
SEEDS = 10_000


def keys(drawn: list[Drawn]) -> set[str]:
    return {one.item.key for one in drawn}


def fair(seen: int, chance: Fraction) -> bool:
    """Whether a share over the seeds lies within 4.5 standard deviations of its chance."""
    spread = sqrt(chance * (1 - chance) / SEEDS)
    return abs(seen / SEEDS - chance) <= 4.5 * spread


@pytest.mark.parametrize(("count", "asked"), [(0, 0), (1, 1), (3, 1), (4, 2), (10, 3), (11, 4), (100, 30), (101, 31)])
def test_thirty_per_cent_is_rounded_up(count, asked):
    assert required(count, Fraction(3, 10)) == asked
    drawn = draw([Item("T", "A", str(n)) for n in range(count)], "1", THIRTY, ABOUT)
    assert len(drawn) == len(keys(drawn)) == asked


def test_every_case_has_the_same_chance_whatever_the_size_of_its_programme():
    seen: Counter[str] = Counter()
    strata: Counter[tuple[str, int]] = Counter()
    for seed in range(SEEDS):
        drawn = draw(TOWN, str(seed), THIRTY, ABOUT)
        assert len(drawn) == 4
        seen.update(keys(drawn))
        strata.update(Counter(one.item.stratum for one in drawn).items())
    assert [key for key in (item.key for item in TOWN) if not fair(seen[key], Fraction(4, 11))] == []
    # 4·7/11 = 2.55, 4·3/11 = 1.09, 4/11: never more than a whole case off its share.
    assert set(strata) == {("A", 2), ("A", 3), ("B", 1), ("B", 2), ("C", 1)}


def test_risk_comes_first_up_to_its_share_and_the_rest_keeps_its_chance():
    town = [
        *TOWN,
        Item("T", "A", "k", ("kin",)),
        Item("T", "B", "v1", ("village",)),
        Item("T", "B", "v2", ("village",)),
    ]
    seen: Counter[str] = Counter()
    for seed in range(SEEDS):
        drawn = draw(town, str(seed), RISKY, ABOUT)  # 5 of 14, at most 3 of them for their risk
        assert len(drawn) == 5
        assert Counter(one.why for one in drawn) == {"kin": 1, "village": 2, "": 2}
        seen.update(keys(drawn))
    assert [seen[key] for key in ("k", "v1", "v2")] == [SEEDS] * 3
    assert [item.key for item in TOWN if not fair(seen[item.key], Fraction(2, 11))] == []


def test_more_at_risk_than_their_share_take_turns_and_still_stand_in_the_rest():
    town = [*(Item("T", "A", f"v{n}", ("village",)) for n in range(4)), *(Item("T", "A", f"a{n}") for n in range(6))]
    seen: Counter[str] = Counter()
    for seed in range(SEEDS):
        drawn = draw(town, str(seed), RISKY, ABOUT)  # 3 of 10: 2 for their risk, 1 of the 8 others
        assert Counter(one.why for one in drawn) == {"village": 2, "": 1}
        seen.update(keys(drawn))
    assert all(fair(seen[f"v{n}"], Fraction(1, 2) + Fraction(1, 2) * Fraction(1, 8)) for n in range(4))
    assert all(fair(seen[f"a{n}"], Fraction(1, 8)) for n in range(6))


def test_the_weightiest_sign_comes_first():
    rules = Rules(Fraction(3, 10), ("kin", "village"), Fraction(1))
    town = [Item("T", "A", "v", ("village",)), Item("T", "A", "k", ("village", "kin")), Item("T", "A", "a")]
    for seed in range(20):
        assert draw(town, str(seed), rules, ABOUT) == [Drawn(town[1], "kin")]


def test_a_number_of_all_is_spread_over_the_towns_by_their_size():
    items = [Item(town, "", f"{town}{n}") for town, count in (("T1", 20), ("T2", 9), ("T3", 1)) for n in range(count)]
    seen: Counter[str] = Counter()
    for seed in range(SEEDS):
        drawn = draw_count(items, str(seed), 10, ABOUT)
        assert len(drawn) == 10
        assert Counter(one.item.town for one in drawn)["T2"] == 3
        seen.update(keys(drawn))
    assert [item.key for item in items if not fair(seen[item.key], Fraction(1, 3))] == []
    assert len(draw_count(items, "1", 99, ABOUT)) == 30


def test_another_month_or_seed_draws_others():
    town = [Item("T", "A", str(n)) for n in range(60)]
    drawn = {frozenset(keys(draw(town, seed, THIRTY, about))) for seed in "12" for about in (ABOUT, "sample/2025-10")}
    assert len(drawn) == 4


ITEMS = st.lists(
    st.builds(
        Item,
        st.sampled_from(["T1", "T2", "T3"]),
        st.sampled_from(["A", "B", ""]),
        st.text("abc01-", min_size=1, max_size=4),
        st.sampled_from([(), ("kin",), ("village", "kin")]),
    ),
    max_size=25,
    unique_by=lambda item: (item.town, item.key),
)


@given(ITEMS, st.sampled_from(["1", "20251010"]), st.randoms())
@settings(max_examples=60)
def test_order_and_other_towns_change_nothing_and_each_town_has_its_number(items, seed, chance):
    drawn = draw(items, seed, RISKY, ABOUT)
    shuffled = items.copy()
    chance.shuffle(shuffled)
    assert draw(shuffled, seed, RISKY, ABOUT) == drawn
    for town in ("T1", "T2", "T3"):
        own = [item for item in items if item.town == town]
        of_town = [one for one in drawn if one.item.town == town]
        assert draw(own, seed, RISKY, ABOUT) == of_town
        assert len(of_town) == required(len(own), RISKY.share)
        assert sum(bool(one.why) for one in of_town) <= -(-len(of_town) // 2)


CHILD = """
from fractions import Fraction
from scoring.supervision.sampling.drawing import Item, Rules, draw
items = {Item(f"T{n % 3}", "甲乙"[n % 2], f"示例-İı{n}", ("kin",) if n % 5 == 0 else ()) for n in range(90)}
drawn = draw(items, "20251010", Rules(Fraction(3, 10), ("kin",), Fraction(1, 2)), "sample/2025-09")
print([(one.item.key.encode(), one.why) for one in drawn])
"""


def test_a_fresh_process_of_another_locale_time_zone_and_hash_seed_draws_the_same(root: Path):
    said = set()
    for locale, zone, seed in (
        ("C", "UTC", "0"),
        ("tr_TR.UTF-8", "Asia/Shanghai", "1"),
        ("zh_CN.GB18030", "America/Lima", "77"),
    ):
        environment = {
            **os.environ,
            "LC_ALL": locale,
            "TZ": zone,
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": str(root),
            "PYTHONUTF8": "1",
        }
        made = subprocess.run(
            [sys.executable, "-c", CHILD], env=environment, capture_output=True, check=True, text=True
        )
        said.add(made.stdout)
    (one,) = said
    # Of 30 a town 9 are drawn, 5 of them for their risk. Its hash is written down: no later version draws otherwise.
    assert one.count("kin") == 15
    assert hashlib.sha256(one.encode()).hexdigest()[:16] == "b666be4658bc447f"
