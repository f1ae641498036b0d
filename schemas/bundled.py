"""Reads the YAML files that come with the program: sentences, words, catalogues. Schemes are read by scoring/scheme."""

from __future__ import annotations

from typing import Any


def load(text: str) -> Any:
    """Return what a YAML text of ours holds; libyaml reads it in a hundredth of a second.

    Examples
    --------
    >>> load("a: [1, 'no']")
    {'a': [1, 'no']}
    """
    import yaml  # late: `townscore --help` reads one file

    return yaml.load(text, Loader=yaml.CSafeLoader)
