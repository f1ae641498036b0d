"""One case a fault: what is changed in full.yaml, the line that must be named (by what stands on it), and the code."""

from __future__ import annotations

import pytest

from tests.scheme.conftest import FULL


def line_of(text: str, snippet: str) -> int:
    assert snippet in text, snippet
    return text[: text.index(snippet)].count("\n") + 1


PRICES = FULL[FULL.index("  by_severity:\n") : FULL.index("dimensions:")]
GRADES = FULL[FULL.index("grades:\n  by") : FULL.index("tie_breakers:")]
RATE = ("rule:\n          kind: rate",)
BANDS = "bands:\n            - {at_least: 90, points: 20}\n            - {at_least: 80, points: 10}"

TREND = ("rule:\n          kind: trend",)
GAINED = "per_point: {target: 5, price: 0.2, step: whole}"

# old text, new text, what stands on the named line afterwards, code
FAULTS = [
    # the text itself
    ("title: 全套", "title: 全套\ntitle: 半套", "title: 半套", "duplicate-key"),
    ("title: 全套", "title: &t 全套", "title: &t", "anchor"),
    ("title: 全套", "title: *t", "title: *t", "alias"),
    ("title: 全套", "title: !!str 全套", "title: !!str", "tag"),
    ("title: 全套", "title: !evil 全套", "title: !evil", "tag"),
    ("{channel: 抽查}", "{<<: {channel: 抽查}}", "{<<:", "merge-key"),
    ("title: 全套", "title:", "title:", "empty-value"),
    ("title: 全套", "title: null", "title: null", "empty-value"),
    ("price: 0.5}", "price: .inf}", "price: .inf", "inexact-number"),
    ("price: 0.5}", "price: nan}", "price: nan", "inexact-number"),
    ("price: 0.5}", "price: 1e0}", "price: 1e0", "inexact-number"),
    ("price: 0.5}", "price: 0x10}", "price: 0x10", "inexact-number"),
    ("price: 0.5}", "price: 1_0}", "price: 1_0", "inexact-number"),
    ("title: 全套", "title: 'a", "title: 'a", "not-yaml"),
    ("full: 100", "full： 100", "full： 100", "wide-mark"),
    ("decimals: 2", "decimals:2", "decimals:2", "not-yaml"),
    ("  - id: files\n", "  -id: files\n", "    label: 档案", "not-yaml"),  # the line after
    ("    label: 档案\n", "    label: 档案\n\tpoints: 1\n", "\tpoints: 1", "tab"),
    ("full: 100", "full: 100\n---\nid: other", "---", "second-document"),
    ("id: full\n", "%YAML 1.1\n---\nid: full\n", "%YAML", "directive"),
    ("full: 100", "full: 100\n[a]: 1", "[a]", "key-not-text"),
    ("title: 全套", "title: " + "[" * 40 + "]" * 40, "title: [", "too-deep"),
    # keys and kinds of values
    ("decimals: 2", "decimal: 2", "decimal: 2", "key-unknown"),
    (
        "price: 0.5}\n    - {when: {severity: 严重}",
        "prise: 0.5}\n    - {when: {severity: 严重}",
        "prise",
        "key-unknown",
    ),
    ("document: 例〔2025〕1号\n", "", "id: full", "key-missing"),
    ("decimals: 2", "decimals: 2.5", "decimals: 2.5", "want-whole"),
    ("decimals: 2", "decimals: 9", "decimals: 9", "out-of-bounds"),
    ("before_delegation: true", "before_delegation: 是", "before_delegation", "want-true-false"),
    ("title: 全套", "title: [全套]", "title: [", "want-text"),
    ("key: [case_ref]", "key: case_ref", "key: case_ref", "want-list"),
    ("key: [case_ref]", "key: []", "key: []", "too-short"),
    ("    - {channel: [热线]}", "    - {channel: [热线]}\n    - {channel: 自查}", "sides:", "too-long"),
    ("effective: {from: 2025-01-01, to: 2026-12-31}", "effective: 2025", "effective: 2025", "want-keys"),
    ("kind: judged", "kind: judgd", "kind: judgd", "word-unknown"),
    ("rule: {kind: judged}", "rule: {}", "rule: {}", "kind-missing"),
    ("round_at: indicator", "round_at: row", "round_at: row", "word-unknown"),
    ("arguable: [cap,", "arguable: [cup,", "arguable: [cup,", "word-unknown"),
    ("from: 2025-01-01", "from: 20250101", "from: 20250101", "bad-date"),
    ("from: 2025-01-01", "from: 2025-02-30", "from: 2025-02-30", "no-such-day"),
    ("share: 0.5", "share: 50%", "share: 50%", "percent-sign"),
    ("id: files", "id: fi les", "id: fi les", "bad-identifier"),
    ("price: 1/3", "price: 1/0", "price: 1/0", "not-exact"),
    ("price: 1/3", "price: -1", "price: -1", "out-of-bounds"),
    ("share: 0.5", "share: 50", "share: 50", "out-of-bounds"),
    ("{price: 0.5}\n  - id: effect", "{zero_out: false}\n  - id: effect", "{zero_out: false}", "price-missing"),
    ("price: 1, to: 2025-06-30", "price: 1, from: 2025-07-30, to: 2025-06-30", "to: 2025-06-30", "dates-reversed"),
    ("multipliers: [1, 1.5, 2]", "multipliers: [1, 2, 1.5]", "repeats:", "multipliers-fall"),
    ("window_days: 365,", "window_days: 365, window_months: 12,", "repeats:", "one-window"),
    ("roll_up: {of: half,", "roll_up: {of: half, weights: [1],", "roll_up:", "roll-up-count"),
    ("roll_up: {of: half,", "roll_up: {of: half, weights: [1/2, 1/3],", "roll_up:", "roll-up-sum"),
    ("year_end: {weight: 0.4", "year_end: {weight: 40", "roll_up:", "out-of-bounds"),
    ("carry_over: {origins: year", "carry_over: {origins: yearly", "carry_over:", "word-unknown"),
    ("{at_least: 90, points: 20}", "{at_most: 90, points: 20}", "rule:\n          kind: rate", "band-edge"),
    ("at_least: 1}\n", "at_least: 1, at_most: 2}\n", "kind: pass_fail", "one-bound"),
    ("visits: {lt: 2}}, price: 1,", "visits: {}}, price: 1,", "visits: {}", "empty-condition"),
    ("range: {min: 0, max: 102.5}", "range: {min: 5, max: 1}", "range:", "range-reversed"),
    ("grade: 合格}", "note: 合格}", "id: veto", "key-unknown"),
    ("effect: grade_ceiling, grade: 合格", "effect: grade_ceiling", "id: veto", "gate-grade"),
    (
        "at_least: 80, points: 10}\n",
        "at_least: 80, points: 10}\n          linear: {none_at: 0, full_at: 9}\n",
        *RATE,
        "one-shape",
    ),
    (BANDS, "linear: {none_at: 80, full_at: 80}", "linear:", "goalposts-equal"),
    ("reason: 已讨论", "reason: x", "reason: x", "want-reason"),
    ("also: [half]", "also: [halves]", "also: [halves]", "word-unknown"),
    ("also: [half]", "also: half", "also: half", "want-list"),
    (
        'also: [half]\n  closes_on: 25\n  year_closes_on: "12-20"',
        'also: [month]\n  closes_on: 25\n  year_closes_on: "11-20"',
        "year_closes_on",
        "year-closes-early",
    ),
    ('year_closes_on: "12-20"', "year_closes_on: 1220", "year_closes_on", "want-month-day"),
    ('year_closes_on: "12-20"', 'year_closes_on: "13-20"', "year_closes_on", "want-month-day"),
    ('year_closes_on: "12-20"', 'year_closes_on: "09-20"', "year_closes_on", "year-closes-early"),
    ("against: last_year", "against: last_yaer", "last_yaer", "word-unknown"),
    ("against: last_year", "against: baseline", *TREND, "trend-baseline"),
    ("against: last_year", "against: last_year\n          baseline: 90", *TREND, "trend-baseline"),
    ("against: last_year", "against: baseline\n          baseline: 0", *TREND, "trend-baseline-zero"),
    (GAINED, "bands: [{at_most: 5, points: 2}]", *TREND, "trend-band-edge"),
    (GAINED, "bands: []", *TREND, "one-shape"),
    (GAINED, GAINED + "\n          linear: {none_at: 0, full_at: 5}", *TREND, "one-shape"),
    (GAINED, "per_point: {price: 0}", "per_point: {price: 0}", "out-of-bounds"),
    ("by: place, price: 0.5,", "by: place,", "kind: relative", "relative-price"),
    ("by: place, price: 0.5,", "by: best, price: 0.5,", "kind: relative", "relative-price"),
    ("by: place, price: 0.5,", "by: median,", "by: median", "word-unknown"),
    # references
    ("measure: answered", "measure: anwsered", "anwsered", "unknown-measures"),
    ("prices: by_severity", "prices: by_sevrity", "by_sevrity", "unknown-price-lists"),
    ("measure: satisfied", "measure: satisfed", "satisfed", "unknown-measures"),
    ("    measure: recheck\n    steps", "    measure: rechek\n    steps", "rechek", "unknown-measures"),
    ("    of: files\n", "    of: file\n", "of: file\n", "unknown-dimensions"),
    ("level: dimension", "level: indicator", "of: files\n", "unknown-indicators"),
    ("level: dimension", "level: total", "id: again", "surcharge-of-total"),
    (PRICES, "  by_severity: []\n", "by_severity: []", "price-list-empty"),
    ("{at_least: 2, share: 0.25}", "{at_least: 1, share: 0.25}", "id: again", "steps-not-rising"),
    ("points_move_to: timely", "points_move_to: visiting", "points_move_to", "points-move-elsewhere"),
    ("all_not_applicable: files", "all_not_applicable: filez", "filez", "unknown-dimensions"),
    ("part: earlier}", "part: erlier}", "part: erlier", "unknown-parts"),
    ("    - {part: earlier}\n", "", "id: earlier", "part-without-row"),
    (GRADES, "", "id: fall", "gate-without-grades"),
    ("by: quantiles\n  smallest_group: 4\n", "by: bands\n", "id: 良好", "grade-top-in-bands"),
    ("grade: 合格}", "grade: 合各}", "id: veto", "unknown-grades"),
    ("{by: dimension, of: files}", "{by: dimension, of: filez}", "of: filez", "unknown-dimensions"),
    ("{by: dimension, of: files}", "{by: dimension}", "{by: dimension}", "tie-breaker-of-missing"),
    ("{by: findings, when", "{by: findings, of: files, when", "by: findings", "tie-breaker-of-idle"),
    (
        "- id: timely\n        label: 及时",
        "- id: complete\n        label: 及时",
        "- id: complete\n        label: 及时",
        "duplicate-id",
    ),
    ("label: 及时", "label: 齐全", "- id: timely", "name-taken"),
    ("label: 及时", "label: complete", "- id: timely", "name-taken"),
    ("label: 备用金}", "label: 走访数}", "{id: kept,", "name-taken"),
    ("label: 降档", "label: 否决", "{id: fall,", "name-taken"),
    ("{id: kept,", "{id: visited,", "{id: visited, label: 备用金}", "duplicate-id"),
    ("aliases: [file_a, file_b]", "aliases: [file_a, bureau]", "aliases:", "alias-taken"),
    ("label: 良好, at_least: 80", "label: 良好, at_least: 95", "id: 良好", "grades-out-of-order"),
    ("aliases: [file_a, file_b]", "aliases: [file_a, 现 场]", "aliases:", "alias-taken"),
    ("top: 0.6", "top: 0.2", "id: 良好", "tops-not-rising"),
    ("at_least: 80, top: 0.6", "at_least: 80", "id: 良好", "grade-without-top"),
    ("label: 良好, at_least: 80,", "label: 良好,", "id: 良好", "grade-without-edge"),
    ("label: 良好, at_least: 80", "label: 良好, at_most: 80", "id: 良好", "grade-edge"),
    (
        "effective: {from: 2025-01-01, to: 2026-12-31}",
        "effective: {from: 2027-01-01, to: 2026-12-31}",
        "effective:",
        "dates-reversed",
    ),
    ("id: pilot, ", "id: 2025Q1, ", "2025Q1", "interval-like-period"),
    ("from: 2025-03-01, to: 2025-05-31", "from: 2024-03-01, to: 2024-05-31", "id: pilot", "interval-not-effective"),
    ("from: 2025-03-01, to: 2025-05-31", "from: 2025-06-01, to: 2025-05-31", "id: pilot", "dates-reversed"),
    ("channel: [抽查, 热线, 自查]", "channel: [抽查, 热线, 自查, 抽查]", "  channel: [", "word-twice"),
    ("full: 100", "full: 100\nbase: 5", "base: 5", "base-without-net"),
    # slips of the keyboard
    ("full: 100", "full：100", "full：100", "wide-mark"),
    ("{severity: 一般}", "{severity：一般}", "{severity：一般}", "wide-mark"),
    ("{severity: 一般}", "{severity: 一般，channel: 热线}", "一般，channel", "wide-mark"),
    ("{severity: 一般}", "{acknowledged: 某}", "{acknowledged", "unknown-word-in-general"),
    ("key: [case_ref]", "key: [village，case_ref]", "key: [village", "wide-comma"),
    ("{severity: 一般}", "｛severity: 一般｝", "｛severity", "wide-mark"),
    ("    points: 60", "\tpoints: 60", "points: 60", "tab"),
    # conditions
    ("{severity: 一般}", "{sevrity: 一般}", "sevrity", "unknown-field"),
    ("{severity: 一般}", "{severity: 特重}", "特重", "unknown-word"),
    ("{severity: 一般}", "{severity: {ge: 1}}", "{ge: 1}", "operator-unfit"),
    ("tags: {has: [复发]}", "tags: 复发", "tags: 复发", "operator-unfit"),
    ("{doc_kind: 表, visits: {lt: 2}}, price: 1,", "{doc_kind: 纸, visits: {lt: 2}}, price: 1,", "纸", "unknown-word"),
    ("{channel: [热线]}", "{channel: [电话]}", "电话", "unknown-word"),
    ("order: [抽查, 热线]", "order: [抽查, 电话]", "order:", "unknown-word"),
    ("{sampled: {ge: 1}}", "{smpled: {ge: 1}}", "smpled", "unknown-field"),
    ("visits: {lt: 2}}, price: 1,", "visits: 二}, price: 1,", "visits: 二", "not-exact"),
    ("key: [indicator, problem_type]", "key: [tags]", "repeats: {key: [tags]", "key-of-tags"),
    ("key: [indicator, problem_type]", "key: [finding_id]", "repeats: {key: [finding_id]", "key-never-equal"),
    ("key: [case_ref]", "key: [case_reff]", "key: [case_reff]", "unknown-field"),
    ("{id: visits,", "{id: cases,", "{id: cases,", "field-exists"),
    ("label: 走访次数", "label: 问题等级", "id: visits", "field-label-taken"),
    ("label: 走访次数, type: integer", "label: 走访次数, type: integer, values: [一]", "id: visits", "field-values"),
    ("  channel: [抽查", "  severity: [一般]\n  channel: [抽查", "  severity: [", "values-field"),
    # numbers
    ("points: 60", "points: 61", "points: 61", "dimension-sum"),
    ("full: 100", "full: 99", "full: 99", "full-sum"),
    ("max: 102.5", "max: 102.505", "range:", "range-too-fine"),
    ("    cap: 50", "    cap: 0", "cap: 0", "cap-not-positive"),
    ("share: 0.25}", "share: 25}", "id: again", "share-too-large"),
    (BANDS, "bands: []", "rule:\n          kind: rate", "one-shape"),
    (
        "- {when: {level: 省}, points: 1}",
        "- {when: {level: 省}, points: 1000001}",
        "points: 1000001",
        "points-too-large",
    ),
    ("{at_least: 80, points: 10}", "{at_least: 95, points: 10}", "at_least: 95", "bands-out-of-order"),
    ("{at_least: 80, points: 10}", "{at_least: 80, points: 20.5}", "points: 20.5", "band-worse-earns-more"),
    ("{at_least: 80, points: 10}", "{at_least: 80, points: 21}", "points: 21", "band-above-points"),
    (
        GAINED,
        "bands: [{at_least: -5, points: 2}, {at_least: 0, points: 1}]",
        "bands: [{at_least: -5",
        "bands-out-of-order",
    ),
    (GAINED, "bands: [{at_least: 5, points: 3}]", "bands: [{at_least: 5", "band-above-points"),
    ("price: 2}\ndim", "price: 0.000000001}\ndim", "price_lists:", "denominator"),
    ("price: 2}\ndim", "price: 99999999999}\ndim", "price: 99999999999", "price-too-large"),
]


