"""A hand-made Assessment in the documented format: the 16 towns of Jiyuan, about a hundred findings, odd towns.

The engine is not used: what stands here is what reports may rely on, worked out by the plain sums below.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from itertools import groupby
from statistics import median
from typing import Any

import polars as pl
from sample_scheme import INDICATORS, SCHEME, scheme_head

from scoring.shapes import APPEALS, CHANGES, DOUBT, DUTIES, HISTORY, IMPROVEMENTS, ROLLED, WARNINGS

TOWNS = [
    ("419001001", "沁园街道", "街道"),
    ("419001002", "济水街道", "街道"),
    ("419001003", "北海街道", "街道"),
    ("419001004", "天坛街道", "街道"),
    ("419001005", "玉泉街道", "街道"),
    ("419001100", "克井镇", "镇"),
    ("419001101", "五龙口镇", "镇"),
    ("419001102", "轵城镇", "镇"),
    ("419001103", "承留镇", "镇"),
    ("419001104", "邵原镇", "镇"),
    ("419001105", "坡头镇", "镇"),
    ("419001106", "梨林镇", "镇"),
    ("419001107", "大峪镇", "镇"),
    ("419001108", "思礼镇", "镇"),
    ("419001109", "王屋镇", "镇"),
    ("419001110", "下冶镇", "镇"),
]
CLEAN, CROWDED, GATED, UNCHECKED = "419001003", "419001102", "419001109", "419001110"

# dimension: id, label, label_en, points, [(id, label, label_en, points, clause, price)]
CHANNELS = ["月度抽查", "日常监督", "专项督导", "暗访抽查", "信访投诉", "数据比对"]
VILLAGES = ["东关社区", "南街村", "西坡村", "李庄村", "马头村", "河口村", "新城社区"]
TEXTS = {
    "file_complete": "2户低保档案缺少困难情况说明，审批表主要领导签批栏空白。",
    "file_visit_record": "入户调查记录无调查人签字，未填写家庭收入来源。",
    "dynamic_review": "B类对象超过半年未开展复核，台账停留在上年度。",
    "timely_exit": "家庭成员稳定就业后仍按原标准发放，未及时办理退出手续。",
    "satisfaction": "抽样回访中反映办理进度答复不及时。",
}
AS_OF = date(2025, 4, 15)


@dataclass
class SampleAssessment:
    """Duck-typed like `scoring.assessment.Assessment`."""

    head: dict[str, Any]
    scores: pl.DataFrame
    dimensions: pl.DataFrame
    indicators: pl.DataFrame
    ledger: pl.DataFrame
    findings: pl.DataFrame
    history: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=HISTORY))
    changes: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=CHANGES))
    extra: dict[str, Any] = field(default_factory=dict)
    rolled: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ROLLED))
    appeals: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=APPEALS))
    warnings: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=WARNINGS))
    doubt: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=DOUBT))
    improvements: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=IMPROVEMENTS))
    duties: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=DUTIES))

    def for_town(self, code: str) -> SampleAssessment:
        """One town's rows only."""
        own = pl.col("town_code") == code
        return SampleAssessment(
            {key: value for key, value in self.head.items() if key != "internal"},
            self.scores.filter(own),
            self.dimensions.filter(own),
            self.indicators.filter(own),
            self.ledger.filter(own),
            self.findings.filter(pl.col("town") == code),
            self.history.filter(own),
            self.changes.filter(own),
            improvements=self.improvements.filter(own),
        )


def text(value: Fraction) -> str:
    """Plain decimal text of the sample's terminating numbers."""
    return f"{float(value):.2f}"


def pair(name: str, value: Fraction | None) -> dict[str, int | None]:
    """The two columns of one exact number."""
    return {
        f"{name}_num": None if value is None else value.numerator,
        f"{name}_den": None if value is None else value.denominator,
    }


