"""CSV files to text cells: strict encodings, a delimiter without doubt, physical line numbers."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Set
from pathlib import Path
from typing import Final

import polars as pl

from scoring.intake.guard import RefusalError
from scoring.intake.headings import heading_key
from scoring.intake.limits import Limits

_BOMS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
# Control characters and private use: what a wrong encoding leaves.
_WRONG: Final = re.compile("[\x01-\x08\x0e-\x1f\ue000-\uf8ff]")
_DELIMITERS: Final = (",", "\t", ";")
_LOOK: Final = 40
_LINES: Final = 1000
_HEAD: Final = 200_000
_SMALL: Final = 64 * 1024 * 1024
_WIDEST: Final = 16_384
_ASCII: Final = bytes(range(128))


def decode(data: bytes) -> str:
    """Return the text of UTF-8 (with BOM or not), UTF-16 with BOM, or GB18030, strictly.

    Raises
    ------
    RefusalError
        None of them, or the text holds characters that only a wrong encoding leaves.
    """
    marked = next((encoding for bom, encoding in _BOMS if data.startswith(bom)), None)
    for encoding in (marked,) if marked else ("utf-8", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as error:
            if encoding == "utf-8" and _damaged_utf8(data, error.start):
                break
            continue
        if "\x00" in text or _WRONG.search(text[:_HEAD]):
            break
        return text
    raise RefusalError("csv-encoding")


def _damaged_utf8(data: bytes, at: int) -> bool:
    """Tell whether text that fails as UTF-8 at one place is UTF-8 around it: as GB18030 it would be other words."""
    window = data[max(at - _HEAD, 0) : at + _HEAD]
    sound = window.decode("utf-8", errors="ignore").encode("utf-8")
    return 2 * len(sound.translate(None, _ASCII)) > len(window.translate(None, _ASCII))


def delimiter_of(text: str, known: Set[str]) -> str:
    """Return the delimiter under which a line of the first few holds the most known headings.

    Raises
    ------
    RefusalError
        Two delimiters do equally well.
    """
    scores: dict[str, int] = {}
    for delimiter in _DELIMITERS:
        lines = csv.reader(io.StringIO("\n".join(text.split("\n")[:_LOOK])), delimiter=delimiter)
        try:
            scores[delimiter] = max((sum(heading_key(cell) in known for cell in line) for line in lines), default=0)
        except csv.Error:
            scores[delimiter] = 0
    best = max(scores.values())
    winners = [delimiter for delimiter in _DELIMITERS if scores[delimiter] == best]
    if best <= 1:
        return ","
    if len(winners) > 1:
        raise RefusalError("csv-delimiter")
    return winners[0]


def read_csv(path: Path, known: Set[str], limits: Limits) -> pl.DataFrame:
    """Read a CSV file into String columns c0, c1, … and `row`, the first physical line of each record.

    Parameters
    ----------
    path
        The file.
    known
        Keys of all headings that may occur, to find the delimiter by.
    limits
        Its size is bounded.

    Raises
    ------
    RefusalError
        Encoding, delimiter or quotes leave a doubt, or the file is too large or too wide.
    """
    if path.stat().st_size > limits.text_bytes:
        raise RefusalError("file-too-large")
    data = _as_utf8(path.read_bytes()).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    first = 1
    named = re.match(rb"sep=(.)\n", data)
    if named:
        data, first = data[named.end() :], 2
    head = data[:_HEAD].decode("utf-8", errors="ignore")
    delimiter = named.group(1).decode("latin-1") if named else delimiter_of(head, known)
    if not data.strip():
        return pl.DataFrame(schema={"row": pl.Int64()})
    try:
        return _by_polars(data, delimiter, first)
    except pl.exceptions.PolarsError as error:
        if len(data) > _SMALL:
            raise RefusalError("csv-quotes") from error
        return _by_records(data.decode("utf-8"), delimiter, first)


def _as_utf8(data: bytes) -> bytes:
    """Return the file's text in UTF-8, without BOM."""
    plain = data.removeprefix(_BOMS[0][0])
    try:
        # Polars checks UTF-8 as strictly as Python does, without making another text of a large file.
        pl.Series([plain], dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.PolarsError:
        return decode(data).encode("utf-8")
    if b"\x00" in plain or _WRONG.search(plain[: 4 * _HEAD].decode("utf-8", errors="ignore")[:_HEAD]):
        raise RefusalError("csv-encoding")
    return plain


def _by_polars(data: bytes, delimiter: str, first: int) -> pl.DataFrame:
    """Read text whose quotes, if any, stand as the rules say."""
    sign = delimiter.encode("latin-1")
    # One column more than the first lines have shows a longer line; a heading line of our own sets the width.
    width = max(line.count(sign) for line in data.split(b"\n", _LINES)[:_LINES]) + 2
    if width > _WIDEST:
        raise RefusalError("csv-too-wide")
    heading = delimiter.join(f"c{position}" for position in range(width)).encode()
    quoted = b'"' in data
    frame = pl.read_csv(
        heading + b"\n" + data,
        separator=delimiter,
        infer_schema=False,
        truncate_ragged_lines=True,
        quote_char='"' if quoted else None,
    )
    numbers = pl.int_range(pl.len(), dtype=pl.Int64) + first
    if quoted and frame.height < data.rstrip(b"\n").count(b"\n") + 1:
        # A record that spans lines moves all that follow.
        inside = pl.sum_horizontal(pl.all().str.count_matches("\n", literal=True).fill_null(0)).cast(pl.Int64)
        numbers += inside.cum_sum().shift(1, fill_value=0)
    frame = frame.with_columns(numbers.alias("row"))
    if not quoted:
        return frame  # an empty cell is null already; only a quoted one is an empty text
    return frame.with_columns(pl.when(pl.col(pl.String).str.len_bytes() > 0).then(pl.col(pl.String)).name.keep())


def _by_records(text: str, delimiter: str, first: int) -> pl.DataFrame:
    """Read a small text record by record: quotes within a cell are read as they stand, unpaired ones refused."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    records: list[list[str]] = []
    lines: list[int] = []
    start = first
    try:
        for record in reader:
            records.append(record)
            lines.append(start)
            start = first + reader.line_num
    except csv.Error as error:
        raise RefusalError("csv-quotes") from error
    width = max(map(len, records))
    if width > _WIDEST:
        raise RefusalError("csv-too-wide")
    for record in records:
        record.extend([""] * (width - len(record)))
    columns = {f"c{position}": values for position, values in enumerate(zip(*records, strict=True))}
    frame = pl.DataFrame({"row": lines, **columns}, schema={"row": pl.Int64(), **dict.fromkeys(columns, pl.String())})
    return frame.with_columns(pl.col(pl.String).replace("", None))
