"""The workspace's key, and what is made with it: codes of persons and numbers of alerts.

A code is an HMAC-SHA256 with a key of 32 random bytes that is made in the workspace on first use. All ID numbers can be
tried against a plain hash in hours; against this one only by who has the key. The key never leaves its file.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

KEY: Final = "identity.key"
_BYTES: Final = 32
_GROUP, _LENGTH = 4, 12


class WrongKey(Exception):
    """The key's file holds no key, or another one than the alerts were made with; `code` says which."""

    def __init__(self, code: str, path: Path) -> None:
        super().__init__(code)
        self.code = code
        self.path = path


class Secret:
    """Makes codes with a key; the key is nowhere in its text."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "Secret(…)"

    def code(self, *parts: str) -> str:
        """Return twelve letters and digits in groups of four that stand for the parts, the same ones every time."""
        text = "\x1f".join(parts).encode()
        digest = base64.b32encode(hmac.new(self._key, text, hashlib.sha256).digest()).decode()[:_LENGTH]
        return "-".join(digest[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP))

    @property
    def mark(self) -> str:
        """A code of the key itself, by which another key is known."""
        return self.code("key")


def open_secret(folder: Path) -> Secret:
    """Return the key of a folder; made, for its owner's eyes alone, where there is none.

    Raises
    ------
    WrongKey
        The file holds no key.
    OSError
        It cannot be read or written.
    """
    path = folder / KEY
    folder.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(_BYTES) + "\n")
            file.flush()
            os.fsync(handle)
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
    try:
        key = bytes.fromhex(path.read_text("ascii").strip())
    except ValueError:
        raise WrongKey("matching-no-key", path) from None
    if len(key) != _BYTES:
        raise WrongKey("matching-no-key", path)
    return Secret(key)
