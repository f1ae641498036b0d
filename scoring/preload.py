"""Imported once by the process that workers are forked from: what is long to load and has no threads of its own.

Nothing that imports Polars may stand here: it starts threads, and a fork would leave their locks behind.
"""

from __future__ import annotations

from contextlib import suppress

import docx  # noqa: F401 - for those who are forked
import pydantic  # noqa: F401
import xlsxwriter  # noqa: F401

with suppress(OSError):  # without Pango a worker says what is missing
    import weasyprint  # noqa: F401
