"""Which fields a condition may name, what may be asked of them, and which words they may hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from schemas.amount import parse_amount
from schemas.scheme import Scheme
from schemas.scheme.conditions import Conditions, Operator
from schemas.tables import Column, catalogue
from scoring.scheme import nodes
from scoring.scheme.problems import Collector

Kind = Literal["text", "number", "date", "tags"]
Context = Literal["findings", "towns", "sums", "measure", "adjustments"]

_KINDS: Final[dict[str, Kind]] = {
    "count": "number",
    "integer": "number",
    "amount": "number",
    "decimal": "number",
    "signed": "number",
    "date": "date",
    "list": "tags",
    "ids": "tags",
}
_OPERATORS: Final[dict[Kind, tuple[Operator, ...]]] = {
    "text": ("eq", "ne", "in", "not_in"),
    "number": ("eq", "ne", "in", "not_in", "lt", "le", "gt", "ge"),
    "date": ("from", "to"),
    "tags": ("has", "has_all", "has_none"),
}
_SUMS: Final = ("newly_confirmed", "sampled", "visited", "problem_cases")
_MEASURED: Final = ("numerator", "denominator", "value", "sample")


@dataclass(frozen=True)
class Field:
    """A field that conditions may name.

    `words` closes what it may hold, empty leaves it open; `whole`: it counts; `required`: no cell is empty.
    """

    id: str
    kind: Kind
    words: tuple[str, ...] = ()
    whole: bool = False
    required: bool = False


class Place(NamedTuple):
    """One set of conditions of a scheme, where it stands, and what its fields belong to."""

    path: tuple[str | int, ...]
    conditions: Conditions
    context: Context


def known_fields(scheme: Scheme, context: Context) -> dict[str, Field]:
    """Return the fields that conditions of one kind may name, by id, with the scheme's own fields and words."""
    if context == "sums":
        return {name: Field(name, "number", whole=True) for name in _SUMS}
    if context == "measure":
        return {name: Field(name, "number") for name in _MEASURED}
    fields = {column.id: _field(column) for column in catalogue().tables[context].columns.values()}
    if context == "findings":
        for name, words in scheme.values.items():
            if name in fields:
                fields[name] = Field(name, fields[name].kind, words)
        fields["severity"] = Field("severity", "text", tuple(severity.id for severity in scheme.severities))
        indicators = tuple(item.id for _, item in scheme.indicators())
        fields["indicator"] = Field("indicator", "text", indicators, required=True)
    for declared in scheme.fields:
        if declared.table == context:
            kind: Kind = declared.type if declared.type in {"text", "date"} else "number"
            whole = declared.type == "integer"
            fields.setdefault(declared.id, Field(declared.id, kind, declared.values, whole=whole))
    return fields


def _field(column: Column) -> Field:
    words = tuple(column.words) or tuple(column.choices)
    whole = column.type in {"count", "integer"}
    return Field(column.id, _KINDS.get(column.type, "text"), words, whole=whole, required=column.required)


def places(scheme: Scheme) -> Iterator[Place]:
    """Yield every set of conditions of a scheme."""
    for name, rows in scheme.price_lists.items():
        for i, row in enumerate(rows):
            yield Place(("price_lists", name, i, "when"), row.when, "findings")
    for d, dimension in enumerate(scheme.dimensions):
        for i, indicator in enumerate(dimension.indicators):
            base = ("dimensions", d, "indicators", i)
            if indicator.rule.kind == "deduct" and not isinstance(indicator.rule.prices, str):
                for r, row in enumerate(indicator.rule.prices):
                    yield Place((*base, "rule", "prices", r, "when"), row.when, "findings")
            if indicator.applies_when:
                sums = indicator.applies_when
                yield Place((*base, "applies_when", "town"), sums.town, "towns")
                yield Place((*base, "applies_when", "checks"), sums.checks, "sums")
                yield Place((*base, "applies_when", "measure_is"), sums.measure_is, "measure")
    yield from _policy_places(scheme)


def _policy_places(scheme: Scheme) -> Iterator[Place]:
    for i, conditions in enumerate(scheme.exemptions.when):
        yield Place(("exemptions", "when", i), conditions, "findings")
    if scheme.duplicates:
        for i, conditions in enumerate(scheme.duplicates.sides):
            yield Place(("duplicates", "sides", i), conditions, "findings")
        for i, conditions in enumerate(scheme.duplicates.exempt):
            yield Place(("duplicates", "exempt", i), conditions, "findings")
    yield Place(("rectification", "self_reported_when"), scheme.rectification.self_reported_when, "findings")
    for i, allotment in enumerate(scheme.parts.allot if scheme.parts else ()):
        yield Place(("parts", "allot", i, "when"), allotment.when, "findings")
    for i, breaker in enumerate(scheme.tie_breakers):
        yield Place(("tie_breakers", i, "when"), breaker.when, "findings")
    for key, adjustments in (("bonuses", scheme.bonuses), ("demerits", scheme.demerits)):
        for i, price in enumerate(adjustments.prices if adjustments else ()):
            yield Place((key, "prices", i, "when"), price.when, "adjustments")


