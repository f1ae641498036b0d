"""The papers of a run: ordered here, made by processes of this machine or by a cluster, all by the same functions.

A cluster also prices the findings that the papers are of.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, InvalidStateError
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from scoring.reports.shelf import Shelf
from scoring.workers import Ended, Order, processes

if TYPE_CHECKING:
    from scoring.assessment import Assessment
    from scoring.ledger import Spread
    from scoring.reports.settings import Settings

_SHELF: Final = ".papers"
Told = Callable[[int, int], None]
"""Told how much is done, and how much there is."""


class Hands(Protocol):
    """Who makes papers."""

    most_begun: int
    """How many papers may be begun at a time: each holds its rows in memory, or in the scheduler's."""

    def begin(self, order: Order, path: Path, ended: Ended) -> Callable[[], None]:
        """Begin a paper; `ended` is told of its end. Return what stops it, or waits until nobody writes it any more."""
        ...

    def warm(self, settings: Settings) -> None:
        """Load what papers need while the data is still being read."""
        ...

    def spread(self, lang: str, told: Told) -> Spread | None:
        """Return what prices findings elsewhere, if they are; `told` is told how many pieces are done."""
        ...


class Printer:
    """Prints papers into files, as many at once as there are hands.

    Parameters
    ----------
    hands
        Who makes them.
    keep
        Keep papers for the next run beside the folders that they are printed into, and take those that were kept.
        Whoever may read or remove the ones may the others.
    """

    def __init__(self, hands: Hands, *, keep: bool = False) -> None:
        self._hands = hands
        self._keep = keep
        self._shelves: set[Path] = set()
        self._batches: list[_Batch] = []

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Let nobody leave while a paper is still being printed: its folder may be removed next."""
        try:
            yield
        finally:
            for batch in self._batches:
                batch.stop()
            self._batches = []

    def warm(self, settings: Settings) -> None:
        """Have whoever prints load what papers need while the data is still being read."""
        self._hands.warm(settings)

    def spread(self, lang: str, told: Told) -> Spread | None:
        """Return what prices findings where papers are made, unless that is this machine."""
        return self._hands.spread(lang, told)

    def print_all(self, assessment: Assessment, settings: Settings, folder: Path) -> list[Future[None]]:
        """Begin every paper of an assessment. Who makes a town's paper is handed that town's rows alone."""
        whole = self.print_notice(assessment, settings, folder) + self.print_internal(assessment, settings, folder)
        return whole + self.print_towns(assessment, settings, folder)

    def print_notice(self, assessment: Assessment, settings: Settings, folder: Path) -> list[Future[None]]:
        """Begin the notice."""
        return self._begin([(Order("report", assessment, settings, self._shelf(folder)), folder / "report.pdf")], 1)

    def print_internal(self, assessment: Assessment, settings: Settings, folder: Path) -> list[Future[None]]:
        """Begin the analysis for leaders."""
        return self._begin([(Order("internal", assessment, settings, self._shelf(folder)), folder / "internal.pdf")], 1)

    def print_towns(self, assessment: Assessment, settings: Settings, folder: Path) -> list[Future[None]]:
        """Begin the sheets of all towns."""
        (folder / "towns").mkdir()
        shelf = self._shelf(folder)
        orders = (
            (Order("town", own, settings, shelf), folder / "towns" / f"{code}.pdf")
            for code, own in assessment.each_town()
        )
        return self._begin(orders, assessment.scores.height)

    def tidy(self) -> None:
        """Let the shelves that were used hold no more than they may."""
        for folder in self._shelves:
            Shelf(folder).tidy()

    def _shelf(self, folder: Path) -> Path | None:
        if not self._keep:
            return None
        self._shelves.add(folder.parent / _SHELF)
        return folder.parent / _SHELF

    def _begin(self, orders: Iterable[tuple[Order, Path]], count: int) -> list[Future[None]]:
        batch = _Batch(self._hands, orders, count)
        self._batches.append(batch)
        return batch.papers


class _Batch:
    """Papers that are begun one after the other by a thread, some of them at a time."""

    def __init__(self, hands: Hands, orders: Iterable[tuple[Order, Path]], count: int) -> None:
        self.papers: list[Future[None]] = [Future() for _ in range(count)]
        self._hands = hands
        self._orders = orders
        self._room = threading.Semaphore(hands.most_begun)
        self._stopped = False
        self._stops: dict[int, Callable[[], None]] = {}
        self._thread = threading.Thread(target=self._feed)
        self._thread.start()

    def stop(self) -> None:
        """Begin no other paper, and come back when none is being written any more."""
        self._stopped = True
        self._room.release()
        self._thread.join()
        for stop in list(self._stops.values()):
            stop()
        for paper in self.papers:
            paper.cancel()

    def _feed(self) -> None:
        number = 0
        try:
            for number, (order, path) in enumerate(self._orders):
                self._room.acquire()
                if self._stopped:
                    return
                self._stops[number] = self._hands.begin(order, path, lambda error, at=number: self._over(at, error))  # type: ignore[misc]
                if self.papers[number].done():
                    self._stops.pop(number)
        except BaseException as error:  # noqa: BLE001 - it is raised where the paper is waited for
            for paper in self.papers[number:]:
                if not paper.done():
                    paper.set_exception(error)

    def _over(self, number: int, error: BaseException | None) -> None:
        paper = self.papers[number]
        with suppress(InvalidStateError):  # nobody waits for it any more
            if isinstance(error, CancelledError):
                paper.cancel()
            elif error is not None:
                paper.set_exception(error)
            else:
                paper.set_result(None)
        self._stops.pop(number, None)
        self._room.release()


@contextmanager
def printer(cluster: str | None = None, *, keep: bool = False) -> Iterator[Printer]:
    """Give a printer of this machine, or of the cluster at an address.

    Parameters
    ----------
    keep
        Keep papers for the next run; a cluster keeps none.

    Raises
    ------
    ClusterFault
        The cluster cannot be used.
    """
    if cluster is None:
        with processes() as hands:
            papers = Printer(hands, keep=keep)
            yield papers
            papers.tidy()
    else:
        from scoring.cluster import cluster_hands

        with cluster_hands(cluster) as many:
            yield Printer(many)
