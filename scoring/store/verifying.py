"""Whether a run is as it was left: every file by its hash, the chain of editions, and the scores from their inputs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from scoring.assessing import assess
from scoring.assessment import BESIDE, FRAMES
from scoring.digest import file_hash
from scoring.outcome import Options
from scoring.problems import Refused
from scoring.store.editions import (
    HOLIDAYS,
    NAME,
    SEAL,
    BrokenStore,
    Edition,
    hashes,
    next_edition,
    period_of,
    read_json,
)
from scoring.store.issued import NAME as ISSUED
from scoring.store.issued import lines_of, read_lines
from scoring.store.stages import NAME as STAGES
from scoring.store.stages import Stages
from scoring.workdays import Workdays

_MANIFEST = "manifest.json"
HINTS: Final = frozenset({"verify-no-view", "verify-issued-late"})
"""What is worth a word and no fault: a command that was cut short, or a folder of results that somebody put away."""


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was: a code of the catalogue, and the file it is about."""

    code: str
    file: str
    where: str = ""


def check_files(
    folder: Path, files: Mapping[str, str] | None = None, own: Sequence[str] = (_MANIFEST,)
) -> list[Finding]:
    """Compare a folder with the hashes that its manifest names (or `files`): what was edited, added, removed.

    Parameters
    ----------
    own
        The files that say the hashes and so cannot name their own.
    """
    if files is None:
        try:
            files = json.loads((folder / _MANIFEST).read_text("utf-8"))["files"]
        except (OSError, ValueError, KeyError, TypeError):
            return [Finding("verify-unreadable", _MANIFEST, folder.name)]
    seen = {path: digest for path, digest in hashes(folder).items() if path not in own}
    found = [
        Finding("verify-edited", path, folder.name) for path in seen if path in files and files[path] != seen[path]
    ]
    found += [Finding("verify-added", path, folder.name) for path in seen if path not in files]
    found += [Finding("verify-removed", path, folder.name) for path in files if path not in seen]
    # A link that points outside is no file of the run, whatever it shows.
    found += [
        Finding("verify-added", path.relative_to(folder).as_posix(), folder.name)
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() and path.is_file() and path.relative_to(folder).as_posix() in files
    ]
    return sorted(found, key=lambda one: (one.file, one.code))


def check_edition(edition: Edition) -> list[Finding]:
    """Compare an edition with its own seal and every file with the hash that it names."""
    name = edition.folder.name
    seal = edition.folder / SEAL
    wanted = f"{edition.seal}  {NAME}\n".encode()
    found = []
    if not seal.is_file():
        found.append(Finding("verify-removed", SEAL, name))
    elif seal.read_bytes() != wanted:
        # Either of the two was edited: the seal cannot tell which.
        found.append(Finding("verify-edited", NAME if seal.stat().st_size == len(wanted) else SEAL, name))
    files = edition.said.get("files")
    if not isinstance(files, dict):
        return [*found, Finding("verify-unreadable", NAME, name)]
    return found + check_files(edition.folder, files, (NAME, SEAL))


def check_chain(editions: Sequence[Edition]) -> list[Finding]:
    """Compare each edition with the one that it is chained to: none may be missing, changed or put in between."""
    found = []
    for place, edition in enumerate(editions, 1):
        if edition.folder.name != f"{edition.period}@{edition.number}":
            found.append(Finding("verify-renamed", f"{edition.period}@{edition.number}", edition.folder.name))
        before = editions[place - 2] if place > 1 else None
        chained = edition.said.get("previous")
        if edition.sequence != place:
            found.append(Finding("verify-chain-gap", NAME, edition.folder.name))
        elif before is None:
            if chained is not None:
                found.append(Finding("verify-chain-gap", NAME, edition.folder.name))
        elif chained is None or chained.get("sha256") != before.seal:
            found.append(Finding("verify-chain-broken", before.folder.name, edition.folder.name))
    return found


def check_issued(store: Path, editions: Sequence[Edition]) -> list[Finding]:
    """Compare the editions of a store with the list of those issued: even the last one may not vanish."""
    wanted = lines_of(editions)
    try:
        listed = read_lines(store)
    except BrokenStore:
        return [Finding("verify-unreadable", ISSUED, store.name)]
    if listed == wanted:
        return []
    if listed == wanted[:-1]:
        return [Finding("verify-issued-late", ISSUED, editions[-1].folder.name)]
    here = {edition.folder.name for edition in editions}
    named = [line[66:].removesuffix(f"/{NAME}\n") for line in listed if line.endswith(f"/{NAME}\n")]
    found = [Finding("verify-issued-gone", ISSUED, name) for name in named if name and name not in here]
    found += [
        Finding("verify-issued-otherwise", ISSUED, edition.folder.name)
        for edition, line in zip(editions, wanted, strict=True)
        if line not in listed
    ]
    return found or [Finding("verify-edited", ISSUED, store.name)]


