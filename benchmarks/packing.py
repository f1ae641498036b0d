"""What packing takes beyond rendering the same sheets: python benchmarks/packing.py store/PERIOD@N

Rendering is what two warm workers take for the same sheets; three rounds, the best of each.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from scoring.assessment import Assessment
from scoring.packing.packs import Pack, pack
from scoring.printing import printer
from scoring.redaction import Words
from scoring.reports.settings import Settings
from scoring.workers import prepare


def rendering(assessment: Assessment, settings: Settings) -> float:
    """Return the seconds of the sheets alone, in workers that have printed before."""
    with tempfile.TemporaryDirectory() as folder, printer() as papers:
        for name in ("first", "second"):
            (Path(folder) / name).mkdir()
            begun = time.perf_counter()
            with papers.at_rest():
                for done in papers.print_towns(assessment, settings, Path(folder) / name):
                    done.result()
            seconds = time.perf_counter() - begun
    return seconds


def packing(assessment: Assessment, settings: Settings) -> float:
    """Return the seconds of everything that `townscore pack` does once its assessment is read."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        pack(Pack(assessment, settings, Words()), Path(folder))
        return time.perf_counter() - begun


def main() -> None:
    prepare()
    assessment = Assessment.load(Path(sys.argv[1]) / "run")
    settings = Settings(lang="zh")
    packed = min(packing(assessment, settings) for _ in range(3))
    rendered = min(rendering(assessment, settings) for _ in range(3))
    print(f"packed {packed:.2f} s, rendered {rendered:.2f} s, beyond it {packed - rendered:.2f} s")


if __name__ == "__main__":
    main()
