"""Hostile text, foreign data, forbidden addresses, identifiers, rare characters, missing fonts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pikepdf
import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import pdf
import sample
from hypothesis import given
from hypothesis import strategies as st

from scoring.messages import LANGUAGES, catalogue
from scoring.redaction.masking import mask, mask_column
from scoring.reports import ForbiddenAddress, MissingGlyph, MissingLibrary, Renderer, Settings, subset
from scoring.reports import fonts as fonts_module

TOWN = "419001001"
HOSTILE = [
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "</style><style>body{display:none}",
    '"><img src="http://example.invalid/x.png">',
    "<link rel=attachment href='file:///etc/hostname'>",
    "<svg><text>x</text></svg>",
    "&lt;b&gt;",
]


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("kind", ["report", "internal", "town"])
def test_hostile_text_is_printed_as_text(make, build, kind, hostile):
    whole = build(crowd=3, description=hostile, names={TOWN: f"镇{hostile}"})
    what = whole.for_town(TOWN) if kind == "town" else whole
    data = make(kind, what)
    assert hostile.replace(" ", "") in pdf.text(data)
    assert "/EmbeddedFiles" not in str(pikepdf.open(__import__("io").BytesIO(data)).Root.keys())


def test_a_town_sheet_never_names_another_town(make, example):
    for code, name, _ in sample.TOWNS[:3]:
        data = make("town", example.for_town(code))
        words = pdf.text(data) + str(pikepdf.open(__import__("io").BytesIO(data)).docinfo)
        assert name in words
        assert not [other for _, other, _ in sample.TOWNS if other != name and other in words]


def test_only_listed_columns_are_printed(make, example):
    own = example.for_town(TOWN)
    canary = pl.lit("金丝雀")
    unlisted = ["assigned_on", "source_level", "action", "stage", "check_id", "acknowledged", "price_line"]
    own.findings = own.findings.with_columns(canary.alias(c) for c in [*unlisted, "case_ref", "note", "responsible"])
    assert "金丝雀" not in pdf.text(make("town", own))


def test_identifiers_and_telephones_are_masked_in_print(make, build):
    own = build(
        crowd=3, description="户主990102199001011234，电话19900001111，卡号９９０１０２１９９００１０１１２３Ｘ"
    ).for_town(TOWN)
    words = pdf.text(make("town", own))
    assert "990102199001011234" not in words
    assert "19900001111" not in words
    assert "990*************34" in words
    assert "９９０*************３Ｘ" in words


@pytest.mark.parametrize(
    ("given_text", "masked"),
    [
        ("990102199001011234", "990*************34"),
        ("99010219900101123x", "990*************3x"),
        ("990102900101123", "990**********23"),
        ("９９０１０２１９９００１０１１２３４", "９９０*************３４"),
        ("990102 19900101 1234", "990***************34"),
        ("电话19900001111。", "电话199******11。"),
        ("199-0000-1111", "199********11"),
        ("JY-2025Q1-001-003", "JY-2025Q1-001-003"),
        ("419-2025-0012", "419-2025-0012"),
        ("20250301001", "20250301001"),
        ("20251301001", "202******01"),
        ("2025-03-31至2025-04-15，1200.50元", "2025-03-31至2025-04-15，1200.50元"),
        ("990102-1990-0101-1234", "990****************34"),
        ("+8619900001111", "+861********11"),
        ("0086-19900001111", "008***********11"),
        ("tel:+86 199-0000-1111", "tel:+86 199********11"),
        ("9999000000000000000", "999**************00"),
        ("卡号3999 0000 0000 0000 123。", "卡号399******************23。"),
        ("2023-2024 2025-2026", "2023-2024 2025-2026"),
        ("20000000000000000000", "20000000000000000000"),
    ],
)
def test_masking_by_shape(given_text, masked):
    assert mask(given_text) == masked


@given(st.lists(st.one_of(st.none(), st.text(alphabet="0123456789Xx０９-  电话", max_size=40)), max_size=8))
def test_masking_a_column_equals_masking_each_cell(cells):
    frame = pl.DataFrame({"a": cells}, schema={"a": pl.String})
    assert frame.select(mask_column("a"))["a"].to_list() == [cell if cell is None else mask(cell) for cell in cells]


@pytest.mark.parametrize(
    "address",
    [
        "http://example.invalid/a.png",
        "file:///etc/hostname",
        "https://example.invalid/",
        "ftp://example.invalid/a",
        "logo.png",
    ],
)
def test_templates_fetch_nothing(tmp_path, make, example, address):
    (tmp_path / "town.html.j2").write_text(
        '{% extends "shipped/town.html.j2" %}{% block objection %}<img src="' + address + '">{% endblock %}'
    )
    with pytest.raises(ForbiddenAddress, match=r"example\.invalid|hostname|logo\.png"):
        make("town", example.for_town(TOWN), templates=tmp_path)


def test_a_bureau_extends_a_template_block_by_block(tmp_path, make, example):
    (tmp_path / "report.html.j2").write_text(
        '{% extends "shipped/report.html.j2" %}{% block closing %}<p>本局另有说明。</p>{{ super() }}{% endblock %}'
    )
    words = pdf.text(make("report", example, templates=tmp_path))
    assert "本局另有说明。" in words
    assert "考核情况的通报" in words


@pytest.mark.parametrize("rare", ["䶮", "㛃", "镕", "堃"])
def test_rare_characters_are_drawn_from_the_whole_font(make, build, rare):
    data = make("town", build(crowd=3, names={TOWN: f"{rare}城镇"}).for_town(TOWN))
    assert f"{rare}城镇" in pdf.text(data)


@pytest.mark.parametrize("text", ["䶮某户材料不全", "𬭚 某户", "㛃 䶮 某户", "某户 䶮", "𬭚㛃䶮　𠮷"])
def test_rare_characters_may_stand_beside_a_space(make, build, text):
    words = pdf.text(make("town", build(crowd=3, description=text).for_town(TOWN)))
    assert "".join(text.split()) in words


def test_a_character_that_no_font_has_stops_the_paper_and_names_the_row(make, build):
    own = build(crowd=3, description="某户\U000e0041家").for_town(TOWN)
    with pytest.raises(MissingGlyph) as missing:
        make("town", own)
    assert missing.value.character == "\U000e0041"
    assert "U+E0041" in str(missing.value)
    assert "JY-2025Q1-001-001" in str(missing.value)


def test_without_any_chinese_font_the_run_stops_with_the_line_that_installs_one(monkeypatch, tmp_path):
    fonts_module._usual.cache_clear()
    monkeypatch.setattr(fonts_module, "_BESIDE", tmp_path)
    monkeypatch.setattr(fonts_module, "_list_fonts", lambda pattern: [])
    try:
        with pytest.raises(MissingLibrary, match="apt-get install"):
            Renderer(Settings())
    finally:
        fonts_module._usual.cache_clear()


def test_a_licensed_font_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MissingLibrary, match=r"fzxbsjt\.ttf"):
        Renderer(Settings(fonts={"xiaobiaosong": tmp_path / "fzxbsjt.ttf"}))


def test_a_licensed_font_takes_its_part(make, example):
    face = fonts_module.faces({})["kaiti"]
    if face.path.suffix != ".otf":
        pytest.skip("no single-font file on this machine")
    with_own = make("report", example, fonts={"fangsong": face.path})
    assert with_own != make("report", example)


def test_cut_fonts_are_kept_and_a_cache_that_cannot_be_written_is_no_fault(monkeypatch, tmp_path):
    face = fonts_module.faces({})["fangsong"]
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = face.common()
    kept = list((tmp_path / "townscore" / "fonts").iterdir())
    assert [path.read_bytes() for path in kept] == [first]
    assert face.common() == first
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    assert subset.cut(face.path, face.index) == first


def test_catalogues_are_complete_in_both_languages():
    zh, en = ({code for code in catalogue(lang) if code.startswith("reports-")} for lang in LANGUAGES)
    assert zh == en


def test_every_word_of_the_templates_stands_in_the_catalogue(root):
    import re

    used = set()
    for template in (root / "report_templates").rglob("*.j2"):
        room = "mail" if template.name.startswith("mail.") else "reports"
        used |= {f"{room}-{code}" for code in re.findall(r'\bt\("([a-z-]+)"', template.read_text("utf-8"))}
    assert used
    assert used - set(catalogue("zh")) == set()


def test_templates_hold_no_words_of_a_language(root):
    import re

    for template in (root / "report_templates").rglob("*.html.j2"):
        without_comments = re.sub(r"\{#.*?#\}", "", template.read_text("utf-8"), flags=re.DOTALL)
        assert not re.search("[\u4e00-\u9fff]", without_comments), template


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("kind", ["report", "internal", "town"])
def test_the_short_way_through_weasyprint_gives_the_same_bytes(tmp_path, make, build, kind, lang):
    """Our pages are read as XML, under a shorter sheet of the browser's; a bureau's own templates go the long way."""
    whole = build(crowd=4)
    own = whole.for_town(TOWN) if kind == "town" else whole
    assert make(kind, own, lang) == make(kind, own, lang, templates=tmp_path)


def test_what_is_no_xml_is_read_as_html():
    from scoring.reports.page import Page

    page = Page("<html><body><p>first<br>second</p></body></html>", url_fetcher=None)
    assert [child.tag for child in page.etree_element.find("body/p")] == ["br"]


def test_what_weasyprint_remembers_was_read_for_the_version_that_is_used_and_is_forgotten_after_each_paper(
    make, example
):
    import weasyprint
    from weasyprint.layout import block, inline

    from scoring.reports import shortcuts

    assert weasyprint.__version__ == shortcuts.READ_FOR  # read the functions that it replaces again
    before = block.resolve_percentages, inline.split_first_line, inline.strut
    with shortcuts.shortcuts():
        assert not {block.resolve_percentages, inline.split_first_line, inline.strut} & set(before)
    make("town", example.for_town(TOWN))
    assert (block.resolve_percentages, inline.split_first_line, inline.strut) == before


def test_loading_weasyprint_asks_no_compiler(tmp_path):
    asked = tmp_path / "asked"
    (tmp_path / "gcc").write_text(f"#!/bin/sh\ntouch {asked}\n", "utf-8")
    (tmp_path / "gcc").chmod(0o755)
    code = "from scoring.reports.loading import page_module; page_module('zh').Page"
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PATH": path})
    assert not asked.exists()
