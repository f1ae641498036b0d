"""The seeded generator of example data: a bureau's year for 16 towns, and tables of any size for benchmarks."""

from __future__ import annotations

from pathlib import Path
from typing import Final

DEFAULT_SEED: Final = 20250101


def write_example(folder: Path, *, seed: int = DEFAULT_SEED, dirty: bool = True, crowded: int = 0) -> None:
    """Write the example year into `folder`: flat files that a bureau would keep, every one marked as invented.

    Parameters
    ----------
    folder
        Made when absent; files of the same names are replaced.
    seed
        The same seed gives the same bytes.
    dirty
        As bureaus have them: titles above the headings, merged cells, short names, dates in many forms, a ledger
        without numbers, a GB18030 CSV. False writes the same facts neatly.
    crowded
        How many findings one town has in one quarter (which ones, words.yaml says); 0 leaves it like the others.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_example(Path(folder))
    ...     len(list(Path(folder).iterdir()))
    14
    """
    from scoring.example.workbooks import Paper, write_year
    from scoring.example.year import simulate

    folder.mkdir(parents=True, exist_ok=True)
    write_year(folder, simulate(seed, crowded), Paper(seed, dirty=dirty))
