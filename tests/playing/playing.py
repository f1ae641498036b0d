"""Random settings of the play page, what each makes of a scheme, and the page's own answer in a real Chromium."""

from __future__ import annotations

import random
import shutil
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

from schemas.amount import write_amount
from schemas.scheme import Scheme
from schemas.scheme.policy import Consequence
from scoring.ledger import score
from scoring.outcome.scores import candidates
from scoring.playing.facts import Window, facts_of, scheme_of
from scoring.playing.knobs import windows_of
from scoring.ranking import place
from scoring.reports.templates import templates_folder

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def chromium(**options):
    """A browser of this machine, driven on it, reaching nothing."""
    from playwright.sync_api import sync_playwright

    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    assert path, "no Chromium: script/setup.sh installs one"
    with sync_playwright() as driver:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = driver.chromium.launch(executable_path=path, args=flags)
        try:
            yield browser.new_context(**options)
        finally:
            browser.close()


def scripts(*names):
    """The page's scripts as they are shipped."""
    return "\n".join((templates_folder() / "whatif" / name).read_text("utf-8") for name in names)


ANSWER = """([data, settings]) => {
  const scheme = opened(data), own = settingOf(scheme, data.facts, data.ownWindow), score = scorer(scheme);
  const text = (value) => (value === null ? null : `${value.n}/${value.d}`);
  return [null, ...settings].map((change) => score(change ? taken(own, change) : own).map((one) => {
    const whole = one.lines.reduce((all, line) => add(all, line.points), one.start);
    return {
      town: one.town.code, score: text(one.score), adds: same(whole, one.score), rank: one.rank,
      groupRank: one.groupRank, grade: one.grade ?? null, earned: one.earned.map(text),
      dimensions: Object.fromEntries(Object.entries(one.dimensions).map(([id, value]) => [id, text(value)])),
    };
  }));
}"""
TAKEN = """
const taken = (own, change) => {
  const amounts = (given) => Object.fromEntries(Object.entries(given).map(([id, text]) => [id, parse(text)]));
  const policy = ([share, extra]) => ({ share: parse(share), extra: parse(extra) });
  const states = Object.fromEntries(Object.entries(own.states).map(([name, known]) => (
    [name, change.states[name] ? policy(change.states[name]) : known])));
  return { points: amounts(change.points), worth: amounts(change.worth), states,
    multipliers: change.multipliers.map(parse), window: change.window };
};"""


def random_setting(dice: random.Random, scheme: Scheme, windows: int, *, sums_stay: bool = False):
    """What sliders and boxes can be set to: points, weights, policies, a window; as text, as the page takes it."""

    def moved(value: Fraction):
        return value if dice.random() < 0.4 else Fraction(dice.randint(1, 300), 10)

    down = scheme.direction == "down"
    points = {d.id: moved(d.points) if down else d.points for d in scheme.dimensions}
    if sums_stay:
        points = {d.id: d.points for d in scheme.dimensions}
    worth = {i.id: moved(i.worth) for _, i in scheme.indicators()}
    if down and not sums_stay and dice.random() < 0.5:  # as when the sums are kept
        for dimension in scheme.dimensions:
            if not dimension.scale:
                points[dimension.id] = sum((worth[i.id] for i in dimension.indicators), Fraction(0))
    states = {}
    for name in type(scheme.rectification.states).model_fields:
        if getattr(scheme.rectification.states, name) is not None and dice.random() < 0.6:
            states[name] = (Fraction(dice.randint(0, 20), 20), Fraction(dice.randint(0, 8), 4))
    multipliers = [Fraction(dice.randint(2, 8), 4)] if scheme.repeats else [Fraction(1)]
    for _ in scheme.repeats.multipliers[1:] if scheme.repeats else ():
        multipliers.append(multipliers[-1] + Fraction(dice.randint(0, 4), 4))
    return {
        "points": {name: write_amount(value) for name, value in points.items()},
        "worth": {name: write_amount(value) for name, value in worth.items()},
        "states": {name: [write_amount(share), write_amount(extra)] for name, (share, extra) in states.items()},
        "multipliers": [write_amount(value) for value in multipliers],
        "window": dice.randrange(windows) if windows else 0,
    }


