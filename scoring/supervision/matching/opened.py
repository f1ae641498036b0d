"""The texts of posted lists: workbooks, CSV, text, Word and PDF, cell by cell and line by line, with their places."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from scoring.intake.csvtext import decode
from scoring.intake.guard import RefusalError
from scoring.intake.headrow import cell_columns
from scoring.intake.limits import MEGABYTE, Limits
from scoring.intake.sandbox import RawSheet, Unread, read_files
from scoring.scratch import scratch
from scoring.supervision.matching.posted import Text

if TYPE_CHECKING:
    from docx.document import Document

_SHEETS: Final = {".xlsx": "xlsx", ".csv": "csv"}
_LARGEST: Final = 200 * MEGABYTE
_HEADS: Final = 6


@dataclass(frozen=True)
class Unreadable:
    """A file that could not be looked through, with the code that says why."""

    file: str
    code: str


def read_posted(files: Sequence[Path]) -> tuple[list[Text], list[Unreadable]]:
    """Return every cell and line of the files, and the files that could not be read."""
    texts: list[Text] = []
    unread: list[Unreadable] = []
    tables = [(path, _SHEETS[path.suffix.lower()]) for path in files if path.suffix.lower() in _SHEETS]
    with scratch() as folder:
        sheets = read_files(tables, frozenset(), folder, Limits())
    for sheet in sheets:
        if isinstance(sheet, Unread):
            unread.append(Unreadable(sheet.file, sheet.code))
        else:
            texts += _cells(sheet)
    for path in files:
        if path.suffix.lower() not in _SHEETS:
            try:
                texts += _texts(path)
            except RefusalError as refusal:
                unread.append(Unreadable(path.name, refusal.code))
    return texts, unread


def _texts(path: Path) -> list[Text]:
    readers = {".txt": _lines, ".docx": _word, ".pdf": _pages}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise RefusalError("matching-posted-kind-unknown")
    if path.stat().st_size > _LARGEST:
        raise RefusalError("file-too-large")
    found = list(reader(path))
    if not found:
        raise RefusalError("matching-posted-no-text")
    return found


def _cells(sheet: RawSheet) -> Iterator[Text]:
    """Yield the cells of a sheet under the headings of its first rows; of a hidden sheet too, for it goes along."""
    columns = cell_columns(sheet.frame)
    head, heads = _head(sheet.frame, columns)
    for row, *cells in sheet.frame.select("row", *columns).iter_rows():
        for place, cell in enumerate(cells):
            if cell and cell.strip():
                heading = heads[place] if row > head else ""
                yield Text(sheet.file, sheet.sheet, int(row), _letter(place), heading, " ".join(cell.split()))


def _head(frame: pl.DataFrame, columns: Sequence[str]) -> tuple[int, list[str]]:
    """Return the row of the headings, of the first rows the one with the most cells without a digit, and its cells."""
    best, most, heads = 0, 1, [""] * len(columns)
    for row, *cells in frame.head(_HEADS).select("row", *columns).iter_rows():
        texts = [" ".join((cell or "").split()) for cell in cells]
        filled = sum(bool(text) and not any(map(str.isdigit, text)) for text in texts)
        if filled > most:
            best, most, heads = int(row), filled, texts
    return best, heads


def _letter(place: int) -> str:
    """Return what Excel calls a column, the first being 0.

    Examples
    --------
    >>> _letter(0), _letter(27)
    ('A', 'AB')
    """
    letters = ""
    place += 1
    while place:
        place, left = divmod(place - 1, 26)
        letters = chr(65 + left) + letters
    return letters


def _lines(path: Path) -> Iterator[Text]:
    for number, line in enumerate(decode(path.read_bytes()).splitlines(), 1):
        if line.strip():
            yield Text(path.name, "", number, "", "", line.strip())


def _word(path: Path) -> Iterator[Text]:
    """Yield the paragraphs of a Word file, heads and feet of its pages, and the cells of its tables."""
    document = _opened(path)
    for number, paragraph in enumerate(document.paragraphs, 1):
        yield from _line(path, number, paragraph.text)
    for section in document.sections:
        for part in (section.header, section.footer):
            for number, paragraph in enumerate(part.paragraphs, 1):
                yield from _line(path, number, paragraph.text)
    for place, table in enumerate(document.tables, 1):
        yield from _table(path, str(place), [[cell.text for cell in row.cells] for row in table.rows])


def _opened(path: Path) -> Document:
    import docx

    try:
        with zipfile.ZipFile(path) as archive:
            small = sum(entry.file_size for entry in archive.infolist()) <= _LARGEST
        document = docx.Document(str(path)) if small else None
    except Exception as error:
        # Whatever the library's XML parser raises, and it has no common name: the file is not one of Word.
        raise RefusalError("matching-posted-damaged") from error
    if document is None:
        raise RefusalError("file-too-large")
    return document


def _line(path: Path, number: int, text: str) -> Iterator[Text]:
    if text.strip():
        yield Text(path.name, "", number, "", "", " ".join(text.split()))


def _table(path: Path, place: str, rows: Iterable[Sequence[str]]) -> Iterator[Text]:
    """Yield the cells of a Word table, under what its first row says."""
    heads: list[str] = []
    for number, row in enumerate(rows, 1):
        cells = [" ".join(cell.split()) for cell in row]
        for at, cell in enumerate(cells):
            if cell:
                yield Text(path.name, place, number, _letter(at), heads[at] if at < len(heads) else "", cell)
        heads = heads or cells


def _pages(path: Path) -> Iterator[Text]:
    """Yield the lines of a PDF's text; a scanned page has none."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(str(path))
    except pypdfium2.PdfiumError as error:
        raise RefusalError("matching-posted-damaged") from error
    try:
        for number in range(len(document)):
            page = document[number]
            text = page.get_textpage()
            lines = text.get_text_bounded().splitlines()
            text.close()
            page.close()
            for at, line in enumerate(lines, 1):
                if line.strip():
                    yield Text(path.name, str(number + 1), at, "", "", line.strip())
    finally:
        document.close()
