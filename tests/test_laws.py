"""The laws of the engine (docs/architecture.md), on random schemes and random data; tests/long holds them longer.

`LAWS` has every law with what it is drawn from, for the long harness.
"""

from __future__ import annotations

import csv
import random
import tempfile
from collections import Counter, defaultdict
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import polars as pl
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from schemas.scheme.policy import Duplicates, Exemptions
from scoring.assessment import FRAMES, Assessment, assess
from scoring.periods import Period
from scoring.problems import Refused
from scoring.reports.tables_out import write_tables
from scoring.scheme import laws_given_up
from tests import strategies
from tests.engine import fraction
from tests.frames import tables_of
from tests.strategies import PERIOD, worlds

LAWS = {}
SHUFFLES = st.integers(0, 2**32 - 1).map(random.Random)


def law(*drawn, examples=15):
    """A law: a property that is tested here on few examples, and on many by the long harness."""

    def register(check):
        LAWS[check.__name__] = (drawn, check)
        quick = settings(max_examples=examples, database=None, suppress_health_check=list(HealthCheck))
        return quick(given(*drawn)(check))

    return register


# ---------------------------------------------------------------- how a world is scored and looked at
def scored(scheme, rows, as_of, change=lambda tables: tables) -> Assessment | None:
    """The assessment, None where the facts are refused."""
    period = Period(PERIOD.label, "quarter", PERIOD.start, PERIOD.end)
    try:
        return assess(change(tables_of(rows, scheme)), scheme, period, as_of)
    except Refused:
        return None


def must(assessment):
    """An assessment that was not refused; refused examples prove nothing and are drawn anew."""
    assume(assessment is not None)
    return assessment


def scores_of(assessment):
    return {row["town_code"]: fraction(row, "score") for row in assessment.scores.to_dicts()}


def places_of(assessment):
    names = ("outcome", "rank", "group_rank", "grade", "gates")
    return {row["town_code"]: [row[name] for name in names] for row in assessment.scores.to_dicts()}


def same(one, other):
    """Equal in every frame and in the head, to the last cell."""
    for name in FRAMES:
        assert getattr(one, name).equals(getattr(other, name)), name
    assert one.head == other.head


def worse_by(scheme, before, after, town):
    """How much worse a town stands afterwards; None where it is not scored."""
    old, new = scores_of(before)[town], scores_of(after)[town]
    if old is None or new is None:
        return None
    return new - old if scheme.direction == "up" else old - new


def copied(rows):
    return {name: [dict(row) for row in table] for name, table in rows.items()}


def given_up(scheme):
    return {law.code for law in laws_given_up(scheme)}


# ---------------------------------------------------------------- always
def shuffled(dice):
    def change(tables):
        frames = {}
        for name in tables_names(tables):
            frame = getattr(tables, name)
            order = dice.sample(range(frame.height), frame.height)
            files = [dice.choice(["甲.csv", "乙.csv"]) for _ in order]
            frame = frame[order].with_columns(
                source_file=pl.Series(files, dtype=pl.String),
                source_row=pl.Series(range(2, len(order) + 2), dtype=pl.Int64),
            )
            frames[name] = frame.select(dice.sample(frame.columns, len(frame.columns)))
        return type(tables)(**frames, present=tables.present)

    return change


def tables_names(tables):
    return [name for name in vars(tables) if name != "present"]


@law(worlds(), SHUFFLES)
def test_row_column_and_file_order_change_nothing(world, dice):
    scheme, rows, as_of = world
    rows = copied(rows)
    for number, row in enumerate(rows["judgements"]):
        row["reason"] = f"理由{number}"
    before, after = scored(scheme, rows, as_of), scored(scheme, rows, as_of, shuffled(dice))
    assert (before is None) == (after is None)
    same(must(before), after)


def renamed(rows, dice):
    """(rows with the ids of towns and findings dealt anew, new town → old, new finding → old)."""

    def dealt(ids, letter):
        numbers = dice.sample(range(100), len(ids))
        return {old: f"{letter}{number:02}" for old, number in zip(ids, numbers, strict=True)}

    towns = dealt([row["town_code"] for row in rows["towns"]], "Z")
    findings = dealt([row["finding_id"] for row in rows["findings"]], "F")
    for table in rows.values():
        for row in table:
            for column, names in (("town_code", towns), ("town", towns), ("finding_id", findings)):
                if column in row:
                    row[column] = names[row[column]]
            if "target_id" in row:
                row["target_id"] = findings.get(row["target_id"], row["target_id"])
            if "finding_ids" in row:
                row["finding_ids"] = [findings[name] for name in row["finding_ids"]]
    return rows, {new: old for old, new in towns.items()}, {new: old for old, new in findings.items()}


