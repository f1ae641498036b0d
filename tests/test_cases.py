"""Every case of tests/cases, through the reference and through the engine."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

import chinese_calendar
import pytest

from tests.casebook import WORDS, all_cases, parse_line
from tests.reference import RefusedError, assess

CASES = all_cases()


def lines_of(entries):
    """Entries by kind and what they are about; those of 0 are not worth a line."""
    sums = defaultdict(Fraction)
    for kind, subject, points in entries:
        sums[kind, subject] += points
    return {key: value for key, value in sums.items() if value}


def reference_view(case):
    """What the reference says, in the shape that the expectations have."""
    done = assess(case.scheme, case.rows, case.period, case.as_of, chinese_calendar.is_workday)
    towns = {}
    for code, town in done.towns.items():
        entries = [
            (kind, subject or indicator or dimension or part or "总分", points)
            for part, dimension, indicator, kind, subject, points in town.ledger
        ]
        towns[code] = {
            "score": town.score,
            "rank": town.rank,
            "group_rank": town.group_rank,
            "grade": town.grade,
            "lines": lines_of(entries),
        }
    findings = {
        key: {
            "state": f.state,
            "due": f.due,
            "flags": set(f.flags),
            "disposition": f.disposition,
            "net": f.charge - f.credit + f.extra,
        }
        for key, f in done.findings.items()
    }
    return towns, findings


def compare(case, towns, findings):
    for name, wanted in case.expected.items():
        if name in towns:
            compare_town(name, towns[name], wanted)
        else:
            compare_finding(name, findings[name], wanted)


def compare_town(name, got, wanted):
    assert set(wanted) <= {"得分", "名次", "组内名次", "等次", "账目"}, wanted
    if "得分" in wanted:
        score = wanted["得分"]
        assert got["score"] == (None if score is None else Fraction(str(score))), (name, got)
    for word, key in (("名次", "rank"), ("组内名次", "group_rank"), ("等次", "grade")):
        if word in wanted:
            assert got[key] == wanted[word], (name, word, got[key])
    if "账目" in wanted:
        assert got["lines"] == lines_of(parse_line(text) for text in wanted["账目"]), name


def compare_finding(name, got, wanted):
    assert set(wanted) <= {"状态", "期限", "标记", "去向", "净扣"}, wanted
    if "状态" in wanted:
        assert got["state"] == WORDS["states"][wanted["状态"]], (name, got)
    if "期限" in wanted:
        assert got["due"] == wanted["期限"], (name, got["due"])
    if "标记" in wanted:
        assert got["flags"] == {WORDS["flags"][word] for word in wanted["标记"]}, (name, got["flags"])
    if "去向" in wanted:
        assert got["disposition"] == WORDS["dispositions"][wanted["去向"]], (name, got["disposition"])
    if "净扣" in wanted:
        assert got["net"] == Fraction(str(wanted["净扣"])), (name, got["net"])


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_reference_gives_what_was_worked_out_by_hand(case):
    if case.refused:
        with pytest.raises(RefusedError):
            reference_view(case)
        return
    compare(case, *reference_view(case))


def test_there_are_enough_cases():
    assert len(CASES) >= 80
