"""manifest.json: what a run was made from and what it made, by hash; equal facts and settings give equal bytes."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scoring.assessment import Assessment
from scoring.digest import file_hash
from scoring.reports.settings import Settings

if TYPE_CHECKING:
    from scoring.jobs import Job

NAME: Final = "manifest.json"
_VERSIONED: Final = ("townscore", "polars", "weasyprint", "jinja2", "fonttools", "xlsxwriter", "python-docx")


def write_manifest(job: Job, inputs: Mapping[str, str], assessment: Assessment, folder: Path) -> None:
    """Write the manifest of a finished folder. No time, no user, no path of the machine stands in it.

    Parameters
    ----------
    inputs
        Name and SHA-256 of every file that was read.
    folder
        Holds every other file of the run.
    """
    head = assessment.head
    manifest = {
        "run_code": head["run_code"],
        "period": head["period"]["id"],
        "as_of": head["as_of"],
        "stage": head["stage"],
        "incomplete": head["incomplete"],
        "seed": 0,  # nothing is drawn by lot; example data has a seed of its own
        "inputs": dict(inputs),
        "scheme": {"file": job.scheme.file, "sha256": job.scheme.sha256},
        "holidays": job.holidays,
        "settings": _settings(job.settings),
        "formats": sorted(job.formats),
        "templates": _templates(job.settings),
        "fonts": _fonts(job.settings) if "pdf" in job.formats else {},
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in _VERSIONED}},
        "files": {
            path.relative_to(folder).as_posix(): file_hash(path) for path in sorted(folder.rglob("*")) if path.is_file()
        },
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / NAME).write_text(text + "\n", "utf-8")


def _settings(settings: Settings) -> dict[str, Any]:
    """Return what the bureau said about its papers; files are told by their hashes, not by where they lie."""
    told = {field.name: getattr(settings, field.name) for field in fields(settings)}
    return {
        name: value if isinstance(value, str | int | None) else value.isoformat()
        for name, value in told.items()
        if name not in {"fonts", "templates"}
    }


def _templates(settings: Settings) -> dict[str, str]:
    from scoring.reports.templates import templates_folder

    folders = {"shipped": templates_folder()}
    if settings.templates:
        folders["own"] = settings.templates
    return {
        f"{owner}/{path.relative_to(folder).as_posix()}": file_hash(path)
        for owner, folder in folders.items()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def _fonts(settings: Settings) -> dict[str, dict[str, str | int]]:
    from scoring.reports.fonts import faces

    found = faces(settings.fonts, settings.lang)
    hashes = {face.path: file_hash(face.path) for face in found.values()}
    return {
        role: {"file": face.path.name, "index": face.index, "sha256": hashes[face.path]} for role, face in found.items()
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "-"
