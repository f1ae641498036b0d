"""What a scheme does on a period's facts that nobody may have meant: warnings with the line that they come from.

None of them is an error: each says what was seen, and `silence` in the scheme accepts it with a reason.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from statistics import correlation
from typing import Final

import polars as pl

from schemas.scheme import Dimension, Indicator, Scheme
from scoring.assessment import Assessment
from scoring.intake import Tables
from scoring.messages import say
from scoring.outcome.chance import tail
from scoring.scheme import LoadedScheme, SchemeProblem, label_of
from scoring.scheme.linting import silenced
from scoring.scheme.problems import Collector

FEWEST_TOWNS: Final = 3
"""Of fewer nothing is said: they are alike by chance."""
_TOGETHER: Final = 3
_VOLUME_TOWNS: Final = 8
_VOLUME: Final = 0.5
_SHUFFLES: Final = 2000
_LEVEL: Final = Fraction(1, 100)
_APART: Final = Fraction(1, 20)


def lint_on_facts(loaded: LoadedScheme, assessment: Assessment, tables: Tables, lang: str) -> tuple[SchemeProblem, ...]:
    """Return every warning about a scheme on the facts that an assessment by it was made from."""
    problems = Collector(loaded.file, lang)
    scheme = loaded.scheme
    _double(scheme, assessment, tables, problems)
    _caps(scheme, assessment, problems)
    _alike(scheme, assessment, problems)
    _empty_grades(scheme, assessment, problems)
    _volume(scheme, assessment, problems)
    _harsh(scheme, assessment, tables, problems)
    _emphasis(scheme, problems)
    return silenced(scheme, problems, of_facts=True)


def _named(indicator: Indicator, lang: str) -> str:
    return label_of(indicator, lang)


def _double(scheme: Scheme, assessment: Assessment, tables: Tables, problems: Collector) -> None:
    """Find cases of one day that two indicators price."""
    priced = assessment.findings.filter(disposition="priced").select("finding_id")
    rows = tables.findings.join(priced, on="finding_id", how="semi").drop_nulls("case_ref")
    cases = rows.group_by("town", "case_ref", "found_on").agg(pl.col("indicator").unique().sort())
    pairs: Counter[tuple[str, str]] = Counter()
    for indicators in cases["indicator"]:
        names = list(indicators)
        pairs.update((one, other) for place, one in enumerate(names) for other in names[place + 1 :])
    counts = Counter(rows["indicator"].to_list())
    known = {indicator.id: indicator for _, indicator in scheme.indicators()}
    for (one, other), count in sorted(pairs.items()):
        rarer = min(counts[one], counts[other])
        if count >= _TOGETHER and 2 * count >= rarer:
            first, second = sorted((known[one], known[other]), key=lambda indicator: indicator.line)
            problems.warn(
                second.line, "facts-double", at=second.id, name=_named(second, problems.lang),
                other=_named(first, problems.lang), first=first.line, count=count,
            )  # fmt: skip


def _caps(scheme: Scheme, assessment: Assessment, problems: Collector) -> None:
    """Find caps that bind everybody, and caps written down that bind nobody."""
    scored = assessment.scores.drop_nulls("score").height
    if scored < FEWEST_TOWNS:
        return
    capped = assessment.ledger.filter(kind="cap")
    for _, indicator in scheme.indicators():
        if indicator.rule.kind != "deduct":
            continue
        own = assessment.indicators.filter((pl.col("indicator") == indicator.id) & (pl.col("findings") > 0))
        bound = capped.filter(pl.col("indicator") == indicator.id)["town_code"].n_unique()
        name = _named(indicator, problems.lang)
        if own.height >= FEWEST_TOWNS and bound == own["town_code"].n_unique():
            line = indicator.line_of("points")
            problems.warn(line, "facts-cap-always", at=indicator.id, name=name, count=bound)
        elif not bound and indicator.cap not in ("points", "none"):
            problems.warn(indicator.line_of("cap"), "facts-cap-never", at=indicator.id, name=name)
    for dimension in scheme.dimensions:
        bound = capped.filter((pl.col("dimension") == dimension.id) & pl.col("indicator").is_null()).height
        if not bound and dimension.cap != "none":
            name = label_of(dimension, problems.lang)
            problems.warn(dimension.line_of("cap"), "facts-cap-never", at=dimension.id, name=name)


def _alike(scheme: Scheme, assessment: Assessment, problems: Collector) -> None:
    """Find indicators without data for anybody, and those that give every town the same."""
    lang = problems.lang
    for dimension in scheme.dimensions:
        silent, same = [], []
        for indicator in dimension.indicators:
            rows = assessment.indicators.filter(pl.col("indicator") == indicator.id)
            scored = rows.filter(outcome="scored")
            if rows.height and not scored.height:
                silent.append(indicator)
            elif scored.height >= FEWEST_TOWNS and scored.select("earned_num", "earned_den").n_unique() == 1:
                same.append(indicator)
        for indicator in silent:
            problems.warn(indicator.line, "facts-no-data", at=indicator.id, name=_named(indicator, lang))
        if same:
            names = say("list-comma", lang).join(_named(indicator, lang) for indicator in same)
            points = sum((indicator.worth for indicator in same), Fraction(0))
            problems.warn(
                dimension.line, "facts-alike", at=dimension.id, name=label_of(dimension, lang), count=len(same),
                of=len(dimension.indicators), points=float(points), names=names,
            )  # fmt: skip


def _empty_grades(scheme: Scheme, assessment: Assessment, problems: Collector) -> None:
    if scheme.grades is None or assessment.scores.drop_nulls("score").height < FEWEST_TOWNS:
        return
    given = set(assessment.scores["grade"].drop_nulls())
    for grade in scheme.grades.grades:
        if grade.id not in given:
            problems.warn(grade.line, "facts-grade-empty", at=grade.id, name=label_of(grade, problems.lang))


def _volume(scheme: Scheme, assessment: Assessment, problems: Collector) -> None:
    """Tell whether the score follows the number of cases checked: Spearman's rank correlation, by shuffling."""
    known = assessment.scores.drop_nulls(["score_num", "sampled"])
    if known.height < _VOLUME_TOWNS or known["sampled"].n_unique() < FEWEST_TOWNS:
        return
    scores = _ranks([Fraction(n, d) for n, d in known.select("score_num", "score_den").iter_rows()])
    checked = _ranks([Fraction(n) for n in known["sampled"]])
    if len(set(scores)) == 1:
        return
    seen = correlation(scores, checked)
    chance = random.Random(0)  # noqa: S311 - shuffles, no secrets
    shuffled, extreme = list(checked), 0
    for _ in range(_SHUFFLES):
        chance.shuffle(shuffled)
        extreme += abs(correlation(scores, shuffled)) >= abs(seen) - 1e-12
    if abs(seen) >= _VOLUME and extreme / _SHUFFLES < float(_LEVEL) * 5:
        better = (seen > 0) != (scheme.direction == "up")
        code = "facts-volume-more" if better else "facts-volume-less"
        problems.warn(scheme.dimensions[0].line, code, at="volume", rho=f"{seen:.2f}", towns=known.height)


