"""Whole columns of text to typed columns: the usual forms by one expression, each odd text once by `values`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import polars as pl

from schemas.tables import DEVICE_NAME, IDENTIFIER, TOWN_CODE, Column, Table, catalogue
from schemas.vocabulary import Vocabulary
from scoring.intake.fold import ODD, clean_text, fold, fold_id, name_key
from scoring.intake.problems import Problems
from scoring.intake.rows import refuse
from scoring.intake.sheet import BAD, EPOCH_1904
from scoring.intake.values import (
    FIRST_BIRTH,
    Cell,
    nearest_of,
    read_count,
    read_date,
    read_decimal,
    read_month,
    read_period,
    read_word,
)

_ISO_DAY: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}( 00:00:00(\.0+)?)?$"
UNREAD: Final = "_unread"
_VALUE: Final = "_value"
_WITH_NEAREST: Final = frozenset({"town", "towns", "indicator", "measure", "word", "choice"})
_UNCLEAN: Final = rf"^\s|\s$|{ODD}"
_EDGED: Final = r"^$|^[ \r\n]|[ \r\n]$"
_LONGEST_ID: Final = 100
_LONGEST_TEXT: Final = 90_000


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
    unsound = bool(rows[BAD].any())
    cells = [
        column
        for column in table.columns.values()
        if not _is_text(column) and rows[column.id].null_count() < rows.height
    ]
    # All at once, as Polars does such work for several columns at the same time.
    edged = rows.select(pl.col(column.id).str.contains(_EDGED).any() for column in cells)
    rows = rows.with_columns(_stripped(column.id) for column in cells if edged[column.id].item())
    if rows[EPOCH_1904].any():
        rows = rows.with_columns(_from_1904(column.id) for column in cells if column.type in {"date", "birth"})
    distinct = rows.select(pl.col(column.id).drop_nulls().unique().implode() for column in cells)
    for column in table.columns.values():
        if rows[column.id].null_count() == rows.height:
            rows = rows.with_columns(pl.lit(None, dtype=column.dtype).alias(column.id))
        elif _is_text(column):
            rows = _read_text(rows, table, column, problems)
        else:
            rows = _read_cells(rows, distinct[column.id].item().alias(column.id), table, column, names, problems)
        if column.required:
            # A cell that could not be read has its own refusal.
            missing = pl.col(column.id).is_null() & ~(pl.col(UNREAD) if UNREAD in rows.columns else pl.lit(value=False))
            if unsound and rows[column.id].null_count():
                # A sheet without the column was refused for that, once.
                missing &= pl.col(column.id).is_not_null().any().over("source_file", "source_sheet")
            rows = refuse(rows, missing, "value-missing", f"{table.id}.{column.id}", problems)
        rows = rows.drop(UNREAD, strict=False)
    return rows


def _is_text(column: Column) -> bool:
    return column.type == "text" or (column.type == "word" and not column.words)


def _stripped(column: str) -> pl.Expr:
    text = pl.col(column).str.strip_chars(" \r\n")
    return pl.when(text.str.len_bytes() > 0).then(text).alias(column)


def _read_text(rows: pl.DataFrame, table: Table, column: Column, problems: Problems) -> pl.DataFrame:
    """Read free text: spaces around it and zero-width characters go; everything else stays as it was written."""
    raw = pl.col(column.id)
    empty = list(catalogue().reading.empty)
    broken = raw.str.contains("\ufffd", literal=True)
    rows = refuse(rows, broken, "replacement-character", f"{table.id}.{column.id}", problems)
    rows = refuse(rows, raw.str.len_bytes() > _LONGEST_TEXT, "text-too-long", f"{table.id}.{column.id}", problems)
    if rows.select(raw.str.contains(_UNCLEAN).any()).item():
        cleaned = clean_text(column.id)
        repaired = rows.filter(raw.str.contains(ODD) & (cleaned != raw.str.strip_chars(" \r\n")))
        problems.add_rows("repair-space", "repaired", repaired, table=table.id, column=column.id)
        rows = rows.with_columns(cleaned.alias(column.id))
    marks = rows.filter(raw.is_in(empty))
    problems.add_rows("repair-empty", "repaired", marks, table=table.id, column=column.id)
    return rows.with_columns(pl.when((raw.str.len_bytes() > 0) & ~raw.is_in(empty)).then(raw).alias(column.id))


def _read_cells(
    rows: pl.DataFrame, distinct: pl.Series, table: Table, column: Column, names: Names, problems: Problems
) -> pl.DataFrame:
    """Read a column by expression where its text has the plain form, and each other text once."""
    plain, quick, parse = _reader(column, names)
    reading = pl.lit(None, dtype=column.dtype)
    if plain is not None:
        reading = pl.when(pl.col(column.id).str.contains(plain)).then(quick)
    # A column with few texts is read once a text; any other once a row.
    few = distinct.len() * 4 <= rows.height
    read = (distinct.to_frame() if few else rows.select(column.id)).with_columns(
        reading.cast(column.dtype).alias(_VALUE)
    )
    # Sorted, so that the same texts get a hint every time.
    odd = read.filter(pl.col(_VALUE).is_null() & pl.col(column.id).is_not_null())[column.id].unique().sort().to_list()
    cells = [(text, parse(text)) for text in odd]
    if cells:
        parsed = pl.DataFrame(
            {
                column.id: odd,
                "_parsed": pl.Series([cell.value for _, cell in cells], dtype=column.dtype, strict=True),
            },
            schema={column.id: pl.String(), "_parsed": column.dtype},
        )
        read = read.join(parsed, on=column.id, how="left", maintain_order="left").select(
            column.id, pl.coalesce(_VALUE, "_parsed").alias(_VALUE)
        )
    rows = _report(rows, table, column, cells, problems)
    if not few:
        return rows.with_columns(read[_VALUE].alias(column.id))
    codes = rows[column.id].cast(pl.Enum(distinct)).to_physical()
    return rows.with_columns(read[_VALUE].gather(codes).alias(column.id))


def _report(
    rows: pl.DataFrame, table: Table, column: Column, cells: Sequence[tuple[str, Cell]], problems: Problems
) -> pl.DataFrame:
    """Say what was refused and repaired, and mark the refused rows; the column is still text."""
    errors: dict[tuple[str, str], list[str]] = {}
    repairs: dict[str, list[str]] = {}
    for text, cell in cells:
        if cell.error is not None:
            errors.setdefault((cell.error, cell.hint), []).append(text)
        for repair in dict.fromkeys(cell.repairs):
            repairs.setdefault(repair, []).append(text)
    for repair, texts in repairs.items():
        mended = rows.filter(pl.col(column.id).is_in(texts))
        problems.add_rows(repair, "repaired", mended, table=table.id, column=column.id)
    if not errors:
        return rows
    for (code, hint), texts in errors.items():
        wrong = rows.filter(pl.col(column.id).is_in(texts))
        told = f"{code}-near" if hint and column.type in _WITH_NEAREST else code
        parameters = {"hint": hint} if hint else {}
        problems.add_rows(told, "refused", wrong, table=table.id, column=column.id, **parameters)
    unread = pl.col(column.id).is_in([text for texts in errors.values() for text in texts]).fill_null(value=False)
    return rows.with_columns((pl.col(BAD) | unread).alias(BAD), unread.alias(UNREAD))


def _from_1904(column: str) -> pl.Expr:
    """Turn serials of a workbook that counts from 1904 into the usual ones."""
    serial = pl.col(EPOCH_1904) & pl.col(column).str.contains(r"^[0-9]{4,5}(\.[0-9]+)?$")
    whole = pl.col(column).str.extract(r"^([0-9]+)").cast(pl.Int64, strict=False) + 1462
    rest = pl.col(column).str.extract(r"^[0-9]+(.*)$").fill_null("")
    return pl.when(serial).then(pl.concat_str(whole.cast(pl.String), rest)).otherwise(pl.col(column)).alias(column)


_Reader = tuple[str | None, pl.Expr, Callable[[str], Cell]]


def _reader(column: Column, names: Names) -> _Reader:
    """Return the pattern of plain text, the expression that reads it, and what reads any other text."""
    text = pl.col(column.id)
    match column.type:
        case "date" | "birth":
            first = 1950 if column.type == "date" else FIRST_BIRTH
            day = text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
            return _ISO_DAY, pl.when(day.dt.year().is_between(first, 2100)).then(day), partial(read_date, first=first)
        case "count" | "integer":
            return r"^[0-9]{1,9}$", text.cast(pl.Int64, strict=False), read_count
        case "amount" | "decimal" | "signed":
            places = 2 if column.type == "amount" else 6
            plain = rf"^[0-9]{{1,11}}(\.[0-9]{{1,{places}}})?$"
            signed = column.type == "signed"
            odd = partial(read_decimal, places=places, signed=signed, percent=column.percent)
            return plain, text.cast(column.dtype, strict=False), odd
        case "id" if column.id != "town_code":
            # Letters, digits and Chinese; a person's number or a mark for nothing is looked at one by one.
            usual = r"^[0-9A-Za-z_.\-\x{4e00}-\x{9fff}\x{3014}\x{3015}]{2,80}$"
            return usual, pl.when(~text.str.contains(IDENTIFIER)).then(text), partial(_read_id, column.restricted)
    return None, text, _parser(column, names)


def _parser(column: Column, names: Names) -> Callable[[str], Cell]:
    """Return what reads one text of a column that has no plain form."""
    words = {
        "town": (names.towns, "unknown-town"),
        "indicator": (names.indicators, "unknown-indicator"),
        "measure": (names.measures, "unknown-measure"),
    }
    if column.type in words:
        known, error = words[column.type]
        if known or column.type == "town":
            return partial(read_word, words=known, error=error, hint=nearest_of(known))
        return lambda text: Cell(name_key(text) or None)
    parsers: dict[str, Callable[[str], Cell]] = {
        "id": _read_town_code,
        "list": partial(_read_list, ";" if column.id == "tags" else ";\u3001,"),
        "ids": _read_ids,
        "towns": partial(_read_towns, names.towns, nearest_of(names.towns)),
        "month": read_month,
        "period": partial(read_period, intervals=names.intervals),
    }
    listed = word_list(column)
    return parsers.get(column.type) or partial(read_word, words=listed, error="unknown-word", hint=nearest_of(listed))


def word_list(column: Column) -> dict[str, str]:
    """Return every word of a closed list by its key: ids, canonical words and aliases; a canonical word goes first."""
    lists = column.choices or column.words
    words = {name_key(alias): key for key, aliases in lists.items() for alias in aliases}
    return words | {name_key(key): key for key in lists}


def _read_id(restricted: bool, text: str) -> Cell:
    """Fold an id; one that has the shape of a person's identifier is refused, unless the column is restricted."""
    folded = fold_id(text)
    if not folded or folded in catalogue().reading.empty:
        return Cell(None, ("repair-empty",) if folded else ())
    if len(folded) > _LONGEST_ID or not folded.isprintable() or "\ufffd" in folded:
        return Cell(error="id-unreadable")
    if not restricted and re.match(IDENTIFIER, folded):
        return Cell(error="id-is-personal")
    return Cell(folded, ("repair-id",) if folded != text else ())


def _read_town_code(text: str) -> Cell:
    """Fold a town code, which must be fit for a file's name on any system, and no person's number."""
    cell = _read_id(False, text)
    fit = cell.value is None or (re.match(TOWN_CODE, cell.value) and not re.match(DEVICE_NAME, cell.value))
    return cell if fit else Cell(error="town-code")


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


def _read_towns(towns: Mapping[str, str], hint: Callable[[str], str], text: str) -> Cell:
    """Read several towns, each by any of its names; one of the words for all of them stands for every town."""
    reading = catalogue().reading
    if text in reading.empty:
        return Cell(None, ("repair-empty",))
    parts = _split(text, ";\u3001,")
    if any(name_key(part) in map(name_key, reading.every_town) for part in parts):
        return Cell(sorted(set(towns.values())) or None)
    for part in parts:
        if name_key(part) not in towns:
            return Cell(error="unknown-town", hint=hint(part))
    return Cell(list(dict.fromkeys(towns[name_key(part)] for part in parts)) or None)
