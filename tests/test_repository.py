"""Rules of the house that no linter knows, each as a small test."""

from __future__ import annotations

import ast
import importlib
import re
import string
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from schemas.bundled import load

HAN = re.compile(r"[\u2e80-\u303f\u3040-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]")
# Written apart, so that this file does not break its own rules.
REGISTRY = re.compile(
    "|".join(
        [
            "pypi" + r"\.org",
            "files.python" + "hosted",
            "index" + "-url",
            "deb" + r"\.debian\.org",
            "registry\\." + "npmjs",
        ]
    )
)
MACHINE_PATH = re.compile(r"(?<![\w.$}\-])/(?:work|root|home/[a-z]+|Users/[A-Za-z]+)/")
# A literal first argument; codes put together at run time are covered by the tests of their rooms.
SAY = re.compile(r"(\.?)\bsay\(\s*\"([^\"]+)\"")
LONGEST = 400


def _modules(root: Path, project_files: list[Path]) -> Iterator[tuple[Path, str]]:
    for path in project_files:
        if path.suffix == ".py" and path.parts[0] in {"scoring", "schemas"}:
            yield path, (root / path).read_text("utf-8")


def _texts(root: Path, project_files: list[Path]) -> Iterator[tuple[Path, str]]:
    for path in project_files:
        data = (root / path).read_bytes()
        if b"\0" not in data:
            yield path, data.decode("utf-8", errors="replace")


def _found(pattern: re.Pattern[str], texts: Iterator[tuple[Path, str]]) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()[:100]}"
        for path, text in texts
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_chinese_word_stands_in_the_engine(root: Path, project_files: list[Path]) -> None:
    assert _found(HAN, _modules(root, project_files)) == []


def test_no_file_names_a_registry(root: Path, project_files: list[Path]) -> None:
    assert _found(REGISTRY, _texts(root, project_files)) == []


def test_no_file_names_a_path_of_one_machine(root: Path, project_files: list[Path]) -> None:
    assert _found(MACHINE_PATH, _texts(root, project_files)) == []


def test_no_module_is_two_ideas(root: Path, project_files: list[Path]) -> None:
    long = {str(path): lines for path, text in _modules(root, project_files) if (lines := text.count("\n")) > LONGEST}
    assert long == {}


def _catalogue(root: Path, lang: str) -> dict[str, tuple[str, str]]:
    """Code → (file, sentence); a code in two files is an error."""
    sentences: dict[str, tuple[str, str]] = {}
    for file in sorted((root / "scoring" / "messages" / lang).glob("*.yaml")):
        for code, sentence in (load(file.read_text("utf-8")) or {}).items():
            assert code not in sentences, f"{lang}: {code} stands in {sentences[code][0]} and {file.name}"
            assert isinstance(sentence, str), f"{lang}/{file.name}: {code} is no text"
            sentences[code] = (file.name, sentence)
    return sentences


def _parameters(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_both_languages_say_the_same_with_the_same_parameters(root: Path) -> None:
    zh, en = _catalogue(root, "zh"), _catalogue(root, "en")
    assert {code: file for code, (file, _) in zh.items()} == {code: file for code, (file, _) in en.items()}
    different = {
        code: (zh[code][1], en[code][1]) for code in zh if _parameters(zh[code][1]) != _parameters(en[code][1])
    }
    assert different == {}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_codes_of_messages_are_kebab_case(root: Path, lang: str) -> None:
    assert [code for code in _catalogue(root, lang) if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", code)] == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_section_that_a_paper_can_have_has_a_number(root: Path, lang: str) -> None:
    """With all its sections at once, too, which few periods have."""
    papers = {path.name: path.read_text("utf-8") for path in (root / "report_templates").glob("*.html.j2")}
    most = max(text.count("{{ section(") for text in papers.values())
    numbers = [f"reports-section-{number}" for number in range(1, most + 1)]
    assert most == 10
    assert [code for code in numbers if code not in _catalogue(root, lang)] == []


def test_no_chinese_sentence_was_left_in_english(root: Path) -> None:
    words = {code: re.sub(r"\{[^{}]*\}", "", sentence) for code, (_, sentence) in _catalogue(root, "zh").items()}
    # The names of fonts are Latin in both.
    english = [
        code
        for code, text in words.items()
        if re.search(r"[A-Za-z]{3,} [A-Za-z]{3,}", text) and not HAN.search(text) and "font" not in code
    ]
    assert english == []


def test_every_code_that_is_said_is_in_the_catalogue(root: Path, project_files: list[Path]) -> None:
    known = _catalogue(root, "zh").keys()
    unknown = [
        f"{path}: {code}"
        for path, text in _modules(root, project_files)
        for dot, code in SAY.findall(text)
        # The score book's own `source.say` puts its room's name before the code.
        if (f"book-{code}" if dot and path.name.startswith(("book", "scorebook")) else code) not in known
    ]
    assert unknown == []


def test_every_room_has_its_place_in_the_layers(root: Path, project_files: list[Path]) -> None:
    settings = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    (contract,) = settings["contracts"]
    layers: list[str] = contract["layers"]
    placed = set(re.findall(r"scoring\.\w+", " ".join(layers)))
    rooms = {
        f"scoring.{path.parts[1].removesuffix('.py')}"
        for path, _ in _modules(root, project_files)
        if path.parts[0] == "scoring"
    }
    assert rooms - {"scoring.__init__"} <= placed


def test_every_requirement_is_locked_with_hashes(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = {
        re.sub(r"[._-]+", "-", re.split(r"[\[<>=;]", requirement)[0]).lower()
        for requirement in [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    }
    blocks = re.split(r"^(?=[a-z0-9])", (root / "requirements.lock").read_text("utf-8"), flags=re.MULTILINE)
    locked = {block.split("==")[0] for block in blocks if block}
    assert wanted <= locked
    assert [block.split()[0] for block in blocks if block and "--hash=sha256:" not in block] == []


def test_every_name_that_the_benchmarks_import_is_there(root):
    """They are run by hand, so nothing else says when a move left them behind."""
    missing = []
    for path in (root / "benchmarks").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in {"scoring", "schemas"}:
                module = importlib.import_module(node.module)
                gone = [
                    one.name
                    for one in node.names
                    if not hasattr(module, one.name) and find_spec(f"{node.module}.{one.name}") is None
                ]
                missing += [f"{path.name}: {node.module}.{name}" for name in gone]
    assert missing == []
