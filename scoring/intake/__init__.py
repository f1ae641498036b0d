"""Files to typed tables: everything that a data folder may hold, and what is wrong with it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from scoring.intake.folder import read_folder
    from scoring.intake.frames import Intake, Tables
    from scoring.intake.limits import Limits
    from scoring.intake.numbered import write_numbered
    from scoring.intake.problems import Problems, write_problems

__all__ = ["Intake", "Limits", "Problems", "Tables", "read_folder", "write_numbered", "write_problems"]

# Loaded when asked for: the reading child, which every command starts, needs hardly any of it.
_HOMES: Final = {
    "Intake": "frames",
    "Limits": "limits",
    "Problems": "problems",
    "Tables": "frames",
    "read_folder": "folder",
    "write_numbered": "numbered",
    "write_problems": "problems",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value
