"""Every case of tests/cases, through the reference and through the engine."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from fractions import Fraction
from functools import cache

import chinese_calendar
import pytest

from scoring.periods import parse_period
from scoring.problems import Refused
from scoring.scheme import load_scheme
from tests import engine, goldens
from tests.casebook import WORDS, all_cases, parse_line
from tests.reference import RefusedError, assess

CASES = all_cases()
IDS = [case.name for case in CASES]
# Where the two sides name a thing differently, the cases' words stand for both.
SAME = {"letter": "same_letter_twice", "letter_twice": "same_letter_twice"}


def lines_of(entries):
    """Entries by kind and what they are about; those of 0 are not worth a line."""
    sums = defaultdict(Fraction)
    for kind, subject, points in entries:
        sums[kind, subject] += points
    return {key: value for key, value in sums.items() if value}


def subject_of(kind, subject, indicator, dimension, part):
    """What an entry is about, as the cases say it: the nearest thing that has a name."""
    if kind == "not_applicable":
        return indicator or dimension
    return (None if kind == "gate" else subject) or indicator or dimension or part or "总分"


def reference_view(case):
    """What the reference says, in the shape that the expectations have."""
    done = assess(case.scheme, case.rows, case.period, case.as_of, chinese_calendar.is_workday, case.published)
    towns = {}
    for code, town in done.towns.items():
        entries = [
            (kind, subject_of(kind, subject, indicator, dimension, part), points)
            for part, dimension, indicator, kind, subject, points in town.ledger
        ]
        towns[code] = {
            **{name: getattr(town, name) for name in ("score", "rank", "group_rank", "grade")},
            "indicators": {key: (town.outcomes[key], value) for key, value in town.earned.items()},
            "dimensions": town.dimensions,
            "lines": lines_of(entries),
        }
    findings = {
        key: {
            **{name: getattr(f, name) for name in ("state", "due", "disposition", "occasions")},
            "flags": set(f.flags),
            "matter": f.matter and f.matter.id,
            "net": f.charge - f.credit + f.extra,
        }
        for key, f in done.findings.items()
    }
    return towns, findings


@cache
def assessed(number):
    """The engine's assessment of a case."""
    case = CASES[number]
    period = parse_period(case.period.label, case.scheme.calendar)
    assert (period.start, period.end) == (case.period.start, case.period.end)
    days = (period.start, period.end, case.as_of)
    return engine.run(case.scheme, case.rows, period.id, *days, kind=period.kind, published=case.published)


def engine_view(number):
    """What the engine says, in the same shape."""
    done = assessed(number)
    seen = engine.view(done)
    entries = defaultdict(list)
    for row in done.ledger.iter_rows(named=True):
        about = subject_of(*(row[name] for name in ("kind", "subject", "indicator", "dimension", "part")))
        entries[row["town_code"]].append((SAME.get(row["kind"], row["kind"]), about, engine.fraction(row, "points")))

    def of_town(values, code):
        return {(part or None, name): value for (town, part, name), value in values.items() if town == code}

    towns = {
        code: {
            **town,
            "indicators": of_town(seen.indicators, code),
            "dimensions": of_town(seen.dimensions, code),
            "lines": lines_of(entries[code]),
        }
        for code, town in seen.towns.items()
    }
    findings = {
        key: {**f, "occasions": f["repeat"], "flags": {SAME.get(flag, flag) for flag in f["flags"]}}
        for key, f in seen.findings.items()
    }
    for row in done.findings.iter_rows(named=True):
        findings[row["finding_id"]]["gives_back"] = engine.fraction(row, "gives_back")
    return towns, findings


def compare(case, towns, findings):
    for name, wanted in case.expected.items():
        if name in towns:
            compare_town(name, towns[name], wanted)
        else:
            compare_finding(name, findings[name], wanted)


def number(value):
    return None if value is None else Fraction(str(value))


