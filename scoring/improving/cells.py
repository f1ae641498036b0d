"""What fixes are worth within one town, part and indicator, at every cost.

Of one indicator only two things count: the sum of its findings, and whether a zero-out still fires. So the best that a
cost buys is the largest sum of gains (a knapsack in whole units), once with the zero-out lifted and once without.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scoring.improving.matters import Cost, Matter, Place

MOST_FIRING = 25
"""So many zero-outs of one indicator are looked at one by one; of more only all or none are lifted."""


@dataclass(frozen=True)
class Option:
    """Some fixes of one indicator: their cost, what they take from its sum (units), whether a zero-out still fires."""

    cost: int
    gain: int
    fired: bool
    chosen: tuple[Matter, ...] = ()


@dataclass(frozen=True)
class Cell:
    """The open matters of one book, part and indicator.

    Attributes
    ----------
    fired
        A zero-out fires now.
    stuck
        One fires that no fix lifts.
    deep
        More than its points can be lost: then gains count even while a zero-out fires.
    """

    place: Place
    matters: Sequence[Matter]
    fired: bool
    stuck: bool
    deep: bool

    @property
    def complete(self) -> bool:
        """Whether `options` holds the best of every cost, and not only of those that were looked at."""
        return not (self.fired and not self.stuck and self.deep and len(self._lifting()) > MOST_FIRING)

    def _lifting(self) -> list[Matter]:
        return [matter for matter in self.matters if matter.lifts]

    def options(self, by: Cost, most: int) -> list[Option]:
        """Return what costs up to `most` can buy, doing nothing first; each dearer one gains more or lifts."""
        helping = [matter for matter in self.matters if matter.gain > 0]
        if not self.fired or self.stuck:
            return [Option(cost, gain, self.fired, chosen) for cost, gain, chosen in _best(helping, by, most)]
        lifting = self._lifting()
        found = [Option(0, 0, fired=True)]
        if self.deep:
            for left in lifting[:MOST_FIRING]:
                others = [matter for matter in helping if matter is not left]
                found += [Option(cost, gain, True, chosen) for cost, gain, chosen in _best(others, by, most) if cost]
        needed, forced = sum(m.cost(by) for m in lifting), sum(m.gain for m in lifting)
        if needed <= most:
            rest = [matter for matter in helping if not matter.lifts]
            found += [
                Option(needed + cost, forced + gain, False, (*lifting, *chosen))
                for cost, gain, chosen in _best(rest, by, most - needed)
            ]
        return found

    def whole(self) -> list[Option]:
        """Return the best without regard to cost, with a zero-out lifted and without."""
        return [best for best in self._whole() if best is not None]

    def _whole(self) -> list[Option | None]:
        helping = tuple(matter for matter in self.matters if matter.gain > 0)
        lifting = self._lifting()
        if not self.fired or self.stuck:
            return [_option(helping, fired=self.fired)]
        rest = tuple(matter for matter in helping if not matter.lifts)
        keeping = []
        if self.deep:
            keeping = [_option(tuple(m for m in helping if m is not left), fired=True) for left in lifting]
        return [Option(0, 0, fired=True), _option((*lifting, *rest), fired=False), *keeping]


def _option(chosen: tuple[Matter, ...], *, fired: bool) -> Option:
    return Option(len(chosen), sum(matter.gain for matter in chosen), fired, chosen)


def _best(matters: Sequence[Matter], by: Cost, most: int) -> list[tuple[int, int, tuple[Matter, ...]]]:
    """Return (cost, gain, matters) of the largest gain that each cost up to `most` buys, where a dearer one buys more.

    A knapsack over whole costs; where each fix costs the same, the first ones of `matters`, which stand by gain.
    """
    if by == "fixes":
        gain = 0
        found: list[tuple[int, int, tuple[Matter, ...]]] = [(0, 0, ())]
        for number, matter in enumerate(matters[:most], 1):
            gain += matter.gain
            found.append((number, gain, tuple(matters[:number])))
        return found
    best: list[tuple[int, tuple[Matter, ...]]] = [(0, ())] * (most + 1)
    for matter in matters:
        cost = matter.cost(by)
        for budget in range(most, cost - 1, -1):
            gain, chosen = best[budget - cost]
            if gain + matter.gain > best[budget][0]:
                best[budget] = (gain + matter.gain, (*chosen, matter))
    steps: list[tuple[int, int, tuple[Matter, ...]]] = []
    for gain, chosen in best:
        if not steps or gain > steps[-1][1]:
            steps.append((sum(matter.cost(by) for matter in chosen), gain, chosen))
    return steps
