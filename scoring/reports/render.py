"""HTML to PDF: one environment, one font configuration and one parsed style sheet for all papers of a worker."""

from __future__ import annotations

import atexit
import gc
import hashlib
import io
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from scoring.messages import say
from scoring.reports.errors import ForbiddenAddress, MissingGlyph
from scoring.reports.fitting import fit, fold
from scoring.reports.fonts import ROLES, check, faces, letters_of
from scoring.reports.identity import identity
from scoring.reports.loading import page_module
from scoring.reports.settings import Settings
from scoring.reports.shelf import Shelf
from scoring.reports.subset import common_characters
from scoring.reports.templates import SHARED, make_environment, naming_mistakes

if TYPE_CHECKING:
    import jinja2
    from weasyprint.document import Document

    from scoring.reports.page import CSS, FontConfiguration
    from scoring.reports.stamping import Glyph, Stamp

_Taken = TypeVar("_Taken")
_RARE: Final = re.compile(r",\s*tsrare-[a-z]+")
PAPERS: Final = ("town", "report", "internal")
_MOST_KITS: Final = 4


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
    shelf
        Where papers are kept for the next run; None keeps none. The bytes are the same.

    Raises
    ------
    MissingLibrary
        WeasyPrint's libraries or every Chinese font are missing on this machine.
    """

    def __init__(self, settings: Settings, shelf: Shelf | None = None) -> None:
        self.settings = settings
        self.shelf = shelf
        self.faces = faces(settings.fonts, settings.lang)
        self._kits: dict[str, _Kit] = {}
        self._styles: dict[str, str] = {}
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
        load_templates(self.environment)
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
        html, name, rare = self._ready(template, texts, view)
        key = self._key("paper", html, name, rare)
        if (kept := self._kept(key)) is not None:
            return kept
        made = self._made(html, name, rare)
        self._keep(key, made)
        return made

    def stamped(
        self, template: str, texts: Callable[[], Iterator[tuple[str, str]]], stamp: Stamp, **view: object
    ) -> bytes | None:
        """Return a paper whose view says stand-ins with what a run says in their places; None where that cannot be.

        Equal views and stamps give equal bytes, whether the paper was laid out now or before.

        Parameters
        ----------
        template, texts, view
            As of `pdf`; the view says the stand-ins.
        stamp
            What is to stand there.

        Raises
        ------
        MissingGlyph, ForbiddenAddress
            As `pdf`.
        """
        from scoring.reports.stamping import Finished, blank_of, draw_every_sign

        html, name, rare = self._ready(template, texts, view)
        glyphs = self.signs
        # A template that says them more than once, or nowhere, is laid out as it stands.
        if not glyphs or stamp.found_in(html) != dict.fromkeys(stamp.words, 1):
            return None
        key = self._key("blank", html, name, rare)
        kept = self._kept(key)
        if kept is None:
            with self._laid_out(html, name, rare) as document:
                draw_every_sign(document, glyphs)
                blank = self._drawn(document, lambda pdf, version: blank_of(document, pdf, version, stamp, glyphs))
            self._keep(key, b"" if blank is None else blank.to_bytes())
        else:
            blank = Finished.from_bytes(kept) if kept else None
        if blank is None:
            return None
        said = repr((html, sorted(stamp.words.items()), stamp.square, sorted(stamp.medians.items())))
        return blank.stamped(stamp, glyphs).written(_identifier(said))

    @cached_property
    def signs(self) -> dict[str, Glyph]:
        """The letters of the codes in the font that prints them; nothing where it has not all of them."""
        from scoring.reports.stamping import SIGNS, Glyph

        page_module(self.settings.lang)  # here, too, what the machine lacks is said first
        letters = letters_of(self.faces["heiti"].common(), SIGNS)
        return {sign: Glyph(*letters[sign]) for sign in SIGNS} if len(letters) == len(SIGNS) else {}

    @property
    def even_digits(self) -> bool:
        """Whether all digits of that font are as wide as each other: one may stand where another was laid out."""
        return len({self.signs[digit].width for digit in "0123456789"}) == 1 if self.signs else False

    def _ready(
        self, template: str, texts: Callable[[], Iterator[tuple[str, str]]], view: Mapping[str, object]
    ) -> tuple[str, str, str]:
        """Return a paper as HTML, its name and its rare characters."""
        page_module(self.settings.lang)  # what the machine lacks is said before anything else can fail for it
        html = self.html(template, **view)
        return html, template.split(".", maxsplit=1)[0], self._rare(html, texts)

    def _made(self, html: str, name: str, rare: str) -> bytes:
        from scoring.reports.stamping import finished

        with self._laid_out(html, name, rare) as document:
            return self._drawn(document, finished).written(_identifier(html))

    @contextmanager
    def _laid_out(self, html: str, name: str, rare: str) -> Iterator[Document]:
        """Lay out a paper; what is wrong with it is said when it is laid out or drawn."""
        page = page_module(self.settings.lang)
        fonts, sheet = self._kit(name, rare)
        # A bureau's own templates may be any HTML.
        reader = page.HTML if self.settings.templates else page.Page
        short = nullcontext() if self.settings.templates else page.shortcuts()
        with short, _no_collection(), _no_tofu(self.settings.lang), _refusals(self.settings.lang):
            yield reader(string=html, url_fetcher=page.Packaged(self.faces, rare)).render(
                font_config=fonts, stylesheets=[sheet], pdf_variant=self.settings.pdf_variant
            )

    def _drawn(self, document: Document, take: Callable[[Any, str], _Taken]) -> _Taken:
        """Draw a paper and return what `take` makes of the PDF and its version, before it is written."""
        taken: list[_Taken] = []

        def finisher(_: Document, pdf: Any) -> None:
            taken.append(take(pdf, _version(self.settings.pdf_variant)))
            pdf.objects = pdf.objects[:1]  # WeasyPrint would compress every stream twice

        document.write_pdf(io.BytesIO(), finisher=finisher, pdf_variant=self.settings.pdf_variant)
        return taken[0]

    def _key(self, kind: str, html: str, name: str, rare: str) -> str:
        """Return the hash of all that the bytes of a paper depend on; nothing where the paper is not to be kept.

        The HTML holds whatever assessment, settings, language and templates say.
        """
        if self.shelf is None:
            return ""
        # A character that only the system's fonts have is drawn by whichever of them is installed.
        drawn = frozenset().union(*(face.characters for face in self.faces.values())) if rare else frozenset()
        if not set(map(ord, rare)) <= drawn:
            return ""
        said = (kind, html, self._rules(name, rare), rare, self.settings.pdf_variant, self.settings.templates is None)
        return hashlib.sha256(repr((said, identity(self.faces))).encode()).hexdigest()

    def _kept(self, key: str) -> bytes | None:
        return self.shelf.take(key) if self.shelf and key else None

    def _keep(self, key: str, content: bytes) -> None:
        if self.shelf and key:
            self.shelf.put(key, content)

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
        page = page_module(self.settings.lang)
        if rare not in self._kits:
            while len(self._kits) >= _MOST_KITS:
                # The oldest goes, but not the one without rare characters: most papers need that.
                del self._kits[next(key for key in self._kits if key)]
            self._kits[rare] = _Kit(page.FontConfiguration(), {})
        fonts, sheets = self._kits[rare]
        if name not in sheets:
            fetcher = page.Packaged(self.faces, rare)
            sheets[name] = page.CSS(string=self._rules(name, rare), font_config=fonts, url_fetcher=fetcher)
        return fonts, sheets[name]

    def _rules(self, name: str, rare: str) -> str:
        """Return the style sheet of a paper as text."""
        if name not in self._styles:
            source = self.environment.loader.get_source  # type: ignore[union-attr]
            # What papers of one folder share stands in its own common.css.
            folder = name.rpartition("/")[0]
            sheets = ("common", f"{folder}/common", name) if folder else ("common", name)
            self._styles[name] = "".join(source(self.environment, f"css/{each}.css")[0] for each in sheets)
        rules = self._styles[name]
        # A family that is not declared would only be looked for with every line of text.
        return self._font_rules(rare) + (rules if rare else _RARE.sub("", rules))

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


def load_templates(environment: jinja2.Environment) -> None:
    """Compile what papers are made of; a process that is forked from this one need not."""
    for name in (*(f"{paper}.html.j2" for paper in PAPERS), *SHARED):
        environment.get_template(name)


def _version(variant: str | None) -> str:
    """Return the version of PDF that a variant asks for, or WeasyPrint's usual one."""
    from weasyprint.pdf import VARIANTS

    return str(VARIANTS[variant][1]["pdf_version"]) if variant else "1.7"


def _identifier(said: str) -> bytes:
    return hashlib.sha256(said.encode()).hexdigest()[:32].encode()


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
