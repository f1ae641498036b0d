"""The scheme (weights file): reading, checking, linting and showing it."""

from __future__ import annotations

from typing import Any

from schemas.scheme import Scheme
from scoring.scheme.amounts import finding_denominator
from scoring.scheme.laws import LawGivenUp, laws_given_up
from scoring.scheme.linting import lint
from scoring.scheme.loading import LoadedScheme, load_scheme, parse_scheme
from scoring.scheme.problems import SchemeError, SchemeProblem
from scoring.scheme.vocabulary import vocabulary
from scoring.scheme.words import (
    ShownRow,
    describe_conditions,
    describe_prices,
    describe_row,
    describe_rule,
    english_words,
    label_of,
    show,
    word_in,
)

__all__ = [
    "LawGivenUp",
    "LoadedScheme",
    "SchemeError",
    "SchemeProblem",
    "ShownRow",
    "describe_conditions",
    "describe_prices",
    "describe_row",
    "describe_rule",
    "english_words",
    "finding_denominator",
    "json_schema",
    "label_of",
    "laws_given_up",
    "lint",
    "load_scheme",
    "parse_scheme",
    "show",
    "vocabulary",
    "word_in",
]


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a weights file, for editors that complete and check YAML."""
    schema = Scheme.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
