"""Sending by mail: encrypted or not at all, to each town its own, once; passwords that show nowhere."""

from __future__ import annotations

import base64
import pickle
import select
import socket
import ssl
import sys
import traceback
import types
from email import message_from_bytes, policy

import pytest
import trustme

from scoring.sending import Journal, Parcel, Secret, SendingError, State, dialogue, key_of, password_of, resolve, send
from scoring.sending.server import Server
from tests.sending import faulty

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


class Office:
    """A bureau with towns and a server."""

    def __init__(self, folder, post, towns=3, **more):
        self.parcels = faulty.town_parcels(folder, towns, **more)
        self.addresses = faulty.addresses(self.parcels)
        self.server = post.server(folder)
        self.password = faulty.secret()
        self.journal = Journal(folder / "sent.jsonl")

    def send(self, parcels=None, **more):
        given = (self.addresses, self.server, self.password, self.journal, faulty.render, faulty.now)
        return send(self.parcels if parcels is None else parcels, *given, **more)


@pytest.fixture(params=["starttls", "tls"])
def post(request, authority):
    with faulty.Faulty(request.param, authority=authority, wait=2) as post:
        yield post


@pytest.fixture
def office(tmp_path, post):
    return Office(tmp_path, post)


def codes(items):
    return [item.why.code for item in items]


def test_every_town_gets_its_own_once_over_one_connection(office, post):
    outcome = office.send()
    assert [item.key.town for item in outcome.sent] == ["T01", "T02", "T03"]
    assert faulty.check_received(post.received, office.parcels) == {"T01": 1, "T02": 1, "T03": 1}
    assert len(post.logins) == 1
    assert outcome.sent[0].why.parameters["reply"] == "250 2.0.0 queued"
    assert outcome.sent[0].to == "t01@town.example"
    again = office.send()
    assert codes(again.already) == ["sending-already"] * 3
    assert len(post.received) == 3
    assert post.asked["connect"] == 1
    steps = [line.step for line in office.journal.lines]
    assert steps == ["taken", "begun", "done"] * 3


def test_nothing_is_sent_once_ctrl_c_was_pressed(office, post, monkeypatch):
    monkeypatch.setattr("scoring.interrupts._asked", True)
    with pytest.raises(KeyboardInterrupt):
        office.send()
    assert not post.received


def test_a_dry_run_connects_to_nothing_and_writes_nothing(office, post):
    outcome = office.send(dry_run=True)
    assert codes(outcome.ready) == ["sending-ready"] * 3
    assert not outcome.sent
    assert not post.asked
    assert not office.journal.path.exists()


def test_a_large_parcel_arrives_whole(tmp_path, post):
    office = Office(tmp_path, post, 1, size=300_000)
    assert len(office.send().sent) == 1
    faulty.check_received(post.received, office.parcels)


def test_another_edition_is_another_mail(tmp_path, office, post):
    office.send()
    second = faulty.town_parcels(tmp_path, edition=2)
    assert len(office.send(second).sent) == 3
    ids = {message_from_bytes(raw, policy=policy.default)["Message-ID"] for _, raw in post.received}
    assert len(ids) == 6


def test_other_files_of_an_edition_are_not_sent_again_on_their_own(tmp_path, office, post):
    office.send()
    other = faulty.town_parcels(tmp_path, size=201)
    assert codes(office.send(other).unclear) == ["sending-other-files"] * 3
    assert len(post.received) == 3
    resolve(office.journal, key_of("mail", office.parcels[0]), False, "王某", "退信", faulty.now())
    outcome = office.send(other)
    assert [item.key.town for item in outcome.sent] == ["T01"]
    assert len(outcome.unclear) == 2


def test_a_town_without_an_address_is_listed(office):
    office.addresses["T02"] = ""
    del office.addresses["T03"]
    outcome = office.send()
    assert [item.key.town for item in outcome.sent] == ["T01"]
    assert codes(outcome.failed) == ["sending-no-address"] * 2


