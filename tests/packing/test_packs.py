"""Packages: nobody's rows but the town's own, whole or not at all, the same bytes again, what is masked is counted."""

from __future__ import annotations

import json
import re
import zipfile
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import replace

import polars as pl
import pytest

from scoring.digest import file_hash
from scoring.outfolder import Busy, locked
from scoring.packing import apart
from scoring.packing.packs import Pack, PackError, handed_out, pack
from scoring.packing.signing import Key
from scoring.packing.town import Order, safe_name
from scoring.redaction import Words, distributed
from scoring.reports.settings import Settings
from scoring.shapes import WORKED_OUT
from tests.packing.canaries import canary, everything, world


@pytest.fixture(scope="module")
def whole():
    return world(2)


@pytest.fixture(scope="module")
def made(whole, tmp_path_factory):
    return pack(Pack(whole, Settings(), Words()), tmp_path_factory.mktemp("packages"))


def foreign(made, codes):
    """(town, whose canary stands in its archive) wherever somebody else's does."""
    for code, done in made.towns.items():
        content = everything(made.folder / done.archive)
        assert canary(code, "").removesuffix("qz").encode() in content
        seen = set(re.findall(rb"zq[a-j]{9}", content))
        yield from ((code, other) for other in codes if other != code and canary(other, "")[:11].encode() in seen)


def test_no_archive_holds_a_byte_of_another_towns(made):
    assert list(foreign(made, list(made.towns))) == []


def test_what_never_leaves_is_in_no_archive(made):
    for code, done in made.towns.items():
        content = everything(made.folder / done.archive)
        assert canary(code, "descriptiona").encode() in content
        for field in (
            "caserefa",
            "responsiblepersona",
            "supervisora",
            "disciplinecluea",
            "note",
            "remarka",
            "by",
            "owna",
            "ownb",
        ):
            assert canary(code, field).encode() not in content, field


def test_a_process_is_handed_the_columns_that_may_leave_and_no_others(whole):
    own, _ = handed_out(whole.for_town(whole.scores["town_code"][0]), Words())
    assert "own_field" in whole.findings.columns
    assert set(own.findings.columns) - {*distributed()["findings"], *WORKED_OUT} == set()


def test_every_town_has_its_papers_and_every_hash_is_bound(made):
    manifest = json.loads((made.folder / "manifest.json").read_text("utf-8"))
    assert list(manifest["towns"]) == list(made.towns)
    for code, told in manifest["towns"].items():
        folder = made.folder / told["archive"].removesuffix(".zip")
        kinds = sorted(path.suffix for path in folder.iterdir())
        assert kinds == [".docx", ".docx", ".pdf", ".txt", ".xlsx"]
        assert all(path.name.startswith(f"{code}_") for path in folder.iterdir())
        assert told["files"] == {path.name: file_hash(path) for path in folder.iterdir()}
        assert told["sha256"] == file_hash(made.folder / told["archive"])
        with zipfile.ZipFile(made.folder / told["archive"]) as archive:
            assert archive.testzip() is None
            assert sorted(archive.namelist()) == sorted(told["files"])
        note = next(folder.glob("*.txt")).read_bytes()
        assert note.startswith(b"\xef\xbb\xbf")
        assert b"\r\n" in note
        text = note.decode("utf-8-sig")
        others = {name: digest for name, digest in told["files"].items() if not name.endswith(".txt")}
        assert all(f"{digest}  {name}" in text for name, digest in others.items())


def test_the_same_again_is_the_same_bytes(made, whole, tmp_path):
    again = pack(Pack(whole, Settings(), Words()), tmp_path)
    here, there = (
        {p.relative_to(m.folder): p.read_bytes() for p in m.folder.rglob("*") if p.is_file()} for m in (made, again)
    )
    assert here == there


