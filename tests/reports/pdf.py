"""Reading PDFs back: text, boxes of characters, pages."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2 as pdfium
from pypdfium2 import raw

POINTS_A_MM = 72 / 25.4


@dataclass(frozen=True)
class Box:
    """A character with its edges in millimetres from the page's left and top."""

    character: str
    left: float
    top: float
    right: float
    bottom: float
    baseline: float
    upright: bool


def pages(data: bytes) -> list[str]:
    """The text of each page, spaces and line ends removed: layout may break a word anywhere."""
    document = pdfium.PdfDocument(data)
    return [re.sub(r"\s", "", page.get_textpage().get_text_range()) for page in document]


def text(data: bytes) -> str:
    """The whole text, without spaces."""
    return "".join(pages(data))


def sizes(data: bytes) -> list[tuple[int, int]]:
    """Width and height of each page in whole millimetres."""
    return [tuple(round(side / POINTS_A_MM) for side in page.get_size()) for page in pdfium.PdfDocument(data)]


def boxes(data: bytes, number: int) -> Iterator[Box]:
    """The characters of a page."""
    page = pdfium.PdfDocument(data)[number]
    height = page.get_height()
    words = page.get_textpage()
    for index in range(words.count_chars()):
        character = words.get_text_range(index, 1)
        if not character.strip():
            continue
        left, bottom, right, top = words.get_charbox(index)
        matrix = raw.FS_MATRIX()
        raw.FPDFText_GetMatrix(words, index, ctypes.byref(matrix))
        x, y = ctypes.c_double(), ctypes.c_double()
        raw.FPDFText_GetCharOrigin(words, index, ctypes.byref(x), ctypes.byref(y))
        yield Box(
            character,
            left / POINTS_A_MM,
            (height - top) / POINTS_A_MM,
            right / POINTS_A_MM,
            (height - bottom) / POINTS_A_MM,
            (height - y.value) / POINTS_A_MM,
            abs(matrix.b) < 1e-3 and abs(matrix.c) < 1e-3,
        )
