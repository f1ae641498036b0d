"""The scheme (weights file): reading, checking, linting and showing it."""

from __future__ import annotations

from scoring.scheme.amounts import finding_denominator
from scoring.scheme.loading import LoadedScheme, load_scheme
from scoring.scheme.problems import SchemeError, SchemeProblem
from scoring.scheme.vocabulary import vocabulary

__all__ = ["LoadedScheme", "SchemeError", "SchemeProblem", "finding_denominator", "load_scheme", "vocabulary"]
