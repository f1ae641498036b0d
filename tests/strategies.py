"""Random schemes and random small data for them: everything that a scheme may say, in a few towns and findings."""

from __future__ import annotations

import random
from datetime import date, timedelta
from fractions import Fraction

from hypothesis import strategies as st

from schemas.scheme import Scheme
from tests.reference import Period

PERIOD = Period("2025Q1", date(2025, 1, 1), date(2025, 3, 31))
FIRST = date(2024, 12, 20)
CHANNELS = ("抽查", "暗访", "自查")
PRICES = ("0", "0.5", "1", "2", "1/3", "7/4", "5")
SHARES = ("0", "1/2", "1", "1/3", "0.8")
EXTRAS = ("0", "0", "0.5", "1", "2/3")


def maybe(strategy, chance=0.3):
    """The strategy's value, or None."""
    return st.floats(0, 1, exclude_max=True).flatmap(lambda x: strategy if x > 1 - chance else st.none())


def days(first, last):
    return st.integers(0, (last - first).days).map(lambda n: first + timedelta(days=n))


@st.composite
def price_lists(draw):
    rows = []
    conditions = st.sampled_from(
        [
            {"severity": "严重"},
            {"severity": {"ne": "严重"}},
            {"channel": ["暗访", "抽查"]},
            {"channel": {"not_in": ["自查"]}},
            {"tags": {"has": ["复发"]}},
            {"tags": {"has_none": ["复发"]}},
            {"cases": {"ge": 3}},
            {"amount": {"lt": "100.5"}},
            {"found_on": {"from": date(2025, 1, 10)}},
            {"village": "东村", "severity": "一般"},
        ]
    )
    for _ in range(draw(st.integers(0, 3))):
        row = {"when": draw(conditions), "price": draw(st.sampled_from(PRICES))}
        if draw(st.integers(0, 5)) == 0:
            row["zero_out"] = True
        if draw(st.integers(0, 3)) == 0:
            row["to"] = draw(days(date(2025, 1, 5), date(2025, 1, 25)))
        rows.append(row)
    rows.append({"price": draw(st.sampled_from(PRICES[1:]))})
    return rows


@st.composite
def deducts(draw):
    rule = {"kind": "deduct", "per": draw(st.sampled_from(["finding", "finding", "case", "person"]))}
    rule["prices"] = draw(price_lists())
    if draw(st.integers(0, 3)) == 0:
        rule["exposure"] = {
            "checked": draw(st.sampled_from(["sampled", "visited", "newly_confirmed"])),
            "minimum": draw(st.sampled_from([10, 30, 70])),
        }
    rule["zero_out_lifted_by"] = draw(st.sampled_from(["appeal", "fix"]))
    return rule


KINDS = ("per_point", "linear", "bands", "accrue", "pass_fail", *("judged", "trend", "relative") * 2)


@st.composite
def measured(draw, kinds=KINDS):
    several = draw(st.sampled_from([None, "last", "mean", "sum"]))
    shared = {"measure": "率"} | ({"several_values": several} if several else {})
    if draw(st.integers(0, 2)) == 0:
        shared |= {"minimum_sample": 8, "sample": draw(st.sampled_from(["denominator", "sample"]))}
    kind = draw(st.sampled_from(kinds))
    better = draw(st.sampled_from(["higher", "lower"]))
    if kind == "trend":
        return {"kind": "trend", "better": better, **draw(trends(better)), **shared}
    if kind == "relative":
        by = draw(st.sampled_from([{"by": "best"}, {"by": "place", "price": "1.5"}, {"by": "place", "price": "7/2"}]))
        return {"kind": "relative", "better": better, **by, "within": draw(st.sampled_from(["all", "group"])), **shared}
    if kind == "per_point":
        shape = {"target": "90", "price": "0.3", "step": draw(st.sampled_from(["proportional", "whole"]))}
        return {"kind": "rate", "better": better, "per_point": shape, **shared}
    if kind == "linear":
        ends = {"none_at": "60", "full_at": "95"} if better == "higher" else {"none_at": "50", "full_at": "5"}
        return {"kind": "rate", "better": better, "linear": ends, **shared}
    if kind == "bands":
        edge = "at_least" if better == "higher" else "at_most"
        edges = ("95", "80") if better == "higher" else ("5", "40")
        bands = [{edge: edges[0], "points": "10"}, {edge: edges[1], "points": "6.5"}]
        return {"kind": "rate", "better": better, "bands": bands, **shared}
    if kind == "accrue":
        return {"kind": "accrue", "each": "1/3", **shared}
    if kind == "pass_fail":
        bound = draw(st.sampled_from([{"at_least": "80"}, {"at_most": "60"}]))
        return {"kind": "pass_fail", **bound, **shared}
    return {"kind": "judged"}


