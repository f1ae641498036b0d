"""Papers are printed beside each other: what one of them does to the rest."""

import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

from scoring import workers
from scoring.outfolder import fresh_folder


def test_a_paper_that_fails_leaves_nothing_of_the_others_behind(tmp_path, monkeypatch):
    """Without waiting, a worker would go on writing into a folder that is being removed."""
    writing = threading.Event()

    def slow(kind, assessment, settings, path):
        if kind == "report":
            writing.wait(5)
            raise ValueError("no font")
        writing.set()
        for number in range(200):
            (path.parent / f"{path.name}{number}").write_text("…", encoding="utf-8")

    monkeypatch.setattr(workers, "_print", slow)
    nobody = SimpleNamespace(scores={"town_code": []}, for_town=None)
    with ThreadPoolExecutor(2) as pool:
        printer = workers.Printer(pool, 2)
        try:
            with fresh_folder(tmp_path, "2025Q1") as fresh, printer.at_rest():
                for paper in printer.print_all(nobody, None, fresh):
                    paper.result()
        except ValueError:
            assert list(tmp_path.iterdir()) == []
        else:
            raise AssertionError("the fault was lost")


def test_help_waits_for_no_library():
    """Whoever asks for help, or mistypes a command, does not wait for tables and papers to be loaded."""
    code = """
        import sys
        from importlib import import_module
        import scoring.cli
        for name in scoring.cli._COMMANDS:
            import_module(name)
        print([name for name in ("polars", "numpy", "pydantic", "jinja2", "weasyprint") if name in sys.modules])
    """
    said = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
