"""What a search found, in words: the two sets of facts side by side, both scores, and the lines of the rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from schemas.amount import write_amount
from schemas.scheme import Scheme
from scoring.exact import fixed
from scoring.incentives.bench import Case, Row
from scoring.incentives.search import Example, Searched
from scoring.ledger import sign_of_loss
from scoring.messages import catalogue, say
from scoring.problems import Refused
from scoring.scheme import LoadedScheme, label_of, laws_given_up, word_in
from scoring.scheme.words import field_word

_LAWS: Final[Mapping[str, tuple[str, ...]]] = {
    "fix": ("law-credit-order", "law-further-report"),
    "late": ("law-credit-order",),
    "checks": ("law-applicability", "law-small-sample"),
    "splitting": ("law-pairs",),
}
"""The laws that a scheme gives up by its structure and that speak of the same thing."""
_BY_STATE: Final = frozenset({"fix", "late", "hiding", "caught"})
_PLAIN: Final = frozenset({"finding_id", "indicator", "found_on", "assigned_on", "due_on", "cases", "persons"})


@dataclass(frozen=True)
class Told:
    """One example: what is wrong, a table of facts (what, if so, if so), and the rules that make it so."""

    sentence: str
    heading: tuple[str, str, str]
    rows: tuple[tuple[str, str, str], ...]
    rules: tuple[str, ...]


def told(searched: Searched, loaded: LoadedScheme, lang: str) -> list[Told]:
    """Put every example into words."""
    return [_told(example, searched, loaded, lang) for example in searched.examples]


def _told(example: Example, searched: Searched, loaded: LoadedScheme, lang: str) -> Told:
    scheme, pair = loaded.scheme, example.pair
    form = pair.form
    sides = [say(f"incentives-{form}-{side}", lang) for side in ("wrong", "right")]
    wrong, right = _facts(pair.wrong, scheme, lang), _facts(pair.right, scheme, lang)
    rows = [(name, wrong.get(name, ""), right.get(name, "")) for name in dict.fromkeys([*wrong, *right])]
    sign = -sign_of_loss(scheme)
    scores = [fixed(sign * value, scheme.decimals) for value in (example.wrong, example.right)]
    rows.append((say("incentives-score", lang), scores[0], scores[1]))
    return Told(
        say(f"incentives-{form}", lang),
        (say("incentives-facts", lang), sides[0], sides[1]),
        tuple(rows),
        tuple(_rules(example, searched, loaded, lang)),
    )


def _facts(case: Case, scheme: Scheme, lang: str) -> dict[str, str]:
    """Return a line for each finding, each finding's reports, the checks and the town, in that order."""
    lines: dict[str, str] = {}
    for row in case.findings:
        name = row["finding_id"]
        lines[say("incentives-finding", lang, name=name)] = _finding(row, scheme, lang)
        reports = [_report(report, lang) for report in case.reports if report["finding_id"] == name]
        lines[say("incentives-fixing", lang, name=name)] = say("list-comma", lang).join(reports) or say(
            "incentives-no-report", lang
        )
    if not case.findings:
        lines[say("incentives-finding", lang, name="A")] = say("incentives-nothing", lang)
    lines[say("incentives-checked", lang)] = str(case.checked)
    for name, value in case.town.items():
        lines[field_word(scheme, name, lang)] = _cell(value)
    return lines


def _finding(row: Row, scheme: Scheme, lang: str) -> str:
    indicator = next(indicator for _, indicator in scheme.indicators() if indicator.id == row["indicator"])
    words = [label_of(indicator, lang)]
    # A count of one says nothing.
    counted = {name: row[name] for name in ("cases", "persons") if row.get(name) not in (None, 1)}
    named = {name: value for name, value in row.items() if name not in _PLAIN and value not in (None, [])}
    for name, value in {**named, **counted}.items():
        told = say("incentives-field", lang, name=field_word(scheme, name, lang), value=_cell(value))
        words.append(word_in(scheme, str(value), lang) if name in ("severity", "channel") else told)
    words.append(say("incentives-days", lang, found=row["found_on"], due=row["due_on"]))
    return say("list-comma", lang).join(words)


def _report(report: Row, lang: str) -> str:
    verdict = say(f"incentives-verdict-{report['verdict'].replace('_', '-')}", lang)
    return say("incentives-report", lang, day=report["submitted_on"], verdict=verdict)


def _cell(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return " ".join(map(str, value))
    return write_amount(value) if isinstance(value, Fraction) else str(value)


def _rules(example: Example, searched: Searched, loaded: LoadedScheme, lang: str) -> Iterable[str]:
    """Name the lines of the prices and states that the two differ in, and the law that the structure gives up."""
    scheme = loaded.scheme
    rows = _scored_rows(example, searched)
    prices = dict.fromkeys(row["price_line"] for row in rows if row["price_line"]) or {example.pair.line: None}
    for line in prices:
        yield say("incentives-price-line", lang, place=f"{loaded.file}:{line}")
    states = dict.fromkeys(str(row["state"]) for row in rows if row["state"])
    for name in states if example.pair.form in _BY_STATE else ():
        state = getattr(scheme.rectification.states, name, None)
        line = (state.line if state is not None else 0) or scheme.rectification.line
        if line:
            word = _state_word(name, lang)
            yield say("incentives-state-line", lang, place=f"{loaded.file}:{line}", state=word)
    wanted = _LAWS.get(example.pair.form, ())
    for law in laws_given_up(scheme, lang):
        if law.code in wanted:
            because = say("list-comma", lang).join(law.because)
            yield say("incentives-law", lang, law=say(f"scheme-{law.code}", lang, because=because))


def _state_word(name: str, lang: str) -> str:
    code = f"book-state-{name.replace('_', '-')}"
    return say(code, lang) if code in catalogue(lang) else name


def _scored_rows(example: Example, searched: Searched) -> Sequence[dict[str, Any]]:
    """Return the findings that are not in both with what became of them."""
    pair = example.pair
    try:
        scored = searched.bench.scored([pair.wrong, pair.right])
    except Refused:  # scored before, so that this is never reached
        return []
    rows = scored.charges.findings.select("finding_id", "state", "price_line").to_dicts()
    return [row for row in rows if row["finding_id"].rpartition(".")[2] in ("A", "B")]
