"""What a file may cost before it is refused."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Bounds on one input file and on the child process that reads it.

    Attributes
    ----------
    unzipped_bytes
        The sum of a workbook's unzipped parts.
    cells
        Rows times columns of all sheets of a workbook.
    ratio, ratio_from_bytes
        A workbook is refused when it unzips to more than `ratio` times its size and to more than `ratio_from_bytes`.
    text_bytes
        The size of a CSV file.
    parquet_cells
        Rows times columns of a Parquet file, from its metadata.
    memory_bytes
        Address space of the reading child.
    seconds
        Time that one file may take.
    """

    unzipped_bytes: int = 1024 * MEGABYTE
    cells: int = 20_000_000
    ratio: int = 200
    ratio_from_bytes: int = 100 * MEGABYTE
    text_bytes: int = 2048 * MEGABYTE
    parquet_cells: int = 500_000_000
    memory_bytes: int = 6144 * MEGABYTE
    seconds: float = 300.0