@st.composite
def trends(draw, better):
    """Against what, in which measure of change, by which shape; the improvement may be below 0."""
    rule = {"change": draw(st.sampled_from(["points", "percent"]))}
    rule["against"] = draw(st.sampled_from(["previous", "previous", "last_year", "baseline"]))
    if rule["against"] == "baseline":
        rule["baseline"] = draw(st.sampled_from(["70", "1/3", "-5"]))
    steps = st.sampled_from(["proportional", "whole"])
    target = draw(st.sampled_from([{}, {"target": "2"}, {"target": "-1.5"}]))
    shapes = [
        {"per_point": {"price": "0.3", "step": draw(steps), **target}},
        {"linear": {"none_at": "-20", "full_at": draw(st.sampled_from(["0", "50/3"]))}},
        {"bands": [{"at_least": "3", "points": "10"}, {"at_least": "-10", "points": "6.5"}]},
    ]
    held = draw(st.sampled_from([None, None, "90" if better == "higher" else "10"]))
    return rule | draw(st.sampled_from(shapes)) | ({"held_at": held} if held else {})


@st.composite
def policies(draw):
    names = ("on_time", "late", "partly", "open_in_time", "waiting", "impossible", "long_term", "ended", "overdue")
    states = {name: {"share": draw(st.sampled_from(SHARES)), "extra": draw(st.sampled_from(EXTRAS))} for name in names}
    for name in ("sent_back", "false_report", "same_letter_twice"):
        states[name] = {"extra": draw(st.sampled_from(EXTRAS))}
    for name in ("extended", "self_reported"):
        if draw(st.booleans()):
            states[name] = {"share": draw(st.sampled_from(SHARES))}
    policy = {
        "timely_by": draw(st.sampled_from(["submitted_on", "submitted_on", "completed_on"])),
        "credit_on": draw(st.sampled_from(["verified", "verified", "reported"])),
        "deadline_from": draw(st.sampled_from(["found_on", "assigned_on"])),
        "extra_per": draw(st.sampled_from(["finding", "finding", "quantity", "charge"])),
        "states": states,
    }
    if draw(st.booleans()):
        policy["self_reported_when"] = {"channel": "自查"}
    return policy


