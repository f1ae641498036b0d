"""Random years: what is carried over and what years are made of, as the independent reference has it, exactly."""

from __future__ import annotations

import json
from collections import defaultdict
from fractions import Fraction
from unittest.mock import patch

import chinese_calendar
import polars as pl
from hypothesis import HealthCheck, Phase, event, given, settings

from scoring.assessing import assess
from scoring.ledger import Frozen
from scoring.periods import Period
from scoring.problems import Refused
from scoring.shapes import APPEALS
from tests import comparison
from tests.engine import view
from tests.frames import tables_of
from tests.reference import RefusedError
from tests.reference.history import Past, frozen_by, rolls_up, score
from tests.years import histories, kind_of

QUICK = (Phase.explicit, Phase.reuse, Phase.generate)
"""Dice do not shrink."""


@given(histories())
@settings(max_examples=3, phases=QUICK, suppress_health_check=list(HealthCheck))
def test_engine_equals_reference_through_a_year(steps):
    # What each appeal would come to either way takes a third of the time and is compared elsewhere.
    with patch("scoring.assessing.appeal_frame", lambda *_: pl.DataFrame(schema=APPEALS)):
        live(steps)


def live(steps):
    """Score the steps in order by both, publish each; all that both say is the same."""
    past, frozen, seen = {}, {}, set()
    for step in steps:
        done, no = try_to(
            lambda step=step: score(
                step.scheme, step.rows, step.period, step.as_of, chinese_calendar.is_workday, list(past.values())
            )
        )
        period = Period(step.label, kind_of(step.label), step.period.start, step.period.end)
        made, never = try_to(
            lambda step=step, period=period: assess(
                tables_of(step.rows, step.scheme), step.scheme, period, step.as_of, past=list(frozen.values())
            )
        )
        if no or never:
            event(f"refused: {no and no.args[0]}")
            assert no, never.problems
            assert never, no
            continue
        if done.ties:
            event("only contents tell rows apart")
            return
        seen |= met(done, frozen_by(list(past.values()), step.rows, step.period, step.as_of))
        told = differences(done, made)
        if not rolls_up(step.scheme, step.period):
            told += comparison.differences(done, view(made))
        assert not told, f"{step.label} as of {step.as_of}:\n" + "\n".join(told)
        carried = sum(entry[3] == "carry_over" for town in done.towns.values() for entry in town.ledger)
        event(f"compared {kind_of(step.label)}" + (", something carried over" if carried else ""))
        past[step.label] = Past(step.period, step.as_of, step.scheme, done)
        frozen[step.label] = Frozen(
            period, 1, step.as_of, step.scheme, "code",
            made.ledger, made.scores, made.findings, made.indicators, made.dimensions,
            tables_of(step.rows, step.scheme).findings.lazy(),
        )  # fmt: skip
    for name in seen:
        event(name)


def met(done, frozen):
    """What a period had of findings that are not its own alone."""
    pairs = [f for f in done.findings.values() if f.across and f.disposition in {"priced", "duplicate"}]
    met = {"history: a pair across the freeze" for _ in pairs}
    met |= {"history: a pair across the freeze, with an excess" for f in pairs if f.owed}
    met |= {"history: a pair across the freeze, firing a zero-out" for f in pairs if f.price_row.zero_out}
    met |= {"history: a pair across the freeze, with a zero-out" for f in pairs if f.matter.price_row.zero_out}
    met |= {"history: a pair across the freeze, with a finding that is gone" for f in pairs if f.matter.stored}
    return met | {"history: findings that are gone" for _ in frozen.gone}


def try_to(run):
    try:
        return run(), None
    except (RefusedError, Refused) as error:
        return None, error


def differences(done, made):
    """Sentences about what the two sides do not share."""
    told = []
    places = {row["town_code"]: row for row in made.scores.iter_rows(named=True)}
    entries = defaultdict(lambda: defaultdict(Fraction))
    for row in made.ledger.iter_rows(named=True):
        entries[row["town_code"]][key_of(row)] += Fraction(row["points_num"], row["points_den"])
    if set(places) != set(done.towns):
        told.append(f"towns: reference {set(done.towns)}, engine {set(places)}")
        return told
    for code, town in done.towns.items():
        row = places[code]
        exact = None if row["score_num"] is None else Fraction(row["score_num"], row["score_den"])
        pairs = [(name, getattr(town, name), row[name]) for name in ("rank", "group_rank", "grade")]
        pairs.append(("score", town.score, exact))
        wanted = defaultdict(Fraction)
        for entry in town.ledger:
            wanted[reference_key(entry)] += entry[-1]
        every = {*wanted, *entries[code]}
        pairs += [(f"entries {key}", wanted.get(key, 0), entries[code].get(key, 0)) for key in every]
        told += [f"{code} {name}: reference {a}, engine {b}" for name, a, b in pairs if a != b]
    return told


APART = {"bonus", "demerit", "decision", "range", "gate", "rounding"}


def key_of(row):
    if row["kind"] == "carry_over":
        said = json.loads(row["parameters"])
        return "carry_over", said["origin"], said["of"], *said["place"]
    if row["kind"] == "period":
        return "period", row["subject"][:6]
    if row["kind"] in {*APART, "cap"} and not row["dimension"]:
        return (row["kind"],)
    return ("below",)


def reference_key(entry):
    _, dimension, _, kind, subject, _ = entry
    if kind == "carry_over":
        return "carry_over", *(name or "" for name in subject)
    if kind == "period":
        return "period", subject
    if kind in {*APART, "cap"} and not dimension:
        return (kind,)
    return ("below",)
