"""PDFs in worker processes: one pool for all that a command prints, so that fonts and style sheets stay warm."""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import wait as wait_for_papers
from contextlib import contextmanager, suppress
from multiprocessing import forkserver
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from scoring.scratch import scratch

if TYPE_CHECKING:
    from scoring.assessment import Assessment
    from scoring.reports import Renderer
    from scoring.reports.settings import Settings

Paper = Literal["report", "internal", "town"]
# A socket's name may have 107 letters, of which multiprocessing adds 33.
_LONGEST_FOLDER: Final = 70
_SHORT_FOLDER: Final = "/tmp"  # noqa: S108  a folder of its own is made in it
_renderer: Renderer | None = None


class Printer:
    """Prints papers into files, as many at once as this process may use processors."""

    def __init__(self, pool: ProcessPoolExecutor, workers: int) -> None:
        self._pool = pool
        self._workers = workers
        self._begun: list[Future[None]] = []

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Let nobody leave while a paper is still being printed: its folder may be removed next."""
        try:
            yield
        finally:
            still_running = [paper for paper in self._begun if not paper.cancel()]
            wait_for_papers(still_running)
            self._begun = []

    def warm(self, settings: Settings) -> None:
        """Have every worker load what papers need while the data is still being read; a fault shows when it prints."""
        # The first worker is forked when that process has loaded WeasyPrint: nobody need wait for it.
        threading.Thread(target=self._warm_all, args=(settings,)).start()

    def _warm_all(self, settings: Settings) -> None:
        with suppress(RuntimeError):  # the command has ended meanwhile, and the pool with it
            for _ in range(self._workers):
                self._pool.submit(_warm, settings)

    def print_all(self, assessment: Assessment, settings: Settings, folder: Path) -> list[Future[None]]:
        """Begin every paper of an assessment. A town's worker is handed that town's rows alone."""
        begun = [
            self._pool.submit(_print, kind, assessment, settings, folder / f"{kind}.pdf")
            for kind in ("report", "internal")
        ]
        self._begun += begun
        return begun + self.print_towns(assessment, settings, folder)

    def print_towns(self, assessment: Assessment, settings: Settings, folder: Path) -> list[Future[None]]:
        """Begin the sheets of all towns."""
        (folder / "towns").mkdir()
        begun = [
            self._pool.submit(_print, "town", assessment.for_town(code), settings, folder / "towns" / f"{code}.pdf")
            for code in assessment.scores["town_code"]
        ]
        self._begun += begun
        return begun


def prepare() -> None:
    """Start the process that workers will be forked from; it loads WeasyPrint while the command still begins.

    Forking after Polars has started its threads is unsafe, so workers are forked from a clean process.
    """
    multiprocessing.set_forkserver_preload(["scoring.preload"])
    with _short_temporary_folder():
        forkserver.ensure_running()


@contextmanager
def _short_temporary_folder() -> Iterator[None]:
    """Let the socket that workers are asked for by have a name that the system takes, whatever TMPDIR says."""
    usual = tempfile.gettempdir()
    try:
        if len(os.fsencode(usual)) > _LONGEST_FOLDER:
            tempfile.tempdir = _SHORT_FOLDER
        yield
    finally:
        tempfile.tempdir = usual


@contextmanager
def printer() -> Iterator[Printer]:
    """Give a printer; its workers start with the first paper and are gone at the end, whatever happens."""
    with worker_pool() as pool:
        yield Printer(pool, len(os.sched_getaffinity(0)))


@contextmanager
def worker_pool() -> Iterator[ProcessPoolExecutor]:
    """Give a pool of as many workers as this process may use processors; they end with it, whatever happens."""
    context = multiprocessing.get_context("forkserver")
    # WeasyPrint copies fonts into a temporary folder for as long as its process lives.
    with scratch() as folder:
        pool = ProcessPoolExecutor(
            len(os.sched_getaffinity(0)),
            mp_context=context,
            initializer=_begin,
            initargs=(str(folder),),
        )
        try:
            yield pool
        finally:
            pool.shutdown(cancel_futures=True)


def _begin(scratch_folder: str) -> None:
    tempfile.tempdir = scratch_folder
    # Ctrl-C reaches the whole group: a worker goes quietly, and the command says the one sentence.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Leave when the command was killed: nobody would collect what is printed."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)


def _warm(settings: Settings) -> None:
    _renderer_of(settings).warm()


def warm_renderer(settings: Settings) -> Renderer:
    """Return this process's renderer, warm from the first time on."""
    known = _renderer is not None and _renderer.settings == settings
    renderer = _renderer_of(settings)
    if not known:
        renderer.warm()
    return renderer


def _renderer_of(settings: Settings) -> Renderer:
    from scoring.reports import Renderer

    global _renderer  # noqa: PLW0603 - one renderer a worker process is the point
    if _renderer is None or _renderer.settings != settings:
        _renderer = Renderer(settings)
    return _renderer


def _print(kind: Paper, assessment: Assessment, settings: Settings, path: Path) -> None:
    from scoring.reports import render_internal, render_report, render_town

    make = {"report": render_report, "internal": render_internal, "town": render_town}[kind]
    path.write_bytes(make(assessment, settings, _renderer_of(settings)))
