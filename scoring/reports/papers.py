"""The papers: an assessment and the bureau's settings in, PDF bytes out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from schemas.tables import catalogue
from scoring.reports.authentic import Proof, Square, code_of, digest_of
from scoring.reports.internal_view import internal_view
from scoring.reports.labels import Labels
from scoring.reports.printed import findings_of
from scoring.reports.render import Renderer
from scoring.reports.settings import Settings
from scoring.reports.stamping import Median, Stamp, tint
from scoring.reports.town_view import Bar, town_view
from scoring.reports.trend_view import internal_trend, report_trend, town_trend
from scoring.reports.view import report_view

if TYPE_CHECKING:
    from scoring.assessment import Assessment


def render_report(assessment: Assessment, settings: Settings, renderer: Renderer | None = None) -> bytes:
    """Return the notice (report.pdf).

    Raises
    ------
    MissingGlyph, MissingLibrary, ForbiddenAddress
        See `Renderer`.
    """
    view = report_view(assessment, settings)
    shares = sum(column.share for column in view.annex.columns)
    return _make(
        "report.html.j2",
        assessment,
        settings,
        renderer,
        view=view,
        trend=report_trend(assessment, settings),
        widths=[f"{100 * column.share / shares:.3f}%" for column in view.annex.columns],
    )


def render_internal(assessment: Assessment, settings: Settings, renderer: Renderer | None = None) -> bytes:
    """Return the analysis for leaders (internal.pdf).

    Raises
    ------
    MissingGlyph, MissingLibrary, ForbiddenAddress
        See `Renderer`.
    """
    view, trend = internal_view(assessment, settings), internal_trend(assessment, settings)
    return _make("internal.html.j2", assessment, settings, renderer, view=view, trend=trend)


def render_town(assessment: Assessment, settings: Settings, renderer: Renderer | None = None) -> bytes:
    """Return a town's sheet (towns/<code>.pdf) from `Assessment.for_town`.

    Raises
    ------
    ValueError
        The assessment holds more than one town.
    MissingGlyph, MissingLibrary, ForbiddenAddress
        See `Renderer`.
    """
    view, trend = town_view(assessment, settings), town_trend(assessment, settings)
    made_by = renderer or Renderer(settings)
    labels = Labels(assessment.head, settings.lang)
    texts = partial(_texts, assessment, labels)
    if (stamp := stamp_of(assessment, view.proof.square)) is not None:
        if made_by.even_digits:
            stamp = with_medians(stamp, view.bars)
        standing_in = replace(view, **_standing_in(assessment, stamp, labels), bars=_without(stamp, view.bars))
        named = {"author": settings.bureau, "as_of": assessment.head["as_of"]}
        made = made_by.stamped("town.html.j2", texts, stamp, view=standing_in, trend=trend, **named)
        if made is not None:
            return made
    return _make("town.html.j2", assessment, settings, made_by, view=view, trend=trend)


def render_compare(view: object, assessment: Assessment, settings: Settings, renderer: Renderer | None = None) -> bytes:
    """Return the impact of a new scheme as PDF: a `CompareView`, and the assessment by the new scheme.

    Raises
    ------
    MissingGlyph, MissingLibrary, ForbiddenAddress
        See `Renderer`.
    """
    return _make("compare.html.j2", assessment, settings, renderer, view=view)


def compare_page(view: object, assessment: Assessment, settings: Settings) -> str:
    """Return the same as a page for a browser: one file that fetches nothing and runs nothing."""
    renderer = Renderer(settings)
    html = renderer.html("compare.html.j2", view=view, author=settings.bureau, as_of=assessment.head["as_of"])
    source = renderer.environment.loader.get_source  # type: ignore[union-attr]
    style = source(renderer.environment, "css/compare_screen.css")[0]
    policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>"
    width = '<meta name="viewport" content="width=device-width"/>'
    return html.replace("</head>", f"{policy}{width}\n<style>\n{style}</style>\n</head>", 1)


def stamp_of(own: Assessment, square: Square) -> Stamp | None:
    """Return what a run says on the sheet of the one town that the assessment holds; None where it has no run code.

    The stand-ins are made of what the score consists of: they change when it does, and at no other time.
    """
    code = str(own.head.get("run_code") or "")
    if not re.fullmatch(r"[0-9a-f]{8}", code):
        return None
    nobody = digest_of(replace(own, head={**own.head, "run_code": ""}))
    instead, digest = digest_of(replace(own, head={**own.head, "run_code": nobody})), digest_of(own)
    return Stamp({nobody[:8]: code, instead: digest, code_of(instead): code_of(digest)}, square)


def with_medians(stamp: Stamp, bars: Sequence[Bar]) -> Stamp:
    """Add the medians of a sheet's chart to what a run says anew."""
    there = {number: bar for number, bar in enumerate(bars) if bar.median and bar.median_share is not None}
    medians = {number: Median(bar.mark, "".join(re.findall(r"\d", bar.median))) for number, bar in there.items()}
    return replace(stamp, medians=medians, nowhere=replace(bars[0], median_share=0).mark if bars else 0)


def _without(stamp: Stamp, bars: Sequence[Bar]) -> tuple[Bar, ...]:
    """Return the bars of a chart with stand-ins for the medians of a stamp."""
    return tuple(
        replace(bar, median=re.sub(r"\d", "0", bar.median), median_share=0, tint=tint(number))
        if number in stamp.medians
        else bar
        for number, bar in enumerate(bars)
    )


def _standing_in(own: Assessment, stamp: Stamp, labels: Labels) -> dict[str, Any]:
    """Return what a sheet's view says with the stand-ins in place of the run's own words."""
    run, digest, code = stamp.words
    return {
        "trace": Labels({**own.head, "run_code": run}, labels.lang).trace,
        "proof": Proof(
            labels("reports-proof-code", code=code), labels("reports-proof-digest", digest=digest), stamp.line
        ),
    }


def _make(
    template: str, assessment: Assessment, settings: Settings, renderer: Renderer | None, **view: object
) -> bytes:
    made_by = renderer or Renderer(settings)
    texts = partial(_texts, assessment, Labels(assessment.head, settings.lang))
    return made_by.pdf(template, texts, author=settings.bureau, as_of=assessment.head["as_of"], **view)


def _texts(assessment: Assessment, labels: Labels) -> Iterator[tuple[str, str]]:
    """Give every text that the data bring, with the place to look for it."""
    for row in assessment.scores.to_dicts():
        yield labels("reports-place-town", code=row["town_code"]), str(row["town"])
    columns = catalogue().tables["findings"].columns
    for row in findings_of(assessment):
        for column, value in row.items():
            if isinstance(value, str):
                heading = columns[column].zh if labels.lang == "zh" and column in columns else column
                yield labels("reports-place-finding", finding=row["finding_id"], column=heading), value
    for row in assessment.ledger.to_dicts():
        yield labels("reports-place-entry", entry=row["entry_id"]), str(row["parameters"])
