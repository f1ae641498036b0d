"""Measure every figure that the project promises, by the command line alone: `python benchmarks/run.py`.

Each case is a process of its own, measured from start to end, with the peak memory of its whole process tree. Cases
of one round run by turns and the best of the rounds counts, so that other work on the machine weighs on all alike. Data
is generated from seeds. Exit 1 when a target is missed.

python benchmarks/run.py                    all figures, about a quarter of an hour; one case takes 7 GB
python benchmarks/run.py --only help pdf    some of them
python benchmarks/run.py --json FILE        the same for a program
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
PYTHON = sys.executable
TOWNSCORE = str(Path(PYTHON).with_name("townscore"))
SCHEME = str(HERE.parent / "weights" / "jiyuan-quarterly.yaml")
MEGABYTE = 1024 * 1024
LARGE = ("--towns", "2000", "--findings", "1000000", "--rectifications", "800000")


@dataclass(frozen=True)
class Used:
    """What a process took: seconds, processor time of its tree, the peak of its tree's memory and of its own (MB)."""

    seconds: float
    cpu: float
    tree_mb: float
    parent_mb: float
    code: int
    out: str


@dataclass(frozen=True)
class Figure:
    """One promise and what was measured."""

    name: str
    measured: str
    target: str
    met: bool


def run(command: Sequence[str], folder: Path) -> Used:
    """Run a command in a folder and measure it."""
    started = time.perf_counter()
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
    ) as process:
        peaks: dict[str, float] = {"tree": 0, "parent": 0, "cpu": 0}
        over = threading.Event()
        watcher = threading.Thread(target=_watch, args=(process.pid, peaks, over))
        watcher.start()
        out = process.stdout.read() if process.stdout else ""
        code = process.wait()
        seconds = time.perf_counter() - started
        over.set()
        watcher.join()
    return Used(seconds, peaks["cpu"], peaks["tree"] / MEGABYTE, peaks["parent"] / MEGABYTE, code, out)


def _watch(pid: int, peaks: dict[str, float], over: threading.Event) -> None:
    """Sum the resident memory and processor time of a process and all below it; pages that two share count twice."""
    spent: dict[int, float] = {}
    while not over.wait(0.05):
        resident = _tree(pid, spent)
        peaks["parent"] = max(peaks["parent"], resident.get(pid, 0))
        peaks["tree"] = max(peaks["tree"], sum(resident.values()))
    peaks["cpu"] = sum(spent.values())


