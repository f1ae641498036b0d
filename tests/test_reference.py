"""Random schemes on random data: the engine says what the independent reference says, exactly."""

from __future__ import annotations

from hypothesis import HealthCheck, event, given, settings

from tests.comparison import differences, engine_side, reference_side
from tests.strategies import PERIOD, compared_worlds, worlds


@given(worlds())
@settings(max_examples=20, suppress_health_check=list(HealthCheck))
def test_engine_equals_reference(world):
    compare(world)


@given(compared_worlds())
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_engine_equals_reference_where_figures_are_compared(drawn):
    """With an earlier period or with other towns, which may have merged; also with what was published before."""
    compare(*drawn)


def compare(world, published=None):
    scheme, rows, as_of = world
    done, no = reference_side(scheme, rows, PERIOD, as_of, published)
    seen, never = engine_side(scheme, rows, PERIOD, as_of, published)
    if no or never:
        event("refused")
        assert no, never
        assert never, no
        return
    if done.ties:
        event("only contents tell rows apart")
        return
    event("compared")
    told = differences(done, seen)
    assert not told, "\n".join(told)
