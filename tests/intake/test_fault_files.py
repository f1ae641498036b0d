"""The lines of faults.md that speak of files, sheets and encodings."""

from __future__ import annotations

import io
import os
import threading
import time
import zipfile
from dataclasses import replace
from datetime import date

import polars as pl
import pytest
import xlsxwriter

from scoring.intake import Limits


def refused(intake, kit):
    return kit.codes(intake, "refused")


def test_a_true_example_is_read_without_a_refusal(folder, kit, child):
    intake = folder.findings(kit.ROW).reports(kit.REPORT).read()
    assert refused(intake, kit) == []
    assert intake.tables.present == {"towns", "findings", "rectifications"}
    [finding] = intake.tables.findings.to_dicts()
    assert (finding["town"], finding["found_on"], finding["indicator"]) == ("T01", date(2025, 3, 1), "file_complete")
    [report] = intake.tables.rectifications.to_dicts()
    assert (report["outcome"], report["verdict"]) == ("done", "passed")
    assert set(intake.inputs) == {"镇街名单.xlsx", "问题台账.xlsx", "整改台账.xlsx"}


# --- malformed, encrypted, bomb workbook; huge Parquet


def test_fault_malformed_workbook_is_refused(folder, kit):
    (folder.path / "问题台账.xlsx").write_bytes(b"PK\x03\x04 this is no workbook")
    intake = folder.read()
    assert "workbook-damaged" in refused(intake, kit)
    assert intake.tables.findings.is_empty()


def test_fault_truncated_workbook_is_refused(folder, kit):
    folder.findings(kit.ROW)
    path = folder.path / "问题台账.xlsx"
    path.write_bytes(path.read_bytes()[:-200])
    assert "workbook-damaged" in refused(folder.read(), kit)


def test_fault_wrong_crc_is_refused(folder, kit):
    folder.findings(kit.ROW)
    path = folder.path / "问题台账.xlsx"
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("xl/worksheets/sheet1.xml")
    data = bytearray(path.read_bytes())
    data[info.header_offset + 30 + len(info.filename) + 40] ^= 0xFF
    path.write_bytes(bytes(data))
    assert "workbook-damaged" in refused(folder.read(), kit)


def test_fault_a_workbook_that_lacks_a_sheet_it_names_is_refused(folder, kit):
    folder.findings(kit.ROW).reports(kit.REPORT)
    path = folder.path / "整改台账.xlsx"
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            if name != "xl/worksheets/sheet1.xml":
                archive.writestr(name, data)
    assert refused(folder.read(), kit) == ["workbook-damaged"]


def test_a_chart_sheet_is_no_fault(folder, kit):
    with xlsxwriter.Workbook(folder.path / "问题台账.xlsx") as book:
        sheet = kit.put_sheet(book, "Sheet1", [kit.HEAD, kit.ROW])
        chart = book.add_chart({"type": "bar"})
        chart.add_series({"values": "=Sheet1!$F$2:$F$2"})
        book.add_chartsheet("图").set_chart(chart)
        assert sheet
    intake = folder.read()
    assert not intake.refused
    assert intake.tables.findings.height == 1


def test_fault_encrypted_workbook_is_refused(folder, kit):
    (folder.path / "问题台账.xlsx").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600)
    assert "workbook-encrypted" in refused(folder.read(), kit)


def test_fault_bomb_workbook_is_refused_before_it_is_unzipped_whole(folder, kit):
    folder.findings(kit.ROW)
    with zipfile.ZipFile(folder.path / "问题台账.xlsx", "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image1.bin", b"\0" * 20_000_000)
    folder.limits = Limits(ratio=200, ratio_from_bytes=1_000_000)
    assert "workbook-bomb" in refused(folder.read(), kit)


def test_fault_workbook_too_large_unzipped_is_refused(folder, kit):
    folder.findings(kit.ROW)
    folder.limits = Limits(unzipped_bytes=2000)
    assert "workbook-too-large" in refused(folder.read(), kit)


