"""What all tests share: the checkout's root, and Hypothesis profiles that give the same examples every time."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from scoring.intake import sandbox
from scoring.intake.child import read_file

# Derandomized: a law that fails today fails tomorrow. Two shared cores make deadlines meaningless.
settings.register_profile(
    "default", derandomize=True, deadline=None, max_examples=10, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("long", parent=settings.get_profile("default"), derandomize=False, max_examples=10_000)
# Of a failure only that it is one: what fails under a mutant need not be made small.
settings.register_profile("mutants", parent=settings.get_profile("default"), phases=[Phase.explicit, Phase.generate])
settings.load_profile(os.environ.get("TOWNSCORE_HYPOTHESIS", "default"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the long harnesses."""
    for item in items:
        if item.path.parent.name == "long":
            item.add_marker(pytest.mark.long)


_CHILD = sandbox._one_child


def _here(files, start, headings, scratch, limits):
    entries = [
        {"path": str(path), "kind": kind, "out": str(scratch / str(start + number))}
        for number, (path, kind) in enumerate(files)
    ]
    return [read_file(entry, headings, limits) for entry in entries], None


@pytest.fixture(scope="session", autouse=True)
def _reads_in_this_process():
    """Read files without a child process, which takes half a second a time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "_one_child", _here)
        yield


@pytest.fixture
def child(monkeypatch) -> None:
    """A true child process reads the files of this test, as it does those of every command in its own process."""
    monkeypatch.setattr(sandbox, "_one_child", _CHILD)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout's root folder."""
    return Path(__file__).parents[1]


# What tools leave behind, where git is not there to say so.
_LEAVINGS = {".git", ".venv", "__pycache__", "out", "demo", "dist", "build", "mutants", ".hypothesis"}


@pytest.fixture(scope="session")
def project_files(root: Path) -> list[Path]:
    """Every file of the project, from the root, sorted: what git has or would add; without git, all there is."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=root, capture_output=True, check=True, text=True).stdout.split("\0")
        files = [Path(name) for name in listed if name]
    except (OSError, subprocess.CalledProcessError):
        files = [path.relative_to(root) for path in root.rglob("*")]
        files = [
            path
            for path in files
            if not _LEAVINGS & set(path.parts) and not path.parts[0].endswith(("_cache", ".egg-info"))
        ]
    return sorted(path for path in files if (root / path).is_file())
