"""`pack`, `send`, `register`: each town's own archive to its own address as published, once, and who signed."""

from __future__ import annotations

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
    assert bureau.call("pack", "2025Q1", "--out", bureau.out).code == 0
    moved = [TOWNS[0], *([*row[:3], f"later-{row[3]}"] for row in TOWNS[1:])]
    bureau.table("镇街名单", moved)
    return bureau


def test_each_town_gets_its_own_once_at_the_address_that_was_published(published):
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
