"""Every number that is printed is the ledger's; same input, same bytes."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import pdf
import sample

from scoring.reports import Settings
from scoring.reports.internal_view import internal_view
from scoring.reports.labels import Labels
from scoring.reports.method import method
from scoring.reports.statement import statement
from scoring.reports.text import brief, exact, signed
from scoring.reports.town_view import town_view
from scoring.reports.view import report_view


@pytest.mark.parametrize("crowd", [12, 200])
def test_the_statement_runs_from_start_to_score(build, crowd):
    whole = build(crowd=crowd)
    for row in whole.scores.to_dicts():
        if row["outcome"] == "not_checked":
            continue
        own = whole.for_town(row["town_code"])
        made = statement(row, own.ledger.to_dicts(), Labels(own.head, "zh"))
        assert made.start == "100.00"
        assert made.total == row["score"].replace("-", "−")
        parts = [Fraction(line.points.replace("−", "-")) for block in made.blocks for line in block.lines]
        assert Fraction(made.start) + sum(parts) == Fraction(row["score_num"], row["score_den"])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_each_entry_of_the_ledger_is_printed(make, example, lang):
    own = example.for_town("419001001")
    words = pdf.text(make("town", own, lang))
    for row in own.ledger.to_dicts():
        points = signed(Fraction(row["points_num"], row["points_den"]), 2)
        assert points in words
        assert row["clause"] in words
        assert not row["subject"] or row["subject"] in words


def test_the_annex_prints_the_scores(make, example):
    words = pdf.text(make("report", example))
    for row in example.scores.to_dicts():
        assert row["town"] in words
        if row["score"]:
            assert f"{row['score']}" in words
    for row in example.dimensions.to_dicts():
        assert exact(Fraction(row["earned_num"], row["earned_den"]), 2) in words


def test_an_unchecked_town_has_neither_score_nor_grade_but_its_findings(make, example):
    own = example.for_town(sample.UNCHECKED)
    words = pdf.text(make("town", own))
    assert "未抽查，不计分" in words
    assert "优秀" not in words
    assert "起始分" not in words
    assert all(number in words for number in own.findings["finding_id"])


def test_a_town_without_findings_keeps_full_marks(make, example):
    words = pdf.text(make("town", example.for_town(sample.CLEAN)))
    assert "本期没有发现问题。" in words
    assert "没有加分或扣分。" in words
    assert "整改回执" not in words


def test_gates_are_printed_in_their_public_wording(make, example):
    for paper, what in (("report", example), ("town", example.for_town(sample.GATED))):
        words = pdf.text(make(paper, what))
        assert "信访办理未达到要求" in words
        assert "信访处置不当造成恶劣影响" not in words
    assert "最高等次限定为合格" in words
    inside = pdf.text(make("internal", example))
    assert "已审定：王屋镇" in inside
    assert "信访处置不当造成恶劣影响" in inside


def test_a_gate_without_wording_is_printed_neutrally(make, example):
    silent = replace(example, scores=example.scores.with_columns(gate_wordings=pl.lit(None, pl.List(pl.String))))
    words = pdf.text(make("report", silent))
    assert "王屋镇：有经审定的一票否决事项" in words
    assert "信访处置不当造成恶劣影响" not in words


def test_the_columns_of_the_annex_add_up_to_the_score(example):
    annex = report_view(example, Settings()).annex
    numbers = [place for place, column in enumerate(annex.columns) if column.kind == "number"]
    assert "加减分等" in [column.heading for column in annex.columns]
    for row in annex.rows:
        cells = [row[place].replace("\u2212", "-") for place in numbers]
        if cells[-1] != "未抽查":
            *terms, score = [Fraction(cell or 0) for cell in cells]
            assert sum(terms) == score, row


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ({"due": 3, "closed_on_time": 3}, "到期问题均已按期销号，没有同类问题重复发生。"),
        ({"due": 3, "closed_on_time": 2}, "到期问题中，1个没有按期销号或尚待复核；没有逾期仍未销号的，"),
        ({"due": 0, "closed_on_time": 0}, "尚无问题到整改期限，没有同类问题重复发生。"),
        ({"due": 3, "closed_on_time": 1, "overdue": 2}, "2个问题逾期未销号。"),
    ],
)
def test_the_sentence_of_rectification_is_true_of_the_numbers(example, counts, sentence):
    summary = example.head["summary"] | {"overdue": "0", "repeats": "0"} | {k: str(v) for k, v in counts.items()}
    view = report_view(replace(example, head=example.head | {"summary": summary}), Settings())
    assert any(paragraph.text.startswith(sentence) for section in view.sections for paragraph in section.paragraphs)


def test_the_bureaus_own_telephone_is_printed_as_it_is_written(example):
    (town, *_) = example.scores["town_code"]
    view = town_view(example.for_town(town), Settings(contact="19900001111"))
    assert "联系方式：19900001111" in view.objection


def test_what_does_not_apply_is_no_loss(example):
    own = pl.col("town_code") == sample.CROWDED
    (row,) = example.indicators.filter(own).sort("points_num", descending=True).head(1).to_dicts()
    label = Labels(example.head, "zh").indicator(row["indicator"])
    for outcome, listed in (("scored", True), ("not_applicable", False)):
        this = own & (pl.col("indicator") == row["indicator"])
        changed = example.indicators.with_columns(
            outcome=pl.when(this).then(pl.lit(outcome)).otherwise("outcome"),
            lost_num=pl.when(this).then("points_num" if outcome == "scored" else 0).otherwise("lost_num"),
            lost_den=pl.when(this).then("points_den").otherwise("lost_den"),
        )
        low = internal_view(replace(example, indicators=changed), Settings()).low[0]
        assert (label in low.losses) == listed


def test_undecided_gates_stand_in_the_internal_paper_alone(make, build):
    pending = build(crowd=3)
    pending.head["internal"] = {"pending_gates": {"419001002": ["petition_harm"]}}
    assert "待审定：济水街道" in pdf.text(make("internal", pending))
    assert "待审定" not in pdf.text(make("report", pending))


def test_cap_effect_is_said(make, build):
    words = pdf.text(make("town", build(crowd=120).for_town(sample.CROWDED)))
    assert "折算、封顶、舍入后实扣8.00分" in words


def sentences(assessment, **more):
    view = report_view(assessment, Settings(**more))
    return "".join(paragraph.lead + paragraph.text for section in view.sections for paragraph in section.paragraphs)


def test_a_first_quarter_is_not_compared(build):
    assert "较" not in sentences(build(crowd=3)).replace("较重", "")


def test_a_later_quarter_is_compared(build):
    assert "较2024年第四季度提高" in sentences(build(crowd=3, previous=True))


def test_equal_scores_name_no_leaders(build):
    words = sentences(build(equal=True))
    assert "各镇（街道）得分相同，均为100.00分。" in words
    assert "居前" not in words
    assert "靠后" not in words


def test_no_finding_is_said(build):
    words = sentences(build(nothing=True, equal=True))
    assert "本季度抽查未发现问题。" in words
    assert "本季度没有列入考核的问题。" in words


def test_nobody_is_called_first_or_last(build):
    words = sentences(build(crowd=30, previous=True))
    assert "第一名" not in words
    assert "倒数" not in words


def test_a_quarter_without_any_scored_town_is_said(build):
    import polars as pl

    empty = build(crowd=3)
    empty.scores = empty.scores.with_columns(
        outcome=pl.lit("not_checked"),
        rank=pl.lit(None, pl.Int64),
        group_rank=pl.lit(None, pl.Int64),
        score=pl.lit(None, pl.String),
        grade=pl.lit(None, pl.String),
    )
    empty.head["summary"] = {**empty.head["summary"], "scored": "0", "mean": None, "max": None, "min": None}
    assert "本季度没有可以计分的镇（街道）。" in sentences(empty)


def test_a_sheet_refuses_two_towns(example):
    with pytest.raises(ValueError, match="one town"):
        town_view(example, Settings())


@pytest.mark.parametrize("kind", ["report", "internal", "town"])
def test_same_input_same_bytes(make, example, kind):
    what = example.for_town("419001001") if kind == "town" else example
    assert make(kind, what) == make(kind, what)


def test_same_bytes_in_a_cold_process_with_another_hash_seed_clock_and_zone(make, build, tmp_path, root):
    script = (
        "import sys; sys.path.insert(0, 'tests/reports'); import conftest, sample;"
        "sys.stdout.buffer.write(conftest.paper('town', sample.assessment(crowd=9).for_town(sample.CROWDED)))"
    )
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "PYTHONHASHSEED": "7",
        "TZ": "Asia/Shanghai",
        "LC_ALL": "C",
    }
    cold = subprocess.run([sys.executable, "-c", script], cwd=root, env=environment, capture_output=True, check=True)
    assert cold.stdout == make("town", build(crowd=9).for_town(sample.CROWDED))


def test_exact_numbers_as_text():
    assert [
        exact(Fraction(7, 3)),
        exact(Fraction(-1, 2), 2),
        exact(Fraction(1, 8), 2),
        signed(Fraction(0), 2),
        signed(Fraction(1)),
    ] == [
        "7/3",
        "−0.50",
        "0.125",
        "0.00",
        "+1",
    ]


def test_overdue_is_one_number_on_every_page(example):
    whole = int(example.scores["overdue"].sum())
    view = internal_view(example, Settings())
    assert len(view.overdue) == whole == sum(int(town.count) for town in view.overdue_towns)
    for code in example.scores["town_code"]:
        sheet = town_view(example.for_town(code), Settings())
        said = [row for group in sheet.groups for row in group.rows if "逾期未改" in row.state or "已逾期" in row.state]
        assert str(len(said)) == sheet.counts[3].number


def test_a_finding_fixed_in_part_after_its_day_is_overdue(build):
    import polars as pl

    late = build(crowd=3)
    first = late.findings.filter(disposition="priced")["finding_id"][0]
    is_first = pl.col("finding_id") == first
    late.findings = late.findings.with_columns(
        state=pl.when(is_first).then(pl.lit("partly")).otherwise("state"),
        flags=pl.when(is_first).then(pl.lit(["overdue"])).otherwise("flags"),
        fixed_on=pl.when(is_first).then(None).otherwise("fixed_on"),
    )
    assert first in {row.number for row in internal_view(late, Settings()).overdue}
    own = late.for_town(late.findings.filter(is_first)["town"][0])
    rows = {row.number: row for group in town_view(own, Settings()).groups for row in group.rows}
    assert (rows[first].state, rows[first].urgent) == ("部分整改，已逾期", True)


def test_a_town_under_a_veto_does_not_lead(build):
    whole = build(crowd=30)
    whole.scores = whole.scores.with_columns(
        rank=pl.when(pl.col("town_code") == sample.GATED).then(1).otherwise("rank")
    )
    words = sentences(whole)
    assert "王屋镇" not in words.split("得分居前")[0].split("平均得分")[1]
    assert "王屋镇：信访办理未达到要求，按规定" in words


def test_a_balance_that_does_not_end_is_rounded_openly():
    assert [brief(Fraction(1, 8), 2), brief(Fraction(272427, 3050), 2), brief(Fraction(-1, 3), 0)] == [
        "0.125",
        "≈89.32",
        "≈−0.33",
    ]


def test_saved_heads_give_the_same_method(example):
    import json

    mixed = json.loads(json.dumps(example.head, sort_keys=True))
    assert method(Labels(mixed, "zh")) == method(Labels(example.head, "zh"))


def test_totals_of_a_very_crowded_town_are_of_all_its_findings(build, monkeypatch):
    own = build(crowd=40).for_town(sample.CROWDED)
    settings = Settings()
    whole = town_view(own, settings)
    monkeypatch.setattr("scoring.reports.town_view.MOST_FINDINGS", 5)
    few = town_view(own, settings)
    assert [(group.heading, group.note) for group in few.groups] == [(g.heading, g.note) for g in whole.groups]
    assert sum(len(group.rows) for group in few.groups) == 5 < sum(len(group.rows) for group in whole.groups)
