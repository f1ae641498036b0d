"""Mutants of the scoring core: a slip of one sign, bound or word in the engine must turn a test red.

`TOWNSCORE_MUTANTS` sets another number, `TOWNSCORE_SEED` another choice, `TOWNSCORE_ONLY` a part of a path. Each
mutant is the core with one change, in a copy of the project, under the tests that say what a score is: worked cases,
the second engine, the laws. Survivors are printed with their place as they are found (pytest -s).
"""

from __future__ import annotations

import ast
import copy
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

import pytest

pytestmark = pytest.mark.long
MUTANTS = int(os.environ.get("TOWNSCORE_MUTANTS", "400"))
SEED = int(os.environ.get("TOWNSCORE_SEED", "1"))
ONLY = os.environ.get("TOWNSCORE_ONLY", "")
CORE = ("exact.py", "timeline.py", "ranking.py", "conditions.py", "pricing/*.py", "ledger/*.py")
# What finds most in least time comes first: the worked cases through the engine, then the second engine and the laws.
TESTS = ("exact", "cases", "laws_given_up", "reference", "laws_of_deduct", "laws")
ASIDE = "test_reference_gives_what_was_worked_out_by_hand"
COPIED = ("scoring", "schemas", "weights", "tests", "report_templates", "pyproject.toml")
# Longer than the tests take on a slow machine; a mutant that never ends is found.
SECONDS = 600

_NO_BEHAVIOUR = frozenset({"annotation", "returns", "decorator_list"})
_OTHER = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
_WORDS = {"min": "max", "max": "min", "is_null": "is_not_null", "is_not_null": "is_null", "any": "all", "all": "any"}
_WORDS |= {"first": "last", "last": "first", "cum_sum": "cum_count", "filter": "head"}


@dataclass(frozen=True)
class Mutant:
    """A file of the core with one change."""

    path: str
    line: int
    change: str
    text: str


def changed(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Give what a node may be by mistake."""
    other = copy.deepcopy(node)
    if isinstance(other, ast.Compare) and type(other.ops[0]) in _OTHER:
        other.ops[0] = _OTHER[type(other.ops[0])]()
        yield "comparison", other
    elif isinstance(other, (ast.BinOp, ast.BoolOp, ast.AugAssign)) and type(other.op) in _OTHER:
        other.op = _OTHER[type(other.op)]()
        yield "operator", other
    elif isinstance(other, ast.UnaryOp):
        yield "operator gone", other.operand
    elif isinstance(other, ast.Constant) and isinstance(other.value, bool):
        other.value = not other.value
        yield "truth", other
    elif isinstance(other, ast.Constant) and isinstance(other.value, int):
        other.value += 1
        yield "number", other
    elif isinstance(other, ast.Attribute) and other.attr in _WORDS:
        other.attr = _WORDS[other.attr]
        yield "word", other
    elif isinstance(other, ast.Name) and other.id in _WORDS:
        other.id = _WORDS[other.id]
        yield "word", other
    elif isinstance(other, ast.IfExp):
        other.body, other.orelse = other.orelse, other.body
        yield "branches", other


def places(tree: ast.Module) -> Iterator[tuple[ast.AST, str, int | None]]:
    """Give every place of an expression inside functions: its parent, field and index; types are no behaviour."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    seen: set[int] = set()
    for function in functions:
        for parent in ast.walk(function):
            if id(parent) in seen:
                continue
            seen.add(id(parent))
            for field, value in ast.iter_fields(parent):
                if field in _NO_BEHAVIOUR or (field == "args" and not isinstance(parent, ast.Call)):
                    continue
                items = enumerate(value) if isinstance(value, list) else [(None, value)]
                yield from ((parent, field, number) for number, item in items if isinstance(item, ast.AST))


def mutants_of(path: Path, root: Path) -> list[Mutant]:
    """Return every mutant of a file."""
    tree = ast.parse(path.read_text("utf-8"))
    found = []
    for parent, field, number in places(tree):
        held = getattr(parent, field)
        node = held if number is None else held[number]
        for change, other in changed(node):
            _put(parent, field, number, other)
            found.append(Mutant(str(path.relative_to(root)), getattr(node, "lineno", 0), change, ast.unparse(tree)))
            _put(parent, field, number, node)
    return found


def _put(parent: ast.AST, field: str, number: int | None, node: ast.AST) -> None:
    if number is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[number] = node


def killed(mutant: Mutant | None, place: Path) -> bool:
    """Run the tests in a copy of the project, with the mutant in its place; tell whether they went red."""
    if mutant is not None:
        file = place / mutant.path
        sound = file.read_text("utf-8")
        file.write_text(mutant.text, "utf-8")
    environment = {**os.environ, "PYTHONPATH": str(place), "POLARS_MAX_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    environment["TOWNSCORE_HYPOTHESIS"] = "mutants"
    options = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", f"not {ASIDE}"]
    command = [sys.executable, "-m", "pytest", *options, *(f"tests/test_{name}.py" for name in TESTS)]
    try:
        done = subprocess.run(command, cwd=place, env=environment, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return True
    finally:
        if mutant is not None:
            file.write_text(sound, "utf-8")
    return done.returncode != 0


def test_mutants_of_the_scoring_core_are_found(root, tmp_path):
    files = sorted(file for pattern in CORE for file in (root / "scoring").glob(pattern) if ONLY in str(file))
    every = [mutant for file in files for mutant in mutants_of(file, root)]
    chosen = random.Random(SEED).sample(every, min(MUTANTS, len(every)))
    copies: Queue[Path] = Queue()
    for number in range(len(os.sched_getaffinity(0))):
        place = tmp_path / str(number)
        for name in COPIED:
            source = root / name
            if source.is_dir():
                shutil.copytree(source, place / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, place / name)
        copies.put(place)

    alive: list[Mutant] = []

    def outcome(mutant: Mutant | None) -> bool:
        place = copies.get()
        try:
            dead = killed(mutant, place)
        finally:
            copies.put(place)
        if mutant is not None and not dead:
            alive.append(mutant)
            print(f"alive: {mutant.path}:{mutant.line}: {mutant.change}", flush=True)
        return dead

    assert not outcome(None), "the tests are red without any mutant"
    with ThreadPoolExecutor(copies.qsize()) as pool:
        for number, _ in enumerate(pool.map(outcome, chosen), 1):
            if number % 20 == 0:
                print(f"{number} of {len(chosen)}, {len(alive)} alive", flush=True)
    share = 1 - len(alive) / len(chosen)
    print(f"{len(chosen)} of {len(every)} mutants, {share:.1%} found")
    assert share >= 0.9
