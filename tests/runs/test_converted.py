"""The workbook of converted points, read back: headings, numbers, towns without a score, the year before beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import openpyxl
import pytest

from scoring.answers import converted, write_converted
from scoring.lookback import Scored
from tests.published import Life, finding, scheme, towns


def scored(checked="AB", label="2025Q2"):
    rows = {
        "towns": towns("A", "B", "C"),
        "findings": [finding("b", "B", date(2025, 5, 6)), finding("c", "C", date(2025, 5, 6))],
        "checks": [{"town": town, "checked_on": date(2025, 5, 9), "sampled": 9} for town in checked],
    }
    made = Life(rows).run(label, date(2025, 6, 30))
    return Scored(replace(made, head={**made.head, "run_code": "x"}), lambda: None, scheme(), "", [])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_headings_stand_over_their_cells_and_numbers_are_numbers(tmp_path, lang):
    one, last = scored(), scored("ABC")
    made = converted(one, last, Fraction(15), Fraction(10))
    write_converted(made, one, last, tmp_path / "points.xlsx", lang)
    sheet = openpyxl.load_workbook(tmp_path / "points.xlsx").worksheets[0]
    heads, first, unscored = sheet[6], sheet[7], sheet[9]
    sides = [(head.alignment.horizontal, cell.alignment.horizontal) for head, cell in zip(heads, first, strict=True)]
    assert sides == [("left", "left")] * 2 + [("right", "right")] * 5
    assert all(
        head.alignment.wrap_text and head.alignment.vertical == "center" and head.fill.fgColor.rgb for head in heads
    )
    # A Chinese character is two wide: no heading needs more than its two lines.
    for head in heads:
        width = sum(2 if ord(letter) > 0x2E80 else 1 for letter in head.value)
        assert width <= 2 * (sheet.column_dimensions[head.column_letter].width - 1)
    assert sheet.row_dimensions[6].height >= 30
    assert [first[place].value for place in (2, 3, 5, 6)] == [100, 15, 100, 10]
    assert (first[2].number_format, first[4].data_type) == ("0.00", "s")
    # Who was not checked says so, in a column that still adds up.
    assert [cell.value for cell in unscored[2:4]] == [{"zh": "未抽查", "en": "Not checked"}[lang], None]
    assert sheet.print_title_rows == "$6:$6"
    assert sheet.freeze_panes == "C7"
