"""What two schemes say differently, in words: rows by their conditions, items by their labels, never lines of YAML."""

from __future__ import annotations

import pytest

from scoring.revising.differing import differences
from scoring.scheme import parse_scheme

LIST = """\
  by_severity:
    - when: {severity: 一般}
      price: 0.2
    - when: {severity: 较重}
      price: 0.5
    - when: {severity: 严重}
      price: 1
"""


@pytest.fixture(scope="module")
def text(root):
    return (root / "weights" / "jiyuan-quarterly.yaml").read_text("utf-8")


def told(text, changed, lang="zh"):
    named = (("old.yaml", text), ("new.yaml", changed))
    schemes = [parse_scheme(one.encode("utf-8"), name, lang) for name, one in named]
    return [one.sentence(lang) for one in differences(*schemes, lang)]


def change(text, *changes):
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    return text


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("zh", "扣分表 · by_severity · 严重程度为严重 · 分值：1 → 1.5；第117行"),
        ("en", "price lists · by_severity · severity is serious · points: 1 → 1.5 (line 117)"),
    ],
)
def test_a_row_of_prices_is_named_by_its_condition(text, lang, said):
    assert told(text, change(text, (LIST, LIST.replace("price: 1\n", "price: 1.5\n"))), lang) == [said]


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("zh", "扣分表 · by_severity · 严重程度为严重、涉及户数不少于5（2025-02-01起） · 分值：（未写） → 2；第118行"),
        (
            "en",
            (
                "price lists · by_severity · severity is serious, cases at least 5 (from 2025-02-01) · points: "
                "(left out) → 2 (line 118)"
            ),
        ),
    ],
)
def test_a_new_row_says_once_whom_it_is_for_and_nothing_that_the_file_leaves_out(text, lang, said):
    last = "    - when: {severity: 严重}\n      price: 1\n"
    row = "    - when: {severity: 严重, cases: {ge: 5}}\n      from: 2025-02-01\n      price: 2\n"
    assert told(text, change(text, (LIST, LIST.replace(last, row + last))), lang) == [said]


def test_a_row_with_another_condition_is_one_that_is_gone_and_one_that_is_new(text):
    other = LIST.replace("{severity: 较重}", "{severity: 较重, channel: {ne: 镇街自查}}")
    assert told(text, change(text, (LIST, other))) == [
        "扣分表 · by_severity · 严重程度为较重、发现方式不为镇街自查 · 分值：（未写） → 0.5；第115行",
        "扣分表 · by_severity · 严重程度为较重 · 分值：0.5 → （未写）；第115行",
    ]


def test_a_row_for_all_else_is_named_so(text):
    rest = LIST + "    - price: 3\n"
    assert told(change(text, (LIST, rest)), change(text, (LIST, rest.replace("price: 3", "price: 4")))) == [
        "扣分表 · by_severity · 其他 · 分值：3 → 4；第118行"
    ]


def test_rows_in_another_order_are_a_difference(text):
    wide = "    - when: {cases: {ge: 5}}\n      price: 2\n"
    one, two = (change(text, (LIST, each)) for each in (LIST.replace(":\n", f":\n{wide}", 1), LIST + wide))
    assert told(one, two) == [
        (
            "扣分表 · by_severity · 各行的次序：涉及户数不少于5；严重程度为一般；严重程度为较重；严重程度为严重 → "
            "严重程度为一般；严重程度为较重；严重程度为严重；涉及户数不少于5；第112行"
        )
    ]


def test_conditions_that_stand_elsewhere_are_said_in_words_too(text):
    line = "  before_delegation: true\n"
    old = change(text, (line, line + "  when:\n    - {channel: 镇街自查}\n"))
    new = change(old, ("- {channel: 镇街自查}", "- {channel: [镇街自查, 热线], cases: {le: 2}}"))
    (said,) = told(old, new)
    assert said.endswith("：发现方式为镇街自查 → 发现方式为镇街自查、热线之一、涉及户数不超过2；第877行")


def test_english_words_name_indicators_by_their_english_labels(text):
    names = (("Missing papers told once", 1), ("Papers asked for beyond the rules", 3))
    made = change(text, *((f"{name}\n        points: 2", f"{name}\n        points: {to}") for name, to in names))
    assert [one.rsplit(" (", 1)[0] for one in told(text, made, "en")] == [
        "Process · Missing papers told once · points: 2 → 1",
        "Process · Papers asked for beyond the rules · points: 2 → 3",
    ]
