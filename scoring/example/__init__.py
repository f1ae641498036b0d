"""The seeded generator of example data: a bureau's year for 16 towns, and tables of any size for benchmarks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    import polars as pl

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


def write_supervision(folder: Path, *, seed: int = DEFAULT_SEED) -> None:
    """Write the supervision's tables of the example year into `folder`: workbooks and CSV, as an officer keeps them.

    Parameters
    ----------
    folder
        Made when absent; files of the same names are replaced.
    seed
        As `write_example`, whose ledgers they belong to: the same seed gives the same bytes.
    """
    from scoring.example.supervised import supervise, write_supervised
    from scoring.example.year import simulate

    folder.mkdir(parents=True, exist_ok=True)
    write_supervised(folder, supervise(seed, simulate(seed)))


def generate_tables(
    *, towns: int, findings: int, rectifications: int, seed: int = DEFAULT_SEED, many: int = 0
) -> dict[str, pl.DataFrame]:
    """Return example tables of any size, with the columns and dtypes that intake gives.

    Parameters
    ----------
    towns, findings, rectifications
        Rows of these tables. Findings without a report, with one or with several follow from the last two.
    seed
        The same seed gives the same rows, whatever the machine.
    many
        How many findings all belong to the first town; the others are spread over all towns.

    Returns
    -------
    dict
        towns, findings, rectifications, checks (a row a town and month), measures and judgements (a town and quarter).

    Raises
    ------
    ValueError
        No town, a negative number, or rectifications without findings.

    Examples
    --------
    >>> tables = generate_tables(towns=3, findings=10, rectifications=12)
    >>> tables["findings"].height, tables["checks"].height
    (10, 36)
    """
    from scoring.example.volume import Volume, complete

    volume = Volume(towns=towns, findings=findings, rectifications=rectifications, seed=seed, many=many)
    tables = {
        "towns": volume.towns_table(),
        "findings": volume.findings_table(0, findings),
        "rectifications": volume.rectifications_table(0, rectifications),
        "checks": volume.checks_table(),
        "measures": volume.measures_table(),
        "judgements": volume.judgements_table(),
    }
    return {name: complete(table, name) for name, table in tables.items()}


def write_generated(
    folder: Path,
    *,
    towns: int,
    findings: int,
    rectifications: int,
    seed: int = DEFAULT_SEED,
    formats: Literal["parquet", "csv"] = "parquet",
    many: int = 0,
) -> None:
    """Write the tables of `generate_tables` into `folder`, a million rows a file, holding one file's rows at a time.

    Raises
    ------
    ValueError
        As `generate_tables`.
    """
    from scoring.example.volume import Volume, write_volume

    volume = Volume(towns=towns, findings=findings, rectifications=rectifications, seed=seed, many=many)
    write_volume(folder, volume, formats)
