"""The ledger of more findings than one frame should hold: priced, and written down, part by part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl

from schemas.scheme import Scheme
from scoring.intake import Tables
from scoring.ledger import Ledger, balanced, moved, score
from scoring.ledger.appeals import apply_decisions
from scoring.ledger.charges import Charges
from scoring.ledger.entries import in_words
from scoring.ledger.facts import Facts, assessed_towns
from scoring.ledger.narrow import above_findings, narrow_findings
from scoring.ledger.parting import Parts, on_every_processor
from scoring.ledger.refusals import refuse_inapplicable
from scoring.ledger.spread import Price
from scoring.ledger.written import write_down
from scoring.periods import Period
from scoring.workdays import Workdays


@dataclass(frozen=True, kw_only=True)
class LargeLedger(Ledger):
    """The scores and the narrow ledger of parts, whose `finding` is the number of a finding as it was read.

    What is priced of a finding is not kept: `charges.findings` has no row, and `write` works it out once more.
    """

    parts: Parts
    price: Callable[..., Charges]
    """Steps 1 to 5 of a part's tables."""

    @property
    def entries(self) -> pl.DataFrame:
        """Not held: `write` writes them, part by part."""
        raise NotImplementedError

    def write(self, folder: Path) -> None:
        """Write every effect with all that a statement says of it, a file a part, the rows of each in `entries`' order.

        Raises
        ------
        FileExistsError
            The folder is there already.
        AssertionError
            Other entries were written than were reconciled: a fault of the program.
        """
        folder.mkdir()
        upper = above_findings(self.scores, self.together)
        said = in_words(upper.different)
        scored, towns = list(self.scores), self.facts.towns["town_code"].to_list()
        part_of = dict(zip(self.parts.rest.towns["town_code"], self.parts.part_of, strict=True))
        parts = pl.Series([part_of[town] for town in scored], dtype=pl.UInt16).gather(upper.rows["town"])
        label = f"{self.period.id}/{self.edition}"

        def one(number: int) -> int:
            charges = self.price(self.parts.tables(number))
            counted = charges.findings.filter(pl.col("town").is_in(scored))
            above = upper.rows.filter(parts == number)
            entries = write_down(counted, said, above, scored, self.scheme, charges.units, towns, label)
            entries.write_parquet(folder / f"{number:04d}.parquet")
            return entries.height

        written = sum(on_every_processor(one, len(self.parts)))
        if written != self.narrow.height:
            raise AssertionError(f"{written} entries were written, of {self.narrow.height}")


def build_parts(
    parts: Parts, scheme: Scheme, period: Period, as_of: date, *, edition: int = 1, workdays: Workdays | None = None
) -> LargeLedger:
    """Carry out the order of operations part by part; what is published plays no role.

    Raises
    ------
    Refused
        As `build` does, with the problems of all parts.
    """
    narrow: list[pl.DataFrame] = []
    work: list[Callable[..., Charges]] = []

    def spread(price: Price, tables: Tables, _: pl.DataFrame | None, facts: Facts) -> Charges:
        merged = assessed_towns(tables.towns, period)[1]
        unscored = frozenset(facts.unchecked)
        towns = [town for town in facts.towns["town_code"] if town not in unscored]

        def of(part: Tables, *, rest: bool = True) -> Charges:
            part = replace(tables, findings=part.findings, rectifications=part.rectifications)
            return price(moved(apply_decisions(part, as_of, ("verdict",))[0], merged), rest=rest)

        def one(part: Tables, rows: pl.Series) -> tuple[Charges, pl.DataFrame]:
            charges = of(part, rest=False)
            own = charges.findings
            refuse_inapplicable(own, facts, scheme, part.findings)
            effects = narrow_findings(own, towns, scheme, charges.units, rows.gather(own["place"]))
            return replace(charges, findings=own.clear()), effects

        done = parts.each(one)
        work.append(of)
        narrow.extend(effects for _, effects in done)
        return replace(done[0][0], sums=pl.concat(charges.sums for charges, _ in done))

    scored = score(parts.rest, scheme, period, as_of, workdays=workdays, spread=spread)
    ledger = balanced(narrow, scored, period, edition)
    return LargeLedger(**vars(ledger), parts=parts, price=work[0])
