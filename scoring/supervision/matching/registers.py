"""The lists that are matched: files of a folder to typed frames, as text as long as a number may have lost digits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import polars as pl

from schemas.tables import SOURCE, Table, catalogue, table_for
from schemas.vocabulary import Vocabulary
from scoring.intake.columns import names_of
from scoring.intake.fold import name_key
from scoring.intake.folder import place_sheets
from scoring.intake.headings import Headings
from scoring.intake.headrow import find_head
from scoring.intake.problems import Problems
from scoring.intake.reader import Placed, Reader
from scoring.intake.rows import refuse
from scoring.intake.sandbox import RawSheet
from scoring.intake.sheet import BAD
from scoring.intake.values import FIRST_BIRTH, read_date

LISTS: Final[tuple[str, ...]] = ("deaths", "other_benefits", "deregistrations", "property", "vehicles", "relatives")
"""The lists that recipients are held against, by id."""
FLOATED: Final = ".0"
"""What is put behind a number that was kept as a floating one: its last digits may be wrong."""
_STEP: Final = 16
"""Whole numbers of eighteen digits that went through a floating one are multiples of at least this."""
_ENOUGH: Final = 8
_TOWN: Final = "town_code"
_DAY: Final = "_day"
_FAR: Final = 2400
"""Months are counted from year 0: any month is below 12 × 2400."""


@dataclass(frozen=True)
class Registers:
    """The lists, read.

    Attributes
    ----------
    recipients
        A row a record in force: person_id, name (text as it stands), born_on (Date), town (code), village, programme,
        case_ref (String), amount (Int64, fen a month, null unknown), start and end (Int64, months as `month_number`
        counts them; end null while it goes on), the source columns.
    lists
        By id of LISTS, those that were given: person_id, name, born_on, town (code or null) and what each has further:
        died_on, cancelled_on (Date); benefit, start, end.
    problems
        What was refused, passed over or repaired.
    inputs
        File name to SHA-256 of every file that was read.
    """

    recipients: pl.DataFrame
    lists: Mapping[str, pl.DataFrame]
    problems: Problems
    inputs: Mapping[str, str]


def month_number(text: str) -> pl.Expr:
    """Return a column of months like 2025-03 as numbers that count months: year × 12 + month − 1."""
    column = pl.col(text)
    return column.str.slice(0, 4).cast(pl.Int64) * 12 + column.str.slice(5, 2).cast(pl.Int64) - 1


def month_text(number: int) -> str:
    """Return the month that a number counts.

    Examples
    --------
    >>> month_text(2025 * 12 + 2)
    '2025-03'
    """
    assert number < 12 * _FAR
    return f"{number // 12}-{number % 12 + 1:02}"


def number_of(month: str) -> int:
    """Return the number of a month like 2025-03.

    Examples
    --------
    >>> number_of("2025-03") == 2025 * 12 + 2
    True
    """
    return int(month[:4]) * 12 + int(month[5:7]) - 1


def read_registers(folder: Path, towns: Mapping[str, str], month: int) -> Registers:
    """Read every list of a folder.

    Parameters
    ----------
    folder
        Its subfolders are not read.
    towns
        Every way of calling a town, folded, to its code.
    month
        The month that is matched: who has no first month is held to be paid in it alone.

    Raises
    ------
    NotADirectoryError
        There is no such folder.
    """
    problems = Problems()
    book = catalogue("registers").tables
    tables = {name: table_for(name, Vocabulary(), "registers") for name in book}
    placed, inputs = place_sheets(folder, "registers", tables, problems)
    reader = Reader(tables, names_of(Vocabulary(), towns), problems)
    while placed:
        item = placed.pop(0)  # its text is let go once it is laid out
        if item.table != "alerts":
            reader.lay_out(replace(item, sheet=_floats_marked(item, tables[item.table])))
        else:
            problems.add("matching-answers-here", "notice", file=item.sheet.file, sheet=item.sheet.sheet)
    frames = {name: _typed(name, reader, month, problems) for name in ("recipients", *LISTS) if name in reader.present}
    lists = {name: _placed_in(frame, towns) for name, frame in frames.items() if name != "recipients"}
    recipients = frames.get("recipients")
    empty = pl.DataFrame(schema=_RECIPIENTS)
    return Registers(recipients.select(list(_RECIPIENTS)) if recipients is not None else empty, lists, problems, inputs)


_RECIPIENTS: Final[dict[str, pl.DataType]] = {
    **dict.fromkeys(("person_id", "name"), pl.String()),
    "born_on": pl.Date(),
    **dict.fromkeys(("town", "village", "programme", "case_ref"), pl.String()),
    **dict.fromkeys(("amount", "start", "end"), pl.Int64()),
    **SOURCE,
}


def _typed(name: str, reader: Reader, month: int, problems: Problems) -> pl.DataFrame:
    """Return the good rows of a list, months as numbers and money as fen."""
    rows = _births(name, reader.values(name), problems)
    if "from_month" in rows.columns:
        rows = _spans(name, rows, month, problems)
    if name == "recipients":
        rows = rows.with_columns((pl.col("amount") * 100).cast(pl.Int64))
    return rows.filter(~pl.col(BAD))


def _births(name: str, rows: pl.DataFrame, problems: Problems) -> pl.DataFrame:
    """Return the rows with births as dates; one that cannot be read is none, for a number may do without."""
    texts = rows["born_on"].drop_nulls().unique()
    days = pl.DataFrame(
        {"born_on": texts, _DAY: pl.Series([read_date(text, FIRST_BIRTH).value for text in texts], dtype=pl.Date)},
        schema_overrides={"born_on": pl.String()},
    )
    rows = rows.join(days, on="born_on", how="left", maintain_order="left")
    unread = rows.filter(pl.col("born_on").is_not_null() & pl.col(_DAY).is_null())
    problems.add_rows("matching-no-birth", "notice", unread, table=name, column="born_on")
    return rows.with_columns(born_on=pl.col(_DAY)).drop(_DAY)


def _spans(name: str, rows: pl.DataFrame, month: int, problems: Problems) -> pl.DataFrame:
    left = (pl.col("in_force") == "no") & pl.col("to_month").is_null()
    rows = refuse(rows, left, "matching-left-when", f"{name}.to_month", problems)
    turned = pl.col("from_month") > pl.col("to_month")
    rows = refuse(rows, turned, "matching-months-turned", f"{name}.to_month", problems)
    unknown = rows.filter(~pl.col(BAD) & pl.col("from_month").is_null())
    for file, sheet, count in unknown.group_by("source_file", "source_sheet", maintain_order=True).len().iter_rows():
        problems.add("matching-no-start", "notice", file=file, sheet=sheet, table=name, column="from_month", rows=count)
    # Who has left before the month that is matched, and nobody knows since when, was paid in his last month at least.
    alone = pl.min_horizontal(pl.lit(month), month_number("to_month"))
    return rows.with_columns(start=pl.coalesce(month_number("from_month"), alone), end=month_number("to_month"))


def _placed_in(frame: pl.DataFrame, towns: Mapping[str, str]) -> pl.DataFrame:
    """Return another office's list with its towns as codes; a place that is no town of ours is none."""
    said = frame["town"].drop_nulls().unique()
    codes = pl.DataFrame(
        {"town": said, _TOWN: pl.Series([towns.get(name_key(text)) for text in said.to_list()], dtype=pl.String)}
    )
    joined = frame.join(codes, on="town", how="left", maintain_order="left")
    return joined.with_columns(town=pl.col(_TOWN)).drop(_TOWN)


