"""Every single value of a scheme with the place it is written at: what a workbook can show and an edit can change.

The scheme's own models say which values there are; the file says which of them are written, and how.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Final, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from schemas.amount import write_amount
from schemas.scheme import Scheme
from schemas.scheme.base import Part
from schemas.scheme.conditions import Test
from scoring.revising.edit import Piece

Kind = Literal["amount", "whole", "yes", "choice", "text", "day", "conditions"]
Path = tuple[str, ...]
_PLAIN: Final[Mapping[type, Kind]] = {Fraction: "amount", bool: "yes", int: "whole", str: "text", date: "day"}


@dataclass(frozen=True)
class Slot:
    """A value of a scheme.

    Attributes
    ----------
    path
        Keys, ids of list items, or their place counted from 1.
    kind
        What may stand there; `choice` one of `choices`, an `amount` one of them too where it has any.
    text
        The value as it is written (conditions without their braces); None where the file does not write it.
    default
        What holds where it is not written; None where nothing does.
    needed
        The file must write it.
    """

    path: Path
    kind: Kind
    choices: tuple[str, ...] = ()
    text: str | None = None
    default: str | None = None
    needed: bool = False


def slots_of(root: Piece) -> list[Slot]:
    """Return the values of a scheme's file in the order of its models, list items in the order of the file."""
    return list(_of_part(Scheme, root, ()))


def _of_part(model: type[BaseModel], piece: Piece | None, path: Path) -> Iterator[Slot]:
    for name, field in model.model_fields.items():
        key = field.alias or name
        inner = piece.get(key) if piece is not None else None
        default = None if field.default is PydanticUndefined else field.default
        yield from _of(field.annotation, inner, (*path, key), default, needed=field.is_required() and piece is not None)


def _of(annotation: Any, piece: Piece | None, path: Path, default: object, *, needed: bool = False) -> Iterator[Slot]:
    kinds = list(_members(annotation))
    choices = tuple(str(word) for kind in kinds if get_origin(kind) is Literal for word in get_args(kind))
    plain = next((_PLAIN[kind] for kind in kinds if kind in _PLAIN), None)
    lists = [kind for kind in kinds if get_origin(kind) is tuple]
    if any(_conditional(kind) for kind in kinds):
        yield Slot(path, "conditions", text=None if piece is None else flow_of(piece))
    elif lists and (piece is None or piece.kind == "sequence" or plain is None):
        if piece is not None:
            of = get_args(lists[0])
            for number, item in enumerate(piece.items):
                step = str(number + 1)
                if (own := item.get("id")) is not None and own.text:
                    step = own.text
                yield from _of(of[0] if len(of) == 2 and of[1] is Ellipsis else of[number], item, (*path, step), None)
    elif plain is not None or choices:
        kind = plain if plain is not None else "choice"
        written = None if piece is None else piece.text
        yield Slot(path, kind, choices, written, _default(default), needed)
    elif mapped := [kind for kind in kinds if get_origin(kind) is dict]:
        for _, key, value in piece.entries if piece is not None else ():
            yield from _of(get_args(mapped[0])[1], value, (*path, key), None, needed=True)
    else:
        models = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Part)]
        if piece is None and not isinstance(default, Part):
            return
        yield from _of_part(_chosen(models, piece, default), piece, path)


def _chosen(models: list[type[Part]], piece: Piece | None, default: object) -> type[Part]:
    """Return the model of a union that the file's own word (`kind`, `by`) asks for."""
    if len(models) == 1 or piece is None:
        return type(default) if isinstance(default, Part) else models[0]
    for model in models:
        for name in ("kind", "by"):
            told = piece.get(name)
            if name in model.model_fields and told is not None:
                if told.text in get_args(model.model_fields[name].annotation):
                    return model
                break
    return models[0]


def _members(annotation: Any) -> Iterator[Any]:
    """Give what a type may be, without what annotates it and without None."""
    origin = get_origin(annotation)
    if origin in {Union, types.UnionType}:
        for member in get_args(annotation):
            yield from _members(member)
    elif hasattr(annotation, "__metadata__"):
        yield from _members(annotation.__origin__)
    elif annotation is not type(None):
        yield annotation


def _conditional(kind: Any) -> bool:
    return get_origin(kind) is dict and get_args(kind)[1] is Test


def _default(value: object) -> str | None:
    if isinstance(value, Fraction):
        return write_amount(value)
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None or isinstance(value, (Part, tuple, dict)) else str(value)


def flow_of(piece: Piece) -> str:
    """Write conditions on one line, as they stand between braces."""
    return _plain(piece).removeprefix("{").removesuffix("}")


def _plain(piece: Piece) -> str:
    if piece.kind == "mapping":
        return "{" + ", ".join(f"{key}: {_plain(value)}" for _, key, value in piece.entries) + "}"
    if piece.kind == "sequence":
        return "[" + ", ".join(_plain(item) for item in piece.items) + "]"
    text = piece.text or ""
    # As a reader of the line would have to write it.
    dumped = yaml.safe_dump(text, default_flow_style=True, allow_unicode=True, width=10**6)
    return text if piece.kind == "scalar" and not piece.quoted else dumped.removesuffix("\n...\n").strip()


__all__ = ["Kind", "Path", "Slot", "flow_of", "slots_of"]
