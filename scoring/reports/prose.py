"""Writes the notice's sentences from the results. Every number is a parameter; what the data do not say is not said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scoring.reports.improved import improved
from scoring.reports.labels import Labels
from scoring.reports.office_text import as_written, printable
from scoring.reports.printed import findings_of
from scoring.reports.settings import Settings
from scoring.reports.standing import in_rank_order, leading, trailing
from scoring.reports.text import day, exact, listed
from scoring.reports.trend import Previous, previous
from scoring.reports.view import Paragraph, Section
from scoring.reports.within import within_text

if TYPE_CHECKING:
    from scoring.assessment import Assessment


def sections(assessment: Assessment, settings: Settings, labels: Labels) -> tuple[Section, ...]:
    """Return the notice's body: the opening, the overall picture, the problems, what is asked."""
    towns = assessment.scores.sort("order").to_dicts()
    earlier = previous(assessment, towns)
    overall = _overall(assessment, labels, earlier) + _standing(towns, settings, labels, earlier)
    return (
        Section("", (Paragraph(_opening(assessment, settings, labels)),)),
        Section(
            labels("reports-heading-overall"),
            tuple(
                Paragraph(text)
                for text in (
                    _join(overall, labels),
                    *within_text(assessment, towns, settings, labels),
                    *_special(towns, labels),
                )
                if text
            ),
        ),
        Section(labels("reports-heading-problems"), _problems(assessment, labels)),
        Section(labels("reports-heading-next"), _requirements(assessment, settings, labels)),
    )


def _join(sentences: list[str], labels: Labels) -> str:
    return labels("reports-sentence-join").join(sentences)


def _opening(assessment: Assessment, settings: Settings, labels: Labels) -> str:
    basis = printable(settings.basis or str(assessment.head["scheme"].get("document") or ""))
    parameters = {
        "basis": basis,
        "scheme": labels.scheme,
        "towns": assessment.head["summary"]["towns"],
        "this_period": labels.this_period,
    }
    opening = labels("reports-opening" if basis else "reports-opening-scheme", **parameters)
    if settings.approved_by:
        closing = labels("reports-opening-approved", meeting=printable(settings.approved_by))
    elif assessment.head["stage"] in {"decided", "published"}:
        closing = labels("reports-opening-decided")
    else:
        closing = labels("reports-opening-draft")
    return opening + closing


def _overall(assessment: Assessment, labels: Labels, earlier: Previous | None) -> list[str]:
    summary = assessment.head["summary"]
    sentences = []
    if _count(summary, "sampled") and summary.get("sample_rate"):
        sentences.append(labels("reports-sampled", sampled=summary["sampled"], rate=summary["sample_rate"]))
    found = "reports-found" if _count(summary, "findings") else "reports-found-none"
    sentences.append(labels(found, findings=summary["findings"], this_period=labels.this_period))
    if _count(summary, "due") and summary.get("on_time_rate"):
        parameters = {name: summary[name] for name in ("due", "closed_on_time", "on_time_rate")}
        sentences.append(labels("reports-due", as_of=day(assessment.head["as_of"], labels.lang), **parameters))
    if _count(summary, "scored"):
        sentences.append(labels("reports-mean", mean=summary["mean"]) + _movement(earlier, labels))
    return sentences


def _movement(earlier: Previous | None, labels: Labels) -> str:
    """Compare the mean with the period before; a first period says nothing."""
    if earlier is None or earlier.mean_change is None:
        return labels("reports-full-stop")
    change = earlier.mean_change
    direction = "up" if change > 0 else "down" if change < 0 else "same"
    rules = labels("reports-mean-rules") if earlier.rule_change else ""
    before = labels.period_words(earlier.period)
    return labels(f"reports-mean-{direction}", before=before, change=exact(abs(change), 2), rules=rules)


def _standing(towns: list[dict[str, Any]], settings: Settings, labels: Labels, earlier: Previous | None) -> list[str]:
    """Name who leads, who has gained, who stands low, as far as the settings let names stand."""
    ranked = in_rank_order(towns)
    if not ranked:
        return [labels("reports-none-scored", this_period=labels.this_period)]
    if len(ranked) > 1 and len({town["score"] for town in ranked}) == 1:
        return [labels("reports-all-equal", score=ranked[0]["score"])]
    if settings.names == "order" or len(ranked) < 2:
        return []
    sentences = []
    # A town under a veto is not held up as an example, whatever its score.
    leaders = [town for town in leading(ranked, settings.leaders) if not town["gates"]]
    low = trailing(ranked, settings.last, up=labels.up)
    if leaders and settings.names != "last":
        sentences.append(labels("reports-leaders", towns=_names(leaders, labels)))
    gained = improved(towns, earlier, settings.leaders, labels).named(towns) if earlier else []
    if gained and settings.names == "all":
        sentences.append(labels("reports-progress", towns=_names(gained, labels)))
    if low and settings.names in {"all", "last"}:
        sentences.append(labels("reports-low", towns=_names(low, labels)))
    return [labels("reports-clause-join").join(sentences) + labels("reports-full-stop")] if sentences else []


