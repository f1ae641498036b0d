"""A scheme in words, its vocabulary, its JSON Schema, and the shipped files."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest

from scoring.messages import catalogue
from scoring.scheme import describe_rule, finding_denominator, json_schema, load_scheme, show, vocabulary
from scoring.scheme.nodes import read_tree
from scoring.scheme.problems import Collector
from tests.scheme.conftest import FULL, ROOT, SHIPPED
from tests.scheme.test_faults import line_of

HAN = re.compile(r"[\u4e00-\u9fff]")


def test_rules_are_said_in_both_languages(load):
    scheme = load(FULL).scheme
    said = {
        item.id: (describe_rule(scheme, item, "zh"), describe_rule(scheme, item, "en"))
        for _, item in scheme.indicators()
    }
    assert said["complete"] == (
        "每户：一般扣1/3分；较重扣0.5分；严重扣2分。按每100户抽查数折算，不足30户的按30户。最多20分。",
        (
            "For each household: minor −1/3; considerable −0.5; serious −2. Scaled to 100 sampled households,"
            " at least 30 being counted. At most 20."
        ),
    )
    assert said["timely"][0] == (
        "每个问题：严重程度为严重、标签含复发之一整项扣完；文书类别为表、走访次数小于2（至2025-06-30）扣1分；"
        "文书类别为表、走访次数小于2（2025-07-01起）扣2分；其他扣0.5分。扣完为止。"
    )
    assert said["satisfaction"][1] == (
        "Satisfaction: 20 points from 90; 10 points from 80; otherwise none. A sample below 30 counts as no data."
        " Without data: not applicable."
    )
    assert said["visiting"][0] == "走访数：每有1得1/3分，得满为止。没有数据得零分。"
    assert said["reserve"][0] == "备用金：达到1得满分，否则不得分。没有数据得满分。"
    assert said["hotline"] == (
        "接通率：与上年同期相比，目标是提高5%，每差满1%扣0.2分，扣完为止。数值达到99的得满分。没有数据得满分。",
        (
            "Calls answered against the same period of last year: target a rise of 5 %; −0.2 for each whole 1 % short"
            " of it, not more than its points. A value of 99 or more has full marks. Without data: full marks."
        ),
    )
    assert said["reporting"] == (
        "采用数：在同组镇（街道）中从高到低排名，每低一名扣0.5分，扣完为止。没有数据得零分。",
        (
            "Reports adopted: −0.5 for each place below the highest in its group, not more than its points."
            " Without data: zero."
        ),
    )
    assert said["on_site"][1] == "Judged on site. Without data there is no score."


HIGHER, LOWER = "better: higher", "better: lower"


@pytest.mark.parametrize(
    ("change", "zh", "en"),
    [
        (
            f"against: previous, {HIGHER}, per_point: {{price: 0.5}}",
            "接通率：与上期相比，目标是持平，每差1个百分点扣0.5分，不足1个百分点的按比例，扣完为止。",
            "target no change; −0.5 for each percentage point short of it, in proportion, not more than its points.",
        ),
        (
            f"against: baseline, baseline: 30, {LOWER}, linear: {{none_at: -5, full_at: 10}}, held_at: 2",
            "接通率：与基数30相比，提高5个百分点得零分，降低10个百分点得满分，中间按比例。数值不超过2的得满分。",
            (
                "nothing at a rise of 5 percentage points, full marks at a fall of 10 percentage points, in proportion"
                " between. A value of 2 or less has full marks."
            ),
        ),
        (
            "against: previous, change: percent, bands: [{at_least: 5, points: 2}, {at_least: -2, points: 1}]",
            "接通率：与上期相比，提高5%或更好得2分；降低2%或更好得1分，其余不得分。",
            "2 points from a rise of 5 % or better; 1 points from a fall of 2 % or better; otherwise none.",
        ),
    ],
)
def test_trends_are_said_as_rises_and_falls(change, zh, en, load):
    text = FULL.replace(
        FULL[FULL.index("rule:\n          kind: trend") : FULL.index("      - id: reporting")],
        f"rule: {{kind: trend, measure: answered, {change}}}\n",
    )
    scheme = load(text).scheme
    hotline = next(item for _, item in scheme.indicators() if item.id == "hotline")
    assert describe_rule(scheme, hotline, "zh") == zh + "没有数据得满分。"
    said, before = (
        describe_rule(scheme, hotline, "en"),
        "the baseline 30" if "baseline" in change else "the period before",
    )
    assert said == f"Calls answered against {before}: {en} Without data: full marks."


@pytest.mark.parametrize(
    ("better", "zh", "en"),
    [
        (
            HIGHER,
            "最高的得满分，其余按与最高值之比得分。",
            "the highest has full marks, the others in proportion to it.",
        ),
        (
            LOWER,
            "最低的得满分，其余按最低值与本单位之比得分。",
            "the lowest has full marks, the others as the lowest is to their own.",
        ),
    ],
)
def test_shares_of_the_best_are_said(better, zh, en, load):
    text = FULL.replace("better: higher, by: place, price: 0.5, within: group", f"{better}, by: best")
    scheme = load(text).scheme
    reporting = next(item for _, item in scheme.indicators() if item.id == "reporting")
    assert describe_rule(scheme, reporting, "zh") == f"采用数：在全部镇（街道）中{zh}没有数据得零分。"
    assert describe_rule(scheme, reporting, "en") == f"Reports adopted: among all towns {en} Without data: zero."


def test_the_table_names_every_line(load):
    rows = show(load(FULL).scheme, "zh")
    assert [row.kind for row in rows] == [
        "dimension", "indicator", "indicator", "dimension", *["indicator"] * 6, "price_list", *["arguable"] * 4,
        "not_scored",
    ]  # fmt: skip
    assert rows[2].line == line_of(FULL, "- id: timely")
    assert rows[1].points == "30"


def test_vocabulary_is_what_data_may_say(load):
    words = vocabulary(load(FULL).scheme)
    assert words.indicators["timely"] == "及时"
    assert words.indicator_aliases == {"file_a": "complete", "file_b": "complete"}
    assert words.severities == ("一般", "较重", "严重")
    assert words.judged == {"on_site"}
    assert [field.id for field in words.fields] == ["doc_kind", "visits", "population"]
    assert words.values == {"channel": ("抽查", "热线", "自查")}
    assert words.intervals == ("pilot", "recent", "earlier")
    assert words.priced_quantities == {"cases"}


def test_the_denominator_makes_every_finding_whole(load):
    scheme = load(FULL).scheme
    unit = finding_denominator(scheme)
    amounts = (Fraction(1, 3), Fraction(1, 2), Fraction(2))
    for price in amounts:
        for multiplier in scheme.repeats.multipliers:
            for share in (Fraction(1), Fraction(1, 2), Fraction(1, 5)):
                for part in scheme.parts.parts:
                    assert (price * multiplier * share * part.weight * unit).denominator == 1


def test_both_catalogues_say_every_sentence_with_the_same_parameters():
    zh, en = catalogue("zh"), catalogue("en")
    ours = {code for code in zh | en if code.startswith("scheme-")}
    for code in ours:
        assert set(re.findall(r"\{(\w+)\}", zh[code])) == set(re.findall(r"\{(\w+)\}", en[code])), code
        assert not HAN.search(en[code]), code


def test_every_problem_and_warning_has_a_case():
    tested = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py"))
    parts = ("rule-", "is-", "hint-", "list-", "or-amount", "slip")  # pieces of sentences
    # A locked file; 200,000 pieces in 2 MB; what no other sentence fits.
    beyond_a_case = {"unreadable-file", "too-many-nodes", "bad-value"}
    codes = {code.removeprefix("scheme-") for code in catalogue("en") if code.startswith("scheme-")}
    assert {code for code in codes - beyond_a_case if not code.startswith(parts) and f'"{code}"' not in tested} == set()


# ---------------------------------------------------------------------------------------------- the JSON Schema


def _fits(value: object, schema: dict, root: dict) -> bool:
    """A small part of JSON Schema, enough for the scheme's: the rest is left to the loader."""
    if "$ref" in schema:
        return _fits(value, root["$defs"][schema["$ref"].rsplit("/", 1)[1]], root)
    if "anyOf" in schema or "oneOf" in schema:
        return any(_fits(value, option, root) for option in schema.get("anyOf", schema.get("oneOf")))
    if "const" in schema:
        return value == schema["const"]
    if "enum" in schema:
        return value in schema["enum"]
    kinds = schema.get("type", "object" if "properties" in schema else None)
    if isinstance(kinds, list):
        return isinstance(value, (str, int))
    if kinds == "object":
        known, more = schema.get("properties", {}), schema.get("additionalProperties", True)
        return (
            isinstance(value, dict)
            and set(schema.get("required", ())) <= set(value)
            and all(
                _fits(item, known[key], root) if key in known else isinstance(more, dict) and _fits(item, more, root)
                for key, item in value.items()
            )
        )
    if kinds == "array":
        return isinstance(value, list) and all(_fits(item, schema.get("items", {}), root) for item in value)
    if kinds in {"integer", "number"}:
        return (
            isinstance(value, str)
            and re.fullmatch(r"-?\d+" if kinds == "integer" else r"-?\d+(\.\d+)?", value) is not None
        )
    if kinds == "string":
        return isinstance(value, str) and re.search(schema.get("pattern", ""), value) is not None
    return kinds != "boolean" or isinstance(value, bool)


