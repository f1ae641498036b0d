"""Sends through a server that fails at every step, and sends killed at random moments.

TOWNSCORE_FAULTS and TOWNSCORE_KILLS set how many, TOWNSCORE_SEED which.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
import trustme

from tests.sending.killing import killed_copies, killed_round, seeded
from tests.sending.test_mail_faults import faulted

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")
FAULTS = int(os.environ.get("TOWNSCORE_FAULTS", "500"))
KILLS = int(os.environ.get("TOWNSCORE_KILLS", "60"))


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


def test_fault_five_hundred_faulted_sends(tmp_path, authority, capsys):
    chance = seeded()
    met, seen = Counter(), Counter()
    for number in range(10_000):
        if sum(met.values()) >= FAULTS:
            break
        folder = tmp_path / str(number)
        folder.mkdir()
        security = ("starttls", "tls")[number % 2]
        met += faulted(
            folder, authority, security, chance, 4, wait=0.2, rate=chance.choice([0.05, 0.15, 0.3]), seen=seen
        )
    with capsys.disabled():
        steps = Counter()
        for (step, _), count in met.items():
            steps[step] += count
        print(f"\nfaults {sum(met.values())} {dict(steps)}; lists {number}; {dict(seen)}")
    assert sum(met.values()) >= FAULTS


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_fault_kills_at_random_moments_of_a_send(tmp_path, authority, capsys, security):
    chance, seen = seeded(), Counter()
    number = 0
    while seen["killed"] < KILLS:
        folder = tmp_path / str(number)
        folder.mkdir()
        killed_round(folder, authority, security, chance, chance.randint(1, 5), seen)
        number += 1
    with capsys.disabled():
        print(f"\n{security}: lists {number}; {dict(seen)}")


def test_fault_kills_at_random_moments_of_copying(tmp_path, capsys):
    chance, seen = seeded(), Counter()
    number = 0
    while seen["killed copies"] < KILLS:
        folder = tmp_path / str(number)
        folder.mkdir()
        killed_copies(folder, chance, chance.randint(1, 5), seen)
        number += 1
    with capsys.disabled():
        print(f"\nlists {number}; {dict(seen)}")
