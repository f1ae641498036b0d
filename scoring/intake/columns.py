"""Whole columns of text to typed columns: the usual forms by one expression, each odd text once by `values`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import polars as pl

from schemas.tables import DEVICE_NAME, IDENTIFIER, TOWN_CODE, Column, Table, catalogue
from schemas.vocabulary import Vocabulary
from scoring.intake.fold import ODD, clean_text, fold, fold_id, name_key
from scoring.intake.layout import BAD, EPOCH_1904
from scoring.intake.problems import Problems
from scoring.intake.rows import refuse
from scoring.intake.values import (
    Cell,
    nearest,
    read_count,
    read_date,
    read_decimal,
    read_month,
    read_period,
    read_word,
)

_ISO_DAY: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}( 00:00:00(\.0+)?)?$"
UNREAD: Final = "_unread"
_LONGEST_ID: Final = 100
_LONGEST_TEXT: Final = 30_000


@dataclass(frozen=True)
class Names:
    """What the words of this folder stand for: every name by its key.

    Attributes
    ----------
    towns
        Code, name or alias to town code; a name that two towns share is not there.
    indicators, measures
        Id, label or alias to id; empty when the scheme lets anything go.
    intervals
        Ids of declared intervals.
    """

    towns: Mapping[str, str]
    indicators: Mapping[str, str]
    measures: Mapping[str, str]
    intervals: frozenset[str]


def names_of(vocabulary: Vocabulary, towns: Mapping[str, str]) -> Names:
    """Return the names of a scheme's vocabulary beside those of the towns."""
    indicators = _unshared(vocabulary.indicators)
    indicators |= {name_key(alias): key for alias, key in vocabulary.indicator_aliases.items()}
    indicators |= {name_key(key): key for key in vocabulary.indicators}
    measures = _unshared(vocabulary.measures)
    measures |= {name_key(key): key for key in vocabulary.measures}
    return Names(towns, indicators, measures, frozenset(vocabulary.intervals))


def _unshared(labels: Mapping[str, str]) -> dict[str, str]:
    """Return label to id, without labels that two ids share: such a cell could mean either."""
    owners = Counter(map(name_key, labels.values()))
    return {name_key(label): key for key, label in labels.items() if owners[name_key(label)] == 1}


def read_columns(table: Table, rows: pl.DataFrame, names: Names, problems: Problems) -> pl.DataFrame:
    """Return the rows with every column of the table typed; a row with a bad cell has `_bad`.

    Parameters
    ----------
    table
        Says how each column is read.
    rows
        String columns by id, the source columns, `_bad` and `_1904`.
    names
        What towns, indicators and measures may be called.
    problems
        Receives a refusal for each bad cell and a line for each repair.
    """
    rows = rows.with_columns(
        pl.lit(None, dtype=pl.String).alias(column) for column in table.columns if column not in rows.columns
    )
    for column in table.columns.values():
        if rows[column.id].null_count() == rows.height:
            rows = rows.with_columns(pl.lit(None, dtype=column.dtype).alias(column.id))
        elif column.type == "text" or column.type == "word" and not column.words:
            rows = _read_text(rows, table, column, problems)
        else:
            rows = _read_cells(rows, table, column, names, problems)
        if column.required:
            # A cell that could not be read has its own refusal.
            missing = pl.col(column.id).is_null() & ~(pl.col(UNREAD) if UNREAD in rows.columns else pl.lit(value=False))
            rows = refuse(rows, missing, "value-missing", table.id, column.id, problems)
        rows = rows.drop(UNREAD, strict=False)
    return rows


def _read_text(rows: pl.DataFrame, table: Table, column: Column, problems: Problems) -> pl.DataFrame:
    """Read free text: spaces around it and zero-width characters go; everything else stays as it was written."""
    raw = pl.col(column.id)
    cleaned = clean_text(column.id)
    empty = list(catalogue().reading.empty)
    repaired = rows.filter(raw.str.contains(ODD) & (cleaned != raw.str.strip_chars(" \r\n")))
    problems.add_rows("repair-space", "repaired", repaired, table=table.id, column=column.id)
    marks = rows.filter(cleaned.is_in(empty))
    problems.add_rows("repair-empty", "repaired", marks, table=table.id, column=column.id)
    rows = rows.with_columns(
        pl.when((cleaned.str.len_chars() > 0) & ~cleaned.is_in(empty)).then(cleaned).alias(column.id)
    )
    broken = raw.str.contains("\ufffd", literal=True)
    rows = refuse(rows, broken, "replacement-character", table.id, column.id, problems)
    return refuse(rows, raw.str.len_chars() > _LONGEST_TEXT, "text-too-long", table.id, column.id, problems)


