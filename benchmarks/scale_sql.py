"""The rules of benchmarks/scale.py in DuckDB's SQL: validated Parquet to totals and a narrow ledger in memory.

Written as a careful analyst would for this scheme and this data: whole numbers throughout, windows where the rules say
so, at most two findings a case. What this leaves out of the engine: refusals, appeals, letters, parts, carry-over.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import scale_data as data

from schemas.scheme.rules import Deduct
from scoring.pricing.deduct import Units
from scoring.workdays import Workdays

BASE = date(2024, 12, 31)
DAYS = 1200


def constants() -> dict[str, Any]:
    """Return the scheme as plain numbers: prices and points in units, working days by number."""
    scheme = data.scheme()
    units = Units.of(scheme).points
    prices, indicators = [], []
    for dimension, indicator in scheme.indicators():
        rule = indicator.rule
        assert indicator.cap == "points"
        if isinstance(rule, Deduct):
            indicators.append((indicator.id, dimension.id, int(indicator.points * 100), rule.exposure is not None))
            for row in scheme.prices_of(indicator):
                severity = str(row.when["severity"].operators()["eq"])
                prices.append((indicator.id, severity, int(row.price * units), row.zero_out, rule.per == "case"))
    rates = [
        (i.id, i.rule.measure, int(i.points * 100), int(i.rule.per_point.target), int(i.rule.per_point.price * 100))
        for _, i in scheme.indicators()
        if i.id in data.RATES
    ]
    workdays, upto, days = Workdays(), [], []
    for number in range(1, DAYS + 1):
        day = BASE + timedelta(days=number)
        if day.year < 2027 and workdays.is_workday(day):
            days.append(number)
        upto.append(len(days))
    states = scheme.rectification.states
    names = ("on_time", "late", "self_reported", "partly", "overdue", "sent_back", "false_report", "waiting")
    known = {name: getattr(states, name) for name in names}
    return {
        "units": units,
        "prices": prices,
        "indicators": indicators,
        "rates": rates,
        "days_allowed": {s.id: s.working_days for s in scheme.severities},
        "upto": upto,
        "workday": days,
        "share": {name: float(one.share) if one else 0.0 for name, one in known.items()},
        "share_units": {name: int(one.share * 100) if one else 0 for name, one in known.items()},
        "extra": {name: int(one.extra * units) if one else 0 for name, one in known.items()},
        "sides": data._channels(),
        "self": scheme.rectification.self_reported_when["channel"].operators()["eq"],
        "full": int(scheme.full * 100),
        "minimum": 30,
        "grades": [(g.id, int(g.at_least * 100)) for g in scheme.grades.grades if g.at_least is not None],
    }


SQL = """
CREATE TABLE f AS
SELECT f.finding_id, f.town, f.indicator, f.problem_type, f.case_ref, f.channel, f.found_on, f.approved_on,
       f.assigned_on, f.cases, p.price * CASE WHEN p.per_case THEN f.cases ELSE 1 END AS base, p.zero_out,
       f.found_on >= DATE '{start}' AS now, s.days AS allowed,
       CASE WHEN f.channel IN {one} THEN 1 WHEN f.channel IN {two} THEN 2 END AS side
FROM read_parquet('{findings}') f
JOIN price p ON p.indicator = f.indicator AND p.severity = f.severity
JOIN severity s ON s.id = f.severity
JOIN read_parquet('{towns}') t ON t.town_code = f.town
WHERE NOT coalesce(f.approved_on < t.delegated_on, false) AND f.found_on <= DATE '{as_of}';

CREATE TABLE pair AS
SELECT CASE WHEN a_first THEN a ELSE b END AS keeper, CASE WHEN a_first THEN b ELSE a END AS partner FROM (
  SELECT a.finding_id AS a, b.finding_id AS b,
         (NOT a.zero_out, -a.base, a.found_on, a.approved_on, a.assigned_on, a.cases, a.channel, a.finding_id)
         < (NOT b.zero_out, -b.base, b.found_on, b.approved_on, b.assigned_on, b.cases, b.channel, b.finding_id)
         AS a_first
  FROM f a JOIN f b USING (town, case_ref, indicator)
  WHERE a.now AND b.now AND a.side = 1 AND b.side = 2 AND abs(a.found_on - b.found_on) <= 15
    AND NOT (a.zero_out AND b.zero_out));