@st.composite
def schemes(draw, direction=None, measured_too=True, parts=True, kinds=KINDS, refuses=True):
    """A scheme with up to three `deduct` indicators and one measured or judged one, of these kinds.

    `refuses`: it may refuse where there is no data.
    """
    direction = direction or draw(st.sampled_from(["down", "down", "down", "down", "up", "net"]))

    decimals = draw(st.sampled_from([0, 1, 2, 2, 3]))

    def indicator(name, rule, points):
        made = {"id": name, "label": name, "points": points, "clause": name, "rule": rule}
        made["cap"] = draw(st.sampled_from(["points", "points", "points", "none", "4", "20"]))
        return made

    one = [indicator("甲一", draw(deducts()), "10"), indicator("甲二", draw(deducts()), "20")]
    two = [indicator("乙一", draw(deducts()), "15")]
    if measured_too:
        extra = indicator("乙二", draw(measured(kinds)), "10")
        extra["cap"] = "points"
        choices = (
            [*["zero", "full"] * 3] + ["refuse"] * refuses + (["not_applicable"] * 4 if direction == "down" else [])
        )
        extra["no_data"] = draw(st.sampled_from(choices))
        two.append(extra)
    if direction == "down" and draw(st.integers(0, 2)) == 0:
        one[1]["applies_when"] = draw(st.sampled_from([{"town": {"kind": "镇"}}, {"checks": {"sampled": {"ge": 30}}}]))
        if draw(st.booleans()):
            one[1]["points_move_to"] = "甲一"
    for weighed in draw(st.lists(st.sampled_from(two), max_size=2, unique_by=lambda one: one["id"])):
        weighed["weight"] = draw(st.sampled_from(["4", "8", "25"]))
    if draw(st.integers(0, 3)) == 0:
        one[0]["weight"], one[1]["weight"] = draw(st.sampled_from([("5", "25"), ("22.5", "7.5")]))
    two_points = sum(int(i.get("weight", i["points"])) for i in two)
    scaled = draw(st.integers(0, 3)) == 0
    dimensions = [
        {"id": "甲", "label": "甲", "points": "10" if scaled else "30", "scale": scaled, "indicators": one},
        {"id": "乙", "label": "乙", "points": str(two_points), "indicators": two},
    ]
    if direction != "net" and draw(st.integers(0, 3)) == 0:
        dimensions[draw(st.integers(0, 1))]["cap"] = draw(st.sampled_from(["6", "9.5"] if decimals else ["6", "9"]))
    full = sum(int(d["points"]) for d in dimensions)
    raw = {
        "id": "随机",
        "title": "随机",
        "document": "随机",
        "effective": {"from": date(2024, 1, 1)},
        "direction": direction,
        "full": full,
        "dimensions": dimensions,
        "decimals": decimals,
        "round_at": draw(st.sampled_from(["total", "indicator"])),
        "calendar": {"belongs_by": draw(st.sampled_from(["found_on", "found_on", "assigned_on"]))},
        "severities": [{"id": "一般", "working_days": 6}, {"id": "较重"}, {"id": "严重", "working_days": 2}],
        "measures": [{"id": "率", "label": "率"}, {"id": "次", "label": "次"}],
        "rectification": draw(policies()),
        "unchecked": draw(st.sampled_from(["unranked", "ranked"])),
        "groups_by": draw(st.sampled_from(["group", "group", "kind", "none"])),
    }
    if direction == "net":
        raw["base"] = draw(st.sampled_from(["20", "40"]))
    if draw(st.integers(0, 4)) == 0:
        raw["range"] = {"min": "10", "max": str(full + 5)}
    if draw(st.booleans()):
        raw["duplicates"] = {
            "sides": [{"channel": ["抽查", "暗访"]}, {"channel": "自查"}],
            "key": draw(st.sampled_from([["village"], ["problem_type", "village"]])),
            "days": draw(st.sampled_from([0, 3, 10])),
            "within": draw(st.sampled_from(["indicator", "indicator", "scheme"])),
            "order": draw(st.sampled_from([[], ["自查", "暗访"]])),
        }
        if draw(st.integers(0, 2)) == 0:
            raw["duplicates"]["exempt"] = [{"severity": "严重"}]
    if draw(st.booleans()):
        window = draw(st.sampled_from([{"window_days": 10}, {"window_days": 30}, {"window_months": 1}]))
        raw["repeats"] = {
            "key": draw(st.sampled_from([["indicator"], ["problem_type"], ["indicator", "village"]])),
            "multipliers": draw(st.sampled_from([["1", "2"], ["1", "1.5", "3"], ["1/2", "1", "4/3"]])),
            **window,
        }
    if draw(st.integers(0, 2)) == 0:
        raw["exemptions"] = {"before_delegation": draw(st.booleans()), "when": [{"stage": "历史"}]}
    wide = raw.get("duplicates", {}).get("within") == "scheme"
    if parts and not wide and draw(st.integers(0, 2)) == 0:
        raw["parts"] = {
            "parts": [{"id": "近", "label": "近", "weight": "0.6"}, {"id": "远", "label": "远", "weight": "0.4"}],
            "allot": [
                {"part": "近", "months": draw(st.sampled_from([1, 2]))},
                draw(st.sampled_from([{"part": "远"}, {"part": "远", "when": {"severity": ["一般", "较重"]}}])),
            ],
        }
        raw.pop("range", None)
    if direction != "net" and draw(st.integers(0, 2)) == 0:
        level, of = draw(
            st.sampled_from(
                [("indicator", "甲一"), ("indicator", None), ("dimension", "甲"), ("dimension", None), ("total", None)]
                + ([("part", "近"), ("part", None)] if "parts" in raw else [])
            )
        )
        steps = [{"at_least": "1", "share": "0.1"}, {"at_least": "3", "share": "1/3"}]
        raw["surcharges"] = [{"id": "加扣", "label": "加扣", "level": level, "measure": "次", "steps": steps}]
        if of:
            raw["surcharges"][0]["of"] = of
    if draw(st.booleans()):
        prices = [{"when": {"level": "省"}, "points": "2"}, {"points": draw(st.sampled_from(["0.5", "1/3"]))}]
        raw["bonuses"] = {"ceiling": draw(st.sampled_from(["2", "5"])), "prices": prices}
        raw["demerits"] = {"prices": prices}
        raw["adjustments_belong_by"] = draw(st.sampled_from(["dated_on", "decided_on"]))
    # Any gate that sets the score or the place is odd where lower is better.
    effects = ["last_place", "grade_down", "grade_ceiling", "no_honours"]
    effects += [] if direction == "up" else ["score_zero"]
    effect = draw(st.sampled_from(effects))
    raw["gates"] = [{"id": "否决", "label": "否决", "effect": effect} | ({"grade": "良"} if "ceil" in effect else {})]
    raw["grades"] = draw(grades(direction, full))
    if draw(st.booleans()):
        breakers = [{"by": "findings", "when": {"severity": "严重"}}, {"by": "dimension", "of": "甲"}]
        raw["tie_breakers"] = breakers[: draw(st.integers(1, 2))]
    return Scheme.model_validate(raw)


