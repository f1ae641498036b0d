"""An independent, exact scoring of a period: plain Python, Fractions, row by row.

Written from design.md and semantics.md alone and compared with the program; it shares no code with it but the
models of a scheme.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.reference import places, tree
from tests.reference.data import checks_in
from tests.reference.facts import RefusedError, counted_towns
from tests.reference.findings import Frozen, count_occasions, pair, read_findings, settle, span_of

__all__ = ["Period", "RefusedError", "Result", "assess"]


@dataclass(frozen=True)
class Period:
    """The days that are scored, and what the bureau calls them."""

    label: str
    start: object
    end: object


@dataclass
class Result:
    """What became of one town."""

    code: str
    group: str | None
    as_of: object
    score: object = None
    start: object = None
    rank: int | None = None
    group_rank: int | None = None
    grade: str | None = None
    gates: list = field(default_factory=list)
    earned: dict = field(default_factory=dict)
    outcomes: dict = field(default_factory=dict)
    values: dict = field(default_factory=dict)
    dimensions: dict = field(default_factory=dict)
    findings: list = field(default_factory=list)
    ledger: list = field(default_factory=list)


@dataclass
class Assessed:
    """Every town's result by code, every finding by id; `ties`: only contents told some rows apart.

    `weights`: at what a longer period carried over, by town and subject.
    """

    towns: dict
    findings: dict
    ties: bool
    weights: dict = field(default_factory=dict)


def assess(
    scheme, tables, period, as_of, is_workday, published=None, windows=None, carried=None, frozen=None, without=()
):
    """Score every town of `tables` (lists of dicts by English table name) for `period` as of a day.

    `published`: (town, measure, period label) → a value that an earlier edition printed. `windows`: the day from which
    windows of parts are counted back, else `as_of`. `carried`: town → [(subject, points)] that earlier periods post.
    `frozen`: what earlier periods say of findings. `without`: towns that are not scored.
    """
    frozen = frozen or Frozen()
    counted, goes_to = counted_towns(tables["towns"], period.start, period.end)
    rows = {row["town_code"]: row for row in tables["towns"]}
    deducts = any(indicator.rule.kind == "deduct" for _, indicator in scheme.indicators())
    left_out = {
        row["town_code"]
        for row in counted
        if deducts
        and any(check["checked_on"] <= (windows or as_of) for check in tables.get("checks", []))
        and scheme.unchecked == "unranked"
        and not checks_in(tables, goes_to, row["town_code"], period, as_of)
    }
    left_out |= set(without)
    findings = read_findings(scheme, tables, rows, goes_to, period, as_of, windows or as_of, frozen)
    ties = pair(scheme, findings, span_of(period.start, period), frozen.charged)
    count_occasions(scheme, findings)
    for finding in findings:
        if finding.disposition == "priced":
            settle(scheme, tables, finding, as_of, is_workday)
            ties |= finding.unclear
        elif finding.disposition == "other_period_gone":
            finding.disposition = "other_period"
    findings = [f for f in findings if not f.stored]
    results = []
    everyone = [row for row in counted if row["town_code"] not in left_out]
    for row in counted:
        code = row["town_code"]
        group = {"group": row.get("group"), "kind": row.get("kind"), "none": None}[scheme.groups_by]
        result = Result(code, group, as_of, findings=[f for f in findings if f.town == code])
        results.append(result)
        if code in left_out:
            for finding in result.findings:
                if finding.disposition in {"priced", "duplicate"}:
                    finding.disposition = "not_checked"
            continue
        town, start, score, gates = tree.score_town(
            scheme,
            tables,
            goes_to,
            row,
            result.findings,
            period,
            as_of,
            everyone,
            published or {},
            (carried or {}).get(code, ()),
        )
        result.start, result.score, result.gates = start, score, gates
        result.earned, result.outcomes, result.dimensions = town.earned, town.outcomes, town.dimensions
        result.ledger, result.values = town.entries, town.values
        assert start + sum(entry[-1] for entry in town.entries) == score, code
    places.standings(scheme, results, as_of)
    return Assessed({r.code: r for r in results}, {f.id: f for f in findings}, ties)