def _read_cells(
    rows: pl.DataFrame, table: Table, column: Column, names: Names, problems: Problems
) -> pl.DataFrame:
    """Read a column by expression where its text has the plain form, and each other text once."""
    raw = pl.col(column.id).str.strip_chars()
    rows = rows.with_columns(pl.when(raw.str.len_chars() > 0).then(raw).alias(column.id))
    if column.type == "date" and rows[EPOCH_1904].any():
        rows = _shift_1904(rows, column.id)
    dtype = column.dtype
    plain, quick, parse = _reader(column, table, names)
    if plain is None:
        rows = rows.with_columns(pl.lit(None, dtype=dtype).alias("_quick"))
    else:
        rows = rows.with_columns(pl.when(pl.col(column.id).str.contains(plain)).then(quick).alias("_quick"))
    odd = rows.filter(pl.col("_quick").is_null() & pl.col(column.id).is_not_null())[column.id].unique()
    if odd.is_empty():
        return rows.with_columns(pl.col("_quick").cast(dtype).alias(column.id)).drop("_quick")
    cells = [(text, parse(text)) for text in odd.to_list()]
    found = pl.DataFrame(
        {
            column.id: [text for text, _ in cells],
            "_value": pl.Series([cell.value for _, cell in cells], dtype=dtype, strict=True),
            "_error": pl.Series([cell.error for _, cell in cells], dtype=pl.String),
            "_hint": pl.Series([cell.hint for _, cell in cells], dtype=pl.String),
            "_repairs": pl.Series([list(dict.fromkeys(cell.repairs)) for _, cell in cells], dtype=pl.List(pl.String)),
        }
    )
    rows = rows.join(found, on=column.id, how="left", maintain_order="left")
    _report(rows, table, column, problems)
    bad = pl.col("_error").is_not_null()
    return rows.with_columns(
        pl.coalesce("_quick", "_value").alias(column.id),
        (pl.col(BAD) | bad).alias(BAD),
        bad.alias(UNREAD),
    ).drop("_quick", "_value", "_error", "_hint", "_repairs")


def _report(rows: pl.DataFrame, table: Table, column: Column, problems: Problems) -> None:
    wrong = rows.filter(pl.col("_error").is_not_null())
    for (code, hint), group in wrong.group_by("_error", "_hint", maintain_order=True):
        with_hint = {"hint": hint} if hint else {}
        code = f"{code}-near" if hint and column.type in {"town", "indicator", "measure", "word", "choice"} else code
        problems.add_rows(str(code), "refused", group, table=table.id, column=column.id, **with_hint)
    mended = rows.filter(pl.col("_repairs").list.len() > 0)
    for repair in mended["_repairs"].explode().unique(maintain_order=True).drop_nulls().to_list():
        group = mended.filter(pl.col("_repairs").list.contains(repair))
        problems.add_rows(repair, "repaired", group, table=table.id, column=column.id)


