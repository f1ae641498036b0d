"""Least effort: the fewest or cheapest fixes that gain a town its next place or grade, others unchanged.

| what | where |
|---|---|
| which matters a fix still helps, and the reports that fix them | matters |
| what fixes are worth within one indicator, at every cost | cells |
| the best score at every cost, of indicators, dimensions, parts and the whole | best |
| the smallest cost that reaches a place or a grade | goals |
| all towns at once, confirmed by scoring again; the frame | ways |

docs/improving.md says what is promised and why it is exact.
"""

from scoring.improving.matters import COSTS
from scoring.improving.ways import GOALS, improvements

__all__ = ["COSTS", "GOALS", "improvements"]
