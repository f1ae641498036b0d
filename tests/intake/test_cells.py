"""What a sheet's XML says of its cells: the quick searches find what a match of every cell would find."""

from __future__ import annotations

import random
import re
import zipfile
from pathlib import Path

import polars as pl
import pytest

from scoring.intake import cells, guard

_EVERY = re.compile(rb"<(?:\w+:)?c\b((?:[^>\"']|\"[^\"]*\"|'[^']*')*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_TEXTS = (
    "1", "0.5", "", "410000000000000123", "4.1E+17", "1E-3", "text", "#DIV/0!", 'row r="5"', "t='e'", ' s="9"', "7E+"
)  # fmt: skip


def _cell(chance: random.Random, row: int, column: int, prefix: str, quote: str) -> str:
    attributes = [f"r={quote}{chr(65 + column)}{row}{quote}"]
    if chance.random() < 0.5:
        attributes.append(f"s={quote}{chance.choice((0, 5, 9, 10))}{quote}")
    if kind := chance.choice(("", "", "n", "s", "e", "inlineStr")):
        attributes.append(f"t={quote}{kind}{quote}")
    if chance.random() < 0.1:
        attributes.append(chance.choice((f"dt={quote}e{quote}", f"foo={quote}a/>b{quote}")))
    chance.shuffle(attributes)
    head = f"<{prefix}c" + "".join(chance.choice((" ", "\n", "  ")) + one for one in attributes)
    if chance.random() < 0.2:
        return head + "/>"
    text, body = chance.choice(_TEXTS), ""
    if chance.random() < 0.35:
        formula = chance.choice(("1+1", "1234567890123456", "A1&amp;1"))
        body += chance.choice((f"<{prefix}f>{formula}</{prefix}f>", f"<{prefix}f si={quote}0{quote}/>"))
    body += chance.choice(
        (f"<{prefix}v>{text}</{prefix}v>", f"<{prefix}v/>", f"<{prefix}is><{prefix}t>{text}</{prefix}t></{prefix}is>")
    )
    return f"{head}>{body}</{prefix}c>"


def _sheet(chance: random.Random) -> bytes:
    prefix, quote, first = chance.choice(("", "", "x:")), chance.choice("\"'"), chance.choice((0, 0, 2, 24))
    rows = "".join(
        f"<{prefix}row r={quote}{row}{quote}{chance.choice(('', f' s={quote}9{quote}'))}>"
        + "".join(_cell(chance, row, first + column, prefix, quote) for column in range(2) if chance.random() < 0.8)
        + f"</{prefix}row>"
        for row in range(1, chance.randint(2, 6))
    )
    merged = f'<{prefix}mergeCells><{prefix}mergeCell ref="A1:C1"/></{prefix}mergeCells>'
    return f"<{prefix}sheetData>{rows}</{prefix}sheetData>{chance.choice(('', merged))}".encode()


def _plainly(xml: bytes, percent: frozenset[str]) -> tuple[list[tuple[int, int, str]], dict[int, list[int]]]:
    """Look at every cell."""
    lost, shares, columns = [], dict[int, list[int]](), set[int]()
    for attributes, body in _EVERY.findall(xml):
        letters, digits = re.match(r"([A-Z]+)([0-9]+)", cells.attribute(attributes, "r")).groups()
        place, row, kind = guard.column_number(letters) - 1, int(digits), cells.attribute(attributes, "t")
        valued = re.search(rb"<(?:\w+:)?(?:v|t)\b[^>]*>[^<]", body)
        columns |= {place} if valued else set()
        if kind == "e":
            lost.append((row, place, "cell-error"))
        elif not valued and re.search(rb"<(?:\w+:)?f\b", body):
            lost.append((row, place, "formula-without-value"))
        elif kind in ("", "n") and re.search(rb">[0-9]{16,}<|[0-9]E\+", body):
            lost.append((row, place, "long-number"))
        if valued and kind in ("", "n") and cells.attribute(attributes, "s") in percent:
            shares.setdefault(place, []).append(row)
    first = min(columns, default=0)
    return [(row, place - first, code) for row, place, code in lost], {p - first: rows for p, rows in shares.items()}


@pytest.mark.parametrize("seed", range(20))
def test_searches_find_what_a_look_at_every_cell_finds(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    for _ in range(100):
        xml, percent = _sheet(chance), chance.choice((frozenset(), frozenset({"9", "10"})))
        part, tail = guard.Part(), b""
        for start in range(0, len(xml), 600):
            tail = guard._scan(part, tail + xml[start : start + 600])
        path = tmp_path / "sheet.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("sheet.xml", xml)
        frame = pl.DataFrame({"c0": ["410000000000000123"]})  # a long number: every cell is in doubt
        with zipfile.ZipFile(path) as archive:
            told = cells.facts(archive, "sheet.xml", part, frame, percent)
        lost, shares = _plainly(xml, percent)
        assert (told["lost"], told["percent"]) == (lost, shares), xml
        assert bool(told["merges"]) == (b"mergeCell " in xml)


@pytest.mark.parametrize(
    "names", [("A1",), ("A1", "K2", "C3"), ("Z1", "B2"), ("AA1", "B2"), ("b1", "AZ3"), ("XFD1048576",)]
)
def test_the_last_column_and_row_are_the_largest_that_a_cell_names(names: tuple[str, ...]) -> None:
    part = guard.Part()
    placed = [(name.rstrip("0123456789"), name.lstrip("ABCDFKXZb")) for name in names]
    rows = "".join(f'<row r="{row}"><c r="{letters}{row}"/></row>' for letters, row in placed)
    guard._scan(part, f"<sheetData note='xr=AB1 r=ZZ9'>{rows}</sheetData>".encode())
    assert part.rows == max(int(row) for _, row in placed)
    assert part.columns == max(guard.column_number(letters) for letters, _ in placed if letters.isupper())
