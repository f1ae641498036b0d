"""Who improved most between two periods, by points and by places; the rule stands in docs/papers.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from scoring.reports.labels import Labels
from scoring.reports.office_text import printable
from scoring.reports.text import brief_signed, listed
from scoring.reports.trend import Moved

Town = Mapping[str, Any]

# Clear progress: so many places gained, or a gain of such a share of full marks.
_PLACES: Final = 3
_SHARE: Final = Fraction(1, 100)


@dataclass(frozen=True)
class Improved:
    """The towns that made clear progress: by points, the most first, and by places, the most first."""

    by_points: tuple[Town, ...]
    by_places: tuple[Town, ...]

    def named(self, towns: Iterable[Town]) -> list[Town]:
        """Return all of them in the order of `towns`, each once."""
        codes = {town["town_code"] for town in (*self.by_points, *self.by_places)}
        return [town for town in towns if town["town_code"] in codes]


def improved(towns: Sequence[Town], moved: Moved, leaders: int, labels: Labels) -> Improved:
    """Choose who improved.

    By places all that gained enough of them, and whose score did not get worse; by points the `leaders` that gained
    most, and enough. Nobody under a veto then or now. Where the rules changed in between, points are not compared.
    """
    free = [
        town
        for town in towns
        if town["rank"] is not None and not town["gates"] and town["town_code"] not in moved.gated
    ]
    better = {town["town_code"]: gain(moved, town["town_code"], labels) for town in free}
    rose = [
        town
        for town in free
        if moved.places.get(town["town_code"], 0) >= _PLACES and (moved.rule_change or better[town["town_code"]] > 0)
    ]
    full = Fraction(labels.head["scheme"].get("full") or 0)
    enough = full * _SHARE if full else Fraction(1)
    gained = [] if moved.rule_change else [town for town in free if better[town["town_code"]] >= enough]
    return Improved(
        most(gained, lambda town: better[town["town_code"]], leaders, len(free)),
        tuple(sorted(rose, key=lambda town: -moved.places[town["town_code"]])),
    )


def gain(moved: Moved, code: str, labels: Labels) -> Fraction:
    """Return by how much a town's score got better; nothing where it is not known."""
    change = moved.changes.get(code, Fraction(0))
    return -change if labels.up else change


def most(towns: Iterable[Town], key: Callable[[Town], Fraction | int], count: int, among: int) -> tuple[Town, ...]:
    """Return the `count` first by a key, and who equals the last of them; not these, where that would be over half."""
    first = sorted(towns, key=lambda town: -key(town))
    if not count or len(first) <= count:
        chosen = first[:count]
    else:
        edge = key(first[count - 1])
        chosen = [town for town in first if key(town) >= edge]
    if len(chosen) > max(count, among // 2):
        chosen = [town for town in chosen if key(town) > key(chosen[-1])]
    return tuple(chosen)


def improved_sentence(towns: Sequence[Town], moved: Moved, leaders: int, labels: Labels, code: str) -> str:
    """Say who improved most, by points and by places, each with both; nothing where nobody did.

    Parameters
    ----------
    code
        The catalogue's sentence, with `{ways}`.
    """
    found = improved(towns, moved, leaders, labels)
    rose = most(found.by_places, lambda town: moved.places[town["town_code"]], leaders, len(towns))
    told: set[str] = set()
    ways = []
    for way, chosen in (("points", found.by_points), ("places", rose)):
        words = [_told(town, moved, labels, plain=town["town_code"] in told) for town in chosen]
        told |= {town["town_code"] for town in chosen}
        if words:
            ways.append(labels(f"reports-improved-{way}", towns=listed(words, labels.lang)))
    if not ways:
        return ""
    rules = labels("reports-improved-rules") if moved.rule_change else ""
    return labels(code, ways=labels("reports-improved-ways").join(ways), rules=rules)


def _told(town: Town, moved: Moved, labels: Labels, *, plain: bool) -> str:
    """Name a town with what it gained, unless that has been said."""
    name = printable(town["town"])
    if plain:
        return name
    places = moved.places.get(town["town_code"])
    way = "unknown" if places is None else "up" if places > 0 else "down" if places < 0 else "same"
    words = [] if places is None else [labels(f"reports-improved-{way}", places=abs(places))]
    if not moved.rule_change:
        points = brief_signed(moved.changes[town["town_code"]], int(labels.head["scheme"]["decimals"]))
        words.insert(0, labels("reports-improved-by", points=points))
    return labels("reports-improved-town", town=name, gained=labels("reports-improved-join").join(words))
