"""Problems: every refusal, notice and repair with its place, collected as data and put into words at the end."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import polars as pl

from schemas.tables import BOOKS
from schemas.tables import catalogue as tables_catalogue
from scoring.messages import catalogue, say

Kind = Literal["refused", "notice", "repaired"]
COLUMNS: Final = ("file", "sheet", "row", "column", "code", "kind", "message", "advice")
_HEADED: Final = {"message": "what"}
SCHEMA: Final = {name: pl.Int64() if name == "row" else pl.String() for name in COLUMNS}
_RAW: Final = {
    "file": pl.String(),
    "sheet": pl.String(),
    "row": pl.Int64(),
    "table": pl.String(),
    "column": pl.String(),
    "code": pl.String(),
    "kind": pl.String(),
    "parameters": pl.String(),
}
PLACE: Final = ("source_file", "source_sheet", "source_row")


class Problems:
    """Collects problems; a cell's value never enters, only its place and hints from the bureau's own lists."""

    def __init__(self) -> None:
        self._frames: list[pl.DataFrame] = []
        self._single: list[tuple[str, str, int | None, str | None, str | None, str, str, str]] = []
        self._headings: dict[tuple[str, str, str, str], str] = {}

    def heading(self, file: str, sheet: str, table: str, column: str, text: str) -> None:
        """Remember how a column is headed in a sheet, so that problems name it as the officer sees it."""
        self._headings[(file, sheet, table, column)] = text

    def add(
        self,
        code: str,
        kind: Kind,
        *,
        file: str,
        sheet: str = "",
        row: int | None = None,
        table: str | None = None,
        column: str | None = None,
        **parameters: object,
    ) -> None:
        """Add one problem at one place."""
        self._single.append((file, sheet, row, table, column, code, kind, _dump(parameters)))

    def add_rows(
        self, code: str, kind: Kind, rows: pl.DataFrame, *, table: str, column: str | None = None, **parameters: object
    ) -> None:
        """Add one problem for every row of a frame that carries the source columns."""
        if rows.is_empty():
            return
        self._frames.append(
            rows.select(
                pl.col("source_file").alias("file"),
                pl.col("source_sheet").alias("sheet"),
                pl.col("source_row").alias("row"),
                pl.lit(table).alias("table"),
                pl.lit(column, dtype=pl.String).alias("column"),
                pl.lit(code).alias("code"),
                pl.lit(kind).alias("kind"),
                pl.lit(_dump(parameters)).alias("parameters"),
            )
        )

    def absorb(self, other: Problems, column: str, heading: str) -> None:
        """Take over another's problems, those of one column under another heading."""
        renamed = pl.when(pl.col("column") == column).then(pl.lit(heading)).otherwise("column").alias("column")
        self._frames.append(other.raw().with_columns(renamed))

    def raw(self) -> pl.DataFrame:
        """Return all problems as data, before words."""
        single = pl.DataFrame(self._single, schema=_RAW, orient="row")
        return pl.concat([single, *self._frames], how="vertical") if self._frames else single

    def frame(self, lang: str) -> pl.DataFrame:
        """Return all problems in words, refusals first and among them the causes before what follows from them.

        Messages are rendered once for each distinct code and parameters, not once a row.
        """
        raw = self.raw()
        words = raw.select("code", "parameters").unique(maintain_order=True)
        sentences = catalogue(lang)
        rendered = words.with_columns(
            pl.Series("message", [_sentence(code, text, lang) for code, text in words.iter_rows()], dtype=pl.String),
            pl.Series(
                "advice",
                [
                    _sentence(f"{code}-advice", text, lang) if f"{code}-advice" in sentences else ""
                    for code, text in words.iter_rows()
                ],
                dtype=pl.String,
            ),
        )
        headings = pl.DataFrame(
            [(*key, text) for key, text in self._headings.items()],
            schema={name: pl.String() for name in ("file", "sheet", "table", "column", "heading")},
            orient="row",
        )
        order = pl.col("kind").replace_strict({"refused": 0, "notice": 1, "repaired": 2}, return_dtype=pl.Int8)
        follows = pl.col("code") == "refers-to-refused"
        return (
            raw.join(rendered, on=["code", "parameters"], how="left")
            .join(headings, on=["file", "sheet", "table", "column"], how="left")
            .with_columns(pl.coalesce("heading", _heading_of(lang), "column", pl.lit("")).alias("column"))
            .sort(order, follows, "file", "sheet", "row", "column", "code", "message", nulls_last=False)
            .select(COLUMNS)
            .unique(maintain_order=True)
        )


