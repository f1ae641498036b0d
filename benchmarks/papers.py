"""What papers cost in number: `python benchmarks/papers.py CASE [...]`; one line of JSON a case.

again      the example quarter, and once more after one finding has changed: only what changed is laid out
seventeen  the 17 PDFs of the example on two processes, and the same sheets and notice written naively in one
thousand   1,000 sheets on one process and on two
flat       the resident memory of a worker over 500 sheets
rare       the same, each sheet with a new character outside GB 2312

Processor time is summed over the whole process tree: where it is far below the clock times the processors, other work
had them, and the clock says nothing.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE), str(HERE.parent / "tests" / "reports")]

import run as runner  # noqa: E402 - found by the line above

RSS_EVERY = 50


def again() -> dict[str, object]:
    """Run the example quarter twice, with one finding's severity changed in between, and once with all kept."""
    import openpyxl

    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        data = runner.generate(work / "example", "example")
        case = runner.townscore(work, "2025Q1", data)
        first = case()
        same = case()
        path = min(data.glob("*问题台账*2025Q1*"))
        book = openpyxl.load_workbook(path)
        sheet = book.worksheets[0]
        changed = ""
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value == "一般" and not changed:
                    cell.value, changed = "严重", cell.coordinate
        book.save(path)
        made = work / "out-example" / "2025Q1" / "towns"
        before = len(list((work / "out-example" / ".papers").iterdir()))
        other = case()
        laid_out = len(list((work / "out-example" / ".papers").iterdir())) - before
        plain = runner.run([*_command(work, data), "--no-cache"], work)
        towns = len(list(made.iterdir()))
    told = {"first": first, "unchanged": same, "one finding changed": other, "the same without the shelf": plain}
    assert all(used.code == 0 for used in told.values())
    return {
        "changed": changed,
        "papers": towns + 2,
        "laid out anew": laid_out,
        **{name: {"s": round(used.seconds, 1), "cpu": round(used.cpu, 1)} for name, used in told.items()},
    }


def _command(work: Path, data: Path) -> list[str]:
    where = ["--data", str(data), "--weights", runner.SCHEME, "--out", str(work / f"out-{data.name}")]
    return [runner.TOWNSCORE, "run", "2025Q1", *where, "--lang", "en"]


def _example() -> list[object]:
    """Return the towns of the example quarter, each as its sheet's worker is handed it, and the whole last."""
    from scoring.assessment import Assessment

    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        data = runner.generate(work / "example", "example")
        used = runner.townscore(work, "2025Q1", data, "csv")()
        assert used.code == 0, used.out
        whole = Assessment.load(work / "out-example" / "2025Q1")
    return [*(own for _, own in whole.each_town()), whole]


def _naive_all(papers: list[object]) -> float:
    import pdf
    import weasyprint

    from scoring.reports import Renderer, Settings
    from scoring.reports.town_view import town_view
    from scoring.reports.view import report_view

    settings = Settings(bureau="示例市民政局")
    renderer = Renderer(settings)
    pages = []
    for own in papers[:-1]:
        html = renderer.html("town.html.j2", view=town_view(own, settings), trend=None, author="", as_of="2025-04-15")
        pages.append((pdf.naive_html(html), pdf.naive_css("town")))
    view = report_view(papers[-1], settings)
    shares = sum(column.share for column in view.annex.columns)
    widths = [f"{100 * column.share / shares:.3f}%" for column in view.annex.columns]
    named = {"trend": None, "author": "", "as_of": "2025-04-15", "widths": widths}
    pages.append((pdf.naive_html(renderer.html("report.html.j2", view=view, **named)), pdf.naive_css("report")))
    assert weasyprint
    started = time.process_time()
    for html, css in pages:
        pdf.naive(html, css)
    return time.process_time() - started


def _orders(papers: list[object], number: int) -> list[object]:
    from scoring.reports import Settings
    from scoring.workers import Order

    settings = Settings(bureau="示例市民政局")
    towns = [Order("town", papers[at % (len(papers) - 1)], settings) for at in range(number)]
    return [Order("report", papers[-1], settings), *towns]


