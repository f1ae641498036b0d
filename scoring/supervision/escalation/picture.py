"""What the bureau has in hand at a day: its data read once by each scheme, and where every matter stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from scoring.runs import read_only, sound_store
from scoring.store import latest
from scoring.supervision.escalation.ladder import Matter, Standing, stand
from scoring.supervision.escalation.matters import Span, clues, days_of, matters_at, twice_logged
from scoring.supervision.escalation.outgoing import Outgoing, outgoing
from scoring.supervision.escalation.policy import Policy
from scoring.supervision.escalation.tendency import Tendency, tendencies

if TYPE_CHECKING:
    from scoring.choosing import Schemes
    from scoring.intake import Tables
    from scoring.jobs import Desk


@dataclass(frozen=True)
class Picture:
    """Where everything stands at a day.

    Attributes
    ----------
    towns
        Code → name, in the official order.
    kinds
        Code → whether it is a township or a subdistrict, in the words of the list of towns.
    indicators
        Id → label.
    clues
        (Town, finding) marked as a clue and not referred, for the officer's screen alone.
    twice
        Letters that look like one, logged twice.
    """

    on: date
    policy: Policy
    tables: Tables
    matters: tuple[Matter, ...]
    standings: tuple[Standing, ...]
    tendencies: tuple[Tendency, ...]
    outgoing: tuple[Outgoing, ...]
    towns: Mapping[str, str]
    kinds: Mapping[str, str]
    indicators: Mapping[str, str]
    clues: tuple[tuple[str, str], ...]
    twice: tuple[tuple[str, ...], ...]


def picture(desk: Desk, schemes: Schemes, policy: Policy, on: date, denials: Sequence[str] = ()) -> Picture:
    """Read the data and say where everything stands on `on`.

    Raises
    ------
    RunRefused
        The data was refused.
    Refused
        The engine cannot price the facts, or no calendar covers a year.
    NoScheme, SchemeError
        No scheme is known for a day on which something was found, or it is wrong.
    BrokenStore
        The published editions are not whole.
    """
    usual = schemes.usual()
    read = {usual.sha256: read_only(desk.job(usual)).tables}
    tables = read[usual.sha256]
    spans = []
    for loaded, period in schemes.spanning(days_of(tables.findings, on)):
        if loaded.sha256 not in read:
            read[loaded.sha256] = read_only(desk.job(loaded)).tables
        spans.append(Span(period, loaded.scheme, read[loaded.sha256]))
    past = [edition.frozen for edition in latest(sound_store(desk.store)).values()]
    matters = matters_at(spans, on, past, desk.workdays)
    standings = stand(matters, policy, on, desk.workdays)
    trends = tendencies(matters, policy.tendency, on)
    known = tables.towns.sort("order", "town_code", nulls_last=True)
    english = desk.settings.lang == "en"
    labels = {
        one.id: (one.label_en or one.label) if english else one.label
        for loaded in {id(span.scheme): span.scheme for span in spans}.values()
        for _, one in loaded.indicators()
    }
    return Picture(
        on,
        policy,
        tables,
        tuple(matters),
        tuple(standings),
        tuple(trends),
        tuple(outgoing(standings, trends, policy, on, desk.workdays)),
        dict(known.select("town_code", "name").iter_rows()),
        dict(known.select("town_code", "kind").iter_rows()),
        labels,
        tuple(clues(tables, on, denials)),
        tuple(twice_logged(tables.letters, on)),
    )
