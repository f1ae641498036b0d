"""How sure the ranking is, in words: for the internal analysis and for the command `doubt`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from scoring.exact import fixed
from scoring.reports.heat import BARS
from scoring.reports.labels import Labels
from scoring.reports.office_text import printable
from scoring.reports.text import listed

if TYPE_CHECKING:
    from scoring.assessment import Assessment

COLUMNS: Final = (
    "place", "town", "interval", "weights", "methods", "sampling", "first", "top", "bottom", "grades", "driver",
)  # fmt: skip
_LEFT, _WIDTH = 400, 1360
_LEAST: Final = Fraction(1, 20)
"""A source that accounts for less of the movement is not named."""


@dataclass(frozen=True)
class Sure:
    """A town's row; every field is a cell of the table."""

    place: str
    town: str
    interval: str
    weights: str
    methods: str
    sampling: str
    first: str
    top: str
    bottom: str
    grades: str
    driver: str


@dataclass(frozen=True)
class Span:
    """A town's line in the chart; positions in tenths of a millimetre. `opens`: a new group begins with it."""

    town: str
    place: str
    left: int
    width: int
    mark: int
    opens: bool


@dataclass(frozen=True)
class SpanChart:
    """Lines over an axis of places."""

    spans: tuple[Span, ...]
    ticks: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Sureness:
    """The section: sentences, charts, the table. `rows` is empty where `note` says why there is nothing."""

    note: str
    groups: str
    more: str
    charts: tuple[SpanChart, ...]
    rows: tuple[Sure, ...]
    headings: Mapping[str, str]
    pairs: tuple[str, ...]


def sureness(assessment: Assessment, labels: Labels, most: int | None = None) -> Sureness | None:
    """Put into words how sure the ranking is; None where it was not reckoned.

    Parameters
    ----------
    most
        So many of the last towns at most are listed; how many more there are is said.
    """
    said = (labels.head.get("internal") or {}).get("doubt")
    if not said:
        return None
    ends = said.get("ends", "")
    headings = {
        name: labels("reports-doubt-driver-column" if name == "driver" else f"reports-doubt-{name}", ends=ends)
        for name in COLUMNS
    }
    if said["reason"]:
        return Sureness(labels(f"reports-doubt-{said['reason']}"), "", "", (), (), headings, ())
    names = {code: printable(name) for code, name in assessment.scores.select("town_code", "town").iter_rows()}
    towns = assessment.doubt.to_dicts()
    listed_towns = towns if most is None else towns[-most:]
    more = len(towns) - len(listed_towns)
    grades = [labels.named(grade) for grade in labels.head["scheme"].get("grades") or ()]
    return Sureness(
        note=_note(said, labels),
        groups=_groups(said, towns, labels) + _pairs(said, labels) + _drivers(said, labels),
        more=labels("reports-doubt-cut", shown=len(listed_towns), more=more, period=labels.head["period"]["id"])
        if more
        else "",
        charts=_charts(listed_towns, towns, said, names),
        rows=tuple(_row(town, said, names, grades, labels) for town in listed_towns),
        headings=headings,
        pairs=tuple(
            labels("reports-doubt-pair", one=names[one], other=names[other]) for one, other in said["alike"] or ()
        ),
    )


def _note(said: Mapping[str, Any], labels: Labels) -> str:
    methods = listed((labels(f"reports-doubt-source-{name}") for name in said["methods"]), labels.lang)
    around = "weights" if said["around"] == "percent" else "dirichlet"
    ways = [labels(f"reports-doubt-way-{around}", spread=said["spread"])] if said["spread"] else []
    ways += [labels("reports-doubt-way-methods", methods=methods)] if methods else []
    ways.append(labels("reports-doubt-way-sampling"))
    return labels("reports-doubt-note", ways=listed(ways, labels.lang), draws=said["draws"], seed=said["seed"])


def _groups(said: Mapping[str, Any], towns: Sequence[Mapping[str, Any]], labels: Labels) -> str:
    place = {town["town_code"]: town["rank"] for town in towns}
    apart = fixed(100 * Fraction(said["apart"]), 0)
    named = []
    for group in said["groups"]:
        first, last = place[group[0]], place[group[-1]]
        if len(group) > 1:
            code = "reports-doubt-group" if last > first else "reports-doubt-group-shared"
            named.append(labels(code, first=first, last=last))
    if not named:
        return labels("reports-doubt-groups-none", apart=apart)
    return labels("reports-doubt-groups", groups=listed(named, labels.lang), apart=apart)


