"""Reading files in a child process with bounds on memory and time: its death is a refusal, never ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence, Set
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from scoring.intake.limits import Limits


@dataclass(frozen=True)
class RawSheet:
    """One sheet as text.

    Attributes
    ----------
    file, sheet
        Where it stands (the sheet's name is empty for CSV and Parquet).
    frame
        `row` (Int64, as Excel numbers it) and String columns c0, c1, ….
    hidden, date1904
        As the workbook says.
    merges
        Ranges (first row, first column, last row, last column); rows from 1, columns as in c0, c1, ….
    lost
        Cells (row, column, code) whose text is not the whole truth.
    """

    file: str
    sheet: str
    frame: pl.DataFrame
    hidden: bool = False
    date1904: bool = False
    merges: tuple[tuple[int, int, int, int], ...] = ()
    lost: tuple[tuple[int, int, str], ...] = ()


@dataclass(frozen=True)
class Unread:
    """A file that was refused as a whole."""

    file: str
    code: str


def read_files(
    files: Sequence[tuple[Path, str]], headings: Set[str], scratch: Path, limits: Limits
) -> list[RawSheet | Unread]:
    """Read files in one child; when one of them kills it, that one is refused and the next child goes on.

    Parameters
    ----------
    files
        Path and kind (xlsx, csv, parquet) of each.
    headings
        Keys of every heading that may occur.
    scratch
        A private folder for what the child writes.
    limits
        Memory and time.

    Returns
    -------
    list
        Sheets and refusals in the order of the files.
    """
    results: list[RawSheet | Unread] = []
    done = 0
    while done < len(files):
        answers, death = _one_child(files[done:], done, headings, scratch, limits)
        for answer in answers:
            results.extend(_unpack(files[done][0].name, answer))
            done += 1
        if death is not None and done < len(files):
            results.append(Unread(files[done][0].name, death))
            done += 1
    return results


def _unpack(name: str, answer: dict[str, Any]) -> Iterable[RawSheet | Unread]:
    if "refusal" in answer:
        yield Unread(name, answer["refusal"])
        return
    for sheet in answer["sheets"]:
        yield RawSheet(
            file=name,
            sheet=sheet["name"],
            frame=pl.read_parquet(sheet["path"]),
            hidden=sheet.get("hidden", False),
            date1904=sheet.get("date1904", False),
            merges=tuple(tuple(merge) for merge in sheet.get("merges", ())),
            lost=tuple(tuple(cell) for cell in sheet.get("lost", ())),
        )


def _one_child(
    files: Sequence[tuple[Path, str]], start: int, headings: Set[str], scratch: Path, limits: Limits
) -> tuple[list[dict[str, Any]], str | None]:
    """Run one child; return its answers and, when it ended before the last file, the code that says how."""
    job = {
        "limits": asdict(limits),
        "headings": sorted(headings),
        "files": [
            {"path": str(path), "kind": kind, "out": str(scratch / f"{start + number}")}
            for number, (path, kind) in enumerate(files)
        ],
    }
    root = str(Path(__file__).resolve().parents[2])
    search = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    process = subprocess.Popen(
        [sys.executable, "-m", "scoring.intake.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # More threads would only reserve more of the bounded address space.
        env={**os.environ, "POLARS_MAX_THREADS": "2", "PYTHONPATH": search},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    timed_out = threading.Event()

    def stop() -> None:
        timed_out.set()
        process.kill()

    answers: list[dict[str, Any]] = []
    try:
        try:
            process.stdin.write(json.dumps(job).encode())
            process.stdin.close()
        except BrokenPipeError:
            pass
        while len(answers) < len(files):
            clock = threading.Timer(limits.seconds, stop)
            clock.start()
            try:
                line = process.stdout.readline()
            finally:
                # Ctrl-C, too: the command would wait for the clock to run down.
                clock.cancel()
            if not line:
                break
            answers.append(json.loads(line))
    finally:
        process.stdout.close()
        if len(answers) < len(files):
            process.kill()
        process.wait()
    if len(answers) == len(files):
        return answers, None
    return answers, "file-too-slow" if timed_out.is_set() else "reader-died"
