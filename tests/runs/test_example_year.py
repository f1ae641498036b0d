"""The example's year: four quarters published, the year of them, and the questions that towns ask of it."""

from __future__ import annotations

import json
import re
from fractions import Fraction

import openpyxl
import polars as pl
import pytest

from scoring.choosing import Schemes
from scoring.config import CONFIG
from scoring.example.life import amend
from scoring.workspace import make_workspace, open_workspace
from tests.runs.conftest import Bureau

QUARTERS = ("2025Q1", "2025Q2", "2025Q3", "2025Q4")


@pytest.fixture(scope="module")
def year(tmp_path_factory):
    """The demonstration, made once: tables alone."""
    folder = tmp_path_factory.mktemp("year") / "demo"
    bureau = Bureau(folder.parent / "caller")
    answer = bureau.call("demo", folder, "--year", "--formats", "csv")
    assert answer.code == 0, answer.err
    bureau.root = folder
    return bureau


def frame(bureau, period, name, store=True):
    place = bureau.root / (f"store/{period}@1/run" if store else f"out/{period}")
    return pl.read_parquet(place / f"{name}.parquet")


def exact(frame, column, **where):
    rows = frame.filter(*(pl.col(name) == value for name, value in where.items()))
    return sum((Fraction(n, d) for n, d in rows.select(f"{column}_num", f"{column}_den").iter_rows()), Fraction(0))


def test_four_quarters_are_published_and_verified(year):
    history = year.call("history", "--lang", "en")
    assert [line.split()[0] for line in history.out.split("\n\n")[0].splitlines()[1:]] == [*QUARTERS, "2025"]
    answer = year.call("verify")
    assert answer.code == 0, answer.err
    said = [json.loads((year.root / f"store/{q}@1/edition.json").read_text("utf-8")) for q in QUARTERS]
    assert [one["number"] for one in said] == [
        "示例〔2025〕1号",
        "示例〔2025〕2号",
        "示例〔2025〕3号",
        "示例〔2026〕1号",
    ]
    assert len({one["scheme"]["sha256"] for one in said}) == 2


def test_the_settings_list_the_schemes_and_every_command_finds_its_own(year):
    listed = ["jiyuan-quarterly", "jiyuan-annual", "jiyuan-quarterly-2025H2"]
    assert [path.stem for path in open_workspace(year.root, "zh").weights] == listed
    manifests = [json.loads((year.root / "out" / p / "manifest.json").read_text("utf-8")) for p in (*QUARTERS, "2025")]
    used = [manifest["scheme"]["file"].removesuffix(".yaml") for manifest in manifests]
    assert used == [listed[0], listed[0], listed[2], listed[2], listed[1]]
    assert year.call("check", "2025Q2", "2025Q4", "2025").code == 0
    assert year.call("warnings", "2025Q3").code == 0
    assert year.call("weights", "check").code == 0


@pytest.mark.parametrize("written", ["weights: weights/jiyuan-quarterly.yaml   # one\n", None])
def test_the_change_of_scheme_happens_once(tmp_path, written, contents):
    make_workspace(tmp_path, "en", example=True)
    if written:
        settings = re.sub(
            r"^weights:\n(  - .*\n)+", written, (tmp_path / CONFIG).read_text("utf-8"), flags=re.MULTILINE
        )
        assert written in settings
        (tmp_path / CONFIG).write_text(settings, "utf-8")
    amend(tmp_path, 3)
    once = contents(tmp_path)
    amend(tmp_path, 3)
    assert contents(tmp_path) == once
    workspace = open_workspace(tmp_path, "en")
    assert {path.stem for path in workspace.weights} == {
        "jiyuan-quarterly",
        "jiyuan-quarterly-2025H2",
        "jiyuan-annual",
    }
    assert workspace.lang == "en"
    schemes = Schemes([(path.name, tmp_path / path) for path in workspace.weights], "en")
    assert [schemes.of(label).file for label in ("2025Q2", "2025Q3", "2025")] == [
        "jiyuan-quarterly.yaml",
        "jiyuan-quarterly-2025H2.yaml",
        "jiyuan-annual.yaml",
    ]


def test_what_came_late_is_carried_into_the_second_quarter(year):
    ledger = frame(year, "2025Q2", "ledger")
    carried = {
        (town, subject): points
        for town, subject, points in ledger.filter(pl.col("kind") == "carry_over")
        .select("town_code", "subject", "points")
        .iter_rows()
    }
    # Registered late, considerable: 0.3, and 0.3 more as it is overdue.
    assert carried["419001105", "2025Q1:archive_complete"] == "-0.6"
    # Withdrawn by appeal: 0.45 had been left of it.
    assert carried["419001110", "2025Q1:missed_case"] == "0.45"
    # Fixed a quarter late: a share comes back.
    assert carried["419001107", "2025Q1:inaction"] == "0.5"


