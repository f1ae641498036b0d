"""A data folder: which files are read, which sheets are tables, and the way from sheets to good rows."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Set
from functools import cache
from pathlib import Path
from typing import Final

import polars as pl

from schemas.tables import SetOfTables, Table, catalogue, table_for, validate
from schemas.vocabulary import Vocabulary
from scoring.digest import file_hash
from scoring.intake import crosscheck
from scoring.intake.appeals import AppealChecks
from scoring.intake.columns import names_of
from scoring.intake.combined import link_reports
from scoring.intake.frames import Intake, Tables
from scoring.intake.headings import Headings
from scoring.intake.limits import Limits
from scoring.intake.names import AMBIGUOUS, holds_table, match_table, original_of
from scoring.intake.problems import Kind, Problems
from scoring.intake.reader import Placed, Reader
from scoring.intake.sandbox import RawSheet, Unread, read_files
from scoring.intake.sheet import BAD
from scoring.intake.towns import read_towns
from scoring.messages import LANGUAGES, say
from scoring.scratch import scratch

_KINDS: Final = {".xlsx": "xlsx", ".csv": "csv", ".parquet": "parquet"}
_NEEDED: Final = ("towns", "findings")
_OTHER_SHEETS: Final = frozenset({".xls", ".xlsm", ".xlsb", ".ods", ".et", ".wps", ".tsv"})


def read_folder(folder: Path, vocabulary: Vocabulary, *, limits: Limits | None = None, lang: str = "zh") -> Intake:
    """Read every table of a data folder.

    Parameters
    ----------
    folder
        The data folder; its subfolders are not read.
    vocabulary
        What the scheme lets the data say.
    limits
        Bounds on files and on the reading child.
    lang
        Language of the problems: zh or en.

    Returns
    -------
    Intake
        Good rows, problems, and the account of all rows. With refused rows the caller decides.

    Raises
    ------
    NotADirectoryError
        There is no such folder.
    """
    problems = Problems()
    tables = {name: table_for(name, vocabulary) for name in catalogue().tables}
    names = names_of(vocabulary, {})
    further = frozenset((*names.indicators, *names.measures))
    placed, inputs = place_sheets(folder, "tables", tables, problems, limits, further)
    reader = _Scored(tables, names, problems)
    frames = reader.read(placed)
    rows = reader.account(frames)
    # A blank workbook that waits to be filled in is no table yet: nobody is "not checked" because of it.
    given = frozenset(name for name, counts in rows.items() if counts["read"] or name in _NEEDED)
    return Intake(
        tables=Tables(**frames, present=given),
        problems=problems.frame(lang),
        rows=rows,
        inputs=inputs,
    )


def place_sheets(
    folder: Path,
    book: SetOfTables,
    tables: Mapping[str, Table],
    problems: Problems,
    limits: Limits | None = None,
    further: Set[str] = frozenset(),
    unopened: Set[str] = frozenset(),
) -> tuple[list[Placed], dict[str, str]]:
    """Return the sheets of a folder that hold tables of one set, and the SHA-256 of every file that was read.

    Parameters
    ----------
    folder
        Its subfolders are not read.
    book, tables
        The set of tables, and each of them as it is read.
    problems
        Receives what is passed over or refused.
    limits
        Bounds on files and on the reading child.
    further
        Keys of headings beside those of the tables: the items of a matrix.
    unopened
        Tables that are not wanted: a file that is named after one of them is not opened.

    Raises
    ------
    NotADirectoryError
        There is no such folder.
    """
    if not folder.is_dir():
        raise NotADirectoryError(folder)
    limits = limits or Limits()
    files = [
        (path, kind)
        for path, kind in _list_files(folder, book, problems)
        if (match_table(path.stem, book) or ("",))[0] not in unopened
    ]
    # What its size alone refuses binds no result, and would take half a minute to hash.
    inputs = {
        path.name: file_hash(path) for path, kind in files if kind != "csv" or path.stat().st_size <= limits.text_bytes
    }
    known = {key for table in tables.values() for key in Headings([table]).columns} | further
    # Pandera takes half a second to load; the child reads meanwhile.
    loading = threading.Thread(target=_load_pandera, args=(next(iter(tables.values())),))
    loading.start()
    with scratch() as texts:
        sheets = read_files(files, frozenset(known), texts, limits)
    loading.join()
    return _place(sheets, book, problems), inputs


def _load_pandera(table: Table) -> None:
    """Have Pandera import and register all that its first validation needs."""
    validate(pl.DataFrame(schema=table.polars_schema()), table)


def _list_files(folder: Path, book: SetOfTables, problems: Problems) -> list[tuple[Path, str]]:
    """Return the files to read, by name, and say what is passed over or refused."""
    files: list[tuple[Path, str]] = []
    for path in sorted(folder.iterdir(), key=lambda entry: entry.name):
        ending = path.suffix.lower()
        table = match_table(path.stem, book)
        if path.name.startswith((".", "~$")):
            continue
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            problems.add("file-not-plain", "refused", file=path.name)
        elif path.is_dir():
            problems.add("subfolder", "notice", file=path.name)
        elif ending in _KINDS:
            if ending != ".xlsx" and table is None:
                problems.add(_passed_over(path.stem, book), "notice", file=path.name)
            elif ending != ".xlsx" and table is not None and table[0] == AMBIGUOUS:
                problems.add("name-ambiguous", "refused", file=path.name)
            else:
                files.append((path, _KINDS[ending]))
        elif ending in _OTHER_SHEETS and table is not None:
            problems.add("file-kind", "refused", file=path.name)
        else:
            problems.add("file-passed-over", "notice", file=path.name)
    return files


def _passed_over(stem: str, book: SetOfTables) -> str:
    """Return what to say of a file that is no table: one that holds a table's name was perhaps meant to be read."""
    return "file-name-near" if holds_table(stem, book) else "file-passed-over"


