"""The frames and the head of an assessment, drawn from a ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from statistics import median
from typing import Any, Final

import polars as pl

from schemas.amount import write_amount
from schemas.scheme import Scheme
from schemas.scheme.rules import Deduct
from schemas.tables import catalogue
from scoring.conditions import holds
from scoring.exact import fixed, reduced
from scoring.intake import Tables
from scoring.ledger import Ledger
from scoring.ledger.indicators import Result
from scoring.periods import Period
from scoring.ranking import Candidate, place

_CLOSED_IN_TIME: Final = ("on_time", "extended", "self_reported")


@dataclass(frozen=True)
class Options:
    """What a run adds to facts and scheme.

    Its edition and stage, the scheme's hash, whether the data is example data or incomplete.
    """

    edition: int = 1
    stage: str = "internal"
    scheme_hash: str = ""
    example: bool = False
    incomplete: bool = False
    laws_given_up: tuple[str, ...] = ()
    set_aside: Mapping[str, int] | None = None


def _pair(name: str, value: Fraction | None) -> dict[str, int | None]:
    return {
        f"{name}_num": None if value is None else value.numerator,
        f"{name}_den": None if value is None else value.denominator,
    }


def _pairs(*names: str) -> dict[str, Any]:
    return {f"{name}_{side}": pl.Int64 for name in names for side in ("num", "den")}


def finding_frame(ledger: Ledger, scheme: Scheme, as_of: date) -> pl.DataFrame:
    """Return every finding read with what became of it; only columns that may be printed, no restricted ones."""
    findings, units = ledger.charges.findings, ledger.charges.units
    known = catalogue().tables["findings"].columns
    shown = [c for c in known if c in findings.columns and not known[c].restricted]
    shown += [field.id for field in scheme.fields if field.table == "findings" and field.id in findings.columns]
    clauses = {indicator.id: indicator.clause for _, indicator in scheme.indicators()}
    findings = _gives_back(findings, ledger, scheme, as_of)
    flags = pl.concat_list(
        pl.when(pl.col(flag).fill_null(False)).then(pl.lit(flag))
        for flag in ("overdue", "sent_back", "false_report", "letter_twice")
    ).list.drop_nulls()
    kept = pl.col("disposition") == "priced"
    frame = findings.with_columns(
        flags=flags,
        matter=pl.when(pl.col("disposition") == "duplicate").then("matter"),
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
        "gives_back_units": "gives_back",
    }
    frame = frame.with_columns(pl.when(kept).then(pl.col(c)).alias(c) for c in stems)
    frame = reduced(frame, stems, units.points)
    if "gives_back_exact" in frame.columns:
        frame = frame.with_columns(
            gives_back_num=pl.coalesce(pl.col("gives_back_exact").struct.field("num"), "gives_back_num"),
            gives_back_den=pl.coalesce(pl.col("gives_back_exact").struct.field("den"), "gives_back_den"),
        )
    columns = [
        *shown, "disposition", "matter", "part", "state", "flags", "due", "fixed_on", "repeat",
        *_pairs("charge", "credit", "extra", "net", "gives_back"), "gives_back_by", "price_line", "clause",
    ]  # fmt: skip
    return frame.select(columns).sort("town", "found_on", "finding_id", nulls_last=True)


def _gives_back(findings: pl.DataFrame, ledger: Ledger, scheme: Scheme, as_of: date) -> pl.DataFrame:
    """Add what fixing a finding now would give back after the cap.

    All else unchanged, and by when it does so in time.
    """
    states, units = scheme.rectification.states, ledger.charges.units
    rules = {indicator.id: indicator for _, indicator in scheme.indicators()}
    best, late = states.on_time.share, states.late.share
    open_ = findings.filter(
        (pl.col("disposition") == "priced") & ~pl.col("fixed").fill_null(True) & (pl.col("state") != "false_report")
    )
    rows: list[tuple[str, int, int]] = []
    for row in open_.select(
        "finding_id", "town", "part", "indicator", "due", "charge_units", "credit_units"
    ).iter_rows():
        finding, town, part, name, due, charge, credit = row
        indicator, score = rules[name], ledger.scores.get(town)
        rule = indicator.rule
        if score is None or not isinstance(rule, Deduct):
            continue
        sums = ledger.sums[town][part, name]
        result: Result = score.indicators[part, name]
        share = best if due is None or as_of <= due else late
        gain = (share * charge - credit) / units.points * result.factor
        if gain <= 0 or sums.fired:
            continue
        loss = sums.net * result.factor
        cap = (
            indicator.points
            if indicator.cap == "points"
            else None
            if indicator.cap == "none"
            else Fraction(indicator.cap)
        )
        gives = gain if cap is None else min(loss, cap) - min(loss - gain, cap)
        rows.append((finding, gives.numerator, gives.denominator))
    exact = pl.DataFrame(rows, schema={"finding_id": pl.String, "num": pl.Int64, "den": pl.Int64}, orient="row")
    return (
        findings.join(exact, on="finding_id", how="left", maintain_order="left")
        .with_columns(
            gives_back_units=pl.lit(None, dtype=pl.Int64),
            gives_back_exact=pl.struct("num", "den"),
            gives_back_by=pl.when((pl.col("num") > 0) & (pl.col("due") >= as_of)).then("due"),
        )
        .drop("num", "den")
    )


def score_frame(ledger: Ledger, scheme: Scheme, findings: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Return a row a town, in the towns' own order, with score, places, grade and counts."""
    counts = _counts(findings, as_of)
    ties = _ties(ledger, scheme, counts)
    group_column = None if scheme.groups_by == "none" else scheme.groups_by
    towns = ledger.facts.towns.to_dicts()
    groups = {row["town_code"]: (row[group_column] or "") if group_column else "" for row in towns}
    candidates = [
        Candidate(town, groups[town], score.statement.value, tuple(score.gates), ties[town])
        for town, score in ledger.scores.items()
    ]
    places = place(candidates, scheme)
    rows = []
    for town in towns:
        code = town["town_code"]
        score, stand = ledger.scores.get(code), places.get(code)
        checked = ledger.facts.checked.get(code, {})
        value = score.statement.value if score else None
        rows.append(
            {
                "town_code": code,
                "town": town["name"],
                "kind": town["kind"],
                "group": groups[code],
                "order": town["order"],
                "outcome": "scored" if score else "not_checked",
                **_pair("start", score.statement.start if score else None),
                **_pair("score", value),
                "score": None if value is None else fixed(value, scheme.decimals),
                "rank": stand.rank if stand else None,
                "group_rank": stand.group_rank if stand else None,
                "grade": stand.grade if stand else None,
                "gates": list(score.gates) if score else [],
                **{name: counts.get(code, {}).get(name, 0) for name in _COUNTED},
                **{name: checked.get(name, 0) for name in ("sampled", "visited", "newly_confirmed")},
            }
        )
    return pl.DataFrame(rows, schema=_SCORES)


