"""What a scheme lets the data say."""

from __future__ import annotations

from schemas.scheme import Scheme
from schemas.vocabulary import DeclaredField, Vocabulary


def vocabulary(scheme: Scheme) -> Vocabulary:
    """Return the names, words and columns that intake needs of a scheme.

    Labels answer only where they are unique, so that a cell never means two indicators.
    """
    indicators = [indicator for _, indicator in scheme.indicators()]
    quantities = {"case": "cases", "person": "persons"}
    return Vocabulary(
        indicators={indicator.id: indicator.label for indicator in indicators},
        indicator_aliases={alias: indicator.id for indicator in indicators for alias in indicator.aliases},
        severities=tuple(severity.id for severity in scheme.severities),
        measures={measure.id: measure.label for measure in scheme.measures},
        judged=frozenset(indicator.id for indicator in indicators if indicator.rule.kind == "judged"),
        by_finding=frozenset(indicator.id for indicator in indicators if indicator.rule.kind == "deduct"),
        fields=tuple(
            DeclaredField(declared.id, declared.label, declared.type, declared.table, declared.values)
            for declared in scheme.fields
        ),
        values=dict(scheme.values),
        intervals=(
            *(interval.id for interval in scheme.calendar.intervals),
            *(part.id for part in (scheme.parts.parts if scheme.parts else ())),
        ),
        priced_quantities=frozenset(
            quantities[indicator.rule.per]
            for indicator in indicators
            if indicator.rule.kind == "deduct" and indicator.rule.per in quantities
        ),
    )
