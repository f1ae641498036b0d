"""The workbooks of casework: what a period comes to, the reviews due, and the measures that go to the data folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

from schemas.tables import catalogue
from scoring.messages import say
from scoring.outfolder import write_whole
from scoring.periods import Period
from scoring.reports.book import Book, Cell, Column, Kind
from scoring.scratch import scratch
from scoring.supervision.casework.amounts import Difference
from scoring.supervision.casework.figures import Figure, Left, Measured
from scoring.supervision.casework.hotspots import Hotspot
from scoring.supervision.casework.limits import Limit, Limits, Rule
from scoring.supervision.casework.reviews import Review
from scoring.supervision.casework.timely import Row, Told

_IDS: Final = ("case_id", "call_id", "petition_id")
_MEASURES_A_PAGE: Final = 11
_PLACE: Final = (("file", 22), ("sheet", 12), ("row", 7))


@dataclass(frozen=True)
class Words:
    """How ids are said: towns by code, measures by id, the language."""

    towns: Mapping[str, str]
    limits: Limits
    lang: str

    def measure(self, name: str) -> str:
        """Return what a measure is called."""
        return self.limits.labels[name][self.lang]

    def column(self, name: str) -> str:
        """Return what a column of the cases is headed."""
        known = catalogue("supervision").tables["cases"].columns[name]
        return known.zh if self.lang == "zh" else name

    def left(self, left: Left) -> str:
        """Say why a measure is not there, or what it does not rest on."""
        said = dict(left.parameters)
        comma = say("list-comma", self.lang)
        if "total" in said:
            said["programmes"] = comma.join(sorted(self.limits.totals[said["total"]].programmes))
        if "measure" in said:
            said["measure"] = self.measure(said["measure"])
        if "columns" in said:
            said["columns"] = comma.join(map(self.column, said["columns"]))
        if "towns" in said:
            said["towns"] = comma.join(self.towns[code] for code in said["towns"])
        return say(left.code, self.lang, **said)

    def head(self, name: str) -> str:
        """Return the heading of a column of a workbook."""
        return say(f"casework-column-{name}", self.lang)


def write_book(path: Path, title: str, made: date, lang: str, fill: Callable[[Book], None]) -> None:
    """Write a workbook that appears whole; `fill` writes its sheets.

    Raises
    ------
    OSError
        It cannot be written there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with scratch() as folder:
        fresh = folder / "book.xlsx"
        with Book(
            fresh, title=title, run_line=say("casework-internal", lang), made=made, decimals=2, lang=lang
        ) as book:
            fill(book)
        write_whole(path, fresh.read_bytes())


def measures_book(path: Path, figures: Sequence[Figure], period: Period, words: Words) -> None:
    """Write the measures as a workbook of the data folder: the columns of the measures table, nothing else."""
    columns = catalogue().tables["measures"].columns
    names = ("town", "period", "measure", "numerator", "denominator", "value", "sample", "origin", "dated_on", "remark")
    widths = {"origin": 18, "remark": 32}
    kinds: dict[str, Kind] = {
        "dated_on": "date",
        "numerator": "number",
        "denominator": "number",
        "value": "number",
        "sample": "count",
    }
    head = [
        Column(
            columns[name].zh if words.lang == "zh" else name,
            widths.get(name, max(columns[name].width, 12)),
            kinds.get(name, "text"),
        )
        for name in names
    ]
    origin = say("casework-origin", words.lang)
    rows: list[list[Cell]] = [
        [
            words.towns[one.town], period.id, one.measure, one.numerator, one.denominator,
            None if one.written is None else float(one.written), one.sample, origin, period.end,
            words.measure(one.measure),
        ]
        for one in figures
    ]  # fmt: skip
    table = catalogue().tables["measures"]
    sheet = table.zh if words.lang == "zh" else table.id
    write_book(path, sheet, period.end, words.lang, lambda book: book.table(sheet, head, rows, fixed=1))


def period_book(
    path: Path,
    period: Period,
    measured: Measured,
    left: Mapping[tuple[str, str], str],
    differences: Sequence[Difference],
    spots: Sequence[Hotspot],
    words: Words,
) -> None:
    """Write what a period comes to: figures, what was missed, differences in amounts, hotspots, limits.

    Parameters
    ----------
    left
        (town, measure) → why a figure does not go to the data folder; the others do.
    """
    title = say("casework-heading", words.lang, period=period.id)

    def fill(book: Book) -> None:
        _overview(book, measured.figures, words)
        _figures(book, measured.figures, left, words)
        _missed(book, [one for one in measured.told if not one.met], words)
        _differences(book, differences, words)
        _spots(book, spots, words)
        _limits(book, words)
        notes = [[words.left(one)] for one in measured.left]
        book.table(say("casework-sheet-notes", words.lang), [Column(words.head("note"), 110, "long")], notes)

    write_book(path, title, period.end, words.lang, fill)


