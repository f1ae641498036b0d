"""Towns with a canary in every field that somebody may write, and every byte of what each of them is handed."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import date

import pikepdf
import polars as pl
import pypdfium2

from schemas.tables import catalogue
from scoring.assessing import assess
from scoring.outcome import Options
from scoring.periods import parse_period
from tests.frames import COLUMNS, tables_of
from tests.published import scheme

FIRST, SECOND = date(2025, 2, 3), date(2025, 3, 3)
SET = {"finding_id", "town", "found_on", "indicator", "severity", "assigned_on", "approved_on", "due_on", "extended_to"}


def canary(code, field):
    """A word that stands nowhere else: letters alone, so that nothing takes it for a number."""
    spelled = "".join("abcdefghij"[int(digit)] for digit in code)
    return f"zq{spelled}{field.replace('_', '')}qz"


def world(count):
    """An assessment of so many towns, each with two findings, an appeal, a bonus and canaries everywhere."""
    own = [{"id": "own_field", "label": "own", "type": "text"}]
    of = scheme(fields=own, bonuses={"ceiling": 3, "prices": [{"points": 1}]}, demerits={"prices": [{"points": 1}]})
    columns = catalogue().tables
    texts = {
        table: [c.id for c in columns[table].columns.values() if c.type in {"text", "id"}]
        for table in ("findings", "appeals", "adjustments", "rectifications")
    }
    rows = {name: [] for name in ("towns", "findings", "rectifications", "appeals", "adjustments", "checks")}
    for n in range(count):
        code = f"990{n:06d}"
        rows["towns"].append({"town_code": code, "name": canary(code, "name"), "group": "一组" if n % 2 else "二组"})
        for k, day in enumerate((FIRST, SECOND)):
            own = {name: canary(code, f"{name}{'ab'[k]}") for name in texts["findings"] if name not in SET}
            rows["findings"].append(
                own | {"finding_id": canary(code, f"finding{'ab'[k]}"), "town": code, "found_on": day,
                       "indicator": ("complete", "signed")[k], "severity": ("mild", "grave")[n % 2]}
            )  # fmt: skip
        rows["rectifications"].append(
            {"finding_id": canary(code, "findinga"), "submitted_on": FIRST, "verified_on": SECOND, "verdict": "passed",
             "outcome": "done", "note": canary(code, "note")}
        )  # fmt: skip
        rows["appeals"].append(
            {"appeal_id": canary(code, "appeal"), "target": "finding", "target_id": canary(code, "findingb"),
             "filed_on": SECOND, "ground": canary(code, "ground")}
        )  # fmt: skip
        rows["adjustments"].append(
            {"adjustment_id": canary(code, "adjustment"), "town": code, "dated_on": FIRST, "kind": "bonus",
             "item": canary(code, "item"), "evidence": canary(code, "evidence"), "decided_points": "1",
             "decided_on": SECOND, "decided_by": canary(code, "by"), "public_wording": canary(code, "wording")}
        )  # fmt: skip
    period = parse_period("2025Q1", of.calendar)
    options = Options(scheme_hash="0" * 64, example=True)
    known = {name: [{k: v for k, v in row.items() if k in COLUMNS[name]} for row in own] for name, own in rows.items()}
    for n, row in enumerate(known["findings"]):
        row["own_field"] = canary(row["town"], f"own{'ab'[n % 2]}")
    tables = tables_of(known, of)
    # What bureaus keep besides, and what never leaves.
    more = {
        name: pl.Series(name, [row[name] for row in rows["findings"]])
        for name in texts["findings"]
        if name not in COLUMNS["findings"]
    }
    tables = replace(tables, findings=tables.findings.with_columns(**more))
    return assess(tables, of, period, date(2025, 4, 10), options=options)


def everything(path):
    """Every name and every decompressed byte of an archive, of what is packed in it too, and the text of its PDFs."""
    found = [path.name.encode()]
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            found += [name.encode(), *within(name, archive.read(name))]
    return b"\n".join(found)


def within(name, content):
    """The bytes of a file, unpacked as far as it goes."""
    yield content
    if name.endswith((".xlsx", ".docx", ".zip")):
        with zipfile.ZipFile(io.BytesIO(content)) as inner:
            for part in inner.namelist():
                yield part.encode()
                yield from within(part, inner.read(part))
    if name.endswith(".pdf"):
        with pikepdf.open(io.BytesIO(content)) as paper:
            for thing in paper.objects:
                if isinstance(thing, pikepdf.Stream):
                    yield thing.read_bytes(pikepdf.StreamDecodeLevel.specialized)
                else:
                    yield repr(thing).encode()
            assert not paper.attachments
        document = pypdfium2.PdfDocument(content)
        for page in document:
            yield page.get_textpage().get_text_range().encode()
        document.close()
