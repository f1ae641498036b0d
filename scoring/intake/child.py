"""The reading child: `python -m scoring.intake.child` reads files into Parquet files, so that its death harms no one.

One JSON job comes in on standard input; one JSON line goes out for each file.
"""

from __future__ import annotations

import json
import re
import sys
import zipfile
from collections.abc import Sequence, Set
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import polars as pl

from scoring.intake.cells import attribute, facts, percent_styles
from scoring.intake.csvtext import read_csv
from scoring.intake.guard import Part, RefusalError, check_workbook
from scoring.intake.limits import Limits

_SHEET: Final = re.compile(rb"<(?:\w+:)?sheet\b[^>]*>")
_RELATION: Final = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*>")
_WORDS: Final = (pl.String, pl.Categorical, pl.Enum, pl.Null)
# Sheets that hold no cells.
_NO_CELLS: Final = ("xl/chartsheets/", "xl/dialogsheets/", "xl/macrosheets/")


def main() -> None:
    """Read the job, bound this process, read each file and report."""
    job = json.load(sys.stdin)
    limits = Limits(**job["limits"])
    _bound(limits)
    known = frozenset(job["headings"])
    for entry in job["files"]:
        sys.stdout.write(json.dumps(read_file(entry, known, limits)) + "\n")
        sys.stdout.flush()


def read_file(entry: dict[str, str], known: Set[str], limits: Limits) -> dict[str, Any]:
    """Read one file into Parquet files; return what each sheet is and where it lies, or the code of the refusal.

    Parameters
    ----------
    entry
        `path`, `kind` (xlsx, csv, parquet) and `out`, the beginning of the Parquet files' paths.
    known
        Keys of every heading that may occur.
    limits
        Bounds on the file.
    """
    sheets = []
    try:
        for place, (facts, frame) in enumerate(_read(Path(entry["path"]), entry["kind"], known, limits)):
            target = f"{entry['out']}-{place}.parquet"
            frame.write_parquet(target, compression="lz4", statistics=False)
            sheets.append({**facts, "path": target})
    except RefusalError as refusal:
        return {"refusal": refusal.code}
    except MemoryError:
        return {"refusal": "file-too-large"}
    return {"sheets": sheets}


def _bound(limits: Limits) -> None:
    try:
        import resource
    except ImportError:  # no such limits on this system; the checks before reading still hold
        return
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _read(path: Path, kind: str, known: Set[str], limits: Limits) -> list[tuple[dict[str, Any], pl.DataFrame]]:
    if kind == "csv":
        return [({"name": ""}, read_csv(path, known, limits))]
    if kind == "parquet":
        return [({"name": ""}, _read_parquet(path, limits))]
    return _read_workbook(path, check_workbook(path, limits))


def _read_parquet(path: Path, limits: Limits) -> pl.DataFrame:
    """Read a Parquet file as text, after its metadata has shown how large it is."""
    try:
        scan = pl.scan_parquet(path)
        schema = scan.collect_schema()
        rows = int(scan.select(pl.len()).collect().item())
        if rows * len(schema) > limits.parquet_cells:
            raise RefusalError("file-too-large")
        nested = [dtype for dtype in schema.values() if dtype.is_nested()]
        if not all(isinstance(dtype, pl.List) and isinstance(dtype.inner, _WORDS) for dtype in nested):
            raise RefusalError("parquet-type")
        if any(dtype in (pl.Binary, pl.Object) for dtype in schema.values()):
            raise RefusalError("parquet-type")
        columns = [
            pl.col(name).cast(pl.List(pl.String)).list.join(";") if dtype.is_nested() else pl.col(name).cast(pl.String)
            for name, dtype in schema.items()
        ]
        frame = scan.select(columns).collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise RefusalError("parquet-damaged") from error
    # The heading becomes row 1, so that every kind of file has the same form.
    heading = pl.DataFrame({f"c{place}": [name] for place, name in enumerate(schema)})
    body = frame.rename({name: f"c{place}" for place, name in enumerate(schema)})
    return pl.concat([heading, body]).with_row_index("row", offset=1).with_columns(pl.col("row").cast(pl.Int64))


def _read_workbook(path: Path, parts: dict[str, Part]) -> list[tuple[dict[str, Any], pl.DataFrame]]:
    import fastexcel

    with zipfile.ZipFile(path) as archive:
        book, sheets = _sheet_parts(archive)
        percent = percent_styles(archive)
        date1904 = bool(re.search(rb"date1904=[\"'](1|true)[\"']", book))
        try:
            reader = fastexcel.read_excel(path)
            found = []
            for name in reader.sheet_names:
                state, entry = sheets.get(name, ("visible", ""))
                if entry.lower().startswith(_NO_CELLS):
                    continue
                if entry not in parts:
                    raise RefusalError("workbook-damaged")  # named, but not there
                frame = reader.load_sheet(name, header_row=None, skip_rows=0, dtypes="string").to_polars()
                frame = frame.rename({column: f"c{place}" for place, column in enumerate(frame.columns)})
                told = facts(archive, entry, parts[entry], frame, percent)
                for place, cells in told.pop("percent", {}).items():
                    frame = _as_percent(frame, place, cells)
                numbered = frame.with_row_index("row", offset=1).with_columns(pl.col("row").cast(pl.Int64))
                found.append(({"name": name, "hidden": state != "visible", "date1904": date1904, **told}, numbered))
        except (fastexcel.FastExcelError, pl.exceptions.PolarsError, ValueError) as error:
            raise RefusalError("workbook-damaged") from error
    return found


def _sheet_parts(archive: zipfile.ZipFile) -> tuple[bytes, dict[str, tuple[str, str]]]:
    """Return workbook.xml and, for each sheet's name, its state and the path of its XML."""
    try:
        book = archive.read("xl/workbook.xml")
        relations = archive.read("xl/_rels/workbook.xml.rels")
    except KeyError as error:
        raise RefusalError("workbook-damaged") from error
    targets = {}
    for tag in _RELATION.findall(relations):
        target = attribute(tag, "Target")
        targets[attribute(tag, "Id")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    sheets = {}
    for tag in _SHEET.findall(book):
        entry = targets.get(attribute(tag, r"\w+:id"), "")
        sheets[attribute(tag, "name")] = (attribute(tag, "state") or "visible", entry)
    return book, sheets


def _as_percent(frame: pl.DataFrame, place: int, rows: Sequence[int]) -> pl.DataFrame:
    """Write the numbers of cells that show a percentage as one: what the officer sees is what is read."""
    name = f"c{place}"
    if name not in frame.columns:
        return frame
    cells = frame[name].to_list()
    for row in rows:
        text = cells[row - 1] if row <= len(cells) else None
        try:
            cells[row - 1] = f"{(Decimal(text) * 100).normalize():f}%" if text else text
        except ArithmeticError:  # a text in a cell of that format
            continue
    return frame.with_columns(pl.Series(name, cells, dtype=pl.String))


if __name__ == "__main__":
    main()