@pytest.mark.parametrize(
    ("old", "new", "snippet", "code"), FAULTS, ids=[f"{row[3]}-{i}" for i, row in enumerate(FAULTS)]
)
def test_every_fault_names_its_line(old, new, snippet, code, faults):
    text = FULL.replace(old, new, 1)
    assert text != FULL
    found = faults(text)
    assert (line_of(text, snippet), code) in found, found


def test_scheme_full_loads(load):
    assert load(FULL).scheme.id == "full"


def test_scheme_points_not_summing_names_the_slip(load):
    from scoring.scheme import SchemeError

    text = FULL.replace(
        "id: on_site\n        label: 现场\n        points: 5", "id: on_site\n        label: 现场\n        points: 0.05"
    )
    with pytest.raises(SchemeError) as caught:
        load(text, "zh")
    [problem] = caught.value.problems
    assert problem.code == "dimension-sum"
    assert "“现场”写的是0.05，是否应为5？" in problem.message


def test_scheme_all_problems_come_at_once(faults):
    text = FULL.replace("measure: satisfied", "measure: nobody").replace("points: 60", "points: 61")
    text = text.replace("{severity: 一般}", "{severity: 轻}")
    assert {code for _, code in faults(text)} == {"unknown-measures", "dimension-sum", "full-sum", "unknown-word"}


