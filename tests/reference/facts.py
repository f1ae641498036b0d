"""What the rows say: conditions, dates, months, and which rows are known at a date.

The plainest reading, row by row.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

DAY = timedelta(days=1)


class RefusedError(Exception):
    """The data cannot be scored; the first argument says why."""


def months_back(day, months):
    """The same day so many months earlier, clamped to the month's end."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    month += 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def holds(test, cell):
    """Does one cell meet one condition? An empty cell meets none, not even `ne`."""
    if cell is None or cell in ("", []):
        return False
    for operator, wanted in test.operators().items():
        if operator in {"has", "has_all", "has_none"}:
            found = [tag in cell for tag in wanted]
            met = {"has": any(found), "has_all": all(found), "has_none": not any(found)}[operator]
        elif operator in {"eq", "ne", "in", "not_in"}:
            listed = [wanted] if isinstance(wanted, str) else list(wanted)
            met = any(same(cell, text) for text in listed) == (operator in {"eq", "in"})
        elif operator in {"from", "to"}:
            met = cell >= wanted if operator == "from" else cell <= wanted
        else:
            number = Fraction(cell)
            met = {
                "lt": number < wanted,
                "le": number <= wanted,
                "gt": number > wanted,
                "ge": number >= wanted,
            }[operator]
        if not met:
            return False
    return True


def same(cell, text):
    if isinstance(cell, (int, Decimal, Fraction)):
        return Fraction(cell) == Fraction(text)
    if isinstance(cell, date):
        return cell.isoformat() == text
    return cell == text


def meets(conditions, row):
    """All conditions hold on the row."""
    return all(holds(test, row.get(field)) for field, test in conditions.items())


def round_half_away(value, decimals):
    unit = Fraction(1, 10**decimals)
    steps = (abs(value) / unit + Fraction(1, 2)).__floor__()
    return steps * unit * (1 if value >= 0 else -1)


def counted_towns(rows, start, end):
    """The towns that are assessed, and for every code the code that its rows go to."""
    by_code = {row["town_code"]: row for row in rows}

    def merged(row):
        gone = row.get("valid_to")
        return row.get("merged_into") is not None and (gone is None or gone < end)

    goes_to = {}
    for code in by_code:
        last = code
        while merged(by_code[last]):
            last = by_code[last]["merged_into"]
        goes_to[code] = last
    counted = [
        row
        for row in rows
        if not merged(row)
        and (row.get("valid_from") is None or row["valid_from"] <= end)
        and not (row.get("valid_to") is not None and row["valid_to"] < start)
    ]
    return counted, goes_to
