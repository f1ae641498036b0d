"""The bureau's own duties: each figure by hand, no record said as such, nothing of it in any town's papers."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from schemas.tables import catalogue
from scoring.assessing import assess
from scoring.assessment import Assessment
from scoring.jobs import Desk as JobDesk
from scoring.periods import Period, parse_period
from scoring.reports.duties_view import duties_view
from scoring.reports.labels import Labels
from scoring.scheme import parse_scheme
from scoring.shapes import DUTIES
from scoring.supervision.duties import duties, months_of, read_own
from scoring.workdays import Workdays
from tests.frames import tables_of
from tests.runs.conftest import SCHEME
from tests.supervision.conftest import TOWNS

END = date(2025, 4, 10)


def d(month: int, day: int) -> date:
    return date(2025, month, day)


@pytest.fixture(scope="module")
def scheme():
    return parse_scheme(SCHEME.encode(), "small.yaml").scheme


@pytest.fixture(scope="module")
def period(scheme):
    return parse_period("2025Q1", scheme.calendar)


def whole(tables):
    """The tables with every column that the intake gives them."""
    given = {}
    for name in ("findings", "checks"):
        frame, known = getattr(tables, name), catalogue().tables[name].polars_schema()
        given[name] = frame.with_columns(
            pl.lit(None, dtype=dtype).alias(column) for column, dtype in known.items() if column not in frame.columns
        )
    return replace(tables, **given)


def told(desk, scheme, period, as_of=END, **tables) -> tuple[dict, Assessment]:
    towns = [{"town_code": code, "name": name, "order": n} for n, (code, name, _) in enumerate(TOWNS.iter_rows())]
    read = whole(tables_of({"towns": towns, **tables}, scheme))
    made = assess(read, scheme, period, as_of)
    own = read_own(desk.path, TOWNS, "zh")
    frame = duties(read, own.tables, made, period, as_of, Workdays())
    assert frame.schema == pl.Schema(DUTIES)
    return {(row["duty"], row["scope"]): row for row in frame.to_dicts()}, replace(made, duties=frame)


def check(town, month, new, sampled, day):
    return {"check_id": f"{town}{month}{day}", "town": town, "checked_on": day, "month": month} | {
        "newly_confirmed": new,
        "sampled": sampled,
    }


@pytest.fixture
def kept(desk):
    """A folder in which one training is noted."""
    return desk.put("duties", {"done_on": d(1, 14), "kind": "集中培训", "towns": "全部", "persons": 62})


def test_a_month_is_met_only_when_every_town_is(kept, scheme, period):
    checks = [
        check("T01", "2025-01", 10, 3, d(2, 3)),
        check("T02", "2025-01", 1, 1, d(2, 3)),
        check("T03", "2025-01", 0, 0, d(2, 3)),
        check("T01", "2025-02", 11, 3, d(3, 3)),  # needs 4
        check("T02", "2025-02", 100, 90, d(3, 3)),
        check("T01", "2025-03", 10, 3, d(4, 20)),  # after the day of the data
    ]
    rows, _ = told(kept, scheme, period, checks=checks)
    first, second, third = (rows["sample", f"2025-0{month}"] for month in (1, 2, 3))
    assert (first["done"], first["of"], first["level"], first["names"]) == (4, 11, "met", [])
    assert (second["done"], second["of"], second["level"], second["names"]) == (93, 111, "short", ["T01"])
    assert (third["done"], third["of"], third["level"]) == (None, None, "none")
    # Where a town has no row, its sheet may never have come back.
    some, _ = told(kept, scheme, period, checks=checks[:2])
    assert some["sample", "2025-01"]["level"] == "told"
    coverage = rows["coverage", ""]
    assert (coverage["done"], coverage["of"], coverage["names"], coverage["level"]) == (3, 3, [], "met")


def test_coverage_is_the_engines_and_unknown_without_checks(kept, scheme, period):
    rows, _ = told(kept, scheme, period, checks=[check("T01", "2025-01", 10, 3, d(2, 3))])
    assert (rows["coverage", ""]["done"], rows["coverage", ""]["names"]) == (1, ["T02", "T03"])
    assert rows["coverage", ""]["level"] == "short"
    rows, _ = told(kept, scheme, period)
    assert (rows["coverage", ""]["done"], rows["coverage", ""]["level"]) == (None, "none")


def test_work_of_the_period_is_counted_and_the_rest_has_no_record(desk, scheme, period):
    desk.put(
        "duties",
        {"done_on": d(1, 14), "kind": "集中培训", "towns": "全部", "persons": 62},
        {"done_on": d(3, 6), "kind": "集中培训", "towns": "克井、沁园", "persons": 20},
        {"done_on": d(4, 6), "kind": "集中培训", "towns": "克井", "persons": 9},
        {"done_on": d(2, 26), "kind": "数据清理", "quantity": 37},
    )
    rows, _ = told(desk, scheme, period)
    training = rows["training", ""]
    assert [training[name] for name in ("done", "towns", "persons", "last_on")] == [2, 3, 82, d(3, 6)]
    assert rows["cleaning", ""]["quantity"] == 37
    assert {rows[name, ""]["level"] for name in ("exchange", "conference", "matching", "at_door")} == {"none"}


def test_letters_reports_and_appeals_by_their_days(kept, scheme, period):
    findings = [
        {"finding_id": f"F{n}", "town": "T01", "found_on": d(1, 6), "indicator": "files", "severity": "一般"}
        for n in range(4)
    ]
    letters = [
        {"letter_id": "L1", "town": "T01", "kind": "advisory_letter", "sent_on": d(1, 8), "due_on": d(2, 8)}
        | {"finding_ids": ["F0", "F1"]},
        {"letter_id": "L2", "town": "T01", "kind": "advisory_letter", "sent_on": d(1, 8), "due_on": d(2, 8)}
        | {"finding_ids": ["F0"]},
        {"letter_id": "L3", "town": "T01", "kind": "work_note", "sent_on": d(1, 8), "due_on": d(5, 8)}
        | {"finding_ids": ["F2"]},
    ]
    reports = [
        {"finding_id": "F0", "submitted_on": d(2, 8), "outcome": "done", "verified_on": d(2, 13), "verdict": "passed"},
        {"finding_id": "F1", "submitted_on": d(2, 10), "outcome": "done", "verified_on": d(2, 12), "verdict": "passed"},
        {"finding_id": "F2", "submitted_on": d(3, 10), "outcome": "done", "verified_on": d(4, 20), "verdict": "passed"},
    ]
    appeals = [{"appeal_id": "S1", "target": "finding", "target_id": "F3", "filed_on": d(1, 9)}]
    given = {"findings": findings, "letters": letters, "rectifications": reports, "appeals": appeals}
    rows, _ = told(kept, scheme, period, **given)
    assert [rows["letters", ""][name] for name in ("done", "of")] == [1, 2]
    # 8 February 2025 is a day of work for the Spring Festival: 10, 11, 12, 13 are four after it; and two.
    assert [rows["verified", ""][name] for name in ("done", "of", "days")] == [2, 3, 2]
    assert [rows["appeals", ""][name] for name in ("done", "of", "days")] == [0, 1, None]


def test_complaints_by_the_day_that_is_written(desk, scheme, period):
    call = {"town": "克井", "complaint": "是", "connected": "是"}
    desk.put(
        "hotline",
        {**call, "called_on": d(2, 3), "due_days": 5, "answered_on": d(2, 8)},  # the fifth: 8 February was worked
        {**call, "called_on": d(2, 4), "due_days": 5, "answered_on": d(2, 17)},
        {**call, "called_on": d(2, 5), "due_days": 99999, "answered_on": d(2, 6)},
        {**call, "called_on": d(2, 5), "complaint": "否", "due_days": 5},
    )
    desk.put("petitions", {"town": "克井", "received_on": d(2, 3), "answered_on": d(2, 4)})
    rows, _ = told(desk, scheme, period)
    hotline, petitions = rows["hotline", ""], rows["petitions", ""]
    assert [hotline[name] for name in ("done", "of", "quantity", "level")] == [1, 2, 1, "short"]
    assert [petitions[name] for name in ("done", "of", "quantity", "level")] == [0, 0, 1, "told"]


def test_ways_of_supervising_are_the_years(kept, scheme, period):
    findings = [
        {"finding_id": "F1", "town": "T01", "found_on": d(1, 6), "indicator": "files", "severity": "一般"}
        | {"channel": channel}
        for channel in ("日常监督",)
    ]
    rows, _ = told(kept, scheme, period, findings=findings)
    assert (rows["modes", ""]["done"], rows["modes", ""]["of"]) == (1, 4)
    assert rows["modes", ""]["names"] == ["专项督导", "暗访抽查", "跟踪回访"]


def test_money_comes_back_once_however_often_it_is_told(kept, scheme, period):
    findings = [
        {"finding_id": name, "town": "T01", "found_on": d(1, 6), "indicator": "files", "severity": "一般"}
        for name in ("F1", "F2")
    ]
    reports = [
        {"finding_id": "F1", "submitted_on": d(2, 1), "recovered": "100.00"},
        {"finding_id": "F1", "submitted_on": d(3, 1), "recovered": "100.00"},
        {"finding_id": "F2", "submitted_on": d(3, 1), "recovered": "150.00"},
    ]
    towns = [{"town_code": code, "name": name} for code, name, _ in TOWNS.iter_rows()]
    read = whole(tables_of({"towns": towns, "findings": findings, "rectifications": reports}, scheme))
    money = pl.Series("recoverable", ["200.00", "150.00"]).str.to_decimal(scale=2).cast(pl.Decimal(20, 2))
    read = replace(read, findings=read.findings.with_columns(money))
    own = read_own(kept.path, TOWNS, "zh")
    frame = duties(read, own.tables, assess(read, scheme, period, END), period, END, Workdays())
    row = frame.filter(pl.col("duty") == "recovered").to_dicts()[0]
    assert (row["done"], row["of"]) == (1, 2)


def test_months_are_those_whose_middle_the_period_holds():
    closed = Period("2025Q1", "quarter", date(2024, 12, 26), date(2025, 3, 25))
    assert months_of(closed) == ["2025-01", "2025-02", "2025-03"]
    assert months_of(Period("2025-02", "month", d(2, 1), d(2, 28))) == ["2025-02"]


def test_there_is_no_page_where_nothing_is_kept(tmp_path, desk):
    assert read_own(tmp_path / "nowhere", TOWNS, "zh") is None
    assert read_own(desk.path, TOWNS, "zh") is None
    desk.put("kin", {"town": "克井", "handler": "示例甲", "name": "示例乙"})
    assert read_own(desk.path, TOWNS, "zh") is None


def test_files_with_persons_are_not_opened(kept):
    (kept.path / "近亲属备案.xlsx").write_bytes(b"damaged")
    (kept.path / "办理台账.xlsx").write_bytes(b"damaged")
    read = read_own(kept.path, TOWNS, "zh")
    assert not read.refused
    assert list(read.inputs) == ["工作记录.xlsx"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_row_has_its_words(kept, scheme, period, lang):
    _, made = told(kept, scheme, period, checks=[check("T01", "2025-01", 10, 2, d(2, 3))])
    view = duties_view(made, Labels(made.head, lang))
    assert len(view.rows) == 25
    short = [row for row in view.rows if row.level == "short"]
    assert [row.clause for row in short][-1] == ("四（一）" if lang == "zh" else "4 (1)")
    assert view.figures[0].number == "1 / 3"
    assert view.figures[1].number == "20.0%"
    assert "沁园街道" in short[0].done


def test_of_a_town_nothing_of_it_remains(kept, scheme, period, tmp_path):
    _, made = told(kept, scheme, period)
    assert made.for_town("T01").duties.is_empty()
    (tmp_path / "saved").mkdir()
    made.save(tmp_path / "saved")
    assert Assessment.load(tmp_path / "saved").duties.equals(made.duties)
    assert duties_view(made.for_town("T01"), Labels(made.head, "zh")) is None


def test_a_run_prints_the_page_and_counts_it_in_no_score(office, monkeypatch):
    from scoring import runs

    monkeypatch.setattr(runs.Printer, "_begin", lambda *_: [], raising=True)
    monkeypatch.setattr(runs.Printer, "warm", lambda *_: None, raising=True)
    assert office.call("run", "2025Q1", "--formats", "pdf,csv").code == 0
    out = office.root / "out" / "2025Q1"
    before = json.loads((out / "assessment.json").read_text("utf-8"))
    assert pl.read_parquet(out / "duties.parquet").is_empty()
    rows = [["日期", "工作类别", "涉及镇街"], ["2025-02-03", "集中培训", "全部"], ["2025-02-30", "集中培训", "全部"]]
    office.table("工作记录", rows, "supervision")
    assert office.call("run", "2025Q1", "--formats", "pdf,csv").code == 0
    after = json.loads((out / "assessment.json").read_text("utf-8"))
    assert after["run_code"] == before["run_code"]
    assert pl.read_parquet(out / "duties.parquet").filter(pl.col("duty") == "training")["done"].to_list() == [1]
    problems = pl.read_csv(out / "problems.csv")
    assert problems.filter(pl.col("file") == "工作记录.xlsx").select("row", "kind").rows() == [(3, "notice")]
    # Of data that were named, this workspace's own record says nothing.
    other = office.root / "trial"
    (office.root / "data").rename(other)
    assert office.call("run", "2025Q1", "--formats", "pdf,csv", "--data", other).code == 0
    assert pl.read_parquet(out / "duties.parquet").is_empty()


def test_a_desk_keeps_nothing_of_its_own_unless_told():
    assert JobDesk.__dataclass_fields__["supervision"].default is None
