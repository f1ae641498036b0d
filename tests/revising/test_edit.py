"""Edits of a weights file: what is asked for is changed, and no other byte."""

from __future__ import annotations

import difflib

import pytest

from scoring.revising.edit import Editor, NoSuchPlaceError, token_of
from scoring.scheme.nodes import read_tree
from scoring.scheme.problems import Collector

TEXT = """\
# 开头的说明
id: small        # 编号
dimensions:
  - id: work
    points: 100
    indicators:
      - id: files
        points: 60   # 分值
        rule:
          kind: deduct
          prices:
            - {when: {severity: 一般}, price: 1/3}
            - when: {severity: 严重}
              price: 45

      # 入户
      - id: visits
        points: 40
        aliases:
          - 走访
          - 入户
        note: |
          第一行
          第二行
grades: {by: bands, grades: [{id: good, at_least: 80}, {id: rest}]}
"""


def changed(text: str, edited: str) -> list[str]:
    """The lines that went and came."""
    lines = difflib.unified_diff(text.splitlines(), edited.splitlines(), lineterm="", n=0)
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_without_an_edit_every_byte_stays(end, bom):
    text = bom + TEXT.replace("\n", end)
    assert Editor(text).text() == text


@pytest.mark.parametrize(
    ("path", "token", "lines"),
    [
        ("indicators.files.points", "55", ["-        points: 60   # 分值", "+        points: 55   # 分值"]),
        ("dimensions.work.indicators.visits.points", "45", ["-        points: 40", "+        points: 45"]),
        (
            "indicators.files.rule.prices.1.price",
            "0.5",
            [
                "-            - {when: {severity: 一般}, price: 1/3}",
                "+            - {when: {severity: 一般}, price: 0.5}",
            ],
        ),
        ("indicators.files.rule.prices.2.price", "44", ["-              price: 45", "+              price: 44"]),
        (
            "indicators.files.rule.prices.1.zero_out",
            "true",
            [
                "-            - {when: {severity: 一般}, price: 1/3}",
                "+            - {when: {severity: 一般}, price: 1/3, zero_out: true}",
            ],
        ),
        ("indicators.files.cap", "none", ["+        cap: none"]),
        ("rectification.states.late.share", "1/4", ["+rectification: {states: {late: {share: 1/4}}}"]),
        (
            "indicators.visits.note",
            "一行",
            ["-        note: |", "-          第一行", "-          第二行", "+        note: 一行"],
        ),
        ("grades.grades.good.at_least", "85", [
            "-grades: {by: bands, grades: [{id: good, at_least: 80}, {id: rest}]}",
            "+grades: {by: bands, grades: [{id: good, at_least: 85}, {id: rest}]}",
        ]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_value_is_put_where_it_belongs_and_nothing_else_moves(path, token, lines, end):
    text = TEXT.replace("\n", end)
    editor = Editor(text)
    editor.put(path.split("."), token)
    assert changed(text, editor.text()) == lines
    assert ("\r\n" in editor.text()) == (end == "\r\n")
    problems = Collector("x", "zh")
    read_tree(editor.text(), problems)
    assert problems.found == []


def test_two_new_values_of_one_absent_mapping_become_one():
    editor = Editor(TEXT)
    editor.put(["rectification", "states", "late", "share"], "1/4")
    editor.put(["rectification", "states", "late", "extra"], "1")
    editor.put(["rectification", "timely_by"], "completed_on")
    assert changed(TEXT, editor.text()) == [
        "+rectification: {states: {late: {share: 1/4, extra: 1}}, timely_by: completed_on}"
    ]


def test_items_are_taken_out_and_put_in():
    editor = Editor(TEXT)
    editor.remove(["indicators", "files", "rule", "prices", "1"])
    editor.insert(["indicators", "files", "rule", "prices"], 2, ["when: {cases: {ge: 5}}", "price: 9"])
    editor.remove(["indicators", "visits", "aliases", "2"])
    editor.remove(["grades", "grades", "rest"])
    assert changed(TEXT, editor.text()) == [
        "-            - {when: {severity: 一般}, price: 1/3}",
        "+            - when: {cases: {ge: 5}}",
        "+              price: 9",
        "-          - 入户",
        "-grades: {by: bands, grades: [{id: good, at_least: 80}, {id: rest}]}",
        "+grades: {by: bands, grades: [{id: good, at_least: 80}]}",
    ]


def test_a_value_of_any_shape_is_written_anew():
    editor = Editor(TEXT)
    editor.replace(["indicators", "visits", "aliases"], "[走访]")
    editor.replace(["indicators", "files", "rule", "prices", "2", "when"], "{severity: [严重, 较重]}")
    assert changed(TEXT, editor.text()) == [
        "-            - when: {severity: 严重}",
        "+            - when: {severity: [严重, 较重]}",
        "-        aliases:",
        "-          - 走访",
        "-          - 入户",
        "+        aliases: [走访]",
    ]


@pytest.mark.parametrize(
    ("path", "step"),
    [("indicators.none.points", "none"), ("indicators.files.rule.prices.3.price", "3"), ("id.more", "more")],
)
def test_a_place_that_there_is_not_is_named(path, step):
    with pytest.raises(NoSuchPlaceError) as error:
        Editor(TEXT).put(path.split("."), "1")
    assert error.value.step == step


@pytest.mark.parametrize(
    "text", ["文字", "1/3", "a: b", "- x", "#x", "a #b", "", " x", "x ", "[x", "{x}", "x, y", "~", "null", "&x", "*x",
             "!x", "'x", '"x"', "%x", "@x", "`x", "x:", "?", "? x", "|", ">", "\t", "两\n行", "a:b", "x]y", "-"],
)  # fmt: skip
def test_a_text_is_read_back_as_it_was(text):
    for outer in ("key: {}", "key: {{inner: {}}}", "- {}"):
        tree = read_tree("a: 1\n" + "list:\n  " + outer.format(token_of(text)) + "\n", Collector("x", "zh")).plain()
        inner = tree["list"]
        value = inner[0] if isinstance(inner, list) else inner["key"]
        assert (value["inner"] if isinstance(value, dict) else value) == text


def test_the_line_of_a_place():
    assert Editor(TEXT).line_of(["indicators", "visits"]) == 17
