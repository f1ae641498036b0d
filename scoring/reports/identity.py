"""What the bytes of a paper depend on besides its text: programs, libraries and fonts, as a hash is made of them."""

from __future__ import annotations

import hashlib
import platform
import re
import zlib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from scoring.reports.fonts import Face

_PACKAGES: Final = ("weasyprint", "pydyf", "fonttools", "cssselect2", "tinycss2", "tinyhtml5", "pillow")
_OURS: Final = ("fonts", "identity", "page", "render", "stamping", "subset")
"""Modules that stand between the text of a paper and its bytes."""
_LIBRARIES: Final = re.compile(r"/\S*/lib(?:pango|harfbuzz|freetype|fontconfig|glib)[^/\s]*\.so\S*")


def identity(faces: Mapping[str, Face]) -> tuple[object, ...]:
    """Return what tells programs and fonts from any others; a font is known by its path, size and time."""
    about = {role: (face.path.stat(), face) for role, face in faces.items()}
    return _program(), tuple(
        (role, str(face.path.resolve()), face.index, stat.st_size, stat.st_mtime_ns)
        for role, (stat, face) in sorted(about.items(), key=lambda item: item[0])
    )


@cache
def _program() -> tuple[object, ...]:
    here = Path(__file__).parent
    ours = [hashlib.sha256((here / f"{name}.py").read_bytes()).hexdigest() for name in _OURS]
    loaded = sorted(set(_LIBRARIES.findall(Path("/proc/self/maps").read_text())))
    libraries = [(path, (about := Path(path).stat()).st_size, about.st_mtime_ns) for path in loaded]
    packages = [(name, _version(name)) for name in _PACKAGES]
    return (platform.python_version(), zlib.ZLIB_RUNTIME_VERSION, *packages, *ours, *libraries)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "-"
