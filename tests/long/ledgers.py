"""Two bureaus' facts, and what the reference says of them."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import chinese_calendar

from schemas.tables import catalogue
from scoring.example.year import simulate
from scoring.scheme import load_scheme
from tests import reference

ROOT = Path(__file__).parents[2]
PERIOD = reference.Period("2025Q1", date(2025, 1, 1), date(2025, 3, 31))
# Shapes of persons' numbers that no person has.
PERSON = "99" + "0000199001011234"
PHONE = "199" + "00001111"
SCHEME = """\
id: small
title: 小细则
document: 示例
effective: {from: 2025-01-01}
decimals: 3
measures: [{id: visit_rate, label: 入户率}]
severities:
  - {id: 一般, working_days: 10}
  - {id: 较重, working_days: 7}
  - {id: 严重, working_days: 5}
repeats: {key: [indicator], window_days: 60, multipliers: [1, 3/2]}
rectification:
  states: {on_time: {share: 1/2}, late: {share: 1/4}, sent_back: {extra: 1/5}, overdue: {extra: 1}}
dimensions:
  - id: work
    label: 工作
    points: 100
    indicators:
      - id: files
        label: 档案资料齐全
        points: 50
        clause: 一（一）
        aliases: [档案]
        rule:
          kind: deduct
          per: case
          prices:
            - {when: {severity: 一般, amount: {ge: 1000}}, price: 1}
            - {when: {severity: 一般}, price: 1/3}
            - {when: {severity: [较重, 严重]}, price: 3}
      - id: visits
        label: 入户调查
        points: 30
        clause: 一（二）
        rule:
          kind: deduct
          exposure: {checked: sampled, minimum: 5}
          prices: [{when: {channel: 热线}, price: 1/5}, {price: 1/10}]
      - id: rate
        label: 及时入户
        points: 10
        clause: 二（一）
        no_data: full
        rule: {kind: rate, measure: visit_rate, per_point: {target: 98, price: 1/2}}
      - id: effect
        label: 群众满意
        points: 10
        clause: 二（二）
        no_data: full
        rule: {kind: judged}
bonuses: {ceiling: 3, prices: [{when: {level: 市}, points: 1}]}
demerits: {ceiling: 5, prices: [{points: 2}]}
grades:
  by: bands
  grades: [{id: good, label: 好, at_least: 80}, {id: rest, label: 一般}]
