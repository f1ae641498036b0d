"""The tables that a folder may hold: tables.yaml and supervision.yaml as catalogues, one Pandera schema a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, Literal

import polars as pl

from schemas.bundled import load

if TYPE_CHECKING:
    from pandera.polars import Check, DataFrameSchema, PolarsData

    from schemas.vocabulary import Vocabulary

SOURCE: Final[dict[str, pl.DataType]] = {
    "source_file": pl.String(),
    "source_sheet": pl.String(),
    "source_row": pl.Int64(),
}
TOWN_CODE: Final = r"^[0-9A-Za-z_-]{1,32}$"
# Windows keeps these names for devices, with any ending: a file named by such a code could not be written there.
DEVICE_NAME: Final = r"(?i)^(con|prn|aux|nul|com[0-9]|lpt[0-9])$"
# Shapes of an identity number or a mobile telephone, whatever their checksum.
IDENTIFIER: Final = r"^([0-9]{17}[0-9Xx]|[0-9]{15}|1[3-9][0-9]{9})$"

_DTYPES: Final[dict[str, pl.DataType]] = {
    "id": pl.String(),
    "text": pl.String(),
    "word": pl.String(),
    "choice": pl.String(),
    "town": pl.String(),
    "indicator": pl.String(),
    "measure": pl.String(),
    "month": pl.String(),
    "period": pl.String(),
    "date": pl.Date(),
    "birth": pl.Date(),
    "count": pl.Int64(),
    "integer": pl.Int64(),
    "amount": pl.Decimal(20, 2),
    "decimal": pl.Decimal(20, 6),
    "signed": pl.Decimal(20, 6),
    "list": pl.List(pl.String()),
    "ids": pl.List(pl.String()),
    "towns": pl.List(pl.String()),
}


@dataclass(frozen=True)
class Column:
    """One column of a table: how it may be headed, how its cells are read, and who may see it.

    `percent` is what a cell that says 1 % means; None where a percentage means nothing. `leaves` is what becomes of
    free text that is handed to a town, masked or never; None of what is no free text, or is in no table that may leave.
    """

    id: str
    zh: str
    aliases: tuple[str, ...]
    type: str
    required: bool
    restricted: bool
    printable: bool
    width: int
    note: Mapping[str, str]
    example: Mapping[str, str]
    percent: Decimal | None = None
    leaves: Literal["masked", "never"] | None = None
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def dtype(self) -> pl.DataType:
        """The Polars type of the column after intake."""
        return _DTYPES[self.type]

    @property
    def headings(self) -> tuple[str, ...]:
        """Every heading that the column answers to, the Chinese one first."""
        return (self.zh, self.id, *self.aliases)


@dataclass(frozen=True)
class Matrix:
    """How a table is written with one row a town and one column an item.

    Attributes
    ----------
    item
        The column whose values the headings are.
    cells
        What the cells may hold: the first, unless a name says another.
    totals
        Columns that are totals beside the items, and are passed over.
    never
        Columns that say that there is one row an item.
    """

    item: str
    cells: tuple[str, ...]
    totals: tuple[str, ...]
    never: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """One table: its names, its row key (None when rows have none), its columns by id, its form as a matrix if any.

    `alike` where rows of one sheet that say the same are so many events: calls, answers.
    """

    id: str
    zh: str
    aliases: tuple[str, ...]
    key: str | None
    columns: Mapping[str, Column]
    matrix: Matrix | None = None
    alike: bool = False

    @property
    def required(self) -> tuple[str, ...]:
        """The columns that every row must fill."""
        return tuple(column.id for column in self.columns.values() if column.required)

    def polars_schema(self) -> dict[str, pl.DataType]:
        """Return column name to dtype, the source columns last."""
        return {**{column.id: column.dtype for column in self.columns.values()}, **SOURCE}


@dataclass(frozen=True)
class Reading:
    """How sheets are read: the words that mark totals, signatures, empty cells, dates and periods."""

    example_marks: tuple[str, ...]
    serial: tuple[str, ...]
    empty: frozenset[str]
    units: tuple[str, ...]
    scaled_units: frozenset[str]
    totals: tuple[str, ...]
    every_town: tuple[str, ...]
    copies: tuple[str, ...]
    footers: tuple[str, ...]
    personal: tuple[str, ...]
    year: str
    month: str
    month_tail: str
    day: tuple[str, ...]
    digits: Mapping[str, str]
    ten: str
    quarters: Mapping[str, str]


@dataclass(frozen=True)
class Catalogue:
    """Everything that one set of tables says: tables.yaml, or supervision.yaml beside it."""

    tables: Mapping[str, Table]
    combined: tuple[str, ...]
    reading: Reading


def _column(name: str, raw: Mapping[str, Any], tables: Mapping[str, Any]) -> Column:
    words = tables[raw["like"]]["columns"][name]["words"] if "like" in raw else raw.get("words", {})
    example = raw.get("example", {})
    return Column(
        id=name,
        zh=raw["zh"],
        aliases=tuple(raw.get("aliases", ())),
        type=raw["type"],
        required=bool(raw.get("required", False)),
        restricted=bool(raw.get("restricted", False)),
        printable=bool(raw.get("print", False)),
        width=int(raw.get("width", 14)),
        note=raw["note"],
        example=example if isinstance(example, dict) else dict.fromkeys(("zh", "en"), str(example)),
        percent=Decimal(raw["percent"]) if "percent" in raw else None,
        leaves=raw.get("leaves"),
        choices={key: tuple(value) for key, value in raw.get("choices", {}).items()},
        words={key: tuple(value) for key, value in words.items()},
    )


def _matrix(raw: Mapping[str, Any] | None) -> Matrix | None:
    if raw is None:
        return None
    return Matrix(raw["item"], *(tuple(raw[name]) for name in ("cells", "totals", "never")))


SetOfTables = Literal["tables", "supervision", "registers"]
BOOKS: Final[tuple[SetOfTables, ...]] = ("tables", "supervision", "registers")


@cache
def catalogue(book: SetOfTables = "tables") -> Catalogue:
    """Return a set of tables, read once: those that are scored, the supervision's, or the lists that are matched.

    How sheets are read, tables.yaml says for all of them.
    """
    main = _raw("tables")
    raw = _raw(book)
    known = {**main["tables"], **raw["tables"]}
    tables = {
        name: Table(
            id=name,
            zh=entry["zh"],
            aliases=tuple(entry["aliases"]),
            key=entry["key"],
            columns={column: _column(column, text, known) for column, text in entry["columns"].items()},
            matrix=_matrix(entry.get("matrix")),
            alike=bool(entry.get("alike", False)),
        )
        for name, entry in raw["tables"].items()
    }
    combined = raw.get("combined")
    return Catalogue(
        tables=tables,
        combined=(combined["zh"], *combined["aliases"]) if combined else (),
        reading=_reading(main["reading"]),
    )


@cache
def _raw(book: str) -> dict[str, Any]:
    raw: dict[str, Any] = load(files("schemas").joinpath(f"{book}.yaml").read_text("utf-8"))
    return raw


def _reading(reading: Mapping[str, Any]) -> Reading:
    return Reading(
        example_marks=tuple(reading["example_marks"]),
        serial=tuple(reading["serial"]),
        empty=frozenset(reading["empty"]),
        units=tuple(sorted(reading["units"], key=len, reverse=True)),
        scaled_units=frozenset(reading["scaled_units"]),
        totals=tuple(reading["totals"]),
        every_town=tuple(reading["every_town"]),
        copies=tuple(reading["copies"]),
        footers=tuple(reading["footers"]),
        personal=tuple(reading["personal"]),
        year=reading["date_marks"]["year"],
        month=reading["date_marks"]["month"],
        month_tail=reading["date_marks"]["month_tail"],
        day=tuple(reading["date_marks"]["day"]),
        digits={key: str(value) for key, value in reading["digits"].items()},
        ten=reading["ten"],
        quarters=dict(sorted(reading["quarters"].items(), key=lambda item: -len(item[0]))),
    )


_DECLARED: Final = {"text": "text", "integer": "count", "decimal": "decimal", "date": "date"}


def table_for(name: str, vocabulary: Vocabulary, book: SetOfTables = "tables") -> Table:
    """Return a table of the catalogue with the scheme's declared fields and closed lists in it."""
    base = catalogue(book).tables[name]
    columns = dict(base.columns)
    if name == "findings":
        for column_id, words in vocabulary.values.items():
            if column_id in columns and words:
                known = columns[column_id].words
                columns[column_id] = _replace_words(columns[column_id], {word: known.get(word, ()) for word in words})
        severity = columns["severity"]
        columns["severity"] = _replace_words(
            severity, {word: severity.words.get(word, ()) for word in vocabulary.severities}
        )
    for declared in vocabulary.fields:
        if declared.table == name and declared.id not in columns:
            closed: dict[str, tuple[str, ...]] = dict.fromkeys(declared.values, ())
            columns[declared.id] = Column(
                id=declared.id,
                zh=declared.label,
                aliases=(),
                type="word" if closed and declared.type == "text" else _DECLARED[declared.type],
                required=False,
                restricted=False,
                printable=True,
                width=14,
                note={"zh": declared.label, "en": declared.id},
                example={},
                words=closed,
            )
    return replace(base, columns=columns)