def _tree(pid: int, spent: dict[int, float]) -> dict[int, int]:
    """Return the resident bytes of a process and of each one below it, and note the seconds that each has spent."""
    below: dict[int, list[int]] = {}
    stats: dict[int, list[str]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text("utf-8", errors="replace").rpartition(")")[2].split()
            except OSError:
                continue
            stats[int(entry.name)] = fields
            below.setdefault(int(fields[1]), []).append(int(entry.name))
    found, at = [pid], 0
    while at < len(found):
        found += below.get(found[at], [])
        at += 1
    known = {one: stats[one] for one in found if one in stats}
    # Fields 14 and 15 of proc(5) are the time in clock ticks, field 24 the resident pages; these begin at field 3.
    spent.update({one: (int(f[11]) + int(f[12])) / os.sysconf("SC_CLK_TCK") for one, f in known.items()})
    return {one: int(f[21]) * os.sysconf("SC_PAGE_SIZE") for one, f in known.items()}


def generate(folder: Path, *options: str) -> Path:
    """Write data once; return its folder."""
    if not folder.exists():
        subprocess.run([PYTHON, str(HERE / "generate.py"), *options, str(folder)], check=True)
    return folder


def townscore(work: Path, period: str, data: Path, formats: str | None = None) -> Callable[[], Used]:
    """Return a measured run of one period; its output goes to a folder beside the data."""
    out = work / f"out-{data.name}"
    command = [TOWNSCORE, "run", period, "--data", str(data), "--weights", SCHEME, "--out", str(out), "--lang", "en"]
    return lambda: run([*command, *(("--formats", formats) if formats else ())], work)


def best(cases: dict[str, Callable[[], Used]], rounds: int, codes: Sequence[int] = (0,)) -> dict[str, Used]:
    """Run the cases by turns; return the quickest run of each.

    Raises
    ------
    RuntimeError
        A case ended with another exit code: then its time says nothing.
    """
    taken: dict[str, list[Used]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, case in cases.items():
            used = case()
            if used.code not in codes:
                raise RuntimeError(f"{name}: exit {used.code}\n{used.out}")
            taken[name].append(used)
    return {name: min(uses, key=lambda used: used.seconds) for name, uses in taken.items()}


def _time(used: Used) -> str:
    """Write seconds and processor seconds; where these are less than both processors could give, others took theirs."""
    return f"{used.seconds:.1f} s (cpu {used.cpu:.1f})"


def measure_help(work: Path, rounds: int) -> list[Figure]:
    """Compare the help page with importing typer alone."""
    found = best(
        {
            "help": lambda: run([TOWNSCORE, "--help"], work),
            "typer": lambda: run([PYTHON, "-c", "import typer"], work),
        },
        2 * rounds + 3,
    )
    ours, bare = found["help"].seconds, found["typer"].seconds
    share = ours / bare
    shown = f"{share:.1f} × ({ours:.2f} s / {bare:.2f} s)"
    return [Figure("townscore --help", shown, "≤ 2.5 × importing typer", share <= 2.5)]


def measure_pdf(work: Path, rounds: int) -> list[Figure]:
    """Compare one town's sheet with the same document written naively (pdf.py takes the best of its own rounds)."""
    found = best({"pdf": lambda: run([PYTHON, str(HERE / "pdf.py")], work)}, 1 if rounds < 3 else 2, codes=(0, 1))
    told = json.loads(found["pdf"].out.splitlines()[-1])
    shown = f"{told['share']:.2f} × ({told['ours_s']:.2f} s / {told['naive_s']:.2f} s)"
    return [Figure("one town's PDF", shown, "≤ 0.50 × naive", told["share"] <= 0.50)]


def measure_quarter(work: Path, rounds: int) -> list[Figure]:
    """Run the whole example quarter: every paper and table."""
    data = generate(work / "example", "example")
    used = best({"quarter": townscore(work, "2025Q1", data)}, rounds)["quarter"]
    papers = len(list((work / "out-example" / "2025Q1").rglob("*.pdf")))
    shown = f"{_time(used)}, {papers} PDFs, {used.tree_mb:.0f} MB"
    return [Figure("example quarter, all formats", shown, "≤ 12 s, 18 PDFs", used.seconds <= 12 and papers == 18)]


def measure_million(work: Path, rounds: int) -> list[Figure]:
    """Score a quarter of a year of 1 M findings and 0.8 M rectifications, from Parquet and from CSV."""
    cases = {}
    for kind in ("parquet", "csv"):
        data = generate(work / f"million-{kind}", "tables", *LARGE, "--format", kind)
        cases[kind] = townscore(work, "2025Q4", data, "csv")
    return [
        Figure(
            f"1 M findings, {kind}",
            f"{_time(used)}, {used.tree_mb:.0f} MB",
            "< 30 s, < 2000 MB",
            used.seconds < 30 and used.tree_mb < 2000,
        )
        for kind, used in best(cases, max(1, rounds - 1)).items()
    ]


def measure_crowded(work: Path, rounds: int) -> list[Figure]:
    """Run the example quarter with one town of 5,000 findings, every paper and table; no target, only stated."""
    data = generate(work / "crowded", "example", "--crowded", "5000")
    used = best({"crowded": townscore(work, "2025Q1", data)}, 1 if rounds < 3 else 2)["crowded"]
    made = work / "out-crowded" / "2025Q1"
    largest = max((made / "towns").glob("*.pdf"), key=lambda path: path.stat().st_size)
    shown = f"{_time(used)}, {used.tree_mb:.0f} MB, its PDF {_pages(largest)} pages"
    return [Figure("a town of 5,000 findings, all formats", shown, "stated", True)]


def measure_forty(work: Path, rounds: int) -> list[Figure]:
    """Look back on forty published quarters of 16 towns: history, changes, and what trend pictures add to papers."""
    folder = work / "forty"
    if not (folder / "store").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "data").mkdir(exist_ok=True)
        subprocess.run([PYTHON, str(HERE / "forty.py"), "make", str(folder)], check=True, cwd=HERE.parent)
    cases = {
        "history": lambda: run([TOWNSCORE, "history"], folder),
        "changes": lambda: run([TOWNSCORE, "changes", "990000001", "2020Q4", "2021Q1"], folder),
        "pictures": lambda: run([PYTHON, str(HERE / "forty.py"), "pictures", str(folder)], folder),
    }
    found = best(cases, rounds)
    told = sum(json.loads(found["pictures"].out.splitlines()[-1]).values())
    whole = found["history"].seconds + found["changes"].seconds + told
    shown = f"{whole:.2f} s: {found['history'].seconds:.2f} + {found['changes'].seconds:.2f} + {told:.2f}"
    return [Figure("40 quarters: history, changes, pictures", shown, "< 2 s in all", whole < 2)]


def measure_doubt(work: Path, rounds: int) -> list[Figure]:
    """Say how sure rankings are: 16 towns with 10,000 draws, 2,000 towns with 1,000; Sobol's indices included."""
    figures = []
    for towns, draws, target in ((16, 10_000, "< 2 s"), (2_000, 1_000, "stated")):
        used = best(
            {"doubt": lambda of=(towns, draws): run([PYTHON, str(HERE / "doubt.py"), *map(str, of)], work)},
            1,
            codes=(0, 1),
        )
        told = json.loads(used["doubt"].out.splitlines()[-1])
        shown = f"{told['seconds']:.1f} s (cpu {told['cpu']:.1f}), {told['mb']} MB"
        met = target == "stated" or told["cpu"] < 2
        figures.append(Figure(f"doubt: {towns} towns, {told['draws']} draws", shown, target, met))
    return figures


def measure_whatif(work: Path, rounds: int) -> list[Figure]:
    """Make the play page of 16 towns and 60 indicators and move its sliders in a real Chromium."""
    used = best({"whatif": lambda: run([PYTHON, str(HERE / "whatif.py")], work)}, rounds, codes=(0, 1))
    told = json.loads(used["whatif"].out.splitlines()[-1])
    shown = f"{told['bytes'] // 1000} KB, a slider in {told['ms']} ms, the slowest of 60 in {told['slowest_ms']} ms"
    met = told["bytes"] < 400_000 and told["ms"] < 50
    return [Figure("play page: 16 towns, 60 indicators", shown, "< 400 KB, < 50 ms", met)]


def _pages(path: Path) -> int:
    import pypdfium2

    return len(pypdfium2.PdfDocument(path))


def measure_hostile(work: Path, rounds: int) -> list[Figure]:
    """Check folders that hold a workbook bomb, a huge Parquet file and a huge CSV: refused, the parent small."""
    cases = {}
    for name, write in (("bomb.xlsx", _bomb), ("huge.parquet", _huge_parquet), ("huge.csv", _huge_csv)):
        folder = work / f"hostile-{name.replace('.', '-')}"
        if not folder.exists():
            folder.mkdir()
            write(folder / f"findings.{name.rpartition('.')[2]}")
        cases[name] = lambda folder=folder: run(
            [TOWNSCORE, "check", "--data", str(folder), "--weights", SCHEME, "--lang", "en"], work
        )
    return [
        Figure(
            f"hostile {name}",
            f"exit {used.code}, {used.seconds:.1f} s, parent {used.parent_mb:.0f} MB, tree {used.tree_mb:.0f} MB",
            "refused, parent < 500 MB",
            used.code == 1 and used.parent_mb < 500,
        )
        for name, used in best(cases, 1 if rounds < 3 else 2, codes=(0, 1, 2, 3)).items()
    ]


def measure_validate(work: Path, rounds: int) -> list[Figure]:
    """Validate 10 M findings beside the same checks as plain Polars; takes 7 GB."""
    return _shares([str(HERE / "validate.py"), "--work", str(work), "--rounds", str(max(1, rounds - 1))], work)


def measure_sheets(work: Path, rounds: int) -> list[Figure]:
    """Read a workbook of 100,000 rows beside fastexcel, write a score book of as many ledger rows beside xlsxwriter."""
    command = [str(HERE / "sheets.py"), "--work", str(work), "--rounds"]
    reading = _shares([*command, str(rounds), "in"], work)
    return reading + _shares([*command, str(max(1, rounds - 2)), "out"], work)


def measure_scale(work: Path, _: int) -> list[Figure]:
    """Measure the engine past a million."""
    import large

    return large.scale(work)


def measure_papers(work: Path, _: int) -> list[Figure]:
    """Measure papers in number."""
    import large

    return large.papers(work)


def _shares(command: Sequence[str], work: Path) -> list[Figure]:
    """Run a script that compares cases by itself and ends with a line of JSON."""
    used = best({"shares": lambda: run([PYTHON, *command], work)}, 1, codes=(0, 1))["shares"]
    told = json.loads(used.out.splitlines()[-1])
    figures = []
    for case, share in told["shares"].items():
        took = told["used"][case]
        shown = f"{share['times']:.2f} × (cpu {took['cpu']:.1f} s, {took['own_mb'] + took['child_mb']} MB)"
        met = share["times"] <= share["most"]
        figures.append(Figure(share["name"], shown, f"≤ {share['most']} × {share['against']}", met))
    return figures


def _bomb(path: Path) -> None:
    """Write a workbook of a few MB whose sheet unzips to 2 GB."""
    import zipfile

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            for _ in range(2048):
                sheet.write(b" " * MEGABYTE)


def _huge_parquet(path: Path) -> None:
    """Write a small Parquet file of 600 M cells."""
    import polars as pl

    text = pl.repeat("x", 6_000_000, eager=True)
    pl.DataFrame({f"c{number}": text for number in range(100)}).write_parquet(path)


def _huge_csv(path: Path) -> None:
    """Write a CSV file past the largest size that is read, most of it a hole that takes no disk."""
    with path.open("wb") as file:
        file.write(b"finding_id,town,found_on\n")
        file.truncate(3 * 1024 * MEGABYTE)


CASES: dict[str, Callable[[Path, int], list[Figure]]] = {
    "help": measure_help,
    "pdf": measure_pdf,
    "quarter": measure_quarter,
    "million": measure_million,
    "crowded": measure_crowded,
    "forty": measure_forty,
    "doubt": measure_doubt,
    "whatif": measure_whatif,
    "hostile": measure_hostile,
    "validate": measure_validate,
    "sheets": measure_sheets,
    "papers": measure_papers,
    "scale": measure_scale,
}


def machine() -> dict[str, str]:
    """Say on what was measured, and how busy it was."""
    return {
        "processors": str(len(os.sched_getaffinity(0))),
        "load": f"{os.getloadavg()[0]:.1f}",
        "ten million additions": f"{min(_additions() for _ in range(3)):.2f} s",
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        **{name: version(name) for name in ("polars", "pandera", "weasyprint", "typer")},
    }


def _additions() -> float:
    """Return the processor time of one plain loop: it tells a slow or crowded machine from a slow program."""
    started, total = time.process_time(), 0
    for number in range(10_000_000):
        total += number
    return time.process_time() - started


def main() -> int:
    """Measure, print the table, fail where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=tuple(CASES), default=tuple(CASES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=Path, help="a folder for the data, kept for the next time")
    parser.add_argument("--json", type=Path, help="write the figures into this file as well")
    asked = parser.parse_args()
    about = machine()
    print(", ".join(f"{name} {value}" for name, value in about.items()))
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="townscore-bench-") as scratch:
        work = (asked.work or Path(scratch)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        for name in asked.only:
            for figure in CASES[name](work, asked.rounds):
                figures.append(figure)
                sign = "met" if figure.met else "MISSED"
                print(f"{figure.name:40}{figure.measured:52}{figure.target:28}{sign}", flush=True)
    if asked.json:
        told = {"machine": about, "figures": [asdict(figure) for figure in figures]}
        asked.json.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return 0 if all(figure.met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
