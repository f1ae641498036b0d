"""A process that sends, to be killed: `child.py FOLDER TOWNS PORT SECURITY`; with PORT 0 it copies into a share."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from scoring.sending import Journal, Secret, SendingError, Server, copy_out, send
from tests.sending import faulty


def main(folder, towns, port, security):
    parcels = faulty.town_parcels(folder, towns, made=True, size=faulty.SIZE)
    print("ready", flush=True)
    try:
        journal = Journal(folder / "sent.jsonl")
        if port:
            server = Server("localhost", port, security, "bureau", "kaohe@mzj.example", 5.0, folder / "ca.pem")
            given = (faulty.addresses(parcels), server, Secret(faulty.PASSWORD), journal, faulty.render, faulty.now)
            outcome = send(parcels, *given)
        else:
            outcome = copy_out(parcels, folder / "share", journal, faulty.now)
    except SendingError as error:
        print(json.dumps({"error": error.code}))
        return
    lists = ("sent", "already", "failed", "unclear")
    print(json.dumps({name: [item.key.town for item in getattr(outcome, name)] for name in lists}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
