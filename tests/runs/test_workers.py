"""Papers are printed beside each other: what one of them does to the rest."""

import subprocess
import sys
import textwrap
import threading
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from types import SimpleNamespace

import pytest

from scoring import workers
from scoring.outfolder import fresh_folder
from scoring.printing import Printer

NOBODY = SimpleNamespace(scores=SimpleNamespace(height=0), each_town=lambda: iter(()))


def test_a_paper_that_fails_leaves_nothing_of_the_others_behind(tmp_path, monkeypatch):
    """Without waiting, a worker would go on writing into a folder that is being removed."""
    writing = threading.Event()

    def slow(order, path):
        if order.kind == "report":
            writing.wait(5)
            raise ValueError("no font")
        writing.set()
        for number in range(200):
            (path.parent / f"{path.name}{number}").write_text("…", encoding="utf-8")

    monkeypatch.setattr(workers, "_print", slow)
    with ThreadPoolExecutor(2) as pool:
        printer = Printer(workers.Processes(lambda: pool, 2))

        def print_all():
            with fresh_folder(tmp_path, "2025Q1") as fresh, printer.at_rest():
                for paper in printer.print_all(NOBODY, None, fresh):
                    paper.result()

        with pytest.raises(ValueError, match="no font"):
            print_all()
        assert list(tmp_path.iterdir()) == []


class Lost:
    """A pool whose worker dies with the first paper, and all others with it."""

    def __init__(self):
        self.begun = []

    def submit(self, work, *arguments):
        if len(self.begun) == 2:
            raise BrokenProcessPool("killed")
        self.begun.append(Future())
        if len(self.begun) == 2:
            threading.Thread(target=self._die).start()
        return self.begun[-1]

    def _die(self):
        for paper in self.begun:
            with suppress(InvalidStateError):  # nobody waits for it any more
                paper.set_exception(BrokenProcessPool("killed"))


def towns(number):
    own = SimpleNamespace()
    return SimpleNamespace(
        scores=SimpleNamespace(height=number), each_town=lambda: ((f"{at:09}", own) for at in range(number))
    )


def test_papers_lost_with_a_worker_are_made_again_in_a_fresh_pool(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "_print", lambda order, path: path.write_text("made", "utf-8"))
    with ThreadPoolExecutor(2) as sound:
        pools = iter([Lost(), sound])
        printer = Printer(workers.Processes(lambda: next(pools), 2))
        with printer.at_rest():
            for paper in printer.print_towns(towns(40), None, tmp_path):
                paper.result(timeout=10)
    assert len(list((tmp_path / "towns").iterdir())) == 40


def test_workers_that_have_made_many_papers_give_way_to_fresh_ones(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "_print", lambda order, path: path.write_text("made", "utf-8"))
    monkeypatch.setattr(workers, "MOST_PAPERS", 3)
    with ThreadPoolExecutor(1) as first, ThreadPoolExecutor(1) as second:
        pools = iter([first, second])
        printer = Printer(workers.Processes(lambda: next(pools), 2))
        with printer.at_rest():
            for paper in printer.print_towns(towns(8), None, tmp_path):
                paper.result(timeout=10)
        with pytest.raises(RuntimeError):  # it takes no more
            first.submit(print)
    assert len(list((tmp_path / "towns").iterdir())) == 8


def test_a_paper_that_ends_every_worker_is_a_fault_and_not_for_ever(tmp_path):
    printer = Printer(workers.Processes(Lost, 2))
    with printer.at_rest():
        first, *_ = printer.print_towns(towns(5), None, tmp_path)
        with pytest.raises(BrokenProcessPool):
            first.result(timeout=10)


def test_a_fault_while_orders_are_written_is_told_of_every_paper_after_it(tmp_path, monkeypatch):
    def broken():
        yield "a", SimpleNamespace()
        raise KeyError("town")

    monkeypatch.setattr(workers, "_print", lambda order, path: None)
    with ThreadPoolExecutor(1) as pool:
        printer = Printer(workers.Processes(lambda: pool, 1))
        nobody = SimpleNamespace(scores=SimpleNamespace(height=3), each_town=broken)
        with printer.at_rest():
            first, *others = printer.print_towns(nobody, None, tmp_path)
            assert first.result(timeout=10) is None
            for paper in others:
                with pytest.raises(KeyError):
                    paper.result(timeout=10)


def test_help_waits_for_no_library():
    """Whoever asks for help, or mistypes a command, waits for no tables, no papers, and one catalogue of sentences."""
    code = """
        import sys
        from importlib import import_module
        import scoring.cli
        for name in scoring.cli._COMMANDS:
            import_module(name)
        heavy = ("polars", "numpy", "pydantic", "jinja2", "weasyprint", "fractions", "json", "tempfile")
        print([name for name in heavy if name in sys.modules], scoring.messages._room.cache_info().currsize)
    """
    said = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[] 1"