@pytest.mark.parametrize("wrong", ["a@b", "t01@town.example"])
def test_a_wrong_address_stops_all_before_anything(office, post, wrong):
    office.addresses["T03"] = wrong
    with pytest.raises(SendingError):
        office.send()
    assert not post.asked
    assert not office.journal.path.exists()


def test_a_file_changed_after_packing_stops_all_before_anything(office, post):
    office.parcels[2].files[0].write_bytes(b"another town's")
    with pytest.raises(SendingError, match="sending-altered"):
        office.send()
    assert not post.asked


def test_a_file_changed_while_others_are_sent_is_not_sent(office, post):
    def change(step):
        if step == "after":
            office.parcels[2].files[0].write_bytes(b"another town's")

    post.chance = change
    outcome = office.send()
    assert codes(outcome.failed) == ["sending-altered"]
    assert len(outcome.sent) == 2
    faulty.check_received(post.received, [office.parcels[0], office.parcels[1]])


def test_a_parcel_of_another_town_cannot_be_made(office):
    one, other = office.parcels[:2]
    with pytest.raises(SendingError, match="sending-other-town"):
        Parcel(one.town_code, one.town, one.period, 1, "9f", other.files, other.sha256)


def test_a_certificate_that_nobody_vouches_for_sends_nothing(tmp_path, post):
    post.authority = trustme.CA()  # what the program is told to trust; the server's own is by another
    office = Office(tmp_path, post)
    outcome = office.send()
    assert codes(outcome.failed) == ["sending-certificate"] * 3
    assert not post.received
    assert not post.logins
    # The next would meet the same: it is not tried.
    assert post.asked["connect"] <= 1


def test_a_certificate_for_another_host_sends_nothing(tmp_path, post):
    office = Office(tmp_path, post)
    office.server = Server("127.0.0.1", post.port, post.security, "bureau", "kaohe@mzj.example", 2, tmp_path / "ca.pem")
    assert codes(office.send().failed) == ["sending-certificate"] * 3
    assert not post.received


def test_without_a_file_of_roots_those_of_the_system_are_asked(tmp_path, post):
    office = Office(tmp_path, post)
    office.server = Server("localhost", post.port, post.security, "bureau", "kaohe@mzj.example", 2)
    assert codes(office.send().failed) == ["sending-certificate"] * 3
    context = office.server.context()
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


@pytest.mark.parametrize("kind", ["refuse", "later", "nonsense", "drop"])
def test_without_starttls_nothing_goes_in_plain_text(tmp_path, authority, kind):
    with faulty.Faulty("starttls", lambda step: kind if step == "starttls" else None, authority=authority) as post:
        office = Office(tmp_path, post)
        outcome = office.send()
        assert len(outcome.failed) == 3
        assert post.asked["auth"] == post.asked["mail"] == 0
        assert {office.journal.state(key_of("mail", parcel)) for parcel in office.parcels} <= {
            State.REFUSED,
            State.UNTOUCHED,
        }
        # And tried again the next time.
        post.chance = lambda step: None
        assert len(office.send().sent) == 3


def test_a_server_that_offers_no_starttls_is_told_nothing(tmp_path, authority):
    with faulty.Faulty("starttls", authority=authority) as post:
        post.offer_tls = False
        office = Office(tmp_path, post)
        outcome = office.send()
    assert codes(outcome.failed) == ["sending-not-offered"] * 3
    assert not post.logins
    assert "STARTTLS" in outcome.failed[0].why.said("en")
    assert "加密" in outcome.failed[0].why.said("zh")


def test_a_wrong_password_is_tried_for_one_town_alone(office, post):
    office.password = Secret("falsch")
    outcome = office.send()
    assert codes(outcome.failed) == ["sending-refused"] * 3
    assert post.asked["connect"] == 1
    assert outcome.failed[0].why.parameters["reply"].startswith("535")
    assert len(office.journal.lines) == 2
    assert post.logins == ["PLAIN", "LOGIN"]


def test_three_connections_in_a_row_that_fail_are_enough(tmp_path, authority):
    with faulty.Faulty("tls", lambda step: "drop" if step == "connect" else None, authority=authority) as post:
        outcome = Office(tmp_path, post, 6).send()
        assert len(outcome.failed) == 6
        assert post.asked["connect"] == 3


