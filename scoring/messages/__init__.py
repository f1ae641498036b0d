"""The words that users read: one catalogue a language, one file a room of the house."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from schemas.bundled import load

LANGUAGES: Final = ("zh", "en")
# Not importlib.resources, which `townscore --help` would wait for.
_HERE: Final = Path(__file__).parent


@cache
def catalogue(lang: str) -> dict[str, str]:
    """Return every sentence of one language by its code.

    Parameters
    ----------
    lang
        One of `LANGUAGES`.

    Raises
    ------
    ValueError
        A code stands in two files, or the language is unknown.
    """
    if lang not in LANGUAGES:
        raise ValueError(f"unknown language {lang!r}")
    sentences: dict[str, str] = {}
    for file in sorted(entry.name for entry in (_HERE / lang).glob("*.yaml")):
        for code, sentence in _room(lang, file).items():
            if code in sentences:
                raise ValueError(f"{lang}/{file}: the code {code!r} stands in two files")
            sentences[code] = sentence
    return sentences


@cache
def _room(lang: str, file: str) -> dict[str, str]:
    return load((_HERE / lang / file).read_text("utf-8")) or {}


def say(code: str, lang: str = "zh", /, **parameters: object) -> str:
    """Return the sentence `code` in `lang` with its parameters filled in.

    Examples
    --------
    >>> say("list-comma", "en")
    ', '
    """
    # `townscore --help` needs this one file, and reading all of them takes longer than the rest of it.
    first = _room(lang, "cli.yaml") if code.startswith("cli-") and lang in LANGUAGES else {}
    return (first.get(code) or catalogue(lang)[code]).format(**parameters)