def test_fault_a_small_workbook_that_names_the_last_cell_is_refused(folder, kit, child):
    with xlsxwriter.Workbook(folder.path / "问题台账.xlsx") as book:
        sheet = kit.put_sheet(book, "Sheet1", [kit.HEAD, kit.ROW])
        sheet.write_string(1_048_575, 16_383, "x")
    assert "workbook-too-many-cells" in refused(folder.read(), kit)


def test_fault_the_reading_childs_death_is_a_refusal_and_the_other_files_are_read(folder, kit, child, monkeypatch):
    from scoring.intake import sandbox

    folder.findings(kit.ROW).reports(kit.REPORT)
    honest = sandbox._one_child

    def dies_at_the_ledger(files, *rest):
        names = [path.name for path, _ in files]
        if names[0] == "问题台账.xlsx":
            return [], "reader-died"
        stop = names.index("问题台账.xlsx") if "问题台账.xlsx" in names else len(names)
        answers, death = honest(files[:stop], *rest)
        return answers, death or ("reader-died" if stop < len(names) else None)

    monkeypatch.setattr(sandbox, "_one_child", dies_at_the_ledger)
    intake = folder.read()
    assert intake.problems.filter(pl.col("code") == "reader-died")["file"].to_list() == ["问题台账.xlsx"]
    assert intake.tables.towns.height == 3


def test_fault_a_file_that_takes_too_long_is_refused(folder, kit, child):
    folder.findings(kit.ROW)
    folder.limits = Limits(seconds=0.01)
    assert "file-too-slow" in refused(folder.read(), kit)


def test_fault_memory_limit_of_the_child_is_a_refusal(folder, kit, child):
    folder.findings(kit.ROW)
    folder.limits = Limits(memory_bytes=60_000_000)
    assert {"reader-died", "file-too-large", "workbook-damaged"} & set(refused(folder.read(), kit))


def test_fault_huge_parquet_is_refused_by_its_metadata(folder, kit):
    rows = pl.DataFrame({"finding_id": ["x"]}).select(pl.col("finding_id").repeat_by(200_000).explode())
    rows.write_parquet(folder.path / "findings.parquet")
    folder.limits = Limits(parquet_cells=100_000)
    assert "file-too-large" in refused(folder.read(), kit)


def test_parquet_lists_of_categories_are_lists_of_words(folder, kit):
    frame = pl.DataFrame({heading: [cell] for heading, cell in zip(kit.HEAD, kit.ROW, strict=True)})
    tags = pl.Series([["甲", "乙"]], dtype=pl.List(pl.Categorical))
    frame.with_columns(tags.alias("标签")).write_parquet(folder.path / "问题台账.parquet")
    assert folder.read().tables.findings["tags"].to_list() == [["甲", "乙"]]


def test_fault_damaged_parquet_is_refused(folder, kit):
    (folder.path / "findings.parquet").write_bytes(b"PAR1 nothing PAR1")
    assert "parquet-damaged" in refused(folder.read(), kit)


# --- characters and encodings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("sep", [",", "\t", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_fault_csv_encodings_delimiters_and_line_ends_give_equal_tables(folder, kit, encoding, sep, end):
    folder.csv("问题台账.csv", [kit.HEAD, kit.ROW], encoding=encoding, sep=sep, end=end)
    intake = folder.read()
    assert refused(intake, kit) == []
    [finding] = intake.tables.findings.to_dicts()
    assert (finding["description"], finding["town"], finding["source_row"]) == ("缺少签字", "T01", 2)


def test_fault_csv_with_a_sep_line(folder, kit):
    folder.csv("问题台账.csv", [["sep=;"], [";".join(kit.HEAD)], [";".join(kit.ROW)]])
    intake = folder.read()
    assert intake.tables.findings["source_row"].to_list() == [3]


