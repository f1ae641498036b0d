"""Mail addresses: one plain one each, no display name, nothing that a header or a server could read otherwise."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from scoring.sending.errors import SendingError

_LOCAL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def checked_address(text: str, town: str) -> str:
    """Return an address as it is written to the server; a domain of other letters in its ASCII form.

    Raises
    ------
    SendingError
        It is not one plain address (`sending-bad-address`).
    """
    local, _, domain = text.rpartition("@")
    domain = domain if domain.isascii() else _in_ascii(domain)
    labels = domain.split(".")
    if (
        len(local) > 64
        or len(domain) > 253
        or not _LOCAL.fullmatch(local)
        or len(labels) < 2
        or not all(_LABEL.fullmatch(label) for label in labels)
    ):
        raise SendingError("sending-bad-address", town=town, address=ascii(text)[:200])
    return f"{local}@{domain.lower()}"


def _in_ascii(domain: str) -> str:
    """Return a domain of other letters as it is asked for; empty where it could be read as another one."""
    # The encoding leaves out what cannot be seen and takes a wide letter for the narrow one.
    plain = all(one.isalnum() or one in "-." for one in domain) and unicodedata.normalize("NFKC", domain) == domain
    try:
        return domain.encode("idna").decode() if plain else ""
    except UnicodeError:
        return ""


def checked_addresses(addresses: Mapping[str, str], shared: bool) -> dict[str, str]:
    """Return town → address, checked; empty ones are left out.

    Raises
    ------
    SendingError
        One is not plain, or two towns have the same and `shared` does not allow it (`sending-shared-address`).
    """
    checked = {town: checked_address(text, town) for town, text in addresses.items() if text}
    owner: dict[str, str] = {}
    for town, address in checked.items():
        # By the letter of the standard the first part minds case; no server that people use does.
        other = owner.setdefault(address.casefold(), town)
        if other != town and not shared:
            raise SendingError("sending-shared-address", town=town, other=other, address=address)
    return checked
