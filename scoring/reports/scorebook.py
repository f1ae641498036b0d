"""scorebook.xlsx: the whole result as an officer checks it: ranking, indicators, ledger, findings, method.

Every cell comes from the Assessment. The only formulas are the totals of the ranking, so that they can be followed in the sheet.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from xlsxwriter.utility import xl_rowcol_to_cell

from scoring.messages import catalogue, say
from scoring.reports.book import Book, Column, Kind
from scoring.reports.text import fraction, listed

if TYPE_CHECKING:
    from scoring.assessment import Assessment
    from scoring.reports.settings import Settings

# The print allow-list: frame column, width, kind. A column that is not named here never reaches a cell.
_COUNTS: Final = ("findings", "sampled", "visited", "newly_confirmed", "due", "closed_on_time", "overdue", "repeats", "returned")
_FINDINGS: Final[tuple[tuple[str, float, Kind], ...]] = (
    ("finding_id", 18, "text"), ("town", 12, "code"), ("village", 13, "text"), ("found_on", 11, "date"), ("indicator", 22, "long"),
    ("severity", 8, "code"), ("channel", 10, "code"), ("source_level", 8, "code"), ("programme", 14, "text"),
    ("problem_type", 16, "long"), ("cases", 7, "count"), ("persons", 7, "count"), ("amount", 10, "points"),
    ("description", 46, "long"), ("assigned_on", 11, "date"), ("deadline", 11, "date"), ("fixed_on", 11, "date"),
    ("disposition", 11, "code"), ("state", 11, "code"), ("repeat", 7, "count"), ("charge", 8, "points"), ("credit", 8, "points"),
    ("extra", 8, "points"), ("net", 8, "points"), ("gives_back", 9, "points"), ("gives_back_by", 11, "date"), ("matter", 18, "text"),
    ("clause", 16, "long"), ("price_line", 9, "code"),
)  # fmt: skip
_LEDGER: Final[tuple[tuple[str, float, Kind], ...]] = (
    ("town", 12, "code"), ("dimension", 14, "text"), ("indicator", 22, "text"), ("kind", 11, "code"), ("subject", 22, "text"),
    ("quantity", 8, "number"), ("price", 8, "number"), ("multiplier", 8, "number"), ("effect", 9, "points"), ("exact", 11, "code"),
    ("clause", 18, "text"), ("reason", 40, "text"), ("line", 9, "code"), ("entry_id", 44, "text"),
)  # fmt: skip


def write_scorebook(assessment: Assessment, settings: Settings, path: Path) -> None:
    """Write the workbook; equal assessments give equal bytes.

    Parameters
    ----------
    assessment
        The whole assessment, or one town's (`for_town`): only its rows are written.
    settings
        The language, and the bureau's name.
    path
        Where the file is to lie; its folder exists.
    """
    source = _Source(assessment, settings.lang)
    with Book(path, source.title(), source.run_line(), date.fromisoformat(assessment.head["as_of"]), source.decimals, settings.lang) as book:
        _ranking(book, source)
        _matrix(book, source)
        _details(book, source)
        _ledger(book, source)
        _findings(book, source)
        _method(book, source)


class _Source:
    """The Assessment with its ids turned into words."""

    def __init__(self, assessment: Assessment, lang: str) -> None:
        self.head: Mapping[str, Any] = assessment.head
        self.scheme: Mapping[str, Any] = assessment.head["scheme"]
        self.frames = assessment
        self.lang = lang
        self.decimals = int(self.scheme["decimals"])
        self.parts: list[Mapping[str, Any]] = list(self.scheme["parts"])
        self.dimensions: list[Mapping[str, Any]] = list(self.scheme["dimensions"])
        self.towns: dict[str, str] = dict(assessment.scores.select("town_code", "town").iter_rows())
        self.indicators = {
            indicator["id"]: (dimension, indicator) for dimension in self.dimensions for indicator in dimension["indicators"]
        }

    def say(self, code: str, /, **parameters: object) -> str:
        return say(f"book-{code}", self.lang, **parameters)

    def list(self, items: Iterable[str]) -> str:
        return listed(items, self.lang)

    def word(self, group: str, value: str | None) -> str | None:
        """Return the word for an id of the engine; an id without a word stands as it is."""
        return None if value is None else catalogue(self.lang).get(f"book-{group}-{value.replace('_', '-')}", value)

    def label(self, item: Mapping[str, Any]) -> str:
        """Return the name of a dimension, indicator, part, grade or gate in the book's language."""
        own: str | None = item.get("label_en") if self.lang == "en" else None
        return own or str(item["label"])

    def title(self) -> str:
        return self.say("title", period=self.head["period"]["label"], stage=self.word("stage", self.head["stage"]))

    def run_line(self) -> str:
        head = self.head
        return self.say("run-line", run_code=head.get("run_code") or "—", scheme=self.scheme["title"], as_of=head["as_of"])

    def column(self, name: str, width: float, kind: Kind = "text") -> Column:
        return Column(self.say(f"column-{name.replace('_', '-')}"), width, kind)

    def words(self, frame: pl.DataFrame, column: str, group: str) -> pl.Expr:
        """Return the column's words; only the distinct ids are looked up."""
        ids = frame.get_column(column).drop_nulls().unique().to_list()
        return pl.col(column).replace({value: self.word(group, value) for value in ids})

    def labels(self, column: str) -> pl.Expr:
        """Return the labels of a column of dimension or indicator ids."""
        known = {indicator: self.label(item) for indicator, (_, item) in self.indicators.items()}
        if column == "dimension":
            known = {item["id"]: self.label(item) for item in self.dimensions}
        return pl.col(column).replace(known)


