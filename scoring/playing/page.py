"""The play page as one HTML file: words, numbers, the scheme's text, and the scripts, each bound by its hash."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scoring.ledger import Frozen, Scored
from scoring.messages import catalogue, say
from scoring.outcome.scores import candidates
from scoring.playing.facts import Window, facts_of, scheme_of
from scoring.playing.knobs import knobs_of, windows_of
from scoring.reports.onepage import policy_hash, script_data
from scoring.reports.text import day

if TYPE_CHECKING:
    import jinja2

    from scoring.assessment import Assessment
    from scoring.reports.labels import Labels
    from scoring.scheme import LoadedScheme

_SCRIPTS: Final = ("exact.js", "score.js", "page.js")
_ROOM: Final = 2_000
"""So many findings a page lists one by one."""
_BOM: Final = b"\xef\xbb\xbf"


def data_of(
    loaded: LoadedScheme,
    scored: Scored,
    windows: Sequence[Window],
    assessment: Assessment,
    past: Sequence[Frozen],
    labels: Labels,
) -> dict[str, Any]:
    """Return what the page knows, as JSON takes it.

    Parameters
    ----------
    scored, windows
        The period under the scheme, and under each window of repeats on offer.
    assessment
        The same with its names: what words it is told in hangs on `labels`.
    """
    as_of = date.fromisoformat(assessment.head["as_of"])
    unit, _ = windows_of(loaded.scheme)
    prefix = "whatif-"
    return {
        "lang": labels.lang,
        "comma": labels("list-comma"),
        "words": {code: text for code, text in catalogue(labels.lang).items() if code.startswith(prefix)},
        "names": _names(assessment, labels),
        "scheme": scheme_of(scored),
        "facts": facts_of(scored, windows, candidates(scored, scored.scheme, as_of), past, _ROOM),
        "window": getattr(loaded.scheme.repeats, unit) if unit else None,
        "windowUnit": unit.replace("_", "-"),
        "knobs": knobs_of(loaded),
        "source": loaded.text,
        "bom": loaded.content.startswith(_BOM),
        "saveAs": f"{Path(loaded.file).stem}-{labels('whatif-changed')}.yaml",
    }


def _names(assessment: Assessment, labels: Labels) -> dict[str, dict[str, str]]:
    states = assessment.head["scheme"]["rectification"]
    severities = assessment.findings["severity"].drop_nulls().unique().to_list()
    return {
        "dimensions": {name: labels.dimension(name) for name in labels.dimensions},
        "indicators": {name: labels.indicator(name) for name in labels.indicators},
        "grades": {one["id"]: labels.named(one) for one in assessment.head["scheme"]["grades"]},
        "parts": {one["id"]: labels.named(one) for one in assessment.head["scheme"]["parts"]},
        "states": {name: labels.known("book-state", name) for name in states},
        "severities": {word: labels.word(word) for word in sorted(severities)},
    }


def page_of(data: dict[str, Any], assessment: Assessment, labels: Labels, environment: jinja2.Environment) -> str:
    """Return the page: `data_of` with the scripts around it, one file that fetches nothing."""
    assert environment.loader is not None
    source = environment.loader.get_source
    script = "\n" + "\n".join(source(environment, f"whatif/{name}")[0].strip() for name in _SCRIPTS) + "\n"
    style = "\n" + source(environment, "whatif/page.css")[0].strip() + "\n"
    head = assessment.head
    left = data["facts"]["left"]
    return environment.get_template("whatif/page.html.j2").render(
        lang=labels.lang,
        word=lambda code: say(f"whatif-{code}", labels.lang),
        title=labels("whatif-title", period=labels.period),
        facts=labels("whatif-facts", scheme=labels.scheme, as_of=day(head["as_of"], labels.lang)),
        internal=labels("whatif-internal"),
        example=labels("reports-example-note") if head.get("example") else "",
        left=labels("whatif-left", names=labels("list-comma").join(left)) if left else "",
        style=style,
        script=script,
        data=script_data(data),
        style_hash=policy_hash(style),
        script_hash=policy_hash(script),
    )
