"""The ledger written out: every effect with all that a statement says of it, in the order of the statements.

Entries are put in order by whole numbers; what they have in common is then picked once, where it is to stand.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from schemas.scheme import Scheme
from scoring.columns import in_order, numbered
from scoring.exact import reduced
from scoring.ledger.entries import SCHEMA, effects_of, weight_of
from scoring.pricing.deduct import Units

_COMMON = ("part", "dimension", "indicator", "subject", "clause", "line")
"""What all entries of a finding say alike."""


def write_down(
    findings: pl.DataFrame,
    said: pl.DataFrame,
    above: pl.DataFrame,
    scored: Sequence[str],
    scheme: Scheme,
    units: Units,
    towns: Sequence[str],
    label: str,
) -> pl.DataFrame:
    """Write every effect down, number and name it.

    Parameters
    ----------
    findings
        What steps 1 to 5 say of the findings that make the score.
    said
        The different entries above the findings (`entries.in_words`).
    above
        Where each of them stands (`Upper.rows`).
    scored
        The towns by their number in `above`.
    towns
        All towns, in the order of the ledger.
    label
        Period and edition, `2025Q1/1`.

    Returns
    -------
    The ledger with the columns of `SCHEMA`: town by town, part, dimension, indicator; within an indicator the findings
    by day, then what happens to the indicator as a whole; dimensions after their indicators, the total last.
    """
    of_finding = _of_findings(findings, scheme).with_columns(
        findings.select(town=numbered("town", findings.schema, towns))
    )
    common = pl.concat([of_finding, said.select(_COMMON)], how="diagonal", rechunk=True)
    common = common.with_columns(place=_place(scheme))
    single = _entries(findings, scheme, units)
    within = _days(findings, common)
    single = single.with_columns(town=common["town"].gather(single["of"]), within=within.gather(single["of"]))
    number = {town: place for place, town in enumerate(towns)}
    said = said.select("kind", "reason", "parameters", "points_num", "points_den", "points")[above["which"]]
    above = said.with_columns(
        town=pl.Series([number[town] for town in scored], dtype=pl.UInt32).gather(above["town"]),
        of=above["which"] + findings.height,
        # What happens to an indicator as a whole comes after its findings.
        within=above["number"] + findings.height,
        turn=pl.lit(0, dtype=pl.Int64),
    )
    # In one piece: rows are picked from many far more slowly.
    ledger = pl.concat([single, above], how="diagonal", rechunk=True)
    places = common["place"].gather(ledger["of"])
    ledger = ledger[in_order([ledger["town"], places, ledger["within"], ledger["turn"]])]
    common = common.with_columns(where=_where())
    named = ledger.with_columns(
        common.select(pl.col(*_COMMON, "where").gather(ledger["of"])),
        town_code=pl.Series(towns, dtype=pl.String).gather(ledger["town"]),
    )
    subject = pl.when(pl.col("subject") != "").then("subject").otherwise(pl.lit("-"))
    line = pl.col("line").cast(pl.String)
    return (
        named.with_columns(
            period=pl.lit(label.rpartition("/")[0]),
            entry_id=pl.concat_str(pl.lit(label), "town_code", "where", "kind", subject, line, separator="/"),
        )
        .with_columns(pl.col("dimension", "indicator", "subject").replace("", None))
        .select(SCHEMA.keys())
        .cast(SCHEMA)  # type: ignore[arg-type]
    )


def _of_findings(findings: pl.DataFrame, scheme: Scheme) -> pl.DataFrame:
    """Return `_COMMON` of each finding."""
    dimensions = {indicator.id: dimension.id for dimension, indicator in scheme.indicators()}
    clauses = {indicator.id: indicator.clause for _, indicator in scheme.indicators()}
    indicator = pl.col("indicator")
    return findings.select(
        "part",
        indicator.cast(pl.String),
        dimension=indicator.replace_strict(dimensions, default="", return_dtype=pl.String),
        subject="finding_id",
        clause=pl.coalesce("price_clause", indicator.replace_strict(clauses, default=None, return_dtype=pl.String)),
        line="price_line",
    )


def _place(scheme: Scheme) -> pl.Expr:
    """Return the place of part, dimension and indicator in a town's statement."""
    ranked = [
        ("part", [part.id for part in scheme.parts.parts] if scheme.parts else [""]),
        ("dimension", [dimension.id for dimension in scheme.dimensions]),
        ("indicator", [indicator.id for _, indicator in scheme.indicators()]),
    ]
    rank = pl.lit(0, dtype=pl.Int64)
    for column, words in ranked:
        # What concerns the whole stands after all that concerns one piece of it.
        last = len(words)
        places = {word: place for place, word in enumerate(words)}
        rank = rank * (last + 1) + pl.col(column).replace_strict(places, default=last, return_dtype=pl.Int64)
    return rank


