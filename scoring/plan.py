"""How lazy steps are carried out: each at once, all together, or by the streaming engine.

The results are equal, and tests hold them so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

Mode = Literal["eager", "lazy", "streaming"]


@dataclass(frozen=True)
class Plan:
    """Carries out lazy frames in one of three ways."""

    mode: Mode = "lazy"

    def step(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """End a step: in eager mode it is carried out now."""
        return frame.collect(engine="in-memory").lazy() if self.mode == "eager" else frame

    def collect(self, frame: pl.LazyFrame) -> pl.DataFrame:
        """Carry out everything up to here."""
        return frame.collect(engine="streaming" if self.mode == "streaming" else "in-memory")