def _replace_words(column: Column, words: Mapping[str, tuple[str, ...]]) -> Column:
    return replace(column, type="word", words=words)


def pandera_schema(table: Table) -> DataFrameSchema:
    """Return the strict Pandera schema of one table: every column, its dtype, and what each value must be.

    Coercion stays off: it turns 1.25 into 1. No check runs element by element.
    """
    import pandera.polars as pa  # late: importing it takes more than a second

    def checks(column: Column) -> list[pa.Check]:
        # In place of Pandera's own `unique`, which looks for equal texts in whatever case.
        unique = [pa.Check(_unique, name="field_uniqueness")] if column.id == table.key else []
        return unique + values(column)

    def values(column: Column) -> list[pa.Check]:
        if column.id == "town_code":
            return [pa.Check.str_matches(TOWN_CODE)]
        if column.type in {"count", "integer"}:
            return [pa.Check.ge(0)]
        if column.type in {"amount", "decimal"}:
            return [pa.Check(_not_negative, name="not_negative")]
        if column.type == "choice":
            return [pa.Check.isin(list(column.choices))]
        if column.type == "word" and column.words:
            return [pa.Check.isin(list(column.words))]
        return []

    columns = {
        column.id: pa.Column(
            column.dtype,
            checks=checks(column),
            nullable=not column.required and column.id != table.key,
        )
        for column in table.columns.values()
    }
    columns |= {name: pa.Column(dtype, nullable=name != "source_file") for name, dtype in SOURCE.items()}
    return pa.DataFrameSchema(columns, strict=True, coerce=False, name=table.id, checks=_across_columns(table))


