"""Imported once by the process that workers are forked from: what is long to load and has no threads of its own.

Nothing that imports Polars may stand here: it starts threads, and a fork would leave their locks behind.
"""

from __future__ import annotations

import gc
from contextlib import suppress

import docx  # noqa: F401 - for those who are forked
import pydantic  # noqa: F401
import xlsxwriter  # noqa: F401

from scoring.reports.fonts import faces
from scoring.reports.loading import page_module
from scoring.reports.render import load_templates
from scoring.reports.templates import make_environment

# What all share is neither looked through for garbage nor, by that, copied; who is forked begins to collect its own.
gc.disable()

with suppress(Exception):  # whatever is missing or broken, a worker says so
    page = page_module("zh")
    # What few settings change. WeasyPrint itself gets no fonts: who is forked would remove its copies when it ends.
    load_templates(make_environment(None, "zh"))
    for face in faces({}).values():
        assert face.characters
    page.Page("<html><body><p>0</p></body></html>", None).render()

gc.freeze()
