"""Papers are made once a session: each takes part of a second."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import sample

from scoring.reports import Renderer, Settings, render_internal, render_report, render_town

SETTINGS = Settings(
    bureau="示例市民政局",
    mark="示例市民政局文件",
    dated=date(2025, 4, 18),
    answer_by=date(2025, 4, 30),
    printer="示例市民政局办公室",
    copies="市政府办公室",
    contact="社会救助科",
)


def _settings(lang: str, **more: Any) -> Settings:
    return replace(SETTINGS, lang=lang, **more)


_RENDERERS: dict[str, Renderer] = {}


def paper(kind: str, assessment: sample.SampleAssessment, lang: str = "zh", **more: Any) -> bytes:
    """Render a paper; WeasyPrint must have nothing to complain of."""
    settings = _settings(lang, **more)
    if more.keys() & {"fonts", "pdf_variant", "templates"}:
        made_by = Renderer(settings)
    else:
        made_by = _RENDERERS.setdefault(lang, Renderer(_settings(lang)))
    heard: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: heard.append(record.getMessage())
    logger = logging.getLogger("weasyprint")
    logger.addHandler(handler)
    try:
        make = {"report": render_report, "internal": render_internal, "town": render_town}[kind]
        data = make(assessment, settings, made_by)
    finally:
        logger.removeHandler(handler)
    assert heard == []
    return data


@pytest.fixture(scope="session")
def make() -> Callable[..., bytes]:
    """Render one paper of an assessment."""
    return paper


@pytest.fixture(scope="session")
def example() -> sample.SampleAssessment:
    """The usual quarter, for comment, with a small crowd."""
    return sample.assessment(crowd=30, previous=True)


@pytest.fixture(scope="session")
def build() -> Callable[..., sample.SampleAssessment]:
    """Build a sample of another kind."""
    return sample.assessment