def finding(rng: random.Random, code: str, number: int) -> dict[str, Any]:
    """One priced finding with a state."""
    indicator = rng.choice([*INDICATORS, "file_complete", "file_complete", "file_visit_record", "dynamic_review"])
    _, _, label, _, _, clause, price = INDICATORS[indicator]
    found = date(2025, 1, 6) + timedelta(days=rng.randrange(78))
    due = found + timedelta(days=rng.choice([14, 21, 30]))
    state = rng.choice(["on_time", "on_time", "on_time", "late", "open", "waiting", "overdue", "sent_back"])
    if state == "overdue" and due >= AS_OF:
        state = "open"
    if state == "open":
        due = AS_OF + timedelta(days=rng.randrange(3, 15))
    fixed = {"on_time": due - timedelta(days=2), "late": due + timedelta(days=4)}.get(state)
    charge = Fraction(price)
    repeat = 1 if rng.random() < 0.08 else 0
    credit = {"on_time": charge / 2, "late": charge * 2 / 5}.get(state, Fraction(0))
    extra = Fraction(1, 2) if state == "overdue" else Fraction(0)
    gives = charge / 2 if state in {"open", "waiting"} else Fraction(0)
    return {
        "finding_id": f"JY-2025Q1-{code[-3:]}-{number:03d}",
        "town": code,
        "village": rng.choice(VILLAGES),
        "found_on": found,
        "assigned_on": found + timedelta(days=1),
        "indicator": indicator,
        "severity": rng.choice(["一般", "一般", "较重", "严重"]),
        "channel": rng.choice(CHANNELS),
        "source_level": "本级",
        "programme": rng.choice(["农村低保", "城市低保", "特困（分散）", "临时救助（急难型）"]),
        "problem_type": label,
        "cases": rng.randrange(1, 4),
        "persons": None,
        "amount": None,
        "description": TEXTS.get(indicator, f"{label}方面存在不到位情形，已现场告知经办人员。"),
        "approved_on": None,
        "action": "限期整改",
        "stage": "审核",
        "acknowledged": "accepted",
        "check_id": "HC-202503",
        "tags": [],
        "disposition": "priced",
        "found_severity": None,
        "matter": None,
        "part": "main",
        "state": state,
        "flags": ["overdue"] if state == "overdue" else [],
        "due": due,
        "fixed_on": fixed,
        "repeat": repeat,
        **pair("charge", charge * (2 if repeat else 1)),
        **pair("credit", credit * (2 if repeat else 1)),
        **pair("extra", extra),
        **pair("net", charge * (2 if repeat else 1) - credit * (2 if repeat else 1) + extra),
        **pair("gives_back", gives),
        "gives_back_by": due if gives else None,
        "price_line": "L1",
        "clause": clause,
    }


def entry(code: str, counter: list[int], kind: str, points: Fraction, **more: Any) -> dict[str, Any]:
    """One row of the ledger."""
    counter[0] += 1
    clause = more.pop("clause", "")
    parameters = more.pop("parameters", {})
    return {
        "entry_id": f"2025Q1/1/{code}/{more.get('indicator') or '-'}/{kind}/{more.get('subject') or '-'}/{counter[0]}",
        "town_code": code,
        "period": "2025Q1",
        "part": "main",
        "dimension": more.get("dimension"),
        "indicator": more.get("indicator"),
        "kind": kind,
        "subject": more.get("subject"),
        **pair("quantity", Fraction(1)),
        **pair("price", abs(points)),
        **pair("multiplier", Fraction(1)),
        **pair("points", points),
        "points": text(points),
        "clause": clause,
        "line": "L1",
        "reason": more.get("reason", kind.replace("_", "-")),
        "parameters": json.dumps(parameters, ensure_ascii=False),
    }


