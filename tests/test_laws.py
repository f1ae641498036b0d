"""The laws that hold under every scheme (docs/architecture.md), on random schemes and random data."""

from __future__ import annotations

import csv
import random
import tempfile
from collections import Counter, defaultdict
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest
from hypothesis import assume
from hypothesis import strategies as st

from scoring.assessment import Assessment
from scoring.reports.tables_out import write_tables
from tests import engine, strategies
from tests.casebook import all_cases
from tests.engine import fraction
from tests.laws import copied, given_up, law, must, places_of, same, scored, scores_of

SHUFFLES = st.integers(0, 2**32 - 1).map(random.Random)


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


@law(SHUFFLES)
def test_row_column_and_file_order_change_nothing(world, dice):
    scheme, rows, as_of = world
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


@law(SHUFFLES)
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


@law()
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


@law()
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


WITHIN = ["deduction", "duplicate", "repeat", "credit"]


@law()
def test_entries_stand_in_the_order_of_the_scheme(world):
    """Towns as listed; parts, dimensions, indicators as in the scheme, what concerns a whole after its pieces."""
    scheme, rows, as_of = world
    made = must(scored(scheme, rows, as_of))
    parts = [part.id for part in scheme.parts.parts] if scheme.parts else [""]
    dimensions = [dimension.id for dimension in scheme.dimensions]
    indicators = [indicator.id for _, indicator in scheme.indicators()]
    towns = made.scores["town_code"].to_list()
    days = {row["finding_id"]: row["found_on"] for row in rows["findings"]}

    def place(words, word):
        return words.index(word) if word in words else len(words)

    keys = []
    for row in made.ledger.to_dicts():
        of = (towns.index(row["town_code"]), place(parts, row["part"]), place(dimensions, row["dimension"]))
        day = days.get(row["subject"])
        within = (0, day, row["subject"], place(WITHIN, row["kind"])) if day else (1,)
        keys.append((*of, place(indicators, row["indicator"]), *within))
    wrong = next((n for n in range(1, len(keys)) if keys[n] < keys[n - 1]), None)
    assert wrong is None, (keys[wrong - 1], keys[wrong])
    for _, indicator in scheme.indicators():
        of_it = made.ledger.filter((pl.col("indicator") == indicator.id) & (pl.col("kind") != "surcharge"))
        assert set(of_it["clause"]) <= {indicator.clause, *(row.clause for row in scheme.prices_of(indicator))}


@law(st.integers(0, 3), keeps=("law-relative",))
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


@law()
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


@law()
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


@law()
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
    return rows


@law(later_rows)
def test_rows_dated_after_as_of_are_set_aside(world, more):
    """Q1 can be run again in Q4: what was dated or decided later changes nothing, and every such row is counted."""
    scheme, rows, as_of = world
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


def backwards(tables):
    """The tables with their columns in the other order."""
    frames = {name: getattr(tables, name) for name in tables_names(tables)}
    return type(tables)(
        **{name: frame.select(reversed(frame.columns)) for name, frame in frames.items()}, present=tables.present
    )


@pytest.mark.parametrize("told_by", ["a column of their own", "a report"])
def test_findings_that_tie_are_told_apart_by_what_is_said_of_them(told_by):
    """Of two that are as dear and as near, the same one is set aside whichever of them has the smaller number."""
    case = next(case for case in all_cases() if "一对一" in case.name)
    partners = []
    for one in ("W1", "W2"):
        rows = copied(case.rows)
        for row in rows["findings"]:
            row["found_on"] = case.period.start
            if told_by == "a column of their own" and row["finding_id"] != "W3":
                # One column would choose the one, the other the other: the order of columns must not matter.
                row["problem_type"], row["stage"] = "甲乙" if row["finding_id"] == one else "乙甲"
        if told_by == "a report":
            report = {"submitted_on": case.period.start, "outcome": "done", "verdict": "passed"}
            rows["rectifications"] = [report | {"finding_id": one, "verified_on": case.period.start}]
        done = engine.run(case.scheme, rows, "2025Q1", case.period.start, case.period.end, case.as_of)
        same(done, scored(case.scheme, rows, case.as_of, backwards))
        kept = dict(done.findings.select("finding_id", "disposition").rows())
        partners.append("one" if kept[one] == "duplicate" else "other")
        assert Counter(kept.values()) == {"priced": 2, "duplicate": 1}
    assert partners[0] == partners[1]
