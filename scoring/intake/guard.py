"""What a file is, found out before anything parses it: damaged, locked, a bomb, or one that names too many cells."""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from scoring.intake.limits import MEGABYTE, Limits

_CHUNK: Final = 1 << 20
_OLE: Final = bytes.fromhex("d0cf11e0a1b11ae1")
# A pattern is quick when it begins with fixed letters, quicker even than `in`; what must stand before them is looked at
# afterwards.
_WIDE_CELL: Final = re.compile(rb"""r=["'](?=[A-Za-z]{2})(?<=\sr=["'])([A-Za-z]{2,4})[0-9]+["']""")
_ROW: Final = re.compile(rb"""<row\b[^>]*?\sr=["']([0-9]+)["']""")
_FORMULA: Final = re.compile(rb"<f")
_PREFIXED: Final = re.compile(rb":(?:row|f>)")
_PREFIXED_ROW: Final = re.compile(rb"""<\w+:row\b[^>]*?\sr=["']([0-9]+)["']""")
_LAST_CELL: Final = re.compile(rb"""\sr=["'][A-Za-z]{1,4}([0-9]{1,9})["']""")
_MERGE: Final = re.compile(rb"""<(?:\w+:)?mergeCell\b[^>]*?ref=["']([A-Z]+[0-9]+:[A-Z]+[0-9]+)["']""")
_SHEET: Final = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_TAIL: Final = 512
_KEPT: Final = 256 * MEGABYTE
_END: Final = 65_536


class RefusalError(Exception):
    """A file that is not read, with the code that says why.

    Attributes
    ----------
    code
        The message's code.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Part:
    """What one pass over a sheet's XML shows.

    Attributes
    ----------
    rows, columns
        The largest row and column that any cell names (1 is the first).
    merges
        Ranges such as A1:C1.
    formulas, errors
        Whether a formula or an error cell occurs at all.
    prefixed
        Whether its elements may bear a prefix: `<x:row>`.
    xml
        The sheet's XML, so that it need not be unzipped again; None where sheets are too large to be kept.
    """

    rows: int = 0
    columns: int = 0
    merges: list[str] = field(default_factory=list)
    formulas: bool = False
    errors: bool = False
    prefixed: bool = False
    xml: bytes | None = None


def column_number(letters: str) -> int:
    """Return the number of a column: A is 1, XFD is 16384."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def check_workbook(path: Path, limits: Limits) -> dict[str, Part]:
    """Check a workbook's container and count its cells, in bounded memory; return the sheets' parts by name.

    Raises
    ------
    RefusalError
        Damaged (CRC, truncated), encrypted, no workbook at all, or larger than the limits.
    """
    with path.open("rb") as file:
        head = file.read(8)
    if head == _OLE:
        # Excel wraps an encrypted workbook, and every old .xls, in this container.
        raise RefusalError("workbook-encrypted")
    try:
        with zipfile.ZipFile(path) as archive:
            return _check_parts(archive, path.stat().st_size, limits)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError, KeyError) as error:
        raise RefusalError("workbook-damaged") from error


def _check_parts(archive: zipfile.ZipFile, size: int, limits: Limits) -> dict[str, Part]:
    parts: dict[str, Part] = {}
    total = 0
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if len(set(names)) != len(names) or "[Content_Types].xml" not in names:
        raise RefusalError("workbook-damaged")
    if any(entry.flag_bits & 1 for entry in entries):
        raise RefusalError("workbook-encrypted")
    # What the archive itself declares refuses a bomb at once; one that understates is found while it is read.
    bomb_from = max(limits.ratio_from_bytes, size * limits.ratio)
    if sum(entry.file_size for entry in entries) > min(bomb_from, limits.unzipped_bytes):
        raise RefusalError("workbook-bomb" if bomb_from < limits.unzipped_bytes else "workbook-too-large")
    cells = 0
    for entry in entries:
        part = Part()
        tail = b""
        blocks: list[bytes] = []
        with archive.open(entry) as stream:
            while chunk := stream.read(_CHUNK):
                total += len(chunk)
                if total > limits.unzipped_bytes:
                    raise RefusalError("workbook-too-large")
                if total > bomb_from:
                    raise RefusalError("workbook-bomb")
                if _SHEET.fullmatch(entry.filename):
                    tail = _scan(part, tail + chunk)
                    blocks.append(chunk)
                    if total > _KEPT:
                        blocks.clear()
        if _SHEET.fullmatch(entry.filename):
            parts[entry.filename] = part
            part.xml = b"".join(blocks) if total <= _KEPT else None
            cells += part.rows * part.columns
            if cells > limits.cells or part.rows > 1_048_576 or part.columns > 16_384:
                raise RefusalError("workbook-too-many-cells")
    return parts


def _scan(part: Part, block: bytes) -> bytes:
    """Take note of what a block of XML names; return its end, which the next block must see again."""
    prefixed = set(_PREFIXED.findall(block))
    rows = _ROW.findall(block)
    if b":row" in prefixed:
        part.prefixed = True
        rows += _PREFIXED_ROW.findall(block)
    if rows:
        part.rows = max(part.rows, *map(int, rows))
    last = _LAST_CELL.findall(block, max(0, len(block) - _END))
    if last:
        part.rows = max(part.rows, int(last[-1]))
    if _beyond(part.columns, "|[A-Za-z]{2}").search(block):
        wide = set(_WIDE_CELL.findall(block))
        part.columns = max([part.columns, *(column_number(letters.decode()) for letters in wide)])
        start = 0
        while found := _beyond(part.columns).search(block, start):
            part.columns, start = found.group(1)[0] - 64, found.end()
    if b"mergeCell" in block:
        part.merges = list(dict.fromkeys([*part.merges, *(text.decode() for text in _MERGE.findall(block))]))
    part.formulas = part.formulas or b":f>" in prefixed or _FORMULA.search(block) is not None
    # One byte is sought far quicker than several.
    part.errors = part.errors or b't="e"' in block or (b"'" in block and b"t='e'" in block)
    return block[-_TAIL:]


@cache
def _beyond(columns: int, further: str = "") -> re.Pattern[bytes]:
    """Return a pattern of what may be a cell in one of the columns A to Z after so many, or `further`."""
    letters = f"[{chr(65 + columns)}-Z]" if columns < 26 else "[^\\s\\S]"
    return re.compile(rf"""r=["']({letters}{further})""".encode())
