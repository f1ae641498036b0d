"""What a sheet's XML says of its cells beyond their text: merged ranges, percentages, and text that is not the truth.

A sheet has millions of cells and few that matter. Those are found by searches that begin with fixed letters, which
the regular expressions of Python carry out ten times as fast as a match of every cell.
"""

from __future__ import annotations

import html
import re
import zipfile
from collections.abc import Iterable, Iterator, Set
from typing import Any, Final

import polars as pl

from scoring.intake.guard import Part, column_number

_CELL: Final = re.compile(rb"<(?:\w+:)?c\b((?:[^>\"']|\"[^\"]*\"|'[^']*')*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_VALUE: Final = re.compile(rb"<(?:\w+:)?(?:v|t)\b[^>]*>[^<]")
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f\b")
_LONG_BODY: Final = re.compile(rb">[0-9]{16,}<|[0-9]E\+")
# Where a cell that matters may be: each finds too much rather than too little.
_ERRORS: Final = re.compile(rb"t=[\"']e[\"']")
_LONGS: Final = (re.compile(rb">[0-9]{16,}<"), re.compile(rb"E\+(?<=[0-9]E\+)"))
_UNVALUED: Final = re.compile(rb"<f\b(?!(?:[^>]*/>|[^>]*>[^<]*</f>)<v>[^<])")
_PREFIXED: Final = re.compile(rb":f\b")
_LONG: Final = r"^[0-9]{16,}$"
_FORMAT: Final = re.compile(rb"<(?:\w+:)?numFmt\b[^>]*>")
_STYLES: Final = re.compile(rb"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", re.DOTALL)
_STYLE: Final = re.compile(rb"<(?:\w+:)?xf\b[^>]*>")
# 0% and 0.00%, which need no format code.
_PERCENT: Final = frozenset({"9", "10"})
# What a format code shows as it stands.
_LITERAL: Final = re.compile(r"\"[^\"]*\"|\\.|\[[^\]]*\]|_.")


def attribute(tag: bytes, name: str) -> str:
    """Return the value of a tag's attribute, empty when it has none; `name` is a pattern."""
    match = re.search(rf"\b{name}=(\"[^\"]*\"|'[^']*')".encode(), tag)
    return html.unescape(match.group(1)[1:-1].decode("utf-8")) if match else ""


def percent_styles(archive: zipfile.ZipFile) -> frozenset[str]:
    """Return the styles, as cells name them, that show 0.98 as 98 %."""
    try:
        text = archive.read("xl/styles.xml")
    except KeyError:
        return frozenset()
    codes = {attribute(tag, "numFmtId"): attribute(tag, "formatCode") for tag in _FORMAT.findall(text)}
    shown = _PERCENT | {number for number, code in codes.items() if "%" in _LITERAL.sub("", code)}
    styles = _STYLES.search(text)
    tags = _STYLE.findall(styles.group()) if styles else []
    return frozenset(str(place) for place, tag in enumerate(tags) if attribute(tag, "numFmtId") in shown)


def facts(archive: zipfile.ZipFile, entry: str, part: Part, frame: pl.DataFrame, percent: Set[str]) -> dict[str, Any]:
    """Return merged ranges and cells whose text is not the whole truth, in rows from 1 and columns of the frame from 0.

    Such cells are formulas without a stored value, error values, numbers longer than Excel keeps exactly, and numbers
    that are shown as percentages. Empty where nothing of the kind is there.

    Parameters
    ----------
    archive, entry
        The workbook, and the path of the sheet's XML in it.
    part
        What the check of the workbook noted of the sheet.
    frame
        The sheet as text.
    percent
        The styles that show percentages, as `percent_styles` gives them.
    """
    long = any(series.str.contains(_LONG).any() for series in frame.iter_columns())
    if not (percent or part.merges or part.formulas or part.errors or long):
        return {}
    xml = archive.read(entry) if part.xml is None else part.xml
    styles = re.compile(rb"s=(?<=\ss=)[\"'](?:%s)[\"']" % "|".join(percent).encode()) if percent else None
    styled = _found(xml, [styles] if styles is not None else [])
    look = part.formulas or part.errors or long or styled
    if not (look or part.merges):
        return {}
    lost: list[tuple[int, int, str]] = []
    shares: dict[int, list[int]] = {}
    first = _first_column(xml)
    for cell in _cells_at(xml, sorted(styled + _doubtful(xml, part))) if look else ():
        attributes, body = cell.groups(b"")
        place, row = _place_of(attributes)
        kind = attribute(attributes, "t")
        valued = _VALUE.search(body) is not None
        if kind == "e":
            lost.append((row, place - first, "cell-error"))
        elif not valued and _FORMULA.search(body):
            lost.append((row, place - first, "formula-without-value"))
        elif kind in ("", "n") and _LONG_BODY.search(body):
            lost.append((row, place - first, "long-number"))
        if styled and valued and kind in ("", "n") and attribute(attributes, "s") in percent:
            shares.setdefault(place - first, []).append(row)
    merges = []
    for text in part.merges:
        a, r0, b, r1 = re.match(r"([A-Z]+)(\d+):([A-Z]+)(\d+)", text).groups()  # type: ignore[union-attr]
        merges.append((int(r0), column_number(a) - 1 - first, int(r1), column_number(b) - 1 - first))
    return {"merges": merges, "lost": lost, "percent": shares}


def _place_of(attributes: bytes) -> tuple[int, int]:
    """Return a cell's column, from 0, and its row, from 1."""
    letters, digits = re.match(r"([A-Za-z]+)([0-9]+)", attribute(attributes, "r") or "A0").groups()  # type: ignore[union-attr]
    return column_number(letters) - 1, int(digits)


def _first_column(xml: bytes) -> int:
    """Return the first column with a value, which is the first of the frame."""
    first: int | None = None
    for cell in _CELL.finditer(xml):
        attributes, body = cell.groups(b"")
        if _VALUE.search(body):
            place, _ = _place_of(attributes)
            first = place if first is None else min(first, place)
            if first == 0:
                break
    return first or 0


def _found(xml: bytes, sought: Iterable[re.Pattern[bytes]]) -> list[int]:
    return [found.start() for pattern in sought for found in pattern.finditer(xml)]


def _doubtful(xml: bytes, part: Part) -> list[int]:
    """Return where in the XML a cell may be whose text is not the truth."""
    sought = [*_LONGS]
    sought += [_ERRORS] if part.errors else []
    sought += [_UNVALUED] if part.formulas else []
    sought += [_PREFIXED] if part.prefixed else []
    return _found(xml, sought)


def _cells_at(xml: bytes, places: list[int]) -> Iterator[re.Match[bytes]]:
    """Give each cell in which one of the places is, once."""
    seen = 0
    for place in places:
        if place < seen:
            continue
        start, cell = place, None
        while cell is None and (start := xml.rfind(b"<", seen, start)) >= 0:
            cell = _CELL.match(xml, start)
        seen = place
        if cell is not None and cell.end() > place:
            seen = cell.end()
            yield cell