@st.composite
def grades(draw, direction, full):
    edge = "at_most" if direction == "up" else "at_least"
    edges = ("2", "8", "20") if direction == "up" else (str(full - 2), str(full - 6), str(full - 20))
    names = ("优", "良", "中")
    listed = [{"id": name, "label": name, edge: at} for name, at in zip(names, edges, strict=True)]
    listed.append({"id": "差", "label": "差"})
    if draw(st.booleans()):
        return {"by": "bands", "grades": listed}
    for grade, top in zip(listed, ("1/3", "0.5", "0.8"), strict=False):
        grade["top"] = top
    return {
        "by": "quantiles",
        "grades": listed,
        "within": draw(st.sampled_from(["group", "all"])),
        "on_tie": draw(st.sampled_from(["include", "exclude"])),
        "smallest_group": draw(st.integers(1, 3)),
    }


@st.composite
def findings(draw, number, scheme, towns):
    """One finding whose indicator is a `deduct` one."""
    found = draw(days(FIRST, FIRST + timedelta(days=45)))
    deduct = [indicator.id for _, indicator in scheme.indicators() if indicator.rule.kind == "deduct"]
    due = draw(maybe(st.integers(0, 20), 0.3))
    longer = draw(maybe(st.integers(1, 12), 0.4))
    row = {
        "finding_id": f"W{number}",
        "town": draw(st.sampled_from(towns)),
        "found_on": found,
        "indicator": draw(st.sampled_from(deduct)),
        "severity": draw(st.sampled_from(["一般", "一般", "较重", "严重"])),
        "channel": draw(st.sampled_from([*CHANNELS, None])),
        "village": draw(st.sampled_from(["东村", "东村", "西村", None])),
        "problem_type": draw(st.sampled_from(["类一", "类一", "类二", None])),
        "cases": draw(st.integers(0, 4)),
        "persons": draw(st.integers(1, 3)),
        "amount": draw(st.sampled_from([None, "100.50", "100.49"])),
        "tags": draw(st.sampled_from([[], [], ["复发"], ["其他"], ["复发", "其他"]])),
        "stage": draw(st.sampled_from([None, None, None, "历史"])),
        "approved_on": draw(st.sampled_from([None, date(2023, 12, 31), date(2024, 1, 1)])),
    }
    if draw(st.booleans()):
        # Assigned by the day that the data are seen, or the day that places it would lie in the future.
        row["assigned_on"] = found + timedelta(days=draw(st.integers(0, 6)))
    if due is not None:
        row["due_on"] = found + timedelta(days=due + 6)
    if longer is not None:
        row["extended_to"] = row.get("due_on", found + timedelta(days=6)) + timedelta(days=longer)
    return row


