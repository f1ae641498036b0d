"""What was packed before: is a file in somebody's hands one of these, and is it still the last edition's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoring.store import Edition


@dataclass(frozen=True)
class Known:
    """A file that a town was handed, or an archive of it.

    Attributes
    ----------
    genuine
        Whether its bytes are those that were packed; else one of that name was.
    newer
        The last edition of its period, where that is a later one; None where it is this one, or none is published.
    """

    town: str
    period: str
    edition: int
    stage: str
    run_code: str
    genuine: bool
    newer: int | None


def folder_of(period: str, edition: int, stage: str) -> str:
    """Return what a folder of packages is called.

    Examples
    --------
    >>> folder_of("2025Q1", 2, "published"), folder_of("2025Q1", 2, "comment")
    ('2025Q1@2', '2025Q1@2-comment')
    """
    return f"{period}@{edition}" + ("" if stage == "published" else f"-{stage}")


def known_file(name: str, digest: str, packages: Path, editions: Sequence[Edition]) -> list[Known]:
    """Return what is known of a file by its hash; where nothing is, what is known by its name."""
    last = {edition.period: edition.number for edition in sorted(editions, key=lambda one: one.number)}
    by_hash, by_name = [], []
    for manifest in manifests(packages):
        for told in manifest["towns"].values():
            hashes = {**told["files"], told["archive"]: told["sha256"]}
            period, edition, stage = manifest["period"], manifest["edition"], manifest["stage"]
            newer = last.get(period)
            if newer is not None and newer == edition and stage == "published":
                newer = None
            known = Known(told["town"], period, edition, stage, manifest["run_code"], digest in hashes.values(), newer)
            if known.genuine:
                by_hash.append(known)
            elif name in hashes:
                by_name.append(known)
    return by_hash or by_name


def manifests(packages: Path) -> Iterator[Mapping[str, Any]]:
    """Give the manifest of every folder of packages, the oldest edition first; what is none is passed over."""
    for path in sorted(packages.glob("*/manifest.json"), key=_in_order):
        try:
            read = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(read, dict) and read.get("pack") == 1:
            yield read


def _in_order(path: Path) -> tuple[str, int, str]:
    """Return period, edition and stage of a folder of packages: edition 10 comes after edition 2."""
    period, _, rest = path.parent.name.partition("@")
    edition, _, stage = rest.partition("-")
    return (period, int(edition) if edition.isascii() and edition.isdigit() else 0, stage)
