"""Every law of tests/test_laws.py and tests/test_laws_of_deduct.py on ten thousand random examples each.

One world is drawn for all laws and scored once; what a law lacks to have its number, because it did not speak of some
worlds, it draws alone. `TOWNSCORE_EXAMPLES` sets another number. Examples are drawn anew each time; a failure prints
the line that repeats it. The equality of plans, which takes three runs an example, is looked at a tenth as often.
"""

from __future__ import annotations

import os
from collections import Counter

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.errors import UnsatisfiedAssumption

from tests import test_laws, test_laws_of_deduct  # noqa: F401  they state the laws
from tests.laws import LAWS, given_up, keeping, know
from tests.strategies import worlds
from tests.test_parting import compare_parts
from tests.test_plan import compare_modes

EXAMPLES = int(os.environ.get("TOWNSCORE_EXAMPLES", "10000"))


def often(examples, *drawn):
    """`given`, on many examples."""
    many = settings(
        max_examples=examples,
        derandomize=False,
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    return lambda check: many(given(*drawn)(check))


EVERY = frozenset().union(*(law.keeps for law in LAWS.values()))


@st.composite
def trials(draw):
    """(a world, what each law that speaks of it draws beside it); every law speaks of two worlds in three."""
    world = draw(st.one_of(worlds(), keeping(EVERY), keeping(EVERY)))
    lost = given_up(world[0])
    beside = {}
    for name, law in LAWS.items():
        if not law.keeps & lost:
            try:
                beside[name] = draw(law.arguments(world))
            except UnsatisfiedAssumption:
                continue
    return world, beside


def test_laws_hold_on_many_examples():
    held: Counter[str] = Counter()

    @often(EXAMPLES, trials())
    def together(trial):
        world, beside = trial
        assume(know(world))
        held["worlds"] += 1
        for name, arguments in beside.items():
            try:
                LAWS[name].check(world, *arguments)
            except UnsatisfiedAssumption:
                continue
            held[name] += 1
        if held["worlds"] % 200 == 0:
            print(dict(held), flush=True)

    together()
    for name, law in LAWS.items():

        @often(max(EXAMPLES - held[name], 1), law.drawn())
        def alone(drawn):
            world, arguments = drawn
            law.check(world, *arguments)  # noqa: B023  called before the loop goes on
            held[name] += 1  # noqa: B023

        alone()
    print(dict(held))
    assert min(held.values()) >= EXAMPLES


@often(EXAMPLES // 10, worlds(), st.sampled_from([1, 1, 1, 20]))
def test_plans_are_equal_on_many_examples(world, times):
    compare_modes(world, times)


@often(EXAMPLES // 10, worlds(), st.sampled_from([1, 3, 9]), st.sampled_from([1, 4, 1000]), st.sampled_from([1, 1000]))
def test_parts_come_to_the_whole_on_many_examples(world, times, rows, together):
    compare_parts(world, times, rows, together)
