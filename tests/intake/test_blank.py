"""The blank workbooks of `init`: what an officer finds in them, and what becomes of them when they are read."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import openpyxl
import polars as pl
import pytest

from schemas.tables import catalogue, table_for
from schemas.vocabulary import Vocabulary
from scoring.intake import read_folder
from scoring.intake.blank import write_blank_workbooks
from scoring.workspace import make_workspace

TABLES = list(catalogue().tables)


@pytest.fixture(scope="module", params=["zh", "en"])
def lang(request):
    return request.param


@pytest.fixture
def head(lang):
    """Choose between a Chinese and an English heading."""
    return lambda zh, en: zh if lang == "zh" else en


@pytest.fixture(scope="module")
def blanks(lang, kit, tmp_path_factory):
    """Every blank workbook, open: table id to workbook."""
    folder = tmp_path_factory.mktemp(lang)
    paths = write_blank_workbooks(folder, kit.VOCABULARY, lang)
    assert [path.name for path in paths] == [f"{named(name, lang)}.xlsx" for name in TABLES]
    return {name: openpyxl.load_workbook(path) for name, path in zip(TABLES, paths, strict=True)}


def named(table, lang):
    return catalogue().tables[table].zh if lang == "zh" else table


def columns(table, kit):
    return list(table_for(table, kit.VOCABULARY).columns.values())


def width_of(sheet, place):
    """Return a column's width; openpyxl keeps one entry for equal neighbours."""
    return next(one.width for one in sheet.column_dimensions.values() if one.min <= place <= one.max)


def options(book, sheet, place):
    """Return the words of a cell's drop-down, from its own rule or from the sheet of lists."""
    for rule in sheet.data_validations.dataValidation:
        if rule.type == "list" and sheet.cell(2, place).coordinate in rule.sqref:
            if rule.formula1.startswith('"'):
                return rule.formula1.strip('"').split(",")
            name, cells = rule.formula1.lstrip("=").rsplit("!", 1)
            return [row[0].value for row in book[name.strip("'")][cells]]
    return None


@pytest.mark.parametrize("table", TABLES)
def test_every_table_has_a_workbook_with_headings_and_notes(blanks, table, lang, kit):
    sheet = blanks[table].worksheets[0]
    assert sheet.title == named(table, lang)
    wanted = [
        ("*" if column.required else "") + (column.zh if lang == "zh" else column.id) for column in columns(table, kit)
    ]
    assert [cell.value for cell in sheet[1]] == wanted
    for cell, column in zip(sheet[1], columns(table, kit), strict=True):
        assert column.note[lang] in cell.comment.text
        assert width_of(sheet, cell.column) >= column.width
    assert sheet.freeze_panes.endswith("2")


@pytest.mark.parametrize("table", TABLES)
def test_cells_are_formatted_for_what_they_hold(blanks, table, kit):
    sheet = blanks[table].worksheets[0]
    for place, column in enumerate(columns(table, kit), start=1):
        style = sheet.cell(2, place)
        if column.type in {"id", "ids", "month", "period"}:
            assert style.number_format == "@", column.id
        if column.type == "date":
            assert style.number_format == "yyyy-mm-dd", column.id
        assert style.font.italic
        assert style.font.color.rgb == "FF8A949E"


@pytest.mark.parametrize("table", TABLES)
def test_the_example_row_speaks_of_nobody(blanks, table, lang, kit):
    sheet = blanks[table].worksheets[0]
    assert sheet.max_row == 2
    mark = "示例" if lang == "zh" else "example"
    town = [cell.value for cell, column in zip(sheet[2], columns(table, kit), strict=True) if column.type == "town"]
    assert str(sheet.cell(2, 1).value).startswith(mark)
    assert all(value is None or value.startswith(mark) for value in town)


def test_drop_downs_hold_the_schemes_words(blanks, lang):
    finding, judged = blanks["findings"].worksheets[0], blanks["judgements"].worksheets[0]
    place = {cell.value.lstrip("*"): cell.column for cell in finding[1]}

    def at(zh, en):
        return place[zh if lang == "zh" else en]

    indicators = options(blanks["findings"], finding, at("考核指标", "indicator"))
    assert indicators == (["档案资料齐全", "入户调查"] if lang == "zh" else ["file_complete", "home_visit"])
    assert options(blanks["judgements"], judged, 3) == (["群众满意"] if lang == "zh" else ["satisfaction"])
    assert options(blanks["findings"], finding, at("严重程度", "severity")) == ["一般", "较重", "严重"]
    assert "暗访抽查" in options(blanks["findings"], finding, at("发现方式", "channel"))
    reports = blanks["rectifications"].worksheets[0]
    outcomes = options(blanks["rectifications"], reports, 4)
    assert outcomes[:2] == (["未启动", "整改中"] if lang == "zh" else ["not_started", "in_progress"])
    assert options(blanks["findings"], finding, at("镇街", "town")) is None


