"""Every finding read, with what became of it: what it costs, its state, and what fixing it would give back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Final

import polars as pl

from schemas.scheme import Scheme
from schemas.scheme.policy import Consequence
from schemas.tables import catalogue
from scoring.conditions import holds
from scoring.exact import reduced
from scoring.ledger import Ledger
from scoring.ledger.ending import TownScore
from scoring.ledger.rollup import RollUp
from scoring.pricing.deduct import Units
from scoring.shapes import WORKED_OUT


def finding_frame(ledger: Ledger, scheme: Scheme, as_of: date) -> pl.DataFrame:
    """Return every finding read with what became of it; only columns that may be printed, no restricted ones."""
    if ledger.rolled is not None and ledger.rolled.pure:
        return _as_published(ledger.rolled)
    findings, units = ledger.charges.findings, ledger.charges.units
    known = catalogue().tables["findings"].columns
    shown = [c for c in known if c in findings.columns and not known[c].restricted]
    shown += [field.id for field in scheme.fields if field.table == "findings" and field.id in findings.columns]
    clauses = {indicator.id: indicator.clause for _, indicator in scheme.indicators()}
    findings = _gives_back(findings, ledger, scheme, as_of)
    flags = _flags(("overdue", "sent_back", "false_report", "letter_twice"))
    kept = pl.col("disposition") == "priced"
    own_matter = pl.col("matter") == pl.col("finding_id")
    frame = findings.with_columns(
        flags=flags,
        matter=pl.when(pl.col("disposition").is_in(["priced", "duplicate"]) & ~own_matter).then("matter"),
        found_severity=pl.when(pl.col("found_severity") != pl.col("severity")).then("found_severity"),
        repeat=pl.when(kept).then("occasions"),
        clause=pl.coalesce(
            "price_clause", pl.col("indicator").replace_strict(clauses, default=None, return_dtype=pl.String)
        ),
    )
    stems = {
        "charge_units": "charge",
        "credit_units": "credit",
        "extra_units": "extra",
        "net_units": "net",
    }
    frame = frame.with_columns(pl.when(kept).then(pl.col(c)).alias(c) for c in stems)
    pairs = (reduced(frame[column], units.points, stem) for column, stem in stems.items())
    frame = pl.concat([frame, *pairs], how="horizontal")
    return frame.select([*shown, *WORKED_OUT]).sort("town", "found_on", "finding_id", nulls_last=True)


def _as_published(rolled: RollUp) -> pl.DataFrame:
    """Return the findings of the published periods as they were published: what they cost stands in those scores."""
    own = [
        frozen.findings.filter(~pl.col("disposition").is_in(["other_period", "after_as_of"]))
        for frozen, _ in rolled.periods
    ]
    together = pl.concat(own, how="diagonal_relaxed")
    # What a fix gives back now is a matter of the period that carries it over.
    nothing = {name: pl.lit(None, dtype=together.schema[name]) for name in _GIVES_BACK}
    return together.with_columns(**nothing).sort("town", "found_on", "finding_id", nulls_last=True)


_GIVES_BACK: Final = ("gives_back_num", "gives_back_den", "gives_back_by")


def _flags(names: Sequence[str]) -> pl.Expr:
    """Return the list of those Boolean columns that hold: each combination is made once and looked up."""
    lists = [[name for place, name in enumerate(names) if number >> place & 1] for number in range(2 ** len(names))]
    number = pl.sum_horizontal(
        pl.col(name).fill_null(False).cast(pl.UInt32) * 2**place for place, name in enumerate(names)
    )
    return pl.lit(pl.Series(lists, dtype=pl.List(pl.String))).gather(number.cast(pl.UInt32))


def _gives_back(findings: pl.DataFrame, ledger: Ledger, scheme: Scheme, as_of: date) -> pl.DataFrame:
    """Add what fixing an open finding now would give back, and by when.

    After its indicator's and its dimension's cap and with what its dimension makes of it (scale, indicators that do not
    apply); nothing under a veto that makes the score 0. Surcharges and the range of the total are left as they are.

    A fix within the deadline earns its share, a later one the share of late fixes; what waits for its verdict was in
    time already.
    """
    states, units = scheme.rectification.states, ledger.charges.units
    open_ = (pl.col("disposition") == "priced") & ~pl.col("fixed").fill_null(True) & (pl.col("state") != "false_report")
    waits = (pl.col("state") == "waiting") & ~pl.col("overdue")
    in_time = pl.col("due").is_null() | (pl.col("due") >= as_of) | waits
    own = holds(scheme.rectification.self_reported_when, findings.schema)
    reported = states.self_reported if scheme.rectification.self_reported_when else None
    best = pl.when(own).then(_share(reported or states.on_time, units)).otherwise(_share(states.on_time, units))
    share = pl.when(in_time).then(best).otherwise(_share(states.late, units))
    gain = (pl.col("charge_units") * share) // units.share - pl.col("credit_units")
    # Scaled by exposure (n/d), everything is compared in multiples of 1/(points × d).
    after = [
        pl.min_horizontal(loss * pl.col("n"), pl.col("cap") * pl.col("d")) for loss in (_NET, _NET - pl.col("gain"))
    ]
    given = (
        findings.filter(open_)
        .select("finding_id", "town", "part", "indicator", "due", gain=gain.cast(pl.Int128))
        .filter(pl.col("gain") > 0)
        .join(_indicators(ledger, scheme), on=["town", "part", "indicator"])
        .select(
            "finding_id",
            "due",
            num=(after[0] - after[1]) * pl.col("weight_num"),
            den=pl.col("d") * pl.col("weight_den"),
            over="over",
        )
    )
    keys = ["num", "den", "over"]
    exact = {
        key: max(Fraction(key[0], key[1] * units.points) - Fraction(key[2]), Fraction(0))
        for key in given.select(keys).unique().rows()
    }
    values = pl.DataFrame(
        [(*key, value.numerator, value.denominator) for key, value in exact.items()],
        schema={
            "num": pl.Int128, "den": pl.Int64, "over": pl.String, "gives_back_num": pl.Int64, "gives_back_den": pl.Int64
        },
        orient="row",
    )  # fmt: skip
    by = pl.when((pl.col("gives_back_num") > 0) & (pl.col("due") >= as_of)).then("due")
    given = given.join(values, on=keys).select("finding_id", "gives_back_num", "gives_back_den", gives_back_by=by)
    return findings.join(given, on="finding_id", how="left", maintain_order="left")


_NET: Final = pl.col("net").cast(pl.Int128)


def _share(consequence: Consequence, units: Units) -> pl.Expr:
    return pl.lit(int(consequence.share * units.share), dtype=pl.Int64)


def _over_the_cap(score: TownScore) -> dict[tuple[str, str], Fraction]:
    """Return by (part, dimension) what a dimension's losses exceed its cap by: so much comes back to nobody."""
    over: dict[tuple[str, str], Fraction] = {}
    for row in score.statement.rows:
        if row["kind"] == "cap" and row["dimension"] and not row["indicator"]:
            key = (str(row["part"]), str(row["dimension"]))
            over[key] = over.get(key, Fraction(0)) + abs(Fraction(row["points_num"], row["points_den"]))
    return over


