"""A data folder: which files are read, which sheets are tables, and the way from sheets to good rows."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from schemas.tables import SOURCE, Table, catalogue, table_for, validate
from schemas.vocabulary import Vocabulary
from scoring.digest import file_hash
from scoring.intake import crosscheck
from scoring.intake.appeals import AppealChecks
from scoring.intake.columns import Names, names_of, read_columns
from scoring.intake.combined import link_reports, split_combined
from scoring.intake.fold import name_key
from scoring.intake.frames import Intake, Tables
from scoring.intake.headings import Headings
from scoring.intake.headrow import Head, cell_columns, find_head
from scoring.intake.layout import lay_out
from scoring.intake.limits import Limits
from scoring.intake.matrix import item_headings, read_matrix
from scoring.intake.names import AMBIGUOUS, COMBINED, holds_table, match_table, original_of
from scoring.intake.problems import Kind, Problems
from scoring.intake.rows import by_source, drop_repeated, make_ids, refuse_conflicts
from scoring.intake.sandbox import RawSheet, Unread, read_files
from scoring.intake.sheet import BAD, BLOCK, EPOCH_1904, ITEM, SERIAL, Sheet
from scoring.intake.towns import read_towns
from scoring.intake.values import period_in, read_period
from scoring.messages import LANGUAGES, say
from scoring.scratch import scratch

_KINDS: Final = {".xlsx": "xlsx", ".csv": "csv", ".parquet": "parquet"}
_OUR_LISTS: Final = frozenset(say("blank-lists", lang) for lang in LANGUAGES)
_NEEDED: Final = ("towns", "findings")
_OTHER_SHEETS: Final = frozenset({".xls", ".xlsm", ".xlsb", ".ods", ".et", ".wps", ".tsv"})


@dataclass(frozen=True)
class _Placed:
    """A sheet and the table that it holds; `named` when the sheet's own name says so."""

    sheet: RawSheet
    table: str
    rest: str
    named: bool
    alone: bool


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
    if not folder.is_dir():
        raise NotADirectoryError(folder)
    limits = limits or Limits()
    problems = Problems()
    tables = {name: table_for(name, vocabulary) for name in catalogue().tables}
    names = names_of(vocabulary, {})
    files = _list_files(folder, problems)
    # What its size alone refuses binds no result, and would take half a minute to hash.
    inputs = {
        path.name: file_hash(path) for path, kind in files if kind != "csv" or path.stat().st_size <= limits.text_bytes
    }
    known = {key for table in tables.values() for key in Headings([table]).columns} | {
        *names.indicators,
        *names.measures,
    }
    # Pandera takes half a second to load; the child reads meanwhile.
    loading = threading.Thread(target=_load_pandera, args=(tables["towns"],))
    loading.start()
    with scratch() as texts:
        sheets = read_files(files, frozenset(known), texts, limits)
    loading.join()
    placed = _place(sheets, problems)
    sheets.clear()
    reader = _Reader(tables, names, problems)
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


def _load_pandera(table: Table) -> None:
    """Have Pandera import and register all that its first validation needs."""
    validate(pl.DataFrame(schema=table.polars_schema()), table)


def _list_files(folder: Path, problems: Problems) -> list[tuple[Path, str]]:
    """Return the files to read, by name, and say what is passed over or refused."""
    files: list[tuple[Path, str]] = []
    for path in sorted(folder.iterdir(), key=lambda entry: entry.name):
        ending = path.suffix.lower()
        table = match_table(path.stem)
        if path.name.startswith((".", "~$")):
            continue
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            problems.add("file-not-plain", "refused", file=path.name)
        elif path.is_dir():
            problems.add("subfolder", "notice", file=path.name)
        elif ending in _KINDS:
            if ending != ".xlsx" and table is None:
                problems.add(_passed_over(path.stem), "notice", file=path.name)
            elif ending != ".xlsx" and table is not None and table[0] == AMBIGUOUS:
                problems.add("name-ambiguous", "refused", file=path.name)
            else:
                files.append((path, _KINDS[ending]))
        elif ending in _OTHER_SHEETS and table is not None:
            problems.add("file-kind", "refused", file=path.name)
        else:
            problems.add("file-passed-over", "notice", file=path.name)
    return files


def _passed_over(stem: str) -> str:
    """Return what to say of a file that is no table: one that holds a table's name was perhaps meant to be read."""
    return "file-name-near" if holds_table(stem) else "file-passed-over"


def _why_unread(file: str, stems: Set[str], *, named: bool) -> tuple[str, Kind] | None:
    """Return why a workbook is not read: neither it nor a sheet names a table, or it is a copy of one beside it."""
    stem = Path(file).stem
    if not named:
        return _passed_over(stem), "notice"
    # Both would count, and what was corrected in one of them would count twice.
    return ("file-copy", "refused") if original_of(stem) in stems else None