CREATE TABLE day AS
SELECT *, count(*) OVER (PARTITION BY town, indicator, problem_type ORDER BY found_on
                         RANGE BETWEEN INTERVAL 365 DAY PRECEDING AND INTERVAL 1 DAY PRECEDING) AS before
FROM (SELECT town, indicator, problem_type, found_on, count(*) AS findings FROM f GROUP BY ALL);

CREATE TABLE own AS
SELECT f.*, coalesce(p.keeper, f.finding_id) AS matter, p.keeper IS NOT NULL AS kept_by_another,
       d.before, d.findings AS that_day
FROM f LEFT JOIN pair p ON p.partner = f.finding_id
JOIN day d USING (town, indicator, problem_type, found_on) WHERE f.now;

CREATE TABLE occasion AS
SELECT matter, max(occasions) AS occasions FROM (
  SELECT k.finding_id AS matter, k.before - (p.found_on < k.found_on AND p.problem_type = k.problem_type
         AND p.that_day = 1 AND p.found_on >= k.found_on - 365)::INT AS occasions
  FROM own p JOIN own k ON k.finding_id = p.matter WHERE p.kept_by_another
  UNION ALL
  SELECT k.finding_id, p.before - (k.found_on < p.found_on AND p.problem_type = k.problem_type
         AND k.that_day = 1 AND k.found_on >= p.found_on - 365)::INT
  FROM own p JOIN own k ON k.finding_id = p.matter WHERE p.kept_by_another) GROUP BY matter;

CREATE TABLE report AS
SELECT o.matter, r.submitted_on, r.verified_on, r.outcome,
       CASE WHEN r.verdict IS NULL OR r.verified_on > DATE '{as_of}' THEN 'waiting' ELSE r.verdict END AS verdict
FROM read_parquet('{rectifications}') r JOIN own o USING (finding_id) WHERE r.submitted_on <= DATE '{as_of}';

CREATE TABLE folded AS
WITH numbered AS (
  SELECT *, row_number() OVER (PARTITION BY matter ORDER BY submitted_on, list_position(
    ['passed', 'ended', 'partly', 'waiting', 'sent_back', 'false'], verdict), outcome) AS i FROM report),
last AS (
  SELECT matter, coalesce(max(i) FILTER (verdict = 'false'), 0) AS last_false,
         coalesce(max(i) FILTER (verdict IN ('sent_back', 'false')), 0) AS last_reset,
         coalesce(max(i) FILTER (verdict <> 'waiting'), 0) AS last_judged FROM numbered GROUP BY matter)
SELECT matter, bool_or(verdict = 'false') AS false_report, bool_or(verdict = 'sent_back') AS sent_back,
       arg_max(verdict, i) AS last,
       min(submitted_on) FILTER (verdict IN ('passed', 'ended') AND i > last_reset) AS closed_on,
       min(submitted_on) FILTER (verdict = 'waiting' AND i > last_judged) AS waiting_on,
       min(submitted_on) FILTER ((verdict IN ('passed', 'ended') AND i > last_false)
                                 OR (verdict = 'waiting' AND i > last_judged)) AS good_on
FROM numbered JOIN last USING (matter) GROUP BY matter;

CREATE TABLE stop AS
WITH back AS (SELECT matter, submitted_on AS first, verified_on AS till FROM report
              WHERE verdict = 'sent_back' AND verified_on > submitted_on),