def test_nobody_listens(tmp_path, office):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        office.server = Server("localhost", port, "tls", "bureau", "kaohe@mzj.example", 1)
        outcome = office.send()
    assert codes(outcome.failed) == ["sending-no-connection"] * 3


def test_a_refused_recipient_does_not_keep_the_others_from_theirs(office, post):
    asked = []

    def second(step):
        asked.append(step)
        return "refuse" if step == "rcpt" and asked.count("rcpt") == 2 else None

    post.chance = second
    outcome = office.send()
    assert [item.key.town for item in outcome.sent] == ["T01", "T03"]
    assert outcome.failed[0].why.parameters == {"step": "rcpt", "reply": "554 5.7.1 no"}
    assert [item.key.town for item in office.send().sent] == ["T02"]
    faulty.check_received(post.received, office.parcels)


def test_a_server_that_hangs_up_in_the_midst_of_a_large_text_has_not_taken_it(tmp_path, authority):
    with faulty.Faulty("tls", lambda step: "drop" if step == "body" else None, authority=authority) as post:
        office = Office(tmp_path, post, 1, size=3_000_000)
        outcome = office.send()
    assert codes(outcome.failed) == ["sending-dropped"]
    assert outcome.failed[0].why.parameters["step"] == "body"
    assert [line.step for line in office.journal.lines] == ["taken", "refused"]


def test_a_server_that_speaks_before_the_end_has_refused_it(tmp_path, authority, monkeypatch):
    """Seen before the dot is sent, it is certain; the look is made long enough here for the answer to be there."""

    class Patient:
        def __init__(self):
            self.poll_in_time = select.poll()
            self.register = self.poll_in_time.register

        def poll(self, _):
            return self.poll_in_time.poll(1000)

    monkeypatch.setattr(dialogue, "select", types.SimpleNamespace(poll=Patient, POLLIN=select.POLLIN))
    with faulty.Faulty("tls", lambda step: "early" if step == "body" else None, authority=authority) as post:
        office = Office(tmp_path, post, 1)
        outcome = office.send()
    assert outcome.failed[0].why.parameters == {"step": "body", "reply": "552 too much"}
    assert [line.step for line in office.journal.lines] == ["taken", "refused"]


def test_lines_that_begin_with_a_dot_end_no_mail(tmp_path, post):
    """What message writes has none; whoever hands over another text is safe all the same."""
    office = Office(tmp_path, post, 1)
    spoken = dialogue.Dialogue(office.server, office.password, office.server.context())
    spoken.deliver("a@b.cn", b"X: 1\r\n\r\n.\r\n..\r\nMAIL FROM:<c@d.cn>\r\n.end\r\n", lambda: None)
    spoken.close()
    assert post.received == [(("a@b.cn",), b"X: 1\r\n\r\n.\r\n..\r\nMAIL FROM:<c@d.cn>\r\n.end\r\n")]


def test_an_unclear_one_waits_for_a_person(tmp_path, authority):
    left = ["keep-drop"]
    with faulty.Faulty("tls", lambda step: left.pop() if step == "end" and left else None, authority=authority) as post:
        office = Office(tmp_path, post)
        key = key_of("mail", office.parcels[0])
        assert codes(office.send().unclear) == ["sending-unclear-dropped"]
        assert office.journal.unclear() == [key]
        for _ in range(3):
            outcome = office.send()
            assert codes(outcome.unclear) == ["sending-unclear-before"]
            assert "2025-04-15T09:30:00+08:00" in outcome.unclear[0].why.said("zh")
        resolve(office.journal, key, True, "王某", "镇里已收到", faulty.now())
        assert len(office.send().already) == 3
        assert faulty.check_received(post.received, office.parcels) == {"T01": 1, "T02": 1, "T03": 1}