def _place(sheets: Iterable[RawSheet | Unread], problems: Problems) -> list[_Placed]:
    """Give each sheet its table, by its own name or else by its file's."""
    placed: list[_Placed] = []
    by_file: dict[str, list[RawSheet]] = {}
    for sheet in sheets:
        if isinstance(sheet, Unread):
            problems.add(sheet.code, "refused", file=sheet.file)
        else:
            by_file.setdefault(sheet.file, []).append(sheet)
    stems = {Path(file).stem for file in by_file}
    for file, own in by_file.items():
        of_file = match_table(Path(file).stem)
        visible = [sheet for sheet in own if not sheet.hidden]
        for sheet in own:
            # The lists behind our own blank ledgers' drop-downs are hidden for good.
            if sheet.hidden and sheet.sheet not in _OUR_LISTS:
                problems.add("sheet-hidden", "notice", file=file, sheet=sheet.sheet)
        matches = [(sheet, match_table(sheet.sheet) if sheet.sheet else None) for sheet in visible]
        if unread := _why_unread(file, stems, named=of_file is not None or any(match for _, match in matches)):
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
                placed.append(_Placed(sheet, table[0], rest, match is not None, len(visible) == 1))
                if not match and of_file and of_file[1] and sheet.sheet:
                    placed[-1] = _Placed(sheet, table[0], f"{sheet.sheet} {of_file[1]}", False, len(visible) == 1)
    return placed


class _Reader:
    """Reads the placed sheets, towns first: the other tables call towns by their names."""

    def __init__(self, tables: Mapping[str, Table], names: Names, problems: Problems) -> None:
        self.tables = tables
        self.names = names
        self.problems = problems
        self.present: set[str] = set()
        self._read: dict[str, int] = dict.fromkeys(tables, 0)
        self._moved: dict[str, pl.DataFrame] = {}
        self._stacked: dict[str, list[pl.DataFrame]] = {name: [] for name in tables}
        self._typed: dict[str, list[pl.DataFrame]] = {name: [] for name in tables}

    def read(self, placed: list[_Placed]) -> dict[str, pl.DataFrame]:
        """Return the good rows of every table."""
        for item in placed:
            if item.table == "towns":
                self._lay_out(item)
        towns, self.names = read_towns(self.tables["towns"], self._rows("towns"), self.names, self.problems)
        placed = [item for item in placed if item.table != "towns"]
        while placed:
            self._lay_out(placed.pop(0))  # its text is let go once it is laid out
        frames = {"towns": self._finish("towns", towns)}
        for name in _NEEDED:
            called = {"zh": self.tables[name].zh, "en": name}
            if name not in self.present:
                self.problems.add("table-missing", "refused", file="", name=called)
            elif name == "towns" and not self._read[name]:
                self.problems.add("towns-none", "refused", file="", name=called)
        findings = crosscheck.check_findings(self._values("findings"), self.problems)
        findings = self._settle("findings", crosscheck.check_lives(findings, frames["towns"], self.problems))
        frames["findings"] = self._good("findings", findings)
        bad = findings.filter(BAD).join(frames["findings"], on="finding_id", how="anti")
        refused = set(bad["finding_id"].drop_nulls().to_list())
        checks = crosscheck.check_checks(self._values("checks"), self.problems)
        frames["checks"] = self._finish("checks", checks)
        frames["measures"] = self._finish("measures", self._values("measures"))
        adjusted = crosscheck.check_adjustments(self._values("adjustments"), self.problems)
        frames["adjustments"] = self._finish("adjustments", adjusted)
        judged = crosscheck.check_judgements(self._values("judgements"), self.problems)
        frames["judgements"] = self._finish("judgements", judged)
        letters = crosscheck.check_letters(self._values("letters"), frames["findings"], self.problems)
        frames["letters"] = self._finish("letters", letters)
        reported = self._rows("rectifications")
        self._stacked["rectifications"] = [link_reports(reported, findings, self._moved["findings"], self.problems)]
        reports = self._settle("rectifications", self._values("rectifications"))
        frames["rectifications"] = self._good(
            "rectifications", crosscheck.check_rectifications(reports, frames["findings"], refused, self.problems)
        )
        appeals = self._settle("appeals", self._values("appeals"))
        frames["appeals"] = self._good(
            "appeals", AppealChecks(self.tables, self.names, self.problems).check(appeals, frames, refused)
        )
        return frames

    def account(self, frames: Mapping[str, pl.DataFrame]) -> dict[str, dict[str, int]]:
        """Return for each table that was given how many rows were read, repeated and refused."""
        return {
            name: {
                "read": self._read[name],
                "duplicate_rows": self._dropped(name),
                "refused": self._read[name] - self._dropped(name) - frames[name].height,
            }
            for name in self.tables
            if name in self.present
        }

    def _dropped(self, name: str) -> int:
        return self._moved[name].height if name in self._moved else 0

    def _values(self, name: str) -> pl.DataFrame:
        typed = read_columns(self.tables[name], self._rows(name), self.names, self.problems)
        self._stacked[name].clear()
        return pl.concat([typed, *self._typed[name]], how="diagonal_relaxed") if self._typed[name] else typed

    def _rows(self, name: str) -> pl.DataFrame:
        empty = pl.DataFrame(schema={**SOURCE, BAD: pl.Boolean(), EPOCH_1904: pl.Boolean(), SERIAL: pl.String()})
        return pl.concat([empty, *self._stacked[name]], how="diagonal_relaxed")

    def _finish(self, name: str, frame: pl.DataFrame) -> pl.DataFrame:
        return self._good(name, self._settle(name, frame))

    def _settle(self, name: str, frame: pl.DataFrame) -> pl.DataFrame:
        """Drop repeated good rows, make missing ids, refuse ids that two rows claim; bad rows stay, marked."""
        table = self.tables[name]
        frame = by_source(frame)
        good, self._moved[name] = drop_repeated(table, frame.filter(~pl.col(BAD)), self.problems)
        good = refuse_conflicts(table, make_ids(table, good, self.problems), self.problems)
        return pl.concat([good, frame.filter(BAD)], how="diagonal_relaxed")

    def _good(self, name: str, frame: pl.DataFrame) -> pl.DataFrame:
        table = self.tables[name]
        good = frame.filter(~pl.col(BAD)).select(list(table.polars_schema()))
        return self._validated(table, good)

    def _validated(self, table: Table, good: pl.DataFrame) -> pl.DataFrame:
        """Hold the good rows against the Pandera schema, the second lock; what it refuses is named and set aside."""
        import pandera.errors

        if good.is_empty():
            return good
        try:
            validate(good, table)
        except (pandera.errors.SchemaErrors, pandera.errors.SchemaError) as error:
            places = getattr(error, "failure_cases", pl.DataFrame())
            rows = {int(place) for place in places["index"].drop_nulls()} if "index" in places.columns else set()
            wrong = pl.int_range(pl.len()).is_in(sorted(rows)) if rows else pl.lit(value=True)
            self.problems.add_rows("schema-check", "refused", good.filter(wrong), table=table.id)
            return good.filter(~wrong)
        return good

    def _lay_out(self, item: _Placed) -> None:
        """Lay one sheet out and stack its rows under their table."""
        sheet = item.sheet
        about = "findings" if item.table == COMBINED else item.table
        table = self.tables[about]
        heads = [table, self.tables["rectifications"]] if about == "findings" else [table]
        headings = Headings(heads)
        extra = item_headings(table.matrix, self.names)
        headings.items = frozenset(extra)
        head = find_head(sheet, headings, extra)
        if head is None:
            self._without_head(item, about)
            return
        self.present.add(about)
        laid = Sheet(sheet, head, headings, {one.id: one for one in heads}, extra, self.problems)
        rows = lay_out(laid, self._called(item.rest, sheet, head))
        if table.matrix is not None and any(name.startswith(ITEM) for name in rows.columns):
            typed = read_matrix(table.matrix, rows, self.names, laid)
            self._read[about] += typed.height
            self._typed[about].append(typed)
            return
        parts = split_combined(rows, self.problems) if about == "findings" else {about: _plain(rows, about)}
        for name, own in parts.items():
            self.present.add(name)
            self._read[name] += own.height
            self._stacked[name].append(own)

    def _without_head(self, item: _Placed, about: str) -> None:
        sheet = item.sheet
        filled = [name for name in sheet.frame.columns if name != "row"]
        if not filled or sheet.frame.select(pl.any_horizontal(pl.col(filled).is_not_null()).any()).item() is False:
            if item.named or item.alone:
                self.present.add(about)
                self.problems.add("sheet-empty", "notice", file=sheet.file, sheet=sheet.sheet)
        elif item.named or item.alone or self._town_of(item.rest, sheet.sheet) is not None:
            self.problems.add("no-heading", "refused", file=sheet.file, sheet=sheet.sheet)
            self.present.add(about)
        else:
            self.problems.add("sheet-passed-over", "notice", file=sheet.file, sheet=sheet.sheet)

    def _called(self, rest: str, sheet: RawSheet, head: Head) -> dict[str, str]:
        """Return the town and the period that a sheet or file is named after, or that its title names."""
        called = {}
        if (town := self._town_of(rest, sheet.sheet)) is not None:
            called["town"] = town
        above = sheet.frame.head(head.first).select(cell_columns(sheet.frame))
        title = period_in(" ".join(cell for row in above.iter_rows() for cell in row if cell))
        exact = (read_period(text, self.names.intervals).value for text in (sheet.sheet, rest, *rest.split()))
        period = next(filter(None, exact), None) or period_in(sheet.sheet) or period_in(Path(sheet.file).stem) or title
        # A title that says otherwise leaves it open: the rows are then named as undated.
        return called | {"period": period} if period and title in {None, period} else called

    def _town_of(self, rest: str, sheet: str) -> str | None:
        """Return the town that a sheet or file is named after, if its name is exactly a town's."""
        for text in (sheet, rest, *rest.split()):
            if name_key(text) in self.names.towns:
                return text
        return None


def _plain(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    return frame.rename({column: column.removeprefix(f"{name}.") for column in frame.columns}).drop(BLOCK)
