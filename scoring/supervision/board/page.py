"""The board as one HTML file: words, facts and the script, each bound by its hash; it fetches nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scoring.messages import catalogue, say
from scoring.reports.onepage import policy_hash, script_data
from scoring.reports.text import day

if TYPE_CHECKING:
    import jinja2

_PREFIX = "board-page-"


def page_of(facts: dict[str, Any], bureau: str, lang: str, environment: jinja2.Environment, *, example: bool) -> str:
    """Return the page.

    Parameters
    ----------
    facts
        What `facts_of` returns.
    bureau
        Whose board it is.
    example
        Whether the data are an example's.
    """
    assert environment.loader is not None
    source = environment.loader.get_source
    script = "\n" + source(environment, "board/page.js")[0].strip() + "\n"
    style = "\n" + source(environment, "board/page.css")[0].strip() + "\n"
    words = {code.removeprefix(_PREFIX): text for code, text in catalogue(lang).items() if code.startswith(_PREFIX)}
    return environment.get_template("board/page.html.j2").render(
        lang=lang,
        word=lambda code: words[code],
        title=say("board-title", lang),
        day=say("board-day", lang, day=day(facts["on"], lang), bureau=bureau),
        unscored=say("board-unscored", lang, count=facts["unscored"]) if facts["unscored"] else "",
        example=say("reports-example-note", lang) if example else "",
        style=style,
        script=script,
        data=script_data({**facts, "words": words, "comma": say("list-comma", lang)}),
        style_hash=policy_hash(style),
        script_hash=policy_hash(script),
    )
