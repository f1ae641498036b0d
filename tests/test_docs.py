"""The documents against what they speak of: headings, keys, modules, links."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest
import typer

from schemas.scheme import Scheme
from schemas.tables import catalogue
from scoring.cli_app import app

LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


@pytest.fixture(scope="module")
def sections(root: Path) -> dict[str, str]:
    """The officer's handbook by its third-level headings."""
    parts = re.split(r"^### (.+)$", (root / "docs" / "officer.zh-CN.md").read_text("utf-8"), flags=re.MULTILINE)
    return {
        name: re.split(r"^## ", text, flags=re.MULTILINE)[0]
        for name, text in zip(parts[1::2], parts[2::2], strict=True)
    }


@pytest.mark.parametrize("name", list(catalogue().tables))
def test_the_handbook_names_every_heading_and_word_that_a_table_accepts(sections: dict[str, str], name: str) -> None:
    table = catalogue().tables[name]
    words = {alias for alias in table.aliases if not alias.isascii()}
    for column in table.columns.values():
        words |= {heading for heading in column.headings if not heading.isascii()}
        words |= {word for accepted in column.choices.values() for word in accepted}
        words |= {text for word, aliases in column.words.items() for text in (word, *aliases)}
    assert {word for word in words if word not in sections[table.zh]} == set()


def test_the_handbook_names_every_table_of_the_supervision(sections: dict[str, str]) -> None:
    text = sections["监管用的表放在哪里"]
    assert [table.zh for table in catalogue("supervision").tables.values() if f"| {table.zh} |" not in text] == []


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_readme_names_every_command(root: Path, name: str) -> None:
    for path in (root / "scoring").glob("cli*.py"):
        import_module(f"scoring.{path.stem}")
    commands = vars(typer.main.get_command(app))["commands"]
    assert len(commands) > 20
    text = (root / name).read_text("utf-8")
    assert [one for one in commands if not re.search(rf"townscore {one}\b", text)] == []


def test_the_scheme_document_names_every_key(root: Path) -> None:
    text = (root / "docs" / "scheme.md").read_text("utf-8")
    keys = [field.alias or name for name, field in Scheme.model_fields.items()]
    assert [key for key in keys if not re.search(rf"\b{key.removesuffix('_en')}\b", text)] == []


def test_the_architecture_names_every_module(root: Path) -> None:
    text = (root / "docs" / "architecture.md").read_text("utf-8")
    rooms = {path.name for folder in ("scoring", "schemas") for path in (root / folder).iterdir()}
    rooms -= {"__init__.py", "__pycache__", "py.typed"}
    assert {room for room in rooms if not re.search(rf"\b{re.escape(room)}", text)} == set()


def test_every_link_between_documents_leads_somewhere(root: Path, project_files: list[Path]) -> None:
    broken = [
        f"{path}: {target}"
        for path in project_files
        if path.suffix == ".md"
        for target in LINK.findall((root / path).read_text("utf-8"))
        if not (root / path.parent / target).exists()
    ]
    assert broken == []


def test_every_test_file_that_the_architecture_leans_on_exists(root: Path) -> None:
    text = (root / "docs" / "architecture.md").read_text("utf-8")
    named = set(re.findall(r"`(tests/[\w/]+\.py)`", text))
    assert named
    assert {name for name in named if not (root / name).is_file()} == set()