def _days(findings: pl.DataFrame, common: pl.DataFrame) -> pl.Series:
    """Return each finding's place among all by town and place, then by its day, then by its id."""
    keys = [common[name].head(findings.height) for name in ("town", "place")]
    keys.append(findings["found_on"].to_physical())
    order = in_order(keys)
    again = pl.repeat(value=True, n=findings.height, dtype=pl.Boolean, eager=True)
    for key in (key.gather(order) for key in keys):
        again &= (key == key.shift()).fill_null(value=False)
    # Ids are texts, and are asked only of what one day has found twice.
    tied = order.filter(again | again.shift(-1, fill_value=False))
    ids = pl.zeros(findings.height, dtype=pl.Int64, eager=True)
    ids = ids.scatter(tied, findings["finding_id"].gather(tied).rank("dense").cast(pl.Int64))
    return ids.scatter(in_order([*keys, ids]), pl.int_range(findings.height, dtype=pl.Int64, eager=True))


def _entries(findings: pl.DataFrame, scheme: Scheme, units: Units) -> pl.DataFrame:
    """Return what the effects of steps 3 to 5 have of their own, `of` a row of the findings."""
    weight, common = weight_of(scheme)
    effects = effects_of(scheme, units)
    turns = sorted({(effect.stage, effect.kind) for effect in effects})
    null = pl.lit(None, dtype=pl.Int64)
    rows = findings.lazy().with_columns(weight=weight).with_row_index("of")
    frame = pl.concat(
        rows.filter(effect.of).select(
            "of",
            turn=pl.lit(turns.index((effect.stage, effect.kind)), dtype=pl.Int64),
            kind=pl.lit(effect.kind),
            multiple=effect.points * pl.col("weight"),
            reason=effect.reason,
            parameters=pl.struct(effect.parameters).struct.json_encode(),
            quantity_num=pl.col("quantity") if effect.kind == "deduction" else null,
            price_units=pl.col("price_units") if effect.kind == "deduction" else null,
            multiplier_units=pl.col("multiplier_units") if effect.kind == "repeat" else null,
        )
        for effect in effects
    ).collect()
    exact = [
        reduced(frame["multiple"], units.points * common, "points", words=True),
        reduced(frame["price_units"], units.price, "price"),
        reduced(frame["multiplier_units"], units.multiplier, "multiplier"),
    ]
    one = pl.when(pl.col("quantity_num").is_not_null()).then(pl.lit(1, dtype=pl.Int64))
    frame = frame.drop("multiple", "price_units", "multiplier_units").with_columns(quantity_den=one)
    return pl.concat([frame, *exact], how="horizontal")


def _where() -> pl.Expr:
    """Return where an entry stands, as its id says it: part, then the indicator or the dimension."""
    where = (
        pl.when(pl.col("indicator") != "")
        .then("indicator")
        .when(pl.col("dimension") != "")
        .then("dimension:" + pl.col("dimension"))
        .otherwise(pl.lit("-"))
    )
    return pl.when(pl.col("part") != "").then(pl.col("part") + ":" + where).otherwise(where)