def entries_of(assessment, towns, contents):
    """The ledger as a bag of rows, subjects told by their content: rows that say the same may stand for each other."""
    bag = Counter()
    for row in assessment.ledger.drop("entry_id").to_dicts():
        row["town_code"] = towns.get(row["town_code"], row["town_code"])
        row["subject"] = contents.get(row["subject"], row["subject"])
        if row["kind"] == "duplicate":
            row["parameters"] = None  # names the keeper
        bag[tuple(row.values())] += 1
    return bag


def contents_of(rows, towns):
    return {
        row["finding_id"]: repr(
            [
                towns.get(row["town"], row["town"]),
                *(row[name] for name in sorted(row) if name not in ("finding_id", "town")),
            ]
        )
        for row in rows["findings"]
    }


@law(worlds(), SHUFFLES)
def test_renaming_towns_and_findings_changes_nothing(world, dice):
    scheme, rows, as_of = world
    before = scored(scheme, rows, as_of)
    new, towns, _ = renamed(copied(rows), dice)
    after = scored(scheme, new, as_of)
    assert (before is None) == (after is None)
    must(before)
    assert {towns[town]: score for town, score in scores_of(after).items()} == scores_of(before)
    assert {towns[town]: place for town, place in places_of(after).items()} == places_of(before)
    assert entries_of(after, towns, contents_of(new, towns)) == entries_of(before, {}, contents_of(rows, {}))


@law(worlds())
def test_scores_stay_in_range(world):
    scheme, rows, as_of = world
    weights = sum((part.weight for part in scheme.parts.parts), Fraction(0)) if scheme.parts else 1
    low = scheme.range.min or 0
    high = scheme.range.max
    if high is None and scheme.direction != "up":
        high = scheme.full * weights
    zero = {gate.id for gate in scheme.gates if gate.effect == "score_zero"}
    for row in must(scored(scheme, rows, as_of)).scores.to_dicts():
        score = fraction(row, "score")
        if score is None:
            continue
        if zero & set(row["gates"]):
            assert score == 0
        else:
            assert low <= score
            assert high is None or score <= high
        assert (score * 10**scheme.decimals).denominator == 1


def totals(ledger, *keys):
    sums = defaultdict(Fraction)
    for row in ledger.to_dicts():
        sums[tuple(row[key] for key in keys)] += fraction(row, "points")
    return sums


@law(worlds())
def test_the_ledger_reconciles(world):
    """Start + Σ entries = score for every town, entry ids are unique, and findings cost what their entries say."""
    scheme, rows, as_of = world
    made = must(scored(scheme, rows, as_of))
    assert made.ledger["entry_id"].is_unique().all()
    sums = totals(made.ledger, "town_code")
    for row in made.scores.to_dicts():
        if row["outcome"] == "scored":
            assert fraction(row, "start") + sums[row["town_code"],] == fraction(row, "score")
        else:
            assert row["score_num"] is None
            assert (row["town_code"],) not in sums
    weights = {part.id: part.weight for part in scheme.parts.parts} if scheme.parts else {"": 1}
    sign = 1 if scheme.direction == "up" else -1
    ids = [row["finding_id"] for row in rows["findings"]]
    costs = totals(made.ledger.filter(pl.col("subject").is_in(ids)), "subject")
    for row in made.findings.to_dicts():
        net = fraction(row, "net") if row["disposition"] == "priced" else 0
        assert costs[row["finding_id"],] == sign * net * weights.get(row["part"], 0)
        if row["disposition"] == "priced":
            assert fraction(row, "charge") - fraction(row, "credit") + fraction(row, "extra") == net


@law(worlds(), st.integers(0, 3))
def test_removing_a_town_leaves_the_scores_and_the_order_of_the_rest(world, which):
    scheme, rows, as_of = world
    assume(len(rows["towns"]) > 1)
    gone = rows["towns"][which % len(rows["towns"])]["town_code"]
    lost = {row["finding_id"] for row in rows["findings"] if row["town"] == gone}
    lost |= {row["adjustment_id"] for row in rows["adjustments"] if row["town"] == gone}
    fewer = {
        name: [
            row | {"finding_ids": [f for f in row["finding_ids"] if f not in lost]} if "finding_ids" in row else row
            for row in table
            if name == "letters"
            or (
                gone not in (row.get("town"), row.get("town_code"))
                and not lost & {row.get("finding_id"), row.get("target_id")}
            )
        ]
        for name, table in copied(rows).items()
    }
    # Without the only checks there were, nobody is "not checked" any more.
    assume(any(row["checked_on"] <= as_of for row in fewer.get("checks", [])) or not rows.get("checks"))
    before = must(scored(scheme, rows, as_of))
    after = must(scored(scheme, fewer, as_of))
    kept = {town: score for town, score in scores_of(before).items() if town != gone}
    assert scores_of(after) == kept
    assert after.ledger.equals(before.ledger.filter(pl.col("town_code") != gone))
    assert after.findings.equals(before.findings.filter(pl.col("town") != gone))
    old, new = places_of(before), places_of(after)
    ranked = [town for town in kept if old[town][1] is not None]
    for one in ranked:
        for other in ranked:
            assert (old[one][1] < old[other][1]) == (new[one][1] < new[other][1])
            if old[one][1] == old[other][1]:
                assert new[one][1] == new[other][1]
    if "law-quantiles" not in given_up(scheme):
        assert {town: new[town][3] for town in kept} == {town: old[town][3] for town in kept}


@law(worlds())
def test_rows_in_are_priced_or_unpriced_or_refused(world):
    scheme, rows, as_of = world
    made = must(scored(scheme, rows, as_of))
    account = made.head["rows"]
    for name, row in account.items():
        assert row["read"] == len(rows.get(name, [])), name
        assert row["read"] == row["used"] + sum(row["unpriced"].values()) + row["set_aside"] + row["refused"], name
        assert min(row["used"], *row["unpriced"].values(), 0) == 0
    kinds = Counter(made.findings["disposition"].to_list())
    assert account["findings"]["used"] == kinds.pop("priced", 0)
    assert account["findings"]["unpriced"] == kinds
    assert account["findings"]["used"] == made.ledger.filter(pl.col("kind") == "deduction").height


@law(worlds())
def test_same_inputs_give_the_same_bytes(world):
    scheme, rows, as_of = world
    one, other = must(scored(scheme, rows, as_of)), scored(scheme, copied(rows), as_of)
    same(one, other)
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder, "first"), Path(folder, "second")
        for made, place in ((one, first), (other, second)):
            place.mkdir()
            made.save(place)
        assert {p.name: p.read_bytes() for p in first.iterdir()} == {p.name: p.read_bytes() for p in second.iterdir()}
        same(Assessment.load(first), one)


@law(worlds())
def test_every_number_in_csv_equals_the_ledgers(world):
    scheme, rows, as_of = world
    made = must(scored(scheme, rows, as_of))
    with tempfile.TemporaryDirectory() as folder:
        files = {path.stem: path for path in write_tables(made, Path(folder))}
        read = {name: list(csv.DictReader(path.open(encoding="utf-8-sig", newline=""))) for name, path in files.items()}
    sums, own = defaultdict(Fraction), defaultdict(Fraction)
    for row in read["ledger"]:
        points = Fraction(int(row["points_num"]), int(row["points_den"]))
        assert Fraction(row["points"]) == points
        sums[row["town_code"]] += points
        if row["kind"] != "not_applicable":
            own[row["town_code"], row["part"], row["indicator"]] += points
    weights = {part.id: part.weight for part in scheme.parts.parts} if scheme.parts else {"": Fraction(1)}
    full = {"down": scheme.full, "up": Fraction(0), "net": scheme.base}[scheme.direction] * sum(weights.values())
    for row in read["scores"]:
        if row["score"]:
            assert Fraction(row["score"]) == full + sums[row["town_code"]]
    places = {row["town_code"]: row for row in made.scores.to_dicts()}
    for row in read["scores"]:
        for name in ("rank", "group_rank", "grade"):
            assert row[name] == str(places[row["town_code"]][name] or "")
    for row in read["indicators"]:
        if row["outcome"] == "not_applicable":
            continue
        earned = Fraction(int(row["earned_num"]), int(row["earned_den"]))
        start = Fraction(int(row["points_num"]), int(row["points_den"])) if scheme.direction == "down" else 0
        assert weights[row["part"]] * (earned - start) == own[row["town_code"], row["part"], row["indicator"]]


