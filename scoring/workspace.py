"""A bureau's workspace: where its data, weights and results lie, and what its papers are to say."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from scoring.config import CONFIG, HOLIDAYS, ConfigError, read_config, read_holidays
from scoring.messages import say
from scoring.reports.settings import Settings
from scoring.workdays import Workdays, Year


@dataclass(frozen=True)
class Workspace:
    """What townscore.yaml says, paths from the workspace's folder; its defaults where there is none."""

    root: Path = Path()
    exists: bool = False
    data: Path = Path("data")
    supervision: Path = Path("supervision")
    """The supervision's own tables, which no scoring run reads."""
    weights: tuple[Path, ...] = (Path("weights/jiyuan-quarterly.yaml"),)
    """One scheme, or several of which each period has its own."""
    out: Path = Path("out")
    store: Path = Path("store")
    lang: str = "zh"
    example: bool = False
    report: dict[str, Any] = field(default_factory=dict)
    mail: dict[str, Any] = field(default_factory=dict)
    """The mail server: host, port, security, user, sender, ca_file; never a password."""
    sign: dict[str, str] = field(default_factory=dict)
    """What signs: certificate (PKCS #12) and roots (trusted certificates), names of files of the workspace or empty."""

    def settings(self, lang: str) -> Settings:
        """Return the settings of the papers; fonts and templates lie in the workspace.

        Raises
        ------
        ConfigError
            The folder of templates or a font file is not there, or the file is no font.
        """
        values = dict(self.report)
        if "fonts" in values:
            values["fonts"] = {role: self.root / path for role, path in values["fonts"].items()}
            _check_fonts(values["fonts"])
        own = self.root / values.get("templates", "report_templates")
        if "templates" in values and not own.is_dir():
            raise ConfigError("config-no-templates", file=CONFIG, folder=values["templates"])
        return Settings(**{**values, "lang": lang, "templates": own if own.is_dir() else None})

    def workdays(self, lang: str) -> tuple[Workdays, str | None]:
        """Return the working days with the bureau's own years from holidays.yaml, and that file's SHA-256.

        Raises
        ------
        ConfigError
            The file is wrong.
        """
        path = self.root / HOLIDAYS
        if not path.is_file():
            return Workdays(), None
        years = {year: Year(*days) for year, days in read_holidays(path, lang).items()}
        return Workdays(years), hashlib.sha256(path.read_bytes()).hexdigest()


def _check_fonts(fonts: Mapping[str, Path]) -> None:
    from scoring.reports.fonts import is_font

    for role, path in fonts.items():
        if not path.is_file():
            raise ConfigError("config-no-font", file=CONFIG, role=role, path=path)
        if not is_font(path):
            raise ConfigError("config-bad-font", file=CONFIG, role=role, path=path)


def open_workspace(root: Path, lang: str) -> Workspace:
    """Read the workspace in `root`; the defaults when it has no townscore.yaml.

    Raises
    ------
    ConfigError
        Every mistake of townscore.yaml, in `lang`.
    """
    path = root / CONFIG
    if not path.is_file():
        return Workspace(root)
    values = read_config(path, lang)
    paths = {name: root / values.pop(name) for name in ("data", "supervision", "out", "store")}
    return Workspace(root, exists=True, weights=tuple(map(Path, values.pop("weights"))), **paths, **values)


def find_weights(path: Path, root: Path = Path()) -> Path:
    """Return the scheme at `path`, seen from `root`, or the shipped one when only its name (or weights/NAME) is given.

    Raises
    ------
    ConfigError
        There is neither. A wrong folder never falls back to the shipped scheme.
    """
    if (root / path).is_file():
        return root / path
    shipped = shipped_folder("weights") / path.name
    if path.parent in {Path(), Path("weights")} and shipped.is_file():
        return shipped
    known = sorted(scheme.name for scheme in shipped.parent.glob("*.yaml"))
    raise ConfigError("config-no-weights", file=path, known=", ".join(known))


def shipped_folder(name: str) -> Path:
    """Return the folder of shipped weights or templates: inside the wheel, or beside the package in a checkout."""
    package = Path(str(files("scoring")))
    bundled = package / "_bundled" / name
    return bundled if bundled.is_dir() else package.parent / name


def is_shipped(path: Path) -> bool:
    """Tell whether a scheme came with the program and is nobody's own."""
    return path.resolve().parent == shipped_folder("weights").resolve()


def make_workspace(root: Path, lang: str, *, example: bool) -> None:
    """Write a workspace: settings, schemes, and either blank workbooks or the example year.

    Raises
    ------
    ConfigError
        The folder already holds a workspace.
    """
    if (root / CONFIG).exists():
        raise ConfigError("config-exists", folder=root)
    (root / "data").mkdir(parents=True, exist_ok=True)
    (root / "weights").mkdir(exist_ok=True)
    for scheme in sorted(shipped_folder("weights").glob("*.yaml")):
        (root / "weights" / scheme.name).write_bytes(scheme.read_bytes())
    if example:
        from scoring.example import write_example, write_supervision

        write_example(root / "data")
        write_supervision(root / "supervision")
    else:
        _write_blanks(root, lang)
    # The settings come last: they make the folder a workspace, and one that was cut short can be made again.
    template = files("scoring").joinpath("workspace_files", f"townscore.{lang}.yaml").read_text("utf-8")
    bureau = say("reports-example-bureau", lang) if example else ""
    filled = template.replace("@EXAMPLE@", "true" if example else "false").replace('bureau: ""', f'bureau: "{bureau}"')
    (root / CONFIG).write_text(filled, "utf-8")


def _write_blanks(root: Path, lang: str) -> None:
    from scoring.intake import read_folder
    from scoring.intake.blank import write_blank_workbooks
    from scoring.scheme import load_scheme, vocabulary

    words = vocabulary(load_scheme(root / Workspace.weights[0], lang).scheme)
    # A bureau that brings its list of towns gets their names in the drop-downs.
    brought = any(path.is_file() for path in (root / "data").iterdir())
    towns = read_folder(root / "data", words).tables.towns["name"].to_list() if brought else ()
    write_blank_workbooks(root / "data", words, lang, towns)
    (root / "supervision").mkdir(exist_ok=True)
    write_blank_workbooks(root / "supervision", words, lang, towns, "supervision")