def check_stages(store: Path, views: Sequence[Path], editions: Sequence[Edition]) -> list[Finding]:
    """Check the record of stages by its seals, and compare it with what the drafts among the current views say."""
    try:
        register = Stages.read(store)
    except BrokenStore:
        return [Finding("verify-stages-edited", STAGES, store.name)]
    drafts = [(STAGES, period, int(said["edition"])) for period, said in register.said.items()]
    found = []
    for folder in views:
        try:
            head = read_json(folder / "assessment.json", "period", "edition", "stage", "stages", "run_code")
            period, number = str(head["period"]["id"]), int(head["edition"])
            claimed = dict(head["stages"])
            if head["stage"] not in ("internal", "published"):
                # What it calls itself is recorded, and of its own figures.
                claimed.setdefault(head["stage"], None)
                claimed["comment"] = {**claimed.get("comment", {}), "code": head["run_code"]}
        except (BrokenStore, TypeError, KeyError, ValueError):
            continue  # `check_view` names it
        if head["stage"] == "published":
            continue
        drafts.append((folder.name, period, number))
        if number != next_edition(editions, period):
            continue
        known = register.of(period, number)
        other = head["stage"] != "internal" and register.draft_of(period, number) != _manifest_hash(folder)
        if other or any(name not in known or known[name] != said for name, said in claimed.items()):
            found.append(Finding("verify-stages-differ", STAGES, folder.name))
    # A draft of a second edition needs a first.
    return found + [
        Finding("verify-draft-ahead", f"{period}@{number - 1}", name)
        for name, period, number in drafts
        if number > next_edition(editions, period)
    ]


def _manifest_hash(folder: Path) -> str:
    path = folder / _MANIFEST
    return file_hash(path) if path.is_file() else ""


def check_store(store: Path) -> list[Finding]:
    """Name what lies in a store and is neither an edition nor one of its records."""
    strays = [
        path.name
        for path in sorted(store.glob("*"))
        if not path.name.startswith(".") and path.name not in {STAGES, ISSUED} and not (path / NAME).is_file()
    ]
    return [Finding("verify-added", name, store.name) for name in strays]


def check_scores(edition: Edition, editions: Sequence[Edition], workdays: Workdays) -> list[Finding]:
    """Score an edition again from the inputs that it keeps; name each frame that comes out otherwise."""
    known = {(other.period, other.number): other for other in editions}
    try:
        published = edition.assessment
        head = published.head
        past = [known[name, number].frozen for name, number in edition.said["past"].items()]
        options = Options(edition=edition.number, example=head["example"])
        again = assess(
            edition.tables(),
            edition.scheme.scheme,
            period_of(head),
            date.fromisoformat(head["as_of"]),
            options=options,
            past=past,
            workdays=workdays,
        )
    except (Refused, KeyError, BrokenStore):
        return [Finding("verify-scores", "assessment.json", edition.folder.name)]
    return [
        Finding("verify-scores", f"{name}.parquet", edition.folder.name)
        for name in FRAMES
        if name not in BESIDE and not getattr(again, name).equals(getattr(published, name))
    ]


def check_view(folder: Path, editions: Sequence[Edition]) -> list[Finding]:
    """Compare the current view of a period: with its manifest, and where it is published with its edition."""
    found = check_files(folder)
    try:
        head: dict[str, Any] = json.loads((folder / "assessment.json").read_text("utf-8"))
    except (OSError, ValueError):
        return found
    if head.get("stage") != "published":
        return found
    own = [e for e in editions if e.period == head["period"]["id"] and e.number == head["edition"]]
    if not own:
        return [*found, Finding("verify-no-edition", "assessment.json", folder.name)]
    sealed = {
        path.removeprefix("run/"): digest for path, digest in own[0].said["files"].items() if path.startswith("run/")
    }
    against = check_files(folder, sealed, ())
    known = {(one.file, one.code) for one in found}
    return found + [one for one in against if (one.file, one.code) not in known]


def holidays_of(edition: Edition) -> Path | None:
    """Return the bureau's own calendar as it was then, where there was one."""
    path = edition.folder / HOLIDAYS
    return path if path.is_file() else None


def places_of(digest: str, editions: Sequence[Edition], out: Path) -> list[dict[str, str]]:
    """Return where a file of these bytes stands among editions and current runs: period, edition, code, file, stage."""
    found = [
        _place(edition.head, path)
        for edition in editions
        for path, known in edition.said["files"].items()
        if known == digest
    ]
    for manifest in sorted(out.glob("*/manifest.json")):
        try:
            files = json.loads(manifest.read_text("utf-8"))["files"]
            head = json.loads((manifest.parent / "assessment.json").read_text("utf-8"))
        except (OSError, ValueError, KeyError):
            continue
        if head["stage"] != "published":
            found += [_place(head, path) for path, known in files.items() if known == digest]
    return found


def _place(head: Mapping[str, Any], path: str) -> dict[str, str]:
    period = head["period"]["id"]
    return {"period": period, "edition": str(head["edition"]), "code": head["run_code"], "path": path}
