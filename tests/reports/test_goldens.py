"""Views as data, the text and the boxes of pages, small grey pictures, and the example quarter stay as they are."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pypdfium2 as pdfium
import pytest
from PIL import Image, ImageChops

sys.path.insert(0, str(Path(__file__).parent))

import conftest
import pdf
import sample

from scoring.reports.internal_view import internal_view
from scoring.reports.town_view import town_view
from scoring.reports.view import report_view
from tests import goldens

TESTS = "tests/reports/test_goldens.py"
RENEW = goldens.renew(TESTS)
PAPERS = [(kind, lang) for kind in ("report", "internal", "town") for lang in ("zh", "en")]
# Pictures: 40 dots an inch, sixteen greys. Far fewer dots than this share may differ by more than a shade.
DOTS, SHADE, SHARE = 40 / 72, 72, 0.004


@pytest.fixture(scope="module")
def quarter():
    return sample.assessment(crowd=12, previous=True)


@pytest.fixture(scope="module")
def papers(quarter):
    return {
        (kind, lang): conftest.paper(kind, quarter.for_town(sample.CROWDED) if kind == "town" else quarter, lang)
        for kind, lang in PAPERS
    }


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_views_are_the_golden_ones(quarter, lang):
    settings = dataclasses.replace(conftest.SETTINGS, lang=lang)
    own = quarter.for_town(sample.CROWDED)
    views = {"report": report_view(quarter, settings), "internal": internal_view(quarter, settings)}
    views["town"] = town_view(own, settings)
    goldens.same_text(
        f"views.{lang}.json", as_json({name: dataclasses.asdict(view) for name, view in views.items()}), TESTS
    )


@pytest.mark.parametrize(("kind", "lang"), PAPERS)
def test_the_text_of_pages_is_the_golden_one(papers, kind, lang):
    sheets = []
    for number, page in enumerate(pdfium.PdfDocument(papers[kind, lang]), 1):
        lines = page.get_textpage().get_text_range().splitlines()
        text = "\n".join(re.sub(r"\s+", " ", line).strip() for line in lines)
        sheets.append(f"---- {number}\n{text}\n")
    goldens.same_text(f"{kind}.{lang}.txt", "".join(sheets), TESTS)


@pytest.mark.parametrize(("kind", "lang"), PAPERS)
def test_the_boxes_of_pages_are_the_golden_ones(papers, kind, lang):
    made = [[*size, *edges(papers[kind, lang], number)] for number, size in enumerate(pdf.sizes(papers[kind, lang]))]
    path = goldens.FOLDER / f"{kind}.{lang}.boxes.json"
    if goldens.RENEWING:
        path.write_text("[\n" + ",\n".join(f" {json.dumps(sheet)}" for sheet in made) + "\n]\n", encoding="utf-8")
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert [pytest.approx(sheet, abs=0.3) for sheet in kept] == made, f"Boxes have moved. If that is meant: {RENEW}"


def edges(data: bytes, number: int) -> list[float]:
    """Left, top, right and bottom of a page's upright text, in millimetres."""
    found = [box for box in pdf.boxes(data, number) if box.upright]
    if not found:
        return []
    sides = (min(b.left for b in found), min(b.top for b in found), max(b.right for b in found))
    return [round(side, 1) for side in (*sides, max(b.bottom for b in found))]


@pytest.mark.parametrize(
    ("kind", "lang", "number"),
    [("report", "zh", 0), ("report", "zh", -3), ("internal", "zh", 0), ("internal", "zh", 1), ("town", "zh", 0),
     ("town", "en", 0), ("town", "zh", -1)],
)  # fmt: skip
def test_pages_look_like_the_golden_ones(papers, kind, lang, number):
    document = pdfium.PdfDocument(papers[kind, lang])
    number %= len(document)
    made = document[number].render(scale=DOTS, grayscale=True).to_pil().convert("L")
    path = goldens.FOLDER / f"{kind}.{lang}.{number + 1}.png"
    if goldens.RENEWING:
        made.quantize(16).save(path, optimize=True)
    kept = Image.open(path).convert("L")
    assert made.size == kept.size
    far = sum(ImageChops.difference(made, kept).histogram()[SHADE:])
    if far > SHARE * made.width * made.height:
        seen = io.BytesIO()
        made.save(seen, "PNG")
        Path(os.environ.get("TMPDIR", "/tmp"), path.name).write_bytes(seen.getvalue())
        pytest.fail(f"{path.name}: {far} dots differ. If that is meant: {RENEW}")


def test_the_example_quarter_scores_as_the_golden_one(tmp_path, root):
    """The example data through the command line: every score, place, grade and part, exact."""
    script = "import sys, pathlib; from scoring.example import write_example; write_example(pathlib.Path(sys.argv[1]))"
    data, out = tmp_path / "data", tmp_path / "out"
    data.mkdir()
    subprocess.run([sys.executable, "-c", script, str(data)], cwd=root, check=True)
    command = [Path(sys.executable).with_name("townscore"), "run", "2025Q1", "--data", data, "--out", out]
    command += ["--weights", root / "weights" / "jiyuan-quarterly.yaml", "--formats", "csv"]
    subprocess.run([str(word) for word in command], cwd=tmp_path, check=True, capture_output=True)
    run = out / "2025Q1"
    head = json.loads((run / "assessment.json").read_text(encoding="utf-8"))
    ledger = pl.read_parquet(run / "ledger.parquet")
    kinds: dict[str, Fraction] = {}
    for row in ledger.select("kind", "points_num", "points_den").iter_rows():
        kinds[row[0]] = kinds.get(row[0], Fraction(0)) + Fraction(row[1], row[2])
    scores = pl.read_parquet(run / "scores.parquet").drop("town", "kind", "group", "order", "start_num", "start_den")
    dimensions = pl.read_parquet(run / "dimensions.parquet").iter_rows(named=True)
    made = {
        "summary": head["summary"],
        "entries": {kind: [ledger.filter(kind=kind).height, str(points)] for kind, points in sorted(kinds.items())},
        "scores": [json.dumps(row, ensure_ascii=False) for row in scores.iter_rows(named=True)],
        "dimensions": [
            f"{row['town_code']} {row['dimension']} {Fraction(row['earned_num'], row['earned_den'])}"
            for row in dimensions
        ],
    }
    goldens.same_text("example-2025Q1.json", as_json(made), TESTS)
