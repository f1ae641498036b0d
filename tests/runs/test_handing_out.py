"""`pack`, `verify FILE`, `send`, `register`: each town's own archive to its address as published, once; who signed."""

from __future__ import annotations

import json
import zipfile
from email import message_from_bytes, policy
from io import BytesIO

import pytest

from tests.sending.faulty import Faulty, secret

TOWNS = [
    ["镇街代码", "名称", "别名", "邮箱"],
    ["T01", "沁园街道", "沁园", "t01@example.invalid"],
    ["T02", "克井镇", "克井", "t02@example.invalid"],
    ["T03", "济水街道", "", "t03@example.invalid"],
]


def workspace(bureau, post):
    """townscore.yaml beside the bureau's data, with the mail server of the test."""
    server = post.server(bureau.root)
    text = f"data: {bureau.data}\nweights: {bureau.scheme}\nout: {bureau.out}\nstore: store\n"
    text += f"mail: {{host: {server.host}, port: {server.port}, security: {server.security}, user: {server.user}, "
    text += f"sender: {server.sender}, ca_file: {server.ca_file}}}\n"
    (bureau.root / "townscore.yaml").write_text(text, "utf-8")


@pytest.fixture
def published(bureau):
    """A published and packed first quarter, after which the towns table changes."""
    bureau.table("镇街名单", TOWNS)
    own = ("--data", bureau.data, "--out", bureau.out, "--weights", bureau.scheme, "--formats", "csv")
    for words in (
        ("run", "2025Q1"),
        ("stage", "2025Q1", "comment", "--on", "2025-04-02"),
        ("stage", "2025Q1", "decided", "--on", "2025-04-09", "--by", "局长办公会"),
        ("publish", "2025Q1", "--number", "示例〔2025〕1号", "--on", "2025-04-11"),
    ):
        answer = bureau.call(*words, *own)
        assert answer.code == 0, answer
    assert bureau.call("send", "2025Q1").code == 1  # not packed yet
    moved = [TOWNS[0], *([*row[:3], f"later-{row[3]}"] for row in TOWNS[1:])]
    bureau.table("镇街名单", moved)
    return bureau


def packed_town_by_town_and_nothing_else_leaves(published):
    """What `pack` and `verify FILE` do with a published period."""
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


def nothing_changed_leaves(published):
    """What is not out, or was changed, is not handed out."""
    assert published.call("pack", "2025Q2", "--out", published.out).code == 1
    answer = published.call("pack", "2025Q1", "--stage", "comment", "--out", published.out)
    assert (answer.code, "印发稿" in answer.err) == (1, True)
    edition = published.root / "store" / "2025Q1@1" / "run" / "scores.parquet"
    edition.chmod(0o644)
    edition.write_bytes(edition.read_bytes()[:-1] + b"x")
    answer = published.call("pack", "2025Q1", "--out", published.out, "--packages", published.root / "other")
    assert (answer.code, "被改动过" in answer.err) == (1, True)
    assert not (published.root / "other").exists()


def test_each_town_gets_its_own_once_at_the_address_that_was_published(published):
    packed_town_by_town_and_nothing_else_leaves(published)
    with Faulty() as post:
        workspace(published, post)
        password = {"TOWNSCORE_SMTP_PASSWORD": secret().reveal()}
        dry = published.call("send", "2025Q1", "--dry-run")
        assert (dry.code, post.received) == (0, []), dry
        first = published.call("send", "2025Q1", **password)
        assert first.code == 0, first
        again = published.call("send", "2025Q1", **password)
        assert (again.code, "以前已发3个" in again.out) == (0, True), again
        assert password["TOWNSCORE_SMTP_PASSWORD"] not in first.out + first.err
        taken = list(post.received)
    got = {}
    for recipients, content in taken:
        (attached,) = message_from_bytes(content, policy=policy.default).iter_attachments()
        names = zipfile.ZipFile(BytesIO(attached.get_content())).namelist()
        got[recipients] = (attached.get_filename(), {name.split("_")[0] for name in names})
    assert got == {(row[3],): (f"{row[0]}_{row[1]}_2025Q1.zip", {row[0]}) for row in TOWNS[1:]}
    listed = published.call("register", "2025年第一季度")
    assert listed.code == 0, listed
    assert listed.out.count("已送达") == 3
    assert all(row[1] in listed.out for row in TOWNS[1:])
    wrong = published.call("register", "2025Q1", "--signed", "克井")
    assert wrong.code == 1  # nobody said who
    done = published.call("register", "2025Q1", "--signed", "克井", "--by-whom", "示例收件人", "--on", "2025-04-14")
    assert (done.code, "示例收件人" in done.out, "2025-04-14" in done.out) == (0, True, True), done
    sheet = published.root / "register.xlsx"
    assert published.call("register", "--sheet", sheet).code == 0
    with zipfile.ZipFile(sheet) as book:
        assert "示例收件人".encode() in b"".join(map(book.read, book.namelist()))
    share = published.root / "share"
    share.mkdir()
    answer = published.call("send", "2025Q1", "--folder", share)
    assert answer.code == 0, answer
    assert sorted(path.name for path in share.rglob("*.zip")) == [f"T0{n}_{TOWNS[n][1]}_2025Q1.zip" for n in (1, 2, 3)]
    nothing_changed_leaves(published)