def test_scheme_broken_reference_names_both_ends_and_the_nearest(load):
    from scoring.scheme import SchemeError

    with pytest.raises(SchemeError) as caught:
        load(FULL.replace("prices: by_severity", "prices: by_sevrity"))
    [problem] = caught.value.problems
    lists = line_of(FULL, "price_lists:")
    assert str(problem).startswith(f"weights.yaml:{line_of(FULL, 'prices: by_severity')}: ")
    assert f"line {lists}" in problem.message
    assert "“by_severity”" in problem.message


@pytest.mark.parametrize("zero_out", [True, False])
def test_scheme_zero_out_makes_no_sense_upwards(zero_out, faults):
    text = f"""
id: up
title: 上
document: 例
effective: {{from: 2025-01-01}}
direction: up
dimensions:
  - id: a
    label: 甲
    points: 1
    indicators:
      - id: x
        label: 乙
        points: 1
        clause: 一
        cap: none
        rule: {{kind: deduct, prices: [{{price: 1, zero_out: {str(zero_out).lower()}}}]}}
"""
    assert faults(text) == ({(17, "zero-out-up")} if zero_out else set())


@pytest.mark.parametrize(("better", "worse", "good"), [(5, 10, True), (10, 5, False)])
def test_scheme_grades_where_lower_is_better_rise(better, worse, good, faults):
    text = f"""
id: up
title: 上
document: 例
effective: {{from: 2025-01-01}}
direction: up
dimensions:
  - id: a
    label: 甲
    points: 1
    indicators:
      - {{id: x, label: 乙, points: 1, clause: 一, cap: none, rule: {{kind: deduct, prices: [{{price: 1}}]}}}}
grades:
  by: bands
  grades:
    - {{id: g, label: 优, at_most: {better}}}
    - {{id: p, label: 良, at_most: {worse}}}
    - {{id: f, label: 差}}
"""
    assert faults(text) == (set() if good else {(line_of(text, "id: p"), "grades-out-of-order-up")})


