"""A bureau's workspace: townscore.yaml, where data, weights and results lie, and what the papers are to say."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from scoring.reports.settings import Settings
from scoring.workdays import Workdays, Year

CONFIG: Final = "townscore.yaml"
_KEYS: Final = frozenset({"data", "weights", "out", "lang", "example", "report"})


class ConfigError(Exception):
    """The workspace's settings are wrong; the code and parameters name how."""

    def __init__(self, code: str, **parameters: object) -> None:
        super().__init__(code, parameters)
        self.code = code
        self.parameters = parameters


@dataclass(frozen=True)
class Workspace:
    """What townscore.yaml says, with its paths made absolute; its defaults where there is none."""

    data: Path = Path("data")
    weights: Path = Path("weights/jiyuan-quarterly.yaml")
    out: Path = Path("out")
    lang: str = "zh"
    example: bool = False
    report: dict[str, Any] = field(default_factory=dict)
    root: Path = Path()

    def settings(self, lang: str) -> Settings:
        """Return the settings of the papers.

        Raises
        ------
        ConfigError
            A key of `report` is unknown.
        """
        known = set(Settings.__dataclass_fields__)
        for key in self.report:
            if key not in known:
                raise ConfigError("config-unknown-key", file=CONFIG, key=f"report.{key}")
        values = dict(self.report)
        if "fonts" in values:
            values["fonts"] = {role: self.root / path for role, path in values["fonts"].items()}
        own = self.root / "report_templates"
        values.setdefault("templates", own if own.is_dir() else None)
        return Settings(**{**values, "lang": lang})

    def workdays(self) -> Workdays:
        """Return the working days with the bureau's own years from holidays.yaml."""
        path = self.root / "holidays.yaml"
        if not path.is_file():
            return Workdays()
        years = _read(path)
        return Workdays(
            {
                int(year): Year(frozenset(_days(path, given, "holidays")), frozenset(_days(path, given, "workdays")))
                for year, given in years.items()
            }
        )


def open_workspace(root: Path) -> Workspace:
    """Read the workspace in `root`; the defaults when it has no townscore.yaml.

    Raises
    ------
    ConfigError
        The file cannot be read, or a key is unknown.
    """
    path = root / CONFIG
    if not path.is_file():
        return Workspace(data=root / "data", weights=root / Workspace.weights, out=root / "out", root=root)
    values = _read(path)
    for key in values:
        if key not in _KEYS:
            raise ConfigError("config-unknown-key", file=CONFIG, key=key)
    return Workspace(
        data=root / str(values.get("data", "data")),
        weights=root / str(values.get("weights", Workspace.weights)),
        out=root / str(values.get("out", "out")),
        lang=str(values.get("lang", "zh")),
        example=bool(values.get("example", False)),
        report=dict(values.get("report") or {}),
        root=root,
    )


def find_weights(path: Path) -> Path:
    """Return the scheme at `path`, or the shipped one of that name.

    Raises
    ------
    ConfigError
        There is neither.
    """
    if path.is_file():
        return path
    shipped = shipped_folder("weights") / path.name
    if shipped.is_file():
        return shipped
    raise ConfigError("config-no-weights", file=path.name)


def shipped_folder(name: str) -> Path:
    """Return the folder of shipped weights or templates: inside the wheel, or beside the package in a checkout."""
    package = Path(str(files("scoring")))
    bundled = package / "_bundled" / name
    return bundled if bundled.is_dir() else package.parent / name


def make_workspace(root: Path, lang: str, *, example: bool) -> None:
    """Write a workspace: settings, schemes, and either blank input workbooks or the example year.

    Raises
    ------
    ConfigError
        The folder already holds a workspace.
    """
    if (root / CONFIG).exists():
        raise ConfigError("config-exists", folder=root.name)
    (root / "data").mkdir(parents=True, exist_ok=True)
    (root / "weights").mkdir(exist_ok=True)
    for scheme in sorted(shipped_folder("weights").glob("*.yaml")):
        (root / "weights" / scheme.name).write_bytes(scheme.read_bytes())
    template = files("scoring").joinpath("workspace_files", f"townscore.{lang}.yaml").read_text("utf-8")
    (root / CONFIG).write_text(template.replace("@EXAMPLE@", "true" if example else "false"), "utf-8")
    if example:
        from scoring.example import write_example

        write_example(root / "data")
        return
    from scoring.intake.blank import write_blank_workbooks
    from scoring.scheme import load_scheme, vocabulary

    scheme = load_scheme(root / Workspace.weights, lang).scheme
    write_blank_workbooks(root / "data", vocabulary(scheme), None)


def _read(path: Path) -> dict[str, Any]:
    try:
        values = YAML(typ="safe").load(path.read_text("utf-8"))
    except (YAMLError, UnicodeDecodeError, ValueError) as error:
        raise ConfigError("config-unreadable", file=path.name, why=str(error).splitlines()[0]) from error
    if not isinstance(values or {}, dict):
        raise ConfigError("config-unreadable", file=path.name, why="-")
    return dict(values or {})


def _days(path: Path, given: Any, name: str) -> list[date]:
    try:
        return [d if isinstance(d, date) else date.fromisoformat(str(d)) for d in (given or {}).get(name) or []]
    except ValueError as error:
        raise ConfigError("config-unreadable", file=path.name, why=str(error)) from error
