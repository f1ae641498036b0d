"""A made-up past for the hand-made quarter: periods with a gap, changed rules, and why the last one changed."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction

import polars as pl
import sample

from scoring.shapes import CHANGES, HISTORY

PERIODS = ("2023Q2", "2023Q3", "2023Q4", "2024Q1", "2024Q2", "2024Q3", "2024Q4", "2025Q1")
PARTS = ("periods", "findings", "rectification", "overdue_and_repeat", "measures", "adjustments", "carry_over",
         "coverage", "rules", "rounding")  # fmt: skip
RULES_CHANGED = ("2023Q4", "2024Q3")
GAP = ("419001106", "2024Q2")
"""A town that was not scored in a period."""
RISEN = sample.CLEAN
"""The first town, which stood last in the period before."""


def with_past(whole: sample.SampleAssessment, count: int = 8, seed: int = 5, **more: object) -> sample.SampleAssessment:
    """The quarter with so many periods, itself the last, and with what changed since the one before."""
    history = past(whole, PERIODS[-count:], seed, **more)
    return replace(whole, history=history, changes=changes(whole, history, seed, **more))


def past(whole, periods, seed, *, changed=RULES_CHANGED, **_):
    """The history, town by town."""
    rng, rows = random.Random(seed), []
    towns = whole.scores.to_dicts()
    scores: dict[tuple[str, str], Fraction | None] = {}
    for town in towns:
        code = town["town_code"]
        for period in periods[:-1]:
            none = (code, period) == GAP
            scores[code, period] = None if none else Fraction(rng.randrange(7200, 9900), 100)
        if code == RISEN and town["score_num"] is not None:
            scores[code, periods[-2]] = Fraction(6012, 100)
        now = town["score_num"]
        scores[code, periods[-1]] = None if now is None else Fraction(now, town["score_den"])
    for town in towns:
        code = town["town_code"]
        for period in periods:
            score = scores[code, period]
            place = None
            if score is not None:
                place = 1 + sum((scores[t["town_code"], period] or Fraction(0)) > score for t in towns)
            if period == periods[-1]:
                place = town["rank"]
            grade = next(
                (g for g in whole.head["scheme"]["grades"] if score is not None and score >= int(g["at_least"] or 0)),
                {"id": None, "label": None, "label_en": None},
            )
            rows.append(
                {
                    "town_code": code,
                    "period": period,
                    "label": period,
                    "kind": "quarter",
                    "edition": 1,
                    **sample.pair("score", score),
                    "score": None if score is None else sample.text(score),
                    "rank": place,
                    "group_rank": place,
                    "grade": grade["id"],
                    "grade_label": grade["label"],
                    "grade_label_en": grade["label_en"],
                    "scheme_hash": str(sum(one <= period for one in changed)),
                    "scheme_title": whole.head["scheme"]["title"],
                    "rule_change": period in changed,
                    "full": "100",
                }
            )
    return pl.DataFrame(rows, schema=HISTORY)


def changes(whole, history, seed, *, known=True, rules=None, few=False, **_):
    """Parts that sum to each town's difference: a third here, a jump there, the rest findings."""
    rng, rows = random.Random(seed), []
    periods = list(dict.fromkeys(history["period"]))
    for town in whole.scores.to_dicts():
        code = town["town_code"]
        before = history.filter(town_code=code, period=periods[-2]).to_dicts()
        if town["score_num"] is None or not before or before[0]["score_num"] is None:
            continue
        difference = Fraction(town["score_num"], town["score_den"]) - Fraction(
            before[0]["score_num"], before[0]["score_den"]
        )
        parts = dict.fromkeys(PARTS, Fraction(0))
        if not few:
            parts |= {
                "rectification": Fraction(rng.randrange(1, 400), 100),
                "overdue_and_repeat": -Fraction(rng.randrange(1, 7), 3),
                "coverage": Fraction(-5, 4),
                "measures": Fraction(rng.randrange(-200, 200), 100),
                "adjustments": Fraction(1, 2),
                "carry_over": Fraction(-3, 10),
                "rounding": Fraction(1, 600),
            }
        if rules is not None:
            parts["rules"] = Fraction(rules)
        parts["findings"] += difference - sum(parts.values())
        rows += [
            {
                "town_code": code,
                "from_period": periods[-2],
                "to_period": periods[-1],
                "part": part,
                **sample.pair("points", points),
                "rules_known": known,
            }
            for part, points in parts.items()
        ]
    return pl.DataFrame(rows, schema=CHANGES)
