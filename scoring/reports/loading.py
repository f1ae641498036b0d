"""WeasyPrint, loaded late: it takes part of a second, and needs libraries that a machine may lack."""

from __future__ import annotations

import ctypes.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from types import ModuleType
from typing import Final

from scoring.reports.errors import MissingLibrary
from scoring.reports.fonts import INSTALL
from scoring.reports.subset import subset_library

_PAGE: Final = "scoring.reports.page"


def page_module(lang: str) -> ModuleType:
    """Return our side of WeasyPrint, loaded now or before.

    Raises
    ------
    MissingLibrary
        Pango or one of its friends could not be loaded.
    """
    try:
        subset_library()
        with suppress(OSError), _by_name():
            return import_module(_PAGE)
        return import_module(_PAGE)  # a library that only a search finds
    except OSError as missing:
        raise MissingLibrary("Pango, HarfBuzz", INSTALL, lang) from missing


@contextmanager
def _by_name() -> Iterator[None]:
    """Let the loader of libraries alone look for them while WeasyPrint is loaded.

    WeasyPrint tries names of other systems first, for each of which Python asks ldconfig, gcc and ld: 70 processes.
    """
    search = ctypes.util.find_library
    try:
        if sys.platform == "linux":
            ctypes.util.find_library = _nowhere
        yield
    finally:
        ctypes.util.find_library = search


def _nowhere(name: str) -> str | None:  # noqa: ARG001 - in the place of a function that looks for it
    return None
