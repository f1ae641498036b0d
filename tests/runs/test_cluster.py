"""Papers made by a real scheduler with two worker processes on this machine: the bytes of a run without one."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import nullcontext, suppress
from dataclasses import replace
from types import SimpleNamespace

import pytest

from scoring import cluster
from scoring.messages import say
from scoring.reports import Settings
from scoring.reports.identity import fingerprint
from scoring.workers import Order


@pytest.fixture(scope="module")
def scheduler():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0", silence_logs=60
    ) as made:
        yield made


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
    other = {**fingerprint(settings), "fonts": "another"}
    with pytest.raises(cluster.ClusterFault) as fault:
        cluster.make_afar(Order("town", None, settings), other)
    assert fault.value.code == "cluster-other"
    assert fault.value.parameters["what"] == "字体"


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
            with suppress(AttributeError):  # it is no order
                cluster.make_afar(SimpleNamespace(), {})
            done.set()

        thread = threading.Thread(target=make)
        thread.start()
        assert not done.wait(0.2)
    thread.join(5)
    assert done.is_set()
