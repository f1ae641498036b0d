"""Ctrl-C is obeyed: a library on the way may swallow the exception that it raises, so that it is remembered too."""

from __future__ import annotations

import signal
from types import FrameType

_asked = False


def listen() -> None:
    """Remember Ctrl-C from now on, and raise `KeyboardInterrupt` for it as ever."""
    global _asked  # noqa: PLW0603 - a process has one Ctrl-C
    _asked = False
    signal.signal(signal.SIGINT, _remember)


def obey() -> None:
    """Stop here when Ctrl-C was pressed and nobody has heard it: before what cannot be taken back.

    Raises
    ------
    KeyboardInterrupt
        It was pressed since this command began to listen.
    """
    if _asked:
        raise KeyboardInterrupt


def _remember(_number: int, _frame: FrameType | None) -> None:
    global _asked  # noqa: PLW0603
    _asked = True
    raise KeyboardInterrupt
