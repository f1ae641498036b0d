"""The mail server and the password for it, which is in no file, no log and no exception."""

from __future__ import annotations

import base64
import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from scoring.sending.address import checked_address
from scoring.sending.errors import SendingError

VARIABLE: Final = "TOWNSCORE_SMTP_PASSWORD"
_SERVICE: Final = "townscore"


class Secret:
    """A password that prints as stars; `reveal` gives it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "***"

    def __reduce__(self) -> str:
        raise TypeError("a password is handed to no other process")

    def reveal(self) -> str:
        """Return the password itself: only for the server."""
        return self._text

    def is_in(self, text: str, user: str) -> bool:
        """Tell whether a text gives the password away, as it is or as the dialogue encodes it."""
        plain = self._text.encode()
        forms = {plain, base64.b64encode(plain), base64.b64encode(b"\0" + user.encode() + b"\0" + plain)}
        return any(form.decode().rstrip("=") in text for form in forms)


@dataclass(frozen=True)
class Server:
    """The bureau's mail server; certificates are always checked and nothing goes in plain text.

    Parameters
    ----------
    user
        Who logs in; empty where the server asks nobody to.
    sender
        The address that mails come from.
    timeout
        Seconds to wait for each answer.
    ca_file
        The only root certificates to trust, such as the bureau's own; None: those of the system.

    Raises
    ------
    SendingError
        One of them cannot be (`sending-bad-server`), or the sender is no plain address.
    """

    host: str
    port: int
    security: Literal["starttls", "tls"]
    user: str
    sender: str
    timeout: float = 60.0
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        right = {
            "host": bool(self.host) and self.host.isascii() and self.host.isprintable() and " " not in self.host,
            "port": 0 < self.port < 65536,
            "security": self.security in {"starttls", "tls"},
            "user": self.user.isascii() and (self.user.isprintable() or not self.user),
            "timeout": self.timeout > 0,
        }
        for name, fits in right.items():
            if not fits:
                raise SendingError("sending-bad-server", name=name)
        object.__setattr__(self, "sender", checked_address(self.sender, "sender"))

    def context(self) -> ssl.SSLContext:
        """Return how TLS is spoken: certificate and host name checked.

        Raises
        ------
        SendingError
            The file of root certificates cannot be read (`sending-bad-server`).
        """
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except OSError:
            raise SendingError("sending-bad-server", name="ca_file") from None


def password_of(user: str) -> Secret:
    """Return a user's password: the environment's `TOWNSCORE_SMTP_PASSWORD`, else what the system's keyring keeps.

    Raises
    ------
    SendingError
        There is none (`sending-no-password`), or it holds what no server is told (`sending-odd-password`).
    """
    text = os.environ.get(VARIABLE) or _from_keyring(user)
    if not text:
        raise SendingError("sending-no-password", user=user, variable=VARIABLE)
    # smtplib speaks ASCII, and Python's own error would show the rest of it.
    if not text.isascii() or not text.isprintable():
        raise SendingError("sending-odd-password", user=user)
    return Secret(text)


def _from_keyring(user: str) -> str | None:
    try:
        import keyring
    except ImportError:
        return None
    try:
        # The alternative backends keep passwords in files, some of them in plain text.
        if type(keyring.get_keyring()).__module__.startswith("keyrings.alt"):
            return None
        found = keyring.get_password(_SERVICE, user)
    except Exception:  # noqa: BLE001 - a backend raises what it likes, and its text may hold what it found
        return None
    return str(found) if found else None