@st.composite
def later_rows(draw, world):
    """(rows with facts dated after as_of added, for a run of the same day)."""
    scheme, rows, as_of = world
    rows = copied(rows)
    towns = [row["town_code"] for row in rows["towns"]]
    old = [row["finding_id"] for row in rows["findings"] if row["found_on"] <= as_of]

    def after(most=80):
        return as_of + timedelta(days=draw(st.integers(1, most)))

    for number in range(draw(st.integers(0, 3))):
        finding = draw(strategies.findings(100 + number, scheme, towns))
        shift = after() - finding["found_on"]
        for name in ("found_on", "assigned_on", "due_on", "extended_to"):
            if finding.get(name):
                finding[name] += shift
        rows["findings"].append(finding)
    for finding in draw(st.lists(st.sampled_from(old), max_size=3, unique=True)) if old else []:
        day = after()
        report = {"finding_id": finding, "submitted_on": day, "outcome": "done", "verified_on": day}
        rows["rectifications"].append(report | {"verdict": draw(st.sampled_from(["passed", "false", "sent_back"]))})
    for report in rows["rectifications"]:
        # What still waited is judged now.
        if report["submitted_on"] <= as_of and report["verdict"] == "waiting" and draw(st.booleans()):
            report |= {"verified_on": after(), "verdict": draw(st.sampled_from(["passed", "false", "sent_back"]))}
    for appeal in rows["appeals"]:
        if appeal["decided_on"] is None and draw(st.booleans()):
            appeal |= {"decided_on": after(), "decision": "withdraw"}
    for finding in draw(st.lists(st.sampled_from(old), max_size=2, unique=True)) if old else []:
        day = after()
        appeal = {"appeal_id": f"L{finding}", "target": "finding", "target_id": finding, "filed_on": day}
        rows["appeals"].append(appeal | {"decided_on": day, "decision": "withdraw"})
    if old:
        rows["letters"].append(
            {"letter_id": "L", "town": towns[0], "kind": "提示函", "sent_on": after(), "finding_ids": old[:3]}
        )
    if "checks" in rows:
        rows["checks"].append({"check_id": "L", "town": towns[-1], "checked_on": after(), "sampled": 50, "visited": 9})
    for row in rows["adjustments"]:
        if row["decided_on"] is None and draw(st.booleans()):
            row["decided_on"] = after()
    day = after()
    veto = {"adjustment_id": "L", "town": towns[0], "kind": "veto", "item": "否决"}
    rows["adjustments"].append(veto | {"dated_on": day, "decided_on": day})
    rows["measures"].append({"town": towns[0], "period": "2025Q1", "measure": "率", "value": 1, "dated_on": after()})
    rows["judgements"].append({"town": towns[0], "indicator": "乙二", "judged_on": after(), "deducted": "1"})
    return world, rows


@law(worlds().flatmap(later_rows))
def test_rows_dated_after_as_of_are_set_aside(drawn):
    """Q1 can be run again in Q4: what was dated or decided later changes nothing, and every such row is counted."""
    (scheme, rows, as_of), more = drawn
    before = must(scored(scheme, rows, as_of))
    after = scored(scheme, more, as_of)
    assert after is not None
    for name in ("scores", "dimensions", "indicators", "ledger"):
        assert getattr(after, name).equals(getattr(before, name)), name
    known = [row["finding_id"] for row in rows["findings"]]
    assert after.findings.filter(pl.col("finding_id").is_in(known)).equals(before.findings)
    assert set(after.findings.filter(~pl.col("finding_id").is_in(known))["disposition"]) <= {"after_as_of"}
    dated = {"rectifications": "submitted_on", "checks": "checked_on", "appeals": "filed_on", "letters": "sent_on"}
    for name, column in dated.items():
        late = sum(row[column] > as_of for row in more.get(name, []))
        assert after.head["rows"][name]["unpriced"].get("after_as_of", 0) == late, name