def _pairs(said: Mapping[str, Any], labels: Labels) -> str:
    if said["pairs"] is None:
        return ""
    return _space(labels) + labels("reports-doubt-pairs", pairs=said["pairs"], alike=len(said["alike"]))


def _drivers(said: Mapping[str, Any], labels: Labels) -> str:
    known = [one for one in said["sources"] if one["total"] is not None and Fraction(one["total"]) >= _LEAST]
    known.sort(key=lambda one: -Fraction(one["total"]))
    if not known:
        return ""
    named = (
        labels("reports-doubt-driver", source=labels(f"reports-doubt-source-{one['source']}"), total=_whole(one))
        for one in known
    )
    return _space(labels) + labels("reports-doubt-drivers", drivers=listed(named, labels.lang))


def _space(labels: Labels) -> str:
    return "" if labels.lang == "zh" else " "


def _whole(source: Mapping[str, Any]) -> str:
    return fixed(100 * Fraction(source["total"]), 0) + "%"


def _row(
    town: Mapping[str, Any], said: Mapping[str, Any], names: Mapping[str, str], grades: Sequence[str], labels: Labels
) -> Sure:
    draws, none = said["draws"], labels("reports-doubt-none")
    graded = [
        (count, labels("reports-doubt-grade", grade=grade, share=share_of(count, draws)))
        for grade, count in zip(grades, town["grades"], strict=True)
        if 100 * count >= draws
    ] if town["grades"] else []  # fmt: skip
    driver = none
    if town["driver"] is not None:
        driver = labels(f"reports-doubt-source-{town['driver']}")
    return Sure(
        place=str(town["rank"]),
        town=names[town["town_code"]],
        interval=_between(town["low"], town["high"]),
        weights=_between(town["low_weights"], town["high_weights"]),
        methods=_between(town["low_methods"], town["high_methods"]) if said["methods"] else none,
        sampling=_between(town["low_sampling"], town["high_sampling"]),
        first=share_of(town["first"], draws),
        top=share_of(town["top"], draws),
        bottom=share_of(town["bottom"], draws),
        grades=listed((words for _, words in sorted(graded, key=lambda one: -one[0])), labels.lang),
        driver=driver,
    )


def _between(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}–{high}"


def share_of(count: int, draws: int) -> str:
    """Write a share of the draws in percent; what is not quite none or all is never written so.

    Examples
    --------
    >>> share_of(0, 1000), share_of(3, 1000), share_of(455, 1000), share_of(999, 1000), share_of(1000, 1000)
    ('0', '<1%', '46%', '>99%', '100%')
    """
    if count == 0:
        return "0"
    if 100 * count < draws:
        return "<1%"
    if count < draws and 100 * count > 99 * draws:
        return ">99%"
    return fixed(Fraction(100 * count, draws), 0) + "%"


def _charts(
    shown: Sequence[Mapping[str, Any]],
    towns: Sequence[Mapping[str, Any]],
    said: Mapping[str, Any],
    names: Mapping[str, str],
) -> tuple[SpanChart, ...]:
    of = len(towns)
    step = Fraction(_WIDTH, of)
    opening = {group[0] for group in said["groups"]} - {towns[0]["town_code"]}

    def middle(place: int) -> int:
        return int(_LEFT + step * (place - Fraction(1, 2)))

    every = max(1, -(-of // 20))
    ticks = tuple((middle(place), str(place)) for place in range(1, of + 1) if place in (1, of) or place % every == 0)
    # The last number stands alone: one right before it would touch it.
    ticks = tuple(one for one in ticks if one[1] == str(of) or middle(of) - one[0] >= 40 or int(one[1]) == 1)
    spans = []
    for town in shown:
        left = int(_LEFT + step * (town["low"] - 1))
        width = int(step * (town["high"] - town["low"] + 1))
        spans.append(
            Span(
                names[town["town_code"]], str(town["rank"]), left, max(width, 6), middle(town["rank"]),
                town["town_code"] in opening,
            )
        )  # fmt: skip
    pieces = max(1, -(-len(spans) // BARS))
    size = max(1, -(-len(spans) // pieces))
    return tuple(SpanChart(tuple(spans[first : first + size]), ticks) for first in range(0, len(spans), size))
