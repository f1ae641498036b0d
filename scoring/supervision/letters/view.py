"""What a letter prints, ready made, in either language: the PDF and the Word file lay it out and compute nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from scoring.messages import say
from scoring.redaction import Words, free_text, redact_frame
from scoring.reports.office_text import as_written, one_line
from scoring.reports.settings import Settings
from scoring.reports.text import day, listed, short_day
from scoring.supervision.escalation.ladder import Matter
from scoring.supervision.escalation.outgoing import Outgoing
from scoring.supervision.escalation.picture import Picture
from scoring.supervision.letters.register import Serial

_MOST: Final = 3
"""So many kinds of problems are named in the text; the annex has all."""
_LIST: Final = (("no", 1.1), ("finding", 2.8), ("village", 2.3), ("found", 2.4), ("problem", 5.2), ("due", 2.4))
_REPLY: Final = (("no", 1.1), ("finding", 2.8), ("problem", 4.2), ("due", 2.4), ("measures", 3.8), ("done", 2.1))
_CONFIRM: Final = (("no", 1.1), ("finding", 2.8), ("problem", 5.8), ("fixed", 2.4), ("result", 3.6))
_FORMS: Final[Mapping[str, tuple[tuple[str, float], ...]]] = {"list": _LIST, "reply": _REPLY, "confirm": _CONFIRM}


@dataclass(frozen=True)
class Block:
    """A heading, empty for none, and the paragraph under it."""

    text: str
    heading: str = ""


@dataclass(frozen=True)
class Form:
    """An annex: a table, with what stands above it and where to sign."""

    mark: str
    title: str
    headings: tuple[str, ...]
    widths: tuple[float, ...]
    """In parts of the whole, adding up to 1."""
    rows: tuple[tuple[str, ...], ...]
    text: str = ""
    notes: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    by_hand: bool = False
    """Whether somebody is to write in it, which wants room."""


@dataclass(frozen=True)
class LetterView:
    """A letter, every word of it as text."""

    lang: str
    kind: str
    layout: str
    """`letter`, `circular` (the document format) or `form`."""
    mark: str
    serial: str
    number: str
    title_lines: tuple[str, ...]
    addressee: str
    blocks: tuple[Block, ...]
    attachments: tuple[str, ...]
    contact: str
    signer: str
    dated: str
    forms: tuple[Form, ...]
    watermark: str
    trace: str = ""

    @property
    def title(self) -> str:
        """The title in one line."""
        return ("" if self.lang == "zh" else " ").join(self.title_lines)


def letter_view(
    out: Outgoing, serial: Serial, picture: Picture, settings: Settings, words: Words, *, example: bool
) -> LetterView:
    """Return the letter that is to be sent, its free text masked.

    Parameters
    ----------
    words
        What masks; names of towns, villages and indicators must be allowed by it.
    """
    return _Letter(out, serial, picture, settings, words, example).view()


@dataclass(frozen=True)
class _Letter:
    out: Outgoing
    serial: Serial
    picture: Picture
    settings: Settings
    words: Words
    example: bool

    def words_of(self, code: str, **parameters: object) -> str:
        """Return a sentence of the letters."""
        return say(f"reports-letters-{code}", self.settings.lang, **parameters)

    def view(self) -> LetterView:
        out, settings = self.out, self.settings
        kind = out.kind.replace("_", "-")
        forms = self.forms()
        names = [form.title for form in forms] if out.kind != "confirmation" else []
        numbered = [self.words_of("attachment-item", n=n, name=name) for n, name in enumerate(names, 1)]
        layout = {"circular": "circular", "confirmation": "form"}.get(out.kind, "letter")
        return LetterView(
            settings.lang,
            out.kind,
            layout,
            one_line((settings.mark if layout == "circular" else "") or settings.bureau),
            self.words_of(
                "serial", kind=self.words_of(f"kind-{kind}"), year=self.serial.year, number=self.serial.number
            ),
            self.words_of("number", year=self.picture.on.year),
            tuple(self.words_of(f"title-{kind}", town=self.town).split("|")),
            self.words_of("to-street" if self.street else "to-town", town=self.town),
            tuple(self.blocks()),
            tuple(numbered if len(names) > 1 else names),
            self.words_of("contact", contact=as_written(settings.contact))
            if settings.contact
            else self.words_of("contact-blank"),
            one_line(settings.bureau),
            day(self.picture.on, settings.lang),
            forms,
            self.words_of("example") if self.example else "",
        )

    @property
    def town(self) -> str:
        return one_line(self.picture.towns[self.out.town])

    @property
    def street(self) -> bool:
        marks = self.words_of("street-words").split(",")
        return any(mark in (self.picture.kinds.get(self.out.town) or self.town) for mark in marks)

    @property
    def you(self) -> str:
        return self.words_of("you-street" if self.street else "you-town")

    @property
    def matters(self) -> list[Matter]:
        known = {matter.id: matter for matter in self.picture.matters}
        return [known[finding] for finding in self.out.members]

    def label(self, indicator: str) -> str:
        return one_line(self.picture.indicators.get(indicator, indicator))

    def blocks(self) -> list[Block]:
        kind, lang = self.out.kind.replace("_", "-"), self.settings.lang
        due = day(self.out.due_on, lang)
        known = {
            "you": self.you,
            "town": self.town,
            "count": len(self.out.members),
            "due": due,
            "days": self.settings.objection_days,
            "summary": self.summary(),
            "earlier": self.earlier(),
        }
        if self.out.kind == "confirmation":
            return [Block(self.words_of("confirmation-text", **known))]
        if self.out.tendencies:
            texts = [Block(self.words_of("tendency-lead", **known)), *map(Block, self.hints())]
        else:
            texts = [Block(self.words_of(f"{kind}-lead", **known))]
        sections = ("watch", "report") if self.out.kind == "work_note" else ("time", "measures", "duty", "report")
        for place, section in enumerate(sections, 1):
            own = f"{kind}-{section}"
            texts.append(
                Block(
                    self.words_of(own, **known),
                    self.words_of(f"heading-{place}", name=self.words_of(f"head-{section}")),
                )
            )
        return texts

    def hints(self) -> list[str]:
        """Say each tendency; of other towns only how many there are."""
        trend, said = self.picture.policy.tendency, []
        for place, one in enumerate(self.out.tendencies, 1):
            name = self.label(one.kind) if one.by_indicator else one_line(one.kind)
            own = {"you": self.you, "kind": name, "count": len(one.members), "days": trend.within_days}
            wide = one.towns >= trend.in_towns
            said.append(self.words_of("tendency-wide" if wide else "tendency-own", place=place, towns=one.towns, **own))
        return said

    def summary(self) -> str:
        counts = Counter(self.label(str(matter.finding["indicator"])) for matter in self.matters)
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        said = [self.words_of("summary-item", name=name, count=count) for name, count in ordered[:_MOST]]
        return listed(said, self.settings.lang) + (self.words_of("summary-more") if len(ordered) > _MOST else "")

    def earlier(self) -> str:
        """Say which letters and calls there were: kind and day, each once."""
        sent = {(one.sent_on, one.kind) for matter in self.matters for one in matter.letters}
        sent = {one for one in sent if one[1] != "work_note"} or sent
        said = [
            self.words_of(
                "earlier-item",
                kind=self.words_of(f"kind-{kind.replace('_', '-')}"),
                day=day(sent_on, self.settings.lang),
            )
            for sent_on, kind in sorted(sent)
        ]
        return listed(said, self.settings.lang)

    def forms(self) -> tuple[Form, ...]:
        names = {"confirmation": ("confirm",), "work_note": ("list",)}.get(self.out.kind, ("list", "reply"))
        rows = self.rows()
        marks = len(names) > 1
        return tuple(self.form(name, place if marks else 0, rows) for place, name in enumerate(names, 1))

    def form(self, name: str, place: int, rows: Sequence[Mapping[str, str]]) -> Form:
        columns = _FORMS[name]
        whole = sum(share for _, share in columns)
        signs = () if name == "list" else tuple(
            self.words_of(f"{name}-sign-{n}", town=self.town, bureau=one_line(self.settings.bureau)) for n in (1, 2)
        )  # fmt: skip
        mark = (
            "" if name == "confirm" else self.words_of("annex-numbered", n=place) if place else self.words_of("annex")
        )
        return Form(
            mark,
            self.words_of(f"form-{name}"),
            tuple(self.words_of(f"column-{column}") for column, _ in columns),
            tuple(share / whole for _, share in columns),
            tuple(tuple(row.get(column, "") for column, _ in columns) for row in rows),
            text=self.words_of("reply-text", due=day(self.out.due_on, self.settings.lang)) if name == "reply" else "",
            notes=(self.words_of("list-note"),) if name == "list" else (),
            signs=signs,
            by_hand=name == "reply",
        )

    def rows(self) -> list[dict[str, str]]:
        """Return what the tables say of each finding, free text masked, in the order of the letter."""
        made = []
        for place, (matter, row) in enumerate(zip(self.matters, self.masked(), strict=True), 1):
            problem = self.label(row["indicator"])
            if row["description"]:
                problem = self.words_of(
                    "problem", indicator=self.label(row["indicator"]), text=one_line(row["description"])
                )
            if row["requirement"]:
                problem += self.words_of("requirement", text=one_line(row["requirement"]))
            due = max(self.out.due_on, matter.due or self.out.due_on)
            state = self.words_of(f"result-{matter.state.replace('_', '-')}") if self.out.kind == "confirmation" else ""
            made.append(
                {
                    "no": str(place),
                    "finding": one_line(matter.id),
                    "village": one_line(row["village"] or ""),
                    "found": short_day(matter.finding["found_on"]),
                    "problem": problem,
                    "due": "" if matter.fixed else short_day(due),
                    "fixed": short_day(matter.fixed_on),
                    "result": state,
                }
            )
        return made

    def masked(self) -> list[dict[str, Any]]:
        names = ("finding_id", "indicator", "village", "description", "requirement")
        rows = [{name: matter.finding.get(name) for name in names} for matter in self.matters]
        frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String))
        texts = [name for name in names if name in free_text()["findings"]]
        return redact_frame(frame, texts, "finding_id", self.words)[0].to_dicts()


def confirmation(town: str, matters: Sequence[Matter], on: date) -> Outgoing:
    """Return the confirmation that a town's problems are mended."""
    return Outgoing(town, "confirmation", on, tuple(matter.id for matter in matters))
