"""Early warnings in the papers: in the internal analysis, never in a town's sheet; the draft of a working hint."""

from __future__ import annotations

import sys
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import docx
import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import conftest
import pdf
import sample

from scoring.messages import say
from scoring.reports.hint import COMMON, hint_view, write_hint
from scoring.reports.labels import Labels
from scoring.reports.rising import rising
from scoring.reports.settings import Settings

BUREAU = Settings(bureau="示例市民政局")
MADE = date(2025, 4, 15)


@pytest.fixture(scope="module")
def quarter():
    return sample.assessment(crowd=12, previous=True)


def with_rows(quarter, *rows):
    made = replace(quarter)
    made.warnings = pl.DataFrame(list(rows), schema=quarter.warnings.schema)
    return made


# ------------------------------------------------------------------------------------------------- the analysis
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_internal_paper_has_the_section_and_every_figure(quarter, lang):
    text = "".join(pdf.text(conftest.paper("internal", quarter, lang)).split())
    told = rising(quarter, Labels(quarter.head, lang))
    assert say("reports-warnings", lang).replace(" ", "") in text
    assert len(told.rows) == quarter.warnings.height == 8
    for row in told.rows:
        for cell in (row.now, row.ratio, row.sure.split("（")[-1].split("(")[-1].rstrip("）)")):
            assert cell.replace(" ", "") in text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_sheet_of_a_town_has_it(quarter, lang):
    text = "".join(pdf.text(conftest.paper("town", quarter.for_town(sample.CROWDED), lang)).split())
    for code in ("reports-warnings", "reports-warnings-sure"):
        assert say(code, lang).replace(" ", "") not in text
    for level in ("clear", "watch", "chance"):
        words = say(f"reports-warnings-level-{level}", lang, percent="").split("%")[0].rstrip("（( ")
        assert words.replace(" ", "") not in text


def test_cells_by_hand(quarter):
    told = rising(quarter, Labels(quarter.head, "zh"))
    rows = [(r.what, r.where, r.now, r.usual, r.ratio, r.sure, r.advice) for r in told.rows]
    village = "轵城镇东关社区"
    remind = "电话提醒，必要时现场指导"
    assert rows[2] == ("问题总数", "轵城镇", "12", "4；同组4.5", "3.0", "把握较大（0.91%）", remind)
    assert rows[3][3:5] == ("同组2.3", "3.0")  # 7/3, and 7 over it
    assert rows[4][3:6] == ("0", "以前没有", "值得注意（1.24%）")
    assert rows[6] == ("村（社区）问题数", village, "5", "0.5", "10.0", "可能偶然（1.78%）", "继续观察")
    assert [r.level for r in told.rows] == ["clear"] * 4 + ["watch"] + ["chance"] * 3
    assert "2024年第三季度、2024年第四季度" in told.note


def test_a_long_table_says_how_many_more_there_are(quarter):
    told = rising(quarter, Labels(quarter.head, "zh"), 3)
    assert (len(told.rows), "5" in told.more, "2025Q1" in told.more) == (3, True, True)