def test_many_long_labels_and_declared_words_and_towns_have_drop_downs(tmp_path, kit):
    from dataclasses import replace

    from schemas.vocabulary import DeclaredField

    labels = {f"i{number}": f"第{number}项，这是一个相当长的指标名称, 带逗号" for number in range(60)}
    labels |= {"twin_a": "同名", "twin_b": "同名"}
    declared = DeclaredField("season", "季节", "text", "findings", ("汛期", "平时"))
    vocabulary = replace(kit.VOCABULARY, indicators=labels, by_finding=frozenset(), fields=(declared,))
    write_blank_workbooks(tmp_path, vocabulary, "zh", ["沁园街道", "克井镇"])
    book = openpyxl.load_workbook(tmp_path / "问题台账.xlsx")
    place = {cell.value: cell.column for cell in book.worksheets[0][1]}
    assert options(book, book.worksheets[0], place["*考核指标"]) == [*list(labels.values())[:60], "twin_a", "twin_b"]
    assert options(book, book.worksheets[0], place["季节"]) == ["汛期", "平时"]
    assert options(book, book.worksheets[0], place["*镇街"]) == ["沁园街道", "克井镇"]
    assert book.worksheets[1].sheet_state == "hidden"


def test_equal_schemes_give_equal_bytes(tmp_path, kit):
    books = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        books.append([p.read_bytes() for p in write_blank_workbooks(tmp_path / name, kit.VOCABULARY, "zh")])
    assert books[0] == books[1]


def test_a_file_that_is_there_is_never_written_over(tmp_path, kit):
    (tmp_path / "问题整改台账_2025.xlsx").write_bytes(b"mine")
    (tmp_path / "towns.csv").write_bytes(b"mine")
    written = {path.stem for path in write_blank_workbooks(tmp_path, kit.VOCABULARY, "zh")}
    assert not written & {"镇街名单", "问题台账", "整改台账"}
    assert len(written) == len(TABLES) - 3
    assert (tmp_path / "towns.csv").read_bytes() == b"mine"


# --- reading them again


@pytest.fixture
def blank_folder(tmp_path, kit, lang):
    write_blank_workbooks(tmp_path, kit.VOCABULARY, lang)
    return tmp_path


