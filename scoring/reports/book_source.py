"""What the score book writes, in words: the Assessment with its ids turned into names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from scoring.messages import say
from scoring.reports.book import Column, Kind
from scoring.reports.labels import Labels

if TYPE_CHECKING:
    from scoring.assessment import Assessment


class Source:
    """The Assessment with its ids turned into words."""

    def __init__(self, assessment: Assessment, lang: str) -> None:
        self.frames = assessment
        self.head: Mapping[str, Any] = assessment.head
        self.scheme: Mapping[str, Any] = assessment.head["scheme"]
        self.labels = Labels(assessment.head, lang)
        self.lang = lang
        self.decimals = int(self.scheme["decimals"])
        self.parts: list[Mapping[str, Any]] = list(self.scheme.get("parts") or [{"id": "", "label": "", "weight": "1"}])
        self.dimensions = list(self.labels.dimensions.values())
        self.towns: dict[str, str] = dict(assessment.scores.select("town_code", "town").iter_rows())

    @property
    def several(self) -> bool:
        """Whether the run is split into parts."""
        return len(self.parts) > 1

    def part_id(self, row: Mapping[str, Any]) -> str:
        """Return the row's part; where there is one only, rows need not name it."""
        return str(row["part"] if self.several else self.parts[0]["id"])

    def say(self, code: str, /, **parameters: object) -> str:
        """Return a sentence of the score book."""
        return say(f"book-{code}", self.lang, **parameters)

    def word(self, group: str, value: str) -> str:
        """Return the word for an id of the engine."""
        return self.labels.known(f"book-{group}", value)

    def points_of(self, item: Mapping[str, Any], part: Mapping[str, Any] | None = None) -> str:
        """Return the name of a dimension or indicator with its full points, and its part where there are several."""
        name = self.say("points-of", label=self.labels.named(item), points=item["points"])
        return (
            self.say("in-part", part=self.labels.named(part), name=name) if part is not None and self.several else name
        )

    def title(self) -> str:
        """Return the heading of every printed page."""
        stage = self.labels.known("reports-stage", self.head["stage"])
        return self.say("title", period=self.labels.period, stage=stage)

    def column(self, name: str, width: float, kind: Kind = "text") -> Column:
        """Return a column headed by its name's word."""
        return Column(self.say(f"column-{name.replace('_', '-')}"), width, kind)

    def words(self, frame: pl.DataFrame, column: str, group: str) -> pl.Expr:
        """Return the column's words; only the distinct ids are looked up."""
        ids = frame.get_column(column).drop_nulls().unique().to_list()
        return pl.col(column).cast(pl.String).replace({value: self.word(group, value) for value in ids if value})

    def data_words(self, column: str) -> pl.Expr:
        """Return a column of words of the data in the book's language."""
        return pl.col(column).cast(pl.String).replace(self.labels.words)

    def named(self, column: str) -> pl.Expr:
        """Return the labels of a column of dimension or indicator ids."""
        things = self.labels.dimensions if column == "dimension" else self.labels.indicators
        return (
            pl.col(column).cast(pl.String).replace({name: self.labels.named(thing) for name, thing in things.items()})
        )


def number(stem: str) -> pl.Expr:
    """Return an exact pair as the nearest number that a cell holds; nothing is added up here."""
    return (pl.col(f"{stem}_num").cast(pl.Float64) / pl.col(f"{stem}_den")).alias(stem)
