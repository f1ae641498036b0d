"""The bureau's own list, and which columns may leave."""

from __future__ import annotations

import pytest

from schemas.tables import catalogue
from scoring.messages import catalogue as messages
from scoring.redaction import KINDS, BadWords, Words, distributed, find, free_text, own_words
from scoring.redaction.words import shipped

# Free text, and lists of words that are as free.
FREE = {"text", "list"}


def test_a_list_as_text_or_as_yaml(tmp_path):
    wanted = Words(frozenset({"甲计划", "乙户"}))
    assert own_words("甲计划  # 内部\n\n# 只是说明\n乙户\n", yaml=False) == wanted
    assert own_words("- 甲计划\n- 乙户\n", yaml=True) == wanted
    assert own_words("mask: [甲计划]\nallow: [乙户]\n", yaml=True) == Words(frozenset({"甲计划"}), frozenset({"乙户"}))
    assert own_words("", yaml=True) == Words()
    path = tmp_path / "redaction.yaml"
    path.write_text("- 甲计划\n", "utf-8-sig")
    assert Words.read(path, allow=["王屋镇"]) == Words(frozenset({"甲计划"}), frozenset({"王屋镇"}))
    path = tmp_path / "redaction.txt"
    path.write_text("甲计划\n", "utf-8")
    assert [hit.kind for hit in find("甲计划", Words.read(path))] == ["word"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("- [甲]", "redaction-own-form"),
        ("mask: 甲", "redaction-own-form"),
        ("other: [甲]", "redaction-own-form"),
        ("- true", "redaction-own-form"),
        ("- '甲", "redaction-own-yaml"),
        ("- 某某", "redaction-own-word"),
        ("- ' '", "redaction-own-word"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused(text, code):
    with pytest.raises(BadWords) as caught:
        own_words(text, yaml=True)
    assert caught.value.code == code
    assert caught.value.code in messages("zh")


def test_every_kind_has_a_name_in_both_languages():
    for lang in ("zh", "en"):
        assert all(f"redaction-kind-{kind}" in messages(lang) for kind in KINDS)


def test_no_mask_is_found_again():
    masks = [*shipped("words")["masks"].values(), *shipped("words")["illness"]]
    assert [mask for mask in masks if find(mask, Words())] == []


def test_every_free_text_column_has_been_decided():
    undecided = [
        f"{table}.{column.id}"
        for table in distributed()
        for column in catalogue().tables[table].columns.values()
        if column.type in FREE and not column.restricted and column.leaves not in {"masked", "never"}
    ]
    assert undecided == []


def test_a_decision_stands_only_where_there_is_one_to_take():
    decided = [
        f"{table.id}.{column.id}"
        for table in catalogue().tables.values()
        for column in table.columns.values()
        if column.leaves and (column.restricted or column.type not in FREE or table.id not in distributed())
    ]
    assert decided == []


def test_what_never_leaves():
    assert set(distributed()) == {"findings", "rectifications", "appeals", "adjustments"}
    never = {
        "findings": "case_ref responsible_person supervisor discipline_clue remark tags attachment source_document",
        "rectifications": "responsible_person verified_by note source_row",
        "appeals": "remark source_sheet",
        "adjustments": "evidence first_opinion remark",
    }
    for table, columns in never.items():
        assert set(columns.split()) & set(distributed()[table]) == set()


def test_free_text_leaves_masked_alone():
    for table, columns in free_text().items():
        assert set(columns) <= set(distributed()[table])
        types = {column.id: column.type for column in catalogue().tables[table].columns.values()}
        assert {column for column in distributed()[table] if types[column] in FREE} == set(columns)
        assert {types[column] for column in columns} == {"text"}
    assert "description" in free_text()["findings"]
