"""docs/scheme.md: its example is a scheme, and it names every key, every word and every warning."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from schemas.scheme import Scheme
from scoring.messages import catalogue
from scoring.scheme import lint
from tests.scheme.conftest import ROOT

TEXT = (ROOT / "docs" / "scheme.md").read_text("utf-8")
[EXAMPLE] = re.findall(r"^```yaml\n(.+?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def pieces(kind: object, seen: set[type[BaseModel]]) -> set[str]:
    """Return every key and every closed word that a type may hold, through all its parts."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        if kind in seen:
            return set()
        seen.add(kind)
        found = set()
        for name, field in kind.model_fields.items():
            found |= {field.alias or name} | pieces(field.annotation, seen)
        return found
    if get_origin(kind) is Literal:
        return set(get_args(kind))
    if get_origin(kind) in {tuple, dict, list, Union, Annotated} or type(kind).__name__ == "UnionType":
        return {word for part in get_args(kind) for word in pieces(part, seen)}
    return set()


def test_the_example_is_a_scheme_that_the_reader_can_start_from(load):
    loaded = load(EXAMPLE)
    assert [one.code for one in lint(loaded)] == ["law-rate"]
    assert all("#" in line or ":" in line for line in EXAMPLE.splitlines() if line)


def test_every_key_and_every_word_is_named():
    named = set(re.findall(r"[a-z][a-z_]+", " ".join(re.findall(r"`([^`\n]+)`", TEXT))))
    keys = pieces(Scheme, set())
    assert len(keys) > 150
    assert {key for key in keys if key not in named} == set()


def test_every_warning_is_named():
    rows = re.findall(r"^\| [^|]+ \| ([a-z-]+-[a-z-]+(?:, [a-z-]+)*) \|$", TEXT, re.MULTILINE)
    listed = {code for row in rows for code in row.split(", ")}
    rooms = (
        ROOT / "scoring" / "scheme" / f"{name}.py" for name in ("linting", "measurelint", "pricelint", "idle", "laws")
    )
    words = {word for path in rooms for word in re.findall(r'"([a-z]+-[a-z-]+)"', path.read_text("utf-8"))}
    assert listed == {word for word in words if f"scheme-{word}" in catalogue("en") and not word.startswith("hint-")}