"""


def d(month, day):
    """Return a day of 2025."""
    return date(2025, month, day)


@dataclass(frozen=True, eq=False)
class World:
    """A bureau: where its scheme lies, its facts (table to rows by column id, words in Chinese), and the day."""

    weights: Path
    facts: dict
    as_of: date


def small_world(folder):
    """Three towns and a few rows of every table that scores."""
    path = folder / "small.yaml"
    path.write_text(SCHEME, "utf-8")

    def finding(number, town, found, indicator, severity, cases, **more):
        usual = {
            "amount": None,
            "channel": "月度抽查",
            "description": f"缺少材料{number}",
            "due_on": None,
            "tags": None,
        }
        row = {"finding_id": f"W-{number:03}", "town": town, "found_on": found, "indicator": indicator}
        return {**row, "severity": severity, "cases": cases, **usual, "case_ref": PERSON, **more}

    def report(number, submitted, verdict, verified):
        done = {"completed_on": submitted, "outcome": "已完成", "verified_on": verified, "verdict": verdict}
        return {"finding_id": f"W-{number:03}", "submitted_on": submitted, **done, "note": f"电话{PHONE}"}

    names = ("沁园街道", "克井镇", "济水街道")
    facts = {
        "towns": [
            {"town_code": f"T0{place}", "name": name, "group": group, "order": place, "aliases": aliases}
            for place, (name, group, aliases) in enumerate(
                zip(names, ("甲组", "乙组", "甲组"), ("沁园；沁园办事处", "克井", "济水"), strict=True), start=1
            )
        ],
        "findings": [
            finding(1, names[0], d(1, 6), "档案资料齐全", "一般", 2, amount=Decimal("1250.50"), tags="线索;重点"),
            finding(2, names[0], d(2, 10), "档案资料齐全", "严重", 1, description=f"身份证{PERSON}不清，=SUM(A1)"),
            finding(3, names[0], d(2, 17), "入户调查", "一般", 1, channel="热线"),
            finding(4, names[1], d(1, 20), "入户调查", "较重", 3, due_on=d(2, 28)),
            finding(5, names[1], d(3, 3), "档案资料齐全", "较重", 1, amount=Decimal(999)),
            finding(6, names[1], d(3, 10), "档案资料齐全", "一般", 12, description='引号"与,逗号；\n换行'),
            finding(7, names[2], d(3, 17), "入户调查", "一般", 1),
            finding(8, names[2], d(4, 7), "入户调查", "一般", 1),
        ],
        "rectifications": [
            report(1, d(1, 15), "通过销号", d(1, 20)),
            report(2, d(3, 3), "通过销号", d(3, 7)),
            report(4, d(2, 6), "退回重改", d(2, 10)),
            report(6, d(3, 14), "待复核", None),
        ],
        "checks": [
            {"check_id": f"H-{n}", "town": town, "checked_on": d(n % 3 + 1, 5), "sampled": 10 + n, "visited": n}
            for n, town in enumerate([*names, names[0]], start=1)
        ],
        "measures": [
            {"town": town, "period": "2025Q1", "measure": "入户率", "numerator": top, "denominator": 50, "sample": 50}
            for town, top in zip(names, (50, 47, 45), strict=True)
        ],
        "judgements": [
            {"town": town, "period": "2025Q1", "indicator": "群众满意", "points": points}
            for town, points in zip(names, (Decimal("9.5"), 8, 10), strict=True)
        ],
        "adjustments": [
            adjustment("J-1", names[1], "加分", "市", "示例简报", None, d(3, 28)),
            adjustment("J-2", names[2], "减分", "本级", "示例通报", Decimal("1.5"), d(3, 28)),
            adjustment("J-3", names[2], "加分", "市", "示例信息", None, None),
        ],
        "appeals": [
            appeal(1, "问题", "W-005", "变更", "一般", d(3, 12)),
            appeal(2, "问题", "W-007", "维持", None, d(3, 25)),
        ],
    }
    return World(path, facts, PERIOD.end)


def adjustment(number, town, kind, level, evidence, points, decided):
    """Return a bonus or a demerit."""
    row = {"adjustment_id": number, "town": town, "dated_on": d(2, 20), "kind": kind, "item": "示例", "level": level}
    return {**row, "quantity": 1, "evidence": evidence, "decided_points": points, "decided_on": decided}


def appeal(number, target, about, decision, value, decided):
    """Return an appeal on a finding."""
    row = {"appeal_id": f"S-{number}", "target": target, "target_id": about, "filed_on": decided - timedelta(3)}
    return {**row, "ground": "不属实", "decided_on": decided, "decision": decision, "new_value": value}


def example_world():
    """The example bureau's first quarter under the scheme that ships."""
    year = simulate(20250101)
    facts = {name: copy.deepcopy(rows) for name, rows in year.tables.items() if name not in {"letters", "year_end"}}
    kept = year.of(1)
    facts["findings"] = [dict(finding.row) for finding in kept]
    facts["rectifications"] = [dict(report) for finding in kept for report in finding.reports]
    ids = {row["finding_id"] for row in facts["findings"]}
    labels = {
        text: measure.label
        for measure in load_scheme(ROOT / "weights" / "jiyuan-quarterly.yaml").scheme.measures
        for text in (measure.id, measure.label)
    }
    for row in facts["measures"]:
        row["measure"] = labels[row["measure"]]
    facts["appeals"] = [row for row in facts["appeals"] if row["target"] != "问题" or row["target_id"] in ids]
    facts["appeals"] = [row for row in facts["appeals"] if row["target"] == "问题"]
    facts["measures"] = [row for row in facts["measures"] if row["period"] == "2025Q1"]
    facts["judgements"] = [row for row in facts["judgements"] if row["period"] == "2025Q1"]
    facts["checks"] = [row for row in facts["checks"] if row["checked_on"] <= PERIOD.end]
    return World(ROOT / "weights" / "jiyuan-quarterly.yaml", facts, d(4, 15))


# --- what the reference says


@cache
def scheme_of(path):
    return load_scheme(path).scheme


def expected(world, facts):
    """Town code → (score, rank, group rank, grade) by the reference; None where it refuses."""
    scheme = scheme_of(world.weights)
    try:
        rows = {name: [_plain(scheme, name, row, facts) for row in own] for name, own in facts.items()}
        done = reference.assess(scheme, rows, PERIOD, world.as_of, chinese_calendar.is_workday)
    except reference.RefusedError:
        return None
    return {code: (town.score, town.rank, town.group_rank, town.grade) for code, town in done.towns.items()}


def _plain(scheme, table, row, facts):
    """Return a row in the reference's words: codes for names, ids for labels."""
    codes = {town["name"]: town["town_code"] for town in facts["towns"]}
    indicators = {name: one.id for _, one in scheme.indicators() for name in (one.label, one.id, *one.aliases)}
    measures = {measure.label: measure.id for measure in scheme.measures}
    plain = {}
    for name, value in row.items():
        column = catalogue().tables[table].columns[name]
        told = value
        if value is None:
            told = None
        elif column.type == "town":
            told = codes[value]
        elif column.type == "indicator":
            told = indicators.get(value, value)
        elif column.type == "measure":
            told = measures.get(value, value)
        elif column.type == "choice":
            told = next(key for key, words in column.choices.items() if value in words)
        elif column.type == "list":
            told = [part.strip() for part in str(value).replace("；", ";").split(";") if part.strip()]
        plain[name] = told
    return plain
