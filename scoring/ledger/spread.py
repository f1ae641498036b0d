"""Steps 1 to 5 by whoever has room: findings are cut by town, each piece is priced alone, all come together again.

What is priced of a town hangs on its own rows alone, so that the whole comes to what it comes to in one piece, row by
row. What is refused is refused in one piece, here, so that the words are the same too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, NamedTuple

import polars as pl

from scoring.intake import Tables
from scoring.ledger.charges import Before, Charges
from scoring.ledger.facts import Facts
from scoring.ledger.parting import cut_rows, in_rows
from scoring.pricing.deduct import refuse_overflow
from scoring.problems import Refused

Price = partial[Charges]
"""`charge` of a run: takes tables and `held`."""
Spread = Callable[[Price, Tables, pl.DataFrame | None, Facts], Charges]
"""Takes all tables, what the store alone holds, and the facts of towns."""

_UNREAD: Final = ("checks", "measures", "judgements", "adjustments")
"""Tables that steps 1 to 5 do not read."""


class Priced(NamedTuple):
    """What a piece comes to."""

    charges: Charges
    """`findings` has the columns that pricing adds or changes, and no others: these lie where the piece came from."""
    columns: Sequence[str]
    """All columns, in their order."""


@dataclass(frozen=True)
class Piece:
    """What is to be priced of some towns, and how: all that it takes, to be sent anywhere."""

    price: Price
    tables: Tables
    held: pl.DataFrame | None

    def priced(self) -> Priced:
        """Price it.

        Raises
        ------
        Refused
            As `charge` does.
        """
        charges = self.price(self.tables, held=self.held)
        given = self.tables.findings.schema
        # An appeal changes the severity; of other columns an earlier finding may widen the type.
        told = [name for name, kind in charges.findings.schema.items() if name == "severity" or given.get(name) != kind]
        return Priced(replace(charges, findings=charges.findings.select(told)), charges.findings.columns)


Carry = Callable[[Iterator[Piece], int], Sequence[Priced]]
"""Prices pieces, of which there are so many; returns what they come to in their order. Raises what pricing raises."""


def spread_over(carry: Carry, workers: Callable[[], int], *, rows: int, few: int) -> Spread:
    """Return what carries out steps 1 to 5 of all findings piece by piece.

    Parameters
    ----------
    carry
        Who prices the pieces.
    workers
        How many of them can be priced at a time; asked when there is something to price.
    rows
        Findings a piece, at most about.
    few
        So many findings, or fewer, are priced here in one piece.
    """

    def spread(price: Price, tables: Tables, held: pl.DataFrame | None, _: Facts) -> Charges:
        height = tables.findings.height
        if height > few:
            cut = _Cut.of(price, tables, held, max(workers(), -(-height // rows)))
            if len(cut) > 1:
                try:
                    whole = cut.together(carry(iter(cut), len(cut)))
                    # Of one number over all findings the pieces know nothing.
                    charged = pl.col("disposition").is_in(["priced", "duplicate"])
                    refuse_overflow(whole.findings, charged, price.keywords["scheme"], whole.units)
                except Refused:
                    pass
                else:
                    return whole
        return price(tables, held=held)

    return spread


@dataclass(frozen=True)
class _Cut:
    """Tables, and of the long ones the rows of each piece, upwards."""

    price: Price
    tables: Tables
    held: pl.DataFrame | None
    rows: dict[str, list[pl.Series]]

    @classmethod
    def of(cls, price: Price, tables: Tables, held: pl.DataFrame | None, count: int) -> _Cut:
        """Cut tables into about so many pieces of about as many findings each, all those of a town in one."""
        own = tables.findings.select("finding_id", "town")
        every = own if held is None else pl.concat([own, held.select("finding_id", "town")])
        towns = every["town"].value_counts(name="rows").sort("town")
        before = towns["rows"].cast(pl.Int64).cum_sum() - towns["rows"].cast(pl.Int64)
        # A town may be larger than a piece, and what comes after it then has fewer.
        number = (before * count // every.height).rank("dense") - 1
        towns = towns.select("town", piece=number.cast(pl.UInt32))
        known = every.join(towns, on="town", how="left", maintain_order="left").select("finding_id", "piece")
        count = int(number.max() or 0) + 1  # type: ignore[arg-type]

        def of_finding(ids: pl.Series) -> list[pl.Series]:
            """Return the rows of each piece; the first takes what is said of no known finding, to refuse it too."""
            piece = ids.alias("finding_id").to_frame().join(known, on="finding_id", how="left", maintain_order="left")
            return cut_rows(piece["piece"].fill_null(0), count)

        # A letter may name findings of several towns, and then goes to each of them.
        named = tables.letters.select(finding_id="finding_ids").with_row_index("row").explode("finding_id")
        named = named.join(known, on="finding_id").select("row", "piece").unique().sort("row")
        rows = {
            "findings": cut_rows(known["piece"][: own.height], count),
            "held": cut_rows(known["piece"][own.height :], count),
            "rectifications": of_finding(tables.rectifications["finding_id"]),
            "appeals": of_finding(tables.appeals["target_id"]),
            "letters": [named.filter(pl.col("piece") == number)["row"] for number in range(count)],
        }
        return cls(price, tables, held, rows)

    def __len__(self) -> int:
        return len(self.rows["findings"])

    def __iter__(self) -> Iterator[Piece]:
        bare = replace(self.tables, **{name: getattr(self.tables, name).clear() for name in _UNREAD})
        for number in range(len(self)):
            long = {name: getattr(bare, name)[rows[number]] for name, rows in self.rows.items() if name != "held"}
            held = None if self.held is None else self.held[self.rows["held"][number]]
            before = self.price.keywords["frozen"]
            if before is not None:
                ids = [frame["finding_id"] for frame in (long["findings"], held) if frame is not None]
                before = _of_findings(before, pl.concat(ids))
            yield Piece(partial(self.price, frozen=before), replace(bare, **long), held)

    def together(self, pieces: Sequence[Priced]) -> Charges:
        """Put together what the pieces come to; findings stand in the order in which they were before they were cut."""
        charges = [piece.charges for piece in pieces]
        told = in_rows(pl.concat(self.rows["findings"]), pl.concat(one.findings for one in charges))
        given = self.tables.findings.select(pl.exclude(told.columns))
        whole = pl.concat([given, told], how="horizontal").select(pieces[0].columns)
        return Charges(whole, pl.concat(one.sums for one in charges), charges[0].units)


def _of_findings(before: Before, ids: pl.Series) -> Before:
    """Return what published periods have charged of these findings."""
    own = before.findings.filter(pl.col("finding_id").is_in(ids.implode()))
    # Whether anything was charged at all says how matters are sought.
    return replace(before, findings=before.findings.head(1) if own.is_empty() else own)
