"""The words that users read: one catalogue a language, one file a room of the house."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

LANGUAGES: Final = ("zh", "en")


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
    from ruamel.yaml import YAML  # late: `townscore --help` needs only a few sentences of one file

    if lang not in LANGUAGES:
        raise ValueError(f"unknown language {lang!r}")
    sentences: dict[str, str] = {}
    for file in sorted(files(__package__).joinpath(lang).iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".yaml"):
            continue
        for code, sentence in (YAML(typ="safe").load(file.read_text("utf-8")) or {}).items():
            if code in sentences:
                raise ValueError(f"{lang}/{file.name}: the code {code!r} stands in two files")
            sentences[code] = sentence
    return sentences


def say(code: str, lang: str = "zh", /, **parameters: object) -> str:
    """Return the sentence `code` in `lang` with its parameters filled in.

    Examples
    --------
    >>> say("list-comma", "en")
    ', '
    """
    return catalogue(lang)[code].format(**parameters)
