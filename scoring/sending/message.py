"""A mail as bytes: fixed Message-ID, one recipient, attachments whose Chinese names every reader shows."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import astuple
from datetime import datetime
from email.generator import BytesGenerator
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from pathlib import PurePath
from typing import Any, Final

from scoring.sending.errors import SendingError
from scoring.sending.journal import Key
from scoring.sending.letter import Letter

_UNFOLDED: Final = SMTP.clone(max_line_length=0)
_TYPES: Final = {
    ".pdf": ("application", "pdf"),
    ".zip": ("application", "zip"),
    ".docx": ("application", "vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ".xlsx": ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
_LONGEST_LINE: Final = 998
"""RFC 5322's limit; a server may cut or refuse longer ones."""


class _Policy(EmailPolicy):
    """Names of attachments in one piece: of RFC 2231's numbered ones, some programs on Windows show the first alone."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name.lower() == "content-disposition":
            return _UNFOLDED.fold_binary(name, value)
        if name.lower() == "content-type" and "name" in value.params:
            # Once more for programs that know no RFC 2231: they look here, for an encoded word.
            return f'{name}: {value.content_type}; name="{_encoded_word(value.params["name"])}"\r\n'.encode("ascii")
        return super().fold_binary(name, value)


def message_id(key: Key, sender: str) -> str:
    """Return the one Message-ID that a parcel's mail has, whenever it is sent."""
    digest = hashlib.sha256(json.dumps(astuple(key), ensure_ascii=False).encode()).hexdigest()
    return f"<{digest[:40]}@{sender.rpartition('@')[2]}>"


def message_of(
    key: Key, sender: str, recipient: str, letter: Letter, files: Mapping[str, bytes], at: datetime
) -> bytes:
    r"""Return a mail with lines ended by \r\n, ASCII throughout.

    Parameters
    ----------
    files
        Name → content, attached in the order of names.

    Raises
    ------
    SendingError
        The subject would begin a header of its own (`sending-bad-header`).
    """
    subject = letter.subject
    if not subject.strip() or any(unicodedata.category(one) in {"Cc", "Cs", "Zl", "Zp"} for one in subject):
        raise SendingError("sending-bad-header", town=key.town, text=ascii(subject)[:200])
    message = EmailMessage(policy=_Policy(linesep="\r\n"))
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = message_id(key, sender)
    # Out-of-office answers and receipts would reach nobody who reads them.
    message["Auto-Submitted"] = "auto-generated"
    body = "\n".join(line.rstrip() for line in letter.body.splitlines()).strip("\n") + "\n"
    message.set_content(body, charset="utf-8", cte="base64")
    for name, content in sorted(files.items()):
        main, sub = _TYPES.get(PurePath(name).suffix.lower(), ("application", "octet-stream"))
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
        *_, part = message.iter_attachments()
        part.set_param("name", name)
    message.set_boundary(f"=_{message_id(key, sender)[1:33]}")
    out = io.BytesIO()
    BytesGenerator(out, mangle_from_=False).flatten(message)
    content = out.getvalue()
    lines = content.split(b"\r\n")
    # A line end of another kind is what servers disagree on: one could end the mail early and begin a second.
    assert content.isascii()
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert max(map(len, lines)) <= _LONGEST_LINE
    return content


def _encoded_word(name: str) -> str:
    """Return a file's name as programs that know no RFC 2231 look for it: an encoded word (RFC 2047) in one piece."""
    return name if name.isascii() else f"=?utf-8?b?{base64.b64encode(name.encode()).decode()}?="
