"""Mutants of the scoring core: a slip of one sign, bound or word in the engine must turn a test red.

`TOWNSCORE_MUTANTS` sets another number, `TOWNSCORE_SEED` another choice, `TOWNSCORE_ONLY` some of the files by a
pattern. Each mutant is the core with one change, in a process forked for it, under the tests that say what a score is:
worked cases, the second engine, the laws. Survivors are printed with their place as they are found.
"""

from __future__ import annotations

import ast
import copy
import importlib
import inspect
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import types
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import pytest

MUTANTS = int(os.environ.get("TOWNSCORE_MUTANTS", "400"))
SEED = int(os.environ.get("TOWNSCORE_SEED", "1"))
ONLY = os.environ.get("TOWNSCORE_ONLY", "")
CORE = ("exact.py", "timeline.py", "ranking.py", "conditions.py", "pricing/*.py", "ledger/*.py")
# What finds most in least time comes first: the worked cases through the engine, then the second engine and the laws.
TESTS = (
    "exact", "rate_target", "conditions", "cases", "carry_over", "roll_up", "pairs_across", "trend_relative",
    "laws_given_up", "many", "parting", "spread", "reference", "reference_history", "laws_of_deduct", "laws",
)  # fmt: skip
ASIDE = "test_reference_gives_what_was_worked_out_by_hand"
# Longer than the tests take on a slow machine; a mutant that never ends is found.
SECONDS = 600

_NO_BEHAVIOUR = frozenset({"annotation", "returns", "decorator_list"})
# Keywords that ask for speed or for a check that never fails.
_NO_MATTER = frozenset({"strict", "maintain_order", "eager", "validate", "coalesce", "sorted"})
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

    @property
    def module(self) -> str:
        """The name of the module that the file is."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


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
            if isinstance(parent, ast.keyword) and parent.arg in _NO_MATTER:
                continue
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


class Trials:
    """A pytest plugin that runs the collected tests once for each mutant, each time in a process forked for it.

    Nothing is read or collected twice. Polars must not have worked before the fork: its threads would not be there.
    """

    def __init__(self, mutants: list[Mutant | None]) -> None:
        self.mutants = mutants
        self.outcomes: list[bool] = []

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the trials in place of the tests."""
        for mutant in self.mutants:
            child = os.fork()
            if not child:
                _in_child(session, mutant)
            dead = _ends_red(child)
            self.outcomes.append(dead)
            if mutant is not None and not dead:
                print(f"alive: {mutant.path}:{mutant.line}: {mutant.change}", file=sys.__stderr__, flush=True)
            if len(self.outcomes) % 20 == 0:
                print(f"{len(self.outcomes)} trials", file=sys.__stderr__, flush=True)
        return True


def _in_child(session: pytest.Session, mutant: Mutant | None) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    code = 1  # what cannot even begin is found
    try:
        if mutant is not None:
            put_in_place(mutant)
        for item, following in zip(session.items, [*session.items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.testsfailed:
                break
        code = int(session.testsfailed > 0)
    finally:
        os._exit(code)


def _ends_red(child: int) -> bool:
    """Wait for a trial; a mutant that never ends is found."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status != 0
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def put_in_place(mutant: Mutant) -> None:
    """Give the functions of the module the code that they have in the mutant; whoever holds them holds the mutant."""
    module = sys.modules[mutant.module]
    codes: dict[str, types.CodeType] = {}
    waiting = [compile(mutant.text, mutant.path, "exec")]
    while waiting:
        inner = [const for const in waiting.pop().co_consts if isinstance(const, types.CodeType)]
        codes |= {code.co_qualname: code for code in inner}
        waiting += inner
    for function in functions_of(module):
        if (code := codes.get(function.__qualname__)) is not None:
            function.__code__ = code


def functions_of(module: types.ModuleType) -> Iterator[types.FunctionType]:
    """Give every function that a module defines, those of its classes too."""
    held = list(vars(module).values())
    while held:
        one = held.pop()
        if isinstance(one, type):
            held += vars(one).values() if one.__module__ == module.__name__ else ()
            continue
        if isinstance(one, property):
            one = one.fget
        elif isinstance(one, cached_property):
            one = one.func
        one = inspect.unwrap(getattr(one, "__func__", one))
        if isinstance(one, types.FunctionType) and one.__module__ == module.__name__:
            yield one


def test_mutants_of_the_scoring_core_are_found(root, tmp_path):
    files = sorted(file for pattern in CORE for file in (root / "scoring").glob(pattern) if re.search(ONLY, str(file)))
    every = [mutant for file in files for mutant in mutants_of(file, root)]
    chosen = random.Random(SEED).sample(every, min(MUTANTS, len(every)))
    cores = sorted(os.sched_getaffinity(0))
    own = {"PYTHONPATH": str(root), "POLARS_MAX_THREADS": "1", "TOWNSCORE_HYPOTHESIS": "mutants"}
    servers = []
    for number, core in enumerate(cores):
        job = tmp_path / f"{number}.job"
        job.write_text(json.dumps([asdict(mutant) for mutant in chosen[number :: len(cores)]]))
        command = [sys.executable, __file__, str(job)]
        servers.append(subprocess.Popen(command, cwd=root, env={**os.environ, **own}, stdout=subprocess.DEVNULL))
        os.sched_setaffinity(servers[-1].pid, {core})
    assert [server.wait() for server in servers] == [0] * len(servers)
    outcomes = [dead for done in tmp_path.glob("*.done") for dead in json.loads(done.read_text())]
    assert len(outcomes) == len(chosen)
    share = sum(outcomes) / len(outcomes)
    print(f"{len(chosen)} of {len(every)} mutants, {share:.1%} found")
    assert share >= 0.9


def main(job: Path) -> int:
    """Try the mutants of one job; the first trial is of the sound core, which must pass."""
    chosen = [Mutant(**facts) for facts in json.loads(job.read_text())]
    for name in sorted({mutant.module for mutant in chosen}):
        importlib.import_module(name)
    trials = Trials([None, *chosen])
    options = ["-q", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", f"not {ASIDE}"]
    pytest.main([*options, *(f"tests/test_{name}.py" for name in TESTS)], plugins=[trials])
    if trials.outcomes[0]:
        print("the tests are red without any mutant", file=sys.stderr)
        return 1
    job.with_suffix(".done").write_text(json.dumps(trials.outcomes[1:]))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