def _number(stem: str) -> pl.Expr:
    """Return an exact pair as the nearest number that a cell holds; nothing is added up here."""
    return (pl.col(f"{stem}_num").cast(pl.Float64) / pl.col(f"{stem}_den")).alias(stem)


def _ranking(book: Book, source: _Source) -> None:
    """Rank, points by dimension, what comes on top, and the score as their sum."""
    assessment = source.frames
    lead = [
        source.column("rank", 7, "count"), source.column("town_code", 12, "code"), source.column("town", 14),
        source.column("group", 10, "code"), source.column("group_rank", 8, "count"),
    ]  # fmt: skip
    places = [(part, dimension) for part in source.parts for dimension in source.dimensions]
    several = len(source.parts) > 1
    points = [
        Column(
            source.say("points-of" if not several else "points-of-part", label=source.label(dimension), points=dimension["points"], part=source.label(part)),
            11,
            "points",
        )
        for part, dimension in places
    ]
    tail = [
        source.column("other", 11, "points"), source.column("score", 10, "points"), source.column("grade", 9, "code"),
        source.column("gates", 18, "long"), *(source.column(name, 9, "count") for name in _COUNTS),
    ]  # fmt: skip
    earned = {(row["town_code"], row["part"], row["dimension"]): fraction(row, "earned") for row in assessment.dimensions.iter_rows(named=True)}
    grades = {grade["id"]: source.label(grade) for grade in source.scheme["grades"]}
    gates = {gate["id"]: source.label(gate) for gate in source.scheme["gates"]}
    width = len(source.dimensions)

    def rows() -> Iterator[list[Any]]:
        ordered = assessment.scores.sort(["rank", "order", "town_code"], nulls_last=True)
        for line, row in enumerate(ordered.iter_rows(named=True), 1):
            score = fraction(row, "score")
            cells: list[Any] = [row["rank"], row["town_code"], row["town"], row["group"], row["group_rank"]]
            shares = [earned.get((row["town_code"], part["id"], dimension["id"])) for part, dimension in places]
            if score is None:
                cells += [None] * len(places) + [None, source.word("outcome", row["outcome"])]
            else:
                terms, rest = [], score
                for number, part in enumerate(source.parts):
                    weight = Fraction(part["weight"])
                    begin = len(lead) + number * width
                    total = f"SUM({xl_rowcol_to_cell(line, begin)}:{xl_rowcol_to_cell(line, begin + width - 1)})"
                    terms.append(total if weight == 1 else f"{weight.numerator}/{weight.denominator}*{total}")
                    rest -= weight * sum((share for share in shares[number * width : (number + 1) * width] if share is not None), Fraction(0))
                terms.append(xl_rowcol_to_cell(line, len(lead) + len(places)))
                cells += [None if share is None else float(share) for share in shares]
                cells += [float(rest), (f"=ROUND({'+'.join(terms)},{source.decimals})", float(score))]
            cells += [grades.get(row["grade"], row["grade"]), source.list(gates.get(gate, gate) for gate in row["gates"] or ())]
            yield cells + [row[name] for name in _COUNTS]

    book.table(source.say("sheet-ranking"), [*lead, *points, *tail], rows(), fixed=3)


