"""A scheme's rules in words, for `weights show` and for the pages of method in reports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, Protocol

from schemas.amount import write_amount
from schemas.scheme import Indicator, Scheme
from schemas.scheme.conditions import Conditions, Test
from schemas.scheme.outcome import AdjustmentPrice
from schemas.scheme.rules import Accrue, Deduct, PassFail, PriceRow, Rate, Relative, Trend
from schemas.tables import catalogue
from scoring.messages import say


@dataclass(frozen=True)
class ShownRow:
    """One line of the readable table of a scheme.

    Attributes
    ----------
    kind
        What the line is about: a dimension, an indicator, a price list, an item that is not scored, or what is called
        arguable.
    points
        As text; empty where there are none.
    rule
        The rule in words, the rows of a price list, or the reason why an item is not scored.
    line
        Of the weights file.
    """

    kind: Literal["dimension", "indicator", "price_list", "not_scored", "arguable"]
    id: str
    label: str
    points: str
    clause: str
    rule: str
    line: int


class _Labelled(Protocol):
    @property
    def label(self) -> str: ...
    @property
    def label_en(self) -> str | None: ...


def label_of(item: _Labelled, lang: str) -> str:
    """Return an item's label in a language; the Chinese one where no English one is written."""
    return (item.label_en or item.label) if lang == "en" else item.label


def field_word(scheme: Scheme, name: str, lang: str) -> str:
    """Return what a field is called: its Chinese heading, or its id in words."""
    declared = next((own for own in scheme.fields if own.id == name), None)
    if lang == "en":
        return name.replace("_", " ")
    if declared:
        return declared.label
    heading = next((table.columns[name].zh for table in catalogue().tables.values() if name in table.columns), None)
    return heading or name


def word_in(scheme: Scheme, word: str, lang: str) -> str:
    """Return a word of the data in a language, as far as the scheme says it."""
    return english_words(scheme).get(word, word) if lang == "en" else word


def english_words(scheme: Scheme) -> dict[str, str]:
    """Return word of the data to English, severities included, as far as the scheme says it."""
    return {**scheme.words_en, **{one.id: one.label_en for one in scheme.severities if one.label_en}}


def describe_conditions(scheme: Scheme, conditions: Conditions, lang: str, *, short: bool = True) -> str:
    """Return conditions in words; a lone severity is said by its word alone where they are to be short."""
    if short and list(conditions) == ["severity"] and list(conditions["severity"].operators()) == ["eq"]:
        return word_in(scheme, str(conditions["severity"].eq), lang)
    return _joined((_test(scheme, name, test, lang) for name, test in conditions.items()), lang)


def _test(scheme: Scheme, name: str, test: Test, lang: str) -> str:
    said = []
    for operator, value in test.operators().items():
        values = value if isinstance(value, tuple) else (value,)
        words = [
            write_amount(item) if isinstance(item, Fraction) else word_in(scheme, str(item), lang) for item in values
        ]
        field = field_word(scheme, name, lang)
        said.append(say(f"scheme-is-{operator.replace('_', '-')}", lang, field=field, value=_joined(words, lang)))
    return _joined(said, lang)


def _joined(words: Iterable[str], lang: str) -> str:
    return say("list-comma", lang).join(words)


def describe_prices(scheme: Scheme, rows: Iterable[PriceRow], lang: str) -> str:
    """Return a price list in one sentence, row by row."""
    return say("scheme-list-semicolon", lang).join(_price(scheme, row, lang) for row in rows)


def describe_row(scheme: Scheme, row: PriceRow | AdjustmentPrice, lang: str, *, short: bool = True) -> str:
    """Return what a row of prices is for: its conditions, and its days where it has any."""
    who = describe_conditions(scheme, row.when, lang, short=short) if row.when else say("scheme-rule-any", lang)
    start, end = (row.from_, row.to) if isinstance(row, PriceRow) else (None, None)
    if start and end:
        return who + say("scheme-rule-between", lang, start=start, end=end)
    if start:
        return who + say("scheme-rule-from", lang, start=start)
    return who + say("scheme-rule-until", lang, end=end) if end else who


def _price(scheme: Scheme, row: PriceRow, lang: str) -> str:
    who = describe_row(scheme, row, lang)
    if row.zero_out:
        return say("scheme-rule-zero-out", lang, who=who)
    verb = "scheme-rule-price-up" if scheme.direction == "up" else "scheme-rule-price"
    return say(verb, lang, who=who, price=write_amount(row.price))


def describe_rule(scheme: Scheme, indicator: Indicator, lang: str) -> str:
    """Return what an indicator's rule does, its cap included, in one or two sentences.

    Examples
    --------
    A price list of three severities reads, in English: "For each finding: minor −0.2; considerable −0.5; serious −1.
    Not more than its points."
    """
    rule = indicator.rule
    if isinstance(rule, Deduct):
        said = _deduct(scheme, indicator, rule, lang)
    elif rule.kind == "judged":
        said = say("scheme-rule-judged", lang)
    else:
        measure = next((one for one in scheme.measures if one.id == rule.measure), None)
        said = _measured(rule, label_of(measure, lang) if measure else rule.measure, lang)
        if rule.minimum_sample is not None:
            said += say("scheme-rule-minimum-sample", lang, minimum=rule.minimum_sample)
    if not isinstance(rule, Deduct):
        said += say(f"scheme-rule-no-data-{indicator.no_data.replace('_', '-')}", lang)
    if indicator.weight is None:
        return said
    amounts = {"points": write_amount(indicator.points), "weight": write_amount(indicator.weight)}
    return said + say("scheme-rule-weight", lang, **amounts)


