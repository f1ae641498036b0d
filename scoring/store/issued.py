"""The list of editions issued, `issued.sha256` in the store: an edition that vanishes is missed by it.

A line an edition in the order of publication, as `sha256sum -c` reads them: the hash of its edition.json and its path.
Each edition names the hash of the one before it, so that the list adds one thing alone: that the last one was there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from scoring.outfolder import write_whole
from scoring.store.editions import NAME as EDITION
from scoring.store.editions import BrokenStore, Edition

NAME: Final = "issued.sha256"


def lines_of(editions: Sequence[Edition]) -> list[str]:
    """Return the lines that the list has for these editions."""
    return [f"{edition.seal}  {edition.folder.name}/{EDITION}\n" for edition in editions]


def read_lines(store: Path) -> list[str]:
    """Return the lines of the list; none where there is no list.

    Raises
    ------
    BrokenStore
        It cannot be read as text.
    """
    try:
        return (store / NAME).read_bytes().decode("utf-8").splitlines(keepends=True)
    except FileNotFoundError:
        return []
    except (OSError, ValueError):
        raise BrokenStore(store / NAME) from None


def write_lines(store: Path, editions: Sequence[Edition]) -> None:
    """Add the last edition to a list that holds all the others; any other list stays as it is."""
    lines = lines_of(editions)
    if lines and read_lines(store) == lines[:-1]:
        write_whole(store / NAME, "".join(lines).encode())