def _indicators(ledger: Ledger, scheme: Scheme) -> pl.DataFrame:
    """Return what a town's indicator comes to, in units, for the indicators that a fix can still change."""
    points = ledger.charges.units.points
    weights = {part.id: part.weight for part in scheme.parts.parts} if scheme.parts else {"": Fraction(1)}
    caps = {
        i.id: None if i.cap == "none" else int((i.points if i.cap == "points" else Fraction(i.cap)) * points)
        for _, i in scheme.indicators()
    }
    ratios = {i.id: i.worth / i.points for _, i in scheme.indicators()}
    zeroing = {gate.id for gate in scheme.gates if gate.effect == "score_zero"}
    of = {indicator.id: dimension.id for dimension, indicator in scheme.indicators()}
    rows = [
        (
            town,
            part,
            name,
            int(sums.net * points),
            result.factor,
            caps[name],
            weights[part] * ratios[name] * score.stretch.get((part, name), Fraction(1)),
            str(over.get((part, of[name]), 0)),
        )
        for town, score in ledger.scores.items()
        if not zeroing & set(score.gates)
        for over in [_over_the_cap(score)]
        for (part, name), sums in ledger.sums.get(town, {}).items()
        if (result := score.indicators[part, name]).outcome == "scored" and not sums.fired
    ]
    return pl.DataFrame(
        [
            (t, p, i, net, f.numerator, f.denominator, cap, w.numerator, w.denominator, over)
            for t, p, i, net, f, cap, w, over in rows
        ],
        schema={
            **dict.fromkeys(("town", "part", "indicator"), pl.String),
            **dict.fromkeys(("net", "n", "d", "cap", "weight_num", "weight_den"), pl.Int64),
            "over": pl.String,
        },
        orient="row",
    )