@pytest.mark.parametrize("reason", ["no-past", "no-order"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_without_a_past_the_reason_stands_there(quarter, reason, lang):
    said = {"periods": [], "measure": None, "reason": reason, "least": 3}
    made = with_rows(quarter)
    made.head = {**quarter.head, "internal": {"pending_gates": {}, "warnings": said}}
    told = rising(made, Labels(made.head, lang))
    assert (told.rows, told.note) == ((), say(f"reports-warnings-{reason}", lang))
    assert told.note.replace(" ", "") in "".join(pdf.text(conftest.paper("internal", made, lang)).split())


def test_where_nothing_rises_that_is_said(quarter):
    assert rising(with_rows(quarter), Labels(quarter.head, "zh")).note.endswith("没有明显增多的问题。")


# ------------------------------------------------------------------------------------------------- the working hint
def every_text(path):
    with zipfile.ZipFile(path) as parts:
        return "".join(parts.read(name).decode("utf-8") for name in parts.namelist() if name.endswith(".xml"))


def common(quarter, *types):
    """Findings of the sample under other problem types, in turn, and a warning on each."""
    made = with_rows(
        quarter,
        *(
            sample.warning("problem_type", name, 17 - n, 9 * (n == 0), "0.0009", "clear")
            for n, name in enumerate(types)
        ),
    )
    names = pl.Series([types[n % len(types)] for n in range(quarter.findings.height)])
    made.findings = quarter.findings.with_columns(problem_type=names)
    return made


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_draft_says_what_the_view_says(quarter, tmp_path, lang):
    made = common(quarter, "档案资料", "入户调查")
    view = hint_view(made, replace(BUREAU, lang=lang))
    write_hint(view, MADE, tmp_path / "hint.docx")
    document = docx.Document(tmp_path / "hint.docx")
    lines = [p.text for p in document.paragraphs]
    assert view.title in lines
    assert view.number in lines
    assert view.kinds == 2
    body = [p.text for p in document.paragraphs if p.style.style_id == "BodyParagraph" and p.text]
    assert body == [p.lead + p.text for s in view.sections for p in s.paragraphs]
    assert say("reports-hint-mark", lang) in every_text(tmp_path / "hint.docx")  # the watermark


def test_the_draft_by_hand(quarter):
    made = common(quarter, "档案资料", "入户调查")
    towns = made.findings.filter(problem_type="档案资料")["town"].n_unique()
    new = made.findings.filter(problem_type="入户调查")["town"].n_unique()
    view = hint_view(made, BUREAU)
    assert view.title == "关于“档案资料”等有关问题的工作提示"
    items = [p.lead + p.text for p in view.sections[1].paragraphs]
    assert items == [
        f"1．档案资料。本季度发现17个，涉及{towns}个镇（街道）；照此前2期的水平，通常为4.5个左右。",
        f"2．入户调查。本季度发现16个，涉及{new}个镇（街道）；此前2期没有发现。",
        "以上统计截至2025年4月15日，通常数按抽查户数折算。",
    ]
    # Nothing that the register or the leaders give is made up.
    assert not any(character.isdigit() for character in view.number + view.dated)
    assert [p.text for p in view.sections[2].paragraphs][-1] == "请于　　月　　日前将自查情况书面报送我局。"
    assert hint_view(common(quarter, "档案资料"), BUREAU).title == "关于“档案资料”有关问题的工作提示"


def test_the_draft_names_no_town_no_village_and_no_identifier(quarter, tmp_path):
    types = ["档案资料", "沁园街道档案", "轵城档案", "东关社区公示", "身份证410881199001011234未核"]
    view = hint_view(common(quarter, *types), BUREAU)
    assert (view.kinds, view.named) == (2, 3)
    write_hint(view, MADE, tmp_path / "hint.docx")
    text = every_text(tmp_path / "hint.docx")
    assert "410881199001011234" not in text
    names = {name for _, name, _ in sample.TOWNS} | set(sample.VILLAGES)
    assert [name for name in names if name in text] == []


def test_what_may_be_chance_or_is_one_towns_own_is_no_common_problem(quarter):
    made = common(quarter, "档案资料", "入户调查")
    chance = made.warnings.with_columns(level=pl.lit("chance"))
    made.warnings = chance
    assert hint_view(made, BUREAU).kinds == 0
    made = common(quarter, "档案资料", "入户调查")
    few = made.findings["town"].unique().sort()[: COMMON - 1].to_list()
    own = pl.when(pl.col("town").is_in(few)).then(pl.lit("档案资料")).otherwise(pl.lit("入户调查"))
    made.findings = made.findings.with_columns(problem_type=own)
    assert hint_view(made, BUREAU).kinds == 1


def test_without_problem_types_indicators_are_spoken_of(quarter):
    made = with_rows(quarter, sample.warning("indicator", "file_complete", 17, 9, "0.0009", "clear"))
    made.findings = quarter.findings.with_columns(problem_type=pl.lit(None, dtype=pl.String))
    assert hint_view(made, BUREAU).title == "关于“审核材料齐全”有关问题的工作提示"
    assert "Complete files" in hint_view(made, replace(BUREAU, lang="en")).title


def test_equal_views_give_equal_bytes(quarter, tmp_path):
    view = hint_view(common(quarter, "档案资料"), BUREAU)
    for name in ("one", "two"):
        write_hint(view, MADE, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
