"""A sheet from the shelf is the sheet that would be made; what it depends on is in its key, and nothing else is."""

from __future__ import annotations

import io
import os
import stat
import sys
import time
from dataclasses import replace
from pathlib import Path

import polars as pl
import pypdfium2 as pdfium
import pytest
from PIL import ImageChops

sys.path.insert(0, str(Path(__file__).parent))

import conftest
import sample

from scoring.reports import Renderer, identity, papers, render, render_town
from scoring.reports.shelf import Shelf
from scoring.reports.stamping import Finished
from scoring.reports.templates import templates_folder

OTHER = "0a9bf4c1"


@pytest.fixture(scope="module")
def own():
    return sample.assessment(crowd=3).for_town(sample.CROWDED)


def with_code(own, code):
    return replace(own, head={**own.head, "run_code": code})


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path / "papers")


@pytest.fixture
def laid_out(monkeypatch):
    """Count the papers that are laid out and not taken from the shelf."""
    made = []
    true = render.Renderer._laid_out
    monkeypatch.setattr(render.Renderer, "_laid_out", lambda self, *a: made.append(1) or true(self, *a))
    return made


def look_alike(stamped, whole):
    for one, other in zip(pdfium.PdfDocument(stamped), pdfium.PdfDocument(whole), strict=True):
        assert one.get_textpage().get_text_range() == other.get_textpage().get_text_range()
        pictures = [page.render(scale=2).to_pil() for page in (one, other)]
        assert ImageChops.difference(*pictures).getbbox() is None


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_stamped_sheet_looks_and_reads_like_one_laid_out_with_its_code(own, lang, monkeypatch):
    own = with_code(own, OTHER)
    stamped = conftest.paper("town", own, lang)
    monkeypatch.setattr(papers, "stamp_of", lambda *_: None)
    whole = conftest.paper("town", own, lang)
    assert stamped != whole
    for page in pdfium.PdfDocument(stamped):
        assert OTHER in page.get_textpage().get_text_range()
    look_alike(stamped, whole)


@pytest.mark.parametrize("variant", [None, "pdf/a-3a"])
def test_a_kept_sheet_is_the_bytes_of_one_made_anew_under_any_run_code(own, shelf, laid_out, variant):
    settings = replace(conftest.SETTINGS, pdf_variant=variant)
    keeping, plain = Renderer(settings, shelf), Renderer(settings)
    for code in ("7f3a9c2e", OTHER, "11111111"):
        of_run = with_code(own, code)
        kept = render_town(of_run, settings, keeping)
        assert kept == render_town(of_run, settings, plain)
    assert len(laid_out) == 4  # once for the shelf, three times without
    assert len(list(shelf.folder.iterdir())) == 1


def test_what_a_town_is_told_anew_is_laid_out_anew(own, shelf, laid_out):
    """A word, a language, a setting, a template or a font more: never the kept sheet."""
    render_town(own, conftest.SETTINGS, Renderer(conftest.SETTINGS, shelf))
    settings = [
        replace(conftest.SETTINGS, **change)
        for change in ({"lang": "en"}, {"contact": "另一科"}, {"objection_days": 5}, {"pdf_variant": "pdf/a-3a"})
    ]
    heiti = Renderer(conftest.SETTINGS).faces["heiti"].path
    settings.append(replace(conftest.SETTINGS, fonts={"fangsong": heiti}))
    templates = shelf.folder.parent / "own"
    (templates / "css").mkdir(parents=True)
    rules = (templates_folder() / "css" / "town.css").read_text("utf-8")
    (templates / "css" / "town.css").write_text(rules + "h2 { color: red }", "utf-8")
    settings.append(replace(conftest.SETTINGS, templates=templates))
    for number, other in enumerate(settings, 2):
        render_town(own, other, Renderer(other, shelf))
        assert len(laid_out) == number, other
    village = own.findings.with_columns(village=own.findings["village"].fill_null("") + "一")
    render_town(replace(own, findings=village), conftest.SETTINGS, Renderer(conftest.SETTINGS, shelf))
    assert len(laid_out) == len(settings) + 2


def with_medians(own, less):
    """Let the group's medians be less than they are, by whole points."""
    lower = pl.col("group_median_num") - less * pl.col("group_median_den")
    return replace(own, dimensions=own.dimensions.with_columns(group_median_num=lower))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_medians_of_a_kept_sheet_are_those_of_the_run(own, shelf, laid_out, lang, monkeypatch):
    settings = replace(conftest.SETTINGS, lang=lang)
    keeping = Renderer(settings, shelf)
    render_town(own, settings, keeping)
    other = with_medians(own, 1)
    kept = render_town(other, settings, keeping)
    assert len(laid_out) == 1
    assert kept == render_town(other, settings, Renderer(settings))
    monkeypatch.setattr(papers, "stamp_of", lambda *_: None)
    look_alike(kept, render_town(other, settings, Renderer(settings)))
    # A number of fewer digits takes less room.
    monkeypatch.undo()
    assert "9.00" in {bar.median for bar in papers.town_view(with_medians(own, 10), settings).bars}
    render_town(with_medians(own, 10), settings, keeping)
    assert len(list(shelf.folder.iterdir())) == 2


