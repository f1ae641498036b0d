"""A weights file → a `Scheme` whose every piece knows its line, or every problem at once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from schemas.scheme import Scheme
from schemas.scheme.base import Part
from scoring.scheme.amounts import check_amounts
from scoring.scheme.fields import check_conditions
from scoring.scheme.nodes import MAX_BYTES, Mapping, Node, Sequence, UnreadableError, read_tree
from scoring.scheme.problems import Collector, SchemeError
from scoring.scheme.references import check_references
from scoring.scheme.slips import name_slips
from scoring.scheme.translate import translate


@dataclass(frozen=True)
class LoadedScheme:
    """A scheme with the text that it was read from.

    Attributes
    ----------
    file
        The file's name, without its folder.
    text
        The file as it stands, without a byte order mark.
    content, sha256
        The file's bytes, and their hash.
    """

    scheme: Scheme
    file: str
    text: str
    sha256: str
    content: bytes = b""


def load_scheme(path: Path, lang: str = "zh") -> LoadedScheme:
    """Read and check a weights file.

    Parameters
    ----------
    path
        A UTF-8 file of at most 2 MB holding one YAML 1.2 mapping.
    lang
        The language of the problems: zh or en.

    Raises
    ------
    SchemeError
        With every problem of the first stage that has any: the text, then keys and values, then what two places say.
    """
    return parse_scheme(_read(path, Collector(path.name, lang)), path.name, lang)


@lru_cache(maxsize=64)
def parse_scheme(content: bytes, file: str, lang: str = "zh") -> LoadedScheme:
    """Check what a weights file holds, or is to hold; take and raise what `load_scheme` does.

    A command asks for the same file several times: what it holds is checked once.

    Raises
    ------
    SchemeError
        With every problem of the first stage that has any.
    """
    scheme, text = _parse(content, Collector(file, lang))
    return LoadedScheme(scheme, file, text, hashlib.sha256(content).hexdigest(), content)


def _read(path: Path, problems: Collector) -> bytes:
    try:
        if not path.is_file():
            problems.error(0, "no-file")
            raise SchemeError(problems.in_order())
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError):
        problems.error(0, "unreadable-file")
        raise SchemeError(problems.in_order()) from None
    if len(content) > MAX_BYTES:
        problems.error(0, "too-large", limit=MAX_BYTES)
        raise SchemeError(problems.in_order())
    return content


def _parse(content: bytes, problems: Collector) -> tuple[Scheme, str]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problems.error(content.count(b"\n", 0, error.start) + 1, "not-utf8")
        raise SchemeError(problems.in_order()) from None
    try:
        root = read_tree(text, problems)
    except UnreadableError:
        name_slips(text, problems)
        raise SchemeError(problems.in_order()) from None
    if problems.found:
        name_slips(text, problems)
        raise SchemeError(problems.in_order())
    try:
        scheme = Scheme.model_validate(root.plain())
    except ValidationError as error:
        translate(error.errors(include_url=False), root, problems)
        name_slips(text, problems)
        raise SchemeError(problems.in_order()) from None
    attach_lines(scheme, root)
    for check in (check_references, check_conditions, check_amounts):
        check(scheme, root, problems)
    if problems.found:
        raise SchemeError(problems.in_order())
    return scheme, text


def attach_lines(value: object, node: Node) -> None:
    """Tell every piece of a scheme the line that it begins on."""
    if isinstance(value, Part):
        value._line = node.line  # noqa: SLF001 - the loader is the one writer of this attribute
        if isinstance(node, Mapping):
            value._key_lines = node.key_lines  # noqa: SLF001
            for name, field in type(value).model_fields.items():
                key = field.alias or name
                if key in node.values:
                    attach_lines(getattr(value, name), node.values[key])
    elif isinstance(value, tuple) and isinstance(node, Sequence):
        for item, child in zip(value, node.items, strict=False):
            attach_lines(item, child)
    elif isinstance(value, dict) and isinstance(node, Mapping):
        for key, item in value.items():
            attach_lines(item, node.values[key])
