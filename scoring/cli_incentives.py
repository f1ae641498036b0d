"""What `weights check --incentives` prints: examples of a scheme that rewards the wrong thing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from scoring.calling import stop
from scoring.messages import say
from scoring.screen import print_lines, print_table

if TYPE_CHECKING:
    from scoring.scheme import LoadedScheme


def seconds_of(text: str | None, lang: str) -> float | None:
    """Return how long the search may take; None for the usual time."""
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not (math.isfinite(seconds) and seconds > 0):
        stop(2, say("cli-incentives-seconds", lang, text=text))
    return seconds


def print_incentives(loaded: LoadedScheme, seconds: float | None, lang: str) -> None:
    """Search and print what was found; more time also means more dice."""
    from scoring.incentives import FORMS, search, told
    from scoring.incentives.search import MOST_PAIRS, SECONDS

    scheme, limit = loaded.scheme, seconds or SECONDS
    searched = search(scheme, most=max(MOST_PAIRS, round(MOST_PAIRS * limit / SECONDS)), seconds=limit)
    bench = searched.bench
    print_lines(["", say("incentives-title", lang, period=bench.period.id, as_of=bench.as_of, tried=searched.tried)])
    if scheme.roll_up is not None and scheme.roll_up.by == "published":
        print_lines([say("incentives-year", lang)])
    for number, example in enumerate(told(searched, loaded, lang), 1):
        print_lines(["", f"{number}. {example.sentence}"])
        print_table(list(example.heading), [list(row) for row in example.rows])
        print_lines(example.rules)
    found = {example.pair.form for example in searched.examples}
    missing = [say(f"incentives-name-{form}", lang) for form in FORMS if form not in found]
    if not found:
        print_lines([say("incentives-none", lang)])
    elif missing:
        print_lines(["", say("incentives-not-found", lang, forms=say("list-comma", lang).join(missing))])
    if searched.refused:
        print_lines([say("incentives-refused", lang, count=searched.refused)])
    if searched.ended_early:
        print_lines([say("incentives-early", lang)])
