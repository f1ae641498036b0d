"""Imported once by the process that workers are forked from: WeasyPrint, long to load and without threads of its own.

Nothing that imports Polars may stand here: it starts threads, and a fork would leave their locks behind.
"""

from __future__ import annotations

from contextlib import suppress

with suppress(OSError):  # without Pango a worker says what is missing
    import weasyprint  # noqa: F401 - for those who are forked
