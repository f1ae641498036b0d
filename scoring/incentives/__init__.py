"""Perverse incentives: small facts, found by search, under which a scheme rewards the wrong thing.

| what | where |
|---|---|
| small facts of one town, many of them scored by the engine in one run | bench |
| findings of every kind that a scheme tells apart | kinds |
| pairs of facts, one of which ought to stand no better than the other | pairs |
| the search, plain pairs first and then dice, and the shrinking of what it finds | search |
| what was found, in words | words |

docs/incentives.md says what is looked for and what a silent search means.
"""

from scoring.incentives.pairs import FORMS
from scoring.incentives.search import Example, Searched, search
from scoring.incentives.words import Told, told

__all__ = ["FORMS", "Example", "Searched", "Told", "search", "told"]
