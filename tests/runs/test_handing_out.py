"""`pack`, `verify FILE`, `send`, `register`: each town's own archive to its address as published, once; who signed."""

from __future__ import annotations

import json
import re
import zipfile
from email import message_from_bytes, policy
from io import BytesIO

import pypdfium2
import pytest
import pyzipper
import xlsxwriter

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
    # What is printed names its own code, and the code the score.
    pages = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(sheet))
    (code,) = re.findall(r"核验码 ((?:[0-9A-Z]{4}-){3}[0-9A-Z]{4})", pages)
    answer = published.call("verify", "--code", code.lower().replace("0", "o"), "--out", published.out)
    assert (answer.code, "克井镇" in answer.out) == (0, True), answer
    assert published.call("verify", "--code", "0000-0000-0000-0000", "--out", published.out).code == 1
    assert published.call("verify", "--code", "0000", "--out", published.out).code == 2
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
    # The hash is the archive's own, as on the sheet to sign on.
    manifest = json.loads((published.root / "packages" / "2025Q1@1" / "manifest.json").read_text("utf-8"))
    assert all(one["sha256"][:16] in listed.out for one in manifest["towns"].values())
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


def test_passwords_may_stand_in_a_workbook_and_open_the_archives(published):
    table = published.root / "密码表.xlsx"
    with xlsxwriter.Workbook(table) as book:
        rows = [["镇街", "密码"], ["T01", "geheim1"], ["克井", "geheim2"], ["济水街道", "geheim 3"]]
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    answer = published.call("pack", "2025Q1", "--out", published.out, "--passwords", table)
    assert answer.code == 0, answer
    folder = published.root / "packages" / "2025Q1@1"
    for code, password in (("T01", b"geheim1"), ("T02", b"geheim2"), ("T03", b"geheim 3")):
        (archive,) = folder.glob(f"{code}_*.zip")
        with pyzipper.AESZipFile(archive) as opened:
            opened.setpassword(password)
            assert opened.testzip() is None
            opened.setpassword(b"geheim0")
            with pytest.raises(RuntimeError):
                opened.read(opened.namelist()[0])


def test_a_draft_for_comment_is_handed_out_too_and_again_when_it_is_said(bureau):
    bureau.table("镇街名单", TOWNS)
    own = ("--data", bureau.data, "--out", bureau.out, "--weights", bureau.scheme, "--formats", "csv")
    out = ("--stage", "comment", "--out", bureau.out)
    share = bureau.root / "share"
    share.mkdir()
    assert bureau.call("run", "2025Q1", *own).code == 0
    assert bureau.call("pack", "2025Q1", *out).code == 1  # the bureau's own draft goes to nobody
    assert bureau.call("stage", "2025Q1", "comment", "--on", "2025-04-02", *own).code == 0
    assert bureau.call("pack", "2025Q1", *out).code == 0
    sent = bureau.call("send", "2025Q1", "--folder", share, *out)
    assert sent.code == 0, sent
    (archive,) = share.rglob("T02*.zip")
    assert archive.parent.name == "2025Q1@1-comment"
    first = archive.read_bytes()
    assert "以前已发3个" in bureau.call("send", "2025Q1", "--folder", share, *out).out
    # Another draft: nothing goes a second time on its own.
    rows = (bureau.data / "问题台账.csv").read_text("utf-8")
    (bureau.data / "问题台账.csv").write_text(rows.replace("A-3,克井镇,2025-02-03", "A-3,克井镇,2025-02-04"), "utf-8")
    assert bureau.call("run", "2025Q1", *own).code == 0
    assert bureau.call("stage", "2025Q1", "comment", "--on", "2025-04-03", *own).code == 0
    assert bureau.call("send", "2025Q1", "--folder", share, *out).code == 1  # packed before
    assert bureau.call("pack", "2025Q1", *out).code == 0
    again = bureau.call("send", "2025Q1", "--folder", share, *out)
    assert (again.code, "--anew" in again.out, archive.read_bytes() == first) == (1, True, True), again
    again = bureau.call("send", "2025Q1", "--folder", share, "--anew", *out)
    assert (again.code, archive.read_bytes() == first) == (0, False), again
    # Nobody's address is sealed yet.
    with Faulty() as post:
        workspace(bureau, post)
        mailed = bureau.call("send", "2025Q1", *out, TOWNSCORE_SMTP_PASSWORD=secret().reveal())
        assert (mailed.code, post.received, "--folder" in mailed.err) == (1, [], True), mailed
    signed = bureau.call("register", "2025Q1", "--signed", "克井镇", "--by-whom", "示例收件人", *out)
    assert (signed.code, "初评反馈稿" in signed.out) == (0, True), signed
