"""Answers to questions about a score: an appeal either way, why it changed, what it comes to city-wide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Final

import polars as pl

from scoring.assessment import Assessment
from scoring.changes import PARTS
from scoring.choosing import Schemes
from scoring.exact import fixed
from scoring.intake import Tables
from scoring.jobs import Desk, Job
from scoring.ledger.past import when
from scoring.lookback import Scored, published, why
from scoring.messages import say
from scoring.periods import Period
from scoring.reports.appeal_view import appeal_rows
from scoring.reports.labels import Labels
from scoring.reports.text import MINUS, brief_signed, exact, signed
from scoring.runs import RunRefused, read_and_assess, read_only
from scoring.store import latest, read_store
from scoring.store.editions import period_of, remember
from scoring.store.verifying import check_files

ALL: Final = ""
"""Every town, where one is asked for."""


class NoAnswer(Exception):
    """What was asked for cannot be answered; the code and parameters say why."""

    def __init__(self, code: str, **parameters: object) -> None:
        super().__init__(code, parameters)
        self.code = code
        self.parameters = parameters


@dataclass(frozen=True)
class Answer:
    """Lines above a table, the table, lines below it; all text."""

    lines: list[str]
    headings: list[str]
    rows: list[list[str]]
    ending: list[str]


def at_hand(desk: Desk, period: Period) -> Assessment | None:
    """Return the result that the bureau has of a period: the published edition, else the draft in the output folder.

    None where there is neither, or the draft's files do not fit together.
    """
    edition = latest(read_store(desk.store)).get(period.id)
    if edition is not None:
        return edition.assessment
    folder = desk.out / period.id
    if not (folder / "manifest.json").is_file() or check_files(folder):
        return None
    return Assessment.load(folder)


def towns_of(job: Job, held: Assessment) -> pl.DataFrame:
    """Return the towns as they may be called: by the ledgers, or, where these cannot be read now, by the result."""
    try:
        return read_only(job).tables.towns
    except RunRefused:
        nobody = pl.lit(None, dtype=pl.String)
        return held.scores.select(
            "town_code", name="town", aliases=pl.lit([], dtype=pl.List(pl.String)), merged_into=nobody
        )


def held_words(held: Assessment, lang: str) -> dict[str, str]:
    """Say which result an answer is about: stage, edition, run code."""
    head = held.head
    stage = say(f"reports-stage-{head['stage']}", lang)
    return {"stage": stage, "edition": str(head["edition"]), "code": str(head["run_code"])}


def scored(job: Job, period: Period) -> Scored:
    """Return a period as it was published, else as it stands now.

    Raises
    ------
    RunRefused
        It is not published, and the data was refused.
    NoAnswer
        There is a draft of it by another scheme than the one that would score it now.
    """
    remember(job.scheme)
    editions = read_store(job.store)
    edition = latest(editions).get(period.id)
    if edition is not None:
        return published(edition, editions)
    draft = at_hand(job, period)
    if draft is not None and draft.head["scheme"]["hash"] != job.scheme.sha256:
        raise NoAnswer("answer-other-scheme", period=period.id, title=draft.head["scheme"]["title"])
    intake, (assessment,) = read_and_assess([(job, period)])
    past = [one.frozen for one in latest(editions).values()]
    return Scored(assessment, lambda: intake.tables, job.scheme.scheme, job.scheme.sha256, past)


def period_of_appeal(desk: Desk, schemes: Schemes, tables: Tables, appeal: str) -> Period:
    """Return the period whose score an appeal can change: its target's, or, once that is published, the next one.

    Raises
    ------
    NoAnswer
        There is no such appeal, or its target lies in no period.
    """
    rows = tables.appeals.filter(pl.col("appeal_id") == appeal).to_dicts()
    if not rows:
        known = say("list-comma", desk.settings.lang).join(tables.appeals["appeal_id"].sort().head(20))
        raise NoAnswer("answer-no-appeal", appeal=appeal, known=known)
    target, about = rows[0]["target"], rows[0]["target_id"]
    if target == "measure":
        found = schemes.period(about.rpartition("/")[2])
    else:
        name, column, day = ("adjustments", "adjustment_id", "dated_on") if target == "adjustment" else (
            "findings", "finding_id", "found_on"
        )  # fmt: skip
        days = getattr(tables, name).filter(pl.col(column) == about)[day].to_list()
        found = schemes.holding(days[0]) if days and days[0] else None
    if found is None:
        raise NoAnswer("answer-no-period", appeal=appeal)
    frozen = latest(read_store(desk.store))
    # A decision that a published result knows of is told from there.
    told = [
        edition
        for edition in frozen.values()
        if edition.assessment.appeals.filter((pl.col("appeal_id") == appeal) & ~pl.col("pending")).height
    ]
    if told:
        return min((period_of(edition.head) for edition in told), key=when)
    while found.id in frozen and (later := schemes.holding(found.end + timedelta(days=1))):
        found = later
    return found


def appeal_answer(assessment: Assessment, appeal: str, lang: str) -> Answer:
    """Say what was, what was decided, and score and rank either way; the other towns whose ranks would move.

    Raises
    ------
    NoAnswer
        The appeal does not bear on this period.
    """
    labels = Labels(assessment.head, lang)
    rows = assessment.appeals.filter(pl.col("appeal_id") == appeal)
    if rows.is_empty():
        raise NoAnswer("answer-not-here", appeal=appeal, period=labels.period)
    row, shown = rows.to_dicts()[0], appeal_rows(Assessment(**{**vars(assessment), "appeals": rows}), labels)[0]
    names = dict(assessment.scores.select("town_code", "town").iter_rows())
    stands = assessment.scores.filter(pl.col("town_code") == row["town_code"]).to_dicts()[0]
    lines = [
        labels("answer-appeal-title", appeal=shown.number, town=names[row["town_code"]], period=labels.period),
        labels(
            "answer-appeal-about",
            about=shown.about,
            original=shown.original or labels("reports-none"),
            asked=labels("answer-asked", value=shown.asked) if shown.asked else "",
            ground=shown.ground or labels("reports-none"),
        ),
        labels("answer-appeal-filed", filed=row["filed_on"], decision=shown.decision),
    ]
    now = labels("reports-appeal-why-not-scored")
    if stands["score"] is not None:
        now = labels("reports-appeal-score", score=stands["score"], rank=stands["rank"] or labels("reports-none"))
    table = [
        [labels("answer-now"), now],
        [labels("answer-upheld"), shown.upheld],
        [labels("answer-rejected"), shown.rejected],
    ]
    ending = [labels("answer-moved-none")]
    if stands["score"] is None:
        ending = []
    elif row["upheld"] is None or row["rejected"] is None:
        ending = [labels("answer-moved-unknown")]
    elif row["moved_towns"]:
        moves = [
            labels("answer-moved-town", town=names[code], rejected=old, upheld=new)
            for code, new, old in zip(row["moved_towns"], row["moved_upheld"], row["moved_rejected"], strict=True)
        ]
        ending = [labels("answer-moved", towns=labels("list-comma").join(moves))]
    if row["pending"]:
        code = "answer-pending" if stands["score"] is not None else "answer-pending-unscored"
        ending.append(labels(code, town=names[row["town_code"]], period=labels.period))
    return Answer(lines, [labels("answer-if"), labels("answer-then")], table, ending)


def changes_answer(one: Scored, other: Scored, town: str, desk: Desk) -> Answer:
    """Split the difference of a town's two scores, or of every town's, into what caused it.

    Raises
    ------
    NoAnswer
        The town is not scored in both periods.
    """
    lang = desk.settings.lang
    labels = Labels(other.assessment.head, lang)
    frame = why(one, other, desk.workdays)
    names = dict(other.assessment.scores.select("town_code", "town").iter_rows())
    before, after = (Labels(s.assessment.head, lang).period for s in (one, other))
    towns = [code for code in names if code in set(frame["town_code"])]
    known = bool(frame["rules_known"].all())
    ending = [labels("answer-changes-method" if known else "answer-changes-rules-unknown")]
    parts: dict[str, dict[str, Fraction]] = {}
    for row in frame.to_dicts():
        parts.setdefault(row["town_code"], {})[row["part"]] = Fraction(row["points_num"], row["points_den"])
    least = int(other.assessment.head["scheme"]["decimals"])
    scores = [{row["town_code"]: row["score"] for row in s.assessment.scores.to_dicts()} for s in (one, other)]
    used = [part for part in PARTS if any(values[part] for values in parts.values())]
    if town != ALL:
        if town not in parts:
            raise NoAnswer("answer-not-in-both", town=names.get(town, town), before=before, after=after)
        rows = [
            [labels(f"reports-change-part-{part.replace('_', '-')}"), *_both(parts[town][part], least)]
            for part in used
            if parts[town][part]
        ]
        rows.append([labels("answer-sum"), *_both(sum(parts[town].values(), Fraction(0)), least)])
        title = labels(
            "answer-changes-title", town=names[town], before=before, after=after,
            old=scores[0][town], new=scores[1][town],
        )  # fmt: skip
        return Answer(
            [title], [labels("answer-part"), labels("cli-column-points"), labels("answer-exact")], rows, ending
        )
    if not towns:
        raise NoAnswer("answer-not-in-both", town=labels("answer-any-town"), before=before, after=after)
    headings = [labels("cli-column-town"), labels("answer-old"), labels("answer-new"), labels("answer-difference")]
    headings += [labels(f"reports-change-part-{part.replace('_', '-')}") for part in used]
    rows = [[names[code], scores[0][code], scores[1][code], *_amounts(parts[code], used, least)] for code in towns]
    mean = parts.get("", {})
    if mean:
        rows.append([labels("answer-mean"), "", "", *(about(value) for value in _values(mean, used))])
    return Answer([labels("answer-changes-all", before=before, after=after)], headings, rows, ending)


def _values(parts: dict[str, Fraction], used: Sequence[str]) -> list[Fraction]:
    return [sum(parts.values(), Fraction(0)), *(parts[part] for part in used)]


def _amounts(parts: dict[str, Fraction], used: Sequence[str], least: int) -> list[str]:
    return [_plain(value, least) for value in _values(parts, used)]


def about(value: Fraction) -> str:
    """Return a mean to four places; it need not be a number that can be written out."""
    return fixed(value, 4)


def _plain(value: Fraction, least: int) -> str:
    """Return a part as people read it: what is no short number is marked as rounded."""
    return brief_signed(value, least).replace(MINUS, "-") or exact(Fraction(0), least)


def _both(value: Fraction, least: int) -> list[str]:
    return [_plain(value, least), signed(value).replace(MINUS, "-") if value else "0"]


@dataclass(frozen=True)
class Converted:
    """A town's score in points of the city-wide assessment, this year and the last."""

    frame: pl.DataFrame
    share: Fraction
    last_share: Fraction | None


