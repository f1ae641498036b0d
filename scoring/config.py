"""townscore.yaml and holidays.yaml: what may stand in them, and every mistake with file, line and the nearest key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_type_hints

from pydantic import Field, TypeAdapter, ValidationError, create_model

from schemas.scheme.base import Day, Part
from scoring.reports.settings import Settings
from scoring.scheme import nodes
from scoring.scheme.problems import Collector
from scoring.scheme.slips import name_slips
from scoring.scheme.translate import translate

CONFIG: Final = "townscore.yaml"
HOLIDAYS: Final = "holidays.yaml"
_OF_THE_LIST: Final = frozenset({"weights-shape", "weights-none", "weights-twice"})

_Role = Literal["xiaobiaosong", "fangsong", "heiti", "kaiti", "songti"]
_Variant = Literal[
    "pdf/a-1a", "pdf/a-1b", "pdf/a-2a", "pdf/a-2b", "pdf/a-2u", "pdf/a-3a", "pdf/a-3b", "pdf/a-3u", "pdf/a-4u"
]
# What an officer may write, where it is narrower than the type that the papers work with.
_NARROWER: Final = {
    int: Annotated[int, Field(ge=0, le=366)],
    date | None: Day | None,
    Mapping[str, Path]: dict[_Role, str],
    Path | None: str | None,
}
_HINTS: Final = get_type_hints(Settings) | {"pdf_variant": _Variant | None}
_ASKED: Final[dict[str, Any]] = {
    setting.name: (_NARROWER.get(_HINTS[setting.name], _HINTS[setting.name]), None)
    for setting in fields(Settings)
    if setting.name != "lang"
}
_Report: Any = create_model("_Report", __base__=Part, **_ASKED)


class _Mail(Part):
    host: str = ""
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls"] = "starttls"
    user: str = ""
    sender: str = ""
    ca_file: str = ""


class _Config(Part):
    data: str = "data"
    supervision: str = "supervision"
    weights: str | tuple[str, ...] = "weights/jiyuan-quarterly.yaml"
    out: str = "out"
    store: str = "store"
    lang: Literal["zh", "en"] = "zh"
    example: bool = False
    report: _Report = _Report()
    mail: _Mail = _Mail()


class _Year(Part):
    holidays: tuple[Day, ...] = ()
    workdays: tuple[Day, ...] = ()


class ConfigError(Exception):
    """The workspace's settings are wrong; the code and parameters name how."""

    def __init__(self, code: str, **parameters: object) -> None:
        super().__init__(code, parameters)
        self.code = code
        self.parameters = parameters


def read_config(path: Path, lang: str) -> dict[str, Any]:
    """Return what townscore.yaml says, typed and with its defaults; `report` holds only what was written.

    `weights` is a tuple of paths, one or several.

    Raises
    ------
    ConfigError
        Every mistake of the file.
    """
    config = read_settings(path, _Config, lang, _check_weights)
    weights = (config.weights,) if isinstance(config.weights, str) else config.weights
    return {
        **{name: getattr(config, name) for name in _Config.model_fields},
        "weights": weights,
        "report": config.report.model_dump(exclude_unset=True),
        "mail": config.mail.model_dump(),
    }


def read_holidays(path: Path, lang: str) -> dict[int, tuple[frozenset[date], frozenset[date]]]:
    """Return for each year of holidays.yaml its days off beyond weekends and its weekend days worked.

    Raises
    ------
    ConfigError
        Every mistake of the file, or a day that stands under another year.
    """
    years = read_settings(path, dict[Annotated[int, Field(ge=1990, le=2200)], _Year], lang)
    for year, given in years.items():
        for day in (*given.holidays, *given.workdays):
            if day.year != year:
                raise ConfigError("config-holiday-year", file=path.name, year=year, day=day)
    return {year: (frozenset(given.holidays), frozenset(given.workdays)) for year, given in years.items()}


def read_settings(
    path: Path, shape: Any, lang: str, check: Callable[[nodes.Mapping, Collector], None] | None = None
) -> Any:
    """Return what a file of settings says, typed as `shape`; one that says nothing is an empty mapping.

    Parameters
    ----------
    check
        Collects what is wrong between the keys of the file.

    Raises
    ------
    ConfigError
        Every mistake of the file, with its line.
    """
    problems = Collector(path.name, lang)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        problems.error(0, "not-utf8")
        raise _wrong(problems) from None
    if not any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines()):
        text = "{}"
    try:
        root = nodes.read_tree(text, problems)
    except nodes.UnreadableError:
        name_slips(text, problems)
        raise _wrong(problems) from None
    _drop_blanks(root)
    if check is not None:
        check(root, problems)
    # A setting whose value was rubbed out keeps its default.
    problems.found = [found for found in problems.found if found.code != "empty-value"]
    if any(found.code not in _OF_THE_LIST for found in problems.found):
        raise _wrong(problems)
    try:
        value = TypeAdapter(shape).validate_python(root.plain())
    except ValidationError as error:
        translate(error.errors(include_url=False), root, problems, shape)
        raise _wrong(problems) from None
    if problems.found:
        raise _wrong(problems)
    return value


def _check_weights(root: nodes.Mapping, problems: Collector) -> None:
    """Collect what is wrong with the list of schemes; a wrong list is taken out, so that nothing is named twice."""
    node = root.values.get("weights")
    if node is None or isinstance(node, nodes.Scalar):
        return
    before, first = len(problems.found), dict[Path, int]()
    if isinstance(node, nodes.Mapping):
        problems.error(root.key_lines["weights"], "weights-shape")
    else:
        node.items = [item for item in node.items if not _is_blank(item)]
        if not node.items:
            problems.error(root.key_lines["weights"], "weights-none")
        for item in node.items:
            if not isinstance(item, nodes.Scalar):
                problems.error(item.line, "weights-shape")
            elif (path := Path(item.text)) in first:
                problems.error(item.line, "weights-twice", path=item.text, first=first[path])
            else:
                first[path] = item.line
    if len(problems.found) > before:
        del root.values["weights"]


def _is_blank(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Scalar) and not node.quoted and node.text in {"", "~", "null"}


def _drop_blanks(node: nodes.Node) -> None:
    if isinstance(node, nodes.Mapping):
        for key, value in list(node.values.items()):
            if _is_blank(value):
                del node.values[key]
            else:
                _drop_blanks(value)


def _wrong(problems: Collector) -> ConfigError:
    found = problems.in_order()
    return ConfigError("config-wrong", file=problems.file, count=len(found), lines="\n".join(f"  {p}" for p in found))
