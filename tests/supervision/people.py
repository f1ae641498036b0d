"""Made-up people, their ID numbers and names as lists write them. Regions begin with 99: nobody's numbers."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl
from stdnum.cn import ric

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧"
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂兰玉梅国建华红文志海云春凤龙福永新"
TOWNS = [f"T{number:02}" for number in range(1, 17)]


@dataclass(frozen=True)
class Person:
    """Somebody who is nobody."""

    id: str
    name: str
    born: date
    town: str


def number(region: int, born: date, sequence: int) -> str:
    """A whole number with its check digit."""
    body = f"99{region:04}{born:%Y%m%d}{sequence:03}"
    return body + ric.calc_check_digit(body + "0")


def people(draw: random.Random, count: int) -> list[Person]:
    """Distinct people, one in two hundred of the same name, birth and town as the one before."""
    made: list[Person] = []
    taken: set[str] = set()
    while len(made) < count:
        if made and draw.random() < 0.005:
            born, name, town = made[-1].born, made[-1].name, made[-1].town
        else:
            first = date(2000, 1, 1) if draw.random() < 0.01 else date(1930, 1, 1)
            born = first + timedelta(days=draw.randrange(7300 if first.year == 2000 else 25000))
            name = draw.choice(SURNAMES) + "".join(draw.choice(GIVEN) for _ in range(draw.choice([1, 2, 2])))
            town = draw.choice(TOWNS)
        # No sequence that ends in 00: such a number may look like one that a spreadsheet has cut.
        whole = number(draw.randrange(1, 40), born, draw.choice([n for n in range(1, 1000) if n % 100]))
        if whole not in taken:
            taken.add(whole)
            made.append(Person(whole, name, born, town))
    return made


def wide(text: str) -> str:
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)


def kept(whole: str, draw: random.Random) -> str:
    """One of the ways of writing a number that lose nothing."""
    forms = [
        whole, whole, whole, whole, whole, whole.lower(), whole.replace("X", "×"), whole.replace("X", "х"), wide(whole),
        f"'{whole}", f" {whole}　",
        f"{whole[:6]} {whole[6:14]} {whole[14:]}", f"{whole[:6]}-{whole[6:14]}-{whole[14:]}",
        f"{whole[:9]}\u200b{whole[9:]}", " ".join(whole),
    ]  # fmt: skip
    if whole[6:8] == "19":
        forms.append(whole[:6] + whole[8:17])
    return draw.choice(forms)


def lost(whole: str, draw: random.Random) -> str | None:
    """One of the ways of writing a number that lose it: wrong, cut, floating, absent."""
    at = draw.randrange(17)
    other = draw.choice([digit for digit in "0123456789" if digit != whole[at]])
    swap = next((n for n in range(16) if whole[n] != whole[n + 1]), 0)
    forms = [
        whole[:at] + other + whole[at + 1 :],
        whole[:swap] + whole[swap + 1] + whole[swap] + whole[swap + 2 :],
        whole[:15] + "000",
        f"{whole[0]}.{whole[1:6]}E+17",
        f"{whole[:17]}0.0",
        whole[:17],
        whole + "1",
        whole.replace("0", "O", 1) if "0" in whole else whole[:16],
        None,
        "—",
        "不详",
    ]
    return draw.choice(forms)


def named(name: str, draw: random.Random) -> str:
    """One of the ways of writing a name that are the same name."""
    forms = [f"{name[0]} {name[1:]}", f" {name}", f"{name[0]}　{name[1:]}", f"{name}\u200b"]
    return draw.choice([name, name, name, name, *forms])


@dataclass(frozen=True)
class Truth:
    """Two lists, and which line of the one is the same person as which of the other.

    `sure`: of those, the pairs in which both numbers are there to be read, and the names are the same.
    """

    paid: pl.DataFrame
    dead: pl.DataFrame
    pairs: frozenset[tuple[int, int]]
    sure: frozenset[tuple[int, int]]


SCHEMA = {"person_id": pl.String(), "name": pl.String(), "born_on": pl.Date(), "town": pl.String()}


def truth(count: int, seed: int, *, lossy: float = 0.1) -> Truth:
    """So many recipients and a fifth as many dead, half of them recipients; some numbers are lost on each side."""
    draw = random.Random(seed)
    known = people(draw, count + count // 10)
    paid, dead = known[:count], [*draw.sample(known[:count], count // 10), *known[count:]]
    draw.shuffle(dead)
    rows: dict[str, list[tuple[object, ...]]] = {}
    told: dict[str, list[tuple[bool, bool]]] = {}
    for side, own in (("paid", paid), ("dead", dead)):
        rows[side], told[side] = [], []
        for one in own:
            whole, same = draw.random() >= lossy, draw.random() >= 0.02
            name = named(one.name, draw) if same else one.name[0] + draw.choice(GIVEN) + draw.choice(GIVEN)
            same = name_of(name) == one.name
            text = kept(one.id, draw) if whole else lost(one.id, draw)
            # A birth is often not written; a town of the dead sometimes not.
            born = one.born if draw.random() < 0.6 else None
            town = None if side == "dead" and draw.random() < 0.1 else one.town
            rows[side].append((text, name, born, town))
            told[side].append((whole, same))
    frames = {side: pl.DataFrame(own, schema=SCHEMA, orient="row") for side, own in rows.items()}
    place = {one.id: at for at, one in enumerate(paid)}
    pairs = frozenset((place[one.id], at) for at, one in enumerate(dead) if one.id in place)
    sure = frozenset((p, d) for p, d in pairs if all(told["paid"][p]) and all(told["dead"][d]))
    return Truth(frames["paid"], frames["dead"], pairs, sure)


def name_of(text: str) -> str:
    return "".join(text.replace("\u200b", "").split())
