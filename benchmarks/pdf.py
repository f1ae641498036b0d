"""One town's sheet, made our way and written naively, in one run: `python benchmarks/pdf.py [findings]`.

Naive is the same HTML with automatic tables (no column widths), the system's whole fonts, a <br> for a line break
in a cell, a new font configuration and style sheet for each document, and the garbage collector on. Ours must take
at most 0.50 of that. Both run in one thread, five documents at a time by turns; their processor times are summed,
as a machine that changes its speed from one second to the next favours neither in the sum. A collection before each
turn, outside the clock, keeps either from clearing up after the other; within a turn each clears up after itself.
"""

from __future__ import annotations

import gc
import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests" / "reports")]

import sample  # noqa: E402 - found by the line above
import weasyprint  # noqa: E402

from scoring.reports import Renderer, Settings, render_town  # noqa: E402
from scoring.reports.templates import templates_folder  # noqa: E402
from scoring.reports.town_view import town_view  # noqa: E402

TARGET = 0.50
ROUNDS, TURN = 4, 5
SYSTEM = {
    "xiaobiaosong": "'Noto Serif CJK SC'",
    "fangsong": "'Noto Serif CJK SC'",
    "heiti": "'Noto Sans CJK SC'",
    "kaiti": "'Noto Serif CJK SC'",
    "songti": "'Noto Serif CJK SC'",
}


def naive_css(paper: str = "town") -> str:
    """Our rules without what makes them fast."""
    css = "".join((templates_folder() / "css" / f"{name}.css").read_text("utf-8") for name in ("common", paper))
    css = re.sub(r"(, )?tsrare-\w+", "", css)
    for role, family in SYSTEM.items():
        css = css.replace(f"ts-{role}", family)
    return css.replace("table-layout: fixed;", "").replace("overflow-wrap: anywhere;", "")


def naive_html(html: str) -> str:
    """Our HTML without what makes it fast: no widths, a <br> for a line break in a cell, the system's fonts."""
    html = re.sub(r"<colgroup>.*?</colgroup>", "", html, flags=re.DOTALL)
    html = re.sub(r"(?<=<td)[^\n].*?(?=</td>)", lambda cell: cell[0].replace("\n", "<br/>"), html, flags=re.DOTALL)
    for role, family in SYSTEM.items():
        html = html.replace(f"ts-{role}", family.strip("'"))
    return html


def naive(html: str, css: str) -> bytes:
    """One document as one would write it first."""
    return weasyprint.HTML(string=html).write_pdf(stylesheets=[weasyprint.CSS(string=css)])


def seconds(make: Callable[[], bytes]) -> float:
    """Return the processor time of a turn."""
    gc.collect()
    started = time.process_time()
    for _ in range(TURN):
        make()
    return time.process_time() - started


def main() -> int:
    """Measure, print one line of JSON, fail above the target."""
    findings = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    own = sample.assessment(crowd=findings).for_town(sample.CROWDED)
    settings = Settings(bureau="示例市民政局")
    renderer = Renderer(settings)
    html = renderer.html("town.html.j2", view=town_view(own, settings), trend=None, author="", as_of="2025-04-15")
    html = naive_html(html)
    css = naive_css()
    render_town(own, settings, renderer)  # a worker is warm from its second document on
    naive(html, css)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        theirs.append(seconds(lambda: naive(html, css)))
        ours.append(seconds(lambda: render_town(own, settings, renderer)))
    share = sum(ours) / sum(theirs)
    print(
        json.dumps(
            {
                "findings": findings,
                "ours_s": round(sum(ours) / ROUNDS / TURN, 3),
                "naive_s": round(sum(theirs) / ROUNDS / TURN, 3),
                "share": round(share, 3),
            }
        )
    )
    return 0 if share <= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
