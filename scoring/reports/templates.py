"""Where templates lie, the shipped ones and a bureau's own; a mistake in its own is said with file and line."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Final

from scoring.messages import say
from scoring.reports.errors import WrongTemplate

if TYPE_CHECKING:
    import jinja2

_HERE: Final = Path(__file__).resolve()
# In a wheel the templates lie inside the package, in a checkout beside it.
_SHIPPED: Final = (_HERE.parents[1] / "_bundled" / "report_templates", _HERE.parents[2] / "report_templates")
_PREFIX: Final = "shipped"
SHARED: Final = (f"{_PREFIX}/base.html.j2", f"{_PREFIX}/macros/charts.svg.j2", f"{_PREFIX}/macros/picture.html.j2")
"""What the papers' templates extend and import."""


def templates_folder() -> Path:
    """Return the folder of the shipped templates."""
    return next(folder for folder in _SHIPPED if folder.is_dir())


def make_environment(own: Path | None, lang: str) -> jinja2.Environment:
    """Return Jinja with everything escaped and nothing undefined, a bureau's templates before ours.

    Raises
    ------
    WrongTemplate
        One of the bureau's own cannot be read, extends nothing that there is, or fills a block that there is not.
    """
    import jinja2

    shipped = jinja2.FileSystemLoader(templates_folder())
    first = [jinja2.FileSystemLoader(own)] if own else []
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([*first, jinja2.PrefixLoader({_PREFIX: shipped}), shipped]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=_compiled(),
    )
    for path in sorted(own.rglob("*.j2")) if own else ():
        with naming_mistakes(own, lang):
            _check(environment, path, path.relative_to(own or path).as_posix(), lang)
    return environment


@cache
def _compiled() -> jinja2.BytecodeCache:
    """Return the templates that this process has compiled, or the one that it was forked from."""
    from jinja2 import BytecodeCache
    from jinja2.bccache import Bucket

    known: dict[tuple[str, str], CodeType | None] = {}

    class Compiled(BytecodeCache):
        def load_bytecode(self, bucket: Bucket) -> None:
            bucket.code = known.get((bucket.key, bucket.checksum))

        def dump_bytecode(self, bucket: Bucket) -> None:
            known[bucket.key, bucket.checksum] = bucket.code

    return Compiled()


def _check(environment: jinja2.Environment, path: Path, name: str, lang: str) -> None:
    """Refuse what Jinja would answer late, or not at all: a parent that is not there, a block that nobody prints."""
    from jinja2 import nodes

    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise WrongTemplate(name, line, say("reports-template-encoding", lang), lang) from None
    tree = environment.parse(text, name, str(path))
    for extends in tree.find_all(nodes.Extends):
        parent = extends.template.value if isinstance(extends.template, nodes.Const) else ""
        if parent == name or parent not in environment.list_templates():
            wanted = f"{_PREFIX}/{name}" if (templates_folder() / name).is_file() else f"{_PREFIX}/report.html.j2"
            said = say("reports-template-parent", lang, name=parent, wanted=wanted)
            raise WrongTemplate(name, extends.lineno, said, lang)
        known = _blocks(environment, parent)
        for block in tree.find_all(nodes.Block):
            if block.name not in known:
                near = get_close_matches(block.name, known, 1) or sorted(known)
                said = say("reports-template-block", lang, name=block.name, known=", ".join(near))
                raise WrongTemplate(name, block.lineno, said, lang)


def _blocks(environment: jinja2.Environment, name: str) -> set[str]:
    """Return the blocks of a template and of those that it extends."""
    from jinja2 import nodes

    assert environment.loader is not None
    tree = environment.parse(environment.loader.get_source(environment, name)[0])
    found = {block.name for block in tree.find_all(nodes.Block)}
    for extends in tree.find_all(nodes.Extends):
        if isinstance(extends.template, nodes.Const):
            found |= _blocks(environment, extends.template.value)
    return found


@contextmanager
def naming_mistakes(own: Path | None, lang: str) -> Iterator[None]:
    """Turn what Jinja says of a bureau's own template into a sentence with its file and line; ours have no mistakes."""
    import jinja2

    try:
        yield
    except jinja2.TemplateSyntaxError as error:
        name = _name(error.filename or error.name or "", own)
        raise WrongTemplate(name, error.lineno, error.message or "", lang) from None
    except (jinja2.TemplateNotFound, jinja2.UndefinedError, TypeError, ValueError) as error:
        place = _place(error, own)
        if place is None:
            raise
        missing = isinstance(error, jinja2.TemplateNotFound)
        said = say("reports-template-missing", lang, name=str(error)) if missing else str(error)
        raise WrongTemplate(*place, said, lang) from None


def _place(error: Exception, own: Path | None) -> tuple[str, int] | None:
    """Return the file and line of the bureau's own template that was being filled in."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if own and Path(f.filename).is_relative_to(own)]
    return (_name(frames[-1].filename, own), frames[-1].lineno or 0) if frames else None


def _name(filename: str, own: Path | None) -> str:
    path = Path(filename)
    return path.relative_to(own).as_posix() if own and path.is_relative_to(own) else path.name
