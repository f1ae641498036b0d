"""The lines of faults.md that speak of cells: dates, words, towns, ids, counts, personal numbers."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
import xlsxwriter

from scoring.intake.values import nearest_of


def refused(intake, kit):
    return kit.codes(intake, "refused")


# --- dates


@pytest.mark.parametrize(
    "text",
    [
        "2025-03-01",
        "2025/3/1",
        "2025.3.1",
        "2025年3月1日",
        "20250301",
        "２０２５－０３－０１",
        "二〇二五年三月一日",
        45717,
        "2025-03-01 09:30:00",
    ],
)
def test_fault_dates_in_any_usual_form_are_one_date(folder, kit, text):
    intake = folder.findings(kit.row(发现日期=text)).read()
    assert refused(intake, kit) == []
    assert intake.tables.findings["found_on"].to_list() == [date(2025, 3, 1)]


def test_fault_six_encodings_of_the_same_date_give_the_same_frame(folder, kit):
    forms = ["2025-03-01", "2025/3/1", "2025.3.1", "2025年3月1日", "20250301", 45717]
    frames = [kit.facts(folder.findings(kit.row(发现日期=form)).read()) for form in forms]
    assert all(frame == frames[0] for frame in frames)


def test_fault_a_1904_workbook_gives_the_same_dates(folder, kit):
    for day in (45717 - 1462, date(2025, 3, 1)):
        with xlsxwriter.Workbook(
            folder.path / "问题台账.xlsx", {"date_1904": True, "default_date_format": "yyyy-mm-dd"}
        ) as book:
            kit.put_sheet(book, "Sheet1", [kit.HEAD, kit.row(发现日期=day)])
        assert folder.read().tables.findings["found_on"].to_list() == [date(2025, 3, 1)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("25-3-1", "date-short-year"),
        ("3月1日", "date-unreadable"),
        ("2025-02-30", "date-does-not-exist"),
        ("2025年3月", "date-unreadable"),
        ("3/1/2025", "date-unreadable"),
        ("明天", "date-unreadable"),
        ("2025-02-28T16:00:00Z", "date-unreadable"),
        ("1 " * 16_000, "date-unreadable"),
    ],
)
def test_fault_doubtful_dates_are_refused(folder, kit, text, code):
    intake = folder.findings(kit.row(发现日期=text)).read()
    assert refused(intake, kit) == [code]
    [problem] = intake.problems.filter(pl.col("kind") == "refused").to_dicts()
    assert (problem["row"], problem["column"]) == (2, "发现日期")


# --- towns


@pytest.mark.parametrize("name", ["T01", "沁园街道", "沁园", "沁园办事处", " 沁园 街道"])
def test_fault_town_alias_is_understood(folder, kit, name):
    assert folder.findings(kit.row(镇街=name)).read().tables.findings["town"].to_list() == ["T01"]


def test_fault_town_typo_is_refused_with_the_nearest_name_as_a_hint(folder, kit):
    intake = folder.findings(kit.row(镇街="沁圆街道")).read()
    assert refused(intake, kit) == ["unknown-town-near"]
    [problem] = intake.problems.filter(pl.col("kind") == "refused").to_dicts()
    assert "沁园街道" in problem["advice"]
    assert "沁圆" not in problem["message"] + problem["advice"]
    assert intake.tables.findings.is_empty()


def test_fault_hints_end_where_looking_for_them_would_take_hours():
    near = nearest_of({f"{number:05}镇": "" for number in range(25_000)})
    assert [near("12345村") for _ in range(4)] == ["12345镇", "12345镇", "", ""]


def test_fault_two_towns_one_character_apart_are_never_confused(folder, kit):
    folder.towns([*kit.TOWNS, ["T04", "济源街道", ""]])
    intake = folder.findings(kit.row(镇街="济水街道"), kit.row(问题编号="A-2", 镇街="济源街道")).read()
    assert intake.tables.findings["town"].to_list() == ["T03", "T04"]


def test_fault_an_alias_that_two_towns_share_is_refused(folder, kit):
    folder.towns([*kit.TOWNS, ["T04", "新镇", "克井"]])
    assert refused(folder.findings(kit.ROW).read(), kit).count("town-name-shared") == 2


@pytest.mark.parametrize("code", ["../x", "CON", "lpt1", "a" * 33, "镇", "a b/c"])
def test_fault_hostile_town_codes_are_refused(folder, kit, code):
    folder.towns([*kit.TOWNS, [code, "新镇", ""]])
    assert "town-code" in refused(folder.findings(kit.ROW).read(), kit)


def test_fault_a_persons_number_as_town_code_is_refused_and_not_printed(folder, kit):
    number = "199" + "00001111"
    intake = folder.towns([*kit.TOWNS, [number, "新镇", ""]]).findings(kit.ROW).read()
    assert "id-is-personal" in refused(intake, kit)
    assert number not in intake.problems.write_csv()


def test_fault_town_codes_that_differ_in_case_only_are_refused(folder, kit):
    folder.towns([*kit.TOWNS, ["t01", "新镇", ""]])
    assert refused(folder.findings(kit.row(镇街="克井")).read(), kit) == ["town-code-case", "town-code-case"]


# --- ids, orphans, order, unknown words


def test_fault_identical_duplicate_warns_and_counts_once(folder, kit):
    intake = folder.findings(kit.ROW, kit.row(发现日期="2025年3月1日")).read()
    assert refused(intake, kit) == []
    assert kit.codes(intake, "notice") == ["row-repeated"]
    assert intake.rows["findings"] == {"read": 2, "duplicate_rows": 1, "refused": 0}


def test_fault_conflicting_ids_are_refused_and_their_reports_set_aside(folder, kit):
    intake = folder.findings(kit.ROW, kit.row(涉及户数="3")).reports(kit.REPORT).read()
    assert refused(intake, kit) == ["id-conflict", "id-conflict", "refers-to-refused"]
    assert intake.rows["findings"] == {"read": 2, "duplicate_rows": 0, "refused": 2}
    assert intake.rows["rectifications"] == {"read": 1, "duplicate_rows": 0, "refused": 1}


def test_fault_orphan_rectification_is_refused(folder, kit):
    intake = folder.findings(kit.ROW).reports(["A-9", *kit.REPORT[1:]]).read()
    assert refused(intake, kit) == ["orphan"]


@pytest.mark.parametrize(
    ("column", "code"), [("报送日期", "submitted-before-found"), ("复核日期", "verified-before-found")]
)
def test_fault_fixed_before_found_is_refused(folder, kit, column, code):
    report = [
        "2025-02-01" if heading == column else cell for heading, cell in zip(kit.REPORT_HEAD, kit.REPORT, strict=True)
    ]
    assert refused(folder.findings(kit.ROW).reports(report).read(), kit) == [code]


LIVES = ["镇街代码", "名称", "启用日期", "停用日期", "并入"]


@pytest.mark.parametrize(
    ("town", "day", "code"),
    [
        ("沁园街道", "2025-02-28", "found-before-town"),
        ("沁园街道", "2025-03-01", None),
        ("克井镇", "2025-03-31", None),
        ("克井镇", "2025-04-01", "found-after-town"),
        ("济水街道", "2025-03-31", None),
        ("济水街道", "2025-04-01", None),  # from the day after its last it is the town that it became
        ("济水街道", "2025-05-01", None),
        ("承留镇", "2025-04-09", "found-before-town"),  # nobody's: the one gone, the other not there yet
        ("承留镇", "2025-04-10", None),
        ("邵原镇", "2025-02-28", "found-before-town"),  # of a town that merged on no day, all is the other's
        ("大峪镇", "1999-01-01", None),
    ],
)
def test_fault_a_finding_from_before_or_after_its_town_is_refused(folder, kit, town, day, code):
    towns = [
        LIVES,
        ["T01", "沁园街道", "2025-03-01", "", ""],
        ["T02", "克井镇", "", "2025-03-31", ""],
        ["T03", "济水街道", "", "2025-03-31", "沁园街道"],
        ["T04", "承留镇", "", "2025-03-31", "坡头镇"],
        ["T05", "坡头镇", "2025-04-10", "", ""],
        ["T06", "邵原镇", "", "", "沁园街道"],
        ["T07", "大峪镇", "", "", ""],
    ]
    kit.put(folder.path / "镇街名单.xlsx", towns)
    intake = folder.findings(kit.row(镇街=town, 发现日期=day)).read()
    assert refused(intake, kit) == ([code] if code else [])
    if code:
        [problem] = intake.problems.filter(pl.col("kind") == "refused").to_dicts()
        assert (problem["file"], problem["row"], problem["column"]) == ("问题台账.xlsx", 2, "发现日期")
        named = {"承留镇": "坡头镇（2025-04-10）", "邵原镇": "沁园街道"}.get(town, town)
        assert named.rstrip("）").split("（")[0] in problem["message"]
        assert intake.tables.findings.is_empty()


def test_two_different_reports_of_one_day_are_refused(folder, kit):
    other = [*kit.REPORT[:4], "退回重改"]
    assert refused(folder.findings(kit.ROW).reports(kit.REPORT, other).read(), kit) == ["two-reports-of-one-day"] * 2


@pytest.mark.parametrize(
    ("column", "text", "code"),
    [
        ("考核指标", "档案资料齐备", "unknown-indicator-near"),
        ("严重程度", "特别严重", "unknown-word-near"),
        ("严重程度", "QQQ", "unknown-word"),
    ],
)
def test_fault_unknown_indicator_or_severity_is_refused(folder, kit, column, text, code):
    assert refused(folder.findings(kit.row(**{column: text})).read(), kit) == [code]


def test_severity_aliases_become_canonical_words(folder, kit):
    rows = [kit.row(问题编号=f"A-{n}", 严重程度=word) for n, word in enumerate(["轻微", "突出", "重大"])]
    assert folder.findings(*rows).read().tables.findings["severity"].to_list() == ["一般", "较重", "严重"]


# --- counts


@pytest.mark.parametrize(
    ("column", "text", "code"),
    [
        ("涉及户数", "-1", "number-negative"),
        ("涉及户数", "1.5", "count-fractional"),
        ("涉及户数", "nan", "number-unreadable"),
        ("涉及户数", "inf", "number-unreadable"),
        ("涉及户数", "1e0", "number-unreadable"),
        ("涉及金额", "1e400", "number-unreadable"),
        ("涉及金额", "1.005", "too-many-decimals"),
        ("涉及金额", "-3", "number-negative"),
        ("涉及户数", "两", "number-unreadable"),
        ("涉及户数", "①", "number-unreadable"),
        ("涉及户数", "9" * 30, "number-too-large"),
    ],
)
def test_fault_bad_numbers_are_refused(folder, kit, column, text, code):
    intake = folder.findings(kit.row(**{column: text})).read()
    assert refused(intake, kit) == [code]
    assert intake.problems.filter(pl.col("kind") == "refused")["column"].to_list() == [column]


def test_fault_float_noise_of_a_number_cell_is_repaired(folder, kit):
    rows = pl.DataFrame(
        {
            "finding_id": ["A-1"],
            "town": ["T01"],
            "found_on": [date(2025, 3, 1)],
            "indicator": ["file_complete"],
            "amount": [0.1 + 0.2],
        }
    )
    rows.write_parquet(folder.path / "findings.parquet")
    intake = folder.read()
    assert [str(value) for value in intake.tables.findings["amount"]] == ["0.30"]
    assert kit.codes(intake, "repaired") == ["repair-noise"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e30])
def test_fault_parquet_floats_that_are_no_numbers_are_refused(folder, kit, value):
    rows = pl.DataFrame(
        {
            "finding_id": ["A-1"],
            "town": ["T01"],
            "found_on": [date(2025, 3, 1)],
            "indicator": ["file_complete"],
            "cases": [value],
        }
    )
    rows.write_parquet(folder.path / "findings.parquet")
    assert len(refused(folder.read(), kit)) == 1


# --- identifiers and personal columns


@pytest.mark.parametrize("number", ["990000199001011234", "99000019900101123X", "990000900101123", "13900000000"])
def test_fault_a_persons_number_as_finding_id_is_refused_and_not_printed(folder, kit, number):
    intake = folder.findings(kit.row(问题编号=number)).read()
    assert refused(intake, kit) == ["id-is-personal"]
    assert number not in intake.problems.write_csv()


def test_fault_a_long_id_typed_as_a_number_is_refused(folder, kit):
    intake = folder.findings(kit.row(问题编号=12345678901234567)).read()
    assert "long-number" in refused(intake, kit)


def test_a_long_id_typed_as_text_is_kept(folder, kit):
    assert folder.findings(kit.row(问题编号="12345678901234567")).read().tables.findings["finding_id"].to_list() == [
        "12345678901234567"
    ]


def test_personal_columns_are_dropped_with_a_notice(folder, kit):
    intake = folder.findings([*kit.ROW, "某某", "990000199001011234"], head=[*kit.HEAD, "户主姓名", "身份证号"]).read()
    assert kit.codes(intake) == ["column-personal", "column-personal"]
    assert "某某" not in str(intake.tables.findings.rows())


# --- formulas


def test_fault_errors_and_formulas_without_value_are_refused(folder, kit):
    import openpyxl

    folder.findings(kit.ROW, kit.row(问题编号="A-2"))
    path = folder.path / "问题台账.xlsx"
    book = openpyxl.load_workbook(path)
    book.active["F2"] = "=1+1"
    book.active["G3"] = "#N/A"
    book.active["G3"].data_type = "e"
    book.save(path)
    intake = folder.read()
    assert refused(intake, kit) == ["formula-without-value", "cell-error"]
    assert intake.problems.filter(pl.col("kind") == "refused")["column"].to_list() == ["涉及户数", "涉及金额"]
