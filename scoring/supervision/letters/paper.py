"""A letter as PDF."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from scoring.messages import say
from scoring.reports.render import Renderer
from scoring.supervision.letters.view import LetterView


def letter_pdf(view: LetterView, on: date, renderer: Renderer) -> bytes:
    """Return the letter; equal views give equal bytes.

    Raises
    ------
    MissingGlyph, MissingLibrary, ForbiddenAddress, WrongTemplate
        See `Renderer`.
    """

    def texts() -> Iterator[tuple[str, str]]:
        for form in view.forms:
            for row in form.rows:
                place = say("reports-place-finding", view.lang, finding=row[1], column=form.title)
                yield place, "".join(row)
        yield say("reports-place-paper", view.lang), view.addressee

    template = f"letters/{view.layout}.html.j2"
    return renderer.pdf(template, texts, view=view, author=view.signer, as_of=on.isoformat())
