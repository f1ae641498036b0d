"""What the tests of the scheme share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scoring.scheme import LoadedScheme, SchemeError, load_scheme

ROOT = Path(__file__).parents[2]
FULL = (Path(__file__).parent / "full.yaml").read_text("utf-8")
SHIPPED = sorted((ROOT / "weights").glob("*.yaml"))


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., LoadedScheme]:
    def _load(text: str | bytes, lang: str = "en") -> LoadedScheme:
        path = tmp_path / "weights.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_scheme(path, lang)

    return _load


@pytest.fixture
def faults(load: Callable[..., LoadedScheme]) -> Callable[..., set[tuple[int, str]]]:
    """Return the line and code of every error of a text; nothing when it loads."""

    def _faults(text: str | bytes) -> set[tuple[int, str]]:
        try:
            load(text)
        except SchemeError as error:
            for problem in error.problems:
                assert problem.file == "weights.yaml"
                assert problem.severity == "error"
                assert str(problem).startswith("weights.yaml:")
            return {(problem.line, problem.code) for problem in error.problems}
        return set()

    return _faults
