"""Papers kept for the next run, by a hash of all that they depend on: what is equal need not be laid out again.

The shelf is a folder of the user's own that nobody else may read, as it holds towns' papers. What lies on it is bound
by its own hash, so that half a file is no paper; a file appears whole or not at all, whoever else is writing. A shelf
that cannot be used is no fault: papers are made.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MOST_BYTES: Final = 512 << 20
"""How much a shelf may hold: some 2,000 sheets."""
_PART: Final = ".part"
_FORGOTTEN: Final = 3600.0
"""After so many seconds nobody is still writing."""


@dataclass(frozen=True)
class Shelf:
    """A folder of kept papers."""

    folder: Path

    def take(self, key: str) -> bytes | None:
        """Return what was put there by this key, if it is whole."""
        path = self.folder / key
        try:
            if not self._own():
                return None
            content = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        seal, body = content[:32], content[32:]
        return body if hashlib.sha256(body).digest() == seal else None

    def put(self, key: str, content: bytes) -> None:
        """Keep a paper."""
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, exist_ok=True)
            if not self._own():
                return
            with tempfile.NamedTemporaryFile(dir=self.folder, suffix=_PART, delete=False) as part:
                try:
                    part.write(hashlib.sha256(content).digest())
                    part.write(content)
                    part.flush()
                    Path(part.name).replace(self.folder / key)
                except OSError:
                    Path(part.name).unlink(missing_ok=True)
                    raise

    def tidy(self, most_bytes: int = MOST_BYTES) -> None:
        """Remove what a killed run left half written, and the papers longest unused beyond so many bytes."""
        kept = []
        with suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                with suppress(OSError):  # gone meanwhile
                    about = entry.stat(follow_symlinks=False)
                    if not entry.name.endswith(_PART):
                        kept.append((about.st_mtime_ns, entry.path, about.st_size))
                    elif about.st_mtime < time.time() - _FORGOTTEN:
                        Path(entry.path).unlink()
        for _, path, size in sorted(kept, reverse=True):
            most_bytes -= size
            if most_bytes < 0:
                Path(path).unlink(missing_ok=True)

    def _own(self) -> bool:
        about = self.folder.lstat()
        return stat.S_ISDIR(about.st_mode) and about.st_uid == os.geteuid() and not about.st_mode & 0o077