def fill(path, *rows):
    """Write rows below what stands in a workbook, by heading, as an officer does."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    place = {cell.value.lstrip("*"): cell.column for cell in sheet[1]}
    for number, row in enumerate(rows, start=sheet.max_row + 1):
        for heading, value in row.items():
            sheet.cell(number, place[heading]).value = value
    book.save(path)


def test_a_blank_folder_is_refused_for_its_towns_alone(blank_folder, kit, lang):
    intake = read_folder(blank_folder, kit.VOCABULARY, lang=lang)
    assert kit.codes(intake, "refused") == ["towns-none"]
    assert named("towns", lang) in intake.problems["message"][0]
    assert kit.codes(intake, "notice").count("row-example") == len(TABLES)
    assert intake.tables.present == {"towns", "findings"}


def test_only_towns_and_findings_filled_in_are_enough(blank_folder, kit, lang, head):
    fill(
        blank_folder / f"{named('towns', lang)}.xlsx",
        {head("镇街代码", "town_code"): "T01", head("名称", "name"): "沁园街道"},
    )
    fill(
        blank_folder / f"{named('findings', lang)}.xlsx",
        {
            head("镇街", "town"): "沁园街道",
            head("发现日期", "found_on"): date(2025, 3, 1),
            head("考核指标", "indicator"): head("入户调查", "home_visit"),
            head("严重程度", "severity"): "一般",
        },
    )
    intake = read_folder(blank_folder, kit.VOCABULARY, lang=lang)
    assert kit.codes(intake, "refused") == []
    assert intake.tables.present == {"towns", "findings"}, "a blank 核查台账 leaves no town unchecked"
    [finding] = intake.tables.findings.to_dicts()
    assert (finding["town"], finding["found_on"], finding["indicator"]) == ("T01", date(2025, 3, 1), "home_visit")


def example_of(table, kit):
    """Return the example row of a blank workbook as cells by Chinese heading."""
    cells = {}
    for column in columns(table, kit):
        text = column.example.get("zh")
        cells[column.zh] = column.choices[text][0] if column.choices and text else text
    return {zh: text for zh, text in cells.items() if text} | {"考核指标": "入户调查"}


@pytest.mark.parametrize("heading", ["问题编号", "镇街", "村（社区）", "问题描述"])
def test_an_example_row_typed_over_is_data(folder, kit, heading):
    row = example_of("findings", kit)
    assert kit.codes(folder.findings(list(row.values()), head=list(row)).read(), "refused") == []
    folder.findings(list((row | {heading: "沁园街道"}).values()), head=list(row))
    intake = folder.read()
    assert "row-example" not in kit.codes(intake)
    assert intake.rows["findings"]["read"] == 1


def test_a_town_may_bear_the_examples_name(folder, kit):
    folder.towns([["镇街代码", "名称"], ["T01", "示例镇"]])
    folder.findings(kit.row(镇街="示例镇", 问题编号="示例-0001"))
    intake = folder.read()
    assert kit.codes(intake, "refused") == []
    assert intake.tables.findings["town"].to_list() == ["T01"]


def test_an_example_row_is_known_in_a_csv_that_excel_made_of_it(folder, kit):
    row = example_of("findings", kit) | {"发现日期": "2025/1/15", "交办日期": "2025/1/16"}
    folder.csv("问题台账.csv", [list(row), list(row.values())], encoding="gb18030")
    intake = folder.read()
    assert kit.codes(intake, "refused") == []
    assert intake.problems.filter(pl.col("code") == "row-example")["row"].to_list() == [2]


# --- the command


def townscore(cwd, *arguments):
    command = [sys.executable, "-c", "from scoring.cli import main; main()", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_init_then_check_then_run_say_what_to_do(tmp_path, lang, head):
    made = townscore(tmp_path, "init", "space", "--lang", lang)
    assert made.returncode == 0, made.stderr
    space = tmp_path / "space"
    for arguments in (["check"], ["run", "2025Q1"]):
        ran = townscore(space, *arguments)
        assert ran.returncode == 1, ran.stderr
        assert named("towns", lang) in ran.stderr
        assert "Traceback" not in ran.stderr
    data = space / "data"
    fill(
        data / f"{named('towns', lang)}.xlsx",
        *(
            {head("镇街代码", "town_code"): f"T0{number}", head("名称", "name"): name}
            for number, name in enumerate(("沁园街道", "克井镇"))
        ),
    )
    findings = data / f"{named('findings', lang)}.xlsx"
    book = openpyxl.load_workbook(findings)
    place = {cell.value.lstrip("*"): cell.column for cell in book.worksheets[0][1]}
    indicator = head("考核指标", "indicator")
    words = options(book, book.worksheets[0], place[indicator])
    rows = [
        {
            head("镇街", "town"): "克井镇",
            head("发现日期", "found_on"): date(2025, 2, 3),
            indicator: word,
            head("严重程度", "severity"): "一般",
            head("涉及户数", "cases"): 1,
            head("涉及人数", "persons"): 2,
        }
        for word in words
    ]
    fill(findings, *rows)
    checked = townscore(space, "check")
    assert checked.returncode == 0, checked.stderr
    assert str(len(words)) in checked.stdout
    ran = townscore(space, "run", "2025Q1", "--formats", "csv")
    assert ran.returncode == 0, ran.stderr
    scores = pl.read_csv(space / "out" / "2025Q1" / "scores.csv")
    assert scores["rank"].to_list() == [1, 2], "the blank tables leave no town unchecked"


def test_init_beside_a_list_of_towns_offers_their_names(tmp_path, kit):
    (tmp_path / "data").mkdir()
    kit.put(tmp_path / "data" / "镇街名单.xlsx", kit.TOWNS)
    make_workspace(tmp_path, "zh", example=False)
    book = openpyxl.load_workbook(tmp_path / "data" / "问题台账.xlsx")
    assert options(book, book.worksheets[0], 2) == ["沁园街道", "克井镇", "济水街道"]


def test_a_scheme_without_lists_leaves_every_cell_free(tmp_path):
    write_blank_workbooks(tmp_path, Vocabulary(), "zh")
    book = openpyxl.load_workbook(tmp_path / "指标数据.xlsx")
    assert options(book, book.worksheets[0], 3) is None