def _why_unread(file: str, stems: Set[str], book: SetOfTables, *, named: bool) -> tuple[str, Kind] | None:
    """Return why a workbook is not read: neither it nor a sheet names a table, or it is a copy of one beside it."""
    stem = Path(file).stem
    if not named:
        return _passed_over(stem, book), "notice"
    # Both would count, and what was corrected in one of them would count twice.
    return ("file-copy", "refused") if original_of(stem) in stems else None


@cache
def _our_lists() -> frozenset[str]:
    """Return the sheets behind our own blank ledgers' drop-downs, which are hidden for good."""
    return frozenset(say("blank-lists", lang) for lang in LANGUAGES)


def _place(sheets: list[RawSheet | Unread], book: SetOfTables, problems: Problems) -> list[Placed]:
    """Give each sheet its table, by its own name or else by its file's."""
    placed: list[Placed] = []
    by_file: dict[str, list[RawSheet]] = {}
    for sheet in sheets:
        if isinstance(sheet, Unread):
            problems.add(sheet.code, "refused", file=sheet.file)
        else:
            by_file.setdefault(sheet.file, []).append(sheet)
    sheets.clear()
    stems = {Path(file).stem for file in by_file}
    for file, own in by_file.items():
        of_file = match_table(Path(file).stem, book)
        visible = [sheet for sheet in own if not sheet.hidden]
        for sheet in own:
            if sheet.hidden and sheet.sheet not in _our_lists():
                problems.add("sheet-hidden", "notice", file=file, sheet=sheet.sheet)
        matches = [(sheet, match_table(sheet.sheet, book) if sheet.sheet else None) for sheet in visible]
        named = of_file is not None or any(match for _, match in matches)
        if unread := _why_unread(file, stems, book, named=named):
            problems.add(*unread, file=file)
            continue
        for sheet, match in matches:
            table = match or of_file
            if table is None:
                problems.add("sheet-passed-over", "notice", file=file, sheet=sheet.sheet)
            elif table[0] == AMBIGUOUS:
                problems.add("name-ambiguous", "refused", file=file, sheet=sheet.sheet)
            else:
                rest = match[1] if match else (sheet.sheet or table[1])
                placed.append(Placed(sheet, table[0], rest, match is not None, len(visible) == 1))
                if not match and of_file and of_file[1] and sheet.sheet:
                    placed[-1] = Placed(sheet, table[0], f"{sheet.sheet} {of_file[1]}", False, len(visible) == 1)
    return placed


class _Scored(Reader):
    """Reads the tables that are scored, towns first: the other tables call towns by their names."""

    def read(self, placed: list[Placed]) -> dict[str, pl.DataFrame]:
        """Return the good rows of every table."""
        for item in placed:
            if item.table == "towns":
                self.lay_out(item)
        towns, self.names = read_towns(self.tables["towns"], self.rows("towns"), self.names, self.problems)
        placed = [item for item in placed if item.table != "towns"]
        while placed:
            self.lay_out(placed.pop(0))  # its text is let go once it is laid out
        frames = {"towns": self.finish("towns", towns)}
        for name in _NEEDED:
            called = {"zh": self.tables[name].zh, "en": name}
            if name not in self.present:
                self.problems.add("table-missing", "refused", file="", name=called)
            elif name == "towns" and not self.given[name]:
                self.problems.add("towns-none", "refused", file="", name=called)
        findings = crosscheck.check_findings(self.values("findings"), self.problems)
        findings = self.settle("findings", crosscheck.check_lives(findings, frames["towns"], self.problems))
        frames["findings"] = self.good("findings", findings)
        bad = findings.filter(BAD).join(frames["findings"], on="finding_id", how="anti")
        refused = set(bad["finding_id"].drop_nulls().to_list())
        checks = crosscheck.check_checks(self.values("checks"), self.problems)
        frames["checks"] = self.finish("checks", checks)
        frames["measures"] = self.finish("measures", self.values("measures"))
        adjusted = crosscheck.check_adjustments(self.values("adjustments"), self.problems)
        frames["adjustments"] = self.finish("adjustments", adjusted)
        judged = crosscheck.check_judgements(self.values("judgements"), self.problems)
        frames["judgements"] = self.finish("judgements", judged)
        letters = crosscheck.check_letters(self.values("letters"), frames["findings"], self.problems)
        frames["letters"] = self.finish("letters", letters)
        reported = self.rows("rectifications")
        self._stacked["rectifications"] = [link_reports(reported, findings, self.moved["findings"], self.problems)]
        reports = self.settle("rectifications", self.values("rectifications"))
        frames["rectifications"] = self.good(
            "rectifications", crosscheck.check_rectifications(reports, frames["findings"], refused, self.problems)
        )
        appeals = self.settle("appeals", self.values("appeals"))
        frames["appeals"] = self.good(
            "appeals", AppealChecks(self.tables, self.names, self.problems).check(appeals, frames, refused)
        )
        return frames
