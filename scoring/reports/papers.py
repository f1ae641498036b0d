"""The papers: an assessment and the bureau's settings in, PDF bytes out."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from schemas.tables import catalogue
from scoring.reports.internal_view import internal_view
from scoring.reports.labels import Labels
from scoring.reports.printed import findings_of
from scoring.reports.render import Renderer
from scoring.reports.settings import Settings
from scoring.reports.town_view import town_view
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
    return _make("town.html.j2", assessment, settings, renderer, view=view, trend=trend)


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