@st.composite
def reports(draw, finding):
    rows, day = [], finding["found_on"]
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2, 3]))):
        day += timedelta(days=draw(st.integers(1, 12)))
        verified = draw(maybe(st.integers(0, 12), 0.6))
        completed = draw(maybe(st.integers(0, 10), 0.5))
        rows.append(
            {
                "finding_id": finding["finding_id"],
                "submitted_on": day,
                "completed_on": None
                if completed is None
                else max(finding["found_on"], day - timedelta(days=completed)),
                "outcome": draw(st.sampled_from(["done", "done", "done", "partly", "impossible", "long_term"])),
                "verified_on": None if verified is None else day + timedelta(days=verified),
                "verdict": draw(
                    st.sampled_from(["passed", "passed", "waiting", "waiting", "partly", "sent_back", "false", "ended"])
                ),
            }
        )
    return rows


@st.composite
def worlds(draw, scheme=None, most=12):
    """(scheme, rows of every table, as_of)."""
    scheme = draw(schemes()) if scheme is None else scheme
    codes = ["T1", "T2", "T3", "T4"][: draw(st.integers(1, 4))]
    towns = [
        {
            "town_code": code,
            "name": f"镇{code}",
            "kind": draw(st.sampled_from(["镇", "镇", "街道"])),
            "group": draw(st.sampled_from(["一组", "二组"])),
            "delegated_on": draw(st.sampled_from([None, date(2024, 1, 1)])),
        }
        for code in codes
    ]
    as_of = draw(days(date(2025, 1, 20), date(2025, 4, 10)))
    found = [draw(findings(n, scheme, codes)) for n in range(1, draw(st.integers(0, most)) + 1)]
    rows = {"towns": towns, "findings": found, "rectifications": [r for f in found for r in draw(reports(f))]}
    for f in found:
        if f.get("assigned_on") and f["found_on"] <= as_of:
            f["assigned_on"] = min(f["assigned_on"], as_of)
    rows["appeals"] = []
    for n, f in enumerate(found):
        if draw(st.integers(0, 3)) == 0:
            filed = f["found_on"] + timedelta(days=draw(st.integers(0, 10)))
            lasts = draw(maybe(st.integers(0, 9), 0.7))
            decision = draw(st.sampled_from(["uphold", "change", "withdraw", "inadmissible", "dropped"]))
            rows["appeals"].append(
                {
                    "appeal_id": f"S{n}",
                    "target": "finding",
                    "target_id": f["finding_id"],
                    "filed_on": filed,
                    "decided_on": None if lasts is None else filed + timedelta(days=lasts),
                    "decision": None if lasts is None else decision,
                    "new_value": "一般" if decision == "change" and lasts is not None else None,
                }
            )
    for n, report in enumerate(rows["rectifications"]):
        if draw(st.integers(0, 9)) == 0:
            decision = draw(st.sampled_from(["withdraw", "change"]))
            rows["appeals"].append(
                {
                    "appeal_id": f"V{n}",
                    "target": "verdict",
                    "target_id": report["finding_id"],
                    "filed_on": report["submitted_on"],
                    "decided_on": report["submitted_on"] + timedelta(days=draw(st.integers(1, 30))),
                    "decision": decision,
                    "new_value": draw(st.sampled_from(["passed", "partly"])) if decision == "change" else None,
                }
            )
    ids = [f["finding_id"] for f in found]
    if ids:
        rows["letters"] = [
            {
                "letter_id": f"H{n}",
                "town": codes[0],
                "kind": draw(st.sampled_from(["advisory_letter", "supervision_letter", "phone_reminder", "referral"])),
                "sent_on": draw(days(date(2025, 1, 5), date(2025, 2, 20))),
                "finding_ids": draw(st.lists(st.sampled_from(ids), min_size=1, max_size=4, unique=True)),
            }
            for n in range(draw(st.integers(0, 3)))
        ]
    if draw(st.booleans()):
        rows["checks"] = [
            {
                "check_id": f"C{n}",
                "town": draw(st.sampled_from([codes[0], *codes])),
                "checked_on": draw(days(date(2024, 12, 25), date(2025, 2, 20))),
                "sampled": draw(st.integers(0, 60)),
                "visited": draw(st.integers(0, 40)),
                "newly_confirmed": draw(st.sampled_from([None, 20, 35])),
            }
            for n in range(draw(st.integers(1, 6)))
        ]
    rows["measures"] = [row for code in codes for row in draw(measures(code, scheme))]
    rows["judgements"] = [row for code in codes for row in draw(judgements(code))]
    rows["adjustments"] = [draw(adjustments(n, codes, scheme)) for n in range(draw(st.integers(0, 4)))]
    for row in rows["adjustments"]:
        if row["decided_on"] is not None and row["kind"] != "veto" and draw(st.integers(0, 3)) == 0:
            decision = draw(st.sampled_from(["withdraw", "change", "uphold"]))
            rows["appeals"].append(
                {
                    "appeal_id": f"A{row['adjustment_id']}",
                    "target": "adjustment",
                    "target_id": row["adjustment_id"],
                    "filed_on": row["decided_on"],
                    "decided_on": row["decided_on"] + timedelta(days=draw(st.integers(0, 9))),
                    "decision": decision,
                    "new_value": "0.75" if decision == "change" else None,
                }
            )
    return scheme, rows, as_of


