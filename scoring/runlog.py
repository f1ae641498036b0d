"""When and by whom a run was made: a log outside of its results, which hold neither, so that they stay equal."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scoring.config import CONFIG

if TYPE_CHECKING:
    from scoring.runs import Made

NAME: Final = "runs.log"


def who() -> dict[str, str]:
    """Return who runs this, where and since when."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a user without a name, as in some containers
        user = str(os.getuid())
    since = datetime.now().astimezone().isoformat(timespec="seconds")
    return {"user": user, "host": socket.gethostname(), "pid": str(os.getpid()), "since": since}


def note(workspace: Path, made: Sequence[Made]) -> None:
    """Add one line a period to the workspace's runs.log, or to this user's where there is no workspace.

    Raises
    ------
    OSError
        The log cannot be written.
    """
    runner = who()
    lines = [
        "\t".join(
            [
                runner["since"],
                f"{runner['user']}@{runner['host']}",
                one.period.id,
                str(one.assessment.head["as_of"]),
                str(one.assessment.head["run_code"]),
                str(one.folder),
            ]
        )
        for one in made
    ]
    _append(workspace, lines)


def note_event(workspace: Path, words: Sequence[str]) -> None:
    """Add a line for a stage or a publication: period, what, the day it bears, by whom decided, run code."""
    runner = who()
    _append(workspace, ["\t".join([runner["since"], f"{runner['user']}@{runner['host']}", *words])])


def _append(workspace: Path, lines: Sequence[str]) -> None:
    path = workspace / NAME
    if not (workspace / CONFIG).is_file():
        state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
        path = Path(state) / "townscore" / NAME
        path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as log:
        log.write("".join(f"{line}\n" for line in lines))