@pytest.mark.parametrize(
    "data", [b"\xff\xfe\xff", "编号,镇街\n".encode("utf-16-le"), b"\x81\x20\xff,\xfe\n", b"a,\x01\n"]
)
def test_fault_bytes_of_no_known_encoding_are_refused(folder, kit, data):
    (folder.path / "问题台账.csv").write_bytes(data)
    assert "csv-encoding" in refused(folder.read(), kit)


def test_fault_quoted_csv_keeps_delimiters_and_counts_physical_lines(folder, kit):
    lines = [
        kit.HEAD,
        [*kit.ROW[:-1], '"第一行\n第二行, 引号""内"""'],
        [*kit.row(问题编号="A-2", 发现日期="2025-99-01")],
    ]
    intake = folder.csv("问题台账.csv", lines).read()
    assert intake.tables.findings["description"].to_list() == ['第一行\n第二行, 引号"内"']
    assert intake.problems.filter(pl.col("kind") == "refused")["row"].to_list() == [4]


def test_fault_csv_line_longer_than_the_heading_is_refused(folder, kit):
    intake = folder.csv("问题台账.csv", [kit.HEAD, [*kit.ROW, "多出"]]).read()
    assert refused(intake, kit) == ["csv-row-too-long"]
    assert intake.rows["findings"]["refused"] == 1


@pytest.mark.parametrize("stray", [b"\xe4", b"\xb1", b"\xed\xa0\x80"])
def test_fault_utf8_with_stray_bytes_is_not_taken_for_another_encoding(folder, kit, stray):
    (folder.path / "镇街名单.xlsx").unlink()
    lines = [b"town_code,name", "T01,沁园街".encode() + stray, "T02,克井镇".encode(), b""]
    (folder.path / "towns.csv").write_bytes(b"\n".join(lines))
    assert "csv-encoding" in refused(folder.findings(kit.row(镇街="T01")).read(), kit)


def test_fault_csv_wider_than_any_sheet_is_refused(folder, kit):
    folder.csv("问题台账.csv", [kit.HEAD, kit.ROW, [""] * 17_000])
    assert "csv-too-wide" in refused(folder.read(), kit)


def test_thousands_of_unknown_headings_are_named_in_a_moment(folder, kit):
    began = time.process_time()
    intake = folder.csv("问题台账.csv", [[*kit.HEAD, *(f"x{n}" for n in range(4000))], kit.ROW]).read()
    assert kit.codes(intake) == ["column-unknown"] * 4000
    assert time.process_time() - began < 20


def test_fault_csv_with_unpaired_quotes_is_refused(folder, kit):
    folder.csv("问题台账.csv", [kit.HEAD, ['"A-1', *kit.ROW[1:]]])
    assert "csv-quotes" in refused(folder.read(), kit)


@pytest.mark.parametrize(
    ("column", "text", "repair"),
    [
        ("涉及户数", "２", "repair-width"),
        ("涉及户数", "2户", "repair-unit"),
        ("涉及户数", "2\u200b", "repair-space"),
        ("涉及户数", "\u30002", "repair-space"),
        ("涉及金额", "0012.5", None),
        ("问题编号", "Ａ—1", "repair-id"),
        ("问题编号", "A\u3000-1", "repair-id"),
        ("问题编号", "A -1", "repair-id"),
        ("镇街", "沁园\u200b街道", "repair-space"),
        ("问题描述", "缺少\u200b签字", "repair-space"),
        ("涉及户数", "2.0000000000000004", "repair-noise"),
        ("涉及金额", "12.499999999999998", "repair-noise"),
    ],
)
def test_fault_odd_characters_are_repaired_and_each_repair_is_logged(folder, kit, column, text, repair):
    plain = kit.facts(folder.findings(kit.ROW).read())
    intake = folder.findings(kit.row(**{column: text})).read()
    assert refused(intake, kit) == []
    assert kit.facts(intake) == plain
    assert kit.codes(intake, "repaired") == ([repair] if repair else [])