def _heading_of(lang: str) -> pl.Expr:
    """Return the catalogue's heading of a column that no sheet heads."""
    if lang != "zh":
        return pl.lit(None, dtype=pl.String)
    tables = [table for book in BOOKS for table in tables_catalogue(book).tables.values()]
    known = {f"{table.id}.{column.id}": column.zh for table in tables for column in table.columns.values()}
    return (pl.col("table") + "." + pl.col("column")).replace_strict(known, default=None, return_dtype=pl.String)


def _dump(parameters: dict[str, object]) -> str:
    return json.dumps(parameters, ensure_ascii=False, sort_keys=True)


def _sentence(code: str, parameters: str, lang: str) -> str:
    """Put a problem into words; a parameter that has a form for each language is said in this one."""
    given = json.loads(parameters)
    return say(code, lang, **{name: form[lang] if isinstance(form, dict) else form for name, form in given.items()})


def write_problems(problems: pl.DataFrame, folder: Path, lang: str) -> None:
    """Write problems.csv (UTF-8 with BOM) and problems.xlsx into `folder`; the workbook shows its headings in words.

    Parameters
    ----------
    problems
        Columns file, sheet, row, column, code, kind, message, advice.
    folder
        Where the two files go; made when absent.

    Raises
    ------
    OSError
        The folder cannot be written.
    """
    import xlsxwriter

    folder.mkdir(parents=True, exist_ok=True)
    text = [name for name in COLUMNS if name != "row"]
    # A spreadsheet would run such a cell as a formula.
    guarded = problems.with_columns(
        pl.when(pl.col(name).str.contains(r"^[=+\-@\x00-\x1f]")).then("'" + pl.col(name)).otherwise(name).alias(name)
        for name in text
    )
    (folder / "problems.csv").write_bytes(b"\xef\xbb\xbf" + guarded.write_csv().encode("utf-8"))
    with xlsxwriter.Workbook(
        folder / "problems.xlsx", {"strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        # A fixed date: equal problems give equal bytes.
        book.set_properties({"created": datetime(2000, 1, 1, tzinfo=UTC)})
        sheet = book.add_worksheet(say("problems-sheet", lang))

        def shown(word: str, **look: object) -> Any:
            """Let a cell hold a word for programs and show the officer's."""
            return book.add_format({"num_format": f';;;"{word}"', **look})

        kinds = {kind: shown(say(f"problems-{kind}", lang)) for kind in ("refused", "notice", "repaired")}
        for position, (name, width) in enumerate(zip(COLUMNS, (28, 16, 8, 16, 22, 10, 60, 60), strict=True)):
            sheet.set_column(position, position, width)
            heading = say(f"cli-column-{_HEADED.get(name, name)}", lang)
            sheet.write_string(0, position, name, shown(heading, bold=True, text_wrap=True))
        # A sheet ends at row 1,048,576; the CSV has all of them.
        for line, row in enumerate(problems.head(1_000_000).iter_rows(), start=1):
            for position, value in enumerate(row):
                if isinstance(value, int):
                    sheet.write_number(line, position, value)
                elif value:
                    sheet.write_string(line, position, value[:32_000], kinds.get(value))
        sheet.freeze_panes(1, 0)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.autofilter(0, 0, problems.height, len(COLUMNS) - 1)
