"""The rules of benchmarks/scale.py in pandas: validated Parquet to totals and a narrow ledger in memory.

Written as a careful analyst would: merges and group-bys, categories for words, no loop over rows. The same things are
left out as in scale_sql.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import scale_data as data
from scale_sql import BASE, STOPS, constants


def run(folder: Path) -> tuple[Any, Any]:
    """Carry out the rules; return the frames of totals and of the ledger."""
    import numpy as np
    import pandas as pd

    known = constants()
    start, as_of, base = pd.Timestamp(data.PERIOD.start), pd.Timestamp(data.AS_OF), pd.Timestamp(BASE)
    upto, workday = np.array([0, *known["upto"]]), np.array([0, *known["workday"]])

    def read(name: str, columns: list[str]) -> Any:
        parts = [pd.read_parquet(path, columns=columns) for path in sorted(folder.glob(f"{name}*.parquet"))]
        frame = pd.concat(parts, ignore_index=True)
        for column in columns:
            if column.endswith("_on"):
                frame[column] = pd.to_datetime(frame[column])
        return frame

    towns = read("towns", ["town_code", "kind", "delegated_on"]).rename(columns={"town_code": "town"})
    f = read(
        "findings",
        [
            "finding_id", "town", "indicator", "severity", "channel", "problem_type", "case_ref", "found_on",
            "approved_on", "assigned_on", "cases",
        ],
    )  # fmt: skip
    # ------------------------------------------------------------ prices
    prices = pd.DataFrame(known["prices"], columns=["indicator", "severity", "price", "zero_out", "per_case"])
    f = f.merge(prices, on=["indicator", "severity"]).merge(towns[["town", "delegated_on"]], on="town")
    f = f[~(f.approved_on < f.delegated_on) & (f.found_on <= as_of)].drop(columns=["delegated_on"])
    f["base"] = f.price * np.where(f.per_case, f.cases, 1)
    f["now"] = f.found_on >= start
    # ------------------------------------------------------------ repeats
    key = ["town", "indicator", "problem_type"]
    day = f.groupby([*key, "found_on"], sort=True).size().rename("that_day").reset_index()
    # All days lie within one year here: every earlier day of the key is inside the window of 365.
    day["before"] = day.groupby(key, sort=False).cumcount()
    f = f.merge(day, on=[*key, "found_on"])
    own = f[f.now].copy()
    # ------------------------------------------------------------ duplicates
    side = {channel: number for number, words in enumerate(known["sides"]) for channel in words}
    own["side"] = own.channel.map(side)
    cols = [
        "finding_id", "zero_out", "base", "found_on", "approved_on", "assigned_on", "cases", "channel", "problem_type",
        "before", "that_day",
    ]  # fmt: skip
    at = ["town", "case_ref", "indicator"]
    pairs = own[own.side == 0][at + cols].merge(own[own.side == 1][at + cols], on=at, suffixes=("_a", "_b"))
    apart = (pairs.found_on_a - pairs.found_on_b).abs() <= pd.Timedelta(days=15)
    pairs = pairs[apart & ~(pairs.zero_out_a & pairs.zero_out_b)].copy()
    order = ["found_on", "approved_on", "assigned_on", "cases", "channel", "finding_id"]
    first = pd.Series(data=False, index=pairs.index)
    equal = pd.Series(data=True, index=pairs.index)
    for name, greater in (("zero_out", True), ("base", True), *((name, False) for name in order)):
        a, b = pairs[f"{name}_a"], pairs[f"{name}_b"]
        first |= equal & ((a > b) if greater else (a < b))
        equal &= a == b
    pairs["keeper"] = pairs.finding_id_a.where(first, pairs.finding_id_b)
    pairs["partner"] = pairs.finding_id_b.where(first, pairs.finding_id_a)
    same = pairs.problem_type_a == pairs.problem_type_b
    occ_a = pairs.before_a - ((pairs.found_on_b < pairs.found_on_a) & same & (pairs.that_day_b == 1))
    occ_b = pairs.before_b - ((pairs.found_on_a < pairs.found_on_b) & same & (pairs.that_day_a == 1))
    pairs["occasions"] = np.maximum(occ_a, occ_b)
    partner = pairs.set_index("partner").keeper
    own["matter"] = own.finding_id.map(partner).fillna(own.finding_id)
    own["kept"] = ~own.finding_id.isin(partner.index)
    # ------------------------------------------------------------ reports
    r = read("rectifications", ["finding_id", "submitted_on", "verified_on", "outcome", "verdict"])
    r = r[r.submitted_on <= as_of].merge(own[["finding_id", "matter"]], on="finding_id")
    r["verdict"] = r.verdict.where(~(r.verified_on > as_of), "waiting").fillna("waiting")
    grave = {"passed": 0, "ended": 1, "partly": 2, "waiting": 3, "sent_back": 4, "false": 5}
    r["grave"] = r.verdict.map(grave)
    r = r.sort_values(["matter", "submitted_on", "grave", "outcome"], ignore_index=True)
    r["i"] = np.arange(1, len(r) + 1)
    group = r.groupby("matter", sort=False)
    reset = r.i.where(r.verdict.isin(["sent_back", "false"]), 0).groupby(r.matter, sort=False).transform("max")
    judged = r.i.where(r.verdict != "waiting", 0).groupby(r.matter, sort=False).transform("max")
    false = r.i.where(r.verdict == "false", 0).groupby(r.matter, sort=False).transform("max")
    accepted, waits = r.verdict.isin(["passed", "ended"]), (r.verdict == "waiting") & (r.i > judged)
    r["closed_on"] = r.submitted_on.where(accepted & (r.i > reset))
    r["good_on"] = r.submitted_on.where((accepted & (r.i > false)) | waits)
    r["back"], r["false_report"] = r.verdict == "sent_back", r.verdict == "false"
    folded = group.agg(
        closed_on=("closed_on", "min"), good_on=("good_on", "min"), sent_back=("back", "max"),
        false_report=("false_report", "max"), last=("verdict", "last"),
    )  # fmt: skip
    # ------------------------------------------------------------ deadlines
    stops = r[r.back & (r.verified_on > r.submitted_on)][["matter", "submitted_on", "verified_on"]]
    stops = stops.sort_values(["matter", "submitted_on", "verified_on"])
    till = stops.groupby("matter", sort=False).verified_on.cummax().groupby(stops.matter, sort=False).shift()
    stops["nth"] = (stops.submitted_on > till).groupby(stops.matter, sort=False).cumsum()
    stops = (
        stops.groupby(["matter", "nth"]).agg(first=("submitted_on", "min"), till=("verified_on", "max")).reset_index()
    )
    started = (own.found_on - base).dt.days.to_numpy()
    allowed = own.severity.map(known["days_allowed"]).to_numpy()
    due, added = workday[upto[started] + allowed], np.zeros(len(own), dtype=np.int64)
    for nth in range(STOPS):
        own_stops = stops[stops.nth == nth].set_index("matter")
        if own_stops.empty:
            break
        a = ((own.matter.map(own_stops["first"]) - base).dt.days).fillna(10**6).to_numpy().astype(np.int64)
        b = ((own.matter.map(own_stops["till"]) - base).dt.days).fillna(0).to_numpy().astype(np.int64)
        low = np.maximum(a - 1, started)
        hit = (due > low) & (b - 1 > low)
        added += np.where(hit, upto[np.clip(b - 1, 0, None)] - upto[np.where(hit, low, 0)], 0)
        due = np.where(hit, workday[upto[started] + allowed + added], due)
    own["due"] = base + pd.to_timedelta(due, unit="D")
    # ------------------------------------------------------------ charges
    c = own[own.kept].merge(
        own.groupby("matter").due.min().rename("matter_due"), left_on="finding_id", right_index=True
    )
    c = c.merge(folded, left_on="finding_id", right_index=True, how="left")
    occasions = c.finding_id.map(pairs.set_index("keeper").occasions).fillna(c.before)
    overdue = (c.matter_due < as_of) & ~(c.good_on <= c.matter_due)
    sent_back = c.sent_back.astype("boolean").fillna(value=False).to_numpy(dtype=bool)
    closed = c.closed_on.notna()
    state = np.select(
        [
            c.false_report.astype("boolean").fillna(value=False).to_numpy(dtype=bool), c["last"] == "sent_back",
            closed & (c.closed_on > c.matter_due), closed & (c.channel == known["self"]), closed, c["last"] == "partly",
        ],
        ["false_report", "sent_back", "late", "self_reported", "on_time", "partly"],
        "open",
    )  # fmt: skip
    c["charge"] = np.minimum(occasions, 2).map({0: 2, 1: 3, 2: 4}) * c.base // 2
    c["credit"] = c.charge * pd.Series(state, index=c.index).map(known["share_units"]).fillna(0).astype(np.int64) // 100
    c["overdue"] = np.where(overdue, known["extra"]["overdue"], 0)
    c["back"] = np.where(sent_back, known["extra"]["sent_back"], 0)
    c["net"] = c.charge - c.credit + c.overdue + c.back
    # ------------------------------------------------------------ indicators and totals
    net = c.groupby(["town", "indicator"]).agg(net=("net", "sum"), fired=("zero_out", "max")).reset_index()
    indicators = pd.DataFrame(known["indicators"], columns=["indicator", "dimension", "points", "exposure"])
    loss = towns[["town"]].merge(indicators, how="cross").merge(net, on=["town", "indicator"], how="left")
    checks = read("checks", ["town", "checked_on", "sampled"])
    checks = checks[checks.checked_on.between(start, pd.Timestamp(data.PERIOD.end))].groupby("town").sampled.sum()
    exposed = np.where(loss.exposure, np.maximum(loss.town.map(checks), known["minimum"]), 1).astype(np.int64)
    den = known["units"] * exposed
    lost = loss.net.fillna(0).astype(np.int64) * np.where(loss.exposure, 100, 1) * 100
    whole = (loss.fired == True) | (lost >= loss.points * den)  # noqa: E712 - null is not fired
    loss["earned"] = np.where(whole, 0, (2 * (loss.points * den - lost) + den) // (2 * den))
    rates = pd.DataFrame(known["rates"], columns=["indicator", "measure", "points", "target", "price"])
    m = read("measures", ["town", "period", "measure", "numerator", "denominator"])
    m = m[m.period == data.PERIOD.id].merge(rates, on="measure")
    num, den = m.numerator.astype("int64"), m.denominator.astype("int64")
    m["earned"] = np.maximum(0, (2 * (m.points * den - m.price * (m.target * den - 100 * num)) + den) // (2 * den))
    earned = pd.concat([loss[["town", "indicator", "points", "earned"]], m[["town", "indicator", "points", "earned"]]])
    total = (
        earned.groupby("town").earned.sum().clip(0, known["full"]).rename("score").reset_index().merge(towns, on="town")
    )
    total["rank"] = total.score.rank(method="min", ascending=False).astype(int)
    total["group_rank"] = total.groupby("kind").score.rank(method="min", ascending=False).astype(int)
    total["grade"] = np.select(
        [total.score >= least for _, least in known["grades"]], [name for name, _ in known["grades"]], ""
    )
    at = ["town", "indicator", "finding_id"]
    effects = {
        "deduction": c.base,
        "repeat": c.charge - c.base,
        "credit": -c.credit,
        "overdue": c.overdue,
        "sent_back": c.back,
    }
    ledger = [c.loc[points != 0, at].assign(kind=kind, points=points[points != 0]) for kind, points in effects.items()]
    capped = earned[earned.earned != earned.points]
    ledger.append(capped[["town", "indicator"]].assign(finding_id=None, kind="cap", points=capped.earned))
    return total[["town", "score", "rank", "group_rank", "grade"]], pd.concat(ledger)