def test_fault_thousands_commas_are_repaired(folder, kit):
    intake = folder.findings(kit.row(涉及户数="1,200", 涉及金额="1,200.50")).read()
    assert intake.tables.findings["cases"].to_list() == [1200]
    assert kit.codes(intake, "repaired") == ["repair-comma", "repair-comma"]


@pytest.mark.parametrize("mark", ["—", "-", "无", "/", "", " "])
def test_fault_marks_for_nothing_are_empty_not_zero(folder, kit, mark):
    intake = folder.findings(kit.row(涉及户数=mark, 涉及金额=mark)).read()
    assert refused(intake, kit) == []
    assert intake.tables.findings.select("cases", "amount").row(0) == (None, None)


def test_fault_replacement_characters_are_refused(folder, kit):
    assert refused(folder.findings(kit.row(问题描述="缺\ufffd签字")).read(), kit) == ["replacement-character"]


# --- files


def test_fault_links_are_refused_and_subfolders_named(folder, kit, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "问题台账.xlsx"
    kit.put(elsewhere, [kit.HEAD, kit.ROW])
    (folder.path / "问题台账.xlsx").symlink_to(elsewhere)
    os.mkfifo(folder.path / "整改台账.csv")
    (folder.path / "旧").mkdir()
    intake = folder.read()
    assert refused(intake, kit).count("file-not-plain") == 2
    assert "subfolder" in kit.codes(intake, "notice")


def test_lock_and_dot_files_are_passed_over(folder, kit):
    folder.findings(kit.ROW)
    for name in ("~$问题台账.xlsx", ".问题台账.csv"):
        (folder.path / name).write_bytes(b"junk")
    assert kit.codes(folder.read()) == []


def test_fault_pandera_switched_off_in_the_environment_changes_nothing(folder, kit, monkeypatch):
    monkeypatch.setenv("PANDERA_VALIDATION_ENABLED", "False")
    assert refused(folder.findings(kit.row(涉及户数="-1")).read(), kit) == ["number-negative"]


def test_fault_hostile_text_stays_text(folder, kit):
    texts = ["=1+1", "+2", "@x", "<script>alert(1)</script>", "{{ 7*7 }}", "http://example.invalid/"]
    rows = [kit.row(问题编号=f"B-{n}", 问题描述=text) for n, text in enumerate(texts)]
    with xlsxwriter.Workbook(
        folder.path / "问题台账.xlsx", {"strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        kit.put_sheet(book, "Sheet1", [kit.HEAD, *rows])
    assert folder.read().tables.findings["description"].to_list() == texts


def test_row_file_and_column_order_change_nothing(folder, kit):
    rows = [kit.row(问题编号=f"A-{n}", 发现日期=f"2025-03-{n + 1:02}") for n in range(6)]
    whole = kit.facts(folder.findings(*rows).read())
    (folder.path / "问题台账.xlsx").unlink()
    folder.findings(*rows[3:], name="问题台账_甲").findings(*rows[2::-1], name="乙 问题台账")
    assert kit.facts(folder.read()) == whole


def test_limits_can_be_changed(folder, kit):
    folder.findings(kit.ROW)
    folder.limits = replace(Limits(), cells=3)
    assert "workbook-too-many-cells" in refused(folder.read(), kit)


def test_an_interrupted_reading_leaves_no_clock_to_wait_for(tmp_path, child, monkeypatch):
    """Ctrl-C while the child reads: the command said that it stopped and then waited for 300 seconds."""
    from scoring.intake import sandbox

    class Reader(io.BytesIO):
        def readline(self, *_):
            raise KeyboardInterrupt

    class Child(sandbox.subprocess.Popen):
        def __init__(self, *words, **options):
            super().__init__(*words, **options)
            self.stdout.close()
            self.stdout = Reader()

    monkeypatch.setattr(sandbox.subprocess, "Popen", Child)
    before = set(threading.enumerate())
    with pytest.raises(KeyboardInterrupt):
        sandbox._one_child([(tmp_path / "a.csv", "csv")], 0, set(), tmp_path, Limits())
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
        assert not thread.is_alive()
