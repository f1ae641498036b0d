"""The board of 2,000 findings, all of them open: its size, and how long a filter takes, `python benchmarks/board.py`.

Generated findings of a quarter, the shipped scheme, no report on any of them, in a real Chromium. A filter's time is
from the event to the new layout: tiles, three breakdowns, the list, what was sampled and sent.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import polars as pl  # noqa: E402

from scoring.assessing import assess  # noqa: E402
from scoring.example import generate_tables  # noqa: E402
from scoring.outcome import Options  # noqa: E402
from scoring.periods import parse_period  # noqa: E402
from scoring.reports.labels import Labels  # noqa: E402
from scoring.reports.templates import make_environment  # noqa: E402
from scoring.scheme import load_scheme  # noqa: E402
from scoring.supervision.board import Seen, facts_of, page_of  # noqa: E402
from scoring.supervision.standing import Standing  # noqa: E402
from tests.frames import tables_of  # noqa: E402
from tests.playing.playing import chromium  # noqa: E402

FINDINGS, MOST_BYTES, MOST_MS = 2000, 2_500_000, 100
FILTER = """() => {
  const took = [];
  const timed = (change) => {
    const began = performance.now();
    set(change);
    document.body.offsetHeight;
    took.push(performance.now() - began);
  };
  for (let n = 0; n < 60; n++) {
    timed({ town: n % 3 ? String(n % 16) : "" });
    timed({ words: n % 2 ? "a" : "" });
    timed({ tile: Object.keys(TILES)[n % 6] });
  }
  return took.sort((a, b) => a - b);
}"""


def main() -> int:
    """Measure and print one line of JSON; 1 where a target is missed."""
    loaded = load_scheme(HERE.parent / "weights" / "jiyuan-quarterly.yaml")
    frames = generate_tables(towns=16, findings=8 * FINDINGS, rectifications=10)
    tables = replace(tables_of({}, loaded.scheme), **frames, present=frozenset(frames))
    period, on = parse_period("2025Q2", loaded.scheme.calendar), date(2025, 6, 30)
    assert period is not None
    within = pl.col("found_on").is_between(period.start, period.end)
    tables = replace(
        tables,
        findings=tables.findings.filter(within).head(FINDINGS),
        rectifications=tables.rectifications.clear(),
        appeals=tables.appeals.clear(),
    )
    made = assess(tables, loaded.scheme, period, on, options=Options(scheme_hash=loaded.sha256), lean=True)
    labels = {period.id: Labels(made.head, "zh")}
    began = time.perf_counter()
    found = Standing(on, tables, made.findings.with_columns(period=pl.lit(period.id)), {period.id: made})
    texts = dict(made.findings.select("finding_id", "description").iter_rows())
    villages = dict(made.findings.select("finding_id", "village").iter_rows())
    facts = facts_of(Seen(found, texts, villages, {}, (), ()), labels, "zh")
    page = page_of(facts, "", "zh", make_environment(None, "zh"), example=True)
    took_made = time.perf_counter() - began
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        path = Path(folder) / "board.html"
        path.write_text(page, "utf-8")
        opened = browser.new_page()
        opened.goto(path.as_uri())
        took = opened.evaluate(FILTER)
    told = {
        "findings": len(facts["findings"]), "bytes": len(page.encode("utf-8")), "seconds": round(took_made, 2),
        "ms": round(took[len(took) // 2], 1), "slowest_ms": round(took[-1], 1),
    }  # fmt: skip
    print(json.dumps(told))
    return int(told["bytes"] > MOST_BYTES or told["ms"] > MOST_MS)


if __name__ == "__main__":
    sys.exit(main())