def _ranks(values: Sequence[Fraction]) -> list[float]:
    """Return ranks, ties in the middle of their places."""
    order = sorted(values)
    return [(order.index(value) + len(order) - order[::-1].index(value) - 1) / 2 for value in values]


def _harsh(scheme: Scheme, assessment: Assessment, tables: Tables, problems: Collector) -> None:
    """Find a team or batch whose findings are dearer than the others', by more than chance."""
    charged = assessment.ledger.filter(kind="deduction").select("subject", "price_num", "price_den")
    prices = {subject: Fraction(num, den) for subject, num, den in charged.iter_rows()}
    if len(prices) < 2 * _TOGETHER:
        return
    middle = sorted(prices.values())[len(prices) // 2]
    teams: dict[str, str] = {}
    if "team" in tables.checks.columns:
        teams = dict(tables.checks.select("check_id", "team").drop_nulls().iter_rows())
    own = tables.findings.filter(pl.col("finding_id").is_in(list(prices))).to_dicts()
    for what in ("team", "batch", "supervisor"):
        groups: dict[str, list[bool]] = {}
        for row in own:
            name = teams.get(row["check_id"]) if what == "team" else row.get(what)
            if name:
                groups.setdefault(name, []).append(prices[row["finding_id"]] > middle)
        _tell_harsh(what, groups, scheme, problems)


def _tell_harsh(what: str, groups: Mapping[str, Sequence[bool]], scheme: Scheme, problems: Collector) -> None:
    total, dear = sum(map(len, groups.values())), sum(sum(members) for members in groups.values())
    for name, members in sorted(groups.items()):
        others = total - len(members)
        if len(groups) < 2 or not others or sum(members) < _TOGETHER:
            continue
        if tail(sum(members), dear - sum(members), len(members), others) < _LEVEL / len(groups):
            facts = {"dear": sum(members), "all": len(members), "others": dear - sum(members), "rest": others}
            problems.warn(scheme.dimensions[0].line, f"facts-harsh-{what}", at=name, name=name, **facts)


def _emphasis(scheme: Scheme, problems: Collector) -> None:
    """Sections of the document whose share of the points is far from their share of the items that cite them.

    A crude measure of emphasis: every indicator and every item that is not scored counts once.
    """
    items: Counter[str] = Counter()
    points: dict[str, Fraction] = {}
    first: dict[str, Dimension] = {}
    for dimension, indicator in scheme.indicators():
        section = _section(indicator.clause)
        items[section] += 1
        points[section] = points.get(section, Fraction(0)) + indicator.worth
        first.setdefault(section, dimension)
    for item in scheme.not_scored:
        items[_section(item.clause)] += 1
    whole, number = sum(points.values(), Fraction(0)), sum(items.values())
    if len(points) < 2:
        return
    for section, sum_ in points.items():
        weight, share = sum_ / whole, Fraction(items[section], number)
        if abs(weight - share) >= _APART and not Fraction(1, 2) <= weight / share <= 2:
            code = "facts-emphasis-more" if weight > share else "facts-emphasis-less"
            problems.warn(
                first[section].line, code, at=section, section=section, points=f"{float(100 * weight):.0f}",
                items=f"{float(100 * share):.0f}",
            )  # fmt: skip


def _section(clause: str) -> str:
    """Return the part of a clause before its first bracket or list mark: the document's own section."""
    for mark in say("weights-clause-marks", "zh"):
        clause = clause.split(mark, 1)[0]
    return clause.strip()


__all__ = ["lint_on_facts"]