def _floats_marked(item: Placed, table: Table) -> RawSheet:
    """Return the sheet with a mark behind every number of a person that was kept as a number, and so lost digits."""
    sheet = item.sheet
    head = find_head(sheet, Headings([table]))
    if head is None:
        return sheet
    headings = Headings([table])
    named = [place for place, label in enumerate(head.labels) if headings.find(label) == (table.id, "person_id")]
    for place in named:
        column = f"c{place}"
        rows = [row for row, at, code in sheet.lost if code == "long-number" and at == place]
        if rows:
            sheet = _marked(sheet, column, pl.col("row").is_in(rows))
        elif sheet.file.lower().endswith(".parquet") and _went_through_a_float(sheet.frame[column]):
            sheet = _marked(sheet, column, pl.col("row") > sheet.frame["row"][head.last])
    return sheet


def _marked(sheet: RawSheet, column: str, where: pl.Expr) -> RawSheet:
    marked = pl.when(where).then(pl.col(column) + FLOATED).otherwise(pl.col(column)).alias(column)
    return replace(sheet, frame=sheet.frame.with_columns(marked))


def _went_through_a_float(texts: pl.Series) -> bool:
    """Tell whether a column of whole numbers was one of floating numbers before: all are multiples of 16."""
    numbers = texts.cast(pl.Int64, strict=False).drop_nulls()
    long = numbers.filter(numbers > 10**16)
    return long.len() >= _ENOUGH and bool((long % _STEP == 0).all())
