"""Small schemes and facts for the doubt about a ranking, and how it is asked."""

from __future__ import annotations

from datetime import date

import scoring.doubt as doubts
from scoring.doubt import Asked, doubt_of
from scoring.intake import Tables
from scoring.ledger import score
from scoring.periods import Period
from scoring.workdays import Workdays
from tests.frames import tables_of
from tests.published import finding, scheme, towns

QUARTER = Period("2025Q1", "quarter", date(2025, 1, 1), date(2025, 3, 31))
END = date(2025, 3, 31)
CALENDAR = Workdays()
WAYS = ("cap", "exposure", "repeats", "duplicates", "rounding")


def judged(*points):
    """A scheme of judged indicators, one a dimension."""
    rule = {"clause": "-", "rule": {"kind": "judged"}}
    dimensions = [
        {
            "id": f"d{n}",
            "label": f"d{n}",
            "points": p,
            "indicators": [{"id": f"i{n}", "label": f"i{n}", "points": p} | rule],
        }
        for n, p in enumerate(map(str, points))
    ]
    return scheme(full=str(sum(points)), dimensions=dimensions)


def shared(**by_town):
    """Judgements: of each town the share that it earns of every indicator."""
    return {
        "towns": towns(*by_town),
        "judgements": [
            {"town": town, "period": "2025Q1", "indicator": f"i{n}", "share": str(own)}
            for town, shares in by_town.items()
            for n, own in enumerate(shares)
        ],
    }


def doubt(rows, of, *, as_of=END, period=QUARTER, past=(), **asked):
    tables = rows if isinstance(rows, Tables) else tables_of(rows, of)
    return doubt_of(tables, of, period, as_of, past=past, workdays=CALENDAR, asked=Asked(**{"draws": 400, **asked}))


def model_of(rows, of, as_of=END, **asked):
    tables = rows if isinstance(rows, Tables) else tables_of(rows, of)
    base = score(tables, of, QUARTER, as_of, workdays=CALENDAR)
    return doubts._model(tables, of, QUARTER, as_of, base, (), CALENDAR, Asked(**asked)), base


def deducting(**changes):
    """One indicator of 100 points; a finding costs 8 or 2, scaled to 100 of the cases checked where so asked."""
    rule = {"kind": "deduct", "prices": "usual", **changes.pop("rule", {})}
    own = {
        "id": "complete",
        "label": "complete",
        "points": "100",
        "clause": "-",
        "rule": rule,
        **changes.pop("own", {}),
    }
    return scheme(dimensions=[{"id": "files", "label": "files", "points": "100", "indicators": [own]}], **changes)


def checked(town, sampled, confirmed):
    day = date(2025, 2, 1)
    return {"check_id": town, "town": town, "checked_on": day, "sampled": sampled, "newly_confirmed": confirmed}


def found(**counts):
    return [
        finding(f"{town}{n}", town, date(2025, 1, 1 + n % 28), due_on=date(2026, 1, 1))
        for town, count in counts.items()
        for n in range(count)
    ]


def rated(**changes):
    """One indicator of 10 points for a rate, full at 90 % and nothing at 0; one of 90 for findings."""
    rule = {"kind": "rate", "measure": "rate", "linear": {"none_at": 0, "full_at": 90}}
    own = {"id": "rated", "label": "rated", "points": "10", "clause": "-", "rule": rule, **changes.pop("own", {})}
    other = {"id": "complete", "label": "complete", "points": "90", "clause": "-"}
    indicators = [own, other | {"rule": {"kind": "deduct", "prices": "usual"}}]
    return scheme(dimensions=[{"id": "x", "label": "x", "points": "100", "indicators": indicators}], **changes)


def measured(**met):
    """Rates of 60 cases."""
    own = {"period": "2025Q1", "measure": "rate", "denominator": 60}
    return {
        "towns": towns(*met),
        "findings": found(A=1, B=2),
        "measures": [{"town": town, "numerator": number} | own for town, number in met.items()],
    }
