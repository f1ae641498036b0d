"""manifest.json, assessment.json and the pages: what a run says of itself (contract.md)."""

from __future__ import annotations

import hashlib
import json
import re

import polars as pl
import pypdfium2
import pytest


def _sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def made(bureau):
    assert bureau.run(formats="csv,pdf,docx,xlsx").code == 0
    return bureau


def test_the_manifest_binds_every_other_file_and_everything_that_went_in(made, root):
    folder = made.out / "2025Q1"
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["files"] == {
        path.relative_to(folder).as_posix(): _sha256(path)
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert {"towns/T01.pdf", "towns/T02.pdf", "towns/T03.pdf"} <= manifest["files"].keys()
    assert manifest["inputs"] == {path.name: _sha256(path) for path in made.data.iterdir()}
    assert manifest["scheme"] == {"file": "small.yaml", "sha256": _sha256(made.scheme)}
    assert manifest["templates"] == {
        f"shipped/{path.relative_to(root / 'report_templates').as_posix()}": _sha256(path)
        for path in (root / "report_templates").rglob("*")
        if path.is_file()
    }
    assert set(manifest["fonts"]) == {"xiaobiaosong", "fangsong", "heiti", "kaiti", "songti"}
    assert all(re.fullmatch(r"[0-9a-f]{64}", font["sha256"]) for font in manifest["fonts"].values())
    assert {"townscore", "polars", "weasyprint", "python"} <= manifest["versions"].keys()
    assert (manifest["as_of"], manifest["seed"], manifest["period"]) == ("2025-03-31", 0, "2025Q1")
    assert str(made.root) not in json.dumps(manifest)


def test_the_run_code_stands_on_every_page(made):
    folder = made.out / "2025Q1"
    code = json.loads((folder / "manifest.json").read_text("utf-8"))["run_code"]
    assert re.fullmatch(r"[0-9a-f]{8}", code)
    assert json.loads((folder / "assessment.json").read_text("utf-8"))["run_code"] == code
    for path in folder.rglob("*.pdf"):
        for page in pypdfium2.PdfDocument(path):
            assert code in page.get_textpage().get_text_range(), path.name


def test_every_row_is_accounted_for(made):
    rows = json.loads((made.out / "2025Q1" / "assessment.json").read_text("utf-8"))["rows"]
    assert rows["findings"] == {
        "read": 4,
        "used": 3,
        "unpriced": {"after_as_of": 1},
        "set_aside": 0,
        "refused": 0,
    }
    for name, row in rows.items():
        assert row["read"] == row["used"] + sum(row["unpriced"].values()) + row["set_aside"] + row["refused"], name


def test_tables_are_also_parquet(made):
    folder = made.out / "2025Q1"
    for name in ("scores", "indicators", "ledger"):
        assert pl.read_parquet(folder / f"{name}.parquet").height == pl.read_csv(folder / f"{name}.csv").height
    assert pl.read_csv(folder / "scores.csv").columns == [
        "town_code",
        "town",
        "group",
        "score",
        "rank",
        "group_rank",
        "grade",
    ]


def test_a_bureaus_own_template_and_font_are_bound_by_hash(bureau, root):
    own = bureau.root / "report_templates"
    own.mkdir()
    template = '{% extends "shipped/town.html.j2" %}\n'
    (own / "town.html.j2").write_text(template, "utf-8")
    bureau.workspace()
    assert bureau.call("run", "2025Q1", "--formats", "csv").code == 0
    manifest = json.loads((bureau.out / "2025Q1" / "manifest.json").read_text("utf-8"))
    assert manifest["templates"]["own/town.html.j2"] == hashlib.sha256(template.encode()).hexdigest()


def test_other_facts_give_another_code_and_other_bytes_of_equal_facts_the_same(bureau):
    def code():
        assert bureau.run().code == 0
        return json.loads((bureau.out / "2025Q1" / "manifest.json").read_text("utf-8"))["run_code"]

    first = code()
    path = bureau.data / "问题台账.csv"
    text = path.read_text("utf-8")
    path.write_text(text.replace("2025-03-01", "2025年3月1日"), "gb18030")
    assert code() == first
    path.write_text(text.replace("2025-03-01", "2025-03-02"), "utf-8")
    assert code() != first


@pytest.mark.parametrize(("towns", "known"), [(3, True), (2, False)])
def test_a_median_of_two_would_tell_each_of_the_other(bureau, towns, known):
    rows = [["镇街代码", "名称", "类别"], ["T01", "沁园街道", "镇"], ["T02", "克井镇", "镇"], ["T03", "济水街道", "镇"]]
    bureau.table("镇街名单", rows[: towns + 1])
    lines = (bureau.data / "问题台账.csv").read_text("utf-8").replace("沁园,", "沁园街道,")
    (bureau.data / "问题台账.csv").write_text(lines, "utf-8")
    assert bureau.run().code == 0
    medians = pl.read_parquet(bureau.out / "2025Q1" / "dimensions.parquet")["group_median_num"]
    assert medians.is_not_null().all() == known
