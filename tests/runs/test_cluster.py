"""Scored and printed by a real scheduler with two worker processes on this machine: the bytes of a run without one."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import date
from functools import partial
from types import SimpleNamespace

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from scoring import cluster
from scoring.cluster import packed
from scoring.ledger import score
from scoring.ledger.spread import Piece, spread_over
from scoring.messages import say
from scoring.periods import parse_period
from scoring.problems import Problem, Refused
from scoring.reports import Settings
from scoring.reports.identity import fingerprint, fingerprint_of_scoring
from scoring.workers import Order
from tests.frames import tables_of
from tests.published import finding, scheme, towns
from tests.runs.conftest import REPORTS, SCHEME, Bureau, publish

LOCAL = {
    "n_workers": 2, "threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "silence_logs": 60
}  # fmt: skip
MATTERS = """\
duplicates:
  sides: [{channel: 月度抽查}, {channel: 信访投诉}]
  key: [village]
  days: 10
repeats: {key: [indicator], window_days: 365, multipliers: [1, 1.5, 2]}
"""


@pytest.fixture(scope="module")
def scheduler():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(**LOCAL) as made:
        yield made


@pytest.fixture
def eventful(tmp_path):
    """Twelve towns with pairs, repeats, fixes and appeals, some of which merge; their first quarter is published."""
    made = Bureau(tmp_path / "eventful")
    made.scheme.write_text(SCHEME + MATTERS, "utf-8")
    into = {"T05": "T06", "T09": "T01"}
    codes = [f"T{number:02}" for number in range(1, 13)]
    rows = ([code, f"示例{code}镇", "2025-05-31" if code in into else "", into.get(code, "")] for code in codes)
    made.table("镇街名单", [["镇街代码", "名称", "停用日期", "并入"], *rows])
    ledgers(made, codes, "2025-03-31")
    publish(made, "2025Q1", "2025-04-02", "2025-04-09", "2025-04-11")
    ledgers(made, codes, "2025-06-30")
    return made


def ledgers(bureau, codes, until):
    """Write what was found by a day, seven findings a town, and what was reported and objected."""
    findings = [["问题编号", "镇街", "村（社区）", "发现日期", "考核指标", "严重程度", "发现方式"]]
    reports, appeals = [REPORTS[0]], [["申诉编号", "申诉对象", "对象编号", "申诉日期", "决定日期", "复核决定"]]
    days = ("02-03", "02-10", "03-27", "04-03", "05-12", "05-13", "06-03")
    for place, code in enumerate(codes):
        for nth, day in enumerate(f"2025-{day}" for day in days):
            at, number = place + nth, f"{code}-{nth}"
            kind = ("档案资料", "入户调查")[(place + nth // 4) % 2]
            said = day[:8] + ("20" if day[8:] < "20" else "28")
            village, channel = ("东村", "西村")[nth // 5], ("信访投诉", "月度抽查")[nth % 2]
            if day <= until:
                findings.append([number, code, village, day, kind, "一般" if at % 5 else "严重", channel])
            if day <= until and at % 3 == 0:
                reports.append([number, said, "已完成", said, "通过销号"])
            # What is said of the first quarter is said after it was published.
            if day < until and at % 7 == 0 and until > "2025-04":
                appeals.append([f"S{number}", "问题", number, "2025-05-14", "2025-05-21", ("维持", "撤销")[nth % 2]])
    for name, table in (("问题台账", findings), ("整改台账", reports), ("申诉复核", appeals)):
        bureau.table(name, table)


def kill_at_work(cluster, work, killed, over):
    """Kill a worker in the middle of such work, some of which is done: stopped first, it can end none meanwhile."""
    seen = set()

    def held(nanny):
        worker = cluster.scheduler.workers.get(nanny.worker_address)
        return {task.key for task in list(worker.processing) if work in str(task.key)} if worker else set()

    while not over.wait(0.001):
        for nanny in list(cluster.workers.values()):
            begun = held(nanny)
            seen |= begun
            if begun and seen - set().union(*map(held, cluster.workers.values())):
                os.kill(nanny.pid, signal.SIGSTOP)
                time.sleep(0.3)
                if held(nanny):
                    killed.append((nanny.pid, held(nanny)))
                    os.kill(nanny.pid, signal.SIGKILL)
                    return
                os.kill(nanny.pid, signal.SIGCONT)


def test_a_cluster_that_loses_a_worker_scores_and_prints_the_bytes_of_one_machine(eventful, contents, monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "_FEW", 0)
    monkeypatch.setattr(cluster, "_ROWS", 1)
    sent = []
    monkeypatch.setattr(cluster, "packed", lambda what: sent.append(what) or packed(what))
    killed, over = [], threading.Event()
    words = eventful.run_words("2025Q2", formats="csv,xlsx,docx,pdf")
    with distributed.LocalCluster(**LOCAL) as made:
        killer = threading.Thread(target=kill_at_work, args=(made, "price_afar", killed, over))
        killer.start()
        answer = eventful.call(*words, "--cluster", made.scheduler_address)
        over.set()
        killer.join()
    assert answer.code == 0, answer
    assert killed
    assert sum(isinstance(what, Piece) for what in sent) == 10  # twelve towns, two of which have merged
    parted = {name: one for name, one in contents(eventful.out).items() if not name.startswith(".papers")}
    shutil.rmtree(eventful.out / "2025Q2")
    assert eventful.call(*words, "--no-cache").code == 0
    alone = contents(eventful.out)
    assert parted == alone
    ledger = (eventful.out / "2025Q2" / "ledger.csv").read_text("utf-8")
    for kind in ("duplicate", "repeat", "credit", "carry_over", "duplicate-frozen"):
        assert kind in ledger
    assert sum(name.endswith(".pdf") for name in alone) == 12


@pytest.mark.long
def test_a_cluster_that_loses_a_worker_makes_the_bytes_of_one_machine(bureau, contents, scheduler):
    killed = []

    def kill_one():
        deadline = time.monotonic() + 120
        while not list(bureau.out.glob(".*.new/**/*.pdf")) and time.monotonic() < deadline:
            time.sleep(0.01)
        killed.append(scheduler.workers[0].pid)
        os.kill(killed[0], signal.SIGKILL)

    killer = threading.Thread(target=kill_one)
    killer.start()
    answer = bureau.call(*bureau.run_words("2025Q1", formats="csv,pdf"), "--cluster", scheduler.scheduler_address)
    killer.join()
    assert answer.code == 0, answer
    other = type(bureau)(bureau.root / "other")
    assert other.call(*other.run_words("2025Q1", formats="csv,pdf"), "--no-cache").code == 0
    alone = contents(other.out)
    assert {name: one for name, one in contents(bureau.out).items() if not name.startswith(".papers")} == alone
    assert sum(name.endswith(".pdf") for name in alone) >= 4
    assert killed


def test_an_order_holds_the_rows_of_its_town_alone(bureau, monkeypatch):
    """What goes to a worker is what the sheet may print."""
    from scoring import printing

    seen = []

    class Hands:
        most_begun = 4

        def warm(self, settings):
            pass

        def spread(self, lang, told):
            return None

        def begin(self, order, path, ended):
            seen.append(order)
            path.write_bytes(b"")
            ended(None)
            return lambda: None

    monkeypatch.setattr(printing, "processes", lambda: nullcontext(Hands()))
    assert bureau.call(*bureau.run_words(formats="pdf")).code == 0
    sheets = [order.assessment for order in seen if order.kind == "town"]
    assert len(sheets) >= 2
    for own in sheets:
        (code,) = own.scores["town_code"]
        for name in ("dimensions", "indicators", "ledger"):
            assert set(getattr(own, name)["town_code"]) <= {code}
        assert set(own.findings["town"]) <= {code}
        assert own.warnings.is_empty()
        assert own.doubt.is_empty()
        assert "internal" not in own.head


def test_a_worker_that_is_another_program_is_refused():
    settings = Settings()
    for part, what in (("fonts", "字体"), ("program", "程序")):
        other = {**fingerprint(settings), part: "another"}
        with pytest.raises(cluster.ClusterFault) as fault:
            cluster.make_afar(packed(Order("town", None, settings)), other, "zh")
        assert (fault.value.code, fault.value.parameters["what"]) == ("cluster-other", what)


def test_a_worker_that_is_another_program_prices_nothing():
    with pytest.raises(cluster.ClusterFault) as fault:
        cluster.price_afar(b"", {**fingerprint_of_scoring(), "libraries": "another"}, "en")
    assert (fault.value.code, fault.value.parameters["what"]) == ("cluster-other", "libraries")


class Futures:
    """A client whose workers answer at once, each in its own way."""

    def __init__(self, *answers):
        self.answers, self.begun, self.cancelled = list(answers), 0, []

    def nthreads(self):
        return {"one": 1}

    def submit(self, work, *_, key, pure):
        self.begun += 1
        future = Future()
        future.release = lambda: None
        answer = self.answers.pop(0)
        if answer is None:
            future.cancel()
        elif isinstance(answer, str):
            future.set_result(answer)
        else:
            future.set_exception(answer)
        return future

    def cancel(self, futures):
        self.cancelled += futures


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (None, (cluster.ClusterFault, "cluster-lost")),
        ("killed", (cluster.ClusterFault, "cluster-killed")),
        (cluster.ClusterFault("cluster-other", what="", machine=""), (cluster.ClusterFault, "cluster-other")),
        ("a machine without this program", (cluster.ClusterFault, "cluster-other")),
        (Refused([Problem("no-price")]), (Refused, None)),
    ],
)
def test_what_ends_pricing_ends_the_run_and_stops_the_rest(answer, fault):
    distributed = pytest.importorskip("distributed")
    if answer == "killed":
        answer = distributed.KilledWorker("price_afar", None, 4)
    client = Futures(answer, *[None] * 9)
    with pytest.raises(fault[0]) as raised:
        cluster.ClusterHands(client)._price(iter("abcdef"), 6, lang="zh", told=lambda *_: None)
    assert getattr(raised.value, "code", None) == fault[1]
    assert (client.begun, len(client.cancelled)) == (2, 2)  # two at a time a worker


def test_what_is_sent_says_so_where_this_program_is_not():
    """A scheduler reads it without townscore; a worker without it answers with its name."""
    distributed = pytest.importorskip("distributed")
    sent = []
    client = SimpleNamespace(submit=lambda work, *_, **__: sent.append(distributed.protocol.pickle.dumps(work)))
    cluster._sent(client, cluster.price_afar, b"", {}, "zh")
    there = "import pickle, sys; sys.modules['scoring'] = None; print(pickle.load(sys.stdin.buffer)('price_afar'))"
    done = subprocess.run([sys.executable, "-c", there], input=sent[0], capture_output=True, check=True)
    assert done.stdout.decode().strip() == socket.gethostname()


def test_pieces_that_are_priced_are_told(scheduler):
    told, tables = [], tables_of({"towns": towns(*"ABC"), "findings": [found(code) for code in "ABC"]}, scheme())
    quarter = parse_period("2025Q1", scheme().calendar)
    with cluster.cluster_hands(scheduler.scheduler_address) as hands:
        spread = spread_over(
            partial(hands._price, lang="zh", told=lambda *at: told.append(at)), lambda: 3, rows=9, few=0
        )
        afar = score(tables, scheme(), quarter, quarter.end, spread=spread)
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert afar.charges.findings.equals(score(tables, scheme(), quarter, quarter.end).charges.findings)


def found(code):
    return finding(f"f{code}", code, date(2025, 2, 3), description="缺少签字" * 9, tags=["复发"], amount="3.50")


def test_what_is_packed_is_the_same_in_few_bytes():
    frame = tables_of({"findings": [found(code) for code in "ABC"] * 5000}, scheme()).findings
    frame = frame.with_columns(
        word=pl.col("town").cast(pl.Categorical), few=pl.col("town").cast(pl.Enum(["A", "B", "C"]))
    )
    assert len(packed({"rows": frame})) * 10 < len(pickle.dumps(frame))
    assert_frame_equal(pickle.loads(packed({"rows": frame}))["rows"], frame)


def test_a_fingerprint_tells_settings_languages_and_templates_apart(tmp_path):
    (tmp_path / "town.html.j2").write_text("{% extends 'shipped/town.html.j2' %}", "utf-8")
    usual, own = fingerprint(Settings()), fingerprint(replace(Settings(), templates=tmp_path))
    assert {part for part in usual if usual[part] != own[part]} == {"templates"}


@pytest.mark.parametrize("address", ["scheduler:8786", "http://127.0.0.1:1", "tcp://127.0.0.1"])
def test_what_is_no_address_is_a_sentence(bureau, address):
    answer = bureau.call(*bureau.run_words(formats="pdf"), "--cluster", address)
    assert (answer.code, say("cluster-address", "zh", address=address) in answer.err) == (2, True)


def test_without_the_extra_the_line_that_installs_it_is_said(bureau, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    answer = bureau.call(*bureau.run_words(formats="pdf"), "--cluster", "tcp://127.0.0.1:1")
    assert (answer.code, "pip install 'townscore[cluster]'" in answer.err) == (3, True)


def test_a_scheduler_that_does_not_answer_is_a_sentence(bureau, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "_PATIENCE", 0.5)
    answer = bureau.call(*bureau.run_words(formats="pdf"), "--cluster", "tcp://127.0.0.1:9")
    assert (answer.code, "127.0.0.1:9" in answer.err) == (3, True)
    assert not [path for path in bureau.out.glob("*") if path.name != ".lock"]


def test_a_paper_is_for_one_thread_at_a_time():
    with cluster._one_paper:
        done = threading.Event()

        def make():
            with suppress(cluster.ClusterFault):  # it is no order
                cluster.make_afar(b"", {"program": "another"}, "zh")
            done.set()

        thread = threading.Thread(target=make)
        thread.start()
        assert not done.wait(0.2)
    thread.join(5)
    assert done.is_set()
