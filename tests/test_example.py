"""The example year and the generator of tables of any size."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from schemas.tables import table_for, validate
from schemas.vocabulary import Vocabulary
from scoring.assessing import assess
from scoring.example import DEFAULT_SEED, generate_tables, write_example, write_generated
from scoring.example.words import CALENDAR, words
from scoring.example.year import quarter_days, simulate
from scoring.intake import read_folder
from scoring.messages import catalogue
from scoring.periods import parse_period
from scoring.scheme import load_scheme, vocabulary


@pytest.fixture(scope="module")
def year():
    return simulate(DEFAULT_SEED)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("example")
    write_example(folder)
    return folder


@pytest.fixture(scope="module", params=["jiyuan-quarterly.yaml", "jiyuan-annual.yaml"])
def scheme(request, root):
    return load_scheme(root / "weights" / request.param).scheme


def hashes(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


# ------------------------------------------------------------------------------------------------- the files
def test_two_runs_give_the_same_bytes(folder, tmp_path):
    write_example(tmp_path / "again")
    assert hashes(tmp_path / "again") == hashes(folder)


def test_another_seed_gives_another_year(folder, tmp_path):
    write_example(tmp_path / "other", seed=7)
    other, here = hashes(tmp_path / "other"), hashes(folder)
    assert other.keys() == here.keys()
    assert sum(other[name] != here[name] for name in here) >= 10


def test_every_workbook_says_that_it_is_an_example(folder):
    for path in folder.glob("*.xlsx"):
        book = openpyxl.load_workbook(path)
        assert any("示例数据" in name for name in book.sheetnames), path.name
        assert "示例数据" in str(book.worksheets[0]["A1"].value), path.name
        assert book.properties.title == "示例数据"
    assert "示例" in (folder / "指标数据.csv").read_text("gb18030")


def test_the_dirt_of_real_workbooks_is_there(folder):
    first = openpyxl.load_workbook(folder / "问题台账_2025Q1.xlsx")
    ledger = first["问题台账"]
    rows = [list(row) for row in ledger.iter_rows(min_row=3, values_only=True)]
    assert len(ledger.merged_cells.ranges) > 10
    assert rows[0][0] == rows[1][0]  # the row that stands there twice
    assert any(row[0] == "合计" for row in rows)
    assert any(str(row[0]).startswith("审核人") for row in rows)
    assert first["下拉选项"].sheet_state == "hidden"
    cells = [str(cell) for row in rows for cell in row if cell is not None]
    for form in (
        r"2025-\d\d-\d\d",
        r"2025\.\d+\.\d+",
        r"2025/\d+/\d+",
        r"2025年\d+月\d+日",
        r"457\d\d",
        r"[１-９]",
        r"\d户",
    ):
        assert any(re.fullmatch(form, cell) for cell in cells), form
    second = openpyxl.load_workbook(folder / "问题台账_2025Q2.xlsx")
    assert {town["name"] for town in words()["towns"]} <= set(second.sheetnames)
    combined = openpyxl.load_workbook(folder / "问题整改台账_2025Q3.xlsx")["问题整改台账"]
    headings = [cell.value for cell in combined[2]]
    assert headings[0] == "序号"
    assert "问题编号" not in headings
    assert "复核结论" in headings
    assert [row[0] for row in combined.iter_rows(min_row=3, values_only=True)].count(1) >= 14
    aliases = {alias for town in words()["towns"] for alias in town["aliases"]}
    fourth = openpyxl.load_workbook(folder / "问题台账_2025Q4.xlsx")["问题台账"]
    assert aliases & {row[1] for row in fourth.iter_rows(min_row=3, values_only=True)}
    assert {"问题等级", "问题来源", "具体问题"} <= {cell.value for cell in fourth[2]}


def test_no_person_is_in_it(folder):
    text = "\n".join(
        str(cell)
        for path in folder.glob("*.xlsx")
        for sheet in openpyxl.load_workbook(path).worksheets
        for row in sheet.iter_rows(values_only=True)
        for cell in row
        if cell is not None
    )
    assert not re.search(r"\d{15,18}[\dXx]?|1[3-9]\d{9}", text)
    assert not re.search(r"姓名|电话：|住址", text)


# ------------------------------------------------------------------------------------------------- the year
def test_each_quarter_has_60_to_150_findings_in_16_towns(year):
    assert len(words()["towns"]) == 16
    for quarter in range(1, 5):
        found = year.of(quarter)
        first, last = quarter_days(quarter)
        assert 60 <= len(found) <= 150
        assert all(first <= finding.row["found_on"] <= last for finding in found)


def test_most_problems_are_file_defects(year):
    files = {
        problem["label"] for problem in words()["problems"] if problem["indicator"].startswith(("file_", "archive_"))
    }
    share = sum(finding.row["indicator"] in files for finding in year.findings) / len(year.findings)
    assert 0.5 < share < 0.9


def test_every_feature_shows_in_the_year(year):
    verdicts = words()["verdicts"]
    reports = [report for finding in year.findings for report in finding.reports]
    assert {report["verdict"] for report in reports} == set(verdicts.values())
    assert {report["outcome"] for report in reports} == set(words()["outcomes"].values())
    assert sum(len(finding.reports) > 1 for finding in year.findings) >= 30
    assert any(not finding.reports for finding in year.findings)
    assert any(finding.row.get("extended_to") for finding in year.findings)
    assert any(report["recovered"] for report in reports)
    assert {finding.row["severity"] for finding in year.findings} == set(words()["severities"])
    assert {finding.row["channel"] for finding in year.findings} == set(words()["channels"])
    delegated = words()["delegated_on"]
    assert 2 <= sum(bool(f.row["approved_on"] and f.row["approved_on"] < delegated) for f in year.findings) <= 20
    spotless = words()["spotless"][0]
    name = next(town["name"] for town in words()["towns"] if town["code"] == spotless["town"])
    assert name not in {finding.row["town"] for finding in year.of(spotless["quarter"])}


def test_the_hotline_repeats_cases_of_the_monthly_sample_and_problems_come_back_in_later_quarters(year):
    matters, quarters = Counter(), {}
    for finding in year.findings:
        matters[finding.row["case_ref"], finding.quarter] += 1
        quarters.setdefault((finding.row["case_ref"], finding.row["indicator"]), set()).add(finding.quarter)
    assert sum(count == 2 for count in matters.values()) >= 6
    assert sum(len(seen) > 1 for seen in quarters.values()) >= 6


def test_adjustments_hold_bonuses_a_demerit_one_decided_veto_and_one_undecided(year):
    rows = year.tables["adjustments"]
    kinds = Counter((row["kind"], row.get("decided_on") is not None) for row in rows)
    assert kinds["一票否决", True] == kinds["一票否决", False] == 1
    assert kinds["加分", True] >= 4
    assert kinds["减分", True] >= 1
    assert max(Counter(row["evidence"] for row in rows).values()) == 2  # one matter, declared twice


def test_appeals_are_upheld_changed_rejected_and_pending(year):
    appeals = year.tables["appeals"]
    assert {row.get("decision") for row in appeals} == {*words()["decisions"].values(), None}
    numbers = {finding.row["finding_id"] for finding in year.findings} | {"J2025-04"}
    assert {row["target_id"] for row in appeals} <= numbers
    assert not any("Q3" in row["target_id"] for row in appeals)


def test_some_letters_go_out_twice(year):
    letters = year.tables["letters"]
    assert {row["kind"] for row in letters} == set(words()["letter_kinds"])
    assert max(Counter(row["finding_ids"] for row in letters).values()) == 2


def test_dates_follow_each_other(year):
    for finding in year.findings:
        row = finding.row
        assert row["found_on"] < row["assigned_on"]
        assert all(CALENDAR.is_workday(row[column]) for column in ("found_on", "assigned_on"))
        for report in finding.reports:
            assert row["assigned_on"] < report["submitted_on"]
            assert report["completed_on"] is None or row["found_on"] < report["completed_on"] <= report["submitted_on"]
            assert report["verified_on"] is None or report["submitted_on"] < report["verified_on"]
        for before, after in pairwise(finding.reports):
            assert before["submitted_on"] < after["submitted_on"]
            assert before["verified_on"] is None or before["verified_on"] < after["submitted_on"]


def test_every_town_is_checked_every_month_at_least_30_in_100(year):
    checks = year.tables["checks"]
    assert len(checks) == 12 * 16
    assert len({row["check_id"] for row in checks}) == len(checks)
    for row in checks:
        assert row["sampled"] * 100 >= 30 * row["newly_confirmed"]
        assert row["problem_cases"] <= row["sampled"]
        assert f"{row['checked_on']:%Y-%m}" == row["month"]


# ------------------------------------------------------------------------------------------------- the schemes
def test_every_problem_of_the_example_has_a_price_list(scheme):
    known = vocabulary(scheme)
    kinds = {indicator.id: indicator.rule.kind for _, indicator in scheme.indicators()}
    names = {label: name for name, label in known.indicators.items()} | dict(known.indicator_aliases)
    for problem in words()["problems"]:
        assert kinds[problem["indicator"]] == "deduct", problem
        assert names[problem["label"]] == problem["indicator"], problem


def test_every_measure_and_judged_item_of_the_scheme_has_data_for_every_town_and_quarter(scheme, year):
    known = vocabulary(scheme)
    assert {entry["id"]: entry["label"] for entry in words()["measures"]} == known.measures
    judged = {entry["id"]: entry for entry in (*words()["judged"], *words()["judged_at_year_end"])}
    assert known.judged in (set(judged), {entry["id"] for entry in words()["judged"]})
    points = {indicator.id: indicator.points for _, indicator in scheme.indicators()}
    for name in known.judged:
        assert judged[name]["label"] == known.indicators[name]
        assert judged[name]["full"] == points[name]
    measured = {(row["town"], row["period"], row["measure"]) for row in year.tables["measures"]}
    without = sum(4 * len(entry.get("not", ())) for entry in words()["measures"])
    assert len(measured) == len(year.tables["measures"]) == 16 * 4 * len(known.measures) - without
    assert len(year.tables["judgements"]) == 16 * 4 * len(words()["judged"])
    assert len(year.tables["year_end"]) == 16


def test_severities_and_vetoes_are_those_of_the_scheme(scheme):
    assert {s.id: s.working_days for s in scheme.severities} == words()["working_days"]
    gates = {gate.label for gate in scheme.gates}
    assert all(row["item"] in gates for row in words()["adjustments"] if row["kind"] == "一票否决")


# ------------------------------------------------------------------------------------------------- intake
def test_intake_accepts_every_row_of_the_dirty_year(folder, scheme, year):
    read = read_folder(folder, vocabulary(scheme))
    assert read.problems.filter(pl.col("kind") == "refused").is_empty()
    assert read.tables.findings.height == len(year.findings)
    assert read.tables.rectifications.height == sum(len(finding.reports) for finding in year.findings)
    for name in ("checks", "measures", "adjustments", "appeals", "letters"):
        assert getattr(read.tables, name).height == len(year.tables[name]), name
    year_end = 16 * 3 if "year_rectification" in vocabulary(scheme).judged else 0
    assert read.tables.judgements.height == len(year.tables["judgements"]) + year_end


def test_every_reason_why_a_row_does_not_count_has_a_word(folder, root):
    scheme = load_scheme(root / "weights" / "jiyuan-quarterly.yaml").scheme
    intake = read_folder(folder, vocabulary(scheme))
    for end in (date(2025, 3, 31), date(2025, 12, 31)):
        period = parse_period(f"2025Q{(end.month + 2) // 3}", scheme.calendar)
        rows = assess(intake.tables, scheme, period, end, read=intake.rows).head["rows"]
        reasons = {reason.replace("_", "-") for account in rows.values() for reason in account["unpriced"]}
        assert "undecided" in reasons
        for lang in ("zh", "en"):
            assert {reason for reason in reasons if f"book-disposition-{reason}" not in catalogue(lang)} == set()


def test_the_dirty_and_the_neat_year_hold_the_same_facts(folder, root, tmp_path):
    write_example(tmp_path / "neat", dirty=False)
    known = vocabulary(load_scheme(root / "weights" / "jiyuan-quarterly.yaml").scheme)
    dirty, neat = (read_folder(each, known).tables for each in (folder, tmp_path / "neat"))
    # The combined ledger has no numbers, so its rows are told apart by everything else.
    kept = {"findings": [column for column in dirty.findings.columns if column != "finding_id"]}
    kept["rectifications"] = [column for column in dirty.rectifications.columns if column != "finding_id"]
    for name in ("towns", "findings", "rectifications", "checks", "measures", "judgements", "adjustments", "appeals"):
        one, other = (
            tables.select(kept.get(name, tables.columns)).select(pl.exclude("^source_(file|sheet|row)$"))
            for tables in (getattr(dirty, name), getattr(neat, name))
        )
        rows, others = (sorted(map(repr, frame.rows())) for frame in (one, other))
        assert rows == others, name


# ------------------------------------------------------------------------------------------------- any size
def test_one_town_may_have_400_findings(tmp_path):
    crowded = simulate(DEFAULT_SEED, 400)
    town = next(town["name"] for town in words()["towns"] if town["code"] == words()["crowded"]["town"])
    own = [f for f in crowded.of(words()["crowded"]["quarter"]) if f.row["town"] == town and not f.twin]
    assert len(own) == 400
    tables = generate_tables(towns=5, findings=500, rectifications=0, many=400)
    assert (tables["findings"]["town"] == "990000000").sum() >= 400


def test_two_thousand_towns_give_valid_tables():
    tables = generate_tables(towns=2_000, findings=20_000, rectifications=25_000)
    for name, table in tables.items():
        validate(table, table_for(name, Vocabulary()))
    findings, reports = tables["findings"], tables["rectifications"]
    assert findings["town"].is_in(tables["towns"]["town_code"].to_list()).all()
    assert findings["town"].n_unique() == 2_000
    assert findings["found_on"].min() == date(2025, 1, 1)
    assert findings["found_on"].max() == date(2025, 12, 31)
    assert reports["finding_id"].is_in(findings["finding_id"].to_list()).all()
    assert not reports.select("finding_id", "submitted_on").is_duplicated().any()
    joined = reports.join(findings, on="finding_id")
    assert (joined["submitted_on"] > joined["found_on"]).all()
    assert tables["towns"]["town_code"].str.starts_with("99").all()


def test_generated_tables_are_the_same_again_and_in_any_chunk(tmp_path, monkeypatch):
    monkeypatch.setattr("scoring.example.volume._ROWS_A_FILE", 700)
    write_generated(tmp_path / "one", towns=7, findings=2_000, rectifications=1_500, seed=3)
    monkeypatch.undo()
    whole = generate_tables(towns=7, findings=2_000, rectifications=1_500, seed=3)
    for name in ("findings", "rectifications"):
        parts = [pl.read_parquet(path) for path in sorted((tmp_path / "one").glob(f"{name}_*.parquet"))]
        assert len(parts) == 3
        assert pl.concat(parts).equals(whole[name].select(parts[0].columns))
    write_generated(tmp_path / "csv", towns=7, findings=20, rectifications=15, seed=3, formats="csv")
    assert (tmp_path / "csv" / "findings_0001.csv").read_text("utf-8").startswith("finding_id,town,")


@pytest.mark.parametrize(
    ("towns", "findings", "rectifications"), [(0, 1, 1), (1, -1, 0), (1, 0, 1)], ids=["no town", "negative", "orphans"]
)
def test_impossible_sizes_are_refused(towns, findings, rectifications):
    with pytest.raises(ValueError, match="towns"):
        generate_tables(towns=towns, findings=findings, rectifications=rectifications)


def test_intake_accepts_generated_tables(tmp_path, root):
    known = vocabulary(load_scheme(root / "weights" / "jiyuan-quarterly.yaml").scheme)
    for form in ("parquet", "csv"):
        write_generated(tmp_path / form, towns=20, findings=400, rectifications=500, formats=form)
        read = read_folder(tmp_path / form, known)
        assert read.problems.filter(pl.col("kind") == "refused").is_empty(), form
        assert read.tables.findings.height == 400
        assert read.tables.rectifications.height == 500
