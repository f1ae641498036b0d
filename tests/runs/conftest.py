"""A bureau of three towns in a temporary folder, and the real command run upon it."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import textwrap
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from scoring import screen
from scoring.cli import main

SCHEME = textwrap.dedent("""\
    id: small
    title: 小细则
    title_en: Small scheme
    document: 示例
    effective: {from: 2025-01-01}
    severities:
      - {id: 一般, label_en: minor, working_days: 10}
      - {id: 严重, label_en: grave, working_days: 5}
    rectification:
      states:
        on_time: {share: 1/2}
        overdue: {extra: 1}
    dimensions:
      - id: work
        label: 工作
        label_en: Work
        points: 100
        indicators:
          - id: files
            label: 档案资料
            label_en: Files
            points: 60
            clause: 一（一）
            rule:
              kind: deduct
              prices:
                - {when: {severity: 一般}, price: 1/3}
                - {when: {severity: 严重}, price: 45}
          - id: visits
            label: 入户调查
            label_en: Visits
            points: 40
            clause: 一（二）
            rule:
              kind: deduct
              prices:
                - {when: {severity: [一般, 严重]}, price: 2}
    grades:
      by: bands
      grades:
        - {id: good, label: 好, label_en: good, at_least: 80}
        - {id: rest, label: 一般, label_en: fair}
    """)
TOWNS = [
    ["镇街代码", "名称", "别名"],
    ["T01", "沁园街道", "沁园"],
    ["T02", "克井镇", "克井"],
    ["T03", "济水街道", ""],
]
HEAD = ["问题编号", "镇街", "发现日期", "考核指标", "严重程度", "问题描述"]
FINDINGS = [
    HEAD,
    ["A-1", "沁园街道", "2025-03-01", "档案资料", "一般", "缺少签字"],
    ["A-2", "沁园", "2025-02-03", "档案资料", "严重", "缺少表格"],
    ["A-3", "克井镇", "2025-02-03", "入户调查", "一般", "未入户"],
    ["A-4", "克井镇", "2025-05-06", "入户调查", "严重", "未入户"],
]
REPORTS = [
    ["问题编号", "报送日期", "整改情况", "复核日期", "复核结论"],
    ["A-1", "2025-03-05", "已完成", "2025-03-10", "通过销号"],
]


@dataclass(frozen=True)
class Answer:
    """What a command gave back."""

    code: int
    out: str
    err: str


def call_here(words: list[str], cwd: Path, environment: dict[str, str]) -> Answer:
    """Carry out a command in this process: a start of Python and of Polars is saved, everything else is the same."""
    before = (Path.cwd(), dict(os.environ), sys.argv, sys.stdout, sys.stderr)
    with ExitStack() as stack:
        out, err = (stack.enter_context(TemporaryFile("w+", encoding="utf-8", newline="")) for _ in range(2))
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv, sys.stdout, sys.stderr = ["townscore", *words], out, err
        for said in (screen.given_language, screen.language):
            said.cache_clear()  # once a process, of the words that it was called with
        try:
            main()
        except SystemExit as end:
            code = end.code
        finally:
            os.chdir(before[0])
            os.environ.clear()
            os.environ.update(before[1])
            sys.argv, sys.stdout, sys.stderr = before[2:]
        out.seek(0)
        err.seek(0)
        assert isinstance(code, int)
        return Answer(code, out.read(), err.read())


@dataclass
class Bureau:
    """A folder with ledgers and a scheme, without a workspace."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.data = self.root / "data"
        self.out = self.root / "out"
        self.scheme = self.root / "small.yaml"
        self.data.mkdir(parents=True, exist_ok=True)
        self.scheme.write_text(SCHEME, "utf-8")
        self.table("镇街名单", TOWNS)
        self.table("问题台账", FINDINGS)
        self.table("整改台账", REPORTS)

    def table(self, name: str, rows: list[list[str]]) -> None:
        with (self.data / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)

    def env(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TOWNSCORE", "PYTHONHASH"))}
        return {**kept, "XDG_STATE_HOME": str(self.root / "state"), **self.environment, **more}

    def command(self, *words: object) -> list[str]:
        return [sys.executable, "-c", "from scoring.cli import main; main()", *map(str, words)]

    def start(self, *words: object, cwd: Path | None = None, **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*words),
            cwd=cwd or self.root,
            env=self.env(**more),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def seconds(self, *words: object) -> float:
        """Return what a command that goes well takes as a process of its own, which is what a kill meets."""
        began = time.monotonic()
        process = self.start(*words)
        said = process.communicate()
        assert process.returncode == 0, said
        return time.monotonic() - began

    def call(self, *words: object, cwd: Path | None = None, **more: str) -> Answer:
        """Carry out a command and wait for it: here, where nothing but a password stands in its environment."""
        # Help is worded while the commands are loaded, in the language of that call.
        if self.environment or "--help" in words or set(more) - {"TOWNSCORE_SMTP_PASSWORD"}:
            return self.call_apart(*words, cwd=cwd, **more)
        answer = call_here([str(word) for word in words], cwd or self.root, self.env(**more))
        assert "Traceback" not in answer.err, answer.err
        assert "Traceback" not in answer.out, answer.out
        return answer

    def call_apart(self, *words: object, cwd: Path | None = None, **more: str) -> Answer:
        """Carry out a command in a process of its own and wait for it."""
        process = self.start(*words, cwd=cwd, **more)
        out, err = process.communicate(timeout=300)
        assert "Traceback" not in err, err
        assert "Traceback" not in out, out
        return Answer(process.returncode, out, err)

    def run_words(self, *periods: str, formats: str = "csv", more: tuple[object, ...] = ()) -> tuple[object, ...]:
        own = ("--data", self.data, "--out", self.out, "--weights", self.scheme, "--formats", formats)
        return ("run", *(periods or ("2025Q1",)), *own, *more)

    def run(self, *periods: str, formats: str = "csv", more: tuple[object, ...] = (), **env: str) -> Answer:
        return self.call(*self.run_words(*periods, formats=formats, more=more), **env)

    def workspace(self, text: str = "weights: small.yaml\n") -> Bureau:
        (self.root / "townscore.yaml").write_text(text, "utf-8")
        return self

    def patched(self, code: str) -> dict[str, str]:
        """Return the environment in which every Python process of a command first runs this code."""
        folder = self.root / "patch"
        folder.mkdir(exist_ok=True)
        (folder / "sitecustomize.py").write_text(textwrap.dedent(code), "utf-8")
        return {"PYTHONPATH": os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])}


@pytest.fixture
def bureau(tmp_path: Path, root: Path) -> Bureau:
    """Three towns, four findings, a scheme; the command is run from the checkout."""
    return Bureau(tmp_path / "bureau")


@pytest.fixture
def contents():
    """Every file below a folder with its bytes; nothing is left out, dot files neither."""

    def read(folder: Path) -> dict[str, bytes]:
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    return read


NUMBER = "示例〔2025〕1号"


def own(bureau, *words):
    """Call a command with the bureau's own folders and scheme; publishing writes tables alone."""
    more = ("--formats", "csv") if words[0] == "publish" and "--formats" not in words else ()
    return bureau.call(*words, "--data", bureau.data, "--out", bureau.out, "--weights", bureau.scheme, *more)


def decide(bureau, period, comment, decided):
    """Run a period and take its draft to the decision."""
    assert bureau.run(period).code == 0
    assert own(bureau, "stage", period, "comment", "--on", comment).code == 0
    answer = own(bureau, "stage", period, "decided", "--on", decided, "--by", "示例会议")
    assert answer.code == 0, answer.err


def publish(bureau, period, comment, decided, on, *more):
    """Run a period and take it to its publication."""
    decide(bureau, period, comment, decided)
    answer = own(bureau, "publish", period, "--number", NUMBER, "--on", on, *more)
    assert answer.code == 0, answer.err
    return answer


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """Two published quarters, made once; each test works on a copy."""
    bureau = Bureau(tmp_path_factory.mktemp("finished"))
    scan = bureau.root / "signed.PDF"
    scan.write_bytes(b"%PDF-1.4 scan")
    publish(bureau, "2025Q1", "2025-04-02", "2025-04-09", "2025-04-11", "--scan", scan)
    bureau.table(
        "整改台账",
        [
            ["问题编号", "报送日期", "整改情况", "复核日期", "复核结论"],
            ["A-1", "2025-03-05", "已完成", "2025-03-10", "通过销号"],
            ["A-3", "2025-05-05", "已完成", "2025-05-10", "通过销号"],
        ],
    )
    publish(bureau, "2025Q2", "2025-07-02", "2025-07-09", "2025-07-11")
    return bureau.root


@pytest.fixture
def bureau_of(finished, tmp_path):
    """The bureau with two published quarters, for one test."""
    root = tmp_path / "life"
    shutil.copytree(finished, root)
    bureau = Bureau.__new__(Bureau)
    bureau.root, bureau.environment = root, {}
    bureau.data, bureau.out, bureau.scheme = root / "data", root / "out", root / "small.yaml"
    return bureau
