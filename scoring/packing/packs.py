"""Packages of all towns of a period: made side by side, each in a process of its own, and there whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from scoring.outfolder import fresh_folder, locked, put_in_place
from scoring.packing.apart import make_all
from scoring.packing.known import folder_of
from scoring.packing.town import Done, Order, safe_name
from scoring.redaction import REGISTER, Words, distributed, free_text, redact, redact_frame
from scoring.runlog import who
from scoring.shapes import WORKED_OUT

if TYPE_CHECKING:
    from scoring.assessment import Assessment
    from scoring.packing.signing import Key
    from scoring.reports.settings import Settings

MANIFEST: Final = "manifest.json"
MASKED: Final = "masked.csv"


class PackError(Exception):
    """The packages cannot be made; `code` and `parameters` say why."""

    def __init__(self, code: str, **parameters: object) -> None:
        super().__init__(code)
        self.code = code
        self.parameters = parameters


@dataclass(frozen=True)
class Masked:
    """What was hidden: `town_code`, `key` (of the finding, appeal or entry), `column`, `kind`, `count`."""

    frame: pl.DataFrame

    @property
    def count(self) -> int:
        """How many places in all."""
        return int(self.frame["count"].sum() or 0)


@dataclass(frozen=True)
class Pack:
    """What is asked for.

    Attributes
    ----------
    assessment
        Of all towns, as it is handed out.
    notice
        The notice as PDF, where every town gets it.
    words
        What masks, and the names that stay.
    passwords
        By town code; empty for plain archives.
    key
        Signs every PDF; None where the bureau does not sign.
    strict
        Refuse where something would have to be masked.
    """

    assessment: Assessment
    settings: Settings
    words: Words
    notice: bytes | None = None
    passwords: Mapping[str, str] | None = None
    key: Key | None = None
    strict: bool = False

    @property
    def name(self) -> str:
        """What the folder of these packages is called."""
        head = self.assessment.head
        return folder_of(head["period"]["id"], head["edition"], head["stage"])

    def __repr__(self) -> str:
        return f"Pack({self.name})"


@dataclass(frozen=True)
class Packed:
    """What was made: the folder, by town code what it got, and what was masked."""

    folder: Path
    towns: Mapping[str, Done]
    masked: Masked


def pack(asked: Pack, out: Path) -> Packed:
    """Make a folder and an archive for each town, the sheet to sign on, and the register of what was masked.

    Raises
    ------
    PackError
        `pack-strict` (something would be masked), `pack-no-password`.
    OSError, Foreign, Busy
        `out` cannot be written, somebody's own folder lies there, or another command packs.
    MissingGlyph, MissingLibrary
        See `Renderer`.
    """
    towns = dict(asked.assessment.scores.select("town_code", "town").iter_rows())
    missing = [towns[code] for code in towns if asked.passwords is not None and not asked.passwords.get(code)]
    if missing:
        raise PackError("pack-no-password", towns=missing)
    orders: dict[str, Order] = {}
    hidden: list[pl.DataFrame] = []
    for code, town in towns.items():
        own, masked = handed_out(asked.assessment.for_town(code), asked.words)
        hidden.append(masked.with_columns(town_code=pl.lit(code)))
        stem = f"{code}_{safe_name(town)}_{asked.assessment.head['period']['id']}"
        password = asked.passwords[code] if asked.passwords is not None else None
        orders[code] = Order(own, asked.settings, town, stem, asked.notice, password, asked.key)
    masked_all = Masked(pl.concat(hidden).select("town_code", "key", "column", "kind", "count"))
    if asked.strict and masked_all.count:
        raise PackError("pack-strict", masked=masked_all)
    with locked(out, who()), fresh_folder(out, asked.name) as fresh:
        done = make_all(orders, fresh)
        _bind(asked, towns, done, masked_all, fresh)
        put_in_place(fresh, out / asked.name)
    return Packed(out / asked.name, done, masked_all)


_SAID: Final = ("wording", "evidence", "item", "why", "by")
"""Of an entry's parameters those that somebody wrote."""


def handed_out(own: Assessment, words: Words) -> tuple[Assessment, pl.DataFrame]:
    """Return a town's assessment with only what may leave and its free text masked, and what was hidden."""
    # By name, never by what is left over: a scheme's own fields stay at home.
    columns = [name for name in own.findings.columns if name in {*distributed()["findings"], *WORKED_OUT}]
    texts = [name for name in free_text()["findings"] if name in columns]
    findings, first = redact_frame(own.findings.select(columns), texts, "finding_id", words)
    appeals, second = redact_frame(own.appeals, ["ground"], "appeal_id", words)
    hidden: list[tuple[str, str, str]] = []
    parameters = [
        _masked_parameters(text, entry, words, hidden)
        for entry, text in own.ledger.select("entry_id", "parameters").iter_rows()
    ]
    ledger = own.ledger.with_columns(parameters=pl.Series(parameters, dtype=pl.String))
    third = pl.DataFrame(hidden, schema=["key", "column", "kind"], orient="row").group_by(
        "key", "column", "kind", maintain_order=True
    )
    registers = [first, second]
    registers.append(third.len("count"))
    register = pl.concat([one.select(REGISTER.keys()).cast(dict(REGISTER)) for one in registers])  # type: ignore[arg-type]
    return replace(own, findings=findings, appeals=appeals, ledger=ledger), register


def _masked_parameters(text: str | None, entry: str, words: Words, hidden: list[tuple[str, str, str]]) -> str | None:
    """Return an entry's parameters with what somebody wrote in them masked; what was hidden is added to the list."""
    if text is None or not any(f'"{name}"' in text for name in _SAID):
        return text
    said = json.loads(text)
    for name in _SAID:
        for place, value in enumerate(said.get(name) if isinstance(said.get(name), list) else [said.get(name)]):
            if isinstance(value, str):
                shown, hits = redact(value, words)
                hidden += [(entry, name, hit.kind) for hit in hits]
                if isinstance(said[name], list):
                    said[name][place] = shown
                else:
                    said[name] = shown
    return json.dumps(said, ensure_ascii=False, sort_keys=True)


def _bind(asked: Pack, towns: Mapping[str, str], done: Mapping[str, Done], masked: Masked, fresh: Path) -> None:
    """Write the sheet to sign on, the register of what was masked, and the manifest that binds it all."""
    from scoring.digest import file_hash
    from scoring.messages import say
    from scoring.packing.forms import write_signing

    lang, head = asked.settings.lang, asked.assessment.head
    signing = fresh / f"{say('pack-file-signing', lang)}.docx"
    told = [(towns[code], len(one.files), one.digest) for code, one in done.items()]
    write_signing(told, asked.assessment, asked.settings, signing)
    masked.frame.write_csv(fresh / MASKED, include_bom=True)
    manifest: dict[str, Any] = {
        "pack": 1,
        "period": head["period"]["id"],
        "edition": head["edition"],
        "stage": head["stage"],
        "run_code": head["run_code"],
        "as_of": head["as_of"],
        "encrypted": asked.passwords is not None,
        "signed": asked.key is not None,
        "masked": masked.count,
        "towns": {
            code: {"town": towns[code], "archive": one.archive, "files": dict(one.files), "sha256": one.digest}
            for code, one in done.items()
        },
        "files": {path.name: file_hash(path) for path in (signing, fresh / MASKED)},
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    (fresh / MANIFEST).write_text(text, "utf-8")


__all__ = ["MANIFEST", "MASKED", "Masked", "Pack", "PackError", "Packed", "pack"]
