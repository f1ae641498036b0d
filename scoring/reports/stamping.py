"""A sheet laid out once, and what each run says anew set into it.

Every page of a sheet bears the run code, its last one the check code with the digest and their square. All of them
change with the smallest change anywhere, and the group's medians in the chart with one in another town; the rest of
most sheets does not. So a sheet is laid out with stand-ins of the same length, made of what the town's score consists
of: the blank. It depends on no run and may be kept. The run's own words are then set in the stand-ins' places, letter
by letter, in the finished pages; so are medians, which the blank draws in tints of their own.

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
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
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
_NO_MOVE: Final = b">0<"
"""WeasyPrint writes a move of nothing where a width was rounded."""
_SQUARE: Final = b"\0square\0"
_RED: Final = 0xC8102E
Kind = Literal["object", "stream", "page", "picture"]
"""Of an object of the PDF; a page is a stream as it was drawn, with marks where the run's words go.

A picture is one too, behind its dictionary and that one's length."""

_OPEN: Final = ("page", "picture")


@dataclass(frozen=True)
class Glyph:
    """A letter in a font: its number there, and its width in thousandths of the type size."""

    number: int
    width: int


@dataclass(frozen=True)
class Median:
    """A median in a sheet's chart: how far to the right it is marked, and the digits of its number."""

    mark: int
    digits: str


def tint(number: int) -> str:
    """Return the colour in which a blank's chart draws the median of a dimension."""
    return f"#{_RED + 1 + number:06x}"


@dataclass(frozen=True)
class Stamp:
    """What a run says on a sheet, by the stand-ins of the same length, and its square in the place of `line`.

    The medians are those of the dimensions by their numbers, in the places of marks at `nowhere` and of noughts.
    """

    words: Mapping[str, str]
    square: Square
    medians: Mapping[int, Median] = field(default_factory=dict)
    nowhere: int = 0

    @property
    def line(self) -> Square:
        """The stand-in of the square: one line as long as its side."""
        return Square(self.square.side, f"M0 0.5h{self.square.side}")

    def found_in(self, text: str) -> Counter[str]:
        """Count the stand-ins in a text."""
        return Counter(re.findall("|".join(sorted(self.words, key=len, reverse=True)), text))

    def marks(self, glyphs: Mapping[str, Glyph]) -> list[tuple[str, bytes, bytes, bytes]]:
        """Return each stand-in, the longest first, as it is drawn, what marks its place, and what is to be drawn."""
        longest_first = sorted(self.words, key=len, reverse=True)
        return [
            (word, _glyphs(word, glyphs), b"\0%d\0" % number, _glyphs(self.words[word], glyphs))
            for number, word in enumerate(longest_first)
        ]


@dataclass(frozen=True)
class Finished:
    """A PDF but for being written: its objects in the order of their numbers, from 1."""

    version: str
    catalog: int
    info: bytes
    objects: tuple[tuple[Kind, bytes], ...]

    def to_bytes(self) -> bytes:
        """Return it as bytes that `from_bytes` reads."""
        packed = [zlib.compress(data, 1) if kind in _OPEN else data for kind, data in self.objects]
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
            objects.append((kind, zlib.decompress(data) if kind in _OPEN else data))
            place += length
        return cls(told["version"], told["catalog"], info, tuple(objects))

    def stamped(self, stamp: Stamp, glyphs: Mapping[str, Glyph]) -> Finished:
        """Return it with the run's words and square in their places."""
        drawn = [(mark, instead) for _, _, mark, instead in stamp.marks(glyphs)]
        drawn.append((_SQUARE, _lines(stamp.square)))
        for number, median in stamp.medians.items():
            drawn.append((_place(number), b"%d" % median.mark))
            drawn += [(_place(number, at), _glyphs(digit, glyphs)) for at, digit in enumerate(median.digits)]

        def done(kind: Kind, data: bytes) -> tuple[Kind, bytes]:
            if kind not in _OPEN:
                return kind, data
            head, data = _parted(data) if kind == "picture" else (b"", data)
            for mark, instead in drawn:
                data = data.replace(mark, instead)
            return "stream", _packed_behind(head, data) if head else _packed(data)

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


def finished(pdf: Any, version: str, marked: Mapping[int, bytes] | None = None) -> Finished:
    """Return a PDF as it would be written, each stream compressed once.

    Parameters
    ----------
    marked
        Streams to be kept with marks, by number.
    """
    objects: list[tuple[Kind, bytes]] = []
    for each in pdf.objects[1:]:
        if marked and each.number in marked:
            content = marked[each.number]
            objects.append(("picture", _behind(each.extra, content)) if each.extra else ("page", content))
        elif isinstance(each, pydyf.Stream):
            plain = each.compress and not each.extra.get("Filter")
            objects.append(("stream", _packed(_drawn(each), each.extra) if plain else each.data))
        else:
            objects.append(("object", each.data))
    return Finished(version, pdf.catalog.number, pdf.info.data, tuple(objects))


