"""townscore.yaml and holidays.yaml: what is written is used, what is wrong is named with its line."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest

from scoring.config import ConfigError, read_config, read_holidays
from scoring.reports.fonts import faces
from scoring.reports.settings import Settings
from scoring.reports.subset import few
from scoring.workspace import find_weights, open_workspace

TEMPLATES = Path(__file__).parents[2] / "scoring" / "workspace_files"


def _wrong(tmp_path, text, lang="zh"):
    (tmp_path / "townscore.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        read_config(tmp_path / "townscore.yaml", lang)
    return str(caught.value.parameters["lines"])


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("data: data\nlangg: zh\n", 2, "lang"),
        ("lang: fr\n", 1, "zh"),
        ("example: maybe\n", 1, "true"),
        ("report:\n  bureu: x\n", 2, "bureau"),
        ("report:\n  objection_days: soon\n", 2, "objection_days"),
        ("report:\n  objection_days: -1\n", 2, "objection_days"),
        ("report:\n  names: most\n", 2, "leaders"),
        ("report:\n  dated: 2025年4月\n", 2, "2025-01-31"),
        ("report:\n  fonts:\n    songte: a.ttf\n", 3, "songti"),
        ("report:\n  pdf_variant: pdf/a-9\n", 2, "pdf/a-3a"),
        ("report: words\n", 1, "report"),
        ("data: a\ndata: b\n", 2, "data"),
        ("data: &x a\nout: *x\n", 1, "x"),
        ("data: [a\n", 1, ""),
        ("- data\n", 1, ""),
        ("data：甲\n", 1, "“：”"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_the_nearest_word(tmp_path, text, line, said):
    found = _wrong(tmp_path, text)
    assert f"townscore.yaml:{line}: " in found
    assert said in found


def test_all_mistakes_come_at_once_in_the_language_asked_for(tmp_path):
    found = _wrong(tmp_path, "lang: fr\nreport:\n  bureu: x\n  last: x\n", "en")
    assert [line.split(":")[1] for line in found.splitlines()] == ["1", "3", "4"]
    assert not re.search(r"[\u4e00-\u9fff]", found)


def test_a_file_that_is_no_utf_8_is_named(tmp_path):
    (tmp_path / "townscore.yaml").write_bytes("data: 台账".encode("gb18030"))
    with pytest.raises(ConfigError):
        read_config(tmp_path / "townscore.yaml", "zh")


def put_font(path):
    """A font with one character."""
    face = faces({})["songti"]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(few(face.path, face.index, {0x4E00}))


@pytest.mark.parametrize("text", ["", "# nothing\n", "report:\n", "report:\n  bureau:\n  dated:\nlang:\n"])
def test_what_is_left_blank_keeps_its_default(tmp_path, text):
    (tmp_path / "townscore.yaml").write_text(text, "utf-8")
    workspace = open_workspace(tmp_path, "zh")
    assert (workspace.lang, workspace.example, workspace.data) == ("zh", False, tmp_path / "data")
    assert workspace.settings("zh") == Settings()


def test_every_setting_reaches_the_papers(tmp_path):
    (tmp_path / "own").mkdir()
    put_font(tmp_path / "f" / "song.ttf")
    (tmp_path / "townscore.yaml").write_text(
        "report: {bureau: 某局, number: 1, dated: 2025-04-15, objection_days: 5, names: order, leaders: 0, "
        "show_cheapest: true, pdf_variant: pdf/a-3a, templates: own, fonts: {songti: f/song.ttf}}\n",
        "utf-8",
    )
    assert open_workspace(tmp_path, "zh").settings("en") == Settings(
        lang="en",
        bureau="某局",
        number="1",
        dated=date(2025, 4, 15),
        objection_days=5,
        names="order",
        leaders=0,
        show_cheapest=True,
        pdf_variant="pdf/a-3a",
        templates=tmp_path / "own",
        fonts={"songti": tmp_path / "f" / "song.ttf"},
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_template_names_every_setting_and_is_sound_with_and_without_its_marks(tmp_path, lang):
    text = (TEMPLATES / f"townscore.{lang}.yaml").read_text("utf-8").replace("@EXAMPLE@", "false")
    for setting in fields(Settings):
        assert re.search(rf"^(?:  )?(?:# )?{setting.name}:|^  # {setting.name}:", text, re.MULTILINE), setting.name
    assert "holidays.yaml" in text
    (tmp_path / "townscore.yaml").write_text(text, "utf-8")
    assert open_workspace(tmp_path, "zh").settings(lang) == Settings(lang=lang)
    opened = re.sub(r"^  # (\w+:)", r"  \1", text, flags=re.MULTILINE)
    opened = re.sub(r"^  #   (\w+: fonts/)", r"    \1", opened, flags=re.MULTILINE)
    (tmp_path / "townscore.yaml").write_text(opened, "utf-8")
    (tmp_path / "report_templates").mkdir()
    for named in re.findall(r"^    \w+: (fonts/\S+)", opened, re.MULTILINE):
        put_font(tmp_path / named)
    settings = open_workspace(tmp_path, "zh").settings(lang)
    assert (settings.dated, settings.pdf_variant, len(settings.fonts)) == (date(2025, 4, 15), "pdf/a-3a", 5)


def test_holidays(tmp_path):
    path = tmp_path / "holidays.yaml"
    path.write_text("2031:\n  holidays: [2031-01-01]\n  workdays: [2031-01-04]\n", "utf-8")
    assert read_holidays(path, "zh") == {2031: (frozenset({date(2031, 1, 1)}), frozenset({date(2031, 1, 4)}))}
    workdays, digest = open_workspace(tmp_path, "zh").workdays("zh")
    assert not workdays.is_workday(date(2031, 1, 1))
    assert workdays.is_workday(date(2031, 1, 4))
    assert digest
    assert open_workspace(tmp_path / "none", "zh").workdays("zh")[1] is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2031:\n  holiday: [2031-01-01]\n", "holidays"),
        ("2031:\n  holidays: [2032-01-01]\n", "2032-01-01"),
        ("2031:\n  holidays: [1 Jan]\n", "1 Jan"),
        ("next:\n  holidays: [2031-01-01]\n", "next"),
    ],
)
def test_a_mistake_in_the_holidays_is_named(tmp_path, text, said):
    path = tmp_path / "holidays.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        read_holidays(path, "zh")
    assert said in str({key: str(value) for key, value in caught.value.parameters.items()})


def test_a_wrong_folder_never_falls_back_to_a_shipped_scheme(tmp_path):
    shipped = find_weights(Path("jiyuan-quarterly.yaml"), tmp_path)
    assert find_weights(Path("weights/jiyuan-quarterly.yaml"), tmp_path) == shipped
    for path in ("wieghts/jiyuan-quarterly.yaml", "nothing.yaml"):
        with pytest.raises(ConfigError) as caught:
            find_weights(Path(path), tmp_path)
        assert "jiyuan-annual.yaml" in str(caught.value.parameters)


def test_wrong_settings_are_2_for_the_command(bureau):
    answer = bureau.workspace("lang: fr\n").call("run", "2025Q1")
    assert (answer.code, answer.out) == (2, "")
    assert "townscore.yaml:1: " in answer.err
    assert not bureau.out.exists()


def test_the_command_reads_the_workspace_and_speaks_its_language(bureau):
    bureau.workspace("weights: small.yaml\nlang: en\nout: results\nreport: {bureau: Some bureau}\n")
    answer = bureau.call("run", "2025Q1", "--formats", "csv")
    assert answer.code == 0
    assert answer.out.startswith("2025Q1: 3 towns, results in ")
    manifest = json.loads((bureau.root / "results" / "2025Q1" / "manifest.json").read_text("utf-8"))
    assert (manifest["settings"]["lang"], manifest["settings"]["bureau"]) == ("en", "Some bureau")
    assert bureau.call("--help").out.startswith("Usage")
    assert bureau.call("--help", "--lang", "zh").out.startswith("用法")


def test_fault_a_year_without_a_holiday_calendar_stops_and_says_how_to_add_it(bureau):
    rows = (bureau.data / "问题台账.csv").read_text("utf-8").replace("2025-", "2031-")
    (bureau.data / "问题台账.csv").write_text(rows, "utf-8")
    (bureau.data / "整改台账.csv").unlink()
    bureau.workspace()
    answer = bureau.call("run", "2031Q1", "--formats", "csv")
    assert answer.code == 1
    assert "holidays.yaml" in answer.err
    (bureau.root / "holidays.yaml").write_text("2031:\n  holidays: [2031-01-01]\n", "utf-8")
    answer = bureau.call("run", "2031Q1", "--formats", "csv")
    assert answer.code == 0, answer
    manifest = json.loads((bureau.out / "2031Q1" / "manifest.json").read_text("utf-8"))
    assert manifest["holidays"]


def test_init_twice_is_2_and_touches_nothing(bureau):
    folder = bureau.root / "work"
    assert bureau.call("init", folder).code == 0
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert bureau.call("init", folder).code == 2
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_init_where_a_file_stands_is_3(bureau):
    (bureau.root / "work").write_text("mine")
    answer = bureau.call("init", bureau.root / "work")
    assert (answer.code, "work" in answer.err) == (3, True)


@pytest.mark.parametrize(("content", "said"), [(None, "不存在"), (b"no font at all", "不是可用的字体")])
def test_a_licensed_font_that_cannot_be_used_is_named(bureau, content, said):
    bureau.workspace("weights: small.yaml\nreport: {fonts: {fangsong: own.ttf}}\n")
    if content is not None:
        (bureau.root / "own.ttf").write_bytes(content)
    answer = bureau.call("run", "2025Q1", cwd=bureau.root)
    assert answer.code == 2
    assert said in answer.err
    assert "own.ttf" in answer.err


def test_demo_leaves_a_bureaus_own_workspace_alone(bureau):
    bureau.workspace()
    answer = bureau.call("demo", bureau.root)
    assert answer.code == 2
    assert str(bureau.root) in answer.err
    assert not bureau.out.exists()
