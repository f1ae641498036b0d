"""A server that drops, delays or refuses at every step: nobody twice, nobody wrong, nobody forgotten."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from scoring.sending import Journal, State, key_of, send
from tests.sending import faulty

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")
STEPS = [(step, kind) for step in faulty.STEPS for kind in faulty.kinds_of(step)]
# Every mail passes all steps, a connection some of them twice: more faults where it matters.
OFTEN = {"connect": 0.4, "ehlo": 0.3, "body": 1.5, "end": 2, "after": 1.5}
CERTAIN = {"connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data"}


@pytest.fixture(scope="module")
def authority():
    import trustme

    return trustme.CA()


@pytest.mark.parametrize(("step", "kind"), STEPS)
def test_fault_at_each_step_of_the_dialogue(tmp_path, authority, step, kind):
    parcels = faulty.town_parcels(tmp_path, 2)
    # A log-in that is refused one way is tried the other.
    left = [kind] * (2 if step == "auth" and kind in {"refuse", "later", "nonsense"} else 1)

    def once(asked):
        return left.pop() if asked == step and left else None

    # Only where it is waited out is the timeout short: the machine may be busy.
    wait = 0.8 if kind.endswith(("delay", "slow")) else 5
    with faulty.Faulty("starttls", once, wait=wait, authority=authority) as post:
        journal = Journal(tmp_path / "sent.jsonl")
        given = (parcels, faulty.addresses(parcels), post.server(tmp_path), faulty.secret(), journal)
        first = send(*given, faulty.render, faulty.now)
        assert not left, "the fault was never met"
        again = send(*given[:-1], Journal(tmp_path / "sent.jsonl"), faulty.render, faulty.now)
        counts = faulty.check_received(post.received, parcels)
    assert max(counts.values()) == 1
    unclear = {item.key.town for item in again.unclear}
    assert {item.key.town for item in first.unclear} == unclear
    done = {item.key.town for item in [*again.sent, *again.already]}
    assert done | unclear == {"T01", "T02"}
    assert not done & unclear
    assert not again.failed
    assert all(counts[town] == 1 for town in done)
    if kind == "slow" or step == "after":
        assert not first.failed or (step, kind) == ("body", "slow")
    elif step in CERTAIN:
        assert first.failed
        assert not first.unclear
    elif step == "end":
        assert bool(first.failed) == (kind in {"refuse", "later"})
        assert bool(first.unclear) == (kind not in {"refuse", "later"})
        assert counts["T01"] == (1 if kind.startswith("keep") or first.failed else 0)
    else:
        assert first.failed or first.unclear
    journal.refresh()
    states = {journal.state(key_of("mail", parcel)) for parcel in parcels}
    assert states <= {State.DONE, State.BEGUN}


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_faulted_sends_go_on_where_they_stood(tmp_path, authority, security):
    chance = random.Random(security)
    met = Counter()
    for number in range(8):
        folder = tmp_path / str(number)
        folder.mkdir()
        met += faulted(folder, authority, security, chance, 3, rate=0.15)
    assert sum(met.values()) >= 15


def faulted(folder, authority, security, chance, towns, wait=0.15, rate=0.06, seen=None):
    """Send a list through faults until nothing is left to try; return the faults that were met."""
    parcels = faulty.town_parcels(folder, towns)

    def fault(step):
        return chance.choice(faulty.kinds_of(step)) if chance.random() < rate * OFTEN.get(step, 1) else None

    with faulty.Faulty(security, fault, wait=wait, authority=authority) as post:
        server = post.server(folder)
        unclear = set()
        for _ in range(40):
            journal = Journal(folder / "sent.jsonl")
            outcome = send(
                parcels, faulty.addresses(parcels), server, faulty.secret(), journal, faulty.render, faulty.now
            )
            listed = [*outcome.sent, *outcome.already, *outcome.failed, *outcome.unclear]
            assert sorted(item.key.town for item in listed) == [parcel.town_code for parcel in parcels]
            now_unclear = {item.key.town for item in outcome.unclear}
            assert unclear <= now_unclear
            unclear = now_unclear
            counts = faulty.check_received(post.received, parcels)
            assert all(counts[item.key.town] == 1 for item in [*outcome.sent, *outcome.already])
            assert all(counts[item.key.town] == 0 for item in outcome.failed)
            assert max(counts.values(), default=0) <= 1
            if not outcome.failed:
                break
        assert not outcome.failed
        if seen is not None:
            seen["sent"] += len([*outcome.sent, *outcome.already])
            seen["unclear"] += len(outcome.unclear)
            seen["unclear and taken"] += sum(counts[item.key.town] for item in outcome.unclear)
        return Counter({met: count for met, count in post.met.items() if met[1] != "slow"})
