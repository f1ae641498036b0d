"""HTML to PDF: one environment, one font configuration and one parsed style sheet for all papers of a worker."""

from __future__ import annotations

import atexit
import gc
import hashlib
import io
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Final, NamedTuple

from scoring.messages import say
from scoring.reports.errors import ForbiddenAddress, MissingGlyph, MissingLibrary
from scoring.reports.fonts import INSTALL, ROLES, check, faces
from scoring.reports.settings import Settings
from scoring.reports.subset import common_characters, subset_library
from scoring.reports.templates import SHARED, make_environment, naming_mistakes

if TYPE_CHECKING:
    import jinja2

    from scoring.reports.page import CSS, FontConfiguration

_RARE: Final = re.compile(r",\s*tsrare-[a-z]+")
PAPERS: Final = ("town", "report", "internal")
_MOST_KITS: Final = 4
# Widths in ems, a little above those of the Latin letters of our sans.
_NARROW: Final = frozenset(" iljtfrI.,:;'!|()[]/-")
_WIDE: Final = frozenset("MWmw@%")


def fit(text: str, largest: int, width: int) -> int:
    """Return the type size, at most `largest`, in which a text fills at most `width`, both in one unit.

    Examples
    --------
    >>> fit("AB", 30, 100), fit("A" * 20, 30, 100)
    (30, 7)
    """
    ems = sum(_em(character) for character in text)
    return max(1, min(largest, int(width / max(1.0, ems))))


def fold(text: str, largest: int, width: int) -> tuple[int, tuple[str, ...]]:
    """Return a type size and the lines of a label: one, or two where one would be much smaller than `largest`.

    Examples
    --------
    >>> fold("AB", 30, 100), fold("MMMM", 30, 60)
    ((30, ('AB',)), (30, ('MM', 'MM')))
    """
    size = fit(text, largest, width)
    if size * 4 >= largest * 3:
        return size, (text,)
    middle = len(text) // 2
    # A space near the middle is a better place than the middle of a word.
    space = min((at for at, letter in enumerate(text) if letter == " "), key=lambda at: abs(at - middle), default=0)
    cut = space if abs(space - middle) <= len(text) // 6 else middle
    lines = (text[:cut].strip(), text[cut:].strip())
    return min(fit(line, largest, width) for line in lines), lines


def _em(character: str) -> float:
    if ord(character) > 0x2E7F or character in _WIDE:
        return 1.0
    if character in _NARROW:
        return 0.36
    return 0.66 if character.isupper() else 0.55


class _Kit(NamedTuple):
    """Fonts, and the style sheets parsed with them by the paper's name."""

    fonts: FontConfiguration
    sheets: dict[str, CSS]