def _not_negative(data: PolarsData) -> pl.LazyFrame:
    return data.lazyframe.select(pl.col(data.key).ge(0))


def _unique(data: PolarsData) -> pl.LazyFrame | bool:
    twice = duplicated(data.lazyframe.select(data.key).collect())
    return pl.LazyFrame({data.key: ~twice}) if twice.any() else True


def duplicated(rows: pl.DataFrame) -> pl.Series:
    """Return which rows equal another one (Boolean), as `is_duplicated` does, for a sixth of its time where few do.

    Rows of different hashes are different; only those that share one are held against each other.
    """
    hashes = rows.hash_rows()
    ordered = hashes.sort()
    shared = ordered.filter(ordered == ordered.shift()).unique()
    equal = pl.repeat(value=False, n=rows.height, dtype=pl.Boolean, eager=True)
    if shared.is_empty():
        return equal
    places = hashes.is_in(shared.implode()).arg_true()
    return equal.scatter(places.filter(rows[places].is_duplicated()), values=True)


def _across_columns(table: Table) -> list[Check]:
    import pandera.polars as pa

    def ordered(first: str, second: str) -> Check:
        def check(data: PolarsData) -> pl.LazyFrame:
            return data.lazyframe.select(
                pl.col(first).is_null() | pl.col(second).is_null() | (pl.col(first) <= pl.col(second))
            )

        return pa.Check(check, name=f"{first} <= {second}")

    return [ordered("valid_from", "valid_to")] if table.id == "towns" else []


def validate(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Return the frame unchanged when it satisfies the table's schema.

    Raises
    ------
    pandera.errors.SchemaErrors
        Some row or column does not; its text may hold cell values and must not be shown.
    """
    from pandera.config import ValidationDepth, config_context

    # An environment variable can turn Pandera off; here it is the second lock, so it stays on.
    with config_context(validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA):
        return pandera_schema(table).validate(frame, lazy=True)