@pytest.mark.parametrize(
    ("cap", "at", "good"), [("9.5", "indicator", False), ("9.5", "total", True), ("9", "indicator", True)]
)
def test_scheme_a_dimensions_cap_is_no_finer_than_what_is_rounded(cap, at, good, faults):
    text = f"""
id: round
title: 整
document: 例
effective: {{from: 2025-01-01}}
decimals: 0
round_at: {at}
full: 20
dimensions:
  - id: a
    label: 甲
    points: 20
    cap: {cap}
    indicators:
      - {{id: x, label: 乙, points: 20, clause: 一, rule: {{kind: deduct, prices: [{{price: 1}}]}}}}
"""
    assert faults(text) == (set() if good else {(line_of(text, "cap:"), "cap-too-fine")})


def test_scheme_net_needs_a_range(faults):
    text = FULL.replace("range: {min: 0, max: 102.5}\n", "direction: net\nbase: 100\n")
    assert {code for _, code in faults(text)} == {"net-without-range"}


@pytest.mark.parametrize(
    ("content", "line", "code"),
    [
        (FULL.encode("gb18030"), 2, "not-utf8"),
        (FULL.encode("utf-16"), 1, "not-utf8"),
        (b"", 0, "not-a-mapping"),
        (b"- 1\n- 2\n", 1, "not-a-mapping"),
        (b"id: a\ntitle: \x07\n", 2, "bad-character"),
        ("id: a\ntitle: 济源市考评细则\nnote: 甲\x07\n".encode(), 3, "bad-character"),
        ("id: a\ntitle: '甲\u2028乙'\n".encode(), 2, "bad-character"),
        ("id: a\ntitle: &名 甲\n".encode(), 2, "anchor"),
        ("id: a\ntitle: *名\n".encode(), 2, "alias"),
        ("id: a\ntitle: \x85\n".encode(), 2, "bad-character"),
        (b"id: a\n\ttitle: b\n", 2, "tab"),
        (b"a" * 2_000_001, 0, "too-large"),
    ],
)
def test_scheme_files_that_cannot_be_read(content, line, code, faults, load):
    from scoring.scheme import SchemeError

    with pytest.raises(SchemeError) as caught:
        load(content)
    assert [(one.line, one.code) for one in caught.value.problems] == [(line, code)]


def test_scheme_file_that_is_missing(tmp_path):
    from scoring.scheme import SchemeError, load_scheme

    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(SchemeError) as caught:
            load_scheme(path)
        assert [one.code for one in caught.value.problems] == ["no-file"]


def test_scheme_with_a_byte_order_mark_is_read(load):
    assert load(b"\xef\xbb\xbf" + FULL.encode()).text == FULL


def test_scheme_lines_are_known_on_every_piece(load):
    scheme = load(FULL).scheme
    rows = scheme.price_lists["by_severity"]
    assert [row.line for row in rows] == [
        line_of(FULL, f"severity: {word}}}, price") for word in ("一般", "较重", "严重")
    ]
    assert scheme.indicators()[1][1].line == line_of(FULL, "- id: timely")
    assert scheme.indicators()[1][1].rule.prices[3].line == line_of(FULL, "- {price: 0.5}")
    assert rows[0].when["severity"].line == rows[0].line