def _shift_1904(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """Turn serials of a workbook that counts from 1904 into the usual ones."""
    serial = pl.col(EPOCH_1904) & pl.col(column).str.contains(r"^[0-9]{4,5}(\.[0-9]+)?$")
    whole = pl.col(column).str.extract(r"^([0-9]+)").cast(pl.Int64, strict=False) + 1462
    rest = pl.col(column).str.extract(r"^[0-9]+(.*)$").fill_null("")
    return rows.with_columns(
        pl.when(serial).then(pl.concat_str(whole.cast(pl.String), rest)).otherwise(pl.col(column)).alias(column)
    )


_Reader = tuple[str | None, pl.Expr, Callable[[str], Cell]]


def _reader(column: Column, table: Table, names: Names) -> _Reader:
    """Return the pattern of plain text, the expression that reads it, and what reads any other text."""
    text = pl.col(column.id)
    nothing = pl.lit(None, dtype=column.dtype)
    match column.type:
        case "date":
            day = text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
            return _ISO_DAY, pl.when(day.dt.year().is_between(1950, 2100)).then(day), read_date
        case "count" | "integer":
            return r"^[0-9]{1,9}$", text.cast(pl.Int64, strict=False), read_count
        case "amount" | "decimal" | "signed":
            places = 2 if column.type == "amount" else 6
            plain = rf"^[0-9]{{1,11}}(\.[0-9]{{1,{places}}})?$"
            return plain, text.cast(column.dtype, strict=False), partial(_decimal, column.type, places)
        case "id":
            town_code = column.id == "town_code"
            plain = TOWN_CODE if town_code else r"^[A-Za-z]{1,20}[0-9A-Za-z_.-]{0,60}$"
            return (None if town_code else plain), text, partial(_read_id, town_code, column.restricted)
        case "list":
            return None, nothing, partial(_read_list, ";" if column.id == "tags" else ";\u3001,")
        case "ids":
            return None, nothing, _read_ids
        case "town":
            return None, nothing, partial(_read_town, names.towns)
        case "indicator":
            return _named(names.indicators, "unknown-indicator", nothing)
        case "measure":
            return _named(names.measures, "unknown-measure", nothing)
        case "month":
            return None, nothing, read_month
        case "period":
            return None, nothing, partial(read_period, intervals=names.intervals)
        case _:
            words = _words(column)
            return None, nothing, partial(read_word, words=words, error="unknown-word")


def _decimal(kind: str, places: int, text: str) -> Cell:
    return read_decimal(text, places, signed=kind == "signed")


def _named(words: Mapping[str, str], error: str, nothing: pl.Expr) -> _Reader:
    if words:
        return None, nothing, partial(read_word, words=words, error=error)
    return None, nothing, lambda text: Cell(name_key(text) or None)


def _words(column: Column) -> dict[str, str]:
    """Return every word of a closed list by its key: ids, canonical words and aliases; a canonical word goes first."""
    lists = column.choices or column.words
    words = {name_key(alias): key for key, aliases in lists.items() for alias in aliases}
    return words | {name_key(key): key for key in lists}


def _read_town(towns: Mapping[str, str], text: str) -> Cell:
    key = name_key(text)
    if key in towns:
        return Cell(towns[key], ("repair-space",) if key != text and key != "".join(text.split()) else ())
    return Cell(error="unknown-town", hint=nearest(key, towns))


def _read_id(town_code: bool, restricted: bool, text: str) -> Cell:
    """Fold an id; one that has the shape of a person's identifier is refused, unless the column is restricted."""
    folded = fold_id(text)
    if not folded or folded in catalogue().reading.empty:
        return Cell(None, ("repair-empty",) if folded else ())
    if len(folded) > _LONGEST_ID or not folded.isprintable() or "\ufffd" in folded:
        return Cell(error="id-unreadable")
    if town_code and (not re.match(TOWN_CODE, folded) or re.match(DEVICE_NAME, folded)):
        return Cell(error="town-code")
    if not restricted and not town_code and re.match(IDENTIFIER, folded):
        return Cell(error="id-is-personal")
    return Cell(folded, ("repair-id",) if folded != "".join(text.split()) else ())


def _split(text: str, separators: str) -> list[str]:
    for separator in separators[1:] + "\uff1b\uff0c\n":
        text = text.replace(separator, separators[0])
    return [part.strip() for part in text.split(separators[0]) if part.strip()]


def _read_list(separators: str, text: str) -> Cell:
    if text in catalogue().reading.empty:
        return Cell(None, ("repair-empty",))
    parts = _split(text, separators)
    return Cell(list(dict.fromkeys(part for part in map(fold, parts) if part)) or None)


def _read_ids(text: str) -> Cell:
    return Cell([fold_id(part) for part in _split(text, ";\u3001, ")] or None)