def _overview(book: Book, figures: Sequence[Figure], words: Words) -> None:
    """Write a row a town and a column a measure: percent, or the plain value."""
    known = {(one.town, one.measure): one for one in figures}
    measures = list(dict.fromkeys(one.measure for one in figures))
    head = [Column(words.head("town"), 12), *(Column(words.measure(name), 10, "points") for name in measures)]

    def cell(one: Figure | None) -> Cell:
        shown = None if one is None else one.percent if one.value is None else one.value
        return None if shown is None else float(shown)

    rows = [[name, *(cell(known.get((code, one))) for one in measures)] for code, name in words.towns.items()]
    pages = -(-len(measures) // _MEASURES_A_PAGE) or 1
    book.table(say("casework-sheet-overview", words.lang), head, rows, fixed=1, pages=pages)


def _figures(book: Book, figures: Sequence[Figure], left: Mapping[tuple[str, str], str], words: Words) -> None:
    head = [
        Column(words.head("town"), 14), Column(words.head("measure"), 24), Column(words.head("numerator"), 10, "count"),
        Column(words.head("denominator"), 10, "count"), Column(words.head("percent"), 10, "points"),
        Column(words.head("value"), 10, "parts"), Column(words.head("sample"), 10, "count"),
        Column(words.head("written"), 46, "long"),
    ]  # fmt: skip
    order = {code: place for place, code in enumerate(words.towns)}
    rows = [
        [
            words.towns[one.town], words.measure(one.measure), one.numerator, one.denominator,
            None if one.percent is None else float(one.percent), None if one.written is None else float(one.written),
            one.sample, left.get((one.town, one.measure)) or say("casework-written", words.lang),
        ]
        for one in sorted(figures, key=lambda one: order[one.town])
    ]  # fmt: skip
    book.table(say("casework-sheet-figures", words.lang), head, rows, fixed=2)


def _place(words: Words) -> list[Column]:
    return [Column(words.head(name), width, "count" if name == "row" else "text") for name, width in _PLACE]


def _where(row: Row) -> list[Cell]:
    return [row["source_file"], row["source_sheet"], row["source_row"]]


def _called(row: Row) -> str:
    """Return the number of a row; one that has the shape of a person's is masked where it is written."""
    return str(next(row[name] for name in _IDS if name in row))


def _missed(book: Book, told: Sequence[Told], words: Words) -> None:
    head = [
        Column(words.head("town"), 14), Column(words.head("measure"), 22), Column(words.head("village"), 14),
        Column(words.head("programme"), 14), Column(words.head("id"), 18), Column(words.head("start"), 12, "date"),
        Column(words.head("due"), 12, "date"), Column(words.head("end"), 12, "date"),
        Column(words.head("used"), 9, "count"), Column(words.head("why"), 26, "long"), *_place(words),
    ]  # fmt: skip
    order = {code: place for place, code in enumerate(words.towns)}
    rows = [
        [
            words.towns[one.town], words.measure(one.measure), one.row["village"], one.row.get("programme"),
            _called(one.row), one.start, one.due, one.end, one.used, _why(one, words.lang), *_where(one.row),
        ]
        for one in sorted(told, key=lambda one: (order[one.town], words.measure(one.measure), _called(one.row)))
    ]  # fmt: skip
    book.table(say("casework-sheet-missed", words.lang), head, rows, fixed=2)


def _why(one: Told, lang: str) -> str:
    code = f"{one.item}-{one.lacks}" if one.lacks == "too-few" else one.lacks or ("late" if one.end else "not-done")
    return say(f"casework-why-{code}", lang)


def _differences(book: Book, found: Sequence[Difference], words: Words) -> None:
    head = [
        Column(words.head("town"), 14), Column(words.head("village"), 14), Column(words.head("programme"), 14),
        Column(words.head("id"), 18), Column(words.head("what"), 14), Column(words.head("stated"), 16, "points"),
        Column(words.head("computed"), 16, "points"), Column(words.head("difference"), 12, "points"),
        Column(words.head("way"), 40, "long"), *_place(words),
    ]  # fmt: skip
    order = {code: place for place, code in enumerate(words.towns)}
    rows = [
        [
            words.towns[one.row["town"]], one.row["village"], one.row["programme"], _called(one.row),
            say(f"casework-amount-{_dashed(one.kind)}", words.lang), _amount(one.stated, words),
            _amount(one.computed, words),
            float(one.stated - one.computed)
            if isinstance(one.stated, Decimal) and isinstance(one.computed, Decimal)
            else None,
            _way(one, words), *_where(one.row),
        ]
        for one in sorted(found, key=lambda one: (order[one.row["town"]], one.kind, _called(one.row)))
    ]  # fmt: skip
    book.table(say("casework-sheet-amounts", words.lang), head, rows, fixed=1)


def _dashed(kind: str) -> str:
    return kind.replace("_", "-")


def _amount(value: Decimal | str, words: Words) -> Cell:
    return float(value) if isinstance(value, Decimal) else _grade(value, words)


def _grade(grade: str, words: Words) -> str:
    known = catalogue("supervision").tables["cases"].columns["selfcare"].choices
    return known[grade][0] if words.lang == "zh" else grade


def _way(one: Difference, words: Words) -> str:
    if one.kind == "gap":
        standard, income, persons = one.way
        return say("casework-way-gap", words.lang, standard=standard, income=income, persons=persons)
    if one.kind == "grade":
        return say("casework-way-grade", words.lang, failed=one.way[0])
    return say("casework-way-care-fee", words.lang, grade=_grade(str(one.way[0]), words))


def _spots(book: Book, spots: Sequence[Hotspot], words: Words) -> None:
    head = [
        Column(words.head("dimension"), 12), Column(words.head("town"), 14), Column(words.head("name"), 26),
        Column(words.head("now"), 10, "count"), Column(words.head("past"), 10, "count"), Column(words.head("note"), 30),
    ]  # fmt: skip
    rows = [
        [
            say(f"casework-dimension-{one.dimension}", words.lang), words.towns.get(one.town, ""), one.name, one.now,
            one.past, say("casework-few", words.lang) if one.few else "",
        ]
        for one in spots
    ]  # fmt: skip
    book.table(say("casework-sheet-hotspots", words.lang), head, rows, fixed=1)


def _limits(book: Book, words: Words) -> None:
    head = [
        Column(words.head("rule"), 30, "long"), Column(words.head("limit"), 44, "long"),
        Column(words.head("status"), 12, "code"), Column(words.head("source"), 50, "long"),
    ]  # fmt: skip
    rows = [
        [
            label,
            said,
            say("casework-own" if one.own else "casework-example", words.lang),
            one.source.get(words.lang, ""),
        ]
        for label, said, one in limits_in_words(words)
    ]
    book.table(say("casework-sheet-limits", words.lang), head, rows)


def limits_in_words(words: Words) -> Iterator[tuple[str, str, Limit | Rule]]:
    """Yield each limit and rule in force: what it is called, and what it says."""
    lang, comma = words.lang, say("list-comma", words.lang)
    for limit in words.limits.limits.values():
        yield words.measure(limit.measure), _days(limit.days, limit.count, lang), limit
    for total in words.limits.totals.values():
        said = _days(total.days, total.count, lang)
        if total.extended is not None:
            said = say("casework-limit-extended", lang, days=said, extended=_days(total.extended, total.count, lang))
        excluded = comma.join(say(f"casework-excluded-{_dashed(name)}", lang) for name in sorted(total.excluded))
        if excluded:
            said = say("casework-limit-excluded", lang, days=said, excluded=excluded)
        programmes = comma.join(sorted(total.programmes))
        yield say("casework-total", lang, measure=words.measure(total.measure), programmes=programmes), said, total
    for name, rule in words.limits.rules.items():
        label = words.measure(rule.measure) if rule.measure else say(f"casework-rule-{name}", lang)
        numbers = {key: "-" if value is None else value for key, value in rule.numbers.items()}
        lists = {key: _listed(name, key, value, words) for key, value in rule.lists.items()}
        yield label, say(f"casework-says-{_dashed(name)}", lang, **numbers, **lists), rule


def _days(days: int | None, count: str, lang: str) -> str:
    return say("casework-days-unset", lang) if days is None else say(f"casework-days-{count}", lang, days=days)


def _listed(rule: str, key: str, values: frozenset[str], words: Words) -> str:
    """Return the words of a rule's list: answers as the questionnaire has them, programmes as they are."""
    if rule == "surveys":
        column = {"satisfied": "satisfaction", "aware": "awareness"}[key]
        choices = catalogue("supervision").tables["answers"].columns[column].choices
        said = [alias[0] if words.lang == "zh" else one for one, alias in choices.items() if one in values]
    else:
        said = sorted(values)
    return say("list-comma", words.lang).join(said)


def reviews_book(path: Path, reviews: Sequence[Review], on: date, words: Words) -> None:
    """Write the reviews due on a day, overdue first."""
    head = [
        Column(words.head("town"), 14), Column(words.head("village"), 14), Column(words.head("programme"), 14),
        Column(words.head("id"), 18), Column(words.head("class"), 12), Column(words.head("confirmed"), 12, "date"),
        Column(words.head("reviewed"), 12, "date"), Column(words.head("due"), 12, "date"),
        Column(words.head("status"), 12, "code"), Column(words.head("late"), 10, "count"), *_place(words),
    ]  # fmt: skip
    choices = catalogue("supervision").tables["cases"].columns["review_class"].choices

    def called(name: str | None) -> str:
        return "" if name is None else choices[name][0] if words.lang == "zh" else name

    rows: list[list[Cell]] = [
        [
            words.towns[one.row["town"]], one.row["village"], one.row["programme"], _called(one.row),
            called(one.row["review_class"]), one.row["confirmed_on"], one.row["last_review_on"], one.due,
            say(f"casework-review-{one.status}", words.lang),
            one.late if one.late is not None and one.late > 0 else None, *_where(one.row),
        ]
        for one in reviews
    ]  # fmt: skip
    title = say("casework-reviews-heading", words.lang, on=on)
    sheet = say("casework-sheet-reviews", words.lang)
    write_book(path, title, on, words.lang, lambda book: book.table(sheet, head, rows, fixed=1))
