"""The towns and what they may be called: code, name or alias, never a near miss."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import polars as pl

from schemas.tables import Table
from scoring.intake.columns import Names, read_columns
from scoring.intake.fold import name_key
from scoring.intake.problems import Problems
from scoring.intake.sheet import BAD


def read_towns(table: Table, rows: pl.DataFrame, names: Names, problems: Problems) -> tuple[pl.DataFrame, Names]:
    """Return the towns, typed, and the names with every way of calling a town.

    A name that two towns share refuses both: it could mean either.
    """
    first = replace(table, columns={key: column for key, column in table.columns.items() if column.type != "town"})
    typed = read_columns(first, rows, names, problems)
    typed = _refuse_twins(typed, problems)
    called, shared = _called(typed.filter(~pl.col(BAD)))
    for key in sorted(shared):
        owners = typed.filter(pl.col("town_code").is_in(list(shared[key])) & ~pl.col(BAD))
        problems.add_rows("town-name-shared", "refused", owners, table="towns", column="name", name=key)
    both = {code for owners in shared.values() for code in owners}
    typed = typed.with_columns((pl.col(BAD) | pl.col("town_code").is_in(list(both)).fill_null(value=False)).alias(BAD))
    names = replace(names, towns=called)
    last = replace(table, columns={key: column for key, column in table.columns.items() if column.type == "town"})
    return read_columns(last, typed, names, problems), names


def town_names(towns: pl.DataFrame) -> dict[str, str]:
    """Return every way of calling a town, folded, to its code; what two towns share is not there."""
    return _called(towns)[0]


def _refuse_twins(towns: pl.DataFrame, problems: Problems) -> pl.DataFrame:
    """Refuse codes that differ in case only: on some systems their files would be one."""
    good = towns.filter(~pl.col(BAD) & pl.col("town_code").is_not_null())
    spellings = good.group_by(pl.col("town_code").str.to_lowercase().alias("folded")).agg(
        pl.col("town_code").unique().alias("codes")
    )
    twins = spellings.filter(pl.col("codes").list.len() > 1)["codes"].explode().to_list()
    if twins:
        problems.add_rows(
            "town-code-case",
            "refused",
            good.filter(pl.col("town_code").is_in(twins)),
            table="towns",
            column="town_code",
        )
    return towns.with_columns((pl.col(BAD) | pl.col("town_code").is_in(twins).fill_null(value=False)).alias(BAD))


def _called(towns: pl.DataFrame) -> tuple[dict[str, str], dict[str, set[str]]]:
    """Return name to code, and the names that more than one town has."""
    owners: dict[str, set[str]] = defaultdict(set)
    for code, name, aliases in towns.select("town_code", "name", "aliases").iter_rows():
        for text in (code, name, *(aliases or ())):
            if text:
                owners[name_key(text)].add(code)
    shared = {key: codes for key, codes in owners.items() if len(codes) > 1}
    return {key: codes.copy().pop() for key, codes in owners.items() if len(codes) == 1}, shared