def test_the_new_scheme_is_a_part_of_the_change_of_its_own(year):
    changes = frame(year, "2025Q3", "changes")
    assert changes["rules_known"].all()
    assert exact(changes, "points", part="rules", town_code="419001100") == Fraction(-1, 8)
    scores = {q: frame(year, q, "scores") for q in ("2025Q2", "2025Q3")}
    for town in scores["2025Q3"]["town_code"]:
        change = exact(scores["2025Q3"], "score", town_code=town) - exact(scores["2025Q2"], "score", town_code=town)
        assert exact(changes, "points", town_code=town) == change
    history = frame(year, "2025Q4", "history").filter(pl.col("town_code") == "419001100")
    assert history.select("period", "rule_change").rows() == list(
        zip(QUARTERS, (False, False, True, False), strict=True)
    )


def test_a_renamed_town_is_the_same_town(year):
    names = [frame(year, q, "scores").filter(pl.col("town_code") == "419001108")["town"].item() for q in QUARTERS]
    assert names == ["思礼镇", "思礼镇", "思礼镇", "思礼示例镇"]


def test_the_year_is_its_formula_in_fractions(year):
    scores = frame(year, "2025", "scores", store=False)
    ledger = frame(year, "2025", "ledger", store=False)
    dimensions = frame(year, "2025", "dimensions", store=False)
    quarters = [frame(year, q, "scores") for q in QUARTERS]
    for town in scores["town_code"]:
        mean = sum(exact(quarter, "score", town_code=town) for quarter in quarters) / 4
        ended = exact(dimensions, "earned", town_code=town)
        since = exact(ledger, "points", town_code=town, kind="carry_over")
        wanted = Fraction(6, 10) * mean + Fraction(4, 10) * ended + since
        assert abs(exact(scores, "score", town_code=town) - wanted) <= Fraction(1, 200)


def test_why_a_score_changed(year):
    answer = year.call("changes", "大峪", "2025Q1", "2025Q2", "--lang", "en")
    assert answer.code == 0, answer.err
    assert "90.19 →" in answer.out
    parts = [Fraction(line.split()[-1]) for line in answer.out.splitlines() if re.fullmatch(r".*  [+-]?[\d./]+", line)]
    assert sum(parts[:-1]) == parts[-1] == Fraction("-1.31")
    everyone = year.call("changes", "全部", "2025Q2", "2025Q3")
    assert everyone.code == 0
    assert "考核规则" in everyone.out
    assert year.call("changes", "大峪", "2025Q1", "2025Q9").code == 2
    assert year.call("changes", "大裕", "2025Q1", "2025Q2").code == 2


def test_an_appeal_either_way(year):
    answer = year.call("appeal", "S2025-03")
    assert answer.code == 0, answer.err
    assert "88.96分，第14名" in answer.out
    assert "89.66分，第13名" in answer.out
    assert "下冶镇" in answer.out
    later = year.call("appeal", "S2025-31")  # upheld after its quarter was published: told from where it counts
    assert later.code == 0
    assert "2025年第二季度" in later.out
    unknown = year.call("appeal", "S2025-99")
    assert (unknown.code, "S2025-03" in unknown.err) == (2, True)


def test_converted_points(year):
    answer = year.call("convert", "2025Q2", "--share", "12.5", "--to", year.root / "points.xlsx")
    assert answer.code == 0, answer.err
    sheet = openpyxl.load_workbook(year.root / "points.xlsx").worksheets[0]
    rows = {row[0]: row for row in sheet.iter_rows(min_row=7, values_only=True)}
    # 88.88 of 100 at 12.5 points: 11.11.
    assert rows["419001107"][2:4] == (88.88, 11.11)
    assert year.call("convert", "2025Q2").code == 2
    assert year.call("convert", "2025Q2", "--share", "-1").code == 2


def test_a_year_without_its_quarters_is_refused_by_name(year):
    store, words = year.root / "store", ("run", "2025", "--formats", "csv", "--out", year.root / "other")
    for quarter, said in (("2025Q4", "2025Q4"), ("2025Q3", "verify")):  # the last one; one in the middle of the chain
        (store / f"{quarter}@1").rename(year.root / "hidden")
        try:
            answer = year.call(*words)
            assert (answer.code, said in answer.err) == (1, True), answer.err
        finally:
            (year.root / "hidden").rename(store / f"{quarter}@1")
