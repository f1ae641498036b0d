"""A process a town, forked from one that has loaded what papers need and never holds anybody's rows.

A town's order goes by way of a file that its own process reads and removes; its password and the bureau's key stand in
no file. What is forked from has loaded Polars and done no work in it: its threads begin with its first work, and a fork
would lose them together with the locks they hold.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
from collections.abc import Mapping
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from scoring.scratch import scratch
from scoring.workers import warm_renderer, worker_pool

if TYPE_CHECKING:
    from scoring.packing.signing import Key
    from scoring.packing.town import Done, Order
    from scoring.reports import Renderer
    from scoring.reports.settings import Settings

_DIE_WITH_PARENT: Final = 1
"""PR_SET_PDEATHSIG of prctl(2)."""
_IDLE: Final = "polars-ooc-clea"
"""A thread that waits from the import on, and holds nothing."""


def make_all(orders: Mapping[str, Order], folder: Path) -> dict[str, Done]:
    """Make every town's package under `folder`, as many at once as this process may use processors.

    Raises
    ------
    OSError, MissingGlyph, MissingLibrary
        As `make_town`.
    """
    with scratch() as waiting, worker_pool() as pool:
        begun = {}
        for code, order in orders.items():
            path = waiting / code
            path.write_bytes(pickle.dumps(replace(order, password=None, key=None)))
            secrets = (order.password, order.key)
            begun[code] = pool.submit(_fork, order.settings, path, folder / order.stem, secrets)
        return {code: made.result() for code, made in begun.items()}


def _fork(settings: Settings, path: Path, folder: Path, secrets: tuple[str | None, Key | None]) -> Done:
    """Have a process forked for it make a town's package; return what it said."""
    renderer = warm_renderer(settings)
    _load()
    assert not _at_work(), "a fork would lose threads that hold locks"
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
            with os.fdopen(writer, "wb") as out:
                pickle.dump(_made(path, folder, renderer, secrets), out)
        finally:
            # Nothing that belongs to the process it was forked from is tidied up here.
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as said:
        content = said.read()
    os.waitpid(child, 0)
    if not content:
        raise BrokenProcessPool(path.name)
    made, failed = pickle.loads(content)  # noqa: S301 - written by our own process
    if failed is not None:
        raise failed
    return cast("Done", made)


def _load() -> None:
    """Load what every town's process needs; modules that stay idle until there."""
    import scoring.packing.forms
    import scoring.packing.town
    import scoring.reports.scorebook
    import scoring.reports.town_view  # noqa: F401


def _at_work() -> set[str]:
    """Return the names of threads that a fork may not lose: those that Polars begins with its first work."""
    names = {task.joinpath("comm").read_text().strip() for task in Path("/proc/self/task").iterdir()}
    return {name for name in names if name.startswith("polars-")} - {_IDLE}


def _made(
    path: Path, folder: Path, renderer: Renderer, secrets: tuple[str | None, Key | None]
) -> tuple[Done | None, Exception | None]:
    from scoring.packing.town import make_town

    try:
        content = path.read_bytes()
        path.unlink()
        password, key = secrets
        order = replace(pickle.loads(content), password=password, key=key)  # noqa: S301
        return make_town(order, folder, renderer), None
    except Exception as error:  # noqa: BLE001 - it is raised where somebody can say it
        return None, error