def test_medians_in_a_font_of_uneven_digits_are_laid_out(own, shelf, monkeypatch):
    monkeypatch.setattr(Renderer, "even_digits", False)
    keeping = Renderer(conftest.SETTINGS, shelf)
    for less in (0, 1):
        sheet = with_medians(own, less)
        assert render_town(sheet, conftest.SETTINGS, keeping) == render_town(sheet, conftest.SETTINGS)
    assert len(list(shelf.folder.iterdir())) == 2


def test_another_style_sheet_lays_out_anew(own, shelf, laid_out, tmp_path):
    settings = replace(conftest.SETTINGS, templates=tmp_path)
    rules = (templates_folder() / "css" / "town.css").read_text("utf-8")
    (tmp_path / "css").mkdir()
    for number, colour in enumerate(("red", "blue"), 1):
        (tmp_path / "css" / "town.css").write_text(f"{rules} h2 {{ color: {colour} }}", "utf-8")
        render_town(own, settings, Renderer(settings, shelf))
        assert len(laid_out) == number


@pytest.mark.parametrize("part", ["_libraries", "_modules"])
def test_another_program_lays_out_anew(own, shelf, laid_out, monkeypatch, part):
    render_town(own, conftest.SETTINGS, Renderer(conftest.SETTINGS, shelf))
    monkeypatch.setattr(identity, part, lambda: ("another",))
    render_town(own, conftest.SETTINGS, Renderer(conftest.SETTINGS, shelf))
    assert len(laid_out) == 2


def test_a_font_that_was_exchanged_lays_out_anew(own, shelf, laid_out, tmp_path):
    font = tmp_path / "font.otf"
    font.write_bytes(Renderer(conftest.SETTINGS).faces["kaiti"].path.read_bytes())
    settings = replace(conftest.SETTINGS, fonts={"kaiti": font})
    for number, age in enumerate((100, 50), 1):
        os.utime(font, (age, age))
        render_town(own, settings, Renderer(settings, shelf))
        assert len(laid_out) == number


def test_a_template_that_prints_a_code_twice_is_laid_out_with_the_code_itself(own, tmp_path):
    (tmp_path / "town.html.j2").write_text(
        '{% extends "shipped/town.html.j2" %}{% block objection %}{{ super() }}<p>{{ view.trace }}</p>{% endblock %}',
        "utf-8",
    )
    made = conftest.paper("town", with_code(own, OTHER), templates=tmp_path)
    assert "".join(page.get_textpage().get_text_range() for page in pdfium.PdfDocument(made)).count(OTHER) > 1


def test_a_code_in_another_font_is_laid_out_with_the_code_itself(own, tmp_path):
    (tmp_path / "css").mkdir()
    rules = (templates_folder() / "css" / "town.css").read_text("utf-8")
    (tmp_path / "css" / "town.css").write_text(rules + ".trace { font: 6.5pt/3mm ts-songti }", "utf-8")
    made = conftest.paper("town", with_code(own, OTHER), templates=tmp_path)
    for page in pdfium.PdfDocument(made):
        assert OTHER in page.get_textpage().get_text_range()


def test_half_a_file_is_no_paper(own, shelf):
    settings = conftest.SETTINGS
    first = render_town(own, settings, Renderer(settings, shelf))
    (kept,) = shelf.folder.iterdir()
    for content in (b"", kept.read_bytes()[:-1], b"x" + kept.read_bytes()[1:]):
        kept.write_bytes(content)
        assert render_town(own, settings, Renderer(settings, shelf)) == first


def test_nobody_else_reads_the_shelf_and_a_strange_one_is_not_used(shelf):
    shelf.put("a", b"1")
    assert stat.S_IMODE(shelf.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((shelf.folder / "a").stat().st_mode) == 0o600
    shelf.folder.chmod(0o777)
    assert shelf.take("a") is None
    shelf.put("b", b"2")
    assert [path.name for path in shelf.folder.iterdir()] == ["a"]


def test_a_shelf_that_is_none_is_no_fault(tmp_path):
    (tmp_path / "file").write_text("", "utf-8")
    shelf = Shelf(tmp_path / "file")
    shelf.put("a", b"1")
    shelf.tidy()
    assert shelf.take("a") is None
    link = Shelf(tmp_path / "link")
    link.folder.symlink_to(tmp_path)
    link.put("a", b"1")
    assert not (tmp_path / "a").exists()


def test_a_shelf_holds_so_much_and_forgets_what_was_longest_unused(shelf):
    for number, name in enumerate("abcd"):
        shelf.put(name, bytes(100))
        os.utime(shelf.folder / name, (number, number))
    assert shelf.take("a") is not None  # used just now
    left = shelf.folder / "x.part"
    left.write_bytes(b"half")
    young = shelf.folder / "y.part"
    young.write_bytes(b"half")
    os.utime(left, (time.time() - 7200,) * 2)
    shelf.tidy(most_bytes=2 * 132)
    assert sorted(path.name for path in shelf.folder.iterdir()) == ["a", "d", "y.part"]


def test_a_blank_is_read_as_it_was_written_and_nothing_else_is_one():
    blank = Finished(
        "1.7",
        2,
        b"<<>>",
        (("object", b"<</A 1>>"), ("page", b"q Q" * 40), ("stream", bytes(range(256))), ("picture", b"4\n<<>>q Q")),
    )
    assert Finished.from_bytes(blank.to_bytes()) == blank
    with pytest.raises(ValueError, match="no blank"):
        Finished.from_bytes(io.BytesIO(b"%PDF-1.7").getvalue())