def statement(code: str, findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The town's ledger: deductions, credits and extras by indicator, then caps, bonus, gate."""
    rows: list[dict[str, Any]] = []
    counter = [0]
    for indicator, (dimension, _, _, _, points, clause, _) in INDICATORS.items():
        own = [f for f in findings if f["indicator"] == indicator]
        total = Fraction(0)
        for f in own:
            place = {"dimension": dimension, "indicator": indicator, "subject": f["finding_id"], "clause": clause}
            charge = Fraction(f["charge_num"], f["charge_den"])
            base = charge / 2 if f["repeat"] else charge
            rows.append(entry(code, counter, "deduction", -base, **place, parameters={"unit": "finding"}))
            if f["repeat"]:
                rows.append(
                    entry(
                        code,
                        counter,
                        "repeat",
                        base - charge,
                        **place,
                        parameters={"occasions": "1", "multiplier": "2"},
                    )
                )
            credit = Fraction(f["credit_num"], f["credit_den"])
            if credit:
                rows.append(
                    entry(
                        code,
                        counter,
                        "credit",
                        credit,
                        **place,
                        reason=f"credit-{f['state'].replace('_', '-')}",
                        parameters={"share": "1/2", "fixed_on": str(f["fixed_on"]), "due": str(f["due"])},
                    )
                )
            extra = Fraction(f["extra_num"], f["extra_den"])
            if extra:
                rows.append(
                    entry(
                        code,
                        counter,
                        "overdue",
                        -extra,
                        **place,
                        reason="extra-overdue",
                        parameters={"due": str(f["due"])},
                    )
                )
            total += charge - credit + extra
        if total > points:
            rows.append(
                entry(
                    code,
                    counter,
                    "cap",
                    total - points,
                    dimension=dimension,
                    indicator=indicator,
                    clause=clause,
                    parameters={"cap": str(points), "loss": text(total)},
                )
            )
    return rows


def assessment(
    seed: int = 1,
    *,
    crowd: int = 400,
    stage: str = "comment",
    names: dict[str, str] | None = None,
    description: str | None = None,
    incomplete: bool = False,
    nothing: bool = False,
    equal: bool = False,
    previous: bool = False,
) -> SampleAssessment:
    """Build the sample.

    `names` renames towns, `description` replaces one finding's text, `nothing` leaves every town without a finding,
    `equal` leaves every town with full marks.
    """
    rng = random.Random(seed)
    scores, dimensions, indicators, ledger, findings = [], [], [], [], []
    for order, (code, name, kind) in enumerate(TOWNS):
        count = 0 if code == CLEAN else crowd if code == CROWDED else rng.randrange(3, 10)
        own = [] if nothing or equal else [finding(rng, code, n + 1) for n in range(count)]
        if description and own:
            own[0]["description"] = description
        unchecked = code == UNCHECKED and not equal
        if unchecked:
            for f in own:
                f["disposition"] = "not_checked"
        rows = [] if unchecked else statement(code, own)
        if code == "419001001" and not equal and not nothing:
            rows.append(
                entry(
                    code, [900], "bonus", Fraction(1), parameters={"item": "经验做法被省厅推广"}, clause="五、加分第1项"
                )
            )
        gates = []
        score = Fraction(100) + sum(Fraction(r["points_num"], r["points_den"]) for r in rows)
        if code == GATED and not nothing and not equal:
            gates = ["petition_harm"]
            rows.append(
                entry(
                    code,
                    [901],
                    "gate",
                    Fraction(0),
                    parameters={"wording": "发生群体性信访事件，取消评优"},
                    clause="六、第1项",
                )
            )
        for dimension, _, _, weight, items in SCHEME:
            lost = sum(
                (Fraction(r["points_num"], r["points_den"]) for r in rows if r["dimension"] == dimension), Fraction(0)
            )
            if not unchecked:
                dimensions.append(
                    {
                        "town_code": code,
                        "part": "main",
                        "dimension": dimension,
                        **pair("points", Fraction(weight)),
                        **pair("earned", weight + lost),
                    }
                )
            for indicator, _, _, points, *_ in items:
                part = sum(
                    (Fraction(r["points_num"], r["points_den"]) for r in rows if r["indicator"] == indicator),
                    Fraction(0),
                )
                applicable = not (indicator == "care_fee_full" and kind == "街道")
                if not unchecked:
                    indicators.append(
                        {
                            "town_code": code,
                            "part": "main",
                            "dimension": dimension,
                            "indicator": indicator,
                            "outcome": "scored" if applicable or part else "not_applicable",
                            **pair("points", Fraction(points)),
                            **pair("earned", points + part),
                            **pair("lost", -part),
                            "findings": sum(1 for f in own if f["indicator"] == indicator),
                            **pair("value", None),
                            **pair("target", None),
                            "sample": None,
                        }
                    )
        ledger += rows
        findings += own
        scores.append(
            {
                "town_code": code,
                "town": (names or {}).get(code, name),
                "kind": kind,
                "group": kind,
                "order": order + 1,
                "outcome": "not_checked" if unchecked else "scored",
                "checked": not unchecked,
                **pair("start", None if unchecked else Fraction(100)),
                **pair("score", None if unchecked else score),
                "score": None if unchecked else text(score),
                "gates": gates,
                "gate_wordings": ["信访办理未达到要求。" for _ in gates],
                "findings": len(own),
                "sampled": 0 if unchecked else 24,
                "visited": 24,
                "newly_confirmed": 60,
                "due": sum(f["state"] != "open" for f in own),
                "closed_on_time": sum(f["state"] == "on_time" for f in own),
                "overdue": sum(f["state"] == "overdue" for f in own),
                "repeats": sum(f["repeat"] for f in own),
                "returned": sum(f["state"] == "sent_back" for f in own),
            }
        )
    rank(scores)
    medians(scores, dimensions)
    head = make_head(scores, findings, stage, incomplete)
    if previous:
        head["previous"] = {
            "label": "2024年第四季度",
            "mean": "90.00",
            "towns": {s["town_code"]: {"score": "90.00", "rank": 17 - s["order"]} for s in scores},
        }
    made = SampleAssessment(head, *frames(scores, dimensions, indicators, ledger, findings))
    if previous:
        head["internal"] = {"pending_gates": {}, "warnings": COMPARED}
        made.warnings = warnings()
    return made


COMPARED = {"periods": ["2024Q4", "2024Q3"], "measure": "checks", "reason": None, "least": 3}


def warning(dimension: str, name: str, now: int, past: int, p: str, level: str, **more: Any) -> dict[str, Any]:
    """One row: 300 households now, 600 before, so that half of the past is what was to be expected."""
    expected = more.pop("expected", Fraction(past, 2))
    row = {"dimension": dimension, "name": name, "now": now, "past": past, "p": p, "level": level}
    row |= {"exposure_now": 300, "exposure_past": 600, "periods": 2, "against": "past", **pair("expected", expected)}
    row |= {**pair("ratio", now / expected if expected else None), **more}
    return {column: row.get(column) for column in WARNINGS}


def warnings() -> pl.DataFrame:
    """Warnings of every dimension, level and comparison."""
    group = {"town_code": CROWDED, "against": "group", "group_p": "0.0007", **pair("group_expected", Fraction(7, 3))}
    both = {"town_code": CROWDED, "against": "both", "group_p": "0.0310", **pair("group_expected", Fraction(9, 2))}
    village = {"town_code": CROWDED, "village": "东关社区"}
    rows = [
        warning("problem_type", "审核材料齐全", 17, 9, "0.0009", "clear"),
        warning("problem_type", "入户调查记录", 4, 0, "0.0124", "watch"),
        warning("indicator", "file_complete", 17, 11, "0.0031", "clear"),
        warning("channel", "信访投诉", 6, 3, "0.0422", "chance"),
        warning("village", "东关社区", 5, 1, "0.0178", "chance", **village),
        warning("town", "轵城镇", 12, 8, "0.0091", "clear", **both),
        warning("town_indicator", "file_visit_record", 7, 12, "0.0007", "clear", expected=Fraction(7, 3), **group),
        warning("town_problem_type", "动态管理", 3, 0, "0.0371", "chance", town_code=CROWDED),
    ]
    return pl.DataFrame(rows, schema=WARNINGS)


def rank(scores: list[dict[str, Any]]) -> None:
    """Competition ranks over all and in the group, and grades."""
    for s in scores:
        mine = s["score"]
        if mine is None:
            s |= {"rank": None, "group_rank": None, "grade": None}
            continue
        better = [o for o in scores if o["score"] is not None and float(o["score"]) > float(mine)]
        grade = next(
            g for g, least in (("excellent", 90), ("good", 80), ("pass", 60), ("fail", -999)) if float(mine) >= least
        )
        if s["gates"] and grade == "excellent":
            grade = "good"
        s |= {"rank": len(better) + 1, "group_rank": sum(o["group"] == s["group"] for o in better) + 1, "grade": grade}


def medians(scores: list[dict[str, Any]], dimensions: list[dict[str, Any]]) -> None:
    """The group's median of each dimension."""
    group = {s["town_code"]: s["group"] for s in scores}
    rows = sorted(dimensions, key=lambda d: (group[d["town_code"]], d["dimension"]))
    for _, same in groupby(rows, key=lambda d: (group[d["town_code"]], d["dimension"])):
        peers = list(same)
        middle = median([Fraction(d["earned_num"], d["earned_den"]) for d in peers])
        for d in peers:
            d.update(pair("group_median", middle))


def make_head(
    scores: list[dict[str, Any]], findings: list[dict[str, Any]], stage: str, incomplete: bool
) -> dict[str, Any]:
    """The JSON head."""
    values = [Fraction(s["score_num"], s["score_den"]) for s in scores if s["score_num"] is not None]
    due = sum(s["due"] for s in scores)
    closed = sum(s["closed_on_time"] for s in scores)
    return {
        "format": 2,
        "period": {"id": "2025Q1", "label": "2025Q1", "start": "2025-01-01", "end": "2025-03-31", "kind": "quarter"},
        "as_of": AS_OF.isoformat(),
        "edition": 1,
        "stage": stage,
        "incomplete": incomplete,
        "example": True,
        "run_code": "7f3a9c2e",
        "scheme": scheme_head(),
        "rows": {
            "findings": {
                "read": len(findings) + 3,
                "used": len(findings),
                "unpriced": {"duplicate": 2, "after_as_of": 1},
                "set_aside": 0,
                "refused": 0,
            }
        },
        "summary": {
            "towns": str(len(scores)),
            "scored": str(len(values)),
            "mean": text(sum(values, Fraction(0)) / max(1, len(values))),
            "median": text(median(values)),
            "max": text(max(values)),
            "min": text(min(values)),
            "sampled": "360",
            "newly_confirmed": "960",
            "sample_rate": "37.5",
            "findings": str(len(findings)),
            "priced": str(sum(f["disposition"] == "priced" for f in findings)),
            "due": str(due),
            "closed_on_time": str(closed),
            "on_time_rate": text(Fraction(100 * closed, due)) if due else None,
            "overdue": str(sum(s["overdue"] for s in scores)),
            "repeats": str(sum(s["repeats"] for s in scores)),
        },
    }


def frames(*tables: list[dict[str, Any]]) -> list[pl.DataFrame]:
    """Rows to frames, typed even when empty."""
    empty = random.Random(0)
    shape = finding(empty, "419001001", 1)
    models: list[dict[str, Any] | None] = [None, None, None, entry("419001001", [0], "deduction", Fraction(-1)), shape]
    made = []
    for rows, model in zip(tables, models, strict=True):
        frame = pl.DataFrame(rows or [model], infer_schema_length=None)
        made.append(frame if rows else frame.clear())
    kinds = {
        "persons": pl.Int64,
        "found_severity": pl.String,
        "matter": pl.String,
        "fixed_on": pl.Date,
        "gives_back_by": pl.Date,
        "approved_on": pl.Date,
    }
    made[4] = made[4].with_columns(pl.col(c).cast(t) for c, t in kinds.items())
    made[4] = made[4].with_columns(pl.col("tags").cast(pl.List(pl.String)), pl.col("flags").cast(pl.List(pl.String)))
    made[0] = made[0].with_columns(pl.col("gates", "gate_wordings").cast(pl.List(pl.String)))
    return made
