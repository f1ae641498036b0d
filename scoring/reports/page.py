"""Our side of WeasyPrint: what a page may fetch, and two short cuts past work that our pages never need.

Import it late: WeasyPrint takes a second to load and needs libraries that a machine may lack.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from functools import cache
from typing import Final
from xml.etree import ElementTree as ET

from cssselect2 import ElementWrapper
from weasyprint import CSS, HTML
from weasyprint.html import UA
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from scoring.reports.errors import ForbiddenAddress
from scoring.reports.fonts import Face
from scoring.reports.shortcuts import shortcuts

__all__ = ["CSS", "HTML", "FontConfiguration", "Packaged", "Page", "shortcuts"]

_KINDS: Final = frozenset({"common", "latin", "rare"})


class Packaged(URLFetcher):  # type: ignore[misc]
    """Knows the packaged fonts and `data:`, and nothing else on earth.

    Parameters
    ----------
    faces
        The font of every role.
    rare
        The characters of a paper that `asset:rare/…` fonts are cut to.
    """

    def __init__(self, faces: Mapping[str, Face], rare: str) -> None:
        super().__init__(allowed_protocols=("data",), fail_on_errors=True)
        self._faces = faces
        self._rare = rare

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> object:
        """Return a font of a role, or what a `data:` address holds.

        Raises
        ------
        ForbiddenAddress
            Anything else.
        """
        if url.startswith("data:"):
            return super().fetch(url, headers)
        kind, _, role = url.removeprefix("asset:").partition("/")
        if not url.startswith("asset:") or role not in self._faces or kind not in _KINDS:
            raise ForbiddenAddress(url)
        face = self._faces[role]
        if kind == "latin":
            body = face.latin(self._faces["fangsong"])
        else:
            body = face.common() if kind == "common" else face.rare(map(ord, self._rare))
        return URLFetcherResponse(url, io.BytesIO(body))


class Page(HTML):  # type: ignore[misc]
    """A paper of the shipped templates, which are well-formed XML without lists and footnotes.

    Expat reads them forty times faster than an HTML parser, and without the browser's rules for list markers and
    footnotes no element has five pseudo-elements to be styled: together a seventh of a sheet's time. The bytes of the
    PDF are the same (a test compares). What is no XML after all, as a control character makes it, is read as HTML.
    """

    def __init__(self, string: str, url_fetcher: URLFetcher) -> None:
        try:
            root = ET.fromstring(string)  # noqa: S314 - our own templates, escaped; expat expands no entity here
        except ET.ParseError:
            super().__init__(string=string, url_fetcher=url_fetcher)
            return
        self.base_url = None
        self.url_fetcher = url_fetcher
        self.media_type = "print"
        self.wrapper_element = ElementWrapper.from_html_root(root, content_language=None)
        self.etree_element = self.wrapper_element.etree_element

    def _ua_stylesheets(self, forms: bool = False) -> list[CSS]:
        """Give the browser's style sheet: WeasyPrint's, less what it says of markers and notes."""
        return [_plain_sheet()] if not forms else super()._ua_stylesheets(forms)


@cache
def _plain_sheet() -> CSS:
    return CSS(string=re.sub(r"^::(marker|footnote|note).*$", "", UA, flags=re.MULTILINE))
