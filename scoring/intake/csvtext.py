"""CSV files to text cells: strict encodings, a delimiter without doubt, physical line numbers."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Set
from pathlib import Path
from typing import Final

import polars as pl

from scoring.intake.guard import Refusal
from scoring.intake.headings import heading_key
from scoring.intake.limits import Limits

_DELIMITERS: Final = (",", "\t", ";")
_LOOK: Final = 40


def decode(data: bytes) -> str:
    """Return the text of UTF-8 (with BOM or not), UTF-16 with BOM, or GB18030, strictly.

    Raises
    ------
    Refusal
        None of them, or the text holds characters that only a wrong encoding leaves.
    """
    for bom, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(bom):
            attempts: tuple[str, ...] = (encoding,)
            break
    else:
        attempts = ("utf-8", "gb18030")
    for encoding in attempts:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text or "\ufffd" in text or re.search("[\x01-\x08\x0e-\x1f\ue000-\uf8ff]", text[:100_000]):
            raise Refusal("csv-encoding")
        return text
    raise Refusal("csv-encoding")


def delimiter_of(text: str, known: Set[str]) -> str:
    """Return the delimiter under which a line of the first few holds the most known headings.

    Raises
    ------
    Refusal
        Two delimiters do equally well.
    """
    scores: dict[str, int] = {}
    for delimiter in _DELIMITERS:
        lines = csv.reader(io.StringIO("\n".join(text[:200_000].split("\n")[:_LOOK])), delimiter=delimiter)
        try:
            scores[delimiter] = max((sum(heading_key(cell) in known for cell in line) for line in lines), default=0)
        except csv.Error:
            scores[delimiter] = 0
    best = max(scores.values())
    winners = [delimiter for delimiter in _DELIMITERS if scores[delimiter] == best]
    if best <= 1:
        return ","
    if len(winners) > 1:
        raise Refusal("csv-delimiter")
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
    Refusal
        Encoding, delimiter or quotes leave a doubt, or the file is too large.
    """
    if path.stat().st_size > limits.text_bytes:
        raise Refusal("file-too-large")
    text = decode(path.read_bytes()).replace("\r\n", "\n").replace("\r", "\n")
    first = 1
    named = re.match(r"sep=(.)\n", text)
    if named:
        text, first = text[named.end() :], 2
    delimiter = named.group(1) if named else delimiter_of(text, known)
    if not text.strip():
        return pl.DataFrame(schema={"row": pl.Int64()})
    return _quoted(text, delimiter, first) if '"' in text else _plain(text, delimiter, first)


def _plain(text: str, delimiter: str, first: int) -> pl.DataFrame:
    """Read text without quotes: every line is a record."""
    width = max(line.count(delimiter) for line in text.split("\n", 1000)[:1000]) + 1
    # One column more than the first thousand lines have shows a longer line; a heading line of our own sets the width.
    heading = delimiter.join(f"c{position}" for position in range(width + 1))
    frame = pl.read_csv(
        f"{heading}\n{text}".encode(),
        separator=delimiter,
        infer_schema=False,
        truncate_ragged_lines=True,
        quote_char=None,
    )
    return frame.with_row_index("row", offset=first).with_columns(pl.col("row").cast(pl.Int64))


def _quoted(text: str, delimiter: str, first: int) -> pl.DataFrame:
    """Read text with quotes, whose records may span lines."""
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
        raise Refusal("csv-quotes") from error
    width = max(map(len, records))
    for record in records:
        record.extend([""] * (width - len(record)))
    columns = {f"c{position}": values for position, values in enumerate(zip(*records, strict=True))}
    frame = pl.DataFrame({"row": lines, **columns}, schema={"row": pl.Int64(), **dict.fromkeys(columns, pl.String())})
    return frame.with_columns(pl.col(pl.String).replace("", None))