_COUNTED: Final = ("findings", "due", "closed_on_time", "overdue", "repeats", "returned")
_SCORES: Final = {
    "town_code": pl.String, "town": pl.String, "kind": pl.String, "group": pl.String, "order": pl.Int64, "outcome": pl.String,
    **_pairs("start", "score"), "score": pl.String, "rank": pl.Int64, "group_rank": pl.Int64, "grade": pl.String, "gates": pl.List(pl.String),
    **dict.fromkeys(_COUNTED, pl.Int64), "sampled": pl.Int64, "visited": pl.Int64, "newly_confirmed": pl.Int64,
}  # fmt: skip


def _counts(findings: pl.DataFrame, as_of: date) -> dict[str, dict[str, int]]:
    """Count by town.

    Findings that cost something or are listed, those due by now, closed in time, overdue and open, repeated, sent
    back.
    """
    listed = findings.filter(pl.col("disposition").is_in(["priced", "not_checked"]))
    due = pl.col("due") <= as_of
    open_ = pl.col("fixed_on").is_null()
    counted = listed.group_by("town").agg(
        findings=pl.len(),
        due=due.sum(),
        closed_on_time=(due & pl.col("state").is_in(_CLOSED_IN_TIME)).sum(),
        overdue=(pl.col("flags").list.contains("overdue") & open_).sum(),
        repeats=(pl.col("repeat") > 0).sum(),
        returned=pl.col("flags").list.contains("sent_back").sum(),
    )
    return {row.pop("town"): row for row in counted.to_dicts()}


