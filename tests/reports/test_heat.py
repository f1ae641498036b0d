"""How the heat map is cut into pages."""

from __future__ import annotations

from itertools import pairwise

import pytest
import sample

from scoring.reports.heat import Cell, Row, _pages, heat_map
from scoring.reports.labels import Labels


def rows(*sizes):
    """Dimensions of so many indicators each."""
    made = []
    for size in sizes:
        made.append(Row("heading", ()))
        made += [Row("indicator", (Cell(0, ""),))] * size
    return made


@pytest.mark.parametrize("sizes", [(6, 27, 9, 13), (6, 27, 9, 13, 3), (60, 2), (2, 60), (1, 1, 1), (56,), (200, 1, 1)])
@pytest.mark.parametrize("most", [40, 56, 57, 60, 62])
def test_no_page_has_a_lone_row_or_two(sizes, most):
    whole = rows(*sizes)
    pages = _pages(whole, most)
    assert [row for page in pages for row in page] == whole
    assert len(pages) == -(-len(whole) // most)
    assert all(len(page) <= most for page in pages)
    if len(pages) > 1:
        assert min(map(len, pages)) >= most // 4
    for page, _ in pairwise(pages):
        assert page[-1].cells  # a heading goes with what follows


def test_a_cut_stands_before_a_heading_where_one_is_near():
    first, second = _pages(rows(6, 27, 9, 13, 3), 40)
    assert (len(first), second[0].label) == (35, "heading")


def test_a_map_that_fits_is_not_cut():
    assert len(_pages(rows(6, 27, 9, 13), 60)) == 1


def test_sixty_rows_of_sixteen_towns_are_one_picture():
    """A year of five dimensions: its last one stood on a page of its own."""
    whole = sample.assessment()
    dimensions = [
        {"id": f"d{n}", "label": f"d{n}", "points": "20",
         "indicators": [{"id": f"i{n}-{i}", "label": "x", "points": "1"} for i in range(count)]}
        for n, count in enumerate((6, 26, 8, 12, 3))
    ]  # fmt: skip
    head = {**whole.head, "scheme": {**whole.head["scheme"], "dimensions": dimensions}}
    (piece,) = heat_map(whole, whole.scores.to_dicts(), Labels(head, "zh"))
    assert len(piece.rows) == 60
    # The names, the rows, the heading and its note fit the 263 mm of a page.
    assert piece.head + piece.height * 60 + 200 <= 2630
