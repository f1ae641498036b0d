"""Everything printed, from the Assessment alone.

Names are looked up late: WeasyPrint takes a second to import, and not every command prints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring.reports.errors import ForbiddenAddress, MissingGlyph, MissingLibrary, WrongTemplate
from scoring.reports.settings import Settings

if TYPE_CHECKING:
    from scoring.reports.papers import render_internal, render_report, render_town
    from scoring.reports.render import Renderer

__all__ = [
    "ForbiddenAddress",
    "MissingGlyph",
    "MissingLibrary",
    "Renderer",
    "Settings",
    "WrongTemplate",
    "render_internal",
    "render_report",
    "render_town",
]


def __getattr__(name: str) -> object:
    if name == "Renderer":
        from scoring.reports.render import Renderer

        return Renderer
    if name in __all__:
        from scoring.reports import papers

        found: object = getattr(papers, name)
        return found
    raise AttributeError(name)