def _ties(ledger: Ledger, scheme: Scheme, counts: Mapping[str, Mapping[str, int]]) -> dict[str, tuple[Fraction, ...]]:
    """Return each town's tie-break values in the scheme's order; smaller stands first."""
    ties: dict[str, list[Fraction]] = {town: [] for town in ledger.scores}
    better = 1 if scheme.direction == "up" else -1
    for breaker in scheme.tie_breakers:
        met: Counter[str] = Counter()
        if breaker.by == "findings":
            frame = ledger.charges.findings.filter(pl.col("disposition") == "priced")
            met = Counter(frame.filter(holds(breaker.when, frame.schema))["town"].to_list())
        for town, score in ledger.scores.items():
            if breaker.by == "findings":
                value = Fraction(met[town])
            elif breaker.by == "on_time_rate":
                own = counts.get(town, {})
                value = -Fraction(own.get("closed_on_time", 0), own["due"]) if own.get("due") else Fraction(-1)
            elif breaker.by == "dimension":
                value = better * sum((v for (_, d), v in score.dimensions.items() if d == breaker.of), Fraction(0))
            else:
                value = better * sum(
                    (r.earned for (_, i), r in score.indicators.items() if i == breaker.of), Fraction(0)
                )
            ties[town].append(value)
    return {town: tuple(values) for town, values in ties.items()}


def dimension_frame(ledger: Ledger, scheme: Scheme, scores: pl.DataFrame) -> pl.DataFrame:
    """Return a row a scored town × part × dimension, with the median of the town's group beside it."""
    group = dict(zip(scores["town_code"], scores["group"], strict=True))
    points = {dimension.id: dimension.points for dimension in scheme.dimensions}
    peers: dict[tuple[str, str, str], list[Fraction]] = {}
    for town, score in ledger.scores.items():
        for (part, dimension), earned in score.dimensions.items():
            peers.setdefault((group[town], part, dimension), []).append(earned)
    medians = {key: median(values) for key, values in peers.items()}
    rows = [
        {
            "town_code": town,
            "part": part,
            "dimension": dimension,
            **_pair("points", points[dimension]),
            **_pair("earned", earned),
            **_pair("group_median", medians[group[town], part, dimension]),
        }
        for town, score in ledger.scores.items()
        for (part, dimension), earned in score.dimensions.items()
    ]
    schema = {
        "town_code": pl.String,
        "part": pl.String,
        "dimension": pl.String,
        **_pairs("points", "earned", "group_median"),
    }
    return pl.DataFrame(rows, schema=schema)


def indicator_frame(ledger: Ledger, scheme: Scheme) -> pl.DataFrame:
    """Return a row a scored town × part × indicator."""
    place_of = {indicator.id: (dimension.id, indicator.points) for dimension, indicator in scheme.indicators()}
    rows = [
        {
            "town_code": town,
            "part": part,
            "dimension": place_of[name][0],
            "indicator": name,
            "outcome": result.outcome,
            **_pair("points", place_of[name][1]),
            **_pair("earned", result.earned),
            "findings": sums.findings if (sums := ledger.sums.get(town, {}).get((part, name))) else 0,
            **_pair("value", result.value),
            **_pair("target", result.target),
            "sample": result.sample,
        }
        for town, score in ledger.scores.items()
        for (part, name), result in score.indicators.items()
    ]
    schema = {
        "town_code": pl.String, "part": pl.String, "dimension": pl.String, "indicator": pl.String, "outcome": pl.String,
        **_pairs("points", "earned"), "findings": pl.Int64, **_pairs("value", "target"), "sample": pl.Int64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema)


def head_of(
    ledger: Ledger,
    scheme: Scheme,
    scores: pl.DataFrame,
    findings: pl.DataFrame,
    tables: Tables,
    period: Period,
    as_of: date,
    options: Options,
    read: Mapping[str, Mapping[str, int]],
) -> dict[str, Any]:
    """Return the JSON head: everything that is not a table."""
    return {
        "period": {
            "id": period.id,
            "label": next((i.label for i in scheme.calendar.intervals if i.id == period.id), period.id),
            "start": period.start.isoformat(),
            "end": period.end.isoformat(),
            "kind": period.kind,
        },
        "as_of": as_of.isoformat(),
        "edition": options.edition,
        "stage": options.stage,
        "incomplete": options.incomplete,
        "example": options.example,
        "run_code": "",
        "scheme": _scheme_head(scheme, options),
        "rows": _rows(ledger, tables, findings, options, read),
        "summary": _summary(ledger, scheme, scores, findings),
        "internal": {"pending_gates": ledger.adjustments.pending},
    }


