"""sampling.yaml and checkpoints.yaml: how much is drawn, what first, and what a work sheet asks."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field

from schemas.amount import parse_amount, write_amount
from schemas.scheme.base import Part
from scoring.config import read_settings
from scoring.scheme import nodes
from scoring.scheme.problems import Collector
from scoring.supervision.sampling.drawing import Rules

POLICY: Final = "sampling.yaml"
POINTS: Final = "checkpoints.yaml"
Sign = Literal["kin", "earlier_problem", "village", "handler", "first_handled"]
_PERCENT: Final = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)%", re.ASCII)


def parse_share(value: object) -> Fraction:
    """Return a share above 0 and at most 1: `30%`, `0.3`, `3/10`.

    Raises
    ------
    ValueError
        It is no such share.

    Examples
    --------
    >>> parse_share("30%"), parse_share("1/2")
    (Fraction(3, 10), Fraction(1, 2))
    """
    match = _PERCENT.fullmatch(str(value).strip())
    try:
        share = Fraction(match[1]) / 100 if match else parse_amount(value)
    except ValueError:
        raise ValueError("bad-share") from None
    if not 0 < share <= 1:
        raise ValueError("bad-share")
    return share


def percent(share: Fraction) -> str:
    """Return a share as it is written.

    Examples
    --------
    >>> percent(Fraction(3, 10)), percent(Fraction(1, 3))
    ('30%', '1/3')
    """
    text = write_amount(share * 100)
    return write_amount(share) if "/" in text else f"{text}%"


_Share = Annotated[Fraction, BeforeValidator(parse_share)]


class Often(Part):
    """From how many findings in so many months a village or a handler has had problems."""

    findings: Annotated[int, Field(ge=1)]
    months: Annotated[int, Field(ge=1, le=60)]


class Risk(Part):
    """What is taken first, and how much of a town's draw at most."""

    first: tuple[Sign, ...]
    most: _Share
    village: Often
    handler: Often


class LookBack(Part):
    """How many of the findings closed in so many months are looked at again."""

    share: _Share
    months: Annotated[int, Field(ge=1, le=60)]


class _Policy(Part):
    least: _Share | None = None
    share: _Share | None = None
    risk: Risk | None = None
    look_back: LookBack | None = None


class Point(Part):
    """A question of the work sheet; see checkpoints.yaml."""

    id: Annotated[str, Field(min_length=1)]
    item: int
    label: str
    label_en: str
    ask: str
    ask_en: str
    problem: str
    problem_en: str
    indicator: str
    measure: str | None = None
    severity: str
    problem_type: str
    only: tuple[str, ...] = ()
    disputed: bool = False
    aside: bool = False
    amount: bool = False
    open: bool = False

    def called(self, lang: str) -> str:
        """Return the point's heading."""
        return self.label if lang == "zh" else self.label_en

    def asked(self, lang: str) -> str:
        """Return what is to be looked at."""
        return self.ask if lang == "zh" else self.ask_en

    def fault(self, lang: str) -> str:
        """Return what is wrong where it is not met."""
        return self.problem if lang == "zh" else self.problem_en

    def applies(self, programme: str | None, *, disputed: bool) -> bool:
        """Tell whether the point is usually looked at in such a case."""
        return not self.aside and (not self.disputed or disputed) and (not self.only or programme in self.only)


class _Points(Part):
    points: Annotated[tuple[Point, ...], Field(min_length=1)] | None = None


@dataclass(frozen=True)
class Policy:
    """What is drawn; `sha256` binds the files that say so.

    Attributes
    ----------
    least
        What the notice asks of the bureau.
    share
        What is drawn, at least `least`.
    """

    least: Fraction
    share: Fraction
    risk: Risk
    look_back: LookBack
    sha256: str

    def rules(self, share: Fraction | None = None) -> Rules:
        """Return the rules of the monthly draw."""
        return Rules(share or self.share, self.risk.first, self.risk.most)


def read_policy(root: Path, lang: str) -> Policy:
    """Return the workspace's policy: its own sampling.yaml, key by key, over the shipped one.

    Raises
    ------
    ConfigError
        Every mistake of the workspace's file, with its line.
    """
    shipped, own = _both(root, POLICY, _Policy, lang)
    said = own or shipped
    chosen = {name: getattr(said, name) or getattr(shipped, name) for name in _Policy.model_fields}
    return Policy(**chosen, sha256=_sha256(chosen))


def _sha256(value: Mapping[str, Any]) -> str:
    """Return the hash of what is said, however it is written."""

    def plain(value: Any) -> Any:
        return {name: plain(one) for name, one in value} if isinstance(value, Part) else value

    text = json.dumps({name: plain(one) for name, one in value.items()}, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def read_points(root: Path, lang: str) -> tuple[Point, ...]:
    """Return the points of the work sheets: the workspace's own checkpoints.yaml, or else the shipped ones.

    Raises
    ------
    ConfigError
        Every mistake of the workspace's file, with its line.
    """
    shipped, own = _both(root, POINTS, _Points, lang)
    points: tuple[Point, ...] = (own.points if own else None) or shipped.points
    return points


def _both(root: Path, name: str, shape: Any, lang: str) -> tuple[Any, Any]:
    """Return what the shipped file says, and the workspace's, None where it has none."""
    shipped = read_settings(Path(str(files(__package__).joinpath(name))), shape, lang, _check)
    path = root / name
    if not path.is_file():
        return shipped, None
    least = getattr(shipped, "least", None)
    return shipped, read_settings(path, shape, lang, partial(_check, least=least))


def _check(root: nodes.Mapping, problems: Collector, *, least: Fraction | None = None) -> None:
    """Refuse a share below what the notice asks, and points that cannot be told apart."""
    shares = {name: node for name in ("least", "share") if isinstance(node := root.values.get(name), nodes.Scalar)}
    with suppress(ValueError):  # said by its type
        least = parse_share(shares["least"].text) if "least" in shares else least
        if least and "share" in shares and parse_share(shares["share"].text) < least:
            problems.error(root.key_lines["share"], "sampling-share", least=percent(least))
    points = root.values.get("points")
    rows = [row for row in points.items if isinstance(row, nodes.Mapping)] if isinstance(points, nodes.Sequence) else []
    for name in ("id", "label", "label_en", "measure"):
        told = [(node.text, row.line) for row in rows if isinstance(node := row.values.get(name), nodes.Scalar)]
        often = Counter(text for text, _ in told)
        for text, line in told:
            if often[text] > 1:
                problems.error(line, "sampling-point-twice", key=name, value=text)
