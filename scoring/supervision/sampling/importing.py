"""Filled work sheets into the data folder: checks, findings, measures, verdicts; doing it twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from schemas.scheme import Calendar
from schemas.tables import table_for
from schemas.vocabulary import Vocabulary
from scoring.intake import Intake
from scoring.intake.columns import names_of
from scoring.intake.fold import name_key
from scoring.intake.problems import Problems
from scoring.messages import say
from scoring.outfolder import write_whole
from scoring.periods import parse_period
from scoring.redaction import Words, redact
from scoring.supervision.own_files import foreign, unread
from scoring.supervision.sampling.judging import judge_case, judge_finding
from scoring.supervision.sampling.kept import keep, read_kept
from scoring.supervision.sampling.ledgers import Called, ledger_bytes, merged
from scoring.supervision.sampling.policy import Point
from scoring.supervision.sampling.record import Kind, Record, folder_of, read_record
from scoring.supervision.sampling.results import (
    Answered,
    Means,
    Row,
    checks_of,
    findings_of,
    measures_of,
    number_of,
    prefix_of,
    verdicts_of,
)
from scoring.supervision.sampling.returned import Asked, Returned, read_rows

FILES: Mapping[Kind, tuple[str, ...]] = {
    "sample": ("checks", "findings", "measures"),
    "look-back": ("findings", "rectifications"),
}
_KEY: Mapping[str, tuple[str, ...]] = {
    "checks": ("check_id",),
    "findings": ("finding_id",),
    "measures": ("town", "measure"),
    "rectifications": ("finding_id", "submitted_on"),
}


@dataclass(frozen=True)
class Office:
    """What work sheets are written and read with.

    Attributes
    ----------
    root, data
        The workspace and its data folder.
    intake
        The data folder, read by the scheme's words.
    others
        The words of every scheme of the workspace: each is to read what is written.
    """

    root: Path
    data: Path
    intake: Intake
    vocabulary: Vocabulary
    calendar: Calendar
    points: tuple[Point, ...]
    lang: str
    others: tuple[Vocabulary, ...] = ()

    @cached_property
    def towns(self) -> dict[str, str]:
        """Code → name of the towns, in the official order."""
        return dict(
            self.intake.tables.towns.sort("order", "town_code", nulls_last=True).select("town_code", "name").iter_rows()
        )

    def indicator_of(self, name: str) -> str | None:
        """Return the scheme's indicator that a point names by id or alias; None where it has none."""
        return self._indicators.get(name_key(name))

    @cached_property
    def _indicators(self) -> Mapping[str, str]:
        return names_of(self.vocabulary, {}).indicators

    @cached_property
    def labels(self) -> dict[str, str]:
        """Indicators, as points and findings name them → label."""
        known = dict(self.vocabulary.indicators)
        resolved = {point.indicator: self.indicator_of(point.indicator) for point in self.points}
        return known | {name: known[found] for name, found in resolved.items() if found}

    @cached_property
    def means(self) -> Means:
        """What rows are made with."""
        resolved = {point.indicator: self.indicator_of(point.indicator) for point in self.points}
        priced = {name: found for name, found in resolved.items() if found in self.vocabulary.by_finding}
        allowed = [*self.towns.values(), *self.labels.values(), *self.intake.tables.findings["village"].drop_nulls()]
        words = Words().allowing([*allowed, *(point.problem for point in self.points)])
        channel = table_for("findings", self.vocabulary).columns["channel"]
        names = {name_key(word): one for one, also in channel.words.items() for word in (one, *also)}
        kinds: dict[Kind, str] = {
            kind: names.get(name_key(say(f"sampling-channel-{kind}", "zh")), say(f"sampling-channel-{kind}", "zh"))
            for kind in ("sample", "look-back")
        }
        return Means(
            {point.id: point for point in self.points},
            {name: found for name, found in priced.items() if found},
            # A measure unknown to one of the schemes would be refused with the whole folder when that one scores.
            frozenset(
                one
                for one in self.vocabulary.measures
                if all(one in other.measures for other in self.others if other.measures)
            ),
            self.vocabulary.severities,
            kinds,
            lambda text: redact(text, words)[0],
            self.lang,
        )

    @cached_property
    def asked(self) -> Asked:
        """By what a sheet is read."""
        severity = table_for("findings", self.vocabulary).columns["severity"]
        words = {word: one for one, also in severity.words.items() for word in (one, *also)}
        return Asked(self.points, words, self.towns)


