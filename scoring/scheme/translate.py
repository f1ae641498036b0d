"""Pydantic's errors → problems with file, line, and the nearest valid key or word."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from schemas.scheme import Scheme
from scoring.messages import say
from scoring.scheme.nodes import Mapping, Node, Scalar, Sequence, locate
from scoring.scheme.problems import Collector, nearest

# What the models themselves raise (ValueError("range-reversed")); each has a sentence of its own.
_OWN: Final = frozenset(
    {
        "bad-identifier",
        "bad-date",
        "bad-share",
        "not-exact",
        "empty-condition",
        "gate-grade",
        "range-reversed",
        "one-window",
        "roll-up-count",
        "roll-up-sum",
        "multipliers-fall",
        "price-missing",
        "dates-reversed",
        "goalposts-equal",
        "one-shape",
        "band-edge",
        "one-bound",
        "trend-baseline",
        "trend-baseline-zero",
        "trend-band-edge",
        "relative-price",
    }
)
_BOUNDS: Final = {
    "greater_than": ("gt", ">"),
    "greater_than_equal": ("ge", "≥"),
    "less_than": ("lt", "<"),
    "less_than_equal": ("le", "≤"),
}
_KINDS: Final = {
    "string_type": "want-text",
    "bool_type": "want-true-false",
    "bool_parsing": "want-true-false",
    "int_type": "want-whole",
    "int_parsing": "want-whole",
    "int_from_float": "want-whole",
    "tuple_type": "want-list",
    "dict_type": "want-keys",
    "model_type": "want-keys",
    "model_attributes_type": "want-keys",
    "too_short": "too-short",
    "too_long": "too-long",
    "string_too_short": "want-reason",
    "string_pattern_mismatch": "want-month-day",
    "date_parsing": "no-such-day",
    "date_from_datetime_parsing": "no-such-day",
}


def translate(errors: list[ErrorDetails], root: Mapping, problems: Collector, shape: object = Scheme) -> None:
    """Collect one problem for each place that pydantic refuses; `shape` is the type that was asked for.

    Where a value may be of several kinds, pydantic reports every branch: those that ask for another kind of YAML node
    than stands there are dropped, and of what remains at one place the sentences are joined to one.
    """
    by_place: dict[tuple[str | int, ...], list[ErrorDetails]] = {}
    for error in errors:
        _, _, taken = locate(root, error["loc"])
        extra = (error["loc"][-1],) if error["type"] in {"extra_forbidden", "missing"} else ()
        by_place.setdefault((*taken, *extra), []).append(error)
    for place, group in by_place.items():
        deeper = any(len(other) > len(place) and other[: len(place)] == place for other in by_place)
        kinds = {error["type"] for error in group}
        if deeper and len(group) == 1 and kinds <= {*_KINDS, "literal_error"}:
            continue  # the other branch of a union, whose true branch is already reported further in
        likely = _likely(group, locate(root, place)[0])
        _one(likely, place, root, problems, shape)


def _likely(group: list[ErrorDetails], node: Node) -> list[ErrorDetails]:
    wrong = {
        Scalar: {"want-list", "want-keys"},
        Sequence: {"want-text", "want-keys"},
        Mapping: {"want-text", "want-list"},
    }[type(node)]
    fitting = [error for error in group if _KINDS.get(error["type"]) not in wrong]
    return fitting or group[:1]


def _one(
    group: list[ErrorDetails], place: tuple[str | int, ...], root: Mapping, problems: Collector, shape: object
) -> None:
    error = group[0]
    node, line, taken = locate(root, place)
    key = str(next((step for step in reversed(place) if isinstance(step, str)), ""))
    where = _path(place)
    text = node.text if isinstance(node, Scalar) else ""
    kind, context = error["type"], error.get("ctx") or {}
    words = [word for one in group for word in _expected(one)]
    if kind == "missing":
        problems.error(node.line if len(place) > 1 else 1, "key-missing", key=key, where=_path(taken) or problems.file)
    elif kind == "extra_forbidden":
        problems.error(line, "key-unknown", key=key, hint=problems.hint(key, keys_at(error["loc"][:-1], shape)))
    elif kind == "union_tag_not_found":
        name = str(context["discriminator"]).strip("'")
        problems.error(
            line, "kind-missing", key=name, where=where, choices=_listed(_tags(error["loc"], shape), problems)
        )
    elif words:
        exact = say("scheme-or-amount", problems.lang) if any(_own(one) == "not-exact" for one in group) else ""
        shown = text or str(context.get("tag", ""))
        problems.error(
            line,
            "word-unknown",
            key=str(context.get("discriminator", key)).strip("'"),
            word=shown,
            choices=_listed(words, problems) + exact,
            hint=problems.hint(shown, words) if nearest(shown, words) else "",
        )
    elif kind in _BOUNDS:
        name, sign = _BOUNDS[kind]
        problems.error(line, "out-of-bounds", key=key, value=text, sign=sign, bound=str(context[name]))
    elif _own(error) == "not-exact" and text.endswith("%"):
        problems.error(line, "percent-sign", key=key, value=text)
    elif (own := _own(error)) in _OWN:
        problems.error(line, own, key=key, value=text)
    else:
        problems.error(line, _KINDS.get(kind, "bad-value"), key=key, value=text)


def _own(error: ErrorDetails) -> str:
    return str((error.get("ctx") or {}).get("error", "")) if error["type"] == "value_error" else ""


def _expected(error: ErrorDetails) -> list[str]:
    context = error.get("ctx") or {}
    if error["type"] == "union_tag_invalid":
        return re.findall(r"'([^']+)'", str(context["expected_tags"]))
    return re.findall(r"'([^']+)'", str(context["expected"])) if error["type"] == "literal_error" else []


def _listed(words: list[str], problems: Collector) -> str:
    return say("list-comma", problems.lang).join(words)


def _path(place: tuple[str | int, ...]) -> str:
    return ".".join(str(step + 1) if isinstance(step, int) else step for step in place)


def _leaves(annotation: object) -> list[object]:
    """Return the kinds that a type may be, unions and Annotated taken apart."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _leaves(get_args(annotation)[0])
    if origin is Union or type(annotation).__name__ == "UnionType":
        return [leaf for option in get_args(annotation) for leaf in _leaves(option)]
    return [annotation]


