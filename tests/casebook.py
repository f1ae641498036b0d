"""Reads tests/cases/*.yaml: small cases in the officials' own words, expected numbers worked out by hand."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path

import yaml

from schemas.scheme import Scheme
from tests.reference import Period

FOLDER = Path(__file__).parent / "cases"


class ExactLoader(yaml.CSafeLoader):
    """Keeps 0.5 as the text that was written: a float is never exact."""


ExactLoader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: node.value)

PERIODS = {
    "2025Q1": (date(2025, 1, 1), date(2025, 3, 31)),
    "2025Q2": (date(2025, 4, 1), date(2025, 6, 30)),
    "2025Q3": (date(2025, 7, 1), date(2025, 9, 30)),
    "2025Q4": (date(2025, 10, 1), date(2025, 12, 31)),
    "2025": (date(2025, 1, 1), date(2025, 12, 31)),
    "2025-01": (date(2025, 1, 1), date(2025, 1, 31)),
    "2025H1": (date(2025, 1, 1), date(2025, 6, 30)),
}


def read_yaml(path):
    # libyaml knows anchors of ASCII letters only; ours have Chinese names.
    text = re.sub(r"(?<= )([&*])([\u4e00-\u9fff]+)", lambda m: m[1] + m[2].encode().hex(), path.read_text("utf-8"))
    return yaml.load(text, Loader=ExactLoader)


WORDS = read_yaml(FOLDER / "words.yaml")
KEYS = {"name", "arithmetic", "change", "period", "days", "as_of", "expect", "refused", "已公布", *WORDS["tables"]}


@dataclass
class Case:
    """One case: a scheme, tables as rows of English ids, and what is expected of it, or the code of the refusal."""

    name: str
    text: str  # the scheme as a weights file
    scheme: Scheme
    rows: dict
    period: Period
    as_of: date
    expected: dict
    refused: str | None
    published: dict  # (town, measure, period) → what an earlier edition printed


def change_scheme(raw, changes):
    """`指标 X` and `方面 X` change keys of one indicator or dimension, other keys replace those of the scheme."""
    raw = copy.deepcopy(raw)
    for key, value in changes.items():
        what, _, name = key.partition(" ")
        if what == "指标":
            found = [i for d in raw["dimensions"] for i in d["indicators"] if i["id"] == name]
        elif what == "方面":
            found = [d for d in raw["dimensions"] if d["id"] == name]
        else:
            raw[key] = value
            continue
        assert len(found) == 1, key
        found[0].update(value)
    return raw


def without_empty(value):
    """A case unsets a key by leaving it empty; a weights file leaves it out."""
    if isinstance(value, dict):
        return {key: without_empty(item) for key, item in value.items() if item is not None}
    return [without_empty(item) for item in value] if isinstance(value, list) else value


def one_row(table, raw):
    """Chinese headings and words → English ids."""
    row = {}
    for heading, cell in raw.items():
        column = WORDS["columns"][table][heading]
        if column in WORDS["values"].get(table, {}) and cell is not None:
            cell = WORDS["values"][table][column][cell]
        if column in {"tags", "finding_ids", "aliases"}:
            cell = [part.strip() for part in str(cell).replace("；", ";").split(";")]
        row[column] = str(cell) if column in WORDS["text"] and cell is not None else cell
    return row


def read_rows(raw):
    rows = {}
    for heading, table in WORDS["tables"].items():
        if heading in raw:
            rows[table] = [one_row(table, line) for line in raw[heading] or []]
    for town in rows["towns"]:
        town.setdefault("town_code", town["name"])
        town.setdefault("group", "全市")
        town.setdefault("kind", "镇")
    for place, line in enumerate(rows.get("adjustments", [])):
        line.setdefault("adjustment_id", f"J{place + 1}")
    for place, line in enumerate(rows.get("appeals", [])):
        line.setdefault("appeal_id", f"S{place + 1}")
        if line["target"] == "verdict" and line.get("new_value"):
            line["new_value"] = WORDS["values"]["rectifications"]["verdict"][line["new_value"]]
    for place, line in enumerate(rows.get("letters", [])):
        line.setdefault("letter_id", f"H{place + 1}")
    for place, line in enumerate(rows.get("checks", [])):
        line.setdefault("check_id", f"C{place + 1}")
    rows.setdefault("findings", [])
    return rows


def read_cases(path):
    """Every case of one file."""
    book = read_yaml(path)
    for raw in book["cases"]:
        assert set(raw) <= KEYS, (raw["name"], set(raw) - KEYS)
        shared = {**{k: v for k, v in book.items() if k not in {"cases", "scheme"}}, **raw}
        scheme_raw = read_yaml(FOLDER / "schemes" / f"{shared.get('scheme', book.get('scheme', 'base'))}.yaml")
        scheme_raw = change_scheme(scheme_raw, book.get("change") or {})
        if raw.get("change"):
            scheme_raw = change_scheme(scheme_raw, raw["change"])
        label = str(shared.get("period", "2025Q1"))
        # A case whose period follows no plain calendar says its two days.
        start, end = shared.get("days") or PERIODS[label]
        yield Case(
            name=f"{path.stem}: {raw['name']}",
            text=json.dumps(without_empty(scheme_raw), ensure_ascii=False, default=str, indent=1),
            scheme=Scheme.model_validate(scheme_raw),
            rows=read_rows(shared),
            period=Period(label, start, end),
            as_of=shared.get("as_of", end),
            expected=raw.get("expect") or {},
            refused=raw.get("refused"),
            published={
                (row["town"], row["measure"], row["period"]): Fraction(str(row["value"]))
                for row in (one_row("measures", line) for line in shared.get("已公布", []))
            },
        )


def all_cases():
    return [case for path in sorted(FOLDER.glob("*.yaml")) if path.stem != "words" for case in read_cases(path)]


def parse_line(text):
    """`扣分 W1 -2` → (kind, subject, points)."""
    word, subject, points = text.split()
    return WORDS["kinds"][word], subject, Fraction(points.replace("−", "-").replace("+", ""))
