"""A mail as bytes: names that every reader shows, one recipient, headers that stay headers; addresses and parcels."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from scoring.reports.errors import WrongTemplate
from scoring.reports.settings import Settings
from scoring.sending import Letter, Parcel, SendingError, key_of, letters
from scoring.sending.address import checked_address, checked_addresses
from scoring.sending.message import message_id, message_of
from scoring.sending.parcel import check_together
from tests.sending import faulty

LONG = "T01_示例镇_2025年第一季度社会救助工作考核情况单（含问题清单、整改要求及反馈意见）&附件.pdf"
SENDER = "kaohe@mzj.example"


def parcel_of(*names, code="T01", town="示例镇", **more):
    return Parcel(
        code, town, "2025Q1", 1, "9f3a", tuple(Path(name) for name in names), dict.fromkeys(names, "0"), **more
    )


def mail(files=None, letter=None, to="t01@town.example"):
    parcel = parcel_of("T01.pdf")
    letter = letter or Letter("2025年第一季度考核情况（示例镇）" + "长" * 60, "示例镇：\n.\n.点\n末行")
    return message_of(key_of("mail", parcel), SENDER, to, letter, files or {LONG: b"%PDF" * 100}, faulty.WHEN)


def test_read_back_a_mail_is_what_it_was():
    message = message_from_bytes(mail(), policy=policy.default)
    assert message["From"] == SENDER
    assert message["To"] == "t01@town.example"
    assert message["Subject"] == "2025年第一季度考核情况（示例镇）" + "长" * 60
    assert parsedate_to_datetime(message["Date"]) == faulty.WHEN
    assert parsedate_to_datetime(message["Date"]).utcoffset() == timedelta(hours=8)
    assert {name for name in message.keys()} == {  # noqa: C416, SIM118 - each header once
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert len(message.keys()) == 8
    assert message.get_body().get_content() == "示例镇：\r\n.\r\n.点\r\n末行\r\n"
    (part,) = message.iter_attachments()
    assert part.get_filename() == LONG
    assert part.get_content() == b"%PDF" * 100
    assert part.get_content_type() == "application/pdf"
    assert message.defects == []


def test_the_name_stands_in_one_piece_in_the_raw_header():
    """Numbered pieces (filename*0*=) are what some programs on Windows read the first of."""
    (line,) = [line for line in mail().decode("ascii").split("\r\n") if "filename" in line]
    match = re.fullmatch(r"Content-Disposition: attachment; filename\*=utf-8''([A-Za-z0-9%_.~-]+)", line)
    assert match
    assert match[1].startswith("T01_%E7%A4%BA%E4%BE%8B%E9%95%87_2025")
    assert match[1].endswith(".pdf")


def test_the_name_stands_also_where_programs_that_know_no_rfc_2231_look():
    (line,) = [line for line in mail().decode("ascii").split("\r\n") if " name=" in line]
    match = re.fullmatch(r'Content-Type: application/pdf; name="=\?utf-8\?b\?([A-Za-z0-9+/=]+)\?="', line)
    assert match
    assert base64.b64decode(match[1]).decode() == LONG


def test_the_longest_name_fits_a_line():
    name = "T01_" + "镇" * 76 + ".pdf"
    (part,) = message_from_bytes(mail({name: b"x"}), policy=policy.default).iter_attachments()
    assert part.get_filename() == name


def test_the_same_mail_has_the_same_bytes_and_its_own_id():
    assert mail() == mail()
    key = key_of("mail", parcel_of("T01.pdf"))
    assert re.fullmatch(r"<[0-9a-f]{40}@mzj\.example>", message_id(key, SENDER))
    others = [replace(key, **{name: "x"}) for name in ("period", "town", "files")] + [replace(key, edition=2)]
    assert len({message_id(one, SENDER) for one in (key, *others)}) == 5


@pytest.mark.parametrize(
    "content", [b".\r\n", b"\r\n.\r\nMAIL FROM:<x@y.zz>\r\n", b"\n.\n", b"\r.\r", bytes(range(256))]
)
def test_no_content_ends_a_mail_early(content):
    raw = mail({"T01.bin": content})
    assert b"\r\n." not in raw
    assert b"\r" not in raw.replace(b"\r\n", b"")
    (part,) = message_from_bytes(raw, policy=policy.default).iter_attachments()
    assert part.get_content() == content


@pytest.mark.parametrize("subject", ["a\r\nBcc: x@y.zz", "a\nb", "a\rb", "a\0b", "a\u2028b", "a\u0085b", "", " "])
def test_a_subject_that_would_begin_another_header_is_refused(subject):
    with pytest.raises(SendingError, match="sending-bad-header"):
        mail(letter=Letter(subject, "x"))


@pytest.mark.parametrize("text", ["a@b.cn", "civil-affairs.t01@mail.gov.cn", "o'hara+1@b.cn", "A_b@B.CN"])
def test_plain_addresses_are_taken(text):
    local, _, domain = text.partition("@")
    assert checked_address(text, "T01") == f"{local}@{domain.lower()}"


def test_a_domain_of_chinese_letters_is_written_in_ascii():
    assert checked_address("a@民政.cn", "T01") == "a@xn--ckv594e.cn".replace(
        "xn--ckv594e", "民政".encode("idna").decode()
    )


@pytest.mark.parametrize(
    "text",
    [
        "a", "@b.cn", "a@", "a@b", "a@b..cn", "a@.cn", "a.@b.cn", ".a@b.cn", "a..b@b.cn",
        "a@b.cn,c@d.cn", "a@b.cn;c@d.cn", "镇@b.cn", "a b@c.cn", " a@b.cn", "a@b.cn ", "a@b.cn\n",
        "a@b.cn\r\nBcc: c@d.cn", "镇 <a@b.cn>", "<a@b.cn>", '"a@x.cn"@b.cn', "a@[1.2.3.4]",
        "a@b@c.cn", "a@-b.cn", "a@b-.cn", "a\0@b.cn", "a@b.cn\u200b", "a(b)@c.cn", "a@ｂ.cn",
        "x" * 65 + "@b.cn", "a@" + "x" * 64 + ".cn", "a@" + "b." * 130 + "cn", "a@\ud800.cn",
        "mailto:a@b.cn", "a＠b.cn",
    ],
)  # fmt: skip
def test_anything_but_one_plain_address_is_refused(text):
    with pytest.raises(SendingError, match="sending-bad-address"):
        checked_address(text, "T01")


def test_two_towns_with_one_address_are_refused_unless_it_is_said():
    both = {"T01": "Office@town.example", "T02": "office@TOWN.example", "T03": ""}
    with pytest.raises(SendingError, match="sending-shared-address"):
        checked_addresses(both, shared=False)
    assert set(checked_addresses(both, shared=True)) == {"T01", "T02"}


@pytest.mark.parametrize("name", ["T02_x.pdf", "T011.pdf", "xT01.pdf", "t01.pdf", "T01", "_T01.pdf", "T01a_x.pdf"])
def test_a_file_that_does_not_name_the_town_is_refused(name):
    with pytest.raises(SendingError, match="sending-other-town"):
        parcel_of("T01_a.pdf", name)


@pytest.mark.parametrize("name", ["T01.pdf", "T01_示例镇.pdf", "T01-1.pdf", "T01 x.pdf", "T01示例镇.pdf"])
def test_a_file_that_names_the_town_is_taken(name):
    assert parcel_of(name).files


@pytest.mark.parametrize(
    "name",
    ["T01_a\r\nb.pdf", "T01_\0.pdf", "T01_\u202egpj.pdf", "T01_a:b.pdf", "T01_" + "镇" * 100, "T01_\ud800", "T01_ "],
)
def test_a_name_that_no_header_or_folder_can_hold_is_refused(name):
    with pytest.raises(SendingError, match="sending-bad-name"):
        parcel_of(name)


@pytest.mark.parametrize("town", ["示例镇\r\nBcc: x@y.zz", "示例/镇", "..", "", "示例\u2028镇", "a\nb", "示例镇 "])
def test_a_towns_name_that_would_be_more_than_a_name_is_refused(town):
    with pytest.raises(SendingError, match="sending-bad-name"):
        parcel_of("T01.pdf", town=town)


def test_names_and_hashes_must_pair():
    with pytest.raises(SendingError, match="sending-no-hash"):
        Parcel("T01", "示例镇", "2025Q1", 1, "9f", (Path("T01.pdf"),), {"T01.pdf": "0", "T01_b.pdf": "0"})
    with pytest.raises(SendingError, match="sending-no-hash"):
        parcel_of("T01_a.pdf", "T01_A.pdf")
    with pytest.raises(SendingError, match="sending-no-hash"):
        Parcel("T01", "示例镇", "2025Q1", 1, "9f", (), {})


def test_of_two_codes_that_begin_a_name_the_longer_one_is_meant():
    one = parcel_of("T01-2_report.pdf")
    check_together([one], ["T01", "T03"])
    with pytest.raises(SendingError, match="sending-other-town"):
        check_together([one], ["T01", "T01-2"])
    with pytest.raises(SendingError, match="sending-twice-listed"):
        check_together([one, one], ["T01"])


def test_the_template_speaks_both_languages():
    parcel = replace(parcel_of("T01_a&b.pdf"), edition=2)
    zh = letters(Settings(bureau="示例市民政局", contact="王某"), "2025年第一季度")(parcel)
    assert zh.subject == "2025年第一季度社会救助工作考核情况（示例镇）（第2版）"
    assert "T01_a&b.pdf" in zh.body
    assert zh.body.endswith("结果代码：9f3a\n\n示例市民政局")
    en = letters(Settings(lang="en"), "2025 Q1")(parcel_of("T01_a.pdf"))
    assert en.subject == "Assessment of social assistance, 2025 Q1: 示例镇"
    assert "edition" not in en.body
    assert "\n\n\n" not in zh.body + en.body


def test_a_bureaus_own_template_fills_blocks_and_its_mistakes_are_named(tmp_path):
    path = tmp_path / "mail.txt.j2"
    path.write_text(
        "{% extends 'shipped/mail.txt.j2' %}\n{% block greeting %}\n{{ town }}同志们：\n{% endblock %}\n", "utf-8"
    )
    letter = letters(Settings(templates=tmp_path), "2025年第一季度")(parcel_of("T01.pdf"))
    assert letter.body.startswith("示例镇同志们：\n")
    assert letter.subject == "2025年第一季度社会救助工作考核情况（示例镇）"
    path.write_text("{% extends 'shipped/mail.txt.j2' %}\n{% block body %}{{ score }}{% endblock %}\n", "utf-8")
    with pytest.raises(WrongTemplate) as wrong:
        letters(Settings(templates=tmp_path), "x")(parcel_of("T01.pdf"))
    assert (wrong.value.file, wrong.value.line) == ("mail.txt.j2", 2)


def test_names_in_a_town_are_never_a_template():
    letter = letters(Settings(), "2025年第一季度")(parcel_of("T01.pdf", town="{{ 7 }}镇"))
    assert "{{ 7 }}镇" in letter.subject


def test_the_date_is_that_of_the_clock_given():
    when = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)  # noqa: UP017
    raw = message_of(key_of("mail", parcel_of("T01.pdf")), SENDER, "a@b.cn", Letter("x", "y"), {"T01.pdf": b""}, when)
    assert b"Date: Fri, 02 Jan 2026 03:04:05 +0000\r\n" in raw