def _plain(text: str) -> object:
    return read_tree(text, Collector("x", "en")).plain()


@pytest.mark.parametrize(
    "text", [FULL, *(path.read_text("utf-8") for path in SHIPPED)], ids=["full", *(p.stem for p in SHIPPED)]
)
def test_the_json_schema_fits_sound_schemes(text):
    schema = json_schema()
    assert _fits(_plain(text), schema, schema)


@pytest.mark.parametrize(
    ("old", "new"),
    [("decimals", "decimal"), ("kind: judged", "kind: judge"), ("id: full", "name: full"), ("price: 2}", "prise: 2}")],
)
def test_the_json_schema_refuses_what_the_loader_refuses(old, new):
    schema = json_schema()
    assert not _fits(_plain(FULL.replace(old, new)), schema, schema)


# ---------------------------------------------------------------------------------------------- the shipped schemes


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_schemes_are_complete_in_english(path):
    scheme = load_scheme(path).scheme
    sentences = [scheme.title_en, scheme.document_en, scheme.example_notice_en]
    sentences += [row.label for row in show(scheme, "en")] + [row.rule for row in show(scheme, "en")]
    sentences += [indicator.basis_en for _, indicator in scheme.indicators()]
    sentences += [
        item.label_en for item in (*scheme.severities, *scheme.measures, *scheme.gates, *scheme.grades.grades)
    ]
    assert all(sentence is not None for sentence in sentences)
    own_name = "济管民〔2023〕43号"
    assert not [sentence for sentence in sentences if HAN.search(sentence.replace(own_name, ""))]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_schemes_say_that_their_numbers_are_examples(path):
    scheme = load_scheme(path).scheme
    assert "示例" in scheme.title
    assert "示例" in scheme.example_notice
    assert all(indicator.basis.startswith("示例") and indicator.clause for _, indicator in scheme.indicators())
