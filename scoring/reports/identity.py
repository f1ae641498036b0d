"""What the bytes of a paper depend on besides its text: programs, libraries and fonts, as a hash is made of them."""

from __future__ import annotations

import hashlib
import platform
import re
import zlib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scoring.digest import file_hash
from scoring.reports.fonts import Face, faces
from scoring.reports.templates import templates_folder

if TYPE_CHECKING:
    from scoring.reports.settings import Settings

_PACKAGES: Final = (
    "polars",
    "weasyprint",
    "pydyf",
    "fonttools",
    "cssselect2",
    "tinycss2",
    "tinyhtml5",
    "pillow",
    "jinja2",
)
_COUNTING: Final = ("polars", "pydantic", "chinesecalendar")
"""What prices findings, besides Python."""
_OURS: Final = ("fonts", "identity", "page", "render", "shortcuts", "stamping", "subset")
"""Modules that stand between the text of a paper and its bytes."""
_LIBRARIES: Final = re.compile(r"/\S*/lib(?:pango|harfbuzz|freetype|fontconfig|glib)[^/\s]*\.so\S*")
_HERE: Final = Path(__file__).resolve().parent

_said: dict[str, dict[str, str]] = {}


def identity(available: Mapping[str, Face]) -> tuple[object, ...]:
    """Return what tells libraries, modules and fonts from any others here; a font is known by path, size and time."""
    about = {role: (face.path.stat(), face) for role, face in available.items()}
    return (
        _libraries(),
        _modules(),
        tuple(
            (role, str(face.path.resolve()), face.index, stat.st_size, stat.st_mtime_ns)
            for role, (stat, face) in sorted(about.items(), key=lambda item: item[0])
        ),
    )


def fingerprint(settings: Settings) -> dict[str, str]:
    """Return what machines must have in common to make equal papers, a hash each: program, libraries, fonts, templates.

    A process says for good what it found first: what it has loaded is not read again.

    Raises
    ------
    MissingLibrary
        A font that the bureau named is not there.
    """
    told = repr(settings)
    if told not in _said:
        _said[told] = _fingerprint(settings)
    return _said[told]


def fingerprint_of_scoring() -> dict[str, str]:
    """Return what machines must have in common to price findings alike: program and libraries, without what prints."""
    versions = [platform.python_version(), *((name, _version(name)) for name in _COUNTING)]
    return {"program": _program(), "libraries": _hash(map(str, versions))}


def _fingerprint(settings: Settings) -> dict[str, str]:
    found = faces(settings.fonts, settings.lang)
    folders = [templates_folder(), *([settings.templates] if settings.templates else [])]
    return {
        "program": _program(),
        "libraries": _hash(map(str, _libraries())),
        "fonts": _hash(f"{role} {face.index} {_content(face.path)}" for role, face in sorted(found.items())),
        "templates": _hash(line for folder in folders for line in _files(folder)),
    }


@cache
def _libraries() -> tuple[object, ...]:
    from scoring.reports import page  # noqa: F401 - loads them

    loaded = {Path(path) for path in _LIBRARIES.findall(Path("/proc/self/maps").read_text())}
    packages = [(name, _version(name)) for name in _PACKAGES]
    return (
        platform.python_version(),
        zlib.ZLIB_RUNTIME_VERSION,
        *packages,
        *sorted((path.name, file_hash(path)) for path in loaded),
    )


@cache
def _modules() -> tuple[str, ...]:
    return tuple(file_hash(_HERE / f"{name}.py") for name in _OURS)


@cache
def _program() -> str:
    return _hash([*_files(_HERE.parent), *_files(_HERE.parents[1] / "schemas")])


@cache
def _content(path: Path) -> str:
    return file_hash(path)


def _files(folder: Path) -> list[str]:
    """Return a line for each file of a folder that is none of the machine's own."""
    return [
        f"{path.relative_to(folder).as_posix()} {file_hash(path)}"
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".pyc" and not path.name.startswith(".")
    ]


def _hash(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "-"
