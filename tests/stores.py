"""Random lives of a real store: run, stage, publish, run again, in any order, with ledgers that change in between."""

from __future__ import annotations

import csv
import tempfile
from contextlib import nullcontext, suppress
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from scoring import publishing, runs
from scoring.jobs import Job
from scoring.periods import parse_period
from scoring.reports.settings import Settings
from scoring.scheme import load_scheme
from scoring.store import latest, read_store
from scoring.store.editions import hashes
from scoring.store.stages import StageError
from scoring.store.verifying import check_chain, check_edition, check_scores, check_view
from scoring.workdays import Workdays
from tests.runs.conftest import HEAD, SCHEME, TOWNS

QUARTERS = ("2025Q1", "2025Q2", "2025Q3")
REPORT_HEAD = ["问题编号", "报送日期", "整改情况", "复核日期", "复核结论"]


NOBODY = SimpleNamespace(at_rest=nullcontext, spread=lambda *_: None)
"""Prints nothing, prices nothing elsewhere."""


class Stores(RuleBasedStateMachine):
    """What is published keeps every byte, scores again the same, and the chain holds; refusals leave all as it was."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        root = Path(self.folder.name)
        (root / "data").mkdir()
        (root / "small.yaml").write_text(SCHEME, "utf-8")
        self.findings, self.reports = [], []
        self.sealed, self.today = {}, date(2025, 4, 1)
        self.job = Job(
            root / "data", root / "out", Settings(), Workdays(), ("csv",),
            store=root / "store", scheme=load_scheme(root / "small.yaml"),
        )  # fmt: skip
        self._write("镇街名单", TOWNS)
        self._tables()

    def teardown(self):
        self.folder.cleanup()

    def _write(self, name, rows):
        with (self.job.data / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)

    def _tables(self):
        self._write("问题台账", [HEAD, *self.findings])
        self._write("整改台账", [REPORT_HEAD, *self.reports])

    def _period(self, number):
        return parse_period(QUARTERS[number], self.job.scheme.scheme.calendar)

    @rule(town=st.integers(1, 3), day=st.integers(0, 270), grave=st.booleans(), files=st.booleans())
    def found(self, town, day, grave, files):
        words = [TOWNS[town][1], str(date(2025, 1, 1) + timedelta(days=day)), "档案资料" if files else "入户调查"]
        self.findings.append([f"F{len(self.findings)}", *words, "严重" if grave else "一般", "示例"])
        self._tables()

    @precondition(lambda self: self.findings)
    @rule(number=st.integers(0, 99), days=st.integers(0, 60), verdict=st.sampled_from(["通过销号", "退回重改"]))
    def reported(self, number, days, verdict):
        row = self.findings[number % len(self.findings)]
        day = str(date.fromisoformat(row[2]) + timedelta(days=days))
        if [row[0], day] not in [report[:2] for report in self.reports]:
            self.reports.append([row[0], day, "已完成", day, verdict])
            self._tables()

    @rule(number=st.integers(0, 2))
    def run(self, number):
        runs.run(self.job, [(self.job, self._period(number))], NOBODY, lambda *_: None, {})

    @rule(number=st.integers(0, 2), stage=st.sampled_from(["comment", "decided", "internal"]), days=st.integers(1, 9))
    def staged(self, number, stage, days):
        self.today += timedelta(days=days)
        self._try(publishing.stage, self._period(number), stage, self.today, "会")

    @rule(number=st.integers(0, 2), reason=st.sampled_from(["", "更正"]))
    def published(self, number, reason):
        paper = publishing.Paper("示例1号", self.today, None, reason)
        self._try(publishing.publish, self._period(number), paper)
        for edition in read_store(self.job.store):
            self.sealed.setdefault(edition.folder, hashes(edition.folder))

    @rule(number=st.integers(0, 2), days=st.integers(12, 15))
    def all_the_way(self, number, days):
        """Random steps alone would seldom come to a publication."""
        self.run(number)
        self.today = max(self.today, self._period(number).end)
        for stage in ("comment", "decided"):
            self.today += timedelta(days=days)
            self._try(publishing.stage, self._period(number), stage, self.today, "会")
        before = len(read_store(self.job.store))
        self.published(number, "更正")
        assert len(read_store(self.job.store)) == before + 1

    def _try(self, what, *arguments):
        with suppress(StageError):
            what(self.job, *arguments, NOBODY, lambda *_: None, {}, ("csv",))

    @invariant()
    def nothing_published_changes(self):
        editions = read_store(self.job.store)
        assert {edition.folder for edition in editions} == set(self.sealed)
        for folder, digests in self.sealed.items():
            assert hashes(folder) == digests
        assert check_chain(editions) == []
        for edition in editions:
            assert check_edition(edition) == []
        for period in latest(editions):
            assert check_view(self.job.out / period, editions) == []
        if editions:
            assert check_scores(editions[-1], editions, Workdays()) == []
