"""One town's package: made in a process of its own, which is handed that town's rows and no others."""

from __future__ import annotations

import re
import unicodedata
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scoring.digest import file_hash
from scoring.messages import say

if TYPE_CHECKING:
    from scoring.assessment import Assessment
    from scoring.packing.signing import Key
    from scoring.reports import Renderer
    from scoring.reports.settings import Settings

_FORBIDDEN: Final = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]')
_LONGEST: Final = 60
_LEVEL: Final = 6


@dataclass(frozen=True)
class Order:
    """What is to be made of one town.

    Attributes
    ----------
    assessment
        Of that town alone, its free text masked.
    town
        Its name.
    stem
        What every one of its files is called first: the code, the name, the period.
    words
        Names of the papers, by kind.
    notice
        The notice that every town gets, where the bureau hands it out.
    password
        Of the archive, where it is to be encrypted; it stands in no file and in no message.
    key
        Signs every PDF, where the bureau signs.
    """

    assessment: Assessment
    settings: Settings
    town: str
    stem: str
    notice: bytes | None = None
    password: str | None = None
    key: Key | None = None

    def __repr__(self) -> str:
        return f"Order({self.stem})"


@dataclass(frozen=True)
class Done:
    """What was made: the hash of every file by its name, and of the archive."""

    files: Mapping[str, str]
    archive: str
    digest: str


def safe_name(text: str) -> str:
    """Return a text as a name that Windows, WPS and every archive take.

    Examples
    --------
    >>> safe_name('a/b: c. ')
    'a_b_ c'
    """
    name = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", text)).strip(" .")[:_LONGEST].rstrip(" .")
    return name or "_"


def make_town(order: Order, folder: Path, renderer: Renderer | None = None) -> Done:
    """Write a town's papers and the archive of them; return what was made.

    Parameters
    ----------
    folder
        Is made; holds nothing else.
    renderer
        Warm already; None makes one.

    Raises
    ------
    OSError
        It cannot be written.
    MissingGlyph, MissingLibrary
        See `Renderer`.
    """
    from scoring.packing.forms import write_objection, write_reply
    from scoring.reports import render_town
    from scoring.reports.scorebook import write_scorebook

    lang, assessment, settings = order.settings.lang, order.assessment, order.settings
    folder.mkdir()

    def path(kind: str, ending: str) -> Path:
        return folder / f"{order.stem}_{say(f'pack-file-{kind}', lang)}.{ending}"

    path("sheet", "pdf").write_bytes(render_town(assessment, settings, renderer))
    write_scorebook(assessment, settings, path("book", "xlsx"))
    write_reply(assessment, settings, path("reply", "docx"))
    write_objection(assessment, settings, path("objection", "docx"))
    if order.notice is not None:
        path("notice", "pdf").write_bytes(order.notice)
    if order.key is not None:
        from scoring.packing.signing import sign

        for paper in sorted(folder.glob("*.pdf")):
            paper.write_bytes(sign(paper.read_bytes(), order.key))
    hashes = {made.name: file_hash(made) for made in sorted(folder.iterdir())}
    note = path("note", "txt")
    # For the editor of Windows: its line ends, and a mark that says UTF-8.
    note.write_bytes(_note(order, hashes).replace("\n", "\r\n").encode("utf-8-sig"))
    hashes[note.name] = file_hash(note)
    archive = folder.parent / f"{order.stem}.zip"
    write_archive(folder, archive, date.fromisoformat(assessment.head["as_of"]), order.password)
    return Done(hashes, archive.name, file_hash(archive))


def _note(order: Order, hashes: Mapping[str, str]) -> str:
    from scoring.reports.labels import Labels

    labels = Labels(order.assessment.head, order.settings.lang)
    head = order.assessment.head
    lines = [
        labels("pack-note-title", town=order.town, period=labels.period),
        "",
        labels(
            "pack-note-code",
            code=head["run_code"],
            edition=head["edition"],
            stage=labels.known("reports-stage", head["stage"]),
        ),
        labels("pack-note-hashes"),
        "",
        *(f"{digest}  {name}" for name, digest in hashes.items()),
        "",
        labels("pack-note-check"),
        "",
    ]
    return "\n".join(lines)


def write_archive(folder: Path, path: Path, day: date, password: str | None) -> None:
    """Write a folder's files into an archive, in order, all of one day: equal files are equal bytes without a password.

    With one, AES-256 as WinZip has it; names stay readable, as every such archive has it.
    """
    moment = (day.year, day.month, day.day, 0, 0, 0)
    if password is None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
            for file in sorted(folder.iterdir()):
                archive.writestr(_entry(file.name, moment), file.read_bytes(), compresslevel=_LEVEL)
        return
    import pyzipper  # type: ignore[import-untyped]

    with pyzipper.AESZipFile(path, "w", compression=zipfile.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(password.encode("utf-8"))
        for file in sorted(folder.iterdir()):
            entry = pyzipper.zipfile_aes.AESZipInfo(file.name, moment)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.read_bytes())


def _entry(name: str, moment: tuple[int, int, int, int, int, int]) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, moment)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry
