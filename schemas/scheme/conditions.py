"""Conditions: field, operator, value. They stay a list of facts and never grow into a language.

In a scheme a condition is a mapping from fields to values or to one operator each::

    when: {severity: grave, cases: {ge: 5}, tags: {has: [again]}, found_on: {from: 2025-07-01}}

All of them must hold. An empty cell meets no condition, not even `ne`.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from schemas.amount import Amount
from schemas.scheme.base import Day, Part

Operator = Literal["eq", "ne", "in", "not_in", "lt", "le", "gt", "ge", "has", "has_all", "has_none", "from", "to"]


class Test(Part):
    """The operators on one field; usually one of them, `from` and `to` together for a range of dates.

    `eq ne in not_in` compare values, `lt le gt ge` numbers, `from to` dates (inclusive), `has has_all has_none` sets
    of tags.
    """

    eq: str | None = None
    ne: str | None = None
    in_: tuple[str, ...] | None = Field(default=None, alias="in")
    not_in: tuple[str, ...] | None = None
    lt: Amount | None = None
    le: Amount | None = None
    gt: Amount | None = None
    ge: Amount | None = None
    has: tuple[str, ...] | None = None
    has_all: tuple[str, ...] | None = None
    has_none: tuple[str, ...] | None = None
    from_: Day | None = Field(default=None, alias="from")
    to: Day | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, data: object) -> object:
        """`severity: grave` is short for `{eq: grave}`, a list for `{in: [...]}`, one tag for a list of one."""
        if isinstance(data, Test):
            return data
        if isinstance(data, (list, tuple)):
            return {"in": [_text(item) for item in data]}
        if not isinstance(data, dict):
            return {"eq": _text(data)}
        listed = {"in", "not_in", "has", "has_all", "has_none"}
        single = {"eq", "ne"}
        tidy: dict[object, object] = {}
        for key, value in data.items():
            if key in listed:
                tidy[key] = [_text(item) for item in (value if isinstance(value, (list, tuple)) else [value])]
            elif key in single:
                tidy[key] = _text(value)
            else:
                tidy[key] = value
        return tidy

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Tell editors of the short forms too."""
        word = {"type": ["string", "number"]}
        return {"anyOf": [handler.resolve_ref_schema(handler(schema)), word, {"type": "array", "items": word}]}

    @model_validator(mode="after")
    def _not_empty(self) -> Test:
        if not self.operators():
            raise ValueError("empty-condition")
        return self

    def operators(self) -> dict[Operator, object]:
        """Return the operators that are set with their values, in a fixed order."""
        names: dict[Operator, object] = {
            "eq": self.eq,
            "ne": self.ne,
            "in": self.in_,
            "not_in": self.not_in,
            "lt": self.lt,
            "le": self.le,
            "gt": self.gt,
            "ge": self.ge,
            "has": self.has,
            "has_all": self.has_all,
            "has_none": self.has_none,
            "from": self.from_,
            "to": self.to,
        }
        return {name: value for name, value in names.items() if value is not None}


def _text(value: object) -> object:
    if isinstance(value, bool):
        return value
    return str(value) if isinstance(value, (int, date)) else value


Conditions = dict[str, Test]
