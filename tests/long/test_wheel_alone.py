"""The wheel, installed alone in a fresh virtual environment far from the checkout, does the main job on the example."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PERIODS = ("2025Q1", "2025Q2", "2025Q3", "2025Q4")


def _run(*command: str | Path, cwd: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    ran = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, f"{command}: {ran.stdout[-2000:]}{ran.stderr[-2000:]}"


def test_the_wheel_alone_runs_the_example_year(tmp_path: Path) -> None:
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path / "dist", ROOT, cwd=ROOT)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    _run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    # The lock's versions, taken only as constraints: what is installed is what the wheel itself asks for.
    constraints = tmp_path / "constraints.txt"
    lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    constraints.write_text("\n".join(line.rstrip(" \\") for line in lines if line[:1].isalnum()), "utf-8")
    _run(tmp_path / "venv/bin/pip", "install", "--quiet", "--constraint", constraints, wheel, cwd=tmp_path)
    _run(tmp_path / "venv/bin/townscore", "demo", tmp_path / "example", cwd=tmp_path)
    for period in PERIODS:
        (folder,) = (tmp_path / "example").rglob(period)
        assert (folder / "report.pdf").read_bytes().startswith(b"%PDF-")
        assert len(list((folder / "towns").glob("*.pdf"))) == 16
