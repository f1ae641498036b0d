"""Findings priced and papers made by a cluster: Dask's scheduler hands work to workers on any number of machines.

A worker must be this program to the byte, with the same libraries, and to print the same fonts and templates: it says
so before it makes anything, so that numbers and papers are those of one machine. Work whose worker is lost is done by
another. It travels as pickles: whoever can speak to the scheduler can run anything on it, so an address of the kind
tls:// is what belongs on a network (docs/scale.md).
"""

from __future__ import annotations

import logging
import pickle
import re
import socket
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from functools import partial
from io import BytesIO
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from scoring.messages import say
from scoring.workers import Ended, Order

if TYPE_CHECKING:
    import polars as pl

    from scoring.ledger import Spread
    from scoring.ledger.spread import Piece, Priced
    from scoring.reports.settings import Settings

INSTALL: Final = "pip install 'townscore[cluster]'"
_ADDRESS: Final = re.compile(r"(tcp|tls)://[^/\s]+:\d+")
_PATIENCE: Final = 30
"""Seconds that the scheduler has to answer in, and the first worker to come in."""
_MOST_BEGUN: Final = 256
"""How many orders the scheduler holds: some 20 MB of towns' rows."""
_ROWS: Final = 250_000
"""Findings a piece that is priced: some 8 MB."""
_FEW: Final = 20_000
"""So many findings, or fewer, are priced here: sending them takes longer."""
_one_paper: Final = threading.Lock()
"""Of a worker with several threads: WeasyPrint and Pango are for one at a time."""


class ClusterFault(Exception):
    """A cluster that cannot be used; `code` is the sentence that says why."""

    def __init__(self, code: str, **parameters: object) -> None:
        super().__init__(code, parameters)
        self.code = code
        self.parameters = parameters

    def __reduce__(self) -> tuple[Any, ...]:
        return _fault, (self.code, self.parameters)


def _fault(code: str, parameters: dict[str, object]) -> ClusterFault:
    return ClusterFault(code, **parameters)


@contextmanager
def cluster_hands(address: str) -> Iterator[ClusterHands]:
    """Give what prices findings and makes papers on the cluster with a scheduler at this address.

    Raises
    ------
    ClusterFault
        Dask is not installed, the address is none, nobody answers there, or no worker does.
    """
    if not _ADDRESS.fullmatch(address):
        raise ClusterFault("cluster-address", address=address)
    try:
        from distributed import Client
    except ImportError:
        raise ClusterFault("cluster-not-installed", command=INSTALL) from None
    # What it has to say of lost workers is no fault of a run.
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", "Sending large graph")
    try:
        client: Any = Client(address, timeout=_PATIENCE, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, RuntimeError, TypeError) as error:
        raise ClusterFault("cluster-silent", address=address, why=str(error).partition("\n")[0]) from None
    try:
        try:
            client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError:
            raise ClusterFault("cluster-no-worker", address=address) from None
        yield ClusterHands(client)
    finally:
        with suppress(Exception):  # the scheduler may be gone
            client.close(timeout=5)


class ClusterHands:
    """Prices findings and makes papers on a cluster."""

    def __init__(self, client: Any) -> None:
        self.most_begun = _MOST_BEGUN
        self._client = client

    def warm(self, settings: Settings) -> None:
        """Do nothing: workers stay warm from one run to the next."""

    def begin(self, order: Order, path: Path, ended: Ended) -> Callable[[], None]:
        """Begin a paper; `ended` is told of its end. Return what stops it."""
        from scoring.reports.identity import fingerprint

        return _Afar(self._client, order, fingerprint(order.settings), path, ended).stop

    def spread(self, lang: str, told: Callable[[int, int], None]) -> Spread:
        """Return what has findings priced by the workers; `told` is told how many pieces are done."""
        from scoring.ledger.spread import spread_over

        return spread_over(partial(self._price, lang=lang, told=told), self._workers, rows=_ROWS, few=_FEW)

    def _workers(self) -> int:
        return len(self._client.nthreads())

    def _price(
        self, pieces: Iterator[Piece], count: int, *, lang: str, told: Callable[[int, int], None]
    ) -> Sequence[Priced]:
        """Have pieces priced, as many at a time as keep every worker busy.

        Raises
        ------
        Refused
            As pricing does.
        ClusterFault
            The scheduler was lost, a worker is another program, or a piece has ended worker after worker.
        """
        from distributed import KilledWorker

        from scoring.reports.identity import fingerprint_of_scoring

        same = fingerprint_of_scoring()
        begun: dict[int, Any] = {}
        ended: SimpleQueue[int] = SimpleQueue()
        done: dict[int, Priced] = {}
        numbered = enumerate(pieces)

        def begin(most: int) -> None:
            for number, piece in islice(numbered, most):
                begun[number] = _sent(self._client, price_afar, packed(piece), same, lang)
                begun[number].add_done_callback(lambda _, at=number: ended.put(at))

        try:
            told(0, count)
            begin(2 * max(1, self._workers()))
            while begun:
                number = ended.get()
                done[number] = pickle.loads(_answer(begun[number], lang))  # noqa: S301 - from whom it was asked
                begun.pop(number).release()
                told(len(done), count)
                begin(1)
        except CancelledError:
            raise ClusterFault("cluster-lost") from None
        except KilledWorker:
            raise ClusterFault("cluster-killed") from None
        finally:
            self._client.cancel(list(begun.values()))
        return [done[number] for number in range(count)]