def converted(one: Scored, last: Scored | None, share: Fraction, last_share: Fraction | None) -> Converted:
    """Convert scores: score ÷ full marks × the points that social assistance has in the city-wide assessment.

    Returns
    -------
    Columns: town_code, town, score, converted (to two places, half away from zero), exact (the fraction), and
    last_score, last_converted where the last year is known.

    Raises
    ------
    NoAnswer
        Lower scores are better: nothing says what share of full marks that is.
    """
    frame = _converted(one, share)
    if last is not None and last_share is not None:
        then = _converted(last, last_share).select(
            "town_code", pl.col("score").alias("last_score"), pl.col("converted").alias("last_converted")
        )
        frame = frame.join(then, on="town_code", how="left", maintain_order="left")
    return Converted(frame, share, last_share)


def _converted(one: Scored, share: Fraction) -> pl.DataFrame:
    scheme = one.scheme
    full = scheme.range.max if scheme.direction == "net" and scheme.range.max is not None else scheme.full
    if scheme.direction == "up" or not full:
        raise NoAnswer("answer-not-convertible")
    rows = []
    for row in one.assessment.scores.to_dicts():
        value = None if row["score_num"] is None else Fraction(row["score_num"], row["score_den"]) / full * share
        rows.append(
            {
                "town_code": row["town_code"],
                "town": row["town"],
                "score": row["score"],
                "converted": None if value is None else fixed(value, 2),
                "exact": None if value is None else str(value),
            }
        )
    return pl.DataFrame(rows, schema=dict.fromkeys(("town_code", "town", "score", "converted", "exact"), pl.String))