def _scheme_head(scheme: Scheme, options: Options) -> dict[str, Any]:
    states = scheme.rectification.states
    policy = {name: getattr(states, name) for name in type(states).model_fields}
    return {
        "id": scheme.id,
        "title": scheme.title,
        "title_en": scheme.title_en,
        "document": scheme.document,
        "hash": options.scheme_hash,
        "direction": scheme.direction,
        "full": write_amount(scheme.full),
        "decimals": scheme.decimals,
        "round_at": scheme.round_at,
        "effective_from": scheme.effective.from_.isoformat(),
        "example_notice": scheme.example_notice,
        "rectification": {
            name: {"share": write_amount(c.share), "extra": write_amount(c.extra)}
            for name, c in policy.items()
            if c is not None
        },
        "dimensions": [
            {
                **_labels(dimension),
                "points": write_amount(dimension.points),
                "indicators": [
                    {
                        **_labels(indicator),
                        "points": write_amount(indicator.points),
                        "clause": indicator.clause,
                        "kind": indicator.rule.kind,
                        "cap": _cap(indicator.cap, indicator.points),
                        "basis": indicator.basis,
                        "basis_en": indicator.basis_en,
                    }
                    for indicator in dimension.indicators
                ],
            }
            for dimension in scheme.dimensions
        ],
        "parts": [
            {**_labels(part), "weight": write_amount(part.weight)}
            for part in (scheme.parts.parts if scheme.parts else ())
        ],
        "grades": [
            {
                **_labels(grade),
                "at_least": None if grade.at_least is None else write_amount(grade.at_least),
                "honour": grade.honour,
            }
            for grade in (scheme.grades.grades if scheme.grades else ())
        ],
        "gates": [{**_labels(gate), "effect": gate.effect} for gate in scheme.gates],
        "not_scored": [
            {
                "id": item.id,
                "label": item.label,
                "label_en": item.label_en,
                "clause": item.clause,
                "reason": item.reason,
                "reason_en": item.reason_en,
            }
            for item in scheme.not_scored
        ],
        "laws_given_up": list(options.laws_given_up),
    }


def _labels(item: Any) -> dict[str, Any]:
    return {"id": item.id, "label": item.label, "label_en": item.label_en}


def _cap(cap: object, points: Fraction) -> str | None:
    return None if cap == "none" else write_amount(points if cap == "points" else Fraction(str(cap)))


def _rows(
    ledger: Ledger, tables: Tables, findings: pl.DataFrame, options: Options, read: Mapping[str, Mapping[str, int]]
) -> dict[str, Any]:
    """Account for every row: read = used + unpriced + set aside + refused."""
    unpriced: dict[str, dict[str, int]] = {
        "measures": dict(ledger.facts.measures.unpriced),
        "judgements": dict(ledger.facts.judgements.unpriced),
        "adjustments": dict(ledger.adjustments.unpriced),
        "findings": {
            r["disposition"]: r["len"]
            for r in findings.filter(pl.col("disposition") != "priced").group_by("disposition").len().to_dicts()
        },
    }
    account = {}
    for name in catalogue().tables:
        known = getattr(tables, name).height
        given = read.get(name, {})
        reasons = {reason: unpriced.get(name, {})[reason] for reason in sorted(unpriced.get(name, {}))}
        if given.get("duplicate_rows"):
            reasons["identical_row"] = given["duplicate_rows"]
        aside = (options.set_aside or {}).get(name, 0)
        refused = given.get("refused", 0) - aside
        used = known - sum(unpriced.get(name, {}).values())
        account[name] = {
            "read": used + sum(reasons.values()) + aside + refused,
            "used": used,
            "unpriced": reasons,
            "set_aside": aside,
            "refused": refused,
        }
    return account


def _summary(ledger: Ledger, scheme: Scheme, scores: pl.DataFrame, findings: pl.DataFrame) -> dict[str, Any]:
    values = [score.statement.value for score in ledger.scores.values()]
    total = {name: int(scores[name].sum()) for name in (*_COUNTED, "sampled", "newly_confirmed")}

    def exact(value: Fraction) -> str:
        return fixed(value, scheme.decimals)

    return {
        "towns": str(scores.height),
        "scored": str(len(values)),
        "mean": exact(sum(values, Fraction(0)) / len(values)) if values else None,
        "median": exact(median(values)) if values else None,
        "max": exact(max(values)) if values else None,
        "min": exact(min(values)) if values else None,
        "sample_rate": _percent(total["sampled"], total["newly_confirmed"]),
        "on_time_rate": _percent(total["closed_on_time"], total["due"]),
        "priced": str(findings.filter(pl.col("disposition") == "priced").height),
        **{name: str(value) for name, value in total.items()},
    }


def _percent(part: int, whole: int) -> str | None:
    return fixed(Fraction(100 * part, whole), 1) if whole else None
