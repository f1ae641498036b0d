"""Forms as Word files: a town's reply and objection, and the sheet on which all sign for what they got."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from docx.document import Document
from docx.shared import Length

from scoring.messages import say
from scoring.reports.docx import table_row
from scoring.reports.docx_layout import TEXT_WIDTH, WIDE_TEXT_WIDTH, blank, margins, page, put
from scoring.reports.ooxml import insert_table, repack, table_frame
from scoring.reports.town_view import town_view

if TYPE_CHECKING:
    from scoring.assessment import Assessment
    from scoring.reports.settings import Settings

_EDGES: Final = {"top": 8, "left": 4, "bottom": 8, "right": 4, "insideH": 4, "insideV": 4}
_TWIPS: Final = 20
_BLANK_OBJECTIONS: Final = 6
_REPLY: Final = (("number", 3.2), ("problem", 6.0), ("due", 2.4), ("measures", 5.2), ("done", 2.4))
_OBJECTION: Final = (("what", 4.0), ("charged", 2.0), ("wanted", 3.0), ("ground", 7.0), ("proof", 3.2))
_SIGNING: Final = (
    ("order", 1.2), ("town", 3.4), ("files", 1.6), ("archive", 5.4), ("receiver", 3.2), ("day", 3.2), ("note", 3.0),
)  # fmt: skip


def write_reply(assessment: Assessment, settings: Settings, path: Path) -> bool:
    """Write the form on which a town reports what it has mended; nothing where nothing is open.

    Returns
    -------
    Whether there is a form.
    """
    view = town_view(assessment, settings)
    if not view.replies:
        return False
    lang = settings.lang
    document = _document(say("reports-reply-heading", lang), settings, assessment, landscape=True)
    _say(document, say("reports-reply-text", lang, period=view.period))
    rows = [[reply.number, reply.text, reply.due, "", ""] for reply in view.replies]
    _table(document, [(say(f"reports-reply-{name}", lang), share) for name, share in _REPLY], rows, WIDE_TEXT_WIDTH)
    if view.more_replies:
        put(document, "TableNote", view.more_replies)
    _sign(document, lang, view.town, "reports-reply")
    _save(document, path)
    return True


def write_objection(assessment: Assessment, settings: Settings, path: Path) -> None:
    """Write the form on which a town asks for a review of its result."""
    view, lang = town_view(assessment, settings), settings.lang
    document = _document(say("pack-objection-heading", lang), settings, assessment, landscape=True)
    _say(document, say("pack-objection-text", lang, period=view.period, days=settings.objection_days))
    columns = [(say(f"pack-objection-{name}", lang), share) for name, share in _OBJECTION]
    _table(document, columns, [[""] * len(columns)] * _BLANK_OBJECTIONS, WIDE_TEXT_WIDTH, height=900)
    put(document, "TableNote", say("pack-objection-note", lang))
    _sign(document, lang, view.town, "reports-reply")
    _save(document, path)


def write_signing(
    towns: Sequence[tuple[str, int, str]], assessment: Assessment, settings: Settings, path: Path
) -> None:
    """Write the one sheet on which every town signs for what it got.

    Parameters
    ----------
    towns
        Name, number of files, SHA-256 of the archive.
    """
    lang = settings.lang
    from scoring.reports.labels import Labels

    labels = Labels(assessment.head, lang)
    document = _document(say("pack-signing-heading", lang, period=labels.period), settings, assessment, landscape=True)
    columns = [(say(f"pack-signing-{name}", lang), share) for name, share in _SIGNING]
    rows = [
        [str(n), town, str(count), f"{digest[:8]} {digest[8:16]}", "", "", ""]
        for n, (town, count, digest) in enumerate(towns, 1)
    ]
    _table(document, columns, rows, WIDE_TEXT_WIDTH, height=430)
    put(document, "TableNote", say("pack-signing-under", lang))
    _save(document, path)


def _document(title: str, settings: Settings, assessment: Assessment, *, landscape: bool) -> Document:
    from scoring.reports.labels import Labels

    labels = Labels(assessment.head, settings.lang)
    document = blank(title, settings.bureau, settings.lang, date.fromisoformat(assessment.head["as_of"]))
    page(document.sections[0], landscape=landscape)
    margins(document, document.sections[0], "", labels.trace)
    put(document, "AnnexTitle", title)
    return document


def _say(document: Document, text: str) -> None:
    put(document, "TableNote", text)


def _table(
    document: Document,
    columns: Sequence[tuple[str, float]],
    rows: Sequence[Sequence[str]],
    width: Length = TEXT_WIDTH,
    height: int | None = None,
) -> None:
    whole = sum(share for _, share in columns)
    widths = [int(width.pt * share / whole * _TWIPS) for _, share in columns]
    table = table_frame(widths, _EDGES)
    sides = ["center"] * len(columns)
    table.append(table_row([name for name, _ in columns], widths, sides, "TableHead", head=True))
    for texts in rows:
        made = table_row(texts, widths, sides, "TableText")
        if height is not None:  # room for a hand
            for node in made.iter("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}trHeight"):
                node.set("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}val", str(height))
        table.append(made)
    insert_table(document, table)


def _sign(document: Document, lang: str, town: str, prefix: str) -> None:
    put(document, "TableNote", "")
    for text in (
        say(f"{prefix}-officer", lang),
        town + say(f"{prefix}-seal", lang),
        say(f"{prefix}-date", lang),
    ):
        put(document, "TableNote", text)


def _save(document: Document, path: Path) -> None:
    packed = io.BytesIO()
    document.save(packed)
    repack(packed.getvalue(), path)
