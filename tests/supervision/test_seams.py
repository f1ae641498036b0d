"""Where two rooms of the supervision look at one thing, both see the same."""

from __future__ import annotations

import json
import re

import pytest

from tests.supervision.office import REPORTS, office_at


@pytest.fixture
def office(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return office_at(tmp_path)


def groups(office, on):
    """What the board says of each finding."""
    assert office.call("board", "--on", on).code == 0
    text = (office.root / f"board-{on}.html").read_text("utf-8")
    (told,) = re.findall(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', text, re.DOTALL)
    return {one["id"]: one["group"] for one in json.loads(told)["findings"]}


def test_a_report_waits_for_the_bureau_whenever_the_scheme_gives_credit(office):
    scheme = office.root / "weights" / "small.yaml"
    scheme.write_text(scheme.read_text("utf-8").replace("rectification:", "rectification:\n  credit_on: reported"))
    office.table("整改台账", [*REPORTS, ["A-1", "2025-01-20", "2025-01-19", "已完成", "", ""]])
    told = office.call("due", "--on", "2025-03-03")
    assert "待复核1个" in told.out
    board = groups(office, "2025-03-03")
    assert (board["A-1"], board["C-1"], board["A-2"]) == ("waiting", "closed", "overdue")