def _step(leaf: object, step: str | int) -> object:
    """Return the type one step further in, None where the type has no such step."""
    if isinstance(leaf, type) and issubclass(leaf, BaseModel):
        for name, field in leaf.model_fields.items():
            if step == (field.alias or name):
                return field.annotation
    elif get_origin(leaf) is tuple and isinstance(step, int):
        parts = get_args(leaf)
        return parts[0] if parts[-1] is Ellipsis else parts[min(step, len(parts) - 1)]
    elif get_origin(leaf) is dict and isinstance(step, str):
        return get_args(leaf)[1]
    return None


def _models(loc: tuple[str | int, ...], shape: object) -> list[type[BaseModel]]:
    leaves: list[object] = [shape]
    for step in loc:
        further = [option for leaf in leaves if (option := _step(leaf, step)) is not None]
        tagged = [leaf for leaf in leaves if step in _literals(leaf)]
        if further:
            leaves = [leaf for option in further for leaf in _leaves(option)]
        elif tagged:
            leaves = tagged
    return [leaf for leaf in leaves if isinstance(leaf, type) and issubclass(leaf, BaseModel)]


def _literals(leaf: object) -> tuple[str, ...]:
    """Return the words of the key that tells a union's members apart."""
    if isinstance(leaf, type) and issubclass(leaf, BaseModel):
        for name in ("kind", "by"):
            field = leaf.model_fields.get(name)
            if field is not None and get_origin(field.annotation) is Literal:
                return get_args(field.annotation)
    return ()


def _tags(loc: tuple[str | int, ...], shape: object) -> list[str]:
    return [word for model in _models(loc, shape) for word in _literals(model)]


def keys_at(loc: tuple[str | int, ...], shape: object = Scheme) -> list[str]:
    """Return the keys that may stand at a place of the scheme, given as pydantic's `loc`."""
    return [field.alias or name for model in _models(loc, shape) for name, field in model.model_fields.items()]
