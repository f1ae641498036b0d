"""A real SMTP server on loopback that fails where it is told to, and towns with parcels to send through it."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import ssl
import threading
from collections import Counter
from datetime import datetime, timedelta, timezone
from email import message_from_bytes, policy

import trustme
from aiosmtpd.smtp import SMTP, AuthResult

from scoring.sending import Letter, Parcel, Secret, Server

STEPS = ("connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "body", "end", "after")
KINDS = ("drop", "delay", "refuse", "later", "nonsense", "torn", "slow")
ENDS = (
    "keep-drop",
    "lose-drop",
    "keep-delay",
    "lose-delay",
    "keep-nonsense",
    "lose-torn",
    "keep-long",
    "refuse",
    "later",
)
PASSWORD = "geheim-4711"
SIZE = 2000
WHEN = datetime(2025, 4, 15, 9, 30, tzinfo=timezone(timedelta(hours=8)))

logging.getLogger("mail.log").setLevel(logging.CRITICAL)


def now():
    return WHEN


def kinds_of(step):
    return ENDS if step == "end" else ("drop",) if step == "after" else KINDS


class _Conversation(SMTP):
    """One connection; before each step the owner is asked what is to go wrong."""

    def __init__(self, owner, **more):
        self.owner = owner
        super().__init__(owner, **more)

    async def meet(self, step):
        """Let a step go wrong; true where the step is over with that."""
        kind = self.owner.ask(step)
        if kind is None:
            return False
        if kind == "slow":
            await asyncio.sleep(self.owner.wait / 6)
            return False
        if kind == "delay":
            await asyncio.sleep(self.owner.wait * 2)
            return False
        if kind == "drop":
            await self.vanish()
        elif kind == "torn":
            self._writer.write(b"2")
            await self._writer.drain()
            await self.vanish(politely=True)
        await self.push({"refuse": "554 5.7.1 no", "later": "451 4.3.0 not now", "nonsense": "hello there"}[kind])
        return True

    async def vanish(self, politely=False):
        (self.transport.close if politely else self.transport.abort)()
        await asyncio.Event().wait()  # until the loss of the connection cancels this

    def connection_made(self, transport):
        self.owner.open.add(self)
        super().connection_made(transport)

    def connection_lost(self, error):
        super().connection_lost(error)
        self.owner.open.discard(self)

    async def _handle_client(self):
        if await self.meet("connect"):
            self.transport.close()
            return
        await super()._handle_client()

    async def smtp_EHLO(self, hostname):  # noqa: N802
        if not await self.meet("ehlo"):
            await super().smtp_EHLO(hostname)

    async def smtp_STARTTLS(self, arg):  # noqa: N802
        if not await self.meet("starttls"):
            await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg):  # noqa: N802
        if not await self.meet("auth"):
            await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg):  # noqa: N802
        if not await self.meet("mail"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg):  # noqa: N802
        if not await self.meet("rcpt"):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg):  # noqa: N802
        if await self.meet("data"):
            return
        if (kind := self.owner.ask("body")) is not None:
            await self.push("354 go on")
            line = await self._reader.readuntil(b"\r\n")
            while kind == "early" and not line.endswith(b"--\r\n"):
                line = await self._reader.readuntil(b"\r\n")
            if kind in {"drop", "torn"}:
                await self.vanish()
            if kind in {"delay", "slow"}:
                await asyncio.sleep(self.owner.wait)
                await self.vanish()
            await self.push({"later": "451 not now", "nonsense": "what"}.get(kind, "552 too much"))
            await self.vanish(politely=True)
        await super().smtp_DATA(arg)
        if self.owner.ask("after") is not None:
            await asyncio.sleep(0.01)
            await self.vanish(politely=True)


class Faulty:
    """The server: `chance(step)` says what goes wrong there; `received` is what it took, (recipients, bytes)."""

    def __init__(self, security="starttls", chance=lambda step: None, wait=0.3, authority=None):
        self.chance, self.wait, self.security = chance, wait, security
        self.open, self.offer_tls = set(), True
        self.received, self.met, self.asked, self.logins = [], Counter(), Counter(), []
        self.authority = authority or trustme.CA()
        certificate = self.authority.issue_cert("localhost")
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(self.context)

    def ask(self, step):
        self.asked[step] += 1
        kind = self.chance(step)
        if kind is not None:
            self.met[step, kind] += 1
        return kind

    def authenticate(self, server, session, envelope, mechanism, data):
        self.logins.append(mechanism)
        return AuthResult(success=data.password == PASSWORD.encode(), handled=False)

    async def handle_DATA(self, conversation, session, envelope):  # noqa: N802
        kind = self.ask("end") or "keep"
        if kind == "refuse":
            return "554 5.7.1 looks like spam"
        if kind == "later":
            return "451 4.3.0 disk full"
        keep, what = kind.split("-") if "-" in kind else ("keep", "")
        if what == "soon":
            await asyncio.sleep(0.01)
        if keep == "keep":
            self.received.append((tuple(envelope.rcpt_tos), envelope.content))
        if what == "late":
            await asyncio.sleep(0.01)
        if what == "drop":
            await conversation.vanish()
        elif what == "delay":
            await asyncio.sleep(self.wait * 2)
        elif what == "nonsense":
            return "hello there"
        elif what == "torn":
            conversation._writer.write(b"25")
            await conversation.vanish(politely=True)
        elif what == "long":
            return "554 " + "x" * 20_000
        return "250 2.0.0 queued"

    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self.loop).result()
        return self

    async def _listen(self):
        tls = self.security == "tls"
        encrypted = {"tls_context": self.context, "require_starttls": True}

        def conversation():
            more = {} if tls or not self.offer_tls else encrypted
            return _Conversation(
                self, hostname="localhost", authenticator=self.authenticate, auth_required=True,
                auth_require_tls=not tls, loop=self.loop, **more,
            )  # fmt: skip

        self.listening = await self.loop.create_server(conversation, "127.0.0.1", 0, ssl=self.context if tls else None)
        self.port = self.listening.sockets[0].getsockname()[1]

    def __exit__(self, *_):
        async def stop():
            self.listening.close()
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(stop(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def server(self, folder, **more):
        """What the program is told of it."""
        path = folder / "ca.pem"
        self.authority.cert_pem.write_to_path(path)
        said = {"user": "bureau", "sender": "kaohe@mzj.example", "timeout": self.wait, "ca_file": path, **more}
        return Server("localhost", self.port, self.security, **said)


def secret():
    return Secret(PASSWORD)


def town_parcel(folder, code, edition=1, size=200, period="2025Q1", made=False):
    town = f"示例{code}镇"
    names = (f"{code}_{town}_考核情况单.pdf", f"{code}_{town}_问题清单.xlsx")
    place = folder / "packed" / f"{code}@{edition}"
    place.mkdir(parents=True, exist_ok=True)
    files = []
    for name in names:
        files.append(place / name)
        if made:
            continue
        content = f"paper of {code} {name} edition {edition}\n.\r\n..\r\n".encode() + b"\x00\xff." * size
        (place / name).write_bytes(content)
    sha256 = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    return Parcel(code, town, period, edition, "9f3a", tuple(files), sha256)


def town_parcels(folder, count=3, **more):
    return [town_parcel(folder, f"T{number:02}", **more) for number in range(1, count + 1)]


def address(code):
    return f"{code.lower()}@town.example"


def addresses(parcels):
    return {parcel.town_code: address(parcel.town_code) for parcel in parcels}


def render(parcel):
    return Letter(f"2025年第一季度考核情况（{parcel.town}）", f"{parcel.town}：\n.\n请查收附件。")


def check_received(received, parcels):
    """Assert that every mail holds its one recipient's files and no others; return code → how many mails."""
    by_address = {address(parcel.town_code): parcel for parcel in parcels}
    counts = Counter()
    for recipients, content in received:
        (recipient,) = recipients
        parcel = by_address[recipient]
        message = message_from_bytes(content, policy=policy.default)
        assert message["To"] == recipient
        assert message["Bcc"] is None
        assert message["Cc"] is None
        files = {part.get_filename(): part.get_content() for part in message.iter_attachments()}
        assert files == parcel.read()
        counts[parcel.town_code] += 1
    return counts
