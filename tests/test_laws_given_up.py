"""Schemes that give up a law of `deduct` are named, and each cause does break the law in a small world."""

from __future__ import annotations

from datetime import date

import pytest

from schemas.scheme import Scheme
from tests.laws import given_up, scored, scores_of

FOUND, DUE = date(2025, 2, 3), date(2025, 2, 13)
FINDING = {"finding_id": "A", "town": "T1", "found_on": FOUND, "indicator": "一", "channel": "抽查", "village": "东村"}
FINDING |= {"severity": "一般", "due_on": DUE, "cases": 4}
MORE = FINDING | {"finding_id": "B", "channel": "自查"}
PAIRED = {"duplicates": {"sides": [{"channel": "抽查"}, {"channel": "自查"}], "key": ["village"], "days": 5}}
WIDE = {"duplicates": PAIRED["duplicates"] | {"within": "scheme", "order": ["自查"]}}
ZERO = [{"when": {"severity": "严重"}, "zero_out": True}, {"price": "16"}]
BEYOND = {"rule": {"prices": ZERO}, "cap": "none"}
AGAIN = [{"id": "再", "label": "再", "level": "indicator", "measure": "次", "steps": [{"at_least": "1", "share": "1"}]}]


def one_scheme(states=None, policy=None, rule=None, cap="points", **changes):
    """Two indicators of ten points, a finding costs two."""
    rule = {"kind": "deduct", "prices": [{"price": "2"}]} | (rule or {})
    one = {"label": "项", "points": "10", "clause": "项", "cap": cap, "rule": rule}
    raw = {"id": "例", "title": "例", "document": "例", "effective": {"from": date(2024, 1, 1)}, "full": "20"}
    raw["dimensions"] = [{"id": "甲", "label": "甲", "points": "20", "indicators": [one | {"id": i} for i in "一二"]}]
    raw["severities"] = [{"id": "一般"}, {"id": "严重"}]
    raw["measures"] = [{"id": "次", "label": "次"}]
    usual = {"on_time": {"share": "0.5"}, "late": {"share": "0.2"}, "overdue": {"extra": "0.3"}}
    raw["rectification"] = {"states": usual | (states or {})} | (policy or {})
    return Scheme.model_validate(raw | changes)


def score_of(scheme, findings, fixed_on=None):
    rows = {"towns": [{"town_code": "T1", "name": "镇"}], "findings": findings}
    rows["measures"] = [{"town": "T1", "period": "2025Q1", "measure": "次", "value": 1}]
    rows["rectifications"] = (
        [{"finding_id": "A", "submitted_on": fixed_on, "outcome": "done", "verdict": "passed"}] if fixed_on else []
    )
    return scores_of(scored(scheme, rows, date(2025, 3, 31)))["T1"]


NEVER, IN_TIME, LATER = None, date(2025, 2, 10), date(2025, 2, 20)


@pytest.mark.parametrize(
    ("scheme", "early", "late", "changes"),
    [
        ({"states": {"late": {"share": "0.8"}}}, IN_TIME, LATER, {}),
        ({"states": {"on_time": {"extra": "1"}}}, IN_TIME, NEVER, {"due_on": None}),
        ({"states": {"late": {"share": "0.1", "extra": "1"}}}, LATER, NEVER, {}),
        ({"states": {"overdue": {"share": "0.4"}}}, LATER, NEVER, {}),
        ({"states": {"open_in_time": {"share": "0.7"}}}, IN_TIME, NEVER, {"due_on": date(2025, 4, 1)}),
        ({"states": {"extended": {"share": "0.9"}}}, IN_TIME, LATER, {"extended_to": date(2025, 2, 25)}),
        (
            {
                "states": {"self_reported": {"share": "0.1"}, "overdue": {}},
                "policy": {"self_reported_when": {"channel": "抽查"}},
            },
            IN_TIME,
            LATER,
            {},
        ),
    ],
)
def test_a_policy_out_of_order_is_named_and_makes_an_earlier_fix_dearer(scheme, early, late, changes):
    scheme = one_scheme(**scheme)
    assert "law-credit-order" in given_up(scheme)
    assert score_of(scheme, [FINDING | changes], early) < score_of(scheme, [FINDING | changes], late)


SELF = {"states": {"self_reported": {"share": "1"}}, "policy": {"self_reported_when": {"channel": "自查"}}}
SEVERAL = {"kind": "deduct", "per": "case", "prices": [{"when": {"severity": "严重"}, "price": "9"}, {"price": "2"}]}


@pytest.mark.parametrize(
    ("code", "scheme", "old", "more", "fixed_on"),
    [
        # The dearer keeper lies on an indicator that is lost already.
        (
            "law-pairs",
            WIDE,
            [FINDING | {"indicator": "二"}, *[MORE | {"finding_id": f"F{n}", "village": None} for n in range(5)]],
            {},
            NEVER,
        ),
        ("law-pairs", PAIRED | SELF, [FINDING], {"found_on": date(2025, 2, 1)}, IN_TIME),
        (
            "law-pairs",
            PAIRED | {"states": {"extended": {"share": "0.9"}}},
            [FINDING],
            {"found_on": date(2025, 2, 1), "due_on": date(2025, 2, 5), "extended_to": DUE},
            IN_TIME,
        ),
        (
            "law-pairs",
            PAIRED
            | {
                "rule": SEVERAL,
                "cap": "none",
                "policy": {"extra_per": "quantity"},
                "states": {"overdue": {"extra": "2"}},
            },
            [FINDING],
            {"severity": "严重", "cases": 1},
            NEVER,
        ),
        (
            "law-pairs",
            PAIRED | {"states": {"overdue": {"share": "1"}, "late": {"share": "1"}, "on_time": {"share": "1"}}},
            [FINDING | {"due_on": None}],
            {},
            NEVER,
        ),
        ("law-zero-out", PAIRED | BEYOND, [FINDING], {"severity": "严重"}, NEVER),
        (
            "law-zero-out",
            PAIRED | {"rule": {"prices": ZERO, "zero_out_lifted_by": "fix"}},
            [FINDING],
            {"severity": "严重"},
            IN_TIME,
        ),
        ("law-zero-out", BEYOND | {"surcharges": AGAIN}, [FINDING], {"severity": "严重"}, NEVER),
    ],
)
def test_what_may_make_two_findings_cheaper_than_one_is_named(code, scheme, old, more, fixed_on):
    scheme = one_scheme(**scheme)
    assert code in given_up(scheme)
    assert score_of(scheme, [*old, MORE | more], fixed_on) > score_of(scheme, old, fixed_on)


@pytest.mark.parametrize(
    "scheme",
    [
        {},
        PAIRED,
        PAIRED | {"rule": {"prices": ZERO}},
        {"rule": {"prices": ZERO}, "cap": "none"},
        {"rule": {"prices": ZERO, "zero_out_lifted_by": "fix"}, "surcharges": AGAIN},
        SELF,
        PAIRED | SELF | {"policy": {"self_reported_when": {"channel": "自报"}}},
        {"policy": {"credit_on": "reported"}, "states": {"waiting": {"share": "1"}}},
        {"states": {"on_time": {"share": "0.5", "extra": "0.1"}, "sent_back": {"extra": "1"}}},
    ],
)
def test_a_scheme_that_keeps_the_laws_gives_none_up(scheme):
    assert not given_up(one_scheme(**scheme))
