"""Two hundred towns, a canary of each in every field: nobody's archive holds another's."""

from __future__ import annotations

from scoring.packing.packs import Pack, pack
from scoring.redaction import Words
from scoring.reports.settings import Settings
from tests.packing.canaries import world
from tests.packing.test_packs import foreign


def test_no_archive_of_two_hundred_holds_a_byte_of_another_towns(tmp_path):
    made = pack(Pack(world(200), Settings(), Words()), tmp_path)
    assert len(made.towns) == 200
    assert list(foreign(made, list(made.towns))) == []
