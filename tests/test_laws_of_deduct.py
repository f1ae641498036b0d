"""The laws of `deduct` where other facts are equal: one more finding, an earlier fix, more that was sampled."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import assume, event
from hypothesis import strategies as st

from tests import strategies
from tests.laws import copied, law, must, scored, scores_of, worse_by
from tests.strategies import PERIOD


def matters_of(assessment):
    rows = assessment.findings.select("finding_id", "matter").rows()
    return {finding: keeper or finding for finding, keeper in rows}


@st.composite
def one_more(draw, world):
    """(the world anew, a finding of no report), which is often the other side of one that is there."""
    scheme, rows, as_of = world
    rows = copied(rows)
    finding = draw(strategies.findings(99, scheme, [row["town_code"] for row in rows["towns"]]))
    others = [row for row in rows["findings"] if row["channel"] and PERIOD.start <= row["found_on"] <= as_of]
    if others and draw(st.integers(0, 3)):
        other = draw(st.sampled_from(others))
        # The other fact is changed too, so that the two can be one matter more often than chance would have it.
        other |= {"village": "东村", "stage": None}
        finding |= {name: other[name] for name in ("town", "indicator", "village", "problem_type", "stage")}
        finding["channel"] = draw(st.sampled_from(["抽查", "暗访"] if other["channel"] == "自查" else ["自查"]))
        shift = other["found_on"] + timedelta(days=draw(st.integers(-1, 1))) - finding["found_on"]
        for name in ("found_on", "assigned_on", "due_on", "extended_to"):
            if finding.get(name):
                finding[name] += shift
    return (scheme, rows, as_of), finding


@law(one_more, keeps=("law-credit-order", "law-pairs", "law-zero-out"))
def test_one_more_finding_never_improves_the_score(world, drawn):
    (scheme, rows, as_of), finding = drawn
    before = must(scored(scheme, rows, as_of))
    after = must(scored(scheme, rows | {"findings": [*rows["findings"], finding]}, as_of))
    old, new = matters_of(before), matters_of(after)
    kept_pairs = all(new[one] == keeper for one, keeper in old.items() if one != keeper)
    assume(kept_pairs)
    pairs = new["W99"] != "W99" or "W99" in {new[one] for one in old}
    event("pairs" if pairs else "stands alone")
    for town in scores_of(before):
        loss = worse_by(scheme, before, after, town)
        assert loss is None or loss >= 0
        assert town == finding["town"] or not loss


@st.composite
def two_days(draw, world):
    """(the world anew, one with an accepted fix later, the fix): the same reports of the matter in the same order."""
    scheme, rows, as_of = world
    rows = copied(rows)
    # What an appeal makes of a verdict is no fact of the fix.
    rows["appeals"] = [row for row in rows["appeals"] if row["target"] != "verdict"]

    def room(report):
        """In how many days the finding's next report follows; the order of reports is to stay."""
        same = [
            row for row in rows["rectifications"] if row["finding_id"] == report["finding_id"] and row is not report
        ]
        gaps = [(row["submitted_on"] - report["submitted_on"]).days for row in same]
        return min((gap for gap in gaps if gap >= 0), default=61)

    seen = [row for row in rows["rectifications"] if row["submitted_on"] <= as_of and room(row) > 1]
    assume(seen)
    fix = draw(st.sampled_from(seen))
    fix |= {"verdict": "passed", "outcome": draw(st.sampled_from(["done", "done", "partly"]))}
    if fix["verified_on"] and draw(st.booleans()):
        fix["verified_on"] = fix["submitted_on"]
    later = copied(rows)
    moved = later["rectifications"][rows["rectifications"].index(fix)]
    shift = timedelta(days=draw(st.integers(1, room(fix) - 1)))
    moved["submitted_on"] += shift
    if moved["completed_on"] is not None:
        moved["completed_on"] += draw(st.sampled_from([timedelta(0), shift]))
    if fix["verified_on"] is not None:
        moved["verified_on"] += shift
        if fix["verified_on"] <= as_of < moved["verified_on"]:
            # The bureau's own delay is no part of the law: what was accepted by as_of is accepted by then.
            moved["verified_on"] = max(as_of, moved["submitted_on"])
    return (scheme, rows, as_of), later, fix


@law(two_days, keeps=("law-credit-order", "law-zero-out"))
def test_the_same_fix_on_an_earlier_day_never_worsens_the_score(world, drawn):
    """The fix is one that is accepted. One that nobody has looked at by as_of must have been handed in before it."""
    (scheme, rows, as_of), late_rows, fix = drawn
    early, late = must(scored(scheme, rows, as_of)), must(scored(scheme, late_rows, as_of))
    matters = matters_of(early)
    assume(matters == matters_of(late))
    matter = matters[fix["finding_id"]]
    moved = late_rows["rectifications"][rows["rectifications"].index(fix)]
    others = [r for r in rows["rectifications"] if r is not fix and matters[r["finding_id"]] == matter]
    assume(not any(fix["submitted_on"] <= r["submitted_on"] <= moved["submitted_on"] for r in others))
    if moved["submitted_on"] > as_of:
        assume(fix["verified_on"] is None or fix["verified_on"] <= as_of)
        # An earlier report that nobody judged is replaced by the one that was.
        known = [r for r in others if r["submitted_on"] <= as_of]
        assume(not any(r["verdict"] == "waiting" or (r["verified_on"] or as_of) > as_of for r in known))
        event("unfixed by then")
    for town in scores_of(early):
        loss = worse_by(scheme, late, early, town)
        event("improves" if loss else "stays")
        assert loss is None or loss <= 0


@law(st.integers(1, 80), st.integers(0, 9), keeps=("law-applicability",))
def test_raising_sampled_alone_never_worsens_the_score(world, more, which):
    scheme, rows, as_of = world
    assume(rows.get("checks"))
    raised = copied(rows)
    check = raised["checks"][which % len(raised["checks"])]
    check["sampled"] += more
    before, after = must(scored(scheme, rows, as_of)), must(scored(scheme, raised, as_of))
    for town in scores_of(before):
        loss = worse_by(scheme, before, after, town)
        assert loss is None or loss <= 0
        assert town == check["town"] or not loss
