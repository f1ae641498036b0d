"""The folder of results: one run at a time holds it, and what a run makes appears whole or not at all."""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from scoring.interrupts import obey

_LOCK: Final = ".lock"
_NEW, _OLD = ".new", ".old"
# How Polars, which is written in Rust, says which error of the system it met.
_RUST: Final = re.compile(r"os error (\d+)")
# From the kernel's interface: paths as they stand, and change places instead of replacing.
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


class Busy(Exception):
    """Another run holds the folder; `holder` is what it wrote down about itself, empty when it has not yet."""

    def __init__(self, folder: Path, holder: Mapping[str, str]) -> None:
        super().__init__(folder, holder)
        self.folder = folder
        self.holder = holder


class Foreign(Exception):
    """A folder that a run would replace was not made by a run."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.path = path


@contextmanager
def locked(out: Path, holder: Mapping[str, str]) -> Iterator[None]:
    """Hold the folder for one run, and clean up what a killed run left.

    Raises
    ------
    Busy
        Another run holds it.
    OSError
        The folder cannot be made or written.
    """
    out.mkdir(parents=True, exist_ok=True)
    handle = _hold(out / _LOCK)
    try:
        os.truncate(handle, 0)
        os.pwrite(handle, json.dumps(dict(holder)).encode(), 0)
        _clean(out)
        yield
    finally:
        # Removed while still held: whoever opened it meanwhile sees that it is no longer the folder's lock.
        with suppress(OSError):
            (out / _LOCK).unlink()
        os.close(handle)


def _hold(path: Path) -> int:
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(handle), path.stat()):
                return handle
        except FileNotFoundError:  # the last holder took it away between our two steps
            pass
        except BlockingIOError:
            holder = _read_holder(handle)
            os.close(handle)
            raise Busy(path.parent, holder) from None
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _read_holder(handle: int) -> dict[str, str]:
    try:
        holder = json.loads(os.pread(handle, 4000, 0))
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in holder.items()} if isinstance(holder, dict) else {}


def _clean(out: Path) -> None:
    for left in sorted(out.glob(f".*{_OLD}")):
        target = out / left.name[1 : -len(_OLD)]
        if target.exists():
            shutil.rmtree(left)
        else:
            left.rename(target)
    for left in out.glob(f".*{_NEW}"):
        if left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink()


@contextmanager
def fresh_folder(out: Path, name: str) -> Iterator[Path]:
    """Give an empty folder beside `out/name` to write into; whatever is left of it at the end is removed.

    Its name holds the process, so that a worker who outlives a killed run never writes into another's.

    Raises
    ------
    Foreign
        `out/name` exists and no run made it: it may be somebody's data.
    """
    target = out / name
    if os.path.lexists(target) and not (target / "manifest.json").is_file():
        raise Foreign(target)
    fresh = out / f".{name}.{os.getpid()}{_NEW}"
    fresh.mkdir()
    try:
        yield fresh
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


@contextmanager
def plain_disk_errors() -> Iterator[None]:
    """Let what a library wraps of a disk's refusal come out as the OSError that it is."""
    try:
        yield
    except Exception as error:
        number = _RUST.search(str(error))
        if number:
            raise OSError(int(number[1]), os.strerror(int(number[1]))) from error
        for wrapped in (error.__cause__, error.__context__, *error.args):
            if isinstance(wrapped, OSError):
                raise wrapped from None
        raise


def write_whole(path: Path, content: bytes) -> None:
    """Let a file have this content, or the one that it had, whatever happens; what a kill leaves of it is hidden.

    Raises
    ------
    OSError
        It cannot be written there.
    """
    fresh = path.with_name(f".{path.name}{_NEW}")
    try:
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    _sync_one(path.parent)


def put_in_place(fresh: Path, target: Path) -> None:
    """Let the fresh folder take the place of `target` in one step, safely on the disk before and after.

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C was pressed, and a library has kept it to itself.
    """
    _sync(fresh)
    obey()
    if not target.exists():
        fresh.rename(target)
    elif not _exchange(fresh, target):
        # A file system without exchange: a kill between the two renames is put right by the next run.
        old = target.with_name(f".{target.name}{_OLD}")
        target.rename(old)
        fresh.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    _sync_one(target.parent)


def _exchange(one: Path, other: Path) -> bool:
    """Let two paths change places at once; say whether the system can."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    done: int = rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE)
    return done == 0


def _sync(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        _sync_one(path)


def _sync_one(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