def changed(scheme: Scheme, setting, lengths=None) -> Scheme:
    """The scheme that a setting means; `lengths`: the windows on offer, where they are not the page's."""
    down = scheme.direction == "down"
    dimensions = []
    for dimension in scheme.dimensions:
        own = tuple(i.model_copy(update={"weight": Fraction(setting["worth"][i.id])}) for i in dimension.indicators)
        points = Fraction(setting["points"][dimension.id])
        scale = dimension.scale or (down and sum(i.worth for i in own) != points)
        dimensions.append(dimension.model_copy(update={"points": points, "scale": scale, "indicators": own}))
    given = {name: Consequence(share=share, extra=extra) for name, (share, extra) in setting["states"].items()}
    policy = scheme.rectification
    update = {
        "dimensions": tuple(dimensions),
        "rectification": policy.model_copy(update={"states": policy.states.model_copy(update=given)}),
    }
    if down:
        update["full"] = sum((d.points for d in dimensions), Fraction(0))
    if scheme.repeats:
        unit, lengths = lengths or windows_of(scheme)
        multipliers = tuple(Fraction(m) for m in setting["multipliers"])
        update["repeats"] = scheme.repeats.model_copy(
            update={"multipliers": multipliers, unit: lengths[setting["window"]]}
        )
    return scheme.model_copy(update=update)


def page_data(tables, scheme, period, as_of, past=(), published=None):
    """What the page is given of a period: `scheme`, `facts`, which window is the scheme's own; None of a pure year."""
    base = score(tables, scheme, period, as_of, past=past, published=published)
    if base.rolled is not None and base.rolled.pure:
        return base, None
    unit, lengths = offered(scheme)
    windows = [
        Window(
            length,
            score(
                tables,
                scheme.model_copy(update={"repeats": scheme.repeats.model_copy(update={unit: length})}),
                period,
                as_of,
                past=past,
                published=published,
            ),
        )
        for length in lengths
    ]
    facts = facts_of(base, windows, candidates(base, base.scheme, as_of), past, 1000)
    own = lengths.index(getattr(scheme.repeats, unit)) if unit else 0
    return base, {"scheme": scheme_of(base), "facts": facts, "ownWindow": own}


def offered(scheme):
    """The scheme's own window and another: each costs a run of the engine."""
    unit, lengths = windows_of(scheme)
    own = getattr(scheme.repeats, unit) if unit else None
    return unit, [length for length in lengths if length in {own, lengths[0]}]


def engine_says(scored, as_of):
    """The engine's answer in the shape of the page's."""
    scheme = scored.scheme
    standing = candidates(scored, scheme, as_of)
    places = place(standing, scheme)
    parts = [part.id for part in scheme.parts.parts] if scheme.parts else [""]
    said = []
    for code, town in scored.scores.items():
        earned = []
        for part in parts:
            for _, indicator in scheme.indicators():
                result = town.indicators[part, indicator.id]
                earned.append(None if result.outcome == "not_applicable" else text(result.earned))
        dimensions = {
            d.id: text(sum((town.dimensions[part, d.id] for part in parts), Fraction(0))) for d in scheme.dimensions
        }
        stand = places[code]
        said.append(
            {
                "town": code,
                "score": text(town.statement.value),
                "adds": True,
                "rank": stand.rank,
                "groupRank": stand.group_rank,
                "grade": stand.grade,
                "earned": earned,
                "dimensions": dimensions,
            }
        )
    return said


def text(value: Fraction):
    """As the page's answer writes it."""
    return f"{value.numerator}/{value.denominator}"


def write_library(folder: Path) -> str:
    """A page with the page's arithmetic and nothing else; its address."""
    path = folder / "library.html"
    script = scripts("exact.js", "score.js") + TAKEN
    path.write_text(f'<!DOCTYPE html><meta charset="utf-8"/><script>{script}</script>', "utf-8")
    return path.as_uri()
