"""What was looked at and found good stays so: texts kept in tests/golden.

After a change that is meant, look at what it changed and then run the command that a failure names.
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"
RENEWING = bool(os.environ.get("RENEW_GOLDENS"))


def renew(tests: str) -> str:
    """The command that makes the golden files of these tests anew."""
    return f"RENEW_GOLDENS=1 .venv/bin/pytest -q {tests}"


def same_text(name: str, made: str, tests: str) -> None:
    """Compare with a golden file, or write it."""
    path = FOLDER / name
    if RENEWING:
        path.parent.mkdir(exist_ok=True)
        path.write_text(made, encoding="utf-8")
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    assert made.split("\n") == kept.split("\n"), f"{name} has changed. If that is meant: {renew(tests)}"