def blank_of(document: Document, pdf: Any, version: str, stamp: Stamp, glyphs: Mapping[str, Glyph]) -> Finished | None:
    """Return a PDF drawn with stand-ins as a blank; None where they cannot all be found again."""
    marks = stamp.marks(glyphs)
    fonts = {font.hash.encode() for font in document.fonts.values() if font.family == FAMILY}
    line = _lines(stamp.line)
    found: Counter[object] = Counter()
    pages: dict[int, bytes] = {}
    for each in pdf.objects[1:]:
        if isinstance(each, pydyf.Stream) and each.extra.get("Type") == "/XObject" and stamp.medians:
            picture = _drawn(each)
            for number, median in stamp.medians.items():
                if _fill(tint(number)) in picture:
                    picture, digits = _numbered(picture, number, glyphs["0"], fonts)
                    found["number", number] += digits == len(median.digits)
                    pages[each.number] = picture
        elif isinstance(each, pydyf.Stream) and not each.extra:
            content = _drawn(each)
            here = _marked(content, marks, fonts)
            if here is None:
                return None
            marked, counted = here
            counted["square"] = marked.count(line)
            marked = marked.replace(line, _SQUARE)
            for number in stamp.medians:
                marked, counted["mark", number] = _marked_nowhere(marked, number, stamp.nowhere)
            if counted.total():
                found.update(counted)
                pages[each.number] = marked
    texts = "".join(text for page in document.pages for text in _texts(page))
    # What WeasyPrint says of the document elsewhere, in titles, outlines and tags, holds none of them.
    rest = b"".join(each.data for each in pdf.objects[1:] if not isinstance(each, pydyf.Stream)) + pdf.info.data
    forms = [form for word in stamp.words for form in (word.encode(), word.encode("utf-16-be").hex().encode())]
    if any(form in rest for form in forms) or not set(stamp.words) <= set(found):
        return None
    once = Counter[object]({"square": 1} | dict.fromkeys(product(("mark", "number"), stamp.medians), 1))
    return finished(pdf, version, pages) if found == once + stamp.found_in(texts) else None


def _marked(
    content: bytes, marks: list[tuple[str, bytes, bytes, bytes]], fonts: Collection[bytes]
) -> tuple[bytes, Counter[object]] | None:
    """Return the content of a page with marks for the drawn stand-ins, and their number; None in another font."""
    lines, counted, font = content.split(b"\n"), Counter[object](), b""
    for number, line in enumerate(lines):
        if line.endswith(b" Tf"):
            font = line[1:].partition(b" ")[0]
        elif line.endswith(b" TJ"):
            flat = line.replace(_NO_MOVE, b"")
            for word, drawn, mark, _ in marks:
                place = flat.find(drawn)
                while place >= 0:
                    if font not in fonts or (place - flat.rfind(b"<", 0, place) - 1) % 4:
                        return None
                    flat = lines[number] = flat[:place] + mark + flat[place + len(drawn) :]
                    counted[word] += 1
                    place = flat.find(drawn)
    return (b"\n".join(lines), counted) if b"\0" not in content else None


def _marked_nowhere(content: bytes, number: int, nowhere: int) -> tuple[bytes, int]:
    """Return the content of a page with the mark of a median open, in red, and the number of such marks."""
    mark = re.compile(re.escape(_fill(tint(number))) + rb"((?:\n[^\n]*(?<!re))*\n)%d(?= [^\n]* re\n)" % nowhere)
    return mark.subn(lambda found: _fill(f"#{_RED:06x}") + found[1] + _place(number), content)


def _numbered(content: bytes, number: int, nought: Glyph, fonts: Collection[bytes]) -> tuple[bytes, int]:
    """Return the content of a picture with the noughts of a median open, in red, and their number."""
    lines, font, at = content.replace(_fill(tint(number)), _fill(f"#{_RED:06x}")).split(b"\n"), b"", 0
    drawn = b"<%04x>" % nought.number
    for place, line in enumerate(lines):
        if line.endswith(b" Tf"):
            font = line[1:].partition(b" ")[0]
        elif line.endswith(b" TJ") and drawn in line and font in fonts:
            lines[place] = line.replace(drawn, b"<" + _place(number, at) + b">")
            at += line.count(drawn)
    return b"\n".join(lines), at


def _place(number: int, digit: int | None = None) -> bytes:
    return b"\0m%d\0" % number if digit is None else b"\0m%d.%d\0" % (number, digit)


def _fill(colour: str) -> bytes:
    """Return how WeasyPrint says that what follows is drawn in a colour."""
    stream = pydyf.Stream()
    stream.set_color_rgb(*(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)))
    return bytes(stream.stream[0])


def _texts(page: Any) -> Iterator[str]:
    for box in page._page_box.descendants():  # noqa: SLF001 - WeasyPrint shows its boxes nowhere else
        yield getattr(box, "text", None) or ""


def _glyphs(word: str, glyphs: Mapping[str, Glyph]) -> bytes:
    return b"".join(b"%04x" % glyphs[sign].number for sign in word)


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


def _behind(extra: Mapping[str, Any], content: bytes) -> bytes:
    """Return the content of a picture behind its dictionary."""
    head = bytes(pydyf.Dictionary({**extra, "Filter": "/FlateDecode"}).data)
    return b"%d\n" % len(head) + head + content


def _parted(picture: bytes) -> tuple[bytes, bytes]:
    length, _, rest = picture.partition(b"\n")
    return rest[: int(length)], rest[int(length) :]


def _packed_behind(head: bytes, content: bytes) -> bytes:
    data = zlib.compress(content, _LEVEL)
    return head.removesuffix(b">>") + b"/Length %d>>\nstream\n" % len(data) + data + b"\nendstream"
