"""What goes wrong with whole files: cut, flipped, misnamed, in other encodings and dtypes; as mutations.py has it."""

from __future__ import annotations

import copy
import io
import math
import os
import zipfile
from datetime import date, time, timedelta

import polars as pl

from schemas.tables import catalogue
from tests.long.grids import csv_bytes, parquet_frame
from tests.long.ledgers import PERSON
from tests.long.mutations import MARK, Wanted


def file_bytes(bench):
    """A file cut short, or with bytes flipped."""
    grid = bench.grid()
    bench.write()
    path = bench.path(grid)
    data = bytearray(path.read_bytes())
    how = bench.chance.choice(["cut", "flip", "zero", "insert"])
    at = bench.chance.randrange(len(data))
    if how == "cut":
        data = data[:at]
    elif how == "flip":
        for _ in range(bench.chance.choice([1, 3, 20])):
            data[bench.chance.randrange(len(data))] ^= 1 << bench.chance.randrange(8)
    elif how == "zero":
        data[at : at + 64] = b"\0" * len(data[at : at + 64])
    else:
        data[at:at] = bytes(bench.chance.randrange(256) for _ in range(8))
    path.write_bytes(bytes(data))
    if grid.kind == "xlsx" and how == "cut":
        return bench.refused()
    # A workbook's parts have checksums: what is read is what was written. Other files may say other things now.
    return Wanted(("done", "refused"), bench.facts, unknown=grid.kind != "xlsx")


def file_ending(bench):
    """A file under a wrong ending is refused or, where it is none of ours, passed over and named."""
    grid = bench.grid()
    bench.write()
    path = bench.path(grid)
    ending = bench.chance.choice(
        [
            end
            for end in (".xlsx", ".csv", ".parquet", ".xls", ".et", ".XLSM", ".txt", "", ".xlsx.bak")
            if end != path.suffix
        ]
    )
    path.rename(path.with_suffix(ending))
    if ending in {".txt", "", ".xlsx.bak"}:
        return without(bench, grid.table)
    return bench.refused()


def without(bench, table):
    """Return what must come of a folder that lacks a table."""
    if table in {"towns", "findings"}:
        return bench.refused()
    del bench.facts[table]
    return Wanted(("done", "refused"), bench.facts, named=True)


def file_upper(bench):
    """An ending in capitals is the same ending."""
    grid = bench.grid()
    bench.write()
    path = bench.path(grid)
    path.rename(path.with_suffix(path.suffix.upper()))
    return bench.same()


def file_name(bench):
    """A file that no table is named after is passed over and named."""
    grid = bench.grid()
    if grid.kind == "xlsx":
        grid.sheet = "Sheet1"
    bench.write()
    path = bench.path(grid)
    name = bench.chance.choice(
        ["新建文件", "问题台帐", "x" * 200, "问 题 台 账2", f"台账{PERSON}", "-", "問題台賬", "😀"]
    )
    path.rename(path.with_name(name + path.suffix))
    return without(bench, grid.table)


def file_empty(bench):
    """A file of no bytes."""
    grid = bench.grid()
    bench.write()
    bench.path(grid).write_bytes(
        bench.chance.choice([b"", b"\n", b"\xef\xbb\xbf", b"\xff\xfe", b"\0\0\0\0", b" \r\n\r\n"])
    )
    if grid.kind == "csv":
        return Wanted(("done", "refused"), None, named=True)
    return bench.refused()


def file_link(bench):
    """A link is refused, a folder of a file's name is passed over."""
    grid = bench.grid()
    bench.write()
    path = bench.path(grid)
    kept = bench.folder.parent / f"elsewhere{path.suffix}"
    path.rename(kept)
    how = bench.chance.choice(["link", "dangling", "folder", "pipe"])
    if how in {"link", "dangling"}:
        path.symlink_to(kept if how == "link" else bench.folder / "nothing")
    elif how == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
        return without(bench, grid.table)
    return bench.refused()


