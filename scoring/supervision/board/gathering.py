"""Everything that the board is made from, gathered: the ledgers scored as of a day, the store, the sending journal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import polars as pl

from scoring.choosing import Schemes
from scoring.jobs import Desk
from scoring.messages import say
from scoring.redaction import Words, redact_frame
from scoring.reports.labels import Labels
from scoring.runs import sound_store
from scoring.sending import Journal
from scoring.sending.register import entries
from scoring.store import latest
from scoring.store.editions import period_of
from scoring.supervision.board.facts import Package, Seen
from scoring.supervision.standing import Standing, standing


def gather(desk: Desk, schemes: Schemes, on: date, words: Words, journal: Path) -> tuple[Seen, Mapping[str, Labels]]:
    """Return what the board is made from, masked, and the words of every period in it.

    Parameters
    ----------
    words
        What is masked beside the shipped lists; names of towns, villages and indicators stay.
    journal
        The sending journal; it need not be there.

    Raises
    ------
    RunRefused, SchemeError, NoScheme, BrokenStore
        See `scoring.supervision.standing.standing`.
    SendingError
        The journal is not as it was written.
    """
    lang = desk.settings.lang
    found = standing(desk, schemes, on)
    editions = sorted(latest(sound_store(desk.store)).values(), key=lambda one: period_of(one.head).start)
    heads = {one.period: one.head for one in editions}
    heads |= {name: one.head for name, one in found.assessments.items()}
    labels = {name: Labels(head, lang) for name, head in heads.items()}
    words = words.allowing(_names(found, labels))
    texts = found.findings.select("finding_id", text=pl.coalesce("description", "problem_type"))
    texts, _ = redact_frame(texts, ["text"], "finding_id", words)
    reports = found.tables.rectifications.select("finding_id", "submitted_on", text="measures_taken")
    reports, _ = redact_frame(reports.drop_nulls("text"), ["text"], "finding_id", words)
    seen = Seen(
        found,
        dict(texts.iter_rows()),
        dict(found.findings.select("finding_id", "village").iter_rows()),
        {(finding, day): text for finding, day, text in reports.iter_rows()},
        [(one.period, one.number, one.assessment.findings) for one in editions],
        _packages(journal, lang),
    )
    return seen, labels


def _names(found: Standing, labels: Mapping[str, Labels]) -> list[str]:
    indicators = {own.indicator(name) for own in labels.values() for name in own.indicators}
    villages = found.findings["village"].drop_nulls().unique()
    return [*found.tables.towns["name"], *villages, *sorted(indicators)]


def _packages(path: Path, lang: str) -> list[Package]:
    if not path.is_file():
        return []
    return [
        Package(
            datetime.fromisoformat(one.at).astimezone().date(),
            one.town_code,
            one.period,
            one.edition,
            say(f"register-state-{one.state}", lang),
        )
        for one in entries(Journal(path))
    ]