def test_fault_a_journal_that_cannot_be_written_before_the_end_stops_it_unsent(office, post, monkeypatch):
    real = Journal.note

    def full(journal, step, key, at, **said):
        if step == "begun" and key.town == "T02":
            raise SendingError("sending-journal-unwritable", file="x", what="full")
        real(journal, step, key, at, **said)

    monkeypatch.setattr(Journal, "note", full)
    with pytest.raises(SendingError, match="sending-journal-unwritable"):
        office.send()
    monkeypatch.undo()
    assert faulty.check_received(post.received, office.parcels) == {"T01": 1}
    outcome = office.send()
    assert (len(outcome.already), len(outcome.sent)) == (1, 2)
    assert faulty.check_received(post.received, office.parcels) == {"T01": 1, "T02": 1, "T03": 1}


def test_the_password_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("TOWNSCORE_SMTP_PASSWORD", faulty.PASSWORD)
    assert password_of("bureau").reveal() == faulty.PASSWORD
    monkeypatch.setenv("TOWNSCORE_SMTP_PASSWORD", "密码geheim")
    with pytest.raises(SendingError, match="sending-odd-password") as refused:
        password_of("bureau")
    assert "geheim" not in "".join(traceback.format_exception(refused.value))


def keyring_of(monkeypatch, backend, answer):
    module = types.ModuleType("keyring")
    module.get_keyring = type("Keyring", (), {"__module__": backend})
    module.get_password = answer
    monkeypatch.setitem(sys.modules, "keyring", module)
    monkeypatch.delenv("TOWNSCORE_SMTP_PASSWORD", raising=False)


def test_or_from_the_keyring_but_never_out_of_a_file(monkeypatch):
    keyring_of(monkeypatch, "keyring.backends.SecretService", "{}/{}".format)
    assert password_of("bureau").reveal() == "townscore/bureau"
    keyring_of(monkeypatch, "keyrings.alt.file", lambda service, user: "x")
    with pytest.raises(SendingError, match="sending-no-password"):
        password_of("bureau")

    def locked(service, user):
        raise RuntimeError("geheim-4711 is locked")

    keyring_of(monkeypatch, "keyring.backends.SecretService", locked)
    with pytest.raises(SendingError, match="sending-no-password") as refused:
        password_of("bureau")
    assert refused.value.__context__ is None or "geheim" not in "".join(traceback.format_exception(refused.value))
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(SendingError, match="sending-no-password"):
        password_of("bureau")


def test_a_password_shows_nowhere(office, post, monkeypatch, caplog):
    secret = Secret("wrong-geheim")
    assert "geheim" not in f"{secret!r} {secret} {[secret]}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    coded = base64.b64encode(b"\0bureau\0wrong-geheim").decode()

    async def echo(self, arg):
        await self.push(f"535 {coded} is wrong")

    monkeypatch.setattr(faulty._Conversation, "smtp_AUTH", echo)
    office.password = secret
    outcome = office.send()
    assert outcome.failed[0].why.parameters["reply"] == "535 ***"
    text = office.journal.path.read_text("utf-8") + caplog.text + repr(outcome)
    assert coded not in text
    assert "geheim" not in text


@pytest.mark.parametrize(
    ("change", "name"),
    [({"host": ""}, "host"), ({"host": "a\r\nb"}, "host"), ({"port": 0}, "port"), ({"security": "none"}, "security"),
     ({"user": "a\r\nb"}, "user"), ({"user": "王"}, "user"), ({"timeout": 0}, "timeout")],
)  # fmt: skip
def test_settings_of_a_server_that_cannot_be(change, name):
    said = {"host": "mail.example", "port": 465, "security": "tls", "user": "a", "sender": "a@b.cn", "timeout": 5}
    with pytest.raises(SendingError) as refused:
        Server(**said | change)
    assert refused.value.parameters["name"] == name


def test_who_logs_in_must_have_a_password(office, post):
    office.password = None
    with pytest.raises(SendingError, match="sending-bad-server"):
        office.send()
    assert not post.asked


def test_every_reason_is_said_in_both_languages(office):
    for reason in (item.why for item in office.send(dry_run=True).ready):
        assert reason.said("zh") != reason.said("en")
