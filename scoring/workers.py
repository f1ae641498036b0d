"""PDFs in worker processes: one pool for all that a command prints, so that fonts and style sheets stay warm."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures import wait as wait_for_papers
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
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
Ended = Callable[[BaseException | None], None]
"""Told once of a paper's end: nothing, or why there is none."""
MOST_PAPERS: Final = 200
"""How many papers a worker makes, about."""
# A socket's name may have 107 letters, of which multiprocessing adds 33.
_LONGEST_FOLDER: Final = 70
_SHORT_FOLDER: Final = "/tmp"  # noqa: S108  a folder of its own is made in it
_renderer: Renderer | None = None


@dataclass(frozen=True)
class Order:
    """A paper that is to be made, with all that it says: a town's order holds that town's rows alone."""

    kind: Paper
    assessment: Assessment
    settings: Settings
    shelf: Path | None = None
    """The folder where papers are kept for the next run."""

    def made(self) -> bytes:
        """Return the paper; this process's renderer makes it."""
        from scoring.reports import render_internal, render_report, render_town

        make = {"report": render_report, "internal": render_internal, "town": render_town}[self.kind]
        return make(self.assessment, self.settings, _renderer_of(self.settings, self.shelf))


class Processes:
    """Makes papers in processes of this machine; when one is lost with its pool, a fresh pool makes its papers again.

    A paper gets a second try, not a third: one that ends its process would end every pool. A pool that has made many
    papers gives way to a fresh one: Pango keeps the fonts of rare characters for as long as its process lives.
    """

    def __init__(self, fresh_pool: Callable[[], ProcessPoolExecutor], workers: int) -> None:
        self.most_begun = workers + 1  # a long paper that comes later soon has its turn
        self._workers = workers
        self._fresh_pool = fresh_pool
        self._pool: ProcessPoolExecutor | None = None
        self._given = 0
        self._lock = threading.Lock()

    def begin(self, order: Order, path: Path, ended: Ended) -> Callable[[], None]:
        """Begin a paper; `ended` is told of its end. Return what stops it, or waits until nobody writes it any more."""
        return _Begun(self, order, path, ended).stop

    def warm(self, settings: Settings) -> None:
        """Have every worker load what papers need while the data is still being read; a fault shows when it prints."""
        # The first worker is forked when that process has loaded WeasyPrint: nobody need wait for it.
        threading.Thread(target=self._warm_all, args=(settings,)).start()

    def _warm_all(self, settings: Settings) -> None:
        with suppress(RuntimeError):  # the command has ended meanwhile, and the pool with it
            for _ in range(self._workers):
                self.submit(_warm, settings)

    def spread(self, _: str, __: Callable[[int, int], None]) -> None:
        """Return nothing: findings are priced by the process that reads them, which uses every processor."""

    def submit(self, work: Callable[..., None], *arguments: object) -> Future[None]:
        """Have work done in a pool that is whole."""
        with self._lock:
            if self._pool is not None and self._given >= MOST_PAPERS * self._workers:
                threading.Thread(target=self._pool.shutdown).start()  # it ends what it has begun
                self._pool = None
            try:
                return self._submit(work, *arguments)
            except BrokenProcessPool:
                self._pool = None
                return self._submit(work, *arguments)

    def _submit(self, work: Callable[..., None], *arguments: object) -> Future[None]:
        if self._pool is None:
            self._pool, self._given = self._fresh_pool(), 0
        self._given += 1
        return self._pool.submit(work, *arguments)


class _Begun:
    """A paper in a pool, and then perhaps in another."""

    def __init__(self, processes: Processes, order: Order, path: Path, ended: Ended) -> None:
        self._processes = processes
        self._work = (order, path)
        self._ended = ended
        self._tries = 2
        self._lock = threading.RLock()  # what has ended already says so at once
        self._start()

    def _start(self) -> None:
        self._tries -= 1
        self._future = self._processes.submit(_print, *self._work)
        self._future.add_done_callback(self._over)

    def _over(self, future: Future[None]) -> None:
        error = CancelledError() if future.cancelled() else future.exception()
        if isinstance(error, BrokenProcessPool) and self._tries > 0:
            # Not here: the pool that broke says so with its own lock held.
            threading.Thread(target=self._again).start()
        else:
            self._ended(error)

    def _again(self) -> None:
        try:
            with self._lock:
                if self._tries > 0:
                    self._start()
                    return
        except RuntimeError as closed:  # the command is ending
            self._ended(closed)
        else:
            self._ended(CancelledError())

    def stop(self) -> None:
        with self._lock:
            self._tries = 0
            future = self._future
        if not future.cancel():
            wait_for_papers([future])


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
def processes() -> Iterator[Processes]:
    """Give what makes papers here; its workers start with the first paper and are gone at the end, whatever happens."""
    workers = len(os.sched_getaffinity(0))
    with _pools() as fresh_pool:
        yield Processes(lambda: fresh_pool(workers), workers)


@contextmanager
def worker_pool() -> Iterator[ProcessPoolExecutor]:
    """Give a pool of as many workers as this process may use processors; they end with it, whatever happens."""
    with _pools() as fresh_pool:
        yield fresh_pool(len(os.sched_getaffinity(0)))


@contextmanager
def _pools() -> Iterator[Callable[[int], ProcessPoolExecutor]]:
    context = multiprocessing.get_context("forkserver")
    # WeasyPrint copies fonts into a temporary folder for as long as its process lives.
    with scratch() as folder, ExitStack() as pools:

        def fresh_pool(workers: int) -> ProcessPoolExecutor:
            pool = ProcessPoolExecutor(
                workers,
                mp_context=context,
                initializer=_begin,
                initargs=(str(folder),),
            )
            pools.callback(pool.shutdown, cancel_futures=True)
            return pool

        yield fresh_pool


def _begin(scratch_folder: str) -> None:
    gc.enable()
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
    import_module("scoring.reports.papers")  # with Polars, by which orders come
    gc.freeze()  # none of this is ever garbage


def warm_renderer(settings: Settings) -> Renderer:
    """Return this process's renderer, warm from the first time on."""
    known = _renderer is not None and _renderer.settings == settings
    renderer = _renderer_of(settings)
    if not known:
        renderer.warm()
    return renderer


def _renderer_of(settings: Settings, shelf: Path | None = None) -> Renderer:
    from scoring.reports import Renderer
    from scoring.reports.shelf import Shelf

    global _renderer  # noqa: PLW0603 - one renderer a worker process is the point
    if _renderer is None or _renderer.settings != settings:
        _renderer = Renderer(settings)
    _renderer.shelf = Shelf(shelf) if shelf else None
    return _renderer


def _print(order: Order, path: Path) -> None:
    path.write_bytes(order.made())
