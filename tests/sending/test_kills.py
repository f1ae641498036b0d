"""A few kills of many (tests/long/test_sending_long.py): resumed, everybody has theirs once, or is listed."""

from __future__ import annotations

import random
from collections import Counter

import trustme

from tests.sending.killing import killed_copies, killed_round


def test_fault_a_send_killed_and_resumed(tmp_path):
    killed_round(tmp_path, trustme.CA(), "starttls", random.Random(5), 4, Counter())


def test_fault_copying_killed_and_resumed(tmp_path):
    killed_copies(tmp_path, random.Random(5), 4, Counter())