def compare_town(name, got, wanted):
    assert set(wanted) <= {"得分", "名次", "组内名次", "等次", "账目", "指标", "方面"}, wanted
    if "得分" in wanted:
        assert got["score"] == number(wanted["得分"]), (name, got)
    for word, key in (("名次", "rank"), ("组内名次", "group_rank"), ("等次", "grade")):
        if word in wanted:
            assert got[key] == wanted[word], (name, word, got[key])
    if "账目" in wanted:
        assert got["lines"] == lines_of(parse_line(text) for text in wanted["账目"]), name
    for what, value in wanted.get("指标", {}).items():
        part, _, indicator = str(what).rpartition("/")
        outcome, earned = got["indicators"][part or None, indicator]
        if value in WORDS["outcomes"]:
            assert outcome == WORDS["outcomes"][value], (name, what, outcome)
        else:
            assert earned == number(value), (name, what, earned)
    for what, value in wanted.get("方面", {}).items():
        part, _, dimension = str(what).rpartition("/")
        assert got["dimensions"][part or None, dimension] == number(value), (name, what, got["dimensions"])


def compare_finding(name, got, wanted):
    assert set(wanted) <= {"状态", "期限", "标记", "去向", "净扣", "并入", "此前次数", "可恢复"}, wanted
    if "状态" in wanted:
        assert got["state"] == WORDS["states"][wanted["状态"]], (name, got)
    if "标记" in wanted:
        assert got["flags"] == {WORDS["flags"][word] for word in wanted["标记"]}, (name, got["flags"])
    if "去向" in wanted:
        assert got["disposition"] == WORDS["dispositions"][wanted["去向"]], (name, got["disposition"])
    if "净扣" in wanted:
        assert got["net"] == number(wanted["净扣"]), (name, got["net"])
    if "可恢复" in wanted and "gives_back" in got:  # a forecast for the town's sheet; the reference makes none
        assert got["gives_back"] == number(wanted["可恢复"]), (name, got["gives_back"])
    for word, key in (("期限", "due"), ("并入", "matter"), ("此前次数", "occasions")):
        if word in wanted:
            assert got[key] == wanted[word], (name, word, got[key])


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_reference_gives_what_was_worked_out_by_hand(case):
    if case.refused:
        with pytest.raises(RefusedError):
            reference_view(case)
        return
    compare(case, *reference_view(case))


@pytest.mark.parametrize("number", range(len(CASES)), ids=IDS)
def test_engine_gives_what_was_worked_out_by_hand(number):
    case = CASES[number]
    if case.refused:
        with pytest.raises(Refused) as refusal:
            assessed(number)
        assert {problem.code for problem in refusal.value.problems} == {case.refused}
        return
    compare(case, *engine_view(number))


def said(row):
    """A row as one line: what is empty left out, fractions in one piece."""
    shown = {}
    for name, value in row.items():
        whole = name.removesuffix("_num")
        if whole != name and value is not None:
            shown[whole] = engine.fraction(row, whole)
        elif not name.endswith("_den"):
            shown.setdefault(name, value)
    return "  ".join(f"{name} {value}" for name, value in shown.items() if value not in (None, "", []))


def account(case, done):
    """All that the engine says of a case: its ledger and findings to be read, the rest as a digest."""
    head = {name: value for name, value in done.head.items() if name != "scheme"}
    rest = {name: getattr(done, name).to_dicts() for name in ("scores", "dimensions", "indicators")} | {"head": head}
    lines = [f"# {case.name}", *map(said, done.ledger.drop("entry_id", "period").to_dicts()), "--"]
    lines += map(said, done.findings.to_dicts())
    digests = (f"{name} {hashlib.sha256(repr(value).encode()).hexdigest()[:12]}" for name, value in rest.items())
    return "\n".join([*lines, "--", "  ".join(digests), "", ""])


@pytest.mark.parametrize("file", sorted({name.partition(":")[0] for name in IDS}))
def test_engine_says_of_every_case_what_it_said_when_it_was_looked_at(file):
    """Reasons, clauses and parameters too, which a statement prints and no arithmetic shows."""
    told = [
        account(case, assessed(number))
        for number, case in enumerate(CASES)
        if case.name.partition(":")[0] == file and not case.refused
    ]
    goldens.same_text(f"cases/{file}.txt", "".join(told), "tests/test_cases.py")


def test_there_are_enough_cases():
    assert len(CASES) >= 80


def test_every_case_has_a_name_of_its_own_and_expects_something():
    assert [name for name, times in Counter(IDS).items() if times > 1] == []
    assert [case.name for case in CASES if bool(case.expected) == bool(case.refused)] == []


def test_every_case_uses_a_scheme_that_a_bureau_could_load(tmp_path):
    path = tmp_path / "scheme.yaml"
    for text in dict.fromkeys(case.text for case in CASES):
        path.write_text(text, "utf-8")
        load_scheme(path)
