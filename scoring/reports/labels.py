"""The words of one assessment in one language: periods, dimensions, indicators, grades, states, stages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from scoring.messages import catalogue, say
from scoring.reports.office_text import printable
from scoring.reports.text import day, exact

_PERIOD = re.compile(r"(\d{4})(?:Q([1-4])|H([12])|-(\d{2}))?")


@dataclass(frozen=True)
class Labels:
    """What things are called.

    Parameters
    ----------
    head
        The assessment's head.
    lang
        ``zh`` or ``en``.
    """

    head: Mapping[str, Any]
    lang: str

    def __call__(self, code: str, /, **parameters: object) -> str:
        """Return a sentence of the catalogue."""
        return say(code, self.lang, **parameters)

    def has(self, code: str) -> bool:
        """Tell whether the catalogue knows the code: schemes and data may bring states of their own."""
        return code in catalogue(self.lang)

    def known(self, prefix: str, word: str) -> str:
        """Return the catalogue's word for an id, or the id itself."""
        code = f"{prefix}-{word.replace('_', '-')}"
        return self(code) if self.has(code) else printable(word)

    def named(self, thing: Mapping[str, Any]) -> str:
        """Return the label of a part of the scheme."""
        other = thing.get("label_en") if self.lang == "en" else None
        return printable(str(other or thing["label"]))

    @cached_property
    def words(self) -> Mapping[str, str]:
        """What words of the data (severities, channels, programmes, groups) are called in this language."""
        return dict(self.head["scheme"].get("words_en") or {}) if self.lang == "en" else {}

    def word(self, text: str | None) -> str:
        """Return a word of the data; nothing for none."""
        return printable(self.words.get(text or "", text or ""))

    @cached_property
    def dimensions(self) -> dict[str, Mapping[str, Any]]:
        """The scheme's dimensions by id, in order."""
        return {dimension["id"]: dimension for dimension in self.head["scheme"]["dimensions"]}

    @cached_property
    def indicators(self) -> dict[str, Mapping[str, Any]]:
        """The scheme's indicators by id, in order, each with its dimension's id."""
        return {
            indicator["id"]: {**indicator, "dimension": dimension["id"]}
            for dimension in self.head["scheme"]["dimensions"]
            for indicator in dimension["indicators"]
        }

    def dimension(self, identifier: str | None) -> str:
        """Return a dimension's label; what lies above all dimensions has the name of the whole."""
        if identifier is None:
            return self("reports-whole")
        found = self.dimensions.get(identifier)
        return printable(identifier) if found is None else self.named(found)

    def indicator(self, identifier: str | None) -> str:
        """Return an indicator's label."""
        found = self.indicators.get(identifier or "")
        return printable(identifier or "") if found is None else self.named(found)

    def measure(self, identifier: str) -> str:
        """Return a measure's label."""
        measures = self.head["scheme"].get("measures") or ()
        return next((self.named(one) for one in measures if one["id"] == identifier), printable(identifier))

    def grade(self, identifier: str | None) -> str:
        """Return a grade's label; nothing for none."""
        for grade in self.head["scheme"].get("grades") or ():
            if grade["id"] == identifier:
                return self.named(grade)
        return printable(identifier or "")

    def part(self, identifier: str | None) -> str:
        """Return a part's label; nothing where the run has only one."""
        parts = self.head["scheme"].get("parts") or []
        if len(parts) < 2 and self.weight(identifier) == 1:
            return ""
        return next((self.named(part) for part in parts if part["id"] == identifier), "")

    def weighted_part(self, identifier: str | None) -> str:
        """Return a part's label with its weight, where points are listed before and after it."""
        part, weight = self.part(identifier), self.weight(identifier)
        return self("reports-part-weight", part=part, weight=exact(weight)) if part and weight != 1 else part

    def weight(self, identifier: str | None) -> Fraction:
        """Return a part's weight; 1 where there are no parts."""
        parts = self.head["scheme"].get("parts") or []
        return next((Fraction(part["weight"]) for part in parts if part["id"] == identifier), Fraction(1))

    def gate(self, identifier: str) -> str:
        """Return a veto's name in the scheme, for papers that stay inside."""
        return next((self.named(gate) for gate in self._gates if gate["id"] == identifier), printable(identifier))

    def gate_effect(self, identifier: str) -> str:
        """Return what a decided veto did to the result."""
        gate = next((gate for gate in self._gates if gate["id"] == identifier), {})
        code = f"reports-gate-{str(gate.get('effect') or 'other').replace('_', '-')}"
        return self(code if self.has(code) else "reports-gate-other", grade=self.grade(gate.get("grade")))

    def decided_gates(self, town: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Return, for each veto decided on a town, the wording approved for the public, and what follows from it."""
        wordings = town.get("gate_wordings") or [""] * len(town["gates"] or ())
        return [
            (printable(wording).rstrip("\u3002.") or self("reports-gate-unworded"), self.gate_effect(gate))
            for gate, wording in zip(town["gates"] or (), wordings, strict=True)
        ]

    @property
    def _gates(self) -> list[Mapping[str, Any]]:
        return list(self.head["scheme"].get("gates") or ())

    @cached_property
    def scheme(self) -> str:
        """The scheme's title."""
        scheme = self.head["scheme"]
        other = scheme.get("title_en") if self.lang == "en" else None
        return printable(str(other or scheme["title"]))

    @cached_property
    def up(self) -> bool:
        """Whether lower scores are better."""
        return bool(self.head["scheme"]["direction"] == "up")

    def directed(self, code: str, **parameters: object) -> str:
        """Return the sentence that the catalogue has for the scheme's direction."""
        return self(f"{code}-{self.head['scheme']['direction']}", **parameters)

    @cached_property
    def base(self) -> Fraction:
        """The points that a scheme which goes both ways begins with; 0 in others, whose dimensions say it all."""
        scheme = self.head["scheme"]
        return Fraction(scheme["base"]) if scheme["direction"] == "net" else Fraction(0)

    @cached_property
    def period(self) -> str:
        """The period in words: the first quarter of 2025."""
        return self.period_words(self.head["period"])

    def period_words(self, period: Mapping[str, Any]) -> str:
        """Return a period, {id, label}, in words; its label where the id is none of the calendar's."""
        match = _PERIOD.fullmatch(str(period.get("id") or ""))
        if match is None:
            return printable(str(period.get("label") or period["id"]))
        year, quarter, half, month = match.groups()
        if quarter:
            return self("reports-period-quarter", year=year, ordinal=self(f"reports-ordinal-{quarter}"))
        if half:
            return self(f"reports-period-half-{half}", year=year)
        if month:
            return self("reports-period-month", year=year, month=self(f"reports-month-{int(month)}"))
        return self("reports-period-year", year=year)

    def place_in_year(self, identifier: str) -> str:
        """Return a period without its year, for the head of a column; in full where it has no shorter name."""
        match = _PERIOD.fullmatch(identifier)
        if match is None:
            return printable(identifier)
        _, quarter, half, month = match.groups()
        if quarter:
            return self("reports-short-quarter", ordinal=self(f"reports-ordinal-{quarter}"))
        if half:
            return self(f"reports-short-half-{half}")
        return self(f"reports-month-{int(month)}") if month else self.period_words({"id": identifier})

    def brief_in_year(self, identifier: str) -> str:
        """Return a quarter without its year in as few words as a heading holds; other periods as `place_in_year`."""
        match = _PERIOD.fullmatch(identifier)
        if match is None or match[2] is None:
            return self.place_in_year(identifier)
        return self(f"reports-brief-quarter-{match[2]}")

    def short_period(self, period: Mapping[str, Any]) -> str:
        """Return a period in as few words as stand under a picture."""
        match = _PERIOD.fullmatch(str(period.get("id") or ""))
        if match is None or match[2] is None:
            return self.period_words(period)
        return self(f"reports-short-quarter-{match[2]}", year=match[1])

    @cached_property
    def this_period(self) -> str:
        """How the text speaks of the period again: this quarter, this year."""
        return self.known("reports-this", str(self.head["period"].get("kind") or "interval"))

    @cached_property
    def watermark(self) -> str:
        """What lies behind the text of each page; nothing once published."""
        words = [] if self.head["stage"] == "published" else [self.known("reports-stage", self.head["stage"])]
        if self.head.get("incomplete"):
            words.append(self("reports-incomplete"))
        return self("reports-watermark-join").join(words)

    @cached_property
    def trace(self) -> str:
        """Run code, scheme and date: the small line on every page."""
        head = self.head
        words = [self("reports-example-data")] if head.get("example") else []
        words.append(self("reports-trace-run", code=printable(str(head.get("run_code") or "-"))))
        words.append(self("reports-trace-scheme", scheme=self.scheme, hash=str(head["scheme"].get("hash") or "")[:8]))
        words.append(self("reports-trace-as-of", day=day(head["as_of"], self.lang)).replace(" ", "\u00a0"))
        if self.lang == "zh":
            return "\u3000".join(words)
        return " \u00b7 ".join(words)