@dataclass
class Brought:
    """What an import came to.

    Attributes
    ----------
    problems
        As the intake's; nothing was written where one is refused.
    files
        What was written, with how many rows.
    towns
        (kind, month, town) → drawn, checked so far, with problems.
    """

    problems: pl.DataFrame
    files: dict[Path, int] = field(default_factory=dict)
    towns: dict[tuple[Kind, str, str], tuple[int, int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Batch:
    """The sheets of one draw, and what is kept of it."""

    record: Record
    kept: dict[str, Answered]
    fresh: dict[str, Answered]
    towns: set[str]

    @property
    def all(self) -> dict[str, Answered]:
        return self.kept | self.fresh


def bring_in(sheets: Sequence[Returned], problems: Problems, office: Office) -> Brought:
    """Write what filled sheets come to into the data folder.

    Parameters
    ----------
    sheets, problems
        What `read_returned` found in the files, and what it refused.

    Raises
    ------
    BrokenDraw
        What is kept of a draw does not fit together.
    OSError
        A file cannot be written.
    """
    batches: dict[tuple[Kind, str], _Batch] = {}
    for sheet in sheets:
        batch = batches.get((sheet.kind, sheet.month)) or _batch(sheet, office, problems)
        if batch is not None:
            batches[sheet.kind, sheet.month] = batch
            _one_sheet(sheet, batch, office, problems)
    for kind, month in batches:
        _own_files_sound(kind, month, office, problems)
    brought = Brought(problems.frame(office.lang))
    if (brought.problems["kind"] == "refused").any():
        return brought
    for batch in batches.values():
        _write(batch, office, problems, brought)
        keep(batch.record.folder, list(batch.all.values()))
    brought.problems = problems.frame(office.lang)
    return brought


def _batch(sheet: Returned, office: Office, problems: Problems) -> _Batch | None:
    record = read_record(folder_of(office.root, sheet.kind, sheet.month))
    if record is None:
        problems.add("sampling-no-draw", "refused", file=sheet.raw.file, sheet=sheet.raw.sheet, month=sheet.month)
        return None
    return _Batch(record, read_kept(record), {}, set())


def _one_sheet(sheet: Returned, batch: _Batch, office: Office, problems: Problems) -> None:
    record, file, name = batch.record, sheet.raw.file, sheet.raw.sheet
    if sheet.code not in {record.commitment.code, *record.former}:
        problems.add("sampling-other-draw", "refused", file=file, sheet=name, month=sheet.month)
        return
    if sheet.town not in office.towns:
        problems.add("sampling-unknown-town", "refused", file=file, sheet=name, town=sheet.town)
        return
    batch.towns.add(sheet.town)
    rows, told = read_rows(sheet, record, office.asked, problems)
    means = office.means
    reports = office.intake.tables.rectifications
    other = reports.filter(pl.col("source_file") != _name("rectifications", "look-back", sheet.month))
    reported = dict(other.group_by("finding_id").agg(pl.col("submitted_on")).iter_rows())
    days = {finding: set(own) for finding, own in reported.items()}
    for row in rows:
        one = judge_case(row, means, told) if sheet.kind == "sample" else judge_finding(row, days, told)
        key = row.drawn.item.key
        if one is None:
            if key in batch.kept and not row.values.keys() & {"checked", "rechecked"}:
                told("sampling-stands", row.number, "case" if sheet.kind == "sample" else "finding", kind="notice")
        elif key in batch.fresh and batch.fresh[key].values != one.values:
            told("sampling-two-sheets", row.number, "case" if sheet.kind == "sample" else "finding")
        else:
            batch.fresh[key] = one


def _name(table: str, kind: Kind, month: str) -> str:
    return f"{say(f'sampling-file-{table}-{kind}', 'zh', month=month)}.xlsx"


def _own_files_sound(kind: Kind, month: str, office: Office, problems: Problems) -> None:
    """Refuse to write over a file of ours in which something cannot be read or is none of ours: it would be lost."""
    told = office.intake.problems
    for table in FILES[kind]:
        name = _name(table, kind, month)
        bad = told.filter((pl.col("file") == name) & (pl.col("kind") == "refused"))
        if bad.height:
            problems.add("sampling-own-file", "refused", file=name, row=bad["row"][0], count=bad.height)
        if table == "measures" and not bad.height and (hidden := unread(office.intake, table)).height:
            file, sheet, row = hidden.select("file", "sheet", "row").row(0)
            problems.add("sampling-measures-unread", "refused", file=file, sheet=sheet, row=row)
        elif not bad.height and (place := foreign(office.intake, name, table)):
            problems.add("sampling-own-foreign", "refused", file=name, **place)


def _write(batch: _Batch, office: Office, problems: Problems, brought: Brought) -> None:
    record, means = batch.record, office.means
    kind, month = record.commitment.kind, record.commitment.month
    towns = batch.towns
    for table in FILES[kind]:
        path = office.data / _name(table, kind, month)
        held = getattr(office.intake.tables, table).filter(pl.col("source_file") == path.name)
        everything = not path.is_file()
        about = {one.town for one in batch.all.values()} if everything else towns
        chosen = batch.all if everything else batch.fresh
        made = _made(table, batch, about, chosen.values(), means)
        if table == "checks":
            _tell_twice(path.name, month, towns, office, problems)
        if table == "measures":
            made = _not_held(made, path.name, office, problems)
        result = merged(held.to_dicts(), made, _KEY[table], _ours(table, batch, about, chosen, means))
        if result.changed:
            problems.add("sampling-changed-rows", "notice", file=path.name, count=result.changed)
        if table == "findings" and (named := _named(result.gone, office)):
            problems.add("sampling-gone-named", "notice", file=path.name, findings=", ".join(named))
        _put(path, table, result.rows, office, brought)
    for town in sorted(towns):
        own = [one for one in batch.all.values() if one.town == town]
        bad = sum(bool(one.failed) or one.values.get("result") in {"back", "false"} for one in own)
        brought.towns[kind, month, town] = (len(record.of_town(town)), len(own), bad)


def _tell_twice(file: str, month: str, towns: set[str], office: Office, problems: Problems) -> None:
    """Say where another file has checks of the same month and towns: counts add up, and one may be the other again."""
    checks = office.intake.tables.checks.filter(
        (pl.col("source_file") != file) & (pl.col("month") == month) & pl.col("town").is_in(sorted(towns))
    )
    problems.add_rows("sampling-checks-twice", "notice", checks, table="checks", column="month", month=month)


def _named(gone: Sequence[tuple[Any, ...]], office: Office) -> list[str]:
    """Return the findings that no sheet gives any more though reports or appeals name them."""
    tables = office.intake.tables
    named = {*tables.rectifications["finding_id"], *tables.appeals["target_id"]}
    return sorted(finding for (finding,) in gone if finding in named)


def _made(table: str, batch: _Batch, towns: set[str], chosen: Iterable[Answered], means: Means) -> list[Row]:
    """Return the rows of a table: counts and rates of whole towns, findings and verdicts of the cases chosen."""
    by_town = {town: [one for one in batch.all.values() if one.town == town] for town in sorted(towns)}
    if table == "checks":
        return [row for town, own in by_town.items() for row in checks_of(batch.record, town, own)]
    if table == "measures":
        return [row for town, own in by_town.items() for row in measures_of(batch.record, town, own, means)]
    if table == "rectifications":
        return [row for one in chosen for row in verdicts_of(one)]
    return [row for one in chosen for row in findings_of(batch.record, one, means)]


def _ours(
    table: str, batch: _Batch, towns: set[str], chosen: Mapping[str, Answered], means: Means
) -> Callable[[Mapping[str, Any]], bool]:
    """Return what tells of a row in our file whether it is made anew now."""
    kind, month = batch.record.commitment.kind, batch.record.commitment.month
    prefix = prefix_of(kind, month) + "-"
    ids = {
        number_of(batch.record, one.town, one.key, *([point] if kind == "sample" else []))
        for one in chosen.values()
        for point in means.points
    }
    tests: dict[str, Callable[[Mapping[str, Any]], bool]] = {
        "checks": lambda row: row["town"] in towns and str(row["check_id"]).startswith(prefix),
        "measures": lambda row: row["town"] in towns and row["period"] == month,
        "rectifications": lambda row: row["finding_id"] in chosen,
        "findings": lambda row: row["finding_id"] in ids,
    }
    return tests[table]


def _not_held(made: Sequence[Row], file: str, office: Office, problems: Problems) -> list[Row]:
    """Leave out a rate of which the data folder holds another one for the same days: both would count."""
    spans: dict[tuple[str, str], list[Any]] = {}
    others = office.intake.tables.measures.filter(pl.col("source_file") != file)
    for town, measure, label in others.select("town", "measure", "period").iter_rows():
        spans.setdefault((town, measure), []).append(parse_period(label, office.calendar) if label else None)
    rows, left = [], 0
    for row in made:
        own = parse_period(row["period"], office.calendar)
        held = spans.get((row["town"], row["measure"]), [])
        if own and any(one and one.start <= own.end and own.start <= one.end for one in held):
            left += 1
        else:
            rows.append(row)
    if left:
        problems.add("sampling-measure-held", "notice", file=file, count=left)
    return rows


def _put(path: Path, table: str, rows: Sequence[Mapping[str, Any]], office: Office, brought: Brought) -> None:
    """Write a file whole; one that would be empty is not written, or goes."""
    brought.files[path] = len(rows)
    if not rows:
        path.unlink(missing_ok=True)
        return
    known, order = table_for(table, office.vocabulary), {code: place for place, code in enumerate(office.towns)}
    names = names_of(office.vocabulary, {})
    words = {
        "town": office.towns,
        "indicator": _unlike(office.vocabulary.indicators, names.indicators, [one.indicators for one in office.others]),
        "measure": _unlike(office.vocabulary.measures, names.measures, [one.measures for one in office.others]),
    }
    rows = sorted(
        rows,
        key=lambda row: (
            order.get(row.get("town", ""), 0),
            *(str(row.get(name)) for name in ("found_on", "checked_on", *_KEY[table])),
        ),
    )
    write_whole(path, ledger_bytes(known, rows, Called(words, office.lang)))


def _unlike(labels: Mapping[str, str], names: Mapping[str, str], others: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return id → label, without labels that two ids share, or that not every scheme gives to the id."""
    return {
        key: label
        for key, label in labels.items()
        if names.get(name_key(label)) == key and all(one.get(key, label) == label for one in others)
    }