@st.composite
def measures(draw, town, scheme):
    rows = []
    labels = draw(st.sampled_from([["2025Q1"], ["2025Q1"], ["2025-01", "2025-03"], [], ["2024Q4"]]))
    if scheme.parts is not None and draw(st.booleans()):
        labels = [*labels, "近"]
    plain = draw(st.booleans())
    if "2024Q4" not in labels:
        earlier = [[], ["2024Q4"], ["2024Q4", "2024Q1"], ["2024-10", "2024-12"], ["2024-02", "2024Q4"]]
        labels = [*labels, *draw(st.sampled_from(earlier))]
    for n, label in enumerate(labels):
        row = {"town": town, "period": label, "measure": "率", "sample": draw(st.sampled_from([None, 5, 9]))}
        row["dated_on"] = draw(st.sampled_from([date(2025, 1, 10 + n), date(2025, 1, 10), None]))
        if plain:
            row["value"] = str(draw(st.integers(0, 200))) if draw(st.booleans()) else "87.125"
            row["value"] = draw(st.sampled_from([*[row["value"]] * 9, "0", "0", "-4"]))
        else:
            row["denominator"] = draw(st.integers(0, 30))
            row["numerator"] = draw(st.integers(0, row["denominator"]))
            for name in ("numerator", "denominator"):
                if not draw(st.integers(0, 19)):
                    row[name] = None
        rows.append(row)
    if draw(st.booleans()):
        rows.append({"town": town, "period": "2025Q1", "measure": "次", "value": draw(st.integers(0, 4))})
    return rows