def _matrix(book: Book, source: _Source) -> None:
    """Towns down, indicators across; what is below full points is tinted."""
    assessment = source.frames
    places = [(part, dimension, indicator) for part in source.parts for dimension in source.dimensions for indicator in dimension["indicators"]]
    columns = [source.column("town_code", 12, "code"), source.column("town", 14)]
    columns += [Column(source.say("points-of", label=source.label(indicator), points=indicator["points"], part=""), 10.5, "points") for _, _, indicator in places]
    several = len(source.parts) > 1
    bands = [("", 1), ("", 1)]
    for part in source.parts:
        for dimension in source.dimensions:
            name = f"{source.label(part)} · {source.label(dimension)}" if several else source.label(dimension)
            bands.append((name, len(dimension["indicators"])))
    found = {(row["town_code"], row["part"], row["indicator"]): row for row in assessment.indicators.iter_rows(named=True)}

    def cell(code: str, part: str, indicator: str) -> Any:
        row = found.get((code, part, indicator))
        if row is None:
            return None
        earned = fraction(row, "earned")
        return source.word("outcome", row["outcome"]) if row["outcome"] == "not_applicable" or earned is None else float(earned)

    def tint(sheet: Any, first: int, last: int) -> None:
        for place, (_, _, indicator) in enumerate(places, 2):
            below = {"type": "cell", "criteria": "<", "value": float(Fraction(indicator["points"])), "format": book.below, "stop_if_true": False}
            sheet.conditional_format(first, place, last, place, below)

    ordered = assessment.scores.sort("order", "town_code").select("town_code", "town")
    rows = ([code, town, *(cell(code, part["id"], indicator["id"]) for part, _, indicator in places)] for code, town in ordered.iter_rows())
    book.table(source.say("sheet-matrix"), columns, rows, fixed=2, bands=bands, finish=tint)


def _details(book: Book, source: _Source) -> None:
    """The indicators as a list, a row a town and indicator, with rates and their targets."""
    frame = source.frames.indicators
    clauses = {name: item["clause"] for name, (_, item) in source.indicators.items()}
    several = len(source.parts) > 1
    parts = {part["id"]: source.label(part) for part in source.parts}
    shown = frame.select(
        pl.col("town_code").replace(source.towns).alias("town"),
        *([pl.col("part").replace(parts)] if several else []),
        source.labels("dimension"),
        source.labels("indicator"),
        _number("points"),
        _number("earned"),
        source.words(frame, "outcome", "outcome"),
        "findings",
        _number("value"),
        _number("target"),
        "sample",
        pl.col("indicator").replace(clauses).alias("clause"),
    )
    looks: dict[str, tuple[float, Kind]] = {
        "town": (14, "code"), "part": (12, "code"), "dimension": (18, "text"), "indicator": (30, "text"), "points": (8, "points"),
        "earned": (8, "points"), "outcome": (12, "code"), "findings": (8, "count"), "value": (11, "number"), "target": (11, "number"),
        "sample": (9, "count"), "clause": (24, "text"),
    }  # fmt: skip
    book.table(source.say("sheet-details"), [source.column(name, *looks[name]) for name in shown.columns], shown.iter_rows(), fixed=1)


def _ledger(book: Book, source: _Source) -> None:
    """Every effect on every score, in the order of the statement."""
    frame = source.frames.ledger
    long = 1_000_000 % pl.col("points_den") != 0  # no six decimals hold it: the fraction stands beside the number
    shown = frame.with_columns(
        pl.col("town_code").replace(source.towns).alias("town"),
        source.labels("dimension"),
        source.labels("indicator"),
        source.words(frame, "kind", "kind"),
        *(_number(stem) for stem in ("quantity", "price", "multiplier")),
        _number("points").alias("effect"),
        pl.when(long).then(pl.format("{}/{}", "points_num", "points_den")).alias("exact"),
    ).select(name for name, _, _ in _LEDGER)
    book.table(source.say("sheet-ledger"), [source.column(*look) for look in _LEDGER], shown.iter_rows(), fixed=1)


