"""What of a scheme the play page moves, and where in the file each value is written.

An edit is made once by `scoring.revising.edit`, with a mark in the value's place; what stands around the mark is what
the page puts around its own value. So the file that the page saves differs from the old one in those values alone.
"""

from __future__ import annotations

from typing import Any, Final

from schemas.scheme import Scheme
from scoring.revising.edit import Editor, NoSuchPlaceError, Piece
from scoring.scheme import LoadedScheme

_MARK: Final = "\ue000"
WINDOWS: Final = {
    "window_days": (30, 60, 90, 120, 180, 270, 365, 540, 730),
    "window_months": (1, 2, 3, 6, 9, 12, 18, 24),
}
"""Windows of repeats that the page offers besides the scheme's own."""


def windows_of(scheme: Scheme) -> tuple[str, list[int]]:
    """Return the unit in which the scheme gives its window, and the lengths on offer; none where nothing repeats."""
    if scheme.repeats is None:
        return "", []
    unit = "window_months" if scheme.repeats.window_months else "window_days"
    return unit, sorted({*WINDOWS[unit], getattr(scheme.repeats, unit)})


def knobs_of(loaded: LoadedScheme) -> dict[str, dict[str, Any]]:
    """Return the values that the page may move, by name: their line and how the file says them anew.

    Names are `full`, `points DIMENSION`, `scale DIMENSION`, `weight INDICATOR`, `share STATE`, `extra STATE`,
    `multiplier N` (from 0), `window`; and `state STATE`, the whole of one that the file does not write yet.
    """
    scheme = loaded.scheme
    whole = Editor(loaded.text)
    paths: dict[str, tuple[str, ...]] = {"full": ("full",)}
    for dimension in scheme.dimensions:
        paths[f"points {dimension.id}"] = ("dimensions", dimension.id, "points")
        paths[f"scale {dimension.id}"] = ("dimensions", dimension.id, "scale")
        for indicator in dimension.indicators:
            paths[f"weight {indicator.id}"] = ("indicators", indicator.id, "weight")
    states = _states(whole.root)
    for name in type(scheme.rectification.states).model_fields if states else ():
        if name in states and states[name].entries:
            paths |= {f"{key} {name}": ("rectification", "states", name, key) for key in ("share", "extra")}
        elif name not in states and getattr(scheme.rectification.states, name) is not None:
            paths[f"state {name}"] = ("rectification", "states", name)
    if scheme.repeats is not None:
        unit, _ = windows_of(scheme)
        paths["window"] = ("repeats", unit)
        for number in range(len(scheme.repeats.multipliers)):
            paths[f"multiplier {number}"] = ("repeats", "multipliers", str(number + 1))
    return {
        name: made for name, path in paths.items() if (made := _edit(whole.untouched(), loaded.text, path)) is not None
    }


def _states(root: Piece) -> dict[str, Piece]:
    policy = root.get("rectification")
    states = policy.get("states") if policy is not None else None
    return {key: value for _, key, value in states.entries} if states is not None else {}


def _edit(editor: Editor, text: str, path: tuple[str, ...]) -> dict[str, Any] | None:
    """Return where the value at a path goes in the text: [start, end, before, after], in the browser's counting."""
    try:
        editor.put(path, _MARK)
        line = _line(editor, path)
    except NoSuchPlaceError:
        return None
    ((start, end, new),) = editor.splices()
    before, _, after = new.partition(_MARK)
    return {"line": line, "edit": [_units(text[:start]), _units(text[:end]), before, after]}


def _line(editor: Editor, path: tuple[str, ...]) -> int:
    """Return the line of a value, or of what it is added to."""
    for length in range(len(path), 1, -1):
        try:
            return editor.line_of(path[:length])
        except NoSuchPlaceError:
            continue
    return 1


def _units(text: str) -> int:
    """Count as a browser does: in units of UTF-16."""
    return len(text.encode("utf-16-le")) // 2