def write_converted(made: Converted, one: Scored, last: Scored | None, path: Path, lang: str) -> None:
    """Write the converted points as a workbook with numbers that a sheet can go on calculating with."""
    import xlsxwriter

    labels = Labels(one.assessment.head, lang)
    outcomes = dict(one.assessment.scores.select("town_code", "outcome").iter_rows())
    font = {"font_name": labels("book-font"), "font_size": 10}
    options = {"strings_to_formulas": False, "strings_to_urls": False, "default_format_properties": font}
    with xlsxwriter.Workbook(path, options) as book:
        sheet = book.add_worksheet(labels("convert-sheet"))
        line = {"border": 1, "border_color": "#C9D1D9", "valign": "vcenter"}
        look = {**line, "bold": True, "text_wrap": True, "bg_color": "#E3EAF1", "font_color": "#1F2D3D"}
        heads = {side: book.add_format({**look, "align": side}) for side in ("left", "right")}
        number = book.add_format({**line, "align": "right", "num_format": "0.00"})
        texts = {side: book.add_format({**line, "align": side, "num_format": "@"}) for side in ("left", "right")}
        lines = [labels("convert-title", period=labels.period), labels("convert-share", share=exact(made.share))]
        if made.last_share is not None:
            lines.append(labels("convert-last-share", share=exact(made.last_share)))
        lines += [labels("convert-source", sources=_source(s, lang)) for s in (one, last) if s is not None]
        for place, text in enumerate(lines):
            sheet.write_string(place, 0, text, book.add_format({"bold": True, "font_size": 14}) if not place else None)
        sheet.set_row(0, 24)
        sheet.set_row(5, 32)
        for place, name in enumerate(made.frame.columns):
            side = "left" if name in ("town_code", "town") else "right"
            sheet.write_string(5, place, labels(f"convert-{name.replace('_', '-')}"), heads[side])
            sheet.set_column(place, place, {"town_code": 13, "town": 18, "exact": 16}.get(name, 12))
        for row, cells in enumerate(made.frame.iter_rows(named=True), 6):
            for place, (name, cell) in enumerate(cells.items()):
                if cell is None and name == "score":  # who was not checked
                    word = outcomes[cells["town_code"]].replace("_", "-")
                    sheet.write_string(row, place, labels(f"reports-{word}"), texts["right"])
                elif cell is None:
                    sheet.write_blank(row, place, None, number)
                elif name in ("town_code", "town", "exact"):
                    sheet.write_string(row, place, cell, texts["right" if name == "exact" else "left"])
                else:
                    sheet.write_number(row, place, float(cell), number)
        sheet.freeze_panes(6, 2)
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.center_horizontally()
        sheet.repeat_rows(5)
        sheet.set_footer("&R&8 &P / &N")


def _source(one: Scored, lang: str) -> str:
    labels, head = Labels(one.assessment.head, lang), one.assessment.head
    stage = labels.known("reports-stage", head["stage"])
    return labels(
        "convert-run", period=labels.period, edition=head["edition"], stage=stage, code=head["run_code"] or "-"
    )
