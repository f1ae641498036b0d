"""The impact of a new scheme as a Word file, to be edited beside the draft."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from docx.document import Document

from scoring.messages import say
from scoring.reports.docx import table_row
from scoring.reports.docx_layout import WIDE_TEXT_WIDTH, blank, margins, page, put
from scoring.reports.ooxml import insert_table, repack, table_frame
from scoring.revising.view import CompareView

_EDGES = {"top": 8, "bottom": 8, "insideH": 4}
_TWIPS = 20


def write_compare_docx(view: CompareView, made: date, path: Path) -> None:
    """Lay the comparison out on landscape pages; `made` stands as the day on which it was made."""
    document = blank(view.title, "", view.lang, made)
    page(document.sections[0], landscape=True)
    margins(document, document.sections[0], "", view.trace)
    put(document, "AnnexTitle", view.title)
    named = zip(("old", "new", "on"), (*view.schemes, view.facts), strict=True)
    said = [view.example, *(_named(name, text, view.lang) for name, text in named), *view.summary]
    for text in filter(None, said):
        put(document, "TableNote", text)
    for heading, columns, rows in _tables(view):
        put(document, "AnnexMark", heading).paragraph_format.keep_with_next = True
        _table(document, columns, rows)
    put(document, "AnnexMark", say("reports-compare-differences", view.lang))
    for line in view.differences or (say("reports-compare-no-differences", view.lang),):
        put(document, "TableNote", line)
    for note in view.notes:
        put(document, "TableNote", note)
    packed = io.BytesIO()
    document.save(packed)
    repack(packed.getvalue(), path)


def _named(name: str, text: str, lang: str) -> str:
    return say("reports-compare-named", lang, name=say(f"reports-compare-{name}", lang), text=text)


def _tables(view: CompareView) -> Iterator[tuple[str, list[tuple[str, float, str]], list[list[str]]]]:
    """Give heading, columns (name, share of the width, side) and rows of each table."""

    def word(name: str) -> str:
        return say(f"reports-{name}", view.lang)

    columns = [(word("column-town"), 3.0, "left")]
    columns += [(word(f"compare-{name}"), 1.8, "right") for name in ("before", "after", "change")]
    columns.append((word("column-place"), 1.8, "right"))
    columns += [(word("compare-group-place"), 1.8, "right")] if view.groups else []
    columns += [(word("compare-grade"), 2.6, "left")] if view.grades else []
    columns.append((word("compare-because"), 8.0, "left"))
    yield (
        word("compare-towns"),
        columns,
        [
            [row.town, row.before, row.after, row.change, row.rank]
            + ([row.group_rank] if view.groups else [])
            + ([row.grade] if view.grades else [])
            + [row.because]
            for row in view.towns
        ],
    )
    if view.prices:
        names = ("indicator", "price-before", "price-after", "findings", "town-count")
        sides = ("left", "right", "right", "right", "right")
        yield (
            word("compare-prices"),
            [(word(f"compare-{n}"), 5.0 if n == "indicator" else 2.0, s) for n, s in zip(names, sides, strict=True)],
            [[row.indicator, row.before, row.after, row.findings, row.towns] for row in view.prices],
        )
    if view.swaps:
        sizes = (("ahead", 3.0, "left"), ("behind", 3.0, "left"), ("gap", 1.6, "right"), ("swap-by", 9.0, "left"))
        yield (
            word("compare-swaps"),
            [(word(f"compare-{n}"), share, side) for n, share, side in sizes],
            [[row.ahead, row.behind, row.gap, row.change] for row in view.swaps],
        )


def _table(document: Document, columns: Sequence[tuple[str, float, str]], rows: Sequence[Sequence[str]]) -> None:
    whole = sum(share for _, share, _ in columns)
    widths = [int(WIDE_TEXT_WIDTH.pt * share / whole * _TWIPS) for _, share, _ in columns]
    sides = [side for _, _, side in columns]
    table = table_frame(widths, _EDGES)
    table.append(table_row([name for name, _, _ in columns], widths, sides, "TableHead", head=True))
    for row in rows:
        table.append(table_row(row, widths, sides, "TableText"))
    insert_table(document, table)


__all__ = ["write_compare_docx"]
