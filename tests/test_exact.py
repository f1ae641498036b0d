"""Exact numbers, by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from scoring.exact import LARGEST, add_up, common_denominator, fixed, round_half_away


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        ("1/20", 2, "0.05"),
        ("-1/20", 2, "-0.05"),
        ("-1/200", 2, "-0.01"),
        ("1/201", 2, "0.00"),
        ("-1/201", 2, "0.00"),
        ("0", 2, "0.00"),
        ("9.995", 2, "10.00"),
        ("175/2", 2, "87.50"),
        ("175/2", 0, "88"),
        ("-1/2", 0, "-1"),
        ("1/3", 4, "0.3333"),
        ("1234.5", 1, "1234.5"),
    ],
)
def test_a_number_is_written_with_its_decimals(value, decimals, text):
    assert fixed(Fraction(value), decimals) == text


@pytest.mark.parametrize(
    ("value", "decimals", "rounded"),
    [
        ("0.005", 2, "0.01"),
        ("-0.005", 2, "-0.01"),
        ("0.0049999", 2, "0"),
        ("-0.0049999", 2, "0"),
        ("2/3", 2, "0.67"),
        ("99.995", 2, "100"),
        ("0.25", 1, "0.3"),
        ("12", 2, "12"),
        ("0.5", 0, "1"),
    ],
)
def test_an_exact_half_moves_away_from_zero(value, decimals, rounded):
    assert round_half_away(Fraction(value), decimals) == Fraction(rounded)


def test_sums_and_denominators():
    thirds = [Fraction(1, 3), Fraction(-1, 2), Fraction(1, 3), Fraction(5)]
    assert add_up(thirds) == Fraction(31, 6)
    assert common_denominator(thirds) == 6
    assert (add_up([]), common_denominator([])) == (0, 1)
    # A sum up to it, doubled, still fits 64 bits with its sign.
    assert 2 * LARGEST - 1 == 2**63 - 1
