"""What is handed out: a period as it was published, or its draft as it was sent for comment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scoring.calling import period_label, stop, whole_edition
from scoring.messages import say

if TYPE_CHECKING:
    import polars as pl

    from scoring.assessment import Assessment
    from scoring.workspace import Workspace


@dataclass(frozen=True)
class Handed:
    """What every town gets its part of.

    Attributes
    ----------
    assessment
        Of all towns.
    papers
        The folder of its papers.
    towns
        The towns table as it was last published: addresses stand there. None where nothing is published yet.
    """

    assessment: Assessment
    papers: Path
    towns: pl.DataFrame | None

    @property
    def period(self) -> str:
        """The period's id."""
        return str(self.assessment.head["period"]["id"])

    @property
    def edition(self) -> int:
        """The number of the edition."""
        return int(self.assessment.head["edition"])

    @property
    def stage(self) -> str:
        """`published` or `comment`."""
        return str(self.assessment.head["stage"])


def handed(workspace: Workspace, label: str, stage: str | None, out: Path, lang: str) -> Handed:
    """Return what is handed out of a period; anything altered ends the command with a sentence."""
    from scoring.assessment import Assessment
    from scoring.runs import sound_store
    from scoring.store.verifying import check_stages, check_view

    if stage is None:
        edition = whole_edition(workspace, label, lang)
        return Handed(edition.assessment, edition.folder / "run", edition.tables().towns)
    editions = sound_store(workspace.store)
    name = period_label(label, {path.parent.name for path in out.glob("*/assessment.json")})
    if stage != "comment":
        stop(2, say("pack-not-for-comment", lang, period=name, stage=stage))
    folder = out / name
    if not (folder / "assessment.json").is_file():
        stop(1, say("pack-not-for-comment", lang, period=name, stage="-"))
    made = Assessment.load(folder)
    if made.head["stage"] != "comment":
        stop(1, say("pack-not-for-comment", lang, period=name, stage=say(f"reports-stage-{made.head['stage']}", lang)))
    if found := [*check_view(folder, editions), *check_stages(workspace.store, [folder], editions)]:
        stop(1, say("pack-altered", lang, period=name, where=found[0].file))
    last = max(editions, key=lambda one: one.sequence, default=None)
    return Handed(made, folder, last.tables().towns if last else None)
