"""Hostile and merely untidy data folders through the command line: no traceback, hang, wrong score or false refusal.

Scores are those that tests/reference computes from the facts that the folder's author meant. `TOWNSCORE_FUZZ` and
`TOWNSCORE_LAYOUTS` set other numbers, `TOWNSCORE_SEED` other folders, `TOWNSCORE_ONLY` one kind of fault; a failure
names the case, which runs alone with `TOWNSCORE_CASE`. `TOWNSCORE_KEEP` names a folder that keeps what failed.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from scoring import cli
from scoring.intake import sandbox
from scoring.intake.child import read_file
from tests.long import grids, hand, ledgers
from tests.long.damage import FILES
from tests.long.mutations import CELLS, MARK, Bench, Wanted

FOLDERS = int(os.environ.get("TOWNSCORE_FUZZ", "1000"))
LAYOUTS = int(os.environ.get("TOWNSCORE_LAYOUTS", "500"))
SEED = os.environ.get("TOWNSCORE_SEED", "1")
ONLY = os.environ.get("TOWNSCORE_ONLY", "")
SECONDS = 30
# One in so many goes through a process of its own, with a reading child.
_WHOLE = 50


@dataclass
class Answer:
    """What the command gave back, and how long it took; in this process, of the processor's time."""

    code: int
    said: str
    seconds: float


class Fuzz:
    """Runs the command on folders, and holds the worlds."""

    def __init__(self, root):
        self.root = root
        self.worlds = [ledgers.small_world(root), ledgers.example_world()]
        self.deaths = Counter()
        self.neat = {}

    def call(self, folder, world, *more, whole=False):
        """Run the command on a folder; what it writes lies beside it."""
        words = ["run", "2025Q1", "--data", folder, "--out", folder.parent / "out", "--weights", world.weights]
        words += ["--formats", "csv", "--as-of", world.as_of, "--lang", "zh"]
        words = ["townscore", *map(str, words), *more]
        clock = time.monotonic if whole else time.process_time
        began = clock()
        code, said = self._process(words) if whole else self._here(words)
        return Answer(code, said, clock() - began)

    def _process(self, words):
        env = {**os.environ, "XDG_STATE_HOME": str(self.root / "state")}
        done = subprocess.run(
            [sys.executable, "-c", "from scoring.cli import main; main()", *words[1:]],
            cwd=self.root, env=env, capture_output=True, text=True, timeout=10 * SECONDS, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def _here(self, words):
        said, argv = io.StringIO(), sys.argv
        sys.argv = words
        signal.signal(signal.SIGPROF, _too_late)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        try:
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said), pytest.raises(SystemExit) as end:
                cli.main()
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            sys.argv = argv
        return end.value.code or 0, said.getvalue()


def _too_late(*_):
    raise TimeoutError


@pytest.fixture(scope="module")
def fuzz(tmp_path_factory):
    made = Fuzz(tmp_path_factory.mktemp("fuzz"))

    def here(files, start, headings, scratch, limits):
        answers = []
        for number, (path, kind) in enumerate(files):
            entry = {"path": str(path), "kind": kind, "out": str(scratch / str(start + number))}
            try:
                answers.append(read_file(entry, headings, limits))
            except BaseException as error:  # noqa: BLE001  a child would die of it
                made.deaths[f"{type(error).__name__}: {error}"[:200]] += 1
                return answers, "reader-died"
        return answers, None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "_one_child", here)
        patch.setenv("XDG_STATE_HOME", str(made.root / "state"))
        patch.chdir(made.root)
        yield made
    print(dict(made.deaths))


def scores_text(folder):
    return (folder.parent / "out" / "2025Q1" / "scores.csv").read_text("utf-8")


def scores(folder):
    """Town code → (score, rank, group rank, grade) of a run that went through."""
    with io.StringIO(scores_text(folder).removeprefix("\ufeff"), newline="") as file:
        return {
            row["town_code"].lstrip("'"): (
                Fraction(Decimal(row["score"])) if row["score"] else None,
                int(row["rank"]) if row["rank"] else None,
                int(row["group_rank"]) if row["group_rank"] else None,
                row["grade"] or None,
            )
            for row in csv.DictReader(file)
        }


def problems(folder, code):
    """The problems that a run wrote, as rows and as text."""
    path = folder.parent / "out" / ("2025Q1" if code == 0 else ".") / "problems.csv"
    text = path.read_text("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""))), text


def judge(world, folder, answer, wanted):
    """Say what is wrong with an answer; empty when nothing is."""
    if "Traceback" in answer.said or answer.code not in {0, 1}:
        return f"exit {answer.code}: {answer.said[-300:]}"
    if answer.seconds > SECONDS:
        return f"{answer.seconds:.0f} seconds"
    rows, text = problems(folder, answer.code)
    refused = [row for row in rows if row["kind"] == "refused"]
    said = text + answer.said
    if any(mark in said for mark in (MARK, ledgers.PERSON, ledgers.PHONE)):
        return "a cell's value stands among the problems"
    if "\ufffd" in text:
        return "replacement characters"
    if answer.code == 1:
        return _judge_refusal(wanted, rows, refused)
    if wanted.unknown:
        return ""
    if refused:
        return f"went through although refused: {refused[0]}"
    if "done" not in wanted.answers:
        return f"went through: {[row['code'] for row in rows]}"
    if wanted.named and not (rows if wanted.place is None else wanted.place in _places(rows)):
        return f"{wanted.place or 'nothing'} is not named: {sorted(_places(rows))}"
    if wanted.facts is None:
        same = scores(folder) == ledgers.expected(world, world.facts)
        return "" if same or rows else "other scores, and nothing is named"
    meant, got = ledgers.expected(world, wanted.facts), scores(folder)
    if meant == got:
        return "" if wanted.text is None or wanted.text == scores_text(folder) else "scores.csv has other bytes"
    apart = [f"{town}: {got.get(town)} for {told}" for town, told in (meant or {}).items() if got.get(town) != told]
    return f"scores: {apart or 'the reference refuses'}, named: {dict(Counter(row['code'] for row in rows))}"


def _judge_refusal(wanted, rows, refused):
    if not refused:
        return "refused without a refused row"
    if "refused" not in wanted.answers:
        return f"false refusal: {refused[:3]}"
    if wanted.place is not None and wanted.place not in _places(refused):
        return f"the place {wanted.place} is not named: {sorted(_places(refused))}"
    return ""


def _places(rows):
    return {(row["file"], int(row["row"] or 0)) for row in rows}


def numbers(count):
    """The cases to run: all, or the one that `TOWNSCORE_CASE` names."""
    one = os.environ.get("TOWNSCORE_CASE")
    return [int(one)] if one else range(count)


def cases(count, parts=4):
    """The cases in parts, so that workers share them."""
    return [pytest.param(numbers(count)[part::parts], id=str(part)) for part in range(parts)]


def through(fuzz, work, make):
    """Run cases; return sentences about those that went wrong."""
    wrong = []
    for number in work:
        place = fuzz.root / "case"
        shutil.rmtree(place, ignore_errors=True)
        folder = place / "data"
        folder.mkdir(parents=True)
        chance = random.Random(f"{SEED} {number}")
        world = fuzz.worlds[chance.random() < 0.15]
        made = make(chance, world, folder)
        if made is None:
            continue
        name, wanted = made
        answer = fuzz.call(folder, world, whole=number % _WHOLE == 0)
        fault = judge(world, folder, answer, wanted)
        if answer.code == 1 and number % 3 == 0:
            draft = fuzz.call(folder, world, "--set-aside")
            if draft.code not in {0, 1} or "Traceback" in draft.said:
                fault = f"{fault} with --set-aside: exit {draft.code}: {draft.said[-300:]}"
        if fault:
            print(f"case {number} {name}: {fault}", flush=True)
            if kept := os.environ.get("TOWNSCORE_KEEP"):
                shutil.copytree(place, Path(kept) / f"{name} {number}", dirs_exist_ok=True, symlinks=True)
            wrong.append(f"case {number} {name}: {fault}")
    return wrong


def test_the_facts_as_they_stand_score_as_the_reference_says(fuzz, tmp_path):
    for place, world in enumerate(fuzz.worlds):
        for kind in ("xlsx", "csv", "parquet"):
            folder = tmp_path / f"{place}{kind}" / "data"
            folder.mkdir(parents=True)
            grids.write(folder, grids.plain_grids(world, world.facts, kind))
            answer = fuzz.call(folder, world, whole=kind == "xlsx")
            assert answer.code == 0, (answer, problems(folder, answer.code)[1] if answer.code == 1 else "")
            assert scores(folder) == ledgers.expected(world, world.facts)


@pytest.mark.parametrize("work", cases(FOLDERS))
def test_fault_mutated_folders_are_refused_or_scored_as_they_say(fuzz, work):
    def make(chance, world, folder):
        change = chance.choice([one for one in (*CELLS, *FILES) if ONLY in {"", one.__name__}])
        wanted = change(Bench(chance, world, folder))
        return None if wanted is None else (change.__name__, wanted)

    wrong = through(fuzz, work, make)
    assert not wrong, "\n".join(wrong)


def neat(fuzz, world):
    """The scores of the facts written neatly, as they stand in the file."""
    if world not in fuzz.neat:
        folder = fuzz.root / f"neat{len(fuzz.neat)}" / "data"
        folder.mkdir(parents=True)
        grids.write(folder, grids.plain_grids(world, world.facts))
        assert fuzz.call(folder, world).code == 0
        fuzz.neat[world] = scores_text(folder)
    return fuzz.neat[world]


@pytest.mark.parametrize("work", cases(LAYOUTS))
def test_fault_equal_facts_in_another_layout_give_equal_scores(fuzz, work):
    def make(chance, world, folder):
        grids.write(folder, hand.Hand(chance, world, world.facts).grids())
        return "layout", Wanted(("done",), world.facts, text=neat(fuzz, world))

    wrong = through(fuzz, work, make)
    assert not wrong, "\n".join(wrong)
