"""The play page of 16 towns and 60 indicators: its size, and how long a slider takes, `python benchmarks/whatif.py`.

The shipped quarterly scheme with indicators doubled, comments and all, on generated findings, in a real Chromium. A
slider's time is from the event to the new layout: scores, table, chart, statement, list of changes.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from copy import deepcopy
from datetime import date
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from doubt import INDICATORS, SCHEME, facts  # noqa: E402

from scoring.assessing import assess  # noqa: E402
from scoring.outcome import Options  # noqa: E402
from scoring.periods import parse_period  # noqa: E402
from scoring.reports.labels import Labels  # noqa: E402
from scoring.scheme import LoadedScheme, parse_scheme  # noqa: E402
from scoring.whatif import page_from  # noqa: E402
from tests.playing.playing import chromium  # noqa: E402

MOST_BYTES, MOST_MS = 400_000, 50
MOVE = """() => {
  const took = [], slider = document.querySelectorAll("input[type=range]");
  document.querySelectorAll("details").forEach((one) => { one.open = true; });
  for (let n = 0; n < 60; n++) {
    const one = slider[n % slider.length];
    one.value = String(Number(one.value) + (n % 2 ? -7 : 7));
    const began = performance.now();
    one.dispatchEvent(new Event("input"));
    document.body.offsetHeight;
    took.push(performance.now() - began);
  }
  return took.sort((a, b) => a - b);
}"""


def widened() -> tuple[LoadedScheme, dict[str, str]]:
    """The shipped scheme with sixty indicators, its comments at the end, and which indicator each new one doubles."""
    text = SCHEME.read_text("utf-8")
    raw = yaml.load(text, Loader=yaml.BaseLoader)
    doubles, missing = {}, INDICATORS - sum(len(one["indicators"]) for one in raw["dimensions"])
    for dimension in list(raw["dimensions"]):
        own = [deepcopy(one) for one in dimension["indicators"] if one["rule"]["kind"] == "deduct"][:missing]
        if own:
            for one in own:
                doubles[f"{one['id']}-2"] = one["id"]
                one |= {"id": f"{one['id']}-2", "label": f"{one['label']}-2"}
                one.pop("aliases", None)
            points = sum(int(one["points"]) for one in own)
            named = {"id": f"{dimension['id']}-2", "label": f"{dimension['label']}-2", "points": str(points)}
            raw["dimensions"].append({**named, "indicators": own})
            missing -= len(own)
    raw["full"] = str(sum(int(one["points"]) for one in raw["dimensions"]))
    raw["range"]["max"] = raw["full"]
    comments = "\n".join(line for line in text.splitlines() if line.strip().startswith("#"))
    made = yaml.dump(raw, allow_unicode=True, sort_keys=False) + comments + "\n"
    return parse_scheme(made.encode("utf-8"), "sixty.yaml"), doubles


def main() -> int:
    """Measure and print one line of JSON; 1 where a target is missed."""
    loaded, doubles = widened()
    tables, period = facts(loaded.scheme, doubles, 16), parse_period("2025Q1", loaded.scheme.calendar)
    options = Options(scheme_hash=loaded.sha256)
    assessment = assess(tables, loaded.scheme, period, date(2025, 4, 10), options=options, lean=True)
    began = time.perf_counter()
    page = page_from(loaded, tables, period, assessment, Labels(assessment.head, "zh"))
    made = time.perf_counter() - began
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        path = Path(folder) / "page.html"
        path.write_text(page, "utf-8")
        opened = browser.new_page()
        opened.goto(path.as_uri())
        took = opened.evaluate(MOVE)
    told = {
        "indicators": len(loaded.scheme.indicators()), "findings": assessment.findings.height,
        "bytes": len(page.encode("utf-8")), "seconds": round(made, 2),
        "ms": round(took[len(took) // 2], 1), "slowest_ms": round(took[-1], 1),
    }  # fmt: skip
    print(json.dumps(told))
    return int(told["bytes"] > MOST_BYTES or told["ms"] > MOST_MS)


if __name__ == "__main__":
    sys.exit(main())
