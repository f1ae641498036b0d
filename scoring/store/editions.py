"""A published edition: `PERIOD@N/` with the run, its inputs, its scheme, its scan, and `edition.json` that binds them.

`edition.json` names the hash of every other file and of the edition that was published before it; `edition.sha256` its
own. An edition appears whole or not at all and is never written again.
"""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scoring.digest import file_hash
from scoring.periods import Period

if TYPE_CHECKING:
    # What lists editions reads their JSON alone: it need not wait for all that scores.
    from scoring.assessment import Assessment
    from scoring.intake import Tables
    from scoring.ledger import Frozen
    from scoring.scheme import LoadedScheme

NAME: Final = "edition.json"
SEAL: Final = "edition.sha256"
WEIGHTS: Final = "weights.yaml"
HOLIDAYS: Final = "holidays.yaml"
FORMAT: Final = 1


class BrokenStore(Exception):
    """The store, or something beside it that a run wrote, cannot be read; `file` names what."""

    def __init__(self, file: Path) -> None:
        super().__init__(file)
        self.file = file


def read_json(path: Path, *wanted: str) -> dict[str, Any]:
    """Read a JSON object that has these keys.

    Raises
    ------
    BrokenStore
        It is none, or lacks one of them.
    """
    try:
        said = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        raise BrokenStore(path) from None
    if not isinstance(said, dict) or any(key not in said for key in wanted):
        raise BrokenStore(path)
    return said


@dataclass(frozen=True)
class Edition:
    """One published edition; `said` is its edition.json."""

    folder: Path
    said: Mapping[str, Any]

    @property
    def period(self) -> str:
        """The period's id."""
        return str(self.said["period"])

    @property
    def number(self) -> int:
        """1 for the first edition of a period."""
        return int(self.said["edition"])

    @property
    def sequence(self) -> int:
        """Its place in the store's chain, from 1."""
        return int(self.said["sequence"])

    @property
    def seal(self) -> str:
        """The SHA-256 of its edition.json, by which the next edition is chained to it."""
        return file_hash(self.folder / NAME)

    @cached_property
    def head(self) -> Mapping[str, Any]:
        """The published result's head alone, without its frames."""
        return read_json(self.folder / "run" / "assessment.json", "period", "scheme", "summary")

    @cached_property
    def assessment(self) -> Assessment:
        """The published result."""
        from polars.exceptions import PolarsError

        from scoring.assessment import Assessment
        from scoring.problems import Refused

        try:
            return Assessment.load(self.folder / "run")
        except (OSError, ValueError, KeyError, TypeError, Refused, PolarsError):
            raise BrokenStore(self.folder / "run") from None

    @cached_property
    def scheme(self) -> LoadedScheme:
        """The scheme it was scored by."""
        from scoring.scheme import SchemeError, load_scheme

        sha256 = str(self.said["scheme"]["sha256"])
        if sha256 not in _schemes:
            try:
                loaded = load_scheme(self.folder / WEIGHTS)
            except SchemeError:
                raise BrokenStore(self.folder / WEIGHTS) from None
            if loaded.sha256 != sha256:
                raise BrokenStore(self.folder / WEIGHTS)
            _schemes[sha256] = loaded
        return _schemes[sha256]

    @cached_property
    def frozen(self) -> Frozen:
        """What later periods need of it."""
        import polars as pl

        from scoring.ledger import Frozen

        made = self.assessment
        return Frozen(
            period_of(made.head),
            self.number,
            date.fromisoformat(made.head["as_of"]),
            self.scheme.scheme,
            str(made.head["run_code"]),
            made.ledger,
            made.scores,
            made.findings,
            made.indicators,
            made.dimensions,
            pl.scan_parquet(self.folder / "inputs" / "findings.parquet"),
        )

    def tables(self) -> Tables:
        """Return the tables that were scored."""
        import polars as pl

        from schemas.tables import catalogue
        from scoring.intake import Tables

        inputs = self.folder / "inputs"
        try:
            frames = {name: pl.read_parquet(inputs / f"{name}.parquet") for name in catalogue().tables}
        except (OSError, pl.exceptions.PolarsError):
            raise BrokenStore(self.folder / "inputs") from None
        return Tables(**frames, present=frozenset(self.said["present"]))


