"""What holds of every text."""

from __future__ import annotations

import random
import re
import sys
from pathlib import Path

import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import corpus
from hypothesis import given
from hypothesis import strategies as st

from scoring.redaction import KINDS, REGISTER, Words, find, redact, redact_frame
from scoring.redaction.words import shipped

WORDS = Words(own=frozenset({"青松", "11", "张某"}), allow=frozenset({"王屋镇", "马头村", "139"}))
NAMES = shipped("names")
LISTS = shipped("words")
PIECES = [
    *"张王李于欧阳某三伟国未的和，。：、（） 　\n-－.0123456789９Xx*号组村户元〇一\u200b",
    *("990102199001011234", "19900001111", "139 0000 1111", "0391-6633123", "转801", "6222021234567890", "20250301"),
    *(
        "3组12号",
        "2单元301",
        "马头村",
        "王屋镇",
        "住址：",
        "身份证号",
        "电话",
        "账号：",
        "编号",
        "糖尿病",
        "晚期",
        "青松",
    ),
    *(
        "户主",
        "申请人：",
        "其子",
        "同志",
        "一家",
        "家庭",
        "未签字",
        "某某",
        "某处",
        "某种疾病",
        "〔已隐去〕",
        "139******11",
    ),
    *(word for group in NAMES["headings"] for word in group[:3]),
    *NAMES["titles"][:6],
    *NAMES["after"][:12],
    *LISTS["places"]["anchors"],
]
texts = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=14).map("".join)


@given(texts)
def test_redacting_twice_changes_nothing(text):
    once, _ = redact(text, WORDS)
    assert redact(once, WORDS) == (once, [])


@given(texts)
def test_what_is_outside_the_hits_is_unchanged(text):
    masked, hits = redact(text, WORDS)
    assert hits == find(text, WORDS)
    ends = [0, *(hit.end for hit in hits)]
    starts = [*(hit.start for hit in hits), len(text)]
    assert all(0 <= end <= start for end, start in zip(ends, starts, strict=True))
    assert all(hit.start < hit.end and hit.kind in KINDS for hit in hits)
    kept = [text[end:start] for end, start in zip(ends, starts, strict=True)]
    assert re.fullmatch("(?s)" + ".*?".join(map(re.escape, kept)), masked)


@given(st.integers(0, 10**9), st.booleans())
def test_every_spelling_of_one_number_is_found_whole(seed, valid):
    draw = random.Random(seed)
    for kind, number in (("identity", corpus.identity(draw, valid=valid)), ("telephone", corpus.mobile(draw))):
        for spelling in corpus.spellings(number, draw):
            (hit,) = find(f"查询结果：{spelling}，属实", Words())
            assert (hit.kind, hit.start, hit.end) == (kind, 5, 5 + len(spelling)), repr(spelling)


@given(st.lists(st.one_of(st.none(), texts), max_size=6), st.lists(st.one_of(st.none(), texts), max_size=6))
def test_a_frame_is_redacted_as_its_cells_are(first, second):
    height = min(len(first), len(second))
    cells = {"a": first[:height], "b": second[:height]}
    frame = pl.DataFrame(
        {"id": [f"F{n}" for n in range(height)], **cells}, schema_overrides={"a": pl.String, "b": pl.String}
    )
    masked, register = redact_frame(frame, ["a", "b"], "id", WORDS)
    rows = []
    for row in range(height):
        for column in ("a", "b"):
            hits = find(cells[column][row] or "", WORDS)
            counts = [(kind, sum(hit.kind == kind for hit in hits)) for kind in KINDS]
            rows += [(f"F{row}", column, kind, count) for kind, count in counts if count]
    assert register.schema == REGISTER
    assert register.rows() == rows
    for column in ("a", "b"):
        wanted = [cell if cell is None else redact(cell, WORDS)[0] for cell in cells[column]]
        assert masked[column].to_list() == wanted
    assert masked.columns == frame.columns


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "word"])
def test_the_cheap_filter_lets_through_what_is_planted(kind):
    found = [one.text for one in corpus.planted() if one.kind == kind and find(one.text, Words())]
    frame = pl.DataFrame({"id": range(len(found)), "a": found})
    _, register = redact_frame(frame, ["a"], "id", Words())
    assert register["key"].n_unique() == len(found)


def test_a_frame_says_what_it_cannot_redact():
    frame = pl.DataFrame({"id": ["1"], "n": [1]})
    with pytest.raises(TypeError, match="n"):
        redact_frame(frame, ["n"], "id", WORDS)
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        redact_frame(frame, ["gone"], "id", WORDS)