class Renderer:
    """Makes papers; build one in each worker process and keep it, as its fonts and style sheets stay warm.

    Parameters
    ----------
    settings
        The bureau's settings: language, fonts, own templates, PDF variant.

    Raises
    ------
    MissingLibrary
        WeasyPrint's libraries or every Chinese font are missing on this machine.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.faces = faces(settings.fonts, settings.lang)
        self._kits: dict[str, _Kit] = {}
        # WeasyPrint removes its copies of fonts when a configuration dies: not as late as the interpreter's end.
        atexit.register(self._kits.clear)

    @cached_property
    def environment(self) -> jinja2.Environment:
        """Jinja with everything escaped and nothing undefined; the bureau's templates before ours."""
        environment = make_environment(self.settings.templates, self.settings.lang)
        lang = self.settings.lang
        environment.globals["fit"] = fit
        environment.globals["fold"] = fold
        environment.globals["t"] = lambda code, **parameters: say(f"reports-{code}", lang, **parameters)
        return environment

    def warm(self) -> None:
        """Do what the first paper would have to wait for, before there is anything to print.

        That is WeasyPrint, the templates and what they draw upon, the words, the fonts and their characters, and what
        WeasyPrint itself prepares at its first page. Polars is no part of it.
        """
        for name in (*(f"{paper}.html.j2" for paper in PAPERS), *SHARED):
            self.environment.get_template(name)
        check([("", say("reports-place-paper", self.settings.lang))], self.faces.values(), self.settings.lang)
        self._made("<html><body><p>0</p></body></html>", "town", rare="")

    def html(self, template: str, **view: object) -> str:
        """Return a paper as HTML."""
        with naming_mistakes(self.settings.templates, self.settings.lang):
            return self.environment.get_template(template).render(lang=self.settings.lang, **view)

    def pdf(self, template: str, texts: Callable[[], Iterator[tuple[str, str]]], **view: object) -> bytes:
        """Return a paper as PDF; equal views give equal bytes.

        Parameters
        ----------
        template
            Name of the template, whose style sheet is the `.css` of the same name.
        texts
            Gives every text of the data with its place, to say where a character stands that no font has.
        view
            What the template prints.

        Raises
        ------
        MissingGlyph
            A character that no font has.
        ForbiddenAddress
            A template asks for something that is not packaged.
        """
        _page(self.settings.lang)  # what the machine lacks is said before anything else can fail for it
        html = self.html(template, **view)
        return self._made(html, template.split(".", maxsplit=1)[0], self._rare(html, texts))

    def _made(self, html: str, name: str, rare: str) -> bytes:
        page = _page(self.settings.lang)
        fonts, sheet = self._kit(name, rare)
        # A bureau's own templates may be any HTML.
        reader = page.HTML if self.settings.templates else page.Page
        identifier = hashlib.sha256(html.encode()).hexdigest()[:32].encode()
        with _no_collection(), _no_tofu(self.settings.lang), _refusals(self.settings.lang):
            document = reader(string=html, url_fetcher=page.Packaged(self.faces, rare)).render(
                font_config=fonts, stylesheets=[sheet], pdf_variant=self.settings.pdf_variant
            )
            target = io.BytesIO()
            document.write_pdf(target, pdf_identifier=identifier, pdf_variant=self.settings.pdf_variant)
        return target.getvalue()

    def _rare(self, html: str, texts: Callable[[], Iterator[tuple[str, str]]]) -> str:
        """Return the characters of a paper that the cut fonts lack, after making sure that some font has them."""
        lang, available = self.settings.lang, self.faces.values()
        rare = "".join(sorted(letter for letter in set(html) if ord(letter) not in common_characters()))
        try:
            check([(say("reports-place-paper", lang), rare)], available, lang)
        except MissingGlyph:
            check(texts(), available, lang)  # there a row can be named
            raise
        return rare

    def _kit(self, name: str, rare: str) -> tuple[FontConfiguration, CSS]:
        """Return the parsed style sheet of a paper and the fonts that it was parsed with.

        The characters that the cut fonts lack come in fonts of their own. These depend on the paper alone, never on
        what was printed before it: the same paper is the same bytes.
        """
        page = _page(self.settings.lang)
        if rare not in self._kits:
            while len(self._kits) >= _MOST_KITS:
                # The oldest goes, but not the one without rare characters: most papers need that.
                del self._kits[next(key for key in self._kits if key)]
            self._kits[rare] = _Kit(page.FontConfiguration(), {})
        fonts, sheets = self._kits[rare]
        if name not in sheets:
            source = self.environment.loader.get_source  # type: ignore[union-attr]
            common, own = (source(self.environment, f"css/{sheet}.css")[0] for sheet in ("common", name))
            # A family that is not declared would only be looked for with every line of text.
            rules = common + own if rare else _RARE.sub("", common + own)
            fetcher = page.Packaged(self.faces, rare)
            sheets[name] = page.CSS(string=self._font_rules(rare) + rules, font_config=fonts, url_fetcher=fetcher)
        return fonts, sheets[name]

    def _font_rules(self, rare: str) -> str:
        """Write the @font-face rules.

        Letters and digits inside fangsong and kaiti are those of songti: the free cuts have only a sans.
        """
        rule = "@font-face {{ font-family: {}; src: url(asset:{}/{}) }}\n".format
        points = set(map(ord, rare))
        # Without rare characters no font need be asked what it has, which takes a while.
        with_rare = [role for role in ROLES if points and points & self.faces[role].characters]
        return "".join(
            [rule(f"ts-{role}", "common", role) for role in ROLES]
            + [rule(f"tsrare-{role}", "rare", role) for role in with_rare]
            + [rule("ts-latin", "latin", "songti")]
        )


def _page(lang: str) -> ModuleType:
    try:
        subset_library()
        return import_module("scoring.reports.page")
    except OSError as missing:  # Pango or one of its friends could not be loaded
        raise MissingLibrary("Pango, HarfBuzz", INSTALL, lang) from missing


@contextmanager
def _refusals(lang: str) -> Iterator[None]:
    """Turn WeasyPrint's wrapper back into what the fetcher said."""
    from weasyprint.urls import FatalURLFetchingError

    try:
        yield
    except FatalURLFetchingError as wrapper:
        cause = wrapper.__cause__
        raise ForbiddenAddress(cause.address if isinstance(cause, ForbiddenAddress) else str(wrapper), lang) from None


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the garbage collector off: layout makes millions of boxes and frees none before the end."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


class _Tofu(logging.Handler):
    """Hears WeasyPrint say that it drew an empty box, or that it left out what an address without a place names."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.character = ""
        self.address = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the first character without a glyph, and the first address without a place."""
        if str(record.msg).startswith("Relative URI reference"):
            self.address = self.address or record.getMessage().rpartition(": ")[2]
        if str(record.msg).startswith(".notdef") and isinstance(record.args, tuple) and not self.character:
            self.character = str(record.args[0])


@contextmanager
def _no_tofu(lang: str) -> Iterator[None]:
    """Make an empty box fatal, should the check before have missed one."""
    logger, ear = logging.getLogger("weasyprint"), _Tofu()
    logger.addHandler(ear)
    try:
        yield
    finally:
        logger.removeHandler(ear)
    if ear.address:
        raise ForbiddenAddress(ear.address, lang)
    if ear.character:
        raise MissingGlyph(ear.character, say("reports-place-paper", lang), lang)
