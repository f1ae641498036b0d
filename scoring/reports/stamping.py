"""A sheet laid out once, and what each run says anew set into it.

Every page of a sheet bears the run code, its last one the check code with the digest and their square. All of them
change with the smallest change anywhere; the rest of most sheets does not. So a sheet is laid out with stand-ins of
the same length, made of what the town's score consists of: the blank. It depends on no run and may be kept. The run's
own words are then set in the stand-ins' places, letter by letter, in the finished pages.

Whether that can be done is proved on each blank: every stand-in that the pages hold was drawn once and in the one font
that has the letters of the codes, and none is anywhere else. A sheet of which that is not so (a bureau's own template
may print the codes as it likes) is laid out whole every time. Either way the bytes of a sheet depend on what it says
alone, never on what was kept.
"""

from __future__ import annotations

import io
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import pydyf

from scoring.reports.authentic import LETTERS, Square

if TYPE_CHECKING:
    from weasyprint.document import Document

FAMILY: Final = "ts-heiti"
"""The font in which our style sheets print the codes, without kerning."""
SIGNS: Final = "".join(dict.fromkeys("0123456789abcdef" + LETTERS + "-"))
_MARK: Final = b"townscore blank 1\n"
_LEVEL: Final = 6
_FONT: Final = re.compile(rb"/([A-Z]+) [0-9.]+ Tf")
_BETWEEN: Final = b"(?:>0<)?"
"""WeasyPrint writes a move of nothing where a width was rounded."""
Kind = Literal["object", "stream", "page"]
"""Of an object of the PDF; a page is a stream that holds stand-ins, and is kept as it was drawn."""


@dataclass(frozen=True)
class Glyph:
    """A letter in a font: its number there, and its width in thousandths of the type size."""

    number: int
    width: int


@dataclass(frozen=True)
class Stamp:
    """What a run says on a sheet, by the stand-ins of the same length, and its square in the place of `line`."""

    words: Mapping[str, str]
    square: Square

    @property
    def line(self) -> Square:
        """The stand-in of the square: one line as long as its side."""
        return Square(self.square.side, f"M0 0.5h{self.square.side}")

    def found_in(self, text: str) -> Counter[str]:
        """Count the stand-ins in a text."""
        return Counter(re.findall("|".join(sorted(self.words, key=len, reverse=True)), text))

    def drawn(self, glyphs: Mapping[str, Glyph]) -> tuple[re.Pattern[bytes], dict[str, str]]:
        """Return what finds the drawn stand-ins, each as a named group, and which word each group stands for."""
        names = {f"word{number}": word for number, word in enumerate(sorted(self.words, key=len, reverse=True))}
        shapes = [
            f"(?P<{name}>".encode() + _BETWEEN.join(b"%04x" % glyphs[sign].number for sign in word) + b")"
            for name, word in names.items()
        ]
        return re.compile(b"|".join(shapes)), names


@dataclass(frozen=True)
class Finished:
    """A PDF but for being written: its objects in the order of their numbers, from 1."""

    version: str
    catalog: int
    info: bytes
    objects: tuple[tuple[Kind, bytes], ...]

    def to_bytes(self) -> bytes:
        """Return it as bytes that `from_bytes` reads."""
        packed = [zlib.compress(data, 1) if kind == "page" else data for kind, data in self.objects]
        lengths = [(kind, len(data)) for (kind, _), data in zip(self.objects, packed, strict=True)]
        head = {"version": self.version, "catalog": self.catalog, "info": len(self.info), "objects": lengths}
        return b"".join([_MARK, json.dumps(head).encode(), b"\n", self.info, *packed])

    @classmethod
    def from_bytes(cls, content: bytes) -> Finished:
        """Read what `to_bytes` returned.

        Raises
        ------
        ValueError
            It is anything else.
        """
        if not content.startswith(_MARK):
            raise ValueError("no blank")
        line, _, body = content.removeprefix(_MARK).partition(b"\n")
        told, place, objects = json.loads(line), 0, []
        info = body[: told["info"]]
        place = len(info)
        for kind, length in told["objects"]:
            data = body[place : place + length]
            objects.append((kind, zlib.decompress(data) if kind == "page" else data))
            place += length
        return cls(told["version"], told["catalog"], info, tuple(objects))

    def stamped(self, stamp: Stamp, glyphs: Mapping[str, Glyph]) -> Finished:
        """Return it with the run's words and square in the places of their stand-ins."""
        pattern, names = stamp.drawn(glyphs)
        before, after = _lines(stamp.line), _lines(stamp.square)

        def word(found: re.Match[bytes]) -> bytes:
            assert found.lastgroup is not None
            return b"".join(b"%04x" % glyphs[sign].number for sign in stamp.words[names[found.lastgroup]])

        def done(kind: Kind, data: bytes) -> tuple[Kind, bytes]:
            return (
                ("stream", _packed(pattern.sub(word, data).replace(before, after))) if kind == "page" else (kind, data)
            )

        return Finished(self.version, self.catalog, self.info, tuple(done(*each) for each in self.objects))

    def written(self, identifier: bytes) -> bytes:
        """Return the bytes of the PDF."""
        pdf, target = pydyf.PDF(), io.BytesIO()
        pdf.objects = pdf.objects[:1]
        for kind, data in self.objects:
            pdf.add_object(_Fixed(data, is_stream=kind != "object"))
        pdf.catalog = pdf.objects[self.catalog]
        pdf.info = _Fixed(self.info, is_stream=False)
        pdf.write(target, self.version.encode(), identifier, compress=True)
        return target.getvalue()


