"""What is wrong with a scheme: problems with file, line and a sentence that says what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

from scoring.messages import say

_CHOICES_SHOWN: Final = 12


@dataclass(frozen=True)
class SchemeProblem:
    """One problem of a scheme.

    Attributes
    ----------
    file, line
        Where it stands; line 0 means the file as a whole.
    code
        The same in every language; `silence` entries name it.
    severity
        An error refuses the scheme, a warning does not.
    message
        A sentence in the chosen language, without file and line.
    at
        The id of the indicator, price list, grade … that it is about; `silence` entries may name it.
    silenced
        The reason that the scheme gives for accepting a warning; None where it was not accepted.
    """

    file: str
    line: int
    code: str
    severity: Literal["error", "warning"]
    message: str
    at: str = ""
    silenced: str | None = None

    def __str__(self) -> str:
        """Return `file:line: message`."""
        return f"{self.file}:{self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"


class SchemeError(Exception):
    """A scheme was refused. It carries every problem that was found, in the order of the file."""

    def __init__(self, problems: Iterable[SchemeProblem]) -> None:
        self.problems: tuple[SchemeProblem, ...] = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


@dataclass
class Collector:
    """Gathers the problems of one file in one language."""

    file: str
    lang: str
    found: list[SchemeProblem] = field(default_factory=list)

    def error(self, line: int, code: str, *, at: str = "", **parameters: object) -> None:
        """Add an error; its sentence is the catalogue's `scheme-<code>`."""
        self._add("error", line, code, at, parameters)

    def warn(self, line: int, code: str, *, at: str = "", **parameters: object) -> None:
        """Add a warning; its sentence is the catalogue's `scheme-<code>`."""
        self._add("warning", line, code, at, parameters)

    def _add(
        self, severity: Literal["error", "warning"], line: int, code: str, at: str, parameters: dict[str, object]
    ) -> None:
        message = say(f"scheme-{code}", self.lang, **parameters)
        self.found.append(SchemeProblem(self.file, line, code, severity, message, at))

    def in_order(self) -> tuple[SchemeProblem, ...]:
        """Return each problem once, by line."""
        return tuple(
            sorted(dict.fromkeys(self.found), key=lambda problem: (problem.line, problem.code, problem.message))
        )

    def hint(self, word: str, choices: Iterable[str]) -> str:
        """Return a sentence that names the nearest valid word, or the first few where none is near."""
        known = list(dict.fromkeys(choices))
        if not known:
            return say("scheme-hint-none", self.lang)
        near = nearest(word, known)
        if near:
            return say("scheme-hint-nearest", self.lang, nearest=near)
        listed = say("list-comma", self.lang).join(known[:_CHOICES_SHOWN])
        more = say("scheme-hint-more", self.lang) if len(known) > _CHOICES_SHOWN else ""
        return say("scheme-hint-choices", self.lang, choices=listed + more)


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice most like `word`, None where none is alike.

    Examples
    --------
    >>> nearest("sevrity", ["channel", "severity"])
    'severity'
    """
    by_fold = {choice.casefold(): choice for choice in choices}
    close = difflib.get_close_matches(word.casefold(), list(by_fold), n=1, cutoff=0.5)
    return by_fold[close[0]] if close else None
