"""The play page: a period's facts as a file that scores them again in the browser, whatever is moved in the scheme.

| what | where |
|---|---|
| the facts as numbers: what findings cost before policies act, what measures lose, what stands above | facts |
| which values of the scheme may be moved, and where in its file they are written | knobs |
| one HTML file: words, numbers, scripts | page |

The arithmetic of the page (report_templates/whatif/score.js) is steps 5 to 11 once more, in exact fractions; that it
equals the engine's is what tests/playing is for.
"""