# ---------------------------------------------------------------- for `deduct`, other facts equal
@st.composite
def sane_schemes(draw):
    """Schemes whose policy stands in the usual order: the earlier and better a fix, the more it gives back."""
    scheme = draw(strategies.schemes())
    shares = sorted((Fraction(draw(st.sampled_from(strategies.SHARES))) for _ in range(3)), reverse=True)
    early, late, little = shares
    extras = st.sampled_from([*map(Fraction, strategies.EXTRAS)])
    raw = {"on_time": {"share": early}, "late": {"share": late}}
    raw |= {name: {"share": little, "extra": draw(extras)} for name in ("partly", "waiting")}
    raw |= {name: {"extra": draw(extras)} for name in ("overdue", "sent_back", "false_report", "same_letter_twice")}
    raw |= {name: {"share": early} for name in ("extended", "self_reported") if draw(st.booleans())}
    raw |= {name: {"share": draw(st.sampled_from(shares))} for name in ("impossible", "long_term", "ended")}
    policy = scheme.rectification.model_dump(by_alias=True, exclude_none=True, exclude={"states", "line"})
    if draw(st.booleans()):
        policy["extra_per"] = "finding"
    rectification = type(scheme.rectification).model_validate(policy | {"states": raw})
    changed = {"rectification": rectification}
    if draw(st.booleans()):
        sides = [{"channel": ["抽查", "暗访"]}, {"channel": "自查"}]
        order = draw(st.sampled_from([[], ["自查"]]))
        rule = {"sides": sides, "key": ["village"], "days": draw(st.sampled_from([1, 10])), "order": order}
        changed |= {"duplicates": Duplicates.model_validate(rule), "exemptions": Exemptions(before_delegation=False)}
    return scheme.model_copy(update=changed)


def keeping(*codes):
    """Worlds under schemes that give none of these laws up."""
    either = st.one_of(sane_schemes(), sane_schemes(), strategies.schemes())
    return either.filter(lambda scheme: not given_up(scheme) & set(codes)).flatmap(worlds)


def matters_of(assessment):
    rows = assessment.findings.select("finding_id", "matter").rows()
    return {finding: keeper or finding for finding, keeper in rows}


@st.composite
def one_more(draw, world):
    """(world, a finding of no report), which is often the other side of one that is there."""
    scheme, rows, as_of = world
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
    return world, finding


@law(keeping("law-credit-order", "law-pairs", "law-zero-out").flatmap(one_more))
def test_one_more_finding_never_improves_the_score(drawn):
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
    """(world, one with an accepted fix later, the fix's finding): the same reports of the matter in the same order."""
    scheme, rows, as_of = world
    rows = copied(rows)
    # What an appeal makes of a verdict is no fact of the fix.
    rows["appeals"] = [row for row in rows["appeals"] if row["target"] != "verdict"]
    seen = [row for row in rows["rectifications"] if row["submitted_on"] <= as_of]
    assume(seen)
    fix = draw(st.sampled_from(seen))
    fix |= {"verdict": "passed", "outcome": draw(st.sampled_from(["done", "done", "partly"]))}
    if fix["verified_on"] and draw(st.booleans()):
        fix["verified_on"] = fix["submitted_on"]
    later = copied(rows)
    moved = later["rectifications"][rows["rectifications"].index(fix)]
    shift = timedelta(days=draw(st.integers(1, 60)))
    moved["submitted_on"] += shift
    if moved["completed_on"] is not None:
        moved["completed_on"] += draw(st.sampled_from([timedelta(0), shift]))
    if fix["verified_on"] is not None:
        moved["verified_on"] += shift
        if fix["verified_on"] <= as_of < moved["verified_on"]:
            # The bureau's own delay is no part of the law: what was accepted by as_of is accepted by then.
            moved["verified_on"] = max(as_of, moved["submitted_on"])
    return (scheme, rows, as_of), later, fix


@law(keeping("law-credit-order", "law-zero-out").flatmap(two_days))
def test_the_same_fix_on_an_earlier_day_never_worsens_the_score(drawn):
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


@law(worlds(), st.integers(1, 80), SHUFFLES)
def test_raising_sampled_alone_never_worsens_the_score(world, more, dice):
    scheme, rows, as_of = world
    assume(rows.get("checks") and "law-applicability" not in given_up(scheme))
    raised = copied(rows)
    check = dice.choice(raised["checks"])
    check["sampled"] += more
    before, after = must(scored(scheme, rows, as_of)), must(scored(scheme, raised, as_of))
    for town in scores_of(before):
        loss = worse_by(scheme, before, after, town)
        assert loss is None or loss <= 0
        assert town == check["town"] or not loss