class _Afar:
    """A paper that some worker makes."""

    def __init__(self, client: Any, order: Order, same: dict[str, str], path: Path, ended: Ended) -> None:
        self._path = path
        self._lang = order.settings.lang
        self._ended = ended
        self._stopped = False
        self._lock = threading.Lock()
        self._future = _sent(client, make_afar, packed(order), same, self._lang)
        self._future.add_done_callback(self._over)

    def _over(self, future: Any) -> None:
        from distributed import KilledWorker

        error: BaseException | None = None
        with self._lock:
            try:
                if self._stopped or future.cancelled():
                    error = CancelledError() if self._stopped else ClusterFault("cluster-lost")
                else:
                    self._path.write_bytes(_answer(future, self._lang))
            except KilledWorker as killed:
                error = BrokenProcessPool(str(killed))
            except Exception as fault:  # noqa: BLE001 - it is raised where the paper is waited for
                error = fault
        future.release()
        self._ended(error)

    def stop(self) -> None:
        """Stop it; nothing is written from now on."""
        with self._lock:
            self._stopped = True
        self._future.cancel()


def _sent(client: Any, work: Callable[..., bytes], packet: bytes, same: dict[str, str], lang: str) -> Any:
    """Have a packet worked upon by whoever has room; return the future of what comes of it.

    Nothing is sent that only this program can read: a scheduler needs none of it, and a worker without it can say so.
    """

    def carry_out(name: str, *about: object) -> object:
        # Sent as it stands, since it can be imported nowhere.
        from importlib import import_module
        from socket import gethostname

        try:
            known = getattr(import_module("scoring.cluster"), name)
        except (ImportError, AttributeError):
            return gethostname()
        return known(*about)

    # Nobody else may be given what comes of one packet: its key is its own.
    key = f"{work.__name__}-{uuid4()}"
    return client.submit(carry_out, work.__name__, packet, same, lang, key=key, pure=False)


def _answer(future: Any, lang: str) -> bytes:
    """Return what came of a packet, or raise why nothing did."""
    answer: bytes | str = future.result()
    if isinstance(answer, str):
        raise ClusterFault("cluster-other", what=say("cluster-part-program", lang), machine=answer)
    return answer


def make_afar(order: bytes, same: dict[str, str], lang: str) -> bytes:
    """Make a paper on a worker, if that is what the one who asks is.

    Parameters
    ----------
    order
        Packed.
    same
        The fingerprint of who asks.

    Raises
    ------
    ClusterFault
        The worker has another program, other fonts or other templates, and would make other bytes.
    """
    from scoring.reports.identity import fingerprint, fingerprint_of_scoring

    with _one_paper:
        # Another program may not be able to read the order.
        _be_the_same(fingerprint_of_scoring(), {"program": same["program"]}, lang)
        asked: Order = pickle.loads(order)  # noqa: S301 - of who may run anything here anyway
        _be_the_same(fingerprint(asked.settings), same, lang)
        return asked.made()


def price_afar(piece: bytes, same: dict[str, str], lang: str) -> bytes:
    """Price a piece on a worker, if that is what the one who asks is.

    Parameters
    ----------
    piece
        Packed, as is what comes back.
    same
        The fingerprint of who asks.

    Raises
    ------
    ClusterFault
        The worker has another program or other libraries, and might come to other numbers.
    Refused
        As pricing does.
    """
    from scoring.reports.identity import fingerprint_of_scoring

    _be_the_same(fingerprint_of_scoring(), same, lang)
    asked: Piece = pickle.loads(piece)  # noqa: S301 - of who may run anything here anyway
    return packed(asked.priced())


def packed(what: object) -> bytes:
    """Pickle what holds frames of many rows, these in a twentieth of the room that pickles of them take."""
    import polars as pl

    class Packer(pickle.Pickler):
        def reducer_override(self, one: object) -> Any:
            if not isinstance(one, pl.DataFrame):
                return NotImplemented
            rows = BytesIO()
            one.write_ipc(rows, compression="zstd")
            return _unpacked, (rows.getvalue(),)

    made = BytesIO()
    Packer(made, pickle.HIGHEST_PROTOCOL).dump(what)
    return made.getvalue()


def _unpacked(rows: bytes) -> pl.DataFrame:
    import polars as pl

    return pl.read_ipc(BytesIO(rows))


def _be_the_same(own: Mapping[str, str], same: Mapping[str, str], lang: str) -> None:
    if other := sorted(part for part in same if own.get(part) != same[part]):
        what = say("list-comma", lang).join(say(f"cluster-part-{part}", lang) for part in other)
        raise ClusterFault("cluster-other", what=what, machine=socket.gethostname())