def _spent(order: object) -> float:
    started = time.process_time()
    order.made()
    return time.process_time() - started


def _timed(orders: list[object], processes: int) -> tuple[float, float]:
    """Return the clock and the processor time of papers in warm processes."""
    # Forked after Polars has begun its threads, a worker would wait for ever.
    with ProcessPoolExecutor(processes, mp_context=get_context("forkserver")) as pool:
        list(pool.map(_spent, orders[:1] * 2 * processes + orders[1:3]))
        started = time.perf_counter()
        spent = sum(pool.map(_spent, orders))
        return time.perf_counter() - started, spent


def seventeen() -> dict[str, object]:
    """Compare the 17 PDFs of the example on two processes with the naive way in one."""
    papers = _example()
    naive = _naive_all(papers)
    clock, spent = _timed(_orders(papers, len(papers) - 1), 2)
    return {
        "naive_cpu_s": round(naive, 2),
        "ours_cpu_s": round(spent, 2),
        "ours_clock_s": round(clock, 2),
        "share of processor time, halved": round(spent / 2 / naive, 3),
        "load": os.getloadavg()[0],
    }


def thousand(number: int = 1000) -> dict[str, object]:
    """Make sheets on one process and on two."""
    orders = _orders(_example(), number)[1:]
    one, two = _timed(orders, 1), _timed(orders, 2)
    return {
        "sheets": number,
        "one": {"s": round(one[0], 1), "cpu": round(one[1], 1)},
        "two": {"s": round(two[0], 1), "cpu": round(two[1], 1)},
        "faster": round(one[0] / two[0], 2),
        "load": os.getloadavg()[0],
    }


def flat(number: int = 500) -> dict[str, object]:
    """Watch the memory of one worker after the other over many sheets, each with words of its own."""
    # Two characters of GB 2312's first level, other ones each time.
    return _watched(
        number, lambda at: bytes((0xB0 + at % 39, 0xA1 + at % 94, 0xB0 + at // 39, 0xA1 + at % 89)).decode("gb2312")
    )


def rare(number: int = 500) -> dict[str, object]:
    """Watch it where each sheet has a character outside GB 2312, a new one every time: a font more each."""
    from scoring.reports.fonts import faces
    from scoring.reports.subset import common_characters

    drawn = frozenset().union(*(face.characters for face in faces({}).values()))
    signs = sorted(point for point in drawn - common_characters() if 0x4E00 <= point <= 0x9FFF)
    return _watched(number, lambda at: chr(signs[7 * at % len(signs)]))


def _watched(number: int, word: Callable[[int], str]) -> dict[str, object]:
    import polars as pl

    from scoring import workers

    papers = _example()[:-1]
    orders = _orders([*papers, papers[0]], number)[1:]
    resident: list[int] = []
    with tempfile.TemporaryDirectory() as folder, workers._pools() as fresh_pool:
        hands = workers.Processes(lambda: fresh_pool(1), 1)
        for at, order in enumerate(orders):
            village = pl.concat_str(pl.col("village").fill_null(""), pl.lit(word(at)))
            own = replace(order.assessment, findings=order.assessment.findings.with_columns(village=village))
            hands.submit(workers._print, replace(order, assessment=own), Path(folder) / "sheet.pdf").result()
            if at % RSS_EVERY == RSS_EVERY - 1:
                tree = runner._tree(os.getpid(), {})
                resident.append(round(max(size for pid, size in tree.items() if pid != os.getpid()) / 2**20))
    return {"sheets": number, f"MB after every {RSS_EVERY}": resident}


CASES = {"again": again, "seventeen": seventeen, "thousand": thousand, "flat": flat, "rare": rare}


def main() -> None:
    """Measure the cases that were named, `thousand:200` with another number."""
    for word in sys.argv[1:] or CASES:
        name, _, number = word.partition(":")
        print(json.dumps({name: CASES[name](*([int(number)] if number else []))}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
