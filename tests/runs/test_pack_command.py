"""`pack`: only what is published or out for comment leaves, and only as it was."""

from __future__ import annotations

import json
import zipfile

import pytest


@pytest.fixture
def published(bureau):
    """A published first quarter in a workspace of its own."""
    own = ("--data", bureau.data, "--out", bureau.out, "--weights", bureau.scheme, "--formats", "csv")
    for words in (
        ("run", "2025Q1"),
        ("stage", "2025Q1", "comment", "--on", "2025-04-02"),
        ("stage", "2025Q1", "decided", "--on", "2025-04-09", "--by", "局长办公会"),
        ("publish", "2025Q1", "--number", "示例〔2025〕1号", "--on", "2025-04-11"),
    ):
        answer = bureau.call(*words, *own)
        assert answer.code == 0, answer
    return bureau


def test_what_is_published_is_packed_town_by_town_and_nothing_else_leaves(published):
    answer = published.call("pack", "2025年第一季度", "--out", published.out)
    assert answer.code == 0, answer
    folder = published.root / "packages" / "2025Q1@1"
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert sorted(manifest["towns"]) == ["T01", "T02", "T03"]
    assert (folder / "签收单.docx").is_file()
    with zipfile.ZipFile(folder / manifest["towns"]["T02"]["archive"]) as archive:
        assert all(name.startswith("T02_克井镇_2025Q1") for name in archive.namelist())
    # Anyone can check what they hold, in another folder and under another name too.
    sheet = next((folder / "T02_克井镇_2025Q1").glob("*.pdf"))
    copy = published.root / "copy.pdf"
    copy.write_bytes(sheet.read_bytes())
    answer = published.call("verify", copy, "--out", published.out)
    assert (answer.code, "发给克井镇" in answer.out) == (0, True), answer
    altered = published.root / sheet.name
    altered.write_bytes(sheet.read_bytes() + b" ")
    answer = published.call("verify", altered, "--out", published.out)
    assert (answer.code, "被改动过" in answer.err) == (1, True), answer
    # Passwords come from a table and are never told.
    table = published.root / "passwords.csv"
    for text, told in (
        ("沁园街道,geheim1\nT02,geheim2\n", "济水街道"),
        ("无此镇,geheim1\n", "无此镇"),
        ("T01\n", "passwords.csv"),
    ):
        table.write_text(text, "utf-8")
        answer = published.call("pack", "2025Q1", "--out", published.out, "--passwords", table)
        assert (answer.code, told in answer.err, "geheim" in answer.err) == (2, True, False), answer
    # What is not out, or was changed, is not handed out.
    assert published.call("pack", "2025Q2", "--out", published.out).code == 1
    answer = published.call("pack", "2025Q1", "--stage", "comment", "--out", published.out)
    assert (answer.code, "印发稿" in answer.err) == (1, True)
    edition = published.root / "store" / "2025Q1@1" / "run" / "scores.parquet"
    edition.chmod(0o644)
    edition.write_bytes(edition.read_bytes()[:-1] + b"x")
    answer = published.call("pack", "2025Q1", "--out", published.out, "--packages", published.root / "other")
    assert (answer.code, "被改动过" in answer.err) == (1, True)
    assert not (published.root / "other").exists()