def test_what_a_killed_command_left_is_gone_with_the_next_and_two_at_once_are_refused(whole, tmp_path):
    left = tmp_path / ".2025Q1@1.4711.new"
    left.mkdir()
    (left / "half.pdf").write_text("half")
    asked = Pack(whole, Settings(), Words())
    pack(asked, tmp_path)
    assert not left.exists()
    with locked(tmp_path, {"pid": "1"}), pytest.raises(Busy):
        pack(asked, tmp_path)


def test_what_is_masked_is_counted_and_strict_writes_nothing(whole, tmp_path):
    code = whole.scores["town_code"][0]
    said = "户主电话19900001111"
    findings = whole.findings.with_columns(
        description=pl.when(pl.col("town") == code).then(pl.lit(said)).otherwise("description")
    )
    asked = Pack(replace(whole, findings=findings), Settings(), Words())
    made = pack(asked, tmp_path / "masked")
    assert made.masked.frame.select("town_code", "column", "kind", "count").unique().rows() == [
        (code, "description", "telephone", 1)
    ]
    assert made.masked.count == 2
    content = everything(made.folder / made.towns[code].archive)
    assert b"19900001111" not in content
    assert b"199******11" in content
    with pytest.raises(PackError) as refused:
        pack(replace(asked, strict=True), tmp_path / "strict")
    assert refused.value.code == "pack-strict"
    assert not (tmp_path / "strict").exists()


def test_archives_open_with_their_own_password_alone(whole, tmp_path):
    pyzipper = pytest.importorskip("pyzipper")
    codes = whole.scores["town_code"].to_list()
    passwords = {code: f"geheim-{n}" for n, code in enumerate(codes)}
    asked = Pack(whole, Settings(), Words(), passwords=passwords)
    assert "geheim" not in repr(asked)
    made = pack(asked, tmp_path)
    assert not [path for path in made.folder.rglob("*.json") if b"geheim" in path.read_bytes()]
    for n, code in enumerate(codes):
        with pyzipper.AESZipFile(made.folder / made.towns[code].archive) as archive:
            name = archive.namelist()[0]
            archive.setpassword(passwords[codes[n - 1]].encode())
            with pytest.raises(RuntimeError):
                archive.read(name)
            archive.setpassword(passwords[code].encode())
            assert archive.read(name)
    with pytest.raises(PackError) as refused:
        pack(replace(asked, passwords={codes[0]: "x"}), tmp_path / "none")
    assert refused.value.code == "pack-no-password"
    assert not (tmp_path / "none").exists()


def test_the_notice_goes_to_everybody_where_the_bureau_says_so(whole, tmp_path):
    made = pack(Pack(whole, Settings(), Words(), notice=b"%PDF-1.7 notice"), tmp_path)
    for done in made.towns.values():
        assert sum(name.endswith("_通报.pdf") for name in done.files) == 1


@pytest.mark.parametrize("name", ["a/b", "a\\b", "CON: ", "镇<1>", "x" * 300, "...", "\u202eabc", "a\nb"])
def test_names_are_such_that_windows_takes_them(name):
    made = safe_name(name)
    assert made
    assert len(made) <= 60
    assert not re.search(r'[<>:"/\\|?*\x00-\x1f]', made)
    assert made == made.strip(" .")


def test_no_password_and_no_key_stands_in_a_file(tmp_path, monkeypatch):
    """Not even in the one by which a town's process is handed its rows, and which a kill would leave behind."""
    seen = []

    class Pool:
        def submit(self, work, settings, path, folder, secrets):
            seen.append((path.read_bytes(), secrets))
            return nothing

    nothing = Future()
    nothing.set_result(None)
    monkeypatch.setattr(apart, "worker_pool", lambda: nullcontext(Pool()))
    key = Key(b"the bureau's own key", "geheim passphrase")
    order = Order(None, Settings(), "示例镇", "T1_示例镇_2025Q1", password="geheim password", key=key)
    apart.make_all({"T1": order}, tmp_path)
    ((content, secrets),) = seen
    assert secrets == ("geheim password", key)
    assert "示例镇".encode() in content
    assert b"geheim" not in content
    assert b"own key" not in content
