"""Kills sends at random moments, resumes them, and holds what came of it against what the server took."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from scoring.sending import Journal, State, key_of, resolve, send
from tests.sending import faulty

ROOT = Path(__file__).parents[2]
TOWNS = 4
SPAN = 0.35
"""About so many seconds a send of these towns takes here."""


def start(folder, port, security):
    command = [sys.executable, str(Path(__file__).with_name("child.py")), str(folder), str(TOWNS), str(port), security]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stdout.readline() == "ready\n", process.stderr.read()
    return process


def ended(process):
    """What a process said after its first line, and its complaints; communicate() would miss what is read already."""
    said = process.stdout.read(), process.stderr.read()
    process.wait()
    return said


class Killer:
    """What goes wrong at a step: now and then the client is killed there, by the server itself."""

    def __init__(self, chance):
        self.chance = chance
        self.victim = None
        self.at_step = False

    def __call__(self, step):
        if self.victim is not None and self.at_step and self.chance.random() < 0.06:
            os.kill(self.victim.pid, signal.SIGKILL)
        # The server takes its time around the one moment that matters.
        return self.chance.choice([None, "keep-soon", "keep-late"]) if step == "end" else None


def killed_round(folder, authority, security, chance, kills, seen):
    """Kill a send a few times and resume it to its end; add to `seen` what was met."""
    parcels = faulty.town_parcels(folder, TOWNS, size=faulty.SIZE)
    killer = Killer(chance)
    with faulty.Faulty(security, killer, wait=5, authority=authority) as post:
        server = post.server(folder)
        for _ in range(kills):
            killer.at_step = chance.random() < 0.5
            process = start(folder, post.port, security)
            killer.victim = process
            if killer.at_step:
                process.wait(30)
            else:
                time.sleep(chance.uniform(0, SPAN))
                process.kill()
            out, err = ended(process)
            killer.victim = None
            seen["killed" if process.returncode == -signal.SIGKILL else "finished"] += 1
            assert process.returncode in {0, -signal.SIGKILL}, err
            quiet(post)
            counts = faulty.check_received(post.received, parcels)
            assert max(counts.values(), default=0) <= 1
        process = start(folder, post.port, security)
        out, err = ended(process)
        assert process.returncode == 0, err
        said = json.loads(out)
        assert "error" not in said, said
        quiet(post)
        counts = faulty.check_received(post.received, parcels)
        assert max(counts.values(), default=0) <= 1
        assert sorted(town for towns in said.values() for town in towns) == [parcel.town_code for parcel in parcels]
        assert not said["failed"]
        assert all(counts[town] == 1 for town in [*said["sent"], *said["already"]])
        seen["unclear"] += len(said["unclear"])
        seen["unclear and taken"] += sum(counts[town] for town in said["unclear"])
        seen["certain"] += len(said["sent"]) + len(said["already"])
        # A person looks, says which, and everybody has theirs once.
        journal = Journal(folder / "sent.jsonl")
        for key in journal.unclear():
            resolve(journal, key, counts[key.town] == 1, "王某", "已发送记录", faulty.now())
        given = (faulty.addresses(parcels), server, faulty.secret(), journal, faulty.render, faulty.now)
        last = send(parcels, *given)
        assert not last.failed
        assert not last.unclear
        assert faulty.check_received(post.received, parcels) == Counter(one.town_code for one in parcels)
        assert {journal.state(key_of("mail", parcel)) for parcel in parcels} == {State.DONE}


def quiet(post):
    """Wait until the server has dealt with what a killed client had still sent."""
    deadline = time.monotonic() + 10
    while post.open and time.monotonic() < deadline:
        time.sleep(0.005)
    assert not post.open


def killed_copies(folder, chance, kills, seen):
    """Kill copying a few times and resume it: the share holds every file whole, and nothing else."""
    parcels = faulty.town_parcels(folder, TOWNS, size=faulty.SIZE)
    share = folder / "share"
    share.mkdir()
    for number in range(kills + 1):
        process = start(folder, 0, "tls")
        if number < kills:
            time.sleep(chance.uniform(0, 0.03))
            process.kill()
        _, err = ended(process)
        assert process.returncode in {0, -signal.SIGKILL}, err
        seen["killed copies" if process.returncode else "finished copies"] += 1
        visible = {path.name: path.read_bytes() for path in share.rglob("*") if path.is_file() and path.name[0] != "."}
        whole = {name: content for parcel in parcels for name, content in parcel.read().items()}
        assert visible.items() <= whole.items()
    assert visible == whole
    assert len([path for path in share.rglob("*") if path.is_file()]) == len(whole)


def seeded():
    return random.Random(int(os.environ.get("TOWNSCORE_SEED", "1")))