edged AS (SELECT *, max(till) OVER (PARTITION BY matter ORDER BY first, till
          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before FROM back),
island AS (SELECT *, sum((before IS NULL OR first > before)::INT) OVER (PARTITION BY matter ORDER BY first, till)
           AS nth FROM edged),
merged AS (SELECT matter, nth, min(first) AS first, max(till) AS till FROM island GROUP BY matter, nth)
SELECT matter, {stops} FROM merged GROUP BY matter;

CREATE TABLE clock AS
SELECT o.finding_id, o.matter, o.found_on - DATE '{base}' AS start, o.allowed, s.* EXCLUDE (matter)
FROM own o LEFT JOIN stop s USING (matter);

CREATE TABLE due AS
SELECT matter, min(due) AS due FROM ({moved}) GROUP BY matter;

CREATE TABLE charged AS
WITH facts AS (
  SELECT o.finding_id, o.town, o.indicator, o.base, o.zero_out, o.channel,
         coalesce(c.occasions, o.before) AS occasions, DATE '{base}' + d.due::INT AS due, r.* EXCLUDE (matter)
  FROM own o JOIN due d USING (matter) LEFT JOIN folded r USING (matter) LEFT JOIN occasion c USING (matter)
  WHERE NOT o.kept_by_another),
stated AS (
  SELECT *, due < DATE '{as_of}' AND (good_on IS NULL OR good_on > due) AS overdue,
    CASE WHEN coalesce(false_report, false) THEN 'false_report' WHEN last = 'sent_back' THEN 'sent_back'
         WHEN closed_on > due THEN 'late' WHEN closed_on IS NOT NULL AND channel = '{self}' THEN 'self_reported'
         WHEN closed_on IS NOT NULL THEN 'on_time' WHEN last = 'partly' THEN 'partly' ELSE 'open' END AS state
  FROM facts)
SELECT finding_id, town, indicator, zero_out, base, m.times2 * base // 2 AS charge,
       m.times2 * base // 2 * coalesce(s.share, 0) // 100 AS credit,
       CASE WHEN overdue THEN {extra_overdue} ELSE 0 END AS extra_overdue,
       CASE WHEN sent_back THEN {extra_sent_back} ELSE 0 END AS extra_sent_back
FROM stated JOIN (VALUES (0, 2), (1, 3), (2, 4)) m(occasions, times2) ON m.occasions = least(stated.occasions, 2)
LEFT JOIN share s ON s.state = stated.state;

CREATE TABLE loss AS
WITH net AS (SELECT town, indicator, sum(charge - credit + extra_overdue + extra_sent_back)::HUGEINT AS net,
                    bool_or(zero_out) AS fired FROM charged GROUP BY town, indicator),
checked AS (SELECT town, greatest(sum(sampled), {minimum}) AS checked FROM read_parquet('{checks}')
            WHERE checked_on BETWEEN DATE '{start}' AND DATE '{end}' GROUP BY town)
SELECT t.town_code AS town, i.id AS indicator, i.points, coalesce(n.net, 0) AS net,
       CASE WHEN i.exposure THEN 100 ELSE 1 END AS times,
       {units}::HUGEINT * CASE WHEN i.exposure THEN c.checked ELSE 1 END AS den,
       coalesce(n.fired, false) AS fired
FROM read_parquet('{towns}') t CROSS JOIN indicator i LEFT JOIN net n ON n.town = t.town_code AND n.indicator = i.id
LEFT JOIN checked c ON c.town = t.town_code;

CREATE TABLE earned AS
SELECT town, indicator, points, CASE WHEN fired OR 100 * net * times >= points * den THEN 0
  ELSE (2 * (points * den - 100 * net * times) + den) // (2 * den) END AS earned FROM loss
UNION ALL
SELECT m.town, r.id, r.points,
       greatest(0, (2 * (r.points * den - r.price * (r.target * den - 100 * num)) + den) // (2 * den))
FROM (SELECT town, measure, sum(numerator)::BIGINT AS num, sum(denominator)::BIGINT AS den
      FROM read_parquet('{measures}') WHERE period = '{period}' GROUP BY ALL) m JOIN rate r USING (measure);

CREATE TABLE total AS
SELECT town, score, rank() OVER (ORDER BY score DESC) AS rank,
       rank() OVER (PARTITION BY kind ORDER BY score DESC) AS group_rank, {grade} AS grade
FROM (SELECT town, least(greatest(sum(earned), 0), {full})::BIGINT AS score FROM earned GROUP BY town)
JOIN read_parquet('{towns}') t ON t.town_code = town;

CREATE TABLE ledger AS
SELECT town, indicator, finding_id, 'deduction' AS kind, base AS points FROM charged
UNION ALL SELECT town, indicator, finding_id, 'repeat', charge - base FROM charged WHERE charge <> base
UNION ALL SELECT town, indicator, finding_id, 'credit', -credit FROM charged WHERE credit <> 0
UNION ALL SELECT town, indicator, finding_id, 'overdue', extra_overdue FROM charged WHERE extra_overdue <> 0
UNION ALL SELECT town, indicator, finding_id, 'sent_back', extra_sent_back FROM charged WHERE extra_sent_back <> 0
UNION ALL SELECT town, indicator, NULL, 'cap', earned FROM earned WHERE earned <> points;
"""
STOPS = 4
"""A matter of two findings with two reports each stands still at most so often."""


def statements(folder: Path, known: dict[str, Any]) -> str:
    """Return the whole script."""
    upto, workday = "getvariable('upto')", "getvariable('workday')"
    moved = "SELECT *, 0::BIGINT AS added, " + f"{workday}[{upto}[start] + allowed] AS due FROM clock"
    for n in range(1, STOPS + 1):
        low = f"greatest(first{n} - 1, start)"
        hit = f"(due > {low} AND till{n} - 1 > {low})"
        added = f"added + CASE WHEN {hit} THEN {upto}[till{n} - 1] - {upto}[{low}] ELSE 0 END"
        moved = f"SELECT * REPLACE ({added} AS added) FROM ({moved})"
        again = f"CASE WHEN added > 0 THEN {workday}[{upto}[start] + allowed + added] ELSE due END"
        moved = f"SELECT * REPLACE ({again} AS due) FROM ({moved})"
    stops = ", ".join(
        f"max({edge}) FILTER (nth = {n}) - DATE '{BASE}' AS {edge}{n}"
        for n in range(1, STOPS + 1)
        for edge in ("first", "till")
    )
    grade = "CASE " + " ".join(f"WHEN score >= {least} THEN '{name}'" for name, least in known["grades"]) + " END"
    return SQL.format(
        **{name: data.files(folder, name) for name in ("findings", "towns", "rectifications", "checks", "measures")},
        start=data.PERIOD.start, end=data.PERIOD.end, as_of=data.AS_OF, period=data.PERIOD.id, base=BASE,
        one=known["sides"][0], two=known["sides"][1], self=known["self"], stops=stops, moved=moved, grade=grade,
        extra_overdue=known["extra"]["overdue"], extra_sent_back=known["extra"]["sent_back"],
        units=known["units"], minimum=known["minimum"], full=known["full"],
    )  # fmt: skip


def run(folder: Path, threads: int) -> Any:
    """Carry out the rules; return the connection with the tables `total` and `ledger`."""
    import duckdb

    known = constants()
    database = duckdb.connect(config={"threads": threads})
    for table, columns, rows in (
        (
            "price",
            "indicator VARCHAR, severity VARCHAR, price BIGINT, zero_out BOOLEAN, per_case BOOLEAN",
            known["prices"],
        ),
        ("indicator", "id VARCHAR, dimension VARCHAR, points BIGINT, exposure BOOLEAN", known["indicators"]),
        ("rate", "id VARCHAR, measure VARCHAR, points BIGINT, target BIGINT, price BIGINT", known["rates"]),
        ("severity", "id VARCHAR, days BIGINT", list(known["days_allowed"].items())),
        ("share", "state VARCHAR, share BIGINT", list(known["share_units"].items())),
    ):
        database.execute(f"CREATE TABLE {table} ({columns})")
        database.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
    for name in ("upto", "workday"):
        database.execute(f"SET VARIABLE {name} = {known[name]}")
    for statement in statements(folder, known).split(";"):
        if statement.strip():
            database.execute(statement)
    return database
