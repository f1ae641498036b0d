"""The published inspections where they are there, and the command that scores them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.oracles import convert

WEIGHTS = Path(__file__).parent


@pytest.fixture(scope="session")
def published(root):
    """The folder of published inspections, beside the project; nothing of it is copied into the project."""
    folder = root.parent / "shared" / "oracles"
    if not folder.is_dir():
        pytest.skip("the published inspections are not beside the project: ../shared/oracles")
    return folder


@dataclass(frozen=True)
class Ran:
    """What `townscore run LABEL --formats csv` left: its exit code, what it said, and the folder that it wrote."""

    code: int
    said: str
    out: Path
    label: str

    def rows(self, name):
        return convert.read(self.out / name, encoding="utf-8-sig")

    @property
    def scores(self):
        assert self.code == 0, self.said
        return {row["town_code"]: row["score"] for row in self.rows(f"{self.label}/scores.csv")}

    @property
    def places(self):
        """Every town's place; equal scores share one."""
        return {row["town_code"]: int(row["rank"]) for row in self.rows(f"{self.label}/scores.csv")}


@pytest.fixture(scope="session")
def score(tmp_path_factory):
    """Run the command on a data folder; the label is the weights file's name and its one declared interval."""

    def run(label, data, *options, weights=None):
        out = tmp_path_factory.mktemp(label) / "out"
        words = ["run", label, "--formats", "csv", "--lang", "en", "--data", data, "--out", out, *options]
        words += ["--weights", weights or WEIGHTS / f"{label}.yaml"]
        ran = subprocess.run(
            [sys.executable, "-c", "from scoring.cli import main; main()", *map(str, words)],
            cwd=out.parent,
            capture_output=True,
            text=True,
            check=False,
        )
        return Ran(ran.returncode, ran.stdout + ran.stderr, out, label)

    return run


@pytest.fixture(scope="session")
def king_county(published, score, tmp_path_factory):
    """The data folder of King County, and what the command made of it."""
    data = tmp_path_factory.mktemp("king-county")
    convert.king_county(published, data)
    return data, score("kc", data)


@pytest.fixture(scope="session")
def san_francisco(published, score, tmp_path_factory):
    """The data folder of San Francisco with all its dirt, and what the command made of it with bad rows set aside."""
    data = tmp_path_factory.mktemp("san-francisco")
    convert.san_francisco(published, data)
    return data, score("sf", data, "--set-aside")


@pytest.fixture(scope="session")
def warnings():
    """What `townscore weights check` says of a weights file beyond that it can be used."""
    from scoring.scheme import lint, load_scheme

    return lambda label: [str(found) for found in lint(load_scheme(WEIGHTS / f"{label}.yaml", "en"), "en")]
