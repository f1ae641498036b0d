"""Cuts a font to the characters of GB 2312 and keeps the cut, so that each document has less to embed.

HarfBuzz does it in half a second where fontTools takes ten; it is there anyway, as WeasyPrint embeds fonts with it.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final

# Part of the cache's key: raise it when the flags below change.
_EDITION: Final = "1"
_READ_ONLY: Final = 1
_NO_HINTING: Final = 1
_FIRST: Final = 0xFFFFFFFF  # HB_SET_VALUE_INVALID: begin before the first
_DROPPED: Final = ("GSUB", "GDEF", "BASE", "DSIG")
# Latin with accents, general punctuation, fractions, arrows and signs, circled numbers, CJK punctuation, full width.
_RANGES: Final = (
    (0x20, 0x7F), (0xA0, 0x180), (0x2000, 0x2070), (0x20A0, 0x20C0), (0x2100, 0x2300), (0x2460, 0x2500),
    (0x2500, 0x2600), (0x3000, 0x3030), (0xFF00, 0xFFF0),
)  # fmt: skip


@cache
def common_characters() -> frozenset[int]:
    """Return the code points of GB 2312 and the punctuation that reports use."""
    points = {point for start, stop in _RANGES for point in range(start, stop)}
    for lead in range(0xA1, 0xF8):
        row = bytes(byte for trail in range(0xA1, 0xFF) for byte in (lead, trail))
        points.update(map(ord, row.decode("gb2312", errors="ignore")))
    return frozenset(points)


def cache_folder() -> Path:
    """Return the folder of this user where cut fonts lie."""
    root = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(root) / "townscore" / "fonts"


def cut(source: Path, index: int, points: Iterable[int] | None = None) -> bytes:
    """Return one font of a file, cut to `points`, from the cache or made now.

    A cache that cannot be written is no fault: the cut is made again the next time.

    Parameters
    ----------
    source
        A font file or a collection.
    index
        Which font of a collection.
    points
        The characters to keep; those of `common_characters` when None.

    Raises
    ------
    OSError
        HarfBuzz's subset library is not on this machine.
    ValueError
        The file is no font that HarfBuzz can read.
    """
    wanted = common_characters() if points is None else frozenset(points)
    # A font is known by its path, size and time: hashing 100 MB of fonts would cost every worker a quarter of a second.
    about = source.stat()
    described = (str(source.resolve()), about.st_size, about.st_mtime_ns, index, sorted(wanted), _EDITION)
    kept = cache_folder() / f"{hashlib.sha256(repr(described).encode()).hexdigest()[:32]}.otf"
    if kept.is_file() and kept.stat().st_size:
        return kept.read_bytes()
    made = few(source, index, wanted)
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        # Several workers may cut at once: each writes its own file and renames it, and all are equal.
        with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as part:
            part.write(made)
        Path(part.name).replace(kept)
    except OSError:
        pass
    return made


def few(source: Path, index: int, points: Iterable[int]) -> bytes:
    """Return one font of a file, cut to `points`, made now and kept nowhere; raise what `cut` raises."""
    return _subset(source.read_bytes(), index, points)


def drawn(source: Path, index: int) -> frozenset[int]:
    """Return the code points that one font of a file can draw.

    Raises
    ------
    OSError
        HarfBuzz is not on this machine.
    """
    shape, _ = subset_library()
    data = source.read_bytes()
    blob = shape.hb_blob_create(data, len(data), _READ_ONLY, None, None)
    face, points = shape.hb_face_create(blob, index), shape.hb_set_create()
    shape.hb_face_collect_unicodes(face, points)
    array = (ctypes.c_uint32 * shape.hb_set_get_population(points))()
    shape.hb_set_next_many(points, _FIRST, array, len(array))
    for release, owned in (
        (shape.hb_set_destroy, points),
        (shape.hb_face_destroy, face),
        (shape.hb_blob_destroy, blob),
    ):
        release(owned)
    return frozenset(array)


@cache
def subset_library() -> tuple[ctypes.CDLL, ctypes.CDLL]:
    """Load HarfBuzz; its pointers are declared, as ctypes would cut them to 32 bits."""
    shape, subset = ctypes.CDLL("libharfbuzz.so.0"), ctypes.CDLL("libharfbuzz-subset.so.0")
    pointer = ctypes.c_void_p
    signatures: tuple[tuple[Any, str, Any, list[Any]], ...] = (
        (shape, "hb_blob_create", pointer, [ctypes.c_char_p, ctypes.c_uint, ctypes.c_int, pointer, pointer]),
        (shape, "hb_blob_get_data", pointer, [pointer, ctypes.POINTER(ctypes.c_uint)]),
        (shape, "hb_blob_destroy", None, [pointer]),
        (shape, "hb_face_create", pointer, [pointer, ctypes.c_uint]),
        (shape, "hb_face_reference_blob", pointer, [pointer]),
        (shape, "hb_face_destroy", None, [pointer]),
        (shape, "hb_face_collect_unicodes", None, [pointer, pointer]),
        (shape, "hb_set_create", pointer, []),
        (shape, "hb_set_destroy", None, [pointer]),
        (shape, "hb_set_get_population", ctypes.c_uint, [pointer]),
        (shape, "hb_set_next_many", ctypes.c_uint, [pointer, ctypes.c_uint32, pointer, ctypes.c_uint]),
        (shape, "hb_set_add", None, [pointer, ctypes.c_uint]),
        (subset, "hb_subset_input_create_or_fail", pointer, []),
        (subset, "hb_subset_input_unicode_set", pointer, [pointer]),
        (subset, "hb_subset_input_set", pointer, [pointer, ctypes.c_int]),
        (subset, "hb_subset_input_set_flags", None, [pointer, ctypes.c_uint]),
        (subset, "hb_subset_input_destroy", None, [pointer]),
        (subset, "hb_subset_or_fail", pointer, [pointer, pointer]),
    )
    for library, name, result, arguments in signatures:
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return shape, subset


def _subset(data: bytes, index: int, points: Iterable[int]) -> bytes:
    shape, subset = subset_library()
    blob = shape.hb_blob_create(data, len(data), _READ_ONLY, None, None)
    face = shape.hb_face_create(blob, index)
    plan = subset.hb_subset_input_create_or_fail()
    kept = subset.hb_subset_input_unicode_set(plan)
    for point in sorted(points):
        shape.hb_set_add(kept, point)
    dropped = subset.hb_subset_input_set(plan, 3)  # HB_SUBSET_SETS_DROP_TABLE_TAG
    for tag in _DROPPED:
        shape.hb_set_add(dropped, int.from_bytes(tag.encode(), "big"))
    subset.hb_subset_input_set_flags(plan, _NO_HINTING)
    cut_face = subset.hb_subset_or_fail(face, plan)
    if not cut_face:
        raise ValueError("HarfBuzz cannot cut this font")
    made = shape.hb_face_reference_blob(cut_face)
    length = ctypes.c_uint()
    result = ctypes.string_at(shape.hb_blob_get_data(made, ctypes.byref(length)), length.value)
    for owned in (made, blob):
        shape.hb_blob_destroy(owned)
    for owned in (face, cut_face):
        shape.hb_face_destroy(owned)
    subset.hb_subset_input_destroy(plan)
    return result