def csv_encoding(bench):
    """An encoding that we do not read is refused; the usual ones are read, whatever the delimiter."""
    grid = bench.grid(kinds=("csv",))
    strange = bench.chance.choice(["big5", "utf-16-le", "utf-16-be", "utf-32", "shift_jis", "utf-7", "euc_kr", None])
    if strange is None:
        grid.encoding = bench.chance.choice(["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
        grid.sep, grid.end = bench.chance.choice([",", "\t", ";"]), bench.chance.choice(["\n", "\r\n", "\r"])
    try:
        csv_bytes(grid)
    except UnicodeEncodeError:
        return None
    bench.write()
    path = bench.path(grid)
    if strange is None:
        if bench.chance.random() < 0.3:
            first = f"sep={grid.sep}{grid.end}".encode(grid.encoding)
            rest = csv_bytes(grid)
            if grid.encoding in {"utf-16", "utf-8-sig"}:
                rest = rest.decode(grid.encoding).encode(
                    grid.encoding.replace("-sig", "") if grid.encoding != "utf-16" else "utf-16-le"
                )
            path.write_bytes(first + rest)
        return bench.same()
    path.write_bytes(csv_bytes(grid).decode(grid.encoding).encode(strange, errors="replace"))
    return bench.refused()


def csv_stray_bytes(bench):
    """Bytes that are no UTF-8 in a UTF-8 file must not turn the rest into other words."""
    grid = bench.grid(kinds=("csv",))
    bench.write()
    path = bench.path(grid)
    data = path.read_bytes()
    stray = bench.chance.choice(
        [b"\xed\xa0\x80", b"\xff", b"\xc0\xaf", b"\x80", b"\xed\xb0\x80\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe4\xb8"]
    )
    lines = data.split(b"\n")
    line = bench.chance.randrange(1, len(lines))
    at = bench.chance.randrange(len(lines[line]) + 1)
    lines[line] = lines[line][:at] + stray + lines[line][at:]
    path.write_bytes(b"\n".join(lines))
    return bench.refused()


def csv_quotes(bench):
    """A quote that never closes swallows rows: refused."""
    grid = bench.grid("findings", "rectifications", "checks", kinds=("csv",))
    bench.write()
    path = bench.path(grid)
    lines = path.read_bytes().split(b"\n")
    line = bench.chance.randrange(1, len(grid.rows))
    cells = lines[line].split(b",")
    at = bench.chance.randrange(len(cells))
    cells[at] = b'"' + cells[at]
    lines[line] = b",".join(cells)
    path.write_bytes(b"\n".join(lines))
    return Wanted(("refused",) if b'"' not in b"".join(lines[line + 1 :]) else ("refused", "done"), None, None)


def zip_parts(bench):
    """A workbook whose container was tampered with, its checksums made anew."""
    grid = bench.grid(kinds=("xlsx",))
    bench.write()
    path = bench.path(grid)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = bench.chance.choice(list(parts))
    how = bench.chance.choice(["gone", "cut", "flip", "empty", "more", "entity", "dots", "swap"])
    if how == "gone":
        del parts[name]
    elif how == "cut":
        parts[name] = parts[name][: bench.chance.randrange(len(parts[name]))]
    elif how == "flip":
        data = bytearray(parts[name])
        for _ in range(3):
            data[bench.chance.randrange(len(data))] ^= 1 << bench.chance.randrange(8)
        parts[name] = bytes(data)
    elif how == "empty":
        parts[name] = b""
    elif how == "entity":
        doctype = b'<!DOCTYPE x [<!ENTITY a "ZQX"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
        parts[name] = parts[name].replace(b"?>", b"?>" + doctype, 1).replace(b"<t>", b"<t>&b;&c;", 1)
    elif how == "dots":
        parts["../../evil.xml"] = b"<x/>"
    elif how == "swap":
        parts["xl/worksheets/sheet1.xml"] = parts[name]
    else:
        parts["xl/media/photo.png"] = os.urandom(0) + b"\x89PNG" * 500
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return bench.same() if how == "more" else Wanted(("done", "refused"), unknown=how in {"flip", "swap"})


def sheets(bench):
    """Further sheets: pictures of nothing, notes, a hidden copy of the rows."""
    grid = bench.grid(kinds=("xlsx",))
    grid.sheet = bench.chance.choice([grid.name, "Sheet1", "数据"])
    how = bench.chance.choice(["notes", "hidden", "empty", "hidden whole"])
    more = copy.deepcopy(grid)
    more.sheet, more.hidden = "说明", how.startswith("hidden")
    if how == "notes":
        more.above, more.head, more.rows = [], ["本表说明"], [["一、填表要求"], [MARK]]
    elif how == "empty":
        more.above, more.head, more.rows = [], [], []
    elif how == "hidden whole":
        # The first visible sheet must be another: a workbook needs one.
        grid.head, grid.rows = ["本表说明"], [["略"]]
        bench.grids.append(more)
        bench.write()
        return (
            bench.refused()
            if grid.table in {"towns", "findings"} or grid.sheet == grid.name
            else Wanted(("done", "refused"), None, named=True)
        )
    bench.grids.append(more)
    bench.write()
    return bench.same(named=how != "empty")


# --- Parquet


def parquet_same(bench):
    """The same facts under other dtypes."""
    grid = bench.grid(kinds=("parquet",))
    bench.write()
    columns = catalogue().tables[grid.table].columns
    frame = parquet_frame(grid)
    for heading, name in zip(grid.head, grid.columns, strict=True):
        cell, kind = pl.col(heading), columns[name].type
        if kind == "date" and frame[heading].dtype == pl.Date:
            days = (cell - pl.date(1899, 12, 30)).dt.total_days()
            ways = [
                cell.cast(pl.Datetime("us")),
                cell.cast(pl.Datetime("ms")),
                cell.cast(pl.Datetime("ns")),
                cell.cast(pl.String),
                days,
            ]
            ways += [
                days.cast(pl.Int32),
                days.cast(pl.UInt16),
                days.cast(pl.Float64),
                cell.dt.strftime("%Y/%m/%d"),
                cell.dt.strftime("%Y%m%d").cast(pl.Int64),
            ]
        elif kind in {"count", "integer"} and frame[heading].dtype == pl.Int64:
            ways = [
                cell.cast(pl.UInt64),
                cell.cast(pl.Float64),
                cell.cast(pl.Float32),
                cell.cast(pl.Decimal(10, 0)),
                cell.cast(pl.Decimal(20, 6)),
                cell.cast(pl.Int32),
                cell.cast(pl.String),
                cell.cast(pl.Int128),
            ]
        elif kind == "amount":
            ways = [cell.cast(pl.Float64), cell.cast(pl.Decimal(12, 2)), cell.cast(pl.Decimal(30, 10))]
        elif kind in {"town", "word", "choice", "indicator", "measure"}:
            ways = [
                cell.cast(pl.Categorical),
                cell.cast(pl.Enum(frame[heading].drop_nulls().unique(maintain_order=True).cast(pl.String))),
            ]
        elif kind == "list":
            ways = [cell.str.split(";"), cell.str.split(";").cast(pl.List(pl.Categorical))]
        else:
            continue
        frame = frame.with_columns(bench.chance.choice([cell, *ways]).alias(heading))
    if bench.chance.random() < 0.3:
        frame = frame.with_columns(pl.lit(None).alias("空列"))
    frame.write_parquet(bench.path(grid), compression=bench.chance.choice(["zstd", "snappy", "gzip", "uncompressed"]))
    return bench.same()


def parquet_odd(bench):
    """Dtypes that say something else, or nothing."""
    grid = bench.grid("findings", "rectifications", "checks", kinds=("parquet",))
    bench.write()
    columns = catalogue().tables[grid.table].columns
    heading, _ = bench.chance.choice(
        [pair for pair in zip(grid.head, grid.columns, strict=True) if columns[pair[1]].required]
    )
    cell, text = pl.col(heading), pl.col(heading).cast(pl.String)
    plain = [True, math.nan, math.inf, date(9999, 1, 1), time(0), timedelta(1), b"x", None, "1e400", 10**18]
    ways = [pl.lit(one) for one in plain]
    ways += [
        pl.struct(pl.all()),
        pl.lit(2**63, dtype=pl.UInt64),
        pl.lit("0001-01-01").str.to_datetime(),
        text.cast(pl.Binary),
    ]
    ways += [pl.concat_list([cell, cell]), pl.concat_list([text, text]), pl.concat_list(pl.concat_list(pl.lit(1)))]
    parquet_frame(grid).with_columns(bench.chance.choice(ways).alias(heading)).write_parquet(bench.path(grid))
    return bench.refused()


def parquet_bytes(bench):
    """A Parquet file of no rows, no columns, or of someone else's making."""
    grid = bench.grid("findings", "rectifications", kinds=("parquet",))
    bench.write()
    frame = parquet_frame(grid)
    how = bench.chance.choice(["no columns", "other columns", "text", "ipc", "pages"])
    path = bench.path(grid)
    if how == "no columns":
        pl.DataFrame().write_parquet(path)
        return Wanted(("done", "refused"), None, named=True)
    if how == "other columns":
        frame.rename({name: f"{place}" for place, name in enumerate(frame.columns)}).write_parquet(path)
    elif how == "text":
        path.write_text("问题编号,镇街\n", "utf-8")
    elif how == "ipc":
        buffer = io.BytesIO()
        frame.write_ipc(buffer)
        path.write_bytes(buffer.getvalue())
    else:
        frame.write_parquet(path, row_group_size=1, data_page_size=1)
        return bench.same()
    return bench.refused()


FILES = (
    *[file_bytes] * 3, file_ending, file_upper, file_name, file_empty, file_link, csv_encoding, csv_stray_bytes,
    csv_quotes, zip_parts, zip_parts, sheets, parquet_same, parquet_same, parquet_odd, parquet_bytes,
)  # fmt: skip
