"""The draft of a working hint to all towns: common problems that rise, never a town, a village or a person.

It is an ordinary Word text to be edited; number and date are left blank, as the office's register gives them.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH

from scoring.messages import LANGUAGES, say
from scoring.reports.docx_layout import blank, by_id, margins, page, put
from scoring.reports.labels import Labels
from scoring.reports.office_text import printable
from scoring.reports.ooxml import repack
from scoring.reports.printed import findings_of
from scoring.reports.rising import about, measured, name_of
from scoring.reports.settings import Settings
from scoring.reports.text import day, known
from scoring.reports.view import Paragraph, Section

if TYPE_CHECKING:
    from scoring.assessment import Assessment

COMMON: Final = 3
"""What fewer towns share is no common problem, and would point at them."""
_COUNTED: Final = frozenset({"priced", "not_checked", "no_part"})


@dataclass(frozen=True)
class HintView:
    """The draft, every word and number of it as text."""

    lang: str
    title: str
    number: str
    draft: str
    example: str
    addressees: str
    sections: tuple[Section, ...]
    signer: str
    dated: str
    mark: str
    foot: str
    kinds: int
    """How many kinds of problems it speaks of; without any there is nothing to send."""
    named: int
    """Kinds left out because their own name holds that of a town or village."""


def hint_view(assessment: Assessment, settings: Settings) -> HintView:
    """Prepare the draft from the warnings that are more than chance and common to several towns.

    Kinds are the problem types of the ledger; where it fills in none, the indicators.
    """
    labels = Labels(assessment.head, settings.lang)
    findings = [row for row in findings_of(assessment) if row["disposition"] in _COUNTED]
    column = "problem_type" if any(row["problem_type"] for row in findings) else "indicator"
    common, named = [], 0
    forbidden = _names(assessment)
    for row in assessment.warnings.filter(dimension=column).iter_rows(named=True):
        towns = len({finding["town"] for finding in findings if finding[column] == row["name"]})
        if row["level"] == "chance" or towns < COMMON:
            continue
        if any(name in text for name in forbidden for text in (row["name"], name_of(row, labels))):
            named += 1
            continue
        common.append((row, towns))
    kinds = [name_of(row, labels) for row, _ in common]
    title = "one" if len(kinds) == 1 else "several"
    return HintView(
        lang=settings.lang,
        title=labels(f"reports-hint-title-{title}", kind=kinds[0] if kinds else ""),
        number=labels("reports-hint-number"),
        draft=labels("reports-hint-draft"),
        example=labels("reports-example-note") if assessment.head.get("example") else "",
        addressees=printable(settings.addressees) or labels("reports-addressees"),
        sections=_sections(common, labels),
        signer=printable(settings.bureau),
        dated=labels("reports-hint-dated"),
        mark=labels("reports-hint-mark"),
        foot=labels("reports-example-data") if assessment.head.get("example") else "",
        kinds=len(common),
        named=named,
    )


def _names(assessment: Assessment) -> set[str]:
    """Return what towns and villages are called, towns also without the word for what they are."""
    towns = {name.strip() for name in assessment.scores["town"].drop_nulls()}
    suffixes = [suffix for lang in LANGUAGES for suffix in say("reports-hint-suffixes", lang).split(",")]
    short = {town.removesuffix(suffix) for town in towns for suffix in suffixes}
    villages = {name.strip() for name in assessment.findings["village"].drop_nulls().unique()}
    return {name for name in towns | short | villages if len(name) > 1}


def _sections(common: list[tuple[dict[str, Any], int]], labels: Labels) -> tuple[Section, ...]:
    said = (labels.head.get("internal") or {}).get("warnings") or {}
    problems = [_item(number, row, towns, labels) for number, (row, towns) in enumerate(common, 1)]
    if problems:
        as_of = day(labels.head["as_of"], labels.lang)
        problems.append(Paragraph(labels("reports-hint-measured", as_of=as_of, measure=measured(said, labels))))
    check = [Paragraph(labels(f"reports-hint-check-{name}")) for name in ("what", "mend", "report")]
    return (
        Section("", (Paragraph(labels("reports-hint-opening", period=labels.period)),)),
        Section(labels("reports-hint-problems"), tuple(problems)),
        Section(labels("reports-hint-check"), tuple(check)),
        Section(labels("reports-hint-work"), (Paragraph(labels("reports-hint-work-lead")),)),
    )


def _item(number: int, row: Mapping[str, Any], towns: int, labels: Labels) -> Paragraph:
    lead = labels("reports-hint-lead", number=number, kind=name_of(row, labels))
    facts = {"this_period": labels.this_period, "now": row["now"], "towns": towns, "periods": row["periods"]}
    if row["past"] == 0:
        return Paragraph(labels("reports-hint-item-new", **facts), lead)
    return Paragraph(labels("reports-hint-item", usual=about(known(row, "expected")), **facts), lead)


def write_hint(view: HintView, made: date, path: Path) -> None:
    """Lay the draft out as a Word file; `made` stands as the day on which it was made."""
    document = blank(view.title, view.signer, view.lang, made)
    page(document.sections[0])
    margins(document, document.sections[0], view.mark, view.foot)
    for text in filter(None, (view.draft, view.example)):
        put(document, "TableNote", text).paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    put(document, "DocumentNumber", view.number)
    put(document, "BodyParagraph", "")
    put(document, "Title", view.title)
    put(document, "Addressee", view.addressees)
    for section in view.sections:
        if section.heading:
            put(document, "Heading1", section.heading)
        for paragraph in section.paragraphs:
            line = put(document, "BodyParagraph", "")
            if paragraph.lead:
                lead = by_id(document, "RunInHeading", WD_STYLE_TYPE.CHARACTER)
                line.add_run(printable(paragraph.lead)).style = lead
            line.add_run(printable(paragraph.text))
    for _ in range(2):  # room for the seal
        put(document, "BodyParagraph", "").paragraph_format.keep_with_next = True
    for text in filter(None, (view.signer, view.dated)):
        put(document, "Signature", text)
    packed = io.BytesIO()
    document.save(packed)
    repack(packed.getvalue(), path)
