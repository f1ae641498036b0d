"""The score book's sheet of method: by which scheme, from which data and by which rules the scores came about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scoring.reports.book_source import Source
from scoring.reports.method import method
from scoring.reports.text import exact, listed
from scoring.reports.view import example_note

# In the order in which a finding may pass them: a saved head sorts its keys.
_STATES: Final = (
    "on_time", "late", "partly", "open_in_time", "waiting", "extended", "impossible", "long_term", "self_reported",
    "ended", "overdue", "sent_back", "false_report", "same_letter_twice",
)  # fmt: skip


def method_rows(source: Source) -> Iterator[tuple[str, str]]:
    """Give the sheet's rows, item and content; the summary of the scheme is that of the internal paper."""
    head, scheme, labels = source.head, source.scheme, source.labels
    period = head["period"]
    words = {"label": labels.period, "start": period["start"], "end": period["end"]}
    yield source.say("method-period"), source.say("method-period-is", **words)
    yield source.say("method-as-of"), str(head["as_of"])
    yield source.say("method-stage"), labels.known("reports-stage", head["stage"])
    if head.get("incomplete"):
        yield source.say("method-notice"), source.say("method-incomplete")
    if note := example_note(labels):
        yield source.say("method-notice"), note
    yield source.say("method-run-code"), str(head.get("run_code") or labels("reports-none"))
    yield source.say("method-document"), str(scheme.get("document") or labels("reports-none"))
    summary = method(labels)
    yield from summary.facts
    words = {"full": scheme["full"], "base": exact(labels.base), "decimals": scheme["decimals"]}
    marks = labels.directed("book-method-marks-is", **words)
    yield source.say("method-marks"), marks
    for part in source.parts if source.several else ():
        weight = source.say("method-part-is", label=labels.named(part), weight=part["weight"])
        yield source.say("method-part"), weight
    for dimension in source.dimensions:
        indicators = (source.points_of(item) for item in dimension["indicators"])
        yield source.points_of(dimension), listed(indicators, source.lang)
    for state, effect in sorted((scheme.get("rectification") or {}).items(), key=lambda item: _STATES.index(item[0])):
        words = {"state": source.word("state", state), "share": effect["share"], "extra": effect["extra"]}
        yield source.say("method-policy"), source.say("method-policy-is", **words)
    for gate in scheme.get("gates") or ():
        yield source.say("method-gate"), labels.named(gate)
    for item in summary.not_scored:
        yield source.say("method-not-scored"), item
    for law in summary.given_up:
        yield source.say("method-law"), law