def _findings(book: Book, source: _Source) -> None:
    """Every finding that was read, with its state and what it costs."""
    frame = source.frames.findings
    shown = frame.with_columns(
        pl.col("town").replace(source.towns),
        source.labels("indicator"),
        source.words(frame, "disposition", "disposition"),
        source.words(frame, "state", "state"),
        *(_number(stem) for stem in ("charge", "credit", "extra", "net", "gives_back")),
        pl.col("amount").cast(pl.Float64),
        pl.col("due").alias("deadline"),
    ).select(name for name, _, _ in _FINDINGS)
    book.table(source.say("sheet-findings"), [source.column(*look) for look in _FINDINGS], shown.iter_rows(), fixed=2)


def _method(book: Book, source: _Source) -> None:
    """By which scheme, from which data and by which rules the scores came about."""
    columns = [source.column("item", 24, "long"), source.column("content", 100, "long")]
    book.table(source.say("sheet-method"), columns, _method_rows(source), portrait=True)


def _method_rows(source: _Source) -> Iterator[tuple[str, str]]:
    head, scheme = source.head, source.scheme
    period = head["period"]
    yield source.say("method-period"), source.say("method-period-is", label=period["label"], start=period["start"], end=period["end"])
    yield source.say("method-as-of"), str(head["as_of"])
    yield source.say("method-stage"), source.word("stage", head["stage"]) or ""
    for flag in ("incomplete", "example"):
        if head.get(flag):
            yield source.say("method-notice"), source.say(f"method-{flag}")
    yield source.say("method-run-code"), str(head.get("run_code") or "—")
    title = scheme.get("title_en") if source.lang == "en" else None
    yield source.say("method-scheme"), source.say("method-scheme-is", title=title or scheme["title"], id=scheme["id"], document=scheme["document"])
    yield source.say("method-hash"), str(scheme["hash"])
    if scheme.get("example_notice"):
        yield source.say("method-notice"), str(scheme["example_notice"])
    rules = source.say("method-rules-is", direction=source.word("direction", scheme["direction"]), full=scheme["full"], decimals=scheme["decimals"])
    yield source.say("method-rules"), rules + (source.word("round-at", scheme["round_at"]) or "")
    for part in source.parts if len(source.parts) > 1 else ():
        yield source.say("method-part"), source.say("method-part-is", label=source.label(part), weight=part["weight"])
    for dimension in source.dimensions:
        names = source.list(f"{source.label(item)} {item['points']}" for item in dimension["indicators"])
        yield source.say("points-of", label=source.label(dimension), points=dimension["points"], part=""), names
    for state, effect in (scheme.get("rectification") or {}).items():
        name = source.word("state", state)
        yield source.say("method-policy"), source.say("method-policy-is", state=name, share=effect["share"], extra=effect["extra"])
    for grade in scheme["grades"]:
        least = grade.get("at_least")
        yield source.say("method-grade"), source.say("method-grade-is" if least else "method-grade-rest", label=source.label(grade), least=least)
    for gate in scheme["gates"]:
        yield source.say("method-gate"), source.label(gate)
    for table, counts in head["rows"].items():
        text = source.say("method-rows-is", **{key: counts[key] for key in ("read", "used", "set_aside", "refused")})
        unpriced = source.list(f"{source.word('disposition', reason)} {n}" for reason, n in (counts.get("unpriced") or {}).items())
        yield source.say("method-rows", table=source.word("table", table)), text + (source.say("method-unpriced", reasons=unpriced) if unpriced else "")
    for item in scheme.get("not_scored") or ():
        yield source.say("method-not-scored"), source.say("method-not-scored-is", label=source.label(item), clause=item["clause"], reason=item["reason"])
    for law in scheme.get("laws_given_up") or ():
        yield source.say("method-law"), law if isinstance(law, str) else json.dumps(law, ensure_ascii=False, sort_keys=True)