def period_of(head: Mapping[str, Any]) -> Period:
    """Return the period of an assessment's head."""
    said = head["period"]
    return Period(said["id"], said["kind"], date.fromisoformat(said["start"]), date.fromisoformat(said["end"]))


_schemes: Final[dict[str, LoadedScheme]] = {}
"""By hash: forty quarters are scored by a few schemes."""


def remember(loaded: LoadedScheme) -> None:
    """Spare reading again a scheme that is at hand already."""
    _schemes[loaded.sha256] = loaded


def read_store(store: Path) -> list[Edition]:
    """Return every edition of a store in the order of publication; none where there is no store.

    Raises
    ------
    BrokenStore
        An edition's own file cannot be read.
    """
    found = [
        Edition(path.parent, read_json(path, "sequence", "period", "edition", "run_code", "scheme", "files", "past"))
        for path in store.glob(f"*/{NAME}")
        if not path.parent.name.startswith(".")
    ]
    return sorted(found, key=lambda edition: (edition.sequence, edition.folder.name))


def latest(editions: Iterable[Edition]) -> dict[str, Edition]:
    """Return the last edition of every period."""
    last: dict[str, Edition] = {}
    for edition in editions:
        if edition.period not in last or edition.number > last[edition.period].number:
            last[edition.period] = edition
    return last


def next_edition(editions: Iterable[Edition], period: str) -> int:
    """Return the number that the next edition of a period will bear."""
    return max((edition.number for edition in editions if edition.period == period), default=0) + 1


def write_edition(
    fresh: Path,
    run: Path,
    tables: Tables,
    texts: Mapping[str, bytes],
    scan: Path | None,
    said: Mapping[str, Any],
    before: Sequence[Edition],
) -> None:
    """Fill the fresh folder of an edition: the run as published, what it was scored from, and what binds them.

    Parameters
    ----------
    texts
        File name → content: the scheme and, where there is one, the bureau's own calendar.
    scan
        The signed paper; kept as `scan` with its own ending.
    said
        What edition.json is to say besides sequence, chain and hashes.
    before
        Every edition of the store.
    """
    from schemas.tables import catalogue

    shutil.copytree(run, fresh / "run")
    (fresh / "inputs").mkdir()
    for name in catalogue().tables:
        content = io.BytesIO()
        getattr(tables, name).write_parquet(content, compression="zstd", statistics=False)
        (fresh / "inputs" / f"{name}.parquet").write_bytes(content.getbuffer())
    for name, text in texts.items():
        (fresh / name).write_bytes(text)
    if scan is not None:
        shutil.copyfile(scan, fresh / f"scan{scan.suffix.lower()}")
    last = before[-1] if before else None
    whole = {
        "format": FORMAT,
        "sequence": last.sequence + 1 if last else 1,
        "previous": {"folder": last.folder.name, "sha256": last.seal} if last else None,
        **said,
        "present": sorted(tables.present),
        "files": hashes(fresh),
    }
    text = (json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
    (fresh / NAME).write_bytes(text)
    (fresh / SEAL).write_text(f"{file_hash(fresh / NAME)}  {NAME}\n", "utf-8")
    for path in fresh.rglob("*"):
        if path.is_file():
            path.chmod(0o444)


def write_view(edition: Edition, fresh: Path) -> None:
    """Fill a fresh folder with the run of an edition, as it was published."""
    shutil.copytree(edition.folder / "run", fresh, copy_function=shutil.copyfile, dirs_exist_ok=True)


def hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file in a folder by its path."""
    return {
        path.relative_to(folder).as_posix(): file_hash(path) for path in sorted(folder.rglob("*")) if path.is_file()
    }
