"""What a bureau may say about its papers: names, number, addressees, fonts, how much of the ranking is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

Names = Literal["all", "leaders", "last", "order"]


@dataclass(frozen=True)
class Settings:
    """Settings of every paper; all of them have a default, so that a first run needs none.

    Parameters
    ----------
    lang
        ``zh`` or ``en``.
    bureau
        The issuing bureau's name, printed under the text; empty: left blank to be filled in.
    mark
        The red heading of the notice; empty: the bureau's name.
    number
        The document number. Blank until the office's register gives one; never invented.
    addressees, copies, printer, contact
        To whom, copies to, the printing office, whom to ask. Empty: usual words, or left out.
    basis
        The document on which the assessment rests; empty: the scheme's own.
    approved_by
        The meeting that decided the result; empty: the sentence speaks of a draft or leaves it out.
    dated
        The date of the paper; None leaves its place blank.
    answer_by
        The day until which rectification is to be reported; None: the sentence speaks of the term set in each letter.
    objection_days
        Working days within which a town may object.
    names
        ``all`` towns ranked, only the ``leaders``, only the ``last`` ones, or all in the official ``order`` without
        ranks.
    leaders, last
        How many towns the sentences name at either end.
    show_cheapest
        Print in the town's sheet which fewest rectifications would gain its next place and grade.
    fonts
        Role (xiaobiaosong, fangsong, heiti, kaiti, songti) to the bureau's own licensed font file.
    pdf_variant
        For example ``pdf/a-3a``.
    templates
        A folder of the bureau's own templates, which extend the shipped ones block by block.
    """

    lang: str = "zh"
    bureau: str = ""
    mark: str = ""
    number: str = ""
    addressees: str = ""
    copies: str = ""
    printer: str = ""
    contact: str = ""
    basis: str = ""
    approved_by: str = ""
    dated: date | None = None
    answer_by: date | None = None
    objection_days: int = 3
    names: Names = "all"
    leaders: int = 3
    last: int = 3
    show_cheapest: bool = False
    fonts: Mapping[str, Path] = field(default_factory=dict)
    pdf_variant: str | None = None
    templates: Path | None = None