def _hint(name: str, fields: Iterable[str], context: Context, problems: Collector) -> str:
    """Name the nearest field; one called by the heading that its column has in workbooks is meant."""
    table = catalogue().tables.get(context)
    headed = next((c.id for c in table.columns.values() if name in c.headings), None) if table else None
    return problems.hint(headed or name, fields)


def _refuse_word(field: Field, word: str, line: int, list_line: int, problems: Collector) -> None:
    code = "unknown-word" if list_line else "unknown-word-in-general"
    hint = problems.hint(word, field.words)
    problems.error(line, code, name=field.id, word=word, list_line=list_line, hint=hint)


def check_conditions(scheme: Scheme, root: nodes.Mapping, problems: Collector) -> None:
    """Collect conditions on unknown fields, with operators that do not fit, or with words outside the closed lists."""
    _check_declared(scheme, root, problems)
    for place in places(scheme):
        fields = known_fields(scheme, place.context)
        for name, test in place.conditions.items():
            line = nodes.line_at(root, (*place.path, name))
            if name not in fields:
                problems.error(line, "unknown-field", name=name, hint=_hint(name, fields, place.context, problems))
                continue
            list_line = _list_line(name, scheme, root)
            for operator, value in test.operators().items():
                if operator in _OPERATORS[fields[name].kind]:
                    _check_values(fields[name], value, line, list_line, problems)
                else:
                    allowed = " ".join(_OPERATORS[fields[name].kind])
                    problems.error(line, "operator-unfit", operator=operator, name=name, allowed=allowed)


def _check_values(field: Field, value: object, line: int, list_line: int, problems: Collector) -> None:
    values: tuple[object, ...] = value if isinstance(value, tuple) else (value,)
    if not values:
        problems.error(line, "empty-condition", key=field.id, value="")
    for word in values:
        if field.kind == "text" and field.words and word not in field.words:
            _refuse_word(field, str(word), line, list_line, problems)
        elif field.kind == "number" and not _is_amount(word):
            problems.error(line, "not-exact", key=field.id, value=word)


def _is_amount(value: object) -> bool:
    try:
        parse_amount(value)
    except ValueError:
        return False
    return True


def _list_line(name: str, scheme: Scheme, root: nodes.Mapping) -> int:
    """Return the line of the list that closes a field's words, 0 where no line of the scheme does."""
    if name == "severity":
        return nodes.line_at(root, ("severities",)) if scheme.severities else 0
    if name in scheme.values:
        return nodes.line_at(root, ("values", name))
    return next((declared.line for declared in scheme.fields if declared.id == name), 0)


def _check_declared(scheme: Scheme, root: nodes.Mapping, problems: Collector) -> None:
    columns = {name: catalogue().tables[name].columns for name in ("findings", "towns")}
    for declared in scheme.fields:
        if declared.id in columns[declared.table]:
            problems.error(declared.line, "field-exists", at=declared.id, name=declared.id, table=declared.table)
        elif declared.label in {heading for column in columns[declared.table].values() for heading in column.headings}:
            problems.error(
                declared.line, "field-label-taken", at=declared.id, name=declared.label, table=declared.table
            )
        if declared.values and declared.type != "text":
            problems.error(declared.line, "field-values", at=declared.id, name=declared.id)
    findings = known_fields(scheme, "findings")
    for name in scheme.values:
        if name not in findings or findings[name].kind != "text" or name in {"severity", "indicator"}:
            line = nodes.line_at(root, ("values", name))
            problems.error(line, "values-field", name=name, hint=problems.hint(name, findings))
    keys = [("duplicates", name) for name in (scheme.duplicates.key if scheme.duplicates else ())]
    keys += [("repeats", name) for name in (scheme.repeats.key if scheme.repeats else ())]
    for block, name in keys:
        line = nodes.line_at(root, (block, "key"))
        if name not in findings:
            problems.error(line, "unknown-field", name=name, hint=_hint(name, findings, "findings", problems))
        elif findings[name].kind == "tags":
            problems.error(line, "key-of-tags", name=name)
        elif name == "finding_id":
            problems.error(line, "key-never-equal", name=name)
    if scheme.duplicates:
        _check_order(scheme, findings, root, problems)


def _check_order(scheme: Scheme, findings: dict[str, Field], root: nodes.Mapping, problems: Collector) -> None:
    assert scheme.duplicates is not None
    column = scheme.duplicates.order_by
    if column not in findings:
        line = nodes.line_at(root, ("duplicates", "order_by"))
        problems.error(line, "unknown-field", name=column, hint=_hint(column, findings, "findings", problems))
        return
    for i, word in enumerate(scheme.duplicates.order):
        if findings[column].words and word not in findings[column].words:
            line, list_line = nodes.line_at(root, ("duplicates", "order", i)), _list_line(column, scheme, root)
            _refuse_word(findings[column], word, line, list_line, problems)