def _special(towns: list[dict[str, Any]], labels: Labels) -> list[str]:
    """Towns that were not checked, and those under a decided gate."""
    texts = []
    unchecked = [town for town in towns if town["outcome"] == "not_checked"]
    if unchecked:
        sent = "reports-unchecked-sent" if any(town["findings"] for town in unchecked) else "reports-full-stop"
        texts.append(
            labels("reports-unchecked", towns=_names(unchecked, labels), this_period=labels.this_period) + labels(sent)
        )
    for town in towns:
        for wording, effect in labels.decided_gates(town):
            texts.append(labels("reports-gated", town=printable(town["town"]), wording=wording, effect=effect))
    return texts


def _problems(assessment: Assessment, labels: Labels) -> tuple[Paragraph, ...]:
    """Take the three dimensions with most findings, then what became of the rectifications."""
    rows = [row for row in findings_of(assessment) if row["disposition"] in {"priced", "not_checked"}]
    if not rows:
        return (Paragraph(labels("reports-problems-none", this_period=labels.this_period)),)
    # The order of the scheme decides between equal counts.
    by_dimension: dict[str, list[dict[str, Any]]] = {identifier: [] for identifier in labels.dimensions}
    for row in rows:
        if row["indicator"] in labels.indicators:
            by_dimension[labels.indicators[row["indicator"]]["dimension"]].append(row)
    heaviest = sorted((item for item in by_dimension.items() if item[1]), key=lambda item: -len(item[1]))[:3]
    paragraphs = [_area(number, dimension, found, labels) for number, (dimension, found) in enumerate(heaviest, 1)]
    summary = assessment.head["summary"]
    overdue, repeats, rest = _count(summary, "overdue"), _count(summary, "repeats"), _not_closed(summary)
    code = {(True, True): "both", (True, False): "overdue", (False, True): "repeats"}.get(
        (overdue > 0, repeats > 0), "rest" if rest else "fine" if _count(summary, "due") else "none-due"
    )
    number = len(paragraphs) + 1
    paragraphs.append(
        Paragraph(
            labels(f"reports-rectified-{code}", overdue=overdue, repeats=repeats, rest=rest),
            labels(
                "reports-lead",
                number=labels(f"reports-numeral-{number}"),
                text=labels("reports-rectified-lead"),
            ),
        )
    )
    return tuple(paragraphs)


def _area(number: int, dimension: str, found: list[dict[str, Any]], labels: Labels) -> Paragraph:
    kinds = Counter(row["indicator"] for row in found)
    first = sorted(kinds, key=lambda identifier: (-kinds[identifier], list(labels.indicators).index(identifier)))[:3]
    text = labels(
        "reports-problem-area",
        towns=len({row["town"] for row in found}),
        count=len(found),
        kinds=listed(
            (labels("reports-problem-kind", label=labels.indicator(kind), count=kinds[kind]) for kind in first),
            labels.lang,
        ),
    )
    lead = labels("reports-problem-lead", label=labels.dimension(dimension))
    return Paragraph(text, labels("reports-lead", number=labels(f"reports-numeral-{number}"), text=lead))


def _requirements(assessment: Assessment, settings: Settings, labels: Labels) -> tuple[Paragraph, ...]:
    texts = []
    if _count(assessment.head["summary"], "findings"):
        by = day(settings.answer_by, labels.lang)
        texts.append(labels("reports-next-answer", day=by) if by else labels("reports-next-answer-term"))
        low = trailing(in_rank_order(assessment.scores.to_dicts()), settings.last, up=labels.up)
        texts.append(labels("reports-next-low" if low else "reports-next-alike"))
    else:
        texts.append(labels("reports-next-keep"))
    texts.append(labels("reports-next-look-back"))
    if assessment.head["stage"] == "comment":
        contact = labels("reports-next-contact", contact=as_written(settings.contact)) if settings.contact else ""
        until = (assessment.head.get("stages") or {}).get("comment", {}).get("until")
        code = "reports-next-object-until" if until else "reports-next-object"
        texts.append(labels(code, days=settings.objection_days, contact=contact, day=day(until, labels.lang)))
    return tuple(Paragraph(text) for text in texts)


def _names(towns: Sequence[Mapping[str, Any]], labels: Labels) -> str:
    return listed((printable(town["town"]) for town in towns), labels.lang)


def _not_closed(summary: Mapping[str, Any]) -> int:
    """Return how many that were due are not closed on time: fixed late, not accepted yet, impossible and the like."""
    return _count(summary, "due") - _count(summary, "closed_on_time")


def _count(summary: Mapping[str, Any], name: str) -> int:
    return int(summary.get(name) or 0)
