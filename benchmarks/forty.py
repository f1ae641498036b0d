"""Ten years of quarters for 16 towns as a store, and how long it takes to look back on them.

python benchmarks/forty.py make DIR     a workspace in DIR with forty published quarters (about a minute)
python benchmarks/forty.py pictures DIR seconds that the trend pictures cost a report, a town's sheet and the analysis
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl

from schemas.scheme import Scheme
from schemas.tables import catalogue
from scoring.assessing import assess
from scoring.assessment import Assessment
from scoring.example import generate_tables
from scoring.example.volume import complete
from scoring.intake import Tables
from scoring.ledger import Frozen
from scoring.lookback import before, changes_since, history, published
from scoring.outcome import Options
from scoring.periods import parse_period
from scoring.reports import Renderer, render_internal, render_report, render_town
from scoring.reports.settings import Settings
from scoring.scheme import load_scheme
from scoring.store import latest, read_store
from scoring.store.editions import period_of, write_edition
from scoring.store.issued import NAME, lines_of
from scoring.workdays import Workdays

QUARTERS = [f"{year}Q{quarter}" for year in range(2016, 2026) for quarter in range(1, 5)]
SCHEME = Path(__file__).parent.parent / "weights" / "jiyuan-quarterly.yaml"


def make(root: Path) -> None:
    """Publish forty quarters of generated facts; from 2021 on by a second scheme."""
    text = SCHEME.read_text("utf-8").replace("from: 2025-01-01", "from: 2010-01-01")
    dearer = text.replace("      price: 0.3\n", "      price: 0.4\n", 1).replace(
        "id: jiyuan-quarterly\n", "id: later\n"
    )
    for name, content in (("first", text), ("second", dearer)):
        (root / f"{name}.yaml").write_text(content, "utf-8")
    schemes = {name: load_scheme(root / f"{name}.yaml") for name in ("first", "second")}
    (root / "townscore.yaml").write_text("weights: second.yaml\n", "utf-8")
    (root / "store").mkdir()
    frames = generate_tables(towns=16, findings=500, rectifications=400)
    past: dict[str, Frozen] = {}
    for label in QUARTERS:
        loaded = schemes["first" if label < "2021" else "second"]
        period = parse_period(label, loaded.scheme.calendar)
        assert period is not None
        as_of = period.end + timedelta(days=10)
        tables = _moved(frames, int(label[:4]))
        editions = read_store(root / "store")
        made = _assess(tables, loaded.scheme, label, loaded.sha256)
        with tempfile.TemporaryDirectory(dir=root) as folder:
            run = Path(folder)
            made = replace(made, head={**made.head, "stage": "published", "run_code": label})
            made.save(run)
            (run / "manifest.json").write_text(json.dumps({"files": {}}), "utf-8")
            fresh = root / "store" / f"{label}@1"
            fresh.mkdir()
            said = {
                "period": label, "edition": 1, "number": label, "on": as_of.isoformat(), "reason": "", "stages": {},
                "run_code": label, "as_of": as_of.isoformat(), "example": True, "past": {},
                "scheme": {"file": loaded.file, "sha256": loaded.sha256},
            }  # fmt: skip
            write_edition(fresh, run, tables, {"weights.yaml": loaded.content}, None, said, editions)
        past[label] = read_store(root / "store")[-1].frozen
    (root / "store" / NAME).write_text("".join(lines_of(read_store(root / "store"))), "utf-8")


def _moved(frames: dict[str, pl.DataFrame], year: int) -> Tables:
    """Return the generated year's tables as those of another year."""
    offset = f"{(year - 2025) * 12}mo"
    moved = {}
    for name, frame in frames.items():
        days = [column for column, kind in frame.schema.items() if kind == pl.Date]
        texts = [c for c in ("period", "month") if c in frame.columns]
        moved[name] = frame.with_columns(
            *(pl.col(day).dt.offset_by(offset) for day in days),
            *(pl.col(text).str.replace("2025", str(year)) for text in texts),
            *((f"{year}-" + pl.col(key)).alias(key) for key in ("finding_id", "check_id") if key in frame.columns),
        )
    whole = {name: moved[name] if name in moved else complete(pl.DataFrame(), name) for name in catalogue().tables}
    return Tables(**whole, present=frozenset(moved))


def _assess(tables: Tables, scheme: Scheme, label: str, sha256: str) -> Assessment:
    period = parse_period(label, scheme.calendar)
    assert period is not None
    options = Options(scheme_hash=sha256, example=True)
    return assess(tables, scheme, period, period.end + timedelta(days=10), options=options)


def pictures(root: Path) -> dict[str, float]:
    """Time what looking back adds to papers: the frames, and each paper with them less the same without."""
    started = time.perf_counter()
    editions = read_store(root / "store")
    last = latest(editions)[QUARTERS[-1]]
    earlier = before(period_of(last.head), latest(editions).values())
    one = published(last, editions)
    frames = {"history": history(one.assessment, earlier), "changes": changes_since(one, earlier, editions, Workdays())}
    seconds = {"frames": time.perf_counter() - started}
    plain, with_past = one.assessment, replace(one.assessment, **frames)
    renderer = Renderer(Settings())
    renderer.warm()
    town = plain.scores["town_code"][0]
    papers = {
        "report": lambda made: render_report(made, Settings(), renderer),
        "internal": lambda made: render_internal(made, Settings(), renderer),
        "town": lambda made: render_town(made.for_town(town), Settings(), renderer),
    }
    for name, make_paper in papers.items():
        times: dict[bool, float] = {}
        for looking_back in (False, True, False, True):
            began = time.perf_counter()
            make_paper(with_past if looking_back else plain)
            spent = time.perf_counter() - began
            times[looking_back] = min(spent, times.get(looking_back, spent))
        seconds[name] = max(times[True] - times[False], 0.0)
    return seconds


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]))
    else:
        print(json.dumps(pictures(Path(sys.argv[2]))))
