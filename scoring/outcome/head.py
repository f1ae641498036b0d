"""The JSON head of an assessment: period, scheme, account of rows, the numbers that papers speak of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from statistics import median
from typing import Any

import polars as pl

from schemas.amount import write_amount
from schemas.scheme import Indicator, Scheme
from schemas.scheme.outcome import QuantileGrades
from schemas.tables import catalogue
from scoring.exact import fixed
from scoring.intake import Tables
from scoring.ledger import Ledger, Scored
from scoring.outcome.scores import COUNTED
from scoring.periods import Period
from scoring.scheme import english_words


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


def head_of(
    ledger: Ledger,
    scheme: Scheme,
    scores: pl.DataFrame,
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
            "label": _label(scheme, period),
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
        "rows": _rows(ledger, tables, as_of, options, read),
        "summary": _summary(ledger, scheme, scores),
        "internal": {"pending_gates": ledger.adjustments.pending},
    }


def previous_head(ledger: Scored, scheme: Scheme, scores: pl.DataFrame, period: Period) -> dict[str, Any] | None:
    """Return what the papers of the next period say of this one; None where nothing was priced."""
    summary = _summary(ledger, scheme, scores)
    if summary["priced"] == "0":
        return None
    return {"id": period.id, "label": _label(scheme, period), "mean": summary["mean"], "towns": _stands(scores)}


def published_head(head: Mapping[str, Any], scores: pl.DataFrame) -> dict[str, Any]:
    """Return what the papers of the next period say of a published one."""
    period = head["period"]
    return {"id": period["id"], "label": period["label"], "mean": head["summary"]["mean"], "towns": _stands(scores)}


def _stands(scores: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """Return the score and place of each scored town, and that it was under a veto where it was."""
    known = scores.drop_nulls("score").select("town_code", "score", "rank", "gates")
    return {
        town: {"score": score, "rank": rank, **({"gated": True} if gates else {})}
        for town, score, rank, gates in known.iter_rows()
    }


def _label(scheme: Scheme, period: Period) -> str:
    return next((i.label for i in scheme.calendar.intervals if i.id == period.id), period.id)


def _scheme_head(scheme: Scheme, options: Options) -> dict[str, Any]:
    states = scheme.rectification.states
    policy = {name: getattr(states, name) for name in type(states).model_fields}
    return {
        "id": scheme.id,
        "title": scheme.title,
        "title_en": scheme.title_en,
        "document": scheme.document,
        "hash": options.scheme_hash,
        "rules": scheme.rules(),
        "direction": scheme.direction,
        "full": write_amount(scheme.full),
        "base": write_amount(scheme.base),
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
                        "points": write_amount(indicator.worth),
                        "written_for": _amount(indicator.points if indicator.weight is not None else None),
                        "clause": indicator.clause,
                        "kind": indicator.rule.kind,
                        "cap": _cap(indicator),
                        "basis": indicator.basis,
                        "basis_en": indicator.basis_en,
                    }
                    for indicator in dimension.indicators
                ],
            }
            for dimension in scheme.dimensions
        ],
        "measures": [_labels(measure) for measure in scheme.measures],
        "parts": [
            {**_labels(part), "weight": write_amount(part.weight)}
            for part in (scheme.parts.parts if scheme.parts else ())
        ],
        "grades": [
            {
                **_labels(grade),
                **{name: _amount(getattr(grade, name)) for name in ("at_least", "at_most", "top")},
                "honour": grade.honour,
            }
            for grade in (scheme.grades.grades if scheme.grades else ())
        ],
        "grades_by": scheme.grades.by if scheme.grades else None,
        "smallest_group": scheme.grades.smallest_group if isinstance(scheme.grades, QuantileGrades) else None,
        "tie_breakers": len(scheme.tie_breakers),
        "gates": [{**_labels(gate), "effect": gate.effect, "grade": gate.grade} for gate in scheme.gates],
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
        "words_en": english_words(scheme),
        "laws_given_up": list(options.laws_given_up),
    }


def _labels(item: Any) -> dict[str, Any]:
    return {"id": item.id, "label": item.label, "label_en": item.label_en}


def _amount(value: Fraction | None) -> str | None:
    return None if value is None else write_amount(value)


def _cap(indicator: Indicator) -> str | None:
    """Return the most that an indicator takes, in the points that it counts for."""
    if indicator.cap == "none":
        return None
    cap = indicator.points if indicator.cap == "points" else Fraction(indicator.cap)
    return write_amount(cap * indicator.worth / indicator.points)


def _rows(
    ledger: Ledger,
    tables: Tables,
    as_of: date,
    options: Options,
    read: Mapping[str, Mapping[str, int]],
) -> dict[str, Any]:
    """Account for every row: read = used + unpriced + set aside + refused."""
    withdrawn, period = ledger.withdrawn, ledger.facts.period
    unpriced: dict[str, Mapping[str, int]] = {
        "measures": ledger.facts.measures.unpriced + withdrawn["measures"],
        "judgements": ledger.facts.judgements.unpriced,
        "adjustments": Counter(ledger.adjustments.unpriced) + withdrawn["adjustments"],
        "findings": _tally(ledger.charges.findings["disposition"].replace("priced", None)),
        "checks": _tally(
            tables.checks.select(
                pl.when(pl.col("checked_on") > as_of)
                .then(pl.lit("after_as_of"))
                .when(~pl.col("checked_on").is_between(period.start, period.end))
                .then(pl.lit("other_period"))
            ).to_series()
        ),
        **{
            name: _tally(
                getattr(tables, name).select(pl.when(pl.col(day) > as_of).then(pl.lit("after_as_of"))).to_series()
            )
            for name, day in (("rectifications", "submitted_on"), ("appeals", "filed_on"), ("letters", "sent_on"))
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


def _tally(reasons: pl.Series) -> dict[str, int]:
    return dict(sorted(reasons.drop_nulls().value_counts().rows()))


def _summary(ledger: Scored, scheme: Scheme, scores: pl.DataFrame) -> dict[str, Any]:
    values = [score.statement.value for score in ledger.scores.values()]
    total = {name: int(scores[name].sum()) for name in (*COUNTED, "sampled", "newly_confirmed")}

    # A share of what was newly confirmed, only where every town that was checked says how much that was.
    sound = not scores.select((pl.col("sampled") > pl.col("newly_confirmed")).any()).item()

    def exact(value: Fraction) -> str:
        return fixed(value, scheme.decimals)

    return {
        "towns": str(scores.height),
        "scored": str(len(values)),
        "mean": exact(sum(values, Fraction(0)) / len(values)) if values else None,
        "median": exact(median(values)) if values else None,
        "max": exact(max(values)) if values else None,
        "min": exact(min(values)) if values else None,
        "sample_rate": _percent(total["sampled"], total["newly_confirmed"]) if sound else None,
        "on_time_rate": _percent(total["closed_on_time"], total["due"]),
        "priced": str((ledger.charges.findings["disposition"] == "priced").sum()),
        **{name: str(value) for name, value in total.items()},
    }


def _percent(part: int, whole: int) -> str | None:
    return fixed(Fraction(100 * part, whole), 1) if whole else None
