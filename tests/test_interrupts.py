"""Ctrl-C that a library keeps to itself is obeyed before what cannot be taken back."""

from __future__ import annotations

import signal
from contextlib import suppress

import pytest

from scoring import interrupts
from scoring.outfolder import put_in_place
from scoring.screen import progress_bars


@pytest.fixture
def pressed():
    """Ctrl-C was pressed, and whoever was at work swallowed it."""
    before = signal.getsignal(signal.SIGINT)
    interrupts.listen()
    with suppress(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    yield
    interrupts.listen()
    signal.signal(signal.SIGINT, before)


def test_no_folder_is_put_in_place(tmp_path, pressed):
    fresh, target = tmp_path / "fresh", tmp_path / "target"
    for folder, text in ((fresh, "new"), (target, "old")):
        folder.mkdir()
        (folder / "scores.csv").write_text(text)
    with pytest.raises(KeyboardInterrupt):
        put_in_place(fresh, target)
    assert (target / "scores.csv").read_text() == "old"


def test_the_next_step_ends_the_command(pressed):
    with progress_bars("zh") as progress, pytest.raises(KeyboardInterrupt):
        progress("pdf", 1, 18)


def test_the_next_command_begins_anew(pressed):
    interrupts.listen()
    interrupts.obey()