def _deduct(scheme: Scheme, indicator: Indicator, rule: Deduct, lang: str) -> str:
    prices = describe_prices(scheme, scheme.prices_of(indicator), lang)
    said = say(f"scheme-rule-per-{rule.per}", lang, prices=prices)
    if rule.exposure:
        checked = say(f"scheme-rule-checked-{rule.exposure.checked.replace('_', '-')}", lang)
        said += say("scheme-rule-exposure", lang, checked=checked, minimum=rule.exposure.minimum)
    if isinstance(indicator.cap, Fraction):
        return said + say("scheme-rule-cap-number", lang, cap=write_amount(indicator.cap))
    return said + say(f"scheme-rule-cap-{indicator.cap}", lang)


def _measured(rule: Rate | Accrue | PassFail | Trend | Relative, measure: str, lang: str) -> str:
    if isinstance(rule, Accrue):
        return say("scheme-rule-accrue", lang, measure=measure, each=write_amount(rule.each))
    if isinstance(rule, PassFail):
        code, bound = ("least", rule.at_least) if rule.at_least is not None else ("most", rule.at_most)
        assert bound is not None
        return say(f"scheme-rule-pass-at-{code}", lang, measure=measure, bound=write_amount(bound))
    if isinstance(rule, (Trend, Relative)):
        return _trend(rule, measure, lang) if isinstance(rule, Trend) else _relative(rule, measure, lang)
    if rule.per_point:
        code = f"scheme-rule-per-point-{rule.better}" + ("-whole" if rule.per_point.step == "whole" else "")
        target, price = write_amount(rule.per_point.target), write_amount(rule.per_point.price)
        return say(code, lang, measure=measure, target=target, price=price)
    if rule.linear:
        none_at, full_at = write_amount(rule.linear.none_at), write_amount(rule.linear.full_at)
        return say("scheme-rule-linear", lang, measure=measure, none_at=none_at, full_at=full_at)
    bands = []
    for band in rule.bands or ():
        code, edge = ("least", band.at_least) if band.at_least is not None else ("most", band.at_most)
        assert edge is not None
        bands.append(
            say(f"scheme-rule-band-at-{code}", lang, edge=write_amount(edge), points=write_amount(band.points))
        )
    return say("scheme-rule-bands", lang, measure=measure, bands=say("scheme-list-semicolon", lang).join(bands))


def _trend(rule: Trend, measure: str, lang: str) -> str:
    base = "" if rule.baseline is None else write_amount(rule.baseline)
    against = say(f"scheme-rule-against-{rule.against.replace('_', '-')}", lang, baseline=base)
    if rule.per_point:
        code = f"scheme-rule-trend-per-{rule.change}" + ("-whole" if rule.per_point.step == "whole" else "")
        target, price = _change(rule, rule.per_point.target, lang), write_amount(rule.per_point.price)
        said = say(code, lang, measure=measure, against=against, target=target, price=price)
    elif rule.linear:
        ends = {name: _change(rule, getattr(rule.linear, name), lang) for name in ("none_at", "full_at")}
        said = say("scheme-rule-trend-linear", lang, measure=measure, against=against, **ends)
    else:
        bands = say("scheme-list-semicolon", lang).join(
            say(
                "scheme-rule-trend-band",
                lang,
                edge=_change(rule, band.at_least or Fraction(0), lang),
                points=write_amount(band.points),
            )
            for band in rule.bands or ()
        )
        said = say("scheme-rule-trend-bands", lang, measure=measure, against=against, bands=bands)
    if rule.held_at is not None:
        said += say(f"scheme-rule-trend-held-{rule.better}", lang, held_at=write_amount(rule.held_at))
    return said


def _change(rule: Trend, improvement: Fraction, lang: str) -> str:
    """Return an improvement as the rise or the fall that it is."""
    if not improvement:
        return say("scheme-rule-change-none", lang)
    way = "up" if (improvement > 0) == (rule.better == "higher") else "down"
    return say(f"scheme-rule-change-{way}-{rule.change}", lang, amount=write_amount(abs(improvement)))


def _relative(rule: Relative, measure: str, lang: str) -> str:
    among = say(f"scheme-rule-among-{rule.within}", lang)
    price = "" if rule.price is None else write_amount(rule.price)
    return say(f"scheme-rule-{rule.by}-{rule.better}", lang, measure=measure, among=among, price=price)


def show(scheme: Scheme, lang: str = "zh") -> tuple[ShownRow, ...]:
    """Return the whole scheme as a table: dimensions, indicators, price lists, what is arguable or not scored."""
    rows: list[ShownRow] = []
    for dimension in scheme.dimensions:
        points = write_amount(dimension.points)
        rows.append(ShownRow("dimension", dimension.id, label_of(dimension, lang), points, "", "", dimension.line))
        rows += [
            ShownRow(
                kind="indicator",
                id=indicator.id,
                label=label_of(indicator, lang),
                points=write_amount(indicator.worth),
                clause=indicator.clause,
                rule=describe_rule(scheme, indicator, lang),
                line=indicator.line,
            )
            for indicator in dimension.indicators
        ]
    for name, prices in scheme.price_lists.items():
        line = prices[0].line if prices else 0
        rows.append(ShownRow("price_list", name, name, "", "", describe_prices(scheme, prices, lang), line))
    for word in dict.fromkeys(scheme.arguable):
        label = say("scheme-rule-arguable", lang, what=say(f"reports-doubt-source-{word}", lang))
        ways = say(f"scheme-rule-arguable-{word}", lang)
        rows.append(ShownRow("arguable", word, label, "", "", ways, scheme.line_of("arguable")))
    for item in scheme.not_scored:
        reason = (item.reason_en or item.reason) if lang == "en" else item.reason
        rows.append(ShownRow("not_scored", item.id, label_of(item, lang), "", item.clause, reason, item.line))
    return tuple(rows)