class _Fixed(pydyf.Object):  # type: ignore[misc]
    """An object whose bytes are known."""

    def __init__(self, data: bytes, *, is_stream: bool) -> None:
        super().__init__()
        self._data = data
        self._is_stream = is_stream

    @property
    def data(self) -> bytes:
        """What stands between the object's number and its end."""
        return self._data

    @property
    def compressible(self) -> bool:
        """Whether it may stand in a stream of objects."""
        return not self._is_stream


def draw_every_sign(document: Document, glyphs: Mapping[str, Glyph]) -> None:
    """Let the font of the codes be embedded with all their letters, whichever the stand-ins have."""
    last = document.pages[-1]
    paint = last.paint

    def and_signs(*arguments: Any, **named: Any) -> None:
        paint(*arguments, **named)
        for font in document.fonts.values():
            if font.family == FAMILY:
                for sign, glyph in glyphs.items():
                    font.to_unicode.setdefault(glyph.number, sign)
                    font.widths.setdefault(glyph.number, glyph.width)

    last.paint = and_signs


def finished(pdf: Any, version: str, pages: Mapping[int, bytes] | None = None) -> Finished:
    """Return a PDF as it would be written, each stream compressed once.

    Parameters
    ----------
    pages
        Streams to be kept as they were drawn, by number.
    """
    objects: list[tuple[Kind, bytes]] = []
    for each in pdf.objects[1:]:
        if pages and each.number in pages:
            objects.append(("page", pages[each.number]))
        elif isinstance(each, pydyf.Stream):
            plain = each.compress and not each.extra.get("Filter")
            objects.append(("stream", _packed(_drawn(each), each.extra) if plain else each.data))
        else:
            objects.append(("object", each.data))
    return Finished(version, pdf.catalog.number, pdf.info.data, tuple(objects))


def blank_of(document: Document, pdf: Any, version: str, stamp: Stamp, glyphs: Mapping[str, Glyph]) -> Finished | None:
    """Return a PDF drawn with stand-ins as a blank; None where they cannot all be found again."""
    pattern, names = stamp.drawn(glyphs)
    fonts = {font.hash.encode() for font in document.fonts.values() if font.family == FAMILY}
    line = _lines(stamp.line)
    drawn: Counter[str] = Counter()
    squares, pages = 0, {}
    for each in pdf.objects[1:]:
        if not isinstance(each, pydyf.Stream):
            continue
        content = _drawn(each)
        found = list(pattern.finditer(content))
        here = content.count(line)
        if not found and not here:
            continue
        if each.extra or any(_font_at(content, one.start()) not in fonts for one in found):
            return None
        drawn.update(names[one.lastgroup or ""] for one in found)
        squares += here
        pages[each.number] = content
    texts = "".join(text for page in document.pages for text in _texts(page))
    # What WeasyPrint says of the document elsewhere, in titles, outlines and tags, holds none of them.
    rest = b"".join(each.data for each in pdf.objects[1:] if not isinstance(each, pydyf.Stream)) + pdf.info.data
    hidden = any(
        form in rest for word in stamp.words for form in (word.encode(), word.encode("utf-16-be").hex().encode())
    )
    if hidden or squares != 1 or drawn != stamp.found_in(texts) or set(drawn) != set(stamp.words):
        return None
    return finished(pdf, version, pages)


def _texts(page: Any) -> Iterator[str]:
    for box in page._page_box.descendants():  # noqa: SLF001 - WeasyPrint shows its boxes nowhere else
        yield getattr(box, "text", None) or ""


def _font_at(content: bytes, place: int) -> bytes:
    """Return the font that was last chosen before a place."""
    chosen = _FONT.findall(content, max(0, content.rfind(b"BT\n", 0, place)), place)
    return chosen[-1] if chosen else b""


def _drawn(stream: Any) -> bytes:
    """Return the content of a stream as it was drawn."""
    return bytes(pydyf.Stream(stream.stream).data.partition(b"stream\n")[2].removesuffix(b"\nendstream"))


def _lines(square: Square) -> bytes:
    """Return how WeasyPrint draws the lines of a square."""
    runs = re.findall(r"M(\d+) (\d+\.5)h(\d+)", square.path)
    return b"\n".join(f"{x} {y} m\n{int(x) + int(length)} {y} l".encode() for x, y, length in runs)


def _packed(content: bytes, extra: Mapping[str, Any] | None = None) -> bytes:
    """Return a stream, compressed."""
    data = zlib.compress(content, _LEVEL)
    return bytes(pydyf.Stream([data], {**(extra or {}), "Filter": "/FlateDecode"}).data)
