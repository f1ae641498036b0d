"""The wheel: `scoring` and `schemas` with their data, the schemes and the templates inside, and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

INFO = "townscore-0.1.0.dist-info"
BUNDLED = {"weights": "scoring/_bundled/weights", "report_templates": "scoring/_bundled/report_templates"}


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(root)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = out.iterdir()
    return path


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_has_three_top_level_names(names: set[str]) -> None:
    assert {name.split("/")[0] for name in names} == {"scoring", "schemas", INFO}


def test_the_wheel_holds_exactly_the_projects_files(names: set[str], project_files: list[Path]) -> None:
    expected = {f"{INFO}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt")}
    for path in project_files:
        top = path.parts[0]
        if top in {"scoring", "schemas"}:
            expected.add(path.as_posix())
        elif top in BUNDLED:
            expected.add("/".join([BUNDLED[top], *path.parts[1:]]))
    assert names == expected


@pytest.mark.parametrize(
    "name",
    [
        "scoring/py.typed",
        "schemas/py.typed",
        "scoring/messages/zh/common.yaml",
        "scoring/messages/en/common.yaml",
        "schemas/tables.yaml",
        "schemas/supervision.yaml",
        "scoring/supervision/sampling/sampling.yaml",
        "scoring/supervision/sampling/checkpoints.yaml",
        "scoring/_bundled/weights/jiyuan-quarterly.yaml",
        "scoring/_bundled/weights/jiyuan-annual.yaml",
    ],
)
def test_the_wheel_carries_its_data(names: set[str], name: str) -> None:
    assert name in names


def test_the_wheel_carries_templates_and_styles(names: set[str]) -> None:
    templates = {name for name in names if name.startswith("scoring/_bundled/report_templates/")}
    assert any(name.endswith(".j2") for name in templates)
    assert any(name.endswith((".css", ".css.j2")) for name in templates)


def _normalised(requirement: str) -> str:
    """Write the package's name as PEP 503 does; what follows it stays as it is."""
    name = re.match(r"[\w.-]+", requirement)
    assert name is not None, requirement
    return re.sub(r"[-_.]+", "-", name[0]).lower() + requirement[name.end() :]


def test_the_command_and_the_requirements(root: Path, wheel: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    with zipfile.ZipFile(wheel) as archive:
        entry_points = archive.read(f"{INFO}/entry_points.txt").decode()
        metadata = HeaderParser().parsestr(archive.read(f"{INFO}/METADATA").decode())
    assert entry_points.split() == ["[console_scripts]", "townscore", "=", "scoring.cli:main"]
    assert metadata["Name"] == project["name"] == "townscore"
    assert metadata["Requires-Python"] == ">=3.11"
    required = metadata.get_all("Requires-Dist") or []
    runtime = sorted(_normalised(line) for line in required if "extra ==" not in line)
    assert runtime == sorted(map(_normalised, project["dependencies"]))


def test_the_wheel_finds_its_schemes_far_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    code = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); import scoring, schemas; from pathlib import Path;"
        "assert Path(scoring.__file__).parents[1] == Path(schemas.__file__).parents[1] == Path(sys.path[0]);"
        "from scoring.cli import main; sys.argv[0] = 'townscore'; main()"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(site), "init", str(tmp_path / "workspace")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert list((tmp_path / "workspace").rglob("jiyuan-quarterly.yaml"))
