"""Laws on the published inspections: order and names change no score, and towns do not lean on each other."""

from __future__ import annotations

import random

import pytest

from tests.oracles.convert import read, write

OPTIONS = {"kc": (), "sf": ("--set-aside",)}


@pytest.fixture(params=["king_county", "san_francisco"])
def scored(request):
    """The data folder of one of the two, and what the command made of it."""
    return request.getfixturevalue(request.param)


def rewritten(data, folder, change):
    for file in sorted(data.iterdir()):
        write(folder / file.name, change(file.stem, read(file)))
    return folder


def test_oracle_laws_order_and_names_change_no_score(scored, score, tmp_path):
    """Rows of every file shuffled, every town and finding renamed; the dirt is shuffled and renamed with the rest."""
    data, before = scored
    dice = random.Random(7)
    names = {}

    def renamed(column, old):
        numbers = names.setdefault(column, {})
        return numbers.setdefault(old, f"{column[0]}{len(numbers):06}")

    def change(table, rows):
        dice.shuffle(rows)
        columns = {"town_code": "town", "name": "town", "town": "town", "finding_id": "finding"}
        return [
            {key: renamed(columns[key], value) if key in columns else value for key, value in row.items()}
            for row in rows
        ]

    after = score(before.label, rewritten(data, tmp_path / "data", change), *OPTIONS[before.label])
    assert after.scores == {names["town"][town]: value for town, value in before.scores.items()}
    assert after.places == {names["town"][town]: place for town, place in before.places.items()}


def test_oracle_laws_removing_towns_leaves_the_others_scores(scored, score, tmp_path):
    """A hundred towns go with their findings and corrections; the rest keep their scores and their order."""
    data, before = scored
    gone = set(random.Random(7).sample(sorted(before.scores), 100))
    findings = {row["finding_id"] for row in read(data / "findings.csv") if row["town"] in gone}

    def change(table, rows):
        key, removed = {"towns": ("town_code", gone), "findings": ("town", gone)}.get(table, ("finding_id", findings))
        return [row for row in rows if row[key] not in removed]

    after = score(before.label, rewritten(data, tmp_path / "data", change), *OPTIONS[before.label])
    assert after.scores == {town: value for town, value in before.scores.items() if town not in gone}
    stay = sorted(after.places)
    assert by_place(after.places, stay) == by_place(before.places, stay)


def by_place(places, towns):
    """The towns in their order, those of one place together."""
    together = {}
    for town in towns:
        together.setdefault(places[town], []).append(town)
    return [together[place] for place in sorted(together)]
