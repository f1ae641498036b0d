"""SMTP, step by step, so that after every failure it is known whether the mail can have gone out.

Until the final dot is on its way nothing has: a server may keep no mail that has no end (RFC 5321, 4.1.1.4). After it,
a reply of 2yz means taken, one of 4yz or 5yz not taken; anything else, or nothing, leaves it open.
"""

from __future__ import annotations

import re
import select
import smtplib
import ssl
from collections.abc import Callable
from typing import Final

from scoring.sending.errors import Reason
from scoring.sending.server import Secret, Server

_CHUNK: Final = 65536
_LONGEST_REPLY: Final = 300


class NotSent(Exception):
    """For certain not sent; `for_all`: the next mail would meet the same."""

    def __init__(self, reason: Reason, for_all: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.for_all = for_all


class Unclear(Exception):
    """Nobody here can know whether the server took it."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class Dialogue:
    """One connection, encrypted and logged in.

    Raises
    ------
    NotSent
        It did not come about.
    """

    def __init__(self, server: Server, password: Secret | None, context: ssl.SSLContext) -> None:
        self._server = server
        self._password = password
        self._step = "connect"
        self._smtp: smtplib.SMTP | None = None
        failed = self._attempt(lambda: self._open(context))
        if failed is not None:
            self.close(polite=False)
            raise failed

    def _attempt(self, work: Callable[[], object]) -> NotSent | None:
        """Do some steps before the final dot; return how they failed.

        It is returned and raised by the caller, so that no exception drags along another with the password in it.
        """
        try:
            work()
        except NotSent as failed:
            return failed
        except (OSError, UnicodeError) as error:
            return self._named(error)
        return None

    def _named(self, error: OSError | UnicodeError) -> NotSent:
        """Say what a failure is; the order is that of Python's classes, the narrow ones first."""
        match error:
            case ssl.SSLCertVerificationError():
                named = NotSent(Reason("sending-certificate", {"what": error.verify_message}), for_all=True)
            case ssl.SSLError():
                named = self._failed("sending-tls", what=error.reason or type(error).__name__)
            case smtplib.SMTPResponseException():
                named = self._refused(error.smtp_code, error.smtp_error)
            case smtplib.SMTPServerDisconnected():
                named = self._failed("sending-dropped")
            case smtplib.SMTPException():
                # Its text may repeat what the server said at the log-in, and that what it was told.
                named = self._failed("sending-not-offered", what=type(error).__name__)
                named.for_all = True
            case TimeoutError():
                named = self._failed("sending-timeout")
            case OSError():
                named = self._failed("sending-no-connection", what=error.strerror or type(error).__name__)
            case _:
                named = self._failed("sending-no-connection", what=self._server.host)
        return named

    def _open(self, context: ssl.SSLContext) -> None:
        server = self._server
        # Its own name would be asked of the network and told to the server.
        name = server.sender.rpartition("@")[2]
        if server.security == "tls":
            self._smtp = smtplib.SMTP_SSL(server.host, server.port, name, timeout=server.timeout, context=context)
        else:
            self._smtp = smtplib.SMTP(server.host, server.port, name, timeout=server.timeout)
            self._ehlo(self._smtp)
            self._step = "starttls"
            self._smtp.starttls(context=context)
        self._ehlo(self._smtp)
        if server.user and self._password is not None:
            self._step = "auth"
            try:
                self._smtp.login(server.user, self._password.reveal())
            finally:
                # smtplib keeps them for as long as the connection.
                self._smtp.user = self._smtp.password = ""

    def _ehlo(self, smtp: smtplib.SMTP) -> None:
        self._step = "ehlo"
        self._want(smtp.ehlo(), 250, 250)

    def alive(self) -> bool:
        """Tell whether the connection still answers."""
        assert self._smtp is not None
        try:
            return self._smtp.noop()[0] == 250
        except (OSError, ValueError):
            return False

    def deliver(self, recipient: str, data: bytes, before_end: Callable[[], None]) -> str:
        """Hand over one mail and return the server's reply.

        Parameters
        ----------
        before_end
            Called when all but the final dot has been sent; whatever it raises leaves the mail unsent.

        Raises
        ------
        NotSent, Unclear
        """
        failed = self._attempt(lambda: self._hand_over(recipient, data))
        if failed is not None:
            raise failed
        before_end()
        return self._end()

    def _hand_over(self, recipient: str, data: bytes) -> None:
        smtp = self._smtp
        assert smtp is not None
        assert smtp.sock is not None
        self._step = "mail"
        self._want(smtp.mail(self._server.sender, self._options(smtp, data)), 250, 250)
        self._step = "rcpt"
        self._want(smtp.rcpt(recipient), 250, 251)
        self._step = "data"
        self._want(smtp.docmd("DATA"), 354, 354)
        self._step = "body"
        stuffed = re.sub(rb"(?m)^\.", b"..", data)
        for start in range(0, len(stuffed), _CHUNK):
            smtp.send(stuffed[start : start + _CHUNK])
        # Who speaks now, or has hung up, has refused it: seen before the dot, that is certain.
        poll = select.poll()
        poll.register(smtp.sock, select.POLLIN)
        if poll.poll(0):
            self._want(smtp.getreply(), 0, 0)

    def _options(self, smtp: smtplib.SMTP, data: bytes) -> list[str]:
        return [f"SIZE={len(data)}"] if smtp.has_extn("size") else []

    def _end(self) -> str:
        smtp = self._smtp
        assert smtp is not None
        self._step = "end"
        try:
            smtp.send(b".\r\n")
            code, text = smtp.getreply()
        # An overlong line comes as a reply of the library's own: the server said no such thing.
        except (OSError, ValueError) as error:
            what = "timeout" if isinstance(error, TimeoutError) or "timed out" in str(error) else "dropped"
            raise Unclear(Reason(f"sending-unclear-{what}")) from None
        if 200 <= code < 300:
            return self._reply(code, text)
        if 400 <= code < 600:
            raise self._refused(code, text)
        raise Unclear(Reason("sending-unclear-reply", {"reply": self._reply(code, text)}))

    def _want(self, answer: tuple[int, bytes], least: int, most: int) -> None:
        code, text = answer
        if not least <= code <= most:
            raise self._refused(code, text)

    def _refused(self, code: int, text: bytes | str) -> NotSent:
        return self._failed("sending-refused", reply=self._reply(code, text))

    def _failed(self, code: str, **parameters: str) -> NotSent:
        # A wrong password tried for every town locks the account, whatever the server does about each.
        for_all = self._step == "auth" or (self._step == "starttls" and code == "sending-refused")
        return NotSent(Reason(code, {"step": self._step, **parameters}), for_all)

    def _reply(self, code: int, text: bytes | str) -> str:
        said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        plain = " ".join("".join(one if one.isprintable() else " " for one in said).split())
        if self._password is not None and self._password.is_in(said, self._server.user):
            plain = "***"
        return f"{code} {plain}"[:_LONGEST_REPLY].strip()

    def close(self, polite: bool = True) -> None:
        """End the connection; nothing of it matters any more."""
        smtp, self._smtp = self._smtp, None
        if smtp is None:
            return
        try:
            if polite:
                smtp.quit()
        except (OSError, ValueError):
            pass
        finally:
            smtp.close()