@st.composite
def compared_worlds(draw):
    """((scheme, rows, as_of), what was published): few rules, many figures of four towns that are compared.

    The figures come of dice of their own: drawn one by one they would be alike from example to example.
    """
    dice = random.Random(draw(st.integers(0, 2**32 - 1)))
    deduct = {"kind": "deduct", "prices": [{"price": "1"}]}
    rule = draw(measured(("trend", "relative")))
    two = {"id": "乙二", "label": "乙二", "points": "10", "clause": "乙二", "rule": rule}
    two["no_data"] = draw(st.sampled_from(["zero", "full", "not_applicable"]))
    if draw(st.integers(0, 2)) == 0:
        two["applies_when"] = {"town": {"kind": "镇"}}
    one = {"id": "甲一", "label": "甲一", "points": "10", "clause": "甲一", "rule": deduct}
    raw = {
        "id": "比较",
        "title": "比较",
        "document": "比较",
        "effective": {"from": date(2024, 1, 1)},
        "full": "20",
        "dimensions": [{"id": "甲", "label": "甲", "points": "20", "indicators": [one, two]}],
        "decimals": 6,
        "measures": [{"id": "率", "label": "率"}],
        "unchecked": draw(st.sampled_from(["unranked", "ranked"])),
        "groups_by": draw(st.sampled_from(["group", "kind", "none"])),
    }
    codes = ["T1", "T2", "T3", "T4"]
    towns = [
        {
            "town_code": code,
            "name": f"镇{code}",
            "kind": dice.choice(["镇", "街道"]),
            "group": dice.choice(["一组", "二组"]),
        }
        for code in codes
    ]
    if dice.random() < 0.5:
        towns[-1] |= {"merged_into": "T1", "valid_to": date(2025, 1, 31)}
    kind = dice.choice(["plain", "plain", "rate", "rate", "either"])
    present = (["2025Q1"], ["2025Q1"], ["2025Q1"], ["2025-01", "2025-02", "2025-03"], [])
    earlier = (["2024Q4", "2024Q1"], ["2024-10", "2024-12", "2024-02"], ["2024Q4"], ["2024Q1"], [])
    rows = {"towns": towns, "findings": [], "checks": [], "measures": []}
    for code in codes:
        for label in [*dice.choice(present), *dice.choice(earlier)]:
            row = {"town": code, "period": label, "measure": "率", "sample": dice.choice([9, 9, 5])}
            if kind == "plain" or (kind == "either" and dice.random() < 0.5):
                row["value"] = dice.choice(["87.125", "60", "60", "90", "90", "10", "5", "0", "-4"])
            else:
                row |= {"numerator": dice.choice([0, 5, 8, 9]), "denominator": dice.choice((9, 10))}
            rows["measures"].append(row)
        if dice.random() < 0.75:
            rows["checks"].append({"check_id": code, "town": code, "checked_on": date(2025, 1, 9), "sampled": 1})
    keys = [(code, "率", label) for code in codes for label in ("2024Q4", "2024Q1")]
    values = [Fraction(value) for value in ("0", "80", "250/3", "120")]
    published = {key: dice.choice(values) for key in keys if dice.random() < 0.5}
    return (Scheme.model_validate(raw), rows, PERIOD.end), published


@st.composite
def judgements(draw, town):
    shape = draw(st.sampled_from([None, "points", "deducted", "deducted", "share"]))
    if shape is None:
        return []
    values = {"points": ["0", "3.25", "10"], "deducted": ["0.5", "4", "7"], "share": ["0", "0.75", "1"]}[shape]
    times = draw(st.integers(1, 2)) if shape == "deducted" else 1
    return [
        {
            "town": town,
            "period": draw(st.sampled_from(["2025Q1", "2025Q1", None, None, "2024Q4"])),
            "indicator": "乙二",
            "judged_on": date(2025, 1, 15),
            shape: draw(st.sampled_from(values)),
            "reason": f"理由{number}",
        }
        for number in range(times)
    ]


@st.composite
def adjustments(draw, number, codes, scheme):
    kinds = ["bonus", "bonus", "demerit"] if scheme.bonuses is not None else []
    dated = draw(days(date(2024, 12, 20), date(2025, 2, 20)))
    wait = draw(maybe(st.integers(0, 40), 0.8))
    row = {
        "adjustment_id": f"J{number}",
        "town": draw(st.sampled_from(codes)),
        "dated_on": dated,
        "kind": draw(st.sampled_from([*kinds, "veto", "decision"])),
        "item": "否决",
        "level": draw(st.sampled_from([None, "省", "市"])),
        "quantity": draw(st.sampled_from([None, "2", "0.5"])),
        "evidence": draw(st.sampled_from([None, "文一", "文一", "文二"])),
        "decided_points": draw(st.sampled_from([None, "1.25", "0.5"])),
        "decided_on": None if wait is None else dated + timedelta(days=wait),
        "period": draw(st.sampled_from([None, None, None, "2025Q1", "2024Q4"])),
    }
    if row["kind"] == "decision" and draw(st.integers(0, 19)):
        row["evidence"], row["decided_by"] = row["evidence"] or "纪要", "会议"
        row["decided_points"] = draw(st.sampled_from(["1.125", "-4", "-0.5"]))
    return row
