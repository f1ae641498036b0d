"""What WeasyPrint works out for every box though it follows from the box's style alone, remembered with the style.

Boxes of equal rules share a style: the 2,900 boxes of a sheet of 30 findings have 335. Words, numbers and dates come
again in one column, too: of its 860 lines 460 differ. Nothing is decided here; the bytes are those of WeasyPrint alone
(a test compares). It holds for the one version whose code was read for it; any other goes its own way.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from functools import cache, partial
from typing import Any, Final

import weasyprint
from weasyprint.css.functions import check_math
from weasyprint.formatting_structure.boxes import Box, PageBox
from weasyprint.layout import percent
from weasyprint.svg.text import Style as PictureStyle
from weasyprint.text import fonts, line_break

READ_FOR: Final = "70.0"
_SIDES: Final = ("top", "right", "bottom", "left")
_BORDERS: Final = tuple(f"border_{side}_width" for side in _SIDES)
_LENGTHS: Final = tuple(f"{kind}_{side}" for kind in ("margin", "padding") for side in _SIDES) + tuple(
    f"{bound}{axis}" for bound in ("", "min_", "max_") for axis in ("width", "height")
)
_FONT: Final = ("font_family", "font_style", "font_weight", "font_size", "direction")
"""What texts of pictures may differ in."""

_Function = Callable[..., Any]


@contextmanager
def shortcuts() -> Iterator[None]:
    """Let WeasyPrint remember what follows from a style."""
    swaps = _swaps() if weasyprint.__version__ == READ_FOR else []
    for place, name, _, ours in swaps:
        setattr(place, name, ours)
    try:
        yield
    finally:
        for place, name, theirs, _ in swaps:
            setattr(place, name, theirs)


@cache
def _swaps() -> list[tuple[Any, str, _Function, _Function]]:
    """Return where WeasyPrint knows a function by a name, the name, its function and ours."""
    functions: list[tuple[_Function, _Function]] = [
        (percent.resolve_percentages, _resolve_percentages),
        (line_break.split_first_line, _split_first_line),
        (line_break.strut, _of_style),
        (fonts.get_font_description, _of_style),
    ]
    methods: list[tuple[type, str, _Function]] = [
        (line_break.Layout, "reactivate", _reactivate),
        (Box, "is_in_normal_flow", _is_in_normal_flow),
    ]
    modules = [module for name, module in sys.modules.items() if name.startswith("weasyprint.")]
    swaps: list[tuple[Any, str, _Function, _Function]] = []
    for theirs, instead in functions:
        ours = partial(instead, theirs)
        swaps += [
            (each, theirs.__name__, theirs, ours) for each in modules if vars(each).get(theirs.__name__) is theirs
        ]
    for kind, name, instead in methods:
        theirs = vars(kind)[name]
        swaps.append((kind, name, theirs, instead(theirs)))
    return swaps


def _of_style(theirs: _Function, style: Any) -> Any:
    """Call a function of a style once."""
    memory, name = vars(style), f"_{theirs.__name__}"
    if name not in memory:
        memory[name] = theirs(style)
    return memory[name]


def _lengths(style: Any) -> dict[str, Any] | None:
    """Return what boxes of a style measure wherever they stand; None where that hangs on what is around them."""
    found: dict[str, Any] = {}
    for name in _LENGTHS:
        value = style[name]
        if value == "auto":
            found[name] = 0 if name.startswith("min_") else value
        elif check_math(value) or value.unit == "%":
            return None
        else:
            found[name] = value.value
    return found


def _borders(style: Any) -> dict[str, Any]:
    return {name: style[name] for name in _BORDERS}


def _resolve_percentages(theirs: _Function, box: Any, containing_block: Any) -> None:
    style = box.style
    lengths = _of_style(_lengths, style)
    if lengths is None or not isinstance(box, Box) or isinstance(box, PageBox):
        theirs(box, containing_block)
        return
    values, borders = vars(box), _of_style(_borders, style)
    values.update(lengths)
    if style["border_collapse"] == "collapse":
        for name, width in borders.items():
            values.setdefault(name, width)  # what a conflict of borders was settled to stays
    else:
        values.update(borders)
    if style["box_sizing"] != "content-box":
        percent.adjust_box_sizing(box, "width")
        percent.adjust_box_sizing(box, "height")


def _split_first_line(
    theirs: _Function, text: str, style: Any, context: Any, *fitting: Any, **more: Any
) -> tuple[Any, ...]:
    if isinstance(style, PictureStyle) and "_lines" not in vars(style):
        # A picture's texts have a style each, and are laid out letter by letter.
        kinds = vars(context).setdefault("_kinds", {})
        style.__dict__ = kinds.setdefault(repr([style[name] for name in _FONT]), vars(style))
    lines = vars(style).setdefault("_lines", {})
    key = (text, fitting, *more.items())
    if key not in lines:
        lines[key] = theirs(text, style, context, *fitting, **more)
    layout, *measures = lines[key]
    return copy(layout), *measures  # each box shortens or stretches a text of its own


def _reactivate(theirs: _Function) -> _Function:
    def reactivate(layout: Any, style: Any) -> None:
        """Shape a line that is drawn again once."""
        shaped = vars(style).setdefault("_shaped", {})
        key = (layout.text, layout.justification_spacing)
        if key not in shaped:
            theirs(layout, style)
            shaped[key] = {name: vars(layout)[name] for name in ("layout", "language", "text")}
        vars(layout).update(shaped[key], style=style)

    return reactivate


def _is_in_normal_flow(theirs: _Function) -> _Function:
    def is_in_normal_flow(box: Any) -> bool:
        """Look at a style once for all its boxes."""
        memory = vars(box.style)
        if "_in_flow" not in memory:
            memory["_in_flow"] = theirs(box)
        return bool(memory["_in_flow"])

    return is_in_normal_flow
