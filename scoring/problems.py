"""Why data is refused: problems as rows, raised together once all of them are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong with the data, by its code; words come at the edge (`scoring.messages`).

    `row` is the number that Excel shows; 0 when no single row is at fault.
    """

    code: str
    file: str = ""
    sheet: str = ""
    row: int = 0
    column: str = ""
    parameters: tuple[tuple[str, str], ...] = field(default=())


class Refused(Exception):
    """The facts cannot be scored. Nothing was written."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("; ".join(f"{p.code} {dict(p.parameters)}" for p in self.problems[:5]))


def problem(code: str, row: dict[str, object] | None = None, **parameters: object) -> Problem:
    """Build a problem, taking its place from the source columns of a table's row."""
    source = row or {}
    line = source.get("source_row")
    return Problem(
        code=code,
        file=str(source.get("source_file") or ""),
        sheet=str(source.get("source_sheet") or ""),
        row=line if isinstance(line, int) else 0,
        parameters=tuple(sorted((name, str(value)) for name, value in parameters.items())),
    )
